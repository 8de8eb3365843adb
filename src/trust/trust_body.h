/* Hashes of the body: all that are wanted, in one pass. Private. */
#ifndef TRUST_BODY_H
#define TRUST_BODY_H

#include "trust_message.h"

typedef struct TrustBodies TrustBodies;

/* One hash. */
typedef struct {
    bool relaxed;
    gint64 limit;      /* canonical octets that are hashed; -1: all */
    guint64 size;      /* canonical octets there are */
    guint8 digest[32]; /* SHA-256 */
    void *context;
} TrustBody;

TrustBodies *trust_bodies_create(void);
void trust_bodies_destroy(TrustBodies *bodies);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TrustBodies, trust_bodies_destroy)

/* The hash of that kind, new or wanted before. Borrowed. */
TrustBody *trust_bodies_want(TrustBodies *bodies, bool relaxed, gint64 limit);

/* Reads the body and sets every digest. False when it cannot be read. */
bool trust_bodies_run(TrustBodies *bodies, const TrustMessage *message);

#endif
