/* Certificates made by tests. */
#ifndef CERTIFICATE_H
#define CERTIFICATE_H

#include <glib.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

enum {
    DAY = 24 * 60 * 60
};

typedef struct {
    X509 *certificate;
    EVP_PKEY *key;
} Identity;

static inline void
certificate_extend(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    g_assert_nonnull(extension);
    g_assert_cmpint(X509_add_ext(certificate, extension, -1), ==, 1);
    X509_EXTENSION_free(extension);
}

/* A certificate for cn, SAN san (NULL: none), valid from..to seconds from now,
 * signed by issuer (NULL: itself). An "Authority" has the CA flag. */
static inline Identity
certificate_make(const char *cn, const char *san, long from, long to,
                 const Identity *issuer)
{
    Identity made = { X509_new(), EVP_EC_gen("P-256") };
    X509_NAME *name = X509_get_subject_name(made.certificate);
    static long serial = 1;

    X509_set_version(made.certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(made.certificate), from);
    X509_gmtime_adj(X509_getm_notAfter(made.certificate), to);
    X509_set_pubkey(made.certificate, made.key);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const guchar *)cn,
                               -1, -1, 0);
    X509_set_issuer_name(made.certificate,
                         issuer ? X509_get_subject_name(issuer->certificate)
                                : name);
    certificate_extend(made.certificate, NID_basic_constraints,
                       strstr(cn, "Authority") ? "critical,CA:TRUE"
                                               : "CA:FALSE");
    if (san)
        certificate_extend(made.certificate, NID_subject_alt_name, san);
    g_assert_cmpint(X509_sign(made.certificate, issuer ? issuer->key : made.key,
                              EVP_sha256()),
                    >, 0);
    return made;
}

static inline void
certificate_forget(Identity *identity)
{
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
}

static inline char *
certificate_fingerprint(const Identity *identity)
{
    unsigned char digest[32];
    unsigned size = sizeof digest;
    GString *hex = g_string_new("sha256:");

    X509_digest(identity->certificate, EVP_sha256(), digest, &size);
    for (unsigned i = 0; i < size; i++)
        g_string_append_printf(hex, "%02x", digest[i]);
    return g_string_free(hex, FALSE);
}

#endif
