/* How threads talk: one request in, progress notes, exactly one answer out.
 * A worker is one thread with a queue ordered by priority. Answers and notes
 * arrive on the main loop, in order. Cancellation is a GCancellable whose
 * descriptor every blocking read polls. */
#ifndef BASE_JOB_H
#define BASE_JOB_H

#include <gio/gio.h>
#include <stdbool.h>

typedef enum {
    JOB_URGENT, /* the user waits: the message just opened */
    JOB_NORMAL, /* what the user did */
    JOB_BULK,   /* may wait for ever */
} JobPriority;

typedef struct Job Job;
typedef struct Worker Worker;

typedef struct {
    const char *what; /* what is being done, sanitised */
    guint64 done;     /* in units of what is counted; total 0: not known */
    guint64 total;
} JobProgress;

typedef struct {
    const char *name; /* for the log */

    /* Worker thread. Blocks as long as it likes, as long as it heeds
     * job_cancellable(). Returns the answer (owned by the job), or NULL; sets
     * *error on failure. */
    void *(*run)(Job *job, void *request, GError **error);

    /* Main thread; may be NULL. */
    void (*progress)(void *user, const JobProgress *note);

    /* Main thread, exactly once for each submitted job, also when cancelled
     * (error ERR_CANCELLED) or when the worker ends. answer and error are
     * borrowed for the call. May be NULL. */
    void (*answer)(void *user, void *answer, const GError *error);

    GDestroyNotify free_request; /* may be NULL */
    GDestroyNotify free_answer;  /* may be NULL */
} JobClass;

/* Starts a thread. Main thread. */
Worker *worker_create(const char *name);

/* Cancels what runs and waits; still answers every job (ERR_CANCELLED).
 * A job that ignores its cancellable for two seconds is left behind, so that
 * quitting never hangs. NULL is fine. */
void worker_destroy(Worker *worker);

/* Queues a job. Takes request. The returned job is borrowed and valid until
 * its answer has been delivered. Main thread. */
Job *worker_submit(Worker *worker, JobPriority priority, const JobClass *class,
                   void *request, void *user);

/* Is there a job that was not answered yet? Main thread. */
bool worker_is_busy(Worker *worker);

/* Main thread. The answer still comes. */
void job_cancel(Job *job);

/* Worker thread. */
GCancellable *job_cancellable(Job *job);
void job_progress(Job *job, const char *what, guint64 done, guint64 total);

/* Worker thread: is a job of higher priority waiting? Bulk work asks between
 * slices and, if so, returns early. */
bool job_should_yield(Job *job);

/* Runs fn(user) on the main loop. Any thread. */
void job_on_main(void (*fn)(void *user), void *user, GDestroyNotify destroy);

#endif
