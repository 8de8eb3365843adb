/* A file from the web, asked for without saying who asks: no cookies, no
 * Referer, no login, a User-Agent that many have. Blocking, in any thread; a
 * NetFetch belongs to one thread. Where the build has no libcurl nothing is
 * fetched, and that is said. */
#ifndef NET_FETCH_H
#define NET_FETCH_H

#include <gio/gio.h>
#include <stdbool.h>

typedef struct NetFetch NetFetch;

typedef struct {
    const char *proxy; /* like NetParams'; NULL: none, whatever the environment
                          says */
    const char *own;   /* addresses of this machine or its network that may be
                          asked: "127.0.0.1, 10.0.0.0/8"; NULL: none */
    guint seconds;     /* for each file, with all its redirects */
    guint redirects;   /* that are followed */
} NetFetchParams;

/* The strings are copied. NULL with ERR_USAGE for an address that is none, or
 * when the build cannot fetch. Connections are kept until the end. */
NetFetch *net_fetch_create(const NetFetchParams *params, GCancellable *cancel,
                           GError **error);
void net_fetch_destroy(NetFetch *fetch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetFetch, net_fetch_destroy)

/* The body, at most limit bytes, of http:// or https:// with its certificate
 * verified. An address of this machine or network is refused, also behind a
 * name or a redirect (checked where the connection is made, so that no second
 * lookup can tell another address). Errors begin with the host, sanitised:
 * ERR_REFUSED, ERR_RETRY, ERR_CANCELLED. */
GBytes *
net_fetch(NetFetch *fetch, const char *url, gsize limit, GError **error);

/* Pure: is it of this machine, of a private network, or of no single host? */
bool net_address_is_own(GInetAddress *address);

/* "127.0.0.1, 10.0.0.0/8" as an array of GInetAddressMask; NULL with ERR_USAGE.
 * text NULL: an empty one. g_ptr_array_unref(). */
GPtrArray *net_address_masks(const char *text, GError **error);
bool net_address_matches(GInetAddress *address, const GPtrArray *masks);

#endif
