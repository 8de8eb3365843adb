/* Makes the server follow. Each step is recorded as the server's state after
 * its tagged OK (Y3). A refusal takes back what the step asked, with the
 * server's words; one that passes, a mailbox that cannot be opened and trouble
 * with the connection leave all pending. */
#include "sync_push_private.h"

#include "base/err.h"
#include "base/log.h"

enum {
    PUSH_PAGE = 5000, /* rows that are planned at once */
    PUSH_ROUNDS = 20  /* at most, however often the user changes his mind */
};

static gpointer
key_of(gint64 id)
{
    return GSIZE_TO_POINTER((gsize)id);
}

/* Nothing is asked of a folder any more that cannot be opened now. */
static const char *
close_folder(Pusher *pusher, gint64 id, const char *why)
{
    char *kept = g_strdup(why);

    g_hash_table_insert(pusher->closed, key_of(id), kept);
    return kept;
}

/* *closed: why nothing can be done in it now; NULL: it is open. What is wrong
 * with a mailbox is no word about what was to be done in it. UIDs mean nothing
 * when UIDVALIDITY is another than the one they were known under: the next pull
 * sorts that out. */
static bool
push_select(Pusher *pusher, gint64 id, const char **closed, GError **error)
{
    const StoreFolder *folder = sync_folder_in(pusher->folders, id);
    g_autoptr(GError) trouble = NULL;

    *closed = folder ? g_hash_table_lookup(pusher->closed, key_of(id))
                     : "the folder is gone";
    if (*closed)
        return true;
    pusher->folder = folder;
    if (!sync_open(pusher->sync, folder, &pusher->opened, &trouble)) {
        if (err_is(trouble, ERR_REFUSED))
            *closed = close_folder(pusher, id, trouble->message);
        else
            g_propagate_error(error, g_steal_pointer(&trouble));
        return *closed != NULL;
    }
    if (folder->uidvalidity != 0
        && folder->uidvalidity != pusher->opened.uidvalidity)
        *closed = close_folder(pusher, id, "the server renumbered the folder");
    return true;
}

/* The new UID of an old one by COPYUID; 0: not told. */
static guint32
copied_uid(const ImapCopied *copied, guint32 uid)
{
    if (copied == NULL || copied->uidvalidity == 0 || copied->from == NULL)
        return 0;
    for (guint i = 0; i < copied->from->len; i++)
        if (g_array_index(copied->from, guint32, i) == uid)
            return g_array_index(copied->to, guint32, i);
    return 0;
}

static bool
is_kept_there(const Pusher *pusher, const PushStep *step)
{
    return step->keyword ? imap_keeps_keyword(&pusher->opened, step->keyword)
                         : (step->flag & pusher->opened.local_flags) == 0;
}

/* Once of each flag of a mailbox. */
static bool
say_stays_here(const Pusher *pusher, const PushStep *step, GError **error)
{
    const Sync *sync = pusher->sync;
    const char *flag = step->keyword ? step->keyword
                                     : imap_flag_name(step->flag);
    g_autofree char *said = sync_fact(sync, pusher->folder, "stays-here");
    g_autofree char *now = NULL;

    if (!step->add || store_words_have(said, flag))
        return true;
    sync_warn(sync, "%s does not keep %s on its server: it stays here",
              pusher->folder->path, flag);
    now = store_words_change(said ? said : "", flag, true);
    return sync_set_fact(sync, pusher->folder, "stays-here", now, error);
}

static bool
push_store(Pusher *pusher, const PushStep *step, GError **error)
{
    const Sync *sync = pusher->sync;
    ImapFlags flags = { step->flag, step->keyword ? step->keyword : "" };

    return (is_kept_there(pusher, step)
                ? sync->server.class->store(sync->server.conn, step->uids,
                                            step->add, &flags, error)
                : say_stays_here(pusher, step, error))
           && push_record_store(sync, step, error);
}

