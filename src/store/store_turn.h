/* Who of this process writes to a file next. Any thread. */
#ifndef STORE_TURN_H
#define STORE_TURN_H

#include <glib.h>
#include <stdbool.h>

typedef struct StoreTurn StoreTurn;

/* Waits for its turn, most_ms at most. NULL: not in time; the caller tries
 * without, and SQLite has the last word. */
StoreTurn *store_turn_take(const char *path, guint most_ms);

/* How many wait for theirs. turn may be NULL: none. */
guint store_turn_waiting(StoreTurn *turn);

/* turn may be NULL. */
void store_turn_end(StoreTurn *turn);

#endif
