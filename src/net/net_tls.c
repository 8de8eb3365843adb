/* TLS by OpenSSL: 1.2 at least, the host by SAN only, the system's CAs or the
 * account's, or exactly one certificate by its fingerprint (promise P50). */
#include "net_private.h"

#include "base/err.h"
#include "base/text.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <string.h>

enum {
    HANDSHAKE_SECONDS = 30,
    SHA256_HEX = 64
};

static bool
refused(const NetStream *stream, const char *what, GError **error)
{
    const char *why = ERR_reason_error_string(ERR_peek_last_error());
    g_autofree char *text = text_sanitise(why ? why : "", -1, TEXT_LINE);

    ERR_clear_error();
    return err_set(error, ERR_REFUSED, "%s: %s%s%s", stream->name, what,
                   *text ? ": " : "", text);
}

static bool
load_roots(const NetStream *stream, const NetParams *params, GError **error)
{
    if (params->ca_file == NULL)
        return SSL_CTX_set_default_verify_paths(stream->context) == 1
               || refused(stream, "no certificates of the system", error);
    if (SSL_CTX_load_verify_file(stream->context, params->ca_file) == 1)
        return true;
    ERR_clear_error();
    return err_set(error, ERR_USAGE,
                   "tls-ca-file %s cannot be read as "
                   "certificates (PEM)",
                   params->ca_file);
}

static bool
load_client_certificate(const NetStream *stream, const NetParams *params,
                        GError **error)
{
    if (params->client_cert == NULL)
        return true;
    if (SSL_CTX_use_certificate_chain_file(stream->context, params->client_cert)
            == 1
        && SSL_CTX_use_PrivateKey_file(stream->context, params->client_cert,
                                       SSL_FILETYPE_PEM)
               == 1)
        return true;
    ERR_clear_error();
    return err_set(error, ERR_USAGE,
                   "%s holds no certificate with its key "
                   "(PEM)",
                   params->client_cert);
}

