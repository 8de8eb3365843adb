/* One verdict out of all that was found. Private. */
#ifndef TRUST_VERDICT_H
#define TRUST_VERDICT_H

#include "trust_author.h"

typedef struct {
    const TrustFrom *from;
    const char *list; /* List-Id's domain, or NULL */
    const TrustParams *params;
} TrustCase;

void trust_verdict_judge(TrustReport *report, const TrustCase *the_case);

/* The first result of a method that a trusted border wrote; NULL: none. id is
 * set to its authserv-id. Borrowed. */
const TrustMethod *trust_authres_find(const TrustReport *report,
                                      const char *method, const char **id);

#endif
