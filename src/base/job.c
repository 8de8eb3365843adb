/* Threads that take requests and give answers. A worker's lock guards its
 * queues; a job belongs to the main thread before it runs and after it ended,
 * to the worker's thread between. What goes to the main loop stands in one
 * queue for each worker, so notes and answers keep their order and a worker
 * that is destroyed can deliver them itself. */
#include "base/job.h"

#include "base/err.h"
#include "base/log.h"

enum {
    PRIORITIES = JOB_BULK + 1,
    GRACE_US = 2 * G_USEC_PER_SEC
};

struct Job {
    const JobClass *class;
    Worker *worker;
    JobPriority priority;
    void *request;
    void *user;
    GCancellable *cancellable;
    void *answer;
    GError *error;
};

/* A note or an answer on its way to the main loop. */
typedef struct {
    Job *job;
    char *what; /* of a note; NULL: the answer */
    guint64 done, total;
} Message;

struct Worker {
    int refs; /* of the main thread and of the thread itself */
    char *name;
    GThread *thread;
    GMutex lock;
    GCond changed;
    GQueue waiting[PRIORITIES]; /* Job */
    Job *running;
    GQueue messages; /* Message */
    GSource *wake;   /* attached while messages wait */
    bool ending;
    bool ended; /* the thread's loop is over */
};

static void
job_free(Job *job)
{
    if (job->class->free_request && job->request)
        job->class->free_request(job->request);
    if (job->class->free_answer && job->answer)
        job->class->free_answer(job->answer);
    g_clear_error(&job->error);
    g_object_unref(job->cancellable);
    g_free(job);
}

static void
message_free(Message *message)
{
    g_free(message->what);
    g_free(message);
}

/* The last reference only; the lock is not held. */
static void
worker_unref(Worker *worker)
{
    bool last;

    g_mutex_lock(&worker->lock);
    last = --worker->refs == 0;
    g_mutex_unlock(&worker->lock);
    if (!last)
        return;
    g_mutex_clear(&worker->lock);
    g_cond_clear(&worker->changed);
    g_free(worker->name);
    g_free(worker);
}

static void
deliver(Message *message)
{
    Job *job = message->job;

    if (message->what) {
        JobProgress note = { message->what, message->done, message->total };

        if (job->class->progress)
            job->class->progress(job->user, &note);
    } else {
        if (job->class->answer)
            job->class->answer(job->user, job->answer, job->error);
        job_free(job);
    }
    message_free(message);
}

static Message *
take_message(Worker *worker)
{
    g_autoptr(GSource) idle = NULL;
    Message *message;

    g_mutex_lock(&worker->lock);
    message = g_queue_pop_head(&worker->messages);
    if (message == NULL)
        idle = g_steal_pointer(&worker->wake);
    g_mutex_unlock(&worker->lock);
    if (idle)
        g_source_destroy(idle); /* gives back its reference: takes the lock */
    return message;
}

/* One message a turn of the loop, so that keys come between. */
static gboolean
drain(void *data)
{
    Message *message = take_message(data);

    if (message)
        deliver(message);
    return message != NULL;
}

/* With the lock held. */
static void
post(Worker *worker, Message *message)
{
    g_queue_push_tail(&worker->messages, message);
    if (worker->wake)
        return;
    worker->wake = g_idle_source_new();
    g_source_set_priority(worker->wake, G_PRIORITY_DEFAULT);
    worker->refs++;
    g_source_set_callback(worker->wake, drain, worker,
                          (GDestroyNotify)worker_unref);
    g_source_attach(worker->wake, NULL);
}

/* With the lock held: the highest that waits. */
static Job *
take_job(Worker *worker)
{
    for (int i = 0; i < PRIORITIES; i++) {
        Job *job = g_queue_pop_head(&worker->waiting[i]);

        if (job)
            return job;
    }
    return NULL;
}

static void
run(Job *job)
{
    if (g_cancellable_is_cancelled(job->cancellable)) {
        err_set(&job->error, ERR_CANCELLED, "cancelled");
        return;
    }
    job->answer = job->class->run(job, job->request, &job->error);
}

/* With the lock held; gives it up while the job runs. */
static void
run_next(Worker *worker, Job *job)
{
    Message *message = g_new0(Message, 1);

    message->job = job;
    worker->running = job;
    g_mutex_unlock(&worker->lock);
    run(job);
    g_mutex_lock(&worker->lock);
    if (worker->running != job) { /* left behind: already answered */
        g_mutex_unlock(&worker->lock);
        job_free(job);
        message_free(message);
        g_mutex_lock(&worker->lock);
        return;
    }
    worker->running = NULL;
    post(worker, message);
}

static void *
worker_main(void *data)
{
    Worker *worker = data;

    g_mutex_lock(&worker->lock);
    while (!worker->ending) {
        Job *job = take_job(worker);

        if (job)
            run_next(worker, job);
        else
            g_cond_wait(&worker->changed, &worker->lock);
    }
    worker->ended = true;
    g_cond_broadcast(&worker->changed);
    g_mutex_unlock(&worker->lock);
    worker_unref(worker);
    return NULL;
}

