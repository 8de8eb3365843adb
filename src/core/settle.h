/* Files follow their rows: a worker renames what the user moved or flagged.
 * The row is the truth; until a file has followed, its row still names where
 * it lies, so nothing is ever out of reach. Main thread. */
#ifndef CORE_SETTLE_H
#define CORE_SETTLE_H

#include "core/session.h"

Settler *settler_create(Session *session);
void settler_destroy(Settler *settler);

/* Is a run under way? */
bool settler_busy(const Settler *settler);

/* Something may be to do; cheap. The index is told when it was done. */
void settler_kick(Settler *settler);

#endif
