/* Rules about signers (U6); what counts of a method where the own server and
 * the check here differ (R5, R6); keys that the DNS has lost (U5). */
#include "mime/mime.h"
#include "trust/trust.h"

#include <string.h>

#define AR "Authentication-Results: mx.r.example; "

/* RFC 8463, appendix A.2 and A.3: the key that signed. */
static const char old_record[] =
    "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
static const char signed_message[] =
    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
    " d=football.example.com; i=@football.example.com;\r\n"
    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
    " subject : date : message-id : from : subject : date;\r\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
    " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
    "From: Joe SixPack <joe@football.example.com>\r\n"
    "To: Suzie Q <suzie@shopping.example.net>\r\n"
    "Subject: Is dinner ready?\r\n"
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    "\r\nHi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";

static const char *const ids[] = { "mx.r.example", NULL };

/* A signature that holds nothing. */
#define SIG(DOMAIN, SELECTOR)                                                  \
    "DKIM-Signature: v=1; a=rsa-sha256; d=" DOMAIN "; s=" SELECTOR             \
    "; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=YWJj\r\n"

/* The reports of one message under rules; from and signers in pairs. */
static TrustReport *
judge_at(const char *header, const char *const (*pairs)[2], guint n,
         gint64 arrival)
{
    g_autoptr(Dns) dns =
        dns_zone_create("_dmarc.corp.example TXT \"v=DMARC1; p=reject\"\n"
                        "s._domainkey.slow.example TIMEOUT\n"
                        "_dmarc.slow.example SERVFAIL\n"
                        "slow.example SERVFAIL\n"
                        "slow._domainkey.bank.example SERVFAIL\n"
                        "slow._domainkey.lists.example SERVFAIL\n"
                        "slow._domainkey.corp.example SERVFAIL\n"
                        "off._domainkey.bank.example TXT \"v=DKIM1; p=\"\n"
                        "other._domainkey.bank.example TXT \"v=DKIM1; "
                        "k=ed25519; "
                        "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n",
                        NULL);
    g_autoptr(GPtrArray) rules = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) lists =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    g_autofree char *message = g_strconcat(header, "\r\nx", NULL);
    TrustParams params = {
        .dns = dns, .authserv_ids = ids, .rules = rules, .arrival = arrival
    };

    for (guint i = 0; i < n; i++) {
        TrustRule *rule = g_new0(TrustRule, 1);

        rule->from = (char *)pairs[i][0];
        rule->signers = g_strsplit(pairs[i][1], " ", -1);
        g_ptr_array_add(lists, rule->signers);
        g_ptr_array_add(rules, rule);
    }
    return trust_check_bytes(message, strlen(message), &params);
}

static TrustReport *
judge(const char *header, const char *const (*pairs)[2], guint n)
{
    return judge_at(header, pairs, n, 0);
}

