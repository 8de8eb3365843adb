/* The worker's side of an account with a server: lanes, each one thread and one
 * connection that lives from job to job, and the jobs they run. What a job has
 * to tell on its way lies in the lane until its progress note arrives. */
#ifndef CORE_ACCOUNT_WORKER_H
#define CORE_ACCOUNT_WORKER_H

#include "base/job.h"
#include "imap/imap.h"
#include "sync/sync_pop3.h"

typedef struct Lane Lane;

/* What every job of an account needs. Copied by lane_create(). */
typedef struct {
    char *account;
    char *state_db;
    char *mail;
    char *index; /* of notmuch */
    char *cache;
    char **local_tags;
    gint64 keep_days;  /* bodies of so many days; 0: none, -1: all */
    guint64 keep_most; /* octets; 0: of any size */
    ImapParams imap;   /* of POP3 too: where, who */
    bool is_pop3;
    SyncPop3Rules pop3;
    char *lang; /* of a POP3 server's texts */
} LaneParams;

void lane_params_clear(LaneParams *params);

/* Starts the thread; no connection yet. Takes params. Main thread. */
Lane *lane_create(const char *name, LaneParams *params);

/* Cancels what runs, closes the connection. */
void lane_destroy(Lane *lane);

/* New rows with their files, in the order of arrival. */
typedef struct {
    GArray *ids; /* gint64 */
    bool quiet;
} LaneArrival;

/* What a watching lane hears of. */
typedef enum {
    LANE_HEARS_NOTHING, /* yet, or nothing new about it */
    LANE_HEARS_ONE,     /* the mailbox asked for */
    LANE_HEARS_ALL,     /* all mailboxes */
} LaneHears;

typedef struct {
    GPtrArray *arrivals;  /* LaneArrival */
    GPtrArray *warnings;  /* char * */
    GPtrArray *mailboxes; /* char *: changed on the server (imap_take_news()) */
    LaneHears hears;
    bool changed; /* rows changed */
    guint folder, folders;
    guint64 bytes, bytes_total; /* of what is fetched; 0: not told */
    char *says;                 /* what the lane waits for; NULL: nothing */
} LaneNews;

/* Takes what the job told since the last call. Main thread. */
void lane_take_news(Lane *lane, LaneNews *news);
void lane_news_clear(LaneNews *news);

typedef struct {
    char *only;    /* path, or NULL; of LANE_WATCH: the mailbox to listen to */
    bool hear_all; /* LANE_WATCH: to the others too, where it can be */
    bool headers_first;
    bool accept_removals;
    bool hold_deleted; /* LANE_PUSH: what undo would bring back next waits */
    gint64 id;      /* of a fetch */
    guint part;     /* LANE_PART; 0: which there are */
    char *criteria; /* of a search, in the folder only */
} LaneRequest;

/* How a job ended, beside its error. */
typedef struct {
    bool connected; /* the trouble came later than the login */
    bool yielded;   /* submit it again */
    bool waiting;   /* rows wait for a UID: synchronise */
    gint64 not_before; /* when the server lets us log in again; 0: any time */
    guint login_delay; /* seconds that it wants between logins */
    ImapQuota room; /* LANE_CHECK: of INBOX */
    SyncFound found; /* LANE_SEARCH */
    GPtrArray *parts; /* LANE_PART: MimePart; NULL: one part was asked for */
    int fd; /* LANE_PART: of the part, closed with the answer; -1: none */
} LaneAnswer;

/* The jobs. Each answers with a LaneAnswer also when it failed, through
 * lane_answer(); error is the job's. */
typedef enum {
    LANE_SYNC,
    LANE_PUSH,
    LANE_FETCH,
    LANE_PART, /* of a message that is not here: its parts, or one of them */
    LANE_SEARCH,
    LANE_WATCH, /* until cancelled; each change is a progress note */
    LANE_CHECK, /* connect, LIST, and how full it is */
} LaneJob;

typedef struct {
    void (*progress)(void *user, const JobProgress *note);
    void (*answer)(void *user, const LaneAnswer *answer, const GError *error);
    void *user;
} LaneCallbacks;

/* Main thread. The job is borrowed until its answer. */
Job *lane_submit(Lane *lane, LaneJob job, const LaneRequest *request,
                 const LaneCallbacks *callbacks);

#endif
