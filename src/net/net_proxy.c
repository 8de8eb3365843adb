/* Through a proxy: SOCKS5 (RFC 1928, 1929) or HTTP CONNECT (RFC 9110, section
 * 9.3.6). The server's name is resolved there, so that no lookup tells it to
 * the network here. */
#include "net_private.h"

#include "base/err.h"
#include "base/text.h"

#include <string.h>

enum {
    HEADER_LINES = 100,
    HEADER_BYTES = 8192,
    SOCKS_TEXT = 255,
};

static bool
take_bytes(void *user, const void *bytes, gsize size, GError **error)
{
    g_byte_array_append(user, bytes, (guint)size);
    return true;
}

static bool
read_bytes(NetStream *stream, GByteArray *to, gsize size, GError **error)
{
    g_byte_array_set_size(to, 0);
    return net_read_exact(stream, size, take_bytes, to, error);
}

static bool
send_bytes(NetStream *stream, const GByteArray *bytes, GError **error)
{
    return net_write(stream, bytes->data, bytes->len, error)
           && net_flush(stream, error);
}

static void
add_byte(GByteArray *to, guint value)
{
    guint8 byte = (guint8)value;

    g_byte_array_append(to, &byte, 1);
}

/* LEN TEXT; longer ones are refused before. */
static void
add_text(GByteArray *to, const char *text)
{
    add_byte(to, (guint)strlen(text));
    g_byte_array_append(to, (const guint8 *)text, (guint)strlen(text));
}

/* VER UNAME PASSWD, then VER STATUS (RFC 1929). */
static bool
socks_login(NetStream *stream, const GUri *proxy, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    const char *password = g_uri_get_password((GUri *)proxy);

    add_byte(bytes, 1);
    add_text(bytes, g_uri_get_user((GUri *)proxy));
    add_text(bytes, password ? password : "");
    if (!send_bytes(stream, bytes, error)
        || !read_bytes(stream, bytes, 2, error))
        return false;
    return bytes->data[1] == 0
           || err_set(error, ERR_REFUSED, "the proxy refused the password");
}

/* Methods: 0 none, 2 user and password. */
static bool
socks_greet(NetStream *stream, const GUri *proxy, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    bool named = g_uri_get_user((GUri *)proxy) != NULL;

    add_byte(bytes, 5);
    add_byte(bytes, named ? 2 : 1);
    add_byte(bytes, 0);
    if (named)
        add_byte(bytes, 2);
    if (!send_bytes(stream, bytes, error)
        || !read_bytes(stream, bytes, 2, error))
        return false;
    if (bytes->data[0] != 5)
        return err_set(error, ERR_REFUSED, "it is no SOCKS5 proxy");
    if (bytes->data[1] == 2 && named)
        return socks_login(stream, proxy, error);
    return bytes->data[1] == 0
           || err_set(error, ERR_REFUSED,
                      "the proxy wants a login: write "
                      "socks5://USER:PASSWORD@HOST");
}

static bool
socks_refused(guint code, GError **error)
{
    static const char *const words[] = {
        "",
        "it failed",
        "its rules forbid it",
        "the network cannot be reached",
        "the server cannot be reached",
        "the server refuses connections",
        "it took too long",
        "the proxy does not do this",
        "the proxy does not do such addresses",
    };

    return err_set(error, ERR_RETRY, "the proxy says: %s",
                   code < G_N_ELEMENTS(words) ? words[code]
                                              : "an unknown failure");
}

static void
add_destination(GByteArray *to, const NetParams *params)
{
    g_autoptr(GInetAddress) address =
        g_inet_address_new_from_string(params->host);
    bool is_six =
        address && g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV6;

    if (address) {
        add_byte(to, is_six ? 4 : 1);
        g_byte_array_append(to, g_inet_address_to_bytes(address),
                            (guint)g_inet_address_get_native_size(address));
    } else {
        add_byte(to, 3);
        add_text(to, params->host);
    }
    add_byte(to, params->port >> 8);
    add_byte(to, params->port & 0xff);
}

/* VER REP RSV ATYP BND.ADDR BND.PORT */
static bool
socks_connect(NetStream *stream, const NetParams *params, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    gsize size;

    add_byte(bytes, 5);
    add_byte(bytes, 1);
    add_byte(bytes, 0);
    add_destination(bytes, params);
    if (!send_bytes(stream, bytes, error)
        || !read_bytes(stream, bytes, 4, error))
        return false;
    if (bytes->data[1] != 0)
        return socks_refused(bytes->data[1], error);
    switch (bytes->data[3]) {
    case 1:
        size = 4;
        break;
    case 4:
        size = 16;
        break;
    case 3:
        if (!read_bytes(stream, bytes, 1, error))
            return false;
        size = bytes->data[0];
        break;
    default:
        return err_set(error, ERR_REFUSED, "it is no SOCKS5 proxy");
    }
    return read_bytes(stream, bytes, size + 2, error);
}

