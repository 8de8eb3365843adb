/* state.db behind one door: accounts, folders, a row for every message,
 * threads, what the user wants and the server does not know yet, the record of
 * acts for undo. Every list is a page of rows from here.
 *
 * One Store is one SQLite connection and belongs to one thread; open another
 * for another thread (WAL: readers never wait). Transactions stay short, so
 * that an act on the main thread waits for none longer than a frame. Every
 * write is durable when the outermost transaction returns (synchronous=FULL).
 *
 * A row knows two states: what the server said (server_folder, uid,
 * server_flags, server_tags) and what the user sees (folder, flags, tags).
 * Where they differ the message is *pending*; the engine makes the server
 * follow and then sets both equal. So a change, its undo and a crash are one
 * mechanism:
 *   S1  a row with file != NULL has a whole, durable file of that name;
 *   S2  a row with uid and no file is a message still to be fetched;
 *   S3  a row with uid 0 and a folder is to be appended, or moved or copied
 *       there by the server and not yet seen under its new UID;
 *   S4  `pending` has a row for exactly the messages whose states differ, but
 *       for those that a server will never have (local folders) and those that
 *       wait for store_match(). */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/uidset.h"

#include <glib.h>
#include <stdbool.h>

typedef struct Store Store;

/* Opens or makes the file at path, 0600. A newer or foreign schema version is
 * refused with ERR_LOCAL and never written (promise P27). */
Store *store_open(const char *path, GError **error);
void store_close(Store *store);

/* The file that it was opened from. Borrowed. */
const char *store_path(const Store *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_close)

/* Nestable; the outermost end commits durably. On failure everything is
 * rolled back at the outermost end. */
bool store_begin(Store *store, GError **error);
bool store_end(Store *store, bool commit, GError **error);

/* In a transaction: how many other threads of this process wait to write. What
 * can be done in parts ends its transaction when there are any. */
guint store_waiting(const Store *store);

/* Until the end of the scope, a commit of this connection survives a kill of
 * the process but perhaps not a power cut; the next one that is not lazy, of
 * any connection, makes it durable as well. Nestable; not inside a transaction:
 *     g_autoptr(StoreLazy) G_GNUC_UNUSED lazy = store_lazy(store); */
typedef struct Store StoreLazy;
StoreLazy *store_lazy(Store *store);
void store_lazy_end(StoreLazy *lazy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreLazy, store_lazy_end)

/* What is read between the two is one state, and is read faster: SQLite locks
 * once. Not nestable; nothing is written in between. */
void store_read_begin(Store *store);
void store_read_end(Store *store);

/* Changes whenever any connection committed anything: "reload the list?". */
guint64 store_version(Store *store);

typedef enum {
    FOLDER_ROLE_NONE,
    FOLDER_ROLE_INBOX,
    FOLDER_ROLE_DRAFTS,
    FOLDER_ROLE_SENT,
    FOLDER_ROLE_ARCHIVE,
    FOLDER_ROLE_JUNK,
    FOLDER_ROLE_TRASH,
    FOLDER_ROLE_ALL,     /* all of them, once more */
    FOLDER_ROLE_FLAGGED, /* virtual on the server */
} FolderRole;

/* As the user writes it: "inbox", "drafts", …; "" for none. */
const char *store_role_word(FolderRole role);

typedef struct {
    gint64 id;
    char *account;  /* the account's name in the configuration */
    char *name;     /* the mailbox as the server calls it, UTF-8; untrusted */
    char *path;     /* "work/Lists/linux-mm" below the mail root; safe */
    char delimiter; /* of the hierarchy, or 0 */
    FolderRole role;
    bool selectable;
    bool subscribed;
    bool local; /* of an account without a server: never pending */
    guint32 uidvalidity; /* 0: never synchronised */
    guint32 uidnext;     /* all UIDs below have a row or were expunged */
    guint64 modseq;      /* HIGHESTMODSEQ up to which all is known; 0: none */
    guint total;
    guint unread;
} StoreFolder;

/* Is there anything to open: a mailbox, or what was in one that is gone on the
 * server and waits here for a yes (P16)? Pure. */
