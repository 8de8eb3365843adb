/* TLS against certificates made here: which are taken and which are refused
 * (P47, P50). Client and server talk over a socket pair. */
#include "base/err.h"
#include "certificate.h"
#include "net_private.h"
#include "shaky.h"

#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static Identity authority, stranger;
static char *ca_path;

typedef struct {
    int in, out;
    int most; /* version, 0: any */
    const Identity *identity, *issuer;
    SSL_CTX *context; /* that knows its tickets again; NULL: a new one */
} Server;

static SSL_CTX *shared;   /* of the servers of one test; NULL: none */
static bool piped;        /* two pipes, as a tunnel has, and no socket */
static bool resumed;      /* the last connection was */
static bool wants_client; /* the server asks who we are */
static char *seen_client; /* the subject that it saw; NULL: none */
static char *seen_name;   /* of the host that is asked for; NULL: none */
static GBytes *bindings[2]; /* of the channel, as server and client know it */
static const char *binding_type;

static int
any_client(int ok, X509_STORE_CTX *store)
{
    return 1;
}

static void
see_client(SSL *ssl)
{
    const X509 *certificate = SSL_get0_peer_certificate(ssl);
    char name[256] = "";

    g_clear_pointer(&seen_client, g_free);
    if (certificate == NULL)
        return;
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate),
                              NID_commonName, name, sizeof name);
    seen_client = g_strdup(name);
}

/* tls-exporter (RFC 9266, section 4.2), or the first Finished message of this
 * handshake (RFC 5929, section 3.1): the client's, of a resumed one ours. */
static void
see_binding(SSL *ssl)
{
    static const char label[] = "EXPORTER-Channel-Binding";
    guchar bytes[64];
    gsize size = 32;

    if (SSL_version(ssl) == TLS1_3_VERSION)
        g_assert_cmpint(SSL_export_keying_material(ssl, bytes, size, label,
                                                   strlen(label), NULL, 0, 0),
                        ==, 1);
    else if (SSL_session_reused(ssl))
        size = SSL_get_finished(ssl, bytes, sizeof bytes);
    else
        size = SSL_get_peer_finished(ssl, bytes, sizeof bytes);
    g_clear_pointer(&bindings[0], g_bytes_unref);
    bindings[0] = g_bytes_new(bytes, size);
}

/* Shakes hands, answers one octet, and ends with the client. */
static void *
serve(void *data)
{
    Server *server = data;
    SSL_CTX *context =
        server->context ? server->context : SSL_CTX_new(TLS_server_method());
    SSL *ssl;
    char byte;

    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    if (server->most)
        SSL_CTX_set_max_proto_version(context, server->most);
    SSL_CTX_use_certificate(context, server->identity->certificate);
    SSL_CTX_use_PrivateKey(context, server->identity->key);
    if (server->issuer)
        SSL_CTX_add1_chain_cert(context, server->issuer->certificate);
    if (wants_client)
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, any_client);
    ssl = SSL_new(context);
    SSL_set_rfd(ssl, server->in);
    SSL_set_wfd(ssl, server->out);
    if (SSL_accept(ssl) == 1 && SSL_read(ssl, &byte, 1) == 1) {
        g_assert_cmpint(byte, ==, 'y');
        see_client(ssl);
        g_free(seen_name);
        seen_name =
            g_strdup(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
        see_binding(ssl);
        SSL_write(ssl, &byte, 1);
    }
    SSL_free(ssl);
    if (server->context == NULL)
        SSL_CTX_free(context);
    close(server->in);
    close(server->out);
    return NULL;
}

/* Between the stream and the server. */
static NetStream *
make_line(Server *server)
{
    int pair[2], to[2], from[2];

    if (piped) {
        g_assert_cmpint(pipe(to), ==, 0);
        g_assert_cmpint(pipe(from), ==, 0);
        server->in = to[0];
        server->out = from[1];
        return net_stream_of(from[0], to[1], "mail.test:993", NULL);
    }
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    server->in = pair[1];
    server->out = dup(pair[1]);
    return net_stream_of(pair[0], dup(pair[0]), "mail.test:993", NULL);
}

/* Connects to host; NULL when TLS is up and an octet came back, or the error.
 */
