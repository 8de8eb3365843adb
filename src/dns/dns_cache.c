/* Answers by question, each until its TTL has passed. When full, what has
 * passed goes; if nothing has, all goes. */
#include "dns_private.h"

enum {
    /* Whatever a zone says, an answer is asked for again after a day. */
    MAX_TTL = 24 * 3600,
};

typedef struct {
    DnsAnswer *answer;
    gint64 until;
} Kept;

struct DnsCache {
    GMutex lock;
    GHashTable *kept; /* "TYPE/NAME" -> Kept */
};

static void
kept_free(void *data)
{
    Kept *kept = data;

    dns_answer_unref(kept->answer);
    g_free(kept);
}

DnsCache *
dns_cache_create(void)
{
    DnsCache *cache = g_new0(DnsCache, 1);

    g_mutex_init(&cache->lock);
    cache->kept =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, kept_free);
    return cache;
}

void
dns_cache_destroy(DnsCache *cache)
{
    g_hash_table_unref(cache->kept);
    g_mutex_clear(&cache->lock);
    g_free(cache);
}

static char *
key_of(const char *name, DnsType type)
{
    return g_strdup_printf("%d/%s", type, name);
}

DnsAnswer *
dns_cache_get(DnsCache *cache, const char *name, DnsType type)
{
    g_autofree char *key = key_of(name, type);
    g_autoptr(GMutexLocker) locked = g_mutex_locker_new(&cache->lock);
    Kept *kept = g_hash_table_lookup(cache->kept, key);

    if (kept == NULL || kept->until <= g_get_monotonic_time())
        return NULL;
    return dns_answer_ref(kept->answer);
}

static gboolean
has_passed(void *key, void *value, void *now)
{
    return ((Kept *)value)->until <= *(gint64 *)now;
}

void
dns_cache_put(DnsCache *cache, const char *name, DnsType type,
              DnsAnswer *answer)
{
    g_autoptr(GMutexLocker) locked = g_mutex_locker_new(&cache->lock);
    gint64 now = g_get_monotonic_time();
    Kept *kept;

    if (answer->status == DNS_TEMPORARY || answer->ttl == 0)
        return;
    if (g_hash_table_size(cache->kept) >= DNS_MAX_CACHED)
        g_hash_table_foreach_remove(cache->kept, has_passed, &now);
    if (g_hash_table_size(cache->kept) >= DNS_MAX_CACHED)
        g_hash_table_remove_all(cache->kept);
    kept = g_new0(Kept, 1);
    kept->answer = dns_answer_ref(answer);
    kept->until = now + MIN(answer->ttl, MAX_TTL) * G_USEC_PER_SEC;
    g_hash_table_replace(cache->kept, key_of(name, type), kept);
}
