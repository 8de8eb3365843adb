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
    bool snippet;
} RowLayout;

RowLayout layout_row(int columns);

/* Columns of the sidebar: 0 where the screen is too narrow, unless wanted. */
int layout_sidebar(int columns, bool wanted);


enum { LAYOUT_TEXT = 88, LAYOUT_LOW = 12 };

#endif
