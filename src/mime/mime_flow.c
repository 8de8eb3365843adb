/* text/plain as its sender meant it: quote depth, signature, diffs, and
 * paragraphs of format=flowed (RFC 3676). Knows no width and no screen. */
#include <stdio.h>
#include <string.h>

#include "mime/limits.h"
#include "mime_wrap.h"

enum {
    FLOW_COLUMNS = 72
};

typedef struct {
    GPtrArray *out;
    GString *paragraph; /* flowed lines gathered so far, NULL: none */
    int depth;          /* of the paragraph */
    bool signature;
    guint old_left, new_left; /* lines of the diff's hunk still to come */
} Flow;

static void
logical_free(MimeLogical *line)
{
    g_free(line->text);
    g_free(line->first);
    g_free(line->rest);
    g_clear_pointer(&line->marks, g_ptr_array_unref);
    g_free(line);
}

GPtrArray *
mime_logical_list(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)logical_free);
}

MimeLogical *
mime_logical_add(GPtrArray *list, MimeLineKind kind, int depth, char *text)
{
    MimeLogical *line = g_new0(MimeLogical, 1);
    const MimeLogical *last = list->len ? list->pdata[list->len - 1] : NULL;

    line->whole = last ? last->whole + (last->kind != MIME_LINE_IMAGE) : 0;
    line->kind = kind;
    line->quote_depth = depth;
    line->text = text;
    g_ptr_array_add(list, line);
    return line;
}

void
mime_mark_add(GPtrArray **marks, const char *before, const char *text)
{
    gsize size = strlen(text);
    MimeMark *mark = g_malloc0(sizeof *mark + size + 1);

    memcpy(mark->text, text, size);
    while ((before = strstr(before, text)) != NULL) {
        mark->others++;
        before += size;
    }
    if (*marks == NULL)
        *marks = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(*marks, mark);
}

/* Leading ">" marks, also written "> > "; *text is left behind them. */
static int
quote_depth(const char **text, gsize *size, bool flowed)
{
    const char *at = *text, *end = at + *size;
    int depth = 0;

    while (at < end && *at == '>') {
        depth++;
        at++;
        if (!flowed && end - at > 1 && at[0] == ' ' && at[1] == '>')
            at++;
    }
    if (at < end && *at == ' ' && (flowed || depth > 0))
        at++;
    *size = end - at;
    *text = at;
    return depth;
}

static bool
starts(const char *text, gsize size, const char *prefix)
{
    gsize length = strlen(prefix);

    return size >= length && memcmp(text, prefix, length) == 0;
}

/* "@@ -12,3 +12,4 @@": how many lines the hunk has. */
static bool
hunk_begin(Flow *flow, const char *text, gsize size)
{
    g_autofree char *line = NULL;
    unsigned at, old_lines = 1, new_lines = 1;
    const char *plus;

    if (!starts(text, size, "@@ -"))
        return false;
    line = g_strndup(text, MIN(size, 200));
    plus = strchr(line, '+');
    if (plus == NULL || sscanf(line, "@@ -%9u,%9u", &at, &old_lines) < 1
        || sscanf(plus, "+%9u,%9u", &at, &new_lines) < 1)
        return false;
    flow->old_left = old_lines;
    flow->new_left = new_lines;
    return true;
}

/* The kind of a line within a hunk, which its counts bound. */
static MimeLineKind
hunk_line(Flow *flow, char mark)
{
    if (mark == '+') {
        flow->new_left -= flow->new_left > 0;
        return MIME_LINE_DIFF_ADD;
    }
    if (mark == '-') {
        flow->old_left -= flow->old_left > 0;
        return MIME_LINE_DIFF_DEL;
    }
    if (mark != '\\') {
        flow->old_left -= flow->old_left > 0;
        flow->new_left -= flow->new_left > 0;
    }
    return MIME_LINE_TEXT;
}

static bool
is_diff_head(const char *text, gsize size)
{
    static const char *const heads[] = { "diff --git ", "--- a/", "+++ b/",
                                         "--- /dev/null", "+++ /dev/null" };

    for (guint i = 0; i < G_N_ELEMENTS(heads); i++)
        if (starts(text, size, heads[i]))
            return true;
    return false;
}

/* True with *kind set when the line belongs to a diff. */
static bool
diff_line(Flow *flow, const char *text, gsize size, MimeLineKind *kind)
{
    char mark = size > 0 ? *text : ' ';

    if ((flow->old_left > 0 || flow->new_left > 0) && strchr("+- \\", mark)
        && mark != '\0') {
        *kind = hunk_line(flow, mark);
        return true;
    }
    flow->old_left = flow->new_left = 0;
    if (!hunk_begin(flow, text, size) && !is_diff_head(text, size))
        return false;
    *kind = MIME_LINE_DIFF_HUNK;
    return true;
}

