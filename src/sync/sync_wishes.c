/* What the user wants of folders and the server does not know yet: a new name,
 * subscribed or not, gone. Kept as facts of the folder, told before LIST, so
 * that the list that follows is the truth about all of it. A rename is told by
 * the name that the server knows; its answer lost, the server's new name is
 * found again as a rename there (sync_folders.c). A folder that is to go and
 * still holds, there, what was moved out of it here goes behind the push. */
#include "sync_private.h"

#include "base/err.h"
#include "maildir/maildir.h"

#include <string.h>
#include <unistd.h>

#define WISH_RENAME "server-name"
#define WISH_SUBSCRIBE "subscribe"
#define WISH_DELETE "delete"
#define LEFT_PATH "left-path"

static bool
set_wish(Store *store, const StoreFolder *folder, const char *wish,
         const char *value, GError **error)
{
    const Sync sync = { .store = store };

    return sync_set_fact(&sync, folder, wish, value, error);
}

static char *
wish_of(Store *store, const StoreFolder *folder, const char *wish)
{
    const Sync sync = { .store = store };

    return sync_fact(&sync, folder, wish);
}

bool
sync_wish_subscribe(Store *store, StoreFolder *folder, bool on, GError **error)
{
    g_autoptr(StoreFolder) now = NULL;
    bool ok;

    if (!store_begin(store, error))
        return false;
    folder->subscribed = on;
    now = store_folder(store, folder->id, error);
    if (now)
        now->subscribed = on;
    ok = now && store_folder_put(store, now, error) != 0
         && (folder->local
             || set_wish(store, folder, WISH_SUBSCRIBE, on ? "on" : "off",
                         error));
    return store_end(store, ok, ok ? error : NULL) && ok;
}

bool
sync_wish_delete(Store *store, const StoreFolder *folder, GError **error)
{
    g_autofree char *count = g_strdup_printf("%u", folder->total);

    return set_wish(store, folder, WISH_DELETE, count, error);
}

bool
sync_is_to_go(Store *store, const StoreFolder *folder)
{
    g_autofree char *wish = wish_of(store, folder, WISH_DELETE);

    return wish != NULL;
}

bool
sync_is_renamed(Store *store, const StoreFolder *folder)
{
    g_autofree char *wish = wish_of(store, folder, WISH_RENAME);

    return wish != NULL;
}

/* One folder under another name: its path follows, its files behind (the room
 * core settles them). */
bool
sync_folder_called(Store *store, StoreFolder *folder, const char *name,
                   GError **error)
{
    g_autofree char *path =
        maildir_folder_path(folder->account, name, folder->delimiter);
    g_autoptr(StoreFolder) taken = store_folder_by_path(store, path, NULL);
    bool ok = true;

    if (taken == NULL) {
        ok = set_wish(store, folder, LEFT_PATH, folder->path, error);
        g_free(folder->path);
        folder->path = g_steal_pointer(&path);
    }
    g_free(folder->name);
    folder->name = g_strdup(name);
    return ok && store_folder_put(store, folder, error) != 0;
}

/* The name of a folder at or below from once that is called to; NULL: another
 * one. g_free(). */
static char *
name_below(const StoreFolder *folder, const char *from, const char *to)
{
    gsize size = strlen(from);

    if (strncmp(folder->name, from, size) != 0
        || (folder->name[size] != '\0'
            && (folder->delimiter == 0
                || folder->name[size] != folder->delimiter)))
        return NULL;
    return g_strconcat(to, folder->name + size, NULL);
}

bool
sync_folders_called(Store *store, const StoreFolder *folder, const char *to,
                    GError **error)
{
    g_autofree char *from = g_strdup(folder->name);
    g_autoptr(GPtrArray) all = store_folders(store, folder->account, error);
    bool ok = all != NULL;

    for (guint i = 0; ok && i < all->len; i++) {
        g_autofree char *name = name_below(all->pdata[i], from, to);

        ok = name == NULL
             || sync_folder_called(store, all->pdata[i], name, error);
    }
    return ok;
}

/* The server's name is kept when it was renamed before and not told yet. */
bool
sync_wish_rename(Store *store, const StoreFolder *folder, const char *to,
                 GError **error)
{
    g_autofree char *before = wish_of(store, folder, WISH_RENAME);
    bool known = folder->uidvalidity != 0 && !folder->local;
    bool ok;

    if (!store_begin(store, error))
        return false;
    ok = (!known
          || set_wish(store, folder, WISH_RENAME,
                      before ? before : folder->name, error))
         && sync_folders_called(store, folder, to, error);
    return store_end(store, ok, ok ? error : NULL) && ok;
}

