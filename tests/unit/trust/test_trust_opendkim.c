/* OpenDKIM's library as a second signer and verifier (D4 to D8): messages that
 * it signed, whole and changed on the way in every manner that a
 * canonicalization forgives or does not; it and we must say the same. */
#include "mime/mime.h"
#include "trust/trust.h"

#include <opendkim/dkim.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

enum {
    MESSAGES = 400,
    MOST_SIGNATURE = 4096
};

typedef struct {
    DKIM_LIB *library;
    char *secret; /* PEM */
    char *record; /* of the public key */
    Dns *zone;
    GRand *rand;
} Fixture;

typedef struct {
    GPtrArray *fields; /* char *, without line ends */
    GString *body;
} Letter;

static const char *published; /* for the library's callback */

static DKIM_STAT
lookup(DKIM *dkim, DKIM_SIGINFO *sig, unsigned char *buffer, size_t size)
{
    (void)dkim;
    (void)sig;
    g_strlcpy((char *)buffer, published, size);
    return DKIM_STAT_OK;
}

static void
make_key(Fixture *f)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    BIO *out = BIO_new(BIO_s_mem());
    guint8 *der = NULL;
    int size = i2d_PUBKEY(key, &der);
    g_autofree char *base64 = g_base64_encode(der, (gsize)size);
    char *pem;
    long length;

    g_assert_cmpint(
        PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL), ==, 1);
    length = BIO_get_mem_data(out, &pem);
    f->secret = g_strndup(pem, (gsize)length);
    f->record = g_strdup_printf("v=DKIM1; k=rsa; p=%s", base64);
    published = f->record;
    OPENSSL_free(der);
    BIO_free(out);
    EVP_PKEY_free(key);
}

static void
set_up(Fixture *f)
{
    g_autofree char *zone = NULL;
    g_autoptr(GError) error = NULL;

    f->library = dkim_init(NULL, NULL);
    g_assert_nonnull(f->library);
    g_assert_cmpint(dkim_set_key_lookup(f->library, lookup), ==,
                    DKIM_STAT_OK);
    make_key(f);
    zone = g_strdup_printf("s._domainkey.corp.example TXT \"%s\"\n",
                           f->record);
    f->zone = dns_zone_create(zone, &error);
    g_assert_no_error(error);
    f->rand = g_rand_new_with_seed(6376);
}

static void
tear_down(Fixture *f)
{
    g_rand_free(f->rand);
    dns_unref(f->zone);
    g_free(f->record);
    g_free(f->secret);
    dkim_close(f->library);
}

/* A line of words, blanks in a row, tabs and blanks at its end. */
static void
add_words(GString *text, GRand *rand)
{
    static const char *const words[] = { "word", " ", "  ", "\t", "Grüße",
                                         ".",    "=", ";",  "x",  " \t " };

    for (int n = g_rand_int_range(rand, 0, 12); n > 0; n--)
        g_string_append(
            text, words[g_rand_int_range(rand, 0, G_N_ELEMENTS(words))]);
}

static Letter *
letter_create(GRand *rand)
{
    Letter *letter = g_new0(Letter, 1);
    g_autoptr(GString) subject = g_string_new("Subject: about ");

    letter->fields = g_ptr_array_new_with_free_func(g_free);
    letter->body = g_string_new(NULL);
    add_words(subject, rand);
    g_string_append(subject, "\r\n   folded  here");
    g_ptr_array_add(letter->fields,
                    g_strdup("From: Ben Okafor <ben@corp.example>"));
    g_ptr_array_add(letter->fields, g_strdup("To:  ana@lindqvist.example"));
    g_ptr_array_add(letter->fields, g_strdup(subject->str));
    g_ptr_array_add(letter->fields,
                    g_strdup("Date: Mon, 23 Nov 2026 10:00:00 +0000"));
    g_ptr_array_add(letter->fields, g_strdup("Message-ID: <1@corp.example>"));
    for (int n = g_rand_int_range(rand, 0, 20); n > 0; n--) {
        add_words(letter->body, rand);
        g_string_append(letter->body, "\r\n");
    }
    return letter;
}

static void
letter_free(Letter *letter)
{
    g_ptr_array_unref(letter->fields);
    g_string_free(letter->body, TRUE);
    g_free(letter);
}

static void
feed(DKIM *dkim, const Letter *letter)
{
    for (guint i = 0; i < letter->fields->len; i++) {
        char *field = letter->fields->pdata[i];

        g_assert_cmpint(dkim_header(dkim, (u_char *)field, strlen(field)), ==,
                        DKIM_STAT_OK);
    }
}

