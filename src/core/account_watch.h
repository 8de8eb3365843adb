/* Listening to an account's server for news, within its budget of connections.
 * Main thread; the listening is done in lanes. */
#ifndef CORE_ACCOUNT_WATCH_H
#define CORE_ACCOUNT_WATCH_H

#include "account_private.h"
#include "account_worker.h"

enum {
    LOGINS_AFTER_REFUSAL = 2 /* promise P36 */
};

typedef struct Watcher Watcher;

typedef struct {
    Lane *(*make_lane)(void *user, const char *what);
    /* A folder (path) changed on the server; NULL: anything may have. */
    void (*changed)(void *user, const char *folder);
    /* Listening to INBOX ended, and not by our wish: the line may be dead. */
    void (*ended)(void *user);
    void *user;
} WatcherCallbacks;

/* most: connections that may listen. */
Watcher *
watcher_create(Account *account, guint most, const WatcherCallbacks *callbacks);

/* Begins to listen wherever it does not, but for what rests: listening that
 * failed is tried again after a pause of its own that grows, and after
 * LOGINS_AFTER_REFUSAL no more. */
void watcher_begin(Watcher *watcher);

/* The user asks: nothing rests. */
void watcher_forgive(Watcher *watcher);
void watcher_stop(Watcher *watcher);

/* NULL is fine. */
void watcher_destroy(Watcher *watcher);

#endif
