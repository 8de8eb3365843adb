/* One whole sync of an account, in the order of sync.h, and the one message
 * that the user waits for. */
#include "sync_private.h"

#include "base/err.h"
#include "base/log.h"

#include <string.h>

typedef struct {
    const Sync *sync;
    GPtrArray *mailboxes; /* ImapMailbox */
    GPtrArray *folders;   /* StoreFolder */
    GError *first;        /* trouble with one folder */
    SyncLost lost;        /* of all folders together (P16) */
} Round;

/* With CONDSTORE alone HIGHESTMODSEQ is that of the messages that are there,
 * and may stay when one goes (RFC 7162, section 3.1.2.1): only their number
 * says it. Of Gmail's rest it says nothing. */
static bool
is_counted(const Sync *sync, const StoreFolder *folder,
           const ImapMailbox *mailbox)
{
    return sync->server.class->can(sync->server.conn, "QRESYNC")
           || folder->id == sync_rest(sync)
           || mailbox->messages == store_uid_count(sync->store, folder->id);
}

/* Does LIST-STATUS show that the server is where the mark is? */
static bool
is_at_mark(const Round *round, const StoreFolder *folder)
{
    const Sync *sync = round->sync;
    const ImapMailbox *mailbox =
        sync_mailbox_in(round->mailboxes, folder->name);
    g_autofree char *lacking = sync_fact(sync, folder, "lacking");

    return mailbox && mailbox->have_status && mailbox->modseq != 0
           && mailbox->uidvalidity == folder->uidvalidity
           && mailbox->uidnext == folder->uidnext
           && mailbox->modseq == folder->modseq && lacking == NULL
           && is_counted(sync, folder, mailbox)
           && !store_server_is_moving(sync->store, folder->id)
           && store_unplaced(sync->store, folder->id) == 0;
}

bool
sync_follows(const StoreFolder *folder)
{
    return folder->selectable && !folder->local
           && folder->role != FOLDER_ROLE_ALL
           && folder->role != FOLDER_ROLE_FLAGGED;
}

/* What was on its way out of another folder may be what is new in this one. */
static bool
is_wanted(const Round *round, const StoreFolder *folder)
{
    const char *only = round->sync->only;

    return sync_follows(folder)
           && (only == NULL || strcmp(only, folder->path) == 0
               || store_server_is_moving(round->sync->store, folder->id));
}

/* Is a folder that was never looked at empty there and here? */
static bool
is_empty(const Round *round, const StoreFolder *folder)
{
    const ImapMailbox *mailbox =
        sync_mailbox_in(round->mailboxes, folder->name);

    return folder->uidvalidity == 0 && folder->total == 0 && mailbox
           && mailbox->have_status && mailbox->messages == 0
           && mailbox->uidvalidity != 0 && mailbox->uidnext != 0
           && store_unplaced(round->sync->store, folder->id) == 0;
}

/* LIST-STATUS said all there is to say of these: no SELECT for each. */
static bool
mark_empty(Round *round, GError **error)
{
    Store *store = round->sync->store;
    bool ok = true;

    if (!store_begin(store, error))
        return false;
    for (guint i = 0; ok && i < round->folders->len; i++) {
        StoreFolder *folder = round->folders->pdata[i];
        const ImapMailbox *mailbox =
            sync_mailbox_in(round->mailboxes, folder->name);
        StoreMark mark;

        if (!is_wanted(round, folder) || !is_empty(round, folder))
            continue;
        mark = (StoreMark){ mailbox->uidvalidity, mailbox->uidnext,
                            mailbox->modseq };
        folder->uidvalidity = mailbox->uidvalidity;
        folder->uidnext = mailbox->uidnext;
        folder->modseq = mailbox->modseq;
        ok = store_folder_mark(store, folder->id, &mark, error);
    }
    return store_end(store, ok, ok ? error : NULL) && ok;
}

static void
rest_last(Round *round)
{
    gint64 rest = sync_rest(round->sync);

    for (guint i = 0; rest && i < round->folders->len; i++)
        if (((const StoreFolder *)round->folders->pdata[i])->id == rest) {
            g_ptr_array_add(round->folders,
                            g_ptr_array_steal_index(round->folders, i));
            return;
        }
}

