/* Files of messages that are about to get rows in one folder. They lie whole
 * and durable in its tmp/, where no scan looks, until their rows are recorded;
 * only then they get their names. So a file in cur/ has a row whatever comes
 * between, and nobody waits for the disk in a transaction. Main thread. */
#ifndef CORE_STAGED_H
#define CORE_STAGED_H

#include "core/act.h"

typedef struct Staged Staged;

/* What has no row goes. NULL is fine. */
Staged *staged_create(Session *session, gint64 folder, GError **error);
void staged_destroy(Staged *staged);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Staged, staged_destroy)

/* One more file: of these bytes, or of a durable file to which nobody writes
 * any more. NULL on error, else its name for the row (unsettled); borrowed. */
const char *staged_bytes(Staged *staged, unsigned flags, const void *bytes,
                         gsize size, GError **error);
const char *staged_file(Staged *staged, unsigned flags, const char *source,
                        GError **error);

/* Makes all durable. Before the transaction. */
bool staged_sync(Staged *staged, GError **error);

/* In the transaction: the row of a file. */
void staged_row(Staged *staged, const char *file, gint64 id);

/* Behind the commit: the files are the rows' now, and get their names; where
 * that fails the settler gives them. */
void staged_recorded(Staged *staged);

#endif