bool store_folder_opens(const StoreFolder *folder);

/* Up to where a folder is known: the same of StoreFolder. */
typedef struct {
    guint32 uidvalidity, uidnext;
    guint64 modseq;
} StoreMark;

void store_folder_free(StoreFolder *folder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreFolder, store_folder_free)

/* Folders of an account, or of all (NULL): roles first, then by name. Array of
 * StoreFolder, free with g_ptr_array_unref(). */
GPtrArray *store_folders(Store *store, const char *account, GError **error);
StoreFolder *store_folder(Store *store, gint64 id, GError **error);
StoreFolder *store_folder_by_path(Store *store, const char *path,
                                  GError **error);
StoreFolder *store_folder_by_role(Store *store, const char *account,
                                  FolderRole role, GError **error);

/* Adds (id 0) or changes a folder; counts are not written. Returns its id,
 * 0 on error. A new folder whose path differs from another's only in case or
 * Unicode normal form gets a mark behind its path (promise P82): read the path
 * back before making directories. A local folder's path stays as it is. */
gint64 store_folder_put(Store *store, const StoreFolder *folder,
                        GError **error);

/* Of a folder that was read before, this alone: what else it is may have been
 * changed since, by whoever. */
bool store_folder_mark(Store *store, gint64 id, const StoreMark *mark,
                       GError **error);
bool store_folder_set_selectable(Store *store, gint64 id, bool on,
                                 GError **error);

/* The server has the folder no more: what the user moved out of it and is here
 * stays where he put it, to be appended there. */
bool store_folder_lost(Store *store, gint64 id, GError **error);

/* Forgets a folder and its rows, not their files, but for what is to stay:
 * store_folder_lost(); what the user moved into it is back where the server has
 * it. */
bool store_folder_remove(Store *store, gint64 id, GError **error);

/* Flags of a row: the system flags of IMAP, with the values of maildir.h's
 * MaildirFlags (core asserts that), and what we know of the content. */
enum {
    STORE_FLAG_PASSED = 1 << 0,
    STORE_FLAG_REPLIED = 1 << 1,
    STORE_FLAG_SEEN = 1 << 2,
    STORE_FLAG_TRASHED = 1 << 3,
    STORE_FLAG_DRAFT = 1 << 4,
    STORE_FLAG_FLAGGED = 1 << 5,
    STORE_FLAG_ATTACHMENT = 1 << 8,
    STORE_FLAG_LIST = 1 << 9, /* has List-Id */
};
enum { STORE_SYSTEM_FLAGS = 0x3f };

/* A message to be added. Texts are decoded UTF-8, untrusted, may be NULL. */
typedef struct {
    gint64 folder;
    guint32 uid;            /* 0: not on the server yet */
    const char *file;       /* path below the mail root, NULL: not here */
    bool unsettled;         /* the file is still to get its name */
    const char *message_id; /* without <>; NULL: none */
    const char *in_reply_to;
    const char *const *references; /* NULL-terminated, oldest first, or NULL */
    const char *subject;
    const char *from_name;
    const char *from_addr;
    const char *to;      /* "Name <addr>, …" for display */
    const char *snippet; /* first words of the text, or NULL */
    const char *header;  /* raw header block, kept only while file is NULL */
    gsize header_size;
    gint64 date;    /* of the Date field, else arrival; seconds UTC */
    gint64 arrival; /* INTERNALDATE */
    guint64 size;   /* octets on the server */
    unsigned flags;
    const char *tags; /* other tags: "todo work", sorted; "" none */
} StoreMessage;

/* Adds a row, joins its thread, returns its id; 0 on error. Both states of the
 * row are equal when uid != 0; a row with uid 0 is pending (to be appended)
 * unless its account is local. */
gint64 store_message_add(Store *store, const StoreMessage *message,
                         GError **error);

