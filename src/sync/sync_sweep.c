/* The sweep list (Y1): names that must not stay in a folder unless a row has
 * them. Noted before a batch is named and in the transaction that takes rows
 * away; whoever is killed between leaves his note, and the next run sweeps.
 * Each has a note of its own, and several connections fetch in one folder at a
 * time. Who names files holds a lock with the others from before his note until
 * his rows are recorded; who sweeps needs it alone, and leaves it to the next
 * run where he cannot have it. So no note is swept that somebody lives for. */
#include "sync_private.h"

#include "base/err.h"
#include "base/file.h"
#include "maildir/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

enum {
    PAUSE_US = 10 * 1000
};

struct Sweep {
    const Sync *sync;
    char *key; /* of the note */
    int lock;
};

/* What the keys of all notes of a folder begin with. */
static char *
notes_of(const StoreFolder *folder)
{
    return g_strdup_printf("sync/%" G_GINT64_FORMAT "/sweep", folder->id);
}

/* The lock is the kernel's, which lets go for whoever died. -1 on error. */
static int
open_lock(const Sync *sync, GError **error)
{
    g_autofree char *name = maildir_encode_name(sync->account);
    g_autofree char *path =
        g_strdup_printf("%s-%s.names", store_path(sync->store), name);
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        err_set_errno(error, errno, "%s", path);
    return fd;
}

/* With all others that name files, once nobody sweeps. */
static int
lock_shared(const Sync *sync, GError **error)
{
    int fd = open_lock(sync, error);

    if (fd < 0)
        return -1;
    while (flock(fd, LOCK_SH | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            err_set_errno(error, errno, "the lock of %s", sync->account);
        else if (g_cancellable_is_cancelled(sync->cancel))
            err_set(error, ERR_CANCELLED, "cancelled");
        else {
            g_usleep(PAUSE_US);
            continue;
        }
        close(fd);
        return -1;
    }
    return fd;
}

char *
sweep_note(const Sync *sync, const StoreFolder *folder, const GPtrArray *files,
           GError **error)
{
    g_autofree char *prefix = notes_of(folder);
    g_autofree char *name = maildir_unique_name();
    g_autofree char *key = g_strconcat(prefix, "/", name, NULL);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < files->len; i++)
        g_string_append_printf(text, "%s\n", (char *)files->pdata[i]);
    return store_set_value(sync->store, key, text->str, error)
               ? g_steal_pointer(&key)
               : NULL;
}

Sweep *
sweep_begin(const Sync *sync, const StoreFolder *folder, const GPtrArray *files,
            GError **error)
{
    Sweep *sweep = g_new0(Sweep, 1);

    sweep->sync = sync;
    sweep->lock = lock_shared(sync, error);
    if (sweep->lock >= 0)
        sweep->key = sweep_note(sync, folder, files, error);
    if (sweep->key == NULL)
        g_clear_pointer(&sweep, sweep_end);
    return sweep;
}

bool
sweep_recorded(const Sweep *sweep, GError **error)
{
    return store_set_value(sweep->sync->store, sweep->key, NULL, error);
}

void
sweep_end(Sweep *sweep)
{
    if (sweep == NULL)
        return;
    if (sweep->lock >= 0)
        close(sweep->lock);
    g_free(sweep->key);
    g_free(sweep);
}

char **
sweep_names(const Sync *sync, const StoreFolder *folder)
{
    g_autofree char *prefix = notes_of(folder);
    g_autoptr(GHashTable) notes = store_values(sync->store, prefix);
    g_autoptr(GString) all = g_string_new(NULL);
    GHashTableIter iter;
    void *text;

    g_hash_table_iter_init(&iter, notes);
    while (g_hash_table_iter_next(&iter, NULL, &text))
        g_string_append(all, text);
    return g_strsplit(all->str, "\n", -1);
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
forget_note(const Sync *sync, const char *key, GError **error)
{
    g_autoptr(StoreLazy) G_GNUC_UNUSED lazy = store_lazy(sync->store);

    return store_set_value(sync->store, key, NULL, error);
}

/* What does not lie where it was noted was renamed, or is no more: the folder
 * is read once for all of them. */
bool
sweep_files(const Sync *sync, const StoreFolder *folder, const char *key,
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
    return file_sync_dir(cur, error) && forget_note(sync, key, error);
}

static bool
sweep_notes(const Sync *sync, const StoreFolder *folder, GHashTable *notes,
            GError **error)
{
    GHashTableIter iter;
    void *key;
    void *text;

    g_hash_table_iter_init(&iter, notes);
    while (g_hash_table_iter_next(&iter, &key, &text)) {
        g_auto(GStrv) files = g_strsplit(text, "\n", -1);

        if (!sweep_files(sync, folder, key, (const char *const *)files, error))
            return false;
    }
    return true;
}

/* What is noted while nobody names files was left behind: it is read under the
 * lock. */
bool
sweep_recover(const Sync *sync, const StoreFolder *folder, GError **error)
{
    g_autofree char *prefix = notes_of(folder);
    g_autoptr(GHashTable) notes = store_values(sync->store, prefix);
    bool ok = true;
    int lock;

    if (g_hash_table_size(notes) == 0)
        return true;
    lock = open_lock(sync, error);
    if (lock < 0)
        return false;
    if (flock(lock, LOCK_EX | LOCK_NB) == 0) {
        g_autoptr(GHashTable) left = store_values(sync->store, prefix);

        ok = sweep_notes(sync, folder, left, error);
    }
    close(lock);
    return ok;
}
