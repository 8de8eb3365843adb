/* A stream from inside: shared by net_stream.c, net_dial.c, net_tls.c. */
#ifndef NET_PRIVATE_H
#define NET_PRIVATE_H

#include "net/net.h"

#include <openssl/ssl.h>
#include <zlib.h>

enum {
    NET_BUFFER = 256 * 1024
};

typedef struct NetTunnel NetTunnel;

struct NetStream {
    int in, out; /* descriptors; the same for a socket */
    char *name;  /* "imap.example.org:993" */
    char *described;
    GCancellable *cancel;
    guint timeout; /* seconds for each answer */
    SSL_CTX *context;
    SSL *ssl;
    bool refused; /* TLS failed: nothing more is said to whoever is there */
    char *shown;  /* fingerprint of a certificate that was refused */
    char *buffer; /* read and not taken: start..end */
    gsize start, end;
    GByteArray *unsent;
    GString *line;
    bool deflate;
    z_stream inflater, deflater;
    char *packed; /* compressed bytes read and not inflated */
    char *scope;  /* of the transcript; NULL: none */
    bool hide;
    NetTunnel *tunnel;     /* NULL: none */
    NetSessions *sessions; /* a reference; NULL: none */
};

/* Waits for a descriptor: events of poll(). 1 ready, 0 time is over, -1 with
 * ERR_CANCELLED. end: g_get_monotonic_time(). */
int
net_poll(NetStream *stream, int fd, short events, gint64 end, GError **error);

/* The same for what OpenSSL wants: SSL_ERROR_WANT_READ or _WRITE. A tunnel has
 * a pipe for each. */
int net_poll_tls(NetStream *stream, int want, gint64 end, GError **error);

/* A descriptor connected to host:port, or -1 with *error. */
int net_connect(const NetParams *params, GCancellable *cancel, GError **error);

/* A stream to host:port through params->proxy, still with the proxy's name. */
NetStream *
net_proxy_open(const NetParams *params, GCancellable *cancel, GError **error);

/* On a stream to the proxy: asks for host:port. */
bool net_proxy_ask(NetStream *stream, const GUri *proxy,
                   const NetParams *params, GError **error);

/* net_tunnel.c */
NetStream *
net_tunnel_open(const NetParams *params, GCancellable *cancel, GError **error);
/* The last of what it said on standard error; safe; g_free(). */
char *net_tunnel_said(const NetTunnel *tunnel);
void net_tunnel_close(NetTunnel *tunnel);

/* net_session.c: sessions that TLS of the stream brings are kept; the one that
 * was kept last is offered. */
void net_sessions_attach(NetSessions *sessions, NetStream *stream);
void net_sessions_resume(NetStream *stream);

#endif
