/* posthorn, a mail client for the terminal. Builds the rooms in layer order
 * and runs: a command here, or the screen. Must stay a list of what is built
 * when; every decision lies in the rooms.
 *
 * This program is free software: you can redistribute it and/or modify it under
 * the terms of the GNU General Public License as published by the Free Software
 * Foundation, either version 3 of the License, or (at your option) any later
 * version. See COPYING. */
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/spawn.h"
#include "cli/cli.h"
#include "cmd/control.h"
#include "commands/commands.h"
#include "config.h"
#include "core/account.h"
#include "core/demo.h"
#include "core/judge.h"
#include "core/option_table.h"
#include "core/outbox.h"
#include "core/indexer.h"
#include "core/session.h"
#include "index/index.h"
#include "mime/mime.h"
#include "tui/tui.h"

#include <fcntl.h>
#include <locale.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* What one run has. */
typedef struct {
    Paths *paths; /* until the session takes them */
    Session *session;
    Control *control; /* of the instance with the screen */
    Frontend *headless;
    Demo *demo;      /* NULL: no demo */
    char *demo_root; /* to be removed at the end */
    CmdTable *table; /* for help, before there is a session */
    CmdEntry demo_entry;
    const CmdEntry *more_entries[3];
} Program;

/* What the command help reads; the shell's `posthorn help` needs no session. */
static const CliProgram *help_program;

static CmdResult
help_exec(CmdCall *call)
{
    Frontend *frontend = session_frontend(cmd_session(call));
    GError *error = NULL;
    g_autofree char *text = cli_help(help_program, cmd_arg(call, 0), &error);
    ViewRequest request = { .kind = VIEW_TEXT, .title = "Help", .text = text };

    if (text == NULL)
        return cmd_fail(call, error);
    frontend->class->open(frontend, &request);
    return CMD_DONE;
}

static const CmdEntry entry_help = {
    .name = "help",
    .help = "The commands, or all about one, on a page",
    .group = "program",
    .args = { { "COMMAND", CMD_STRING, NULL, true, false } },
    .needs_screen = true,
    .exec = help_exec,
};

static void
add_commands(const Program *program, CmdTable *table)
{
    commands_add(table);
    tui_commands_add(table);
    cmd_table_add(table, program->more_entries);
}

/* No memory of ours in a core file: it holds passwords (promise P53). */
static void
no_cores(void)
{
    const struct rlimit none = { 0, 0 };

    setrlimit(RLIMIT_CORE, &none);
#ifdef PR_SET_DUMPABLE
    prctl(PR_SET_DUMPABLE, 0);
#endif
}

/* One heap for all threads, not one each: those grow by a page at a time, and
 * every page is a system call. Not with a screen: a key must not wait for the
 * heap of another thread. */
static void
one_heap(void)
{
#ifdef M_ARENA_MAX
    mallopt(M_ARENA_MAX, 1);
#endif
}

/* Descriptors that the shell closed: else a file of ours would get the number
 * and be printed into. */
