/* A lane's side of a POP3 account: connecting as the server lets us, and its
 * jobs. Worker thread. */
#ifndef CORE_ACCOUNT_POP3_H
#define CORE_ACCOUNT_POP3_H

#include "account_worker.h"
#include "sync/sync_pop3.h"

/* What one job of a lane has. */
typedef struct {
    const LaneParams *params;
    const Sync *sync;
    Pop3Conn **conn;    /* of the lane; NULL in it: not connected */
    GCancellable *cancel; /* of the connection */
    bool *kept;         /* a sync that yielded goes on on this connection */
    LaneAnswer *answer;
    void (*says)(void *user, const char *text); /* what it waits for */
    void *user;
} Pop3Job;

/* Connects where the lane is not. A maildrop in use is tried again for a
 * minute; LOGIN-DELAY is waited for when it is short, else ERR_RETRY with
 * answer->not_before. */
bool account_pop3_connect(const Pop3Job *job, GError **error);

/* LANE_SYNC, LANE_FETCH of row id, LANE_CHECK; ends the session but for a sync
 * that yielded. */
bool account_pop3_run(const Pop3Job *job, LaneJob kind, gint64 id,
                      GError **error);

#endif
