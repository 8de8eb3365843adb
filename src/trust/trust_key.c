/* Public keys of signers: found in the DNS, read, used. RSA by PKCS#1 v1.5 with
 * SHA-256, whose padding OpenSSL compares in full; Ed25519 over the SHA-256
 * digest (RFC 8463, section 3). */
#include "trust_key.h"

#include "trust_tags.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

enum {
    /* Octets of p=: a key of 16,384 bits has 2,100. */
    MAX_KEY_OCTETS = 4096,
    MAX_EXPONENT_BITS = 64,
    ED25519_OCTETS = 32,

    /* Of ASN1_get_object(). */
    FORM_INDEFINITE = 0x01,
    FORM_FAILED = 0x80,
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIGNUM, BN_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)

void
trust_key_clear(TrustKey *key)
{
    EVP_PKEY_free(key->key);
    g_free(key->reason);
    g_free(key->record);
    memset(key, 0, sizeof *key);
}

char *
trust_key_name(const char *selector, const char *domain)
{
    return g_strdup_printf("%s._domainkey.%s", selector, domain);
}

static bool no_key(TrustKey *key, TrustResult result, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static bool
no_key(TrustKey *key, TrustResult result, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_free(key->reason);
    key->reason = g_strdup_vprintf(format, args);
    va_end(args);
    key->result = result;
    g_clear_pointer(&key->key, EVP_PKEY_free);
    return false;
}

/* Moves into an element of DER that ends at end. */
static bool
enter(const guint8 **at, const guint8 *end, int wanted)
{
    long size;
    int tag, class;
    int form = ASN1_get_object(at, &size, &tag, &class, end - *at);

    return (form & (FORM_FAILED | FORM_INDEFINITE)) == 0
           && class == V_ASN1_UNIVERSAL && tag == wanted && *at + size == end;
}

/* Is the next element the AlgorithmIdentifier of RSA? Moves behind it. */
static bool
pass_algorithm(const guint8 **at, const guint8 *end)
{
    X509_ALGOR *algorithm = d2i_X509_ALGOR(NULL, at, end - *at);
    const ASN1_OBJECT *name = NULL;
    bool rsa;

    if (algorithm != NULL)
        X509_ALGOR_get0(&name, NULL, NULL, algorithm);
    rsa = name != NULL && OBJ_obj2nid(name) == NID_rsaEncryption;
    X509_ALGOR_free(algorithm);
    return rsa;
}

/* SubjectPublicKeyInfo or RSAPublicKey, nothing behind it. The former is opened
 * here: d2i_PUBKEY() tries each decoder of OpenSSL, which takes longer than all
 * the rest of a check. */
static EVP_PKEY *
read_rsa(const guint8 *octets, gsize size)
{
    const guint8 *at = octets;
    const guint8 *end = octets + size;
    bool wrapped = enter(&at, end, V_ASN1_SEQUENCE) && pass_algorithm(&at, end)
                   && enter(&at, end, V_ASN1_BIT_STRING) && at < end
                   && *at++ == 0;
    EVP_PKEY *key;

    if (!wrapped)
        at = octets;
    key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, end - at);
    ERR_clear_error();
    if (key != NULL && at != end)
        g_clear_pointer(&key, EVP_PKEY_free);
    return key;
}

/* Modulus and exponent odd, the exponent at least 3 and short. */
static bool
rsa_is_sane(const EVP_PKEY *key)
{
    g_autoptr(BIGNUM) modulus = NULL;
    g_autoptr(BIGNUM) exponent = NULL;

    return EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &modulus) == 1
           && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1
           && BN_is_odd(modulus) && BN_is_odd(exponent) && !BN_is_one(exponent)
           && BN_num_bits(exponent) <= MAX_EXPONENT_BITS;
}

static bool
take_rsa(TrustKey *key, const guint8 *octets, gsize size)
{
    key->key = read_rsa(octets, size);
    if (key->key == NULL)
        return no_key(key, TRUST_PERMERROR, "the key record holds no RSA key");
    key->bits = (guint)EVP_PKEY_get_bits(key->key);
    if (key->bits < TRUST_MIN_RSA_BITS)
        return no_key(key, TRUST_PERMERROR, "the key is too weak: %u bits",
                      key->bits);
    if (key->bits > TRUST_MAX_RSA_BITS)
        return no_key(key, TRUST_PERMERROR, "the key is too long: %u bits",
                      key->bits);
    if (!rsa_is_sane(key->key))
        return no_key(key, TRUST_PERMERROR, "the key is no sound RSA key");
    return true;
}

static bool
take_ed25519(TrustKey *key, const guint8 *octets, gsize size)
{
    if (size == ED25519_OCTETS)
        key->key =
            EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, octets, size);
    ERR_clear_error();
    if (key->key == NULL)
        return no_key(key, TRUST_PERMERROR,
                      "the key record holds no Ed25519 key");
    key->bits = ED25519_OCTETS * 8;
    return true;
}

