/* Text written in Markdown as HTML, by md4c. Must not let through what a
 * stranger put into quoted text: HTML stays text, a link goes to the web or to
 * a mailbox. */
#include "mime/mime.h"

#include <md4c-html.h>
#include <string.h>

static void
append(const MD_CHAR *text, MD_SIZE size, void *user)
{
    g_string_append_len(user, text, size);
}

/* Where the signature begins: a line of "-- "; else the end. */
static gsize
signature_at(const char *text)
{
    const char *at =
        g_str_has_prefix(text, "-- \n") ? text : strstr(text, "\n-- \n");

    return at ? (gsize)(at - text) : strlen(text);
}

/* Line by line as it is, so that its dashes make no heading. */
static void
append_signature(GString *out, const char *text)
{
    g_autofree char *trimmed = g_strstrip(g_strdup(text));
    g_autofree char *escaped = g_markup_escape_text(trimmed, -1);
    g_auto(GStrv) lines = g_strsplit(escaped, "\n", -1);
    g_autofree char *joined = g_strjoinv("<br>\n", lines);

    if (*joined)
        g_string_append_printf(out, "<p>%s</p>\n", joined);
}

/* No link runs a script or reads a file. */
static char *
only_safe_links(const char *html)
{
    g_autoptr(GRegex) other = g_regex_new(
        "(href|src)=\"(?!https?:|mailto:)[^\"]*\"", G_REGEX_CASELESS, 0, NULL);

    return g_regex_replace(other, html, -1, 0, "\\1=\"#\"", 0, NULL);
}

char *
mime_markdown(const char *text)
{
    gsize end = signature_at(text);
    g_autoptr(GString) body = g_string_new(NULL);
    g_autofree char *valid = NULL;
    g_autofree char *safe = NULL;

    if (md_html(text, (MD_SIZE)end, append, body,
                MD_DIALECT_GITHUB | MD_FLAG_NOHTML, 0)
        != 0)
        return NULL;
    /* A reference such as "&#xD800;" makes what no UTF-8 has. */
    valid = g_utf8_make_valid(body->str, (gssize)body->len);
    safe = only_safe_links(valid);
    g_string_assign(body, safe ? safe : "");
    append_signature(body, text + end);
    return g_strdup_printf("<!DOCTYPE html>\n<html><head>"
                           "<meta charset=\"utf-8\"></head><body>\n"
                           "%s</body></html>\n",
                           body->str);
}
