/* Hooks. Each firing is a Firing that walks the hooks of its event one by one:
 * ask whether the query matches, run the block, go on. Firings share nothing,
 * so a hook that hangs holds up only its own. */
#include "cmd/hook.h"

#include "base/err.h"
#include "base/log.h"
#include "base/text.h"

#include <string.h>

typedef struct {
    char *event;
    char *query;
    char *block;
    char *file;
    guint line;
    char *account;
} Hook;

struct Hooks {
    HookParams params;
    CmdContext context;
    GPtrArray *hooks;   /* Hook */
    GPtrArray *firings; /* Firing that are under way */
    bool ended;
};

typedef struct {
    Hooks *hooks; /* NULL: they are gone; end quietly */
    Event *event;
    guint next; /* index into hooks */
    char *text; /* of a before-event */
    bool before;
    CmdContext context;
    HooksDecided done;
    void *user;
} Firing;

static void go_on(Firing *firing);

static void
hook_free(void *data)
{
    Hook *hook = data;

    g_free(hook->event);
    g_free(hook->query);
    g_free(hook->block);
    g_free(hook->file);
    g_free(hook->account);
    g_free(hook);
}

Hooks *
hooks_create(const HookParams *params)
{
    Hooks *hooks = g_new0(Hooks, 1);

    hooks->params = *params;
    hooks->hooks = g_ptr_array_new_with_free_func(hook_free);
    hooks->firings = g_ptr_array_new();
    return hooks;
}

void
hooks_destroy(Hooks *hooks)
{
    if (hooks == NULL)
        return;
    hooks_end(hooks);
    g_ptr_array_unref(hooks->firings);
    g_ptr_array_unref(hooks->hooks);
    g_free(hooks);
}

void
hooks_end(Hooks *hooks)
{
    hooks->ended = true;
    for (guint i = 0; i < hooks->firings->len; i++)
        ((Firing *)hooks->firings->pdata[i])->hooks = NULL;
    g_ptr_array_set_size(hooks->firings, 0);
}

bool
hooks_busy(const Hooks *hooks)
{
    return hooks->firings->len > 0;
}

void
hooks_set_context(Hooks *hooks, const CmdContext *context)
{
    hooks->context = *context;
}

bool
hooks_add(Hooks *hooks, const HookEntry *entry, GError **error)
{
    Hook *hook;

    if (!g_strv_contains(hooks->params.events, entry->event)) {
        const char *near = text_nearest(entry->event, hooks->params.events);

        return err_set(error, ERR_USAGE, "there is no event %s%s%s%s",
                       entry->event, near ? ": did you mean " : "",
                       near ? near : "", near ? "?" : "");
    }
    if (entry->query && hooks->params.asked
        && !g_strv_contains(hooks->params.asked, entry->event))
        return err_set(error, ERR_USAGE,
                       "%s has no message that a query finds: leave --query "
                       "out",
                       entry->event);
    if (entry->query && hooks->params.check
        && !hooks->params.check(entry->query, error))
        return false;
    hook = g_new0(Hook, 1);
    hook->event = g_strdup(entry->event);
    hook->query = g_strdup(entry->query);
    hook->block = g_strdup(entry->block);
    hook->file = g_strdup(entry->file);
    hook->line = entry->line;
    hook->account = g_strdup(entry->account);
    g_ptr_array_add(hooks->hooks, hook);
    return true;
}

bool
hooks_has(const Hooks *hooks, const char *event)
{
    for (guint i = 0; !hooks->ended && i < hooks->hooks->len; i++)
        if (strcmp(((const Hook *)hooks->hooks->pdata[i])->event, event) == 0)
            return true;
    return false;
}

/* Ends a firing and tells who waits. */
static void
finish(Firing *firing, const GError *error)
{
    if (firing->hooks)
        g_ptr_array_remove(firing->hooks->firings, firing);
    if (firing->done)
        firing->done(firing->text, error, firing->user);
    event_unref(firing->event);
    g_free(firing->text);
    g_free(firing);
}

