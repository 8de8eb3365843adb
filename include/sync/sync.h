/* One account kept the same here and on its server: IMAP to Maildir and store
 * and back. Blocking; one thread; heeds the connection's cancellable.
 *
 * The plan of a sync, in the order in which it is done:
 *   1  folders   what the user wants of them is told; LIST; new ones are noted,
 *                ours that are new are created there, renamed ones followed
 *   2  local     what other programs did to the Maildir becomes rows
 *   3  view      SELECT tells changes (QRESYNC), else CONDSTORE, else all
 *                flags; where someone looks at a mailbox never seen, the rows
 *                of its newest page before them
 *   4  plan      sync_plan(): the server's list and our rows become steps
 *   5  rows      headers newest first, a page at once, matched by Message-ID
 *   6  bodies    newest first in batches: files durable, then one transaction;
 *                whatever ends them, what was read whole is recorded
 *   7  mark      UIDNEXT and HIGHESTMODSEQ, only when all before was done
 *   8  push      what the user changed: flags, moves, expunges, appends; then
 *                folders that were to go and held something of it
 * Each step may be killed anywhere and done again:
 *   Y1  a row's file is recorded after file and folder are durable; the names
 * of a batch are noted before they appear (the sweep list), so that a file that
 * was named and never recorded is removed, not taken for a new one; Y2  the
 * mark moves last, so what was cut short is planned again (flags and mark are
 * not waited for: what a power cut takes, it takes from the end); Y3  a change
 * is recorded as the server's state after its tagged OK; done twice, STORE and
 * EXPUNGE do nothing, a MOVE or COPY whose answer was lost is found by its
 * Message-ID, an APPEND is noted before and looked for; Y4  more than
 * SYNC_REMOVAL_MIN messages and more than half of a folder, or of an account at
 * once, are never removed here without a yes (promise P16; without LIST-STATUS
 * half of an account may be gone before that is seen), nor what was in folders
 * that went all at once, or of which the name alone is left (\Noselect), with
 * more than SYNC_REMOVAL_MIN together; Y5  a file that lacks in a directory
 * that was made anew is fetched again, whatever their number. */
#ifndef SYNC_SYNC_H
#define SYNC_SYNC_H

#include "imap/imap.h"
#include "store/store.h"

enum {
    SYNC_REMOVAL_MIN = 20, /* messages; see Y4 */
    SYNC_FIRST_PAGE = 200, /* headers of the first page */
    SYNC_HEADER_SLICE = 10000, /* asked for at once */
    SYNC_ROW_BATCH = 1000,     /* rows made in one transaction … */
    SYNC_ROW_BYTES = 4 << 20,  /* … or of so many octets that were told */
    SYNC_TOLD_MOST = 2000000,  /* messages of one folder in one look … */
    SYNC_WORDS_BYTES = 16 << 20, /* … and octets of their keywords */
    SYNC_BODY_SLICE = 250,     /* bodies of one FETCH */
    SYNC_BATCH = 500,          /* messages made durable together */
    SYNC_BATCH_BYTES = 32 << 20,
    SYNC_BATCH_SECONDS = 10, /* or what came in that time */
    SYNC_REFUSED_MOST = 20,  /* messages in a row; more are the mailbox */
    SYNC_REFUSED_SECONDS = 60 * 60, /* then they are asked for again */
    SYNC_DIRECT = 50,           /* so many new messages come whole at once */
    SYNC_HEAD_BYTES = 64 << 10, /* of a message, kept to describe it */
    SYNC_FOUND_MOST = 1000,     /* headers that one search fetches */
    SYNC_REST_MOST = 5000000,   /* messages of Gmail's that have no label */
    SYNC_UPLOADS = 50,          /* messages of one APPEND */
    SYNC_MOVES = 700,           /* ranges in one MOVE or COPY: a line */
    SYNC_UPLOAD_BYTES = 8 << 20,
    SYNC_ASKED_MOST = 20, /* new mailboxes looked at for a missing one */
};

/* The server. */

/* What sync needs of a connection: imap.h's calls, so that a test can bring a
 * server of its own. conn is the first argument of each. */
