/* The index follows behind. The worker takes a slice of what the store says is
 * not indexed, what the user did last before the rest, writes it in one commit,
 * records it, and gives the lock back; killed anywhere, the next run takes the
 * same slice again. */
#include "core/indexer.h"

#include "base/dirwatch.h"
#include "base/err.h"
#include "base/job.h"
#include "base/log.h"
#include "core/account.h"
#include "core/delivery.h"
#include "core/standing.h"
#include "index/index.h"
#include "index_changes.h"
#include "settle.h"
#include "tags.h"

#include <string.h>

enum {
    SLICE = 200,
    FEW = 20,
    RETRY_S = 20,
    MOST_PROPERTIES = 8
};

typedef struct {
    void (*done)(const GError *error, void *user);
    void *user;
} Waiter;

typedef enum {
    MEND_NOT,
    MEND_CHECK,  /* open it; aside when that fails */
    MEND_DISCARD /* it can be opened and is not whole */
} Mend;

struct Indexer {
    Session *session;
    Worker *worker; /* NULL until there is something to do */
    bool disabled;
    bool running;
    bool again;
    Mend mend; /* of the next run */
    bool mended;
    guint left;
    char *told;  /* the last trouble */
    bool awaited; /* by a command that did not wait yet */
    guint retry; /* source; 0: none */
    GArray *waiters; /* Waiter */
    DirWatch *watch; /* of the index; NULL: nobody looks */
};

typedef struct {
    char *state_db, *index_dir, *mail_root;
    Mend mend;
    bool changed; /* rows took up tags of notmuch's */
} Request;

/* One run of the worker. */
typedef struct {
    Job *job;
    Request *request;
    Store *store;
    IndexWriter *writer;
} Run;

static void
request_free(void *data)
{
    Request *request = data;

    g_free(request->state_db);
    g_free(request->index_dir);
    g_free(request->mail_root);
    g_free(request);
}

/* What was found about the sender, and what became of a message that was
 * sent. */
static bool
set_properties(Run *run, const StoreRow *row, const char *id, GError **error)
{
    g_autoptr(Standing) standing = standing_parse(row->trust);
    const char *delivery = delivery_of_tags(row->tags);
    IndexProperty properties[MOST_PROPERTIES];
    guint n = 0;

    while (standing && n < MOST_PROPERTIES - 1
           && standing_property(standing, n, &properties[n].key,
                                &properties[n].value))
        n++;
    if (delivery != NULL)
        properties[n++] = (IndexProperty){ "posthorn.delivery", delivery };
    return n == 0
           || index_writer_properties(run->writer, id, properties, n, error);
}

/* One message as it is now. A file that notmuch refuses stays a row that is
 * listed and opened; it is only not found by its text. */
static bool
index_row(Run *run, const StoreRow *row, char **id, GError **error)
{
    g_autofree char *path =
        g_build_filename(run->request->mail_root, row->file, NULL);
    g_autofree char *tags = tags_of(row->flags, row->tags);
    g_autoptr(GError) trouble = NULL;

    *id = index_writer_add(run->writer, path, tags, &trouble);
    if (*id == NULL && !err_is(trouble, ERR_REFUSED)) {
        g_propagate_error(error, g_steal_pointer(&trouble));
        return false;
    }
    if (*id == NULL)
        log_add(LOG_INFO, "index", "%s", trouble->message);
    return *id == NULL || set_properties(run, row, *id, error);
}

typedef struct {
    StoreRow *row;  /* as it was written into the index */
    char *index_id; /* NULL: refused */
} Done;

static void
done_clear(void *data)
{
    Done *done = data;

    store_row_free(done->row);
    g_free(done->index_id);
}

