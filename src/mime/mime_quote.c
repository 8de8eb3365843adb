/* The text of a message quoted for a reply, by the rules of RFC 3676, section
 * 4.5: marks stand together, one blank behind them. What the user sends is his
 * text, so controls are taken out here as for the screen. */
#include <string.h>

#include "base/text.h"
#include "mime_choose.h"
#include "mime_text.h"

/* Columns of a quoted line without the mark that is added: 78 with it, which is
 * what others' lines are quoted within. */
enum {
    QUOTE_COLUMNS = 76,
    UNBROKEN = 100000
};

/* Empty lines at the end. */
static void
cut_blanks(GPtrArray *logical)
{
    while (logical->len > 0) {
        const MimeLogical *last = logical->pdata[logical->len - 1];

        if (*last->text)
            break;
        g_ptr_array_set_size(logical, logical->len - 1);
    }
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
    cut_blanks(out);
    return out;
}

/* The lines broken anew; marked: each with one mark more. g_free(). */
static char *
written(const GPtrArray *logical, int width, bool marked)
{
    g_autoptr(MimeText) text = mime_text_create();
    GString *out = g_string_new(NULL);

    mime_wrap(logical, width, text->lines);
    for (guint i = 0; i < text->lines->len; i++) {
        const MimeLine *line = g_ptr_array_index(text->lines, i);
        bool behind = line->quote_depth > 0 || *line->text == '\0';

        g_string_append_printf(out, "%s%s\n",
                               !marked  ? ""
                               : behind ? ">"
                                        : "> ",
                               line->text);
    }
    return g_string_free(out, FALSE);
}

char *
mime_quote(MimeMessage *message)
{
    g_autoptr(MimeText) text = mime_text_create();
    g_autoptr(GPtrArray) logical = mime_logical_list();
    g_autoptr(GArray) chosen = mime_choose(message, false);
    g_autoptr(GPtrArray) kept = NULL;

    for (guint i = 0; i < chosen->len; i++) {
        const MimeNode *node =
            mime_node(message, g_array_index(chosen, int, i));

        if (!node->is_message)
            mime_node_logical(message, node, MIME_HTML_PLAIN, text,
                              logical);
    }
    kept = without_signature(logical);
    return written(kept, QUOTE_COLUMNS, true);
}

/* Whoever reads it elsewhere has no list of links that the numbers are of. */
static void
cut_marks(GString *text, const GPtrArray *marks)
{
    gsize at = 0;

    for (guint i = 0; marks && i < marks->len; i++) {
        const MimeMark *mark = marks->pdata[i];
        const char *found = strstr(text->str + at, mark->text);
        gsize size = strlen(mark->text);

        for (guint n = mark->others; found && n > 0; n--)
            found = strstr(found + size, mark->text);
        if (found == NULL)
            continue; /* it was not selected */
        at = (gsize)(found - text->str);
        if (at > 0 && text->str[at - 1] == ' ') {
            at--;
            size++;
        }
        g_string_erase(text, (gssize)at, (gssize)size);
    }
}

/* The lines as they were before they were broken, without numbers of links; a
 * line that was nothing else is left out. */
static GPtrArray *
whole_lines(const GPtrArray *lines)
{
    GPtrArray *out = mime_logical_list();
    g_autoptr(GString) text = g_string_new(NULL);
    bool left_out = false; /* the line before; an empty one after it is too */

    for (guint i = 0; i < lines->len; i++) {
        const MimeLine *line = lines->pdata[i];

        g_string_append(text, line->text + line->prefix);
        if (line->joint && i + 1 < lines->len) {
            g_string_append(text, line->joint);
            continue;
        }
        cut_marks(text, line->marks);
        if (text->len > 0 || (line->marks == NULL && !left_out))
            mime_logical_add(out, line->kind, line->quote_depth,
                             g_strdup(text->str));
        left_out = text->len == 0 && line->marks;
        g_string_truncate(text, 0);
    }
    cut_blanks(out);
    return out;
}

char *
mime_quote_lines(const GPtrArray *lines)
{
    g_autoptr(GPtrArray) whole = whole_lines(lines);

    return written(whole, QUOTE_COLUMNS, true);
}

char *
mime_join_lines(const GPtrArray *lines)
{
    g_autoptr(GPtrArray) whole = whole_lines(lines);

    return written(whole, UNBROKEN, false);
}
