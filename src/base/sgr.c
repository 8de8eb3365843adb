/* Select Graphic Rendition (ECMA-48, 8.3.117) and printable characters, from
 * the output of a program that draws. The sequences of a terminal are read only
 * to be skipped (ECMA-48, 5.4 and 5.6). Linear; what it keeps is bounded by the
 * size that was asked for. */
#include "base/sgr.h"

#include "base/text.h"

#include <string.h>

enum {
    MOST_PARAMETERS = 32,
    LARGEST = 9999,
    ESC = 0x1b,
    BEL = 0x07
};

typedef struct {
    const char *at, *end;
    int most_columns, most_rows;
    GArray *cells; /* SgrCell, most_columns a row */
    int row, column;
    int rows, columns; /* that hold something */
    SgrCell pen;
} Sgr;

static const SgrCell blank = { ' ', SGR_DEFAULT, SGR_DEFAULT, false, false };

/* The level of a colour cube of six that is nearest to a value of 256. */
static int
cube_level(int value)
{
    return value < 48 ? 0 : value < 115 ? 1 : MIN((value - 35) / 40, 5);
}

/* A colour of three values as one of the palette: the grey ramp where it is
 * grey, else the cube. */
static gint16
palette_colour(const int *rgb)
{
    int red = CLAMP(rgb[0], 0, 255), green = CLAMP(rgb[1], 0, 255),
        blue = CLAMP(rgb[2], 0, 255);

    if (red == green && green == blue && red > 8 && red < 238)
        return (gint16)(232 + (red - 8) / 10);
    return (gint16)(16 + 36 * cube_level(red) + 6 * cube_level(green)
                    + cube_level(blue));
}

/* 38 and 48: "5;N" or "2;R;G;B" follow. Returns how many were read. */
static int
read_colour(const int *values, int n, gint16 *colour)
{
    if (n >= 2 && values[0] == 5 && values[1] < 256) {
        *colour = (gint16)values[1];
        return 2;
    }
    if (n >= 4 && values[0] == 2) {
        *colour = palette_colour(values + 1);
        return 4;
    }
    return n; /* nothing behind it can be told apart */
}

static bool
is_between(int value, int first, int last)
{
    return value >= first && value <= last;
}

/* One value; returns how many of those behind it belong to it. */
static int
select_one(SgrCell *pen, const int *values, int n)
{
    int value = values[0];

    if (value == 0)
        *pen = blank;
    else if (value == 1 || value == 22)
        pen->bold = value == 1;
    else if (value == 7 || value == 27)
        pen->reverse = value == 7;
    else if (is_between(value, 30, 37))
        pen->front = (gint16)(value - 30);
    else if (is_between(value, 40, 47))
        pen->back = (gint16)(value - 40);
    else if (is_between(value, 90, 97))
        pen->front = (gint16)(value - 90 + 8);
    else if (is_between(value, 100, 107))
        pen->back = (gint16)(value - 100 + 8);
    else if (value == 39)
        pen->front = SGR_DEFAULT;
    else if (value == 49)
        pen->back = SGR_DEFAULT;
    else if (value == 38)
        return read_colour(values + 1, n - 1, &pen->front);
    else if (value == 48)
        return read_colour(values + 1, n - 1, &pen->back);
    return 0;
}

static void
select_all(SgrCell *pen, const char *from, const char *end)
{
    int values[MOST_PARAMETERS] = { 0 };
    int n = 0;

    for (; from < end && n < MOST_PARAMETERS; from++) {
        if (g_ascii_isdigit(*from))
            values[n] = MIN(values[n] * 10 + (*from - '0'), LARGEST);
        else if (*from == ';' || *from == ':')
            n++;
        else
            return; /* private: none of ours */
    }
    n = MIN(n + 1, MOST_PARAMETERS);
    for (int i = 0; i < n; i++)
        i += select_one(pen, values + i, n - i);
}

/* From behind "ESC [" to behind the final byte. */
static void
read_control_sequence(Sgr *sgr)
{
    const char *from = sgr->at;

    while (sgr->at < sgr->end && (guchar)*sgr->at >= 0x20
           && (guchar)*sgr->at < 0x40)
        sgr->at++;
    if (sgr->at >= sgr->end || (guchar)*sgr->at < 0x40
        || (guchar)*sgr->at > 0x7e)
        return; /* broken off */
    if (*sgr->at == 'm')
        select_all(&sgr->pen, from, sgr->at);
    sgr->at++;
}