/* A before-hook does not allow it. */
static void
refuse(Firing *firing, const char *reason)
{
    g_autofree char *why = text_sanitise(reason, -1, TEXT_LINE);
    g_autoptr(GError) error = NULL;

    err_set(&error, ERR_USAGE, "a %s hook refused%s%s",
            event_name(firing->event), *why ? ": " : "", why);
    finish(firing, error);
}

/* The hooks are gone: what was not asked is not allowed. */
static void
end(Firing *firing)
{
    if (firing->before)
        refuse(firing, "posthorn is ending");
    else
        finish(firing, NULL);
}

/* A block failed: a before-hook refuses, any other is reported. */
static void
failed(Firing *firing, const GError *error)
{
    Hooks *hooks = firing->hooks;

    if (firing->before) {
        refuse(firing, error->message);
        return;
    }
    log_add(LOG_ERR, "hook", "%s: %s", event_name(firing->event),
            error->message);
    if (hooks && hooks->params.failed)
        hooks->params.failed(event_name(firing->event), error,
                             hooks->params.user);
    go_on(firing);
}

static void
block_done(CmdContext *context, const GError *error)
{
    Firing *firing = context->done_user;

    if (error)
        failed(firing, error);
    else
        go_on(firing);
}

static void
run_block(Firing *firing, const Hook *hook)
{
    g_autoptr(GError) error = NULL;
    CmdResult result;

    firing->context = firing->hooks->context;
    firing->context.origin = CMD_FROM_HOOK;
    firing->context.by_hook = true;
    firing->context.event = firing->event;
    firing->context.scope_account = hook->account; /* `set` stays there */
    firing->context.file = hook->file;
    firing->context.line = hook->line;
    firing->context.text = firing->before ? &firing->text : NULL;
    firing->context.done = block_done;
    firing->context.done_user = firing;
    result = cmd_run(&firing->context, hook->block, &error);
    if (result == CMD_FAILED)
        failed(firing, error);
    else if (result == CMD_DONE)
        go_on(firing);
}

static void
matched(bool matches, void *user)
{
    Firing *firing = user;

    if (firing->hooks == NULL)
        end(firing);
    else if (matches)
        run_block(firing, firing->hooks->hooks->pdata[firing->next - 1]);
    else
        go_on(firing);
}

static bool
concerns(const Firing *firing, const Hook *hook)
{
    return strcmp(hook->event, event_name(firing->event)) == 0
           && (hook->account == NULL
               || g_strcmp0(hook->account, event_get(firing->event, "account"))
                      == 0);
}

static void
go_on(Firing *firing)
{
    Hooks *hooks = firing->hooks;
    const Hook *hook = NULL;

    while (hooks && hook == NULL && firing->next < hooks->hooks->len) {
        hook = hooks->hooks->pdata[firing->next++];
        if (!concerns(firing, hook))
            hook = NULL;
    }
    if (hooks == NULL)
        end(firing);
    else if (hook == NULL)
        finish(firing, NULL);
    else if (hook->query == NULL)
        run_block(firing, hook);
    else if (hooks->params.matches)
        hooks->params.matches(hook->query, firing->event, matched, firing,
                              hooks->params.user);
    else
        go_on(firing);
}

static Firing *
firing_create(Hooks *hooks, Event *event)
{
    Firing *firing = g_new0(Firing, 1);

    firing->event = event_ref(event);
    if (!hooks->ended) {
        firing->hooks = hooks;
        g_ptr_array_add(hooks->firings, firing);
    }
    return firing;
}

void
hooks_fire(Hooks *hooks, Event *event)
{
    if (hooks_has(hooks, event_name(event)))
        go_on(firing_create(hooks, event));
}

void
hooks_fire_before(Hooks *hooks, Event *event, const char *text,
                  HooksDecided done, void *user)
{
    Firing *firing = firing_create(hooks, event);

    firing->before = true;
    firing->text = g_strdup(text);
    firing->done = done;
    firing->user = user;
    go_on(firing);
}
