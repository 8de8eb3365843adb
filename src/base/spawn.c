/* Other programs. They run in a process group of their own, so that a child
 * they leave behind ends with them; a pipe that floods is read and dropped
 * beyond the limit; a program that does not read its input is no trouble. */
#include "base/spawn.h"

#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    DEFAULT_OUTPUT = 1 << 20,
    KILL_AFTER_US = 1 * G_USEC_PER_SEC,
    CONFINED_BYTES = 1 << 30,
    DRAIN_US = 100 * 1000, /* for pipes that a grandchild keeps open */
};

/* The groups that run. */
static GMutex groups_lock;
static GHashTable *groups; /* pid, as a set */

typedef struct {
    GPid pid;
    int in, out, err;
    const char *input;
    gsize input_left;
    GString *output, *errors;
    gsize limit;
} Child;

static void
group_begins(GPid pid)
{
    g_mutex_lock(&groups_lock);
    if (groups == NULL)
        groups = g_hash_table_new(NULL, NULL);
    g_hash_table_add(groups, GINT_TO_POINTER(pid));
    g_mutex_unlock(&groups_lock);
}

static void
group_ended(GPid pid)
{
    g_mutex_lock(&groups_lock);
    g_hash_table_remove(groups, GINT_TO_POINTER(pid));
    g_mutex_unlock(&groups_lock);
}

void
spawn_end_all(void)
{
    GHashTableIter iter;
    void *pid;

    g_mutex_lock(&groups_lock);
    if (groups) {
        g_hash_table_iter_init(&iter, groups);
        while (g_hash_table_iter_next(&iter, &pid, NULL))
            kill(-GPOINTER_TO_INT(pid), SIGTERM);
    }
    g_mutex_unlock(&groups_lock);
}

void
spawn_result_clear(SpawnResult *result)
{
    g_clear_pointer(&result->output, g_free);
    g_clear_pointer(&result->errors, g_free);
}

static void
limit(int what, rlim_t most)
{
    const struct rlimit both = { most, most };

    setrlimit(what, &both);
}

/* A session of its own has no terminal and is a group too. A network that is
 * new is empty; where the system does not let a user make one, the rest of the
 * limits stay. */
static void
confine(guint timeout_ms)
{
    setsid();
    limit(RLIMIT_AS, CONFINED_BYTES);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_CORE, 0);
    if (timeout_ms > 0)
        limit(RLIMIT_CPU, timeout_ms / 1000 + 1);
#ifdef __linux__
    (void)!unshare(CLONE_NEWUSER | CLONE_NEWNET);
#endif
}

/* In the child, between fork and exec. */
static void
child_setup(void *user)
{
    const SpawnParams *params = user;

    if (params->confined)
        confine(params->timeout_ms);
    else
        setpgid(0, 0);
    signal(SIGPIPE, SIG_DFL);
}

/* Nothing that is pressed or closed here reaches it. */
static void
alone_setup(void *user)
{
    setsid();
    signal(SIGPIPE, SIG_DFL);
}

static char **
build_environ(const SpawnParams *params)
{
    char **variables = g_get_environ();

    for (const char *const *item = params->environ; item && *item; item++) {
        const char *equals = strchr(*item, '=');
        g_autofree char *name = NULL;

        if (equals == NULL)
            continue;
        name = g_strndup(*item, (gsize)(equals - *item));
        variables = g_environ_setenv(variables, name, equals + 1, TRUE);
    }
    return variables;
}

static bool
start(const SpawnParams *params, Child *child, GError **error)
{
    g_auto(GStrv) variables = build_environ(params);
    g_autoptr(GError) failed = NULL;
    bool from_file = params->input_fd > 0;

    if (params->argv[0] == NULL)
        return err_set(error, ERR_USAGE, "no program was named");
    if (!g_spawn_async_with_pipes_and_fds(
            NULL, params->argv, (const char *const *)variables,
            G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, child_setup,
            (void *)params,
            from_file ? params->input_fd : -1, -1, -1, NULL, NULL, 0,
            &child->pid, from_file ? NULL : &child->in, &child->out,
            &child->err, &failed))
        return err_set(error, ERR_LOCAL, "%s cannot be started: %s",
                       params->argv[0], failed->message);
    group_begins(child->pid);
    child->input = params->input;
    child->input_left = params->input ? params->input_size : 0;
    child->output = g_string_new(NULL);
    child->errors = g_string_new(NULL);
    child->limit = params->output_limit ? params->output_limit : DEFAULT_OUTPUT;
    if (child->in >= 0)
        fcntl(child->in, F_SETFL, O_NONBLOCK);
    return true;
}