/* Folders that messages are moved out of come first, so that a move whose
 * answer was lost waits in its new folder before that one is looked at. */
static void
order_folders(Round *round)
{
    g_autoptr(GPtrArray) pending =
        store_pending(round->sync->store, round->sync->account, 0, NULL);
    guint at = 0;

    rest_last(round);
    for (guint i = 0; pending && i < pending->len; i++) {
        const StorePending *row = pending->pdata[i];

        if (row->server_folder == 0
            || (row->server_folder == row->folder && row->moving == 0))
            continue;
        for (guint j = at; j < round->folders->len; j++) {
            StoreFolder *folder = round->folders->pdata[j];

            if (folder->id != row->server_folder)
                continue;
            round->folders->pdata[j] = round->folders->pdata[at];
            round->folders->pdata[at++] = folder;
            break;
        }
    }
}

enum {
    BREAKS = 2 /* lines that were lost in one folder, one after the other */
};

/* Did the server break the protocol when this folder was looked at last, or the
 * line break time after time? They may do so again, and it comes behind all
 * others (P37). */
static bool
breaks(const Round *round, const StoreFolder *folder)
{
    g_autofree char *broke = sync_fact(round->sync, folder, "broke");

    return broke && g_ascii_strtoull(broke, NULL, 10) >= BREAKS;
}

static void
note_broken(const Round *round, const StoreFolder *folder, bool protocol)
{
    g_autofree char *broke = sync_fact(round->sync, folder, "broke");
    guint64 times = broke ? g_ascii_strtoull(broke, NULL, 10) : 0;
    g_autofree char *now = g_strdup_printf(
        "%" G_GUINT64_FORMAT, protocol ? BREAKS : MIN(times + 1, BREAKS));

    if (g_strcmp0(now, broke) != 0)
        sync_set_fact(round->sync, folder, "broke", now, NULL);
}

static bool
forget_broken(const Round *round, const StoreFolder *folder, GError **error)
{
    g_autofree char *broke = sync_fact(round->sync, folder, "broke");

    return broke == NULL
           || sync_set_fact(round->sync, folder, "broke", NULL, error);
}

/* False ends the round; trouble of the folder alone is kept for its end. */
static bool
pull_one(Round *round, StoreFolder *folder, GError **error)
{
    const Sync *sync = round->sync;
    g_autoptr(GError) trouble = NULL;

    if (sync_pull(sync, folder, &round->lost, &trouble))
        return forget_broken(round, folder, error);
    if (!err_is(trouble, ERR_REFUSED)) {
        if (err_is(trouble, ERR_PROTOCOL) || err_is(trouble, ERR_RETRY))
            note_broken(round, folder, err_is(trouble, ERR_PROTOCOL));
        g_propagate_error(error, g_steal_pointer(&trouble));
        return false;
    }
    log_add(LOG_WARN, round->sync->account, "%s", trouble->message);
    if (round->first == NULL)
        round->first = g_steal_pointer(&trouble);
    return true;
}

static bool
pull_next(Round *round, guint i, bool *yielded, GError **error)
{
    const Sync *sync = round->sync;
    StoreFolder *folder = round->folders->pdata[i];
    SyncProgress progress = { folder->path, 0, 0, i + 1, round->folders->len };

    if (g_cancellable_is_cancelled(sync->cancel))
        return err_set(error, ERR_CANCELLED, "cancelled");
    if (sync->progress)
        sync->progress(sync->user, &progress);
    if (pull_one(round, folder, error))
        return true;
    *yielded = sync_yields(sync) && error != NULL
               && err_is(*error, ERR_CANCELLED)
               && !g_cancellable_is_cancelled(sync->cancel);
    return false;
}