/* What a list shows. All texts untrusted. */
typedef struct {
    gint64 id;
    gint64 thread;
    gint64 folder;
    gint64 server_folder; /* 0: not on the server */
    guint32 uid;
    char *file; /* NULL: not here */
    char *message_id;
    char *index_id; /* id in notmuch, NULL: not indexed */
    char *subject;
    char *from_name;
    char *from_addr;
    char *to;
    char *snippet;
    gint64 date;
    gint64 arrival;
    guint64 size;
    unsigned flags;
    unsigned server_flags;
    char *tags;
    char *server_tags;
    char *verdict; /* "pass", "resent", "unverified", "fail"; NULL: none kept */
    char *trust; /* what else is kept of the check: core/standing.h; or NULL */
    /* Of a thread row only (store_rows with threads): */
    guint thread_total;
    guint thread_unread;
    char **authors; /* display names, oldest first, unread ones last; NULL for
                       a message row */
} StoreRow;

void store_row_free(StoreRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreRow, store_row_free)

typedef enum {
    STORE_ORDER_DATE,
    STORE_ORDER_FROM,
    STORE_ORDER_SUBJECT,
    STORE_ORDER_UNREAD, /* unread first, then date */
    STORE_ORDER_SIZE,
} StoreOrder;

/* Which messages, in which order: newest (largest) first unless reverse. */
typedef struct {
    const char *account; /* NULL: any */
    gint64 folder;       /* 0: any but trash and junk */
    unsigned any_flags;  /* 0, or rows with one of these flags */
    bool unread;         /* only unread */
    bool threads;        /* ids are threads' ids; a thread is in a folder when
                            one of its messages is */
    StoreOrder order;
    bool reverse;
} StoreView;

/* Ids of the view, at most limit (0: all). 8 bytes each, from a covering
 * index: 100,000 in about 20 ms. GArray of gint64; g_array_unref(). */
GArray *store_ids(Store *store, const StoreView *view, guint limit,
                  GError **error);

/* Rows for ids, in their order; an id that is gone gives NULL. For threads:
 * the newest message of the thread (in folder, when not 0), its subject from
 * the first, the verdict "fail" when one of them has it, and the thread's
 * fields. Array of StoreRow. */
GPtrArray *store_rows(Store *store, const gint64 *ids, guint n, bool threads,
                      gint64 folder, GError **error);

StoreRow *store_row(Store *store, gint64 id, GError **error);

/* Ids of the messages of a thread, an answer below what it answers, else oldest
 * first; depths (may be NULL): how deep each is in the tree (GArray of int).
 * Trash and junk are left out, except folder itself, which may be one. */
GArray *store_thread_messages_in(Store *store, gint64 thread, gint64 folder,
                                 GArray **depths, GError **error);

/* The same from no folder in particular: trash and junk only when the thread is
 * nowhere else. */
GArray *store_thread_messages(Store *store, gint64 thread, GArray **depths,
                              GError **error);

/* Message rows with this Message-ID or index id (several: copies). */
GArray *store_find_id(Store *store, const char *message_id, GError **error);

/* The dates of rows, 0 for one that is gone. GArray of gint64. */
GArray *store_dates(Store *store, const GArray *ids, GError **error);

/* What is looked for in rows that the index does not know. */
typedef enum {
    STORE_TERM_TEXT, /* in sender, recipients, subject or first words */
    STORE_TERM_FROM,
    STORE_TERM_TO,
    STORE_TERM_SUBJECT,
    STORE_TERM_ID,     /* text is the Message-ID */
    STORE_TERM_FLAG,   /* number: a flag that is set */
    STORE_TERM_TAG,    /* text is one of the tags */
    STORE_TERM_FOLDER, /* number: it is in that folder */
    STORE_TERM_SINCE,  /* number: its date is that or later */
    STORE_TERM_BEFORE, /* number: its date is earlier */
    STORE_TERM_MAYBE,  /* a row cannot say */
    STORE_TERM_NOT,    /* of the part before it */
    STORE_TERM_AND,    /* of the two before it */
    STORE_TERM_OR
} StoreTermKind;

/* How a text is meant. */
enum {
    STORE_TERM_WHOLE, /* words */
    STORE_TERM_BEGINS /* a word that begins so */
};

