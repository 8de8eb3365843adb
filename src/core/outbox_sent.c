/* What follows when a server took a message: the Sent copy of the same bytes,
 * the tag on the message that was answered, the event, and the end of the
 * entry. Every step may be done again after a crash (promise P80: a copy that
 * cannot be stored never leads to a second submission). */
#include "outbox_private.h"

#include "account_url.h"
#include "base/clock.h"
#include "base/err.h"
#include "core/account.h"
#include "core/act.h"
#include "core/arrive.h"
#include "core/contacts.h"
#include "core/draft.h"
#include "core/identity.h"
#include "core/indexer.h"
#include "settle.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

Event *
outbox_event(Outbox *outbox, const char *name, const OutboxEntry *entry)
{
    g_autofree char *file = outbox_bytes_path(outbox->folder, entry->id);
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    Event *event = event_create(name);

    for (guint i = 0; i < entry->recipients->len; i++)
        g_ptr_array_add(
            all, ((OutboxRecipient *)entry->recipients->pdata[i])->address);
    g_ptr_array_add(all, NULL);
    event_set(event, "account", entry->account);
    event_set(event, "file", file);
    event_set(event, "message_id", entry->message_id);
    event_set(event, "from", entry->from);
    event_set(event, "to", entry->to);
    event_set_list(event, "recipients", (const char *const *)all->pdata);
    event_set(event, "subject", entry->subject);
    event_set_int(event, "size", (gint64)entry->size);
    event_set(event, "reason", entry->reason);
    return event;
}

/* Servers that file what they send themselves: a second copy would follow. */
static bool
server_files(Outbox *outbox, const OutboxEntry *entry)
{
    const char *account =
        identity_lane(outbox->session, entry->account, entry->identity);
    static const char *const hosts[] = { "smtp.gmail.com",
                                         "smtp.googlemail.com",
                                         "smtp.office365.com",
                                         "smtp-mail.outlook.com" };
    const char *text = options_get(session_options(outbox->session), "outgoing",
                                   account, NULL);
    g_auto(AccountUrl) url = { 0 };

    if (text == NULL || !account_url_parse(account, false, text, &url, NULL)
        || url.kind != URL_SMTP)
        return false;
    for (gsize i = 0; i < G_N_ELEMENTS(hosts); i++)
        if (g_ascii_strcasecmp(url.host, hosts[i]) == 0)
            return true;
    return false;
}

static bool
wants_copy(Outbox *outbox, const OutboxEntry *entry)
{
    const char *save =
        options_get(session_options(outbox->session), "save-sent",
                    entry->identity ? entry->identity : entry->account, NULL);

    if (session_account(outbox->session, entry->account) == NULL
        || g_strcmp0(save, "no") == 0)
        return false;
    return g_strcmp0(save, "yes") == 0 || !server_files(outbox, entry);
}

/* The account's folder for the role; made when it has none. 0 on error. */
static gint64
role_folder(Session *session, const char *account, FolderRole role,
            const char *name, GError **error)
{
    g_autoptr(StoreFolder) folder =
        store_folder_by_role(session_store(session), account, role, NULL);

    return folder ? folder->id
                  : session_make_folder(session, account, name, role, error);
}

/* Did an earlier try, before a crash, store the copy already? */
static bool
has_copy(Session *session, const OutboxEntry *entry, gint64 folder)
{
    Store *store = session_store(session);
    g_autoptr(GArray) ids = entry->message_id
                                ? store_find_id(store, entry->message_id, NULL)
                                : NULL;

    for (guint i = 0; ids && i < ids->len; i++) {
        g_autoptr(StoreRow) row =
            store_row(store, g_array_index(ids, gint64, i), NULL);

        if (row && row->folder == folder)
            return true;
    }
    return false;
}

static bool
append(Outbox *outbox, const char *path, gint64 folder, unsigned flags,
       GError **error)
{
    ActAppend what = { .folder = folder, .path = path, .flags = flags };

    return act_append(outbox->session, &what, error) != 0;
}

/* OUTBOX_STAGE_READY: it is kept. */
static OutboxStage
keep_copy(Outbox *outbox, const OutboxEntry *entry, GError **error)
{
    Session *session = outbox->session;
    g_autoptr(StoreFolder) folder = NULL;
    g_autofree char *path = NULL;
    OutboxStage stage = OUTBOX_STAGE_READY;
    gint64 id;

    if (entry->no_copy || !wants_copy(outbox, entry))
        return OUTBOX_STAGE_READY;
    id = role_folder(session, entry->account, FOLDER_ROLE_SENT, "Sent", error);
    folder = id ? store_folder(session_store(session), id, error) : NULL;
    if (folder == NULL)
        return OUTBOX_STAGE_FAILED;
    path = outbox_stage_path(outbox, entry->id, folder->path);
    if (!has_copy(session, entry, id)) {
        stage = outbox_stage(outbox, entry->id, folder->path, error);
        if (stage == OUTBOX_STAGE_READY
            && !append(outbox, path, id, STORE_FLAG_SEEN, error))
            return OUTBOX_STAGE_FAILED;
    }
    if (stage == OUTBOX_STAGE_READY)
        unlink(path);
    return stage;
}

/* Replied or passed on: no act of its own, so nothing to undo. */
static bool
tag_parent(Outbox *outbox, const OutboxEntry *entry, GError **error)
{
    Session *session = outbox->session;
    Store *store = session_store(session);
    unsigned flag = entry->is_forward ? STORE_FLAG_PASSED : STORE_FLAG_REPLIED;
    g_autoptr(StoreRow) row = NULL;
    g_autoptr(StoreFolder) folder = NULL;
    Account *account;

    if (entry->parent == 0)
        return true;
    row = store_row(store, entry->parent, NULL);
    if (row == NULL || (row->flags & flag))
        return true; /* gone, or done */
    if (!store_set_flags(store, row->id, row->flags | flag, error))
        return false;
    settler_kick(session_settler(session));
    indexer_kick(session_indexer(session));
    folder = store_folder(store, row->folder, NULL);
    account = folder ? session_account(session, folder->account) : NULL;
    if (account)
        account_kick(account);
    session_rows_changed(session);
    return true;
}

