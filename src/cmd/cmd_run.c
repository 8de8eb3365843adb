/* Runs the commands of a text one after the other, across those that end
 * later. The first that fails ends it. */
#include "cmd_private.h"

#include "base/err.h"
#include "cmd/language.h"
#include "cmd/option.h"

#include <string.h>

typedef struct CmdRun {
    CmdContext *context;
    GPtrArray *commands; /* CmdWords */
    guint next;
    CmdCall *inside; /* the call whose function runs just now */
    bool finished;   /* cmd_finish() came before the function returned */
    bool placed;     /* the error of the call says already where */
} CmdRun;

static void
run_free(CmdRun *run)
{
    g_ptr_array_unref(run->commands);
    g_free(run);
}

/* Puts the place where the command stands before the error. */
static void
place_error(const CmdContext *context, const CmdWord *word, GError **error)
{
    if (context->file && (*error)->domain == ERR_DOMAIN)
        g_prefix_error(error, "%s:%u:%u: ", context->file, word->line,
                       word->column);
}

/* Inside account NAME { } and folder NAME { } the name of an option alone sets
 * it. */
static bool
is_scoped(const CmdContext *context)
{
    return (context->scope_account || context->scope_folder)
           && context->language;
}

static bool
unknown(const CmdContext *context, const char *name, GError **error)
{
    const char *near = NULL;

    if (is_scoped(context))
        near = options_nearest(cmd_language_options(context->language), name);
    if (near)
        return err_set(error, ERR_USAGE,
                       "there is no option %s: did you mean %s?", name, near);
    near = cmd_table_nearest(context->table, name);
    if (near)
        return err_set(error, ERR_USAGE,
                       "there is no command %s: did you mean %s?", name, near);
    return err_set(error, ERR_USAGE,
                   "there is no command %s: `posthorn help` lists them", name);
}

static bool
is_setting(const CmdContext *context, const char *name)
{
    return is_scoped(context)
           && options_find(cmd_language_options(context->language), name);
}

static bool
set_option(const CmdContext *context, const CmdWords *words, GError **error)
{
    const CmdWord *name = words->pdata[0];
    const CmdWord *value = words->len > 1 ? words->pdata[1] : NULL;

    if (words->len != 2 || value->is_block)
        return err_set(error, ERR_USAGE,
                       "%s takes one value: write more "
                       "words in quotes",
                       name->text);
    return options_set(cmd_language_options(context->language), name->text,
                       context->scope_account, context->scope_folder,
                       value->text, error);
}

static CmdResult
run_entry(CmdRun *run, const CmdEntry *entry, const CmdWords *words,
          GError **error)
{
    CmdCall *call = cmd_call_create(run->context, entry, words, error);
    CmdResult result;

    if (call == NULL)
        return CMD_FAILED;
    call->run = run;
    run->inside = call;
    run->finished = false;
    result = entry->exec(call);
    run->inside = NULL;
    if (result == CMD_RUNNING && !run->finished)
        return CMD_RUNNING;
    if (result == CMD_RUNNING)
        result = call->error ? CMD_FAILED : CMD_DONE;
    if (result == CMD_FAILED && call->error == NULL)
        err_set(&call->error, ERR_LOCAL, "%s failed", entry->name);
    if (result == CMD_FAILED)
        g_propagate_error(error, g_steal_pointer(&call->error));
    run->placed = call->placed;
    cmd_call_free(call);
    return result;
}

static CmdResult
run_command(CmdRun *run, const CmdWords *words, GError **error)
{
    const CmdWord *name = words->pdata[0];
    const CmdEntry *entry;
    GError *cause = NULL;
    CmdResult result = CMD_FAILED;

    run->placed = false;
    if (name->is_block) {
        err_set(&cause, ERR_USAGE, "a block stands where a command should");
    } else if (is_setting(run->context, name->text)) {
        if (set_option(run->context, words, &cause))
            result = CMD_DONE;
    } else if ((entry = cmd_table_find(run->context->table, name->text))) {
        result = run_entry(run, entry, words, &cause);
    } else {
        unknown(run->context, name->text, &cause);
    }
    if (cause && !run->placed)
        place_error(run->context, name, &cause);
    if (cause)
        g_propagate_error(error, cause);
    return result;
}

static CmdResult
run_rest(CmdRun *run, GError **error)
{
    CmdResult result = CMD_DONE;

    while (result == CMD_DONE && run->next < run->commands->len)
        result = run_command(run, run->commands->pdata[run->next++], error);
    return result;
}

/* Runs what is left and, at the end, tells who waits. */
static void
resume(CmdRun *run)
{
    g_autoptr(GError) error = NULL;
    CmdContext *context = run->context;

    if (run_rest(run, &error) == CMD_RUNNING)
        return;
    run_free(run);
    if (context->done)
        context->done(context, error);
}

static CmdResult
begin(CmdContext *context, GPtrArray *commands, GError **error)
{
    CmdRun *run = g_new0(CmdRun, 1);
    CmdResult result;

    run->context = context;
    run->commands = commands;
    result = run_rest(run, error);
    if (result != CMD_RUNNING)
        run_free(run);
    return result;
}

/* A text of the user's: what is not UTF-8 could neither be shown nor be told
 * apart. */
static bool
check_utf8(const CmdContext *context, const char *text, GError **error)
{
    guint line = MAX(context->line, 1);
    const char *end;

    if (g_utf8_validate(text, -1, &end))
        return true;
    for (; text < end; text++)
        line += *text == '\n';
    return err_set(error, ERR_USAGE, "%s:%u: this is not UTF-8",
                   context->file ? context->file : "command", line);
}

CmdResult
cmd_run(CmdContext *context, const char *text, GError **error)
{
    GPtrArray *commands;

    if (!check_utf8(context, text, error))
        return CMD_FAILED;
    commands =
        cmd_parse(text, context->file, context->line, context->event, error);
    return commands ? begin(context, commands, error) : CMD_FAILED;
}

CmdResult
cmd_run_argv(CmdContext *context, const char *const *argv, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    GPtrArray *commands;
    CmdWords *words;

    /* Through the grammar, so that a word is a word of the language. */
    for (; *argv; argv++) {
        g_autofree char *word = cmd_quote(*argv);

        g_string_append_printf(text, "%s ", word);
    }
    commands = cmd_parse(text->str, NULL, 1, NULL, error);
    if (commands == NULL)
        return CMD_FAILED;
    words = commands->len > 0 ? commands->pdata[0] : NULL;
    /* A word with a blank in it may be a flag: --subject="a b". */
    for (guint i = 0; words && i < words->len; i++)
        ((CmdWord *)words->pdata[i])->is_quoted = false;
    return begin(context, commands, error);
}

CmdCall *
cmd_hold(CmdCall *call)
{
    call->held = true;
    return call;
}

void
cmd_finish(CmdCall *call, GError *error)
{
    CmdRun *run = call->run;
    CmdContext *context = run->context;
    g_autoptr(GError) cause = error;

    if (cause == NULL)
        cause = g_steal_pointer(&call->error);
    if (run->inside == call) {
        call->error = g_steal_pointer(&cause);
        run->finished = true;
        return;
    }
    cmd_call_free(call);
    if (cause == NULL) {
        resume(run);
        return;
    }
    run_free(run);
    if (context->done)
        context->done(context, cause);
}