static void
paragraph_end(Flow *flow)
{
    MimeLineKind kind = flow->depth > 0   ? MIME_LINE_QUOTE
                        : flow->signature ? MIME_LINE_SIGNATURE
                                          : MIME_LINE_TEXT;

    if (flow->paragraph == NULL)
        return;
    mime_logical_add(flow->out, kind, flow->depth,
                     g_string_free(flow->paragraph, FALSE));
    flow->paragraph = NULL;
}

static void
fixed_line(Flow *flow, const char *text, gsize size)
{
    const char *start = text;
    gsize length = size;
    int depth = quote_depth(&text, &size, false);
    MimeLineKind kind = depth ? MIME_LINE_QUOTE : MIME_LINE_TEXT;
    bool diff = false;

    if (depth == 0) {
        diff = !flow->signature && diff_line(flow, start, length, &kind);
        if (!diff && length == 3 && memcmp(start, "-- ", 3) == 0)
            flow->signature = true;
        if (flow->signature)
            kind = MIME_LINE_SIGNATURE;
    }
    mime_logical_add(flow->out, kind, depth, g_strndup(text, size))->hard =
        diff;
}

/* RFC 3676, section 4.1 to 4.5. */
static void
flowed_line(Flow *flow, const char *text, gsize size, bool delsp)
{
    int depth = quote_depth(&text, &size, true);
    bool separator = size == 3 && memcmp(text, "-- ", 3) == 0;
    bool soft = !separator && size > 0 && text[size - 1] == ' ';

    if (separator || depth != flow->depth)
        paragraph_end(flow);
    flow->depth = depth;
    if (separator && depth == 0)
        flow->signature = true;
    if (flow->paragraph == NULL)
        flow->paragraph = g_string_new(NULL);
    g_string_append_len(flow->paragraph, text, size - (soft && delsp));
    if (!soft || flow->paragraph->len > MIME_MAX_LINE_BYTES)
        paragraph_end(flow);
}

void
mime_flow_decode(const char *text, bool flowed, bool delsp, GPtrArray *out)
{
    Flow flow = { .out = out };
    const char *end = text + strlen(text);

    while (text < end) {
        gsize left = end - text;
        const char *newline =
            memchr(text, '\n', MIN(left, MIME_MAX_LINE_BYTES + 1));
        gsize size =
            newline ? (gsize)(newline - text) : MIN(left, MIME_MAX_LINE_BYTES);
        const char *next = text + size + (newline != NULL);

        /* Not within a character. */
        while (!newline && next < end && (*next & 0xC0) == 0x80) {
            next++;
            size++;
        }
        if (size > 0 && text[size - 1] == '\r')
            size--;
        if (flowed)
            flowed_line(&flow, text, size, delsp);
        else
            fixed_line(&flow, text, size);
        text = next;
    }
    paragraph_end(&flow);
}

/* Space-stuffing (RFC 3676, section 4.4). */
static void
append_stuffed(GString *out, const char *text, gsize size, const char *tail)
{
    if (size > 0
        && (*text == ' ' || *text == '>' || starts(text, size, "From ")))
        g_string_append_c(out, ' ');
    g_string_append_len(out, text, size);
    g_string_append(out, tail);
}

/* The length of the head to send on one line: up to FLOW_COLUMNS characters,
 * ending behind a blank. */
static gsize
soft_break(const char *text, gsize size)
{
    const char *at = text, *end = text + size;
    gsize blank = 0;
    int columns = 0;

    for (; at < end; at = g_utf8_next_char(at), columns++) {
        if (columns > FLOW_COLUMNS && blank > 0)
            return blank;
        if (*at == ' ' && at > text)
            blank = at - text + 1;
    }
    return size;
}

static void
encode_line(GString *out, const char *text, gsize size)
{
    if (size == 3 && memcmp(text, "-- ", 3) == 0) {
        g_string_append(out, "-- \n");
        return;
    }
    while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\r'))
        size--;
    /* A quote's marks are marks, not text to be stuffed. */
    if (size > 0 && *text == '>') {
        g_string_append_len(out, text, size);
        g_string_append_c(out, '\n');
        return;
    }
    for (gsize n; (n = soft_break(text, size)) < size; text += n, size -= n)
        append_stuffed(out, text, n, "\n");
    append_stuffed(out, text, size, "\n");
}

char *
mime_flow_encode(const char *text)
{
    GString *out = g_string_new(NULL);

    while (*text) {
        const char *newline = strchr(text, '\n');
        gsize size = newline ? (gsize)(newline - text) : strlen(text);

        encode_line(out, text, size);
        text += size + (newline != NULL);
    }
    return g_string_free(out, FALSE);
}
