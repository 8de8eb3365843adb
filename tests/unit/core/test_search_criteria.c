/* Queries as servers are asked them. The day is pinned. */
#include "base/clock.h"
#include "base/err.h"
#include "search_criteria.h"

enum {
    NOW = 1795410780 /* 2026-11-23 05:13 UTC */
};

typedef struct {
    const char *query, *criteria, *folder;
} Case;

static const Case cases[] = {
    { "frob", "TEXT \"frob\"" },
    { "frob*", "TEXT \"frob\"" },
    { "*", "ALL" },
    { "two words", "TEXT \"two\" TEXT \"words\"" },
    { "\"two words\"", "TEXT \"two words\"" },
    { "back\\slash", "TEXT \"back\\\\slash\"" },
    { "Grüße", "TEXT \"Grüße\"" },
    { "from:ana", "FROM \"ana\"" },
    { "from:\"Ana Novak\" x", "FROM \"Ana Novak\" TEXT \"x\"" },
    { "to:ana", "OR TO \"ana\" CC \"ana\"" },
    { "subject:plan body:text", "SUBJECT \"plan\" BODY \"text\"" },
    { "id:m@x", "HEADER MESSAGE-ID \"m@x\"" },
    { "is:unread tag:flagged", "UNSEEN FLAGGED" },
    { "tag:replied is:draft x tag:passed",
      "(OR (ANSWERED) (KEYWORD $Forwarded)) DRAFT TEXT \"x\"" },
    { "a not b c", "TEXT \"a\" NOT (TEXT \"b\" TEXT \"c\")" },
    { "tag:todo", "KEYWORD todo" },
    { "not tag:todo", "NOT (KEYWORD todo)" },
    { "-frob", "NOT (TEXT \"frob\")" },
    { "a AND b", "TEXT \"a\" TEXT \"b\"" },
    { "a or b", "OR (TEXT \"a\") (TEXT \"b\")" },
    { "a b or c", "OR (TEXT \"a\" TEXT \"b\") (TEXT \"c\")" },
    { "a or b or c",
      "OR (OR (TEXT \"a\") (TEXT \"b\")) (TEXT \"c\")" },
    { "a (b or not c)",
      "TEXT \"a\" (OR (TEXT \"b\") (NOT (TEXT \"c\")))" },
    { "order", "TEXT \"order\"" },
    { "notes", "TEXT \"notes\"" },
    { "http://x.example", "TEXT \"http://x.example\"" },
    { "date:2026", "SENTSINCE 1-Jan-2026 SENTBEFORE 1-Jan-2027" },
    { "date:2026-02", "SENTSINCE 1-Feb-2026 SENTBEFORE 1-Mar-2026" },
    { "date:2026-02-28", "SENTSINCE 28-Feb-2026 SENTBEFORE 1-Mar-2026" },
    { "date:2026-02..", "SENTSINCE 1-Feb-2026" },
    { "date:..2026-02-28", "SENTBEFORE 1-Mar-2026" },
    { "date:2025..2026-02", "SENTSINCE 1-Jan-2025 SENTBEFORE 1-Mar-2026" },
    { "date:today", "SENTSINCE 23-Nov-2026 SENTBEFORE 24-Nov-2026" },
    { "date:yesterday", "SENTSINCE 22-Nov-2026 SENTBEFORE 23-Nov-2026" },
    { "date:2weeks..", "SENTSINCE 8-Nov-2026" },
    { "date:1_month..", "SENTSINCE 1-Oct-2026" },
    { "folder:work/INBOX frob", "ALL TEXT \"frob\"", "work/INBOX" },
    { "folder:work/INBOX (a or b)",
      "ALL (OR (TEXT \"a\") (TEXT \"b\"))", "work/INBOX" },
    { "(a or b) folder:x", "(OR (TEXT \"a\") (TEXT \"b\")) ALL", "x" },
    { "folder:x folder:x a", "(OR (ALL) (ALL)) TEXT \"a\"", "x" },
    { "subject:frob* to:a*", "SUBJECT \"frob\" OR TO \"a\" CC \"a\"" },
    { "tag:mine", "KEYWORD mine" },
};

static void
test_criteria(const void *data)
{
    const Case *want = data;
    g_autofree char *folder = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *got = search_criteria(want->query, NULL, &folder, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(got, ==, want->criteria);
    g_assert_cmpstr(folder, ==, want->folder);
}

/* What no server can be asked is refused and named, not passed over. */
static void
test_refused(void)
{
    static const char *const queries[][2] = {
        { "thread:12", "thread:" },
        { "a property:x=y", "property:" },
        { "from:/a|b/", "a regular expression" },
        { "subject:\"\" a", "an empty field" },
        { "has:attachment", "this tag" },
        { "tag:\"a b\"", "this tag" },
        { "tag:a\"b", "this tag" },
        { "a -is:mine", "this tag" },
        { "date:someday", "a date other" },
        { "date:2026-02-30", "a date other" },
        { "date:..", "a date other" },
        { "(a", "an unclosed parenthesis" },
        { "a)", "nothing opens" },
        { "", "nothing" },
        { "a or", "nothing" },
        { "not", "nothing" },
        { "folder:a folder:b", "two folders" },
        { "a near/2 b", "words near" },
        { "not folder:a", "all but a folder" },
        { "x or folder:a", "something else" },
        { "folder:a x or y", "something else" },
        { "(x or folder:a) y", "something else" },
    };
    static const char *const local[] = { "mine", NULL };
    g_autofree char *deep = g_strnfill(10000, '(');
    g_autofree char *folder = NULL;
    g_autoptr(GError) error = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(queries); i++) {
        g_autoptr(GError) trouble = NULL;

        g_assert_null(search_criteria(queries[i][0], local, &folder, &trouble));
        g_assert_null(folder);
        g_assert_true(err_is(trouble, ERR_USAGE));
        g_test_message("%s: %s", queries[i][0], trouble->message);
        g_assert_nonnull(strstr(trouble->message, queries[i][1]));
    }
    g_assert_null(search_criteria(deep, NULL, &folder, &error));
    g_assert_true(err_is(error, ERR_USAGE));
}

int
main(int argc, char **argv)
{
    g_setenv("TZ", "UTC", TRUE);
    g_test_init(&argc, &argv, NULL);
    clock_pin(NOW);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name =
            g_strdup_printf("/search-criteria/%" G_GSIZE_FORMAT, i);

        g_test_add_data_func(name, &cases[i], test_criteria);
    }
    g_test_add_func("/search-criteria/refused", test_refused);
    return g_test_run();
}
