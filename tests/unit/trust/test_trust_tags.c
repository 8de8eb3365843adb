/* Tag lists and base64 (D1, D2). */
#include "trust_tags.h"

#include <string.h>

static void
lists(void)
{
    static const struct {
        const char *text;
        const char *reason; /* NULL: a list */
        const char *a;      /* the value of a, where it is one */
    } cases[] = {
        { "a=1; b=2", NULL, "1" },
        { "a=1; b=2;", NULL, "1" },
        { "b=2;a=1", NULL, "1" },
        { " a = x y \r\n\tz ; b=", NULL, "x y \r\n\tz" },
        { "a=", NULL, "" },
        { "a=1=2", NULL, "1=2" },
        { "A=1;a=2", NULL, "2" },
        { "a=\xc3\xbc", NULL, "\xc3\xbc" },
        { "a_1=1; a=3", NULL, "3" },
        { "a=1;;b=2", "an empty tag", NULL },
        { "a=1;;", "an empty tag", NULL },
        { ";a=1", "an empty tag", NULL },
        { "", "an empty tag", NULL },
        { "a=1;b", "a tag without =", NULL },
        { "a=1;a=1", "a tag that stands twice", NULL },
        { "1=a", "a tag name that is none", NULL },
        { "=a", "a tag name that is none", NULL },
        { "a b=1", "a tag name that is none", NULL },
        { "a=\x01", "a control character in a tag", NULL },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *reason = NULL;
        g_autoptr(TrustTags) tags = trust_tags_parse(
            cases[i].text, strlen(cases[i].text), &reason);

        g_test_message("%s", cases[i].text);
        g_assert_cmpstr(reason, ==, cases[i].reason);
        g_assert_true((tags == NULL) == (reason != NULL));
        if (tags != NULL)
            g_assert_cmpstr(trust_tags_get(tags, "a"), ==, cases[i].a);
    }
}

static void
nul(void)
{
    const char *reason = NULL;

    g_assert_null(trust_tags_parse("a=1\0;b=2", 8, &reason));
    g_assert_nonnull(reason);
}

static void
many(void)
{
    g_autoptr(GString) text = g_string_new("a=1");
    const char *reason = NULL;

    for (int i = 0; i < 100000; i++)
        g_string_append_printf(text, ";t%d=1", i);
    g_assert_null(trust_tags_parse(text->str, text->len, &reason));
    g_assert_cmpstr(reason, ==, "too many tags");
}

static void
base64(void)
{
    static const struct {
        const char *text;
        int size; /* -1: it is none */
    } cases[] = {
        { "YWJj", 3 },    { "YW\r\n Jj", 3 }, { "YWI=", 2 },  { "YQ==", 1 },
        { "Y Q = =", 1 }, { "", -1 },         { "YWJ", -1 },  { "YQ=", -1 },
        { "YQ==YQ==", -1 }, { "Y!Jj", -1 },   { "====", -1 }, { "YW-_", -1 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) bytes = trust_base64(cases[i].text);

        g_test_message("%s", cases[i].text);
        g_assert_cmpint(bytes ? (int)g_bytes_get_size(bytes) : -1, ==,
                        cases[i].size);
    }
}

static void
numbers(void)
{
    g_assert_cmpint(trust_number("0"), ==, 0);
    g_assert_cmpint(trust_number("1700000000"), ==, 1700000000);
    g_assert_cmpint(trust_number(""), ==, -1);
    g_assert_cmpint(trust_number("-1"), ==, -1);
    g_assert_cmpint(trust_number("1x"), ==, -1);
    g_assert_cmpint(trust_number("99999999999999999999999999"), >,
                    G_MAXINT64 / 2);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/trust/tags/D1-lists", lists);
    g_test_add_func("/trust/tags/D1-nul", nul);
    g_test_add_func("/trust/tags/D1-many", many);
    g_test_add_func("/trust/tags/D2-base64", base64);
    g_test_add_func("/trust/tags/numbers", numbers);
    return g_test_run();
}
