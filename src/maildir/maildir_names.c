/* Names: of message files, and of directories for folders. */
#include "maildir/maildir.h"

#include <string.h>

enum {
    LONGEST_NAME = 200, /* bytes of a directory's name; disks take 255 */
    LONGEST_PATH = 1000,
    KEPT_OF_LONG = 100,
    MARK_DIGITS = 16,
};

static const struct {
    char letter;
    MaildirFlags flag;
} letters[] = {
    { 'D', MAILDIR_DRAFT },  { 'F', MAILDIR_FLAGGED },
    { 'P', MAILDIR_PASSED }, { 'R', MAILDIR_REPLIED },
    { 'S', MAILDIR_SEEN },   { 'T', MAILDIR_TRASHED },
};

char *
maildir_unique_name(void)
{
    return g_strdup_printf("%" G_GINT64_FORMAT ".R%08x%08x.posthorn",
                           g_get_real_time() / G_USEC_PER_SEC, g_random_int(),
                           g_random_int());
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

gsize
maildir_base_size(const char *file_name)
{
    const char *info = info_of(file_name);

    return info ? (gsize)(info - file_name) : strlen(file_name);
}

char *
maildir_name_base(const char *file_name)
{
    return g_strndup(file_name, maildir_base_size(file_name));
}

/* Characters that mean something to a shell, a disk or a URL. */
static bool
is_plain_ascii(gunichar c)
{
    return c >= 0x20 && c < 0x7f && strchr("/\\%:*?\"<>|", (int)c) == NULL;
}

/* Hangul letters that a normal form joins to syllables. */
static bool
is_conjoining(gunichar c)
{
    return (c >= 0x1100 && c <= 0x11ff) || (c >= 0xa960 && c <= 0xa97f)
           || (c >= 0xd7b0 && c <= 0xd7ff);
}

/* A character that looks the same to every disk: printable, not to be combined
 * with its neighbours, and its own normal form. */
static bool
is_plain(gunichar c)
{
    char text[8] = "";
    g_autofree char *normal = NULL;

    if (c < 0x80)
        return is_plain_ascii(c);
    if (!g_unichar_isgraph(c) || g_unichar_ismark(c) || is_conjoining(c)
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
shorten(const char *mailbox, const char *encoded)
{
    g_autofree char *digest =
        g_compute_checksum_for_string(G_CHECKSUM_SHA256, mailbox, -1);
    gsize keep = MIN(strlen(encoded), (gsize)KEPT_OF_LONG);

    while (keep > 0 && ((guchar)encoded[keep] & 0xc0) == 0x80)
        keep--;
    return g_strdup_printf("%.*s%%=%s", (int)keep, encoded, digest);
}

/* At the ends a dot, a dash or a blank hides a file, makes it an option, or is
 * lost on some disks. */
static bool
is_edge(char c, bool first, bool last)
{
    return (first && strchr(".- ", c)) || (last && strchr(". ", c));
}

static char *
encode(const char *mailbox)
{
    GString *name = g_string_new(*mailbox ? NULL : "%-");
    bool reserved = is_reserved(mailbox);

    for (const char *at = mailbox; *at;) {
        gunichar c = g_utf8_get_char_validated(at, -1);
        bool valid = c < 0x110000;
        gsize size = valid ? (gsize)g_utf8_skip[(guchar)*at] : 1;
        bool first = at == mailbox;

        if (valid && is_plain(c) && !(first && reserved)
            && !is_edge(*at, first, at[size] == '\0'))
            g_string_append_len(name, at, (gssize)size);
        else
            append_encoded(name, at, size);
        at += size;
    }
    return g_string_free(name, FALSE);
}

char *
maildir_encode_name(const char *mailbox)
{
    g_autofree char *name = encode(mailbox);

    return strlen(name) > LONGEST_NAME ? shorten(mailbox, name)
                                       : g_steal_pointer(&name);
}

/* Length of a name without the mark "%~" and digits that the store puts behind
 * names which a disk may mix up. No name of ours has "%~" otherwise. */
static gsize
unmarked_length(const char *directory)
{
    gsize size = strlen(directory);
    gsize mark = MARK_DIGITS + 2;

    if (size <= mark || strncmp(directory + size - mark, "%~", 2) != 0)
        return size;
    return size - mark;
}

static bool
decode_octet(const char *at, GString *name)
{
    if (!g_ascii_isxdigit(at[1]) || !g_ascii_isxdigit(at[2]))
        return false;
    g_string_append_c(name, (char)(g_ascii_xdigit_value(at[1]) * 16
                                   + g_ascii_xdigit_value(at[2])));
    return true;
}

char *
maildir_decode_name(const char *directory)
{
    g_autofree char *plain = g_strndup(directory, unmarked_length(directory));
    g_autoptr(GString) name = g_string_new(NULL);
    g_autofree char *again = NULL;

    if (strcmp(plain, "%-") == 0)
        return g_strdup("");
    for (const char *at = plain; *at; at += *at == '%' ? 3 : 1)
        if (*at != '%')
            g_string_append_c(name, *at);
        else if (!decode_octet(at, name))
            return NULL;
    if (strlen(name->str) != name->len)
        return NULL;
    again = maildir_encode_name(name->str);
    return strcmp(again, plain) == 0
               ? g_string_free(g_steal_pointer(&name), FALSE)
               : NULL;
}

static char *
join_parts(const char *root, const char *mailbox, char delimiter)
{
    const char separator[] = { delimiter, '\0' };
    g_auto(GStrv) parts = g_strsplit(mailbox, separator, -1);
    GString *path = g_string_new(root);

    for (char **part = parts; *part; part++) {
        g_autofree char *safe = maildir_encode_name(*part);

        g_string_append_printf(path, "/%s", safe);
    }
    return g_string_free(path, FALSE);
}

/* A hierarchy too deep for a disk is one directory, by its digest. */
char *
maildir_folder_path(const char *account, const char *mailbox, char delimiter)
{
    g_autofree char *root = maildir_encode_name(account);
    g_autofree char *path = NULL;
    g_autofree char *name = NULL;
    g_autofree char *safe = NULL;

    if (delimiter && *mailbox) {
        path = join_parts(root, mailbox, delimiter);
        if (strlen(path) <= LONGEST_PATH)
            return g_steal_pointer(&path);
        name = encode(mailbox);
        safe = shorten(mailbox, name);
    } else {
        safe = maildir_encode_name(mailbox);
    }
    return g_strdup_printf("%s/%s", root, safe);
}
