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

bool
sweep_recover(const Sync *sync, const StoreFolder *folder, GError **error)
{
    g_auto(GStrv) files = sweep_names(sync, folder, sync->urgent);
    g_autofree char *cur =
        g_build_filename(sync->mail, folder->path, "cur", NULL);

    if (*files == NULL || **files == '\0')
        return true;
    for (char **file = files; *file; file++)
        if (**file)
            sweep_remove(sync, *file);
    return file_sync_dir(cur, error) && sweep_clear(sync, folder, error);
}