typedef struct {
    bool (*can)(void *conn, const char *capability);
    GPtrArray *(*list)(void *conn, bool state, GError **error);
    bool (*status)(void *conn, const char *mailbox, ImapMailbox *status,
                   GError **error);
    bool (*select)(void *conn, const char *mailbox, const ImapResync *resync,
                   const ImapSink *sink, ImapSelected *selected,
                   GError **error);
    bool (*opened)(void *conn, const char *mailbox, ImapOpened *opened);
    bool (*fetch)(void *conn, const UidSet *uids, const char *items,
                  guint64 since, const ImapSink *sink, GError **error);
    bool (*fetch_sets)(void *conn, const GPtrArray *sets, const char *items,
                       const ImapSink *sink, GError **error);
    UidSet *(*search)(void *conn, const char *criteria, GError **error);
    bool (*store)(void *conn, const UidSet *uids, bool add,
                  const ImapFlags *flags, GError **error);
    bool (*move)(void *conn, const UidSet *uids, const char *mailbox,
                 ImapCopied *copied, GError **error); /* where it can MOVE */
    bool (*copy)(void *conn, const UidSet *uids, const char *mailbox,
                 ImapCopied *copied, GError **error);
    bool (*expunge)(void *conn, const UidSet *uids, bool *marked,
                    GError **error);
    bool (*append)(void *conn, const char *mailbox, ImapUpload *uploads,
                   guint n, guint32 *uidvalidity, GError **error);
    bool (*create)(void *conn, const char *mailbox, const char *special_use,
                   GError **error);
    bool (*rename)(void *conn, const char *from, const char *to,
                   GError **error);
    bool (*remove)(void *conn, const char *mailbox, GError **error);
    bool (*subscribe)(void *conn, const char *mailbox, bool on,
                      GError **error);
    const char *(*prefix)(void *conn, char *delimiter);
    /* Says which select() comes behind the next list(). */
    void (*ahead)(void *conn, const char *mailbox, const ImapResync *resync);
} SyncServerClass;

typedef struct {
    const SyncServerClass *class;
    void *conn; /* borrowed */
} SyncServer;

/* Over a real connection. */
SyncServer sync_server_imap(ImapConn *conn);

/* Planning: pure functions, no I/O. */

/* A message as the server told it. */
typedef struct {
    guint32 uid;
    unsigned flags;   /* STORE_SYSTEM_FLAGS */
    const char *tags; /* keywords, sorted; "" none */
    gint64 id;        /* of our row, in a step; 0 in a view */
} SyncMessage;

/* Which bodies are fetched unasked. One that is opened is fetched whatever
 * stands here, and what is here stays. */
typedef struct {
    gint64 after; /* that arrived then or later, seconds UTC; 0: all */
    guint64 most; /* of at most so many octets; 0: of any size */
} SyncKeep;

bool sync_keeps(const SyncKeep *keep, gint64 arrival, guint64 size);

/* What went from all folders together (sync_private.h). */
typedef struct SyncLost SyncLost;

/* A folder: what the server says, what the store remembers, what is wished. */
typedef struct {
    guint32 uidvalidity, uidnext; /* the server, now */
    guint64 modseq;
    bool complete;    /* messages has every message there; else what changed
                         and is new since known_modseq, and vanished */
    GArray *messages; /* SyncMessage, any order */
    UidSet *vanished; /* UIDs gone; NULL when complete */

    guint32 known_uidvalidity; /* 0: never synchronised */
    GArray *rows; /* StoreUid, by UID; unless complete, those that messages
                     and vanished name may be all */
    guint total;  /* rows of the folder */
    guint unplaced; /* rows without a UID that a new UID may turn out to be */

    bool headers_first;   /* someone looks at the list */
    bool deleted_is_gone; /* no UIDPLUS: \Deleted is all that can be said */
    bool accept_removals; /* the yes of Y4 */
    bool hold_removals;   /* as many go from all folders together */
    SyncLost *lost;       /* who knows that; NULL: nobody */
    bool wanted; /* the user waits: also what was refused, and it is told */
    ImapOpened opened; /* what it keeps of flags */
    SyncKeep keep;
} SyncView;

typedef enum {
    SYNC_RENEW,  /* UIDVALIDITY is another: our UIDs mean nothing */
    SYNC_FLAGS,  /* messages: what the server says of rows we have */
    SYNC_GONE,   /* ids: rows the server no longer has */
    SYNC_LEFT,   /* ids: gone there and moved by us: wait in the new folder */
    SYNC_HOLD,   /* count of total would go: kept until there is a yes */
    SYNC_ROWS,   /* uids: fetch headers, match or make rows */
    SYNC_SETTLE, /* rows that no new UID turned out to be are gone */
    SYNC_BODIES, /* uids: fetch messages */
    SYNC_MARK,   /* all up to uidnext and modseq is known */
} SyncStepKind;