/* A step of which each row is changed. */
typedef struct {
    Pusher *pusher;
    const PushStep *step;
    const char *reason;       /* why it is refused, or for later */
    const ImapCopied *copied; /* of a move: where to; NULL: not told */
} Change;

static const StorePending *
row_of(const Change *change, guint i)
{
    return change->step->rows->pdata[i];
}

static bool
change_rows(Change *change, bool (*one)(void *user, guint i, GError **error),
            GError **error)
{
    return sync_each(change->pusher->sync, change->step->rows->len, one, change,
                     error);
}

/* On record before it begins: an answer that is lost leaves the message in one
 * of two mailboxes, and the user may want it elsewhere by then. */
static bool
begin_move(void *user, guint i, GError **error)
{
    const Change *change = user;

    return store_server_moving(change->pusher->sync->store,
                               row_of(change, i)->id, change->step->to, error);
}

static bool
place_moved(void *user, guint i, GError **error)
{
    const Change *change = user;
    const StorePending *row = row_of(change, i);

    return push_record_place(change->pusher->sync->store, row->id,
                             change->step->to,
                             copied_uid(change->copied, row->uid), error);
}

/* Where the rows are now, and what is left behind where there is no MOVE. */
static bool
record_move(Change *change, GError **error)
{
    const Pusher *pusher = change->pusher;
    const Sync *sync = pusher->sync;
    const PushStep *step = change->step;

    return (sync->server.class->can(sync->server.conn, "MOVE")
            || sync_move_left(sync, pusher->folder, pusher->opened.uidvalidity,
                              step->uids, error))
           && change_rows(change, place_moved, error)
           /* with a label it is not of the rest, and stays in its mailbox */
           && (step->to != sync_rest(sync)
               || sync_rest_set_due(sync, true, error));
}

static bool
push_move(Pusher *pusher, const PushStep *step, GError **error)
{
    const Sync *sync = pusher->sync;
    const SyncServerClass *class = sync->server.class;
    const StoreFolder *to = sync_folder_in(pusher->folders, step->to);
    g_auto(ImapCopied) copied = { 0 };
    Change change = { .pusher = pusher, .step = step, .copied = &copied };
    bool moves = class->can(sync->server.conn, "MOVE");

    if (!change_rows(&change, begin_move, error)
        || !(moves ? class->move : class->copy)(sync->server.conn, step->uids,
                                                to->name, &copied, error))
        return false;
    if (to->uidvalidity != 0 && copied.uidvalidity != to->uidvalidity)
        change.copied = NULL;
    return record_move(&change, error)
           && (moves
               || sync_move_end(sync, pusher->folder,
                                pusher->opened.uidvalidity, error));
}

/* Where Gmail takes a message that is to go; NULL: it goes where it is. What is
 * expunged elsewhere loses a label, and is still there. */
static const StoreFolder *
trash_for(const Pusher *pusher)
{
    const SyncServer *server = &pusher->sync->server;
    const StoreFolder *folder = pusher->folder;

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
    g_autoptr(UidSet) uids = uidset_create();

    for (guint i = 0; copied->to && i < copied->to->len; i++)
        uidset_add(uids, g_array_index(copied->to, guint32, i));
    return uidset_n_ranges(uids) == 0
           || (sync_open(pusher->sync, trash, &pusher->opened, error)
               && (copied->uidvalidity != pusher->opened.uidvalidity
                   || sync_expunge(pusher->sync, trash, uids, error)));
}

/* All of a step; for good: not even in Gmail's trash. */
static bool
remove_there(Pusher *pusher, const PushStep *step, bool for_good,
             GError **error)
{
    const SyncServer *server = &pusher->sync->server;
    const StoreFolder *trash = trash_for(pusher);
    g_autoptr(UidSet) trashed = trash ? alone(pusher, step) : uidset_create();
    g_autoptr(UidSet) rest = uidset_create();
    g_auto(ImapCopied) copied = { 0 };

    uidset_add_all(rest, step->uids);
    uidset_remove_all(rest, trashed);
    if (uidset_n_ranges(rest) > 0
        && !sync_expunge(pusher->sync, pusher->folder, rest, error))
        return false;
    if (uidset_n_ranges(trashed) == 0)
        return true;
    return server->class->move(server->conn, trashed, trash->name, &copied,
                               error)
           && (!for_good || expunge_trashed(pusher, trash, &copied, error));
}