static void
rules(void)
{
    static const char *const brand[][2] = { { "bank.example",
                                              "bank.example" } };
    static const char *const later[][2] = {
        { "bank.example", "bank.example" },
        { "*@news.bank.example", "esp.example other.example" },
        { "list:dev.lists.example", "lists.example" },
    };
    static const struct {
        const char *header;
        bool more; /* with the later rules */
        TrustResult want;
        bool alarm;
    } list[] = {
        { "From: a@bank.example\r\n", false, TRUST_FAIL, true },
        { "From: a@www.Bank.example\r\n", false, TRUST_FAIL, true },
        { "From: a@evilbank.example\r\n", false, TRUST_NONE, false },
        { AR "dkim=pass header.d=mail.bank.example\r\n"
             "From: a@bank.example\r\n",
          false, TRUST_PASS, false },
        { AR "dkim=pass header.d=evilbank.example\r\n"
             "From: a@bank.example\r\n",
          false, TRUST_FAIL, true },
        { AR "dkim=pass header.i=@mail.bank.example\r\n"
             "From: a@bank.example\r\n",
          false, TRUST_PASS, false },
        { AR "dkim=pass header.i=bank.example@evil.example\r\n"
             "From: a@bank.example\r\n",
          false, TRUST_FAIL, true },
        { AR "dkim=pass header.d=evil.example header.i=@bank.example\r\n"
             "From: a@bank.example\r\n",
          false, TRUST_FAIL, true },
        { AR "dkim=fail header.d=bank.example\r\nFrom: a@bank.example\r\n",
          false, TRUST_FAIL, true },
        { "Authentication-Results: mx.other.example; dkim=pass "
          "header.d=bank.example\r\nFrom: a@bank.example\r\n",
          false, TRUST_FAIL, true },
        { AR "dkim=pass header.d=esp.example\r\n"
             "From: a@news.bank.example\r\n",
          true, TRUST_PASS, false },
        { AR "dkim=pass header.d=esp.example\r\n"
             "From: a@news.bank.example\r\n",
          false, TRUST_FAIL, true },
        { AR "dkim=pass header.d=bank.example\r\n"
             "From: a@news.bank.example\r\n",
          true, TRUST_FAIL, true },
        { "From: a@x.example\r\nList-Id: Dev <dev.lists.example>\r\n", true,
          TRUST_FAIL, true },
        { AR "dkim=pass header.d=lists.example\r\n"
             "From: a@x.example\r\nList-Id: Dev <dev.lists.example>\r\n",
          true, TRUST_NEUTRAL, false },
        { SIG("bank.example", "slow") "From: a@bank.example\r\n", false,
          TRUST_TEMPERROR, false },
    };

    for (guint i = 0; i < G_N_ELEMENTS(list); i++) {
        g_autoptr(TrustReport) report = list[i].more
                                            ? judge(list[i].header, later, 3)
                                            : judge(list[i].header, brand, 1);

        g_test_message("%u: %s", i, report->verdict.text);
        g_assert_cmpint(report->verdict.result, ==, list[i].want);
        g_assert_true(report->verdict.alarm == list[i].alarm);
    }
}

#define LIST "List-Id: Dev <dev.lists.example>\r\n"
#define BY_LIST AR "dkim=pass header.d=lists.example; spf=fail\r\n"
#define BY_EVIL AR "dkim=pass header.d=evil.example; spf=fail\r\n"
#define AUTHOR "From: a@corp.example\r\n"
#define BROKEN SIG("corp.example", "s")

/* A list is whose domain signed, and believed by a rule alone; what anybody may
 * claim neither turns a failing author green nor excuses him from his rule. */
static void
resent(void)
{
    static const char *const list_rule[][2] = {
        { "list:dev.lists.example", "lists.example" },
        { "corp.example", "corp.example" },
    };
    static const char *const author_rule[][2] = {
        { "corp.example", "corp.example" },
    };
    static const struct {
        const char *header;
        const char *const (*rules)[2];
        guint n;
        TrustResult want;
        bool alarm;
        const char *via;
        bool believed;
    } list[] = {
        { BY_LIST BROKEN LIST AUTHOR, NULL, 0, TRUST_NEUTRAL, false,
          "dev.lists.example", false },
        { BY_EVIL BROKEN LIST AUTHOR, NULL, 0, TRUST_FAIL, true, NULL, false },
        { BY_LIST LIST AUTHOR, NULL, 0, TRUST_FAIL, true, NULL, false },
        { BY_LIST BROKEN AUTHOR, NULL, 0, TRUST_FAIL, true, NULL, false },
        { BY_LIST BROKEN LIST AUTHOR, author_rule, 1, TRUST_FAIL, true, NULL,
          false },
        { BY_LIST BROKEN LIST AUTHOR, list_rule, 1, TRUST_NEUTRAL, false,
          "dev.lists.example", true },
        { BY_LIST BROKEN LIST AUTHOR, list_rule, 2, TRUST_NEUTRAL, false,
          "dev.lists.example", true },
        { BY_EVIL BROKEN LIST AUTHOR, list_rule, 2, TRUST_FAIL, true, NULL,
          false },
        { BY_EVIL LIST "From: a@free.example\r\n", list_rule, 1, TRUST_FAIL,
          true, NULL, false },
        { AR "dmarc=pass header.from=corp.example; dkim=pass "
             "header.d=lists.example\r\n" LIST AUTHOR,
          list_rule, 1, TRUST_PASS, false, NULL, false },
    };

    for (guint i = 0; i < G_N_ELEMENTS(list); i++) {
        g_autoptr(TrustReport) report =
            judge(list[i].header, list[i].rules, list[i].n);

        g_test_message("%u: %s", i, report->verdict.text);
        g_assert_cmpint(report->verdict.result, ==, list[i].want);
        g_assert_true(report->verdict.alarm == list[i].alarm);
        g_assert_cmpstr(report->verdict.via, ==, list[i].via);
        g_assert_true(report->verdict.believed == list[i].believed);
    }
}

