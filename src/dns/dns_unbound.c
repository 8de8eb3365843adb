/* libunbound behind the interface. Its own thread sends and validates; a second
 * one here, the pump, takes its answers and wakes whoever waits. A question is
 * asked once however many wait for it, and an asker who gives up leaves it
 * behind: the answer then goes to the cache alone.
 *
 * DNSSEC: unbound validates with the root's key. Behind a resolver that drops
 * signatures everything would be bogus, so the first question of all is whether
 * the root's own key can be validated; if not, nothing is. */
#include "base/err.h"
#include "base/log.h"
#include "dns_libunbound.h"
#include "dns_private.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum {
    CLASS_IN = 1,
    TYPE_DNSKEY = 48,
    RCODE_NXDOMAIN = 3,
    PROBE_SECONDS = 5,

    /* Questions in flight; one more is answered as busy. */
    MAX_FLIGHTS = 1000,
};

/* The keys of the root zone, where no file of the system has them: 2017 and
 * 2024 (https://data.iana.org/root-anchors/). */
static const char *const root_keys[] = {
    ". IN DS 20326 8 2 "
    "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
    ". IN DS 38696 8 2 "
    "683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
};

static const char *const root_key_files[] = {
    "/usr/share/dns/root.key",
    "/var/lib/unbound/root.key",
    "/etc/trusted-key.key",
};

typedef struct Resolver Resolver;

/* A question on its way. Two hold it: unbound's callback, and those waiting. */
typedef struct {
    Resolver *resolver;
    char *name;
    DnsType type;
    DnsAnswer *answer; /* NULL: on its way */
    guint refs;
} Flight;

struct Resolver {
    Dns base;
    char *server; /* or NULL */
    DnsCache *cache;
    GMutex lock;
    GCond landed;
    GHashTable *flights; /* "TYPE/NAME" -> Flight, on their way */
    GPtrArray *all;      /* Flight: freed with the resolver if not before */

    GMutex start;           /* held while the first question is asked */
    struct ub_ctx *context; /* NULL: not started */
    GThread *pump;
    int stop[2]; /* a pipe whose end ends the pump */
};

static void
flight_unref(Flight *flight)
{
    Resolver *resolver = flight->resolver;

    if (--flight->refs > 0)
        return;
    g_ptr_array_remove_fast(resolver->all, flight);
    g_free(flight->name);
    dns_answer_unref(flight->answer);
    g_free(flight);
}

static char *
flight_key(const char *name, DnsType type)
{
    return g_strdup_printf("%d/%s", type, name);
}

static DnsAnswer *
answer_of(int failed, const struct ub_result *result, DnsType type)
{
    DnsAnswer *answer;

    if (failed != 0)
        return dns_answer_create(DNS_TEMPORARY, unbound.strerror(failed));
    if (result->bogus)
        return dns_answer_create(DNS_TEMPORARY, "DNSSEC: bogus");
    if (!result->havedata && result->rcode != 0
        && result->rcode != RCODE_NXDOMAIN)
        return dns_answer_create(DNS_TEMPORARY,
                                 result->rcode == 2 ? "SERVFAIL" : "refused");
    answer =
        dns_answer_create(result->nxdomain ? DNS_NXDOMAIN : DNS_NODATA, NULL);
    answer->secure = result->secure;
    answer->ttl = (guint32)MAX(result->ttl, 0);
    for (int i = 0; result->havedata && result->data[i]; i++)
        dns_answer_add_wire(answer, type, (const guint8 *)result->data[i],
                            (gsize)result->len[i]);
    return answer;
}

/* The pump's thread. */
static void
on_landed(void *user, int failed, struct ub_result *result)
{
    Flight *flight = user;
    Resolver *resolver = flight->resolver;
    g_autofree char *key = flight_key(flight->name, flight->type);

    g_mutex_lock(&resolver->lock);
    flight->answer = answer_of(failed, result, flight->type);
    dns_cache_put(resolver->cache, flight->name, flight->type, flight->answer);
    g_hash_table_remove(resolver->flights, key);
    flight_unref(flight);
    g_cond_broadcast(&resolver->landed);
    g_mutex_unlock(&resolver->lock);
    unbound.resolve_free(result);
}

static void *
run_pump(void *user)
{
    Resolver *resolver = user;
    struct pollfd fds[] = {
        { unbound.fd(resolver->context), POLLIN, 0 },
        { resolver->stop[0], POLLIN, 0 },
    };

    while (true) {
        if (poll(fds, 2, -1) < 0)
            continue;
        if (fds[1].revents != 0)
            return NULL;
        unbound.process(resolver->context);
    }
}

static void
set_option(struct ub_ctx *context, const char *name, const char *value)
{
    int failed = unbound.ctx_set_option(context, name, value);

    if (failed != 0)
        log_add(LOG_WARN, "dns", "%s %s: %s", name, value,
                unbound.strerror(failed));
}

