/* The history of POP3 maildrops. Must not decide what is fetched or deleted. */
#include "store/store_pop3.h"

#include "store_db.h"

void
store_pop3_free(StorePop3 *entry)
{
    if (entry == NULL)
        return;
    g_free(entry->uidl);
    g_free(entry);
}

/* The number is that of FOLDER_ROLE_TRASH. */
#define ENTRIES                                                                \
    "SELECT p.uidl, p.nth, p.message, p.octets, p.since, p.absent,"            \
    " p.attempts, p.deleted, m.id IS NOT NULL, m.file IS NOT NULL,"            \
    " coalesce((SELECT role = 6 FROM folder f WHERE f.id = m.folder), 0)"      \
    " FROM pop3 p LEFT JOIN message m ON m.id = p.message"                     \
    " WHERE p.account = ?"
G_STATIC_ASSERT(FOLDER_ROLE_TRASH == 6);

static StorePop3 *
read_entry(sqlite3_stmt *row)
{
    StorePop3 *entry = g_new0(StorePop3, 1);
    int column = 0;

    entry->uidl = store_text(row, column++);
    entry->nth = (guint)sqlite3_column_int64(row, column++);
    entry->message = sqlite3_column_int64(row, column++);
    entry->octets = (guint64)sqlite3_column_int64(row, column++);
    entry->since = sqlite3_column_int64(row, column++);
    entry->absent = sqlite3_column_int64(row, column++);
    entry->attempts = (guint)sqlite3_column_int64(row, column++);
    entry->deleted = sqlite3_column_int64(row, column++) != 0;
    entry->exists = sqlite3_column_int64(row, column++) != 0;
    entry->here = sqlite3_column_int64(row, column++) != 0;
    entry->trashed = sqlite3_column_int64(row, column++) != 0;
    return entry;
}

GPtrArray *
store_pop3(Store *store, const char *account, GError **error)
{
    g_autoptr(GPtrArray) all =
        g_ptr_array_new_with_free_func((GDestroyNotify)store_pop3_free);
    sqlite3_stmt *rows = store_prepare(
        store, error, ENTRIES " ORDER BY p.uidl, p.nth", "s", account);
    int step;

    if (rows == NULL)
        return NULL;
    while ((step = store_step(store, rows, error)) == SQLITE_ROW)
        g_ptr_array_add(all, read_entry(rows));
    return step == SQLITE_DONE ? g_steal_pointer(&all) : NULL;
}

StorePop3 *
store_pop3_of(Store *store, const char *account, gint64 message, GError **error)
{
    sqlite3_stmt *row = store_prepare(
        store, error, ENTRIES " AND p.message = ?", "si", account, message);
    StorePop3 *entry = NULL;

    if (row && store_step(store, row, error) == SQLITE_ROW) {
        entry = read_entry(row);
        sqlite3_reset(row);
    }
    return entry;
}

bool
store_pop3_put(Store *store, const char *account, const StorePop3 *entry,
               GError **error)
{
    return store_exec(store, error,
                      "INSERT OR REPLACE INTO pop3 VALUES"
                      " (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                      "ssiiiiiii", account, entry->uidl, (gint64)entry->nth,
                      entry->message, (gint64)entry->octets, entry->since,
                      entry->absent, (gint64)entry->attempts,
                      (gint64)entry->deleted);
}

bool
store_pop3_forget(Store *store, const char *account, const StorePop3 *entry,
                  GError **error)
{
    return store_exec(store, error,
                      "DELETE FROM pop3 WHERE account = ? AND uidl = ?"
                      " AND nth = ?",
                      "ssi", account, entry->uidl, (gint64)entry->nth);
}

bool
store_pop3_body(Store *store, gint64 id, const StoreMessage *message,
                GError **error)
{
    bool ok;

    if (!store_begin(store, error))
        return false;
    ok = store_set_body(store, id, message, error)
         && store_exec(store, error,
                       "UPDATE message SET settled = 0 WHERE id = ?", "i", id);
    return store_end(store, ok, ok ? error : NULL) && ok;
}

/* Messages of an account that no entry has; the numbers are those of
 * FOLDER_ROLE_DRAFTS and FOLDER_ROLE_SENT. */
#define LOST                                                                   \
    " FROM message m JOIN folder f ON f.id = m.folder"                         \
    " WHERE f.account = ?1 AND f.role NOT IN (2, 3) AND m.file IS NOT NULL"    \
    " AND NOT EXISTS (SELECT 1 FROM pop3 p WHERE p.message = m.id)"
G_STATIC_ASSERT(FOLDER_ROLE_DRAFTS == 2 && FOLDER_ROLE_SENT == 3);

bool
store_pop3_lost(Store *store, const char *account)
{
    return store_int(store, 0, "SELECT EXISTS (SELECT 1" LOST ")", "s", account)
           != 0;
}

gint64
store_pop3_match(Store *store, const char *account, const StoreMessage *message,
                 GError **error)
{
    static const char by_id[] =
        "SELECT m.id" LOST " AND m.message_id = ?2"
        " ORDER BY m.size = ?3 DESC, m.id LIMIT 1";
    static const char by_size[] =
        "SELECT m.id" LOST " AND m.message_id IS NULL AND m.size = ?2"
        " AND m.date = ?3 ORDER BY m.id LIMIT 1";
    sqlite3_stmt *row =
        message->message_id
            ? store_prepare(store, error, by_id, "ssi", account,
                            message->message_id, (gint64)message->size)
            : store_prepare(store, error, by_size, "sii", account,
                            (gint64)message->size, message->date);
    gint64 id = 0;

    if (row && store_step(store, row, error) == SQLITE_ROW) {
        id = sqlite3_column_int64(row, 0);
        sqlite3_reset(row);
    }
    return id;
}
