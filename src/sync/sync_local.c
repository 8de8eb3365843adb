/* What other programs did to the Maildir of an account with a server, before
 * anything else is done: renamed files change flags, files in another folder
 * are moves, files that went are deletions, new ones are to be uploaded. Only
 * folders whose directories changed are read. Files that the room core is just
 * moving (their rows are not settled) are passed over. A directory that is gone
 * deletes nothing, nor one that was made anew in its place (Y5). */
#include "sync_private.h"

#include "base/err.h"
#include "maildir/maildir.h"
#include "store/store_pop3.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LOCAL_SLICE = 500
};

typedef struct {
    char *path; /* absolute */
    char *base;
    MaildirFlags flags;
    const StoreFolder *folder;
} Found;

/* A file of a row that has another name, or none that was seen. */
typedef struct {
    const StoreFile *file; /* as it was compared */
    const StoreFolder *folder;
    Found *found; /* owned; of one that is missing NULL */
    bool lost;    /* with its directory */
} Changed;

typedef struct {
    const Sync *sync;
    GPtrArray *folders; /* StoreFolder: those that changed */
    GPtrArray *known;   /* arrays of StoreFile */
    GHashTable *found;  /* base → Found: no row of its folder knows it */
    GArray *renamed;    /* Changed */
    GArray *missing;    /* Changed */
    GPtrArray *stamps;  /* as the scan began, in the order of folders */
} Scan;

static void
found_free(void *data)
{
    Found *found = data;

    g_free(found->path);
    g_free(found->base);
    g_free(found);
}

typedef struct {
    Scan *scan;
    const StoreFolder *folder;
} ScanFolder;

static bool
add_found(const MaildirEntry *entry, void *user)
{
    const ScanFolder *folder = user;
    Found *found = g_new0(Found, 1);

    found->path = g_strdup(entry->path);
    found->base = g_strdup(entry->base);
    found->flags = entry->flags;
    found->folder = folder->folder;
    g_hash_table_replace(folder->scan->found, found->base, found);
    return true;
}

static char *
base_of(const char *file)
{
    g_autofree char *name = g_path_get_basename(file);

    return maildir_name_base(name);
}

/* Is the file where and what the row says? If not, core renames it soon. */
static bool
is_settled(const StoreFile *file, const StoreFolder *folder)
{
    gsize size = strlen(folder->path);

    return strncmp(file->file, folder->path, size) == 0
           && (g_str_has_prefix(file->file + size, "/cur/")
               || g_str_has_prefix(file->file + size, "/new/"))
           && strchr(file->file + size + 5, '/') == NULL
           && maildir_name_flags(file->file)
                  == (file->flags & STORE_SYSTEM_FLAGS);
}

/* Is the file still where it was seen? If not, it was renamed since, by
 * whoever: the next scan sees it. */
static bool
is_there(const Found *found)
{
    return access(found->path, F_OK) == 0;
}

/* A file of another name: the flags that it says differently from the name we
 * know are another program's wish. */
static bool
take_name(const Sync *sync, const StoreRow *row, const Found *found,
          GError **error)
{
    const char *name = found->path + strlen(sync->mail) + 1;
    unsigned changed = maildir_name_flags(row->file) ^ found->flags;
    unsigned flags = (row->flags & ~changed) | (found->flags & changed);

    if (strcmp(name, row->file) == 0 || !is_there(found))
        return true;
    return store_set_file(sync->store, row->id, name, error)
           && (changed == 0
               || store_set_flags(sync->store, row->id, flags, error));
}

static void
changed_clear(void *data)
{
    Changed *changed = data;

    if (changed->found)
        found_free(changed->found);
}

static void
compare_file(Scan *scan, Changed changed)
{
    const Sync *sync = scan->sync;
    g_autofree char *base = base_of(changed.file->file);
    Found *found = g_hash_table_lookup(scan->found, base);
    bool settled = is_settled(changed.file, changed.folder);

    if (found && found->folder->id != changed.folder->id)
        found = NULL;
    if (found)
        g_hash_table_steal(scan->found, base);
    if (found && settled
        && strcmp(found->path + strlen(sync->mail) + 1, changed.file->file)
               != 0) {
        changed.found = found;
        g_array_append_val(scan->renamed, changed);
    } else if (found) {
        found_free(found);
    } else if (settled) {
        g_array_append_val(scan->missing, changed);
    }
}