static void
add_anchors(struct ub_ctx *context)
{
    for (guint i = 0; i < G_N_ELEMENTS(root_key_files); i++)
        if (g_access(root_key_files[i], R_OK) == 0
            && unbound.ctx_add_ta_file(context, root_key_files[i]) == 0)
            return;
    for (guint i = 0; i < G_N_ELEMENTS(root_keys); i++)
        unbound.ctx_add_ta(context, root_keys[i]);
}

/* The default local zones of unbound hide names that a server given by the user
 * may well have. */
static void
open_local_zones(struct ub_ctx *context)
{
    unbound.ctx_zone_add(context, "test.", "transparent");
    unbound.ctx_zone_add(context, "invalid.", "transparent");
}

static struct ub_ctx *
make_context(const Resolver *resolver, bool validating)
{
    struct ub_ctx *context = unbound.ctx_create();

    if (context == NULL)
        return NULL;
    unbound.ctx_debuglevel(context, 0);
    set_option(context, "msg-cache-size:", "1m");
    set_option(context, "rrset-cache-size:", "2m");
    set_option(context, "infra-host-ttl:", "15");
    set_option(context, "infra-keep-probing:", "yes");
    set_option(context, "unblock-lan-zones:", "yes");
    set_option(context, "insecure-lan-zones:", "yes");
    if (validating)
        add_anchors(context);
    else
        set_option(context, "module-config:", "iterator");
    unbound.ctx_async(context, 1);
    set_option(context, "do-not-query-localhost:", "no");
    if (resolver->server != NULL) {
        unbound.ctx_set_fwd(context, resolver->server);
        open_local_zones(context);
    } else {
        unbound.ctx_resolvconf(context, NULL);
    }
    return context;
}

/* Starts unbound and the pump. */
static void
start(Resolver *resolver, bool validating)
{
    if (!dns_libunbound_open()
        || !g_unix_open_pipe(resolver->stop, FD_CLOEXEC, NULL))
        return;
    resolver->context = make_context(resolver, validating);
    if (resolver->context == NULL) {
        close(resolver->stop[0]);
        close(resolver->stop[1]);
        return;
    }
    resolver->pump = g_thread_new("dns", run_pump, resolver);
}

/* Ends both. What was on its way never lands. */
static void
stop(Resolver *resolver)
{
    if (resolver->context == NULL)
        return;
    close(resolver->stop[1]);
    g_thread_join(resolver->pump);
    close(resolver->stop[0]);
    g_clear_pointer(&resolver->context, unbound.ctx_delete);
    g_mutex_lock(&resolver->lock);
    g_hash_table_remove_all(resolver->flights);
    while (resolver->all->len > 0) {
        Flight *flight = g_ptr_array_index(resolver->all, 0);

        flight->refs = 1;
        flight_unref(flight);
    }
    g_mutex_unlock(&resolver->lock);
}

/* Sends a question, or joins one that is on its way. NULL: it cannot be asked.
 * Under the lock. */
static Flight *
depart(Resolver *resolver, const char *name, DnsType type)
{
    char *key = flight_key(name, type);
    Flight *flight = g_hash_table_lookup(resolver->flights, key);
    g_auto(GStrv) parts = g_strsplit(name, "\\", -1);
    g_autofree char *escaped = g_strjoinv("\\\\", parts);
    int id;

    if (flight != NULL) {
        flight->refs++;
        g_free(key);
        return flight;
    }
    if (resolver->all->len >= MAX_FLIGHTS) {
        g_free(key);
        return NULL;
    }
    flight = g_new0(Flight, 1);
    flight->resolver = resolver;
    flight->name = g_strdup(name);
    flight->type = type;
    flight->refs = 2;
    g_ptr_array_add(resolver->all, flight);
    g_hash_table_insert(resolver->flights, key, flight);
    if (unbound.resolve_async(resolver->context, escaped, (int)type, CLASS_IN,
                         flight, on_landed, &id)
        != 0) {
        g_hash_table_remove(resolver->flights, key);
        flight->refs = 1;
        flight_unref(flight);
        return NULL;
    }
    return flight;
}

/* Waits for a flight; under the lock. Takes the reference. */
static DnsAnswer *
await(Resolver *resolver, Flight *flight, const DnsWait *wait)
{
    DnsAnswer *answer;

    if (flight == NULL)
        return dns_answer_create(DNS_TEMPORARY, "cannot ask");
    while (flight->answer == NULL && !g_cancellable_is_cancelled(wait->cancel))
        if (!g_cond_wait_until(&resolver->landed, &resolver->lock,
                               wait->deadline))
            break;
    answer = flight->answer
                 ? dns_answer_ref(flight->answer)
                 : dns_answer_create(DNS_TEMPORARY,
                                     g_cancellable_is_cancelled(wait->cancel)
                                         ? "cancelled"
                                         : "timeout");
    flight_unref(flight);
    return answer;
}

