/* Folders: what accounts have, by id, path and role. */
#include "store_db.h"

#include "base/err.h"

void
store_folder_free(StoreFolder *folder)
{
    if (folder == NULL)
        return;
    g_free(folder->account);
    g_free(folder->name);
    g_free(folder->path);
    g_free(folder);
}

#define COLUMNS \
    "id, account, name, path, delimiter, role, selectable, subscribed," \
    " local, uidvalidity, uidnext, modseq, total, unread"

static StoreFolder *
read_folder(sqlite3_stmt *row)
{
    StoreFolder *folder = g_new0(StoreFolder, 1);
    int column = 0;

    folder->id = sqlite3_column_int64(row, column++);
    folder->account = store_text(row, column++);
    folder->name = store_text(row, column++);
    folder->path = store_text(row, column++);
    folder->delimiter = (char)sqlite3_column_int64(row, column++);
    folder->role = (FolderRole)sqlite3_column_int64(row, column++);
    folder->selectable = sqlite3_column_int64(row, column++) != 0;
    folder->subscribed = sqlite3_column_int64(row, column++) != 0;
    folder->local = sqlite3_column_int64(row, column++) != 0;
    folder->uidvalidity = (guint32)sqlite3_column_int64(row, column++);
    folder->uidnext = (guint32)sqlite3_column_int64(row, column++);
    folder->modseq = (guint64)sqlite3_column_int64(row, column++);
    folder->total = (guint)sqlite3_column_int64(row, column++);
    folder->unread = (guint)sqlite3_column_int64(row, column++);
    return folder;
}

GPtrArray *
store_folders(Store *store, const char *account, GError **error)
{
    g_autoptr(GPtrArray) folders =
        g_ptr_array_new_with_free_func((GDestroyNotify)store_folder_free);
    sqlite3_stmt *rows = store_prepare(
        store, error, "SELECT " COLUMNS " FROM folder"
        " WHERE ?1 IS NULL OR account = ?1"
        " ORDER BY account, role = 0, role, lower(name)", "s", account);
    int step;

    if (rows == NULL)
        return NULL;
    while ((step = store_step(store, rows, error)) == SQLITE_ROW)
        g_ptr_array_add(folders, read_folder(rows));
    return step == SQLITE_DONE ? g_steal_pointer(&folders) : NULL;
}

/* The one row of a statement; not found is an error that names it. */
static StoreFolder *
one(Store *store, sqlite3_stmt *row, const char *name, GError **error)
{
    StoreFolder *folder = NULL;
    int step;

    if (row == NULL)
        return NULL;
    step = store_step(store, row, error);
    if (step == SQLITE_ROW) {
        folder = read_folder(row);
        sqlite3_reset(row);
    } else if (step == SQLITE_DONE) {
        err_set(error, ERR_LOCAL, "there is no folder %s", name);
    }
    return folder;
}

StoreFolder *
store_folder(Store *store, gint64 id, GError **error)
{
    g_autofree char *name = g_strdup_printf("%" G_GINT64_FORMAT, id);

    return one(store, store_prepare(store, error, "SELECT " COLUMNS
                                    " FROM folder WHERE id = ?", "i", id),
               name, error);
}

StoreFolder *
store_folder_by_path(Store *store, const char *path, GError **error)
{
    return one(store, store_prepare(store, error, "SELECT " COLUMNS
                                    " FROM folder WHERE path = ?", "s", path),
               path, error);
}

StoreFolder *
store_folder_by_role(Store *store, const char *account, FolderRole role,
                     GError **error)
{
    return one(store,
               store_prepare(store, error, "SELECT " COLUMNS " FROM folder"
                             " WHERE account = ? AND role = ? LIMIT 1", "si",
                             account, (gint64)role),
               account, error);
}

gint64
store_folder_put(Store *store, const StoreFolder *folder, GError **error)
{
    bool ok;
    gint64 id = folder->id;

    if (!store_begin(store, error))
        return 0;
    if (id == 0)
        id = store_int(store, 1, "SELECT max(id) + 1 FROM folder", "");
    ok = store_exec(
        store, error,
        "INSERT INTO folder (" COLUMNS ")"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)"
        " ON CONFLICT (id) DO UPDATE SET account = excluded.account,"
        " name = excluded.name, path = excluded.path,"
        " delimiter = excluded.delimiter, role = excluded.role,"
        " selectable = excluded.selectable, subscribed = excluded.subscribed,"
        " local = excluded.local, uidvalidity = excluded.uidvalidity,"
        " uidnext = excluded.uidnext, modseq = excluded.modseq",
        "isssiiiiiiii", id, folder->account, folder->name, folder->path,
        (gint64)folder->delimiter, (gint64)folder->role,
        (gint64)folder->selectable, (gint64)folder->subscribed,
        (gint64)folder->local, (gint64)folder->uidvalidity,
        (gint64)folder->uidnext, (gint64)folder->modseq);
    return store_end(store, ok, ok ? error : NULL) && ok ? id : 0;
}

bool
store_folder_remove(Store *store, gint64 id, GError **error)
{
    bool ok;

    if (!store_begin(store, error))
        return false;
    ok = store_exec(store, error, "DELETE FROM pending WHERE message IN"
                    " (SELECT id FROM message WHERE folder = ?1)", "i", id)
        && store_exec(store, error, "DELETE FROM header WHERE message IN"
                      " (SELECT id FROM message WHERE folder = ?1)", "i", id)
        && store_exec(store, error, "DELETE FROM message WHERE folder = ?",
                      "i", id)
        && store_exec(store, error, "DELETE FROM thread_folder"
                      " WHERE folder = ?", "i", id)
        && store_exec(store, error, "DELETE FROM thread_folder"
                      " WHERE folder = 0", "")
        && store_exec(store, error, "INSERT INTO thread_folder"
                      " SELECT 0, m.thread, max(m.date), count(*),"
                      " sum(m.flags & 4 = 0) FROM message m JOIN folder f"
                      " ON f.id = m.folder WHERE f.role NOT IN (5, 6)"
                      " GROUP BY m.thread", "")
        && store_exec(store, error, "DELETE FROM folder WHERE id = ?", "i",
                      id);
    return store_end(store, ok, ok ? error : NULL) && ok;
}
