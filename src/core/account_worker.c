/* Jobs of an account, run in its threads. They know the room sync and the
 * connection; what follows from their answers is account_remote.c's. */
#include "account_worker.h"

#include "account_lock.h"
#include "account_pop3.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "facts.h"
#include "index_changes.h"
#include "maildir/maildir.h"
#include "mime/mime.h"
#include "sync/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
    IDLE_SECONDS = 24 * 60,
    DAY_SECONDS = 24 * 60 * 60
};

struct Lane {
    int refs; /* of the main thread and of each job */
    Worker *worker;
    LaneParams params;
    GMutex lock; /* guards news */
    LaneNews news;
    /* Of the worker's thread: */
    GCancellable *cancel; /* of the connection */
    ImapConn *conn;
    Pop3Conn *pop3; /* the one or the other */
    bool kept;      /* a POP3 session goes on after a sync that yielded */
    char *alert; /* told last */
    GError *refused; /* the login: it is not tried with the same words (P36) */
};

/* A job: its request, where its answer goes, how it ended. */
typedef struct {
    Lane *lane;
    LaneJob kind;
    LaneRequest request;
    LaneCallbacks callbacks;
    LaneAnswer answer;
    Job *job;         /* while it runs */
    SyncAhead *ahead; /* of a sync that connects first; or NULL */
    LaneHears hears;  /* not told yet: the server has to say yes first */
} Task;

void
lane_params_clear(LaneParams *params)
{
    g_clear_pointer(&params->account, g_free);
    g_clear_pointer(&params->state_db, g_free);
    g_clear_pointer(&params->mail, g_free);
    g_clear_pointer(&params->index, g_free);
    g_clear_pointer(&params->cache, g_free);
    g_clear_pointer(&params->local_tags, g_strfreev);
    g_clear_pointer(&params->lang, g_free);
    g_clear_pointer(&params->imap.version, g_free);
    g_clear_pointer(&params->imap.uses, g_strfreev);
    net_params_clear(&params->imap.net);
    sasl_params_clear(&params->imap.sasl);
}

static void
arrival_free(void *data)
{
    LaneArrival *arrival = data;

    g_array_unref(arrival->ids);
    g_free(arrival);
}

static void
news_init(LaneNews *news)
{
    *news = (LaneNews){
        .arrivals = g_ptr_array_new_with_free_func(arrival_free),
        .warnings = g_ptr_array_new_with_free_func(g_free),
        .mailboxes = g_ptr_array_new_with_free_func(g_free),
        .folder = news->folder,
        .folders = news->folders,
        .bytes = news->bytes,
        .bytes_total = news->bytes_total,
    };
}

void
lane_news_clear(LaneNews *news)
{
    g_ptr_array_unref(news->arrivals);
    g_ptr_array_unref(news->warnings);
    g_free(news->says);
    g_ptr_array_unref(news->mailboxes);
}

Lane *
lane_create(const char *name, LaneParams *params)
{
    Lane *lane = g_new0(Lane, 1);

    lane->refs = 1;
    lane->params = *params;
    *params = (LaneParams){ 0 };
    g_mutex_init(&lane->lock);
    news_init(&lane->news);
    lane->worker = worker_create(name);
    return lane;
}

static void
lane_unref(Lane *lane)
{
    if (!g_atomic_int_dec_and_test(&lane->refs))
        return;
    imap_conn_close(lane->conn);
    pop3_conn_close(lane->pop3);
    g_free(lane->alert);
    g_clear_error(&lane->refused);
    g_clear_object(&lane->cancel);
    lane_params_clear(&lane->params);
    lane_news_clear(&lane->news);
    g_mutex_clear(&lane->lock);
    g_free(lane);
}

void
lane_destroy(Lane *lane)
{
    if (lane == NULL)
        return;
    worker_destroy(lane->worker);
    lane->worker = NULL;
    lane_unref(lane);
}

