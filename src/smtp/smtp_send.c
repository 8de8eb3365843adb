/* One mail transaction: MAIL, RCPT for each, DATA (RFC 5321, 3.3; RFC 2920
 * PIPELINING; RFC 1870 SIZE; RFC 6152 8BITMIME; RFC 6531 SMTPUTF8). Gives every
 * recipient an outcome, and says "sent" only for a complete final reply 2yz.
 *
 * Invariants:
 *   1  before the final dot is written, nothing has been sent: an end of the
 *      connection defers;
 *   2  from the final dot on, only a whole reply decides: anything else leaves
 *      every accepted recipient in doubt (promises P7, P9);
 *   3  recipients that were not accepted keep their own reply. */
#include "smtp_private.h"

#include "base/err.h"
#include "smtp_reply.h"

#include <string.h>

enum {
    BATCH = 50,          /* RCPT commands written before replies are read */
    DATA_SECONDS = 120,  /* RFC 5321, 4.5.3.2.4 */
    FINAL_SECONDS = 600, /* RFC 5321, 4.5.3.2.6 */
    ADDRESS_BYTES = 254 + 128,
};

typedef struct {
    SmtpConn *conn;
    SmtpMessage *message;
    SmtpContent content;
    GPtrArray *open; /* SmtpRecipient: not decided yet */
    bool utf8;       /* the transaction needs SMTPUTF8 */
    bool committed;  /* the final dot is on its way */
} Transaction;

static void
settle(SmtpRecipient *recipient, const SmtpReply *reply)
{
    recipient->outcome = smtp_reply_is_ok(reply)          ? SMTP_SENT
                         : smtp_reply_is_permanent(reply) ? SMTP_FAILED
                                                          : SMTP_DEFERRED;
    smtp_reply_copy(&recipient->reply, reply);
}

/* All that are still open share this fate. */
static void
settle_open(Transaction *tx, const SmtpReply *reply)
{
    for (guint i = 0; i < tx->open->len; i++)
        settle(tx->open->pdata[i], reply);
    g_ptr_array_set_size(tx->open, 0);
}

static void
refuse_open(Transaction *tx, int code, const char *enhanced, const char *text)
{
    g_auto(SmtpReply) reply = { 0 };

    smtp_reply_set(&reply, code, enhanced, text);
    settle_open(tx, &reply);
}

static bool
is_ascii(const char *text)
{
    for (; *text; text++)
        if ((guchar)*text >= 0x80)
            return false;
    return true;
}

/* No character that could end the path or the line (promise P58). */
static bool
is_mailable(const char *address)
{
    const char *at = strrchr(address, '@');

    if (at == NULL || at == address || at[1] == '\0'
        || strlen(address) > ADDRESS_BYTES
        || !g_utf8_validate(address, -1, NULL))
        return false;
    for (; *address; address++)
        if (g_ascii_iscntrl(*address) || *address == ' ' || *address == '<'
            || *address == '>')
            return false;
    return true;
}

static void
open_recipients(Transaction *tx)
{
    for (guint i = 0; i < tx->message->n_recipients; i++) {
        SmtpRecipient *recipient = &tx->message->recipients[i];

        recipient->outcome = SMTP_DEFERRED;
        smtp_reply_clear(&recipient->reply);
        if (is_mailable(recipient->address)) {
            g_ptr_array_add(tx->open, recipient);
            tx->utf8 = tx->utf8 || !is_ascii(recipient->address);
        } else {
            recipient->outcome = SMTP_FAILED;
            smtp_reply_set(&recipient->reply, 553, "5.1.3",
                           "not asked: this is no address");
        }
    }
}

/* What need not be tried, since the server said what it can take. */
static void
check_extensions(Transaction *tx)
{
    const SmtpConn *conn = tx->conn;
    const char *sender = tx->message->sender;
    g_autofree char *text = NULL;

    tx->utf8 = tx->utf8 || tx->content.header_8bit || !is_ascii(sender);
    if (*sender && !is_mailable(sender))
        refuse_open(tx, 553, "5.1.7", "not asked: the sender is no address");
    if (tx->utf8 && !(conn->extensions & SMTP_HAS_SMTPUTF8))
        refuse_open(tx, 553, "5.6.7",
                    "not asked: the server does not offer SMTPUTF8");
    if (conn->size_limit > 0 && tx->message->size > conn->size_limit) {
        text = g_strdup_printf("not asked: the message has %" G_GUINT64_FORMAT
                               " bytes, the server takes %" G_GUINT64_FORMAT,
                               tx->message->size, conn->size_limit);
        refuse_open(tx, 552, "5.3.4", text);
    }
}

static bool
write_mail(Transaction *tx, GError **error)
{
    const SmtpConn *conn = tx->conn;
    g_autoptr(GString) line = g_string_new(NULL);

    g_string_printf(line, "MAIL FROM:<%s>", tx->message->sender);
    if (conn->extensions & SMTP_HAS_SIZE)
        g_string_append_printf(line, " SIZE=%" G_GUINT64_FORMAT,
                               tx->message->size);
    if ((conn->extensions & SMTP_HAS_8BITMIME)
        && (tx->content.body_8bit || tx->utf8))
        g_string_append(line, " BODY=8BITMIME");
    if (tx->utf8)
        g_string_append(line, " SMTPUTF8");
    return smtp_conn_command(tx->conn, error, "%s", line->str);
}