/* What is due of Gmail's is looked at behind all others (R1, R2). */
static bool
pull_all(Round *round, bool *yielded, GError **error)
{
    const Sync *sync = round->sync;
    gint64 rest = sync_rest(sync);
    bool held = false;

    for (guint i = 0; i < round->folders->len; i++) {
        const StoreFolder *folder = round->folders->pdata[i];

        if (!is_wanted(round, folder) || is_at_mark(round, folder)
            || (folder->id == rest && sync_rest_is_due(sync))
            || breaks(round, folder))
            continue;
        if (!pull_next(round, i, yielded, error))
            return false;
        held |= folder->id == rest && sync_rest_is_due(sync);
    }
    for (guint i = 0; rest && i < round->folders->len; i++)
        if (((const StoreFolder *)round->folders->pdata[i])->id == rest)
            return held || !sync_rest_is_due(sync)
                   || breaks(round, round->folders->pdata[i])
                   || pull_next(round, i, yielded, error);
    return true;
}

static bool
pull_broken(Round *round, bool *yielded, GError **error)
{
    for (guint i = 0; i < round->folders->len; i++) {
        const StoreFolder *folder = round->folders->pdata[i];
        g_autoptr(StoreFolder) there =
            store_folder(round->sync->store, folder->id, NULL);

        if (there && is_wanted(round, folder) && breaks(round, folder)
            && !pull_next(round, i, yielded, error))
            return false;
    }
    return true;
}

static bool
push_last(Round *round, GError **error)
{
    g_autoptr(GError) trouble = NULL;

    if (sync_push(round->sync, &trouble))
        return true;
    if (!err_is(trouble, ERR_REFUSED)) {
        g_propagate_error(error, g_steal_pointer(&trouble));
        return false;
    }
    if (round->first == NULL)
        round->first = g_steal_pointer(&trouble);
    return true;
}

/* Another wish about bodies than before: those that lack are looked for in
 * folders that did not change, too. */
static bool
note_keep(const Sync *sync, GError **error)
{
    g_autofree char *key = g_strconcat("keep/", sync->account, NULL);
    g_autofree char *known = store_value(sync->store, key);
    g_autofree char *now = g_strdup_printf(
        "%d %" G_GUINT64_FORMAT, sync->keep.after != 0, sync->keep.most);
    g_autoptr(GPtrArray) folders = NULL;

    if (strcmp(known ? known : "0 0", now) == 0)
        return true;
    folders = store_folders(sync->store, sync->account, error);
    for (guint i = 0; folders && i < folders->len; i++)
        if (!sync_set_fact(sync, folders->pdata[i], "lacking", "1", error))
            return false;
    return folders && store_set_value(sync->store, key, now, error);
}

/* What the user moved or deleted there is his, and stays until it is told. */
static bool
drop_view(const Sync *sync, StoreFolder *folder, GError **error)
{
    g_autoptr(GArray) rows = store_uids(sync->store, folder->id, error);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));

    for (guint i = 0; rows && i < rows->len; i++) {
        const StoreUid *row = &g_array_index(rows, StoreUid, i);

        if (!row->leaving)
            g_array_append_val(ids, row->id);
    }
    if (rows == NULL || !sync_remove_rows(sync, folder, ids, error))
        return false;
    if (ids->len < rows->len)
        return true;
    folder->uidvalidity = folder->uidnext = 0;
    folder->modseq = 0;
    return store_folder_mark(sync->store, folder->id, &(StoreMark){ 0 }, error);
}

/* What was followed before its mailbox was known to show messages of other
 * mailboxes once more. */
static bool
drop_views(Round *round, GError **error)
{
    for (guint i = 0; i < round->folders->len; i++) {
        StoreFolder *folder = round->folders->pdata[i];

        if (folder->role == FOLDER_ROLE_FLAGGED && folder->uidvalidity != 0
            && !drop_view(round->sync, folder, error))
            return false;
    }
    return true;
}

/* Folders that are refused are not waited for: what moved there is fetched
 * again. */
static bool
pull_and_push(Round *round, bool *yielded, GError **error)
{
    const Sync *sync = round->sync;

    sync_adopt_begin(sync);
    if (!sync_moves_resume(sync, round->folders, error)
        || !pull_all(round, yielded, error))
        return false;
    sync_lost_say(&round->lost);
    if (sync->only == NULL)
        sync_adopt_end(sync);
    return push_last(round, error) && sync_tell_deletes(sync, error)
           && pull_broken(round, yielded, error)
           && sync_lost_end(&round->lost, error);
}