void
lane_take_news(Lane *lane, LaneNews *news)
{
    g_mutex_lock(&lane->lock);
    *news = lane->news;
    news_init(&lane->news);
    g_mutex_unlock(&lane->lock);
}

static void
cancel_connection(GCancellable *job, void *data)
{
    g_cancellable_cancel(data);
}

static void
disconnect(Lane *lane)
{
    g_clear_pointer(&lane->conn, imap_conn_close);
    g_clear_pointer(&lane->pop3, pop3_conn_close);
    lane->kept = false;
    g_clear_object(&lane->cancel);
}

/* The connection outlives the job; the job's cancellable reaches it through
 * one of its own. */
static gulong
link_cancellables(Task *task)
{
    Lane *lane = task->lane;

    if (lane->cancel == NULL)
        lane->cancel = g_cancellable_new();
    return g_cancellable_connect(job_cancellable(task->job),
                                 G_CALLBACK(cancel_connection), lane->cancel,
                                 NULL);
}

static bool
connect_lane(Task *task, GError **error)
{
    Lane *lane = task->lane;

    if (lane->params.is_pop3)
        return true; /* account_pop3.c does, with its own rules */
    if (lane->conn == NULL) {
        lane->conn = imap_conn_open(&lane->params.imap, lane->cancel, error);
        if (lane->conn)
            log_add(LOG_INFO, lane->params.account, "connected to %s",
                    lane->params.imap.net.host);
    }
    task->answer.connected = lane->conn != NULL;
    return task->answer.connected;
}

static StoreMessage *
describe(const char *bytes, gsize size)
{
    G_STATIC_ASSERT(G_STRUCT_OFFSET(Facts, message) == 0);
    return &facts_create(bytes, size)->message;
}

static void
describe_free(StoreMessage *message)
{
    facts_destroy((Facts *)message);
}

/* Of one message that someone waits for, bytes are counted. */
static void
note(Task *task, const SyncProgress *progress)
{
    bool bytes = task->kind == LANE_FETCH || task->kind == LANE_PART;

    if (progress == NULL)
        job_progress(task->job, "", 0, 0);
    else
        job_progress(task->job, progress->folder,
                     bytes ? progress->bytes : progress->done,
                     bytes ? progress->bytes_total : progress->total);
}

static void
on_arrived(void *user, const gint64 *ids, guint n, bool quiet)
{
    Task *task = user;
    LaneArrival *arrival = g_new0(LaneArrival, 1);

    arrival->ids = g_array_sized_new(FALSE, FALSE, sizeof(gint64), n);
    g_array_append_vals(arrival->ids, ids, n);
    arrival->quiet = quiet;
    g_mutex_lock(&task->lane->lock);
    g_ptr_array_add(task->lane->news.arrivals, arrival);
    g_mutex_unlock(&task->lane->lock);
    note(task, NULL);
}

static void
on_changed(void *user)
{
    Task *task = user;

    g_mutex_lock(&task->lane->lock);
    task->lane->news.changed = true;
    g_mutex_unlock(&task->lane->lock);
    note(task, NULL);
}

static void
on_progress(void *user, const SyncProgress *progress)
{
    Task *task = user;

    if (task->kind == LANE_FETCH || task->kind == LANE_PART) {
        note(task, progress); /* what a sync tells is not this */
        return;
    }
    g_mutex_lock(&task->lane->lock);
    if (progress->folders > 0) {
        task->lane->news.folder = progress->number;
        task->lane->news.folders = progress->folders;
    }
    task->lane->news.bytes = progress->bytes;
    task->lane->news.bytes_total = progress->bytes_total;
    g_mutex_unlock(&task->lane->lock);
    note(task, progress);
}

static void
on_says(void *user, const char *text)
{
    Task *task = user;

    g_mutex_lock(&task->lane->lock);
    g_free(task->lane->news.says);
    task->lane->news.says = g_strdup(text);
    g_mutex_unlock(&task->lane->lock);
    note(task, NULL);
}

