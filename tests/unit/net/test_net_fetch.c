/* Files from the web: what is said in asking, what is not asked at all, and
 * what is not waited for (promise P61). */
#include "net/fetch.h"

#include "base/err.h"

#include <string.h>

/* A server on 127.0.0.1 and 127.0.0.2; one thread a connection. */
typedef struct {
    GSocket *sockets[2];
    GThread *threads[2];
    guint port;
    GMutex lock;
    GString *heard;       /* what was asked, but for its port */
    GCancellable *cancel; /* fires when /cancel is asked */
} Server;

static Server server;

typedef struct {
    const char *path, *answer; /* %u: the port */
} Page;

static const Page pages[] = {
    { "/ok", "200 OK\r\nContent-Length: 7\r\n\r\npicture" },
    { "/cookie", "302 Found\r\nSet-Cookie: who=me\r\nLocation: /ok\r\n\r\n" },
    { "/empty", "200 OK\r\nContent-Length: 0\r\n\r\n" },
    { "/gone", "404 Not Found\r\nContent-Length: 2\r\n\r\nno" },
    { "http://img.example/gone", "404 Not Found\r\n\r\n" },
    { "/login", "401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\n\r\n" },
    { "/1", "301 Moved\r\nLocation: /ok\r\n\r\n" },
    { "/2", "301 Moved\r\nLocation: /1\r\n\r\n" },
    { "/3", "301 Moved\r\nLocation: /2\r\n\r\n" },
    { "/4", "301 Moved\r\nLocation: /3\r\n\r\n" },
    { "/private", "302 Found\r\nLocation: http://127.0.0.2:%u/ok\r\n\r\n" },
    { "/mapped", "302 Found\r\nLocation: http://[::ffff:127.0.0.1]:%u/ok"
                 "\r\n\r\n" },
    { "/number", "302 Found\r\nLocation: http://2130706434:%u/ok\r\n\r\n" },
    { "/file", "302 Found\r\nLocation: file:///etc/passwd\r\n\r\n" },
    { "/user", "302 Found\r\nLocation: http://ana:x@127.0.0.1:%u/ok\r\n\r\n" },
    { "/said", "200 OK\r\nContent-Length: 101\r\n\r\n" },
    { "/flood", "200 OK\r\n\r\n0123456789012345678901234567890123456789012345"
                "678901234567890123456789012345678901234567890123456789012345"
                "678901234567890123456789" },
};

static void
answer(GSocket *socket, const char *path)
{
    for (gsize i = 0; i < G_N_ELEMENTS(pages); i++) {
        g_autoptr(GString) text = NULL;
        g_autofree char *port = g_strdup_printf("%u", server.port);

        if (!g_str_equal(pages[i].path, path))
            continue;
        text = g_string_new("HTTP/1.1 ");
        g_string_append(text, pages[i].answer);
        g_string_replace(text, "%u", port, 0);
        g_string_replace(text, "\r\n", "\r\nConnection: close\r\n", 1);
        g_socket_send(socket, text->str, text->len, NULL, NULL);
        return;
    }
    if (g_str_equal(path, "/cancel"))
        g_cancellable_cancel(server.cancel);
    while (g_socket_receive(socket, (char[64]){ 0 }, 64, NULL, NULL) > 0)
        ; /* silent until the other side goes */
}

static void *
talk(void *data)
{
    g_autoptr(GSocket) socket = data;
    g_autoptr(GString) request = g_string_new(NULL);
    g_autofree char *port = g_strdup_printf(":%u", server.port);
    g_auto(GStrv) words = NULL;
    char buffer[512];
    gssize n;

    while (strstr(request->str, "\r\n\r\n") == NULL
           && (n = g_socket_receive(socket, buffer, sizeof buffer, NULL, NULL))
                  > 0)
        g_string_append_len(request, buffer, n);
    words = g_strsplit(request->str, " ", 3);
    g_string_replace(request, port, "", 0);
    g_mutex_lock(&server.lock);
    g_string_append(server.heard, request->str);
    g_mutex_unlock(&server.lock);
    if (g_strv_length(words) == 3)
        answer(socket, words[1]);
    g_socket_close(socket, NULL);
    return NULL;
}

static void *
serve(void *data)
{
    for (;;) {
        GSocket *socket = g_socket_accept(data, NULL, NULL);

        if (socket == NULL)
            return NULL;
        g_thread_unref(g_thread_new("talk", talk, socket));
    }
}

static void
listen_on(int i, const char *address)
{
    g_autoptr(GInetAddress) host = g_inet_address_new_from_string(address);
    g_autoptr(GSocketAddress) at =
        g_inet_socket_address_new(host, (guint16)server.port);
    g_autoptr(GSocketAddress) bound = NULL;

    server.sockets[i] = g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
                                     G_SOCKET_PROTOCOL_TCP, NULL);
    g_assert_true(g_socket_bind(server.sockets[i], at, TRUE, NULL));
    g_assert_true(g_socket_listen(server.sockets[i], NULL));
    bound = g_socket_get_local_address(server.sockets[i], NULL);
    server.port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound));
    server.threads[i] = g_thread_new("serve", serve, server.sockets[i]);
}

