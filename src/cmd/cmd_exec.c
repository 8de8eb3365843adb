/* The command exec: another program, by an argument vector, with the event as
 * variables and as JSON on its standard input. Never a shell. */
#include "cmd_builtin.h"

#include "base/err.h"
#include "base/spawn.h"
#include "base/text.h"
#include "cmd/language.h"

#include <string.h>

enum {
    REASON_BYTES = 300,
    VARIABLE_BYTES = 16384, /* of a field; the JSON has it whole. Linux takes
                               at most 128 KiB a variable */
};

typedef struct {
    CmdCall *call; /* held; NULL: nobody waits */
    char *program;
    bool filter;
} Exec;

/* "from_name" → "POSTHORN_FROM_NAME=…". g_free(). */
static char *
variable(const Event *event, const char *field)
{
    g_autofree char *upper = g_ascii_strup(field, -1);
    const char *value = event_get(event, field);
    gsize size = strnlen(value, VARIABLE_BYTES);

    while (size > 0 && ((guchar)value[size] & 0xc0) == 0x80)
        size--; /* no character is cut */
    return g_strdup_printf("POSTHORN_%s=%.*s", upper, (int)size, value);
}

static char **
event_environ(const Event *event)
{
    g_autoptr(GPtrArray) variables = g_ptr_array_new();
    g_autofree const char **fields = event ? event_fields(event) : NULL;

    if (event)
        g_ptr_array_add(
            variables, g_strdup_printf("POSTHORN_EVENT=%s", event_name(event)));
    for (const char **field = fields; field && *field; field++)
        g_ptr_array_add(variables, variable(event, *field));
    g_ptr_array_add(variables, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&variables), FALSE);
}

/* What went wrong, in the program's own words. */
static bool
check_result(const Exec *exec, const SpawnResult *result, GError **error)
{
    g_autofree char *words = NULL;
    gsize size;

    if (result->timed_out)
        return err_set(error, ERR_LOCAL,
                       "%s took too long and was ended: "
                       "`set hook-timeout` gives it more time",
                       exec->program);
    if (result->status == 0)
        return true;
    g_strstrip(result->errors);
    size = strnlen(result->errors, REASON_BYTES);
    words = text_sanitise(result->errors, (gssize)size, TEXT_LINE);
    /* Its words come first: a narrow screen shows them. */
    if (*words)
        return err_set(error, ERR_REFUSED, "%s (%s ended with status %d)",
                       words, exec->program, result->status);
    return err_set(error, ERR_REFUSED, "%s ended with status %d", exec->program,
                   result->status);
}

static void
exec_done(const SpawnResult *result, const GError *failed, void *user)
{
    Exec *exec = user;
    GError *error = failed ? g_error_copy(failed) : NULL;
    CmdContext *context = cmd_context(exec->call);

    if (error == NULL && check_result(exec, result, &error)) {
        if (exec->filter && context->text) {
            g_free(*context->text);
            *context->text = g_strdup(result->output);
        } else if (result->output_size > 0) {
            printer_bytes(context->out, result->output, result->output_size);
        }
    }
    cmd_finish(exec->call, error);
    g_free(exec->program);
    g_free(exec);
}

static gint64
timeout_of(CmdCall *call)
{
    Options *options = cmd_language_options(cmd_context(call)->language);
    gint64 seconds = cmd_flag_int(call, "timeout", 0);

    if (seconds == 0 && options_find(options, "hook-timeout"))
        seconds = options_int(options, "hook-timeout", NULL);
    return CLAMP(seconds, 1, 86400);
}

CmdResult
cmd_exec_exec(CmdCall *call)
{
    CmdContext *context = cmd_context(call);
    Exec *exec = g_new0(Exec, 1);
    g_auto(GStrv) variables = event_environ(context->event);
    g_autofree char *json =
        context->event ? event_to_json(context->event) : NULL;
    g_autofree char *program = paths_expand(cmd_rest(call)[0]);
    g_auto(GStrv) argv = g_strdupv((char **)cmd_rest(call));
    SpawnParams params = {
        .argv = (const char *const *)argv,
        .environ = (const char *const *)variables,
        .input = json,
        .timeout_ms = (guint)timeout_of(call) * 1000,
    };

    g_free(argv[0]);
    argv[0] = g_steal_pointer(&program);
    exec->filter = cmd_has(call, "filter");
    if (exec->filter && context->text)
        params.input = *context->text;
    params.input_size = params.input ? strlen(params.input) : 0;
    exec->program = g_strdup(argv[0]);
    exec->call = cmd_hold(call);
    spawn_start(&params, exec_done, exec);
    return CMD_RUNNING;
}
