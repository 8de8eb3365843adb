/* Flags and keywords (RFC 9051, section 2.3.2). */
#include "imap_private.h"

#include "imap/limits.h"

#include <string.h>

static const struct {
    const char *name;
    unsigned bit; /* MaildirFlags */
} system_flags[] = {
    { "$Forwarded", 1 << 0 }, { "\\Answered", 1 << 1 }, { "\\Seen", 1 << 2 },
    { "\\Deleted", 1 << 3 },  { "\\Draft", 1 << 4 },    { "\\Flagged", 1 << 5 },
};

unsigned
imap_flag_bit(const char *flag)
{
    for (gsize i = 0; i < G_N_ELEMENTS(system_flags); i++)
        if (g_ascii_strcasecmp(flag, system_flags[i].name) == 0)
            return system_flags[i].bit;
    return 0;
}

const char *
imap_flag_name(unsigned bit)
{
    for (gsize i = 0; i < G_N_ELEMENTS(system_flags); i++)
        if (bit == system_flags[i].bit)
            return system_flags[i].name;
    g_return_val_if_reached("");
}

static bool
is_listed(const char *const *flags, const char *flag)
{
    for (; *flags; flags++)
        if (g_ascii_strcasecmp(*flags, flag) == 0)
            return true;
    return false;
}

unsigned
imap_flags_local(const char *const *permanent)
{
    unsigned local = 0;

    for (gsize i = 0; permanent && i < G_N_ELEMENTS(system_flags); i++) {
        const char *name = system_flags[i].name;

        if (!is_listed(permanent, name)
            && (*name == '\\' || !is_listed(permanent, "\\*")))
            local |= system_flags[i].bit;
    }
    return local;
}

bool
imap_keeps_keyword(const ImapOpened *opened, const char *keyword)
{
    return opened->keywords_allowed
           || (opened->permanent_flags
               && is_listed(opened->permanent_flags, keyword));
}

static int
compare(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A keyword that a tag can be: no control characters, not too long. */
static bool
is_keyword(const char *flag)
{
    return flag[0] != '\\' && strlen(flag) <= IMAP_FLAG_BYTES
           && g_utf8_validate(flag, -1, NULL);
}

void
imap_flags_read(ImapDecoder *in, unsigned *system, char **keywords)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

    *system = 0;
    imap_decoder_expect(in, '(');
    for (int i = 0; imap_decoder_ok(in) && !imap_decoder_try(in, ')'); i++) {
        g_autofree char *flag = imap_decoder_word(in);
        unsigned bit = imap_flag_bit(flag);

        *system |= bit;
        if (bit == 0 && words->len < IMAP_FLAGS && is_keyword(flag)
            && !g_ptr_array_find_with_equal_func(words, flag, g_str_equal,
                                                 NULL))
            g_ptr_array_add(words, g_steal_pointer(&flag));
        while (imap_decoder_try(in, ' '))
            ;
    }
    g_ptr_array_sort(words, compare);
    g_ptr_array_add(words, NULL);
    *keywords = g_strjoinv(" ", (char **)words->pdata);
}

/* Can this tag be an atom on the wire (RFC 9051, flag-keyword)? */
static bool
is_atom(const char *word)
{
    if (*word == '\0' || *word == '\\')
        return false;
    for (; *word; word++)
        if ((guchar)*word <= 0x20 || (guchar)*word >= 0x7f
            || strchr("(){%*\"\\]", *word))
            return false;
    return true;
}

/* A label of Gmail that is a keyword as it is written: not "\\Inbox", no
 * spaces, nothing encoded, and none of those that programs agreed on ("$Junk").
 */
static bool
is_label(const char *text)
{
    return is_keyword(text) && is_atom(text) && strchr(text, '&') == NULL
           && *text != '$';
}

char *
imap_keywords_pick(const char *keywords, bool labels)
{
    g_auto(GStrv) words = g_strsplit(keywords ? keywords : "", " ", -1);
    GString *picked = g_string_new(NULL);

    for (char **word = words; *word; word++)
        if (**word && is_label(*word) == labels)
            g_string_append_printf(picked, "%s ", *word);
    return g_string_free(picked, FALSE);
}

void
imap_labels_read(ImapDecoder *in, char **labels)
{
    g_autoptr(GString) words = g_string_new(NULL);

    imap_decoder_expect(in, '(');
    for (int i = 0; imap_decoder_ok(in) && !imap_decoder_try(in, ')'); i++) {
        g_autofree char *label = imap_decoder_string(in);

        if (i < IMAP_FLAGS && label && is_label(label))
            g_string_append_printf(words, "%s ", label);
        while (imap_decoder_try(in, ' '))
            ;
    }
    g_free(*labels);
    *labels = g_string_free(g_steal_pointer(&words), FALSE);
}

char *
imap_keywords_join(const char *keywords, const char *labels,
                   const char *mailbox)
{
    bool named = mailbox && is_label(mailbox)
                 && g_ascii_strcasecmp(mailbox, "INBOX") != 0;
    g_autofree char *text =
        g_strjoin(" ", keywords, labels, named ? mailbox : NULL, NULL);
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    g_autoptr(GPtrArray) all = g_ptr_array_new();

    for (char **word = words; *word; word++)
        if (**word
            && !g_ptr_array_find_with_equal_func(all, *word, g_str_equal, NULL))
            g_ptr_array_add(all, *word);
    g_ptr_array_sort(all, compare);
    g_ptr_array_add(all, NULL);
    return g_strjoinv(" ", (char **)all->pdata);
}

bool
imap_flags_write(GString *to, const ImapFlags *flags)
{
    g_auto(GStrv) words =
        g_strsplit(flags->keywords ? flags->keywords : "", " ", -1);
    bool any = false;

    for (gsize i = 0; i < G_N_ELEMENTS(system_flags); i++)
        if (flags->system & system_flags[i].bit) {
            g_string_append_printf(to, "%s%s", any ? " " : "",
                                   system_flags[i].name);
            any = true;
        }
    for (char **word = words; *word; word++)
        if (is_atom(*word)) {
            g_string_append_printf(to, "%s%s", any ? " " : "", *word);
            any = true;
        }
    return any;
}
