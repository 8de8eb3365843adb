/* What the DNS says of a domain that the user sends from, with what to do about
 * it (RFC 7208, 6376, 9989). Judges records, not mail. */
#include "base/clock.h"
#include "trust_dmarc.h"
#include "trust_domain.h"
#include "trust_key.h"
#include "trust_spf.h"

#include <string.h>

/* A documentation address (RFC 5737) that nobody sends from: what a record says
 * of hosts that it does not name. */
#define NOBODY "192.0.2.255"

static void say(GPtrArray *lines, const char *sign, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static void
say(GPtrArray *lines, const char *sign, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    g_ptr_array_add(lines, g_strdup_printf("%s %s", sign, text));
}

static void
check_spf(GPtrArray *lines, const char *domain, TrustLookup *lookup)
{
    g_autofree char *sender = g_strconcat("postmaster@", domain, NULL);
    TrustEnvelope envelope = { NOBODY, domain, sender, clock_now() };
    TrustSpf spf = { 0 };

    trust_spf_check(&spf, &envelope, lookup);
    switch (spf.result) {
    case TRUST_FAIL:
        say(lines, "✓",
            "SPF: the record is sound; hosts that it does not name are "
            "refused (-all)");
        break;
    case TRUST_SOFTFAIL:
        say(lines, "✓",
            "SPF: the record is sound; hosts that it does not name are "
            "suspect (~all)");
        break;
    case TRUST_NONE:
        say(lines, "✗",
            "SPF: %s has no record: publish a TXT record \"v=spf1 … -all\" "
            "that names the hosts that send for it",
            domain);
        break;
    case TRUST_PASS:
        say(lines, "✗",
            "SPF: any host may send for %s: end the record with "
            "-all",
            domain);
        break;
    case TRUST_PERMERROR:
        say(lines, "✗",
            "SPF: %s: receivers ignore the record until that is "
            "mended",
            spf.reason);
        break;
    case TRUST_TEMPERROR:
        say(lines, "?", "SPF: not known now: %s", spf.reason);
        break;
    default:
        say(lines, "?",
            "SPF: the record says nothing of hosts that it does not name: end "
            "it with -all");
    }
    g_free(spf.domain);
    g_free(spf.reason);
    g_free(spf.explanation);
    g_free(spf.client_ip);
    g_free(spf.source);
}

/* The key by which a message of the domain was signed. */
static void
check_dkim(GPtrArray *lines, const char *domain, const char *name,
           TrustLookup *lookup)
{
    g_auto(TrustKey) key = { 0 };
    bool rsa_failed;

    if (name == NULL) {
        say(lines, "?",
            "DKIM: no message signed by %s was seen here yet: send one to "
            "yourself, sync, and check again",
            domain);
        return;
    }
    trust_key_find(&key, lookup, name, false);
    rsa_failed = key.key == NULL && key.result == TRUST_PERMERROR;
    if (rsa_failed) {
        trust_key_clear(&key);
        trust_key_find(&key, lookup, name, true);
    }
    if (key.key != NULL && !key.ed25519 && key.bits < TRUST_WEAK_RSA_BITS)
        say(lines, "?",
            "DKIM: the key at %s has only %u bits: make one of "
            "2048",
            name, key.bits);
    else if (key.key != NULL)
        say(lines, "✓", "DKIM: the key at %s is sound (%s, %u bits)", name,
            key.ed25519 ? "Ed25519" : "RSA", key.bits);
    else if (key.result == TRUST_TEMPERROR)
        say(lines, "?", "DKIM: not known now: %s", key.reason);
    else
        say(lines, "✗", "DKIM: %s at %s: mail signed with it is not believed",
            key.reason, name);
}

static void
check_dmarc(GPtrArray *lines, const char *domain, TrustLookup *lookup)
{
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    TrustAuthor author = { domain, NULL };
    TrustSpf spf = { 0 };
    TrustEvidence evidence = { none, NULL, &spf };
    TrustDmarc dmarc = { 0 };

    trust_dmarc_judge(&dmarc, &author, &evidence, lookup);
    if (dmarc.result == TRUST_TEMPERROR)
        say(lines, "?", "DMARC: not known now: %s", dmarc.reason);
    else if (dmarc.policy == NULL)
        say(lines, "✗",
            "DMARC: %s; publish a TXT record \"v=DMARC1; p=none; "
            "rua=mailto:…\" at _dmarc.%s, and a stricter policy when its "
            "reports show that all of your mail passes",
            dmarc.reason, domain);
    else if (strcmp(dmarc.policy, "none") == 0)
        say(lines, "?",
            "DMARC: the policy of %s is none, which asks for reports alone: "
            "p=quarantine or p=reject protects your name",
            dmarc.domain);
    else
        say(lines, "✓", "DMARC: the policy of %s is %s%s", dmarc.domain,
            dmarc.policy, dmarc.testing ? ", being tested (t=y)" : "");
    g_free(dmarc.policy);
    g_free(dmarc.domain);
    g_free(dmarc.author);
    g_free(dmarc.organization);
    g_free(dmarc.reason);
}

GPtrArray *
trust_own_check(const char *domain, const char *key_name,
                const TrustParams *params)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *ascii = trust_domain_ascii(domain);
    DnsWait wait = { g_get_monotonic_time() + (gint64)TRUST_TIMEOUT_MS * 1000,
                     params->cancel };
    TrustLookup lookup;

    if (ascii == NULL)
        return lines;
    trust_lookup_init(&lookup, params->dns, &wait);
    check_spf(lines, ascii, &lookup);
    check_dkim(lines, ascii, key_name, &lookup);
    check_dmarc(lines, ascii, &lookup);
    trust_lookup_finish(&lookup);
    return lines;
}