static bool
take_key(TrustKey *key, const char *text)
{
    g_autoptr(GBytes) octets = NULL;
    gsize size;

    key->gone = *text == '\0';
    if (key->gone)
        return no_key(key, TRUST_PERMERROR, "the key is revoked");
    octets = trust_base64(text);
    if (octets == NULL)
        return no_key(key, TRUST_PERMERROR, "the key is not base64");
    size = g_bytes_get_size(octets);
    if (size > MAX_KEY_OCTETS)
        return no_key(key, TRUST_PERMERROR, "the key is too long");
    return key->ed25519
               ? take_ed25519(key, g_bytes_get_data(octets, NULL), size)
               : take_rsa(key, g_bytes_get_data(octets, NULL), size);
}

/* What the record says about its use. */
static bool
check_use(TrustKey *key, const TrustTags *tags)
{
    const char *version = trust_tags_get(tags, "v");
    const char *type = trust_tags_get(tags, "k");
    const char *hashes = trust_tags_get(tags, "h");
    const char *services = trust_tags_get(tags, "s");
    const char *flags = trust_tags_get(tags, "t");
    const TrustTag *first = g_ptr_array_index(tags->tags, 0);

    if (version != NULL
        && (strcmp(version, "DKIM1") != 0 || strcmp(first->name, "v") != 0))
        return no_key(key, TRUST_PERMERROR,
                      "the key record is of another version");
    if (g_ascii_strcasecmp(type ? type : "rsa",
                           key->ed25519 ? "ed25519" : "rsa")
        != 0)
        return no_key(key, TRUST_PERMERROR, "the key is of another type");
    if (hashes != NULL && !trust_list_has(hashes, ':', "sha256"))
        return no_key(key, TRUST_PERMERROR, "the key is not for sha256");
    if (services != NULL && !trust_list_has(services, ':', "*")
        && !trust_list_has(services, ':', "email"))
        return no_key(key, TRUST_PERMERROR, "the key is not for mail");
    key->testing = flags != NULL && trust_list_has(flags, ':', "y");
    key->strict = flags != NULL && trust_list_has(flags, ':', "s");
    return true;
}

bool
trust_key_read(TrustKey *key, const char *record, gsize size, bool ed25519)
{
    const char *why;
    g_autoptr(TrustTags) tags = trust_tags_parse(record, size, &why);
    const char *text;

    key->ed25519 = ed25519;
    if (tags == NULL)
        return no_key(key, TRUST_PERMERROR, "the key record has %s", why);
    text = trust_tags_get(tags, "p");
    if (text == NULL)
        return no_key(key, TRUST_PERMERROR, "the key record has no key");
    return check_use(key, tags) && take_key(key, text);
}

/* The DNS has no such key any more: one that was seen after the message came
 * still tells who signed it. */
static bool
find_old(TrustKey *key, const TrustLookup *lookup, const char *name)
{
    const TrustParams *params = lookup->params;

    if (params == NULL || params->old_key == NULL)
        return false;
    key->record = params->old_key(name, lookup->now, params->old_key_user);
    key->old = key->record != NULL;
    return key->old;
}

void
trust_key_find(TrustKey *key, TrustLookup *lookup, const char *name,
               bool ed25519)
{
    const DnsAnswer *answer = trust_lookup(lookup, name, DNS_TXT);
    const DnsRecord *record;

    key->ed25519 = ed25519;
    key->secure = answer->secure;
    if (answer->status == DNS_TEMPORARY) {
        no_key(key, TRUST_TEMPERROR, "the key cannot be looked up: %s",
               answer->reason);
    } else if (answer->status != DNS_FOUND) {
        key->gone = !find_old(key, lookup, name);
        if (!key->gone)
            trust_key_read(key, key->record, strlen(key->record), ed25519);
        else
            no_key(key, TRUST_PERMERROR, "there is no key");
    } else if (answer->records->len > 1) {
        no_key(key, TRUST_PERMERROR, "there are several key records");
    } else {
        record = dns_answer_record(answer, 0);
        key->record = g_strndup(record->text, record->size);
        trust_key_read(key, record->text, record->size, ed25519);
    }
}

static bool
verify_rsa(EVP_PKEY *key, GBytes *signature, const guint8 digest[32])
{
    g_autoptr(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new(key, NULL);

    return context != NULL && EVP_PKEY_verify_init(context) == 1
           && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1
           && EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1
           && EVP_PKEY_verify(context, g_bytes_get_data(signature, NULL),
                              g_bytes_get_size(signature), digest, 32)
                  == 1;
}

static bool
verify_ed25519(EVP_PKEY *key, GBytes *signature, const guint8 digest[32])
{
    g_autoptr(EVP_MD_CTX) context = EVP_MD_CTX_new();

    return context != NULL
           && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1
           && EVP_DigestVerify(context, g_bytes_get_data(signature, NULL),
                               g_bytes_get_size(signature), digest, 32)
                  == 1;
}

bool
trust_key_verify(const TrustKey *key, GBytes *signature,
                 const guint8 digest[32])
{
    bool good = key->ed25519 ? verify_ed25519(key->key, signature, digest)
                             : verify_rsa(key->key, signature, digest);

    ERR_clear_error();
    return good;
}
