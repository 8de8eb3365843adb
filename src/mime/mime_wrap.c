/* Logical lines to lines of the screen: the place where text from outside is
 * sanitised (promise P59) and broken to a width in columns. Linear: a line is
 * looked at once, however long it is. */
#include "mime_wrap.h"

#include <string.h>

#include "base/text.h"

enum {
    FOLD_LINES = 12,
    LEAST_COLUMNS = 4
};

static void
line_free(MimeLine *line)
{
    if (line == NULL)
        return;
    g_free(line->text);
    g_clear_pointer(&line->marks, g_ptr_array_unref);
    g_free(line);
}

static MimeLine *
add_line(GPtrArray *lines, const MimeLogical *from, char *text)
{
    MimeLine *line = g_new0(MimeLine, 1);

    line->kind = from->kind;
    line->quote_depth = from->quote_depth;
    line->image = from->image;
    line->whole = from->whole;
    line->text = text;
    line->marks = from->marks ? g_ptr_array_ref(from->marks) : NULL;
    g_ptr_array_add(lines, line);
    return line;
}

static gsize
trim_blanks(const char *text, gsize size)
{
    while (size > 0 && text[size - 1] == ' ')
        size--;
    return size;
}

/* ">> " for depth 2, at most half of the width; the caller's prefix behind. */
static char *
prefix_make(int depth, const char *more, int width)
{
    GString *prefix = g_string_new(NULL);
    int marks = MIN(depth, width / 2 - 1);
    int used;

    for (int i = 0; i < marks; i++)
        g_string_append_c(prefix, '>');
    if (marks > 0)
        g_string_append_c(prefix, ' ');
    if (more)
        g_string_append_len(
            prefix, more,
            text_fit(more, MAX(0, width - (int)prefix->len - LEAST_COLUMNS),
                     &used));
    return g_string_free(prefix, FALSE);
}

static bool
is_short_ascii(const char *text, int columns)
{
    for (; *text; text++)
        if (*text & 0x80 || columns-- <= 0)
            return false;
    return true;
}

static void
wrap_one(const MimeLogical *logical, int width, GPtrArray *lines)
{
    g_autofree char *safe = text_sanitise(logical->text, -1, TEXT_BODY);
    g_autofree char *first =
        prefix_make(logical->quote_depth, logical->first, width);
    g_autofree char *rest =
        prefix_make(logical->quote_depth, logical->rest, width);
    const char *prefix = first;
    const char *at = safe;
    gsize marks = logical->quote_depth > 0 ? strspn(first, ">") + 1 : 0;
    gsize before = marks; /* what is behind them, such as a bullet, is text */

    do {
        int columns = width - text_width(prefix);
        MimeLine *line;
        char *text;
        gsize size = is_short_ascii(at, columns) ? strlen(at)
                     : logical->hard ? text_fit(at, columns, NULL)
                                     : text_break(at, columns);

        if (size == 0 && *at)
            size = g_utf8_next_char(at) - at;
        text = g_strdup_printf("%s%.*s", prefix, (int)size, at);
        text[trim_blanks(text, strlen(text))] = '\0';
        line = add_line(lines, logical, text);
        line->prefix = (int)MIN(before, strlen(text));
        at += size;
        if (*at)
            line->joint = at[-1] == ' ' || *at == ' ' ? " " : "";
        while (!logical->hard && *at == ' ')
            at++;
        prefix = rest;
        before = strlen(rest);
    } while (*at);
}

void
mime_wrap(const GPtrArray *logical, int width, GPtrArray *lines)
{
    g_ptr_array_set_free_func(lines, (GDestroyNotify)line_free);
    for (guint i = 0; i < logical->len; i++) {
        const MimeLogical *line = g_ptr_array_index(logical, i);

        if (line->kind == MIME_LINE_IMAGE)
            add_line(lines, line, g_strdup(""));
        else
            wrap_one(line, MAX(width, 10), lines);
    }
}

void
mime_add_note(GPtrArray *lines, int width, const char *text)
{
    const MimeLogical note = { .kind = MIME_LINE_NOTE, .text = (char *)text };

    g_ptr_array_set_free_func(lines, (GDestroyNotify)line_free);
    wrap_one(&note, MAX(width, 10), lines);
}

/* How many lines of quotes there are from here; images of theirs among them,
 * which *quotes does not count. */
static guint
quote_run(const GPtrArray *lines, guint from, guint *quotes)
{
    guint n = 0;

    *quotes = 0;
    while (from + n < lines->len) {
        const MimeLine *line = g_ptr_array_index(lines, from + n);

        if (line->kind != MIME_LINE_QUOTE
            && (line->kind != MIME_LINE_IMAGE || line->quote_depth == 0))
            break;
        *quotes += line->kind == MIME_LINE_QUOTE;
        n++;
    }
    return n;
}

/* Takes lines, returns them with long runs of quotes replaced. */
GPtrArray *
mime_fold_quotes(GPtrArray *lines)
{
    GPtrArray *out = g_ptr_array_new_with_free_func((GDestroyNotify)line_free);
    guint i = 0;

    while (i < lines->len) {
        guint quotes;
        guint run = quote_run(lines, i, &quotes);

        if (quotes > FOLD_LINES) {
            const MimeLine *hidden = lines->pdata[i];
            MimeLogical note = { .kind = MIME_LINE_NOTE,
                                 .whole = hidden->whole };

            add_line(out, &note, g_strdup_printf("⋯ %u quoted lines", quotes));
            i += run;
            continue;
        }
        for (guint end = i + MAX(run, 1); i < end; i++)
            g_ptr_array_add(out, g_steal_pointer(&lines->pdata[i]));
    }
    g_ptr_array_unref(lines);
    return out;
}
