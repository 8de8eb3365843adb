/* Messages that are to come back, and when. */
#include "store_db.h"

bool
store_snooze(Store *store, gint64 id, gint64 until, gint64 folder,
             GError **error)
{
    return store_exec(store, error,
                      "INSERT OR REPLACE INTO snooze VALUES (?, ?, ?)", "iii",
                      id, until, folder);
}

bool
store_snooze_end(Store *store, gint64 id, GError **error)
{
    return store_exec(store, error, "DELETE FROM snooze WHERE message = ?",
                      "i", id);
}

GArray *
store_snoozed(Store *store, GError **error)
{
    g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(StoreSnooze));
    sqlite3_stmt *rows =
        store_prepare(store, error,
                      "SELECT message, until, folder FROM snooze"
                      " ORDER BY until, message",
                      "");
    int step = SQLITE_ERROR;

    while (rows && (step = store_step(store, rows, error)) == SQLITE_ROW) {
        StoreSnooze entry = {
            .id = sqlite3_column_int64(rows, 0),
            .until = sqlite3_column_int64(rows, 1),
            .folder = sqlite3_column_int64(rows, 2),
        };

        g_array_append_val(entries, entry);
    }
    return step == SQLITE_DONE ? g_steal_pointer(&entries) : NULL;
}

bool
store_snooze_find(Store *store, gint64 id, StoreSnooze *entry)
{
    sqlite3_stmt *row = store_prepare(
        store, NULL, "SELECT until, folder FROM snooze WHERE message = ?", "i",
        id);

    if (row == NULL || store_step(store, row, NULL) != SQLITE_ROW)
        return false;
    *entry = (StoreSnooze){ .id = id,
                            .until = sqlite3_column_int64(row, 0),
                            .folder = sqlite3_column_int64(row, 1) };
    sqlite3_reset(row);
    return true;
}
