/* Folders: what accounts have, by id, path and role. */
#include "store_db.h"

#include "base/err.h"

const char *
store_role_word(FolderRole role)
{
    static const char *const words[] = { "",      "inbox",   "drafts",
                                         "sent",  "archive", "junk",
                                         "trash", "all",     "flagged" };

    return words[role];
}

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

#define COLUMNS                                                                \
    "id, account, name, path, delimiter, role, selectable, subscribed,"        \
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
    sqlite3_stmt *rows =
        store_prepare(store, error,
                      "SELECT " COLUMNS " FROM folder"
                      " WHERE ?1 IS NULL OR account = ?1"
                      " ORDER BY account, role = 0, role, lower(name)",
                      "s", account);
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

    return one(store,
               store_prepare(store, error,
                             "SELECT " COLUMNS " FROM folder WHERE id = ?", "i",
                             id),
               name, error);
}

StoreFolder *
store_folder_by_path(Store *store, const char *path, GError **error)
{
    return one(store,
               store_prepare(store, error,
                             "SELECT " COLUMNS " FROM folder WHERE path = ?",
                             "s", path),
               path, error);
}

StoreFolder *
store_folder_by_role(Store *store, const char *account, FolderRole role,
                     GError **error)
{
    return one(store,
               store_prepare(store, error,
                             "SELECT " COLUMNS " FROM folder"
                             " WHERE account = ? AND role = ? LIMIT 1",
                             "si", account, (gint64)role),
               account, error);
}

/* What two paths have in common that a disk may take for the same name. A local
 * folder is what it is on the disk already. g_free(). */
static char *
path_key(const StoreFolder *folder, const char *path)
{
    g_autofree char *folded = folder->local ? NULL : store_fold(path);

    return folded ? g_utf8_normalize(folded, -1, G_NORMALIZE_NFD)
                  : g_strdup(path);
}

/* The path of a new folder: as wished, or with a mark made from its name when
 * another folder's differs only in case or normal form (promise P82). */
static char *
free_path(Store *store, const StoreFolder *folder)
{
    g_autofree char *key = path_key(folder, folder->path);
    g_autofree char *digest = NULL;

    if (folder->local
        || !store_int(store, 0, "SELECT 1 FROM folder WHERE path_key = ?", "s",
                      key))
        return g_strdup(folder->path);
    digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, folder->name, -1);
    return g_strdup_printf("%s%%~%.16s", folder->path, digest);
}

static bool
write_folder(Store *store, const StoreFolder *folder, gint64 id,
             const char *path, GError **error)
{
    g_autofree char *key = path_key(folder, path);

    return store_exec(
        store, error,
        "INSERT INTO folder (" COLUMNS ", path_key)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?)"
        " ON CONFLICT (id) DO UPDATE SET account = excluded.account,"
        " name = excluded.name, path = excluded.path,"
        " path_key = excluded.path_key, delimiter = excluded.delimiter,"
        " role = excluded.role, selectable = excluded.selectable,"
        " subscribed = excluded.subscribed, local = excluded.local,"
        " uidvalidity = excluded.uidvalidity, uidnext = excluded.uidnext,"
        " modseq = excluded.modseq",
        "isssiiiiiiiis", id, folder->account, folder->name, path,
        (gint64)folder->delimiter, (gint64)folder->role,
        (gint64)folder->selectable, (gint64)folder->subscribed,
        (gint64)folder->local, (gint64)folder->uidvalidity,
        (gint64)folder->uidnext, (gint64)folder->modseq, key);
}

static bool
is_aside(gint64 role)
{
    return role == FOLDER_ROLE_TRASH || role == FOLDER_ROLE_JUNK;
}

static bool
add_folder(Store *store, const StoreFolder *folder, gint64 *id, GError **error)
{
    g_autofree char *path = free_path(store, folder);

    *id = store_int(store, 1, "SELECT max(id) + 1 FROM folder", "");
    return write_folder(store, folder, *id, path, error);
}

/* The path is another now: the files are to be settled there. */
static bool
files_follow(Store *store, const StoreFolder *folder, GError **error)
{
    return store_exec(store, error,
                      "UPDATE message SET settled = 0 WHERE folder = ?1"
                      " AND file IS NOT NULL AND EXISTS (SELECT 1 FROM folder"
                      " WHERE id = ?1 AND path <> ?2)",
                      "is", folder->id, folder->path);
}

