/* SPF (RFC 7208): records, macros, evaluation. Private. */
#ifndef TRUST_SPF_H
#define TRUST_SPF_H

#include "trust/trust.h"
#include "trust_lookup.h"

/* The envelope. */
typedef struct {
    const char *ip;     /* in words */
    const char *helo;   /* or NULL */
    const char *sender; /* "", "<>" or NULL: the null sender */
    gint64 now;
} TrustEnvelope;

typedef enum {
    TRUST_SPF_ALL,
    TRUST_SPF_INCLUDE,
    TRUST_SPF_A,
    TRUST_SPF_MX,
    TRUST_SPF_PTR,
    TRUST_SPF_IP4,
    TRUST_SPF_IP6,
    TRUST_SPF_EXISTS,
} TrustSpfKind;

typedef struct {
    TrustSpfKind kind;
    TrustResult qualifier; /* pass, fail, softfail, neutral */
    char *domain; /* domain-spec, macros unexpanded; ip4, ip6: the network; or
                     NULL */
    int bits4;    /* of the mask, 0…32 */
    int bits6;    /* 0…128 */
} TrustSpfTerm;

typedef struct {
    GPtrArray *terms; /* TrustSpfTerm */
    char *redirect;   /* or NULL */
    char *exp;        /* or NULL */
} TrustSpfRecord;

/* Is that a record of this version? */
bool trust_spf_is_record(const char *text, gsize size);

/* NULL when its syntax is broken anywhere (section 4.6). */
TrustSpfRecord *trust_spf_parse(const char *text, gsize size);
void trust_spf_record_free(TrustSpfRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TrustSpfRecord, trust_spf_record_free)

/* What an evaluation knows; macros are made of it. */
typedef struct {
    TrustLookup *lookup;
    bool ip6;
    guint8 address[16];
    char *ip; /* plain, in words */
    char *local;
    char *domain; /* of the sender */
    char *helo;
    gint64 now;
    guint terms; /* that asked the DNS */
    guint voids; /* that were answered with nothing */
    char *explanation;
} TrustSpfRun;

/* Is text a macro-string? in_exp: %{c}, %{r} and %{t} are known too. */
bool trust_spf_macros_valid(const char *text, bool in_exp);

/* Is text a domain-spec (section 7.1)? */
bool trust_spf_domain_valid(const char *text);

/* Expands a valid macro-string; domain is the one whose record it stands in.
 * g_free(). */
char *trust_spf_expand(TrustSpfRun *run, const char *text, const char *domain);

/* The same as a name of at most 253 octets, labels cut from the left. */
char *
trust_spf_expand_name(TrustSpfRun *run, const char *text, const char *domain);

/* A name that the address has and that leads back to it; domain itself, then
 * one below it, then any; NULL: none. below: only one at or below domain.
 * g_free().
 */
char *trust_spf_validated(TrustSpfRun *run, const char *domain, bool below);

/* Evaluates MAIL FROM, or HELO for the null sender. */
void trust_spf_check(TrustSpf *out, const TrustEnvelope *envelope,
                     TrustLookup *lookup);

#endif
