/* Key records (D8, D9, D10), and the vectors of RFC 6376 and RFC 8463. */
#include "trust_key.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

/* RFC 8463, appendix A.2. */
#define ED25519 "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

static void
records(void)
{
    static const struct {
        const char *record;
        const char *reason; /* NULL: a key */
    } cases[] = {
        { "v=DKIM1; k=ed25519; p=" ED25519, NULL },
        { "k=ed25519; p=" ED25519, NULL },
        { "k=ed25519;p=" ED25519 "; x=unknown; n=note", NULL },
        { "k=ed25519; g=; h=sha1:sha256; s=email; t=y:s; p=" ED25519, NULL },
        { "k=ed25519; s=*; p=" ED25519, NULL },
        { "k=ed25519; v=DKIM1; p=" ED25519,
          "the key record is of another version" },
        { "v=DKIM2; k=ed25519; p=" ED25519,
          "the key record is of another version" },
        { "p=" ED25519, "the key is of another type" },
        { "k=ed25519; p=", "the key is revoked" },
        { "k=ed25519", "the key record has no key" },
        { "k=ed25519; h=sha1; p=" ED25519, "the key is not for sha256" },
        { "k=ed25519; s=tlsrpt; p=" ED25519, "the key is not for mail" },
        { "k=ed25519; p=YWJj", "the key record holds no Ed25519 key" },
        { "k=ed25519; p=!", "the key is not base64" },
        { "k=ed25519; p=" ED25519 "; p=", "the key record has a tag that "
          "stands twice" },
        { "nonsense", "the key record has a tag without =" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(TrustKey) key = { 0 };
        bool got = trust_key_read(&key, cases[i].record,
                                  strlen(cases[i].record), true);

        g_test_message("%s", cases[i].record);
        g_assert_true(got == (cases[i].reason == NULL));
        g_assert_cmpstr(key.reason, ==, cases[i].reason);
    }
}

/* A record with an RSA key of that many bits, as SPKI or PKCS#1. */
static char *
rsa_record(guint bits, bool spki, EVP_PKEY **key)
{
    guchar *der = NULL;
    int size;
    g_autofree char *text = NULL;

    *key = EVP_RSA_gen(bits);
    size = spki ? i2d_PUBKEY(*key, &der) : i2d_PublicKey(*key, &der);
    text = g_base64_encode(der, (gsize)size);
    OPENSSL_free(der);
    return g_strconcat("v=DKIM1; p=", text, NULL);
}

/* RSASSA-PKCS1-v1_5 over digest, or the raw octets given, padded by us. */
static GBytes *
sign(EVP_PKEY *key, const guint8 *octets, gsize size, int padding)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    guint8 out[1024];
    gsize used = sizeof out;

    g_assert_cmpint(EVP_PKEY_sign_init(context), ==, 1);
    g_assert_cmpint(EVP_PKEY_CTX_set_rsa_padding(context, padding), ==, 1);
    if (padding == RSA_PKCS1_PADDING)
        EVP_PKEY_CTX_set_signature_md(context, EVP_sha256());
    g_assert_cmpint(EVP_PKEY_sign(context, out, &used, octets, size), ==, 1);
    EVP_PKEY_CTX_free(context);
    return g_bytes_new(out, used);
}

static void
rsa(void)
{
    guint8 digest[32] = { 1, 2, 3 };
    guint8 block[256];
    static const guint8 prefix[] = {
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
        0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
    };

    for (int spki = 0; spki < 2; spki++) {
        EVP_PKEY *pair;
        g_autofree char *record = rsa_record(2048, spki, &pair);
        g_auto(TrustKey) key = { 0 };
        g_autoptr(GBytes) good = NULL;
        g_autoptr(GBytes) short_padding = NULL;

        g_assert_true(trust_key_read(&key, record, strlen(record), false));
        g_assert_cmpuint(key.bits, ==, 2048);
        good = sign(pair, digest, 32, RSA_PKCS1_PADDING);
        g_assert_true(trust_key_verify(&key, good, digest));
        /* padding of eight octets and rubbish behind: the forgery for e=3 */
        memset(block, 0, sizeof block);
        block[1] = 1;
        memset(block + 2, 0xff, 8);
        memcpy(block + 11, prefix, sizeof prefix);
        memcpy(block + 11 + sizeof prefix, digest, 32);
        short_padding = sign(pair, block, sizeof block, RSA_NO_PADDING);
        g_assert_false(trust_key_verify(&key, short_padding, digest));
        digest[0] ^= 1;
        g_assert_false(trust_key_verify(&key, good, digest));
        digest[0] ^= 1;
        EVP_PKEY_free(pair);
    }
}

