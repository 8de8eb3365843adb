/* Ways to a server that are no plain connection: proxies, octet by octet, and
 * commands whose input and output are it. */
#include "base/err.h"
#include "net/net.h"

#include <arpa/inet.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    STEPS = 4
};

/* What a proxy must hear, octets in C escapes, and what it says then. */
typedef struct {
    const char *name;
    const char *proxy; /* %u is the port */
    const char *host;
    struct {
        const char *hears;
        const char *says;
    } steps[STEPS];
    int code;           /* -1: connected, and the server's line comes */
    const char *reason; /* in the error */
} Case;

#define SOCKS_NAME "\\005\\001\\000\\003\\011mail.test\\000\\217"
#define SOCKS_DONE "\\005\\000\\000\\001\\177\\000\\000\\001\\004\\070"
#define HELLO "hello\\r\\n"

static const Case cases[] = {
    { "socks",
      "socks5://127.0.0.1:%u",
      "mail.test",
      { { "\\005\\001\\000", "\\005\\000" }, { SOCKS_NAME, SOCKS_DONE HELLO } },
      -1,
      NULL },
    { "socks by name",
      "socks5://127.0.0.1:%u",
      "mail.test",
      { { "\\005\\001\\000", "\\005\\000" },
        { SOCKS_NAME, "\\005\\000\\000\\003\\003a.b\\004\\070" HELLO } },
      -1,
      NULL },
    { "socks login",
      "socks5://ana:s%%3Acret@127.0.0.1:%u",
      "mail.test",
      { { "\\005\\002\\000\\002", "\\005\\002" },
        { "\\001\\003ana\\006s:cret", "\\001\\000" },
        { SOCKS_NAME, SOCKS_DONE HELLO } },
      -1,
      NULL },
    { "socks address",
      "socks5://127.0.0.1:%u",
      "192.0.2.7",
      { { "\\005\\001\\000", "\\005\\000" },
        { "\\005\\001\\000\\001\\300\\000\\002\\007\\000\\217",
          SOCKS_DONE HELLO } },
      -1,
      NULL },
    { "socks six",
      "socks5://127.0.0.1:%u",
      "::1",
      { { "\\005\\001\\000", "\\005\\000" },
        { "\\005\\001\\000\\004\\000\\000\\000\\000\\000\\000\\000\\000\\000"
          "\\000\\000\\000\\000\\000\\000\\001\\000\\217",
          SOCKS_DONE HELLO } },
      -1,
      NULL },
    { "socks password",
      "socks5://ana:x@127.0.0.1:%u",
      "mail.test",
      { { "\\005\\002\\000\\002", "\\005\\002" },
        { "\\001\\003ana\\001x", "\\001\\001" } },
      ERR_REFUSED,
      "refused the password" },
    { "socks wants login",
      "socks5://127.0.0.1:%u",
      "mail.test",
      { { "\\005\\001\\000", "\\005\\377" } },
      ERR_REFUSED,
      "wants a login" },
    { "socks refused",
      "socks5://127.0.0.1:%u",
      "mail.test",
      { { "\\005\\001\\000", "\\005\\000" },
        { SOCKS_NAME, "\\005\\005\\000\\001\\000\\000\\000\\000\\000\\000" } },
      ERR_RETRY,
      "refuses connections" },
    { "socks is none",
      "socks5://127.0.0.1:%u",
      "mail.test",
      { { "\\005\\001\\000", "HT" } },
      ERR_REFUSED,
      "no SOCKS5 proxy" },
    { "socks cut",
      "socks5://127.0.0.1:%u",
      "mail.test",
      { { "\\005\\001\\000", "\\005\\000" }, { SOCKS_NAME, "\\005\\000" } },
      ERR_RETRY,
      "closed" },
    { "http",
      "http://127.0.0.1:%u",
      "mail.test",
      { { "CONNECT mail.test:143 HTTP/1.1\\r\\nHost: mail.test:143\\r\\n\\r\\n",
          "HTTP/1.1 200 fine\\r\\nVia: x\\r\\n\\r\\n" HELLO } },
      -1,
      NULL },
    { "http login",
      "http://ana:pw@127.0.0.1:%u",
      "::1",
      { { "CONNECT [::1]:143 HTTP/1.1\\r\\nHost: [::1]:143\\r\\n"
          "Proxy-Authorization: Basic YW5hOnB3\\r\\n\\r\\n",
          "HTTP/1.0 200 fine\\r\\n\\r\\n" HELLO } },
      -1,
      NULL },
    { "http refused",
      "http://127.0.0.1:%u",
      "mail.test",
      { { "CONNECT mail.test:143 HTTP/1.1\\r\\nHost: mail.test:143\\r\\n\\r\\n",
          "HTTP/1.1 407 who \\033[31mare you\\r\\n\\r\\n" } },
      ERR_REFUSED,
      "407 who" },
    { "http later",
      "http://127.0.0.1:%u",
      "mail.test",
      { { "CONNECT mail.test:143 HTTP/1.1\\r\\nHost: mail.test:143\\r\\n\\r\\n",
          "HTTP/1.1 503 no\\r\\n\\r\\n" } },
      ERR_RETRY,
      "503" },
    { "http is none",
      "http://127.0.0.1:%u",
      "mail.test",
      { { "CONNECT mail.test:143 HTTP/1.1\\r\\nHost: mail.test:143\\r\\n\\r\\n",
          "* OK IMAP here\\r\\n" } },
      ERR_REFUSED,
      "no HTTP proxy" },
};

