/* What another program drew with characters and colours (ECMA-48, SGR), as
 * cells. All else that it wrote is dropped: no byte of it reaches a terminal
 * but through a cell (promise P59). Pure; any thread. */
#ifndef BASE_SGR_H
#define BASE_SGR_H

#include <glib.h>
#include <stdbool.h>

/* A colour that is the terminal's own. */
enum {
    SGR_DEFAULT = -1
};

/* One column: a printable character that takes one, in colours of the palette
 * of 256 or SGR_DEFAULT. */
typedef struct {
    gunichar character;
    gint16 front, back;
    bool bold, reverse;
} SgrCell;

/* Rows of equal length, from top to bottom. */
typedef struct {
    int rows, columns;
    SgrCell *cells; /* rows * columns */
} SgrCells;

/* Reads untrusted text of any kind; what lies beyond the size is left out.
 * Rows that are shorter than the longest are filled with blanks. Never
 * fails; nothing to draw is 0 rows. */
SgrCells *
sgr_parse(const char *text, gsize size, int most_columns, int most_rows);
void sgr_cells_free(SgrCells *cells);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SgrCells, sgr_cells_free)

#endif
