/* Authentication-Results (R1, R2, R7), which of them are trusted (R3, R4), and
 * the Received line to believe (S5). */
#include "mime/mime.h"
#include "trust/trust.h"
#include "trust_authres.h"
#include "trust_received.h"

#include <string.h>

/* "ID method=result(reason){name=value}…", or "!error". */
static char *
dump(const char *value)
{
    TrustAuthres *authres = trust_authres_parse(value, strlen(value));
    GString *out = g_string_new(
        authres->authserv_id ? authres->authserv_id : "-");

    if (authres->error != NULL)
        g_string_printf(out, "!%s", authres->error);
    for (guint i = 0; i < authres->results->len; i++) {
        const TrustMethod *method = g_ptr_array_index(authres->results, i);

        g_string_append_printf(out, " %s=%s", method->method, method->result);
        if (method->version)
            g_string_append_printf(out, "/%s", method->version);
        if (method->reason)
            g_string_append_printf(out, "(%s)", method->reason);
        for (guint j = 0; j < method->properties->len; j += 2)
            g_string_append_printf(
                out, "{%s=%s}",
                (char *)g_ptr_array_index(method->properties, j),
                (char *)g_ptr_array_index(method->properties, j + 1));
    }
    trust_authres_free(authres);
    return g_string_free(out, FALSE);
}

