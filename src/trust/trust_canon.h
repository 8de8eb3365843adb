/* Canonicalization (RFC 6376, section 3.4), streaming. Private. */
#ifndef TRUST_CANON_H
#define TRUST_CANON_H

#include "trust_message.h"

/* Appends a field. relaxed: else simple. With a line end. */
void trust_canon_field(GString *out, const TrustField *field, bool relaxed);

/* Appends the signing field itself: the value of its tag b= left out, no line
 * end behind. */
void trust_canon_signature(GString *out, const TrustField *field, bool relaxed);

typedef struct TrustCanon TrustCanon;

/* out gets the canonical body in pieces. */
TrustCanon *
trust_canon_create(bool relaxed,
                   void (*out)(const char *bytes, gsize size, void *user),
                   void *user);
void trust_canon_push(TrustCanon *canon, const char *bytes, gsize size);

/* The body has ended. Frees the canon. */
void trust_canon_end(TrustCanon *canon);

#endif
