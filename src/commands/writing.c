/* Between the commands that write and the screen: editor, review page, the
 * undo of sending. */
#include "opening.h"
#include "writing.h"

#include "base/clock.h"
#include "base/err.h"
#include "cmd/control.h"
#include "commands/commands.h"

#include <string.h>

const char *
writing_draft(CmdCall *call, GError **error)
{
    const char *path = cmd_flag(call, "draft");

    path = path ? path : draft_current(cmd_session(call));
    return path ? path
                : err_null(error, ERR_USAGE,
                           "%s: which draft? `posthorn drafts` lists them",
                           cmd_entry(call)->name);
}

bool
writing_is_free(Session *session, const char *path, GError **error)
{
    return !outbox_has_draft(session_outbox(session), path)
           || err_set(error, ERR_USAGE,
                      "the draft is in the outbox: `outbox cancel` takes it "
                      "out");
}

char *
writing_path(CmdCall *call, const char *path)
{
    const char *folder = cmd_context(call)->folder;

    if (*path == '~')
        return g_strdup(path);
    return g_canonicalize_filename(path, folder);
}

void
writing_review(Session *session, const char *path)
{
    Frontend *frontend = session_frontend(session);
    g_autofree char *kept = g_strdup(path); /* it may be the current one's */
    ViewRequest request = { .kind = VIEW_REVIEW, .path = kept };

    draft_set_current(session, kept);
    if (!frontend->has_screen) {
        draft_keep(session, kept);
        return;
    }
    draft_opened(session, kept);
    frontend->class->open(frontend, &request);
}

typedef struct {
    Session *session;
    char *path;
} Editing;

static void
edited(void *user)
{
    Editing *editing = user;

    writing_review(editing->session, editing->path);
    g_free(editing->path);
    g_free(editing);
}

void
writing_edit(Session *session, const char *path)
{
    Frontend *frontend = session_frontend(session);
    Editing *editing = g_new0(Editing, 1);

    editing->session = session;
    editing->path = g_strdup(path);
    draft_opened(session, path);
    frontend->class->edit(frontend, editing->path, edited, editing);
}

typedef struct {
    Session *session;
    GPtrArray *left; /* char *: paths, the newest first */
} Recovery;

static void
recovered(const char *answer, void *user)
{
    Recovery *recovery = user;
    bool wanted = g_strcmp0(answer, "y") == 0;
    guint n = recovery->left->len;

    /* Not answered: it is asked again at the next start. */
    for (guint i = wanted; answer && i < n; i++)
        draft_closed(recovery->session, recovery->left->pdata[i]);
    if (wanted)
        writing_review(recovery->session, recovery->left->pdata[0]);
    g_ptr_array_unref(recovery->left);
    g_free(recovery);
}

/* "“Lunch” was being written when posthorn ended. Go on?" */
static void
offer(Session *session, const GPtrArray *open)
{
    Frontend *frontend = session_frontend(session);
    const Draft *newest = open->pdata[0];
    Recovery *recovery = g_new0(Recovery, 1);
    g_autoptr(GString) prompt = g_string_new(NULL);

    recovery->session = session;
    recovery->left = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < open->len; i++)
        g_ptr_array_add(recovery->left,
                        g_strdup(((Draft *)open->pdata[i])->path));
    g_string_append_printf(
        prompt, "“%s”%s being written when posthorn ended. Go on with it?",
        *newest->subject ? newest->subject : "A draft",
        open->len > 1 ? " and others were" : " was");
    AskRequest request = { .prompt = prompt->str,
                           .keys = "yn",
                           .answer = recovered,
                           .user = recovery };

    frontend->class->ask(frontend, &request);
}

void
commands_recover(Session *session)
{
    g_autoptr(GPtrArray) list = draft_list(session, NULL);
    g_autoptr(GPtrArray) open = g_ptr_array_new();

    for (guint i = 0; list && i < list->len; i++) {
        const Draft *draft = list->pdata[i];

        /* One that the user named at the start is open already. */
        if (g_strcmp0(draft->path, draft_current(session)) == 0)
            continue;
        if (draft->open)
            g_ptr_array_add(open, list->pdata[i]);
        else
            draft_keep(session, draft->path);
    }
    draft_sweep(session);
    if (open->len > 0)
        offer(session, open);
}

bool
writing_is_served(CmdCall *call)
{
    return cmd_context(call)->origin == CMD_FROM_SHELL
           && control_is_served(session_paths(cmd_session(call))->runtime);
}

static void
flushed(guint n_sent, guint n_failed, void *user)
{
    GError *error = NULL;

    if (n_failed > 0)
        err_set(&error, ERR_REFUSED, "%u not sent: `posthorn outbox` says why",
                n_failed);
    cmd_finish(user, error);
}

void
writing_flush(CmdCall *call)
{
    if (writing_is_served(call))
        cmd_finish(call, NULL);
    else
        outbox_flush(session_outbox(cmd_session(call)), flushed, call);
}

typedef struct {
    CmdCall *call;
    char *path;
    SendHow how;
    bool is_shown; /* the review page has the focus */
    bool unlocked; /* the passphrase was asked for */
} Sending;

static void
sending_free(Sending *sending)
{
    g_free(sending->path);
    g_free(sending);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sending, sending_free)

