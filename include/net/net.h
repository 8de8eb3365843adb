/* Bytes to and from a server: dial, TLS, buffered stream, transcript. Blocking
 * with a deadline for every step and a GCancellable that ends it at once.
 * Knows neither protocol nor options; asks and prints nothing. A stream
 * belongs to one thread. */
#ifndef NET_NET_H
#define NET_NET_H

#include <gio/gio.h>
#include <stdbool.h>

typedef enum {
    NET_TLS,      /* from the first byte */
    NET_STARTTLS, /* the protocol upgrades; required */
    NET_PLAIN,    /* cleartext: only when the URL says +insecure */
} NetSecurity;

/* TLS sessions of one account, to be resumed: shared by its connections. */
typedef struct NetSessions NetSessions;

NetSessions *net_sessions_create(void);
NetSessions *net_sessions_ref(NetSessions *sessions);
void net_sessions_unref(NetSessions *sessions);

typedef struct {
    char *host;
    guint port;
    NetSecurity security;
    char *ca_file;     /* PEM; NULL: the system's */
    char *fingerprint; /* "sha256:hex", of the certificate; NULL: none */
    char *client_cert; /* PEM with key; NULL: none */
    char *proxy;       /* socks5:// or http://[user:password@]host[:port]; NULL:
                          none */
    char *tunnel;      /* a command line whose input and output are the
                          connection; NULL: none */
    NetSessions *sessions; /* a reference; NULL: none */
    guint connect_timeout; /* seconds; 0: 30 */
    guint command_timeout; /* seconds for each answer; 0: 60 */
} NetParams;

/* Copies and frees the strings. */
void net_params_copy(NetParams *to, const NetParams *from);
void net_params_clear(NetParams *params);

typedef struct NetStream NetStream;

/* Resolves, dials all addresses (RFC 8305: IPv6 and IPv4, 250 ms apart), or has
 * the proxy do both, or starts the tunnel; makes TLS when security is NET_TLS.
 * Errors name host and port: ERR_RETRY when it cannot be reached, ERR_REFUSED
 * for a certificate, with the reason and the option that would help. */
NetStream *
net_dial(const NetParams *params, GCancellable *cancel, GError **error);

/* A stream over two descriptors that it then owns: for tests and tunnels. */
NetStream *
net_stream_of(int in, int out, const char *name, GCancellable *cancel);
void net_stream_close(NetStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetStream, net_stream_close)

/* TLS on a stream in clear. The input buffer must be empty (promise P49). When
 * it fails, nothing more is sent: net_flush() fails at once. */
bool net_start_tls(NetStream *stream, const NetParams *params, GError **error);
bool net_is_tls(const NetStream *stream);

/* "TLSv1.3, imap.example.org:993" for the log, with ", resumed" when no
 * certificates had to be exchanged. Borrowed. */
const char *net_describe(const NetStream *stream);

/* tls-exporter or tls-unique bytes for SCRAM-PLUS; *type gets the name. */
GBytes *net_channel_binding(NetStream *stream, const char **type);

/* DEFLATE in both directions from here on (RFC 4978). */
bool net_start_deflate(NetStream *stream, GError **error);

/* Bytes read from the network and not taken yet? */
bool net_has_unread(const NetStream *stream);

/* Reads what is there, at least one byte, at most size. 0: the other side
 * closed; -1: error. seconds 0: the stream's command timeout. */
gssize net_read(NetStream *stream, void *bytes, gsize size, guint seconds,
                GError **error);

/* One line up to LF, the line end taken off; longer than limit is
 * ERR_PROTOCOL. The text is borrowed until the next read. NULL on error; a
 * closed stream is ERR_RETRY. */
const char *net_read_line(NetStream *stream, gsize limit, guint seconds,
                          gsize *size, GError **error);

/* Exactly size bytes through each in pieces. */
bool net_read_exact(NetStream *stream, guint64 size,
                    bool (*each)(void *user, const void *bytes, gsize size,
                                 GError **error),
                    void *user, GError **error);

/* What was read and not taken yet, at least one byte: more is waited for when
 * there is none. Borrowed until the next call but net_take(), which takes the
 * first of it. NULL on error; a closed stream is ERR_RETRY. */
const char *net_peek(NetStream *stream, gsize *size, guint seconds,
                     GError **error);
void net_take(NetStream *stream, gsize size);

/* Waits until something can be read, wake fires or seconds are over. Returns 1,
 * 0 (wake or time), -1 on error. */
int
net_wait(NetStream *stream, GCancellable *wake, guint seconds, GError **error);

/* Buffered; net_flush() sends. */
bool
net_write(NetStream *stream, const void *bytes, gsize size, GError **error);
bool net_flush(NetStream *stream, GError **error);

/* Lines of the dialogue go to the log at LOG_DEBUG under scope; secret: the
 * next written line is logged as "•••". */
void net_transcript(NetStream *stream, const char *scope);
void net_transcript_hide(NetStream *stream);

#endif