/* What was counted by the former role or account is counted anew. */
static bool
change_folder(Store *store, const StoreFolder *folder, GError **error)
{
    gint64 id = folder->id;
    bool aside = is_aside(
        store_int(store, 0, "SELECT role FROM folder WHERE id = ?", "i", id));
    gint64 local = store_int(store, folder->local,
                             "SELECT local FROM folder WHERE id = ?", "i", id);

    return files_follow(store, folder, error)
           && write_folder(store, folder, id, folder->path, error)
           && (aside == is_aside(folder->role)
               || store_counts_rebuild(store, error))
           && (local == folder->local
               || store_pending_update_folder(store, id, error));
}

gint64
store_folder_put(Store *store, const StoreFolder *folder, GError **error)
{
    gint64 id = folder->id;
    bool ok;

    if (!store_begin(store, error))
        return 0;
    ok = id ? change_folder(store, folder, error)
            : add_folder(store, folder, &id, error);
    return store_end(store, ok, ok ? error : NULL) && ok ? id : 0;
}

bool
store_folder_mark(Store *store, gint64 id, const StoreMark *mark,
                  GError **error)
{
    return store_exec(store, error,
                      "UPDATE folder SET uidvalidity = ?, uidnext = ?,"
                      " modseq = ? WHERE id = ?",
                      "iiii", (gint64)mark->uidvalidity, (gint64)mark->uidnext,
                      (gint64)mark->modseq, id);
}

bool
store_folder_opens(const StoreFolder *folder)
{
    return folder->selectable || folder->total > 0;
}

bool
store_folder_set_selectable(Store *store, gint64 id, bool on, GError **error)
{
    return store_exec(store, error,
                      "UPDATE folder SET selectable = ? WHERE id = ?", "ii",
                      (gint64)on, id);
}

/* As if the server had never had it. */
static bool
lose_row(Store *store, gint64 id, GError **error)
{
    return store_exec(store, error,
                      "UPDATE message SET server_flags = 0, server_tags = ''"
                      " WHERE id = ?",
                      "i", id)
           && store_server_place(store, id, 0, 0, error);
}

static bool
lose_rows(Store *store, gint64 id, GError **error)
{
    g_autoptr(GArray) ids = store_read_ids(
        store,
        store_prepare(store, error,
                      "SELECT id FROM message WHERE server_folder = ?1"
                      " AND folder NOT IN (0, ?1) AND file IS NOT NULL",
                      "i", id),
        error);
    bool ok = ids != NULL;

    for (guint i = 0; ok && i < ids->len; i++)
        ok = lose_row(store, g_array_index(ids, gint64, i), error);
    return ok;
}

bool
store_folder_lost(Store *store, gint64 id, GError **error)
{
    bool ok;

    if (!store_begin(store, error))
        return false;
    ok = lose_rows(store, id, error);
    return store_end(store, ok, ok ? error : NULL) && ok;
}

/* What the user moved out of the folder lives on where he put it, to be
 * appended; what he moved in is back where the server has it; the rest goes. */
static bool
remove_rows(Store *store, gint64 id, GError **error)
{
    return lose_rows(store, id, error)
           && store_exec(store, error,
                         "UPDATE message SET server_folder = 0, uid = 0,"
                         " orphan = 0, moving = 0, server_flags = 0,"
                         " server_tags = '', settled = 0"
                         " WHERE server_folder = ?1 AND folder = 0",
                         "i", id)
           && store_exec(store, error,
                         "DELETE FROM message WHERE server_folder = ?1"
                         " AND folder <> ?1",
                         "i", id)
           && store_exec(store, error,
                         "UPDATE message SET folder = server_folder,"
                         " settled = file IS NULL WHERE folder = ?1"
                         " AND server_folder NOT IN (0, ?1)",
                         "i", id)
           && store_exec(store, error, "DELETE FROM message WHERE folder = ?",
                         "i", id)
           && store_exec(store, error,
                         "UPDATE message SET moving = 0 WHERE moving = ?1"
                         " AND server_folder = 0",
                         "i", id)
           && store_exec(store, error,
                         "DELETE FROM reference WHERE thread"
                         " NOT IN (SELECT thread FROM message)",
                         "")
           && store_exec(store, error,
                         "DELETE FROM value WHERE key GLOB"
                         " 'sync/' || ?1 || '/*'",
                         "i", id)
           && store_exec(store, error, "DELETE FROM folder WHERE id = ?", "i",
                         id);
}

bool
store_folder_remove(Store *store, gint64 id, GError **error)
{
    bool ok;

    if (!store_begin(store, error))
        return false;
    ok = remove_rows(store, id, error) && store_recount(store, error);
    return store_end(store, ok, ok ? error : NULL) && ok;
}
