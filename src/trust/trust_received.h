/* The hops of a message, and which of its fields the user's own system wrote.
 * Private. */
#ifndef TRUST_RECEIVED_H
#define TRUST_RECEIVED_H

#include "trust_message.h"
#include "trust_report.h"

typedef struct {
    GPtrArray *hops;        /* TrustHop, the topmost first */
    guint top_end;          /* fields before this index are of the own system */
    const TrustHop *border; /* took the message from outside; or NULL */
    gint64 arrival;         /* of the topmost hop with a date; 0: none */
} TrustTrace;

/* By the trusted authserv-ids of params; where none are, nobody is trusted. */
void trust_trace_init(TrustTrace *trace, const TrustMessage *message,
                      const TrustParams *params);
void trust_trace_finish(TrustTrace *trace);

/* Reads one Received value. Never NULL. */
TrustHop *trust_hop_parse(const char *text);

/* Is that exactly one of the ids? Case does not matter; IDNs as A-labels. */
bool trust_id_is_one(const char *id, const char *const *ids);

/* Does that host belong to a system of one of the ids? */
bool trust_host_is_ours(const char *host, const char *const *ids);

/* Loopback, private, link-local. */
bool trust_address_is_private(const char *address);

/* The address inside an IPv4-mapped IPv6 one, else a copy; NULL: no address.
 * g_free(). */
char *trust_address_plain(const char *address);

#endif
