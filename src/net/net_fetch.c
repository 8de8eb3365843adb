/* HTTP for content that a stranger wants loaded, through libcurl. What is sent
 * is as little as HTTP allows (RFC 9110, sections 7.2 and 10.1.5), redirects
 * are followed here, one by one, so that each is judged like the first. Must
 * not become a browser: no cookies, no cache, no scripts. */
#include "net/fetch.h"

#include "base/err.h"
#include "base/text.h"
#include "net_curl.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    POLL_MS = 1000,
    CONNECT_SECONDS = 10
};

struct NetFetch {
    const Curl *curl;
    CURLM *multi; /* keeps the connections */
    GCancellable *cancel;
    char *proxy;    /* as curl writes it; "": none */
    GPtrArray *own; /* GInetAddressMask that may be asked */
    guint seconds, redirects;
    /* of the file being fetched */
    char *host; /* for messages, sanitised */
    GByteArray *body;
    gsize limit;
    bool too_large, refused;
};

/* Names of hosts are resolved by the proxy, as for mail. */
static char *
curl_proxy(const char *proxy)
{
    if (proxy && g_str_has_prefix(proxy, "socks5://"))
        return g_strconcat("socks5h://", proxy + strlen("socks5://"), NULL);
    return g_strdup(proxy ? proxy : "");
}

NetFetch *
net_fetch_create(const NetFetchParams *params, GCancellable *cancel,
                 GError **error)
{
    g_autoptr(GPtrArray) own = net_address_masks(params->own, error);
    const Curl *curl = net_curl();
    NetFetch *fetch;

    if (own == NULL)
        return NULL;
    if (curl == NULL)
        return err_null(error, ERR_LOCAL,
                        "%s cannot be used: install libcurl to load images",
                        NET_CURL_FILE);
    fetch = g_new0(NetFetch, 1);
    fetch->curl = curl;
    fetch->multi = curl->multi_init();
    fetch->cancel = cancel;
    fetch->proxy = curl_proxy(params->proxy);
    fetch->own = g_steal_pointer(&own);
    fetch->seconds = params->seconds;
    fetch->redirects = params->redirects;
    fetch->body = g_byte_array_new();
    return fetch;
}

void
net_fetch_destroy(NetFetch *fetch)
{
    if (fetch == NULL)
        return;
    fetch->curl->multi_cleanup(fetch->multi);
    g_free(fetch->proxy);
    g_ptr_array_unref(fetch->own);
    g_free(fetch->host);
    g_byte_array_unref(fetch->body);
    g_free(fetch);
}

static bool
may_ask(const NetFetch *fetch, GInetAddress *address)
{
    return !net_address_is_own(address)
           || net_address_matches(address, fetch->own);
}

static bool
refuse_own(const NetFetch *fetch, GError **error)
{
    return err_set(error, ERR_REFUSED,
                   "%s: an address of this machine or its network is not asked",
                   fetch->host);
}

/* What an address turns out to be when it is dialled: no name and no second
 * lookup can lead round this. A proxy is the user's own choice. */
static curl_socket_t
open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *to)
{
    NetFetch *fetch = user;
    g_autoptr(GSocketAddress) found =
        g_socket_address_new_from_native(&to->addr, to->addrlen);
    GInetAddress *address =
        G_IS_INET_SOCKET_ADDRESS(found)
            ? g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(found))
            : NULL;
    int fd;

    if (*fetch->proxy == '\0'
        && (address == NULL || !may_ask(fetch, address))) {
        fetch->refused = true;
        return CURL_SOCKET_BAD;
    }
    fd = socket(to->family, to->socktype, to->protocol);
    if (fd >= 0)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
}

static gsize
take_body(char *bytes, gsize size, gsize n, void *user)
{
    NetFetch *fetch = user;

    if (size * n > fetch->limit - fetch->body->len) {
        fetch->too_large = true;
        return 0;
    }
    g_byte_array_append(fetch->body, (const guint8 *)bytes, (guint)(size * n));
    return size * n;
}

static char *
url_part(const Curl *curl, CURLU *url, CURLUPart part)
{
    g_autofree char *safe = NULL;
    char *text = NULL;

    if (curl->url_get(url, part, &text, 0) != CURLUE_OK)
        return NULL;
    safe = text_sanitise(text, -1, TEXT_LINE);
    curl->free(text);
    return g_steal_pointer(&safe);
}

/* An address written in the URL itself is known before a proxy is asked. */
static bool
check_host(NetFetch *fetch, const char *host, GError **error)
{
    g_autofree char *bare = g_strdup(host);
    g_autoptr(GInetAddress) address = NULL;

    g_strdelimit(bare, "[]", ' ');
    address = g_inet_address_new_from_string(g_strstrip(bare));
    if (address ? !may_ask(fetch, address)
                : g_ascii_strcasecmp(bare, "localhost") == 0 && *fetch->proxy)
        return refuse_own(fetch, error);
    return true;
}

