/* Questions to a zone, for the tests of this room. */
#ifndef TRUST_ZONE_H
#define TRUST_ZONE_H

#include "trust_lookup.h"

static inline void
zone_lookup(TrustLookup *lookup, Dns *dns)
{
    DnsWait wait = { g_get_monotonic_time() + 10 * G_USEC_PER_SEC, NULL };

    trust_lookup_init(lookup, dns, &wait);
}

#endif
