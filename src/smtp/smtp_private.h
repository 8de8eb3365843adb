/* What the files of this room share of a connection. */
#ifndef SMTP_SMTP_PRIVATE_H
#define SMTP_SMTP_PRIVATE_H

#include "smtp/smtp.h"

enum {
    SMTP_HAS_STARTTLS = 1 << 0,
    SMTP_HAS_PIPELINING = 1 << 1,
    SMTP_HAS_8BITMIME = 1 << 2,
    SMTP_HAS_SIZE = 1 << 3,
    SMTP_HAS_SMTPUTF8 = 1 << 4,
    SMTP_HAS_AUTH = 1 << 5,
    SMTP_HAS_CHUNKING = 1 << 6,
    SMTP_HAS_BINARYMIME = 1 << 7,
    SMTP_HAS_DSN = 1 << 8,
    SMTP_HAS_FUTURERELEASE = 1 << 9,
    SMTP_HAS_DELIVERBY = 1 << 10,
    SMTP_HAS_REQUIRETLS = 1 << 11,
    SMTP_HAS_LIMITS = 1 << 12,
};

struct SmtpConn {
    NetStream *stream;
    SmtpParams params;
    unsigned extensions;
    guint64 size_limit; /* 0: none told */
    guint mail_max;     /* LIMITS: messages of a connection; 0: none told */
    guint rcpt_max;     /* LIMITS: recipients of a message; 0: none told */
    gint64 max_hold;    /* FUTURERELEASE: seconds; 0: none told */
    gint64 min_deliver; /* DELIVERBY: fewer seconds are refused */
    guint used;         /* transactions begun */
    char **mechanisms;  /* of AUTH; NULL-terminated, or NULL */
    guint awaited;      /* replies to commands that are written */
    bool dead;          /* nothing more may be said, not even QUIT */
};

/* The dialogue from the greeting on, over a stream that the connection takes:
 * what smtp_conn_open() does after dialling. */
SmtpConn *
smtp_conn_start(NetStream *stream, const SmtpParams *params, GError **error);

/* Queues a command; several may be queued where there is PIPELINING. */
bool smtp_conn_command(SmtpConn *conn, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* Reads the reply to the oldest command without one. seconds 0: as usual. */
bool smtp_conn_reply(SmtpConn *conn, SmtpReply *reply, guint seconds,
                     GError **error);

/* A command and its reply. */
bool smtp_conn_ask(SmtpConn *conn, SmtpReply *reply, const char *command,
                   GError **error);

/* What a scan of the bytes says. */
typedef struct {
    bool header_8bit;
    bool body_8bit;
    bool binary;  /* NUL, or a line over 998 octets: no text (RFC 3030) */
    guint64 size; /* with every line end CRLF, and one at the end */
} SmtpContent;

bool smtp_data_scan(int fd, SmtpContent *content, GError **error);

/* The bytes as they go over the wire: every line end CRLF, a dot before a line
 * that begins with one, a line end at the end. Not the final dot. */
bool smtp_data_write(NetStream *stream, int fd, GError **error);

/* The same without the dots: content->size octets, for BDAT. */
bool smtp_data_write_raw(NetStream *stream, int fd, GError **error);

/* What is judged and said of a message before its bytes: smtp_mail.c. */

/* "MAIL FROM:<…> …" with what the server offers and the message needs. */
char *smtp_mail_line(const SmtpConn *conn, const SmtpMessage *message,
                     const SmtpContent *content, bool utf8);

/* "RCPT TO:<…> …" */
char *smtp_rcpt_line(const SmtpConn *conn, const SmtpMessage *message,
                     const SmtpRecipient *recipient);

/* No character that could end the path or the line (promise P58). */
bool smtp_is_mailable(const char *address);
bool smtp_is_ascii(const char *text);

#endif
