/* Events to hooks. */
#include "session_hooks.h"

#include "base/err.h"
#include "core/indexer.h"
#include "core/search.h"

#include <string.h>

const char *const session_events[] = {
    "startup",          "shutdown",        "account-online",
    "account-offline",  "sync-started",    "sync-finished",
    "sync-failed",      "folder-opened",   "message-arrived",
    "message-opened",   "message-tagged",  "message-moved",
    "message-deleted",  "compose-started", "before-send",
    "message-queued",   "message-sent",    "send-failed",
    "bounce-received",  NULL,
};

/* Events about a message that the index has. */
static const char *const asked_events[] = {
    "message-arrived", "message-opened",  "message-tagged", "message-moved",
    "message-deleted", "message-sent",    "bounce-received", NULL,
};

typedef struct {
    Session *session;
    char *query;
    Search *search; /* NULL: waits for the index */
    void (*answer)(bool matches, void *answer_user);
    void *answer_user;
} Match;

static gboolean
match_free(void *data)
{
    Match *match = data;

    search_destroy(match->search);
    g_free(match->query);
    g_free(match);
    return G_SOURCE_REMOVE;
}

static void
match_found(const GArray *ids, bool complete, const GError *error, void *user)
{
    Match *match = user;

    if (!complete && error == NULL)
        return;
    match->answer(error == NULL && ids->len > 0, match->answer_user);
    g_idle_add(match_free, match);
}

/* The index has caught up, or never will. */
static void
match_ask(const GError *error, void *user)
{
    Match *match = user;

    if (err_is(error, ERR_CANCELLED)) {
        match->answer(false, match->answer_user);
        match_free(match);
        return;
    }
    match->search = search_create(match->session);
    search_start(match->search, match->query, 0, 1, match_found, match);
}

/* The query of one hook, asked about the one message of the event when the
 * index knows what the event tells; what is deleted it would have forgotten. */
static void
match_query(const char *query, Event *event,
            void (*answer)(bool matches, void *answer_user),
            void *answer_user, void *user)
{
    Session *session = user;
    const char *id = event_get(event, "message_id");
    g_autofree char *quoted = NULL;
    Match *match;

    if (id == NULL || *id == '\0') {
        answer(false, answer_user);
        return;
    }
    quoted = search_quote(id); /* a stranger wrote it */
    match = g_new0(Match, 1);
    match->session = session;
    match->query = g_strdup_printf("(%s) and id:%s", query, quoted);
    match->answer = answer;
    match->answer_user = answer_user;
    if (store_unindexed_count(session_store(session)) == 0
        || strcmp(event_name(event), "message-deleted") == 0)
        match_ask(NULL, match);
    else
        indexer_wait(session_indexer(session), match_ask, match);
}

static void
hook_failed(const char *event, const GError *error, void *user)
{
    frontend_tell(session_frontend(user), TELL_ERROR, false,
                  "The hook for %s failed: %s", event, error->message);
}

static void
on_event(Event *event, void *user)
{
    if (!g_str_has_prefix(event_name(event), "before-"))
        hooks_fire(user, event);
}

Hooks *
session_hooks_create(Session *session)
{
    HookParams params = {
        .events = session_events,
        .asked = asked_events,
        .check = search_check,
        .matches = match_query,
        .failed = hook_failed,
        .user = session,
    };
    Hooks *hooks = hooks_create(&params);

    event_bus_listen(session_bus(session), NULL, on_event, hooks);
    return hooks;
}
