/* One run over a maildrop, in the order of sync_pop3.h, and the one message
 * that the user waits for. */
#include "sync_pop3_private.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "maildir/maildir.h"

#include <string.h>
#include <sys/stat.h>

static bool
real_can(void *conn, const char *capability)
{
    return pop3_conn_can(conn, capability);
}

static int
real_expire(void *conn)
{
    return pop3_conn_expire(conn);
}

static GArray *
real_list(void *conn, GError **error)
{
    return pop3_list(conn, error);
}

static GArray *
real_uidl(void *conn, GError **error)
{
    return pop3_uidl(conn, error);
}

static bool
real_retr(void *conn, const guint *numbers, guint n, const Pop3Sink *sink,
          GError **error)
{
    return pop3_retr(conn, numbers, n, sink, error);
}

static bool
real_top(void *conn, const guint *numbers, guint n, const Pop3Sink *sink,
         GError **error)
{
    return pop3_top(conn, numbers, n, sink, error);
}

static bool
real_dele(void *conn, const guint *numbers, guint n, const Pop3Sink *sink,
          GError **error)
{
    return pop3_dele(conn, numbers, n, sink, error);
}

static bool
real_quit(void *conn, GError **error)
{
    return pop3_quit(conn, error);
}

const SyncPop3Class sync_pop3_real = {
    .can = real_can,
    .expire = real_expire,
    .list = real_list,
    .uidl = real_uidl,
    .retr = real_retr,
    .top = real_top,
    .dele = real_dele,
    .quit = real_quit,
};

void
pop3_run_progress(Pop3Run *run)
{
    SyncProgress progress = { .folder = run->inbox->path,
                              .done = run->done,
                              .total = run->total,
                              .bytes = run->bytes,
                              .bytes_total = run->bytes_total };

    run->told = g_get_monotonic_time();
    if (run->sync->progress)
        run->sync->progress(run->sync->user, &progress);
}

void
pop3_run_refused(Pop3Run *run, guint number, const char *words)
{
    log_add(LOG_WARN, run->sync->account, "message %u: %s", number, words);
    if (run->refused++ == 0)
        run->words = g_strdup(words);
}

StorePop3
pop3_run_entry(const SyncPop3Item *item)
{
    StorePop3 entry = { .since = clock_now() };

    if (item->known)
        entry = *item->known;
    entry.uidl = (char *)item->uidl;
    entry.nth = item->nth;
    entry.octets = item->octets ? item->octets : entry.octets;
    entry.absent = 0;
    return entry;
}

bool
pop3_run_put(const Pop3Run *run, const StorePop3 *entry, GError **error)
{
    return store_pop3_put(run->sync->store, run->sync->account, entry, error);
}

/* The account's own inbox, which is a folder of this machine. */
static StoreFolder *
find_inbox(const Sync *sync, GError **error)
{
    g_autofree char *path = maildir_folder_path(sync->account, "INBOX", '/');
    g_autoptr(GError) none = NULL;
    StoreFolder made = { .account = (char *)sync->account,
                         .name = (char *)"INBOX",
                         .path = path,
                         .delimiter = '/',
                         .role = FOLDER_ROLE_INBOX,
                         .selectable = true,
                         .subscribed = true,
                         .local = true };
    StoreFolder *known = store_folder_by_role(sync->store, sync->account,
                                              FOLDER_ROLE_INBOX, &none);
    gint64 id;

    if (known)
        return known;
    id = store_folder_put(sync->store, &made, error);
    return id ? store_folder(sync->store, id, error) : NULL;
}

static void
add_time(GString *text, const char *mail, const char *path, const char *part)
{
    g_autofree char *full = g_build_filename(mail, path, part, NULL);
    struct stat info;

    if (stat(full, &info) == 0)
        g_string_append_printf(text, "%" G_GINT64_FORMAT ".%09ld ",
                               (gint64)info.st_mtim.tv_sec,
                               info.st_mtim.tv_nsec);
}

