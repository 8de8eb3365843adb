/* DMARC (M1 to M5): records, the tree walk, alignment, policy. */
#include "trust_dmarc.h"
#include "trust_zone.h"

#include <string.h>

static void
records(void)
{
    static const struct {
        const char *text;
        bool is_record;
        TrustPolicy policy;
        bool broken;
    } cases[] = {
        { "v=DMARC1; p=reject", true, TRUST_POLICY_REJECT, false },
        { "v=DMARC1;p=none;", true, TRUST_POLICY_NONE, false },
        { "v = DMARC1 ; p = quarantine", true, TRUST_POLICY_QUARANTINE, false },
        { "v=DMARC1; adkim=s; p=REJECT", true, TRUST_POLICY_REJECT, false },
        { "v=DMARC1; rua=mailto:a@x.example", true, TRUST_POLICY_NONE, false },
        { "v=DMARC1; p=foo; rua=mailto:a@x.example", true, TRUST_POLICY_NONE,
          false },
        { "v=DMARC1; p=reject; sp=foo; rua=mailto:a@x.example", true,
          TRUST_POLICY_NONE, false },
        { "v=DMARC1", true, TRUST_POLICY_NONE, true },
        { "v=DMARC1; p=foo", true, TRUST_POLICY_NONE, true },
        { "v=dmarc1; p=reject", false, 0, false },
        { "v=DMARC2; p=reject", false, 0, false },
        { "p=reject; v=DMARC1", false, 0, false },
        { "v=DMARC1; p=reject; p=none", false, 0, false },
        { "v=spf1 -all", false, 0, false },
        { "", false, 0, false },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        TrustDmarcRecord record;
        bool got = trust_dmarc_parse(cases[i].text, strlen(cases[i].text),
                                     &record);

        g_test_message("%s", cases[i].text);
        g_assert_true(got == cases[i].is_record);
        if (!got)
            continue;
        g_assert_cmpint(record.policy, ==, cases[i].policy);
        g_assert_true(record.broken == cases[i].broken);
    }
}

static const char zone_text[] =
    "_dmarc.corp.example TXT \"v=DMARC1; p=reject; sp=quarantine; np=none\"\n"
    "mail.corp.example A 192.0.2.1\n"
    "_dmarc.strict.example TXT \"v=DMARC1; p=reject; adkim=s; aspf=s\"\n"
    "_dmarc.test.example TXT \"v=DMARC1; p=reject; t=y\"\n"
    "_dmarc.two.example TXT \"v=DMARC1; p=reject\"\n"
    "_dmarc.two.example TXT \"v=DMARC1; p=none\"\n"
    "_dmarc.bank.example TXT \"v=DMARC1; p=reject; psd=y\"\n"
    "_dmarc.giant.bank.example TXT \"v=DMARC1; p=none\"\n"
    "_dmarc.own.corp.example TXT \"v=DMARC1; p=quarantine; psd=n\"\n"
    "_dmarc.fails.example SERVFAIL\n"
    "_dmarc.broken.example TXT \"v=DMARC1; foo=bar\"\n"
    "x.fails.example EMPTY\n";

typedef struct {
    const char *author;
    const char *signer; /* of a sound signature, or NULL */
    const char *sender; /* whose SPF passes; "-": fails; NULL: not evaluated */
    TrustResult want;
    const char *policy;
    const char *organization;
} Case;

static const Case cases[] = {
    { "corp.example", "corp.example", NULL, TRUST_PASS, "reject",
      "corp.example" },
    { "corp.example", "mail.corp.example", NULL, TRUST_PASS, "reject",
      "corp.example" },
    { "mail.corp.example", "corp.example", NULL, TRUST_PASS, "quarantine",
      "corp.example" },
    { "nobody.corp.example", "corp.example", NULL, TRUST_PASS, "none",
      "corp.example" },
    { "corp.example", "evilcorp.example", NULL, TRUST_FAIL, "reject",
      "corp.example" },
    { "corp.example", "corp.example.evil.example", NULL, TRUST_FAIL, "reject",
      "corp.example" },
    { "corp.example", NULL, NULL, TRUST_FAIL, "reject", "corp.example" },
    { "corp.example", NULL, "bounce.corp.example", TRUST_PASS, "reject",
      "corp.example" },
    { "corp.example", NULL, "evil.example", TRUST_FAIL, "reject",
      "corp.example" },
    { "corp.example", NULL, "-", TRUST_FAIL, "reject", "corp.example" },
    { "strict.example", "strict.example", NULL, TRUST_PASS, "reject",
      "strict.example" },
    { "strict.example", "mail.strict.example", NULL, TRUST_FAIL, "reject",
      "strict.example" },
    { "strict.example", NULL, "mail.strict.example", TRUST_FAIL, "reject",
      "strict.example" },
    { "test.example", NULL, "-", TRUST_FAIL, "quarantine", "test.example" },
    { "two.example", NULL, "-", TRUST_NONE, NULL, "two.example" },
    { "none.example", "none.example", NULL, TRUST_NONE, NULL, "none.example" },
    { "broken.example", NULL, "-", TRUST_PERMERROR, NULL, "broken.example" },
    /* psd=y above: the organisation is one label below it */
    { "giant.bank.example", "mail.giant.bank.example", NULL, TRUST_PASS,
      "none", "giant.bank.example" },
    { "mega.bank.example", "giant.bank.example", NULL, TRUST_FAIL, "reject",
      "mega.bank.example" },
    /* psd=n: an organisation of its own below another */
    { "own.corp.example", "corp.example", NULL, TRUST_FAIL, "quarantine",
      "own.corp.example" },
    { "own.corp.example", "a.own.corp.example", NULL, TRUST_PASS, "quarantine",
      "own.corp.example" },
    { "fails.example", "fails.example", NULL, TRUST_TEMPERROR, NULL,
      "fails.example" },
    /* nine labels: the walk jumps to seven */
    { "a.b.c.d.e.f.g.corp.example", "corp.example", NULL, TRUST_PASS, "none",
      "corp.example" },
};

