/* Address lists in header form (RFC 5322, section 3.4), as GMime parses them:
 * groups flattened, names decoded. Not a validator: what a sender wrote comes
 * back as he wrote it. */
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "mime/limits.h"
#include "mime/mime.h"
#include "mime_header.h"

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
add_item(GPtrArray *out, InternetAddress *item, guint most)
{
    InternetAddressList *members;
    int n;

    if (INTERNET_ADDRESS_IS_MAILBOX(item)) {
        add_mailbox(out, item);
        return;
    }
    members = internet_address_group_get_members(INTERNET_ADDRESS_GROUP(item));
    n = members ? internet_address_list_length(members) : 0;
    for (int i = 0; i < n && out->len < most; i++) {
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
read_line(const char *line, GMimeParserOptions *options, guint most)
{
    GPtrArray *out =
        g_ptr_array_new_with_free_func((GDestroyNotify)mime_address_free);
    g_autoptr(InternetAddressList) list =
        internet_address_list_parse(options, line);
    int n = list ? internet_address_list_length(list) : 0;

    for (int i = 0; i < n && out->len < most; i++)
        add_item(out, internet_address_list_get_address(list, i), most);
    return out;
}

GPtrArray *
mime_addresses(const char *text)
{
    g_autofree char *line = line_of(text);

    return read_line(line, mime_parser_options(), MIME_MAX_ADDRESSES);
}

/* What the parser passes over, with all that stands behind it: the first. */
static void
note_unread(gint64 offset, GMimeParserWarning warning, const char *item,
            void *user)
{
    char **unread = user;

    (void)offset;
    if (*unread == NULL && warning == GMIME_WARN_INVALID_ADDRESS_LIST)
        *unread = g_strndup(item, strcspn(item, ","));
}

GPtrArray *
mime_addresses_strict(const char *text, GError **error)
{
    g_autofree char *line = line_of(text);
    g_autofree char *unread = NULL;
    g_autofree char *safe = NULL;
    GMimeParserOptions *options =
        g_mime_parser_options_clone(mime_parser_options());
    g_autoptr(GPtrArray) list = NULL;

    g_mime_parser_options_set_warning_callback(options, note_unread, &unread);
    list = read_line(line + strspn(line, " \t,"), options,
                     MIME_MAX_ADDRESSES + 1);
    g_mime_parser_options_free(options);
    if (strlen(line) >= MIME_MAX_FIELD_BYTES)
        return err_null(error, ERR_USAGE, "more than %d bytes of addresses",
                        MIME_MAX_FIELD_BYTES);
    if (list->len > MIME_MAX_ADDRESSES)
        return err_null(error, ERR_USAGE, "more than %d addresses",
                        MIME_MAX_ADDRESSES);
    if (unread == NULL)
        return g_steal_pointer(&list);
    safe = text_sanitise(unread, -1, TEXT_LINE);
    return err_null(error, ERR_USAGE,
                    "“%s” is no address: write Name <name@domain>, and commas "
                    "between",
                    safe);
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
