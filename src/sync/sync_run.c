/* Performs the steps of a plan on one folder. Each may be killed anywhere and
 * done again (Y1 to Y3); what happens between the steps is of no account. */
#include "sync_private.h"

#include "base/err.h"
#include "base/log.h"
#include "base/text.h"
#include "maildir/maildir.h"

#include <string.h>

/* Rows changed in one transaction: an act of the user waits for no more. */
enum {
    SLICE = 200
};

gint64
sync_run_row(const SyncRun *run, guint32 uid, bool *here)
{
    gsize packed =
        GPOINTER_TO_SIZE(g_hash_table_lookup(run->rows, GUINT_TO_POINTER(uid)));

    *here = packed & 1;
    return (gint64)(packed >> 1);
}

void
sync_run_note(SyncRun *run, guint32 uid, gint64 id, bool here)
{
    g_hash_table_insert(run->rows, GUINT_TO_POINTER(uid),
                        GSIZE_TO_POINTER((gsize)id << 1 | here));
}

bool
sync_run_look(SyncRun *run, const UidSet *uids, GError **error)
{
    g_autoptr(GArray) rows =
        store_uids_among(run->sync->store, run->folder->id, uids, error);

    for (guint i = 0; rows && i < rows->len; i++) {
        const StoreUid *row = &g_array_index(rows, StoreUid, i);
        bool here;

        if (sync_run_row(run, row->uid, &here) == 0)
            sync_run_note(run, row->uid, row->id, row->here);
    }
    return rows != NULL;
}

void
sync_run_progress(const SyncRun *run)
{
    SyncProgress progress = { run->folder->path, run->done, run->total,
                              run->number, run->folders };

    if (run->sync->progress)
        run->sync->progress(run->sync->user, &progress);
}

bool
sync_open(const Sync *sync, const StoreFolder *folder, ImapOpened *opened,
          GError **error)
{
    const SyncServer *server = &sync->server;
    g_auto(ImapSelected) selected = { 0 };

    if (server->class->opened(server->conn, folder->name, opened))
        return true;
    if (!server->class->select(server->conn, folder->name, NULL, NULL,
                               &selected, error))
        return false;
    if (server->class->opened(server->conn, folder->name, opened))
        return true;
    return err_set(error, ERR_REFUSED,
                   "%s: the server tells no UIDVALIDITY: it cannot be "
                   "synchronised",
                   folder->path);
}

bool
sync_yields(const Sync *sync)
{
    return sync->should_yield && sync->should_yield(sync->user);
}

void
sync_warn(const Sync *sync, const char *format, ...)
{
    g_autofree char *text = NULL;
    g_autofree char *safe = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    safe = text_sanitise(text, -1, TEXT_LINE);
    if (sync->warn)
        sync->warn(sync->user, safe);
    else
        log_add(LOG_WARN, sync->account, "%s", safe);
}

static char *
fact_key(const StoreFolder *folder, const char *name)
{
    return g_strdup_printf("sync/%" G_GINT64_FORMAT "/%s", folder->id, name);
}

char *
sync_fact(const Sync *sync, const StoreFolder *folder, const char *name)
{
    g_autofree char *key = fact_key(folder, name);

    return store_value(sync->store, key);
}

bool
sync_set_fact(const Sync *sync, const StoreFolder *folder, const char *name,
              const char *value, GError **error)
{
    g_autofree char *key = fact_key(folder, name);

    return store_set_value(sync->store, key, value, error);
}

static bool
remove_slice(const Sync *sync, const StoreFolder *folder, const gint64 *ids,
             guint n, GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *note = NULL;
    bool ok = true;

    if (!store_begin(sync->store, error))
        return false;
    for (guint i = 0; ok && i < n; i++) {
        g_autoptr(StoreRow) row = store_row(sync->store, ids[i], NULL);
        char *file = NULL;

        if (row == NULL || (row->folder != 0 && row->server_folder == 0))
            continue; /* done before, or ours again meanwhile */
        ok = sync_carry_note(sync, row, error)
             && store_server_gone(sync->store, ids[i], &file, error);
        if (file)
            g_ptr_array_add(files, file);
    }
    if (ok && files->len > 0) {
        note = sweep_note(sync, folder, files, error);
        ok = note != NULL;
    }
    if (!store_end(sync->store, ok, ok ? error : NULL) || !ok)
        return false;
    if (note == NULL)
        return true;
    g_ptr_array_add(files, NULL);
    return sweep_files(sync, folder, note, (const char *const *)files->pdata,
                       error);
}

