/* A list of threads or messages, as its files see it. */
#ifndef TUI_LIST_H
#define TUI_LIST_H

#include "core/search.h"
#include "tui_fold.h"

typedef struct {
    View base;
    gint64 folder;    /* 0: a query */
    char *query;      /* NULL: a folder */
    char *typed;      /* it, as the user wrote it: the title */
    gint64 scope;     /* of the query: a folder; 0: all mail */
    bool searched;    /* by the user: it has no name */
    char *title_text;
    char *account;
    bool threads;
    bool outgoing; /* a folder of what the user wrote */
    StoreOrder order;
    bool reverse;
    GArray *ids; /* threads; below 0 messages of those unfolded */
    Fold *fold;
    GHashTable *rows;     /* id → StoreRow, what was seen */
    GHashTable *selected; /* ids */
    bool used;            /* by a command that did not end yet */
    gint64 range_from;    /* V: the other end; 0: none */
    guint cursor, top;
    guint rows_shown;
    bool complete; /* ids holds all */
    guint complete_source;
    Search *search;
    gint64 asked; /* monotonic time of the question */
    int took_ms;
    char *trouble; /* of the query; NULL: none */
    guint unread, total;
    guint new_above; /* rows that came in above what is seen */
} ListView;

/* Of the row of an index: a thread, or below 0 a message; 0: none. */
gint64 list_id(const ListView *list, guint index);

/* The row of an index, read when it is first asked for; borrowed until rows
 * change. NULL: none. */
const StoreRow *list_row(ListView *list, guint index);

/* tui_list_chosen.c: the rows from V to the cursor: none where to < from. */
typedef struct {
    guint from, to;
} ListRange;

ListRange list_range(const ListView *list);
bool list_is_chosen(const ListView *list, ListRange range, guint index);
/* False: none was. */
bool list_forget_chosen(ListView *list);
bool list_targets(View *view, TargetScope scope, GArray *ids);

/* tui_list_title.c: left and right of the top row, and where the cursor is; as
 * in ViewClass. */
char *list_title(View *view);
char *list_place(View *view);

#endif
