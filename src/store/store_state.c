/* The user's side of a row: folder, flags, tags. Whatever changes them comes
 * through store_state_write(), which lets all that hangs on a row follow. Must
 * not touch the server's side. */
#include "store_db.h"

#define SET_STATE                                                              \
    " flags = flags & ~63 | ?2, tags = ?3,"                                    \
    " settled = CASE WHEN ?1 = 0 THEN server_folder > 0"                       \
    " WHEN file IS NULL THEN 1"                                                \
    " ELSE settled AND folder = ?1 AND flags & 63 = ?2 END,"                   \
    " indexed = indexed AND (index_id IS NULL"                                 \
    " OR (folder = ?1 AND flags & 63 = ?2 AND tags = ?3))"                     \
    " WHERE id = ?4"

/* The file follows later (settled), and so does the index when it has the
 * message (indexed). A row that is nowhere is settled by its removal. Where a
 * row stays in its folder that is not named: SQLite would write it anew into
 * all that is ordered by it. */
static bool
write_row(Store *store, gint64 id, bool moves, const StoreState *state,
          GError **error)
{
    return store_exec(store, error,
                      moves ? "UPDATE message SET folder = ?1," SET_STATE
                            : "UPDATE message SET" SET_STATE,
                      "iisi", state->folder,
                      (gint64)(state->flags & STORE_SYSTEM_FLAGS), state->tags,
                      id);
}

static bool
write_all(Store *store, gint64 id, const StoreState *state, GError **error)
{
    StorePlace from, to;

    if (!store_place_read(store, id, &from, error))
        return false;
    to = from;
    to.folder = state->folder;
    to.flags = (from.flags & ~(unsigned)STORE_SYSTEM_FLAGS)
               | (state->flags & STORE_SYSTEM_FLAGS);
    return write_row(store, id, to.folder != from.folder, state, error)
           && store_place_moved(store, &from, &to, error)
           && store_pending_update(store, id, error);
}

bool
store_state_write(Store *store, gint64 id, const StoreState *state,
                  GError **error)
{
    bool ok;

    if (!store_begin(store, error))
        return false;
    ok = write_all(store, id, state, error);
    return store_end(store, ok, ok ? error : NULL) && ok;
}

/* What is to change; NULL keeps. */
typedef struct {
    const gint64 *folder;
    const unsigned *flags;
    const char *tags;
} Change;

static bool
change_row(Store *store, gint64 id, const Change *change, GError **error)
{
    sqlite3_stmt *row = store_message(
        store, id, "SELECT folder, flags, tags FROM message WHERE id = ?",
        error);
    g_autofree char *tags = NULL;
    StoreState state;

    if (row == NULL)
        return false;
    state.folder =
        change->folder ? *change->folder : sqlite3_column_int64(row, 0);
    state.flags =
        change->flags ? *change->flags : (unsigned)sqlite3_column_int64(row, 1);
    tags = change->tags ? g_strdup(change->tags) : store_text(row, 2);
    state.tags = tags;
    sqlite3_reset(row);
    return write_all(store, id, &state, error);
}

/* Reads and writes in one transaction: another connection may be at the row. */
static bool
change(Store *store, gint64 id, const Change *what, GError **error)
{
    bool ok;

    if (!store_begin(store, error))
        return false;
    ok = change_row(store, id, what, error);
    return store_end(store, ok, ok ? error : NULL) && ok;
}

bool
store_set_flags(Store *store, gint64 id, unsigned flags, GError **error)
{
    return change(store, id, &(Change){ .flags = &flags }, error);
}

bool
store_set_tags(Store *store, gint64 id, const char *tags, GError **error)
{
    return change(store, id, &(Change){ .tags = tags ? tags : "" }, error);
}

bool
store_set_folder(Store *store, gint64 id, gint64 folder, GError **error)
{
    return change(store, id, &(Change){ .folder = &folder }, error);
}

GArray *
store_unsettled(Store *store, bool but_undoable, guint limit, GError **error)
{
    return store_read_ids(
        store,
        store_prepare(store, error,
                      "SELECT id FROM message m WHERE settled = 0"
                      " AND (folder > 0 OR moving = 0)"
                      " AND (?1 = 0 OR folder > 0 OR server_folder > 0"
                      " OR " STORE_NOT_UNDOABLE ") LIMIT ?2",
                      "ii", (gint64)but_undoable,
                      (gint64)(limit ? (gint64)limit : -1)),
        error);
}
