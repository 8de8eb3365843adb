/* SPF (S1 to S4): the rules of RFC 7208 and the examples of its appendix A and
 * section 7.4, as tables. */
#include "trust_spf.h"
#include "trust_zone.h"

#include <string.h>

static const char zone_text[] =
    /* appendix A */
    "example.com MX 10 mail-a.example.com\n"
    "example.com MX 20 mail-b.example.com\n"
    "example.com A 192.0.2.10\n"
    "example.com A 192.0.2.11\n"
    "mail-a.example.com A 192.0.2.129\n"
    "mail-b.example.com A 192.0.2.130\n"
    "example.org MX 10 mail-c.example.org\n"
    "mail-c.example.org A 192.0.2.140\n"
    "amy.example.com A 192.0.2.65\n"
    "10.2.0.192.in-addr.arpa PTR example.com\n"
    "65.2.0.192.in-addr.arpa PTR amy.example.com\n"
    "140.2.0.192.in-addr.arpa PTR mail-c.example.org\n"
    "100.2.0.192.in-addr.arpa PTR fake.example.com\n"
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa "
    "PTR six.example.com\n"
    "six.example.com AAAA 2001:db8::1\n"
    /* names that evaluation needs */
    "inc.example.com TXT \"v=spf1 ip4:192.0.2.1 -all exp=x.example.com\"\n"
    "x.example.com TXT \"never shown\"\n"
    "plain.example.com TXT \"no spf\"\n"
    "loop.example.com TXT \"v=spf1 include:loop.example.com -all\"\n"
    "round.example.com TXT \"v=spf1 redirect=round.example.com\"\n"
    "fails.example.com SERVFAIL\n"
    "slow.example.com TIMEOUT\n"
    "explain.example.com TXT \"%{i} is not one of %{d}'s designated mail "
    "servers%_%%%-.\"\n"
    "nonascii.example.com TXT \"\\195\\188\"\n"
    "badexp.example.com TXT \"%{q}\"\n"
    "two.example.com TXT \"v=spf1 -all\"\n"
    "two.example.com TXT \"v=spf1 +all\"\n"
    "split.example.com TXT \"v=spf1 ip4:192.0\" \".2.1 -all\"\n"
    "spf10.example.com TXT \"v=spf10 -all\"\n"
    "upper.example.com TXT \"V=sPf1 -ALL\"\n"
    "alias.example.com CNAME split.example.com\n"
    "1.2.0.192.e.example.com A 127.0.0.2\n"
    "strong-bad._u.example.com A 127.0.0.2\n";

typedef struct {
    const char *record; /* of t.example.com */
    const char *ip;
    TrustResult want;
    const char *explanation;
} Case;

static const char *const sender = "strong-bad@t.example.com";

static TrustSpf
evaluate(const char *record, const char *ip, const char *from, const char *helo)
{
    g_autofree char *text
        = record ? g_strdup_printf("%st.example.com TXT \"%s\"\n", zone_text,
                                   record)
                 : g_strdup(zone_text);
    g_autoptr(GError) error = NULL;
    g_autoptr(Dns) dns = dns_zone_create(text, &error);
    TrustEnvelope envelope = { ip, helo, from, 1700000000 };
    TrustLookup lookup;
    TrustSpf spf = { 0 };

    g_assert_no_error(error);
    zone_lookup(&lookup, dns);
    trust_spf_check(&spf, &envelope, &lookup);
    trust_lookup_finish(&lookup);
    return spf;
}

static void
clear(TrustSpf *spf)
{
    g_free(spf->domain);
    g_free(spf->reason);
    g_free(spf->explanation);
    g_free(spf->client_ip);
}

static void
run(const Case *cases, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        TrustSpf spf = evaluate(cases[i].record, cases[i].ip, sender,
                                "mail.t.example.com");

        g_test_message("%s: %s", cases[i].record, spf.reason);
        g_assert_cmpstr(trust_result_word(spf.result), ==,
                        trust_result_word(cases[i].want));
        g_assert_cmpstr(spf.explanation, ==, cases[i].explanation);
        clear(&spf);
    }
}

#define P TRUST_PASS
#define F TRUST_FAIL
#define N TRUST_NEUTRAL
#define E TRUST_PERMERROR