static void
close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void
feed(Child *child)
{
    gssize wrote = 0;

    if (child->input_left > 0)
        wrote = write(child->in, child->input, child->input_left);
    if (wrote > 0) {
        child->input += wrote;
        child->input_left -= (gsize)wrote;
    } else if (wrote < 0 && (errno == EINTR || errno == EAGAIN)) {
        return;
    } else if (wrote < 0) {
        child->input_left = 0; /* it does not want more */
    }
    if (child->input_left == 0)
        close_fd(&child->in);
}

static void
take(int *fd, GString *into, gsize limit)
{
    char buffer[16384];
    gssize got = read(*fd, buffer, sizeof buffer);

    if (got < 0 && errno == EINTR)
        return;
    if (got <= 0)
        close_fd(fd);
    else
        g_string_append_len(into, buffer,
                            (gssize)MIN((gsize)got, limit - into->len));
}

/* Moves bytes until all pipes are closed or end; false: time is over. */
static bool
pump(Child *child, gint64 end, GCancellable *cancel)
{
    while (child->out >= 0 || child->err >= 0 || child->in >= 0) {
        gint64 left = (end - g_get_monotonic_time()) / 1000;
        struct pollfd fds[4] = {
            { child->in, POLLOUT, 0 },
            { child->out, POLLIN, 0 },
            { child->err, POLLIN, 0 },
            { cancel ? g_cancellable_get_fd(cancel) : -1, POLLIN, 0 },
        };
        int n = left > 0 ? poll(fds, 4, (int)MIN(left, 60000)) : 0;

        if (cancel)
            g_cancellable_release_fd(cancel);
        if (left <= 0 || g_cancellable_is_cancelled(cancel))
            return false;
        if (n < 0)
            continue; /* EINTR */
        if (fds[0].revents)
            feed(child);
        if (fds[1].revents)
            take(&child->out, child->output, child->limit);
        if (fds[2].revents)
            take(&child->err, child->errors, child->limit);
    }
    return true;
}

/* Waits for the end until then; false: it still runs. */
static bool
reap(GPid pid, gint64 end, int *status)
{
    for (;;) {
        pid_t done = waitpid(pid, status, WNOHANG);

        if (done == pid || (done < 0 && errno != EINTR)) {
            group_ended(pid);
            return true;
        }
        if (g_get_monotonic_time() >= end)
            return false;
        g_usleep(2000);
    }
}

static void
stop(GPid pid, int *status)
{
    kill(-pid, SIGTERM);
    if (!reap(pid, g_get_monotonic_time() + KILL_AFTER_US, status)) {
        kill(-pid, SIGKILL);
        reap(pid, G_MAXINT64, status);
    }
}

static int
exit_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void
finish(Child *child, int status, SpawnResult *result)
{
    close_fd(&child->in);
    close_fd(&child->out);
    close_fd(&child->err);
    result->status = exit_of(status);
    result->output_size = child->output->len;
    result->output = g_string_free(child->output, FALSE);
    result->errors = g_string_free(child->errors, FALSE);
}

bool
spawn_run(const SpawnParams *params, GCancellable *cancel, SpawnResult *result,
          GError **error)
{
    Child child = { .in = -1, .out = -1, .err = -1 };
    gint64 now = g_get_monotonic_time();
    gint64 end = params->timeout_ms ? now + (gint64)params->timeout_ms * 1000
                                    : G_MAXINT64 / 2;
    int status = 0;
    bool ended;

    memset(result, 0, sizeof *result);
    if (!start(params, &child, error))
        return false;
    ended = pump(&child, end, cancel) && reap(child.pid, end, &status);
    if (!ended) {
        result->timed_out = !g_cancellable_is_cancelled(cancel);
        stop(child.pid, &status);
        pump(&child, g_get_monotonic_time() + DRAIN_US, NULL);
    }
    g_spawn_close_pid(child.pid);
    finish(&child, status, result);
    if (g_cancellable_is_cancelled(cancel) && !ended) {
        spawn_result_clear(result);
        return err_set(error, ERR_CANCELLED, "%s was ended", params->argv[0]);
    }
    return true;
}