/* Puts the signature on top. */
static void
sign(const Fixture *f, Letter *letter, guint i)
{
    static const dkim_canon_t canons[] = { DKIM_CANON_SIMPLE,
                                           DKIM_CANON_RELAXED };
    ssize_t length = i % 8 == 7 ? (ssize_t)letter->body->len : -1; /* l= */
    DKIM_STAT status;
    DKIM *dkim = dkim_sign(
        f->library, (const unsigned char *)"sign", NULL,
        (dkim_sigkey_t)f->secret, (const unsigned char *)"s",
        (const unsigned char *)"corp.example", canons[i & 1],
        canons[i >> 1 & 1], DKIM_SIGN_RSASHA256, length, &status);
    static const char name[] = "DKIM-Signature: ";
    char text[MOST_SIGNATURE];
    bool test;

    g_assert_nonnull(dkim);
    feed(dkim, letter);
    g_assert_cmpint(dkim_eoh(dkim), ==, DKIM_STAT_OK);
    g_assert_cmpint(dkim_body(dkim, (u_char *)letter->body->str,
                              letter->body->len),
                    ==, DKIM_STAT_OK);
    g_assert_cmpint(dkim_eom(dkim, &test), ==, DKIM_STAT_OK);
    g_assert_cmpint(dkim_getsighdr(dkim, (u_char *)text, sizeof text,
                                   strlen(name)),
                    ==, DKIM_STAT_OK);
    dkim_free(dkim);
    g_ptr_array_insert(letter->fields, 0, g_strconcat(name, text, NULL));
}

static void
replace_field(Letter *letter, guint i, char *field)
{
    g_free(letter->fields->pdata[i]);
    letter->fields->pdata[i] = field;
}

/* What relays, lists and forgers do. The signature is field 0, the subject
 * field 3. */
static void
change(Letter *letter, guint how)
{
    const char *subject = letter->fields->pdata[3];

    switch (how) {
    case 1:
        g_string_append(letter->body, "\r\n\r\n");
        break;
    case 2:
        g_string_append(letter->body, "added by a list\r\n");
        break;
    case 3:
        g_string_replace(letter->body, "  ", " ", 0);
        break;
    case 4:
        g_string_replace(letter->body, "word", "Word", 1);
        break;
    case 5:
        replace_field(letter, 3, g_strconcat("SUBJECT", subject + 7, NULL));
        break;
    case 6:
        replace_field(letter, 3, g_strconcat(subject, "  ", NULL));
        break;
    case 7:
        replace_field(letter, 3, g_strconcat(subject, "!", NULL));
        break;
    case 8:
        g_ptr_array_insert(letter->fields, 0, g_strdup("X-Seen: relay"));
        break;
    case 9:
        g_ptr_array_insert(letter->fields, 1, g_strdup("Subject: another"));
        break;
    case 10:
        g_ptr_array_add(letter->fields, g_strdup("Subject: another"));
        break;
    case 11:
        g_string_replace(letter->body, " \r\n", "\r\n", 0);
        break;
    default:
        break;
    }
}

static bool
their_verdict(const Fixture *f, const Letter *letter)
{
    DKIM_STAT status;
    DKIM *dkim = dkim_verify(f->library, (const unsigned char *)"verify", NULL,
                             &status);
    bool test;

    feed(dkim, letter);
    if (dkim_eoh(dkim) == DKIM_STAT_OK)
        dkim_body(dkim, (u_char *)letter->body->str, letter->body->len);
    status = dkim_eom(dkim, &test);
    dkim_free(dkim);
    return status == DKIM_STAT_OK;
}

static bool
our_verdict(const Fixture *f, const Letter *letter)
{
    TrustParams params = { .dns = f->zone };
    g_autoptr(GString) message = g_string_new(NULL);
    g_autoptr(TrustReport) report = NULL;
    const TrustSignature *sig;

    for (guint i = 0; i < letter->fields->len; i++)
        g_string_append_printf(message, "%s\r\n",
                               (char *)letter->fields->pdata[i]);
    g_string_append_printf(message, "\r\n%s", letter->body->str);
    report = trust_check_bytes(message->str, message->len, &params);
    g_assert_cmpuint(report->dkim->len, ==, 1);
    sig = report->dkim->pdata[0];
    return sig->result == TRUST_PASS;
}

static void
test_beside(void)
{
    Fixture f = { 0 };
    guint passed = 0;

    set_up(&f);
    for (guint i = 0; i < MESSAGES; i++) {
        Letter *letter = letter_create(f.rand);
        bool theirs, ours;

        sign(&f, letter, i);
        change(letter, i / 4 % 12);
        theirs = their_verdict(&f, letter);
        ours = our_verdict(&f, letter);
        if (theirs != ours)
            g_error("message %u, change %u: OpenDKIM says %s", i, i / 4 % 12,
                    theirs ? "pass" : "fail");
        passed += theirs;
        letter_free(letter);
    }
    /* Both kinds were there. */
    g_assert_cmpuint(passed, >, MESSAGES / 8);
    g_assert_cmpuint(passed, <, MESSAGES * 7 / 8);
    tear_down(&f);
}

int
main(int argc, char **argv)
{
    mime_init();
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/trust/opendkim/D5-D8-beside", test_beside);
    return g_test_run();
}