/* Changes when a name in any folder of the account does. g_free(). */
static char *
stamp(const Sync *sync)
{
    g_autoptr(GPtrArray) folders =
        store_folders(sync->store, sync->account, NULL);
    g_autofree char *root = maildir_encode_name(sync->account);
    GString *text = g_string_new(NULL);

    add_time(text, sync->mail, root, NULL);
    for (guint i = 0; folders && i < folders->len; i++) {
        const char *path = ((const StoreFolder *)folders->pdata[i])->path;

        add_time(text, sync->mail, path, NULL);
        add_time(text, sync->mail, path, "cur");
        add_time(text, sync->mail, path, "new");
    }
    return g_string_free(text, FALSE);
}

/* Step 1, when there is something to see. */
static bool
scan(const SyncPop3 *pop3, GError **error)
{
    const Sync *sync = pop3->sync;
    g_autofree char *key = g_strdup_printf("pop3/%s/stamp", sync->account);
    g_autofree char *known = store_value(sync->store, key);
    g_autofree char *now = stamp(sync);

    if (pop3->scan == NULL || g_strcmp0(known, now) == 0)
        return true;
    return pop3->scan(sync, error)
           && store_set_value(sync->store, key, now, error);
}

/* Inbox and directories, what a killed run left, the user's own changes. */
static bool
prepare(Pop3Run *run, GError **error)
{
    const Sync *sync = run->sync;

    run->inbox = find_inbox(sync, error);
    if (run->inbox == NULL)
        return false;
    run->dir = g_build_filename(sync->mail, run->inbox->path, NULL);
    run->quiet = run->inbox->uidvalidity == 0;
    return sync_directory_make(sync, run->inbox, error)
           && sweep_recover(sync, run->inbox, error) && scan(run->pop3, error);
}

static void
finish(Pop3Run *run)
{
    store_folder_free(run->inbox);
    g_hash_table_unref(run->rows);
    g_free(run->dir);
    g_free(run->words);
}

/* The list, the history, the plan. The view's parts are the caller's. */
typedef struct {
    GArray *listed;
    GPtrArray *history;
    GPtrArray *steps;
} Planned;

static void
planned_clear(Planned *planned)
{
    if (planned->steps)
        g_ptr_array_unref(planned->steps);
    if (planned->history)
        g_ptr_array_unref(planned->history);
    planned->steps = planned->history = NULL;
}

static SyncPop3View
make_view(const Pop3Run *run, const Planned *planned)
{
    const SyncPop3 *pop3 = run->pop3;

    return (SyncPop3View){
        .listed = planned->listed,
        .history = planned->history,
        .rules = pop3->rules,
        .now = clock_now(),
        .expire = pop3->class->expire(pop3->conn),
        .can_top = pop3->class->can(pop3->conn, "TOP"),
        .headers_first = run->sync->headers_first,
        .accept_removals = run->sync->accept_removals,
    };
}

/* lost: looked for once a run, so that what no match was found for is
 * fetched. */
static bool
plan(Pop3Run *run, Planned *planned, bool lost, GError **error)
{
    const Sync *sync = run->sync;
    SyncPop3View view;

    planned_clear(planned);
    planned->history = store_pop3(sync->store, sync->account, error);
    if (planned->history == NULL
        || !pop3_run_sizes(run, planned->listed, planned->history, error))
        return false;
    view = make_view(run, planned);
    view.lost = lost && planned->history->len == 0 && planned->listed->len > 0
                && store_pop3_lost(sync->store, sync->account);
    planned->steps = sync_pop3_plan(&view);
    return true;
}

static bool
run_entries(Pop3Run *run, const SyncPop3Step *step, GError **error)
{
    Store *store = run->sync->store;
    bool ok = store_begin(store, error);

    if (!ok)
        return false;
    for (guint i = 0; ok && i < step->entries->len; i++) {
        StorePop3 entry = *(const StorePop3 *)step->entries->pdata[i];

        entry.absent = clock_now();
        ok = step->kind == POP3_FORGET
                 ? store_pop3_forget(store, run->sync->account, &entry, error)
                 : pop3_run_put(run, &entry, error);
    }
    for (guint i = 0; ok && i < step->items->len; i++) {
        StorePop3 entry =
            pop3_run_entry(&g_array_index(step->items, SyncPop3Item, i));

        ok = pop3_run_put(run, &entry, error);
    }
    return store_end(store, ok, ok ? error : NULL) && ok;
}