static bool
on_yield(void *user)
{
    return job_should_yield(((Task *)user)->job);
}

static void
on_warn(void *user, const char *text)
{
    Task *task = user;

    log_add(LOG_WARN, task->lane->params.account, "%s", text);
    g_mutex_lock(&task->lane->lock);
    g_ptr_array_add(task->lane->news.warnings, g_strdup(text));
    g_mutex_unlock(&task->lane->lock);
    note(task, NULL);
}

static SyncKeep
make_keep(const LaneParams *params)
{
    SyncKeep keep = { .most = params->keep_most };

    if (params->keep_days == 0)
        keep.after = G_MAXINT64;
    else if (params->keep_days > 0)
        keep.after = clock_now() - params->keep_days * DAY_SECONDS;
    return keep;
}

static Sync
make_sync(Task *task, Store *store)
{
    const LaneParams *params = &task->lane->params;

    return (Sync){
        .account = params->account,
        .mail = params->mail,
        .store = store,
        .server = sync_server_imap(task->lane->conn),
        .cancel = job_cancellable(task->job),
        .only = task->request.only,
        .local_tags = (const char *const *)params->local_tags,
        .keep = make_keep(params),
        .headers_first = task->request.headers_first,
        .accept_removals = task->request.accept_removals,
        .hold_deleted = task->request.hold_deleted,
        .urgent = task->kind == LANE_FETCH,
        .ahead = task->ahead,
        .describe = describe,
        .describe_free = describe_free,
        .arrived = on_arrived,
        .changed = on_changed,
        .progress = on_progress,
        .should_yield = task->kind == LANE_SEARCH ? NULL : on_yield,
        .warn = on_warn,
        .user = task,
    };
}

static bool
rows_wait(Store *store, const char *account)
{
    g_autoptr(GPtrArray) folders = store_folders(store, account, NULL);

    for (guint i = 0; folders && i < folders->len; i++) {
        gint64 id = ((StoreFolder *)folders->pdata[i])->id;

        if (store_orphans(store, id) > 0 || store_server_is_moving(store, id))
            return true;
    }
    return false;
}

/* Asks for news of all mailboxes; without them only one is heard. */
static bool
begin_listening(Task *task, GError **error)
{
    Lane *lane = task->lane;
    g_autoptr(GError) trouble = NULL;
    bool all = task->request.hear_all && imap_conn_can(lane->conn, "NOTIFY")
               && imap_notify(lane->conn, &trouble);

    if (trouble && !err_is(trouble, ERR_REFUSED)) {
        g_propagate_error(error, g_steal_pointer(&trouble));
        return false;
    }
    task->hears = all ? LANE_HEARS_ALL : LANE_HEARS_ONE;
    return true;
}

static void
on_listening(void *user)
{
    Task *task = user;

    if (task->hears == LANE_HEARS_NOTHING)
        return;
    g_mutex_lock(&task->lane->lock);
    task->lane->news.hears = task->hears;
    g_mutex_unlock(&task->lane->lock);
    task->hears = LANE_HEARS_NOTHING;
    note(task, NULL);
}

static void
tell_changes(Task *task)
{
    g_autoptr(GPtrArray) names = imap_take_news(task->lane->conn);

    g_mutex_lock(&task->lane->lock);
    g_ptr_array_extend_and_steal(task->lane->news.mailboxes,
                                 g_steal_pointer(&names));
    g_mutex_unlock(&task->lane->lock);
    note(task, NULL);
}

