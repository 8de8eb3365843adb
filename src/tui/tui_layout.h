/* Which columns a list row has at a width, and where the parts of the screen
 * lie (design: screens, section 9). Pure functions. */
#ifndef TUI_LAYOUT_H
#define TUI_LAYOUT_H

#include <stdbool.h>

typedef struct {
    int sender;  /* columns of the sender */
    bool count;  /* messages of a thread */
    bool files;  /* the mark of attachments */
    bool date;
    int tags;    /* how many are shown */
    int words;   /* columns of them, and of a place */
    bool snippet;
} RowLayout;

RowLayout layout_row(int columns);

typedef struct {
    int y, x, rows, columns;
} Rect;

/* Where the panes of a list lie; what is not shown has no columns. */
typedef struct {
    Rect sidebar, list, preview;
    bool below; /* the preview lies below the list, not beside it */
} PaneLayout;

/* area: all between the top and the bottom row. */
PaneLayout layout_panes(Rect area, bool sidebar, bool preview);

/* A sheet at the bottom of narrow screens, a centred box on wide ones; rows and
 * columns with its frame, as far as there is room. */
Rect layout_popup(Rect screen, int rows, int columns);

enum {
    LAYOUT_TEXT = 88, /* columns of a text, at most */
    LAYOUT_SIDEBAR = 24,
    LAYOUT_SIDEBAR_FROM = 100, /* columns of a screen that has a sidebar */
    LAYOUT_CENTRED_FROM = 120, /* columns of a screen with centred popups */
    LAYOUT_HINTS_FROM = 12,    /* rows of a screen that has a row of hints */
};

#endif