/* A signature that the own server saw is evidence, with its alignment; without
 * a DNS it is all there is (S6, M3, M4). */
static void
said(void)
{
    static const struct {
        const char *header;
        bool off; /* no DNS */
        TrustResult dmarc;
        TrustResult want;
        const char *source;
        bool temporary;
    } list[] = {
        { AR "dkim=pass header.d=corp.example\r\n" AUTHOR, false, TRUST_PASS,
          TRUST_PASS, "checked here", false },
        { AR "dkim=pass header.d=mail.corp.example\r\n" AUTHOR, false,
          TRUST_PASS, TRUST_PASS, "checked here", false },
        { AR "dkim=pass header.i=@corp.example\r\n" SIG("corp.example", "gone")
              AUTHOR,
          false, TRUST_PASS, TRUST_PASS, "checked here", false },
        { AR "dkim=pass header.d=mail.strict.example\r\n"
             "From: a@strict.example\r\n",
          false, TRUST_FAIL, TRUST_FAIL, "checked here", false },
        { AR "dkim=pass header.d=evil.example\r\n" AUTHOR, false, TRUST_FAIL,
          TRUST_FAIL, "checked here", false },
        { AR "dkim=fail header.d=corp.example\r\n" AUTHOR, false, TRUST_FAIL,
          TRUST_FAIL, "checked here", false },
        { "Authentication-Results: mx.other.example; dkim=pass "
          "header.d=corp.example\r\n" AUTHOR,
          false, TRUST_FAIL, TRUST_FAIL, "checked here", false },
        { AR "dkim=pass header.d=free.example\r\n"
             "From: a@free.example\r\n",
          false, TRUST_NONE, TRUST_PASS, "mx.r.example", false },
        { AR "dkim=pass header.d=corp.example\r\n" SIG("corp.example", "s")
              AUTHOR,
          true, TRUST_NONE, TRUST_PASS, "mx.r.example", false },
        { AR "spf=softfail smtp.mailfrom=a@corp.example\r\n" SIG("corp.example",
                                                                 "s") AUTHOR,
          true, TRUST_NONE, TRUST_SOFTFAIL, "mx.r.example", false },
        { AR "dkim=pass header.d=evil.example\r\n" AUTHOR, true, TRUST_NONE,
          TRUST_NONE, "checked here", false },
        { AUTHOR, true, TRUST_NONE, TRUST_TEMPERROR, "checked here", true },
    };
    g_autoptr(Dns) dns = dns_zone_create(
        "_dmarc.corp.example TXT \"v=DMARC1; p=reject\"\n"
        "_dmarc.strict.example TXT \"v=DMARC1; p=reject; adkim=s\"\n",
        NULL);

    for (guint i = 0; i < G_N_ELEMENTS(list); i++) {
        g_autofree char *message = g_strconcat(list[i].header, "\r\nx", NULL);
        TrustParams params = { .dns = list[i].off ? NULL : dns,
                               .authserv_ids = ids };
        g_autoptr(TrustReport) report =
            trust_check_bytes(message, strlen(message), &params);

        g_test_message("%u: %s", i, report->verdict.text);
        g_assert_cmpint(report->dmarc.result, ==, list[i].dmarc);
        g_assert_cmpint(report->verdict.result, ==, list[i].want);
        g_assert_cmpstr(report->verdict.source, ==, list[i].source);
        g_assert_true(report->temporary == list[i].temporary);
    }
}