static void
tell_queued(Session *session, gint64 at, const char *id)
{
    Frontend *frontend = session_frontend(session);
    g_autoptr(GDateTime) when = g_date_time_new_from_unix_local(at);
    g_autofree char *text =
        when ? g_date_time_format(when, "%Y-%m-%d %H:%M") : NULL;
    Outbox *outbox = session_outbox(session);
    g_autoptr(GPtrArray) list = outbox_list(outbox, NULL);
    const OutboxEntry *undoable = outbox_undoable(outbox, list);
    bool again = undoable && strcmp(undoable->id, id) == 0;

    if (at > 0)
        frontend_tell(frontend, TELL_INFO, again, "Will be sent at %s.", text);
    else if (again)
        frontend_tell(frontend, TELL_INFO, true, "Sending in a moment.");
    else
        frontend_tell(frontend, TELL_INFO, false, "Sending.");
}

static void queued(const char *id, const GError *error, void *user);

/* The key that signs is locked: its passphrase is asked for, then the same once
 * more. False: there is nobody to ask, or it was done. */
static bool
unlock_and_send(Sending *sending)
{
    Session *session = cmd_session(sending->call);
    g_autoptr(GError) error = NULL;

    if (sending->unlocked || !session_frontend(session)->has_screen)
        return false;
    sending->unlocked = true;
    if (opening_unlock(session, sending->path, &error)) {
        send_draft(session, sending->path, &sending->how, queued, sending);
        return true;
    }
    return false;
}

static void
queued(const char *id, const GError *error, void *user)
{
    g_autoptr(Sending) sending = user;
    CmdCall *call = sending->call;
    Session *session = cmd_session(call);
    Frontend *frontend = session_frontend(session);

    if (err_is(error, ERR_AUTH) && unlock_and_send(sending)) {
        g_steal_pointer(&sending);
        return;
    }
    if (error) {
        cmd_finish(call, g_error_copy(error));
        return;
    }
    if (frontend->has_screen) {
        tell_queued(session, sending->how.at, id);
        draft_set_current(session, NULL);
        if (sending->is_shown)
            frontend->class->close(frontend);
        cmd_finish(call, NULL);
        return;
    }
    printer_line(cmd_out(call), "queued %s", id);
    if (sending->how.at > 0)
        cmd_finish(call, NULL);
    else
        writing_flush(call);
}

/* Who names a time that is over did not mean now. */
static GError *
err_past(gint64 at)
{
    g_autoptr(GDateTime) when = g_date_time_new_from_unix_local(at);
    g_autofree char *text =
        when ? g_date_time_format(when, "%Y-%m-%d %H:%M") : g_strdup("this");
    GError *error = NULL;

    err_set(&error, ERR_USAGE,
            "not sent: %s is past: write +2h, or mon 9:00", text);
    return error;
}

CmdResult
writing_send(CmdCall *call, const char *path, gint64 at)
{
    Session *session = cmd_session(call);
    bool has_screen = session_frontend(session)->has_screen;
    CmdCall *held = cmd_hold(call);
    Sending *sending;

    if (at > 0 && at < clock_now()) {
        cmd_finish(held, err_past(at));
        return CMD_RUNNING;
    }
    sending = g_new0(Sending, 1);
    sending->call = held;
    sending->path = g_strdup(path);
    sending->how = (SendHow){ .at = at, .no_undo = !has_screen };
    sending->is_shown =
        has_screen && g_strcmp0(draft_current(session), path) == 0;
    send_draft(session, sending->path, &sending->how, queued, sending);
    return CMD_RUNNING;
}

/* What the user did since to messages is undone first. */
static bool
is_last_act(Session *session, gint64 queued_at)
{
    g_autoptr(StoreAct) act =
        store_act_last(session_store(session), false, NULL);

    return act == NULL || act->time <= queued_at;
}

/* older: also what was queued before the user's last act. */
static bool
take_back(Session *session, bool older, GError **error)
{
    Outbox *outbox = session_outbox(session);
    g_autoptr(GPtrArray) list = outbox_list(outbox, NULL);
    const OutboxEntry *entry = outbox_undoable(outbox, list);

    if (entry == NULL || (!older && !is_last_act(session, entry->created))
        || !outbox_cancel(outbox, entry->id, error))
        return false;
    frontend_tell(session_frontend(session), TELL_INFO, false,
                  "Not sent: the draft is open again.");
    writing_review(session, entry->draft);
    return true;
}

bool
writing_take_back(Session *session, GError **error)
{
    return take_back(session, false, error);
}

/* At the time that it had, where there is as much left as its undo window. */
static CmdResult
send_again(CmdCall *call, const char *path, gint64 at)
{
    g_autofree char *kept = g_strdup(path); /* it is forgotten when queued */
    g_autoptr(Draft) draft = draft_load(kept, NULL);
    guint seconds =
        draft ? send_undo_seconds(cmd_session(call), draft) : 0;

    return writing_send(call, kept, at > clock_now() + seconds ? at : 0);
}

CmdResult
writing_undo_outbox(CmdCall *call)
{
    Session *session = cmd_session(call);
    GError *error = NULL;
    gint64 at;
    const char *taken = outbox_taken(session_outbox(session), &at);

    if (taken)
        return send_again(call, taken, at);
    if (!take_back(session, true, &error) && error == NULL)
        err_set(&error, ERR_USAGE,
                "nothing to undo here: u in a list takes back what was done "
                "there");
    return cmd_result(call, error);
}