static bool
watch(Task *task, GError **error)
{
    g_auto(ImapSelected) selected = { 0 };
    Lane *lane = task->lane;
    GCancellable *wake = job_cancellable(task->job);
    ImapWait wait = { wake, IDLE_SECONDS, on_listening, task };

    if (!imap_select(lane->conn, task->request.only, NULL, NULL, &selected,
                     error)
        || !begin_listening(task, error))
        return false;
    while (!g_cancellable_is_cancelled(wake)) {
        bool changed = false;

        if (!imap_idle(lane->conn, &wait, &changed, error))
            return false;
        if (changed)
            tell_changes(task);
        if (imap_notify_lapsed(lane->conn) && !begin_listening(task, error))
            return false;
    }
    return err_set(error, ERR_CANCELLED, "cancelled");
}

/* What the notmuch command changed is told the server in the same round. The
 * index is no reason for a sync to fail. */
static void
take_index_changes(Task *task, Store *store)
{
    const LaneParams *params = &task->lane->params;
    g_autoptr(IndexWriter) writer = NULL;
    g_autoptr(GError) trouble = NULL;
    bool changed = false;

    if (!index_changes_wait(store, params->index))
        return;
    writer = index_writer_create(params->index, params->mail);
    if (!index_writer_begin(writer, &trouble)
        || !index_changes_take(store, writer, &changed, &trouble)
        || !index_writer_end(writer, &trouble))
        log_add(LOG_WARN, params->account, "%s", trouble->message);
    if (changed)
        on_changed(task);
}

static bool
sync_locked(Task *task, Sync *sync, GError **error)
{
    int fd = account_lock(task->lane->params.state_db,
                          task->lane->params.account,
                          job_cancellable(task->job), error);
    bool ok;

    if (fd < 0)
        return false;
    if (task->kind == LANE_SYNC)
        take_index_changes(task, sync->store);
    ok = task->kind == LANE_SYNC
             ? sync_account(sync, &task->answer.yielded, error)
             : sync_push(sync, error);
    close(fd);
    return ok;
}

static bool
perform_pop3(Task *task, const Sync *sync, GError **error)
{
    Lane *lane = task->lane;
    Pop3Job job = { .params = &lane->params,
                    .sync = sync,
                    .conn = &lane->pop3,
                    .cancel = lane->cancel,
                    .kept = &lane->kept,
                    .answer = &task->answer,
                    .says = on_says,
                    .user = task };

    if (!account_pop3_connect(&job, error))
        return false;
    task->answer.connected = true;
    return account_pop3_run(&job, task->kind, task->request.id, error);
}

/* A file without a name, so that nothing is left of it. */
static int
open_part(const Task *task, GError **error)
{
    const char *cache = task->lane->params.cache;

    return file_mkdir(cache, error) ? file_open_unnamed(cache, error) : -1;
}

/* Without its encoding, into the file that goes with the answer. */
static bool
decode_part(Task *task, int fd, GError **error)
{
    g_autoptr(MimeMessage) message = mime_load_fd(fd, error);

    if (message != NULL)
        task->answer.fd = open_part(task, error);
    return task->answer.fd >= 0
           && mime_part_save(message, 1, task->answer.fd, error);
}

static bool
fetch_part(Task *task, const Sync *sync, GError **error)
{
    int fd = open_part(task, error);
    bool ok = fd >= 0
              && sync_fetch_part(sync, task->request.id, task->request.part, fd,
                                 error)
              && decode_part(task, fd, error);

    if (fd >= 0)
        close(fd);
    return ok;
}

static void
part_free(void *data)
{
    MimePart *part = data;

    g_free(part->content_type);
    g_free(part->name);
    g_free(part);
}

/* About as large as it is without its encoding. */
static guint64
plain_size(const ImapPart *told)
{
    bool base64 = told->encoding
                  && g_ascii_strcasecmp(told->encoding, "base64") == 0;

    /* 57 octets are a line of 76 and its end */
    return base64 ? told->octets / 78 * 57 + told->octets % 78 * 3 / 4
                  : told->octets;
}