typedef struct {
    SyncStepKind kind;
    UidSet *uids;
    GArray *messages; /* SyncMessage; tags borrowed from the view */
    GArray *ids;      /* gint64 */
    guint count, total;
    guint32 uidvalidity, uidnext;
    guint64 modseq;
    bool lacking; /* SYNC_MARK: bodies are still to come */
} SyncStep;

void sync_step_free(SyncStep *step);

/* "rows 101:300", "mark 5 301 77 lacking": for tests and the log. g_free(). */
char *sync_step_text(const SyncStep *step);

/* Steps in order. Array of SyncStep, free with g_ptr_array_unref(). Nothing to
 * do: the mark alone. */
GPtrArray *sync_plan(const SyncView *view);

/* Would removing count of total rows need a yes (Y4)? */
bool sync_removal_is_large(guint count, guint total);

typedef enum {
    PUSH_STORE,   /* one flag or keyword, set or cleared */
    PUSH_KEEP,    /* the same of a tag that no server is told of */
    PUSH_MOVE,    /* from folder to another of the account */
    PUSH_EXPUNGE, /* deleted for good */
    PUSH_RELEASE, /* moved to a local folder: the server may forget it */
    PUSH_LOOK,    /* uploads whose answer was lost: are they there? */
    PUSH_APPEND,  /* of ours, not there yet */
    PUSH_REFUSE,  /* what cannot be done, with the reason */
} PushKind;

typedef struct {
    PushKind kind;
    gint64 folder; /* to select; of an append: the target */
    gint64 to;     /* PUSH_MOVE */
    bool add;      /* PUSH_STORE, PUSH_KEEP */
    unsigned flag; /* PUSH_STORE: one system flag, or 0 and keyword */
    char *keyword;
    UidSet *uids;
    GPtrArray *rows; /* StorePending, borrowed */
    const char *reason;
} PushStep;

void push_step_free(PushStep *step);
char *push_step_text(const PushStep *step);

typedef struct {
    const GPtrArray *pending; /* StorePending */
    const GPtrArray *folders; /* StoreFolder, of all accounts */
    const char *account;
    const char *const *local_tags; /* never keywords; NULL: none */
} PushView;

/* Few commands for many rows: one STORE for each folder, flag and direction,
 * then one MOVE for each pair of folders, expunges, appends. */
GPtrArray *sync_plan_push(const PushView *view);

/* There is no step for it before its mailbox was looked at again. */
bool sync_push_waits(const PushView *view, const StorePending *row);

/* May this tag be a keyword on a server (an atom, and not a local tag)? */
bool sync_tag_is_keyword(const char *tag, const char *const *local_tags);

/* Running. */

typedef struct {
    const char *folder;  /* path; "" none */
    guint64 done, total; /* messages of the folder */
    guint number, folders;
    guint64 bytes, bytes_total; /* 0: not told */
} SyncProgress;

/* Names in the folders of an account compared with its rows in a thread of its
 * own, while the connection is made. What it found counts only as long as the
 * directories stay as they were. */
typedef struct SyncAhead SyncAhead;

SyncAhead *sync_ahead_begin(const char *state_db, const char *mail,
                            const char *account);
/* Cancels it and waits for it. NULL: nothing. */
void sync_ahead_end(SyncAhead *ahead);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SyncAhead, sync_ahead_end)

/* Everything one sync needs. Borrowed for the calls. */
typedef struct {
    const char *account;
    const char *mail; /* the mail root */
    Store *store;     /* of this thread */
    SyncServer server;
    GCancellable *cancel;
    const char *only; /* path of the one folder to sync; NULL: all */
    const char *const *local_tags;
    SyncKeep keep;
    bool headers_first;
    bool accept_removals;
    bool hold_deleted; /* that undo would bring back next, is not told yet */
    bool urgent; /* of the connection for sync_fetch_one() */
    SyncAhead *ahead; /* of this account and store; or NULL */

    /* The facts of a message from its header block or beginning: all texts,
     * date, snippet and content flags. Never NULL. */
    StoreMessage *(*describe)(const char *bytes, gsize size);
    void (*describe_free)(StoreMessage *message);

    /* Rows that are new and have their files; quiet: a first fetch. */
    void (*arrived)(void *user, const gint64 *ids, guint n, bool quiet);
    void (*changed)(void *user); /* rows changed: lists may reload */
    void (*progress)(void *user, const SyncProgress *progress);
    bool (*should_yield)(void *user); /* something more urgent waits */
    void (*warn)(void *user, const char *text); /* needs the user's eye */
    void *user;
} Sync;