/* Rules that allow, and that ignore (U6). */
static void
kinds(void)
{
    const TrustRule may = { TRUST_RULE_MAY, (char *)"corp.example",
                            (char *[]){ (char *)"esp.example", NULL } };
    const TrustRule may_list = { TRUST_RULE_MAY,
                                 (char *)"list:dev.lists.example",
                                 (char *[]){ (char *)"lists.example", NULL } };
    const TrustRule ignore = { TRUST_RULE_IGNORE, (char *)"a@corp.example",
                               (char *[]){ NULL } };
    const TrustRule must = { TRUST_RULE_MUST, (char *)"corp.example",
                             (char *[]){ (char *)"corp.example", NULL } };
    const struct {
        const char *header;
        const TrustRule *rules[2];
        TrustResult want;
        bool alarm;
        bool believed;
    } list[] = {
        { AR "dkim=pass header.d=esp.example; spf=fail\r\n" AUTHOR,
          { &may },
          TRUST_PASS,
          false,
          false },
        { BY_EVIL AUTHOR, { &may }, TRUST_FAIL, true, false },
        { "From: a@free.corp.example\r\n", { &must }, TRUST_FAIL, true, false },
        { "From: a@free.corp.example\r\n",
          { &must, &may },
          TRUST_FAIL,
          false,
          false },
        { BY_LIST BROKEN LIST AUTHOR,
          { &may_list },
          TRUST_NEUTRAL,
          false,
          true },
        { "From: a@free.example\r\n" LIST,
          { &may_list },
          TRUST_NONE,
          false,
          false },
        { BY_EVIL AUTHOR, { &ignore }, TRUST_NONE, false, false },
        { BY_EVIL AUTHOR, { &must, &ignore }, TRUST_NONE, false, false },
        { BY_EVIL AUTHOR, { &ignore, &must }, TRUST_FAIL, true, false },
        { BY_EVIL "From: b@corp.example\r\n",
          { &ignore },
          TRUST_FAIL,
          true,
          false },
        { AR "dmarc=pass header.from=corp.example\r\n" AUTHOR,
          { &ignore },
          TRUST_PASS,
          false,
          false },
    };

    for (guint i = 0; i < G_N_ELEMENTS(list); i++) {
        g_autoptr(Dns) dns = dns_zone_create(
            "_dmarc.corp.example TXT \"v=DMARC1; p=reject\"\n", NULL);
        g_autoptr(GPtrArray) rules = g_ptr_array_new();
        g_autofree char *message = g_strconcat(list[i].header, "\r\nx", NULL);
        TrustParams params = { .dns = dns,
                               .authserv_ids = ids,
                               .rules = rules };
        g_autoptr(TrustReport) report = NULL;

        for (guint j = 0; j < 2 && list[i].rules[j]; j++)
            g_ptr_array_add(rules, (void *)list[i].rules[j]);
        report = trust_check_bytes(message, strlen(message), &params);
        g_test_message("%u: %s", i, report->verdict.text);
        g_assert_cmpint(report->verdict.result, ==, list[i].want);
        g_assert_true(report->verdict.alarm == list[i].alarm);
        g_assert_true(report->verdict.believed == list[i].believed);
    }
}

/* What a stranger's DNS does not answer neither excuses nor delays: only what
 * may still speak for the author, or is of one whom his rule names, is waited
 * for; what was decided is kept. */
