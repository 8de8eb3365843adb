/* Uploads: messages of ours that the server does not have yet. An attempt is on
 * record before it begins, one whose answer was lost is looked for before it is
 * made again, and what is refused stays (P14). */
#include "sync_push_private.h"

#include "base/err.h"
#include "maildir/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static bool
look_for(Pusher *pusher, gint64 id, GError **error)
{
    const StoreFolder *folder = pusher->folder;
    Store *store = pusher->sync->store;
    g_autoptr(StoreRow) row = store_row(store, id, NULL);
    guint32 uid;

    if (row == NULL)
        return true;
    if (!sync_find_unknown(pusher->sync, folder, row->message_id, &uid, error))
        return false;
    return uid ? store_server_place(store, id, folder->id, uid, error)
               : store_server_not_there(store, id, error);
}

/* Wherever the user wants it by now: the next round sees to that. */
bool
push_look(Pusher *pusher, const PushStep *step, GError **error)
{
    for (guint i = 0; i < step->rows->len; i++)
        if (!look_for(pusher, ((const StorePending *)step->rows->pdata[i])->id,
                      error))
            return false;
    return true;
}

/* Opens the file of a row, wherever it was renamed to; -1. */
static int
open_file(const Sync *sync, const StoreRow *row, GError **error)
{
    g_autofree char *path = g_build_filename(sync->mail, row->file, NULL);
    g_autofree char *found = maildir_locate(path);
    int fd = found ? open(found, O_RDONLY | O_CLOEXEC) : -1;

    if (found == NULL)
        err_set(error, ERR_REFUSED, "%s is gone", path);
    else if (fd < 0)
        err_set_errno(error, errno, "%s", found);
    return fd;
}

/* Messages on their way in one APPEND. */
typedef struct {
    Pusher *pusher;
    GPtrArray *rows;  /* StoreRow */
    GArray *uploads;  /* ImapUpload */
    GPtrArray *words; /* what their keywords point to */
    guint64 bytes;
    guint32 uidvalidity; /* of where they are now */
    UidSet *orphans;     /* UIDs of those whose rows are gone */
} Batch;

static void
row_free(void *row)
{
    store_row_free(row);
}

static void
upload_clear(void *data)
{
    close(((ImapUpload *)data)->fd);
}

static void
batch_init(Batch *batch, Pusher *pusher)
{
    *batch = (Batch){ .pusher = pusher };
    batch->rows = g_ptr_array_new_with_free_func(row_free);
    batch->uploads = g_array_new(FALSE, FALSE, sizeof(ImapUpload));
    g_array_set_clear_func(batch->uploads, upload_clear);
    batch->words = g_ptr_array_new_with_free_func(g_free);
    batch->orphans = uidset_create();
}

static void
batch_clear(Batch *batch)
{
    g_ptr_array_unref(batch->rows);
    g_array_unref(batch->uploads);
    g_ptr_array_unref(batch->words);
    uidset_destroy(batch->orphans);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Batch, batch_clear)

/* The tags that the server hears of. g_free(). */
static char *
keywords_of(const Pusher *pusher, const StoreRow *row)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_auto(GStrv) tags = g_strsplit(row->tags, " ", -1);

    for (char **tag = tags; *tag; tag++)
        if (imap_keeps_keyword(&pusher->opened, *tag)
            && sync_tag_is_keyword(*tag, pusher->sync->local_tags))
            g_ptr_array_add(words, *tag);
    g_ptr_array_add(words, NULL);
    return g_strjoinv(" ", (char **)words->pdata);
}

/* Takes row. */
static bool
batch_add(Batch *batch, StoreRow *row, GError **error)
{
    ImapUpload upload = { .flags.system = row->flags & STORE_SYSTEM_FLAGS,
                          .internaldate =
                              row->arrival ? row->arrival : row->date };
    char *keywords = keywords_of(batch->pusher, row);

    g_ptr_array_add(batch->rows, row);
    g_ptr_array_add(batch->words, keywords);
    upload.flags.keywords = keywords;
    upload.fd = open_file(batch->pusher->sync, row, error);
    if (upload.fd < 0)
        return false;
    g_array_append_val(batch->uploads, upload);
    batch->bytes += row->size;
    return true;
}

/* On record before it begins: what is sent, to be what the server has if it
 * arrives, and that it may, so that one whose answer was lost is looked for and
 * never made twice (P14), and none is removed before its answer. */
static bool
begin_row(void *user, guint i, GError **error)
{
    const Batch *batch = user;
    Store *store = batch->pusher->sync->store;
    const StoreRow *row = batch->rows->pdata[i];

    return store_server_moving(store, row->id, row->folder, error)
           && store_server_told(store, row->id, row->flags, row->tags, error);
}

/* Refused: it is not there. */
static bool
refuse_row(void *user, guint i, GError **error)
{
    const Batch *batch = user;

    return store_server_not_there(batch->pusher->sync->store,
                                  ((const StoreRow *)batch->rows->pdata[i])->id,
                                  error);
}

static bool
record_row(void *user, guint i, GError **error)
{
    Batch *batch = user;
    Store *store = batch->pusher->sync->store;
    const StoreRow *row = batch->rows->pdata[i];
    guint32 uid = batch->uidvalidity == batch->pusher->opened.uidvalidity
                      ? g_array_index(batch->uploads, ImapUpload, i).uid
                      : 0;
    g_autoptr(StoreRow) now = store_row(store, row->id, NULL);

    if (now)
        return push_record_place(store, row->id, row->folder, uid, error);
    if (uid)
        uidset_add(batch->orphans, uid);
    return true;
}

