/* A draft on its way to the outbox: checks, hooks, bytes, envelope. */
#include "core/send.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "core/account.h"
#include "core/identity.h"
#include "draft_private.h"
#include "mime/mime.h"
#include "outbox_private.h"

#include <string.h>

typedef struct {
    Session *session;
    Draft *draft;
    SendHow how;
    SendDone done;
    void *user;

    /* While the bytes are made, of the builder's thread. */
    OutboxEntry *entry;
    char *folder;
    gint64 date;
} Sending;

static void
sending_free(Sending *sending)
{
    draft_free(sending->draft);
    outbox_entry_free(sending->entry);
    g_free(sending->folder);
    g_free(sending);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sending, sending_free)

/* The first check that stops, as an error. */
static bool
check(Session *session, const Draft *draft, GError **error)
{
    g_autoptr(GPtrArray) checks = draft_checks(session, draft);
    const DraftCheck *worst = checks->len > 0 ? checks->pdata[0] : NULL;
    g_autofree char *safe = NULL;

    if (worst == NULL || worst->kind != DRAFT_CHECK_STOP)
        return true;
    safe = text_sanitise(worst->text, -1, TEXT_LINE);
    return err_set(error, ERR_USAGE, "not sent: %s", safe);
}

static Account *
sender_account(Session *session, const Draft *draft, GError **error)
{
    Account *account = identity_sender(session, draft->account, draft->from);

    return account ? account
                   : err_null(error, ERR_USAGE,
                              "there is no account to send from: describe one "
                              "in posthorn.conf (`posthorn help account`)");
}

void
send_take_options(Session *session, Draft *draft)
{
    const Options *options = session_options(session);
    const Account *writer = draft_writer(session, draft);
    const char *name = writer ? account_name(writer) : NULL;

    draft->smallest = options_bool(options, "smallest-charset", name);
    draft->flowed = options_bool(options, "format-flowed", name);
    draft->receipt = options_bool(options, "request-receipt", name);
    draft->eight_bit =
        outbox_takes_8bit(session_outbox(session), draft_lane(session, draft));
}

guint
send_undo_seconds(Session *session, const Draft *draft)
{
    const Account *writer = draft_writer(session, draft);

    return (guint)options_int(session_options(session), "undo-send",
                              writer ? account_name(writer) : NULL);
}

static gint64
send_time(const Sending *s)
{
    gint64 now = clock_now();

    if (s->how.at > now)
        return s->how.at;
    if (s->how.no_undo)
        return now;
    return now + send_undo_seconds(s->session, s->draft);
}

static OutboxEntry *
make_entry(Sending *s, const Account *account, GError **error)
{
    const Draft *draft = s->draft;
    g_autoptr(OutboxEntry) entry = outbox_entry_create();
    g_autofree char *address = mime_first_address(draft->from);
    g_auto(GStrv) recipients = draft_recipients(draft, error);
    const Account *writer = draft_writer(s->session, draft);

    if (recipients == NULL)
        return NULL;
    for (char **recipient = recipients; *recipient; recipient++)
        outbox_entry_add(entry, *recipient);
    entry->account = g_strdup(account_name(account));
    entry->identity = g_strdup(identity_name(writer));
    entry->sender = mime_envelope_address(address);
    if (entry->sender == NULL)
        return err_null(error, ERR_USAGE, "From: “%s” is no address", address);
    entry->not_before = send_time(s);
    if (draft->kind < DRAFT_AS_NEW)
        entry->parent = draft->parent;
    entry->is_forward =
        draft->kind == DRAFT_FORWARD || draft->kind == DRAFT_FORWARD_ATTACHED;
    entry->draft = g_strdup(draft->path);
    entry->message_id = mime_new_message_id(address);
    entry->from = g_strdup(draft->from);
    entry->to = g_strdup(*draft->to ? draft->to : draft->cc);
    entry->subject = g_strdup(draft->subject);
    return g_steal_pointer(&entry);
}