/* What others wrote since is taken up before anything is written over it. */
static bool
begin_writing(Run *run, GError **error)
{
    g_autoptr(GError) trouble = NULL;

    if (!index_writer_begin(run->writer, error))
        return false;
    if (index_changes_take(run->store, run->writer, &run->request->changed,
                           &trouble))
        return true;
    index_writer_end(run->writer, NULL);
    g_propagate_error(error, g_steal_pointer(&trouble));
    return false;
}

static bool
take_changes(Run *run, GError **error)
{
    return !index_changes_wait(run->store, run->request->index_dir)
        || (begin_writing(run, error)
            && index_writer_end(run->writer, error));
}

static bool
record(Run *run, const GArray *done, GError **error)
{
    bool ok = true;

    if (!store_begin(run->store, error))
        return false;
    for (guint i = 0; ok && i < done->len; i++) {
        const Done *one = &g_array_index(done, Done, i);

        ok = store_set_indexed(run->store, one->row, one->index_id, error);
    }
    ok = ok && index_changes_note(run->store, run->writer, error);
    return store_end(run->store, ok, ok ? error : NULL) && ok;
}

static bool
write_slice(Run *run, const GArray *ids, GArray *done, GError **error)
{
    for (guint i = 0; i < ids->len; i++) {
        g_autoptr(StoreRow) row =
            store_row(run->store, g_array_index(ids, gint64, i), NULL);
        Done one = { 0 };

        if (row == NULL || row->file == NULL)
            continue;
        if (!index_row(run, row, &one.index_id, error))
            return false;
        one.row = g_steal_pointer(&row);
        g_array_append_val(done, one);
    }
    return true;
}

/* Searches find other messages now. */
static void
tell_written(const Run *run)
{
    job_progress(run->job, "indexing", 0, store_unindexed_count(run->store));
}

/* The index first, the record behind it: what is not recorded is only written
 * twice. */
static bool
index_slice(Run *run, const GArray *ids, GError **error)
{
    g_autoptr(GArray) done = g_array_new(FALSE, FALSE, sizeof(Done));
    bool ok;

    g_array_set_clear_func(done, done_clear);
    if (!begin_writing(run, error))
        return false;
    ok = write_slice(run, ids, done, error);
    ok = index_writer_end(run->writer, ok ? error : NULL) && ok
         && record(run, done, error);
    tell_written(run);
    return ok;
}

/* Messages whose rows went are forgotten. */
static bool
forget_gone(Run *run, GError **error)
{
    g_autoptr(GPtrArray) gone = store_index_gone(run->store, error);
    bool ok = gone != NULL;

    if (!ok || gone->len == 0)
        return ok;
    if (!begin_writing(run, error))
        return false;
    for (guint i = 0; ok && i < gone->len; i++)
        ok = index_writer_sweep(run->writer, gone->pdata[i], error);
    if (!index_writer_end(run->writer, ok ? error : NULL) || !ok
        || !store_begin(run->store, error))
        return false;
    for (guint i = 0; ok && i < gone->len; i++)
        ok = store_index_forgot(run->store, gone->pdata[i], error);
    ok = ok && index_changes_note(run->store, run->writer, error);
    ok = store_end(run->store, ok, ok ? error : NULL) && ok;
    tell_written(run);
    return ok;
}

static bool
run_slices(Run *run, GError **error)
{
    guint size = FEW; /* the newest at once, then larger commits */

    while (!g_cancellable_is_cancelled(job_cancellable(run->job))) {
        g_autoptr(GArray) ids = store_unindexed(run->store, size, error);

        if (ids == NULL)
            return false;
        if (ids->len == 0)
            return true;
        if (!index_slice(run, ids, error))
            return false;
        size = SLICE;
    }
    return err_set(error, ERR_CANCELLED, "cancelled");
}

