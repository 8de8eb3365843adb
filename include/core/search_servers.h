/* The servers are asked too: what they find of all accounts with IMAP, folder
 * by folder, as rows. Messages that have no row yet get one from their header.
 * Main thread; begins on the next turn of the main loop. */
#ifndef CORE_SEARCH_SERVERS_H
#define CORE_SEARCH_SERVERS_H

#include "core/session.h"

typedef struct ServerSearch ServerSearch;

typedef struct {
    const GArray *hits;  /* AccountHit, newest first; all found so far */
    guint left;          /* found there, neither here nor fetched: too many */
    guint waiting;       /* accounts that have not answered yet; 0: the end */
    const char *trouble; /* "work: …", of the last that had any; or NULL */
} ServerFound;

typedef struct {
    const char *query;
    gint64 folder; /* row id of the one folder to ask; 0: all */
    /* There is something new; the last time with waiting 0. */
    void (*told)(const ServerFound *found, void *user);
    void *user;
} ServerQuery;

/* NULL with ERR_USAGE for a query that servers do not understand. */
ServerSearch *server_search_begin(Session *session, const ServerQuery *query,
                                  GError **error);

/* What is on its way finds nobody. NULL is fine. */
void server_search_end(ServerSearch *search);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ServerSearch, server_search_end)

/* Row ids, newest first, their dates, and those of hits that are not among
 * them, by their dates. Reads nothing. GArray of gint64. */
GArray *server_search_merge(const GArray *ids, const GArray *dates,
                            const GArray *hits);

#endif