/* It ended, one way or the other; the draft may be sent again. */
static void
end(Sending *s, const GError *error)
{
    Outbox *outbox = session_outbox(s->session);

    g_hash_table_remove(outbox->leaving, s->draft->path);
    if (error == NULL)
        draft_closed(s->session, s->draft->path);
    s->done(error ? NULL : s->entry->id, error, s->user);
}

static bool
fill(int fd, void *user, GError **error)
{
    Sending *s = user;

    return draft_build_to(s->draft, s->entry->message_id, s->date, fd, error);
}

static void *
build(Job *job, void *request, GError **error)
{
    Sending *s = request;

    outbox_entry_write(s->folder, s->entry, fill, s, error);
    return NULL;
}

static void
built(void *user, void *answer, const GError *error)
{
    Sending *s = user;
    g_autoptr(GError) reason = error ? g_error_copy(error) : NULL;

    if (reason == NULL)
        outbox_queue(session_outbox(s->session), s->entry, &reason);
    end(s, reason);
}

/* In a thread of its own: files of many megabytes are read, encoded and made
 * durable, and keys do not wait for that. */
static const JobClass build_class = {
    .name = "build message",
    .run = build,
    .answer = built,
    .free_request = (GDestroyNotify)sending_free,
};

/* The last look, then the envelope. */
static bool
prepare(Sending *s, GError **error)
{
    const Account *account = sender_account(s->session, s->draft, error);

    if (account == NULL || !check(s->session, s->draft, error))
        return false;
    s->entry = make_entry(s, account, error);
    if (s->entry == NULL)
        return false;
    send_take_options(s->session, s->draft);
    if (!draft_seal(s->session, s->draft, error))
        return false;
    s->folder = g_strdup(session_outbox(s->session)->folder);
    s->date = clock_now();
    return true;
}

static void
after_hooks(const char *text, const GError *refusal, void *user)
{
    g_autoptr(Sending) s = user;
    g_autoptr(GError) error = NULL;

    if (refusal == NULL)
        draft_parse(s->draft, text);
    if (refusal || !prepare(s, &error)) {
        end(s, refusal ? refusal : error);
        return;
    }
    outbox_build(session_outbox(s->session), &build_class, s);
    g_steal_pointer(&s);
}

static Event *
before_event(const Draft *draft)
{
    Event *event = event_create("before-send");

    event_set(event, "account", draft->account);
    event_set(event, "file", draft->path);
    event_set(event, "from", draft->from);
    event_set(event, "to", draft->to);
    event_set(event, "cc", draft->cc);
    event_set(event, "bcc", draft->bcc);
    event_set(event, "subject", draft->subject);
    event_set_int(event, "size", (gint64)draft_size(draft));
    return event;
}

static Draft *
load_sendable(Session *session, const char *path, GError **error)
{
    Outbox *outbox = session_outbox(session);
    g_autoptr(Draft) draft = draft_load(path, error);

    if (draft == NULL || !check(session, draft, error))
        return NULL;
    if (outbox_has_draft(outbox, path))
        return err_null(error, ERR_USAGE,
                        "the draft is in the outbox already: `posthorn "
                        "outbox` shows it");
    return g_steal_pointer(&draft);
}

void
send_draft(Session *session, const char *path, const SendHow *how,
           SendDone done, void *user)
{
    g_autoptr(GError) error = NULL;
    Draft *draft = load_sendable(session, path, &error);
    g_autoptr(Event) event = NULL;
    g_autofree char *text = NULL;
    Sending *s;

    if (draft == NULL) {
        done(NULL, error, user);
        return;
    }
    s = g_new0(Sending, 1);
    s->session = session;
    s->draft = draft;
    s->how = *how;
    s->done = done;
    s->user = user;
    g_hash_table_add(session_outbox(session)->leaving, g_strdup(path));
    event = before_event(draft);
    text = draft_text(draft);
    hooks_fire_before(session_hooks(session), event, text, after_hooks, s);
}
