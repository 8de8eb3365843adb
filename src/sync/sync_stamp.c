/* A stamp of a folder's directories tells whether names in it changed since the
 * last scan. What we rename ourselves changes the stamp that is kept. */
#include "sync_private.h"

#include <string.h>
#include <sys/stat.h>

static void
add_stamp(GString *text, const char *dir, const char *part)
{
    g_autofree char *path = g_build_filename(dir, part, NULL);
    struct stat info;

    if (stat(path, &info) == 0)
        g_string_append_printf(text, "%" G_GINT64_FORMAT ".%09ld ",
                               (gint64)info.st_mtim.tv_sec,
                               info.st_mtim.tv_nsec);
}

char *
sync_stamp(const Sync *sync, const StoreFolder *folder)
{
    g_autofree char *dir = g_build_filename(sync->mail, folder->path, NULL);
    GString *text = g_string_new(NULL);

    add_stamp(text, dir, "cur");
    add_stamp(text, dir, "new");
    return g_string_free(text, FALSE);
}

void
sync_own_names(const Sync *sync, const StoreFolder *folder, const char *before)
{
    g_autofree char *known = sync_fact(sync, folder, "mtime");
    g_autofree char *after = sync_stamp(sync, folder);

    if (g_strcmp0(before, known) == 0 && strcmp(before, after) != 0)
        sync_set_fact(sync, folder, "mtime", after, NULL);
}

GPtrArray *
sync_names_begin(Store *store, const char *mail, GError **error)
{
    Sync sync = { .store = store, .mail = mail };
    GPtrArray *folders = store_folders(store, NULL, error);

    for (guint i = folders ? folders->len : 0; i > 0; i--) {
        g_autofree char *known =
            sync_fact(&sync, folders->pdata[i - 1], "mtime");
        g_autofree char *stamp =
            known ? sync_stamp(&sync, folders->pdata[i - 1]) : NULL;

        if (known == NULL || strcmp(known, stamp) != 0)
            g_ptr_array_remove_index_fast(folders, i - 1);
    }
    return folders;
}

bool
sync_names_end(Store *store, const char *mail, GPtrArray *known, GError **error)
{
    Sync sync = { .store = store, .mail = mail };
    bool ok = true;

    for (guint i = 0; ok && i < known->len; i++) {
        const StoreFolder *folder = known->pdata[i];
        g_autofree char *before = sync_fact(&sync, folder, "mtime");
        g_autofree char *stamp = sync_stamp(&sync, folder);

        ok = g_strcmp0(before, stamp) == 0
             || sync_set_fact(&sync, folder, "mtime", stamp, error);
    }
    return ok;
}

bool
sync_names_known(Store *store, const char *mail, const char *account)
{
    Sync sync = { .store = store, .mail = mail };
    g_autoptr(GPtrArray) folders = store_folders(store, account, NULL);

    for (guint i = 0; folders && i < folders->len; i++) {
        g_autofree char *known = sync_fact(&sync, folders->pdata[i], "mtime");
        g_autofree char *stamp = sync_stamp(&sync, folders->pdata[i]);

        if (*stamp && g_strcmp0(stamp, known) != 0)
            return false;
    }
    return true;
}

GHashTable *
sync_stamps(Store *store, const char *mail, const char *account,
            GError **error)
{
    Sync sync = { .store = store, .mail = mail };
    g_autoptr(GPtrArray) folders = store_folders(store, account, error);
    GHashTable *stamps;

    if (folders == NULL)
        return NULL;
    stamps = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (guint i = 0; i < folders->len; i++) {
        const StoreFolder *folder = folders->pdata[i];

        g_hash_table_insert(stamps, g_strdup(folder->path),
                            sync_stamp(&sync, folder));
    }
    return stamps;
}

bool
sync_stamps_note(Store *store, const char *account, GHashTable *stamps,
                 GError **error)
{
    Sync sync = { .store = store };
    g_autoptr(GPtrArray) folders = store_folders(store, account, error);
    bool ok = folders != NULL && store_begin(store, error);

    if (!ok)
        return false;
    for (guint i = 0; ok && i < folders->len; i++) {
        const StoreFolder *folder = folders->pdata[i];
        const char *stamp = g_hash_table_lookup(stamps, folder->path);

        ok = stamp == NULL
             || sync_set_fact(&sync, folder, "mtime", stamp, error);
    }
    return store_end(store, ok, ok ? error : NULL) && ok;
}