static void
failing(void)
{
    static const char *const brand[][2] = { { "bank.example",
                                              "bank.example" } };
    static const struct {
        const char *header;
        bool ruled;
        TrustResult want;
        bool alarm;
        bool temporary;
    } list[] = {
        { SIG("slow.example", "s") "From: a@bank.example\r\n", true, TRUST_FAIL,
          true, false },
        { SIG("bank.example", "slow") "From: a@bank.example\r\n", true,
          TRUST_TEMPERROR, false, true },
        { BY_EVIL SIG("slow.example", "s") AUTHOR, false, TRUST_FAIL, true,
          false },
        { BY_EVIL SIG("corp.example", "slow") AUTHOR, false, TRUST_TEMPERROR,
          false, true },
        { AR "spf=temperror smtp.mailfrom=x@slow.example\r\n" AUTHOR, false,
          TRUST_FAIL, true, false },
        { AR "spf=temperror smtp.mailfrom=x@mail.corp.example\r\n" AUTHOR,
          false, TRUST_TEMPERROR, false, true },
        { SIG("slow.example", "s") "From: a@free.example\r\n", false,
          TRUST_NONE, false, false },
        { AR "spf=pass smtp.mailfrom=x@free.example\r\n" SIG(
              "slow.example", "s") "From: a@free.example\r\n",
          false, TRUST_PASS, false, false },
        { "From: a@slow.example\r\n", false, TRUST_TEMPERROR, false, true },
        { AR "spf=fail\r\n" SIG("lists.example", "slow") BROKEN LIST AUTHOR,
          false, TRUST_TEMPERROR, false, true },
    };

    for (guint i = 0; i < G_N_ELEMENTS(list); i++) {
        g_autoptr(TrustReport) report =
            judge(list[i].header, brand, list[i].ruled ? 1 : 0);

        g_test_message("%u: %s", i, report->verdict.text);
        g_assert_cmpint(report->verdict.result, ==, list[i].want);
        g_assert_true(report->verdict.alarm == list[i].alarm);
        g_assert_true(report->temporary == list[i].temporary);
    }
}

/* A key that is gone from the DNS says nothing about mail that came weeks ago:
 * no alarm where its signature may have held (D7). */
static void
rotated(void)
{
    enum {
        DAY = 24 * 3600
    };
    static const char *const brand[][2] = { { "bank.example",
                                              "bank.example" } };
    static const struct {
        const char *header;
        int days;
        TrustResult want;
        bool alarm;
    } list[] = {
        { SIG("bank.example", "gone") "From: a@bank.example\r\n", 1, TRUST_FAIL,
          true },
        { SIG("bank.example", "gone") "From: a@bank.example\r\n", 27,
          TRUST_FAIL, true },
        { SIG("bank.example", "gone") "From: a@bank.example\r\n", 29,
          TRUST_NONE, false },
        { SIG("bank.example", "off") "From: a@bank.example\r\n", 29, TRUST_NONE,
          false },
        { SIG("bank.example", "other") "From: a@bank.example\r\n", 29,
          TRUST_FAIL, true },
        { SIG("evil.example", "gone") "From: a@bank.example\r\n", 29,
          TRUST_FAIL, true },
        { "From: a@bank.example\r\n", 29, TRUST_FAIL, true },
        { BY_EVIL SIG("corp.example", "gone") AUTHOR, 1, TRUST_FAIL, true },
        { BY_EVIL SIG("corp.example", "gone") AUTHOR, 29, TRUST_FAIL, false },
        { BY_EVIL SIG("evil.example", "gone") AUTHOR, 29, TRUST_FAIL, true },
    };

    for (guint i = 0; i < G_N_ELEMENTS(list); i++) {
        g_autoptr(TrustReport) report =
            judge_at(list[i].header, brand, 1,
                     g_get_real_time() / G_USEC_PER_SEC - list[i].days * DAY);

        g_test_message("%u: %s", i, report->verdict.text);
        g_assert_cmpint(report->verdict.result, ==, list[i].want);
        g_assert_true(report->verdict.alarm == list[i].alarm);
    }
}

/* A pass found here counts, else the trusted server's word; nobody else's. */
static void
results(void)
{
    static const struct {
        const char *header;
        const char *method;
        TrustResult want;
        bool conflict;
    } list[] = {
        { AR "dkim=fail header.d=x.example; dkim=pass header.d=y.example\r\n"
             "From: a@corp.example\r\n",
          "dkim", TRUST_PASS, false },
        { AR "dmarc=pass header.from=corp.example\r\nFrom: a@corp.example\r\n",
          "dmarc", TRUST_PASS, true },
        { AR "spf=softfail smtp.mailfrom=a@free.example\r\n"
             "From: a@free.example\r\n",
          "spf", TRUST_SOFTFAIL, false },
        { "Authentication-Results: mx.other.example; dmarc=pass; spf=pass\r\n"
          "From: a@corp.example\r\n",
          "dmarc", TRUST_FAIL, false },
        { AR "arc=pass\r\nFrom: a@free.example\r\n", "arc", TRUST_PASS, false },
    };

    for (guint i = 0; i < G_N_ELEMENTS(list); i++) {
        g_autoptr(TrustReport) report = judge(list[i].header, NULL, 0);

        g_test_message("%u", i);
        g_assert_cmpint(trust_report_result(report, list[i].method), ==,
                        list[i].want);
        g_assert_true(trust_report_conflict(report) == list[i].conflict);
    }
}