/* All of it, 1 to 8. A folder that fails does not stop the others, nor does a
 * message that the server refuses (promise P37); the first error is returned at
 * the end. *yielded: ended early without an error because should_yield said so;
 * call again. */
bool sync_account(const Sync *sync, bool *yielded, GError **error);

/* Only 8: tell the server what the user changed, also while it runs. What could
 * not be told ends it with ERR_REFUSED when all else is. */
bool sync_push(const Sync *sync, GError **error);

/* 1: folders of the server as folders of the store. */
bool sync_folders(const Sync *sync, GPtrArray **mailboxes, GError **error);

/* What the user wants of folders, here at once and on the server with the next
 * sync. Any thread, on its own store. The caller checks that the name is free
 * and kicks the settler after a rename. */
bool sync_wish_rename(Store *store, const StoreFolder *folder, const char *to,
                      GError **error);
bool sync_wish_subscribe(Store *store, StoreFolder *folder, bool on,
                         GError **error);
/* With all that folder->total counts; gone here when it is gone there. It waits
 * until the server knows what the user moved out of it, and comes to nothing,
 * which is said, when by then it holds more than that. */
bool sync_wish_delete(Store *store, const StoreFolder *folder, GError **error);
bool sync_is_to_go(Store *store, const StoreFolder *folder);

/* The beginning of names of new mailboxes on the server ("INBOX."), and the
 * separator of their parts; *delimiter 0: not known yet. g_free(). */
char *sync_prefix(Store *store, const char *account, char *delimiter);

/* 2: what other programs did to the Maildir since the last scan. */
bool sync_local(const Sync *sync, GError **error);

/* Is the directory of a folder another one than that in which the files of its
 * rows were seen last, or gone? What lacks in it the user did not delete. */
bool sync_directory_is_new(Store *store, const char *mail,
                           const StoreFolder *folder);
/* They were compared with what is in it now. */
bool sync_directory_seen(Store *store, const char *mail,
                         const StoreFolder *folder, GError **error);

/* The folders in whose directories another program changed names since they
 * were last read: path → stamp of then. Of an account without a server its
 * local ones, which core reads; else the others. Reads the directories whose
 * stamps are not known; any thread. g_hash_table_unref(). */
GHashTable *sync_changed_folders(Store *store, const char *mail,
                                 const char *account, bool local,
                                 GError **error);
/* They were read: what was changed before is known. */
bool sync_folders_read(Store *store, const char *account, GHashTable *changed,
                       GError **error);

/* Performs the steps of a plan for a folder (selected on the server). */
bool sync_run(const Sync *sync, const StoreFolder *folder, const SyncView *view,
              const GPtrArray *steps, GError **error);

/* The body of one row that is not here, now. */
bool sync_fetch_one(const Sync *sync, gint64 id, GError **error);

/* The parts of a message that is not here. Array of ImapPart, NULL on error. */
GPtrArray *sync_fetch_parts(const Sync *sync, gint64 id, GError **error);

/* One of them (from 1) alone into a file: a message of its own, of which it is
 * the first part. */
bool sync_fetch_part(const Sync *sync, gint64 id, guint number, int fd,
                     GError **error);

/* Is this folder kept the same here and there? Not what shows messages of other
 * folders once more (\All but of Gmail, \Flagged, \Important). */
bool sync_follows(const StoreFolder *folder);

/* What a search on the server finds in one folder, as our rows. Those of which
 * there is none yet are made from their headers: the newest SYNC_FOUND_MOST. */
typedef struct {
    GArray *rows; /* StoreUid, by UID */
    guint left;   /* found there and not made rows */
} SyncFound;

void sync_found_clear(SyncFound *found);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SyncFound, sync_found_clear)

/* criteria: as imap_search() takes them. found is zeroed by the caller. */
bool sync_search(const Sync *sync, const char *path, const char *criteria,
                 SyncFound *found, GError **error);

/* The role of a mailbox by SPECIAL-USE (RFC 6154), else by what mail programs
 * call such folders in several languages. */
FolderRole sync_role(const ImapMailbox *mailbox);

#endif
