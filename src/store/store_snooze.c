/* Messages that are to come back, and when. Of the acts that put a message away
 * the last one counts that is not undone. A row whose message another program
 * moved is another row: then the Message-ID says which. */
#include "store_db.h"

#define ENTRIES                                                                \
    "SELECT m.id, s.until, s.folder FROM snooze s JOIN message m"              \
    " ON m.id = s.message OR (s.message_id IS NOT NULL"                        \
    " AND m.message_id = s.message_id"                                         \
    " AND NOT EXISTS (SELECT 1 FROM message x WHERE x.id = s.message))"        \
    " WHERE s.act = (SELECT max(t.act) FROM snooze t"                          \
    " LEFT JOIN act a ON a.id = t.act"                                         \
    " WHERE t.message = s.message AND coalesce(a.undone, 0) = 0)"

static StoreSnooze
read_entry(sqlite3_stmt *row)
{
    return (StoreSnooze){ .id = sqlite3_column_int64(row, 0),
                          .until = sqlite3_column_int64(row, 1),
                          .folder = sqlite3_column_int64(row, 2) };
}

bool
store_snooze(Store *store, const StoreSnooze *entry, gint64 act, GError **error)
{
    return store_exec(store, error,
                      "INSERT OR REPLACE INTO snooze SELECT id, ?, ?, ?,"
                      " message_id FROM message WHERE id = ?",
                      "iiii", act, entry->until, entry->folder, entry->id);
}

GArray *
store_snoozed(Store *store, const char *tag, GError **error)
{
    g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(StoreSnooze));
    sqlite3_stmt *rows = store_prepare(
        store, error,
        ENTRIES " AND " STORE_HAS_TAG " ORDER BY s.until, m.id", "s", tag);
    int step = SQLITE_ERROR;

    while (rows && (step = store_step(store, rows, error)) == SQLITE_ROW) {
        StoreSnooze entry = read_entry(rows);

        g_array_append_val(entries, entry);
    }
    return step == SQLITE_DONE ? g_steal_pointer(&entries) : NULL;
}

bool
store_snooze_find(Store *store, gint64 id, StoreSnooze *entry)
{
    sqlite3_stmt *row =
        store_prepare(store, NULL, ENTRIES " AND m.id = ?", "i", id);

    if (row == NULL || store_step(store, row, NULL) != SQLITE_ROW)
        return false;
    *entry = read_entry(row);
    sqlite3_reset(row);
    return true;
}

bool
store_snooze_forget(Store *store, const char *tag, gint64 before,
                    GError **error)
{
    return store_exec(store, error,
                      "DELETE FROM snooze WHERE until < ? AND message NOT IN"
                      " (SELECT m.id FROM snooze s JOIN message m"
                      " ON m.id = s.message WHERE " STORE_HAS_TAG ")",
                      "is", before, tag);
}
