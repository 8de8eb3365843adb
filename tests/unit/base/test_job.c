/* Workers: priorities, order, exactly one answer for every job, whatever
 * happens to it. */
#include "base/job.h"

#include "base/err.h"

#include <string.h>

/* What the main thread saw; letters in the order of answers. */
typedef struct {
    GString *seen;
    guint answers;
} Log;

/* A request: waits until let go, then answers its letter. */
typedef struct {
    char letter;
    GMutex *gate; /* held by the test; or NULL */
    bool heed;    /* ends when cancelled */
    bool fail;
    guint notes;
    gint64 sleep; /* microseconds that it ignores everything */
    Log *log;
} Request;

static void *
work(Job *job, void *data, GError **error)
{
    Request *request = data;

    for (guint i = 0; i < request->notes; i++)
        job_progress(job, "counting", i, request->notes);
    if (request->gate) {
        g_mutex_lock(request->gate);
        g_mutex_unlock(request->gate);
    }
    if (request->sleep)
        g_usleep((gulong)request->sleep);
    while (request->heed)
        if (g_cancellable_set_error_if_cancelled(job_cancellable(job), NULL)) {
            err_set(error, ERR_CANCELLED, "given up");
            return NULL;
        } else {
            g_usleep(1000);
        }
    if (request->fail) {
        err_set(error, ERR_RETRY, "no luck");
        return NULL;
    }
    return g_strdup_printf("%c", request->letter);
}

static void
note(void *user, const JobProgress *progress)
{
    Log *log = user;

    g_assert_cmpstr(progress->what, ==, "counting");
    g_string_append_printf(log->seen, "%" G_GUINT64_FORMAT, progress->done);
}

static void
answer(void *user, void *value, const GError *error)
{
    Log *log = user;

    log->answers++;
    if (error)
        g_string_append_c(log->seen, err_is(error, ERR_CANCELLED) ? '!' : '?');
    else
        g_string_append(log->seen, value);
}

static const JobClass job_class = {
    .name = "test",
    .run = work,
    .progress = note,
    .answer = answer,
    .free_request = g_free,
    .free_answer = g_free,
};

static Job *
submit(Worker *worker, JobPriority priority, const Request *request)
{
    return worker_submit(worker, priority, &job_class,
                         g_memdup2(request, sizeof *request), request->log);
}

static void
wait_for(Log *log, guint answers)
{
    gint64 end = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;

    while (log->answers < answers) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        g_main_context_iteration(NULL, FALSE);
        g_usleep(200);
    }
    g_assert_cmpuint(log->answers, ==, answers);
}

static void
test_priority(void)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    Log log = { seen, 0 };
    GMutex gate;
    Worker *worker = worker_create("test");
    static const JobPriority priorities[] = { JOB_BULK,   JOB_BULK,
                                              JOB_NORMAL, JOB_NORMAL,
                                              JOB_URGENT, JOB_URGENT };

    g_mutex_init(&gate);
    g_mutex_lock(&gate);
    submit(worker, JOB_BULK,
           &(Request){ .letter = '-', .gate = &gate, .notes = 1, .log = &log });
    while (seen->len == 0) /* it runs: what follows has to queue */
        g_main_context_iteration(NULL, TRUE);
    for (guint i = 0; i < G_N_ELEMENTS(priorities); i++)
        submit(worker, priorities[i],
               &(Request){ .letter = (char)('a' + i), .log = &log });
    g_assert_true(worker_is_busy(worker));
    g_mutex_unlock(&gate);
    wait_for(&log, 7);
    g_assert_false(worker_is_busy(worker));
    g_assert_cmpstr(seen->str, ==, "0-efcdab");
    worker_destroy(worker);
    g_mutex_clear(&gate);
}

/* Notes come before their answer, in order. */
static void
test_progress(void)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    Log log = { seen, 0 };
    Worker *worker = worker_create("test");

    submit(worker, JOB_NORMAL,
           &(Request){ .letter = 'x', .notes = 5, .log = &log });
    submit(worker, JOB_NORMAL,
           &(Request){ .letter = 'y', .fail = true, .log = &log });
    wait_for(&log, 2);
    g_assert_cmpstr(seen->str, ==, "01234x?");
    worker_destroy(worker);
}

static void
test_cancel(void)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    Log log = { seen, 0 };
    Worker *worker = worker_create("test");
    Job *running = submit(worker, JOB_NORMAL,
                          &(Request){ .notes = 1, .heed = true, .log = &log });
    Job *waiting =
        submit(worker, JOB_NORMAL, &(Request){ .letter = 'w', .log = &log });

    submit(worker, JOB_NORMAL, &(Request){ .letter = 'z', .log = &log });
    while (seen->len == 0)
        g_main_context_iteration(NULL, TRUE);
    job_cancel(waiting);
    job_cancel(running);
    job_cancel(running);
    wait_for(&log, 3);
    g_assert_cmpstr(seen->str, ==, "0!!z");
    worker_destroy(worker);
}