static void *
indexer_run(Job *job, void *data, GError **error)
{
    Request *request = data;
    g_autoptr(Store) store = store_open(request->state_db, error);
    g_autoptr(IndexWriter) writer =
        index_writer_create(request->index_dir, request->mail_root);
    Run run = { job, request, store, writer };
    bool rebuilt = false;

    if (store == NULL
        || (request->mend == MEND_NOT && !store_index_behind(store)
            && !index_changes_wait(store, request->index_dir))
        || (request->mend == MEND_DISCARD
            && !index_set_aside(request->index_dir, error))
        || !index_prepare(request->index_dir, request->mail_root, &rebuilt,
                          error)
        || (rebuilt && !index_changes_forget(store, error))
        || (rebuilt && !store_index_lost(store, error)))
        return NULL;
    if (take_changes(&run, error) && forget_gone(&run, error))
        run_slices(&run, error);
    return request; /* tells also after an error what was taken up */
}

static void indexer_start(Indexer *indexer);

static void
tell_waiters(Indexer *indexer, const GError *error)
{
    g_autoptr(GArray) waiters = g_steal_pointer(&indexer->waiters);

    indexer->waiters = g_array_new(FALSE, FALSE, sizeof(Waiter));
    for (guint i = 0; i < waiters->len; i++) {
        const Waiter *waiter = &g_array_index(waiters, Waiter, i);

        waiter->done(error, waiter->user);
    }
}

static gboolean
try_again(void *user)
{
    Indexer *indexer = user;

    indexer->retry = 0;
    indexer_kick(indexer);
    return G_SOURCE_REMOVE;
}

/* Said once, and tried again: a disk that was full has room some time. */
static void
trouble(Indexer *indexer, const GError *error)
{
    Frontend *frontend = session_frontend(indexer->session);

    if (indexer->retry == 0)
        indexer->retry = g_timeout_add_seconds(RETRY_S, try_again, indexer);
    log_add(LOG_WARN, "index", "%s", error->message);
    if (g_strcmp0(error->message, indexer->told) == 0)
        return;
    g_free(indexer->told);
    indexer->told = g_strdup(error->message);
    if (!frontend->has_screen
        && (indexer->waiters->len > 0 || indexer->awaited))
        return; /* a command, which says it as its own */
    frontend_tell(frontend, TELL_ERROR, false,
                  "The search index is behind: %s", error->message);
}

/* As after an act of the user's, which it is. */
static void
follow_changes(Indexer *indexer)
{
    const GPtrArray *accounts = session_accounts(indexer->session);

    settler_kick(session_settler(indexer->session));
    for (guint i = 0; i < accounts->len; i++)
        account_kick(accounts->pdata[i]);
    session_rows_changed(indexer->session);
}

/* A run has a thread and a store of its own, for which most has no need. */
static bool
has_work(const Indexer *indexer)
{
    Store *store = session_store(indexer->session);

    return indexer->mend != MEND_NOT || store_index_behind(store)
           || index_changes_may_wait(store,
                                     session_paths(indexer->session)->index);
}

static void
caught_up(Indexer *indexer)
{
    indexer->left = 0;
    g_clear_pointer(&indexer->told, g_free);
    tell_waiters(indexer, NULL);
}

static void
indexer_answer(void *user, void *answer, const GError *error)
{
    Indexer *indexer = user;
    const Request *request = answer;

    if (request && request->changed)
        follow_changes(indexer); /* which asks for another run */
    indexer->running = false;
    if (error && !err_is(error, ERR_CANCELLED))
        trouble(indexer, error);
    if (index_is_damaged(error))
        indexer_mend(indexer, error);
    if (indexer->running)
        return;
    if (indexer->again && error == NULL && has_work(indexer)) {
        indexer_start(indexer);
        return;
    }
    if (indexer->watch) /* it may be new */
        indexer_watch(indexer);
    if (error)
        tell_waiters(indexer, error);
    else
        caught_up(indexer);
}

static void
indexer_progress(void *user, const JobProgress *note)
{
    Indexer *indexer = user;

    indexer->left = (guint)note->total;
    session_rows_news(indexer->session); /* searches are asked again */
}

