/* Every parser of the room behind one octet that chooses: tag lists and keys,
 * SPF records, DMARC records, Authentication-Results, Received, canonical forms
 * whole and in pieces, and the whole check of a message. */
#include "mime/mime.h"
#include "trust/trust.h"
#include "trust_authres.h"
#include "trust_canon.h"
#include "trust_dmarc.h"
#include "trust_domain.h"
#include "trust_key.h"
#include "trust_received.h"
#include "trust_spf.h"
#include "trust_tags.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
collect(const char *bytes, gsize size, void *user)
{
    g_string_append_len(user, bytes, (gssize)size);
}

static GString *
canon(const char *bytes, gsize size, bool relaxed, gsize step)
{
    GString *out = g_string_new(NULL);
    TrustCanon *state = trust_canon_create(relaxed, collect, out);

    for (gsize at = 0; at < size; at += step)
        trust_canon_push(state, bytes + at, MIN(step, size - at));
    trust_canon_end(state);
    return out;
}

/* Pieces change nothing, and what is canonical stays as it is. */
static void
fuzz_canon(const char *bytes, gsize size)
{
    for (int relaxed = 0; relaxed < 2; relaxed++) {
        GString *whole = canon(bytes, size, relaxed, MAX(size, 1));
        GString *pieces = canon(bytes, size, relaxed, 1);
        GString *again = canon(whole->str, whole->len, relaxed, 7);

        g_assert_true(g_string_equal(whole, pieces));
        g_assert_true(g_string_equal(whole, again));
        g_string_free(whole, TRUE);
        g_string_free(pieces, TRUE);
        g_string_free(again, TRUE);
    }
}

static void
fuzz_key(const char *bytes, gsize size)
{
    for (int ed25519 = 0; ed25519 < 2; ed25519++) {
        g_auto(TrustKey) key = { 0 };

        g_assert_true(trust_key_read(&key, bytes, size, ed25519)
                      == (key.key != NULL));
    }
}

static void
fuzz_text(const char *text, gsize size)
{
    g_autoptr(TrustSpfRecord) record = trust_spf_parse(text, size);
    TrustDmarcRecord dmarc;
    g_autofree char *ascii = trust_domain_ascii(text);
    g_autofree char *strange
        = ascii ? trust_domain_suspicion(ascii) : NULL;

    trust_dmarc_parse(text, size, &dmarc);
    trust_hop_free(trust_hop_parse(text));
}

static void
fuzz_authres(const char *bytes, gsize size)
{
    TrustAuthres *authres = trust_authres_parse(bytes, size);
    TrustMethod *method = trust_received_spf_parse(bytes, size);

    g_assert_true(authres->error == NULL || authres->results->len == 0);
    trust_authres_free(authres);
    if (method != NULL)
        trust_method_free(method);
}

static void
fuzz_message(const char *bytes, gsize size)
{
    static Dns *dns;
    static const char *const ids[] = { "mx.example.org", NULL };
    TrustParams params = { .authserv_ids = ids, .now = 1700000000 };
    g_autoptr(TrustReport) report = NULL;
    g_autoptr(JsonNode) node = NULL;

    if (dns == NULL) {
        mime_init();
        dns = dns_zone_create("example.org TXT \"v=spf1 -all\"\n", NULL);
    }
    params.dns = dns;
    report = trust_check_bytes(bytes, size, &params);
    node = trust_report_json(report);
    g_assert_nonnull(report->verdict.text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = NULL;
    const char *bytes = (const char *)data + 1;

    if (size == 0)
        return 0;
    text = g_strndup(bytes, size - 1);
    switch (data[0] % 5) {
    case 0:
        fuzz_canon(bytes, size - 1);
        break;
    case 1:
        fuzz_key(bytes, size - 1);
        break;
    case 2:
        fuzz_text(text, strlen(text));
        break;
    case 3:
        fuzz_authres(bytes, size - 1);
        break;
    default:
        fuzz_message(bytes, size - 1);
    }
    return 0;
}
