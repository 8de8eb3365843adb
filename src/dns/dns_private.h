/* What the resolvers share. Private. */
#ifndef DNS_PRIVATE_H
#define DNS_PRIVATE_H

#include "dns/dns.h"

/* The beginning of a resolver, with one reference. */
void dns_init(Dns *dns, const DnsClass *class);

/* Adds a record; takes text. */
void dns_answer_add(DnsAnswer *answer, DnsRecord record);

/* One record of octets as they stand in a packet, names uncompressed. Octets
 * that are no such record are passed over. */
void dns_answer_add_wire(DnsAnswer *answer, DnsType type, const guint8 *data,
                         gsize size);

/* A name in lower case without the dot at its end. g_free(). */
char *dns_name_fold(const char *name);

/* Answers by question, each until its TTL has passed. Any thread. */
typedef struct DnsCache DnsCache;

DnsCache *dns_cache_create(void);
void dns_cache_destroy(DnsCache *cache);

/* A reference, or NULL. name is folded. */
DnsAnswer *dns_cache_get(DnsCache *cache, const char *name, DnsType type);

/* DNS_TEMPORARY is never kept. */
void dns_cache_put(DnsCache *cache, const char *name, DnsType type,
                   DnsAnswer *answer);

#endif
