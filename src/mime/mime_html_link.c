/* Links of HTML and whether their text tells the truth: a text that names a
 * host other than the one the link goes to is marked, whatever else it says.
 * URLs are cut as browsers cut them (WHATWG URL), for that is where the reader
 * would end up. */
#include <string.h>

#include "base/text.h"
#include "mime/limits.h"
#include "mime_html.h"

/* Tabs and line ends within a URL are dropped by browsers, blanks round it. */
static char *
url_flat(const char *url)
{
    char *flat = g_malloc(strlen(url) + 1);
    char *out = flat;

    for (; *url; url++)
        if (*url != '\t' && *url != '\n' && *url != '\r')
            *out++ = *url;
    *out = '\0';
    return g_strstrip(flat);
}

/* The length of "scheme:", 0 when there is none. */
static gsize
scheme_length(const char *url)
{
    gsize n = 0;

    while (g_ascii_isalnum(url[n])
           || (n > 0 && url[n] && strchr("+-.", url[n])))
        n++;
    return n > 0 && url[n] == ':' ? n + 1 : 0;
}

/* [user[:password]@]host[:port] up to a slash of either kind. */
static char *
authority_host(const char *authority)
{
    g_autofree char *part = g_strndup(authority, strcspn(authority, "/\\?#"));
    g_autofree char *lower = NULL;
    char *at = strrchr(part, '@');
    char *host = at ? at + 1 : part;
    char *ascii;

    if (*host != '[')
        host[strcspn(host, ":")] = '\0';
    if (*host == '\0' || !g_utf8_validate(host, -1, NULL))
        return NULL;
    lower = g_utf8_strdown(host, -1);
    while (g_str_has_suffix(lower, "."))
        lower[strlen(lower) - 1] = '\0';
    ascii = g_hostname_to_ascii(lower);
    return ascii ? ascii : g_steal_pointer(&lower);
}

char *
mime_url_host(const char *url)
{
    g_autofree char *flat = url_flat(url);
    gsize scheme = scheme_length(flat);
    const char *rest = flat + scheme;

    if (scheme == 7 && g_ascii_strncasecmp(flat, "mailto:", 7) == 0) {
        const char *at = strchr(rest, '@');

        return at ? authority_host(at + 1) : NULL;
    }
    if (rest[0] == '\0' || !strchr("/\\", rest[0]) || rest[1] == '\0'
        || !strchr("/\\", rest[1]))
        return NULL;
    return authority_host(rest + strspn(rest, "/\\"));
}

/* label *("." label) "." 2*letter, letters of any script. */
static bool
is_host_shaped(const char *word)
{
    const char *dot = strrchr(word, '.');
    const char *at = word;

    if (dot == NULL || dot == word || g_utf8_strlen(dot + 1, -1) < 2)
        return false;
    for (; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);

        if (!g_unichar_isalnum(c) && c != '-' && c != '.')
            return false;
        if (at > dot && !g_unichar_isalpha(c))
            return false;
    }
    return strstr(word, "..") == NULL;
}

/* A word that ends like a file is no host to a reader: "report.pdf". */
static bool
is_file_name(const char *word)
{
    static const char *const ends[] = { ".pdf", ".doc",  ".docx", ".txt",
                                        ".png", ".jpg",  ".html", ".xls",
                                        ".csv", ".xlsx", ".zip",  ".htm",
                                        ".js",  ".md",   ".py",   ".sh" };
    gsize size = strlen(word);

    for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
        gsize end = strlen(ends[i]);

        if (size > end && g_ascii_strcasecmp(word + size - end, ends[i]) == 0)
            return true;
    }
    return false;
}

/* The host that one word of a link's text names, or NULL. */
static char *
word_host(const char *word)
{
    gsize scheme = scheme_length(word);
    g_autofree char *host = NULL;
    const char *at;

    if (scheme > 0 && word[scheme] == '/')
        return mime_url_host(word);
    at = strchr(word, '@');
    host = g_strndup(at ? at + 1 : word, strcspn(at ? at + 1 : word, "/\\?#:"));
    if (!is_host_shaped(host) || (!at && is_file_name(host)))
        return NULL;
    return authority_host(host);
}

/* Invisible characters would cut a host out of sight: they are dropped before
 * the text is judged, as they are before it is shown. */
static char *
shown_host(const char *text)
{
    g_autofree char *safe = text_sanitise(text, -1, TEXT_LINE);
    g_auto(GStrv) words = g_strsplit_set(safe, " <>()\"',;", -1);

    for (guint i = 0; words[i]; i++) {
        char *word = words[i];
        char *host;

        while (*word && strchr(".!:", word[strlen(word) - 1]))
            word[strlen(word) - 1] = '\0';
        host = *word ? word_host(word) : NULL;
        if (host)
            return host;
    }
    return NULL;
}

/* a.example.org and example.org belong together. */
static bool
is_below(const char *host, const char *domain)
{
    gsize h = strlen(host), d = strlen(domain);

    return h >= d && g_str_equal(host + h - d, domain)
           && (h == d || host[h - d - 1] == '.');
}

static bool
hosts_agree(const char *shown, const char *target)
{
    if (g_str_has_prefix(shown, "www."))
        shown += 4;
    return is_below(target, shown)
           || (is_below(shown, target) && strchr(target, '.'));
}

char *
mime_url_clean(const char *href)
{
    g_autofree char *flat = url_flat(href);
    GString *out = g_string_new(NULL);

    for (const char *p = flat; *p; p++) {
        if ((*p >= 0 && *p <= ' ') || *p == 127 || strchr("\"<>`", *p))
            g_string_append_printf(out, "%%%02X", (guchar)*p);
        else
            g_string_append_c(out, *p);
    }
    g_free(flat);
    flat = g_string_free(out, FALSE);
    return text_sanitise(flat, -1, TEXT_LINE);
}

static guint
find_link(const MimeText *text, const char *target, const char *shown)
{
    for (guint i = text->links->len; i > 0 && i + 8 > text->links->len; i--) {
        const MimeLink *link = g_ptr_array_index(text->links, i - 1);

        if (g_str_equal(link->target, target)
            && g_strcmp0(link->shown, shown) == 0)
            return i;
    }
    return 0;
}

guint
mime_link_add(MimeText *text, const char *href, const char *shown)
{
    g_autofree char *target = mime_url_clean(href);
    g_autofree char *goes_to = mime_url_host(href);
    g_autofree char *says = shown ? shown_host(shown) : NULL;
    g_autofree char *line = NULL;
    MimeLink *link;
    guint known;

    if (says) {
        g_autofree char *flat = g_strdup(shown);

        line = text_sanitise(g_strstrip(flat), -1, TEXT_LINE);
    }
    known = find_link(text, target, line);
    if (known || text->links->len >= MIME_MAX_LINKS)
        return known;
    link = g_new0(MimeLink, 1);
    link->target = g_steal_pointer(&target);
    link->shown = g_steal_pointer(&line);
    link->lies = says && (goes_to == NULL || !hosts_agree(says, goes_to));
    g_ptr_array_add(text->links, link);
    return text->links->len;
}