/* Rows of one folder against its directories. */
static void
compare_folder(Scan *scan, const StoreFolder *folder, const GPtrArray *files)
{
    const Sync *sync = scan->sync;
    Changed changed = { .folder = folder,
                        .lost = sync_directory_is_new(sync->store, sync->mail,
                                                      folder) };

    for (guint i = 0; i < files->len; i++) {
        changed.file = files->pdata[i];
        compare_file(scan, changed);
    }
}

/* The row, in a transaction; NULL: changed since it was compared, which the
 * file follows soon. */
static StoreRow *
row_as_compared(const Scan *scan, const Changed *changed)
{
    const StoreFile *file = changed->file;
    g_autoptr(StoreRow) row = store_row(scan->sync->store, file->id, NULL);
    StoreFile now = { file->id, file->file, row ? row->flags : 0 };

    return row && row->folder == changed->folder->id
                   && g_strcmp0(row->file, file->file) == 0
                   && is_settled(&now, changed->folder)
               ? g_steal_pointer(&row)
               : NULL;
}

static bool
take_renamed(void *user, guint i, GError **error)
{
    const Scan *scan = user;
    const Changed *renamed = &g_array_index(scan->renamed, Changed, i);
    g_autoptr(StoreRow) row = row_as_compared(scan, renamed);

    return row == NULL || take_name(scan->sync, row, renamed->found, error);
}

/* A row whose file lies in another folder now was moved; else it was deleted,
 * unless something else must have happened (fetch: Y4, Y5). */
static bool
take_missing(Scan *scan, const Changed *missing, bool fetch, GError **error)
{
    Store *store = scan->sync->store;
    g_autofree char *base = base_of(missing->file->file);
    g_autofree char *path =
        g_build_filename(scan->sync->mail, missing->file->file, NULL);
    g_autofree char *there = maildir_locate(path);
    const Found *found = g_hash_table_lookup(scan->found, base);
    g_autoptr(StoreRow) row = row_as_compared(scan, missing);
    bool ok;

    if (there || row == NULL || (found && !is_there(found)))
        return true; /* changed while we looked */
    if (found) {
        ok = store_set_folder(store, row->id, found->folder->id, error)
             && take_name(scan->sync, row, found, error);
        g_hash_table_remove(scan->found, base);
        return ok;
    }
    if (fetch || row->server_folder == 0)
        return store_set_file(store, row->id, NULL, error);
    return store_set_folder(store, row->id, 0, error)
           && store_set_file(store, row->id, NULL, error);
}

static guint
count_lost(const Scan *scan)
{
    guint lost = 0;

    for (guint i = 0; i < scan->missing->len; i++)
        lost += g_array_index(scan->missing, Changed, i).lost;
    return lost;
}

static bool
take_all_missing(Scan *scan, guint total, GError **error)
{
    bool many = sync_removal_is_large(scan->missing->len, total);
    guint fetched = many ? scan->missing->len : count_lost(scan);

    if (fetched > 0)
        sync_warn(scan->sync,
                  "%s: %u of %u files are gone from the disk; "
                  "they are fetched again",
                  scan->sync->account, fetched, total);
    for (guint i = 0; i < scan->missing->len; i++) {
        const Changed *missing = &g_array_index(scan->missing, Changed, i);
        bool fetch = many || missing->lost;

        if (!take_missing(scan, missing, fetch, error)
            || (fetch
                && !sync_set_fact(scan->sync, missing->folder, "lacking", "1",
                                  error)))
            return false;
    }
    return true;
}

/* Files of any row, wherever: being moved by core. */
static void
forget_known(Scan *scan, const GPtrArray *files)
{
    for (guint i = 0; i < files->len; i++) {
        g_autofree char *base =
            base_of(((const StoreFile *)files->pdata[i])->file);

        g_hash_table_remove(scan->found, base);
    }
}

static void
forget_swept(Scan *scan, const StoreFolder *folder)
{
    g_auto(GStrv) files = sweep_names(scan->sync, folder);

    for (char **file = files; *file; file++) {
        g_autofree char *base = base_of(*file);

        g_hash_table_remove(scan->found, base);
    }
}