/* The folder that most likely has news. */
static StoreFolder *
likely(const Sync *sync)
{
    return sync->only ? store_folder_by_path(sync->store, sync->only, NULL)
                      : store_folder_by_role(sync->store, sync->account,
                                             FOLDER_ROLE_INBOX, NULL);
}

/* It is opened without a round trip of its own, and costs a server next to
 * nothing when there is no news. */
static void
open_ahead(const Sync *sync)
{
    g_autoptr(StoreFolder) folder = likely(sync);

    if (folder && folder->uidvalidity != 0 && sync_follows(folder))
        sync_pull_ahead(sync, folder);
}

bool
sync_account(const Sync *sync, bool *yielded, GError **error)
{
    g_autoptr(GPtrArray) mailboxes = NULL;
    g_autoptr(GPtrArray) folders = NULL;
    g_autoptr(GError) trouble = NULL;
    Round round = { .sync = sync };
    bool ok;

    *yielded = false;
    open_ahead(sync);
    if (!note_keep(sync, error) || !sync_folders(sync, &mailboxes, error)
        || !sync_local(sync, error))
        return false;
    folders = store_folders(sync->store, sync->account, error);
    if (folders == NULL)
        return false;
    if (!sync_refused_wake(sync, folders, error))
        return false;
    round.mailboxes = mailboxes;
    round.folders = folders;
    order_folders(&round);
    round.lost = (SyncLost){ .sync = sync, .folders = folders };
    sync_lost_begin(&round.lost, mailboxes);
    if (!drop_views(&round, error) || !mark_empty(&round, error))
        return false;
    ok = pull_and_push(&round, yielded, &trouble);
    if (ok && round.first == NULL)
        return sync->only != NULL || sync_carry_end(sync, error);
    if (*yielded) {
        g_clear_error(&round.first);
        return true;
    }
    if (ok)
        g_propagate_error(error, round.first);
    else
        g_propagate_error(error, g_steal_pointer(&trouble));
    if (!ok)
        g_clear_error(&round.first);
    return false;
}

/* A server may say yes and give nothing. */
static bool
is_here(const Sync *sync, gint64 id, GError **error)
{
    g_autoptr(StoreRow) row = store_row(sync->store, id, error);

    if (row == NULL || row->file)
        return row != NULL;
    return err_set(error, ERR_REFUSED,
                   "the server has this message on its list and gives no text "
                   "for it: it may be gone there, or damaged");
}

bool
sync_fetch_one(const Sync *sync, gint64 id, GError **error)
{
    g_autoptr(StoreRow) row = store_row(sync->store, id, error);
    g_autoptr(StoreFolder) folder = NULL;
    ImapOpened opened;
    g_autoptr(UidSet) uids = uidset_create();
    g_autoptr(GPtrArray) steps =
        g_ptr_array_new_with_free_func((GDestroyNotify)sync_step_free);
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(StoreUid));
    SyncStep *step = g_new0(SyncStep, 1);
    StoreUid known = { .id = id };
    SyncView view = { .rows = rows, .wanted = true };

    g_ptr_array_add(steps, step);
    if (row == NULL || row->file)
        return row != NULL;
    if (row->uid == 0 || row->server_folder == 0)
        return err_set(error, ERR_LOCAL,
                       "this message is neither here nor on "
                       "the server");
    folder = store_folder(sync->store, row->server_folder, error);
    if (folder == NULL || !sync_open(sync, folder, &opened, error))
        return false;
    if (opened.uidvalidity != folder->uidvalidity && folder->uidvalidity)
        return err_set(error, ERR_RETRY,
                       "%s was renumbered by the server: "
                       "synchronise first",
                       folder->path);
    view.opened = opened;
    known.uid = row->uid;
    g_array_append_val(rows, known);
    uidset_add(uids, row->uid);
    step->kind = SYNC_BODIES;
    step->uids = g_steal_pointer(&uids);
    return sync_run(sync, folder, &view, steps, error)
           && is_here(sync, id, error);
}
