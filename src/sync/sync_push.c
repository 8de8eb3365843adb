/* Makes the server follow. Each step is recorded as the server's state after
 * its tagged OK (Y3). A refusal brings the rows of its step back, with the
 * server's words; trouble with the connection leaves all pending. */
#include "sync_private.h"

#include "base/err.h"
#include "base/log.h"
#include "maildir/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
    PUSH_LIMIT = 5000
}; /* rows of one round */

typedef struct {
    const Sync *sync;
    const GPtrArray *folders; /* StoreFolder */
    ImapOpened opened;        /* of the selected mailbox */
    guint trouble;            /* rows that stay pending */
} Pusher;

static const StoreFolder *
folder_of(const Pusher *pusher, gint64 id)
{
    for (guint i = 0; i < pusher->folders->len; i++) {
        const StoreFolder *folder = pusher->folders->pdata[i];

        if (folder->id == id)
            return folder;
    }
    return NULL;
}

/* UIDs mean nothing when UIDVALIDITY is another than the one they were known
 * under: the next pull sorts that out. */
static bool
push_select(Pusher *pusher, gint64 id, bool *usable, GError **error)
{
    const StoreFolder *folder = folder_of(pusher, id);

    *usable = folder != NULL;
    if (folder == NULL)
        return true;
    if (!sync_open(pusher->sync, folder, &pusher->opened, error))
        return false;
    *usable = folder->uidvalidity == 0
              || folder->uidvalidity == pusher->opened.uidvalidity;
    return true;
}

/* The row's words with one more or one less, sorted. g_free(). */
static char *
change_words(const char *words, const char *word, bool add)
{
    g_auto(GStrv) all = g_strsplit(words, " ", -1);
    g_autoptr(GPtrArray) kept = g_ptr_array_new();
    bool placed = !add;

    for (char **at = all; *at; at++) {
        int order = strcmp(*at, word);

        if (**at == '\0' || order == 0)
            continue;
        if (!placed && order > 0) {
            g_ptr_array_add(kept, (void *)word);
            placed = true;
        }
        g_ptr_array_add(kept, *at);
    }
    if (!placed)
        g_ptr_array_add(kept, (void *)word);
    g_ptr_array_add(kept, NULL);
    return g_strjoinv(" ", (char **)kept->pdata);
}

/* The server's state of a row after a STORE. */
static bool
record_store(const Pusher *pusher, const PushStep *step, StorePending *row,
             GError **error)
{
    if (step->keyword) {
        char *words = change_words(row->server_tags, step->keyword, step->add);

        g_free(row->server_tags);
        row->server_tags = words;
    } else if (step->add) {
        row->server_flags |= step->flag;
    } else {
        row->server_flags &= ~step->flag;
    }
    return store_server_flags(pusher->sync->store, row->id, row->server_flags,
                              row->server_tags, error);
}

static bool
record_place(const Pusher *pusher, gint64 id, gint64 folder, guint32 uid,
             GError **error)
{
    Store *store = pusher->sync->store;

    return uid ? store_server_place(store, id, folder, uid, error)
               : store_server_waits(store, id, folder, error);
}

/* The new UID of an old one by COPYUID; 0: not told. */
static guint32
copied_uid(const ImapCopied *copied, guint32 uid)
{
    if (copied->uidvalidity == 0 || copied->from == NULL)
        return 0;
    for (guint i = 0; i < copied->from->len; i++)
        if (g_array_index(copied->from, guint32, i) == uid)
            return g_array_index(copied->to, guint32, i);
    return 0;
}

static bool
push_store(Pusher *pusher, const PushStep *step, GError **error)
{
    const Sync *sync = pusher->sync;
    ImapFlags flags = { step->flag, step->keyword ? step->keyword : "" };
    bool ok = true;

    if (step->keyword && step->add && !pusher->opened.keywords_allowed)
        sync_warn(sync, "%s takes no tags on its server: %s stays here",
                  folder_of(pusher, step->folder)->path, step->keyword);
    if ((step->keyword == NULL || pusher->opened.keywords_allowed)
        && !sync->server.class->store(sync->server.conn, step->uids, step->add,
                                      &flags, error))
        return false;
    if (!store_begin(sync->store, error))
        return false;
    for (guint i = 0; ok && i < step->rows->len; i++)
        ok = record_store(pusher, step, step->rows->pdata[i], error);
    return store_end(sync->store, ok, ok ? error : NULL) && ok;
}