typedef struct {
    StoreTermKind kind;
    char *text; /* may be NULL where none is meant */
    gint64 number;
} StoreTerm;

/* Message rows that the index does not know, or not as they are now, and of
 * which the terms hold, newest first. terms: StoreTerm, each behind what it
 * takes, so that a stack evaluates them. A text stands where words do, in any
 * case. It reads the rows: about 1 µs each until limit are found. */
GArray *store_find_terms(Store *store, const GArray *terms, guint limit,
                         GError **error);

/* Rows of a message that the index found by its id, without those that the
 * terms deny: copies of it lie elsewhere, or have other tags. A message of one
 * row, as the index has it, is what the index says: another program may just
 * have tagged it there. */
GArray *store_find_id_terms(Store *store, const char *message_id,
                            const GArray *terms, GError **error);

/* Are there rows that the index never gets, because only their header is
 * here? */
bool store_has_headers(Store *store);

/* Every row of a folder that has a file: its id and the name of the file as
 * the row knows it. */
typedef struct {
    gint64 id;
    char *file;
    unsigned flags;
} StoreFile;

/* Array of StoreFile; free with g_ptr_array_unref(). */
GPtrArray *store_files(Store *store, gint64 folder, GError **error);

/* Does it have rows whose files lie in its directory? */
bool store_has_files(Store *store, gint64 folder);

/* A row of a folder that has no file and is this message (same Message-ID and
 * size); 0: none. */
gint64 store_lacking(Store *store, gint64 folder, const char *message_id,
                     guint64 size);

/* The user (another program of his) removed the file of a row of an account
 * without a server: the row goes. */
bool store_remove(Store *store, gint64 id, GError **error);

/* Raw header block of a message that is not here; NULL without error: none.
 * g_free(). */
char *store_header(Store *store, gint64 id, gsize *size, GError **error);

/* The user's side: wanted flags (system bits), tags and folder. The caller
 * wraps an act on many in one transaction. These also keep `pending`,
 * thread and folder counts true. folder 0 in set_folder: to be expunged. */
bool store_set_flags(Store *store, gint64 id, unsigned flags, GError **error);
bool store_set_tags(Store *store, gint64 id, const char *tags, GError **error);
bool store_set_folder(Store *store, gint64 id, gint64 folder, GError **error);

/* A copy of a row in another folder with file of its own, which is still to get
 * its name (NULL: none); returns its id. */
gint64 store_copy(Store *store, gint64 id, gint64 folder, const char *file,
                  GError **error);

/* Facts about the file and the index; not the user's acts. */
bool store_set_file(Store *store, gint64 id, const char *file, GError **error);
bool store_set_body(Store *store, gint64 id, const StoreMessage *message,
                    GError **error); /* all but place, uid, flags, tags */
bool store_set_index_id(Store *store, gint64 id, const char *index_id,
                        GError **error);

/* The index now has the message (index_id NULL: refuses it) as row was when it
 * was read. Whatever changed since keeps the row among store_unindexed(). */
bool store_set_indexed(Store *store, const StoreRow *row, const char *index_id,
                       GError **error);
bool store_set_verdict(Store *store, gint64 id, const char *verdict,
                       const char *trust, GError **error);

/* How many messages of an address are here, at most limit. */
guint store_sender_count(Store *store, const char *addr, guint limit);

/* How many messages outside trash and junk are from someone else than they
 * say: verdict "fail". */
guint store_failed_count(Store *store);

/* Of the newest messages of an account, limit of them, those that are here and
 * were never checked; newest first. Not of Sent, Drafts, junk, trash. GArray of
 * gint64. */
GArray *
store_unjudged(Store *store, const char *account, guint limit, GError **error);

/* A key of a signature, as the DNS had it at that time. */
bool store_key_seen(Store *store, const char *name, const char *record,
                    gint64 time, GError **error);
/* The name of the key that was seen last of those that sign for a domain; NULL:
 * none. g_free(). */
char *store_key_of(Store *store, const char *domain);
/* The record that it had then or later; NULL: none that is known. g_free(). */
char *store_key_at(Store *store, const char *name, gint64 when);

