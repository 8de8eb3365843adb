/* A whole message from another program on its way to the outbox, as sendmail(8)
 * takes it. Must not touch more of it than it has to: line ends, Bcc, and the
 * fields that RFC 5322, 3.6 demands (RFC 6409, 8). */
#include "core/send.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "core/account.h"
#include "core/identity.h"
#include "mime/mime.h"
#include "outbox_private.h"

#include <string.h>

typedef struct {
    Session *session;
    const Account *account;
    OutboxEntry *entry;
    GBytes *bytes;
    SendDone done;
    void *user;
} Raw;

static void
raw_free(Raw *raw)
{
    outbox_entry_free(raw->entry);
    if (raw->bytes)
        g_bytes_unref(raw->bytes);
    g_free(raw);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Raw, raw_free)

static bool
is_field(const char *line, gsize size, const char *name)
{
    gsize length = strlen(name);

    return size > length && g_ascii_strncasecmp(line, name, length) == 0
           && line[length] == ':';
}

/* Length of the line at text, without its end; *next is where the next one
 * begins. A line ends with CRLF, LF or CR. */
static gsize
line_at(const char *text, const char *end, const char **next)
{
    const char *at = text;

    while (at < end && *at != '\r' && *at != '\n')
        at++;
    *next = at < end ? at + 1 : end;
    if (at + 1 < end && at[0] == '\r' && at[1] == '\n')
        *next = at + 2;
    return (gsize)(at - text);
}

/* What the header lacks is put on top of it. */
static void
add_missing(GByteArray *out, const Raw *raw, MimeMessage *message)
{
    g_autoptr(GDateTime) now = g_date_time_new_from_unix_utc(clock_now());
    g_autoptr(GString) top = g_string_new(NULL);

    if (mime_header(message, "From") == NULL)
        g_string_append_printf(top, "From: %s\r\n",
                               account_address(raw->account));
    if (mime_header(message, "Message-ID") == NULL)
        g_string_append_printf(top, "Message-ID: <%s>\r\n",
                               raw->entry->message_id);
    if (mime_header(message, "Date") == NULL) {
        static const char *const days[] = { "Mon", "Tue", "Wed", "Thu",
                                            "Fri", "Sat", "Sun" };
        static const char *const months[] = { "Jan", "Feb", "Mar", "Apr",
                                              "May", "Jun", "Jul", "Aug",
                                              "Sep", "Oct", "Nov", "Dec" };
        g_autofree char *clock = g_date_time_format(now, "%Y %H:%M:%S +0000");

        g_string_append_printf(top, "Date: %s, %d %s %s\r\n",
                               days[g_date_time_get_day_of_week(now) - 1],
                               g_date_time_get_day_of_month(now),
                               months[g_date_time_get_month(now) - 1], clock);
    }
    g_byte_array_append(out, (const guint8 *)top->str, (guint)top->len);
}

/* The message with CRLF, without Bcc, without an mbox "From " line. */
static GBytes *
clean(const Raw *raw, GBytes *bytes, MimeMessage *message)
{
    gsize size;
    const char *at = g_bytes_get_data(bytes, &size);
    const char *end = at + size;
    GByteArray *out = g_byte_array_sized_new((guint)size + 1024);
    bool in_header = true;
    bool dropping = false;
    const char *next;

    add_missing(out, raw, message);
    if (size >= 5 && memcmp(at, "From ", 5) == 0) {
        line_at(at, end, &next);
        at = next;
    }
    for (; at < end; at = next) {
        gsize length = line_at(at, end, &next);

        in_header = in_header && length > 0;
        if (*at != ' ' && *at != '\t')
            dropping = is_field(at, length, "Bcc")
                       || is_field(at, length, "Resent-Bcc");
        if (in_header && dropping)
            continue;
        g_byte_array_append(out, (const guint8 *)at, (guint)length);
        g_byte_array_append(out, (const guint8 *)"\r\n", 2);
    }
    return g_byte_array_free_to_bytes(out);
}

static void
add_once(OutboxEntry *entry, const char *address)
{
    for (guint i = 0; i < entry->recipients->len; i++) {
        const OutboxRecipient *known = entry->recipients->pdata[i];

        if (strcmp(known->address, address) == 0)
            return;
    }
    outbox_entry_add(entry, address);
}

/* A name without a domain is a user of this machine, as cron writes to: that
 * is the account itself. */
static bool
add_recipient(const Raw *raw, const char *address, GError **error)
{
    g_autoptr(GPtrArray) list = mime_addresses(address);
    const MimeAddress *one = list->len == 1 ? list->pdata[0] : NULL;
    g_autofree char *safe = text_sanitise(address, -1, TEXT_LINE);

    if (one == NULL || strpbrk(one->addr, " <>\r\n") != NULL)
        return err_set(error, ERR_USAGE,
                       "“%s” is no address: write name@domain", safe);
    add_once(raw->entry, strchr(one->addr, '@')
                             ? one->addr
                             : account_address(raw->account));
    return true;
}

