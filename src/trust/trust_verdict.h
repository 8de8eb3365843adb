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

/* The first result of a method that a trusted border wrote; NULL: none. id is
 * set to its authserv-id. Borrowed. */
const TrustMethod *trust_authres_find(const TrustReport *report,
                                      const char *method, const char **id);

#endif
