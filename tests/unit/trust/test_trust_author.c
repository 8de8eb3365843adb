/* Author checks (F1), and what a list or a border makes of a verdict (U4, R5). */
#include "mime/mime.h"
#include "trust/trust.h"
#include "trust_domain.h"

#include <string.h>

#define SIGNED(DOMAIN) \
    "Authentication-Results: mx.r.example; dkim=pass header.d=" DOMAIN "\r\n"

/* A header, and a part of the one warning that it should give; NULL: none. */
static const struct {
    const char *header;
    const char *warning;
} cases[] = {
    { "From: \"service@paypal.com\" <x@evil.example>", "shows an address at "
      "paypal.com" },
    { "From: =?utf-8?q?service=40paypal=2Ecom?= <x@evil.example>",
      "shows an address at paypal.com" },
    { "From: \"service\xef\xbc\xa0paypal.com\" <x@evil.example>",
      "shows an address at paypal.com" },
    { "From: \"Ana\xe2\x80\xae\" <x@evil.example>", "invisible" },
    { "From: \"A\xe2\x80\x8b" "na\" <x@evil.example>", "invisible" },
    { "From: A <x@xn--pple-43d.example>", "mixes" },
    { "From: A <x@xn--80ak6aa92e.com>", "look like" },
    { "From: A <a@x.example>\r\nReply-To: b@evil.test", "answers go to "
      "evil.test" },
    { "From: A <a@x.example>, B <b@x.example>", "2 authors" },
    { "From: A <a@x.example>\r\nFrom: B <b@y.example>", "2 From fields" },
    { "To: a@x.example", "no From field" },
    { "From: undisclosed:;", "no author" },
    { "From: \"a@x.example\" <a@x.example>", NULL },
    { "From: \"ana@mail.x.example\" <a@x.example>", NULL },
    { "From: J\xc3\xbcrgen M\xc3\xbcller <a@x.example>", NULL },
    { "From: A <a@xn--bcher-kva.example>", NULL },
    { "From: A <a@xn--80aswg.xn--p1ai>", NULL },
    { "From: A <a@mail.x.example>\r\nReply-To: b@x.example", NULL },
    { "From: A <a@x.example>\r\nReply-To: l@list.test\r\n"
      "List-Id: <l.list.test>", "answers go to list.test" },
    { SIGNED("list.test") "From: A <a@x.example>\r\nReply-To: l@list.test\r\n"
      "List-Id: <l.list.test>", NULL },
    { SIGNED("evil.test") "From: A <a@x.example>\r\nReply-To: l@list.test\r\n"
      "List-Id: <l.list.test>", "answers go to list.test" },
    { "From: Ana @ work <a@x.example>", NULL },
};

static void
authors(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *message
            = g_strconcat(cases[i].header, "\r\n\r\nx", NULL);
        const char *const ids[] = { "mx.r.example", NULL };
        TrustParams params = { .authserv_ids = ids };
        g_autoptr(TrustReport) report
            = trust_check_bytes(message, strlen(message), &params);
        const char *first = report->warnings->len
            ? g_ptr_array_index(report->warnings, 0) : NULL;

        g_test_message("%s: %s", cases[i].header, first ? first : "-");
        g_assert_true((first != NULL) == (cases[i].warning != NULL));
        if (first != NULL)
            g_assert_nonnull(strstr(first, cases[i].warning));
    }
}

static void
domains(void)
{
    static const struct {
        const char *domain;
        const char *parent;
        bool within;
    } within[] = {
        { "s.example", "s.example", true },
        { "a.s.example", "S.example", true },
        { "evils.example", "s.example", false },
        { "s.example.evil.test", "s.example", false },
        { "example", "s.example", false },
    };
    static const struct {
        const char *text;
        const char *ascii;
    } ascii[] = {
        { "Example.ORG.", "example.org" },
        { "b\xc3\xbc" "cher.example", "xn--bcher-kva.example" },
        { "_dmarc.example.org", "_dmarc.example.org" },
        { "localhost", NULL }, { "", NULL }, { "a..b", NULL },
        { "-a.example", NULL }, { "a b.example", NULL },
        { "[192.0.2.1]", NULL },
    };

    for (guint i = 0; i < G_N_ELEMENTS(within); i++)
        g_assert_true(trust_domain_within(within[i].domain, within[i].parent)
                      == within[i].within);
    for (guint i = 0; i < G_N_ELEMENTS(ascii); i++) {
        g_autofree char *got = trust_domain_ascii(ascii[i].text);

        g_assert_cmpstr(got, ==, ascii[i].ascii);
    }
    g_assert_true(trust_domain_related("a.x.co.uk", "b.x.co.uk"));
    g_assert_false(trust_domain_related("x.co.uk", "y.co.uk"));
}