static StoreMessage *
read_facts(const Sync *sync, const char *path, struct stat *info)
{
    g_autofree char *bytes = g_malloc(SYNC_HEAD_BYTES);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    gsize size = 0;
    gssize got = 1;

    if (fd < 0)
        return NULL;
    if (fstat(fd, info) != 0 || !S_ISREG(info->st_mode))
        got = 0;
    while (got > 0 && size < SYNC_HEAD_BYTES) {
        got = read(fd, bytes + size, SYNC_HEAD_BYTES - size);
        size += (gsize)MAX(got, 0);
    }
    close(fd);
    return got >= 0 && size > 0 ? sync->describe(bytes, size) : NULL;
}

static bool
add_row(const Sync *sync, const StoreMessage *facts, GError **error)
{
    gint64 id = store_message_add(sync->store, facts, error);

    return id != 0
           && store_pending_failed(sync->store, id, "found in the folder",
                                   error);
}

/* A file of another program, if it is still there: that of a row which has
 * none, as when a disk is mounted again, else a row of its own, to be uploaded.
 * It is looked for by its Message-ID first: state.db may have been lost
 * (P79). */
static bool
add_file(const Sync *sync, const Found *found, GError **error)
{
    struct stat info = { 0 };
    StoreMessage *facts = read_facts(sync, found->path, &info);
    gint64 known;
    bool ok;

    if (facts == NULL)
        return true; /* renamed since it was seen, or no message */
    facts->folder = found->folder->id;
    facts->file = found->path + strlen(sync->mail) + 1;
    facts->size = (guint64)info.st_size;
    facts->arrival = info.st_mtime;
    facts->flags |= found->flags;
    known = store_lacking(sync->store, facts->folder, facts->message_id,
                          facts->size);
    ok = known ? store_pop3_body(sync->store, known, facts, error)
               : add_row(sync, facts, error);
    sync->describe_free(facts);
    return ok;
}

/* In transactions of a slice each. */
static bool
add_files(Scan *scan, GError **error)
{
    Store *store = scan->sync->store;
    GHashTableIter iter;
    void *value;
    guint n = 0;
    bool ok = true;

    if (!store_begin(store, error))
        return false;
    g_hash_table_iter_init(&iter, scan->found);
    while (ok && g_hash_table_iter_next(&iter, NULL, &value)) {
        ok = add_file(scan->sync, value, error);
        if (ok && ++n % LOCAL_SLICE == 0
            && (!store_end(store, true, error) || !store_begin(store, error)))
            return false;
    }
    return store_end(store, ok, ok ? error : NULL) && ok;
}

static bool
scan_changed(Scan *scan, GError **error)
{
    const Sync *sync = scan->sync;

    for (guint i = 0; i < scan->folders->len; i++) {
        const StoreFolder *folder = scan->folders->pdata[i];
        g_autofree char *dir = g_build_filename(sync->mail, folder->path, NULL);
        ScanFolder where = { scan, folder };
        SyncProgress progress = { .folder = folder->path };

        if (!sweep_recover(sync, folder, error)
            || !maildir_scan(dir, add_found, &where, error))
            return false;
        if (sync->progress)
            sync->progress(sync->user, &progress);
    }
    return true;
}

/* As of one moment, and nobody waits for it: few of many rows differ. */
static bool
compare_all(Scan *scan, guint *total, GError **error)
{
    Store *store = scan->sync->store;
    bool ok = true;

    *total = 0;
    store_read_begin(store);
    for (guint i = 0; ok && i < scan->folders->len; i++) {
        const StoreFolder *folder = scan->folders->pdata[i];
        GPtrArray *files = store_files(store, folder->id, error);

        ok = files != NULL;
        if (ok) {
            g_ptr_array_add(scan->known, files);
            compare_folder(scan, folder, files);
            *total += files->len;
        }
        forget_swept(scan, folder);
    }
    store_read_end(store);
    return ok;
}

/* Who deletes many is asked about all of them, so those are one change. */
static bool
take_changes(Scan *scan, GError **error)
{
    const Sync *sync = scan->sync;
    guint total;
    bool ok;

    if (!compare_all(scan, &total, error)
        || !sync_each(sync, scan->renamed->len, take_renamed, scan, error)
        || !store_begin(sync->store, error))
        return false;
    ok = take_all_missing(scan, total, error);
    for (guint i = 0; ok && i < scan->folders->len; i++)
        ok = sync_directory_seen(sync->store, sync->mail,
                                 scan->folders->pdata[i], error);
    return store_end(sync->store, ok, ok ? error : NULL) && ok;
}