/* On record before it begins: an answer that is lost leaves the message in one
 * of two mailboxes, and the user may want it elsewhere by then. */
static bool
begin_move(const Pusher *pusher, const PushStep *step, GError **error)
{
    Store *store = pusher->sync->store;
    bool ok = true;

    if (!store_begin(store, error))
        return false;
    for (guint i = 0; ok && i < step->rows->len; i++)
        ok = store_server_moving(
            store, ((StorePending *)step->rows->pdata[i])->id, step->to, error);
    return store_end(store, ok, ok ? error : NULL) && ok;
}

/* Where the rows are now, and what is left behind where there is no MOVE. */
static bool
record_move(const Pusher *pusher, const PushStep *step, const StoreFolder *to,
            const ImapCopied *copied, GError **error)
{
    const Sync *sync = pusher->sync;
    bool known = to->uidvalidity == 0 || copied->uidvalidity == to->uidvalidity;
    bool ok = true;

    for (guint i = 0; ok && i < step->rows->len; i++) {
        const StorePending *row = step->rows->pdata[i];

        ok = record_place(pusher, row->id, to->id,
                          known ? copied_uid(copied, row->uid) : 0, error);
    }
    if (ok && !sync->server.class->can(sync->server.conn, "MOVE"))
        ok = sync_move_left(sync, folder_of(pusher, step->folder),
                            pusher->opened.uidvalidity, step->uids, error);
    /* with a label it is not of the rest, and stays in its mailbox */
    if (ok && to->id == sync_rest(sync))
        ok = sync_rest_set_due(sync, true, error);
    return ok;
}

static bool
push_move(Pusher *pusher, const PushStep *step, GError **error)
{
    const Sync *sync = pusher->sync;
    const SyncServerClass *class = sync->server.class;
    const StoreFolder *to = folder_of(pusher, step->to);
    g_auto(ImapCopied) copied = { 0 };
    bool moves = class->can(sync->server.conn, "MOVE");
    bool ok;

    if (!begin_move(pusher, step, error)
        || !(moves ? class->move : class->copy)(sync->server.conn, step->uids,
                                                to->name, &copied, error)
        || !store_begin(sync->store, error))
        return false;
    ok = record_move(pusher, step, to, &copied, error);
    return store_end(sync->store, ok, ok ? error : NULL) && ok
           && (moves
               || sync_move_end(sync, folder_of(pusher, step->folder),
                                pusher->opened.uidvalidity, error));
}

/* Where Gmail takes a message that is to go; NULL: it goes where it is. What is
 * expunged elsewhere loses a label, and is still there. */
static const StoreFolder *
trash_for(const Pusher *pusher, gint64 from)
{
    const SyncServer *server = &pusher->sync->server;
    const StoreFolder *folder = folder_of(pusher, from);

    if (folder->role == FOLDER_ROLE_TRASH || folder->role == FOLDER_ROLE_JUNK
        || !server->class->can(server->conn, "X-GM-EXT-1"))
        return NULL;
    for (guint i = 0; i < pusher->folders->len; i++) {
        const StoreFolder *trash = pusher->folders->pdata[i];

        if (trash->role == FOLDER_ROLE_TRASH && trash->selectable
            && g_strcmp0(trash->account, pusher->sync->account) == 0)
            return trash;
    }
    return NULL;
}

/* Those that no other mailbox has; where ids are not known, none. */
static UidSet *
alone(const Pusher *pusher, const PushStep *step)
{
    UidSet *uids = uidset_create();

    for (guint i = 0; i < step->rows->len; i++) {
        const StorePending *row = step->rows->pdata[i];
        g_autofree char *email_id =
            store_email_id(pusher->sync->store, row->id);

        if (step->folder == sync_rest(pusher->sync)
            || (email_id
                && !store_object_elsewhere(pusher->sync->store, row->id)))
            uidset_add(uids, row->uid);
    }
    return uids;
}

/* By the UIDs that they have in the trash. */
static bool
expunge_trashed(Pusher *pusher, const StoreFolder *trash,
                const ImapCopied *copied, GError **error)
{
    const SyncServer *server = &pusher->sync->server;
    g_autoptr(UidSet) uids = uidset_create();
    bool marked = false;

    for (guint i = 0; copied->to && i < copied->to->len; i++)
        uidset_add(uids, g_array_index(copied->to, guint32, i));
    return uidset_n_ranges(uids) == 0
           || (sync_open(pusher->sync, trash, &pusher->opened, error)
               && (copied->uidvalidity != pusher->opened.uidvalidity
                   || server->class->expunge(server->conn, uids, &marked,
                                             error)));
}