/* A message that is to come back at a time (seconds since 1970), and the folder
 * it came from. Where its row is gone, that of the same Message-ID. */
typedef struct {
    gint64 id, until, folder;
} StoreSnooze;

/* act: of store_act_begin(); while that is undone, the entry does not count. */
bool store_snooze(Store *store, const StoreSnooze *entry, gint64 act,
                  GError **error);

/* GArray of StoreSnooze of the rows that have the tag, soonest first. */
GArray *store_snoozed(Store *store, const char *tag, GError **error);

/* False: there is none. */
bool store_snooze_find(Store *store, gint64 id, StoreSnooze *entry);

/* Forgets entries that were over before a time, but for rows with the tag. */
bool store_snooze_forget(Store *store, const char *tag, gint64 before,
                         GError **error);

/* Does a message of the thread other than id have that tag? */
bool store_thread_has_tag(Store *store, gint64 thread, gint64 id,
                          const char *tag);

/* Rows whose file lies in another folder, or has other flags in its name, than
 * the user wants, until store_set_file(): the room core renames the files
 * behind, in the transaction in which it reads the rows. Also rows that are
 * nowhere (folder, server_folder, moving 0): their file is to be removed, and
 * they by store_server_gone(); but_undoable: not those that undo would bring
 * back next. */
GArray *store_unsettled(Store *store, bool but_undoable, guint limit,
                        GError **error);

/* The files of all of them, as in store_files(). */
GPtrArray *store_unsettled_files(Store *store, GError **error);

/* The file of each row that may lie in a folder's directories: its own, those
 * on their way, those deleted for good. False: each said so, or they could not
 * be read. The store must not be used by each. */
bool store_each_file_near(Store *store, gint64 folder,
                          bool (*each)(const char *file, void *user),
                          void *user);

/* The next rows with a file that the index does not know, or whose tags it
 * has not got since they changed: those of the user's last acts alone, newest
 * act first, while there are any; then the newest. GArray of gint64. */
GArray *store_unindexed(Store *store, guint limit, GError **error);
guint store_unindexed_count(Store *store);

/* Index ids of rows that went: the index is to forget their files. Array of
 * char *; g_ptr_array_unref(). */
GPtrArray *store_index_gone(Store *store, GError **error);
bool store_index_forgot(Store *store, const char *index_id, GError **error);

/* Is there anything to index or to forget? Cheap. */
bool store_index_behind(Store *store);

/* Does the index have any row, as far as was recorded? */
bool store_index_used(Store *store);

/* The index was thrown away: every row with a file is to be indexed again. */
bool store_index_lost(Store *store, GError **error);

typedef struct {
    gint64 id;
    guint32 uid;
    unsigned flags;
    unsigned server_flags;
    guint tags_hash; /* g_str_hash() of server_tags; 0: none */
    gint64 date, arrival;
    guint64 size;
    bool here;       /* has its file */
    bool leaving;    /* moved or deleted by the user, or about to be there */
    bool deleted;    /* leaving for good */
} StoreUid;

/* Every row that the server has in this folder, by UID. GArray of StoreUid. */
GArray *store_uids(Store *store, gint64 server_folder, GError **error);

/* Those of them whose UIDs are in a set, and how many there are in all. */
GArray *store_uids_among(Store *store, gint64 server_folder,
                         const UidSet *among, GError **error);
guint store_uid_count(Store *store, gint64 server_folder);

/* The server's flags and tags for a row; the wanted ones follow by a merge for
 * each flag: what the user changed since stays, the rest is the server's. */
bool store_server_flags(Store *store, gint64 id, unsigned flags,
                        const char *tags, GError **error);

/* We told the server these, and it accepted: they are its state, and what the
 * user wants stays as it is. If that is something else by now, it is pending.
 */
bool store_server_told(Store *store, gint64 id, unsigned flags,
                       const char *tags, GError **error);

/* The server has the row now there under uid (append, move, adopt); uid 0: not
 * seen there yet; folder 0: nowhere any more. A row that a sync made for the
 * same UID meanwhile is taken over by this one. */