/* A refusal is told, and answered with false only when the connection died. */
static bool
is_told(const Sync *sync, const StoreFolder *folder, const char *what,
        GError *trouble, GError **error)
{
    g_autoptr(GError) owned = trouble;

    if (owned && !err_is(owned, ERR_REFUSED)) {
        g_propagate_error(error, g_steal_pointer(&owned));
        return false;
    }
    if (owned)
        sync_warn(sync, "%s could not be %s on the server: %s", folder->path,
                  what, owned->message);
    return true;
}

/* The server was told to call it folder->name instead of name. What the user
 * calls it since is still to be told. */
static bool
record_rename(const Sync *sync, const StoreFolder *folder, const char *name,
              bool refused, GError **error)
{
    g_autoptr(StoreFolder) now = store_folder(sync->store, folder->id, error);
    const char *there = refused ? name : folder->name;

    if (now == NULL)
        return false;
    if (strcmp(now->name, folder->name) != 0)
        return set_wish(sync->store, folder, WISH_RENAME, there, error);
    return set_wish(sync->store, folder, WISH_RENAME, NULL, error)
           && (!refused || sync_folders_called(sync->store, now, name, error));
}

static bool
tell_rename(const Sync *sync, const StoreFolder *folder, GError **error)
{
    g_autofree char *name = wish_of(sync->store, folder, WISH_RENAME);
    GError *trouble = NULL;
    bool ok, refused;

    if (name == NULL)
        return true;
    refused = !sync->server.class->rename(sync->server.conn, name, folder->name,
                                          &trouble);
    if (!is_told(sync, folder, "renamed", trouble, error)
        || !store_begin(sync->store, error))
        return false;
    ok = record_rename(sync, folder, name, refused, error);
    return store_end(sync->store, ok, ok ? error : NULL) && ok;
}

static bool
tell_subscribe(const Sync *sync, const StoreFolder *folder, GError **error)
{
    g_autofree char *wish = wish_of(sync->store, folder, WISH_SUBSCRIBE);
    GError *trouble = NULL;

    if (wish == NULL)
        return true;
    sync->server.class->subscribe(sync->server.conn, folder->name,
                                  strcmp(wish, "on") == 0, &trouble);
    return is_told(sync, folder, "subscribed or unsubscribed", trouble, error)
           && set_wish(sync->store, folder, WISH_SUBSCRIBE, NULL, error);
}

/* Does the mailbox have messages that were not seen here? Those that were only
 * marked as deleted there count in MESSAGES. */
static bool
has_unseen(const Sync *sync, const StoreFolder *folder, bool *unseen,
           GError **error)
{
    const SyncServer *server = &sync->server;
    ImapMailbox *there = g_new0(ImapMailbox, 1);
    g_autoptr(GError) trouble = NULL;
    bool ok =
        server->class->status(server->conn, folder->name, there, &trouble);

    *unseen = ok
              && (there->uidnext == 0 || there->uidnext != folder->uidnext)
              && there->messages > store_uid_count(sync->store, folder->id);
    imap_mailbox_free(there);
    if (ok || err_is(trouble, ERR_REFUSED)) /* it is no more: so says DELETE */
        return true;
    g_propagate_error(error, g_steal_pointer(&trouble));
    return false;
}

/* What the user moved out of it is told first. A folder that he saw empty goes
 * when all that is there was seen. */
static bool
is_to_wait(const Sync *sync, const StoreFolder *folder, guint64 most,
           bool *waits, GError **error)
{
    *waits = store_leaving(sync->store, folder->id) > 0;
    return *waits || most > 0 || folder->uidvalidity == 0
           || has_unseen(sync, folder, waits, error);
}

/* It stays, and what was left out while it was to go is fetched. */
static bool
keep_folder(const Sync *sync, const StoreFolder *folder, GError **error)
{
    return sync_set_fact(sync, folder, "lacking", "1", error)
           && set_wish(sync->store, folder, WISH_DELETE, NULL, error);
}

