/* A connection from inside. */
#ifndef POP3_PRIVATE_H
#define POP3_PRIVATE_H

#include "pop3/pop3.h"
#include "pop3_decoder.h"

struct Pop3Conn {
    Pop3Params params;
    NetStream *stream;
    GCancellable *cancel;
    Pop3Decoder in;
    GHashTable *capabilities; /* upper case → the words behind, or "" */
    bool has_capa;            /* the server knows the command */
    char *timestamp;          /* of the greeting, for APOP; or NULL */
    char *words;              /* behind the last -ERR; untrusted */
    Pop3Reason reason;
    guint awaited; /* answers to commands that are written */
};

/* From the greeting on, over a stream that it then owns; NULL on error. */
Pop3Conn *
pop3_conn_start(NetStream *stream, const Pop3Params *params,
                GCancellable *cancel, Pop3Reason *reason, GError **error);

/* Writes a command line; sent with the next reply that is waited for. */
bool pop3_conn_command(Pop3Conn *conn, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* Reads a status line. False with *error: the connection broke, or the server
 * said -ERR, which is ERR_REFUSED with its words. */
bool pop3_conn_status(Pop3Conn *conn, GError **error);

/* The same where -ERR is no error: *ok tells. False: the connection broke. */
bool pop3_conn_answer(Pop3Conn *conn, bool *ok, GError **error);

/* Did the last -ERR carry this response code, or one below it ("SYS" of
 * "[SYS/TEMP]")? */
bool pop3_conn_has_code(const Pop3Conn *conn, const char *code);

/* The words of the last -ERR, safe to show. g_free(). */
char *pop3_conn_words(const Pop3Conn *conn);

/* pop3_auth.c: logs in by what both sides allow. */
bool pop3_auth(Pop3Conn *conn, GError **error);

#endif