static void
server_stop(void)
{
    for (int i = 0; i < 2; i++) {
        g_socket_shutdown(server.sockets[i], TRUE, TRUE, NULL);
        g_thread_join(server.threads[i]);
        g_object_unref(server.sockets[i]);
    }
    g_string_free(server.heard, TRUE);
    g_object_unref(server.cancel);
}

/* The text of the body, or of the error. g_free(). */
static char *
fetch_text(const NetFetchParams *params, const char *format, gsize limit,
           int *code)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(NetFetch) fetch = net_fetch_create(params, server.cancel, &error);
    g_autoptr(GString) url = g_string_new(format);
    g_autofree char *port = g_strdup_printf("%u", server.port);
    g_autoptr(GBytes) body = NULL;
    const char *text;
    gsize size = 0;

    g_assert_no_error(error);
    g_string_replace(url, "%u", port, 0);
    g_mutex_lock(&server.lock);
    g_string_truncate(server.heard, 0);
    g_mutex_unlock(&server.lock);
    body = net_fetch(fetch, url->str, limit, &error);
    *code = error ? error->code : -1;
    if (error)
        return g_strdup(error->message);
    text = g_bytes_get_data(body, &size);
    return g_strndup(text ? text : "", size);
}

static bool
is_built(void)
{
    const NetFetchParams params = { .seconds = 1 };
    g_autoptr(GError) error = NULL;
    g_autoptr(NetFetch) fetch = net_fetch_create(&params, NULL, &error);

    if (fetch == NULL)
        g_test_skip(error->message);
    return fetch != NULL;
}

static const struct {
    const char *own, *url, *text; /* of the body or the error */
    int code;                     /* -1: fetched */
    int asked;                    /* requests the server must have heard */
} cases[] = {
    { "127.0.0.1", "http://127.0.0.1:%u/ok", "picture", -1, 1 },
    { "127.0.0.0/8", "http://127.0.0.2:%u/private", "picture", -1, 2 },
    { "10.0.0.1, 127.0.0.1", "http://localhost:%u/ok", "picture", -1, 1 },
    { "127.0.0.1", "http://127.0.0.1:%u/empty", "", -1, 1 },
    { "127.0.0.1", "http://127.0.0.1:%u/cookie", "picture", -1, 2 },
    { "127.0.0.1", "http://127.0.0.1:%u/3", "picture", -1, 4 },
    { "127.0.0.1", "http://127.0.0.1:%u/4", "more than 3 redirects",
      ERR_REFUSED, 4 },
    { "127.0.0.1", "http://127.0.0.1:%u/gone", "127.0.0.1: answered 404",
      ERR_RETRY, 1 },
    { "127.0.0.1", "http://127.0.0.1:%u/login", "answered 401", ERR_RETRY, 1 },
    { "127.0.0.1", "http://127.0.0.1:%u/said", "too large", ERR_REFUSED, 1 },
    { "127.0.0.1", "http://127.0.0.1:%u/flood", "too large", ERR_REFUSED, 1 },
    { "127.0.0.1", "http://127.0.0.1:%u/silent", "no answer in time", ERR_RETRY,
      1 },
    /* addresses of this machine: in the URL, by name, by redirect */
    { NULL, "http://127.0.0.1:%u/ok", "127.0.0.1: an address of this machine",
      ERR_REFUSED, 0 },
    { NULL, "http://localhost:%u/ok", "localhost: an address of this machine",
      ERR_REFUSED, 0 },
    { NULL, "http://[::1]:%u/ok", "an address of this machine", ERR_REFUSED,
      0 },
    { NULL, "http://0x7f.1:%u/ok", "an address of this machine", ERR_REFUSED,
      0 },
    { NULL, "https://0:%u/ok", "an address of this machine", ERR_REFUSED, 0 },
    { "127.0.0.1", "http://127.0.0.1:%u/private",
      "127.0.0.2: an address of this machine", ERR_REFUSED, 1 },
    { "127.0.0.1", "http://127.0.0.1:%u/mapped", "an address of this machine",
      ERR_REFUSED, 1 },
    { "127.0.0.1", "http://127.0.0.1:%u/number", "an address of this machine",
      ERR_REFUSED, 1 },
    /* other ways than HTTP */
    { "127.0.0.1", "http://127.0.0.1:%u/file", "no address of the web",
      ERR_REFUSED, 1 },
    { "127.0.0.1", "http://127.0.0.1:%u/user", "log in", ERR_REFUSED, 1 },
    { NULL, "ftp://127.0.0.1:%u/ok", "only http and https", ERR_REFUSED, 0 },
    { NULL, "file:///etc/passwd", "no address of the web", ERR_REFUSED, 0 },
    { NULL, "http://", "no address of the web", ERR_REFUSED, 0 },
    { NULL, "nonsense\033[31m://x\302\233/", "", ERR_REFUSED, 0 },
};

static int
count_asked(void)
{
    int n = 0;

    g_mutex_lock(&server.lock);
    for (const char *at = server.heard->str; (at = strstr(at, "GET ")); at++)
        n++;
    g_mutex_unlock(&server.lock);
    return n;
}

