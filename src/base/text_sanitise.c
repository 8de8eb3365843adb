/* The display sanitiser (design: screens, 8.3): what a stranger wrote becomes
 * text that takes the columns it seems to take and cannot command a terminal.
 * Must stay the only way from untrusted text to a screen. */
#include "base/text.h"

#include <string.h>

enum {
    MAX_MARKS = 2, /* combining marks kept for each base */
    TAB_STOP = 8,
    REPLACEMENT = 0xfffd,
    ZWNJ = 0x200c,
    ZWJ = 0x200d,
};

typedef struct {
    GString *out;
    TextKind kind;
    int marks;     /* on the base before */
    int column;    /* of a body line, for tabs */
    gunichar last; /* base before, 0 at the beginning */
    bool joined;   /* a ZWJ stands behind a pictograph: drop the next */
} Sanitiser;

static const struct {
    gunichar first, last;
} dropped[] = {
    { 0x00ad, 0x00ad },   /* soft hyphen */
    { 0x034f, 0x034f },   /* combining grapheme joiner */
    { 0x061c, 0x061c },   /* Arabic letter mark */
    { 0x115f, 0x1160 },   /* Hangul fillers */
    { 0x17b4, 0x17b5 },   /* Khmer inherent vowels */
    { 0x180b, 0x180e },   /* Mongolian variation selectors */
    { 0x200b, 0x200f },   /* zero width, bidi marks */
    { 0x202a, 0x202e },   /* bidi embeddings and overrides */
    { 0x2060, 0x206f },   /* word joiner, bidi isolates */
    { 0x3164, 0x3164 },   /* Hangul filler */
    { 0xfe00, 0xfe0f },   /* variation selectors */
    { 0xfeff, 0xfeff },   /* byte order mark */
    { 0xffa0, 0xffa0 },   /* halfwidth Hangul filler */
    { 0xfff0, 0xfffb },   /* interlinear annotation */
    { 0x1f3fb, 0x1f3ff }, /* skin tones */
    { 0xe0000, 0xeffff }, /* tags, variation selectors: plane 14 */
};

static bool
is_dropped(gunichar c)
{
    for (gsize i = 0; i < G_N_ELEMENTS(dropped); i++)
        if (c >= dropped[i].first && c <= dropped[i].last)
            return true;
    return false;
}

static bool
is_pictograph(gunichar c)
{
    return (c >= 0x1f000 && c <= 0x1faff) || (c >= 0x2600 && c <= 0x27bf)
           || (c >= 0x2190 && c <= 0x21ff) || (c >= 0x2300 && c <= 0x23ff)
           || (c >= 0x2b00 && c <= 0x2bff);
}

static bool
is_mark(gunichar c)
{
    GUnicodeType type = g_unichar_type(c);

    return type == G_UNICODE_NON_SPACING_MARK
           || type == G_UNICODE_ENCLOSING_MARK;
}

/* C0, DEL, C1, unassigned, private use, surrogates, line separators. */
static bool
is_unprintable(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_UNASSIGNED:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
    case G_UNICODE_FORMAT:
        return true;
    default:
        return false;
    }
}

static void
put(Sanitiser *to, gunichar c)
{
    g_string_append_unichar(to->out, c);
    to->last = c;
    to->marks = 0;
    to->column += g_unichar_iswide(c) ? 2 : 1;
}

static void
put_blank(Sanitiser *to, gunichar c)
{
    int stop = c == '\t' && to->kind == TEXT_BODY
                   ? TAB_STOP - to->column % TAB_STOP
                   : 1;

    while (stop-- > 0)
        put(to, ' ');
}

/* A joiner: kept between letters of a body, where Persian and Indic scripts
 * need it; behind a pictograph it makes the next one vanish. */
static void
put_joiner(Sanitiser *to, gunichar c, const char *next)
{
    gunichar after = *next ? g_utf8_get_char_validated(next, -1) : 0;

    if (c == ZWJ && is_pictograph(to->last))
        to->joined = true;
    else if (to->kind == TEXT_BODY && g_unichar_isalpha(to->last)
             && after < 0x110000 && g_unichar_isalpha(after))
        g_string_append_unichar(to->out, c);
}

static void
put_char(Sanitiser *to, gunichar c, const char *next)
{
    if (c == '\t' || c == '\n' || c == '\r') {
        put_blank(to, c);
    } else if (c == ZWJ || c == ZWNJ) {
        put_joiner(to, c, next);
        return;
    } else if (is_dropped(c)) {
        return; /* and a joiner before it still counts */
    } else if (to->joined && is_pictograph(c)) {
        /* the first picture of the sequence stands for all */
    } else if (is_mark(c)) {
        if (to->last == 0)
            put(to, ' ');
        if (to->marks++ < MAX_MARKS)
            g_string_append_unichar(to->out, c);
    } else if (c >= 0x1f1e6 && c <= 0x1f1ff) {
        put(to, 'A' + (c - 0x1f1e6));
    } else {
        put(to, is_unprintable(c) ? REPLACEMENT : c);
    }
    to->joined = false;
}

static bool
is_plain(char byte)
{
    return byte >= 0x20 && byte < 0x7f;
}

/* A run of what most text is made of. Returns what follows it. */
static const char *
put_plain(Sanitiser *to, const char *run, const char *end)
{
    const char *at = run;

    while (at < end && is_plain(*at))
        at++;
    g_string_append_len(to->out, run, at - run);
    to->last = (guchar)at[-1];
    to->marks = 0;
    to->joined = false;
    to->column += (int)(at - run);
    return at;
}

char *
text_sanitise(const char *untrusted, gssize size, TextKind kind)
{
    const char *at = untrusted;
    const char *end = size < 0 ? at + strlen(at) : at + size;
    Sanitiser to = { .out = g_string_sized_new((gsize)(end - at) + 1),
                     .kind = kind };

    while (at < end) {
        guchar byte = (guchar)*at;
        gunichar c;

        if (is_plain(*at)) {
            at = put_plain(&to, at, end);
            continue;
        }
        c = g_utf8_get_char_validated(at, end - at);
        if (c >= 0x110000) { /* not UTF-8 */
            put(&to, REPLACEMENT);
            at++;
            continue;
        }
        at += byte == 0 ? 1 : g_utf8_skip[byte];
        put_char(&to, c, at < end ? at : "");
    }
    return g_string_free(to.out, FALSE);
}