/* He may have undone it meanwhile: what is wanted again is uploaded. */
static bool
push_expunge(Pusher *pusher, const PushStep *step, GError **error)
{
    const Sync *sync = pusher->sync;
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));

    if (!remove_there(pusher, step, true, error)
        || !push_record_gone(sync, step, error))
        return false;
    for (guint i = 0; i < step->rows->len; i++)
        g_array_append_val(ids, ((StorePending *)step->rows->pdata[i])->id);
    return sync_remove_rows(sync, pusher->folder, ids, error);
}

/* Its file is durable and its row an earlier transaction's (P76). */
static bool
push_release(Pusher *pusher, const PushStep *step, GError **error)
{
    return remove_there(pusher, step, false, error)
           && push_record_gone(pusher->sync, step, error);
}

bool
push_later(Pusher *pusher, const StorePending *row, const char *reason,
           GError **error)
{
    g_hash_table_add(pusher->stuck, key_of(row->id));
    if (pusher->reason == NULL)
        pusher->reason = g_strdup(reason);
    return store_pending_failed(pusher->sync->store, row->id, reason, error);
}

static bool
later(void *user, guint i, GError **error)
{
    const Change *change = user;

    return push_later(change->pusher, row_of(change, i), change->reason, error);
}

static bool
take_back(void *user, guint i, GError **error)
{
    const Change *change = user;
    const PushStep *step = change->step;
    const StorePending *row = row_of(change, i);
    StoreAsk ask = { .flags = step->flag,
                     .word = step->keyword,
                     .place = step->kind != PUSH_STORE,
                     .folder = row->folder };

    return store_pending_refused(change->pusher->sync->store, row->id, &ask,
                                 change->reason, error);
}

static bool
refuse(Change *change, GError **error)
{
    const Sync *sync = change->pusher->sync;
    guint n = change->step->rows->len;

    sync_warn(sync, "%u change%s taken back: %s", n, n == 1 ? "" : "s",
              change->reason);
    if (!change_rows(change, take_back, error))
        return false;
    if (sync->changed)
        sync->changed(sync->user);
    return true;
}

static bool
perform(Pusher *pusher, const PushStep *step, GError **error)
{
    switch (step->kind) {
    case PUSH_STORE:
        return push_store(pusher, step, error);
    case PUSH_MOVE:
        return push_move(pusher, step, error);
    case PUSH_EXPUNGE:
        return push_expunge(pusher, step, error);
    case PUSH_RELEASE:
        return push_release(pusher, step, error);
    case PUSH_LOOK:
        return push_look(pusher, step, error);
    case PUSH_APPEND:
        return push_append(pusher, step, error);
    case PUSH_KEEP:
    case PUSH_REFUSE:
        break;
    }
    g_return_val_if_reached(false);
}

/* One that is neither refused nor left for later. */
static bool
push_open(Pusher *pusher, const PushStep *step, GError **error)
{
    g_autoptr(GError) trouble = NULL;
    Change change = { .pusher = pusher, .step = step };

    if (perform(pusher, step, &trouble))
        return true;
    change.reason = trouble->message;
    if (imap_is_temporary(trouble)
        || (step->kind == PUSH_LOOK && err_is(trouble, ERR_REFUSED)))
        return change_rows(&change, later, error);
    if (err_is(trouble, ERR_REFUSED))
        return refuse(&change, error);
    g_propagate_error(error, g_steal_pointer(&trouble));
    return false;
}