/* All of a step; for good: not even in Gmail's trash. */
static bool
remove_there(Pusher *pusher, const PushStep *step, bool for_good,
             GError **error)
{
    const SyncServer *server = &pusher->sync->server;
    const StoreFolder *trash = trash_for(pusher, step->folder);
    g_autoptr(UidSet) trashed = trash ? alone(pusher, step) : uidset_create();
    g_autoptr(UidSet) rest = uidset_create();
    g_auto(ImapCopied) copied = { 0 };
    bool marked = false;

    for (guint i = 0; i < step->rows->len; i++) {
        guint32 uid = ((const StorePending *)step->rows->pdata[i])->uid;

        if (!uidset_contains(trashed, uid))
            uidset_add(rest, uid);
    }
    if (uidset_n_ranges(rest) > 0
        && !server->class->expunge(server->conn, rest, &marked, error))
        return false;
    if (uidset_n_ranges(trashed) == 0)
        return true;
    return server->class->move(server->conn, trashed, trash->name, &copied,
                               error)
           && (!for_good || expunge_trashed(pusher, trash, &copied, error));
}

static bool
push_expunge(Pusher *pusher, const PushStep *step, GError **error)
{
    const Sync *sync = pusher->sync;
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));

    if (!remove_there(pusher, step, true, error))
        return false;
    for (guint i = 0; i < step->rows->len; i++)
        g_array_append_val(ids, ((StorePending *)step->rows->pdata[i])->id);
    return sync_remove_rows(sync, folder_of(pusher, step->folder), ids, error);
}

/* Its file is durable and its row an earlier transaction's (P76). */
static bool
push_release(Pusher *pusher, const PushStep *step, GError **error)
{
    const Sync *sync = pusher->sync;
    bool ok = true;

    if (!remove_there(pusher, step, false, error)
        || !store_begin(sync->store, error))
        return false;
    for (guint i = 0; ok && i < step->rows->len; i++)
        ok = store_server_place(sync->store,
                                ((StorePending *)step->rows->pdata[i])->id, 0,
                                0, error);
    return store_end(sync->store, ok, ok ? error : NULL) && ok;
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
}

static void
batch_clear(Batch *batch)
{
    g_ptr_array_unref(batch->rows);
    g_array_unref(batch->uploads);
    g_ptr_array_unref(batch->words);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Batch, batch_clear)

/* The tags that the server hears of. g_free(). */
static char *
keywords_of(const Pusher *pusher, const StoreRow *row)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_auto(GStrv) tags = g_strsplit(row->tags, " ", -1);

    for (char **tag = tags; *tag && pusher->opened.keywords_allowed; tag++)
        if (sync_tag_is_keyword(*tag, pusher->sync->local_tags))
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

/* The attempt is on record before it begins, so that one whose answer was lost
 * is looked for and never made twice (P14). */
static bool
batch_begin(const Batch *batch, GError **error)
{
    Store *store = batch->pusher->sync->store;
    bool ok = store_begin(store, error);

    if (!ok)
        return false;
    for (guint i = 0; ok && i < batch->rows->len; i++)
        ok = store_pending_failed(store,
                                  ((const StoreRow *)batch->rows->pdata[i])->id,
                                  "the upload began", error);
    return store_end(store, ok, ok ? error : NULL) && ok;
}

static bool
record_upload(const Pusher *pusher, const StoreRow *row, guint32 uid,
              GError **error)
{
    return record_place(pusher, row->id, row->folder, uid, error)
           && store_server_flags(pusher->sync->store, row->id,
                                 row->flags & STORE_SYSTEM_FLAGS, row->tags,
                                 error);
}

static bool
batch_record(const Batch *batch, bool known, GError **error)
{
    Store *store = batch->pusher->sync->store;
    bool ok = store_begin(store, error);

    if (!ok)
        return false;
    for (guint i = 0; ok && i < batch->rows->len; i++)
        ok = record_upload(
            batch->pusher, batch->rows->pdata[i],
            known ? g_array_index(batch->uploads, ImapUpload, i).uid : 0,
            error);
    return store_end(store, ok, ok ? error : NULL) && ok;
}

static const char *
batch_mailbox(const Batch *batch)
{
    const StoreRow *row = batch->rows->pdata[0];

    return folder_of(batch->pusher, row->folder)->name;
}

