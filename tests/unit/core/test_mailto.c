/* What a mailto: link may ask for, and what not (P63). */
#include "base/err.h"
#include "core/mailto.h"

#include <string.h>

typedef struct {
    const char *link;
    const char *to, *cc, *subject, *body, *ignored;
} Case;

static const Case cases[] = {
    { "mailto:ana@x.example", "ana@x.example", NULL, NULL, NULL, NULL },
    { "MAILTO:a@x,b@x?cc=c@x", "a@x,b@x", "c@x", NULL, NULL, NULL },
    { "mailto:?to=a@x&to=b@x", "a@x, b@x", NULL, NULL, NULL, NULL },
    { "mailto:a@x?subject=gr%C3%BC%C3%9Fe&body=one%0D%0Atwo", "a@x", NULL,
      "grüße", "one\ntwo", NULL },
    { "mailto:gorby%25kremvax@x", "gorby%kremvax@x", NULL, NULL, NULL, NULL },
    { "mailto:a@x?Subject=x&amp;body=y", "a@x", NULL, "x", "y", NULL },
    /* no file, no sender, nothing that is not shown */
    { "mailto:a@x?attach=/etc/passwd&body=x", "a@x", NULL, NULL, "x",
      "attach" },
    { "mailto:a@x?attachment=~/.ssh/id_rsa", "a@x", NULL, NULL, NULL,
      "attachment" },
    { "mailto:a@x?from=b@x&X-Foo=1&reply-to=c@x", "a@x", NULL, NULL, NULL,
      "from X-Foo reply-to" },
    { "mailto:a@x?%1b]0;x=1", "a@x", NULL, NULL, NULL, "\357\277\275]0;x" },
    /* odd ones */
    { "mailto:", "", NULL, NULL, NULL, NULL },
    { "mailto:a@x?subject", "a@x", NULL, NULL, NULL, NULL },
    { "mailto:a%zz%4@x?subject=%", "a%zz%4@x", NULL, "%", NULL, NULL },
    { "mailto:a@x?body=%00%ff", "a@x", NULL, NULL, "\357\277\275", NULL },
    { "mailto:a@x?subject=a+b", "a@x", NULL, "a+b", NULL, NULL },
};

static void
test_cases(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Case *c = &cases[i];
        g_auto(Mailto) link = { 0 };
        g_autoptr(GError) error = NULL;

        g_assert_true(mailto_parse(c->link, &link, &error));
        g_assert_no_error(error);
        g_assert_cmpstr(link.to, ==, c->to);
        g_assert_cmpstr(link.cc, ==, c->cc);
        g_assert_cmpstr(link.subject, ==, c->subject);
        g_assert_cmpstr(link.body, ==, c->body);
        g_assert_cmpstr(link.ignored, ==, c->ignored);
    }
}

static void
test_no_link(void)
{
    g_autofree char *big = g_strnfill(70000, 'a');
    g_autofree char *long_link = g_strconcat("mailto:", big, NULL);
    const char *const bad[] = { "", "http://x", "mailt:", long_link };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_auto(Mailto) link = { 0 };
        g_autoptr(GError) error = NULL;

        g_assert_false(mailto_parse(bad[i], &link, &error));
        g_assert_true(err_is(error, ERR_USAGE));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/mailto/cases", test_cases);
    g_test_add_func("/core/mailto/no-link", test_no_link);
    return g_test_run();
}