/* What was still to be uploaded to it, or to be found there, goes as well. */
static bool
remove_unplaced(const Sync *sync, const StoreFolder *folder, GError **error)
{
    g_autoptr(GArray) ids = store_orphan_ids(sync->store, folder->id, error);
    g_autoptr(GPtrArray) files = store_files(sync->store, folder->id, error);

    for (guint i = 0; ids && files && i < files->len; i++) {
        gint64 id = ((const StoreFile *)files->pdata[i])->id;
        g_autoptr(StoreRow) row = store_row(sync->store, id, NULL);

        if (row == NULL || row->server_folder != 0)
            continue;
        if (!store_set_folder(sync->store, id, 0, error))
            return false;
        g_array_append_val(ids, id);
    }
    return ids && files && sync_remove_rows(sync, folder, ids, error);
}

/* DELETE was refused: because it is no more, by a DELETE of ours whose answer
 * was lost, or by another client? */
static bool
is_gone_there(const Sync *sync, const StoreFolder *folder, bool *gone,
              GError **error)
{
    ImapMailbox *there = g_new0(ImapMailbox, 1);
    g_autoptr(GError) trouble = NULL;
    bool ok = sync->server.class->status(sync->server.conn, folder->name,
                                         there, &trouble);

    imap_mailbox_free(there);
    *gone = err_is(trouble, ERR_REFUSED);
    if (!ok && !*gone)
        g_propagate_error(error, g_steal_pointer(&trouble));
    return ok || *gone;
}

/* The wish goes with the folder. */
static bool
delete_there(const Sync *sync, const StoreFolder *folder, GError **error)
{
    const SyncServer *server = &sync->server;
    g_autoptr(GError) trouble = NULL;
    bool gone = folder->uidvalidity == 0
                || server->class->remove(server->conn, folder->name, &trouble);

    if (err_is(trouble, ERR_REFUSED)
        && !is_gone_there(sync, folder, &gone, error))
        return false;
    if (gone)
        return remove_unplaced(sync, folder, error)
               && sync_folder_remove(sync, folder, error);
    return is_told(sync, folder, "deleted", g_steal_pointer(&trouble), error)
           && keep_folder(sync, folder, error);
}

/* Done there, the list that follows shows it is gone; the yes was given with
 * the wish, to as many messages as it held. */
static bool
tell_delete(const Sync *sync, const StoreFolder *folder, GError **error)
{
    g_autofree char *wish = wish_of(sync->store, folder, WISH_DELETE);
    guint64 most = wish ? g_ascii_strtoull(wish, NULL, 10) : 0;
    bool waits;

    if (wish == NULL)
        return true;
    if (folder->total > most) {
        sync_warn(sync,
                  "%s holds %u message%s, more than when it was to be "
                  "deleted, and is kept",
                  folder->path, folder->total, folder->total == 1 ? "" : "s");
        return keep_folder(sync, folder, error);
    }
    return is_to_wait(sync, folder, most, &waits, error)
           && (waits || delete_there(sync, folder, error));
}

bool
sync_tell_deletes(const Sync *sync, GError **error)
{
    g_autoptr(GPtrArray) all = store_folders(sync->store, sync->account, error);

    for (guint i = 0; all && i < all->len; i++)
        if (!((const StoreFolder *)all->pdata[i])->local
            && !tell_delete(sync, all->pdata[i], error))
            return false;
    return all != NULL;
}

/* The directories of a former name, when the last file has left. */
static bool
clear_left(const Sync *sync, const StoreFolder *folder, GError **error)
{
    static const char *const parts[] = { "cur", "new", "tmp", "" };
    g_autofree char *left = wish_of(sync->store, folder, LEFT_PATH);
    g_autofree char *dir = NULL;

    if (left == NULL)
        return true;
    dir = g_build_filename(sync->mail, left, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *path = g_build_filename(dir, parts[i], NULL);

        rmdir(path);
    }
    return g_file_test(dir, G_FILE_TEST_EXISTS)
           || set_wish(sync->store, folder, LEFT_PATH, NULL, error);
}

bool
sync_tell_wishes(const Sync *sync, GError **error)
{
    g_autoptr(GPtrArray) all = store_folders(sync->store, sync->account, error);

    for (guint i = 0; all && i < all->len; i++) {
        const StoreFolder *folder = all->pdata[i];

        if (!folder->local
            && (!tell_rename(sync, folder, error)
                || !tell_subscribe(sync, folder, error)
                || !clear_left(sync, folder, error)))
            return false;
    }
    return all != NULL && sync_tell_deletes(sync, error);
}
