/* What the files of this room share: one run over one folder, the sweep list,
 * the tags of messages. */
#ifndef SYNC_PRIVATE_H
#define SYNC_PRIVATE_H

#include "sync/sync.h"

/* One run over one folder. */
typedef struct {
    const Sync *sync;
    const StoreFolder *folder;
    const SyncView *view;
    char *dir;        /* absolute path of the folder */
    GHashTable *rows; /* UID → row id * 2 + 1 when no body is to come */
    GPtrArray *waiting; /* SyncStep, borrowed: for when the server is asked */
    bool quiet;       /* a first fetch: no news */
    bool match;       /* rows wait for a UID */
    gint64 rest;      /* sync_rest() */
    GHashTable *carried; /* sync_carry() */
    UidSet *refused;  /* messages that the server would not give */
    char *refusal;    /* its words for the first; NULL: none */
    bool unmatched;   /* one of them may be a row that waits for its UID */
    guint64 done, total;
    guint number, folders;
} SyncRun;

gint64 sync_run_row(const SyncRun *run, guint32 uid, bool *here);
void sync_run_note(SyncRun *run, guint32 uid, gint64 id, bool here);
/* Notes rows of these UIDs that another connection made since the view was
 * taken (a search on the server). Inside the transaction that adds rows. */
bool sync_run_look(SyncRun *run, const UidSet *uids, GError **error);
void sync_run_progress(const SyncRun *run);
/* Performs the steps that wait, each once. */
bool sync_run_waiting(SyncRun *run, GError **error);

/* Selects a folder's mailbox unless it is selected. What changed in it is not
 * heard of: sync_pull() selects for itself. */
bool sync_open(const Sync *sync, const StoreFolder *folder, ImapOpened *opened,
               GError **error);

/* Does the caller want the thread for something else? */
bool sync_yields(const Sync *sync);

/* The steps that fetch; the sets of steps that follow each other at once.
 * *all: none was left out because something more urgent waits. */
bool sync_headers(SyncRun *run, const GPtrArray *sets, bool *all,
                  GError **error);
bool sync_bodies(SyncRun *run, const GPtrArray *sets, bool *all,
                 GError **error);

/* What is fetched in sets, and where it goes (sync_fetch.c). The functions get
 * the sink's user. */
typedef struct {
    SyncRun *run;
    const char *items;
    ImapSink sink;
    guint *sets; /* of one call, told to their ends; set_told() counts */
    bool (*is_open)(void *user, guint32 uid); /* is it still to come? */
    bool (*flush)(void *user, GError **error); /* records what was told */
    bool (*refused)(void *user, guint32 uid, const char *words, GError **error);
} SyncFetch;

/* *all: none was left out because something more urgent waits. */
bool sync_fetch(const SyncFetch *fetch, const GPtrArray *sets, bool *all,
                GError **error);

/* Messages that the server refused when they were asked for alone
 * (sync_refused.c). They have rows, and are asked for again when the user opens
 * one, else after a while. */
bool sync_refused_note(SyncRun *run, guint32 uid, const char *words,
                       GError **error);
/* It is told at the end of the run. */
void sync_refused_count(SyncRun *run, guint32 uid, const char *words);
/* A row for one whose header is refused as well. */
bool sync_refused_row(SyncRun *run, guint32 uid, const char *words,
                      GError **error);
/* Those that are not asked for, and those for which it is time again. */
void sync_refused_read(const SyncRun *run, UidSet *resting, UidSet *due);
/* Forgets those that are here or gone by now. */
bool sync_refused_tidy(const SyncRun *run, GError **error);
/* Folders that have some for which it is time are looked at. */
bool sync_refused_wake(const Sync *sync, const GPtrArray *folders,
                       GError **error);

/* change() of 0 to n - 1, a slice in each transaction: an act of the user waits
 * for no more. What is cut off is a prefix. */
bool sync_each(const Sync *sync, guint n,
               bool (*change)(void *user, guint i, GError **error), void *user,
               GError **error);

/* One of several; NULL: none. */
const StoreFolder *sync_folder_in(const GPtrArray *folders, gint64 id);
const ImapMailbox *sync_mailbox_in(const GPtrArray *mailboxes,
                                   const char *name);

/* The server's flags for a row, local tags kept; all tags in a mailbox that
 * takes no keywords. */
