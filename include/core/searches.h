/* Searches that have a name: those of the configuration and those kept from the
 * screen or the shell (searches.conf beside state.db). Main thread. */
#ifndef CORE_SEARCHES_H
#define CORE_SEARCHES_H

#include "core/session.h"

typedef struct {
    char *name;
    char *query;
} SavedSearch;

Searches *searches_create(void);
void searches_destroy(Searches *searches);

/* A search of that name, in place of the one that had it; an empty query takes
 * it away. ERR_USAGE for an empty name or one with control characters. */
bool searches_put(Searches *searches, const char *name, const char *query,
                  GError **error);

/* SavedSearch, in the order in which they were named. Borrowed. */
const GPtrArray *searches_all(const Searches *searches);

/* NULL: none of that name. Borrowed. */
const SavedSearch *searches_find(const Searches *searches, const char *name);

/* A query in which each query:NAME of a saved search is what that asks, as a
 * whole; other names are left to notmuch. NULL: ERR_USAGE when one asks for
 * itself, or when it becomes too long. g_free(). */
char *searches_expand(const Searches *searches, const char *query,
                      GError **error);

/* As searches_put(), now and for ever. */
bool searches_keep(Session *session, const char *name, const char *query,
                   GError **error);

/* Where searches_keep() writes. g_free(). */
char *searches_file(const Session *session);

#endif