static GError *
try_tls(const NetParams *params, const Identity *identity,
        const Identity *issuer, int most)
{
    Server server = {
        .identity = identity, .issuer = issuer, .most = most, .context = shared
    };
    g_autoptr(NetStream) stream = NULL;
    GError *error = NULL;
    GThread *thread;
    char byte = 'x';

    stream = make_line(&server);
    thread = g_thread_new("server", serve, &server);
    if (net_start_tls(stream, params, &error)) {
        g_assert_true(net_is_tls(stream));
        resumed = strstr(net_describe(stream), "resumed") != NULL;
        g_clear_pointer(&bindings[1], g_bytes_unref);
        bindings[1] = net_channel_binding(stream, &binding_type);
        g_assert_true(net_write(stream, "y", 1, NULL));
        g_assert_true(net_flush(stream, NULL));
        g_assert_cmpint(net_wait(stream, NULL, 30, NULL), ==, 1);
        g_assert_cmpint(net_read(stream, &byte, 1, 30, NULL), ==, 1);
        g_assert_cmpint(byte, ==, 'y');
    } else {
        /* no farewell, which would be waited for and be said to anyone */
        g_assert_true(net_write(stream, "z", 1, NULL));
        g_assert_false(net_flush(stream, NULL));
    }
    g_clear_pointer(&stream, net_stream_close);
    g_thread_join(thread);
    g_test_message("%s", error ? error->message : "ok");
    return error;
}

typedef struct {
    const char *host, *cn, *san;
    long from, to;
    const Identity *issuer;
    bool taken;
} Case;

static const Case cases[] = {
    { "mail.test", "x", "DNS:mail.test", -DAY, DAY, &authority, true },
    { "MAIL.test", "x", "DNS:mail.test", -DAY, DAY, &authority, true },
    { "mail.test", "x", "DNS:a.test,DNS:mail.test", -DAY, DAY, &authority,
      true },
    { "mail.example.test", "x", "DNS:*.example.test", -DAY, DAY, &authority,
      true },
    { "127.0.0.1", "x", "IP:127.0.0.1", -DAY, DAY, &authority, true },
    /* validity */
    { "mail.test", "x", "DNS:mail.test", -2 * DAY, -DAY, &authority, false },
    { "mail.test", "x", "DNS:mail.test", DAY, 2 * DAY, &authority, false },
    /* names: by SAN only, never by CN; no "*" alone */
    { "mail.test", "x", "DNS:other.test", -DAY, DAY, &authority, false },
    { "mail.test", "mail.test", NULL, -DAY, DAY, &authority, false },
    { "mail.test", "mail.test", "DNS:other.test", -DAY, DAY, &authority,
      false },
    { "mail.test", "x", "DNS:*", -DAY, DAY, &authority, false },
    { "mail.test", "x", "DNS:*.test", -DAY, DAY, &authority, false },
    { "a.b.example.test", "x", "DNS:*.example.test", -DAY, DAY, &authority,
      false },
    { "mail.example.test", "x", "DNS:m*.example.test", -DAY, DAY, &authority,
      false },
    { "127.0.0.1", "x", "DNS:127.0.0.1", -DAY, DAY, &authority, false },
    /* who signed */
    { "mail.test", "x", "DNS:mail.test", -DAY, DAY, NULL, false },
    { "mail.test", "x", "DNS:mail.test", -DAY, DAY, &stranger, false },
};

static void
test_certificates(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Case *c = &cases[i];
        Identity server =
            certificate_make(c->cn, c->san, c->from, c->to, c->issuer);
        NetParams params = { .host = (char *)c->host, .ca_file = ca_path };
        g_autoptr(GError) error = try_tls(&params, &server, c->issuer, 0);

        g_test_message("%s: %s", c->host, c->san ? c->san : "no SAN");
        g_assert_cmpint(error == NULL, ==, c->taken);
        g_assert_true(c->taken || err_is(error, ERR_REFUSED));
        certificate_forget(&server);
    }
}

/* A certificate of the authority, without the CA flag, signs nothing. */
static void
test_ca_flag(void)
{
    Identity leaf =
        certificate_make("leaf", "DNS:x.test", -DAY, DAY, &authority);
    Identity server = certificate_make("x", "DNS:mail.test", -DAY, DAY, &leaf);
    NetParams params = { .host = (char *)"mail.test", .ca_file = ca_path };
    g_autoptr(GError) error = try_tls(&params, &server, &leaf, 0);

    g_assert_true(err_is(error, ERR_REFUSED));
    certificate_forget(&server);
    certificate_forget(&leaf);
}