bool sync_set_flags(const SyncRun *run, gint64 id, unsigned flags,
                    const char *tags, GError **error);

/* Makes a row of what was told: a match among the rows that wait, else a new
 * one. bytes: header block or beginning. file: relative, or NULL. Returns the
 * id, 0 on error. *matched: it is an old row. exact: an old row of the same
 * size, or none, which is 0 and no error. */
typedef struct {
    guint32 uid;
    unsigned flags;
    const char *tags;
    gint64 arrival;
    guint64 size;
    const char *file;
    StoreMessage *facts;
    StoreObject object;
    bool exact;
} SyncArrival;

gint64 sync_place(SyncRun *run, const SyncArrival *arrival, bool *matched,
                  GError **error);

/* What else is asked for of each message, " EMAILID SAVEDATE", where the server
 * has it. Interned. */
const char *sync_object_items(const Sync *sync);

/* Does the server name messages: EMAILID, or X-GM-MSGID of Gmail? */
bool sync_has_ids(const Sync *sync);

/* Messages of these sets whose bytes are here in another folder are told to
 * sink as if the server had sent them (sync_adopt.c). */
bool sync_adopt(SyncRun *run, const GPtrArray *sets, const ImapSink *sink,
                GError **error);

/* A file that goes because its message is gone from one mailbox is kept until
 * the round of all folders ends: it may turn up in another. Where rounds do not
 * come to their end, for a day. */
void sync_adopt_begin(const Sync *sync);
void sync_adopt_keep(const Sync *sync, gint64 id, const char *file);
void sync_adopt_end(const Sync *sync);

/* Gmail's \All (sync_rest.c). Its folder; 0: the account has none. */
gint64 sync_rest(const Sync *sync);
/* What is searched for there. */
const char *sync_rest_criteria(void);

/* Which of the mailboxes it is, which from then on is the archive, unless
 * another one is; NULL: none. Its folder, once it has one, is noted. */
const ImapMailbox *sync_rest_find(const Sync *sync, const GPtrArray *mailboxes);
bool sync_rest_note(const Sync *sync, const ImapMailbox *rest, GError **error);

bool sync_rest_is_due(const Sync *sync);
bool sync_rest_set_due(const Sync *sync, bool due, GError **error);
/* A message was placed in the folder of a run. In its transaction. */
bool sync_rest_placed(const SyncRun *run, const char *email_id, GError **error);

/* The messages that lie in no other mailbox; it is selected. NULL on error. */
UidSet *sync_rest_members(const Sync *sync, const ImapSelected *now,
                          GError **error);

/* Names that are not to stay unless a row has them; see sync_sweep.c. */
typedef struct Sweep Sweep;

/* Before files are named. NULL on error. */
Sweep *sweep_begin(const Sync *sync, const StoreFolder *folder,
                   const GPtrArray *files, GError **error);
/* Rows have them: in the transaction that records these. */
bool sweep_recorded(const Sweep *sweep, GError **error);
/* What was not recorded is for the next run to sweep. */
void sweep_end(Sweep *sweep);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sweep, sweep_end)

/* Names of files that go, in the transaction that takes their rows away; the
 * key of the note, g_free(), NULL on error. Then the files and the note go. */
char *sweep_note(const Sync *sync, const StoreFolder *folder,
                 const GPtrArray *files, GError **error);
bool sweep_files(const Sync *sync, const StoreFolder *folder, const char *key,
                 const char *const *files, GError **error);

/* All that are noted of a folder. g_strfreev(). */
char **sweep_names(const Sync *sync, const StoreFolder *folder);
void sweep_remove(const Sync *sync, const char *file);
/* Removes what was noted by who is no more. */
bool sweep_recover(const Sync *sync, const StoreFolder *folder, GError **error);

/* A folder's own fact: "mtime", "lacking". Value NULL: forget. */
char *sync_fact(const Sync *sync, const StoreFolder *folder, const char *name);
bool sync_set_fact(const Sync *sync, const StoreFolder *folder,
                   const char *name, const char *value, GError **error);

/* Takes rows and their files away: rows and the note in one transaction, then
 * files, then the note. */
bool sync_remove_rows(const Sync *sync, const StoreFolder *folder,
                      const GArray *ids, GError **error);