static bool
change_batch(Batch *batch, bool (*one)(void *user, guint i, GError **error),
             GError **error)
{
    return sync_each(batch->pusher->sync, batch->rows->len, one, batch, error);
}

/* What nobody here knows of any more would come back with the next pull. */
static bool
remove_orphans(const Sync *sync, const UidSet *orphans, GError **error)
{
    g_autoptr(GError) trouble = NULL;
    bool marked;

    if (uidset_n_ranges(orphans) == 0
        || sync->server.class->expunge(sync->server.conn, orphans, &marked,
                                       &trouble))
        return true;
    if (err_is(trouble, ERR_REFUSED)) {
        sync_warn(sync, "What was deleted while it was uploaded stays: %s",
                  trouble->message);
        return true;
    }
    g_propagate_error(error, g_steal_pointer(&trouble));
    return false;
}

static bool
batch_send(Batch *batch, GError **error)
{
    const Sync *sync = batch->pusher->sync;
    g_autoptr(GError) trouble = NULL;

    if (batch->rows->len == 0)
        return true;
    if (!change_batch(batch, begin_row, error))
        return false;
    if (!sync->server.class->append(sync->server.conn,
                                    batch->pusher->folder->name,
                                    (ImapUpload *)(void *)batch->uploads->data,
                                    batch->uploads->len, &batch->uidvalidity,
                                    &trouble)) {
        if (!err_is(trouble, ERR_REFUSED)
            || change_batch(batch, refuse_row, error))
            g_propagate_error(error, g_steal_pointer(&trouble));
        return false;
    }
    return change_batch(batch, record_row, error)
           && remove_orphans(sync, batch->orphans, error);
}

/* NULL: changed since it was planned. */
static StoreRow *
still_to_append(const Pusher *pusher, const StorePending *pending)
{
    g_autoptr(StoreRow) row = store_row(pusher->sync->store, pending->id, NULL);

    return row && row->file && row->folder == pending->folder
                   && row->server_folder == 0
               ? g_steal_pointer(&row)
               : NULL;
}

/* One that may be there already, from an attempt whose answer was lost. */
static bool
append_row(Pusher *pusher, const StorePending *pending, bool tried,
           GError **error)
{
    g_autoptr(StoreRow) row = still_to_append(pusher, pending);
    g_auto(Batch) batch;
    guint32 uid = 0;

    batch_init(&batch, pusher);
    if (row == NULL)
        return true;
    if (tried
        && !sync_find_unknown(pusher->sync, pusher->folder, row->message_id,
                              &uid, error))
        return false;
    if (uid == 0)
        return batch_add(&batch, g_steal_pointer(&row), error)
               && batch_send(&batch, error);
    return store_server_place(pusher->sync->store, row->id, row->folder, uid,
                              error);
}

/* One message refused (too large, over quota) does not hold up the others. */
static bool
append_alone(Pusher *pusher, const StorePending *row, bool tried,
             GError **error)
{
    g_autoptr(GError) trouble = NULL;

    if (append_row(pusher, row, tried, &trouble))
        return true;
    if (!err_is(trouble, ERR_REFUSED)) {
        g_propagate_error(error, g_steal_pointer(&trouble));
        return false;
    }
    sync_warn(pusher->sync, "An upload was refused and stays pending: %s",
              trouble->message);
    return push_later(pusher, row, trouble->message, error);
}

/* The rows from first on that go together: not tried before, and not too many
 * octets. *next: the one behind them. */
static bool
fill_batch(Batch *batch, const PushStep *step, guint first, guint *next,
           GError **error)
{
    for (*next = first; *next < step->rows->len; ++*next) {
        const StorePending *pending = step->rows->pdata[*next];
        StoreRow *row;

        if (pending->attempts > 0 || batch->rows->len >= SYNC_UPLOADS
            || batch->bytes >= SYNC_UPLOAD_BYTES)
            break;
        row = still_to_append(batch->pusher, pending);
        if (row && !batch_add(batch, row, error))
            return false;
    }
    return true;
}

/* Several in one command (RFC 3502). When they are refused, none of them is
 * there, and each is tried alone. */
static bool
append_together(Pusher *pusher, const PushStep *step, guint first, guint *next,
                GError **error)
{
    g_autoptr(GError) trouble = NULL;
    g_auto(Batch) batch;

    batch_init(&batch, pusher);
    if (fill_batch(&batch, step, first, next, &trouble)
        && batch_send(&batch, &trouble))
        return true;
    if (!err_is(trouble, ERR_REFUSED)) {
        g_propagate_error(error, g_steal_pointer(&trouble));
        return false;
    }
    *next = MAX(*next, first + 1);
    for (guint i = first; i < *next; i++)
        if (!append_alone(pusher, step->rows->pdata[i], false, error))
            return false;
    return true;
}

bool
push_append(Pusher *pusher, const PushStep *step, GError **error)
{
    const SyncServer *server = &pusher->sync->server;
    bool together = server->class->can(server->conn, "MULTIAPPEND");
    guint next;

    for (guint i = 0; i < step->rows->len; i = next) {
        const StorePending *row = step->rows->pdata[i];

        next = i + 1;
        if (!(together && row->attempts == 0
                  ? append_together(pusher, step, i, &next, error)
                  : append_alone(pusher, row, row->attempts > 0, error)))
            return false;
    }
    return true;
}