/* Without tls-ca-file a stranger's authority is no authority; the message says
 * the fingerprint that would help. */
static void
test_self_signed(void)
{
    Identity server = certificate_make("x", "DNS:mail.test", -DAY, DAY, NULL);
    NetParams params = { .host = (char *)"mail.test" };
    g_autofree char *hex = certificate_fingerprint(&server);
    g_autoptr(GError) error = try_tls(&params, &server, NULL, 0);

    g_assert_true(err_is(error, ERR_REFUSED));
    g_assert_nonnull(strstr(error->message, hex));
    certificate_forget(&server);
}

static void
test_pin(void)
{
    Identity server = certificate_make("x", "DNS:other.test", -DAY, DAY, NULL);
    Identity other =
        certificate_make("x", "DNS:mail.test", -DAY, DAY, &authority);
    g_autofree char *hex = certificate_fingerprint(&server);
    g_autofree char *upper = g_ascii_strup(hex, -1);
    NetParams params = { .host = (char *)"mail.test", .ca_file = ca_path };
    g_autoptr(GError) wrong = NULL;
    g_autoptr(GError) usage = NULL;

    params.fingerprint = hex;
    g_assert_no_error(try_tls(&params, &server, NULL, 0));
    params.fingerprint = upper;
    g_assert_no_error(try_tls(&params, &server, NULL, 0));
    /* a pin means that one and no other, however well signed */
    wrong = try_tls(&params, &other, &authority, 0);
    g_assert_true(err_is(wrong, ERR_REFUSED));
    params.fingerprint = (char *)"sha256:abcd";
    usage = try_tls(&params, &server, NULL, 0);
    g_assert_true(err_is(usage, ERR_USAGE));
    certificate_forget(&server);
    certificate_forget(&other);
}

static void
test_versions(void)
{
    static const struct {
        int most;
        bool taken;
    } versions[] = { { TLS1_1_VERSION, false },
                     { TLS1_2_VERSION, true },
                     { TLS1_3_VERSION, true } };
    Identity server =
        certificate_make("x", "DNS:mail.test", -DAY, DAY, &authority);
    NetParams params = { .host = (char *)"mail.test", .ca_file = ca_path };

    for (gsize i = 0; i < G_N_ELEMENTS(versions); i++) {
        g_autoptr(GError) error =
            try_tls(&params, &server, &authority, versions[i].most);

        g_assert_cmpint(error == NULL, ==, versions[i].taken);
        g_assert_true(error == NULL || err_is(error, ERR_REFUSED));
    }
    certificate_forget(&server);
}

/* The second connection of an account is resumed, with what was trusted in the
 * first; another account's is not. */
static void
test_resumed(void)
{
    static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
    Identity server =
        certificate_make("x", "DNS:mail.test", -DAY, DAY, &authority);
    NetSessions *sessions = net_sessions_create();
    g_autofree char *hex = certificate_fingerprint(&server);
    NetParams params = { .host = (char *)"mail.test", .ca_file = ca_path };

    for (gsize i = 0; i < G_N_ELEMENTS(versions); i++) {
        shared = SSL_CTX_new(TLS_server_method());
        SSL_CTX_set_session_id_context(shared, (const guchar *)"t", 1);
        params.sessions = sessions;
        g_assert_no_error(try_tls(&params, &server, &authority, versions[i]));
        g_assert_false(resumed);
        params.fingerprint = hex; /* its certificate is still known */
        g_assert_no_error(try_tls(&params, &server, &authority, versions[i]));
        g_assert_true(resumed);
        params.fingerprint = NULL;
        params.sessions = NULL;
        g_assert_no_error(try_tls(&params, &server, &authority, versions[i]));
        g_assert_false(resumed);
        SSL_CTX_free(shared);
        /* A server that forgot its tickets is dialled all the same. */
        shared = NULL;
    }
    params.sessions = sessions;
    g_assert_no_error(try_tls(&params, &server, &authority, 0));
    g_assert_false(resumed);
    net_sessions_unref(sessions);
    certificate_forget(&server);
}