static bool
batch_send(Batch *batch, GError **error)
{
    const Sync *sync = batch->pusher->sync;
    guint32 uidvalidity = 0;

    if (batch->rows->len == 0)
        return true;
    return batch_begin(batch, error)
           && sync->server.class->append(
               sync->server.conn, batch_mailbox(batch),
               (ImapUpload *)(void *)batch->uploads->data, batch->uploads->len,
               &uidvalidity, error)
           && batch_record(
               batch, uidvalidity == batch->pusher->opened.uidvalidity, error);
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
        && !sync_find_unknown(pusher->sync, row->folder, row->message_id, &uid,
                              error))
        return false;
    if (uid == 0)
        return batch_add(&batch, g_steal_pointer(&row), error)
               && batch_send(&batch, error);
    if (!store_begin(pusher->sync->store, error))
        return false;
    bool ok = record_upload(pusher, row, uid, error);
    return store_end(pusher->sync->store, ok, ok ? error : NULL) && ok;
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
    pusher->trouble++;
    sync_warn(pusher->sync, "An upload was refused and stays pending: %s",
              trouble->message);
    return store_pending_refused(pusher->sync->store, row->id, trouble->message,
                                 error);
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

static bool
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

static bool
refuse(Pusher *pusher, const PushStep *step, const char *reason, GError **error)
{
    Store *store = pusher->sync->store;
    bool ok = true;

    sync_warn(pusher->sync, "%u change%s taken back: %s", step->rows->len,
              step->rows->len == 1 ? "" : "s", reason);
    if (!store_begin(store, error))
        return false;
    for (guint i = 0; ok && i < step->rows->len; i++)
        ok = store_pending_refused(
            store, ((StorePending *)step->rows->pdata[i])->id, reason, error);
    if (!store_end(store, ok, ok ? error : NULL) || !ok)
        return false;
    if (pusher->sync->changed)
        pusher->sync->changed(pusher->sync->user);
    return true;
}

static bool
perform(Pusher *pusher, const PushStep *step, GError **error)
{
    bool usable;

    if (!push_select(pusher, step->folder, &usable, error))
        return false;
    if (!usable) {
        pusher->trouble += step->rows->len;
        return true;
    }
    switch (step->kind) {
    case PUSH_STORE:
        return push_store(pusher, step, error);
    case PUSH_MOVE:
        return push_move(pusher, step, error);
    case PUSH_EXPUNGE:
        return push_expunge(pusher, step, error);
    case PUSH_RELEASE:
        return push_release(pusher, step, error);
    case PUSH_APPEND:
        return push_append(pusher, step, error);
    case PUSH_REFUSE:
        break;
    }
    g_return_val_if_reached(false);
}

static bool
push_step(Pusher *pusher, const PushStep *step, GError **error)
{
    g_autofree char *text = push_step_text(step);
    g_autoptr(GError) trouble = NULL;

    log_add(LOG_DEBUG, pusher->sync->account, "push: %.200s", text);
    if (step->kind == PUSH_REFUSE)
        return refuse(pusher, step, step->reason, error);
    if (perform(pusher, step, &trouble))
        return true;
    if (err_is(trouble, ERR_REFUSED))
        return refuse(pusher, step, trouble->message, error);
    g_propagate_error(error, g_steal_pointer(&trouble));
    return false;
}

bool
sync_push(const Sync *sync, GError **error)
{
    g_autoptr(GPtrArray) folders = store_folders(sync->store, NULL, error);
    g_autoptr(GPtrArray) pending =
        store_pending(sync->store, sync->account, PUSH_LIMIT, error);
    g_autoptr(GPtrArray) steps = NULL;
    Pusher pusher = { .sync = sync, .folders = folders };
    PushView view = { pending, folders, sync->account, sync->local_tags };

    if (folders == NULL || pending == NULL)
        return false;
    steps = sync_plan_push(&view);
    for (guint i = 0; i < steps->len; i++) {
        if (g_cancellable_is_cancelled(sync->cancel))
            return err_set(error, ERR_CANCELLED, "cancelled");
        if (!push_step(&pusher, steps->pdata[i], error))
            return false;
    }
    return pusher.trouble == 0
           || err_set(error, ERR_REFUSED,
                      "%s: %u change%s could not be told to "
                      "the server and stay%s pending",
                      sync->account, pusher.trouble,
                      pusher.trouble == 1 ? "" : "s",
                      pusher.trouble == 1 ? "s" : "");
}
