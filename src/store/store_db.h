/* What the files of the store share: the connection and short ways to run a
 * statement. Statements are cached by the address of their text, so a text
 * must be a literal or interned. */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "store/store.h"
#include "store_turn.h"

#include <sqlite3.h>

enum {
    STORE_BUSY_MS = 5000 /* that another writer is waited for */
};

struct Store {
    sqlite3 *db;
    char *path;
    GHashTable *statements; /* text → sqlite3_stmt */
    int depth;              /* of nested transactions */
    StoreTurn *turn;        /* while a transaction is open; or NULL */
    bool failed;            /* the transaction will be rolled back */
    guint lazy;             /* how many want commits to be */
    bool is_lazy;           /* what SQLite was told */
};

/* store_db.c */

/* A statement, reset, with values bound by form: i gint64, s text or NULL,
 * b const void * and gsize. Texts are borrowed until the last step. NULL with
 * ERR_LOCAL. Cached: do not finalize. */
sqlite3_stmt *store_prepare(Store *store, GError **error, const char *sql,
                            const char *form, ...);

/* One step: SQLITE_ROW, or SQLITE_DONE, or an error set. */
int store_step(Store *store, sqlite3_stmt *statement, GError **error);

/* The one row of a query about message ?1, to be reset by the caller. NULL:
 * there is no such message, or an error; *error is set. */
sqlite3_stmt *
store_message(Store *store, gint64 id, const char *sql, GError **error);

/* Runs it to its end. */
bool store_exec(Store *store, GError **error, const char *sql, const char *form,
                ...);

/* Runs statements that are not cached and take no values. */
bool store_run(Store *store, const char *sql, GError **error);

/* The first column of the first row, or otherwise when there is none. Trouble
 * inside a transaction makes that transaction fail. */
gint64 store_int(Store *store, gint64 otherwise, const char *sql,
                 const char *form, ...);

/* The first column of all rows. GArray of gint64. statement may be NULL: then
 * error is set already. */
GArray *store_read_ids(Store *store, sqlite3_stmt *statement, GError **error);

/* A column as a copy; NULL stays NULL. */
char *store_text(sqlite3_stmt *statement, int column);

/* Sets ERR_LOCAL with what SQLite says. Returns false. */
bool store_fail(Store *store, GError **error);

/* Case folded, whatever the bytes. g_free(). */
char *store_fold(const char *untrusted);

/* store_schema.c: refuses a foreign or newer file, else brings it up. */
bool store_schema_prepare(Store *store, GError **error);

/* store_counts.c: what counts need to know of a row. */
typedef struct {
    gint64 id;
    gint64 thread;
    gint64 folder; /* 0: nowhere */
    gint64 date;
    unsigned flags;
} StorePlace;

/* ERR_LOCAL when there is no such row. */
bool
store_place_read(Store *store, gint64 id, StorePlace *place, GError **error);

/* The row was written: counts follow. from->folder 0: it is new; to->folder 0:
 * it left. Both are of one thread. */
bool store_place_moved(Store *store, const StorePlace *from,
                       const StorePlace *to, GError **error);

/* All rows of folder 0 of thread_folder anew, after a role changed. */
bool store_counts_rebuild(Store *store, GError **error);

/* All counts and `pending` anew, after a folder went. */
bool store_recount(Store *store, GError **error);

/* store_threads.c */

/* The thread that the ids of a message belong to, made one where they named
 * several; otherwise when none is known. 0 on error. */
gint64 store_thread_join(Store *store, const StoreMessage *message,
                         gint64 otherwise, GError **error);

/* The same for a row that is there already. */
bool store_thread_rejoin(Store *store, gint64 id, const StoreMessage *message,
                         GError **error);

/* A message of it was deleted: forgets the ids of a thread without any. */
bool store_thread_leave(Store *store, gint64 thread, GError **error);

/* The key of an id in `reference`. Never 0. */
gint64 store_thread_hash(const char *message_id);

/* store_state.c: what the user wants of a row, in one step; settles counts,
 * `pending` and what the index and the file have to follow. */
typedef struct {
    gint64 folder;
    unsigned flags; /* system bits; the others stay */
    const char *tags;
} StoreState;

bool store_state_write(Store *store, gint64 id, const StoreState *state,
                       GError **error);

/* Of a message m: undo would not bring it back next. */
#define STORE_NOT_UNDOABLE                                                     \
    "m.id NOT IN (SELECT message FROM act_item WHERE act ="                    \
    " (SELECT max(id) FROM act WHERE undone = 0))"

/* store_pending.c: makes `pending` true for one message (S4), or for all of a
 * folder. */
bool store_pending_update(Store *store, gint64 id, GError **error);

bool store_pending_update_folder(Store *store, gint64 folder, GError **error);

/* It is on no server, or not yet on another one: what the old one called it
 * means nothing there. */
bool store_object_forget(Store *store, gint64 id, GError **error);

/* S4 as a condition on message m; an orphan waits for store_match(), a row that
 * is nowhere for its removal, and a local folder has no server. */
#define STORE_DIFFERS                                                          \
    "(m.orphan = 0 AND (m.folder <> m.server_folder"                           \
    " OR m.flags & 63 <> m.server_flags OR m.tags <> m.server_tags"            \
    " OR m.moving <> 0)"                                                       \
    " AND (m.server_folder > 0 OR m.moving > 0"                                \
    " OR EXISTS (SELECT 1 FROM folder f"                                       \
    " WHERE f.id = m.folder AND f.local = 0)))"

/* As a condition: does message m have the keyword of the next value? */
#define STORE_HAS_TAG "instr(' ' || m.tags || ' ', ' ' || ? || ' ')"

/* store_rows.c: the columns of a message row, and reading one. */
#define STORE_ROW_COLUMNS                                                      \
    "m.id, m.thread, m.folder, m.server_folder, m.uid, m.file, "               \
    "m.message_id, m.index_id, m.subject, m.from_name, m.from_addr, "          \
    "m.recipients, m.snippet, m.date, m.arrival, m.size, m.flags, "            \
    "m.server_flags, m.tags, m.server_tags, m.verdict, m.trust"
StoreRow *store_row_read(sqlite3_stmt *statement);

/* Messages of thread ?1 that a list of folder ?2 (0: all mail) shows. The
 * numbers are those of FOLDER_ROLE_JUNK and FOLDER_ROLE_TRASH. */
#define STORE_IN_THREAD                                                        \
    " FROM message m JOIN folder f ON f.id = m.folder WHERE m.thread = ?1"     \
    " AND (m.folder = ?2 OR f.role NOT IN (5, 6))"
G_STATIC_ASSERT(FOLDER_ROLE_JUNK == 5 && FOLDER_ROLE_TRASH == 6);
G_STATIC_ASSERT(STORE_FLAG_SEEN == 4 && STORE_FLAG_FLAGGED == 32);

#endif
