/* What the files of POP3 share: one run over one maildrop. */
#ifndef SYNC_POP3_PRIVATE_H
#define SYNC_POP3_PRIVATE_H

#include "sync/sync_pop3.h"
#include "sync_private.h"

typedef struct {
    const SyncPop3 *pop3;
    const Sync *sync;
    StoreFolder *inbox;
    char *dir;           /* its absolute path */
    GHashTable *rows;    /* number → row made of its header in this run */
    bool quiet;          /* a first fetch: no news */
    bool fetched;        /* something was recorded */
    bool yielded;        /* ended early */
    guint refused;       /* messages that could not be fetched or deleted */
    char *words;         /* of the server, for the first of them */
    guint64 done, total; /* messages */
    guint64 bytes, bytes_total;
    gint64 told; /* monotonic; when progress was */
    bool sized;  /* LIST was asked */
} Pop3Run;

void pop3_run_progress(Pop3Run *run);

/* The server refused one message: the others go on. */
void pop3_run_refused(Pop3Run *run, guint number, const char *words);

/* An entry for an item, to be changed and written; its texts are borrowed. */
StorePop3 pop3_run_entry(const SyncPop3Item *item);

bool pop3_run_put(const Pop3Run *run, const StorePop3 *entry, GError **error);

/* sync_pop3_fetch.c */
bool pop3_run_bodies(Pop3Run *run, const GArray *items, GError **error);
/* Headers as rows; match: as what is here already, where it is. */
bool
pop3_run_rows(Pop3Run *run, const GArray *items, bool match, GError **error);

/* sync_pop3_list.c: the list with unique ids, or hashes of headers. */
GArray *pop3_run_list(Pop3Run *run, GError **error);
/* The same with sizes, where they matter for what the history does not
 * settle. */
bool pop3_run_sizes(Pop3Run *run, GArray *listed, const GPtrArray *history,
                    GError **error);

#endif
