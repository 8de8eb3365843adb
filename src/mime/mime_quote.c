/* The text of a message quoted for a reply, by the rules of RFC 3676, section
 * 4.5: marks stand together, one blank behind them. What the user sends is his
 * text, so controls are taken out here as for the screen. */
#include <string.h>

#include "base/text.h"
#include "mime_choose.h"
#include "mime_text.h"

/* Columns of a quoted line without its marks. */
enum {
    QUOTE_COLUMNS = 72
};

static bool
is_last_blank(const GPtrArray *logical)
{
    const MimeLogical *last =
        logical->len ? g_ptr_array_index(logical, logical->len - 1) : NULL;

    return last && *last->text == '\0';
}

/* The lines to quote, borrowed: without the sender's signature and the empty
 * lines at the end. */
static GPtrArray *
without_signature(const GPtrArray *logical)
{
    GPtrArray *out = g_ptr_array_new();

    for (guint i = 0; i < logical->len; i++) {
        MimeLogical *line = g_ptr_array_index(logical, i);

        if (line->kind != MIME_LINE_SIGNATURE)
            g_ptr_array_add(out, line);
    }
    while (is_last_blank(out))
        g_ptr_array_set_size(out, out->len - 1);
    return out;
}

static bool
is_marked(const MimeLine *line)
{
    return line->quote_depth > 0;
}

char *
mime_quote(MimeMessage *message)
{
    g_autoptr(MimeText) text = mime_text_create();
    g_autoptr(GPtrArray) logical = mime_logical_list();
    g_autoptr(GArray) chosen = mime_choose(message, false);
    g_autoptr(GPtrArray) kept = NULL;
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < chosen->len; i++) {
        const MimeNode *node =
            mime_node(message, g_array_index(chosen, int, i));

        if (!node->is_message)
            mime_node_logical(message, node, MIME_HTML_PLAIN, text,
                              logical);
    }
    kept = without_signature(logical);
    mime_wrap(kept, QUOTE_COLUMNS, text->lines);
    for (guint i = 0; i < text->lines->len; i++) {
        const MimeLine *line = g_ptr_array_index(text->lines, i);

        if (is_marked(line))
            g_string_append_printf(out, ">%s\n", line->text);
        else
            g_string_append_printf(out, "%s%s\n", *line->text ? "> " : ">",
                                   line->text);
    }
    return g_string_free(out, FALSE);
}