/* Who counts as signer: nobody by a signature that leaves something open, even
 * where a trusted server believed it (M3). */
static void
signers(void)
{
    static const struct {
        const char *top;
        const char *more; /* below the signature */
        const char *want[3];
    } list[] = {
        { "", "", { "football.example.com", NULL } },
        { "", "To: other@x.example\r\n", { NULL } },
        { AR "dkim=pass header.d=football.example.com\r\n",
          "To: other@x.example\r\n",
          { NULL } },
        { AR "dkim=pass header.d=esp.example\r\n",
          "",
          { "football.example.com", "esp.example", NULL } },
        { AR "dkim=pass header.i=@Esp.example\r\n",
          "To: other@x.example\r\n",
          { "esp.example", NULL } },
        { "Authentication-Results: mx.other.example; dkim=pass "
          "header.d=esp.example\r\n",
          "To: other@x.example\r\n",
          { NULL } },
    };
    g_autofree char *zone = g_strdup_printf(
        "brisbane._domainkey.football.example.com TXT \"%s\"\n", old_record);

    for (guint i = 0; i < G_N_ELEMENTS(list); i++) {
        g_autoptr(Dns) dns = dns_zone_create(zone, NULL);
        g_autofree char *message =
            g_strconcat(list[i].top, list[i].more, signed_message, NULL);
        TrustParams params = { .dns = dns, .authserv_ids = ids };
        g_autoptr(TrustReport) report =
            trust_check_bytes(message, strlen(message), &params);
        g_autoptr(GPtrArray) got = trust_report_signers(report);

        g_test_message("%u: %s", i, report->verdict.text);
        for (guint j = 0; list[i].want[j]; j++) {
            g_assert_cmpuint(got->len, >, j);
            g_assert_cmpstr(g_ptr_array_index(got, j), ==, list[i].want[j]);
        }
        g_assert_cmpuint(got->len, ==, g_strv_length((char **)list[i].want));
    }
}

#define RETURN "Return-Path: <a@corp.example>\r\n"
#define BORDER                                                                 \
    "Received: from h.x.example (h.x.example [192.0.2.9])\r\n"                 \
    " by mx.r.example; Thu, 26 Nov 2026 02:42:25 +0000\r\n"
#define STRANGER                                                               \
    "Received: from h (h.x.example [192.0.2.9]) by mx.other.example; "         \
    "Thu, 26 Nov 2026 02:42:25 +0000\r\n"
#define PASS AR "dmarc=pass header.from=corp.example\r\n"
#define REST "From: a@corp.example\r\n\r\nx"

/* A field directly below the border's Received may be the client's own: it
 * counts only where the user says that the border removes those (R3). */
static void
below(void)
{
    static const struct {
        const char *message;
        bool below;
        bool trusted;
    } list[] = {
        { RETURN PASS BORDER REST, false, true },
        { RETURN PASS BORDER REST, true, true },
        { RETURN BORDER PASS REST, false, false },
        { RETURN BORDER PASS REST, true, true },
        { RETURN BORDER STRANGER PASS REST, true, false },
        { RETURN STRANGER PASS BORDER REST, true, false },
        { RETURN STRANGER PASS REST, true, false },
        { RETURN BORDER BORDER PASS REST, true, false },
    };

    for (guint i = 0; i < G_N_ELEMENTS(list); i++) {
        g_autoptr(Dns) dns = dns_zone_create("", NULL);
        TrustParams params = { .dns = dns,
                               .authserv_ids = ids,
                               .below = list[i].below };
        g_autoptr(TrustReport) report = trust_check_bytes(
            list[i].message, strlen(list[i].message), &params);
        const TrustAuthres *authres = g_ptr_array_index(report->authres, 0);

        g_test_message("%u", i);
        g_assert_true(authres->trusted == list[i].trusted);
        g_assert_true((report->verdict.result == TRUST_PASS)
                      == list[i].trusted);
    }
}