bool
sync_remove_rows(const Sync *sync, const StoreFolder *folder, const GArray *ids,
                 GError **error)
{
    for (guint i = 0; i < ids->len; i += SLICE)
        if (!remove_slice(sync, folder, &g_array_index(ids, gint64, i),
                          MIN(SLICE, ids->len - i), error))
            return false;
    return true;
}

bool
sync_each(const Sync *sync, guint n,
          bool (*change)(void *user, guint i, GError **error), void *user,
          GError **error)
{
    bool ok = true;

    for (guint first = 0; ok && first < n; first += SLICE) {
        if (!store_begin(sync->store, error))
            return false;
        for (guint i = first; ok && i < MIN(n, first + SLICE); i++)
            ok = change(user, i, error);
        ok = store_end(sync->store, ok, ok ? error : NULL) && ok;
    }
    return ok;
}

/* A step that changes rows. */
typedef struct {
    SyncRun *run;
    const GArray *of; /* its messages or ids */
} Change;

static bool
change_flags(void *user, guint i, GError **error)
{
    const Change *change = user;
    const SyncMessage *message = &g_array_index(change->of, SyncMessage, i);

    return sync_set_flags(change->run, message->id, message->flags,
                          message->tags, error);
}

/* Any part of them may be done: the mark, which comes later, is that of all. */
static bool
run_flags(SyncRun *run, const GArray *messages, GError **error)
{
    Change change = { run, messages };

    if (!sync_each(run->sync, messages->len, change_flags, &change, error))
        return false;
    if (run->sync->changed)
        run->sync->changed(run->sync->user);
    return true;
}

/* Moved by us, and the answer was lost: the row waits in the new folder for
 * its new UID, wherever the user wants it now. In a local folder there is
 * nothing to wait for, nor in one that is gone: it is uploaded again. */
static bool
wait_there(void *user, guint i, GError **error)
{
    const Change *change = user;
    const Sync *sync = change->run->sync;
    gint64 id = g_array_index(change->of, gint64, i);
    gint64 moving = store_server_moving_to(sync->store, id);
    g_autoptr(StoreRow) row = store_row(sync->store, id, NULL);
    g_autoptr(StoreFolder) to =
        row ? store_folder(sync->store, moving ? moving : row->folder, NULL)
            : NULL;

    if (row == NULL || (to == NULL && moving == 0))
        return true;
    if (to == NULL || to->local)
        return store_server_place(sync->store, id, 0, 0, error);
    return store_server_waits(sync->store, id, to->id, error);
}

static bool
run_left(SyncRun *run, const GArray *ids, GError **error)
{
    Change change = { run, ids };

    return sync_each(run->sync, ids->len, wait_there, &change, error);
}

static void
keep_files(const Sync *sync, const GArray *ids)
{
    for (guint i = 0; i < ids->len; i++) {
        gint64 id = g_array_index(ids, gint64, i);
        g_autoptr(StoreRow) row = store_row(sync->store, id, NULL);

        if (row && row->file)
            sync_adopt_keep(sync, id, row->file);
    }
}

static bool
run_gone(SyncRun *run, const GArray *ids, GError **error)
{
    if (store_has_objects(run->sync->store))
        keep_files(run->sync, ids);
    if (!sync_remove_rows(run->sync, run->folder, ids, error))
        return false;
    if (run->sync->changed)
        run->sync->changed(run->sync->user);
    return true;
}

/* Much of all folders together is said in one line at the end. */
static void
say_held(const SyncRun *run, guint count, guint total)
{
    SyncLost *lost = run->view->lost;

    if (lost && lost->holds) {
        lost->held = true;
        return;
    }
    sync_warn(run->sync,
              "%s: the server lost %u of %u messages; they are kept here: "
              "`posthorn sync --accept-removals %s` removes them",
              run->folder->path, count, total, run->folder->path);
}

static bool
is_settle_held(SyncRun *run, guint n, bool *holds, GError **error)
{
    const Sync *sync = run->sync;
    const StoreFolder *folder = run->folder;
    SyncLost *lost = run->view->lost;

    *holds = !sync->accept_removals && sync_removal_is_large(n, folder->total);
    if (!sync->accept_removals && !*holds && lost
        && !sync_lost_holds(lost, folder,
                            store_uid_count(sync->store, folder->id), n, holds,
                            error))
        return false;
    if (*holds)
        say_held(run, n, folder->total);
    return true;
}

