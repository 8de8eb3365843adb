/* The program as a shell sees it: arguments, where a command runs, what goes
 * to which descriptor, exit status (promise P38). Each case runs in a process
 * of its own. */
#include "cli/cli.h"

#include "base/err.h"
#include "base/file.h"
#include "cmd/control.h"
#include "cmd/language.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const OptionEntry options[] = {
    { .name = "theme",
      .type = CMD_STRING,
      .scope = OPTION_GLOBAL,
      .fallback = "auto",
      .text = "Colours." },
    { .name = NULL },
};
static const char *const events[] = { "startup", NULL };
static const char *const here[] = { "stay", NULL };

/* In the environment of the program that a case runs: the folder's name. */
#define CHILD_FOLDER "POSTHORN_TEST_CHILD"

static CmdCall *held; /* by a command that does not end */
static char *folder; /* of the control socket and of the output files */

static CmdResult
say_exec(CmdCall *call)
{
    g_autofree char *words = g_strjoinv(" ", (char **)cmd_rest(call));

    printer_line(cmd_out(call), "%s %s", (const char *)cmd_session(call),
                 words);
    return CMD_DONE;
}

static CmdResult
refuse_exec(CmdCall *call)
{
    GError *error = NULL;

    err_set(&error, ERR_REFUSED, "the server said \033[2Jno");
    return cmd_fail(call, error);
}

static gboolean
end_later(void *data)
{
    cmd_finish(data, NULL);
    return G_SOURCE_REMOVE;
}

static CmdResult
later_exec(CmdCall *call)
{
    g_timeout_add(20, end_later, cmd_hold(call));
    return CMD_RUNNING;
}

static CmdResult
never_exec(CmdCall *call)
{
    held = cmd_hold(call);
    kill(getpid(), SIGTERM);
    return CMD_RUNNING;
}

static const CmdEntry entry_say = {
    .name = "say",
    .help = "Say words",
    .group = "test",
    .exec = say_exec,
    .alias = "speak",
    .flags = { { "loud", 'l', CMD_BOOL, NULL, "louder" },
               { "to", 0, CMD_ADDRESS, NULL, "whom" } },
    .args = { { "WORD", CMD_STRING, NULL, true, true } },
};
static const CmdEntry entry_stay = {
    .name = "stay",
    .help = "Say here",
    .group = "test",
    .exec = say_exec,
    .args = { { "WORD", CMD_STRING, NULL, true, true } },
};
static const CmdEntry entry_view = { .name = "view",
                                     .help = "View",
                                     .group = "view",
                                     .needs_screen = true,
                                     .exec = say_exec };
static const CmdEntry entry_refuse = {
    .name = "refuse", .help = "Refuse", .group = "test", .exec = refuse_exec
};
static const CmdEntry entry_later = {
    .name = "later", .help = "Later", .group = "test", .exec = later_exec
};
static const CmdEntry entry_never = {
    .name = "never", .help = "Never", .group = "test", .exec = never_exec
};
static const CmdEntry *const entries[] = { &entry_say,   &entry_stay,
                                           &entry_view,  &entry_refuse,
                                           &entry_later, &entry_never,
                                           NULL };

static bool
program_open(const CliRequest *request, CmdContext *context, void *user,
             GError **error)
{
    if (g_strcmp0(request->config, "bad.conf") == 0)
        return err_set(error, ERR_USAGE, "bad.conf:1:1: no");
    context->session = "here";
    return true;
}

static int
program_screen(const CliRequest *request, void *user)
{
    return 7;
}

static void
program_close(void *user)
{
    if (held)
        cmd_finish(held, NULL);
    fputs("closed\n", stderr);
}

static CmdTable *
make_table(void)
{
    CmdTable *table = cmd_table_create();

    cmd_table_add(table, cmd_builtins);
    cmd_table_add(table, entries);
    return table;
}

static int
child(char **argv)
{
    CmdTable *table = make_table();
    CliProgram program = {
        .version = "0.0",
        .about = "with nothing",
        .table = table,
        .options = options,
        .events = events,
        .runtime = folder,
        .defaults = "bind --help \"Say | it\" list g s say x\n",
        .here = here,
        .open = program_open,
        .screen = program_screen,
        .close = program_close,
    };

    int status = cli_run(&program, (int)g_strv_length(argv), argv);

    cmd_table_destroy(table);
    return status;
}

static void
redirect(posix_spawn_file_actions_t *actions, int fd, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    posix_spawn_file_actions_addopen(actions, fd, path,
                                     O_RDWR | O_CREAT | O_TRUNC, 0600);
}

static char *
output(const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    return file_read(path, 1 << 20, NULL, NULL);
}

/* Runs the program; the exit status. It is this file's own, begun anew: after
 * a bare fork the two would share the main context's wake-up. */
