/* The questions of one message: bounded in number and in time, remembered, and
 * written down for the reader. Private. */
#ifndef TRUST_LOOKUP_H
#define TRUST_LOOKUP_H

#include "trust/trust.h"

typedef struct {
    Dns *dns; /* or NULL: nothing is asked */
    DnsWait wait;
    GHashTable *known; /* "TYPE/NAME" -> DnsAnswer */
    GPtrArray *log;    /* char * */
    guint asked;
    guint limit;
    const TrustParams *params; /* of the whole check; or NULL */
    gint64 now;                /* time of judgement */
} TrustLookup;

void trust_lookup_init(TrustLookup *lookup, Dns *dns, const DnsWait *wait);
void trust_lookup_finish(TrustLookup *lookup);

/* The answer, never NULL; borrowed from lookup. What is beyond the limits is
 * DNS_TEMPORARY. */
const DnsAnswer *
trust_lookup(TrustLookup *lookup, const char *name, DnsType type);

/* Asks all at once what will be asked one by one. names: char *. */
void
trust_lookup_ahead(TrustLookup *lookup, const GPtrArray *names, DnsType type);

#endif
