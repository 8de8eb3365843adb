/* URLs in text/plain (RFC 3986, appendix C): found by their scheme, never
 * guessed. What is shown is the URL itself, so none of them lies. Linear: what
 * was taken for a URL is not searched again. */
#include <string.h>

#include "mime_html.h"

/* Where the URL begins whose scheme ends at colon, not before from; NULL: it is
 * no scheme of a link that is opened. *rest: what is behind "http://". */
static const char *
url_start(const char *from, const char *colon, const char **rest)
{
    static const char *const heads[] = { "https://", "http://", "mailto:" };

    for (guint i = 0; i < G_N_ELEMENTS(heads); i++) {
        gsize scheme = strcspn(heads[i], ":");
        const char *at = colon - scheme;

        if ((gsize)(colon - from) < scheme
            || g_ascii_strncasecmp(at, heads[i], strlen(heads[i])) != 0)
            continue;
        *rest = at + strlen(heads[i]);
        if (at == from || !(g_ascii_isalnum(at[-1]) || strchr("+-.", at[-1])))
            return at;
    }
    return NULL;
}

static bool
is_of_url(gunichar c)
{
    if (c < 0x80)
        return c > ' ' && c != 0x7F && !strchr("<>\"`\\^|", (int)c);
    return g_unichar_isalnum(c) || g_unichar_ismark(c);
}

/* A bracket that the URL did not open is not of it. False: c is such one. */
static bool
count_bracket(gunichar c, int open[3])
{
    static const char opens[] = "([{", closes[] = ")]}";
    const char *at;

    if (c == 0 || c >= 0x80)
        return true;
    at = strchr(opens, (int)c);
    if (at)
        open[at - opens]++;
    at = strchr(closes, (int)c);
    return at == NULL || open[at - closes]-- > 0;
}

/* Where the URL ends whose head ends at from; *next: where to look on. */
static const char *
url_end(const char *from, const char **next)
{
    const char *at = from;
    int open[3] = { 0 };

    for (; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);

        if (!is_of_url(c) || !count_bracket(c, open))
            break;
    }
    *next = at;
    while (at > from && strchr(".,;:!?'*([{", at[-1]))
        at--;
    return at;
}

static bool
goes_somewhere(const char *url)
{
    g_autofree char *host = mime_url_host(url);

    return host != NULL;
}

static void
add_mark(MimeLogical *line, GString *out, guint number, gsize *marked)
{
    g_autofree char *mark = g_strdup_printf("[%u]", number);

    mime_mark_add(&line->marks, out->str + *marked, mark);
    g_string_append_printf(out, " %s", mark);
    *marked = out->len;
}

void
mime_url_find(MimeText *text, MimeLogical *line, bool numbers)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const char *done = line->text, *next = line->text;
    const char *colon;
    gsize marked = 0;

    while ((colon = strchr(next, ':')) != NULL) {
        const char *rest, *end;
        const char *start = url_start(next, colon, &rest);
        g_autofree char *url = NULL;
        guint number;

        next = colon + 1;
        if (start == NULL)
            continue;
        end = url_end(rest, &next);
        url = g_strndup(start, end - start);
        number = goes_somewhere(url) ? mime_link_add(text, url, NULL) : 0;
        if (number == 0 || !numbers)
            continue;
        g_string_append_len(out, done, end - done);
        done = end;
        add_mark(line, out, number, &marked);
    }
    if (marked == 0)
        return;
    g_string_append(out, done);
    g_free(line->text);
    line->text = g_string_free(g_steal_pointer(&out), FALSE);
}
