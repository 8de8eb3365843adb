/* Lines of a message that are selected, to be quoted or copied. */
#include "tui_lines.h"

#include <string.h>

static bool
is_text(const Page *page, int line, guint item)
{
    const PageLine *one = line >= 0 && line < (int)page->lines->len
                              ? page->lines->pdata[line]
                              : NULL;

    return one && one->line && one->item == item;
}

/* A piece of a whole line of a text; NULL: the line of the page is none. */
static const MimeLine *
piece_at(const Page *page, int line, guint item, guint whole)
{
    const MimeLine *piece =
        is_text(page, line, item)
            ? ((const PageLine *)page->lines->pdata[line])->line
            : NULL;

    return piece && piece->whole == whole ? piece : NULL;
}

static void
append_piece(GString *text, const MimeLine *piece)
{
    g_string_append(text, piece->text + piece->prefix);
    g_string_append(text, piece->joint ? piece->joint : "");
}

/* The first octet of a line, or its last. */
static TextPlace
place_of(const Page *page, guint item, int line, bool last)
{
    const PageLine *of = page->lines->pdata[line];
    TextPlace place = { .whole = of->line->whole };
    g_autoptr(GString) text = g_string_new(NULL);

    for (int i = 0; i < (int)page->lines->len; i++) {
        const MimeLine *piece = piece_at(page, i, item, place.whole);

        if (piece == NULL)
            continue;
        if (i == line)
            place.at = text->len;
        append_piece(text, piece);
        if (i == line && last)
            place.at = MAX(text->len, 1) - 1;
    }
    place.hash = g_string_hash(text);
    return place;
}

/* The line that a place is in, -1: none. */
static int
line_of(const Page *page, guint item, const TextPlace *place)
{
    g_autoptr(GString) text = g_string_new(NULL);
    int line = -1;

    for (int i = 0; i < (int)page->lines->len; i++) {
        const MimeLine *piece = piece_at(page, i, item, place->whole);

        if (piece == NULL)
            continue;
        if (text->len <= place->at)
            line = i;
        append_piece(text, piece);
    }
    return g_string_hash(text) == place->hash ? line : -1;
}

/* The item of a message; that of none: there is no such. */
static guint
item_of(const Page *page, gint64 id)
{
    guint i = 0;

    while (i < page->items->len
           && ((const PageItem *)page->items->pdata[i])->row->id != id)
        i++;
    return i;
}

static void
note_places(LineSelection *lines, const Page *page)
{
    guint item = item_of(page, lines->id);

    lines->begin = place_of(page, item, MIN(lines->from, lines->to), false);
    lines->end = place_of(page, item, MAX(lines->from, lines->to), true);
}

bool
lines_begin(LineSelection *lines, const Page *page, int top, int rows,
            guint *item)
{
    for (int i = top; i < top + rows && i < (int)page->lines->len; i++) {
        const PageLine *line = page->lines->pdata[i];

        if (line->line == NULL || *line->text == '\0')
            continue;
        *item = line->item;
        *lines = (LineSelection){
            true,
            i,
            i,
            page->made,
            ((const PageItem *)page->items->pdata[*item])->row->id,
        };
        note_places(lines, page);
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
    note_places(lines, page);
}

bool
lines_follow(LineSelection *lines, const Page *page)
{
    bool up = lines->to < lines->from;
    guint item;
    int begin, end;

    if (!lines->on || lines->made == page->made)
        return false;
    item = item_of(page, lines->id);
    begin = line_of(page, item, &lines->begin);
    end = line_of(page, item, &lines->end);
    lines->on = begin >= 0 && end >= 0;
    lines->from = up ? end : begin;
    lines->to = up ? begin : end;
    lines->made = page->made;
    return true;
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
    for (int i = MIN(lines->from, lines->to); i <= MAX(lines->from, lines->to);
         i++) {
        PageLine *line = page->lines->pdata[i];

        if (line->line)
            g_ptr_array_add(taken, (MimeLine *)line->line);
    }
    lines->on = false;
    return taken;
}
