/* SMTP submission (RFC 6409, 5321), client side: blocking, one connection, one
 * thread. Knows neither outbox nor options. */
#ifndef SMTP_SMTP_H
#define SMTP_SMTP_H

#include "net/net.h"
#include "sasl/sasl.h"

typedef struct {
    NetParams net;
    SaslParams sasl;    /* user NULL: no AUTH */
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

/* May a further message go through it? Not when it is dead, nor when the
 * server's LIMITS (RFC 9422) say that it has had enough. */
bool smtp_conn_is_usable(const SmtpConn *conn);

/* How many messages went through it, or were tried. */
guint smtp_conn_used(const SmtpConn *conn);

/* The most recipients that one transaction may have; G_MAXUINT: no limit told.
 */
guint smtp_conn_max_recipients(const SmtpConn *conn);

/* The most octets that the server takes (SIZE, RFC 1870); 0: none told. */
guint64 smtp_conn_max_size(const SmtpConn *conn);

/* Does it take text outside ASCII as it is (8BITMIME, RFC 6152)? */
bool smtp_conn_takes_8bit(const SmtpConn *conn);

/* How far ahead, in seconds, the server takes mail to be held (FUTURERELEASE,
 * RFC 4865); 0: it does not hold mail. */
gint64 smtp_conn_max_hold(const SmtpConn *conn);

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

/* What delivery reports are wanted (DSN, RFC 3461, 4.1). */
enum {
    SMTP_NOTIFY_SUCCESS = 1 << 0,
    SMTP_NOTIFY_FAILURE = 1 << 1,
    SMTP_NOTIFY_DELAY = 1 << 2,
};

typedef struct {
    const char *sender; /* envelope; "" for the null sender */
    SmtpRecipient *recipients;
    guint n_recipients;
    int fd; /* the exact bytes; CRLF or LF; from offset 0 */

    /* Said to servers that offer the extension, else left out; require_tls
     * alone stops the message where it is not offered. */
    const char *envid; /* DSN: comes back in every report; or NULL */
    unsigned notify; /* DSN: SMTP_NOTIFY_…; 0: what the server does anyway */
    gint64 hold_until; /* FUTURERELEASE: UTC; 0: at once */
    guint deliver_by;  /* DELIVERBY (RFC 2852): seconds, else it comes back */
    bool require_tls;  /* REQUIRETLS (RFC 8689): each hop encrypted */

    /* Called when all but the final dot (or BDAT) is written; what it makes
     * durable is known after a crash to have been, perhaps, sent. False with
     * *error: the dot is not sent. May be NULL. */
    bool (*commit)(void *user, GError **error);
    void *user;
} SmtpMessage;

/* Is there a byte outside ASCII in the body? From offset 0, as it will be sent.
 */
bool smtp_has_8bit(int fd, bool *has, GError **error);

/* One transaction. True when the dialogue was complete, whatever the
 * outcomes; false with ERR_RETRY, ERR_PROTOCOL or ERR_CANCELLED when the
 * connection is dead; the outcome of every recipient is set in both cases. */
bool smtp_send(SmtpConn *conn, SmtpMessage *message, GError **error);

#endif
