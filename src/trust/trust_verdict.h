/* One verdict out of all that was found. Private. */
#ifndef TRUST_VERDICT_H
#define TRUST_VERDICT_H

#include "trust_author.h"

typedef struct {
    const TrustFrom *from;
    const char *list; /* List-Id's domain, or NULL */
    const TrustParams *params;
    bool old; /* its signers may have changed their keys since it came */
} TrustCase;

void trust_verdict_judge(TrustReport *report, const TrustCase *the_case);

/* May a signature that does not count now have counted: later, when the DNS
 * answers, or earlier, when it had the key? */
bool trust_signature_is_open(const TrustSignature *sig, bool old);

/* The domains whose signature a trusted server saw, unless something is open
 * about it here. Array of char *, owned. */
GPtrArray *trust_signers_said(const TrustReport *report);

/* Is there a signature that counts of the organisation of a domain? */
bool trust_is_signed_by(const TrustReport *report, const char *domain);

/* The first result of a method that a trusted border wrote; NULL: none. id is
 * set to its authserv-id. Borrowed. */
const TrustMethod *trust_authres_find(const TrustReport *report,
                                      const char *method, const char **id);

#endif