typedef struct {
    const Case *c;
    int listener;
    char *fault;
} Proxy;

/* g_strcompress() ends at a NUL, which SOCKS is full of. */
static GByteArray *
octets(const char *text)
{
    GByteArray *bytes = g_byte_array_new();

    while (text && *text) {
        guint8 byte = (guint8)*text;

        if (*text == '\\' && g_ascii_isdigit(text[1])) {
            byte = (guint8)((text[1] - '0') << 6 | (text[2] - '0') << 3
                            | (text[3] - '0'));
            text += 4;
        } else if (*text == '\\') {
            byte = text[1] == 'r' ? '\r' : '\n';
            text += 2;
        } else {
            text++;
        }
        g_byte_array_append(bytes, &byte, 1);
    }
    return bytes;
}

static bool
hears(int fd, const char *text)
{
    g_autoptr(GByteArray) want = octets(text);

    for (guint i = 0; i < want->len; i++) {
        guint8 byte;

        if (read(fd, &byte, 1) != 1 || byte != want->data[i])
            return false;
    }
    return true;
}

static void *
proxy_run(void *data)
{
    Proxy *proxy = data;
    int fd = accept(proxy->listener, NULL, NULL);

    for (int i = 0; i < STEPS && proxy->c->steps[i].hears; i++) {
        g_autoptr(GByteArray) says = octets(proxy->c->steps[i].says);

        if (!hears(fd, proxy->c->steps[i].hears)) {
            proxy->fault = g_strdup_printf("step %d", i);
            break;
        }
        send(fd, says->data, says->len, MSG_NOSIGNAL);
    }
    close(fd);
    return NULL;
}

static int
listen_somewhere(guint *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, size), ==, 0);
    g_assert_cmpint(listen(fd, 1), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&address, &size), ==, 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static void