static bool
forget_known_in(Scan *scan, gint64 folder, GError **error)
{
    g_autoptr(GPtrArray) files = store_files(scan->sync->store, folder, error);

    if (files == NULL)
        return false;
    forget_known(scan, files);
    return true;
}

/* Rows that know a file of that base, in any folder or in none: those that the
 * user deleted for good keep theirs until the server has heard of it, and those
 * that he moved to another account until core has renamed it. */
static bool
forget_all_known(Scan *scan, GError **error)
{
    Store *store = scan->sync->store;
    g_autoptr(GPtrArray) all = store_folders(store, scan->sync->account, error);
    g_autoptr(GPtrArray) moved = store_unsettled_files(store, error);
    bool ok = all != NULL && moved != NULL && forget_known_in(scan, 0, error);

    if (ok)
        forget_known(scan, moved);
    for (guint i = 0; ok && g_hash_table_size(scan->found) > 0 && i < all->len;
         i++)
        ok = forget_known_in(scan, ((StoreFolder *)all->pdata[i])->id, error);
    return ok;
}

/* Whoever writes a file has its row when he names it, or adds it in the same
 * transaction. So every file that the scan saw has its row now, as each
 * transaction that was open then was over when that of take_changes() began;
 * but for those of other programs. The rows are read as of one moment: one that
 * is moved meanwhile is not missed. */
static bool
take_new(Scan *scan, GError **error)
{
    bool ok;

    if (g_hash_table_size(scan->found) == 0)
        return true;
    store_read_begin(scan->sync->store);
    ok = forget_all_known(scan, error);
    store_read_end(scan->sync->store);
    return ok && add_files(scan, error);
}

/* The files may be back when a disk is mounted, so nothing is done about it. */
static void
tell_gone(const Sync *sync, const StoreFolder *first, guint more)
{
    g_autofree char *others =
        more ? g_strdup_printf(" and %u other folder%s", more,
                               more == 1 ? "" : "s")
             : g_strdup("");

    sync_warn(sync,
              "%s%s: gone from the disk. If it is to be mounted, do; where it "
              "is lost, `mkdir -p %s/%s/cur` has the messages fetched again",
              first->path, others, sync->mail, first->path);
}

static bool
choose(Scan *scan, GPtrArray *all)
{
    const Sync *sync = scan->sync;
    const StoreFolder *gone = NULL;
    guint n = 0;

    for (guint i = 0; i < all->len; i++) {
        StoreFolder *folder = all->pdata[i];
        char *stamp = folder->local ? NULL : sync_changed_stamp(sync, folder);

        if (stamp) {
            g_ptr_array_add(scan->folders, folder);
            g_ptr_array_add(scan->stamps, stamp);
        } else if (!folder->local
                   && !sync_directory_is_there(sync->mail, folder)
                   && store_has_files(sync->store, folder->id)) {
            gone = gone ? gone : folder;
            n++;
        }
    }
    if (gone)
        tell_gone(sync, gone, n - 1);
    return scan->folders->len > 0;
}

static bool
run_scan(Scan *scan, GError **error)
{
    if (!scan_changed(scan, error) || !take_changes(scan, error)
        || !take_new(scan, error))
        return false;
    for (guint i = 0; i < scan->folders->len; i++)
        if (*(const char *)scan->stamps->pdata[i] != '\0'
            && !sync_set_fact(scan->sync, scan->folders->pdata[i], "mtime",
                              scan->stamps->pdata[i], error))
            return false;
    return true;
}

bool
sync_local(const Sync *sync, GError **error)
{
    g_autoptr(GPtrArray) all = store_folders(sync->store, sync->account, error);
    g_autoptr(GPtrArray) folders = g_ptr_array_new();
    g_autoptr(GPtrArray) known =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    g_autoptr(GPtrArray) stamps = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) found =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, found_free);
    g_autoptr(GArray) renamed = g_array_new(FALSE, FALSE, sizeof(Changed));
    g_autoptr(GArray) missing = g_array_new(FALSE, FALSE, sizeof(Changed));
    Scan scan = { sync, folders, known, found, renamed, missing, stamps };

    g_array_set_clear_func(renamed, changed_clear);
    if (all == NULL)
        return false;
    if (!choose(&scan, all))
        return true;
    if (g_cancellable_is_cancelled(sync->cancel))
        return err_set(error, ERR_CANCELLED, "cancelled");
    return run_scan(&scan, error);
}