static void
open_missing(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

static bool
is_demo(const CliRequest *request)
{
    return g_strcmp0(request->argv[0], "demo") == 0;
}

static bool
make_demo_paths(Program *program, GError **error)
{
    g_autoptr(GError) failed = NULL;

    program->demo_root = g_dir_make_tmp("posthorn-demo-XXXXXX", &failed);
    if (program->demo_root == NULL)
        return err_set(error, ERR_LOCAL, "%s", failed->message);
    paths_destroy(program->paths);
    program->paths = paths_create_below(program->demo_root);
    return true;
}

/* The demo's configuration and mail instead of the user's. */
static bool
open_demo(Program *program, const CliRequest *request, GError **error)
{
    const char *path = session_paths(program->session)->config_file;
    g_autofree char *folder = g_path_get_dirname(path);
    DemoParams params;

    return demo_params(request->argv + 1, &params, error)
        && file_mkdir(folder, error)
        && file_write_atomic(path, demo_config, strlen(demo_config), error)
        && session_configure(program->session, path, error)
        && session_open_accounts(program->session, error)
        && (program->demo = demo_create(program->session, &params, error));
}

static bool
open_session(Program *program, const CliRequest *request, GError **error)
{
    if (is_demo(request) && !make_demo_paths(program, error))
        return false;
    program->session = session_create(program->paths, error);
    program->paths = NULL;
    if (program->session == NULL)
        return false;
    add_commands(program, session_table(program->session));
    if (is_demo(request))
        return open_demo(program, request, error);
    return session_configure(program->session, request->config, error)
        && session_open_accounts(program->session, error);
}

static void
close_session(void *user)
{
    Program *program = user;

    if (program->headless && program->session)
        session_shutdown(program->session);
    spawn_end_all();
    control_destroy(g_steal_pointer(&program->control));
    demo_destroy(g_steal_pointer(&program->demo));
    session_destroy(g_steal_pointer(&program->session));
    if (program->headless)
        frontend_destroy_headless(program->headless);
    if (program->demo_root)
        file_remove_tree(program->demo_root, NULL);
    g_clear_pointer(&program->demo_root, g_free);
}

static void
finish(void *user)
{
    Program *program = user;

    session_settle(program->session);
}

static void
tell_startup(Session *session)
{
    g_autoptr(Event) event = event_create("startup");

    event_bus_emit(session_bus(session), event);
}

/* For a command without a screen. */
static bool
open_here(const CliRequest *request, CmdContext *context, void *user,
          GError **error)
{
    Program *program = user;
    Printer *out = context->out;

    one_heap();
    if (!open_session(program, request, error))
        return false;
    program->headless = frontend_create_headless(request->loop);
    session_set_frontend(program->session, program->headless);
    *context = session_context(program->session, CMD_FROM_SHELL);
    context->out = out;
    tell_startup(program->session);
    return true;
}

static void
start_accounts(Session *session)
{
    const GPtrArray *accounts = session_accounts(session);

    for (guint i = 0; i < accounts->len; i++)
        account_start(accounts->pdata[i]);
    outbox_start(session_outbox(session));
}

static gboolean
start_behind(void *user)
{
    Program *program = user;
    CmdContext context = session_context(program->session, CMD_FROM_SOCKET);
    g_autoptr(GError) error = NULL;

    /* After the first frame: nothing of this is needed to show mail. */
    program->control = control_create(
        session_paths(program->session)->runtime, &context, &error);
    if (error)
        log_add(LOG_INFO, "control", "%s", error->message);
    start_accounts(program->session);
    indexer_watch(session_indexer(program->session));
    indexer_kick(session_indexer(program->session));
    if (error == NULL) /* else another screen may be writing them */
        commands_recover(program->session);
    if (program->demo)
        demo_start(program->demo);
    judge_start(session_judge(program->session));
    tell_startup(program->session);
    return G_SOURCE_REMOVE;
}

static int
failed(const GError *error)
{
    fprintf(stderr, "posthorn: %s\n", error->message);
    return err_exit_status(error);
}

static int
run_screen(const CliRequest *request, void *user)
{
    Program *program = user;
    g_autoptr(GError) error = NULL;
    g_autoptr(Tui) tui = NULL;
    int status;

    if (!open_session(program, request, &error))
        return failed(error);
    tui = tui_create(program->session, &error);
    if (tui == NULL)
        return failed(error);
    g_idle_add_full(G_PRIORITY_LOW, start_behind, program, NULL);
    status = tui_run(tui, is_demo(request) ? NULL : request->argv);
    /* First the views: a draft on its page goes into its folder. */
    tui_destroy(g_steal_pointer(&tui));
    session_shutdown(program->session);
    close_session(program);
    return status;
}

int
main(int argc, char **argv)
{
    static const char *const here[] = { "demo", "sendmail", NULL };
    bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    Program program = { .demo_entry = command_demo };
    CliProgram cli = {
        .version = POSTHORN_VERSION,
        .options = option_table,
        .events = session_events,
        .defaults = session_defaults(),
        .here = here,
        .open = open_here,
        .screen = run_screen,
        .finish = finish,
        .close = close_session,
        .user = &program,
    };
    int status;

    open_missing();
    setlocale(LC_ALL, "");
    no_cores();
    log_take_glib();
    umask(077); /* mail is private, whoever makes the file (P55) */
    mime_init();
    index_init();
    /* Without a screen it prints its inbox. */
    program.demo_entry.needs_screen = terminal;
    program.more_entries[0] = &program.demo_entry;
    program.more_entries[1] = &entry_help;
    program.paths = paths_create();
    /* The table that help and the manual are written from. */
    program.table = cmd_table_create();
    add_commands(&program, program.table);
    cli.table = program.table;
    help_program = &cli;
    cli.runtime = program.paths->runtime;
    status = cli_run(&cli, argc, argv);
    paths_destroy(program.paths);
    cmd_table_destroy(program.table);
    return status;
}
