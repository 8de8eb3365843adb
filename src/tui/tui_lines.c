/* Lines of a message that are selected, to be quoted or copied. */
#include "tui_lines.h"

static bool
is_text(const Page *page, int line, guint item)
{
    const PageLine *one = line >= 0 && line < (int)page->lines->len
                              ? page->lines->pdata[line]
                              : NULL;

    return one && one->line && one->item == item;
}

bool
lines_begin(LineSelection *lines, const Page *page, int top, int rows,
            guint *item)
{
    for (int i = top; i < top + rows && i < (int)page->lines->len; i++) {
        const PageLine *line = page->lines->pdata[i];

        if (line->line == NULL || *line->text == '\0')
            continue;
        *lines = (LineSelection){ true, i, i, page->columns, page->lines->len };
        *item = line->item;
        return true;
    }
    return false;
}

void
lines_move(LineSelection *lines, const Page *page, int step)
{
    const PageLine *begun = page->lines->pdata[lines->from];
    int at = lines->to;
    int way = step < 0 ? -1 : 1;

    for (; step != 0 && at >= 0 && at < (int)page->lines->len; step -= way) {
        /* a row of an image is no line of text */
        do
            at += way;
        while (at >= 0 && at < (int)page->lines->len
               && !is_text(page, at, begun->item));
        if (is_text(page, at, begun->item))
            lines->to = at;
    }
}

void
lines_follow(LineSelection *lines, const Page *page)
{
    if (lines->columns != page->columns || lines->count != page->lines->len)
        lines->on = false;
}

bool
lines_has(const LineSelection *lines, int line)
{
    return lines->on && line >= MIN(lines->from, lines->to)
           && line <= MAX(lines->from, lines->to);
}

GPtrArray *
lines_take(LineSelection *lines, const Page *page)
{
    GPtrArray *taken;

    if (!lines->on)
        return NULL;
    taken = g_ptr_array_new();
    for (int i = MIN(lines->from, lines->to);
         i <= MAX(lines->from, lines->to); i++) {
        PageLine *line = page->lines->pdata[i];

        if (line->line)
            g_ptr_array_add(taken, (MimeLine *)line->line);
    }
    lines->on = false;
    return taken;
}
