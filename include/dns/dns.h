/* Lookups in the DNS. Whoever asks, asks blocking and in a worker's thread,
 * several questions at once, with a deadline and a cancellable; an answer is a
 * value, failure one of its states. A resolver is one of a class, so that tests
 * and the demo bring a zone. Any thread. What an answer holds was written by
 * strangers. */
#ifndef DNS_DNS_H
#define DNS_DNS_H

#include <gio/gio.h>
#include <stdbool.h>

/* The types asked for, by their numbers in the protocol. */
typedef enum {
    DNS_A = 1,
    DNS_PTR = 12,
    DNS_MX = 15,
    DNS_TXT = 16,
    DNS_AAAA = 28,
    DNS_SRV = 33,
} DnsType;

typedef enum {
    DNS_FOUND,     /* at least one record */
    DNS_NODATA,    /* the name is there, the type is not */
    DNS_NXDOMAIN,  /* there is no such name */
    DNS_TEMPORARY, /* SERVFAIL, REFUSED, timeout, bogus, offline: says nothing
                      about the name; reason has words */
} DnsStatus;

enum {
    /* Records of one answer that are kept. */
    DNS_MAX_RECORDS = 1000,

    /* Octets of a name in presentation form (RFC 1035, section 2.3.4). */
    DNS_MAX_NAME = 253,

    /* Answers that the cache holds. */
    DNS_MAX_CACHED = 4096,
};

typedef struct {
    char *text; /* TXT: its strings joined without a blank (RFC 7208, section
                   3.3); MX, PTR, SRV: a name in lower case, no dot behind;
                   A, AAAA: the address in words. NUL behind size octets */
    gsize size;
    guint16 preference; /* MX; of SRV the priority */
    guint16 weight;     /* SRV */
    guint16 port;       /* SRV */
} DnsRecord;

typedef struct {
    gatomicrefcount refs;
    DnsStatus status;
    bool secure;        /* validated by DNSSEC in this process */
    bool overflow;      /* more than DNS_MAX_RECORDS: some are missing */
    guint32 ttl;        /* seconds */
    char *reason;       /* of DNS_TEMPORARY, ours; else NULL */
    GPtrArray *records; /* DnsRecord */
} DnsAnswer;

/* An answer without records. reason is copied; NULL but for DNS_TEMPORARY. */
DnsAnswer *dns_answer_create(DnsStatus status, const char *reason);
DnsAnswer *dns_answer_ref(DnsAnswer *answer);
void dns_answer_unref(DnsAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DnsAnswer, dns_answer_unref)

static inline const DnsRecord *
dns_answer_record(const DnsAnswer *answer, guint index)
{
    return g_ptr_array_index(answer->records, index);
}

/* One question; the answer is set by dns_ask() and owned by the asker. */
typedef struct {
    const char *name; /* A-labels; a dot at the end is fine */
    DnsType type;
    DnsAnswer *answer;
} DnsLookup;

/* How long to wait. */
typedef struct {
    gint64 deadline;      /* g_get_monotonic_time() */
    GCancellable *cancel; /* or NULL */
} DnsWait;

typedef struct Dns Dns;

/* A resolver answers every lookup before it returns: what is not known at the
 * deadline, or when cancel fires, is DNS_TEMPORARY. Names are valid ones. Any
 * thread, several at once. */
typedef struct {
    void (*ask)(Dns *dns, DnsLookup *lookups, guint n, const DnsWait *wait);
    void (*destroy)(Dns *dns);
} DnsClass;

/* The beginning of every resolver. */
struct Dns {
    const DnsClass *class;
    gatomicrefcount refs;
    gint offline; /* atomic */
};

/* Asks all at once and waits for all. A name that is none (empty label, over
 * 63 or 253 octets) is DNS_NXDOMAIN without being asked. */
void dns_ask(Dns *dns, DnsLookup *lookups, guint n, const DnsWait *wait);

/* While offline nothing is asked and every answer is DNS_TEMPORARY, except what
 * the cache still holds. */
void dns_set_online(Dns *dns, bool online);

/* Whoever asks holds a reference. The last one ends it. NULL is fine. */
Dns *dns_ref(Dns *dns);
void dns_unref(Dns *dns);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Dns, dns_unref)

/* libunbound: the system's resolvers, or server "ADDRESS" or "ADDRESS@PORT" in
 * their place. Answers are validated where the resolver hands on what DNSSEC
 * needs, which the first question finds out. Kept by their TTL. Nothing is
 * asked before the first dns_ask(). ERR_USAGE for a server that is none. */
Dns *dns_create(const char *server, GError **error);

/* A resolver over a few lines of text, for tests and the demo:
 *
 *     NAME [SECURE] TYPE DATA
 *
 * TYPE: A, AAAA, MX (preference, name), PTR, SRV (priority, weight, port,
 * name), TXT (one or more "…" with \" and \\ and \DDD), CNAME, or a state
 * without data: SERVFAIL, TIMEOUT, EMPTY (the name alone). ';' begins a
 * comment. NULL with ERR_USAGE naming the line. */
Dns *dns_zone_create(const char *text, GError **error);

/* Questions that a zone was asked so far. */
guint dns_zone_asked(Dns *dns);

/* "4.3.2.1.in-addr.arpa" of an address in words; NULL for none. g_free(). */
char *dns_reverse_name(const char *address);

#endif
