/* POP3 (RFC 1939), client side: blocking calls on one connection, in one
 * thread. CAPA, PIPELINING, RESP-CODES (RFC 2449), STLS (RFC 2595), AUTH
 * (RFC 5034), AUTH-RESP-CODE (RFC 3206), LANG and UTF8 (RFC 6856). Knows
 * neither store nor screen nor options. Each call heeds the connection's
 * cancellable and deadlines. On ERR_PROTOCOL, ERR_RETRY and ERR_CANCELLED the
 * connection is dead: close it. ERR_REFUSED leaves it usable. Server texts in
 * errors are sanitised. */
#ifndef POP3_POP3_H
#define POP3_POP3_H

#include "net/net.h"
#include "sasl/sasl.h"

typedef struct {
    NetParams net;   /* where, TLS */
    SaslParams sasl; /* who; auth "APOP" allows that, and only that */
    bool sasl_ir;    /* send the first step of a login with the command */
    char *lang;      /* language of the server's texts; NULL: its own */
} Pop3Params;

typedef struct Pop3Conn Pop3Conn;

/* Why a login failed, where it is for another reason than the password. */
typedef enum {
    POP3_NO_REASON,
    POP3_IN_USE,      /* another session holds the maildrop */
    POP3_LOGIN_DELAY, /* too soon after the last one */
} Pop3Reason;

/* Dial, TLS, greeting, capabilities, login. cancel is kept and heeded by every
 * later call. NULL on error: ERR_AUTH when the password was refused; *reason
 * (may be NULL) is set with ERR_RETRY. */
Pop3Conn *pop3_conn_open(const Pop3Params *params, GCancellable *cancel,
                         Pop3Reason *reason, GError **error);

/* Closes without QUIT: nothing is deleted there. NULL is fine. */
void pop3_conn_close(Pop3Conn *conn);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pop3Conn, pop3_conn_close)

/* Is a capability ("TOP", "UIDL") offered? Case-insensitive. A server without
 * CAPA is asked by trying: then this is true for TOP and UIDL until one of
 * them was refused. */
bool pop3_conn_can(const Pop3Conn *conn, const char *capability);

/* Seconds that the server wants between logins; 0: none told. */
guint pop3_conn_login_delay(const Pop3Conn *conn);

/* Days after which the server deletes messages; -1: never, or not told. */
int pop3_conn_expire(const Pop3Conn *conn);

/* A message as the maildrop lists it. */
typedef struct {
    guint number;
    guint64 octets; /* as announced; 0: not told */
    char *uidl;     /* 1 to 70 printable ASCII characters, or "sha256:" and the
                       hash of what the server said; NULL: not told */
} Pop3Message;

/* LIST, or UIDL: numbers with octets, or with unique ids, in the server's
 * order. GArray of Pop3Message that frees its members. ERR_REFUSED: the server
 * has no such command. */
GArray *pop3_list(Pop3Conn *conn, GError **error);
GArray *pop3_uidl(Pop3Conn *conn, GError **error);

/* Where messages go, in the order in which they were asked for. A false return
 * with *error ends the call and the connection. */
typedef struct {
    void *user;
    bool (*begin)(void *user, guint number, GError **error);
    bool (*bytes)(void *user, const void *bytes, gsize size, GError **error);
    /* Whole: its last line was followed by the final dot. */
    bool (*end)(void *user, guint number, GError **error);
    /* The server said -ERR; its words are sanitised. */
    bool (*refused)(void *user, guint number, const char *words,
                    GError **error);
    bool (*stop)(void *user); /* true: ask for no more; NULL: never */
} Pop3Sink;

/* RETR of each, or TOP with no lines of the body; pipelined where the server
 * takes it. Dots are unstuffed, line ends kept as they come. TOP gives at most
 * POP3_HEADER_BYTES. */
bool pop3_retr(Pop3Conn *conn, const guint *numbers, guint n,
               const Pop3Sink *sink, GError **error);
bool pop3_top(Pop3Conn *conn, const guint *numbers, guint n,
              const Pop3Sink *sink, GError **error);

/* DELE of each; nothing is deleted before QUIT. sink: end() for each that was
 * marked, refused() for the others. */
bool pop3_dele(Pop3Conn *conn, const guint *numbers, guint n,
               const Pop3Sink *sink, GError **error);

/* QUIT, and its answer: the maildrop is updated. ERR_REFUSED: some of what was
 * marked may be there still. The connection is of no more use. */
bool pop3_quit(Pop3Conn *conn, GError **error);

#endif