/* What the user changed in messages that are gone from their mailbox, until
 * they turn up in another (sync_carry.c). g_hash_table_unref(). */
GHashTable *sync_carry(const Sync *sync);
bool sync_carry_note(const Sync *sync, const StoreRow *row, GError **error);
bool sync_carry_take(const Sync *sync, GHashTable *carried, gint64 id,
                     const char *message_id, GError **error);
bool sync_carry_end(const Sync *sync, GError **error);

/* Tells the server what the user wants of folders. */
bool sync_tell_wishes(const Sync *sync, GError **error);

/* Is the server still to be told of its name? */
bool sync_is_renamed(Store *store, const StoreFolder *folder);

/* Of these, which folders are to go and may by now. */
bool sync_tell_deletes(const Sync *sync, GError **error);

/* A folder, and all below it, have another name now; files follow. */
bool sync_folders_called(Store *store, const StoreFolder *folder,
                         const char *to, GError **error);
bool sync_folder_called(Store *store, StoreFolder *folder, const char *name,
                        GError **error);

/* Moves on servers without MOVE (sync_move.c): what was copied out of a folder
 * is noted, before the copies are; it goes from there, where it is selected;
 * and what an earlier round did not come to is done. */
bool sync_move_left(const Sync *sync, const StoreFolder *folder,
                    guint32 uidvalidity, const UidSet *uids, GError **error);
bool sync_move_end(const Sync *sync, const StoreFolder *folder,
                   guint32 uidvalidity, GError **error);
bool sync_moves_resume(const Sync *sync, const GPtrArray *folders,
                       GError **error);

/* From the selected folder. Where the server can but mark them, it is said. */
bool sync_expunge(const Sync *sync, const StoreFolder *folder,
                  const UidSet *uids, GError **error);

/* A message of the selected folder, by its id, that no row is: one whose
 * answer was lost. uid 0: there is none. */
bool sync_find_unknown(const Sync *sync, const StoreFolder *folder,
                       const char *message_id, guint32 *uid, GError **error);

/* Takes a folder that the server has no more away with its rows and files, but
 * for what the user moved out of it (store_folder_lost()). What is still to be
 * uploaded to it keeps it, to be made anew there. */
bool sync_folder_remove(const Sync *sync, const StoreFolder *folder,
                        GError **error);

/* What went from all folders of a round together (P16; sync_lost.c). Zeroed but
 * for sync and folders. */
struct SyncLost {
    const Sync *sync;
    const GPtrArray *folders; /* StoreFolder */
    guint known;   /* messages of all, before any was removed */
    guint removed; /* of these, as far as removals are counted */
    guint gone;    /* of these, as the server told */
    bool counts;   /* removals are counted: it did not tell with LIST */
    bool asked;    /* it told since, because they were many */
    bool holds;    /* nothing is removed without a yes … */
    bool held;     /* … and something would have been */
    bool said;
};

void sync_lost_begin(SyncLost *lost, const GPtrArray *mailboxes);
/* n more go from the selected mailbox, which has so many there. *holds: not
 * without a yes. */
bool sync_lost_holds(SyncLost *lost, const StoreFolder *selected, guint there,
                     guint n, bool *holds, GError **error);
/* That something is held, in one line. */
void sync_lost_say(SyncLost *lost);
/* All folders that are wanted were looked at. */
bool sync_lost_end(SyncLost *lost, GError **error);

/* 3 to 7 of one folder. */
bool sync_pull(const Sync *sync, StoreFolder *folder, SyncLost *lost,
               GError **error);
/* It is about to be, once the mailboxes are listed. */
void sync_pull_ahead(const Sync *sync, const StoreFolder *folder);

/* The stamp of cur/ and new/ when another program changed names in them since
 * the one that is kept, "" when it is too fresh to be kept; NULL: they are as
 * we know them. g_free(). */
char *sync_changed_stamp(const Sync *sync, const StoreFolder *folder);

/* Makes the directories of a folder; that they are there is noted
 * (sync_directory_is_new()). */
bool sync_directory_make(const Sync *sync, const StoreFolder *folder,
                         GError **error);
bool sync_directory_is_there(const char *mail, const StoreFolder *folder);

void sync_warn(const Sync *sync, const char *format, ...) G_GNUC_PRINTF(2, 3);

#endif