/* Its header is read as that of a part of a message would be. */
static MimePart *
part_of(const ImapPart *told, guint number)
{
    g_autofree char *text =
        g_strdup_printf("Content-Type: multipart/mixed; boundary=b\r\n\r\n"
                        "--b\r\n%s\r\n\r\n--b--\r\n",
                        told->header);
    g_autoptr(MimeMessage) around = mime_load_bytes(text, strlen(text));
    const GPtrArray *all = mime_parts(around);
    const MimePart *read = all->pdata[all->len > 1 ? 1 : 0];
    MimePart *part = g_new0(MimePart, 1);

    part->number = number;
    part->depth = (int)told->depth;
    part->content_type = g_strdup(read->content_type);
    part->name = g_strdup(read->name);
    part->size = plain_size(told);
    part->is_multipart = told->encoding == NULL;
    part->is_attachment = read->is_attachment && !part->is_multipart;
    return part;
}

static bool
fetch_parts(Task *task, const Sync *sync, GError **error)
{
    g_autoptr(GPtrArray) told =
        sync_fetch_parts(sync, task->request.id, error);

    if (told == NULL)
        return false;
    task->answer.parts = g_ptr_array_new_with_free_func(part_free);
    for (guint i = 0; i < told->len; i++)
        g_ptr_array_add(task->answer.parts, part_of(told->pdata[i], i + 1));
    return true;
}

static bool
perform(Task *task, GError **error)
{
    const LaneParams *params = &task->lane->params;
    g_autoptr(Store) store = NULL;
    Sync sync;

    if (task->kind == LANE_WATCH)
        return watch(task, error);
    store = store_open(params->state_db, error);
    if (store == NULL)
        return false;
    sync = make_sync(task, store);
    if (task->lane->params.is_pop3)
        return perform_pop3(task, &sync, error);
    switch (task->kind) {
    case LANE_SYNC:
        return sync_locked(task, &sync, error);
    case LANE_PUSH: {
        bool told = sync_locked(task, &sync, error);

        task->answer.waiting = (told || err_is(*error, ERR_REFUSED))
                               && rows_wait(store, params->account);
        return told;
    }
    case LANE_FETCH:
        return sync_fetch_one(&sync, task->request.id, error);
    case LANE_PART:
        return task->request.part > 0 ? fetch_part(task, &sync, error)
                                      : fetch_parts(task, &sync, error);
    case LANE_SEARCH:
        return sync_search(&sync, task->request.only, task->request.criteria,
                           &task->answer.found, error);
    default: {
        g_autoptr(GPtrArray) mailboxes =
            imap_list(task->lane->conn, false, error);

        return mailboxes != NULL
               && imap_quota(task->lane->conn, "INBOX", &task->answer.room,
                             error);
    }
    }
}

static bool
is_connection_dead(const GError *error)
{
    return err_is(error, ERR_PROTOCOL) || err_is(error, ERR_RETRY)
           || err_is(error, ERR_CANCELLED) || err_is(error, ERR_AUTH);
}

/* Once for each text and connection: some servers say it with every SELECT. */
static void
tell_alert(Task *task)
{
    Lane *lane = task->lane;
    g_autofree char *text = lane->conn ? imap_take_alert(lane->conn) : NULL;
    g_autofree char *said = NULL;

    if (text == NULL || g_strcmp0(text, lane->alert) == 0)
        return;
    said = g_strdup_printf("%s says:%s", lane->params.imap.net.host, text);
    on_warn(task, said);
    g_free(lane->alert);
    lane->alert = g_steal_pointer(&text);
}

/* What nobody waits for in particular, one behind the other in a lane that goes
 * when its login is refused. */
static bool
follows(const Task *task)
{
    return task->kind == LANE_SYNC || task->kind == LANE_PUSH;
}

static bool
was_refused(const Task *task, GError **error)
{
    const GError *refused = task->lane->refused;

    if (refused == NULL || !follows(task))
        return false;
    g_propagate_error(error, g_error_copy(refused));
    return true;
}

