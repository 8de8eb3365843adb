/* The sweep list (Y1): names that must not stay in a folder unless a row has
 * them. Noted before a batch is named and in the transaction that takes rows
 * away; whoever is killed between leaves the list, and the next run sweeps. */
#include "sync_private.h"

#include "base/file.h"
#include "maildir/maildir.h"

#include <errno.h>
#include <unistd.h>

static char *
sweep_key(const StoreFolder *folder, bool urgent)
{
    return g_strdup_printf("sync/%" G_GINT64_FORMAT "/%s", folder->id,
                           urgent ? "sweep-urgent" : "sweep");
}

bool
sweep_note(const Sync *sync, const StoreFolder *folder, const GPtrArray *files,
           GError **error)
{
    g_autofree char *key = sweep_key(folder, sync->urgent);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < files->len; i++)
        g_string_append_printf(text, "%s\n", (char *)files->pdata[i]);
    return store_set_value(sync->store, key, text->str, error);
}

bool
sweep_clear(const Sync *sync, const StoreFolder *folder, GError **error)
{
    g_autofree char *key = sweep_key(folder, sync->urgent);

    return store_set_value(sync->store, key, NULL, error);
}

char **
sweep_names(const Sync *sync, const StoreFolder *folder, bool urgent)
{
    g_autofree char *key = sweep_key(folder, urgent);
    g_autofree char *text = store_value(sync->store, key);

    return g_strsplit(text ? text : "", "\n", -1);
}

void
sweep_remove(const Sync *sync, const char *file)
{
    g_autofree char *path = g_build_filename(sync->mail, file, NULL);
    g_autofree char *found = maildir_locate(path);

    if (found)
        unlink(found);
}

static bool
remove_known(const MaildirEntry *entry, void *user)
{
    if (g_hash_table_contains(user, entry->base))
        unlink(entry->path);
    return true;
}

/* Done again it does nothing: the disk is not waited for. */
static bool
sweep_is_done(const Sync *sync, const StoreFolder *folder, GError **error)
{
    g_autoptr(StoreLazy) G_GNUC_UNUSED lazy = store_lazy(sync->store);

    return sweep_clear(sync, folder, error);
}

/* What does not lie where it was noted was renamed, or is no more: the folder
 * is read once for all of them. */
bool
sweep_remove_all(const Sync *sync, const StoreFolder *folder,
                 const char *const *files, GError **error)
{
    g_autofree char *dir = g_build_filename(sync->mail, folder->path, NULL);
    g_autofree char *cur = g_build_filename(dir, "cur", NULL);
    g_autoptr(GHashTable) moved =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (; *files; files++) {
        g_autofree char *path = g_build_filename(sync->mail, *files, NULL);
        g_autofree char *name = g_path_get_basename(path);

        if (**files == '\0' || unlink(path) == 0 || errno != ENOENT)
            continue;
        if (g_str_has_prefix(path, cur))
            g_hash_table_add(moved, maildir_name_base(name));
        else
            sweep_remove(sync, *files);
    }
    if (g_hash_table_size(moved) > 0
        && !maildir_scan(dir, remove_known, moved, error))
        return false;
    return file_sync_dir(cur, error) && sweep_is_done(sync, folder, error);
}

bool
sweep_recover(const Sync *sync, const StoreFolder *folder, GError **error)
{
    g_auto(GStrv) files = sweep_names(sync, folder, sync->urgent);

    return *files == NULL || **files == '\0'
           || sweep_remove_all(sync, folder, (const char *const *)files, error);
}
