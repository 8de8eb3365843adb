/* An account from inside: shared by account.c (who, where, state),
 * account_secret.c (passwords), account_local.c and account_remote.c (the two
 * ways to follow). */
#ifndef CORE_ACCOUNT_PRIVATE_H
#define CORE_ACCOUNT_PRIVATE_H

#include "account_url.h"
#include "base/job.h"
#include "core/account.h"

/* Everything that waits for one complete sync. */
typedef struct {
    void (*done)(Account *account, const GError *error, void *user);
    void *user;
} AccountWaiter;

struct Account {
    Session *session;
    char *name;
    char *address;
    char *real_name;
    char **aliases;
    GPtrArray *identities; /* Account, without mail of their own */
    AccountUrl incoming;
    bool has_incoming;
    gint64 keep_days; /* option keep-bodies: 0 none, -1 all */
    AccountStatus status;
    char *what, *reason; /* what status points to */
    char *room;          /* NULL: not known */
    bool started; /* follow the server */
    char *secrets[2]; /* incoming, outgoing; NULL: not known */
    GArray *waiters;  /* AccountWaiter */
    struct LocalFollower *local;
    struct RemoteFollower *remote;
};

/* Sets the state, its words and since when; tells views. NULL text: "". */
void account_set_state(Account *account, AccountState state, const char *what,
                       const char *reason);

/* Tells who waits for a sync, and the event. */
void account_synced(Account *account, const GError *error);

/* account_local.c */
struct LocalFollower *local_follower_create(Account *account);
void local_follower_destroy(struct LocalFollower *follower);
void local_follower_scan(struct LocalFollower *follower);

/* account_remote.c */
struct RemoteFollower *remote_follower_create(Account *account);
void remote_follower_destroy(struct RemoteFollower *follower);
void remote_follower_start(struct RemoteFollower *follower);
void remote_follower_stop(struct RemoteFollower *follower);
void remote_follower_sync(struct RemoteFollower *follower,
                          const AccountSync *how);
void remote_follower_check(struct RemoteFollower *follower,
                           void (*done)(Account *account, const GError *error,
                                        void *user),
                           void *user);
void remote_follower_kick(struct RemoteFollower *follower);
void remote_follower_fetch(struct RemoteFollower *follower, gint64 id,
                           void (*done)(gint64 id, const GError *error,
                                        void *user),
                           void *user);
void remote_follower_fetch_stop(struct RemoteFollower *follower, gint64 id);
void remote_follower_part(struct RemoteFollower *follower, gint64 id,
                          guint number, AccountPartFn done, void *user);
void remote_follower_search(struct RemoteFollower *follower, const char *folder,
                            const char *criteria, AccountFoundFn done,
                            void *user);

#endif