/* Files are looked at while the server lets us in. */
static bool
connect_and_perform(Task *task, GError **error)
{
    const Lane *lane = task->lane;
    const LaneParams *params = &lane->params;
    bool ok;

    if (task->kind == LANE_SYNC && !params->is_pop3 && lane->conn == NULL)
        task->ahead = sync_ahead_begin(params->state_db, params->mail,
                                       params->account);
    ok = connect_lane(task, error) && perform(task, error);
    sync_ahead_end(g_steal_pointer(&task->ahead));
    return ok;
}

static void *
task_run(Job *job, void *data, GError **error)
{
    Task *task = data;
    g_autoptr(GError) trouble = NULL;
    gulong handler;
    bool ok;

    task->job = job;
    handler = link_cancellables(task);
    ok = !was_refused(task, &trouble) && connect_and_perform(task, &trouble);
    if (follows(task) && !task->answer.connected && err_is(trouble, ERR_AUTH)
        && task->lane->refused == NULL)
        task->lane->refused = g_error_copy(trouble);
    tell_alert(task);
    if (handler)
        g_cancellable_disconnect(job_cancellable(job), handler);
    if ((task->lane->conn == NULL && task->lane->pop3 == NULL)
        || (!ok && is_connection_dead(trouble))
        || g_cancellable_is_cancelled(task->lane->cancel))
        disconnect(task->lane);
    if (!ok)
        g_propagate_error(error, g_steal_pointer(&trouble));
    return NULL;
}

static void
task_progress(void *user, const JobProgress *progress)
{
    Task *task = user;

    if (task->callbacks.progress)
        task->callbacks.progress(task->callbacks.user, progress);
}

static void
task_answer(void *user, void *answer, const GError *error)
{
    Task *task = user;

    task->callbacks.answer(task->callbacks.user, &task->answer, error);
}

static void
task_free(void *data)
{
    Task *task = data;

    lane_unref(task->lane);
    g_free(task->request.only);
    g_free(task->request.criteria);
    sync_found_clear(&task->answer.found);
    g_clear_pointer(&task->answer.parts, g_ptr_array_unref);
    if (task->answer.fd >= 0)
        close(task->answer.fd);
    g_free(task);
}

static const JobClass classes[] = {
    [LANE_SYNC] = { "sync", task_run, task_progress, task_answer, task_free,
                    NULL },
    [LANE_PUSH] = { "push", task_run, task_progress, task_answer, task_free,
                    NULL },
    [LANE_FETCH] = { "fetch", task_run, task_progress, task_answer, task_free,
                     NULL },
    [LANE_PART] = { "part", task_run, task_progress, task_answer, task_free,
                    NULL },
    [LANE_SEARCH] = { "search", task_run, task_progress, task_answer, task_free,
                      NULL },
    [LANE_WATCH] = { "watch", task_run, task_progress, task_answer, task_free,
                     NULL },
    [LANE_CHECK] = { "check", task_run, task_progress, task_answer, task_free,
                     NULL },
};

Job *
lane_submit(Lane *lane, LaneJob job, const LaneRequest *request,
            const LaneCallbacks *callbacks)
{
    static const JobPriority priorities[] = {
        [LANE_SYNC] = JOB_BULK,     [LANE_PUSH] = JOB_NORMAL,
        [LANE_FETCH] = JOB_URGENT,  [LANE_PART] = JOB_URGENT,
        [LANE_WATCH] = JOB_BULK,
        [LANE_SEARCH] = JOB_NORMAL, [LANE_CHECK] = JOB_NORMAL,
    };
    Task *task = g_new0(Task, 1);

    g_atomic_int_inc(&lane->refs);
    task->lane = lane;
    task->kind = job;
    task->request = *request;
    task->request.only = g_strdup(request->only);
    task->request.criteria = g_strdup(request->criteria);
    task->callbacks = *callbacks;
    task->answer.fd = -1;
    return worker_submit(lane->worker, priorities[job], &classes[job], task,
                         task);
}