static void
test_cases(void)
{
    if (!is_built())
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const NetFetchParams params = {
            .own = cases[i].own,
            .seconds = strstr(cases[i].url, "silent") ? 1 : 60,
            .redirects = 3
        };
        int code;
        g_autofree char *text = fetch_text(&params, cases[i].url, 100, &code);

        g_test_message("%s: %s", cases[i].url, text);
        g_assert_cmpint(code, ==, cases[i].code);
        g_assert_nonnull(strstr(text, cases[i].text));
        g_assert_cmpint(count_asked(), ==, cases[i].asked);
        g_assert_null(strchr(text, '\033'));
    }
}

/* Nothing but this is said: no cookie that was set, no Referer, no name. */
static void
test_request(void)
{
    static const char request[] =
        " HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Mozilla/5.0\r\n"
        "Accept: */*\r\n\r\n";
    const NetFetchParams params = { .own = "127.0.0.1",
                                    .seconds = 60,
                                    .redirects = 3 };
    g_autofree char *wanted =
        g_strconcat("GET /cookie", request, "GET /ok", request, NULL);
    g_autofree char *text = NULL;
    int code;

    if (!is_built())
        return;
    text = fetch_text(&params, "http://127.0.0.1:%u/cookie", 100, &code);
    g_assert_cmpstr(text, ==, "picture");
    g_assert_cmpstr(server.heard->str, ==, wanted);
}

/* Through a proxy, which may be on this machine; an address of this machine
 * behind it is refused all the same. */
static void
test_proxy(void)
{
    g_autofree char *proxy =
        g_strdup_printf("http://127.0.0.1:%u", server.port);
    const NetFetchParams params = { .proxy = proxy, .seconds = 60 };
    g_autofree char *asked = NULL;
    int code;

    if (!is_built())
        return;
    g_free(fetch_text(&params, "http://img.example/gone", 100, &code));
    g_assert_cmpint(code, ==, ERR_RETRY);
    asked = g_strdup(server.heard->str);
    g_assert_true(
        g_str_has_prefix(asked, "GET http://img.example/gone HTTP/1.1"));
    g_free(fetch_text(&params, "http://192.168.1.1/x", 100, &code));
    g_assert_cmpint(code, ==, ERR_REFUSED);
    g_free(fetch_text(&params, "http://localhost/x", 100, &code));
    g_assert_cmpint(code, ==, ERR_REFUSED);
    g_assert_cmpint(count_asked(), ==, 0);
}

static void
test_cancel(void)
{
    const NetFetchParams params = { .own = "127.0.0.1", .seconds = 600 };
    g_autofree char *text = NULL;
    int code;

    if (!is_built())
        return;
    text = fetch_text(&params, "http://127.0.0.1:%u/cancel", 100, &code);
    g_assert_cmpint(code, ==, ERR_CANCELLED);
    g_cancellable_reset(server.cancel);
}

static void
test_own(void)
{
    static const char *const own[] = {
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.9.9.9",
        "169.254.1.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "fc00::1",
        "fd12::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "2002:7f00:1::",
    };
    static const char *const others[] = {
        "1.1.1.1",      "9.255.255.255",    "11.0.0.0",        "172.15.0.1",
        "172.32.0.1",   "192.167.0.1",      "223.255.255.255", "100.63.0.1",
        "2606:4700::1", "64:ff9b::1.1.1.1", "2a00::1",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(own); i++) {
        g_autoptr(GInetAddress) address =
            g_inet_address_new_from_string(own[i]);

        g_test_message("%s", own[i]);
        g_assert_true(net_address_is_own(address));
    }
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autoptr(GInetAddress) address =
            g_inet_address_new_from_string(others[i]);

        g_test_message("%s", others[i]);
        g_assert_false(net_address_is_own(address));
    }
}

static void
test_masks(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) none = net_address_masks(NULL, NULL);
    g_autoptr(GPtrArray) two = net_address_masks("10.0.0.0/8,  fc00::1", NULL);

    g_assert_cmpuint(none->len, ==, 0);
    g_assert_cmpuint(two->len, ==, 2);
    g_assert_null(net_address_masks("10.0.0.0/8, wiki", &error));
    g_assert_true(err_is(error, ERR_USAGE));
    g_assert_nonnull(strstr(error->message, "wiki is no address"));
}

int
main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    g_setenv("http_proxy", "http://127.0.0.1:1", TRUE); /* not ours to heed */
    server.heard = g_string_new(NULL);
    server.cancel = g_cancellable_new();
    listen_on(0, "127.0.0.1");
    listen_on(1, "127.0.0.2");
    g_test_add_func("/net/fetch/P61/cases", test_cases);
    g_test_add_func("/net/fetch/P61/request", test_request);
    g_test_add_func("/net/fetch/proxy", test_proxy);
    g_test_add_func("/net/fetch/cancel", test_cancel);
    g_test_add_func("/net/fetch/P61/own", test_own);
    g_test_add_func("/net/fetch/masks", test_masks);
    status = g_test_run();
    server_stop();
    return status;
}
