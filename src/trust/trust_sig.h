/* A signing field: DKIM-Signature, ARC-Message-Signature, ARC-Seal. Private. */
#ifndef TRUST_SIG_H
#define TRUST_SIG_H

#include "trust_body.h"
#include "trust_key.h"
#include "trust_tags.h"

typedef enum {
    TRUST_SIG_DKIM,
    TRUST_SIG_AMS,
    TRUST_SIG_SEAL,
} TrustSigKind;

typedef struct {
    TrustSigKind kind;
    const TrustMessage *message;
    guint index; /* of the field in the message */
    TrustTags *tags;
    char *domain; /* A-labels */
    char *selector;
    char *identity; /* i= decoded; NULL: not given */
    bool ed25519;
    bool relaxed_header;
    bool relaxed_body;
    GBytes *signature;
    GBytes *body_hash;
    gint64 length;  /* l=, -1: not given */
    gint64 time;    /* t=, 0: not given */
    gint64 expires; /* x=, 0: not given */
    char **names;   /* h=, lower case */
    TrustBody *body;
    TrustKey key;

    TrustResult result; /* none: not judged yet */
    char *reason;       /* NULL: not judged yet */
} TrustSig;

/* Reads a field; a fault is result and reason. */
TrustSig *
trust_sig_create(const TrustMessage *message, guint index, TrustSigKind kind);
void trust_sig_free(TrustSig *sig);

/* Sets result and reason, once. */
void trust_sig_judge(TrustSig *sig, TrustResult result, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* Finds the key, after the body has been hashed, and verifies hash and
 * signature. */
void trust_sig_verify(TrustSig *sig, TrustLookup *lookup);

/* How many fields of that lower-case name h= covers. */
guint trust_sig_covers(const TrustSig *sig, const char *name);

/* Fields of that name that h= does not cover although it covers one. */
guint trust_sig_added(const TrustSig *sig, const char *name);

/* The key signed digest, or sig is judged. */
void trust_sig_check(TrustSig *sig, const guint8 digest[32]);

#endif