/* RFC 8601, appendix B, and what the grammar allows (R1). */
static void
grammar(void)
{
    static const struct {
        const char *value;
        const char *want;
    } cases[] = {
        { "example.org 1; none", "example.org" },
        { " example.com;\r\n spf=pass smtp.mailfrom=example.net",
          "example.com spf=pass{smtp.mailfrom=example.net}" },
        { "example.com; auth=pass (cram-md5) smtp.auth=sender@example.net; "
          "spf=pass smtp.mailfrom=example.net",
          "example.com auth=pass{smtp.auth=sender@example.net} "
          "spf=pass{smtp.mailfrom=example.net}" },
        { "example.com; dkim=pass reason=\"good signature\" "
          "header.i=@mail-router.example.net; dkim=fail reason=\"bad\" "
          "header.i=@newyork.example.com",
          "example.com dkim=pass(good signature)"
          "{header.i=@mail-router.example.net} "
          "dkim=fail(bad){header.i=@newyork.example.com}" },
        { "foo.example.net (foobar) 1 (baz);\r\n\tdkim (Because I like it) / 1 "
          "(One yay) = (wait for it) fail\r\n\tpolicy (A dot can go here) . "
          "(like that) expired\r\n\t(this surprised me) = (as I wasn't "
          "expecting it) 1362471462",
          "foo.example.net dkim=fail/1{policy.expired=1362471462}" },
        { "\"example.org\"; spf=pass", "example.org spf=pass" },
        { "(a (nested (one) \\) two)) id.example; DKIM=PASS HEADER.D=A.example",
          "id.example dkim=pass{header.d=A.example}" },
        { "id.example; dkim=fail (dkim=pass) reason=\"dkim=pass; spf=pass\"",
          "id.example dkim=fail(dkim=pass; spf=pass)" },
        { "id.example; spf=pass smtp.mailfrom=\"a;b\\\" c\"@x.example",
          "id.example spf=pass{smtp.mailfrom=a;b\" c@x.example}" },
        { "id.example; x-foo=pass x-bar.y=z", "id.example x-foo=pass"
          "{x-bar.y=z}" },
        { "id.example; dkim=pass header.d=b\xc3\xbc" "cher.example",
          "id.example dkim=pass{header.d=b\xc3\xbc" "cher.example}" },
        { "id.example 2; dkim=pass", "!an unknown version" },
        { "id.example; dkim=pass (", "!a comment that does not end" },
        { "id.example; dkim=pass reason=\"x", "!a quoted string that does not "
          "end" },
        { "id.example; dkim", "!a result without a method" },
        { "id.example; dkim=", "!a method without a result" },
        { "id.example dkim=pass", "!a result that does not begin with ;" },
        { "id.example; dkim=pass header.d", "!a property that is none" },
        { "", "!no authserv-id" },
        { "id.example; dkim=pass ) spf=pass", "!a property that is none" },
        { "id.example;; dkim=pass", "!a result without a method" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = dump(cases[i].value);

        g_assert_cmpstr(got, ==, cases[i].want);
    }
}

/* As providers write it (R2). */
static void
providers(void)
{
    static const struct {
        const char *value;
        const char *want;
    } cases[] = {
        { "mx.google.com;\r\n       dkim=pass header.i=@x.example header.s=s1 "
          "header.b=AbC/+12;\r\n       spf=pass (google.com: domain of a@x."
          "example designates 192.0.2.1 as permitted sender) "
          "smtp.mailfrom=a@x.example;\r\n       dmarc=pass (p=REJECT sp=REJECT "
          "dis=NONE) header.from=x.example",
          "mx.google.com dkim=pass{header.i=@x.example}{header.s=s1}"
          "{header.b=AbC/+12} spf=pass{smtp.mailfrom=a@x.example} "
          "dmarc=pass{header.from=x.example}" },
        { "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=x.example; dkim=pass "
          "(signature was verified) header.d=x.example;dmarc=pass action=none "
          "header.from=x.example;compauth=pass reason=100",
          "- spf=pass{smtp.mailfrom=x.example} dkim=pass{header.d=x.example} "
          "dmarc=pass{action=none}{header.from=x.example} compauth=pass(100)" },
        { "mx.x.example; dkim=timeout header.d=x.example",
          "mx.x.example dkim=timeout{header.d=x.example}" },
        { "phl-mx-05.messagingengine.com; dkim=pass header.d=x.example "
          "x-bits=2048; iprev=pass policy.iprev=2001:db8::1 (mx.x.example);",
          "phl-mx-05.messagingengine.com dkim=pass{header.d=x.example}"
          "{x-bits=2048} iprev=pass{policy.iprev=2001:db8::1}" },
        { "mxs.mail.ru; spf=pass (mx1.mail.ru: domain of x.example designates "
          "192.0.2.1 as permitted sender) smtp.mailfrom=a@x.example "
          "smtp.helo=h.x.example; dkim=pass header.d=x.example; dmarc=pass "
          "header.from=a@x.example",
          "mxs.mail.ru spf=pass{smtp.mailfrom=a@x.example}"
          "{smtp.helo=h.x.example} dkim=pass{header.d=x.example} "
          "dmarc=pass{header.from=a@x.example}" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = dump(cases[i].value);

        g_assert_cmpstr(got, ==, cases[i].want);
    }
}

/* "t" and "f" for each field, in order: is it trusted? */
static char *
trusted(const char *message, const char *ids)
{
    g_auto(GStrv) list = g_strsplit(ids, " ", -1);
    TrustParams params = { .authserv_ids = (const char *const *)list };
    g_autoptr(TrustReport) report
        = trust_check_bytes(message, strlen(message), &params);
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < report->authres->len; i++)
        g_string_append_c(
            out, ((TrustAuthres *)g_ptr_array_index(report->authres, i))->trusted
                ? 't' : 'f');
    return g_string_free(out, FALSE);
}

#define AR(id) "Authentication-Results: " id "; dmarc=pass\r\n"
#define BORDER \
    "Received: from a.evil.example (a.evil.example [203.0.113.9])\r\n" \
    "\tby mx.r.example with ESMTP; Mon, 23 Nov 2026 10:00:00 +0000\r\n"
#define FOREIGN \
    "Received: from b.example (b.example [203.0.113.7]) by a.evil.example;\r\n"
#define INSIDE \
    "Received: from localhost (localhost [127.0.0.1]) by box.r.example;\r\n"
#define END "From: a@b.example\r\n\r\nx"

/* Which fields count (R3, R4). */
static void
trust(void)
{
    static const struct {
        const char *message;
        const char *ids;
        const char *want;
    } cases[] = {
        { AR("mx.r.example") BORDER END, "mx.r.example", "t" },
        { AR("mx.r.example") BORDER END, "", "f" },
        { AR("MX.R.Example") BORDER END, "mx.r.example", "t" },
        { AR("mx.r.example") AR("mx.r.example") END, "mx.r.example", "tt" },
        { AR("mx.r.example.evil.example") END, "mx.r.example", "f" },
        { AR("evil.mx.r.example") END, "mx.r.example", "f" },
        { AR("mxarbexample") END, "mx.r.example", "f" },
        { AR("xn--bcher-kva.example") END, "b\xc3\xbc" "cher.example", "t" },
        { BORDER AR("mx.r.example") END, "mx.r.example", "f" },
        { AR("mx.r.example") BORDER FOREIGN AR("mx.r.example") END,
          "mx.r.example", "tf" },
        { FOREIGN AR("mx.r.example") END, "mx.r.example", "f" },
        { INSIDE AR("mx.r.example") BORDER AR("mx.r.example") END,
          "mx.r.example", "tf" },
        { "X-Authentication-Results: mx.r.example; dmarc=pass\r\n"
          "ARC-Authentication-Results: i=1; mx.r.example; dmarc=pass\r\n"
          "Authentication-Results-Original: mx.r.example; dmarc=pass\r\n" END,
          "mx.r.example", "" },
        { "Received: by 2002:a05:6512:1 with SMTP id x; Mon, 23 Nov 2026 "
          "10:00:00 +0000\r\n"
          "Received: from s.example (s.example. [203.0.113.9]) by "
          "mx.google.com with ESMTPS id x;\r\n" AR("mx.google.com")
          FOREIGN AR("mx.google.com") END, "mx.google.com", "tf" },
        { END AR("mx.r.example"), "mx.r.example", "" },
        { "Authentication-Results: mx.r.example 2; dmarc=pass\r\n" END,
          "mx.r.example", "f" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = trusted(cases[i].message, cases[i].ids);

        g_test_message("%u", i);
        g_assert_cmpstr(got, ==, cases[i].want);
    }
}

/* The address of the client that each Received names. */
static void
hops(void)
{
    static const struct {
        const char *text;
        const char *address;
        const char *by;
    } cases[] = {
        { "from helo.example (rdns.example [192.0.2.1]) by mx.example (Postfix)"
          " with ESMTP; x", "192.0.2.1", "mx.example" },
        { "from [10.1.1.1] (rdns.example [192.0.2.1]) by mx.example",
          "192.0.2.1", "mx.example" },
        { "from helo ([192.0.2.1] helo=[10.1.1.1]) by mx.example", "192.0.2.1",
          "mx.example" },
        { "from unknown (HELO 10.9.9.9) (192.0.2.1) by mx.example", "192.0.2.1",
          "mx.example" },
        { "from x (x [IPv6:2001:db8::1]) by mx.example", "2001:db8::1",
          "mx.example" },
        { "from x (x [::ffff:192.0.2.1]) by mx.example", "192.0.2.1",
          "mx.example" },
        { "from [192.0.2.1] by mx.example", "192.0.2.1", "mx.example" },
        { "from a([6.6.6.6]) (b [192.0.2.1]) by mx.example", "192.0.2.1",
          "mx.example" },
        { "by mx.example with LMTP", NULL, "mx.example" },
        { "nonsense (((", NULL, NULL },
        { "from x (deadbeef.example cafe) by mx.example", NULL, "mx.example" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        TrustHop *hop = trust_hop_parse(cases[i].text);

        g_assert_cmpstr(hop->address, ==, cases[i].address);
        g_assert_cmpstr(hop->by, ==, cases[i].by);
        trust_hop_free(hop);
    }
}

/* SPF by the border's Received alone, Return-Path from the top alone (S5). */
static void
envelope(void)
{
    static const struct {
        const char *message;
        TrustResult want;
    } cases[] = {
        { "Return-Path: <a@evil.example>\r\n" BORDER END, TRUST_PASS },
        { "Return-Path: <a@evil.example>\r\n" INSIDE BORDER FOREIGN END,
          TRUST_PASS },
        { BORDER "Return-Path: <a@evil.example>\r\n" END, TRUST_NONE },
        { "Return-Path: <a@evil.example>\r\n" FOREIGN BORDER END, TRUST_NONE },
        { "Return-Path: <a@evil.example>\r\n" END, TRUST_NONE },
        /* the border's word is better evidence (S6) */
        { "Return-Path: <a@evil.example>\r\nAuthentication-Results: "
          "mx.r.example; spf=fail smtp.mailfrom=a@evil.example\r\n" BORDER END,
          TRUST_FAIL },
        { "Received-SPF: softfail (x) client-ip=192.0.2.1; "
          "receiver=mx.r.example\r\nReturn-Path: <a@evil.example>\r\n" BORDER
          END, TRUST_SOFTFAIL },
        { "Received-SPF: softfail receiver=mx.other.example\r\n"
          "Return-Path: <a@evil.example>\r\n" BORDER END, TRUST_PASS },
    };
    g_autoptr(Dns) dns = dns_zone_create(
        "evil.example TXT \"v=spf1 ip4:203.0.113.9 -all\"\n", NULL);
    const char *const ids[] = { "mx.r.example", NULL };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        TrustParams params = { .dns = dns, .authserv_ids = ids };
        g_autoptr(TrustReport) report = trust_check_bytes(
            cases[i].message, strlen(cases[i].message), &params);

        g_test_message("%u: %s", i, report->spf.reason);
        g_assert_cmpint(report->spf.result, ==, cases[i].want);
    }
}

/* 50,000 results, 5,000 fields, 100,000 parentheses: each in no time (R7). */
static void
linear(void)
{
    g_autoptr(GString) text = g_string_new("mx.r.example");
    g_autoptr(GString) message = g_string_new(NULL);
    g_autofree char *open = g_strnfill(100000, '(');
    g_autofree char *close = g_strnfill(100000, ')');
    g_autofree char *nested
        = g_strconcat("mx.r.example ", open, close, "; spf=pass", NULL);
    g_autofree char *broken = g_strconcat("mx.r.example ", open, NULL);
    TrustParams params = { 0 };
    g_autoptr(TrustReport) report = NULL;
    TrustAuthres *many;
    g_autofree char *deep = NULL;
    g_autofree char *cut = NULL;

    for (int i = 0; i < 50000; i++)
        g_string_append(text, "; dkim=pass header.d=x.example");
    many = trust_authres_parse(text->str, text->len);
    g_assert_cmpuint(many->results->len, ==, 50000);
    trust_authres_free(many);
    deep = dump(nested);
    cut = dump(broken);
    g_assert_cmpstr(deep, ==, "mx.r.example spf=pass");
    g_assert_cmpstr(cut, ==, "!a comment that does not end");
    for (int i = 0; i < 5000; i++)
        g_string_append(message, AR("x.example"));
    g_string_append(message, END);
    report = trust_check_bytes(message->str, message->len, &params);
    g_assert_cmpuint(report->authres->len, ==, 5000);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    g_test_add_func("/trust/authres/R1-grammar", grammar);
    g_test_add_func("/trust/authres/R2-providers", providers);
    g_test_add_func("/trust/authres/R3-R4-trust", trust);
    g_test_add_func("/trust/authres/R7-linear", linear);
    g_test_add_func("/trust/received/S5-hops", hops);
    g_test_add_func("/trust/received/S5-S6-envelope", envelope);
    return g_test_run();
}