typedef struct {
    void (*ended)(int status, void *user);
    void *user;
} Alone;

static void
alone_ended(GPid pid, int status, void *data)
{
    Alone *alone = data;

    g_spawn_close_pid(pid);
    alone->ended(exit_of(status), alone->user);
    g_free(alone);
}

bool
spawn_alone(const char *const *argv, void (*ended)(int status, void *user),
            void *user, GError **error)
{
    GSpawnFlags flags = G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL
                        | G_SPAWN_STDERR_TO_DEV_NULL;
    Alone *alone;
    g_autoptr(GError) failed = NULL;
    GPid pid;

    if (ended)
        flags |= G_SPAWN_DO_NOT_REAP_CHILD;
    if (!g_spawn_async(NULL, (char **)argv, NULL, flags, alone_setup, NULL,
                       &pid, &failed))
        return err_set(error, ERR_LOCAL, "%s cannot be started: %s", argv[0],
                       failed->message);
    if (ended == NULL)
        return true;
    alone = g_new0(Alone, 1);
    alone->ended = ended;
    alone->user = user;
    g_child_watch_add(pid, alone_ended, alone);
    return true;
}

/* spawn_start(): the same in a thread of GLib's pool. */
typedef struct {
    SpawnParams params; /* owns what it points to */
    SpawnResult result;
    void (*done)(const SpawnResult *result, const GError *error, void *user);
    void *user;
} Start;

static void
start_free(void *data)
{
    Start *start = data;

    g_strfreev((char **)start->params.argv);
    g_strfreev((char **)start->params.environ);
    g_free((char *)start->params.input);
    spawn_result_clear(&start->result);
    g_free(start);
}

static void
start_thread(GTask *task, void *source, void *data, GCancellable *cancel)
{
    Start *start = data;
    GError *error = NULL;

    if (spawn_run(&start->params, cancel, &start->result, &error))
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}

static void
start_done(GObject *source, GAsyncResult *result, void *data)
{
    Start *start = g_task_get_task_data(G_TASK(result));
    g_autoptr(GError) error = NULL;

    g_task_propagate_boolean(G_TASK(result), &error);
    if (start->done)
        start->done(error ? NULL : &start->result, error, start->user);
}

void
spawn_start(const SpawnParams *params,
            void (*done)(const SpawnResult *result, const GError *error,
                         void *user),
            void *user)
{
    Start *start = g_new0(Start, 1);
    g_autoptr(GTask) task = g_task_new(NULL, NULL, start_done, NULL);

    start->params = *params;
    start->params.argv = (const char *const *)g_strdupv((char **)params->argv);
    start->params.environ =
        (const char *const *)g_strdupv((char **)params->environ);
    start->params.input =
        params->input ? g_memdup2(params->input, params->input_size) : NULL;
    start->done = done;
    start->user = user;
    g_task_set_task_data(task, start, start_free);
    g_task_run_in_thread(task, start_thread);
}

/* One word at *at; quotes taken off. NULL: a quote is open. */
static char *
next_word(const char **at)
{
    g_autoptr(GString) word = g_string_new(NULL);
    char quote = 0;

    for (; **at && (quote || !g_ascii_isspace(**at)); (*at)++) {
        if (quote ? **at == quote : (**at == '"' || **at == '\''))
            quote = quote ? 0 : **at;
        else if (**at == '\\' && quote != '\'' && (*at)[1])
            g_string_append_c(word, *++*at);
        else
            g_string_append_c(word, **at);
    }
    return quote ? NULL : g_string_free(g_steal_pointer(&word), FALSE);
}

char **
spawn_split(const char *command, GError **error)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    const char *at = command;

    for (;;) {
        char *word;

        while (g_ascii_isspace(*at))
            at++;
        if (*at == '\0')
            break;
        word = next_word(&at);
        if (word == NULL)
            return err_null(error, ERR_USAGE, "a quote is open in: %s",
                            command);
        g_ptr_array_add(words, word);
    }
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&words), FALSE);
}
