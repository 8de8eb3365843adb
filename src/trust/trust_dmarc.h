/* DMARC (RFC 9989): records, the tree walk, alignment, policy. Private. */
#ifndef TRUST_DMARC_H
#define TRUST_DMARC_H

#include "trust/trust.h"
#include "trust_lookup.h"

typedef enum {
    TRUST_POLICY_UNSET,
    TRUST_POLICY_NONE,
    TRUST_POLICY_QUARANTINE,
    TRUST_POLICY_REJECT,
} TrustPolicy;

typedef struct {
    TrustPolicy policy;     /* p= */
    TrustPolicy subdomains; /* sp= */
    TrustPolicy missing;    /* np= */
    bool strict_dkim;       /* adkim=s */
    bool strict_spf;        /* aspf=s */
    bool testing;           /* t=y */
    char suffix;            /* psd=: 'y', 'n', 'u' */
    bool broken;            /* neither a policy nor an address to report to */
} TrustDmarcRecord;

/* Reads a TXT record; false when it is no DMARC record at all. */
bool trust_dmarc_parse(const char *text, gsize size, TrustDmarcRecord *record);

/* The author's domain, or why there is none that can be judged. */
typedef struct {
    const char *domain; /* A-labels, or NULL */
    const char *fault;  /* why not; NULL with a domain */
} TrustAuthor;

/* Names of the records that will be asked for, added to names. */
void trust_dmarc_names(const char *domain, GPtrArray *names);

/* What may speak for the author. */
typedef struct {
    const GPtrArray *dkim; /* TrustSignature */
    const GPtrArray
        *said; /* char *: signers whom the own server saw; or NULL */
    TrustSpf *spf;
} TrustEvidence;

/* Finds the policy and what aligns; sets spf->aligned. */
void trust_dmarc_judge(TrustDmarc *out, const TrustAuthor *author,
                       const TrustEvidence *evidence, TrustLookup *lookup);

#endif