static void
mechanisms(void)
{
    static const Case cases[] = {
        { "v=spf1 +all", "192.0.2.1", P, NULL },
        { "v=spf1", "192.0.2.1", N, NULL },
        { "v=spf1 ~all", "192.0.2.1", TRUST_SOFTFAIL, NULL },
        { "v=spf1 ?all", "192.0.2.1", N, NULL },
        { "v=spf1 a:example.com -all", "192.0.2.10", P, NULL },
        { "v=spf1 a:example.com -all", "192.0.2.12", F, NULL },
        { "v=spf1 a:example.com/24 -all", "192.0.2.12", P, NULL },
        { "v=spf1 a:example.com/0 -all", "203.0.113.1", P, NULL },
        { "v=spf1 a:example.com//0 -all", "2001:db8::1", F, NULL },
        { "v=spf1 a:six.example.com//120 -all", "2001:db8::ff", P, NULL },
        { "v=spf1 a:six.example.com -all", "2001:db8::1", P, NULL },
        { "v=spf1 mx:example.com -all", "192.0.2.129", P, NULL },
        { "v=spf1 mx:example.com -all", "192.0.2.10", F, NULL },
        { "v=spf1 mx:example.org -all", "192.0.2.140", P, NULL },
        { "v=spf1 mx:example.com/30 mx:example.org/30 -all", "192.0.2.131", P,
          NULL },
        { "v=spf1 ptr:example.com -all", "192.0.2.10", P, NULL },
        { "v=spf1 ptr:example.com -all", "192.0.2.65", P, NULL },
        { "v=spf1 ptr:example.com -all", "192.0.2.140", F, NULL },
        { "v=spf1 ptr:example.com -all", "192.0.2.100", F, NULL },
        { "v=spf1 ptr:example.com -all", "2001:db8::1", P, NULL },
        { "v=spf1 ip4:192.0.2.128/28 -all", "192.0.2.129", P, NULL },
        { "v=spf1 ip4:192.0.2.128/28 -all", "192.0.2.65", F, NULL },
        { "v=spf1 ip4:0.0.0.0/0 -all", "2001:db8::1", F, NULL },
        { "v=spf1 ip6:::/0 -all", "192.0.2.1", F, NULL },
        { "v=spf1 ip6:2001:db8::/32 -all", "2001:db8:ffff::1", P, NULL },
        { "v=spf1 ip4:192.0.2.1 -all", "::ffff:192.0.2.1", P, NULL },
        { "v=spf1 ip6:::ffff:192.0.2.0/120 -all", "::ffff:192.0.2.1", F, NULL },
        { "v=spf1 include:inc.example.com -all", "192.0.2.1", P, NULL },
        { "v=spf1 include:inc.example.com ?all", "192.0.2.2", N, NULL },
        { "v=spf1 include:plain.example.com -all", "192.0.2.2", E, NULL },
        { "v=spf1 include:nobody.example.com -all", "192.0.2.2", E, NULL },
        { "v=spf1 include:fails.example.com -all", "192.0.2.2",
          TRUST_TEMPERROR, NULL },
        { "v=spf1 a:slow.example.com -all", "192.0.2.2", TRUST_TEMPERROR,
          NULL },
        { "v=spf1 redirect=inc.example.com", "192.0.2.1", P, NULL },
        { "v=spf1 redirect=inc.example.com", "192.0.2.9", F, "never shown" },
        { "v=spf1 redirect=inc.example.com ?all", "192.0.2.9", N, NULL },
        { "v=spf1 redirect=plain.example.com", "192.0.2.9", E, NULL },
        { "v=spf1 exists:%{ir}.e.example.com -all", "192.0.2.1", P, NULL },
        { "v=spf1 exists:%{ir}.e.example.com -all", "192.0.2.2", F, NULL },
        { "v=spf1 exists:%{l}._u.example.com -all", "2001:db8::1", P, NULL },
        { "v=spf1 -all exp=explain.example.com", "192.0.2.9", F,
          "192.0.2.9 is not one of t.example.com's designated mail servers "
          "%%20." },
        { "v=spf1 -all exp=nonascii.example.com", "192.0.2.9", F, NULL },
        { "v=spf1 -all exp=badexp.example.com", "192.0.2.9", F, NULL },
        { "v=spf1 -all exp=nobody.example.com", "192.0.2.9", F, NULL },
        { "v=spf1 -all exp=slow.example.com", "192.0.2.9", F, NULL },
        { "v=spf1 include:inc.example.com -all exp=explain.example.com",
          "192.0.2.9", F, "192.0.2.9 is not one of t.example.com's designated "
          "mail servers %%20." },
        { "v=spf1 moo=cow +all", "192.0.2.9", P, NULL },
        { "v=spf1  -ALL  ", "192.0.2.9", F, NULL },
    };

    run(cases, G_N_ELEMENTS(cases));
}

