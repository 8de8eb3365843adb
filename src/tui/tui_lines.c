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

/* A line of a text by its number on the page, or the one that an octet of a
 * whole line is in. */
typedef struct {
    int line;
    guint text; /* number of the whole line */
    gsize at;   /* where the line begins in it */
    gsize size;
} Fragment;

/* The fragments of a text, in order (Fragment). */
static GArray *
fragments_of(const Page *page, guint item)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(Fragment));
    Fragment next = { 0 };

    for (int i = 0; i < (int)page->lines->len; i++) {
        const MimeLine *line;

        if (!is_text(page, i, item))
            continue;
        line = ((const PageLine *)page->lines->pdata[i])->line;
        next.line = i;
        next.size = strlen(line->text + line->prefix)
                    + (line->joint ? strlen(line->joint) : 0);
        g_array_append_val(all, next);
        next.text += line->joint == NULL;
        next.at = line->joint ? next.at + next.size : 0;
    }
    return all;
}

static guint
texts_in(const GArray *fragments)
{
    return fragments->len
               ? g_array_index(fragments, Fragment, fragments->len - 1).text + 1
               : 0;
}

static guint
hash_of(const Page *page, const GArray *fragments, guint text)
{
    g_autoptr(GString) whole = g_string_new(NULL);

    for (guint i = 0; i < fragments->len; i++) {
        const Fragment *one = &g_array_index(fragments, Fragment, i);
        const MimeLine *line =
            ((const PageLine *)page->lines->pdata[one->line])->line;

        if (one->text == text)
            g_string_append_printf(whole, "%s%s", line->text + line->prefix,
                                   line->joint ? line->joint : "");
    }
    return g_string_hash(whole);
}

/* The first octet of a line, or its last. */
static TextPlace
place_of(const Page *page, const GArray *fragments, int line, bool last)
{
    TextPlace place = { 0 };

    for (guint i = 0; i < fragments->len; i++) {
        const Fragment *one = &g_array_index(fragments, Fragment, i);

        if (one->line != line)
            continue;
        place.before = one->text;
        place.behind = texts_in(fragments) - 1 - one->text;
        place.at = one->at + (last && one->size ? one->size - 1 : 0);
        place.hash = hash_of(page, fragments, one->text);
    }
    return place;
}

/* The line that a place is in, -1: none. Quotes above or below it may have been
 * folded, for they have more lines than they had, or fewer. */
static int
line_of(const Page *page, const GArray *fragments, const TextPlace *place)
{
    guint texts = texts_in(fragments);
    guint text = place->before;
    int line = -1;

    if (text >= texts || hash_of(page, fragments, text) != place->hash)
        text = texts - 1 - place->behind;
    if (text >= texts || hash_of(page, fragments, text) != place->hash)
        return -1;
    for (guint i = 0; i < fragments->len; i++) {
        const Fragment *one = &g_array_index(fragments, Fragment, i);

        if (one->text == text && one->at <= place->at)
            line = one->line;
    }
    return line;
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
    g_autoptr(GArray) fragments = fragments_of(page, item_of(page, lines->id));

    lines->begin =
        place_of(page, fragments, MIN(lines->from, lines->to), false);
    lines->end = place_of(page, fragments, MAX(lines->from, lines->to), true);
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
            true, i, i, page->columns, page->lines->len,
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
    g_autoptr(GArray) fragments = NULL;
    bool up = lines->to < lines->from;
    int begin, end;

    if (!lines->on
        || (lines->columns == page->columns
            && lines->count == page->lines->len))
        return false;
    fragments = fragments_of(page, item_of(page, lines->id));
    begin = line_of(page, fragments, &lines->begin);
    end = line_of(page, fragments, &lines->end);
    lines->on = begin >= 0 && end >= 0;
    lines->from = up ? end : begin;
    lines->to = up ? begin : end;
    lines->columns = page->columns;
    lines->count = page->lines->len;
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
    for (int i = MIN(lines->from, lines->to);
         i <= MAX(lines->from, lines->to); i++) {
        PageLine *line = page->lines->pdata[i];

        if (line->line)
            g_ptr_array_add(taken, (MimeLine *)line->line);
    }
    lines->on = false;
    return taken;
}
