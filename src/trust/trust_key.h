/* Key records and signatures of octets (RFC 6376, section 3.6.1). Private. */
#ifndef TRUST_KEY_H
#define TRUST_KEY_H

#include "trust/trust.h"
#include "trust_lookup.h"

#include <openssl/evp.h>

typedef struct {
    EVP_PKEY *key; /* NULL: there is none */
    guint bits;
    bool ed25519;
    bool testing;       /* t=y */
    bool strict;        /* t=s: no i= below d= */
    bool secure;        /* came with DNSSEC */
    bool old;           /* the DNS has it no more; it was seen before */
    bool gone;          /* the DNS has none, or says that it is revoked */
    char *record;       /* as it was found, or NULL */
    TrustResult result; /* why there is none: permerror or temperror */
    char *reason;
} TrustKey;

void trust_key_clear(TrustKey *key);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TrustKey, trust_key_clear)

/* "SELECTOR._domainkey.DOMAIN". g_free(). */
char *trust_key_name(const char *selector, const char *domain);

/* Asks for the key of a signature by rsa-sha256 or ed25519-sha256. */
void trust_key_find(TrustKey *key, TrustLookup *lookup, const char *name,
                    bool ed25519);

/* Reads a record. False, with result and reason, when it has no such key. */
bool
trust_key_read(TrustKey *key, const char *record, gsize size, bool ed25519);

/* Is it a signature of data whose SHA-256 is digest? */
bool trust_key_verify(const TrustKey *key, GBytes *signature,
                      const guint8 digest[32]);

#endif
