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
