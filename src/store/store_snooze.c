/* Messages that are to come back, and when. Of the acts that put a message away
 * the last one counts that is not undone. */
#include "store_db.h"

#define COUNTS                                                                 \
    " s.act = (SELECT max(t.act) FROM snooze t LEFT JOIN act a ON a.id = t.act" \
    " WHERE t.message = s.message AND coalesce(a.undone, 0) = 0)"

bool
store_snooze(Store *store, const StoreSnooze *entry, gint64 act, GError **error)
{
    return store_exec(store, error,
                      "INSERT OR REPLACE INTO snooze VALUES (?, ?, ?, ?)",
                      "iiii", entry->id, act, entry->until, entry->folder);
}

GArray *
store_snoozed(Store *store, const char *tag, GError **error)
{
    g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(StoreSnooze));
    sqlite3_stmt *rows = store_prepare(
        store, error,
        "SELECT s.message, s.until, s.folder FROM snooze s"
        " JOIN message m ON m.id = s.message"
        " WHERE instr(' ' || m.tags || ' ', ' ' || ? || ' ') AND" COUNTS
        " ORDER BY s.until, s.message",
        "s", tag);
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
        store, NULL,
        "SELECT s.until, s.folder FROM snooze s WHERE s.message = ? AND" COUNTS,
        "i", id);

    if (row == NULL || store_step(store, row, NULL) != SQLITE_ROW)
        return false;
    *entry = (StoreSnooze){ .id = id,
                            .until = sqlite3_column_int64(row, 0),
                            .folder = sqlite3_column_int64(row, 1) };
    sqlite3_reset(row);
    return true;
}

bool
store_snooze_forget(Store *store, const char *tag, gint64 before,
                    GError **error)
{
    return store_exec(store, error,
                      "DELETE FROM snooze WHERE until < ? AND message IN"
                      " (SELECT id FROM message WHERE"
                      " instr(' ' || tags || ' ', ' ' || ? || ' ') = 0)",
                      "is", before, tag);
}
