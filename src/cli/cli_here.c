/* Runs one command without a screen. */
#include "cli_here.h"

#include "base/err.h"
#include "base/log.h"
#include "base/text.h"

#include <glib-unix.h>
#include <stdio.h>
#include <unistd.h>

typedef struct {
    GMainLoop *loop;
    GError *error;
    bool ended; /* the command is over, or a signal came */
} Here;

int
cli_fail(const GError *error)
{
    g_autofree char *masked = log_masked(error->message);
    g_autofree char *safe = text_sanitise(masked, -1, TEXT_LINE);

    if (!err_is(error, ERR_CANCELLED))
        fprintf(stderr, "posthorn: %s\n", safe);
    return err_exit_status(error);
}

static void
command_ended(CmdContext *context, const GError *error)
{
    Here *here = context->done_user;

    if (error && here->error == NULL)
        here->error = g_error_copy(error);
    here->ended = true;
    g_main_loop_quit(here->loop);
}

/* The shell's SIGINT, a supervisor's SIGTERM, a closed terminal's SIGHUP: end
 * in good order (promise P39). */
static gboolean
signalled(void *data)
{
    Here *here = data;

    if (here->error == NULL)
        err_set(&here->error, ERR_CANCELLED, "ended by a signal");
    here->ended = true;
    g_main_loop_quit(here->loop);
    return G_SOURCE_CONTINUE;
}

static void
run(Here *here, CmdContext *context, const char *const *argv)
{
    CmdResult result;

    context->origin = CMD_FROM_SHELL;
    context->by_hook = g_getenv("POSTHORN_EVENT") != NULL;
    context->done = command_ended;
    context->done_user = here;
    result = cmd_run_argv(context, argv, &here->error);
    if (result == CMD_RUNNING && !here->ended)
        g_main_loop_run(here->loop);
}

int
cli_here(const CliProgram *program, CliRequest *request)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(Printer) out = printer_create_fd(STDOUT_FILENO);
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    guint sources[G_N_ELEMENTS(signals)];
    CmdContext context = { .table = program->table, .out = out };
    Here here = { .loop = loop };
    const CmdEntry *entry;
    int status = 0;

    request->loop = loop;
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
        sources[i] = g_unix_signal_add(signals[i], signalled, &here);
    if (program->open(request, &context, program->user, &here.error))
        run(&here, &context, request->argv);
    entry = cmd_table_find(program->table, request->argv[0]);
    if (here.error)
        status = cli_fail(here.error);
    if (here.error && entry && entry->sysexits)
        status = err_sysexit(here.error);
    if (here.error == NULL && program->finish)
        program->finish(program->user);
    if (program->close)
        program->close(program->user);
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
        g_source_remove(sources[i]);
    g_clear_error(&here.error);
    return status;
}
