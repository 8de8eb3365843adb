/* Lines that are selected in the text of one message of a page: from where it
 * was begun to where the cursor is. */
#ifndef TUI_LINES_H
#define TUI_LINES_H

#include "tui_page.h"

/* An octet of a text, however its lines are broken. */
typedef struct {
    guint whole; /* number of the line before it was broken */
    gsize at;    /* in that line */
    guint hash;  /* of it: is it still that text? */
} TextPlace;

typedef struct {
    bool on;
    int from, to;
    guint made;  /* which lines of the page: Page.made */
    gint64 id;   /* whose text it is */
    TextPlace begin, end; /* the first octet of the lines, and the last */
} LineSelection;

/* Begins at the first line of a text within rows of the page from top on, and
 * says in whose: its item. False: there is none. */
bool lines_begin(LineSelection *lines, const Page *page, int top, int rows,
                 guint *item);

/* Moves the cursor within the text. */
void lines_move(LineSelection *lines, const Page *page, int step);

/* After the page was made: the lines that the text is in now; ended when it is
 * not there any more. True: the page was made anew. */
bool lines_follow(LineSelection *lines, const Page *page);

bool lines_has(const LineSelection *lines, int line);

/* MimeLine, borrowed, and the selection ends. Free with g_ptr_array_unref();
 * NULL: nothing is selected. */
GPtrArray *lines_take(LineSelection *lines, const Page *page);

#endif
