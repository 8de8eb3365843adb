/* Other programs: arguments as they are, bounded time and output, whatever
 * they do (promises P46, P57). */
#include "base/spawn.h"

#include "base/err.h"

#include <signal.h>
#include <string.h>

#define SH(SCRIPT)                                                             \
    (const char *const[])                                                      \
    {                                                                          \
        "/bin/sh", "-c", SCRIPT, NULL                                          \
    }

static void
run(const SpawnParams *params, SpawnResult *result)
{
    g_autoptr(GError) error = NULL;
    bool ok = spawn_run(params, NULL, result, &error);

    g_assert_no_error(error);
    g_assert_true(ok);
}

static void
test_plain(void)
{
    static const char *const environ[] = { "POSTHORN_X=a b", NULL };
    SpawnParams params = {
        .argv = SH("cat; echo \"$POSTHORN_X\"; echo oops >&2; exit 3"),
        .environ = environ,
        .input = "in\n",
        .input_size = 3,
    };
    g_auto(SpawnResult) result = { 0 };

    run(&params, &result);
    g_assert_cmpint(result.status, ==, 3);
    g_assert_cmpstr(result.output, ==, "in\na b\n");
    g_assert_cmpuint(result.output_size, ==, 7);
    g_assert_cmpstr(result.errors, ==, "oops\n");
    g_assert_false(result.timed_out);
}

/* A subject is an argument, never code. */
static void
test_no_shell(void)
{
    static const char *const argv[] = { "echo", "$(id); `id` && x > y", "",
                                        "a\nb", NULL };
    SpawnParams params = { .argv = argv };
    g_auto(SpawnResult) result = { 0 };

    run(&params, &result);
    g_assert_cmpstr(result.output, ==, "$(id); `id` && x > y  a\nb\n");
}

static void
test_signal(void)
{
    SpawnParams params = { .argv = SH("kill -9 $$") };
    g_auto(SpawnResult) result = { 0 };

    run(&params, &result);
    g_assert_cmpint(result.status, ==, 128 + SIGKILL);
}

static void
test_missing(void)
{
    static const char *const argv[] = { "/nowhere/program", NULL };
    SpawnParams params = { .argv = argv };
    g_auto(SpawnResult) result = { 0 };
    g_autoptr(GError) error = NULL;

    g_assert_false(spawn_run(&params, NULL, &result, &error));
    g_assert_true(err_is(error, ERR_LOCAL));
    g_assert_nonnull(strstr(error->message, "/nowhere/program"));
}

/* Ended within its time, also when it ignores SIGTERM; and so is the child it
 * leaves with our pipes open. */
static void
test_timeout(gconstpointer data)
{
    SpawnParams params = {
        .argv = (const char *const[]){ "/bin/sh", "-c", data, NULL },
        .timeout_ms = 200,
    };
    g_auto(SpawnResult) result = { 0 };
    gint64 begin = g_get_monotonic_time();

    run(&params, &result);
    g_assert_true(result.timed_out);
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 60 * G_USEC_PER_SEC);
}

static void
test_flood(void)
{
    SpawnParams params = {
        .argv = SH("head -c 3000000 /dev/zero; "
                   "head -c 3000000 /dev/zero >&2"),
        .output_limit = 1000,
    };
    g_auto(SpawnResult) result = { 0 };

    run(&params, &result);
    g_assert_cmpint(result.status, ==, 0);
    g_assert_cmpuint(result.output_size, ==, 1000);
}

static void
test_does_not_read(void)
{
    g_autofree char *input = g_strnfill(1 << 20, 'x');
    SpawnParams params = { .argv = SH("exec 0<&-; exit 0"),
                           .input = input,
                           .input_size = 1 << 20,
                           .timeout_ms = 60000 };
    g_auto(SpawnResult) result = { 0 };

    run(&params, &result);
    g_assert_cmpint(result.status, ==, 0);
}

static void
test_large_echo(void)
{
    g_autofree char *input = g_strnfill(1 << 20, 'x');
    SpawnParams params = { .argv = SH("cat"),
                           .input = input,
                           .input_size = 1 << 20,
                           .output_limit = 2 << 20 };
    g_auto(SpawnResult) result = { 0 };

    run(&params, &result);
    g_assert_cmpuint(result.output_size, ==, 1 << 20);
    g_assert_cmpstr(result.output, ==, input);
}

static void *
cancel_soon(void *data)
{
    g_usleep(100 * 1000);
    g_cancellable_cancel(data);
    return NULL;
}

static void
test_cancel(void)
{
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    SpawnParams params = { .argv = SH("sleep 600") };
    g_auto(SpawnResult) result = { 0 };
    g_autoptr(GError) error = NULL;
    gint64 begin = g_get_monotonic_time();
    GThread *thread = g_thread_new("cancel", cancel_soon, cancel);

    g_assert_false(spawn_run(&params, cancel, &result, &error));
    g_assert_true(err_is(error, ERR_CANCELLED));
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 3 * G_USEC_PER_SEC);
    g_thread_join(thread);
}

typedef struct {
    GMainLoop *loop;
    int calls;
    int status;
    char *output;
    bool failed;
} Answer;

static void
answered(const SpawnResult *result, const GError *error, void *user)
{
    Answer *answer = user;

    answer->calls++;
    answer->failed = error != NULL;
    if (result) {
        answer->status = result->status;
        answer->output = g_strdup(result->output);
    }
    g_main_loop_quit(answer->loop);
}