/* A server that stands for many is told which one is meant (RFC 6066, section
 * 3); an address is no name. */
static void
test_host_name(void)
{
    Identity server = certificate_make("x", "DNS:mail.test,IP:127.0.0.1", -DAY,
                                       DAY, &authority);
    NetParams params = { .host = (char *)"mail.test", .ca_file = ca_path };

    g_assert_no_error(try_tls(&params, &server, &authority, 0));
    g_assert_cmpstr(seen_name, ==, "mail.test");
    params.host = (char *)"127.0.0.1";
    g_assert_no_error(try_tls(&params, &server, &authority, 0));
    g_assert_cmpstr(seen_name, ==, NULL);
    certificate_forget(&server);
}

static void
check_binding(int version)
{
    g_assert_cmpstr(binding_type, ==,
                    version == TLS1_3_VERSION ? "tls-exporter" : "tls-unique");
    g_assert_cmpuint(g_bytes_get_size(bindings[0]), >=, 12);
    g_assert_true(g_bytes_equal(bindings[0], bindings[1]));
}

/* What a login is bound to is what both sides know of their channel, resumed or
 * not, and of no other (P85). */
static void
test_binding(void)
{
    static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
    Identity server =
        certificate_make("x", "DNS:mail.test", -DAY, DAY, &authority);
    NetParams params = { .host = (char *)"mail.test", .ca_file = ca_path };

    params.sessions = net_sessions_create();
    for (gsize i = 0; i < G_N_ELEMENTS(versions); i++) {
        g_autoptr(GBytes) first = NULL;

        shared = SSL_CTX_new(TLS_server_method());
        SSL_CTX_set_session_id_context(shared, (const guchar *)"t", 1);
        g_assert_no_error(try_tls(&params, &server, &authority, versions[i]));
        check_binding(versions[i]);
        first = g_bytes_ref(bindings[1]);
        g_assert_no_error(try_tls(&params, &server, &authority, versions[i]));
        g_assert_true(resumed);
        check_binding(versions[i]);
        g_assert_false(g_bytes_equal(first, bindings[1]));
        SSL_CTX_free(shared);
        shared = NULL;
    }
    g_clear_pointer(&bindings[0], g_bytes_unref);
    g_clear_pointer(&bindings[1], g_bytes_unref);
    net_sessions_unref(params.sessions);
    certificate_forget(&server);
}

/* tls-client-cert: shown to a server that asks; a file that holds none is named
 * before anything is sent. */
static void
test_client_certificate(void)
{
    Identity server =
        certificate_make("x", "DNS:mail.test", -DAY, DAY, &authority);
    Identity ana = certificate_make("ana", NULL, -DAY, DAY, &authority);
    NetParams params = { .host = (char *)"mail.test", .ca_file = ca_path };
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    FILE *file =
        fdopen(g_file_open_tmp("posthorn-XXXXXX.pem", &path, NULL), "w");

    PEM_write_X509(file, ana.certificate);
    PEM_write_PrivateKey(file, ana.key, NULL, NULL, 0, NULL, NULL);
    fclose(file);
    wants_client = true;
    g_assert_no_error(try_tls(&params, &server, &authority, 0));
    g_assert_null(seen_client);
    params.client_cert = path;
    g_assert_no_error(try_tls(&params, &server, &authority, 0));
    g_assert_cmpstr(seen_client, ==, "ana");
    wants_client = false;
    g_clear_pointer(&seen_client, g_free);
    params.client_cert = ca_path; /* a certificate without a key */
    error = try_tls(&params, &server, &authority, 0);
    g_assert_true(err_is(error, ERR_USAGE));
    g_assert_nonnull(strstr(error->message, ca_path));
    g_unlink(path);
    certificate_forget(&ana);
    certificate_forget(&server);
}

/* In pieces and interrupted all the time. */
static void
test_shaky(void)
{
    Identity server =
        certificate_make("x", "DNS:mail.test", -DAY, DAY, &authority);
    NetParams params = { .host = (char *)"mail.test", .ca_file = ca_path };

    shaky = true;
    shaky_calls = 0;
    g_assert_no_error(try_tls(&params, &server, &authority, 0));
    shaky = false;
    g_assert_cmpuint(shaky_calls, >, 100);
    certificate_forget(&server);
}