static const JobClass indexer_job = {
    .name = "index",
    .run = indexer_run,
    .progress = indexer_progress,
    .answer = indexer_answer,
    .free_request = request_free,
};

static void
indexer_start(Indexer *indexer)
{
    const Paths *paths = session_paths(indexer->session);
    Request *request = g_new0(Request, 1);

    request->state_db = g_strdup(paths->state_db);
    request->index_dir = g_strdup(paths->index);
    request->mail_root = g_strdup(paths->mail);
    if (indexer->worker == NULL)
        indexer->worker = worker_create("index");
    request->mend = indexer->mend;
    indexer->mend = MEND_NOT;
    indexer->running = true;
    indexer->again = false;
    worker_submit(indexer->worker, JOB_BULK, &indexer_job, request, indexer);
}

Indexer *
indexer_create(Session *session)
{
    Indexer *indexer = g_new0(Indexer, 1);

    indexer->session = session;
    indexer->waiters = g_array_new(FALSE, FALSE, sizeof(Waiter));
    return indexer;
}

void
indexer_destroy(Indexer *indexer)
{
    g_autoptr(GError) ended = NULL;

    if (indexer == NULL)
        return;
    indexer->disabled = true;
    indexer->again = false;
    worker_destroy(indexer->worker); /* its last answer still finds these */
    dirwatch_destroy(indexer->watch);
    g_clear_handle_id(&indexer->retry, g_source_remove);
    err_set(&ended, ERR_CANCELLED, "cancelled");
    tell_waiters(indexer, ended);
    g_array_unref(indexer->waiters);
    g_free(indexer->told);
    g_free(indexer);
}

static void
index_touched(void *user)
{
    indexer_kick(user);
}

void
indexer_watch(Indexer *indexer)
{
    g_autofree char *dir = g_build_filename(
        session_paths(indexer->session)->index, "xapian", NULL);
    g_autoptr(GPtrArray) paths = g_ptr_array_new();

    g_ptr_array_add(paths, dir);
    if (indexer->watch == NULL)
        indexer->watch = dirwatch_create(index_touched, indexer);
    dirwatch_set(indexer->watch, paths);
}

void
indexer_kick(Indexer *indexer)
{
    if (indexer->disabled)
        return;
    if (indexer->running)
        indexer->again = true;
    else if (has_work(indexer))
        indexer_start(indexer);
    else
        caught_up(indexer);
}

bool
indexer_busy(const Indexer *indexer)
{
    return indexer->running;
}

guint
indexer_left(const Indexer *indexer)
{
    return indexer->left;
}

void
indexer_wait(Indexer *indexer, void (*done)(const GError *error, void *user),
             void *user)
{
    Waiter waiter = { done, user };

    g_array_append_val(indexer->waiters, waiter);
    if (indexer->disabled)
        tell_waiters(indexer, NULL);
    else
        indexer_kick(indexer);
}

void
indexer_expect_wait(Indexer *indexer, bool will)
{
    indexer->awaited = will;
}

void
indexer_forget(Indexer *indexer, const void *user)
{
    for (guint i = indexer->waiters->len; i > 0; i--)
        if (g_array_index(indexer->waiters, Waiter, i - 1).user == user)
            g_array_remove_index(indexer->waiters, i - 1);
}

bool
indexer_mend(Indexer *indexer, const GError *trouble)
{
    if (indexer->mended || indexer->disabled)
        return false;
    indexer->mended = true;
    log_add(LOG_WARN, "index", "%s", trouble->message);
    frontend_tell(session_frontend(indexer->session), TELL_INFO, false,
                  "The search index is looked at and made anew where it is "
                  "not whole.");
    indexer->mend =
        index_is_damaged(trouble) ? MEND_DISCARD : MEND_CHECK;
    indexer_kick(indexer);
    return true;
}

void
indexer_disable(Indexer *indexer)
{
    indexer->disabled = true;
}