static void
test_start(void)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    Answer answer = { .loop = loop };
    SpawnParams params = { .argv = SH("echo hello; exit 1") };
    SpawnParams missing = { .argv =
                                (const char *const[]){ "/nowhere/x", NULL } };

    spawn_start(&params, answered, &answer);
    g_main_loop_run(loop);
    g_assert_cmpint(answer.calls, ==, 1);
    g_assert_cmpint(answer.status, ==, 1);
    g_assert_cmpstr(answer.output, ==, "hello\n");
    g_free(answer.output);
    spawn_start(&missing, answered, &answer);
    g_main_loop_run(loop);
    g_assert_cmpint(answer.calls, ==, 2);
    g_assert_true(answer.failed);
}

static void
test_split(void)
{
    static const struct {
        const char *text;
        const char *words[6]; /* first NULL with text: refused */
        bool refused;
    } rows[] = {
        { "pass show mail/work", { "pass", "show", "mail/work" }, false },
        { "  a   b\t c ", { "a", "b", "c" }, false },
        { "a 'b c' \"d e\"", { "a", "b c", "d e" }, false },
        { "a\\ b \"c\\\"d\" 'e\\f'", { "a b", "c\"d", "e\\f" }, false },
        { "'' x", { "", "x" }, false },
        { "$(id) `x` ; y", { "$(id)", "`x`", ";", "y" }, false },
        { "", { NULL }, false },
        { "'open", { NULL }, true },
        { "\"open", { NULL }, true },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(GStrv) words = spawn_split(rows[i].text, &error);

        g_assert_cmpint(words == NULL, ==, rows[i].refused);
        if (words == NULL)
            g_assert_true(err_is(error, ERR_USAGE));
        else
            g_assert_cmpstrv(words, (char **)rows[i].words);
    }
}

static void
alone_ended(int status, void *user)
{
    Answer *answer = user;

    answer->calls++;
    answer->status = status;
    g_main_loop_quit(answer->loop);
}

/* It is not ended with the others, has no terminal of ours, and its end is
 * told. */
static void
test_alone(void)
{
    g_autofree char *folder = g_dir_make_tmp("posthorn-spawn-XXXXXX", NULL);
    g_autofree char *go = g_build_filename(folder, "go", NULL);
    const char *const argv[] = {
        "sh", "-c",
        "echo words; session=$(cut -d ' ' -f 6 /proc/$$/stat); "
        "test $session = $$ || exit 3; "
        "while ! test -e \"$0\"; do sleep 0.05; done; exit 7",
        go, NULL
    };
    const char *const missing[] = { "/no/such/program", NULL };
    Answer answer = { .loop = g_main_loop_new(NULL, FALSE) };
    g_autoptr(GError) error = NULL;

    g_assert_true(spawn_alone(argv, alone_ended, &answer, &error));
    g_assert_no_error(error);
    spawn_end_all();
    g_assert_true(g_file_set_contents(go, "", 0, NULL));
    g_main_loop_run(answer.loop);
    g_assert_cmpint(answer.status, ==, 7);
    g_assert_false(spawn_alone(missing, alone_ended, &answer, &error));
    g_assert_error(error, ERR_DOMAIN, ERR_LOCAL);
    g_assert_cmpint(answer.calls, ==, 1);
    g_main_loop_unref(answer.loop);
    unlink(go);
    rmdir(folder);
}

/* What a confined program may not do. Where the system lets nobody make a new
 * network, the rest still holds. */
static void
test_confined(void)
{
    SpawnParams params = { .timeout_ms = 20000, .confined = true };
    SpawnParams probe = { .argv = (const char *const[]){ "unshare", "-Un",
                                                         "true", NULL } };
    g_auto(SpawnResult) limits = { 0 };
    g_auto(SpawnResult) tries = { 0 };
    g_auto(SpawnResult) probed = { 0 };
    g_auto(SpawnResult) network = { 0 };

    params.argv = SH("ulimit -v; ulimit -c; ulimit -f; ulimit -t");
    run(&params, &limits);
    g_assert_cmpstr(limits.output, ==, "1048576\n0\n0\n21\n");
    params.argv = SH("(echo x > posthorn-test-file); cat posthorn-test-file; "
                     "rm -f posthorn-test-file; "
                     "session=$(cut -d ' ' -f 6 /proc/$$/stat); "
                     "test $session = $$ || echo terminal");
    run(&params, &tries);
    g_assert_cmpstr(tries.output, ==, "");
    if (!spawn_run(&probe, NULL, &probed, NULL) || probed.status != 0) {
        g_test_skip("no user may make a network here");
        return;
    }
    params.argv = SH("grep -v '|' /proc/net/dev | grep -v ' lo:'");
    run(&params, &network);
    g_assert_cmpstr(network.output, ==, "");
}

int
main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/spawn/plain", test_plain);
    g_test_add_func("/base/spawn/P57/no-shell", test_no_shell);
    g_test_add_func("/base/spawn/signal", test_signal);
    g_test_add_func("/base/spawn/missing", test_missing);
    g_test_add_data_func("/base/spawn/P46/hangs", "sleep 600", test_timeout);
    g_test_add_data_func("/base/spawn/P46/ignores-term",
                         "trap '' TERM; while :; do sleep 600; done",
                         test_timeout);
    g_test_add_data_func("/base/spawn/P46/leaves-a-child", "sleep 600 & exit 0",
                         test_timeout);
    g_test_add_func("/base/spawn/P46/flood", test_flood);
    g_test_add_func("/base/spawn/P46/does-not-read", test_does_not_read);
    g_test_add_func("/base/spawn/P70/confined", test_confined);
    g_test_add_func("/base/spawn/large-echo", test_large_echo);
    g_test_add_func("/base/spawn/cancel", test_cancel);
    g_test_add_func("/base/spawn/start", test_start);
    g_test_add_func("/base/spawn/alone", test_alone);
    g_test_add_func("/base/spawn/split", test_split);
    return g_test_run();
}
