/* What a row keeps of a check: there and back, and the line of the screen in
 * all its forms (U1, U3, U4, M5). */
#include "core/standing.h"

#include <string.h>

typedef struct {
    const char *name;
    Standing standing;
    const char *line;
} Form;

static const Form forms[] = {
    { "pass",
      { .word = STANDING_PASS,
        .dmarc = TRUST_PASS,
        .dkim = TRUST_PASS,
        .spf = TRUST_PASS,
        .spf_evaluated = true,
        .author = (char *)"corp.example",
        .source = (char *)"mx.lindqvist.example" },
      "corp.example  DMARC pass · DKIM pass · SPF pass" },
    { "checked-here",
      { .word = STANDING_PASS,
        .dmarc = TRUST_PASS,
        .dkim = TRUST_PASS,
        .author = (char *)"corp.example",
        .signer = (char *)"corp.example",
        .source = (char *)TRUST_CHECKED_HERE },
      "corp.example  DMARC pass · DKIM pass · checked here" },
    { "resent",
      { .word = STANDING_RESENT,
        .dmarc = TRUST_FAIL,
        .dkim = TRUST_PASS,
        .arc = TRUST_PASS,
        .broken = true,
        .author = (char *)"corp.example",
        .via = (char *)"lists.example",
        .signer = (char *)"lists.example",
        .policy = (char *)"reject",
        .source = (char *)TRUST_CHECKED_HERE },
      "lists.example  for corp.example, re-sent by a list · DKIM broken by the "
      "list · ARC pass" },
    { "via-a-list-nobody-named",
      { .word = STANDING_UNVERIFIED,
        .dmarc = TRUST_FAIL,
        .dkim = TRUST_PASS,
        .spf = TRUST_PASS,
        .author = (char *)"corp.example",
        .via = (char *)"lists.example",
        .signer = (char *)"lists.example",
        .policy = (char *)"reject",
        .source = (char *)TRUST_CHECKED_HERE },
      "corp.example  via lists.example, unverified · DMARC fail (policy: "
      "reject) · DKIM pass · SPF pass" },
    { "unverified",
      { .word = STANDING_UNVERIFIED,
        .spf = TRUST_SOFTFAIL,
        .spf_evaluated = true,
        .author = (char *)"freemail.test",
        .source = (char *)"mx.lindqvist.example" },
      "freemail.test  SPF softfail · no DKIM · no DMARC" },
    { "fail",
      { .word = STANDING_FAIL,
        .dmarc = TRUST_FAIL,
        .spf = TRUST_FAIL,
        .spf_evaluated = true,
        .author = (char *)"bank.example",
        .policy = (char *)"reject",
        .source = (char *)TRUST_CHECKED_HERE },
      "Not from bank.example  DMARC fail (policy: reject) · SPF fail · no "
      "DKIM" },
    { "signed-by-another",
      { .word = STANDING_UNVERIFIED,
        .dkim = TRUST_PASS,
        .author = (char *)"small.example",
        .signer = (char *)"esp.example",
        .source = (char *)TRUST_CHECKED_HERE },
      "small.example  DKIM pass · no DMARC · signed by esp.example" },
    { "conflict",
      { .word = STANDING_PASS,
        .dmarc = TRUST_PASS,
        .dkim = TRUST_PASS,
        .conflict = true,
        .author = (char *)"corp.example",
        .source = (char *)"mx.lindqvist.example" },
      "corp.example  DMARC pass · DKIM pass · the checks disagree" },
    { "no-record",
      { .word = STANDING_UNVERIFIED,
        .spf_evaluated = true,
        .author = (char *)"x.example",
        .source = (char *)TRUST_CHECKED_HERE },
      "x.example  no SPF · no DKIM · no DMARC" },
};

static void
test_line(const void *data)
{
    const Form *form = data;
    g_autofree char *line = standing_line(&form->standing);

    g_assert_cmpstr(line, ==, form->line);
}

static void
test_kept(const void *data)
{
    const Form *form = data;
    g_autofree char *text = standing_text(&form->standing);
    g_autoptr(Standing) back = standing_parse(text);
    g_autofree char *again = standing_text(back);
    g_autofree char *line = standing_line(back);

    g_assert_cmpstr(again, ==, text);
    g_assert_cmpstr(line, ==, form->line);
    g_assert_cmpint(back->word, ==, form->standing.word);
}

