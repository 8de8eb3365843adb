/* TLS sessions to resume (RFC 8446, section 2.2): the second connection to a
 * server needs no certificates anew. Each is used once, so that two connections
 * cannot be joined by who listens. */
#include "net_private.h"

struct NetSessions {
    int refs;
    GMutex lock;
    GHashTable *by_name; /* "host:port" → SSL_SESSION */
};

static void
session_free(void *session)
{
    SSL_SESSION_free(session);
}

NetSessions *
net_sessions_create(void)
{
    NetSessions *sessions = g_new0(NetSessions, 1);

    sessions->refs = 1;
    g_mutex_init(&sessions->lock);
    sessions->by_name =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, session_free);
    return sessions;
}

NetSessions *
net_sessions_ref(NetSessions *sessions)
{
    g_atomic_int_inc(&sessions->refs);
    return sessions;
}

void
net_sessions_unref(NetSessions *sessions)
{
    if (sessions == NULL || !g_atomic_int_dec_and_test(&sessions->refs))
        return;
    g_hash_table_unref(sessions->by_name);
    g_mutex_clear(&sessions->lock);
    g_free(sessions);
}

/* OpenSSL brings a ticket; 1: it is ours now. */
static int
keep(SSL *ssl, SSL_SESSION *session)
{
    const NetStream *stream = SSL_get_app_data(ssl);
    NetSessions *sessions = stream ? stream->sessions : NULL;

    if (sessions == NULL || !SSL_SESSION_is_resumable(session))
        return 0;
    g_mutex_lock(&sessions->lock);
    g_hash_table_replace(sessions->by_name, g_strdup(stream->name), session);
    g_mutex_unlock(&sessions->lock);
    return 1;
}

void
net_sessions_attach(NetSessions *sessions, NetStream *stream)
{
    if (sessions == NULL)
        return;
    stream->sessions = net_sessions_ref(sessions);
    SSL_CTX_set_session_cache_mode(
        stream->context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(stream->context, keep);
}

void
net_sessions_resume(NetStream *stream)
{
    NetSessions *sessions = stream->sessions;
    void *name = NULL;
    void *session = NULL;

    if (sessions == NULL)
        return;
    g_mutex_lock(&sessions->lock);
    g_hash_table_steal_extended(sessions->by_name, stream->name, &name,
                                &session);
    g_mutex_unlock(&sessions->lock);
    if (session)
        SSL_set_session(stream->ssl, session);
    SSL_SESSION_free(session);
    g_free(name);
}