static int
run(const char *const *argv, char **out, char **err)
{
    g_auto(GStrv) envp =
        g_environ_setenv(g_get_environ(), CHILD_FOLDER, folder, TRUE);
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status;

    posix_spawn_file_actions_init(&actions);
    redirect(&actions, STDIN_FILENO, "in");
    redirect(&actions, STDOUT_FILENO, "out");
    redirect(&actions, STDERR_FILENO, "err");
    status = posix_spawn(&pid, "/proc/self/exe", &actions, NULL, (char **)argv,
                         envp);
    posix_spawn_file_actions_destroy(&actions);
    g_assert_cmpint(status, ==, 0);
    while (waitpid(pid, &status, WNOHANG) == 0)
        if (!g_main_context_iteration(NULL, FALSE))
            g_usleep(1000);
    *out = output("out");
    *err = output("err");
    g_assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

typedef struct {
    const char *argv[8];
    int status;
    const char *out, *err; /* what is found in it; NULL: it is empty */
} Case;

static const Case cases[] = {
    { { "posthorn", "say", "a", "b c" }, 0, "here a b c\n", "closed\n" },
    { { "posthorn", "speak" }, 0, "here \n", "closed\n" },
    { { "posthorn", "later" }, 0, NULL, "closed\n" },
    { { "posthorn", "refuse" },
      1,
      NULL,
      "posthorn: the server said \uFFFD[2Jno\nclosed\n" },
    { { "posthorn", "never" }, 1, NULL, "closed\n" },
    { { "posthorn", "sya" },
      2,
      NULL,
      "posthorn: there is no command sya: did you mean say?\n" },
    { { "posthorn", "say", "--luod" }, 2, NULL, "did you mean --loud?" },
    { { "posthorn", "--hlep" }, 2, NULL, "did you mean --help?" },
    { { "posthorn", "-c" }, 2, NULL, "-c needs a file" },
    { { "posthorn", "-c", "bad.conf", "say" },
      2,
      NULL,
      "posthorn: bad.conf:1:1: no\n" },
    { { "posthorn", "-cbad.conf", "say" }, 2, NULL, "bad.conf:1:1" },
    { { "posthorn", "--config=good", "--", "say", "x" },
      0,
      "here x\n",
      "closed\n" },
    { { "posthorn", "--log=/nowhere/x", "say" }, 1, NULL, "/nowhere/x" },
    { { "posthorn", "--version" }, 0, "posthorn 0.0\nwith nothing\n", NULL },
    { { "posthorn", "--help" }, 0, "\ntest:\n  later ", NULL },
    { { "posthorn", "help" }, 0, "  say              Say words\n", NULL },
    { { "posthorn", "help", "say" },
      0,
      "Usage: posthorn say [--loud] [--to ADDRESS] [WORD]…\n",
      NULL },
    { { "posthorn", "say", "--help" },
      0,
      "Usage: posthorn say [--loud] [--to ADDRESS] [WORD]…\n",
      NULL },
    { { "posthorn", "help", "sya" }, 2, NULL, "did you mean say?" },
    { { "posthorn", "help", "--manual" }, 0, "#### theme\n", NULL },
    { { "posthorn" }, 2, NULL, "the screen needs a terminal" },
    { { "posthorn", "view" }, 2, NULL, "view needs a terminal" },
};

static void
test_case(gconstpointer data)
{
    const Case *row = data;
    g_autofree char *out = NULL;
    g_autofree char *err = NULL;

    int status = run(row->argv, &out, &err);

    g_test_message("out: %s\nerr: %s", out, err);
    g_assert_cmpint(status, ==, row->status);
    if (row->out)
        g_assert_nonnull(strstr(out, row->out));
    else
        g_assert_cmpstr(out, ==, "");
    if (row->err)
        g_assert_nonnull(strstr(err, row->err));
    else
        g_assert_cmpstr(err, ==, "");
}

/* In the running instance when there is one, except what must stay here. */
static void
test_instance(void)
{
    CmdTable *table = make_table();
    CmdContext context = { .table = table, .session = "there" };
    Control *control = control_create(folder, &context, NULL);
    static const Case there[] = {
        { { "posthorn", "say", "x" }, 0, "there x\n", NULL },
        { { "posthorn", "say", "--", "-" }, 0, "here -\n", "closed" },
        { { "posthorn", "stay", "x" }, 0, "here x\n", "closed" },
        { { "posthorn", "-c", "good", "say", "x" }, 0, "here x\n", "closed" },
        { { "posthorn", "view" }, 0, "there \n", NULL },
        { { "posthorn", "refuse" }, 1, NULL, "posthorn: the server said " },
        { { "posthorn", "say", "-x" }, 2, NULL, "say has no -x" },
    };

    g_assert_nonnull(control);
    for (gsize i = 0; i < G_N_ELEMENTS(there); i++)
        test_case(&there[i]);
    control_destroy(control);
    cmd_table_destroy(table);
}

static void
test_manual(void)
{
    CmdTable *table = make_table();
    CliProgram program = { .version = "0",
                           .table = table,
                           .options = options,
                           .events = events,
                           .defaults = "bind --help \"Say | it\" list g s "
                                       "say x\n" };
    g_autofree char *manual = cli_manual(&program, NULL);
    g_autofree const CmdEntry **all = cmd_table_all(table);
    g_autoptr(GError) error = NULL;

    for (const CmdEntry **entry = all; *entry; entry++) {
        g_autofree char *heading =
            g_strdup_printf("\n#### %s\n", (*entry)->name);

        g_assert_nonnull(strstr(manual, heading));
    }
    g_assert_nonnull(strstr(manual, "| `g s` | `say x` | Say \\| it |\n"));
    g_assert_nonnull(strstr(manual, "* `startup`\n"));
    g_assert_nonnull(strstr(manual, "Default: `auto`"));
    program.defaults = "bnid";
    g_assert_null(cli_manual(&program, &error));
    g_assert_true(err_is(error, ERR_USAGE));
    cmd_table_destroy(table);
}

int
main(int argc, char **argv)
{
    int status;

    folder = g_strdup(g_getenv(CHILD_FOLDER));
    if (folder) {
        status = child(argv);
        g_free(folder);
        return status;
    }
    signal(SIGPIPE, SIG_IGN);
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("posthorn-test-XXXXXX", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *words = g_strjoinv(" ", (char **)cases[i].argv);
        g_autofree char *path =
            g_strdup_printf("/cli/P38/%s", g_strdelimit(words, "/", '.'));

        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/cli/instance", test_instance);
    g_test_add_func("/cli/manual", test_manual);
    status = g_test_run();
    file_remove_tree(folder, NULL);
    g_free(folder);
    return status;
}
