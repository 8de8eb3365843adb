/* Finding rows for what the index says, and what it still has to learn. */
#include "store_db.h"

enum {
    LAST_ITEMS = 1000 /* of acts, that the index has before the rest */
};

GArray *
store_find_id(Store *store, const char *message_id, GError **error)
{
    return store_read_ids(
        store,
        store_prepare(store, error,
                      "SELECT id FROM message WHERE message_id = ?1"
                      " UNION SELECT id FROM message WHERE index_id = ?1",
                      "s", message_id),
        error);
}

GArray *
store_dates(Store *store, const GArray *ids, GError **error)
{
    g_autoptr(GArray) dates =
        g_array_sized_new(FALSE, FALSE, sizeof(gint64), ids->len);

    for (guint i = 0; i < ids->len; i++) {
        sqlite3_stmt *row = store_prepare(
            store, error, "SELECT date FROM message WHERE id = ?", "i",
            g_array_index(ids, gint64, i));
        int step = row ? store_step(store, row, error) : SQLITE_ERROR;
        gint64 date =
            step == SQLITE_ROW ? sqlite3_column_int64(row, 0) : 0;

        if (step != SQLITE_ROW && step != SQLITE_DONE)
            return NULL;
        sqlite3_reset(row);
        g_array_append_val(dates, date);
    }
    return g_steal_pointer(&dates);
}

bool
store_has_headers(Store *store)
{
    return store_int(store, 0, "SELECT EXISTS (SELECT 1 FROM header)", "") != 0;
}

/* Of the last things the user did; a bound, for each slice looks at them. */
static GArray *
unindexed_acts(Store *store, gint64 limit, GError **error)
{
    return store_read_ids(
        store,
        store_prepare(store, error,
                      "SELECT row.id FROM (SELECT act, message FROM act_item"
                      " ORDER BY act DESC, message DESC LIMIT ?) AS item"
                      " CROSS JOIN message AS row ON row.id = item.message"
                      " WHERE row.indexed = 0 GROUP BY row.id"
                      " ORDER BY max(item.act) DESC LIMIT ?",
                      "ii", (gint64)LAST_ITEMS, limit),
        error);
}

GArray *
store_unindexed(Store *store, guint limit, GError **error)
{
    gint64 most = limit ? (gint64)limit : -1;
    g_autoptr(GArray) acts = unindexed_acts(store, most, error);

    if (acts == NULL || acts->len > 0)
        return g_steal_pointer(&acts);
    return store_read_ids(
        store,
        store_prepare(store, error,
                      "SELECT id FROM message WHERE indexed = 0"
                      " ORDER BY date DESC LIMIT ?",
                      "i", most),
        error);
}

guint
store_unindexed_count(Store *store)
{
    return (guint)store_int(
        store, 0, "SELECT count(*) FROM message WHERE indexed = 0", "");
}

bool
store_index_behind(Store *store)
{
    return store_int(store, 1,
                     "SELECT EXISTS (SELECT 1 FROM message WHERE indexed = 0)"
                     " OR EXISTS (SELECT 1 FROM gone)", "") != 0;
}

bool
store_index_used(Store *store)
{
    return store_int(store, 0,
                     "SELECT EXISTS (SELECT 1 FROM message"
                     " WHERE index_id IS NOT NULL)", "") != 0;
}

bool
store_index_lost(Store *store, GError **error)
{
    return store_exec(store, error,
                      "UPDATE message SET indexed = 0, index_id = NULL"
                      " WHERE file IS NOT NULL", "");
}

GPtrArray *
store_index_gone(Store *store, GError **error)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    sqlite3_stmt *rows =
        store_prepare(store, error, "SELECT index_id FROM gone", "");
    int step = rows ? store_step(store, rows, error) : SQLITE_ERROR;

    for (; step == SQLITE_ROW; step = store_step(store, rows, error))
        g_ptr_array_add(ids, store_text(rows, 0));
    return step == SQLITE_DONE ? g_steal_pointer(&ids) : NULL;
}

bool
store_index_forgot(Store *store, const char *index_id, GError **error)
{
    return store_exec(store, error, "DELETE FROM gone WHERE index_id = ?",
                      "s", index_id);
}

bool
store_thread_has_tag(Store *store, gint64 thread, gint64 id, const char *tag)
{
    sqlite3_stmt *row = store_prepare(
        store, NULL,
        "SELECT 1 FROM message m WHERE m.thread = ? AND m.id <> ?"
        " AND " STORE_HAS_TAG " LIMIT 1",
        "iis", thread, id, tag);
    bool has = row && store_step(store, row, NULL) == SQLITE_ROW;

    if (row)
        sqlite3_reset(row);
    return has;
}
