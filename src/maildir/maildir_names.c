/* Names: of message files, and of directories for folders. */
#include "maildir/maildir.h"

#include <string.h>

enum { LONGEST_NAME = 200 };

static const struct {
    char letter;
    MaildirFlags flag;
} letters[] = {
    { 'D', MAILDIR_DRAFT },   { 'F', MAILDIR_FLAGGED },
    { 'P', MAILDIR_PASSED },  { 'R', MAILDIR_REPLIED },
    { 'S', MAILDIR_SEEN },    { 'T', MAILDIR_TRASHED },
};

char *
maildir_unique_name(void)
{
    return g_strdup_printf("%" G_GINT64_FORMAT ".R%08x%08x.posthorn",
                           g_get_real_time() / G_USEC_PER_SEC,
                           g_random_int(), g_random_int());
}

char *
maildir_file_name(const char *base, MaildirFlags flags)
{
    GString *name = g_string_new(base);

    g_string_append(name, ":2,");
    for (gsize i = 0; i < G_N_ELEMENTS(letters); i++)
        if (flags & letters[i].flag)
            g_string_append_c(name, letters[i].letter);
    return g_string_free(name, FALSE);
}

static const char *
info_of(const char *file_name)
{
    const char *colon = strrchr(file_name, ':');

    return colon && strncmp(colon, ":2,", 3) == 0 ? colon : NULL;
}

MaildirFlags
maildir_name_flags(const char *file_name)
{
    const char *info = info_of(file_name);
    MaildirFlags flags = 0;

    for (gsize i = 0; info && i < G_N_ELEMENTS(letters); i++)
        if (strchr(info + 3, letters[i].letter))
            flags |= letters[i].flag;
    return flags;
}

char *
maildir_name_base(const char *file_name)
{
    const char *info = info_of(file_name);

    return info ? g_strndup(file_name, (gsize)(info - file_name))
                : g_strdup(file_name);
}

/* Characters that mean something to a shell, a disk or a URL. */
static bool
is_plain_ascii(gunichar c)
{
    return c >= 0x20 && c < 0x7f && strchr("/\\%:*?\"<>|", (int)c) == NULL;
}

/* A character that looks the same to every disk: printable, no combining
 * mark, and its own normal form. */
static bool
is_plain(gunichar c)
{
    char text[8] = "";
    g_autofree char *normal = NULL;

    if (c < 0x80)
        return is_plain_ascii(c);
    if (!g_unichar_isgraph(c) || g_unichar_ismark(c)
        || g_unichar_type(c) == G_UNICODE_FORMAT
        || g_unichar_type(c) == G_UNICODE_PRIVATE_USE)
        return false;
    g_unichar_to_utf8(c, text);
    normal = g_utf8_normalize(text, -1, G_NORMALIZE_NFC);
    return g_strcmp0(text, normal) == 0;
}

static void
append_encoded(GString *name, const char *bytes, gsize size)
{
    for (gsize i = 0; i < size; i++)
        g_string_append_printf(name, "%%%02X", (guchar)bytes[i]);
}

/* Names that Maildir, notmuch and Dovecot keep for themselves. */
static bool
is_reserved(const char *mailbox)
{
    static const char *const names[] = { "cur", "new", "tmp", NULL };

    for (const char *const *name = names; *name; name++)
        if (g_ascii_strcasecmp(mailbox, *name) == 0)
            return true;
    return g_ascii_strncasecmp(mailbox, "dovecot", 7) == 0
        || g_ascii_strcasecmp(mailbox, "maildirfolder") == 0;
}

/* A name that is too long: its beginning and a digest; not to be decoded. */
static char *
shorten(const char *mailbox, GString *name)
{
    g_autofree char *digest =
        g_compute_checksum_for_string(G_CHECKSUM_SHA1, mailbox, -1);
    gsize keep = 100;

    while (keep > 0 && ((guchar)name->str[keep] & 0xc0) == 0x80)
        keep--;
    g_string_truncate(name, keep);
    g_string_append_printf(name, "%%=%s", digest);
    return g_string_free(name, FALSE);
}

char *
maildir_encode_name(const char *mailbox)
{
    GString *name = g_string_new(NULL);
    bool reserved = is_reserved(mailbox);
    const char *at = mailbox;

    if (*at == '\0')
        g_string_append(name, "%-");
    while (*at) {
        gunichar c = g_utf8_get_char_validated(at, -1);
        gsize size = c < 0x110000 ? g_utf8_skip[(guchar)*at] : 1;
        bool first = at == mailbox;
        bool last = at[size] == '\0';
        bool edge = (first && strchr(".- ", *at))
            || (last && strchr(". ", *at)) || (first && reserved);

        if (c < 0x110000 && is_plain(c) && !edge)
            g_string_append_len(name, at, (gssize)size);
        else
            append_encoded(name, at, size);
        at += size;
    }
    return name->len > LONGEST_NAME ? shorten(mailbox, name)
                                    : g_string_free(name, FALSE);
}

char *
maildir_decode_name(const char *directory)
{
    g_autoptr(GString) name = g_string_new(NULL);
    g_autofree char *again = NULL;

    if (strcmp(directory, "%-") == 0)
        return g_strdup("");
    for (const char *at = directory; *at; at++) {
        if (*at != '%') {
            g_string_append_c(name, *at);
            continue;
        }
        if (!g_ascii_isxdigit(at[1]) || !g_ascii_isxdigit(at[2]))
            return NULL;
        g_string_append_c(name, (char)(g_ascii_xdigit_value(at[1]) * 16
                                       + g_ascii_xdigit_value(at[2])));
        at += 2;
    }
    if (strlen(name->str) != name->len)
        return NULL;
    again = maildir_encode_name(name->str);
    return strcmp(again, directory) == 0
        ? g_string_free(g_steal_pointer(&name), FALSE) : NULL;
}

char *
maildir_folder_path(const char *account, const char *mailbox, char delimiter)
{
    const char separator[] = { delimiter, '\0' };
    g_auto(GStrv) parts = delimiter ? g_strsplit(mailbox, separator, -1)
                                    : g_strdupv((char *[]){ (char *)mailbox,
                                                            NULL });
    g_autofree char *root = maildir_encode_name(account);
    GString *path = g_string_new(root);

    for (char **part = parts; *part; part++) {
        g_autofree char *safe = maildir_encode_name(*part);

        g_string_append_printf(path, "/%s", safe);
    }
    return g_string_free(path, FALSE);
}
