/* An account with a server from inside: shared by account_remote.c (following)
 * and account_errand.c (what someone waits for). */
#ifndef CORE_ACCOUNT_REMOTE_H
#define CORE_ACCOUNT_REMOTE_H

#include "account_files.h"
#include "account_watch.h"
#include "account_worker.h"

struct RemoteFollower {
    Account *account;
    Lane *bulk, *urgent; /* NULL until there is a password; without an urgent
                            one, as for POP3 always, bulk does all */
    Watcher *watcher;    /* NULL: nobody listens */
    FilesWatch *files;   /* NULL: the account is not followed */
    GNetworkMonitor *network; /* of GLib; NULL: not watched yet */
    NetSessions *sessions;
    Job *sync, *push; /* running or queued; NULL: none */
    bool asking;      /* for the password */
    bool again;       /* another sync was asked for while one ran */
    GError *refused;  /* by the server, of a sync that is gone on with */
    char *refusal;    /* of the last whole one, or since; NULL: none */
    bool full;        /* the sync that runs is of all folders */
    bool accept_removals;
    char *only;
    bool online;
    bool ending;     /* its lanes are: nothing begins */
    guint refusals;
    gint64 not_before; /* the server wants no login sooner; 0: any time */
    guint failures; /* in a row, to reach the server */
    guint push_source, poll_source, retry_source;
    gint64 began;       /* monotonic; of the folder that is fetched */
    GPtrArray *errands; /* Errand: on its way, or waiting for a password */
    bool wanted;        /* a sync is, once there is a password */
};

/* A lane of the account; password NULL: it needs none. */
Lane *remote_lane(const struct RemoteFollower *follower, const char *what,
                  const char *password);

/* A certificate, a ticket or the tunnel says who we are. */
bool remote_needs_no_password(const struct RemoteFollower *follower);

/* What a job told on its way becomes rows, warnings and state. */
void remote_take_news(struct RemoteFollower *follower, Lane *lane);

/* Asks for the password and makes the lanes. */
void remote_connect(struct RemoteFollower *follower);

/* account_errand.c: those that waited for the lanes begin, or end: there will
 * be none. */
void errands_submit(struct RemoteFollower *follower);
void errands_end(struct RemoteFollower *follower, const GError *error);

#endif