Worker *
worker_create(const char *name)
{
    Worker *worker = g_new0(Worker, 1);

    worker->refs = 2;
    worker->name = g_strdup(name);
    g_mutex_init(&worker->lock);
    g_cond_init(&worker->changed);
    for (int i = 0; i < PRIORITIES; i++)
        g_queue_init(&worker->waiting[i]);
    g_queue_init(&worker->messages);
    worker->thread = g_thread_new(name, worker_main, worker);
    return worker;
}

static void
answer_cancelled(Job *job)
{
    g_autoptr(GError) error = NULL;

    err_set(&error, ERR_CANCELLED, "cancelled");
    if (job->class->answer)
        job->class->answer(job->user, NULL, error);
}

/* Waits for the thread, at most the grace; false when it is left behind. */
static bool
wait_end(Worker *worker)
{
    gint64 end = g_get_monotonic_time() + GRACE_US;

    while (!worker->ended)
        if (!g_cond_wait_until(&worker->changed, &worker->lock, end))
            return worker->ended;
    return true;
}

void
worker_destroy(Worker *worker)
{
    Job *left = NULL;
    Job *job;
    Message *message;

    if (worker == NULL)
        return;
    g_mutex_lock(&worker->lock);
    worker->ending = true;
    if (worker->running)
        g_cancellable_cancel(worker->running->cancellable);
    g_cond_broadcast(&worker->changed);
    if (!wait_end(worker)) {
        left = worker->running;
        worker->running = NULL;
    }
    g_mutex_unlock(&worker->lock);

    if (left) {
        log_add(LOG_WARN, worker->name, "%s does not end and is left behind",
                left->class->name);
        g_thread_unref(worker->thread);
    } else {
        g_thread_join(worker->thread);
    }
    while ((message = take_message(worker)))
        deliver(message);
    if (left)
        answer_cancelled(left);
    while ((job = take_job(worker))) {
        answer_cancelled(job);
        job_free(job);
    }
    worker_unref(worker);
}

Job *
worker_submit(Worker *worker, JobPriority priority, const JobClass *class,
              void *request, void *user)
{
    Job *job = g_new0(Job, 1);

    job->class = class;
    job->worker = worker;
    job->priority = priority;
    job->request = request;
    job->user = user;
    job->cancellable = g_cancellable_new();
    g_mutex_lock(&worker->lock);
    g_queue_push_tail(&worker->waiting[priority], job);
    g_cond_signal(&worker->changed);
    g_mutex_unlock(&worker->lock);
    return job;
}

bool
worker_is_busy(Worker *worker)
{
    bool busy;

    g_mutex_lock(&worker->lock);
    busy = worker->running || !g_queue_is_empty(&worker->messages);
    for (int i = 0; i < PRIORITIES; i++)
        busy = busy || !g_queue_is_empty(&worker->waiting[i]);
    g_mutex_unlock(&worker->lock);
    return busy;
}

void
job_cancel(Job *job)
{
    g_cancellable_cancel(job->cancellable);
}

GCancellable *
job_cancellable(Job *job)
{
    return job->cancellable;
}

void
job_progress(Job *job, const char *what, guint64 done, guint64 total)
{
    Worker *worker = job->worker;
    Message *message = g_new0(Message, 1);

    message->job = job;
    message->what = g_strdup(what ? what : "");
    message->done = done;
    message->total = total;
    g_mutex_lock(&worker->lock);
    if (worker->running == job)
        post(worker, message);
    else
        message_free(message); /* left behind */
    g_mutex_unlock(&worker->lock);
}

bool
job_should_yield(Job *job)
{
    Worker *worker = job->worker;
    bool yield = false;

    g_mutex_lock(&worker->lock);
    for (int i = 0; i < (int)job->priority; i++)
        yield = yield || !g_queue_is_empty(&worker->waiting[i]);
    yield = yield || worker->ending;
    g_mutex_unlock(&worker->lock);
    return yield;
}

typedef struct {
    void (*fn)(void *user);
    void *user;
    GDestroyNotify destroy;
} MainCall;

static gboolean
main_call(void *data)
{
    MainCall *call = data;

    call->fn(call->user);
    return G_SOURCE_REMOVE;
}

static void
main_call_free(void *data)
{
    MainCall *call = data;

    if (call->destroy)
        call->destroy(call->user);
    g_free(call);
}

void
job_on_main(void (*fn)(void *user), void *user, GDestroyNotify destroy)
{
    MainCall *call = g_new(MainCall, 1);
    g_autoptr(GSource) source = g_idle_source_new();

    *call = (MainCall){ fn, user, destroy };
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, main_call, call, main_call_free);
    g_source_attach(source, NULL);
}