/* The time of judgement is that of the arrival: the topmost Received field's,
 * else the row's (D7). The message was signed in 2018. */
static void
arrival(void)
{
    static const char received[] =
        "Received: from h.x.example (h.x.example [192.0.2.9])\r\n"
        " by mx.r.example; Thu, 26 Nov %d 02:42:25 +0000\r\n";
    static const struct {
        int first;  /* year of the topmost field; 0: there is none */
        int second; /* of the one below */
        gint64 arrival;
        guint warnings;
    } list[] = {
        { 2019, 2003, 1000000000, 0 },
        { 2003, 2019, 1600000000, 1 },
        { 0, 0, 1000000000, 1 },
        { 0, 0, 1600000000, 0 },
        { 0, 0, 0, 0 },
        { 2099, 0, 1000000000, 1 },
    };
    g_autofree char *zone = g_strdup_printf(
        "brisbane._domainkey.football.example.com TXT \"%s\"\n", old_record);
    g_autoptr(Dns) dns = dns_zone_create(zone, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(list); i++) {
        g_autofree char *one =
            list[i].first ? g_strdup_printf(received, list[i].first) : NULL;
        g_autofree char *two =
            list[i].second ? g_strdup_printf(received, list[i].second) : NULL;
        g_autofree char *message =
            g_strconcat(one ? one : "", two ? two : "", signed_message, NULL);
        TrustParams params = { .dns = dns, .arrival = list[i].arrival };
        g_autoptr(TrustReport) report =
            trust_check_bytes(message, strlen(message), &params);
        const TrustSignature *sig = g_ptr_array_index(report->dkim, 0);

        g_test_message("%u", i);
        g_assert_cmpint(sig->result, ==, TRUST_PASS);
        g_assert_cmpuint(sig->warnings->len, ==, list[i].warnings);
        if (list[i].warnings > 0)
            g_assert_nonnull(
                strstr(g_ptr_array_index(sig->warnings, 0), "future"));
    }
}

typedef struct {
    gint64 last;
    guint asked;
} Known;

static char *
known_key(const char *name, gint64 when, void *user)
{
    Known *known = user;

    g_assert_cmpstr(name, ==, "brisbane._domainkey.football.example.com");
    known->asked++;
    return when <= known->last ? g_strdup(old_record) : NULL;
}