/* A reply to MAIL or RCPT is 2yz, 4yz or 5yz. */
static bool
read_verdict(Transaction *tx, SmtpReply *reply, GError **error)
{
    if (!smtp_conn_reply(tx->conn, reply, 0, error))
        return false;
    if (reply->code / 100 != 3)
        return true;
    tx->conn->dead = true;
    return err_set(error, ERR_PROTOCOL,
                   "%s answered %d where that means "
                   "nothing",
                   tx->conn->params.net.host, reply->code);
}

/* Reads n replies to RCPT; who is accepted is kept in accepted. */
static bool
read_recipients(Transaction *tx, guint from, guint n, GPtrArray *accepted,
                GError **error)
{
    for (guint i = from; i < from + n; i++) {
        SmtpRecipient *recipient = tx->open->pdata[i];
        g_auto(SmtpReply) reply = { 0 };

        if (!read_verdict(tx, &reply, error))
            return false;
        if (smtp_reply_is_ok(&reply))
            g_ptr_array_add(accepted, recipient);
        else
            settle(recipient, &reply);
    }
    return true;
}

/* RCPT for each that is open, in batches. Who is refused is settled and no
 * longer open. */
static bool
offer_recipients(Transaction *tx, GError **error)
{
    bool pipelining = tx->conn->extensions & SMTP_HAS_PIPELINING;
    guint batch = pipelining ? BATCH : 1;
    GPtrArray *accepted = g_ptr_array_new();

    for (guint i = 0; i < tx->open->len; i += batch) {
        guint n = MIN(batch, tx->open->len - i);
        bool ok = true;

        for (guint k = i; ok && k < i + n; k++) {
            const SmtpRecipient *recipient = tx->open->pdata[k];

            ok = smtp_conn_command(tx->conn, error, "RCPT TO:<%s>",
                                   recipient->address);
        }
        if (!ok || !read_recipients(tx, i, n, accepted, error)) {
            g_ptr_array_unref(accepted);
            return false;
        }
    }
    g_ptr_array_unref(tx->open);
    tx->open = accepted;
    return true;
}

static bool
reset(Transaction *tx, GError **error)
{
    g_auto(SmtpReply) reply = { 0 };

    return tx->conn->dead || smtp_conn_ask(tx->conn, &reply, "RSET", error);
}

/* The bytes, then the final dot and the reply that decides. */
static bool
write_message(Transaction *tx, GError **error)
{
    SmtpMessage *message = tx->message;
    g_auto(SmtpReply) reply = { 0 };
    SmtpConn *conn = tx->conn;

    conn->dead = true; /* until the dialogue is whole again */
    if (!smtp_data_write(conn->stream, message->fd, error)
        || !net_flush(conn->stream, error))
        return false;
    if (net_has_unread(conn->stream))
        return err_set(error, ERR_PROTOCOL,
                       "%s answered before it had the "
                       "message",
                       conn->params.net.host);
    if (message->commit && !message->commit(message->user, error))
        return false;
    tx->committed = true;
    if (!net_write(conn->stream, ".\r\n", 3, error))
        return false;
    conn->awaited++;
    conn->dead = false;
    if (!smtp_conn_reply(conn, &reply, FINAL_SECONDS, error))
        return false;
    if (reply.code / 100 == 3) {
        conn->dead = true;
        return err_set(error, ERR_PROTOCOL, "%s answered the message with %d",
                       conn->params.net.host, reply.code);
    }
    settle_open(tx, &reply);
    return true;
}

/* DATA for those that were accepted. */
static bool
send_data(Transaction *tx, GError **error)
{
    g_auto(SmtpReply) reply = { 0 };

    if (!smtp_conn_command(tx->conn, error, "DATA")
        || !smtp_conn_reply(tx->conn, &reply, DATA_SECONDS, error))
        return false;
    if (reply.code == 354)
        return write_message(tx, error);
    if (smtp_reply_is_ok(&reply) || reply.code / 100 == 3) {
        tx->conn->dead = true;
        return err_set(error, ERR_PROTOCOL, "%s answered DATA with %d",
                       tx->conn->params.net.host, reply.code);
    }
    settle_open(tx, &reply);
    return reset(tx, error);
}

static bool
run(Transaction *tx, GError **error)
{
    g_auto(SmtpReply) reply = { 0 };

    if (!smtp_data_scan(tx->message->fd, &tx->content, error))
        return false;
    check_extensions(tx);
    if (tx->open->len == 0)
        return true;
    if (!write_mail(tx, error) || !read_verdict(tx, &reply, error))
        return false;
    if (!smtp_reply_is_ok(&reply)) {
        settle_open(tx, &reply);
        return reset(tx, error);
    }
    if (!offer_recipients(tx, error))
        return false;
    return tx->open->len > 0 ? send_data(tx, error) : reset(tx, error);
}

bool
smtp_send(SmtpConn *conn, SmtpMessage *message, GError **error)
{
    Transaction tx = { .conn = conn, .message = message };
    bool ok;

    tx.open = g_ptr_array_new();
    open_recipients(&tx);
    ok = run(&tx, error);
    for (guint i = 0; !ok && tx.committed && i < tx.open->len; i++)
        ((SmtpRecipient *)tx.open->pdata[i])->outcome = SMTP_IN_DOUBT;
    g_ptr_array_unref(tx.open);
    return ok;
}
