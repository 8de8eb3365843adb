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
};

struct SmtpConn {
    NetStream *stream;
    SmtpParams params;
    unsigned extensions;
    guint64 size_limit; /* 0: none told */
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
} SmtpContent;

bool smtp_data_scan(int fd, SmtpContent *content, GError **error);

/* The bytes as they go over the wire: every line end CRLF, a dot before a line
 * that begins with one, a line end at the end. Not the final dot. */
bool smtp_data_write(NetStream *stream, int fd, GError **error);

#endif