static void
judge(void)
{
    g_autoptr(Dns) dns = dns_zone_create(zone_text, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        TrustSignature sig = { .result = TRUST_PASS, .evidence = true,
                               .domain = (char *)cases[i].signer };
        g_autoptr(GPtrArray) dkim = g_ptr_array_new();
        TrustSpf spf = { .evaluated = cases[i].sender != NULL };
        TrustAuthor author = { cases[i].author, NULL };
        TrustEvidence evidence = { dkim, NULL, &spf };
        TrustDmarc out = { 0 };
        TrustLookup lookup;

        if (sig.domain != NULL)
            g_ptr_array_add(dkim, &sig);
        if (spf.evaluated) {
            spf.result = *cases[i].sender == '-' ? TRUST_FAIL : TRUST_PASS;
            spf.domain = (char *)cases[i].sender;
        }
        zone_lookup(&lookup, dns);
        trust_dmarc_judge(&out, &author, &evidence, &lookup);
        g_test_message("%s: %s", cases[i].author, out.reason);
        g_assert_cmpstr(trust_result_word(out.result), ==,
                        trust_result_word(cases[i].want));
        g_assert_cmpstr(out.policy, ==, cases[i].policy);
        g_assert_cmpstr(out.organization, ==, cases[i].organization);
        if (out.result == TRUST_FAIL && !spf.evaluated)
            g_assert_nonnull(strstr(out.reason, "not authenticated by DKIM"));
        g_free(out.reason);
        g_free(out.policy);
        g_free(out.domain);
        g_free(out.author);
        g_free(out.organization);
        trust_lookup_finish(&lookup);
    }
}

/* At most eight questions for one walk. */
static void
walk(void)
{
    g_autoptr(Dns) dns = dns_zone_create("", NULL);
    TrustAuthor author = { "a.b.c.d.e.f.g.h.i.j.k.l.example.com", NULL };
    g_autoptr(GPtrArray) dkim = g_ptr_array_new();
    TrustSpf spf = { 0 };
    TrustEvidence none = { dkim, NULL, &spf };
    TrustDmarc out = { 0 };
    TrustLookup lookup;

    zone_lookup(&lookup, dns);
    trust_dmarc_judge(&out, &author, &none, &lookup);
    g_assert_cmpuint(lookup.asked, ==, 8);
    g_assert_cmpint(out.result, ==, TRUST_NONE);
    g_free(out.reason);
    g_free(out.domain);
    g_free(out.author);
    g_free(out.organization);
    trust_lookup_finish(&lookup);
}

/* A signature that is no evidence, nobody to judge (M1, M3, M4). */
static void
evidence(void)
{
    g_autoptr(Dns) dns = dns_zone_create(zone_text, NULL);
    TrustSignature sig = { .result = TRUST_PASS, .evidence = false,
                           .domain = (char *)"corp.example" };
    g_autoptr(GPtrArray) dkim = g_ptr_array_new();
    TrustSpf spf = { .evaluated = true,
                     .result = TRUST_TEMPERROR,
                     .domain = (char *)"corp.example" };
    TrustAuthor author = { "corp.example", NULL };
    TrustEvidence open = { dkim, NULL, &spf };
    TrustAuthor nobody = { NULL, "there are 2 From fields" };
    TrustDmarc out = { 0 };
    TrustLookup lookup;

    g_ptr_array_add(dkim, &sig);
    zone_lookup(&lookup, dns);
    trust_dmarc_judge(&out, &author, &open, &lookup);
    g_assert_cmpint(out.result, ==, TRUST_TEMPERROR);
    g_free(out.reason);
    g_free(out.policy);
    g_free(out.domain);
    g_free(out.author);
    g_free(out.organization);
    memset(&out, 0, sizeof out);
    trust_dmarc_judge(&out, &nobody, &open, &lookup);
    g_assert_cmpint(out.result, ==, TRUST_PERMERROR);
    g_assert_cmpstr(out.reason, ==, "there are 2 From fields");
    g_free(out.reason);
    trust_lookup_finish(&lookup);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/trust/dmarc/M2-records", records);
    g_test_add_func("/trust/dmarc/M2-M3-M5-judge", judge);
    g_test_add_func("/trust/dmarc/M2-walk", walk);
    g_test_add_func("/trust/dmarc/M1-M3-M4-evidence", evidence);
    return g_test_run();
}