static void
sizes(void)
{
    static const struct {
        guint bits;
        const char *reason;
    } cases[] = {
        { 512, "the key is too weak: 512 bits" },
        { 1023, "the key is too weak: 1023 bits" },
        { 1024, NULL },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        EVP_PKEY *pair;
        g_autofree char *record = rsa_record(cases[i].bits, true, &pair);
        g_auto(TrustKey) key = { 0 };

        trust_key_read(&key, record, strlen(record), false);
        g_assert_cmpstr(key.reason, ==, cases[i].reason);
        EVP_PKEY_free(pair);
    }
}

/* PKCS#1 with a modulus and exponent made up. */
static char *
made_up(gsize octets, guint8 top, guint8 low, guint8 exponent)
{
    g_autoptr(GByteArray) der = g_byte_array_new();
    gsize content = 4 + 1 + octets + 3;
    guint8 head[] = { 0x30, 0x82, (guint8)(content >> 8), (guint8)content,
                      0x02, 0x82, (guint8)((octets + 1) >> 8),
                      (guint8)(octets + 1), 0 };
    guint8 tail[] = { 0x02, 0x01, exponent };
    g_autofree guint8 *modulus = g_malloc0(octets);
    g_autofree char *text = NULL;

    modulus[0] = top;
    modulus[octets - 1] |= low;
    g_byte_array_append(der, head, sizeof head);
    g_byte_array_append(der, modulus, (guint)octets);
    g_byte_array_append(der, tail, sizeof tail);
    text = g_base64_encode(der->data, der->len);
    return g_strconcat("p=", text, NULL);
}

/* 16,384 bits, even and zero numbers: refused before they cost anything. */
static void
absurd(void)
{
    static const struct {
        gsize octets;
        guint8 top, low, exponent;
        bool sound;
    } cases[] = {
        { 256, 0x80, 1, 3, true },   { 256, 0x80, 0, 3, false },
        { 256, 0, 0, 3, false },     { 256, 0x80, 1, 0, false },
        { 256, 0x80, 1, 1, false },  { 256, 0x80, 1, 2, false },
        { 2048, 0x80, 1, 3, false }, { 1025, 0x80, 1, 3, false },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *record = made_up(cases[i].octets, cases[i].top,
                                          cases[i].low, cases[i].exponent);
        g_auto(TrustKey) key = { 0 };

        g_assert_true(trust_key_read(&key, record, strlen(record), false)
                      == cases[i].sound);
    }
}

/* SubjectPublicKeyInfo with one octet changed, cut, or something behind it. */
static void
wrapped(void)
{
    static const struct {
        gsize at;
        guint8 octet;
        int more; /* octets behind it; negative: cut off */
        bool sound;
    } cases[] = {
        { 0, 0x30, 0, true },   /* as it was */
        { 0, 0x31, 0, false },  /* a set */
        { 3, 0x21, 0, false },  /* shorter than it says */
        { 3, 0x23, 0, false },  /* longer than it says */
        { 16, 0x0a, 0, false }, /* the name of RSA-PSS */
        { 19, 0x04, 0, false }, /* octets in place of bits */
        { 23, 1, 0, false },    /* a bit left over */
        { 24, 0x31, 0, false }, /* no RSAPublicKey in it */
        { 0, 0x30, 1, false },  { 0, 0x30, -1, false },
        { 0, 0x30, -270, false }, /* the algorithm alone */
        { 0, 0x30, -271, false }, { 0, 0x30, -293, false },
    };
    EVP_PKEY *pair = EVP_RSA_gen(2048);
    guint8 *der = NULL;
    int size = i2d_PUBKEY(pair, &der);

    g_assert_cmpint(size, ==, 294);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree guint8 *changed = g_malloc0((gsize)size + 1);
        g_autofree char *text = NULL;
        g_autofree char *record = NULL;
        g_auto(TrustKey) key = { 0 };

        memcpy(changed, der, (gsize)size);
        changed[cases[i].at] = cases[i].octet;
        text = g_base64_encode(changed, (gsize)(size + cases[i].more));
        record = g_strconcat("p=", text, NULL);
        g_test_message("%u", i);
        g_assert_true(trust_key_read(&key, record, strlen(record), false)
                      == cases[i].sound);
    }
    OPENSSL_free(der);
    EVP_PKEY_free(pair);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/trust/key/D10-records", records);
    g_test_add_func("/trust/key/D9-rsa", rsa);
    g_test_add_func("/trust/key/D9-wrapped", wrapped);
    g_test_add_func("/trust/key/D8-sizes", sizes);
    g_test_add_func("/trust/key/D9-absurd", absurd);
    return g_test_run();
}
