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

static bool
add_stamp(GString *text, const char *dir, const char *part, gint64 *newest)
{
    g_autofree char *path = g_build_filename(dir, part, NULL);
    struct stat info;

    if (stat(path, &info) != 0)
        return false;
    g_string_append_printf(text, "%" G_GINT64_FORMAT ".%09ld ",
                           (gint64)info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
    *newest = MAX(*newest, (gint64)info.st_mtim.tv_sec * G_USEC_PER_SEC
                               + info.st_mtim.tv_nsec / 1000);
    return true;
}

/* "": there is no such directory. */
static char *
take_stamp(const Sync *sync, const StoreFolder *folder, bool *firm)
{
    g_autofree char *dir = g_build_filename(sync->mail, folder->path, NULL);
    GString *text = g_string_new(NULL);
    gint64 newest = 0;

    if (add_stamp(text, dir, "cur", &newest))
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
    GCancellable *cancel;
} Names;

static bool
add_name(const MaildirEntry *entry, void *user)
{
    Names *there = user;

    g_hash_table_add(there->names, g_string_chunk_insert(
                                       there->text, entry->path + there->root));
    return !g_cancellable_is_cancelled(there->cancel);
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

/* False also when it was cancelled. */
static bool
names_match(const Sync *sync, const StoreFolder *folder)
{
    g_autofree char *dir = g_build_filename(sync->mail, folder->path, NULL);
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    Names there = { folder, strlen(dir) - strlen(folder->path),
                    g_string_chunk_new(64 * 1024), names, sync->cancel };
    bool match = maildir_scan(dir, add_name, &there, NULL)
                 && store_each_file_near(sync->store, folder->id, is_there,
                                         &there)
                 && g_hash_table_size(names) == 0
                 && !g_cancellable_is_cancelled(sync->cancel);

    g_string_chunk_free(there.text);
    return match;
}

/* Of an account: which folders' names were those of our rows, as of which
 * stamp. The thread's until it is joined. */
struct SyncAhead {
    char *state_db, *mail, *account;
    GCancellable *cancel;
    GThread *thread;
    GHashTable *ours; /* path → stamp */
};

/* Were they ours when the directories were as they are? What was done since
 * within the grain of the stamp is seen by the next sync: it is not kept. */
static bool
were_ours(const Sync *sync, const StoreFolder *folder, const char *stamp)
{
    SyncAhead *ahead = sync->ahead;

    if (ahead == NULL)
        return false;
    if (ahead->thread)
        g_thread_join(g_steal_pointer(&ahead->thread));
    return g_strcmp0(g_hash_table_lookup(ahead->ours, folder->path), stamp)
           == 0;
}

/* The disk is not waited for. */
static void
note_directory(const Sync *sync, const StoreFolder *folder)
{
    g_autoptr(StoreLazy) G_GNUC_UNUSED lazy = store_lazy(sync->store);

    sync_directory_seen(sync->store, sync->mail, folder, NULL);
}

/* *ours: the stamp of which the names are ours, NULL where none was needed. */
static char *
changed_stamp(const Sync *sync, const StoreFolder *folder, char **ours)
{
    bool firm;
    g_autofree char *stamp = take_stamp(sync, folder, &firm);
    g_autofree char *known = NULL;

    *ours = NULL;
    if (*stamp == '\0')
        return NULL;
    known = sync_fact(sync, folder, "mtime");
    if (g_strcmp0(stamp, known) == 0)
        return NULL;
    if (were_ours(sync, folder, stamp))
        return NULL;
    if (!names_match(sync, folder))
        return g_strdup(firm ? stamp : "");
    note_directory(sync, folder);
    if (firm) {
        g_autoptr(StoreLazy) G_GNUC_UNUSED lazy = store_lazy(sync->store);

        sync_set_fact(sync, folder, "mtime", stamp, NULL);
    }
    *ours = g_steal_pointer(&stamp);
    return NULL;
}

char *
sync_changed_stamp(const Sync *sync, const StoreFolder *folder)
{
    g_autofree char *ours = NULL;

    return changed_stamp(sync, folder, &ours);
}

static void *
look_ahead(void *data)
{
    SyncAhead *ahead = data;
    g_autoptr(Store) store = store_open(ahead->state_db, NULL);
    g_autoptr(GPtrArray) folders =
        store ? store_folders(store, ahead->account, NULL) : NULL;
    const Sync sync = { .store = store,
                        .mail = ahead->mail,
                        .cancel = ahead->cancel };

    for (guint i = 0; folders && i < folders->len
                      && !g_cancellable_is_cancelled(ahead->cancel);
         i++) {
        const StoreFolder *folder = folders->pdata[i];
        char *ours = NULL;

        if (!folder->local)
            g_free(changed_stamp(&sync, folder, &ours));
        if (ours)
            g_hash_table_insert(ahead->ours, g_strdup(folder->path), ours);
    }
    return NULL;
}

SyncAhead *
sync_ahead_begin(const char *state_db, const char *mail, const char *account)
{
    SyncAhead *ahead = g_new0(SyncAhead, 1);

    ahead->state_db = g_strdup(state_db);
    ahead->mail = g_strdup(mail);
    ahead->account = g_strdup(account);
    ahead->cancel = g_cancellable_new();
    ahead->ours =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    ahead->thread = g_thread_try_new("names", look_ahead, ahead, NULL);
    return ahead;
}

void
sync_ahead_end(SyncAhead *ahead)
{
    if (ahead == NULL)
        return;
    g_cancellable_cancel(ahead->cancel);
    if (ahead->thread)
        g_thread_join(ahead->thread);
    g_object_unref(ahead->cancel);
    g_hash_table_unref(ahead->ours);
    g_free(ahead->state_db);
    g_free(ahead->mail);
    g_free(ahead->account);
    g_free(ahead);
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
