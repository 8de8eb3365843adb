/* Receipts for mail that was read (RFC 8098). Must never be called but by a
 * command of the user's (promise P68). */
#include "core/receipt.h"

#include "base/clock.h"
#include "base/err.h"
#include "core/account.h"
#include "core/identity.h"
#include "mime/mime.h"
#include "outbox_private.h"

#include <string.h>

#define SENT_TAG "$MDNSent"

typedef struct {
    Session *session;
    StoreRow *row;
    const Account *account;
    MimeMessage *message; /* borrowed */
    MimeMessage *loaded;  /* NULL: somebody had it */
    char *to;             /* who asks */
} Receipt;

static void
receipt_clear(Receipt *receipt)
{
    g_clear_pointer(&receipt->row, store_row_free);
    g_clear_pointer(&receipt->loaded, mime_message_free);
    g_free(receipt->to);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Receipt, receipt_clear)

/* One address, that can be mailed to: several would be a list of strangers. */
static char *
asker(MimeMessage *message)
{
    g_autoptr(GPtrArray) list =
        mime_header_addresses(message, "Disposition-Notification-To");
    const char *addr =
        list->len == 1 ? ((MimeAddress *)list->pdata[0])->addr : "";

    return strchr(addr, '@') && strpbrk(addr, " <>\r\n") == NULL
               ? g_strdup(addr)
               : NULL;
}

static bool
find(Receipt *receipt, gint64 id)
{
    Session *session = receipt->session;
    g_autoptr(StoreFolder) folder = NULL;

    receipt->row = store_row(session_store(session), id, NULL);
    if (receipt->row == NULL || store_words_have(receipt->row->tags, SENT_TAG))
        return false;
    folder = store_folder(session_store(session), receipt->row->folder, NULL);
    receipt->account =
        folder ? session_account(session, folder->account) : NULL;
    if (receipt->account == NULL || folder->role == FOLDER_ROLE_JUNK
        || g_strcmp0(options_get(session_options(session), "read-receipts",
                                 folder->account, NULL),
                     "ask")
               != 0)
        return false;
    if (receipt->message == NULL) {
        receipt->loaded = session_load_message(session, receipt->row, NULL);
        receipt->message = receipt->loaded;
    }
    receipt->to = receipt->message ? asker(receipt->message) : NULL;
    return receipt->to != NULL && !identity_is_own(session, receipt->to);
}

char *
receipt_wanted(Session *session, gint64 id, MimeMessage *message)
{
    g_auto(Receipt) receipt = { .session = session, .message = message };

    return find(&receipt, id) ? g_steal_pointer(&receipt.to) : NULL;
}

/* A field of ours; values are addresses and ids, safe by then. */
static void add(GString *out, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
add(GString *out, const char *format, ...)
{
    g_autofree char *line = NULL;
    va_list args;

    va_start(args, format);
    line = g_strdup_vprintf(format, args);
    va_end(args);
    for (char *at = line; *at; at++)
        if (g_ascii_iscntrl(*at))
            *at = ' ';
    g_string_append_printf(out, "%s\r\n", line);
}

/* The report says what RFC 8098, 3.2 demands and nothing of this machine: no
 * Reporting-UA (promise P81). */
static GBytes *
build(const Receipt *receipt, const char *from, const char *id)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *boundary = g_uuid_string_random();
    g_autofree char *date = mime_date_text(clock_now());
    const char *about = receipt->row->message_id;

    add(out, "Date: %s", date);
    add(out, "From: <%s>", from);
    add(out, "To: <%s>", receipt->to);
    add(out, "Subject: Read receipt");
    add(out, "Message-ID: <%s>", id);
    if (about)
        add(out, "In-Reply-To: <%s>", about);
    add(out, "MIME-Version: 1.0");
    add(out, "Content-Type: multipart/report;");
    g_string_append_printf(out,
                           " report-type=disposition-notification;\r\n"
                           " boundary=\"%s\"\r\n\r\n",
                           boundary);
    add(out, "--%s", boundary);
    add(out, "Content-Type: text/plain; charset=us-ascii");
    add(out, "%s", "");
    add(out,
        "The message that you sent was displayed. This does not mean that");
    add(out, "it was read or understood.");
    add(out, "%s", "");
    add(out, "--%s", boundary);
    add(out, "Content-Type: message/disposition-notification");
    add(out, "%s", "");
    add(out, "Final-Recipient: rfc822; %s", from);
    if (about)
        add(out, "Original-Message-ID: <%s>", about);
    add(out, "Disposition: manual-action/MDN-sent-manually; displayed");
    add(out, "%s", "");
    add(out, "--%s--", boundary);
    return g_string_free_to_bytes(g_steal_pointer(&out));
}

/* "a b" and "$MDNSent", sorted. */
static char *
with_sent_tag(const char *tags)
{
    g_auto(GStrv) words = g_strsplit(tags ? tags : "", " ", -1);
    g_autoptr(GString) out = g_string_new(SENT_TAG);

    for (char **word = words; *word; word++)
        if (**word)
            g_string_append_printf(out, " %s", *word);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* *writer: the account, or the identity that it is of. */
static char *
own_address(const Receipt *receipt, const Account **writer)
{
    IdentityHint hint = { .parent = receipt->message };
    g_autofree char *from = NULL;
    char *address;

    *writer = identity_choose(receipt->session, receipt->account, &hint, &from);
    address = mime_first_address(from);
    return address ? address : g_strdup(account_address(receipt->account));
}

bool
receipt_send(Session *session, gint64 id, GError **error)
{
    g_auto(Receipt) receipt = { .session = session };
    g_autoptr(OutboxEntry) entry = outbox_entry_create();
    g_autofree char *from = NULL;
    g_autofree char *tags = NULL;
    g_autoptr(GBytes) bytes = NULL;
    const Account *writer;

    if (!find(&receipt, id))
        return err_set(error, ERR_USAGE,
                       "nobody asks for a receipt of this message, or "
                       "read-receipts is never");
    from = own_address(&receipt, &writer);
    tags = with_sent_tag(receipt.row->tags);
    entry->account = g_strdup(account_name(receipt.account));
    entry->identity = g_strdup(identity_name(writer));
    entry->sender = g_strdup(""); /* RFC 8098, 3: no answer to it */
    entry->message_id = mime_new_message_id(from);
    entry->from = g_strdup(from);
    entry->to = g_strdup(receipt.to);
    entry->subject = g_strdup("Read receipt");
    entry->no_copy = true;
    outbox_entry_add(entry, receipt.to);
    bytes = build(&receipt, from, entry->message_id);
    /* The tag first: a crash in between sends none, never two. */
    if (!store_set_tags(session_store(session), id, tags, error))
        return false;
    session_rows_changed(session);
    account_kick((Account *)receipt.account);
    return outbox_add(session_outbox(session), entry, bytes, error);
}
