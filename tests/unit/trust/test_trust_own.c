/* What the DNS says of the domain that the user sends from, and what to do
 * about it, in words. */
#include "mime/mime.h"
#include "trust/trust.h"

#include <string.h>

static const char zone_text[] =
    "good.example TXT \"v=spf1 ip4:198.51.100.1 -all\"\n"
    "_dmarc.good.example TXT \"v=DMARC1; p=reject\"\n"
    "s._domainkey.good.example TXT \"k=ed25519; "
    "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n"
    "weak._domainkey.good.example TXT \""
    "p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1"
    "fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+R"
    "cac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB\"\n"
    "soft.example TXT \"v=spf1 ~all\"\n"
    "_dmarc.soft.example TXT \"v=DMARC1; p=none; rua=mailto:x@soft.example\"\n"
    "open.example TXT \"v=spf1 +all\"\n"
    "mute.example TXT \"v=spf1 ip4:198.51.100.1\"\n"
    "broken.example TXT \"v=spf1 include:a.broken.example include:b.broken."
    "example include:c.broken.example -all\"\n"
    "loop.example TXT \"v=spf1 include:loop.example -all\"\n"
    "slow.example SERVFAIL\n"
    "_dmarc.slow.example SERVFAIL\n"
    "s._domainkey.slow.example SERVFAIL\n";

static void
records(void)
{
    static const struct {
        const char *domain;
        const char *key;
        const char *spf, *dkim, *dmarc; /* what the line has */
    } list[] = {
        { "good.example", "s._domainkey.good.example", "✓ SPF: the record is",
          "✓ DKIM: the key at s._domainkey.good.example is sound (Ed25519",
          "✓ DMARC: the policy of good.example is reject" },
        { "Good.Example", "weak._domainkey.good.example", "refused (-all)",
          "? DKIM: the key at weak._domainkey.good.example has only 1024",
          "✓ DMARC" },
        { "soft.example", NULL,
          "✓ SPF: the record is sound; hosts that it does "
          "not name are suspect",
          "? DKIM: no message signed by soft.example",
          "? DMARC: the policy of soft.example is none" },
        { "open.example", "gone._domainkey.open.example",
          "✗ SPF: any host may send", "✗ DKIM: there is no key", "✗ DMARC: " },
        { "mute.example", NULL, "? SPF: the record says nothing", "? DKIM",
          "_dmarc.mute.example" },
        { "broken.example", NULL, "✗ SPF: ", "? DKIM", "✗ DMARC" },
        { "loop.example", NULL, "✗ SPF: ", "? DKIM", "✗ DMARC" },
        { "none.example", NULL, "✗ SPF: none.example has no record", "? DKIM",
          "✗ DMARC" },
        { "slow.example", "s._domainkey.slow.example", "? SPF: not known now",
          "? DKIM: ", "? DMARC: not known now" },
    };
    g_autoptr(Dns) dns = dns_zone_create(zone_text, NULL);
    TrustParams params = { .dns = dns };

    g_assert_nonnull(dns);
    for (guint i = 0; i < G_N_ELEMENTS(list); i++) {
        const char *want[] = { list[i].spf, list[i].dkim, list[i].dmarc };
        g_autoptr(GPtrArray) lines =
            trust_own_check(list[i].domain, list[i].key, &params);

        g_assert_cmpuint(lines->len, ==, 3);
        for (guint j = 0; j < 3; j++) {
            const char *line = g_ptr_array_index(lines, j);

            g_test_message("%s", line);
            g_assert_nonnull(strstr(line, want[j]));
        }
    }
}

static void
no_domain(void)
{
    static const char *const names[] = { "localhost", "", "[192.0.2.1]",
                                         "a b.example" };
    TrustParams params = { 0 };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GPtrArray) lines = trust_own_check(names[i], NULL, &params);

        g_assert_cmpuint(lines->len, ==, 0);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    g_test_add_func("/trust/own/S1-S2-D10-M2-records", records);
    g_test_add_func("/trust/own/no-domain", no_domain);
    return g_test_run();
}