static bool
set_host(const NetStream *stream, const NetParams *params, GError **error)
{
    X509_VERIFY_PARAM *verify = SSL_get0_param(stream->ssl);
    bool is_address = g_hostname_is_ip_address(params->host);
    g_autofree char *ascii = g_hostname_to_ascii(params->host);

    X509_VERIFY_PARAM_set_hostflags(verify,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS
                                        | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (is_address)
        return X509_VERIFY_PARAM_set1_ip_asc(verify, params->host) == 1
               || refused(stream, "not an address", error);
    if (ascii == NULL)
        return err_set(error, ERR_USAGE, "%s is no host name", params->host);
    return (SSL_set_tlsext_host_name(stream->ssl, ascii) == 1
            && X509_VERIFY_PARAM_set1_host(verify, ascii, 0) == 1)
           || refused(stream, "not a host name", error);
}

/* "sha256:AB:CD…" or plain hex, as 64 lower-case digits. g_free(). */
static char *
plain_fingerprint(const char *text)
{
    GString *hex = g_string_new(NULL);

    if (g_ascii_strncasecmp(text, "sha256:", 7) == 0)
        text += 7;
    for (; *text; text++)
        if (*text != ':')
            g_string_append_c(hex, g_ascii_tolower(*text));
    return g_string_free(hex, FALSE);
}

static char *
fingerprint_of(const X509 *certificate)
{
    unsigned char digest[32];
    unsigned size = sizeof digest;
    bool ok = certificate
              && X509_digest(certificate, EVP_sha256(), digest, &size) == 1;

    return text_hex(digest, ok ? size : 0);
}

/* OpenSSL forgets a certificate that it refuses: its fingerprint is kept for
 * the message. Accepts nothing by itself. */
static int
note_refused(int ok, X509_STORE_CTX *store)
{
    const SSL *ssl =
        X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    NetStream *stream = SSL_get_app_data(ssl);

    if (!ok && stream->shown == NULL)
        stream->shown = fingerprint_of(X509_STORE_CTX_get0_cert(store));
    return ok;
}

/* What is wrong, and which option would help. */
static bool
bad_certificate(const NetStream *stream, const NetParams *params, long why,
                GError **error)
{
    const char *hex = stream->shown ? stream->shown : "";

    ERR_clear_error();
    if (why == X509_V_ERR_HOSTNAME_MISMATCH
        || why == X509_V_ERR_IP_ADDRESS_MISMATCH)
        return err_set(error, ERR_REFUSED,
                       "%s shows a certificate that is "
                       "not for %s: someone may be in between, or the name "
                       "in the URL is another",
                       stream->name, params->host);
    return err_set(error, ERR_REFUSED,
                   "%s shows a certificate that cannot be "
                   "trusted (%s). If you know it: tls-ca-file FILE, or "
                   "tls-fingerprint sha256:%s",
                   stream->name, X509_verify_cert_error_string(why), hex);
}

static bool
check_peer(const NetStream *stream, const NetParams *params, GError **error)
{
    long why = SSL_get_verify_result(stream->ssl);
    g_autofree char *hex = NULL;
    g_autofree char *wanted = NULL;

    if (params->fingerprint == NULL)
        return why == X509_V_OK || bad_certificate(stream, params, why, error);
    hex = fingerprint_of(SSL_get0_peer_certificate(stream->ssl));
    wanted = plain_fingerprint(params->fingerprint);
    if (strlen(wanted) != SHA256_HEX)
        return err_set(error, ERR_USAGE,
                       "tls-fingerprint takes sha256: and "
                       "64 hexadecimal digits");
    if (strcmp(hex, wanted) == 0)
        return true;
    return err_set(error, ERR_REFUSED,
                   "%s shows another certificate than the "
                   "one you trust: its fingerprint is sha256:%s",
                   stream->name, hex);
}

int
net_poll_tls(NetStream *stream, int want, gint64 end, GError **error)
{
    bool reads = want == SSL_ERROR_WANT_READ;

    return net_poll(stream, reads ? stream->in : stream->out,
                    reads ? POLLIN : POLLOUT, end, error);
}

static bool
handshake(NetStream *stream, const NetParams *params, GError **error)
{
    gint64 end =
        g_get_monotonic_time() + (gint64)HANDSHAKE_SECONDS * G_USEC_PER_SEC;

    for (;;) {
        int result = SSL_connect(stream->ssl);
        int what = SSL_get_error(stream->ssl, result);
        long why;
        int ready;

        if (result == 1)
            return true;
        if (what != SSL_ERROR_WANT_READ && what != SSL_ERROR_WANT_WRITE) {
            why = SSL_get_verify_result(stream->ssl);
            if (why != X509_V_OK && params->fingerprint == NULL)
                return bad_certificate(stream, params, why, error);
            if (what == SSL_ERROR_SYSCALL) {
                ERR_clear_error();
                return err_set(error, ERR_RETRY,
                               "%s closed the connection "
                               "during TLS",
                               stream->name);
            }
            return refused(stream, "TLS fails", error);
        }
        ready = net_poll_tls(stream, what, end, error);
        if (ready == 0)
            err_set(error, ERR_RETRY, "%s does not answer TLS", stream->name);
        if (ready <= 0)
            return false;
    }
}

static bool
make_context(NetStream *stream, const NetParams *params, GError **error)
{
    stream->context = SSL_CTX_new(TLS_client_method());
    if (stream->context == NULL
        || SSL_CTX_set_min_proto_version(stream->context, TLS1_2_VERSION) != 1)
        return refused(stream, "TLS cannot be set up", error);
    SSL_CTX_set_verify(stream->context,
                       params->fingerprint ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
                       note_refused);
    SSL_CTX_set_mode(stream->context,
                     SSL_MODE_ENABLE_PARTIAL_WRITE
                         | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    net_sessions_attach(params->sessions, stream);
    return load_roots(stream, params, error)
           && load_client_certificate(stream, params, error);
}

static bool
start(NetStream *stream, const NetParams *params, GError **error)
{
    if (net_has_unread(stream))
        return err_set(error, ERR_PROTOCOL,
                       "%s sent data between STARTTLS "
                       "and TLS: someone may be in between",
                       stream->name);
    if (!make_context(stream, params, error))
        return false;
    stream->ssl = SSL_new(stream->context);
    if (stream->ssl == NULL || SSL_set_wfd(stream->ssl, stream->out) != 1
        || SSL_set_rfd(stream->ssl, stream->in) != 1)
        return refused(stream, "TLS cannot be set up", error);
    SSL_set_app_data(stream->ssl, stream);
    net_sessions_resume(stream);
    if (!set_host(stream, params, error) || !handshake(stream, params, error)
        || !check_peer(stream, params, error))
        return false;
    g_free(stream->described);
    stream->described =
        g_strdup_printf("%s, %s%s", SSL_get_version(stream->ssl), stream->name,
                        SSL_session_reused(stream->ssl) ? ", resumed" : "");
    return true;
}

bool
net_start_tls(NetStream *stream, const NetParams *params, GError **error)
{
    stream->refused = !start(stream, params, error);
    return !stream->refused;
}

/* tls-exporter (RFC 9266) in TLS 1.3, tls-unique (RFC 5929) before. */
GBytes *
net_channel_binding(NetStream *stream, const char **type)
{
    static const char label[] = "EXPORTER-Channel-Binding";
    unsigned char bytes[64];
    gsize size = 32;

    if (stream->ssl == NULL)
        return NULL;
    if (SSL_version(stream->ssl) >= TLS1_3_VERSION) {
        *type = "tls-exporter";
        if (SSL_export_keying_material(stream->ssl, bytes, size, label,
                                       sizeof label - 1, NULL, 0, 1)
            != 1)
            return NULL;
    } else {
        *type = "tls-unique";
        size = SSL_session_reused(stream->ssl)
                   ? SSL_get_peer_finished(stream->ssl, bytes, sizeof bytes)
                   : SSL_get_finished(stream->ssl, bytes, sizeof bytes);
    }
    return size ? g_bytes_new(bytes, size) : NULL;
}
