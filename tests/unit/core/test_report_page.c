/* The page about a sender: all that a verdict rests on (U2), DNSSEC only where
 * it was validated here (U8), of BIMI a trusted claim alone (U7), and a
 * stranger's words made safe (U9). */
#include "core/report_page.h"
#include "mime/mime.h"

#include <string.h>

#define AR "Authentication-Results: mx.r.example; "
#define FROM "From: A <a@corp.example>\r\n"

/* RFC 8463, appendix A: it is signed by an Ed25519 key. */
static const char signed_message[] =
    "Return-Path: <joe@football.example.com>\r\n"
    "Received: from h.x.example (h.x.example [192.0.2.9])\r\n"
    " by mx.r.example; Fri, 11 Jul 2003 21:03:37 -0700\r\n"
    "Received: from inside (inside [198.51.100.4])\r\n"
    " by h.x.example; Fri, 11 Jul 2003 21:00:37 -0700\r\n"
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

static char *
page_of(const char *message, const char *zone)
{
    static const char *const ids[] = { "mx.r.example", NULL };
    g_autoptr(Dns) dns = dns_zone_create(zone, NULL);
    TrustParams params = { .dns = dns, .authserv_ids = ids };
    g_autoptr(TrustReport) report =
        trust_check_bytes(message, strlen(message), &params);

    g_assert_nonnull(dns);
    return report_page(report);
}

static void
assert_has(const char *page, const char *words)
{
    if (strstr(page, words) == NULL)
        g_error("no \"%s\" in:\n%s", words, page);
}

static void
everything(void)
{
    g_autofree char *page = page_of(
        signed_message,
        "brisbane._domainkey.football.example.com SECURE TXT \"v=DKIM1; "
        "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n"
        "football.example.com TXT \"v=spf1 ip4:192.0.2.9 -all\"\n"
        "_dmarc.example.com TXT \"v=DMARC1; p=quarantine\"\n");
    static const char *const words[] = {
        "✓ football.example.com  DMARC pass · DKIM pass · SPF pass",
        "policy quarantine of example.com",
        "signer football.example.com as @football.example.com, selector "
        "brisbane",
        "ed25519-sha256, 256 bits, key secured by DNSSEC",
        "signed headers: from to subject date message-id from subject date",
        "signed 2018-06-10 13:38:29 UTC",
        "football.example.com from 192.0.2.9, by Received by mx.r.example, "
        "aligned with the author",
        "ARC     none",
        "from inside 198.51.100.4 to h.x.example  2003-07-12 04:00:37 UTC",
        "from h.x.example 192.0.2.9 to mx.r.example  2003-07-12 04:03:37 UTC"
        "  +3 min",
        "TXT brisbane._domainkey.football.example.com: 1 found, DNSSEC",
    };

    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        assert_has(page, words[i]);
}

static void
dnssec(void)
{
    g_autofree char *page = page_of(
        signed_message,
        "brisbane._domainkey.football.example.com TXT \"v=DKIM1; "
        "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n");

    assert_has(page, "ed25519-sha256, 256 bits\n");
    g_assert_null(strstr(page, "DNSSEC"));
}

static void
bimi(void)
{
    static const struct {
        const char *header;
        bool shown;
    } list[] = {
        { AR "bimi=pass policy.authority=pass\r\n" FROM, true },
        { AR "bimi=pass policy.authority=none\r\n" FROM, false },
        { AR "bimi=pass\r\n" FROM, false },
        { AR "bimi=fail policy.authority=pass\r\n" FROM, false },
        { "Authentication-Results: mx.other.example; bimi=pass "
          "policy.authority=pass\r\n" FROM,
          false },
    };

    for (guint i = 0; i < G_N_ELEMENTS(list); i++) {
        g_autofree char *message = g_strconcat(list[i].header, "\r\nx", NULL);
        g_autofree char *page = page_of(message, "");

        g_test_message("%u", i);
        g_assert_true((strstr(page, "an authority knows the mark") != NULL)
                      == list[i].shown);
    }
}

static void
strange(void)
{
    g_autofree char *page = page_of(
        "Received: from \x1b[31mx (\x07 [192.0.2.1]) by \xe2\x80\xaeymx\r\n"
        "Authentication-Results: mx.r.example; dkim=pass reason=\"\x1b]0;t"
        "\x07\" header.d=\xe2\x80\xae"
        "x.example\r\n"
        "DKIM-Signature: v=1; a=rsa-sha256; d=x.example; s=\x1b[2J; h=from; "
        "bh=x; b=x\r\n"
        "From: =?utf-8?q?=1B[31m?= <a@x.example>\r\n"
        "Reply-To: \xe2\x80\xae <b@evil.example>\r\n\r\nx",
        "");

    g_assert_true(g_utf8_validate(page, -1, NULL));
    for (const char *at = page; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);

        g_assert_true(c == '\n' || (c >= ' ' && c != 0x7f));
        g_assert_false(c >= 0x80 && c < 0xa0);
        g_assert_false(c >= 0x202a && c <= 0x202e);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    g_test_add_func("/core/report_page/U2-everything", everything);
    g_test_add_func("/core/report_page/U8-dnssec", dnssec);
    g_test_add_func("/core/report_page/U7-bimi", bimi);
    g_test_add_func("/core/report_page/U9-strange", strange);
    return g_test_run();
}
