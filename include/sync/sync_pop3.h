/* One POP3 maildrop into the folders of an account. Those are ours alone: what
 * is filed or deleted here changes nothing there, but for what `pop-keep` says.
 * Blocking; one thread; heeds the connection's cancellable.
 *
 * The plan of a run, in the order in which it is done:
 *   1  local     what other programs did to the Maildir becomes rows
 *   2  view      UIDL (without it, hashes of TOP), LIST where sizes matter
 *   3  plan      sync_pop3_plan(): the list and our history become steps
 *   4  rows      headers: the newest page, messages over the limit of size
 *   5  bodies    newest first in batches: files durable, then rows and history
 *                in one transaction
 *   6  delete    planned anew from the history as it lies on the disk now
 *   7  quit      what was deleted there is forgotten after the server's yes
 * Each step may be killed anywhere and done again:
 *   D1  a message is fetched when the history does not know its unique id, and
 *       known in the transaction that adds its row: once, whatever comes
 *       between (P5); the names of a batch are on the sweep list before
 *   D2  DELE is sent only for what an earlier transaction recorded with file
 *       and row, or what the user deleted here (P4, P76); never for a message
 *       that is here as a header alone
 *   D3  without an answer to QUIT nothing is taken for deleted: what is listed
 *       again is known and deleted again, what is not is forgotten
 *   D4  more than SYNC_REMOVAL_MIN messages and more than half of what is there
 *       are never deleted there, because they are gone here, without a yes
 *   D5  what the server does not list any more stays here, and stays known for
 *       SYNC_POP3_KNOWN_DAYS */
#ifndef SYNC_SYNC_POP3_H
#define SYNC_SYNC_POP3_H

#include "pop3/pop3.h"
#include "store/store_pop3.h"
#include "sync/sync.h"

enum {
    SYNC_POP3_KNOWN_DAYS = 90,
};

/* The server: pop3.h's calls, so that a test can bring one of its own. */
typedef struct {
    bool (*can)(void *conn, const char *capability);
    int (*expire)(void *conn);
    GArray *(*list)(void *conn, GError **error);
    GArray *(*uidl)(void *conn, GError **error);
    bool (*retr)(void *conn, const guint *numbers, guint n,
                 const Pop3Sink *sink, GError **error);
    bool (*top)(void *conn, const guint *numbers, guint n, const Pop3Sink *sink,
                GError **error);
    bool (*dele)(void *conn, const guint *numbers, guint n,
                 const Pop3Sink *sink, GError **error);
    bool (*quit)(void *conn, GError **error);
} SyncPop3Class;

/* Over a real connection: its class; the connection is a Pop3Conn. */
extern const SyncPop3Class sync_pop3_real;

typedef enum {
    POP3_KEEP_FOREVER,
    POP3_KEEP_DAYS,          /* since it was fetched */
    POP3_KEEP_UNTIL_DELETED, /* here: in the trash, or gone */
    POP3_KEEP_NO,
} SyncPop3Keep;

typedef struct {
    SyncPop3Keep keep;
    guint days;
    guint64 size_limit; /* larger ones stay headers; 0: none */
} SyncPop3Rules;

/* "forever", "no", "until-deleted", "30 days". ERR_USAGE says what is taken. */
bool
sync_pop3_keep_parse(const char *text, SyncPop3Rules *rules, GError **error);

/* Planning: pure functions, no I/O. */

typedef struct {
    const GArray *listed;     /* Pop3Message with unique ids, oldest first */
    const GPtrArray *history; /* StorePop3, by unique id and nth */
    SyncPop3Rules rules;
    gint64 now;
    int expire; /* of the server, in days; -1: never */
    bool can_top;
    bool headers_first;   /* someone looks at the list */
    bool lost;            /* messages are here that the history does not know */
    bool accept_removals; /* the yes of D4 */
} SyncPop3View;

/* A message of the list, and what we know of it. */
typedef struct {
    guint number;
    guint64 octets;
    const char *uidl; /* borrowed from the view */
    guint nth;
    const StorePop3 *known; /* NULL: new */
} SyncPop3Item;

typedef enum {
    POP3_FORGET, /* entries that mean nothing any more */
    POP3_ABSENT, /* entries that are not listed now */
    POP3_BACK,   /* items that are listed again */
    POP3_MATCH,  /* items: are they here without being known? */
    POP3_ROWS,   /* items: their headers */
    POP3_BODIES, /* items: the messages */
    POP3_HOLD,   /* count of total would be deleted there: a yes is missing */
    POP3_DELETE, /* items */
} SyncPop3Kind;

typedef struct {
    SyncPop3Kind kind;
    GArray *items;      /* SyncPop3Item */
    GPtrArray *entries; /* StorePop3, borrowed */
    guint count, total;
} SyncPop3Step;

void sync_pop3_step_free(SyncPop3Step *step);

/* "bodies 3 2 1", "forget a b": for tests and the log. g_free(). */
char *sync_pop3_step_text(const SyncPop3Step *step);

/* Each message of the list with the entry that is it. GArray of
 * SyncPop3Item, in the order of the list. */
GArray *sync_pop3_pair(const SyncPop3View *view);

/* Steps in order. Array of SyncPop3Step; g_ptr_array_unref(). Nothing to do:
 * none. */
GPtrArray *sync_pop3_plan(const SyncPop3View *view);

/* Running. */

typedef struct {
    const Sync *sync; /* server, only, local_tags and urgent are not used */
    const SyncPop3Class *class;
    void *conn;
    SyncPop3Rules rules;
    /* Step 1. May be NULL. */
    bool (*scan)(const Sync *sync, GError **error);
} SyncPop3;

/* All of it, 1 to 7. *yielded: ended early without an error and without QUIT,
 * because should_yield said so; call again on the same connection. A message
 * that the server refuses does not stop the others; ERR_REFUSED at the end. */
bool sync_pop3(const SyncPop3 *pop3, bool *yielded, GError **error);

/* The body of one row that is not here, now. No QUIT. */
bool sync_pop3_fetch_one(const SyncPop3 *pop3, gint64 id, GError **error);

#endif
