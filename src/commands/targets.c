/* Which messages a command acts on. A query is asked in the search thread, so
 * that the screen goes on. */
#include "targets.h"

#include "base/err.h"
#include "base/text.h"
#include "core/search.h"
#include "rows_json.h"

#include <stdlib.h>

typedef struct {
    CmdCall *call;
    Search *search;
    char *query;
    TargetsFn fn;
} Targets;

static CmdResult
print_set(CmdCall *call, const MessageSet *set)
{
    Session *session = cmd_session(call);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) rows = store_rows(
        session_store(session), (const gint64 *)(void *)set->ids->data,
        set->ids->len, false, 0, &error);

    if (rows == NULL)
        return cmd_fail(call, g_steal_pointer(&error));
    if (cmd_has(call, "json"))
        printer_json(cmd_out(call), rows_json(session, rows));
    else
        rows_print(session, rows, cmd_out(call));
    return CMD_DONE;
}

static CmdResult
apply(CmdCall *call, MessageSet *set, TargetsFn fn)
{
    g_autoptr(GError) error = NULL;
    CmdResult result;

    set->by_hook = cmd_context(call)->by_hook;
    if (cmd_has(call, "thread")
        && !message_set_widen(cmd_session(call), set, &error))
        return cmd_fail(call, g_steal_pointer(&error));
    if (cmd_has(call, "dry-run"))
        return print_set(call, set);
    result = fn(call, set);
    if (result == CMD_DONE && cmd_has(call, "json"))
        return print_set(call, set);
    return result;
}

static gboolean
targets_free(void *data)
{
    Targets *targets = data;

    search_destroy(targets->search);
    g_free(targets->query);
    g_free(targets);
    return G_SOURCE_REMOVE;
}

/* A script goes on: there was nothing to be done. */
static void
found_none(const Targets *targets, const MessageSet *set)
{
    CmdCall *call = targets->call;
    bool asked = cmd_is_by_hand(cmd_context(call));
    g_autofree char *safe = text_sanitise(targets->query, -1, TEXT_LINE);
    GError *none = NULL;

    if (asked || !cmd_entry(call)->undo)
        err_set(&none, ERR_LOCAL, "no message matches: %s", safe);
    else if (cmd_has(call, "dry-run") || cmd_has(call, "json"))
        print_set(call, set);
    cmd_finish(call, none);
}

static void
targets_found(const GArray *ids, bool complete, const GError *error,
              void *user)
{
    Targets *targets = user;
    g_autoptr(MessageSet) set = message_set_create();
    CmdResult result;

    if (!complete && error == NULL)
        return;
    if (error) {
        cmd_finish(targets->call, g_error_copy(error));
    } else if (ids->len == 0) {
        found_none(targets, set);
    } else {
        g_array_append_vals(set->ids, ids->data, ids->len);
        result = apply(targets->call, set, targets->fn);
        if (result == CMD_DONE)
            cmd_finish(targets->call, NULL);
        else if (result == CMD_FAILED)
            cmd_finish(targets->call, NULL);
    }
    g_idle_add(targets_free, targets);
}

static CmdResult
ask_index(CmdCall *call, const char *query, TargetsFn fn)
{
    Targets *targets = g_new0(Targets, 1);

    targets->call = cmd_hold(call);
    targets->query = g_strdup(query);
    targets->fn = fn;
    targets->search = search_create(cmd_session(call));
    search_start(targets->search, query, 0, 0, targets_found, targets);
    return CMD_RUNNING;
}

/* The message that a hook was called for. */
static bool
event_target(CmdCall *call, GArray *ids)
{
    Event *event = cmd_context(call)->event;
    const char *text = event ? event_get(event, "id") : NULL;
    gint64 id = text ? g_ascii_strtoll(text, NULL, 10) : 0;

    if (id != 0)
        g_array_append_val(ids, id);
    return id != 0;
}

CmdResult
targets_each(CmdCall *call, const char *const *words, TargetsFn fn)
{
    Frontend *frontend = session_frontend(cmd_session(call));
    TargetScope scope =
        cmd_has(call, "thread") ? SCOPE_THREAD : SCOPE_MESSAGE;
    g_autoptr(MessageSet) set = message_set_create();

    if (cmd_has(call, "query"))
        return ask_index(call, cmd_flag(call, "query"), fn);
    if (words && words[0]) {
        g_autofree char *query = g_strjoinv(" ", (char **)words);

        return ask_index(call, query, fn);
    }
    if (!event_target(call, set->ids)
        && !frontend->class->targets(frontend, scope, set->ids))
        return cmd_fail_usage(call, "%s: which messages? Name them, such "
                              "as: --query from:ana",
                              cmd_entry(call)->name);
    return apply(call, set, fn);
}