/* Read by the same parser that will read it again to connect. */
static bool
check_url(NetFetch *fetch, CURLU *url, const char *text, GError **error)
{
    const Curl *curl = fetch->curl;
    g_autofree char *scheme = NULL;
    g_autofree char *user = NULL;
    CURLUcode code =
        curl->url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME);

    g_free(fetch->host);
    fetch->host =
        code == CURLUE_OK ? url_part(curl, url, CURLUPART_HOST) : NULL;
    if (fetch->host == NULL || *fetch->host == '\0') {
        g_free(fetch->host);
        fetch->host = g_strdup("?");
        return err_set(error, ERR_REFUSED, "no address of the web");
    }
    scheme = url_part(curl, url, CURLUPART_SCHEME);
    user = url_part(curl, url, CURLUPART_USER);
    if (g_strcmp0(scheme, "http") != 0 && g_strcmp0(scheme, "https") != 0)
        return err_set(error, ERR_REFUSED,
                       "%s: %s is not asked, only http and https", fetch->host,
                       scheme);
    if (user)
        return err_set(error, ERR_REFUSED, "%s: a name to log in is not sent",
                       fetch->host);
    return check_host(fetch, fetch->host, error);
}

static CURL *
make_request(NetFetch *fetch, CURLU *url, gint64 until)
{
    const Curl *curl = fetch->curl;
    CURL *easy = curl->easy_init();
    gint64 left = (until - g_get_monotonic_time()) / 1000;

    curl->easy_setopt(easy, CURLOPT_CURLU, url);
    curl->easy_setopt(easy, CURLOPT_USERAGENT, "Mozilla/5.0");
    curl->easy_setopt(easy, CURLOPT_PROXY, fetch->proxy);
    curl->easy_setopt(easy, CURLOPT_NOPROXY, "");
    curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl->easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl->easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl->easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)MAX(left, 1));
    curl->easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE,
                      (curl_off_t)fetch->limit);
    curl->easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl->easy_setopt(easy, CURLOPT_OPENSOCKETDATA, fetch);
    curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl->easy_setopt(easy, CURLOPT_WRITEDATA, fetch);
    return easy;
}

/* Until the request ended or cancel fired: its result. */
static CURLcode
run_request(NetFetch *fetch, CURL *easy)
{
    const Curl *curl = fetch->curl;
    struct curl_waitfd wake = { -1, CURL_WAIT_POLLIN, 0 };
    CURLcode result = CURLE_ABORTED_BY_CALLBACK;
    int running = 1, left;

    wake.fd = fetch->cancel ? g_cancellable_get_fd(fetch->cancel) : -1;
    curl->multi_add_handle(fetch->multi, easy);
    while (running && !g_cancellable_is_cancelled(fetch->cancel)
           && curl->multi_perform(fetch->multi, &running) == CURLM_OK
           && running)
        curl->multi_poll(fetch->multi, &wake, wake.fd >= 0, POLL_MS, NULL);
    for (CURLMsg *message;
         !running && (message = curl->multi_info_read(fetch->multi, &left));)
        result = message->data.result;
    curl->multi_remove_handle(fetch->multi, easy);
    if (wake.fd >= 0)
        g_cancellable_release_fd(fetch->cancel);
    return result;
}

static bool
explain(const NetFetch *fetch, CURLcode result, GError **error)
{
    if (g_cancellable_is_cancelled(fetch->cancel))
        return err_set(error, ERR_CANCELLED, "%s: ended", fetch->host);
    if (fetch->refused)
        return refuse_own(fetch, error);
    if (fetch->too_large || result == CURLE_FILESIZE_EXCEEDED)
        return err_set(error, ERR_REFUSED, "%s: too large", fetch->host);
    if (result == CURLE_OPERATION_TIMEDOUT)
        return err_set(error, ERR_RETRY, "%s: no answer in time", fetch->host);
    return err_set(error, ERR_RETRY, "%s: %s", fetch->host,
                   fetch->curl->easy_strerror(result));
}

/* One request. *next gets the address of a redirect. */
static bool
ask_once(NetFetch *fetch, const char *text, gint64 until, char **next,
         GError **error)
{
    const Curl *curl = fetch->curl;
    CURLU *url = curl->url();
    CURL *easy = NULL;
    CURLcode result;
    const char *redirect = NULL;
    long status = 0;
    bool ok = check_url(fetch, url, text, error);

    if (ok) {
        g_byte_array_set_size(fetch->body, 0);
        fetch->refused = fetch->too_large = false;
        easy = make_request(fetch, url, until);
        result = run_request(fetch, easy);
        curl->easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        curl->easy_getinfo(easy, CURLINFO_REDIRECT_URL, &redirect);
        ok = result == CURLE_OK || explain(fetch, result, error);
    }
    if (ok && redirect)
        *next = g_strdup(redirect);
    else if (ok && status != 200)
        ok = err_set(error, ERR_RETRY, "%s: answered %ld", fetch->host, status);
    curl->easy_cleanup(easy);
    curl->url_cleanup(url);
    return ok;
}

GBytes *
net_fetch(NetFetch *fetch, const char *url, gsize limit, GError **error)
{
    gint64 until =
        g_get_monotonic_time() + (gint64)fetch->seconds * G_USEC_PER_SEC;
    g_autofree char *at = g_strdup(url);

    fetch->limit = limit;
    for (guint hop = 0; hop <= fetch->redirects; hop++) {
        g_autofree char *next = NULL;

        if (!ask_once(fetch, at, until, &next, error))
            return NULL;
        if (next == NULL)
            return g_bytes_new(fetch->body->data, fetch->body->len);
        g_free(at);
        at = g_steal_pointer(&next);
    }
    return err_null(error, ERR_REFUSED, "%s: more than %u redirects",
                    fetch->host, fetch->redirects);
}