/* Rows that waited for a UID and got none are gone on the server (P15: only
 * now that every other one has its place). Many wait for a yes. */
static bool
run_settle(SyncRun *run, GError **error)
{
    const Sync *sync = run->sync;
    g_autoptr(GArray) ids =
        store_orphan_ids(sync->store, run->folder->id, error);
    bool holds;

    if (ids == NULL)
        return false;
    if (run->unmatched || ids->len == 0)
        return true;
    if (!is_settle_held(run, ids->len, &holds, error))
        return false;
    return holds || sync_remove_rows(sync, run->folder, ids, error);
}

/* Not while a message may be one of ours and its header is not given: it is
 * asked for again. */
static bool
run_mark(SyncRun *run, const SyncStep *step, GError **error)
{
    const Sync *sync = run->sync;
    g_autoptr(StoreFolder) folder =
        store_folder(sync->store, run->folder->id, error);
    const StoreMark mark = { step->uidvalidity, step->uidnext, step->modseq };
    g_autofree char *lacking = NULL;
    bool ok;

    if (folder == NULL)
        return false;
    if (run->unmatched)
        return true;
    lacking = sync_fact(sync, folder, "lacking");
    if (folder->uidvalidity == step->uidvalidity
        && folder->uidnext == step->uidnext && folder->modseq == step->modseq
        && (lacking != NULL) == step->lacking)
        return true;
    if (!store_begin(sync->store, error))
        return false;
    ok = store_folder_mark(sync->store, folder->id, &mark, error)
         && sync_set_fact(sync, folder, "lacking", step->lacking ? "1" : NULL,
                          error);
    return store_end(sync->store, ok, ok ? error : NULL) && ok;
}


/* What the server says again to whoever asks from the old mark: a power cut
 * takes the mark with it, so the disk is not waited for. */
static bool
run_lazily(SyncRun *run, const SyncStep *step, GError **error)
{
    g_autoptr(StoreLazy) G_GNUC_UNUSED lazy = store_lazy(run->sync->store);

    if (step->kind == SYNC_RENEW)
        return store_uidvalidity_changed(run->sync->store, run->folder->id,
                                         step->uidvalidity, error);
    return step->kind == SYNC_FLAGS ? run_flags(run, step->messages, error)
                                    : run_mark(run, step, error);
}

static bool
run_step(SyncRun *run, const SyncStep *step, GError **error)
{
    switch (step->kind) {
    case SYNC_RENEW:
    case SYNC_FLAGS:
    case SYNC_MARK:
        return run_lazily(run, step, error);
    case SYNC_GONE:
        return run_gone(run, step->ids, error);
    case SYNC_LEFT:
        return run_left(run, step->ids, error);
    case SYNC_HOLD:
        say_held(run, step->count, step->total);
        return true;
    case SYNC_SETTLE:
        return run_settle(run, error);
    case SYNC_ROWS:
    case SYNC_BODIES:
        break; /* run_fetches() */
    }
    g_return_val_if_reached(false);
}

bool
sync_run_waiting(SyncRun *run, GError **error)
{
    bool ok = true;

    for (guint i = 0; ok && i < run->waiting->len; i++)
        ok = run_step(run, run->waiting->pdata[i], error);
    g_ptr_array_set_size(run->waiting, 0);
    return ok;
}

/* What changed and went here needs no answer, and bodies not what changed: it
 * is done while the server looks for them. Rows by headers do not wait for the
 * disk, so nothing that removes files is done among them. */
static bool
can_wait(const GPtrArray *steps, guint i)
{
    const SyncStep *step = steps->pdata[i];

    if (step->kind != SYNC_FLAGS && step->kind != SYNC_GONE)
        return false;
    while (++i < steps->len) {
        step = steps->pdata[i];
        if (step->kind == SYNC_SETTLE)
            return false; /* it may be refused */
        if (step->uids)
            return step->kind == SYNC_BODIES;
    }
    return false;
}

/* The steps from first on that are of one kind and fetch: without a round trip
 * between them. *next: the one behind them. */
