/* What it costs to verify a DKIM signature, beside OpenDKIM's library in the
 * same run: messages of several sizes signed by that library, the key at hand
 * without the DNS on both sides. Ours is the whole check of a message: DMARC,
 * ARC and the author with it. Prints one line a size: medians in microseconds.
 * Needs libopendkim-dev. Usage: bench_dkim [ROUNDS]. */
#include "mime/mime.h"
#include "trust/trust.h"

#include <opendkim/dkim.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROUNDS = 301,
    MOST_SIGNATURE = 4096
};

typedef struct {
    DKIM_LIB *library;
    char *secret; /* PEM */
    char *record; /* of the public key */
    Dns *zone;
    guint rounds;
} Bench;

static const char *record; /* for the library's callback */

static DKIM_STAT
lookup(DKIM *dkim, DKIM_SIGINFO *sig, unsigned char *buffer, size_t size)
{
    (void)dkim;
    (void)sig;
    g_strlcpy((char *)buffer, record, size);
    return DKIM_STAT_OK;
}

static void
must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "bench_dkim: %s\n", what);
    exit(1);
}

/* An RSA-2048 key: its PEM, and the record of its public half. */
static void
make_key(Bench *bench)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    BIO *out = BIO_new(BIO_s_mem());
    guint8 *der = NULL;
    int size = i2d_PUBKEY(key, &der);
    g_autofree char *base64 = g_base64_encode(der, (gsize)size);
    char *pem;
    long length;

    must(PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1,
         "no key");
    length = BIO_get_mem_data(out, &pem);
    bench->secret = g_strndup(pem, (gsize)length);
    bench->record = g_strdup_printf("v=DKIM1; k=rsa; p=%s", base64);
    record = bench->record;
    OPENSSL_free(der);
    BIO_free(out);
    EVP_PKEY_free(key);
}

static const char *const fields[] = {
    "From: Ben Okafor <ben@corp.example>",
    "To: ana@lindqvist.example",
    "Subject: Slides and numbers for Thursday",
    "Date: Mon, 23 Nov 2026 10:00:00 +0000",
    "Message-ID: <1@corp.example>",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
};

static GString *
make_body(gsize size)
{
    GString *body = g_string_new(NULL);

    while (body->len < size)
        g_string_append(body, "A line of words as people write them,  with "
                              "two blanks\tand a tab.\r\n");
    return body;
}

/* Gives fields and body to one of the library's handles. */
static void
feed(DKIM *dkim, const GString *signature, const GString *body)
{
    bool test;

    if (signature != NULL)
        must(dkim_header(dkim, (u_char *)signature->str, signature->len)
                 == DKIM_STAT_OK,
             "header refused");
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
        must(dkim_header(dkim, (u_char *)fields[i], strlen(fields[i]))
                 == DKIM_STAT_OK,
             "header refused");
    must(dkim_eoh(dkim) == DKIM_STAT_OK, "end of header refused");
    must(dkim_body(dkim, (u_char *)body->str, body->len) == DKIM_STAT_OK,
         "body refused");
    must(dkim_eom(dkim, &test) == DKIM_STAT_OK, "not verified by OpenDKIM");
}

/* "DKIM-Signature: …" without its line end. */
static GString *
sign(const Bench *bench, const GString *body)
{
    DKIM_STAT status;
    DKIM *dkim =
        dkim_sign(bench->library, (const unsigned char *)"sign", NULL,
                  (dkim_sigkey_t)bench->secret, (const unsigned char *)"s",
                  (const unsigned char *)"corp.example", DKIM_CANON_RELAXED,
                  DKIM_CANON_RELAXED, DKIM_SIGN_RSASHA256, -1, &status);
    char text[MOST_SIGNATURE];
    GString *signature = g_string_new("DKIM-Signature: ");

    must(dkim != NULL, "cannot sign");
    feed(dkim, NULL, body);
    must(dkim_getsighdr(dkim, (u_char *)text, sizeof text, signature->len)
             == DKIM_STAT_OK,
         "no signature");
    dkim_free(dkim);
    g_string_append(signature, text);
    return signature;
}

static GString *
whole(const GString *signature, const GString *body)
{
    GString *message = g_string_new(signature->str);

    g_string_append(message, "\r\n");
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
        g_string_append_printf(message, "%s\r\n", fields[i]);
    g_string_append(message, "\r\n");
    g_string_append_len(message, body->str, (gssize)body->len);
    return message;
}

static void
ours(const Bench *bench, const GString *message)
{
    TrustParams params = { .dns = bench->zone };
    g_autoptr(TrustReport) report =
        trust_check_bytes(message->str, message->len, &params);
    const TrustSignature *sig = g_ptr_array_index(report->dkim, 0);

    must(sig->result == TRUST_PASS, sig->reason);
}

static void
theirs(const Bench *bench, const GString *signature, const GString *body)
{
    DKIM_STAT status;
    DKIM *dkim = dkim_verify(bench->library, (const unsigned char *)"verify",
                             NULL, &status);

    feed(dkim, signature, body);
    dkim_free(dkim);
}

static int
compare(const void *a, const void *b)
{
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;

    return x < y ? -1 : x > y;
}

static void
measure(const Bench *bench, const char *name, gsize size)
{
    g_autoptr(GString) body = make_body(size);
    g_autoptr(GString) signature = sign(bench, body);
    g_autoptr(GString) message = whole(signature, body);
    g_autofree gint64 *our = g_new(gint64, bench->rounds);
    g_autofree gint64 *their = g_new(gint64, bench->rounds);

    for (guint i = 0; i < bench->rounds; i++) {
        gint64 begin = g_get_monotonic_time();
        gint64 middle;

        ours(bench, message);
        middle = g_get_monotonic_time();
        theirs(bench, signature, body);
        our[i] = middle - begin;
        their[i] = g_get_monotonic_time() - middle;
    }
    qsort(our, bench->rounds, sizeof *our, compare);
    qsort(their, bench->rounds, sizeof *their, compare);
    printf("%-6s  posthorn, the whole check %6" G_GINT64_FORMAT
           " us   OpenDKIM %6" G_GINT64_FORMAT " us\n",
           name, our[bench->rounds / 2], their[bench->rounds / 2]);
}

int
main(int argc, char **argv)
{
    Bench bench = { .rounds = argc > 1 ? (guint)atoi(argv[1]) : ROUNDS };
    g_autofree char *zone = NULL;

    must(bench.rounds > 0, "usage: bench_dkim [ROUNDS]");
    mime_init();
    make_key(&bench);
    bench.library = dkim_init(NULL, NULL);
    dkim_set_key_lookup(bench.library, lookup);
    zone = g_strdup_printf("s._domainkey.corp.example TXT \"%s\"\n"
                           "_dmarc.corp.example TXT \"v=DMARC1; p=reject\"\n",
                           bench.record);
    bench.zone = dns_zone_create(zone, NULL);
    must(bench.zone != NULL, "no zone");
    measure(&bench, "10 KB", 10 * 1024);
    measure(&bench, "100 KB", 100 * 1024);
    measure(&bench, "1 MB", 1024 * 1024);
    dns_unref(bench.zone);
    dkim_close(bench.library);
    g_free(bench.secret);
    g_free(bench.record);
    return 0;
}
