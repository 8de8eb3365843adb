/* The record of acts. An act keeps, for each message, the state that swapping
 * brings back; after the swap it keeps the other one, so undo and redo are the
 * same operation. */
#include "store_db.h"

#include "base/clock.h"

enum {
    KEPT_ACTS = 500
};

void
store_act_free(StoreAct *act)
{
    if (act == NULL)
        return;
    g_free(act->label);
    g_free(act);
}

/* A new act ends what could have been redone. Items go with their acts. */
static bool
begin(Store *store, gint64 id, const char *label, GError **error)
{
    return store_exec(store, error,
                      "DELETE FROM snooze WHERE act IN"
                      " (SELECT id FROM act WHERE undone = 1)",
                      "")
           && store_exec(store, error, "DELETE FROM act WHERE undone = 1", "")
           && store_exec(store, error, "DELETE FROM act WHERE id <= ?", "i",
                         id - KEPT_ACTS)
           && store_exec(store, error,
                         "INSERT INTO act (id, label, time) VALUES (?, ?, ?)",
                         "isi", id, label, clock_now());
}

gint64
store_act_begin(Store *store, const char *label, GError **error)
{
    gint64 id;
    bool ok;

    if (!store_begin(store, error))
        return 0;
    id = store_int(store, 1, "SELECT max(id) + 1 FROM act", "");
    ok = begin(store, id, label, error);
    return store_end(store, ok, ok ? error : NULL) && ok ? id : 0;
}

bool
store_act_label(Store *store, gint64 act, const char *label, GError **error)
{
    return store_exec(store, error, "UPDATE act SET label = ? WHERE id = ?",
                      "si", label, act);
}

bool
store_act_note(Store *store, gint64 act, gint64 id, GError **error)
{
    return store_exec(store, error,
                      "INSERT OR IGNORE INTO act_item"
                      " SELECT ?, id, folder, flags, tags FROM message"
                      " WHERE id = ?",
                      "ii", act, id);
}

bool
store_act_note_made(Store *store, gint64 act, gint64 id, GError **error)
{
    return store_exec(store, error,
                      "INSERT OR IGNORE INTO act_item"
                      " SELECT ?, id, 0, flags, tags FROM message"
                      " WHERE id = ?",
                      "ii", act, id);
}

StoreAct *
store_act_last(Store *store, bool redo, GError **error)
{
    static const char undo_sql[] =
        "SELECT id, label, time, undone, (SELECT count(*) FROM act_item"
        " WHERE act = act.id) FROM act WHERE undone = 0"
        " ORDER BY id DESC LIMIT 1";
    static const char redo_sql[] =
        "SELECT id, label, time, undone, (SELECT count(*) FROM act_item"
        " WHERE act = act.id) FROM act WHERE undone = 1"
        " ORDER BY id LIMIT 1";
    sqlite3_stmt *row =
        store_prepare(store, error, redo ? redo_sql : undo_sql, "");
    StoreAct *act;

    if (row == NULL || store_step(store, row, error) != SQLITE_ROW)
        return NULL;
    act = g_new0(StoreAct, 1);
    act->id = sqlite3_column_int64(row, 0);
    act->label = store_text(row, 1);
    act->time = sqlite3_column_int64(row, 2);
    act->undone = sqlite3_column_int64(row, 3) != 0;
    act->messages = (guint)sqlite3_column_int64(row, 4);
    sqlite3_reset(row);
    return act;
}

GArray *
store_act_messages(Store *store, gint64 act, GError **error)
{
    return store_read_ids(
        store,
        store_prepare(store, error,
                      "SELECT message FROM act_item WHERE act = ?", "i", act),
        error);
}

typedef struct {
    gint64 id;
    gint64 folder;
    unsigned flags;
    char *tags;
} Item;

static void
item_clear(void *data)
{
    g_free(((Item *)data)->tags);
}

static GArray *
read_items(Store *store, gint64 act, GError **error)
{
    g_autoptr(GArray) items = g_array_new(FALSE, TRUE, sizeof(Item));
    sqlite3_stmt *rows =
        store_prepare(store, error,
                      "SELECT message, folder, flags, tags FROM act_item"
                      " WHERE act = ?",
                      "i", act);
    int step;

    g_array_set_clear_func(items, item_clear);
    if (rows == NULL)
        return NULL;
    while ((step = store_step(store, rows, error)) == SQLITE_ROW) {
        Item item = { sqlite3_column_int64(rows, 0),
                      sqlite3_column_int64(rows, 1),
                      (unsigned)sqlite3_column_int64(rows, 2),
                      store_text(rows, 3) };

        g_array_append_val(items, item);
    }
    return step == SQLITE_DONE ? g_steal_pointer(&items) : NULL;
}

/* A message that is gone since (expunged on the server) stays gone, and so
 * does the way back into a folder that is. */
static bool
swap_item(Store *store, gint64 act, const Item *item, GArray *ids,
          GError **error)
{
    StoreState state = { item->folder, item->flags, item->tags };

    if (!store_int(store, 0,
                   "SELECT 1 FROM message WHERE id = ?1 AND (?2 = 0 OR EXISTS"
                   " (SELECT 1 FROM folder WHERE id = ?2))",
                   "ii", item->id, item->folder))
        return true;
    if (!store_exec(store, error,
                    "INSERT OR REPLACE INTO act_item"
                    " SELECT ?, id, folder, flags, tags FROM message"
                    " WHERE id = ?",
                    "ii", act, item->id)
        || !store_state_write(store, item->id, &state, error))
        return false;
    g_array_append_val(ids, item->id);
    return true;
}

static bool
swap(Store *store, gint64 act, GArray *ids, GError **error)
{
    g_autoptr(GArray) items = read_items(store, act, error);
    bool ok = items != NULL;

    for (guint i = 0; ok && i < items->len; i++)
        ok = swap_item(store, act, &g_array_index(items, Item, i), ids, error);
    return ok
           && store_exec(store, error,
                         "UPDATE act SET undone = 1 - undone WHERE id = ?", "i",
                         act);
}

GArray *
store_act_swap(Store *store, gint64 act, GError **error)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    bool ok;

    if (!store_begin(store, error))
        return NULL;
    ok = swap(store, act, ids, error);
    return store_end(store, ok, ok ? error : NULL) && ok ? g_steal_pointer(&ids)
                                                         : NULL;
}
