/* Which threads of a list are unfolded, and their messages among its rows. */
#ifndef TUI_FOLD_H
#define TUI_FOLD_H

#include "tui_private.h"

typedef struct Fold Fold;

Fold *fold_create(void);
void fold_destroy(Fold *fold);

void fold_set(Fold *fold, gint64 thread, bool open);
bool fold_is_open(const Fold *fold, gint64 thread);
void fold_all(Fold *fold);

/* Thread ids with the messages of the open ones behind them, as negative
 * numbers. ids may have some of another time in it. New reference. */
GArray *fold_ids(Fold *fold, Store *store, const GArray *ids);

/* Of the last fold_ids(): how deep a message lies, 0 for a thread; and how many
 * messages are among the ids. */
int fold_depth(const Fold *fold, gint64 id);
guint fold_inside(const Fold *fold);

#endif
