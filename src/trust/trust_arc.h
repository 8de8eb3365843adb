/* The chain of ARC sets (RFC 8617). Private. */
#ifndef TRUST_ARC_H
#define TRUST_ARC_H

#include "trust_sig.h"

enum {
    TRUST_MAX_ARC = 50
};

typedef struct {
    const TrustMessage *message;
    guint n;                               /* sets; 0: no chain */
    guint result_field[TRUST_MAX_ARC + 1]; /* indices of fields, from 1 */
    TrustSig *signature; /* the newest ARC-Message-Signature, or NULL */
    TrustSig *seals[TRUST_MAX_ARC + 1]; /* from 1 */
    guint signature_field[TRUST_MAX_ARC + 1];
    char *fault; /* the chain fails without being verified; or NULL */
} TrustArcChain;

void trust_arc_init(TrustArcChain *chain, const TrustMessage *message,
                    TrustBodies *bodies);
void trust_arc_finish(TrustArcChain *chain);
void trust_arc_names(const TrustArcChain *chain, GPtrArray *names);

/* Verifies the newest message signature and every seal. author: the domain of
 * From, or NULL. */
void trust_arc_judge(TrustArcChain *chain, const char *author, TrustArc *out,
                     TrustLookup *lookup);

#endif