/* A stranger's words do not become values of the file. */
static void
test_strange(void)
{
    Standing standing = { .word = STANDING_FAIL,
                          .author = (char *)"a\nword=pass\n[check]\n",
                          .warning = (char *)" b;\\n=\r\nspf=pass" };
    g_autofree char *text = standing_text(&standing);
    g_autoptr(Standing) back = standing_parse(text);

    g_assert_cmpint(back->word, ==, STANDING_FAIL);
    g_assert_cmpint(back->spf, ==, TRUST_NONE);
    g_assert_cmpstr(back->author, ==, standing.author);
    g_assert_cmpstr(back->warning, ==, standing.warning);
    g_assert_null(standing_parse(NULL));
    g_assert_null(standing_parse("no such thing"));
}

/* The word of a verdict: a list that nobody named is never green (U4). */
static void
test_words(void)
{
    static const struct {
        TrustVerdict verdict;
        const char *word;
    } list[] = {
        { { .result = TRUST_PASS }, "pass" },
        { { .result = TRUST_NEUTRAL, .via = (char *)"l.example" },
          "unverified" },
        { { .result = TRUST_NEUTRAL,
            .via = (char *)"l.example",
            .believed = true },
          "resent" },
        { { .result = TRUST_PASS,
            .via = (char *)"l.example",
            .believed = true },
          "resent" },
        { { .result = TRUST_FAIL }, "unverified" },
        { { .result = TRUST_FAIL, .alarm = true }, "fail" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(list); i++) {
        g_autoptr(GPtrArray) none = g_ptr_array_new();
        TrustReport report = { .verdict = list[i].verdict,
                               .dkim = none,
                               .authres = none,
                               .warnings = none };
        g_autoptr(Standing) standing = standing_of_report(&report);

        g_assert_cmpstr(standing_word(standing), ==, list[i].word);
    }
}

/* Who signed: nobody by a signature that leaves something open (M3); without a
 * DNS whom the own server saw (S6). */
static void
test_signer(void)
{
    static const char message[] =
        "Authentication-Results: mx.r.example; dkim=pass header.d=esp.example\n"
        "From: a@small.example\n\nx";
    const char *const ids[] = { "mx.r.example", NULL };
    TrustParams params = { .authserv_ids = ids };
    g_autoptr(TrustReport) report =
        trust_check_bytes(message, strlen(message), &params);
    g_autoptr(Standing) off = standing_of_report(report);
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(GPtrArray) dkim = g_ptr_array_new();
    TrustSignature open = { .result = TRUST_PASS,
                            .domain = (char *)"small.example" };
    TrustSignature sound = { .result = TRUST_PASS,
                             .evidence = true,
                             .domain = (char *)"esp.example" };
    TrustReport made = { .dkim = dkim, .authres = none, .warnings = none };
    g_autoptr(Standing) without = NULL;
    g_autoptr(Standing) with = NULL;

    g_assert_cmpstr(off->signer, ==, "esp.example");
    g_ptr_array_add(dkim, &open);
    without = standing_of_report(&made);
    g_assert_null(without->signer);
    g_ptr_array_add(dkim, &sound);
    with = standing_of_report(&made);
    g_assert_cmpstr(with->signer, ==, "esp.example");
}

static void
test_properties(void)
{
    static const char *const want[][2] = {
        { "posthorn.dmarc", "fail" }, { "posthorn.dkim", "none" },
        { "posthorn.spf", "fail" },   { "posthorn.arc", "none" },
        { "posthorn.signer", NULL },  { "posthorn.verdict", "fail" },
    };
    const Standing *standing = &forms[5].standing;
    const char *name, *value;
    guint n = 0;

    for (; standing_property(standing, n, &name, &value); n++) {
        g_assert_cmpuint(n, <, G_N_ELEMENTS(want));
        g_assert_cmpstr(name, ==, want[n][0]);
        g_assert_cmpstr(value, ==, want[n][1]);
    }
    g_assert_cmpuint(n, ==, G_N_ELEMENTS(want));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_autofree char *line =
            g_strdup_printf("/core/standing/line/%s", forms[i].name);
        g_autofree char *kept =
            g_strdup_printf("/core/standing/kept/%s", forms[i].name);

        g_test_add_data_func(line, &forms[i], test_line);
        g_test_add_data_func(kept, &forms[i], test_kept);
    }
    g_test_add_func("/core/standing/strange", test_strange);
    g_test_add_func("/core/standing/U4-words", test_words);
    g_test_add_func("/core/standing/M3-S6-signer", test_signer);
    g_test_add_func("/core/standing/properties", test_properties);
    return g_test_run();
}