/* TLS through a program that is the connection (incoming-tunnel). */
static void
test_tunnel(void)
{
    Identity server =
        certificate_make("x", "DNS:mail.test", -DAY, DAY, &authority);
    NetParams params = { .host = (char *)"mail.test", .ca_file = ca_path };

    piped = true;
    g_assert_no_error(try_tls(&params, &server, &authority, 0));
    piped = false;
    certificate_forget(&server);
}

static void
test_ca_file(void)
{
    Identity server =
        certificate_make("x", "DNS:mail.test", -DAY, DAY, &authority);
    NetParams params = { .host = (char *)"mail.test",
                         .ca_file = (char *)"/nonexistent/ca.pem" };
    g_autoptr(GError) error = try_tls(&params, &server, &authority, 0);

    g_assert_true(err_is(error, ERR_USAGE));
    g_assert_nonnull(strstr(error->message, "/nonexistent/ca.pem"));
    certificate_forget(&server);
}

/* Octets before TLS that nobody took: refused before a handshake (P49). */
static void
test_unread(void)
{
    NetParams params = { .host = (char *)"mail.test", .ca_file = ca_path };
    g_autoptr(NetStream) stream = NULL;
    g_autoptr(GError) error = NULL;
    int pair[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    g_assert_cmpint(write(pair[1], "a\r\nb\r\n", 6), ==, 6);
    stream = net_stream_of(pair[0], dup(pair[0]), "mail.test:143", NULL);
    g_assert_cmpstr(net_read_line(stream, 10, 5, NULL, NULL), ==, "a");
    g_assert_false(net_start_tls(stream, &params, &error));
    g_assert_true(err_is(error, ERR_PROTOCOL));
    g_assert_false(net_is_tls(stream));
    g_assert_true(net_write(stream, "z", 1, NULL)); /* nor in the clear */
    g_assert_false(net_flush(stream, NULL));
    close(pair[1]);
}

/* The system of a test allows old versions: refusing them is ours. g_free(). */
static char *
allow_old_versions(void)
{
    char *path = NULL;
    FILE *file =
        fdopen(g_file_open_tmp("posthorn-XXXXXX.cnf", &path, NULL), "w");

    fputs("openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n"
          "[c]\nMinProtocol = TLSv1\nCipherString = DEFAULT@SECLEVEL=0\n",
          file);
    fclose(file);
    g_setenv("OPENSSL_CONF", path, TRUE);
    return path;
}

int
main(int argc, char **argv)
{
    g_autofree char *path = NULL;
    g_autofree char *config = NULL;
    FILE *file;
    int fd, result;

    g_test_init(&argc, &argv, NULL);
    config = allow_old_versions(); /* before OpenSSL reads it */
    signal(SIGPIPE, SIG_IGN); /* as the program does: OpenSSL writes */
    authority = certificate_make("Authority", NULL, -DAY, DAY, NULL);
    stranger = certificate_make("Stranger Authority", NULL, -DAY, DAY, NULL);
    fd = g_file_open_tmp("posthorn-XXXXXX.pem", &path, NULL);
    file = fdopen(fd, "w");
    PEM_write_X509(file, authority.certificate);
    fclose(file);
    ca_path = path;
    g_test_add_func("/net/tls/certificates", test_certificates);
    g_test_add_func("/net/tls/ca-flag", test_ca_flag);
    g_test_add_func("/net/tls/self-signed", test_self_signed);
    g_test_add_func("/net/tls/pin", test_pin);
    g_test_add_func("/net/tls/versions", test_versions);
    g_test_add_func("/net/tls/ca-file", test_ca_file);
    g_test_add_func("/net/tls/resumed", test_resumed);
    g_test_add_func("/net/tls/host-name", test_host_name);
    g_test_add_func("/net/tls/P85/binding", test_binding);
    g_test_add_func("/net/tls/client-certificate", test_client_certificate);
    g_test_add_func("/net/tls/unread", test_unread);
    g_test_add_func("/net/tls/P42/shaky", test_shaky);
    g_test_add_func("/net/tls/tunnel", test_tunnel);
    result = g_test_run();
    g_unlink(path);
    g_unlink(config);
    g_free(seen_name);
    certificate_forget(&authority);
    certificate_forget(&stranger);
    return result;
}
