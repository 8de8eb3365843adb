/* Did another program change names in a folder's directories? A stamp of them
 * tells whether any name changed; then the names there are compared with those
 * that our rows know. So only what we wrote, renamed or removed ourselves, and
 * nothing that happened at the same time, counts as ours. */
#include "sync_private.h"

#include "maildir/maildir.h"

#include <string.h>
#include <sys/stat.h>

/* Some disks write times of no finer grain: a stamp so fresh may stay as it is
 * when the next name changes. */
enum { GRAIN_US = 2 * G_USEC_PER_SEC };

static void
add_stamp(GString *text, const char *dir, const char *part, gint64 *newest)
{
    g_autofree char *path = g_build_filename(dir, part, NULL);
    struct stat info;

    if (stat(path, &info) != 0)
        return;
    g_string_append_printf(text, "%" G_GINT64_FORMAT ".%09ld ",
                           (gint64)info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
    *newest = MAX(*newest, (gint64)info.st_mtim.tv_sec * G_USEC_PER_SEC
                               + info.st_mtim.tv_nsec / 1000);
}

static char *
take_stamp(const Sync *sync, const StoreFolder *folder, bool *firm)
{
    g_autofree char *dir = g_build_filename(sync->mail, folder->path, NULL);
    GString *text = g_string_new(NULL);
    gint64 newest = 0;

    add_stamp(text, dir, "cur", &newest);
    add_stamp(text, dir, "new", &newest);
    *firm = newest + GRAIN_US < g_get_real_time();
    return g_string_free(text, FALSE);
}

/* The names in a folder's directories that no row was seen to know yet, below
 * the mail root as rows have them. Their text lies in one piece: there may be
 * hundreds of thousands. */
typedef struct {
    const StoreFolder *folder;
    gsize root; /* bytes of a path that no row has */
    GStringChunk *text;
    GHashTable *names;
} Names;

static bool
add_name(const MaildirEntry *entry, void *user)
{
    Names *there = user;

    g_hash_table_add(there->names, g_string_chunk_insert(
                                       there->text, entry->path + there->root));
    return true;
}

static bool
is_in(const StoreFolder *folder, const char *file)
{
    gsize size = strlen(folder->path);

    return strncmp(file, folder->path, size) == 0 && file[size] == '/'
           && (g_str_has_prefix(file + size + 1, "cur/")
               || g_str_has_prefix(file + size + 1, "new/"));
}

static bool
is_there(const char *file, void *user)
{
    const Names *there = user;

    return !is_in(there->folder, file)
           || g_hash_table_remove(there->names, file);
}

static bool
names_match(const Sync *sync, const StoreFolder *folder)
{
    g_autofree char *dir = g_build_filename(sync->mail, folder->path, NULL);
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    Names there = { folder, strlen(dir) - strlen(folder->path),
                    g_string_chunk_new(64 * 1024), names };
    bool match = maildir_scan(dir, add_name, &there, NULL)
                 && store_each_file_near(sync->store, folder->id, is_there,
                                         &there)
                 && g_hash_table_size(names) == 0;

    g_string_chunk_free(there.text);
    return match;
}

char *
sync_changed_stamp(const Sync *sync, const StoreFolder *folder)
{
    bool firm;
    g_autofree char *stamp = take_stamp(sync, folder, &firm);
    g_autofree char *known = NULL;

    if (*stamp == '\0')
        return NULL;
    known = sync_fact(sync, folder, "mtime");
    if (g_strcmp0(stamp, known) == 0)
        return NULL;
    if (!names_match(sync, folder))
        return g_strdup(firm ? stamp : "");
    if (firm && store_set_lazy(sync->store, true, NULL)) {
        sync_set_fact(sync, folder, "mtime", stamp, NULL);
        store_set_lazy(sync->store, false, NULL);
    }
    return NULL;
}

GHashTable *
sync_changed_folders(Store *store, const char *mail, const char *account,
                     bool local, GError **error)
{
    Sync sync = { .store = store, .mail = mail };
    g_autoptr(GPtrArray) folders = store_folders(store, account, error);
    GHashTable *changed;

    if (folders == NULL)
        return NULL;
    changed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (guint i = 0; i < folders->len; i++) {
        const StoreFolder *folder = folders->pdata[i];
        char *stamp = folder->local == local
                          ? sync_changed_stamp(&sync, folder)
                          : NULL;

        if (stamp)
            g_hash_table_insert(changed, g_strdup(folder->path), stamp);
    }
    return changed;
}

bool
sync_folders_read(Store *store, const char *account, GHashTable *changed,
                  GError **error)
{
    Sync sync = { .store = store };
    g_autoptr(GPtrArray) folders = store_folders(store, account, error);
    bool ok = folders != NULL && store_begin(store, error);

    if (!ok)
        return false;
    for (guint i = 0; ok && i < folders->len; i++) {
        const StoreFolder *folder = folders->pdata[i];
        const char *stamp = g_hash_table_lookup(changed, folder->path);

        ok = stamp == NULL || *stamp == '\0'
             || sync_set_fact(&sync, folder, "mtime", stamp, error);
    }
    return store_end(store, ok, ok ? error : NULL) && ok;
}