/* Broken anywhere is broken (section 4.6). */
static void
syntax(void)
{
    static const char *const records[] = {
        "v=spf1 all.",          "v=spf1 all:foo",      "v=spf1 all/8",
        "v=spf1 -all moo",      "v=spf1 a:",           "v=spf1 a:/24",
        "v=spf1 a:museum",      "v=spf1 a:museum.",    "v=spf1 a:1.2.3.4",
        "v=spf1 a:x.example.-a", "v=spf1 a:x.123",     "v=spf1 a/33",
        "v=spf1 a//129",        "v=spf1 a/024",        "v=spf1 a:x.example/",
        "v=spf1 mx:",           "v=spf1 ip4:",         "v=spf1 ip4:1.2.3",
        "v=spf1 ip4:1.2.3.4:8", "v=spf1 ip4:1.2.3.4/33",
        "v=spf1 ip4:1.2.3.4/032", "v=spf1 ip4:1.2.3.4//32",
        "v=spf1 ip6:1.2.3.4",   "v=spf1 ip6:::1/129",  "v=spf1 include:",
        "v=spf1 include",       "v=spf1 include:a.example/24",
        "v=spf1 exists:",       "v=spf1 exists",       "v=spf1 ptr:",
        "v=spf1 redirect=",     "v=spf1 exp=",         "v=spf1 =all",
        "v=spf1 redirect=a.example redirect=a.example",
        "v=spf1 exp=a.example exp=a.example -all",
        "v=spf1 a:%{q}.example", "v=spf1 a:%{d0}.example",
        "v=spf1 a:%{d",         "v=spf1 a:%x.example", "v=spf1 a:%",
        "v=spf1 a:%{c}.example", "v=spf1 moo=%{x}",    "v=spf1 !all",
        "v=spf1 --all",         "v=spf1 -redirect=a.example",
        "v=spf1 a:%(d).example",
    };

    for (guint i = 0; i < G_N_ELEMENTS(records); i++) {
        TrustSpf spf = evaluate(records[i], "192.0.2.9", sender, "h.example");

        g_test_message("%s: %s", records[i], spf.reason);
        g_assert_cmpint(spf.result, ==, TRUST_PERMERROR);
        clear(&spf);
    }
}

/* Which records count, whose they are (S4). */
static void
records(void)
{
    static const struct {
        const char *from;
        const char *helo;
        TrustResult want;
    } cases[] = {
        { "a@split.example.com", "h.example", TRUST_FAIL },
        { "a@alias.example.com", "h.example", TRUST_FAIL },
        { "a@upper.example.com", "h.example", TRUST_FAIL },
        { "a@two.example.com", "h.example", TRUST_PERMERROR },
        { "a@spf10.example.com", "h.example", TRUST_NONE },
        { "a@plain.example.com", "h.example", TRUST_NONE },
        { "a@nobody.example.com", "h.example", TRUST_NONE },
        { "a@fails.example.com", "h.example", TRUST_TEMPERROR },
        { "a@slow.example.com", "h.example", TRUST_TEMPERROR },
        { "a@localhost", "h.example", TRUST_NONE },
        { "a@[192.0.2.1]", "h.example", TRUST_NONE },
        { "a@a..example.com", "h.example", TRUST_NONE },
        { "", "upper.example.com", TRUST_FAIL },
        { "<>", "upper.example.com", TRUST_FAIL },
        { "", "localhost", TRUST_NONE },
        { "", "[192.0.2.1]", TRUST_NONE },
        { "@upper.example.com", "h.example", TRUST_FAIL },
        { "<a@upper.example.com>", "h.example", TRUST_FAIL },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        TrustSpf spf
            = evaluate(NULL, "192.0.2.9", cases[i].from, cases[i].helo);

        g_test_message("%s: %s", cases[i].from, spf.reason);
        g_assert_cmpint(spf.result, ==, cases[i].want);
        clear(&spf);
    }
}

/* RFC 7208, section 7.4. */
static void
macros(void)
{
    static const struct {
        const char *text;
        const char *want;
    } cases[] = {
        { "%{s}", "strong-bad@email.example.com" },
        { "%{o}", "email.example.com" },
        { "%{d}", "email.example.com" },
        { "%{d4}", "email.example.com" },
        { "%{d3}", "email.example.com" },
        { "%{d2}", "example.com" },
        { "%{d1}", "com" },
        { "%{dr}", "com.example.email" },
        { "%{d2r}", "example.email" },
        { "%{l}", "strong-bad" },
        { "%{l-}", "strong.bad" },
        { "%{lr}", "strong-bad" },
        { "%{lr-}", "bad.strong" },
        { "%{l1r-}", "strong" },
        { "%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com" },
        { "%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com" },
        { "%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}",
          "3.2.0.192.in-addr.strong.lp._spf.example.com" },
        { "%{d2}.trusted-domains.example.net",
          "example.com.trusted-domains.example.net" },
        { "%{S}", "strong-bad%40email.example.com" },
        { "%{h}%_%{c}%-%{t}", "mx.example.org 192.0.2.3%20123" },
        { "%{p}", "unknown" },
    };
    g_autoptr(Dns) dns = dns_zone_create("", NULL);
    TrustLookup lookup;
    TrustSpfRun four = {
        .lookup = &lookup, .ip = (char *)"192.0.2.3",
        .address = { 192, 0, 2, 3 }, .local = (char *)"strong-bad",
        .domain = (char *)"email.example.com",
        .helo = (char *)"mx.example.org", .now = 123,
    };
    TrustSpfRun six = four;
    g_autofree char *long_label = g_strnfill(63, 'a');
    g_autofree char *long_name = g_strdup_printf(
        "x.%s.%s.%s.%s.example.com", long_label, long_label, long_label,
        "b.c");
    g_autofree char *nibbles = NULL;
    g_autofree char *cut = NULL;

    zone_lookup(&lookup, dns);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got
            = trust_spf_expand(&four, cases[i].text, "email.example.com");

        g_assert_cmpstr(got, ==, cases[i].want);
    }
    six.ip6 = true;
    six.ip = (char *)"2001:db8::cb01";
    memset(six.address, 0, 16);
    memcpy(six.address, "\x20\x01\x0d\xb8", 4);
    memcpy(six.address + 14, "\xcb\x01", 2);
    nibbles = trust_spf_expand(&six, "%{ir}.%{v}._spf.%{d2}",
                               "email.example.com");
    g_assert_cmpstr(nibbles, ==,
                    "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0."
                    "1.0.0.2.ip6._spf.example.com");
    cut = trust_spf_expand_name(&six, "%{d}.%{d}", long_name);
    g_assert_cmpuint(strlen(cut), <=, 253);
    g_assert_true(g_str_has_suffix(cut, ".example.com"));
    trust_lookup_finish(&lookup);
}

