/* Rows by their files: what a scan of a folder's directories is compared
 * with. */
#include "store_db.h"

static void
file_free(void *data)
{
    StoreFile *file = data;

    g_free(file->file);
    g_free(file);
}

static GPtrArray *
read_files(Store *store, sqlite3_stmt *rows, GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(file_free);
    int step = SQLITE_ERROR;

    while (rows && (step = store_step(store, rows, error)) == SQLITE_ROW) {
        StoreFile *file = g_new0(StoreFile, 1);

        file->id = sqlite3_column_int64(rows, 0);
        file->file = store_text(rows, 1);
        file->flags = (unsigned)sqlite3_column_int64(rows, 2);
        g_ptr_array_add(files, file);
    }
    return step == SQLITE_DONE ? g_steal_pointer(&files) : NULL;
}

#define SELECT_FILES \
    "SELECT id, file, flags FROM message WHERE file IS NOT NULL AND "

GPtrArray *
store_files(Store *store, gint64 folder, GError **error)
{
    return read_files(store,
                      store_prepare(store, error, SELECT_FILES "folder = ?",
                                    "i", folder),
                      error);
}

GPtrArray *
store_unsettled_files(Store *store, GError **error)
{
    return read_files(
        store, store_prepare(store, error, SELECT_FILES "settled = 0", ""),
        error);
}

bool
store_each_file_near(Store *store, gint64 folder,
                     bool (*each)(const char *file, void *user), void *user)
{
    sqlite3_stmt *rows = store_prepare(
        store, NULL,
        "SELECT file FROM message WHERE file IS NOT NULL AND folder IN (?1, 0)"
        " UNION ALL SELECT file FROM message WHERE file IS NOT NULL"
        " AND settled = 0 AND folder NOT IN (?1, 0)",
        "i", folder);
    bool all = rows != NULL;
    int step = SQLITE_ERROR;

    while (all && (step = store_step(store, rows, NULL)) == SQLITE_ROW)
        all = each((const char *)sqlite3_column_text(rows, 0), user);
    if (step == SQLITE_ROW)
        sqlite3_reset(rows);
    return step == SQLITE_DONE;
}

bool
store_has_files(Store *store, gint64 folder)
{
    return store_int(store, 0,
                     "SELECT EXISTS (SELECT 1 FROM message WHERE folder = ?"
                     " AND file IS NOT NULL AND settled = 1)",
                     "i", folder)
           != 0;
}

gint64
store_lacking(Store *store, gint64 folder, const char *message_id,
              guint64 size)
{
    return store_int(store, 0,
                     "SELECT id FROM message WHERE message_id = ?"
                     " AND folder = ? AND size = ? AND file IS NULL"
                     " ORDER BY id LIMIT 1",
                     "sii", message_id, folder, (gint64)size);
}

bool
store_remove(Store *store, gint64 id, GError **error)
{
    g_autofree char *file = NULL;

    return store_server_gone(store, id, &file, error);
}