static void
old_keys(void)
{
    static const struct {
        const char *zone;
        gint64 arrival;
        TrustResult want;
        guint asked;
    } list[] = {
        { "", 2000, TRUST_PASS, 1 },
        { "", 2001, TRUST_PERMERROR, 1 }, /* came when it was gone */
        { "brisbane._domainkey.football.example.com TXT \"p=\"\n", 2000,
          TRUST_PERMERROR, 0 }, /* revoked stays revoked */
        { "brisbane._domainkey.football.example.com SERVFAIL\n", 2000,
          TRUST_TEMPERROR, 0 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(list); i++) {
        g_autoptr(Dns) dns = dns_zone_create(list[i].zone, NULL);
        Known known = { 2000, 0 };
        TrustParams params = { .dns = dns,
                               .arrival = list[i].arrival,
                               .old_key = known_key,
                               .old_key_user = &known };
        g_autoptr(TrustReport) report =
            trust_check_bytes(signed_message, strlen(signed_message), &params);
        const TrustSignature *sig = g_ptr_array_index(report->dkim, 0);

        g_test_message("%u: %s", i, sig->reason);
        g_assert_cmpint(sig->result, ==, list[i].want);
        g_assert_cmpuint(known.asked, ==, list[i].asked);
        g_assert_cmpuint(report->keys->len, ==, 0);
    }
}

/* A key that the DNS has is told, to be kept. */
static void
new_keys(void)
{
    g_autofree char *zone = g_strdup_printf(
        "brisbane._domainkey.football.example.com TXT \"%s\"\n", old_record);
    g_autoptr(Dns) dns = dns_zone_create(zone, NULL);
    TrustParams params = { .dns = dns };
    g_autoptr(TrustReport) report =
        trust_check_bytes(signed_message, strlen(signed_message), &params);

    g_assert_cmpuint(report->keys->len, ==, 2);
    g_assert_cmpstr(g_ptr_array_index(report->keys, 0), ==,
                    "brisbane._domainkey.football.example.com");
    g_assert_cmpstr(g_ptr_array_index(report->keys, 1), ==, old_record);
}

/* A resolver over a zone with a clock of its own: what is below evil.example is
 * waited for until the deadline, and what is asked then has no time left. */
typedef struct {
    Dns base;
    Dns *zone;
    gint64 clock;
} Tarpit;

static bool
is_stuck(const DnsLookup *lookup)
{
    return g_str_has_suffix(lookup->name, "evil.example");
}

static void
tarpit_ask(Dns *dns, DnsLookup *lookups, guint n, const DnsWait *wait)
{
    Tarpit *tarpit = (Tarpit *)dns;
    bool late = wait->deadline <= tarpit->clock;

    for (guint i = 0; i < n; i++) {
        if (late || is_stuck(&lookups[i]))
            lookups[i].answer = dns_answer_create(DNS_TEMPORARY, "timeout");
        else
            dns_ask(tarpit->zone, &lookups[i], 1, wait);
        if (is_stuck(&lookups[i]))
            tarpit->clock = MAX(tarpit->clock, wait->deadline);
    }
}

static TrustReport *
judge_slowly(const char *message)
{
    static const DnsClass class = { .ask = tarpit_ask };
    Tarpit tarpit = { .base.class = &class };
    TrustParams params = { .dns = &tarpit.base, .authserv_ids = ids };
    TrustReport *report;

    tarpit.zone = dns_zone_create(
        "_dmarc.corp.example TXT \"v=DMARC1; p=reject\"\n"
        "corp.example TXT \"v=spf1 include:spf.host.example -all\"\n"
        "spf.host.example TXT \"v=spf1 ip4:198.51.100.1 -all\"\n"
        "_dmarc.bank.example TXT \"v=DMARC1; p=none; np=reject\"\n",
        NULL);
    report = trust_check_bytes(message, strlen(message), &params);
    dns_unref(tarpit.zone);
    return report;
}

/* Who sends a forged message may name any domains whose DNS does not answer:
 * what is asked about the author has its time all the same. */
static void
strangers(void)
{
    g_autoptr(TrustReport) signatures = judge_slowly(
        RETURN BORDER SIG("evil.example", "a") SIG("b.evil.example", "b") REST);
    g_autoptr(TrustReport) sender =
        judge_slowly("Return-Path: <x@evil.example>\r\n" BORDER
                     "From: a@none.bank.example\r\n\r\nx");

    g_assert_cmpint(signatures->spf.result, ==, TRUST_FAIL);
    g_assert_cmpint(signatures->dmarc.result, ==, TRUST_FAIL);
    g_assert_cmpint(signatures->verdict.result, ==, TRUST_FAIL);
    g_assert_true(signatures->verdict.alarm);
    g_assert_false(signatures->temporary);
    g_assert_cmpint(sender->spf.result, ==, TRUST_TEMPERROR);
    g_assert_cmpint(sender->dmarc.result, ==, TRUST_FAIL);
    g_assert_cmpstr(sender->dmarc.policy, ==, "reject");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    g_test_add_func("/trust/rules/U6-signers", rules);
    g_test_add_func("/trust/rules/S6-M3-M4-said", said);
    g_test_add_func("/trust/rules/U4-resent", resent);
    g_test_add_func("/trust/rules/U6-kinds", kinds);
    g_test_add_func("/trust/rules/D11-M4-failing", failing);
    g_test_add_func("/trust/rules/D7-rotated", rotated);
    g_test_add_func("/trust/rules/R5-R6-results", results);
    g_test_add_func("/trust/rules/M3-signers", signers);
    g_test_add_func("/trust/rules/R3-below-the-border", below);
    g_test_add_func("/trust/rules/D7-arrival", arrival);
    g_test_add_func("/trust/rules/D11-strangers", strangers);
    g_test_add_func("/trust/rules/U5-old-keys", old_keys);
    g_test_add_func("/trust/rules/U5-new-keys", new_keys);
    return g_test_run();
}
