/* The questions of one message. An answer stands for the whole check, a
 * temporary one too, so that a name that never answers is waited for once. */
#include "trust_lookup.h"

void
trust_lookup_init(TrustLookup *lookup, Dns *dns, const DnsWait *wait)
{
    lookup->dns = dns;
    lookup->wait = *wait;
    lookup->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                          (GDestroyNotify)dns_answer_unref);
    lookup->log = g_ptr_array_new_with_free_func(g_free);
    lookup->asked = 0;
    lookup->limit = TRUST_MAX_LOOKUPS;
    lookup->params = NULL;
    lookup->now = 0;
}

void
trust_lookup_finish(TrustLookup *lookup)
{
    g_clear_pointer(&lookup->known, g_hash_table_unref);
    g_clear_pointer(&lookup->log, g_ptr_array_unref);
}

static char *
key_of(const char *name, DnsType type)
{
    g_autofree char *folded = g_ascii_strdown(name, -1);

    return g_strdup_printf("%d/%s", type, folded);
}

static const char *
type_word(DnsType type)
{
    switch (type) {
    case DNS_A:
        return "A";
    case DNS_AAAA:
        return "AAAA";
    case DNS_MX:
        return "MX";
    case DNS_PTR:
        return "PTR";
    case DNS_SRV:
        return "SRV";
    case DNS_TXT:
        return "TXT";
    }
    return "?";
}

static void
write_down(TrustLookup *lookup, const char *name, DnsType type,
           const DnsAnswer *answer)
{
    static const char *const states[] = { "found", "no data", "no such name" };
    g_autofree char *found = NULL;

    if (answer->status == DNS_FOUND)
        found = g_strdup_printf("%u found%s", answer->records->len,
                                answer->secure ? ", DNSSEC" : "");
    g_ptr_array_add(lookup->log,
                    g_strdup_printf("%s %s: %s", type_word(type), name,
                                    found ? found
                                    : answer->status == DNS_TEMPORARY
                                        ? answer->reason
                                        : states[answer->status]));
}

static void
keep(TrustLookup *lookup, const DnsLookup *asked)
{
    write_down(lookup, asked->name, asked->type, asked->answer);
    g_hash_table_replace(lookup->known, key_of(asked->name, asked->type),
                         asked->answer);
}

const DnsAnswer *
trust_lookup(TrustLookup *lookup, const char *name, DnsType type)
{
    g_autofree char *key = key_of(name, type);
    DnsAnswer *known = g_hash_table_lookup(lookup->known, key);
    DnsLookup ask = { name, type, NULL };

    if (known != NULL)
        return known;
    if (lookup->dns != NULL && lookup->asked < lookup->limit) {
        lookup->asked++;
        dns_ask(lookup->dns, &ask, 1, &lookup->wait);
    } else {
        ask.answer = dns_answer_create(
            DNS_TEMPORARY, lookup->dns ? "too many lookups" : "DNS is off");
    }
    keep(lookup, &ask);
    return ask.answer;
}

void
trust_lookup_ahead(TrustLookup *lookup, const GPtrArray *names, DnsType type)
{
    g_autofree DnsLookup *asks = g_new0(DnsLookup, names->len + 1);
    g_autoptr(GHashTable) once = g_hash_table_new(g_str_hash, g_str_equal);
    guint n = 0;

    if (lookup->dns == NULL)
        return;
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        g_autofree char *key = key_of(name, type);

        if (lookup->asked >= lookup->limit
            || g_hash_table_contains(lookup->known, key)
            || !g_hash_table_add(once, (void *)name))
            continue;
        asks[n++] = (DnsLookup){ name, type, NULL };
        lookup->asked++;
    }
    dns_ask(lookup->dns, asks, n, &lookup->wait);
    for (guint i = 0; i < n; i++)
        keep(lookup, &asks[i]);
}