static void
tell_sent(Outbox *outbox, const OutboxEntry *entry)
{
    g_autoptr(Event) event = outbox_event(outbox, "message-sent", entry);
    const OutboxRecipient *first = entry->recipients->pdata[0];
    guint others = entry->recipients->len - 1;

    event_bus_emit(session_bus(outbox->session), event);
    contacts_note_sent(outbox->session, entry);
    if (entry->state != OUTBOX_SENT)
        return;
    if (others > 0)
        frontend_tell(session_frontend(outbox->session), TELL_INFO, false,
                      "Sent to %s and %u more.", first->address, others);
    else
        frontend_tell(session_frontend(outbox->session), TELL_INFO, false,
                      "Sent to %s.", first->address);
}

static bool
finish(Outbox *outbox, const OutboxEntry *entry, GError **error)
{
    if (entry->state != OUTBOX_SENT)
        return outbox_entry_save(outbox->folder, entry, error);
    /* The draft first: a crash in between must not offer again what is sent. */
    return (entry->draft == NULL
            || draft_discard(outbox->session, entry->draft, error))
           && outbox_entry_remove(outbox->folder, entry->id, error);
}

static bool
file_locked(Outbox *outbox, const char *id, GError **error)
{
    g_autoptr(OutboxEntry) entry = outbox_entry_load(outbox->folder, id, error);
    OutboxStage stage = OUTBOX_STAGE_READY;
    bool news;

    if (entry == NULL)
        return false;
    news = entry->accepted && !entry->filed;
    if (news)
        stage = keep_copy(outbox, entry, error);
    if (stage != OUTBOX_STAGE_READY)
        return stage == OUTBOX_STAGE_BEHIND;
    if (news && !tag_parent(outbox, entry, error))
        return false;
    entry->filed = entry->filed || entry->accepted;
    if (!finish(outbox, entry, error))
        return false;
    if (news)
        tell_sent(outbox, entry);
    return true;
}

bool
outbox_file(Outbox *outbox, const char *id, GError **error)
{
    int fd = outbox_entry_lock(outbox->folder, id, NULL);
    bool ok;

    if (fd < 0)
        return true; /* gone, or another process does it */
    ok = file_locked(outbox, id, error);
    close(fd);
    return ok;
}

static void
tell_doubt(Frontend *frontend, const OutboxEntry *entry)
{
    const char *subject = entry->subject ? entry->subject : "";
    g_autofree char *clock = clock_text(entry->next_try);

    if (outbox_entry_due(entry) >= 0)
        frontend_tell(frontend, TELL_ERROR, false,
                      "Perhaps sent: “%s”. The server did not answer after "
                      "the end of the message. The same message is sent once "
                      "more at %s; `outbox cancel %s` takes it out",
                      subject, clock, entry->id);
    else
        frontend_tell(frontend, TELL_ERROR, false,
                      "Perhaps sent: “%s”. The server did not answer after "
                      "the end of the message: `outbox retry %s` sends it "
                      "once more, `outbox cancel %s` takes it out",
                      subject, entry->id, entry->id);
}

/* "Not sent to x@y: There is no such mailbox … (550 …)" */
void
outbox_tell_trouble(Outbox *outbox, const OutboxEntry *entry)
{
    g_autoptr(Event) event = outbox_event(outbox, "send-failed", entry);
    Frontend *frontend = session_frontend(outbox->session);

    event_bus_emit(session_bus(outbox->session), event);
    if (entry->state == OUTBOX_IN_DOUBT) {
        tell_doubt(frontend, entry);
        return;
    }
    for (guint i = 0; i < entry->recipients->len; i++) {
        const OutboxRecipient *recipient = entry->recipients->pdata[i];

        if (recipient->state != OUTBOX_FAILED)
            continue;
        frontend_tell(frontend, TELL_ERROR, false,
                      "Not sent to %s: %s `outbox cancel %s` gives the draft "
                      "back",
                      recipient->address,
                      recipient->reply ? recipient->reply : entry->reason,
                      entry->id);
    }
}

static bool
deliver_locked(Outbox *outbox, const char *id, GError **error)
{
    Session *session = outbox->session;
    g_autofree char *path = outbox_bytes_path(outbox->folder, id);
    g_autoptr(OutboxEntry) entry = outbox_entry_load(outbox->folder, id, error);
    ActAppend what = { .path = path };
    gint64 row;

    if (entry == NULL)
        return false;
    what.folder =
        role_folder(session, entry->account, FOLDER_ROLE_INBOX, "INBOX", error);
    row = what.folder ? act_append(session, &what, error) : 0;
    if (row == 0)
        return false;
    for (guint i = 0; i < entry->recipients->len; i++)
        ((OutboxRecipient *)entry->recipients->pdata[i])->state = OUTBOX_SENT;
    entry->accepted = true;
    outbox_entry_sum_up(entry);
    if (!outbox_entry_save(outbox->folder, entry, error))
        return false;
    arrive(session, &row, 1, false);
    return true;
}

bool
outbox_deliver_here(Outbox *outbox, const char *id, GError **error)
{
    int fd = outbox_entry_lock(outbox->folder, id, NULL);
    bool ok;

    if (fd < 0)
        return true;
    ok = deliver_locked(outbox, id, error);
    close(fd);
    return ok && outbox_file(outbox, id, error);
}
