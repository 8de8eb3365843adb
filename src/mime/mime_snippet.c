/* The first words of a message for the list. Called for every message that
 * arrives: reads no more than the beginning of it. */
#include <string.h>

#include "base/text.h"
#include "mime/limits.h"
#include "mime_choose.h"
#include "mime_html.h"
#include "mime_text.h"

enum {
    SNIPPET_LENGTH = 200,     /* octets at most */
    SNIPPET_TEXT = 16 * 1024, /* octets of plain text that are looked at */
    SNIPPET_HTML = 8 * 1024,  /* octets of HTML without its styles */
};

/* "On Monday, Ana wrote:" introduces what somebody else said. */
static bool
is_introduction(const char *text)
{
    gsize size = strlen(text);

    return size > 0 && text[size - 1] == ':' && strchr(text, ' ') != NULL
           && (strchr(text, '@') != NULL || g_str_has_suffix(text, " wrote:")
               || g_str_has_suffix(text, " schrieb:")
               || g_str_has_suffix(text, " a écrit :"));
}

static void
append_words(GString *out, const char *text)
{
    for (; *text && out->len <= SNIPPET_LENGTH; text++) {
        bool blank = g_ascii_isspace(*text);

        if (!blank)
            g_string_append_c(out, *text);
        else if (out->len > 0 && out->str[out->len - 1] != ' ')
            g_string_append_c(out, ' ');
    }
}

static void
append_logical(GString *out, const GPtrArray *logical)
{
    for (guint i = 0; i < logical->len && out->len <= SNIPPET_LENGTH; i++) {
        const MimeLogical *line = g_ptr_array_index(logical, i);
        g_autofree char *safe = NULL;

        if (line->kind != MIME_LINE_TEXT && line->kind != MIME_LINE_HEADING)
            continue;
        /* A line may be 1 MiB: its head is enough. */
        safe = text_sanitise(
            line->text, strnlen(line->text, 8 * SNIPPET_LENGTH), TEXT_LINE);
        g_strstrip(safe);
        if (is_introduction(safe))
            continue;
        append_words(out, safe);
        append_words(out, " ");
    }
}

static void
add_html(const char *utf8, MimeText *text, GPtrArray *logical)
{
    bool cut;
    g_autofree char *clean = mime_html_clean(utf8, SNIPPET_HTML, &cut);

    mime_html_render(clean, MIME_HTML_PLAIN, text, logical);
}

static void
append_node(GString *out, MimeMessage *message, const MimeNode *node)
{
    g_autoptr(MimeText) text = mime_text_create();
    g_autoptr(GPtrArray) logical = mime_logical_list();
    bool html = mime_node_is_html(node);
    g_autofree char *utf8 = mime_node_text(
        message, node, html ? MIME_SNIPPET_BYTES : SNIPPET_TEXT, text);
    const char *format = mime_node_param(node, "format");

    if (html)
        add_html(utf8, text, logical);
    else
        mime_flow_decode(utf8, g_strcmp0(format, "flowed") == 0, false,
                         logical);
    append_logical(out, logical);
}

/* Cuts at a character, never within one. */
static char *
finish(GString *out)
{
    const char *stop;

    g_string_truncate(out, MIN(out->len, SNIPPET_LENGTH));
    if (!g_utf8_validate(out->str, out->len, &stop))
        g_string_truncate(out, stop - out->str);
    while (out->len > 0 && out->str[out->len - 1] == ' ')
        g_string_truncate(out, out->len - 1);
    return g_string_free(out, out->len == 0);
}

static char *
snippet(MimeMessage *message)
{
    g_autoptr(GArray) chosen = mime_choose(message, false);
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < chosen->len && out->len < SNIPPET_LENGTH; i++) {
        const MimeNode *node =
            mime_node(message, g_array_index(chosen, int, i));

        if (!node->is_message)
            append_node(out, message, node);
    }
    return finish(out);
}

char *
mime_snippet_bytes(const char *bytes, gsize size)
{
    g_autoptr(MimeMessage) message =
        mime_load_static(bytes, MIN(size, MIME_SNIPPET_BYTES));

    return snippet(message);
}

char *
mime_snippet(MimeMessage *message)
{
    gsize size;
    const char *bytes = g_bytes_get_data(message->bytes, &size);

    return mime_snippet_bytes(bytes, size);
}