/* A record with n copies of a term and -all. */
static char *
repeated(const char *format, int n)
{
    GString *text = g_string_new("v=spf1");

    for (int i = 0; i < n; i++) {
        g_string_append_c(text, ' ');
        g_string_append_printf(text, "%s", format);
    }
    g_string_append(text, " -all");
    return g_string_free(text, FALSE);
}

/* Ten terms, two of them void, ten names; loops end (S2). */
static void
limits(void)
{
    static const struct {
        const char *term;
        int n;
        TrustResult want;
    } cases[] = {
        { "a:amy.example.com", 10, TRUST_FAIL },
        { "a:amy.example.com", 11, TRUST_PERMERROR },
        { "mx:example.org", 11, TRUST_PERMERROR },
        { "include:inc.example.com", 11, TRUST_PERMERROR },
        { "exists:amy.example.com", 11, TRUST_PASS },
        { "ip4:192.0.2.77", 400, TRUST_FAIL },
        { "a:nobody.example.com", 2, TRUST_FAIL },
        { "a:nobody.example.com", 3, TRUST_PERMERROR },
        { "include:loop.example.com", 1, TRUST_PERMERROR },
        { "include:round.example.com", 1, TRUST_PERMERROR },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *record = repeated(cases[i].term, cases[i].n);
        TrustSpf spf = evaluate(record, "192.0.2.9", sender, "h.example");

        g_test_message("%s: %s", cases[i].term, spf.reason);
        g_assert_cmpint(spf.result, ==, cases[i].want);
        clear(&spf);
    }
}

static void
names(void)
{
    g_autoptr(GString) text = g_string_new(
        "m.example TXT \"v=spf1 mx -all\"\np.example TXT \"v=spf1 ptr -all\"\n");
    g_autoptr(Dns) dns = NULL;
    static const char *const senders[] = { "a@m.example", "a@p.example" };
    static const TrustResult want[] = { TRUST_PERMERROR, TRUST_FAIL };

    for (int i = 0; i < 11; i++) {
        g_string_append_printf(text, "m.example MX %d h%d.m.example\n", i, i);
        g_string_append_printf(text, "h%d.m.example A 192.0.2.%d\n", i, i + 1);
        g_string_append_printf(text, "9.2.0.192.in-addr.arpa PTR h%d.p.example\n",
                               i);
    }
    g_string_append(text, "h10.p.example A 192.0.2.9\n");
    dns = dns_zone_create(text->str, NULL);
    for (guint i = 0; i < 2; i++) {
        TrustEnvelope envelope = { "192.0.2.9", "h.example", senders[i], 0 };
        TrustLookup lookup;
        TrustSpf spf = { 0 };

        zone_lookup(&lookup, dns);
        trust_spf_check(&spf, &envelope, &lookup);
        g_assert_cmpint(spf.result, ==, want[i]);
        g_assert_cmpuint(lookup.asked, <=, 13);
        trust_lookup_finish(&lookup);
        clear(&spf);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/trust/spf/S1-mechanisms", mechanisms);
    g_test_add_func("/trust/spf/S1-syntax", syntax);
    g_test_add_func("/trust/spf/S4-records", records);
    g_test_add_func("/trust/spf/S3-macros", macros);
    g_test_add_func("/trust/spf/S2-limits", limits);
    g_test_add_func("/trust/spf/S2-names", names);
    return g_test_run();
}
