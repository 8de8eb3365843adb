/* Address lists in header form (RFC 5322, section 3.4), as GMime parses them:
 * groups flattened, names decoded. Not a validator: what a sender wrote comes
 * back as he wrote it. */
#include <string.h>

#include "mime/limits.h"
#include "mime/mime.h"
#include "mime_header.h"

enum {
    LONGEST_SAID = 60 /* of a list that is too long */
};

void
mime_address_free(MimeAddress *address)
{
    if (address == NULL)
        return;
    g_free(address->name);
    g_free(address->addr);
    g_free(address);
}

static void
add_mailbox(GPtrArray *out, InternetAddress *item)
{
    const char *addr =
        internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(item));
    const char *name = internet_address_get_name(item);
    MimeAddress *address;

    if (addr == NULL || *addr == '\0')
        return;
    address = g_new0(MimeAddress, 1);
    address->addr = mime_tidy(g_strdup(addr));
    if (name && *name)
        address->name = mime_tidy(g_strdup(name));
    g_ptr_array_add(out, address);
}

/* Groups do not nest (RFC 5322), so a stack of one level is enough: what a
 * group holds that is a group again is left out. */
static void
add_item(GPtrArray *out, InternetAddress *item)
{
    InternetAddressList *members;
    int n;

    if (INTERNET_ADDRESS_IS_MAILBOX(item)) {
        add_mailbox(out, item);
        return;
    }
    members = internet_address_group_get_members(INTERNET_ADDRESS_GROUP(item));
    n = members ? internet_address_list_length(members) : 0;
    for (int i = 0; i < n && out->len < MIME_MAX_ADDRESSES; i++) {
        InternetAddress *member = internet_address_list_get_address(members, i);

        if (INTERNET_ADDRESS_IS_MAILBOX(member))
            add_mailbox(out, member);
    }
}

/* The character that closes what c opens, within which others stand for
 * themselves; 0: it opens nothing. */
static char
closing(char c)
{
    static const char opens[] = "\"(<[", closes[] = "\")>]";
    const char *at = strchr(opens, c);

    return at ? closes[at - opens] : '\0';
}

/* People and some programs part addresses by ";", behind which a parser looks
 * for no more of them: it ends a group. Where there is none to end it is a
 * comma. */
static void
part_by_commas(char *line)
{
    bool group = false;
    char close = '\0';

    for (char *at = line; *at; at++) {
        if (*at == '\\' && at[1])
            at++;
        else if (close)
            close = *at == close ? '\0' : close;
        else if (closing(*at))
            close = closing(*at);
        else if (*at == ':')
            group = true;
        else if (*at == ';' && !group)
            *at = ',';
        else if (*at == ';')
            group = false;
    }
}

/* The list in one line, parted by commas. g_free(). */
static char *
line_of(const char *text)
{
    const char *all = text ? text : "";
    char *line = mime_unfold_joined((MimeSpan){ all, strlen(all) });

    part_by_commas(line);
    return line;
}

static GPtrArray *
read_line(const char *line)
{
    GPtrArray *out =
        g_ptr_array_new_with_free_func((GDestroyNotify)mime_address_free);
    g_autoptr(InternetAddressList) list =
        internet_address_list_parse(mime_parser_options(), line);
    int n = list ? internet_address_list_length(list) : 0;

    for (int i = 0; i < n && out->len < MIME_MAX_ADDRESSES; i++)
        add_item(out, internet_address_list_get_address(list, i));
    return out;
}

GPtrArray *
mime_addresses(const char *text)
{
    g_autofree char *line = line_of(text);

    return read_line(line);
}

/* Quoted strings and comments become blanks. false: one is not closed. */
static bool
blank_out(char *line)
{
    char close = '\0';

    for (char *at = line; *at; at++) {
        char c = *at;

        if (close || c == '"' || c == '(')
            *at = ' ';
        if (c == '\\' && at[1])
            *++at = ' ';
        else if (close)
            close = c == close ? '\0' : close;
        else if (c == '"' || c == '(')
            close = closing(c);
    }
    return close == '\0';
}

/* How many '@' there are, up to end. */
static guint
count_at(const char *text, const char *end)
{
    guint n = 0;

    for (; text < end; text++)
        n += *text == '@';
    return n;
}

/* Words outside of angle brackets, each of which should be an address; -1: one
 * is none. A word alone may be a user of this machine. */
static int
count_words(const char *text, bool alone)
{
    g_autoptr(GString) joined = g_string_new(text);
    g_auto(GStrv) words = NULL;
    int n = 0, bare = 0;

    while (g_string_replace(joined, " @", "@", 0)
           + g_string_replace(joined, "@ ", "@", 0))
        ;
    words = g_strsplit_set(joined->str, " \t", -1);

    for (char **word = words; *word; word++) {
        guint ats = count_at(*word, *word + strlen(*word));

        if (**word == '\0')
            continue;
        if (ats > 1)
            return -1;
        bare += ats == 0;
        n++;
    }
    return bare == 0 || (alone && n == 1) ? n : -1;
}

