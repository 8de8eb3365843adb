/* Macros of SPF (RFC 7208, section 7).
 *
 *     macro-expand = "%{" letter [digits] ["r"] *delimiter "}" /
 *                    "%%" / "%_" / "%-"
 *     domain-spec  = macro-string ( "." toplabel ["."] / macro-expand )
 */
#include "trust_spf.h"

#include <string.h>

enum {
    MAX_NAME = 253,

    /* Octets that an expansion may have; the rest is cut. */
    MAX_EXPANDED = 4096,
};

/* One %{…}. */
typedef struct {
    char letter;
    guint keep; /* right-hand parts; 0: all */
    bool reverse;
    char delimiters[8];
} Macro;

/* Reads what stands behind "%{"; its size with the "}", 0: it is none. */
static gsize
read_macro(const char *text, bool in_exp, Macro *macro)
{
    const char *at = text;
    gsize n = 0;

    memset(macro, 0, sizeof *macro);
    macro->letter = *at;
    if (*at == '\0'
        || !strchr(in_exp ? "slodipvhcrtSLODIPVHCRT" : "slodipvhSLODIPVH", *at))
        return 0;
    at++;
    if (g_ascii_isdigit(*at)) {
        for (; g_ascii_isdigit(*at); at++)
            macro->keep = MIN(macro->keep * 10 + (guint)(*at - '0'), 1000);
        if (macro->keep == 0)
            return 0;
    }
    if (*at == 'r' || *at == 'R') {
        macro->reverse = true;
        at++;
    }
    for (; *at && strchr(".-+,/_=", *at); at++)
        if (n < sizeof macro->delimiters - 1 && !strchr(macro->delimiters, *at))
            macro->delimiters[n++] = *at;
    if (n == 0)
        macro->delimiters[0] = '.';
    return *at == '}' ? (gsize)(at + 1 - text) : 0;
}

/* The size of the macro-expand at "%"; 0: it is none. */
static gsize
macro_size(const char *text, bool in_exp)
{
    Macro macro;
    gsize size;

    if (text[1] == '%' || text[1] == '_' || text[1] == '-')
        return 2;
    if (text[1] != '{')
        return 0;
    size = read_macro(text + 2, in_exp, &macro);
    return size ? size + 2 : 0;
}

/* Walks a macro-string; *tail is what stands behind its last macro-expand. */
static bool
walk(const char *text, bool in_exp, const char **tail)
{
    *tail = text;
    while (*text) {
        gsize size = 1;

        if (*text == '%') {
            size = macro_size(text, in_exp);
            *tail = text + size;
        } else if ((*text < '!' || *text > '~') && !(in_exp && *text == ' ')) {
            return false;
        }
        if (size == 0)
            return false;
        text += size;
    }
    return true;
}

bool
trust_spf_macros_valid(const char *text, bool in_exp)
{
    const char *tail;

    return walk(text, in_exp, &tail);
}

/* A label with a letter or an inner hyphen. */
static bool
is_toplabel(const char *from, const char *end)
{
    bool only_digits = true;

    if (from == end || *from == '-' || end[-1] == '-')
        return false;
    for (; from < end; from++) {
        if (!g_ascii_isalnum(*from) && *from != '-')
            return false;
        only_digits = only_digits && g_ascii_isdigit(*from);
    }
    return !only_digits;
}

bool
trust_spf_domain_valid(const char *text)
{
    const char *tail;
    const char *end;
    const char *dot;

    if (*text == '\0' || !walk(text, false, &tail))
        return false;
    if (*tail == '\0')
        return true;
    end = tail + strlen(tail);
    if (end[-1] == '.')
        end--;
    dot = end;
    while (dot > tail && dot[-1] != '.')
        dot--;
    return dot > tail && is_toplabel(dot, end);
}

/* 192.0.2.1, or the nibbles of an IPv6 address with dots between. */
static char *
dotted_address(const TrustSpfRun *run)
{
    GString *out;

    if (!run->ip6)
        return g_strdup(run->ip);
    out = g_string_new(NULL);
    for (int i = 0; i < 16; i++)
        g_string_append_printf(out, "%s%x.%x", i > 0 ? "." : "",
                               run->address[i] >> 4, run->address[i] & 15);
    return g_string_free(out, FALSE);
}

static char *
value_of(TrustSpfRun *run, char letter, const char *domain)
{
    char *validated;

    switch (g_ascii_tolower(letter)) {
    case 's':
        return g_strconcat(run->local, "@", run->domain, NULL);
    case 'l':
        return g_strdup(run->local);
    case 'o':
        return g_strdup(run->domain);
    case 'd':
        return g_strdup(domain);
    case 'i':
        return dotted_address(run);
    case 'p':
        validated = trust_spf_validated(run, domain, false);
        return validated ? validated : g_strdup("unknown");
    case 'v':
        return g_strdup(run->ip6 ? "ip6" : "in-addr");
    case 'h':
        return g_strdup(run->helo);
    case 'c':
        return g_strdup(run->ip);
    case 't':
        return g_strdup_printf("%" G_GINT64_FORMAT, run->now);
    default:
        return g_strdup("unknown");
    }
}

/* Cuts at the delimiters, turns round, keeps the right-hand parts. */
static char *
transform(const Macro *macro, char *value)
{
    g_auto(GStrv) parts = NULL;
    g_autofree char *whole = value;
    guint n;

    if (!macro->reverse && macro->keep == 0 && macro->delimiters[1] == '\0'
        && macro->delimiters[0] == '.')
        return g_steal_pointer(&whole);
    parts = g_strsplit_set(whole, macro->delimiters, -1);
    n = g_strv_length(parts);
    for (guint i = 0; macro->reverse && i < n / 2; i++) {
        char *swapped = parts[i];

        parts[i] = parts[n - 1 - i];
        parts[n - 1 - i] = swapped;
    }
    return g_strjoinv(
        ".", parts + (macro->keep && macro->keep < n ? n - macro->keep : 0));
}

static void
expand_macro(TrustSpfRun *run, const Macro *macro, const char *domain,
             GString *out)
{
    g_autofree char *value =
        transform(macro, value_of(run, macro->letter, domain));

    if (g_ascii_isupper(macro->letter))
        g_string_append_uri_escaped(out, value, NULL, FALSE);
    else
        g_string_append(out, value);
}

char *
trust_spf_expand(TrustSpfRun *run, const char *text, const char *domain)
{
    GString *out = g_string_new(NULL);
    Macro macro;

    while (*text && out->len < MAX_EXPANDED) {
        if (*text != '%') {
            g_string_append_c(out, *text++);
        } else if (text[1] == '{') {
            text += 2;
            text += read_macro(text, true, &macro);
            expand_macro(run, &macro, domain, out);
        } else {
            g_string_append(out, text[1] == '%'   ? "%"
                                 : text[1] == '_' ? " "
                                                  : "%20");
            text += 2;
        }
    }
    return g_string_free(out, FALSE);
}

char *
trust_spf_expand_name(TrustSpfRun *run, const char *text, const char *domain)
{
    g_autofree char *whole = trust_spf_expand(run, text, domain);
    const char *name = whole;
    gsize size = strlen(whole);

    if (size > 0 && whole[size - 1] == '.')
        whole[--size] = '\0';
    while (strlen(name) > MAX_NAME) {
        const char *dot = strchr(name, '.');

        if (dot == NULL)
            break;
        name = dot + 1;
    }
    return g_strdup(name);
}