#define AR "Authentication-Results: mx.r.example; "
#define FROM "From: A <a@corp.example>\r\n"

/* The border's word, with its source; what is checked here against it. */
static void
verdicts(void)
{
    static const struct {
        const char *message;
        TrustResult want;
        const char *source;
        bool alarm;
    } list[] = {
        { AR "dmarc=pass header.from=corp.example\r\n" FROM, TRUST_PASS,
          "mx.r.example", false },
        { AR "dmarc=pass header.from=evil.example\r\n" FROM, TRUST_FAIL,
          "checked here", false },
        { AR "dmarc=pass header.from=x@corp.example\r\n" FROM, TRUST_PASS,
          "mx.r.example", false },
        { AR "dmarc=pass header.from=a@evil.example\r\n" FROM, TRUST_FAIL,
          "checked here", false },
        { AR "dmarc=pass header.from=a..b\r\n" FROM, TRUST_FAIL,
          "checked here", false },
        { AR "dmarc=fail header.from=corp.example\r\n" FROM, TRUST_FAIL,
          "mx.r.example", true },
        { AR "spf=fail smtp.mailfrom=x@evil.example\r\n" FROM, TRUST_FAIL,
          "checked here", true },
        { AR "spf=pass smtp.mailfrom=x@corp.example\r\n" FROM, TRUST_PASS,
          "checked here", false },
        { FROM, TRUST_FAIL, "checked here", false },
        { "From: a@free.example\r\n", TRUST_NONE, "checked here", false },
        { AR "spf=softfail smtp.mailfrom=a@free.example\r\n"
          "From: a@free.example\r\n", TRUST_SOFTFAIL, "mx.r.example", false },
        { FROM FROM, TRUST_FAIL, "checked here", true },
        { "From: a@slow.example\r\n", TRUST_TEMPERROR, "checked here", false },
    };
    const char *const ids[] = { "mx.r.example", NULL };
    g_autoptr(Dns) dns = dns_zone_create(
        "_dmarc.corp.example TXT \"v=DMARC1; p=reject\"\n"
        "_dmarc.slow.example TIMEOUT\n", NULL);

    for (guint i = 0; i < G_N_ELEMENTS(list); i++) {
        g_autofree char *message = g_strconcat(list[i].message, "\r\nx", NULL);
        TrustParams params = { .dns = dns, .authserv_ids = ids };
        g_autoptr(TrustReport) report
            = trust_check_bytes(message, strlen(message), &params);

        g_test_message("%u: %s", i, report->verdict.text);
        g_assert_cmpint(report->verdict.result, ==, list[i].want);
        g_assert_cmpstr(report->verdict.source, ==, list[i].source);
        g_assert_true(report->verdict.alarm == list[i].alarm);
        g_assert_true(report->temporary
                      == (list[i].want == TRUST_TEMPERROR));
    }
}

/* No message, however strange, is more than a report. */
static void
strange(void)
{
    static const char *const messages[] = {
        "", "\n", "\r\n\r\n", ":", "From", "From:", "\0\0\0", "From: \xff\xfe",
        "DKIM-Signature:\nARC-Seal:\nARC-Message-Signature: i=1\n"
        "ARC-Authentication-Results: i=1;\nReceived:\nList-Id: <\n",
    };
    TrustParams params = { 0 };

    for (guint i = 0; i < G_N_ELEMENTS(messages); i++) {
        g_autoptr(TrustReport) report
            = trust_check_bytes(messages[i], strlen(messages[i]), &params);
        g_autoptr(JsonNode) node = trust_report_json(report);

        g_assert_nonnull(report->verdict.text);
        g_assert_true(JSON_NODE_HOLDS_OBJECT(node));
        g_assert_cmpint(report->verdict.result, !=, TRUST_PASS);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    g_test_add_func("/trust/author/F1-authors", authors);
    g_test_add_func("/trust/author/D3-domains", domains);
    g_test_add_func("/trust/verdict/R5-S6-M5", verdicts);
    g_test_add_func("/trust/verdict/strange", strange);
    return g_test_run();
}
