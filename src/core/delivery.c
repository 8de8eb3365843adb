/* Delivery reports and receipts that arrive: matched to the message that was
 * sent, by the envelope id that it carried (it is the Message-ID) or by the
 * Message-ID of what is enclosed. The sent row gets the tag "bounced",
 * "delayed", "delivered" or "displayed", from which the index makes the
 * property posthorn.delivery; `bounce-received` is told. Must not believe a
 * report about what nobody here sent. */
#include "core/delivery.h"

#include "base/text.h"
#include "core/account.h"
#include "core/identity.h"
#include "core/indexer.h"
#include "mime/mime.h"
#include "smtp/smtp.h"

#include <string.h>

static const struct {
    const char *action; /* RFC 3464, 2.3.3 */
    const char *tag;
} actions[] = {
    { "delivered", "delivered" },
    { "relayed", "delivered" },
    { "expanded", "delivered" },
    { "displayed", "displayed" },
    { "delayed", "delayed" },
    { "failed", "bounced" }, /* the last one is the worst */
};

static int
badness(const char *action)
{
    for (gsize i = 0; i < G_N_ELEMENTS(actions); i++)
        if (strcmp(actions[i].action, action) == 0)
            return (int)i;
    return -1;
}

const char *
delivery_of_tags(const char *tags)
{
    g_auto(GStrv) words = g_strsplit(tags ? tags : "", " ", -1);

    for (gsize i = G_N_ELEMENTS(actions); i > 0; i--)
        if (g_strv_contains((const char *const *)words, actions[i - 1].tag))
            return actions[i - 1].tag;
    return NULL;
}

/* Is it worth reading the file? Who reports is a machine, or says what it is
 * about. */
static bool
looks_like_report(const StoreRow *row)
{
    static const char *const senders[] = { "mailer-daemon", "mailerdaemon",
                                           "postmaster", "mail-daemon",
                                           "microsoftexchange" };
    static const char *const words[] = {
        "deliver",
        "returned mail",
        "failure notice",
        "mail system",
        /* receipts, as programs of several languages name them */
        "receipt",
        "disposition",
        "read:",
        "gelesen",
        "lesebest",
        "lu :",
        "lu:",
        "leído",
        "letto",
        "gelezen",
        "displayed",
    };
    g_autofree char *subject =
        g_utf8_strdown(row->subject ? row->subject : "", -1);
    const char *from = row->from_addr ? row->from_addr : "";

    for (gsize i = 0; i < G_N_ELEMENTS(senders); i++)
        if (g_ascii_strncasecmp(from, senders[i], strlen(senders[i])) == 0)
            return true;
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (strstr(subject, words[i]))
            return true;
    return *from == '\0';
}

static int
by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "todo" and "bounced" is "bounced todo": sorted, the delivery tags of before
 * gone. */
static char *
with_tag(const char *tags, const char *tag)
{
    g_auto(GStrv) words = g_strsplit(tags ? tags : "", " ", -1);
    g_autoptr(GPtrArray) kept = g_ptr_array_new();

    for (char **word = words; *word; word++)
        if (**word && delivery_of_tags(*word) == NULL)
            g_ptr_array_add(kept, *word);
    g_ptr_array_add(kept, (char *)tag);
    g_ptr_array_sort(kept, by_text);
    g_ptr_array_add(kept, NULL);
    return g_strjoinv(" ", (char **)kept->pdata);
}

/* How final a tag is. One recipient's bounce is not undone by what is said of
 * another; what was delayed may be delivered after all. */
static int
finality(const char *tag)
{
    static const char *const order[] = { "delayed", "delivered", "displayed",
                                         "bounced" };

    for (gsize i = 0; tag && i < G_N_ELEMENTS(order); i++)
        if (strcmp(order[i], tag) == 0)
            return (int)i;
    return -1;
}