static bool
run_step(Pop3Run *run, const SyncPop3Step *step, GError **error)
{
    switch (step->kind) {
    case POP3_FORGET:
    case POP3_ABSENT:
    case POP3_BACK:
        return run_entries(run, step, error);
    case POP3_MATCH:
        return pop3_run_rows(run, step->items, true, error);
    case POP3_ROWS:
        return pop3_run_rows(run, step->items, false, error);
    case POP3_BODIES:
        return pop3_run_bodies(run, step->items, error);
    case POP3_HOLD:
        sync_warn(run->sync,
                  "%s: %u of %u messages are gone here and kept on "
                  "the server: `posthorn sync --accept-removals %s` deletes "
                  "them there",
                  run->sync->account, step->count, step->total,
                  run->sync->account);
        return true;
    case POP3_DELETE: /* planned anew, at the end */
        return true;
    }
    g_return_val_if_reached(false);
}

static void
count(Pop3Run *run, const GPtrArray *steps)
{
    run->done = run->total = run->bytes = run->bytes_total = 0;
    for (guint i = 0; i < steps->len; i++) {
        const SyncPop3Step *step = steps->pdata[i];

        if (step->kind < POP3_MATCH || step->kind > POP3_BODIES)
            continue;
        run->total += step->items->len;
        for (guint j = 0; step->kind == POP3_BODIES && j < step->items->len;
             j++)
            run->bytes_total +=
                g_array_index(step->items, SyncPop3Item, j).octets;
    }
}

static bool
run_steps(Pop3Run *run, const GPtrArray *steps, GError **error)
{
    count(run, steps);
    if (run->total > 0)
        pop3_run_progress(run);
    for (guint i = 0; i < steps->len && !run->yielded; i++) {
        const SyncPop3Step *step = steps->pdata[i];
        g_autofree char *text = sync_pop3_step_text(step);

        text[MIN(strlen(text), 200)] = '\0';
        log_add(LOG_DEBUG, run->sync->account, "%s", text);
        if (g_cancellable_is_cancelled(run->sync->cancel))
            return err_set(error, ERR_CANCELLED, "cancelled");
        if (!run_step(run, step, error))
            return false;
    }
    return true;
}

/* Deletions. */

typedef struct {
    Pop3Run *run;
    const GArray *items;
    guint at;
    GArray *done; /* SyncPop3Item that the server marked */
} Deletion;

static bool
dele_end(void *user, guint number, GError **error)
{
    Deletion *deletion = user;

    g_array_append_vals(
        deletion->done,
        &g_array_index(deletion->items, SyncPop3Item, deletion->at++), 1);
    return true;
}

static bool
dele_refused(void *user, guint number, const char *words, GError **error)
{
    ((Deletion *)user)->at++;
    pop3_run_refused(((Deletion *)user)->run, number, words);
    return true;
}

/* D3: before the first DELE, that it was begun; after the answer to QUIT, that
 * it is done. */
static bool
write_deleted(const Pop3Run *run, const GArray *items, bool done,
              GError **error)
{
    Store *store = run->sync->store;
    bool ok = store_begin(store, error);

    if (!ok)
        return false;
    for (guint i = 0; ok && i < items->len; i++) {
        StorePop3 entry =
            pop3_run_entry(&g_array_index(items, SyncPop3Item, i));

        entry.deleted = true;
        ok = done ? store_pop3_forget(store, run->sync->account, &entry, error)
                  : pop3_run_put(run, &entry, error);
    }
    return store_end(store, ok, ok ? error : NULL) && ok;
}

static bool
delete_items(Pop3Run *run, const GArray *items, GArray *done, GError **error)
{
    const SyncPop3 *pop3 = run->pop3;
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(guint));
    Deletion deletion = { run, items, 0, done };
    Pop3Sink sink = { .user = &deletion,
                      .end = dele_end,
                      .refused = dele_refused };

    for (guint i = 0; i < items->len; i++)
        g_array_append_val(numbers,
                           g_array_index(items, SyncPop3Item, i).number);
    return write_deleted(run, items, false, error)
           && pop3->class->dele(pop3->conn, (const guint *)numbers->data,
                                numbers->len, &sink, error);
}

static bool
delete_and_quit(Pop3Run *run, const GPtrArray *steps, GError **error)
{
    const SyncPop3 *pop3 = run->pop3;
    g_autoptr(GArray) done = g_array_new(FALSE, FALSE, sizeof(SyncPop3Item));

    for (guint i = 0; i < steps->len; i++) {
        const SyncPop3Step *step = steps->pdata[i];

        if (step->kind == POP3_DELETE
            && !delete_items(run, step->items, done, error))
            return false;
    }
    return pop3->class->quit(pop3->conn, error)
           && (done->len == 0 || write_deleted(run, done, true, error));
}

