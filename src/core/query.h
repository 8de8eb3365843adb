/* What users write in a search that notmuch's language does not have. */
#ifndef CORE_QUERY_H
#define CORE_QUERY_H

#include "store/store.h"

/* The query as notmuch takes it, every operator written: has: is a tag, auth:
 * the verdict, and folder: with a name that is no path is every folder of that
 * name: its whole name, the last part of it, or its role ("drafts"), in any
 * case, or one of its account ("home/INBOX", which lies in "home"). One of
 * blanks is every message. folders: StoreFolder. NULL: ERR_USAGE names what is
 * wrong with it. A pure function; g_free(). */
char *query_expand(const char *query, const GPtrArray *folders, GError **error);

/* Which of them folder:name means: that of the path, else all of such a name.
 * Pure; g_ptr_array_unref(), they are borrowed. */
GPtrArray *query_folders(const char *name, const GPtrArray *folders);

/* "ACCOUNT/NAME", wherever it lies, or "ACCOUNT/ROLE"; NAME in any case.
 * Pure. */
bool query_is_full_name(const StoreFolder *folder, const char *name);

/* Does folder:name mean it, by its path or by such a name? Pure. */
bool query_means_folder(const StoreFolder *folder, const char *name);

#endif