/* OSC, DCS, SOS, PM, APC: to behind ST or BEL. */
static void
skip_string(Sgr *sgr)
{
    while (sgr->at < sgr->end) {
        char c = *sgr->at++;

        if (c == BEL)
            return;
        if (c == ESC && sgr->at < sgr->end && *sgr->at == '\\') {
            sgr->at++;
            return;
        }
    }
}

/* From behind ESC. */
static void
read_escape(Sgr *sgr)
{
    char c = sgr->at < sgr->end ? *sgr->at : '\0';

    if (c == ESC || c == '\0' || (guchar)c >= 0x7f)
        return;
    sgr->at++;
    if (c == '[')
        read_control_sequence(sgr);
    else if (strchr("]PX^_", c))
        skip_string(sgr);
    else if ((guchar)c >= 0x20 && (guchar)c < 0x30 && sgr->at < sgr->end)
        sgr->at++; /* "ESC ( B" */
}

/* What takes one column and can be drawn; else a question mark. */
static gunichar
one_column(gunichar c)
{
    char utf8[8] = { 0 };
    g_autofree char *safe = NULL;

    if (c >= 0x20 && c < 0x7f)
        return c;
    g_unichar_to_utf8(c, utf8);
    safe = text_sanitise(utf8, -1, TEXT_LINE);
    return strcmp(safe, utf8) == 0 && text_width(safe) == 1 ? c : '?';
}

static void
put(Sgr *sgr, gunichar c)
{
    SgrCell *cell;

    if (sgr->row >= sgr->most_rows || sgr->column >= sgr->most_columns)
        return;
    while (sgr->cells->len < (guint)((sgr->row + 1) * sgr->most_columns))
        g_array_append_val(sgr->cells, blank);
    cell = &g_array_index(sgr->cells, SgrCell,
                          sgr->row * sgr->most_columns + sgr->column);
    *cell = sgr->pen;
    cell->character = one_column(c);
    sgr->column++;
    sgr->columns = MAX(sgr->columns, sgr->column);
    sgr->rows = sgr->row + 1;
}

static void
read_character(Sgr *sgr)
{
    gunichar c = g_utf8_get_char_validated(sgr->at, sgr->end - sgr->at);

    if (c == (gunichar)-1 || c == (gunichar)-2) {
        sgr->at++;
        put(sgr, '?');
        return;
    }
    sgr->at += g_unichar_to_utf8(c, NULL);
    if (c >= 0x20 && (c < 0x7f || c >= 0xa0))
        put(sgr, c);
}

static void
read_next(Sgr *sgr)
{
    if (*sgr->at == ESC) {
        sgr->at++;
        read_escape(sgr);
    } else if (*sgr->at == '\n') {
        sgr->at++;
        sgr->row += sgr->row < sgr->most_rows;
        sgr->column = 0;
    } else if (*sgr->at == '\0') {
        sgr->at++;
    } else {
        read_character(sgr);
    }
}

SgrCells *
sgr_parse(const char *text, gsize size, int most_columns, int most_rows)
{
    SgrCells *cells = g_new0(SgrCells, 1);
    Sgr sgr = { .at = text,
                .end = text + size,
                .most_columns = most_columns,
                .most_rows = most_rows,
                .pen = blank };

    sgr.cells = g_array_new(FALSE, FALSE, sizeof(SgrCell));
    while (sgr.at < sgr.end && sgr.row < most_rows)
        read_next(&sgr);
    cells->rows = sgr.rows;
    cells->columns = sgr.columns;
    cells->cells = g_new(SgrCell, (gsize)sgr.rows * (gsize)sgr.columns);
    for (int row = 0; row < sgr.rows; row++)
        memcpy(cells->cells + row * sgr.columns,
               &g_array_index(sgr.cells, SgrCell, row * most_columns),
               (gsize)sgr.columns * sizeof(SgrCell));
    g_array_unref(sgr.cells);
    return cells;
}

void
sgr_cells_free(SgrCells *cells)
{
    if (cells == NULL)
        return;
    g_free(cells->cells);
    g_free(cells);
}