/* From here on new mail is news. */
static bool
mark(Pop3Run *run, GError **error)
{
    return run->inbox->uidvalidity != 0
           || store_folder_mark(run->sync->store, run->inbox->id,
                                &(StoreMark){ .uidvalidity = 1 }, error);
}

static bool
fetch_all(Pop3Run *run, Planned *planned, GError **error)
{
    bool lost;

    if (!plan(run, planned, true, error))
        return false;
    lost =
        planned->steps->len > 0
        && ((const SyncPop3Step *)planned->steps->pdata[0])->kind == POP3_MATCH;
    if (!run_steps(run, planned->steps, error))
        return false;
    if (!lost || run->yielded)
        return true;
    return plan(run, planned, false, error)
           && run_steps(run, planned->steps, error);
}

static bool
run_all(Pop3Run *run, Planned *planned, GError **error)
{
    if (!prepare(run, error))
        return false;
    planned->listed = pop3_run_list(run, error);
    if (planned->listed == NULL || !fetch_all(run, planned, error))
        return false;
    if (run->yielded)
        return true;
    if (run->fetched && !plan(run, planned, false, error))
        return false;
    if (!delete_and_quit(run, planned->steps, error) || !mark(run, error))
        return false;
    return run->refused == 0
           || err_set(error, ERR_REFUSED,
                      "%s: the server refused %u message%s:"
                      " %s",
                      run->sync->account, run->refused,
                      run->refused == 1 ? "" : "s", run->words);
}

static void
planned_free(Planned *planned)
{
    planned_clear(planned);
    if (planned->listed)
        g_array_unref(planned->listed);
}

bool
sync_pop3(const SyncPop3 *pop3, bool *yielded, GError **error)
{
    Pop3Run run = { .pop3 = pop3,
                    .sync = pop3->sync,
                    .rows = g_hash_table_new(NULL, NULL) };
    Planned planned = { 0 };
    bool ok = run_all(&run, &planned, error);

    *yielded = ok && run.yielded;
    planned_free(&planned);
    finish(&run);
    return ok;
}

/* The one item whose row is id. */
static bool
choose_one(Pop3Run *run, Planned *planned, gint64 id, GArray *items)
{
    SyncPop3View view = make_view(run, planned);
    g_autoptr(GArray) all = sync_pop3_pair(&view);

    for (guint i = 0; i < all->len; i++) {
        const SyncPop3Item *item = &g_array_index(all, SyncPop3Item, i);

        if (item->known && item->known->message == id)
            g_array_append_vals(items, item, 1);
    }
    return items->len > 0;
}

static bool
fetch_one(Pop3Run *run, Planned *planned, gint64 id, GError **error)
{
    g_autoptr(GArray) items = g_array_new(FALSE, FALSE, sizeof(SyncPop3Item));

    if (!prepare(run, error))
        return false;
    planned->listed = pop3_run_list(run, error);
    if (planned->listed == NULL)
        return false;
    planned->history = store_pop3(run->sync->store, run->sync->account, error);
    if (planned->history == NULL
        || !pop3_run_sizes(run, planned->listed, planned->history, error))
        return false;
    if (!choose_one(run, planned, id, items))
        return err_set(error, ERR_REFUSED,
                       "this message is no longer on the server");
    run->quiet = true;
    if (!pop3_run_bodies(run, items, error))
        return false;
    return run->refused == 0
           || err_set(error, ERR_REFUSED, "the server refused this message: %s",
                      run->words);
}

bool
sync_pop3_fetch_one(const SyncPop3 *pop3, gint64 id, GError **error)
{
    g_autoptr(StoreRow) row = store_row(pop3->sync->store, id, error);
    Pop3Run run = { .pop3 = pop3,
                    .sync = pop3->sync,
                    .rows = g_hash_table_new(NULL, NULL) };
    Planned planned = { 0 };
    bool ok;

    ok = row && (row->file || fetch_one(&run, &planned, id, error));
    planned_free(&planned);
    finish(&run);
    return ok;
}