/* The addresses that a part of a list should give; -1: it cannot. bare: without
 * quoted strings and comments. */
static int
count_due(const char *bare)
{
    const char *open = strchr(bare, '<');
    const char *close = bare;
    int n = 0;
    int words;

    for (; open; open = strchr(close, '<')) {
        close = strchr(open, '>');
        if (close == NULL || (open[1] != '@' && count_at(open, close) > 1))
            return -1;
        n++;
    }
    words = count_words(close + (*close == '>'), n == 0);
    return words < 0 ? -1 : n + words;
}

/* Behind the name of a group. */
static gsize
skip_group(const char *bare)
{
    gsize size = strcspn(bare, ":@<,;");

    return bare[size] == ':' ? size + 1 : 0;
}

static bool
is_read(const char *part, const char *bare)
{
    g_autoptr(GPtrArray) found = read_line(part);
    int due = count_due(bare);

    return due >= 0 && found->len >= (guint)due;
}

/* The size of the part of a list that begins there. */
static gsize
part_size(const char *bare)
{
    gsize size = 0;
    bool inside = false;

    for (; bare[size] && (inside || !strchr(",;", bare[size])); size++)
        inside = bare[size] == '<' || (inside && bare[size] != '>');
    return size;
}

/* "Doe" of "Doe, John <…>" */
static bool
is_name(const char *part, const char *next)
{
    gsize size = part_size(next);

    return strpbrk(part, "@<") == NULL && memchr(next, '<', size) != NULL;
}

static char *
find_unread(const char *line, const char *bare)
{
    gsize from = 0;

    while (bare[from]) {
        gsize begin = from + skip_group(bare + from);
        gsize size = part_size(bare + begin);
        gsize next = begin + size + (bare[begin + size] != '\0');
        g_autofree char *part = g_strndup(line + begin, size);
        g_autofree char *plain = g_strndup(bare + begin, size);

        if (!is_read(part, plain)
            && !(bare[begin + size] == ',' && is_name(plain, bare + next)))
            return g_strdup(g_strstrip(part));
        from = next;
    }
    return NULL;
}

char *
mime_addresses_rest(const char *text)
{
    g_autofree char *line = line_of(text);
    g_autofree char *bare = g_strdup(line);

    if (strlen(line) >= MIME_MAX_FIELD_BYTES)
        return g_strndup(line, LONGEST_SAID);
    return blank_out(bare) ? find_unread(line, bare) : g_strdup(line);
}

char *
mime_first_address(const char *text)
{
    g_autoptr(GPtrArray) list = mime_addresses(text);

    return list->len > 0 ? g_strdup(((MimeAddress *)list->pdata[0])->addr)
                         : NULL;
}

/* atext, blanks and whatever is not ASCII need no quotes in a phrase. */
static bool
needs_quotes(const char *name)
{
    for (const char *p = name; *p; p++)
        if (!(*p & 0x80) && !g_ascii_isalnum(*p)
            && strchr(" !#$%&'*+-/=?^_`{|}~", *p) == NULL)
            return true;
    return false;
}

char *
mime_address_format(const char *name, const char *addr)
{
    g_autofree char *tidy_addr = mime_tidy(g_strdup(addr ? addr : ""));
    g_autofree char *tidy = mime_tidy(g_strdup(name ? name : ""));
    GString *out;

    g_strstrip(tidy);
    g_strdelimit(tidy_addr, "<>", ' ');
    g_strstrip(tidy_addr);
    if (*tidy == '\0')
        return g_steal_pointer(&tidy_addr);
    if (!needs_quotes(tidy))
        return g_strdup_printf("%s <%s>", tidy, tidy_addr);
    out = g_string_new("\"");
    for (const char *p = tidy; *p; p++) {
        if (*p == '"' || *p == '\\')
            g_string_append_c(out, '\\');
        g_string_append_c(out, *p);
    }
    g_string_append_printf(out, "\" <%s>", tidy_addr);
    return g_string_free(out, FALSE);
}

char *
mime_envelope_address(const char *addr)
{
    const char *at = strrchr(addr, '@');
    g_autofree char *domain = NULL;

    if (at == NULL || at == addr || at[1] == '\0')
        return NULL;
    for (const char *p = addr; *p; p++)
        if (g_ascii_iscntrl(*p) || *p == ' ' || *p == '<' || *p == '>')
            return NULL;
    domain = g_hostname_is_non_ascii(at + 1) ? g_hostname_to_ascii(at + 1)
                                             : g_strdup(at + 1);
    return domain ? g_strdup_printf("%.*s@%s", (int)(at - addr), addr, domain)
                  : NULL;
}