static void
mark(Session *session, const StoreRow *row, const char *tag)
{
    g_autofree char *tags = with_tag(row->tags, tag);
    g_autoptr(StoreFolder) folder = NULL;
    Account *account;

    if (finality(tag) <= finality(delivery_of_tags(row->tags))
        || !store_set_tags(session_store(session), row->id, tags, NULL))
        return;
    indexer_kick(session_indexer(session));
    folder = store_folder(session_store(session), row->folder, NULL);
    account = folder ? session_account(session, folder->account) : NULL;
    if (account)
        account_kick(account);
    session_rows_changed(session);
}

/* "There is no such mailbox at that domain. (5.1.1 550 unknown user)" */
static char *
reason_of(const MimeReportRecipient *recipient)
{
    const char *status = recipient->status ? recipient->status : "";
    SmtpReply reply = { .code = *status == '4' ? 450 : 550,
                        .enhanced = recipient->status };

    return g_strdup_printf("%s (%s%s%s)", smtp_reply_explain(&reply), status,
                           *status && recipient->reason ? " " : "",
                           recipient->reason ? recipient->reason : "");
}

static const MimeReportRecipient *
worst(const MimeReport *report)
{
    const MimeReportRecipient *found = NULL;

    for (guint i = 0; i < report->recipients->len; i++) {
        const MimeReportRecipient *one = report->recipients->pdata[i];

        if (badness(one->action) >= 0
            && (found == NULL || badness(one->action) > badness(found->action)))
            found = one;
    }
    return found;
}

static void
tell(Session *session, gint64 id, const StoreRow *sent,
     const MimeReportRecipient *recipient)
{
    const char *tag = actions[badness(recipient->action)].tag;
    g_autofree char *reason = reason_of(recipient);
    g_autoptr(Event) event = NULL;

    if (strcmp(tag, "delivered") == 0)
        return;
    if (strcmp(tag, "displayed") == 0) {
        frontend_tell(session_frontend(session), TELL_INFO, false,
                      "%s has seen “%s”", recipient->address,
                      sent->subject ? sent->subject : "");
        return;
    }
    event = session_message_event(session, "bounce-received", id);
    event_set(event, "reason", reason);
    event_set(event, "message_id", sent->message_id);
    event_set(event, "recipient", recipient->address);
    event_set(event, "state", tag);
    event_bus_emit(session_bus(session), event);
    frontend_tell(session_frontend(session), TELL_ERROR, false,
                  "“%s” to %s is %s: %s", sent->subject ? sent->subject : "",
                  recipient->address, tag, reason);
}

/* The sent rows of that Message-ID: a copy may lie in several folders. */
static bool
match(Session *session, gint64 id, const char *message_id,
      const MimeReportRecipient *recipient)
{
    Store *store = session_store(session);
    g_autoptr(GArray) ids =
        message_id ? store_find_id(store, message_id, NULL) : NULL;
    bool found = false;

    for (guint i = 0; ids && i < ids->len; i++) {
        g_autoptr(StoreRow) row =
            store_row(store, g_array_index(ids, gint64, i), NULL);

        if (row == NULL || row->from_addr == NULL
            || !identity_is_own(session, row->from_addr))
            continue;
        mark(session, row, actions[badness(recipient->action)].tag);
        if (!found)
            tell(session, id, row, recipient);
        found = true;
    }
    return found;
}

void
delivery_look(Session *session, gint64 id)
{
    g_autoptr(StoreRow) row = store_row(session_store(session), id, NULL);
    g_autoptr(MimeMessage) message = NULL;
    g_autoptr(MimeReport) report = NULL;
    const MimeReportRecipient *recipient;

    if (row == NULL || !looks_like_report(row))
        return;
    message = session_load_message(session, row, NULL);
    report = message ? mime_report(message) : NULL;
    recipient = report ? worst(report) : NULL;
    if (recipient && !match(session, id, report->envelope_id, recipient))
        match(session, id, report->message_id, recipient);
}