static bool
run_fetches(SyncRun *run, const GPtrArray *steps, guint first, guint *next,
            GError **error)
{
    SyncStepKind kind = ((const SyncStep *)steps->pdata[first])->kind;
    g_autoptr(GPtrArray) sets = g_ptr_array_new();
    g_autoptr(GError) trouble = NULL;
    bool all = true;
    bool ok;

    for (*next = first; *next < steps->len; ++*next) {
        const SyncStep *step = steps->pdata[*next];

        if (step->kind != kind)
            break;
        g_ptr_array_add(sets, step->uids);
    }
    ok = kind == SYNC_ROWS ? sync_headers(run, sets, &all, &trouble)
                           : sync_bodies(run, sets, &all, &trouble);
    if (ok || !err_is(trouble, ERR_LOCAL)) /* else names are still swept */
        ok = sync_run_waiting(run, ok ? &trouble : NULL) && ok;
    if (trouble)
        g_propagate_error(error, g_steal_pointer(&trouble));
    if (ok && (!all || (*next < steps->len && sync_yields(run->sync))))
        return err_set(error, ERR_CANCELLED, "yields");
    return ok;
}

/* What will be fetched, for progress: rows that come by headers first are
 * counted once more for their bodies. */
static guint64
count_all(const GPtrArray *steps)
{
    guint64 total = 0;

    for (guint i = 0; i < steps->len; i++) {
        const SyncStep *step = steps->pdata[i];

        if (step->uids)
            total += uidset_count(step->uids);
    }
    return total;
}

static bool
check_cancelled(const Sync *sync, GError **error)
{
    return sync->cancel == NULL || !g_cancellable_is_cancelled(sync->cancel)
           || err_set(error, ERR_CANCELLED, "cancelled");
}

static void
note_rows(SyncRun *run, const GPtrArray *steps)
{
    const GArray *rows = run->view->rows;

    if (steps->len > 0
        && ((const SyncStep *)steps->pdata[0])->kind == SYNC_RENEW)
        return; /* these UIDs mean nothing any more */
    for (guint i = 0; i < rows->len; i++) {
        const StoreUid *row = &g_array_index(rows, StoreUid, i);

        sync_run_note(run, row->uid, row->id, row->here);
    }
}

static bool
run_next(SyncRun *run, const GPtrArray *steps, guint i, guint *next,
         GError **error)
{
    SyncStep *step = steps->pdata[i];

    if (step->uids)
        return run_fetches(run, steps, i, next, error);
    if (!can_wait(steps, i))
        return run_step(run, step, error);
    g_ptr_array_add(run->waiting, step);
    return true;
}

static bool
run_steps(SyncRun *run, const GPtrArray *steps, GError **error)
{
    guint next;

    for (guint i = 0; i < steps->len; i = next) {
        const SyncStep *step = steps->pdata[i];
        g_autofree char *text = sync_step_text(step);

        next = i + 1;
        text[MIN(strlen(text), 200)] = '\0';
        log_add(LOG_DEBUG, run->folder->path, "%s", text);
        if (!check_cancelled(run->sync, error)
            || !run_next(run, steps, i, &next, error))
            return false;
    }
    return true;
}

bool
sync_run(const Sync *sync, const StoreFolder *folder, const SyncView *view,
         const GPtrArray *steps, GError **error)
{
    g_autofree char *dir = g_build_filename(sync->mail, folder->path, NULL);
    g_autoptr(GHashTable) rows = g_hash_table_new(NULL, NULL);
    g_autoptr(GPtrArray) waiting = g_ptr_array_new();
    g_autoptr(GHashTable) carried = NULL;
    g_autoptr(UidSet) refused = uidset_create();
    g_autofree char *refusal = NULL;
    SyncRun run = { .sync = sync,
                    .folder = folder,
                    .view = view,
                    .dir = dir,
                    .rows = rows,
                    .waiting = waiting,
                    .refused = refused,
                    .quiet = folder->uidnext == 0,
                    .match =
                        view->unplaced > 0
                        || (view->known_uidvalidity != 0
                            && view->known_uidvalidity != view->uidvalidity),
                    .total = count_all(steps) };
    bool ok;

    if (!sync_directory_make(sync, folder, error)
        || !sweep_recover(sync, folder, error))
        return false;
    note_rows(&run, steps);
    carried = sync_carry(sync);
    run.carried = carried;
    run.rest = sync_rest(sync);
    ok = run_steps(&run, steps, error);
    refusal = run.refusal;
    if (!ok || refusal == NULL)
        return ok;
    return err_set(error, ERR_REFUSED,
                   "%s: the server does not give %" G_GUINT64_FORMAT
                   " of the messages, the others are here: %s",
                   folder->path, uidset_count(refused), refusal);
}
