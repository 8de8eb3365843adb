/* SMTP submission (RFC 6409, 5321), client side: blocking, one connection, one
 * thread. Knows neither outbox nor options. */
#ifndef SMTP_SMTP_H
#define SMTP_SMTP_H

#include "net/net.h"
#include "sasl/sasl.h"

typedef struct {
    NetParams net;
    SaslParams sasl;   /* user NULL: no AUTH */
    bool auth_optional; /* no AUTH where the server offers none */
} SmtpParams;

/* A reply as a value (RFC 5321, 4.2). */
typedef struct {
    int code;       /* 3 digits; 0: none came */
    char *enhanced; /* "5.7.1" or NULL (RFC 3463) */
    char *text;     /* all lines joined by a blank, sanitised */
} SmtpReply;

void smtp_reply_clear(SmtpReply *reply);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SmtpReply, smtp_reply_clear)
bool smtp_reply_is_ok(const SmtpReply *reply);        /* 2yz */
bool smtp_reply_is_temporary(const SmtpReply *reply); /* 4yz */
bool smtp_reply_is_permanent(const SmtpReply *reply); /* 5yz */

/* One human sentence for the enhanced or basic code. Borrowed. */
const char *smtp_reply_explain(const SmtpReply *reply);

typedef struct SmtpConn SmtpConn;

/* Dial, greeting, EHLO, STARTTLS, EHLO, AUTH. */
SmtpConn *
smtp_conn_open(const SmtpParams *params, GCancellable *cancel, GError **error);
void smtp_conn_close(SmtpConn *conn); /* QUIT, not waited for */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmtpConn, smtp_conn_close)

typedef enum {
    SMTP_SENT,     /* accepted by a complete final 2yz */
    SMTP_DEFERRED, /* 4yz, or the connection ended before the final dot */
    SMTP_FAILED,   /* 5yz */
    SMTP_IN_DOUBT, /* the connection ended after the final dot, no reply */
} SmtpOutcome;

typedef struct {
    const char *address;
    SmtpOutcome outcome; /* out */
    SmtpReply reply;     /* out */
} SmtpRecipient;

typedef struct {
    const char *sender; /* envelope; "" for the null sender */
    SmtpRecipient *recipients;
    guint n_recipients;
    int fd; /* the exact bytes; CRLF or LF; from offset 0 */
    guint64 size;

    /* Called when all but the final dot is written; what it makes durable is
     * known after a crash to have been, perhaps, sent. False with *error: the
     * dot is not sent. May be NULL. */
    bool (*commit)(void *user, GError **error);
    void *user;
} SmtpMessage;

/* One transaction. True when the dialogue was complete, whatever the
 * outcomes; false with ERR_RETRY, ERR_PROTOCOL or ERR_CANCELLED when the
 * connection is dead; the outcome of every recipient is set in both cases. */
bool smtp_send(SmtpConn *conn, SmtpMessage *message, GError **error);

#endif
