/* Every DKIM-Signature of a message, judged. Private. */
#ifndef TRUST_DKIM_H
#define TRUST_DKIM_H

#include "trust_sig.h"

typedef struct {
    GPtrArray *sigs; /* TrustSig of DKIM-Signature fields, as in the message */
    GPtrArray *chosen; /* TrustSig to verify; borrowed */
} TrustDkim;

/* What the verification needs to know of the message around it. */
typedef struct {
    const char *author; /* domain of From, or NULL */
    const char *list;   /* domain of List-Id, or NULL */
    guint n_from;       /* From fields */
    gint64 now;         /* time of judgement */
} TrustDkimSetting;

/* Reads the signatures, chooses which to verify, wants their body hashes. */
void trust_dkim_init(TrustDkim *dkim, const TrustMessage *message,
                     const char *author, TrustBodies *bodies);
void trust_dkim_finish(TrustDkim *dkim);

/* Names of the keys that will be asked for, added to names: the author's, or
 * those of others. */
void trust_dkim_names(const TrustDkim *dkim, const char *author, bool of_author,
                      GPtrArray *names);

/* Verifies, and returns TrustSignature, best first. */
GPtrArray *trust_dkim_judge(TrustDkim *dkim, const TrustDkimSetting *setting,
                            TrustLookup *lookup);

/* Names and records of the keys that verified a signature. */
void trust_dkim_keys(const TrustDkim *dkim, GPtrArray *keys);

#endif
