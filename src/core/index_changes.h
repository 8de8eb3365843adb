/* Tags that the notmuch command changed in the index become those of the rows
 * (by lastmod), and so those of the server. In the index's thread; both while
 * the writer holds the lock. */
#ifndef CORE_INDEX_CHANGES_H
#define CORE_INDEX_CHANGES_H

#include "index/index.h"
#include "store/store.h"

/* Did somebody write to the index since the revision noted last? Opens no
 * database; false where nothing was noted yet. */
bool index_changes_may_wait(Store *store, const char *index_dir);

/* Is the index at another revision than was noted last? Opens it for reading
 * where the other says that it may be. */
bool index_changes_wait(Store *store, const char *index_dir);

/* Takes up what was changed since the revision noted last; *changed: rows are
 * other now. The first time it only notes. */
bool index_changes_take(Store *store, IndexWriter *writer, bool *changed,
                        GError **error);

/* All up to here is of our own writing, or was taken up. */
bool index_changes_note(Store *store, IndexWriter *writer, GError **error);

/* The index was made anew: nothing in it is somebody's act. */
bool index_changes_forget(Store *store, GError **error);

#endif
