/* mailto: links (RFC 6068). Who wrote the link is a stranger: only fields that
 * the user sees before sending are taken (promise P63); a file is never
 * attached for a link.
 *
 *   mailtoURI = "mailto:" [ to ] [ "?" hfield *( "&" hfield ) ]
 *   hfield    = hfname "=" hfvalue                                  */
#include "core/mailto.h"

#include "base/err.h"
#include "base/text.h"

#include <string.h>

enum {
    LINK_BYTES = 64 << 10,
};

static const struct {
    const char *name;
    gsize offset;
    bool is_list; /* several make one list */
} fields[] = {
    { "to", G_STRUCT_OFFSET(Mailto, to), true },
    { "cc", G_STRUCT_OFFSET(Mailto, cc), true },
    { "bcc", G_STRUCT_OFFSET(Mailto, bcc), true },
    { "subject", G_STRUCT_OFFSET(Mailto, subject), false },
    { "body", G_STRUCT_OFFSET(Mailto, body), false },
    { "in-reply-to", G_STRUCT_OFFSET(Mailto, in_reply_to), false },
    { "references", G_STRUCT_OFFSET(Mailto, references), false },
};

void
mailto_clear(Mailto *mailto)
{
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
        g_free(G_STRUCT_MEMBER(char *, mailto, fields[i].offset));
    g_free(mailto->ignored);
    memset(mailto, 0, sizeof *mailto);
}

/* "%C3%BC" as what it stands for, line ends as \n, NUL as none. g_free(). */
static char *
decode(const char *text)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (; *text; text++) {
        int high = *text == '%' ? g_ascii_xdigit_value(text[1]) : -1;
        int low = high >= 0 ? g_ascii_xdigit_value(text[2]) : -1;
        char byte = low >= 0 ? (char)(high * 16 + low) : *text;

        if (byte && byte != '\r')
            g_string_append_c(out, byte);
        text += low >= 0 ? 2 : 0;
    }
    return g_utf8_make_valid(out->str, (gssize)out->len);
}

static void
put(Mailto *mailto, gsize which, const char *encoded)
{
    char **slot = G_STRUCT_MEMBER_P(mailto, fields[which].offset);
    g_autofree char *before = *slot;
    g_autofree char *value = decode(encoded);

    if (fields[which].is_list && before && *before && *value)
        *slot = g_strconcat(before, ", ", value, NULL);
    else
        *slot = g_steal_pointer(&value);
}

static void
ignore(Mailto *mailto, const char *name)
{
    g_autofree char *before = mailto->ignored;
    g_autofree char *decoded = decode(name);
    g_autofree char *safe = text_sanitise(decoded, -1, TEXT_LINE);

    mailto->ignored =
        g_strconcat(before ? before : "", before ? " " : "", safe, NULL);
}

static void
take_field(Mailto *mailto, const char *field)
{
    const char *equals = strchr(field, '=');
    g_autofree char *name = NULL;

    if (equals == NULL)
        return;
    name = g_strndup(field, (gsize)(equals - field));
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
        if (g_ascii_strcasecmp(name, fields[i].name) == 0) {
            put(mailto, i, equals + 1);
            return;
        }
    ignore(mailto, name);
}

bool
mailto_parse(const char *link, Mailto *mailto, GError **error)
{
    g_autofree char *to = NULL;
    g_auto(GStrv) parts = NULL;
    const char *rest;

    memset(mailto, 0, sizeof *mailto);
    if (g_ascii_strncasecmp(link, "mailto:", 7) != 0)
        return err_set(error, ERR_USAGE, "this is no mailto: link");
    if (strlen(link) > LINK_BYTES)
        return err_set(error, ERR_USAGE, "the link has over %d KiB",
                       LINK_BYTES >> 10);
    rest = link + 7 + strcspn(link + 7, "?#");
    to = g_strndup(link + 7, (gsize)(rest - link) - 7);
    put(mailto, 0, to);
    if (*rest != '?')
        return true;
    parts = g_strsplit(rest + 1, "&", -1);
    for (char **part = parts; *part; part++) {
        const char *field = *part;

        /* Links in HTML are often escaped once too much. */
        take_field(mailto, g_str_has_prefix(field, "amp;") ? field + 4 : field);
    }
    return true;
}