/* Destroying answers everything: what ran, what waited, what was done but not
 * yet delivered. */
static void
test_destroy(void)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    Log log = { seen, 0 };
    Worker *worker = worker_create("test");

    submit(worker, JOB_NORMAL, &(Request){ .letter = 'd', .log = &log });
    g_usleep(50 * 1000); /* done, not delivered: the loop did not run */
    g_assert_true(worker_is_busy(worker));
    submit(worker, JOB_NORMAL, &(Request){ .heed = true, .log = &log });
    g_usleep(50 * 1000); /* it runs */
    submit(worker, JOB_BULK, &(Request){ .letter = 'x', .log = &log });
    submit(worker, JOB_URGENT, &(Request){ .letter = 'y', .log = &log });
    g_usleep(20 * 1000);
    worker_destroy(worker);
    g_assert_cmpuint(log.answers, ==, 4);
    g_assert_cmpstr(seen->str, ==, "d!!!");
    while (g_main_context_iteration(NULL, FALSE))
        ;
    g_assert_cmpuint(log.answers, ==, 4);
    worker_destroy(NULL);
}

/* One that heeds nothing is left behind; quitting goes on (promise P35). */
static void
test_left_behind(void)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    Log log = { seen, 0 };
    Worker *worker = worker_create("test");
    gint64 begin = g_get_monotonic_time();

    submit(
        worker, JOB_NORMAL,
        &(Request){ .letter = 's', .sleep = 3 * G_USEC_PER_SEC, .log = &log });
    submit(worker, JOB_NORMAL, &(Request){ .letter = 'x', .log = &log });
    g_usleep(20 * 1000);
    worker_destroy(worker);
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 5 * G_USEC_PER_SEC / 2);
    g_assert_cmpstr(seen->str, ==, "!!");
    g_usleep(3 * G_USEC_PER_SEC / 2); /* it ends now, unheard */
    while (g_main_context_iteration(NULL, FALSE))
        ;
    g_assert_cmpstr(seen->str, ==, "!!");
}

/* Many jobs, cancelled at random, submitted from answers too: one answer
 * each. */
static void
test_storm(void)
{
    enum {
        JOBS = 400
    };
    g_autoptr(GString) seen = g_string_new(NULL);
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    Log log = { seen, 0 };
    Worker *workers[3];
    guint submitted = 0;

    for (int i = 0; i < 3; i++)
        workers[i] = worker_create("storm");
    for (; submitted < JOBS; submitted++) {
        Job *job = submit(
            workers[submitted % 3], (JobPriority)g_rand_int_range(random, 0, 3),
            &(Request){
                .letter = 'o', .log = &log, .fail = submitted % 5 == 0 });

        if (g_rand_boolean(random))
            job_cancel(job);
    }
    for (int i = 0; i < 50; i++)
        g_main_context_iteration(NULL, FALSE);
    for (int i = 0; i < 3; i++)
        worker_destroy(workers[i]);
    g_assert_cmpuint(log.answers, ==, JOBS);
}

static void
bulk_answer(void *user, void *value, const GError *error)
{
    *(bool *)user = true;
}

static void *
bulk_work(Job *job, void *request, GError **error)
{
    while (!job_should_yield(job))
        g_usleep(500);
    return NULL;
}

/* Bulk work learns that someone waits. */
static void
test_yield(void)
{
    static const JobClass bulk = { .name = "bulk",
                                   .run = bulk_work,
                                   .answer = bulk_answer };
    g_autoptr(GString) seen = g_string_new(NULL);
    Log log = { seen, 0 };
    Worker *worker = worker_create("test");
    bool ended = false;

    worker_submit(worker, JOB_BULK, &bulk, NULL, &ended);
    g_usleep(20 * 1000);
    submit(worker, JOB_URGENT, &(Request){ .letter = 'u', .log = &log });
    wait_for(&log, 1);
    g_assert_true(ended);
    worker_destroy(worker);
}

static void
count(void *user)
{
    (*(int *)user)++;
}

static void *
call_main(void *data)
{
    job_on_main(count, data, NULL);
    return NULL;
}

static void
test_on_main(void)
{
    int calls = 0, freed = 0;

    g_thread_join(g_thread_new("caller", call_main, &calls));
    job_on_main(count, &freed, count);
    while (g_main_context_iteration(NULL, FALSE))
        ;
    g_assert_cmpint(calls, ==, 1);
    g_assert_cmpint(freed, ==, 2); /* fn, then destroy */
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/job/priority", test_priority);
    g_test_add_func("/base/job/progress", test_progress);
    g_test_add_func("/base/job/cancel", test_cancel);
    g_test_add_func("/base/job/destroy", test_destroy);
    g_test_add_func("/base/job/left-behind", test_left_behind);
    g_test_add_func("/base/job/storm", test_storm);
    g_test_add_func("/base/job/yield", test_yield);
    g_test_add_func("/base/job/on-main", test_on_main);
    return g_test_run();
}