static bool
add_recipients(const Raw *raw, const SendMessage *what, MimeMessage *message,
               GError **error)
{
    static const char *const fields[] = { "To", "Cc", "Bcc" };

    for (const char *const *address = what->recipients; address && *address;
         address++)
        if (!add_recipient(raw, *address, error))
            return false;
    for (gsize i = 0; what->read_recipients && i < G_N_ELEMENTS(fields); i++) {
        g_autoptr(GPtrArray) list = mime_header_addresses(message, fields[i]);

        for (guint k = 0; k < list->len; k++)
            if (!add_recipient(raw, ((MimeAddress *)list->pdata[k])->addr,
                               error))
                return false;
    }
    return raw->entry->recipients->len > 0
           || err_set(error, ERR_USAGE,
                      "no recipient: name one, or use -t to take them from the "
                      "header");
}

/* By -f, else by From, else the first account. */
static const Account *
choose_account(Session *session, const SendMessage *what, const GPtrArray *from,
               GError **error)
{
    const GPtrArray *accounts = session_accounts(session);
    const Account *account = NULL;

    if (what->account) {
        account = session_account(session, what->account);
        return account ? account
                       : err_null(error, ERR_USAGE, "no account is called %s",
                                  what->account);
    }
    if (from->len > 0)
        account =
            identity_account(session, ((MimeAddress *)from->pdata[0])->addr);
    if (account == NULL && what->sender)
        account = identity_account(session, what->sender);
    if (account == NULL && accounts->len > 0)
        account = accounts->pdata[0];
    return account ? account
                   : err_null(error, ERR_USAGE,
                              "there is no account to send from: `posthorn "
                              "setup` adds one");
}

static bool
fill_entry(Raw *raw, const SendMessage *what, GError **error)
{
    gsize size;
    const char *bytes = g_bytes_get_data(what->bytes, &size);
    g_autoptr(MimeMessage) message = mime_load_bytes(bytes, size);
    g_autoptr(GPtrArray) from = mime_header_addresses(message, "From");
    g_auto(MimeSummary) summary = { 0 };
    OutboxEntry *entry = raw->entry;

    if (size == 0)
        return err_set(error, ERR_USAGE, "the message is empty");
    raw->account = choose_account(raw->session, what, from, error);
    if (raw->account == NULL || !add_recipients(raw, what, message, error))
        return false;
    mime_summarise(bytes, size, &summary);
    entry->account = g_strdup(account_name(raw->account));
    entry->sender =
        g_strdup(what->sender    ? what->sender
                 : from->len > 0 ? ((MimeAddress *)from->pdata[0])->addr
                                 : account_address(raw->account));
    entry->message_id =
        summary.message_id ? g_strdup(summary.message_id)
                           : mime_new_message_id(account_address(raw->account));
    entry->from = g_strdup(mime_header(message, "From"));
    entry->to = g_strdup(mime_header(message, "To"));
    entry->subject = g_strdup(summary.subject);
    raw->bytes = clean(raw, what->bytes, message);
    return true;
}

static void
after_hooks(const HookVerdict *verdict, void *user)
{
    g_autoptr(Raw) raw = user;
    g_autoptr(GError) error = NULL;
    const char *id = NULL;

    if (verdict->refused) {
        g_autofree char *why = text_sanitise(
            verdict->reason ? verdict->reason : "", -1, TEXT_LINE);

        err_set(&error, ERR_USAGE, "not sent: a before-send hook refused%s%s",
                *why ? ": " : "", why);
    } else {
        if (verdict->text) {
            g_autoptr(GBytes) text =
                g_bytes_new(verdict->text, strlen(verdict->text));
            g_autoptr(MimeMessage) message =
                mime_load_bytes(verdict->text, strlen(verdict->text));

            g_bytes_unref(raw->bytes);
            raw->bytes = clean(raw, text, message);
        }
        if (outbox_add(session_outbox(raw->session), raw->entry, raw->bytes,
                       &error))
            id = raw->entry->id;
    }
    raw->done(id, error, raw->user);
}

static Event *
before_event(const OutboxEntry *entry)
{
    Event *event = event_create("before-send");

    event_set(event, "account", entry->account);
    event_set(event, "from", entry->from);
    event_set(event, "to", entry->to);
    event_set(event, "subject", entry->subject);
    event_set(event, "message_id", entry->message_id);
    return event;
}

void
send_message(Session *session, const SendMessage *what, SendDone done,
             void *user)
{
    g_autoptr(Raw) raw = g_new0(Raw, 1);
    g_autoptr(GError) error = NULL;
    g_autoptr(Event) event = NULL;
    g_autofree char *text = NULL;
    gsize size;
    const char *bytes;

    raw->session = session;
    raw->entry = outbox_entry_create();
    raw->done = done;
    raw->user = user;
    if (!fill_entry(raw, what, &error)) {
        done(NULL, error, user);
        return;
    }
    event = before_event(raw->entry);
    bytes = g_bytes_get_data(raw->bytes, &size);
    if (hooks_has(session_hooks(session), "before-send")
        && g_utf8_validate(bytes, (gssize)size, NULL))
        text = g_strndup(bytes, size);
    hooks_fire_before(session_hooks(session), event, text, after_hooks,
                      g_steal_pointer(&raw));
}
