/* One mail transaction: MAIL, RCPT for each, then the bytes by DATA or, where
 * there is CHUNKING, by BDAT (RFC 5321, 3.3; RFC 2920 PIPELINING; RFC 3030).
 * Gives every recipient an outcome, and says "sent" only for a complete final
 * reply 2yz.
 *
 * Invariants:
 *   1  before the final dot, or the last BDAT, is written, nothing has been
 *      sent: an end of the connection defers;
 *   2  from there on, only a whole reply decides: anything else leaves every
 *      accepted recipient in doubt (promises P7, P9);
 *   3  recipients that were not accepted keep their own reply. */
#include "smtp_private.h"

#include "base/err.h"
#include "smtp_reply.h"

#include <string.h>

enum {
    WINDOW = 50,         /* commands written before their replies are read */
    DATA_SECONDS = 120,  /* RFC 5321, 4.5.3.2.4 */
    FINAL_SECONDS = 600, /* RFC 5321, 4.5.3.2.6 */
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

static void
open_recipients(Transaction *tx)
{
    for (guint i = 0; i < tx->message->n_recipients; i++) {
        SmtpRecipient *recipient = &tx->message->recipients[i];

        recipient->outcome = SMTP_DEFERRED;
        smtp_reply_clear(&recipient->reply);
        if (smtp_is_mailable(recipient->address)) {
            g_ptr_array_add(tx->open, recipient);
            tx->utf8 = tx->utf8 || !smtp_is_ascii(recipient->address);
        } else {
            recipient->outcome = SMTP_FAILED;
            smtp_reply_set(&recipient->reply, 553, "5.1.3",
                           "not asked: this is no address");
        }
    }
}

/* Said inside TLS only (RFC 8689, 2). */
static bool
may_require_tls(const SmtpConn *conn)
{
    return (conn->extensions & SMTP_HAS_REQUIRETLS) && net_is_tls(conn->stream);
}

/* What need not be tried, since the server said what it can take. */
static void
check_extensions(Transaction *tx)
{
    const SmtpConn *conn = tx->conn;
    const char *sender = tx->message->sender;
    g_autofree char *text = NULL;

    tx->utf8 = tx->utf8 || tx->content.header_8bit || !smtp_is_ascii(sender);
    if (*sender && !smtp_is_mailable(sender))
        refuse_open(tx, 553, "5.1.7", "not asked: the sender is no address");
    if (tx->utf8 && !(conn->extensions & SMTP_HAS_SMTPUTF8))
        refuse_open(tx, 553, "5.6.7",
                    "not asked: the server does not offer SMTPUTF8");
    if (tx->content.body_8bit && !smtp_conn_takes_8bit(conn))
        refuse_open(tx, 554, "5.6.3",
                    "not asked: the text has characters outside ASCII, and "
                    "the server does not offer 8BITMIME");
    if (tx->message->require_tls && !may_require_tls(conn))
        refuse_open(tx, 554, "5.7.30",
                    "not asked: the server does not promise encryption on the "
                    "whole way (REQUIRETLS)");
    if (conn->size_limit > 0 && tx->content.size > conn->size_limit) {
        text = g_strdup_printf("not asked: the message has %" G_GUINT64_FORMAT
                               " bytes, the server takes %" G_GUINT64_FORMAT,
                               tx->content.size, conn->size_limit);
        refuse_open(tx, 552, "5.3.4", text);
    }
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

static bool
write_mail(Transaction *tx, GError **error)
{
    g_autofree char *line =
        smtp_mail_line(tx->conn, tx->message, &tx->content, tx->utf8);

    tx->conn->used++;
    return smtp_conn_command(tx->conn, error, "%s", line);
}

/* RCPT for n of those that are open. */
static bool
write_recipients(Transaction *tx, guint from, guint n, GError **error)
{
    for (guint i = from; i < from + n; i++) {
        g_autofree char *line =
            smtp_rcpt_line(tx->conn, tx->message, tx->open->pdata[i]);

        if (!smtp_conn_command(tx->conn, error, "%s", line))
            return false;
    }
    return true;
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

/* The reply to MAIL. With PIPELINING the replies to n RCPT follow it; where it
 * was refused they say nothing new. */
static bool
read_mail(Transaction *tx, guint n, SmtpReply *mail, GError **error)
{
    if (!read_verdict(tx, mail, error))
        return false;
    for (guint i = 0; i < n && !smtp_reply_is_ok(mail) && !tx->conn->dead;
         i++) {
        g_auto(SmtpReply) reply = { 0 };

        if (!smtp_conn_reply(tx->conn, &reply, 0, error))
            return false;
    }
    return true;
}

/* MAIL with the first window of RCPT behind it, where there is PIPELINING; the
 * rest window by window. Who is refused is settled and no longer open. */
static bool
offer(Transaction *tx, SmtpReply *mail, GPtrArray *accepted, GError **error)
{
    bool pipelining = tx->conn->extensions & SMTP_HAS_PIPELINING;
    guint window = pipelining ? WINDOW : 1;
    guint n = pipelining ? MIN(window, tx->open->len) : 0;

    if (!write_mail(tx, error) || !write_recipients(tx, 0, n, error)
        || !read_mail(tx, n, mail, error))
        return false;
    if (!smtp_reply_is_ok(mail))
        return true;
    if (!read_recipients(tx, 0, n, accepted, error))
        return false;
    for (guint i = n; i < tx->open->len; i += window) {
        n = MIN(window, tx->open->len - i);
        if (!write_recipients(tx, i, n, error)
            || !read_recipients(tx, i, n, accepted, error))
            return false;
    }
    return true;
}

static bool
reset(Transaction *tx, GError **error)
{
    g_auto(SmtpReply) reply = { 0 };

    return tx->conn->dead || smtp_conn_ask(tx->conn, &reply, "RSET", error);
}

/* The reply that decides. */
static bool
read_final(Transaction *tx, GError **error)
{
    SmtpConn *conn = tx->conn;
    g_auto(SmtpReply) reply = { 0 };

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

static bool
commit(Transaction *tx, GError **error)
{
    const SmtpMessage *message = tx->message;

    if (message->commit && !message->commit(message->user, error))
        return false;
    tx->committed = true;
    return true;
}

/* The bytes, then the final dot. */
static bool
write_message(Transaction *tx, GError **error)
{
    SmtpMessage *message = tx->message;
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
    if (!commit(tx, error) || !net_write(conn->stream, ".\r\n", 3, error))
        return false;
    conn->awaited++;
    conn->dead = false;
    return read_final(tx, error);
}

/* The bytes as one chunk; when the server has it, an empty last one, which
 * plays the part of the dot (RFC 3030, 2). */
static bool
send_chunks(Transaction *tx, GError **error)
{
    SmtpConn *conn = tx->conn;
    g_auto(SmtpReply) reply = { 0 };

    if (!smtp_conn_command(conn, error, "BDAT %" G_GUINT64_FORMAT,
                           tx->content.size))
        return false;
    conn->dead = true; /* until the chunk is whole */
    if (!smtp_data_write_raw(conn->stream, tx->message->fd, error))
        return false;
    conn->dead = false;
    if (!smtp_conn_reply(conn, &reply, DATA_SECONDS, error))
        return false;
    if (!smtp_reply_is_ok(&reply)) {
        settle_open(tx, &reply);
        return reset(tx, error);
    }
    if (!commit(tx, error)) {
        conn->dead = true;
        return false;
    }
    return smtp_conn_command(conn, error, "BDAT 0 LAST")
           && read_final(tx, error);
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
    g_auto(SmtpReply) mail = { 0 };
    g_autoptr(GPtrArray) accepted = NULL;

    if (!smtp_data_scan(tx->message->fd, &tx->content, error))
        return false;
    check_extensions(tx);
    if (tx->open->len == 0)
        return true;
    accepted = g_ptr_array_new();
    if (!offer(tx, &mail, accepted, error))
        return false;
    if (!smtp_reply_is_ok(&mail)) {
        settle_open(tx, &mail);
        return reset(tx, error);
    }
    g_ptr_array_unref(tx->open);
    tx->open = g_steal_pointer(&accepted);
    if (tx->open->len == 0)
        return reset(tx, error);
    return tx->conn->extensions & SMTP_HAS_CHUNKING ? send_chunks(tx, error)
                                                    : send_data(tx, error);
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