bool store_server_place(Store *store, gint64 id, gint64 folder, guint32 uid,
                        GError **error);

/* The server no longer has it: the row goes, its file name is returned in
 * *file for removal (NULL: none; g_free()). */
bool store_server_gone(Store *store, gint64 id, char **file, GError **error);

/* What a server calls the bytes of a message, wherever they are (EMAILID, RFC
 * 8474; NULL: it does not), and when the message came into its mailbox
 * (SAVEDATE, RFC 8514; 0: not told). */
typedef struct {
    const char *email_id;
    gint64 save_date;
} StoreObject;

bool store_object_put(Store *store, gint64 id, const StoreObject *object,
                      GError **error);
gint64 store_save_date(Store *store, gint64 id);
char *store_email_id(Store *store, gint64 id); /* g_free(); NULL: none */

/* Is any EMAILID known? */
bool store_has_objects(Store *store);

/* Does the server have these bytes in that folder, by our rows? */
bool store_object_in(Store *store, gint64 server_folder, const char *email_id);

/* Does it have those of this row in another folder too, which are to stay? */
bool store_object_elsewhere(Store *store, gint64 id);

/* A row of the account that has these bytes in a file; 0: none. */
gint64 store_object_here(Store *store, const char *account,
                         const char *email_id);

/* A message as a server tells it, of which a row is looked for. Several may
 * have one Message-ID: the copy of a list and the direct one. */
typedef struct {
    const char *message_id; /* NULL: none */
    guint64 size;
    gint64 date, arrival;
    bool exact; /* of the same size, or none */
} StoreSought;

/* The row that waits for a UID in folder and has these bytes, by their name and
 * by Message-ID (without one: size); 0: none. */
gint64 store_match_object(Store *store, gint64 folder, const char *email_id,
                          const StoreSought *sought);

/* A row with uid 0, waiting in folder or to be appended there, that this
 * message on the server is (same Message-ID, of several the one of the same
 * size; without one, same size and date); 0: none. store_server_place() and
 * store_server_flags() make it so. */
gint64 store_match(Store *store, gint64 folder, const StoreSought *sought,
                   GError **error);

/* UIDVALIDITY changed: every row that the server had in folder gets uid 0 and
 * waits for store_match(); nothing is deleted, nothing is to be appended until
 * store_orphans_settle() says what was not found again. In many transactions,
 * of which the last sets the value: cut short, it is done again. */
bool store_uidvalidity_changed(Store *store, gint64 folder, guint32 value,
                               GError **error);

/* The whole folder was listed again after store_uidvalidity_changed(): rows
 * that store_match() did not find are gone on the server. Their files' names
 * are returned (array of char *, g_ptr_array_unref()), the rows are gone. */
GPtrArray *store_orphans_settle(Store *store, gint64 folder, GError **error);

/* Rows that wait so. */
guint store_orphans(Store *store, gint64 folder);
GArray *store_orphan_ids(Store *store, gint64 folder, GError **error);

/* The server no longer has the row where it was, and has it in folder under a
 * UID that is not known yet (a move whose answer was lost): it waits there
 * like a row of store_uidvalidity_changed(). */
bool store_server_waits(Store *store, gint64 id, gint64 folder,
                        GError **error);

/* The server is told to move a message to a folder, or given one that it does
 * not have yet, and until it answers or its mailbox is looked at, nobody knows
 * where it is: it stays pending, whatever the user does with it, and what is
 * told of it waits (P13). One that is nowhere otherwise is no row to be removed
 * before that. */
bool store_server_moving(Store *store, gint64 id, gint64 to, GError **error);
gint64 store_server_moving_to(Store *store, gint64 id);
/* It did not arrive there. */
bool store_server_not_there(Store *store, gint64 id, GError **error);
bool store_server_is_moving(Store *store, gint64 server_folder);
/* All of this mailbox are known: those that are still in it were not moved. */
bool store_server_moving_end(Store *store, gint64 server_folder,
                             GError **error);

/* Messages that the server has in this folder, or was told to move, and that
 * the user wants elsewhere. */
guint store_leaving(Store *store, gint64 folder);