static bool
push_step(Pusher *pusher, PushStep *step, GError **error)
{
    g_autofree char *text = push_step_text(step);
    Change change = { .pusher = pusher, .step = step, .reason = step->reason };

    log_add(LOG_DEBUG, pusher->sync->account, "push: %.200s", text);
    if (step->kind == PUSH_REFUSE)
        return refuse(&change, error);
    if (step->kind == PUSH_KEEP)
        return push_record_store(pusher->sync, step, error);
    if (!push_select(pusher, step->folder, &change.reason, error))
        return false;
    if (change.reason)
        return change_rows(&change, later, error);
    push_renew(pusher->sync, step);
    return step->rows->len == 0 || push_open(pusher, step, error);
}

/* What comes of a row is another state of it, or that it is stuck. */
static bool
push_steps(Pusher *pusher, const GPtrArray *steps, GError **error)
{
    for (guint i = 0; i < steps->len; i++) {
        PushStep *step = steps->pdata[i];
        guint stuck = g_hash_table_size(pusher->stuck);
        guint n = step->rows->len;

        if (g_cancellable_is_cancelled(pusher->sync->cancel))
            return err_set(error, ERR_CANCELLED, "cancelled");
        if (!push_step(pusher, step, error))
            return false;
        pusher->progress |= g_hash_table_size(pusher->stuck) - stuck < n;
    }
    return true;
}

static bool
push_page(Pusher *pusher, GPtrArray *pending, GError **error)
{
    g_autoptr(GPtrArray) rows = g_ptr_array_new();
    g_autoptr(GPtrArray) steps = NULL;
    PushView view = { rows, pusher->folders, pusher->sync->account,
                      pusher->sync->local_tags };

    for (guint i = 0; i < pending->len; i++) {
        StorePending *row = pending->pdata[i];
        bool stuck = g_hash_table_contains(pusher->stuck, key_of(row->id));

        if (!stuck && sync_push_waits(&view, row))
            continue;
        pusher->left++;
        if (!stuck)
            g_ptr_array_add(rows, row);
    }
    steps = sync_plan_push(&view);
    return push_steps(pusher, steps, error);
}

/* All that is pending, a page at a time. */
static bool
push_round(Pusher *pusher, GError **error)
{
    const Sync *sync = pusher->sync;
    g_autoptr(GPtrArray) folders = store_folders(sync->store, NULL, error);
    g_autoptr(GPtrArray) pending = NULL;
    bool ok = folders != NULL;

    pusher->folders = folders;
    pusher->progress = false;
    pusher->left = 0;
    while (ok && (pending == NULL || pending->len == PUSH_PAGE)) {
        g_autoptr(GPtrArray) last = g_steal_pointer(&pending);
        const StorePending *after = last ? last->pdata[last->len - 1] : NULL;

        pending = store_pending_after(sync->store, sync->account, after,
                                      sync->hold_deleted, PUSH_PAGE, error);
        ok = pending && push_page(pusher, pending, error);
    }
    return ok;
}

static bool
say_left(const Pusher *pusher, GError **error)
{
    guint n = pusher->left;

    return n == 0
           || err_set(error, ERR_REFUSED,
                      "%u change%s could not be told to the server and "
                      "stay%s pending: %s",
                      n, n == 1 ? "" : "s", n == 1 ? "s" : "",
                      pusher->reason ? pusher->reason
                                     : "a message that is not here has to be "
                                       "opened first");
}

/* Round after round until one does nothing: what the user changed meanwhile is
 * told, too, and what is left then cannot be told. */
bool
sync_push(const Sync *sync, GError **error)
{
    g_autoptr(GHashTable) closed =
        g_hash_table_new_full(NULL, NULL, NULL, g_free);
    g_autoptr(GHashTable) stuck = g_hash_table_new(NULL, NULL);
    Pusher pusher = { sync, .closed = closed, .stuck = stuck };
    guint rounds = 0;
    bool ok;

    do
        ok = push_round(&pusher, error);
    while (ok && pusher.progress && ++rounds < PUSH_ROUNDS);
    ok = ok && say_left(&pusher, error);
    g_free(pusher.reason);
    return ok;
}