static char *
authority(const NetParams *params)
{
    return g_strdup_printf(strchr(params->host, ':') ? "[%s]:%u" : "%s:%u",
                           params->host, params->port);
}

static void
add_basic(GString *request, const GUri *proxy)
{
    const char *user = g_uri_get_user((GUri *)proxy);
    const char *password = g_uri_get_password((GUri *)proxy);
    g_autofree char *pair = NULL;
    g_autofree char *base64 = NULL;

    if (user == NULL)
        return;
    pair = g_strdup_printf("%s:%s", user, password ? password : "");
    base64 = g_base64_encode((const guchar *)pair, strlen(pair));
    g_string_append_printf(request, "Proxy-Authorization: Basic %s\r\n",
                           base64);
}

/* "HTTP/1.1 200 …", header lines, an empty line. */
static bool
http_answer(NetStream *stream, GError **error)
{
    gsize size;
    const char *line = net_read_line(stream, HEADER_BYTES, 0, &size, error);

    if (line == NULL)
        return false;
    if (!g_str_has_prefix(line, "HTTP/1.") || size < 12)
        return err_set(error, ERR_REFUSED, "it is no HTTP proxy");
    if (line[9] != '2') {
        g_autofree char *safe = text_sanitise(line + 9, -1, TEXT_LINE);

        return err_set(error, line[9] == '5' ? ERR_RETRY : ERR_REFUSED,
                       "the proxy says: %s", safe);
    }
    for (int i = 0; i < HEADER_LINES; i++) {
        line = net_read_line(stream, HEADER_BYTES, 0, &size, error);
        if (line == NULL || size == 0)
            return line != NULL;
    }
    return err_set(error, ERR_PROTOCOL, "the proxy's answer has no end");
}

static bool
http_connect(NetStream *stream, const GUri *proxy, const NetParams *params,
             GError **error)
{
    g_autofree char *to = authority(params);
    g_autoptr(GString) request = g_string_new(NULL);

    g_string_printf(request, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", to, to);
    add_basic(request, proxy);
    g_string_append(request, "\r\n");
    return net_write(stream, request->str, request->len, error)
           && net_flush(stream, error) && http_answer(stream, error);
}

static bool
fits(const char *text)
{
    return text == NULL || strlen(text) <= SOCKS_TEXT;
}

/* NULL with ERR_USAGE, which does not repeat a password. */
static GUri *
parse(const char *text, guint *port, GError **error)
{
    g_autoptr(GUri) uri =
        g_uri_parse(text, G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_NON_DNS, NULL);
    const char *scheme = uri ? g_uri_get_scheme(uri) : "";
    bool socks = strcmp(scheme, "socks5") == 0;

    if ((!socks && strcmp(scheme, "http") != 0) || g_uri_get_host(uri) == NULL
        || *g_uri_get_host(uri) == '\0' || !fits(g_uri_get_user(uri))
        || !fits(g_uri_get_password(uri)))
        return err_null(error, ERR_USAGE,
                        "proxy takes socks5://[USER:PASSWORD@]HOST[:PORT] or "
                        "http://[USER:PASSWORD@]HOST[:PORT]");
    *port = g_uri_get_port(uri) > 0 ? (guint)g_uri_get_port(uri)
            : socks                 ? 1080
                                    : 8080;
    return g_steal_pointer(&uri);
}

bool
net_proxy_ask(NetStream *stream, const GUri *proxy, const NetParams *params,
              GError **error)
{
    if (strcmp(g_uri_get_scheme((GUri *)proxy), "socks5") == 0)
        return socks_greet(stream, proxy, error)
               && socks_connect(stream, params, error);
    return http_connect(stream, proxy, params, error);
}

/* What the server said behind the proxy's answer stays in the stream. */
NetStream *
net_proxy_open(const NetParams *params, GCancellable *cancel, GError **error)
{
    guint port = 0;
    g_autoptr(GUri) proxy = parse(params->proxy, &port, error);
    g_autoptr(NetStream) stream = NULL;
    NetParams there = { .connect_timeout = params->connect_timeout };
    int fd;

    if (proxy == NULL)
        return NULL;
    if (strlen(params->host) > SOCKS_TEXT)
        return err_null(error, ERR_USAGE, "%s is no host name", params->host);
    there.host = (char *)g_uri_get_host(proxy);
    there.port = port;
    fd = net_connect(&there, cancel, error);
    if (fd < 0) {
        g_prefix_error(error, "the proxy ");
        return NULL;
    }
    stream = net_stream_of(fd, fd, there.host, cancel);
    if (net_proxy_ask(stream, proxy, params, error))
        return g_steal_pointer(&stream);
    g_prefix_error(error, "%s:%u through %s:%u: ", params->host, params->port,
                   there.host, port);
    return NULL;
}