/* Rows without a UID that a new message of this folder may turn out to be:
 * those that wait, and those still to be appended. */
guint store_unplaced(Store *store, gint64 folder);

typedef struct {
    gint64 id;            /* message */
    gint64 server_folder; /* where the server has it; 0: nowhere (append) */
    guint32 uid;
    gint64 folder;        /* where the user wants it; 0: expunged */
    unsigned flags, server_flags;
    char *tags, *server_tags;
    char *file;
    gint64 since;   /* when the first unconfirmed act was */
    guint attempts; /* failed ones */
    char *reason;   /* of the last failure; untrusted */
    gint64 moving;  /* where the server was told to move it; 0: was not */
} StorePending;

void store_pending_free(StorePending *pending);

/* Words with one more or one less, sorted. g_free(). words NULL: none. */
char *store_words_change(const char *words, const char *word, bool add);
bool store_words_have(const char *words, const char *word);

/* Pending messages of an account, oldest first. Array of StorePending. */
GPtrArray *store_pending(Store *store, const char *account, guint limit,
                         GError **error);
/* Those behind after, which may be one of an earlier call; NULL: from the first
 * on. but_undoable: without those that are to go for good by what undo would
 * take back next. */
GPtrArray *store_pending_after(Store *store, const char *account,
                               const StorePending *after, bool but_undoable,
                               guint limit, GError **error);
guint store_pending_count(Store *store, const char *account);

/* What the server was asked for a message. */
typedef struct {
    unsigned flags;   /* these flags */
    const char *word; /* this tag; NULL: none */
    bool place;       /* that it lies in folder; 0: nowhere */
    gint64 folder;
} StoreAsk;

/* The server refused that for good: of it the wanted state becomes the server's
 * again, of nothing else, and not what the user wants otherwise by now. The
 * reason stays readable in the log. What is not there stays to be uploaded. */
bool store_pending_refused(Store *store, gint64 id, const StoreAsk *ask,
                           const char *reason, GError **error);
bool store_pending_failed(Store *store, gint64 id, const char *reason,
                          GError **error);

/* An act is a label and the former state of each message it touched. */
gint64 store_act_begin(Store *store, const char *label, GError **error);
bool store_act_label(Store *store, gint64 act, const char *label,
                     GError **error);
bool store_act_note(Store *store, gint64 act, gint64 id, GError **error);

/* A message that the act made: before it, there was none. */
bool store_act_note_made(Store *store, gint64 act, gint64 id, GError **error);

typedef struct {
    gint64 id;
    char *label;
    gint64 time;
    guint messages;
    bool undone;
} StoreAct;

void store_act_free(StoreAct *act);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreAct, store_act_free)

/* The act that undo (redo) would take back (bring back); NULL: none. */
StoreAct *store_act_last(Store *store, bool redo, GError **error);

/* The messages that an act touched. GArray of gint64; g_array_unref(). */
GArray *store_act_messages(Store *store, gint64 act, GError **error);

/* Swaps the noted states with the present ones and marks it (not) undone.
 * GArray of the message ids touched. */
GArray *store_act_swap(Store *store, gint64 act, GError **error);

/* Recomputes counts, threads and pending from the rows and compares. False
 * with ERR_LOCAL naming the first difference. For tests and `check`. */
bool store_check(Store *store, GError **error);

/* Values kept under a key (saved place in a list, lastmod of notmuch, …). */
char *store_value(Store *store, const char *key);

/* Those whose keys begin with prefix: key → value. g_hash_table_unref(). */
GHashTable *store_values(Store *store, const char *prefix);
bool store_set_value(Store *store, const char *key, const char *value,
                     GError **error);

typedef struct {
    char *name;
    char *addr;
    guint sent, received;
    gint64 last;
} StoreContact;

/* Addresses seen, best first, whose name or address has a word that begins
 * with prefix. Array of StoreContact. */
GPtrArray *store_contacts(Store *store, const char *prefix, guint limit,
                          GError **error);
bool store_contact_seen(Store *store, const char *name, const char *addr,
                        bool sent, gint64 date, GError **error);

#endif