/* Can the root's own key be validated? Asked once. */
static bool
validates(Resolver *resolver, const DnsWait *wait)
{
    gint64 latest = g_get_monotonic_time() + PROBE_SECONDS * G_USEC_PER_SEC;
    DnsWait probe = { MIN(wait->deadline, latest), wait->cancel };
    g_autoptr(DnsAnswer) answer = NULL;

    g_mutex_lock(&resolver->lock);
    answer =
        await(resolver, depart(resolver, ".", (DnsType)TYPE_DNSKEY), &probe);
    g_mutex_unlock(&resolver->lock);
    return answer->status != DNS_TEMPORARY && answer->secure;
}

static bool
is_ready(Resolver *resolver, const DnsWait *wait)
{
    g_autoptr(GMutexLocker) starting = g_mutex_locker_new(&resolver->start);

    if (resolver->context != NULL)
        return true;
    start(resolver, true);
    if (resolver->context != NULL && !validates(resolver, wait)) {
        stop(resolver);
        start(resolver, false);
        log_add(LOG_INFO, "dns", "%s does not hand on what DNSSEC needs",
                resolver->server ? resolver->server : "the system's resolver");
    }
    return resolver->context != NULL;
}

static void
on_cancel(GCancellable *cancel, void *user)
{
    Resolver *resolver = user;

    g_mutex_lock(&resolver->lock);
    g_cond_broadcast(&resolver->landed);
    g_mutex_unlock(&resolver->lock);
}

static void
ask_all(Resolver *resolver, DnsLookup *lookups, guint n, const DnsWait *wait)
{
    g_autofree Flight **flights = g_new0(Flight *, n);
    gulong listening = wait->cancel ? g_cancellable_connect(
                           wait->cancel, G_CALLBACK(on_cancel), resolver, NULL)
                                    : 0;

    g_mutex_lock(&resolver->lock);
    for (guint i = 0; i < n; i++)
        if (lookups[i].answer == NULL)
            flights[i] = depart(resolver, lookups[i].name, lookups[i].type);
    for (guint i = 0; i < n; i++)
        if (lookups[i].answer == NULL)
            lookups[i].answer = await(resolver, flights[i], wait);
    g_mutex_unlock(&resolver->lock);
    if (listening != 0)
        g_cancellable_disconnect(wait->cancel, listening);
}

static void
resolver_ask(Dns *dns, DnsLookup *lookups, guint n, const DnsWait *wait)
{
    Resolver *resolver = (Resolver *)dns;
    bool offline = g_atomic_int_get(&dns->offline) != 0;
    guint missing = 0;

    for (guint i = 0; i < n; i++) {
        lookups[i].answer =
            dns_cache_get(resolver->cache, lookups[i].name, lookups[i].type);
        if (lookups[i].answer == NULL && offline)
            lookups[i].answer = dns_answer_create(DNS_TEMPORARY, "offline");
        missing += lookups[i].answer == NULL;
    }
    if (missing == 0)
        return;
    if (is_ready(resolver, wait)) {
        ask_all(resolver, lookups, n, wait);
        return;
    }
    for (guint i = 0; i < n; i++)
        if (lookups[i].answer == NULL)
            lookups[i].answer = dns_answer_create(DNS_TEMPORARY,
                                                  "libunbound cannot be used");
}

static void
resolver_destroy(Dns *dns)
{
    Resolver *resolver = (Resolver *)dns;

    stop(resolver);
    dns_cache_destroy(resolver->cache);
    g_hash_table_unref(resolver->flights);
    g_ptr_array_unref(resolver->all);
    g_mutex_clear(&resolver->lock);
    g_mutex_clear(&resolver->start);
    g_cond_clear(&resolver->landed);
    g_free(resolver->server);
    g_free(resolver);
}

static const DnsClass resolver_class = {
    .ask = resolver_ask,
    .destroy = resolver_destroy,
};

/* ADDRESS or ADDRESS@PORT. */
static bool
server_is_valid(const char *server)
{
    g_auto(GStrv) parts = g_strsplit(server, "@", 2);
    guint64 port;
    guint8 octets[16];

    if (parts[0] == NULL
        || (inet_pton(AF_INET, parts[0], octets) != 1
            && inet_pton(AF_INET6, parts[0], octets) != 1))
        return false;
    return parts[1] == NULL
           || g_ascii_string_to_unsigned(parts[1], 10, 1, 65535, &port, NULL);
}

Dns *
dns_create(const char *server, GError **error)
{
    Resolver *resolver;

    if (server != NULL && !server_is_valid(server))
        return err_null(error, ERR_USAGE,
                        "%s: a DNS server is ADDRESS or "
                        "ADDRESS@PORT, such as 127.0.0.1@53",
                        server);
    resolver = g_new0(Resolver, 1);
    dns_init(&resolver->base, &resolver_class);
    resolver->server = g_strdup(server);
    resolver->cache = dns_cache_create();
    resolver->flights =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    resolver->all = g_ptr_array_new();
    g_mutex_init(&resolver->lock);
    g_mutex_init(&resolver->start);
    g_cond_init(&resolver->landed);
    return &resolver->base;
}