test_proxy(const void *data)
{
    const Case *c = data;
    Proxy proxy = { .c = c };
    g_autoptr(GError) error = NULL;
    g_autoptr(NetStream) stream = NULL;
    NetParams params = { .host = (char *)c->host,
                         .port = 143,
                         .security = NET_PLAIN };
    g_autoptr(GString) url = g_string_new(c->proxy);
    g_autofree char *digits = NULL;
    GThread *thread;
    guint port;

    proxy.listener = listen_somewhere(&port);
    digits = g_strdup_printf("%u", port);
    g_string_replace(url, "%u", digits, 0);
    g_string_replace(url, "%%", "%", 0);
    params.proxy = url->str;
    thread = g_thread_new("proxy", proxy_run, &proxy);
    stream = net_dial(&params, NULL, &error);
    g_test_message("%s", error ? error->message : "ok");
    if (c->code < 0) {
        g_assert_no_error(error);
        g_assert_cmpstr(net_read_line(stream, 100, 0, NULL, NULL), ==, "hello");
    } else {
        g_assert_null(stream);
        g_assert_true(err_is(error, c->code));
        g_assert_nonnull(strstr(error->message, c->reason));
        g_assert_null(strchr(error->message, '\033'));
    }
    g_thread_join(thread);
    g_assert_cmpstr(proxy.fault, ==, NULL);
    close(proxy.listener);
}

/* What is no proxy is said before anything is dialled, without a password. */
static void
test_words(void)
{
    static const char *const bad[] = { "ftp://127.0.0.1", "127.0.0.1:1080",
                                       "socks5://", "socks4://ana:pw@a" };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        NetParams params = { .host = (char *)"mail.test",
                             .port = 143,
                             .security = NET_PLAIN,
                             .proxy = (char *)bad[i] };

        g_assert_null(net_dial(&params, NULL, &error));
        g_assert_true(err_is(error, ERR_USAGE));
        g_assert_null(strstr(error->message, "pw"));
    }
}

static void
test_tunnel(void)
{
    g_autoptr(GError) error = NULL;
    NetParams params = {
        .host = (char *)"mail.test",
        .security = NET_PLAIN,
        .tunnel = (char *)"sh -c 'read a; echo \"$a there\"; read b'"
    };
    NetStream *stream = net_dial(&params, NULL, &error);

    g_assert_no_error(error);
    g_assert_true(net_write(stream, "here\n", 5, NULL));
    g_assert_true(net_flush(stream, NULL));
    g_assert_cmpstr(net_read_line(stream, 100, 0, NULL, NULL), ==,
                    "here there");
    net_stream_close(stream);
}

/* Its last words are the reason; their escapes do nothing. */
static void
test_tunnel_ends(void)
{
    g_autoptr(GError) error = NULL;
    NetParams params = { .host = (char *)"mail.test",
                         .security = NET_PLAIN,
                         .tunnel = (char *)"sh -c 'printf \"no \\033[1mroute"
                                           "\" >&2; exit 3'" };
    g_autoptr(NetStream) stream = net_dial(&params, NULL, &error);

    g_assert_no_error(error);
    g_assert_null(net_read_line(stream, 100, 0, NULL, &error));
    g_assert_true(err_is(error, ERR_RETRY));
    g_assert_nonnull(strstr(error->message, "route"));
    g_assert_null(strchr(error->message, '\033'));
}

static void
test_tunnel_missing(void)
{
    static const char *const bad[] = { "", "/nonexistent/imapd", "sh 'x" };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        NetParams params = { .host = (char *)"mail.test",
                             .security = NET_PLAIN,
                             .tunnel = (char *)bad[i] };

        g_assert_null(net_dial(&params, NULL, &error));
        g_assert_true(err_is(error, ERR_USAGE));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN); /* as the program does */
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = g_strdup_printf("/net/proxy/%s", cases[i].name);

        g_test_add_data_func(g_strdelimit(name, " ", '-'), &cases[i],
                             test_proxy);
    }
    g_test_add_func("/net/proxy/words", test_words);
    g_test_add_func("/net/tunnel/speaks", test_tunnel);
    g_test_add_func("/net/tunnel/ends", test_tunnel_ends);
    g_test_add_func("/net/tunnel/missing", test_tunnel_missing);
    return g_test_run();
}
