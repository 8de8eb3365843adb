/* What the files of the store share: the connection and short ways to run a
 * statement. Statements are cached by the address of their text, so a text
 * must be a literal or live as long as the store. */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "store/store.h"

#include <sqlite3.h>

struct Store {
    sqlite3 *db;
    char *path;
    GHashTable *statements; /* text → sqlite3_stmt */
    int depth;              /* of nested transactions */
    bool failed;            /* something inside was rolled back */
};

/* A statement, reset, with values bound by form: i gint64, s text or NULL,
 * b const void * and gsize. NULL with ERR_LOCAL. Cached: do not finalize. */
sqlite3_stmt *store_prepare(Store *store, GError **error, const char *sql,
                            const char *form, ...);

/* Runs it to its end. */
bool store_exec(Store *store, GError **error, const char *sql,
                const char *form, ...);

/* The first column of the first row, or otherwise. */
gint64 store_int(Store *store, gint64 otherwise, const char *sql,
                 const char *form, ...);

/* One step: SQLITE_ROW, or SQLITE_DONE, or an error set. */
int store_step(Store *store, sqlite3_stmt *statement, GError **error);

bool store_fail(Store *store, GError **error);

/* A column as a copy; NULL stays NULL. */
char *store_text(sqlite3_stmt *statement, int column);

/* store_threads.c: the place of a message in its thread's counts. */
gint64 store_thread_join(Store *store, const StoreMessage *message,
                         gint64 otherwise, GError **error);

typedef struct {
    gint64 folder;
    gint64 thread;
    gint64 date;
    unsigned flags;
} StorePlace;

/* Counts a new message in. */
bool store_place_add(Store *store, const StorePlace *place, GError **error);

/* A message changed: from what it was (folder 0: nowhere) to what it is. */
bool store_place_change(Store *store, const StorePlace *from,
                        const StorePlace *to, GError **error);

/* store_pending.c: makes `pending` true for one message (S4). */
bool store_pending_update(Store *store, gint64 id, GError **error);

/* store_rows.c: the columns of a message row, and reading one. */
#define STORE_ROW_COLUMNS \
    "m.id, m.thread, m.folder, m.server_folder, m.uid, m.file, " \
    "m.message_id, m.index_id, m.subject, m.from_name, m.from_addr, " \
    "m.recipients, m.snippet, m.date, m.arrival, m.size, m.flags, " \
    "m.server_flags, m.tags, m.server_tags, m.verdict"
StoreRow *store_row_read(sqlite3_stmt *statement);

#endif
