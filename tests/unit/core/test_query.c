/* What users write in a search, as notmuch takes it. */
#include "query.h"
#include "query_rows.h"

#include <string.h>

static StoreFolder all[] = {
    { .name = "INBOX", .path = "work/INBOX", .delimiter = '/' },
    { .name = "Archive", .path = "work/Archive", .delimiter = '/' },
    { .name = "Old.archive", .path = "home/Old/archive", .delimiter = '.' },
    { .name = "Ärger", .path = "home/Ärger", .delimiter = '.' },
    { .name = "a \"b\"", .path = "home/a \"b\"" },
    { .name = "Gesendet", .path = "home/Gesendet", .role = FOLDER_ROLE_SENT },
    { .name = "Sent", .path = "work/Sent" },
};

typedef struct {
    const char *query, *wanted;
} Case;

static const Case expanded[] = {
    { "", "" },
    { " ", "" },
    { " * ", "*" },
    { "(*) and id:x", "not id:\"\" and id:x" },
    { "one two", "one and two" },
    { "is:unread (has:attachment) auth:fail",
      "is:unread and tag:attachment and property:\"posthorn.verdict=fail\"" },
    { "\"is:unread\" this:is:it", "\"is:unread\" and this:is:it" },
    { "folder:work/Archive", "folder:\"work/Archive\"" },
    { "not folder:Archive and x",
      "not (folder:\"work/Archive\" or folder:\"home/Old/archive\") and x" },
    { "(folder:inbox)", "folder:\"work/INBOX\"" },
    { "-folder:Old.Archive", "not folder:\"home/Old/archive\"" },
    { "folder:ÄRGER", "folder:\"home/Ärger\"" },
    { "folder:Sent x",
      "(folder:\"home/Gesendet\" or folder:\"work/Sent\") and x" },
    { "folder:sent folder:inbox",
      "folder:\"home/Gesendet\" or folder:\"work/Sent\""
      " or folder:\"work/INBOX\"" },
    { "folder:\"a \"\"b\"\"\" x", "folder:\"home/a \"\"b\"\"\" and x" },
    { "folder:nowhere", "folder:\"nowhere\"" },
    { "folder:\"\"", "folder:\"\"" },
    { "folder:/work.*/", "folder:/work.*/" },
    { "(from:/(ann|ben)/) x", "from:\"/(ann|ben)/\" and x" },
    { "subject:/x", "subject:/x" },
    { "tag:a x tag:b", "(tag:a or tag:b) and x" },
    { "is:a tag:b", "is:a and tag:b" },
    { "has:a has:b", "tag:a and tag:b" },
    { "tag:a not tag:b x", "tag:a and not (tag:b and x)" },
    { "(-tag:b)", "not tag:b" },
    { "-tag:a -tag:b", "not tag:a and not tag:b" },
    { "- + from:ana & \"@\" x +y", "from:ana and x and y" },
    { "from:(ana novak) x", "from:ana and from:novak and x" },
    { "a near/3 b Near/3 c or d", "(a NEAR/3 b NEAR/3 c) or d" },
    { "to:(a near b) body:x Near body:y",
      "(to:a NEAR to:b) and (body:x NEAR body:y)" },
    { "a near/3 b near/4 c near/0 d", "(a NEAR/3 b NEAR/4 c)"
                                      " and \"near/0\" and d" },
    { "lastmod:\"1..2\" lastmod:\"1 2\"", "lastmod:1..2 or lastmod:\"1 2\"" },
    { "from:a..b@x subject:\"wait... what\" lastmod:1..2",
      "from:\"a b@x\" and subject:\"wait . what\" and lastmod:1..2" },
    { "near a xor", "\"near\" and a and \"xor\"" },
    { "frob* date:2weeks..", "frob* and date:2weeks.." },
    { "list:\"a (b\"", "list: and \"a (b\"" },
    { "x not. tag:a wait.. notes", "x and \"not.\" and tag:a and"
                                   " \"wait \" and notes" },
    { "-\"not\" x", "not \"not\" and x" },
    { "tag:a not -tag:b", "tag:a and not (not tag:b)" },
    { "not not tag:b", "tag:b" },
    { "tag:a\"b", "tag:\"a\"\"b\"" },
    { "\"*\" x", "x" },
    { "* near", "not id:\"\" and \"near\"" },
    { "auth:\"a b\"", "property:\"posthorn.verdict=a b\"" },
    { "subject:/usr/bin", "subject:/usr/bin" },
    { "body:/a/ x\"y z\"", "body:/a/ and x and \"y z\"" },
    { "x\"&\"", "x" },
    { "from:\"\" subject:\"\"", "from:\"\" and subject:\"\"" },
    { "a (b c) or d", "(a and b and c) or d" },
};

static void
test_expand(void)
{
    g_autoptr(GPtrArray) folders = g_ptr_array_new();

    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        g_ptr_array_add(folders, &all[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(expanded); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = query_expand(expanded[i].query, folders, &error);

        g_assert_no_error(error);
        g_assert_cmpstr(text, ==, expanded[i].wanted);
    }
}

/* The inbox of a Maildir lies in its top, and is called as any other. */
static void
test_of_account(void)
{
    static StoreFolder own[] = {
        { .account = "own", .name = "INBOX", .path = "own",
          .role = FOLDER_ROLE_INBOX },
        { .account = "own", .name = "Old/Inbox", .path = "own/Old/Inbox",
          .delimiter = '/' },
        { .account = "ow", .name = "INBOX", .path = "ow" },
    };
    static const Case cases[] = {
        { "folder:own/INBOX x", "folder:\"own\" and x" },
        { "folder:own/old/inbox", "folder:\"own/Old/Inbox\"" },
        { "folder:work/INBOX", "folder:\"work/INBOX\"" },
    };
    g_autoptr(GPtrArray) folders = g_ptr_array_new();

    for (gsize i = 0; i < G_N_ELEMENTS(own); i++)
        g_ptr_array_add(folders, &own[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = query_expand(cases[i].query, folders, NULL);

        g_assert_cmpstr(text, ==, cases[i].wanted);
    }
    g_assert_true(query_means_folder(&own[0], "own/inbox"));
    g_assert_false(query_means_folder(&own[1], "own/inbox"));
    g_assert_false(query_means_folder(&own[2], "own/INBOX"));
}

/* What is wrong is named. */
static void
test_wrong(void)
{
    static const char *const cases[][2] = {
        { "from:", "nothing behind from:" },
        { "tag:a body:\"-\"", "nothing behind body:" },
        { "to:\"\" not tag:a", "nothing behind to:" },
        { "(tag:a and)", "nothing to search for" },
        { "\"two words", "an unclosed quote" },
        { "folder:\"open", "an unclosed quote" },
        { "from:a near b", "no plain word near" },
        { "a near b*", "no plain word near" },
        { "a near \"b c\"", "no plain word near" },
        { "e-mail near b", "no plain word near" },
        { "a near b adj c", "near and adj mixed" },
        { "a near to:b", "no plain word near" },
        { "* near a", "no plain word near" },
        { "from:a from:b near c", "no plain word near" },
        { "a or", "nothing to search for" },
        { "-", "nothing to search for" },
        { "not", "nothing to search for" },
        { "a and and", "nothing to search for" },
        { "and a", "nothing to search for" },
        { "()", "nothing to search for" },
        { "(a", "an unclosed parenthesis" },
        { "to:(a", "an unclosed parenthesis" },
        { "a)", "nothing opens" },
        { "a near ", "nothing to search for" },
        { "a near )", "nothing to search for" },
    };
    g_autoptr(GPtrArray) folders = g_ptr_array_new();

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = query_expand(cases[i][0], folders, &error);

        g_test_message("%s: %s", cases[i][0], error ? error->message : text);
        g_assert_true((cases[i][1] == NULL) == (error == NULL));
        if (error)
            g_assert_nonnull(strstr(error->message, cases[i][1]));
    }
}

static void
test_meant(void)
{
    g_assert_true(query_means_folder(&all[1], "work/Archive"));
    g_assert_true(query_means_folder(&all[1], "archive"));
    g_assert_true(query_means_folder(&all[2], "archive"));
    g_assert_false(query_means_folder(&all[2], "Old"));
}

static void
append_term(GString *text, const StoreTerm *term)
{
    static const char *const words[] = {
        "any",    "from",  "to",     "subject", "id",  "flag", "tag",
        "folder", "since", "before", "maybe",   "not", "and",  "or"
    };

    g_string_append_printf(text, "%s%s", text->len ? " " : "",
                           words[term->kind]);
    if (term->kind == STORE_TERM_FLAG || term->kind == STORE_TERM_FOLDER
        || term->kind == STORE_TERM_SINCE || term->kind == STORE_TERM_BEFORE)
        g_string_append_printf(text, "=%d", (int)term->number);
    else if (term->text)
        g_string_append_printf(text, "=%s%s", term->text,
                               term->number == STORE_TERM_BEGINS ? "…" : "");
}

/* What rows are asked for a query; nothing where they cannot say. */
static const Case asked[] = {
    { "plan", "any=plan" },
    { "two Words", "any=two any=Words and" },
    { "\"two \"\"words\"", "any=two \"words" },
    { "plan*", "any=plan…" },
    { "*", NULL },
    { "subject:x", "subject=x" },
    { "subject:\"x y\" from:ana to:ben",
      "subject=x y from=ana and to=ben and" },
    { "id:m@x or mid:n@x", "id=m@x id=n@x or" },
    { "is:unread", "flag=4 not" },
    { "-tag:flagged", "flag=32 not" },
    { "has:attachment", "flag=256" },
    { "tag:todo", "tag=todo" },
    { "subject:x not (tag:todo or from:ana)", NULL },
    { "folder:nowhere not subject:x", NULL },
    { "subject:x not tag:done", "subject=x tag=done not and" },
    { "tag:todo and not tag:done", "tag=todo tag=done not and" },
    { "tag:todo id:x tag:done", "tag=todo tag=done or id=x and" },
    { "tag:a tag:b tag:c", "tag=a tag=c or tag=b or" },
    { "tag:a not tag:b", "tag=a tag=b not and" },
    { "tag:a -tag:b tag:c", "tag=a tag=c or tag=b not and" },
    { "tag:a (tag:b) (tag:c tag:d)",
      "tag=a tag=b and tag=c tag=d or and" },
    { "is:unread tag:todo", "flag=4 not tag=todo and" },
    { "has:attachment has:todo", "flag=256 tag=todo and" },
    { "from:ana from:ben to:c to:d",
      "from=ana from=ben or to=c and to=d and" },
    { "id:a mid:b", "id=a id=b and" },
    { "not tag:a id:x", "tag=a id=x and not" },
    { "not tag:a and id:x", "tag=a not id=x and" },
    { "not not tag:a", "tag=a" },
    { "tag:a not tag:b or tag:c", "tag=a tag=b not and tag=c or" },
    { "not tag:a subject:x", NULL },
    { "folder:nowhere and not (tag:todo id:x tag:done)",
      "folder=0 tag=todo tag=done or id=x and not and" },
    { "from:@", NULL },
    { "subject:\"-\"", NULL },
    { "from:ana - tag:todo", "from=ana tag=todo and" },
    { "folder:archive", "folder=0 folder=2 or folder=3 or" },
    { "folder:home/Ärger", "folder=0 folder=4 or" },
    { "folder:nowhere", "folder=0" },
    /* of the text they have but the first words */
    { "not plan", NULL },
    { "body:plan", NULL },
    { "subject:x date:1970-01-02",
      "subject=x since=86400 before=172800 and and" },
    { "not date:..1970", "before=31536000 not" },
    { "date:1970-01-02.. tag:a", "since=86400 tag=a and" },
    { "subject:x date:10hours..", NULL },
    { "auth:fail or subject:x", NULL },
    { "subject:/x.*/", NULL },
    { "(subject:x", NULL },
    { "from:", NULL },
    { "from:\"\"", NULL },
    { "\"\" x", "any=x" },
    { "a near b", NULL },
    { "subject:*", NULL },
    { "folder:", NULL },
    { "", NULL },
};

static void
test_rows(void)
{
    g_autoptr(GPtrArray) folders = g_ptr_array_new();

    for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
        all[i].id = (gint64)i + 1;
        g_ptr_array_add(folders, &all[i]);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(asked); i++) {
        g_autoptr(GArray) terms = query_row_terms(asked[i].query, folders);
        g_autoptr(GString) text = g_string_new(NULL);

        for (guint j = 0; terms && j < terms->len; j++)
            append_term(text, &g_array_index(terms, StoreTerm, j));
        g_test_message("%s", asked[i].query);
        g_assert_cmpstr(terms ? text->str : NULL, ==, asked[i].wanted);
    }
}

int
main(int argc, char **argv)
{
    g_setenv("TZ", "UTC", TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/query/expand", test_expand);
    g_test_add_func("/core/query/of-account", test_of_account);
    g_test_add_func("/core/query/wrong", test_wrong);
    g_test_add_func("/core/query/meant", test_meant);
    g_test_add_func("/core/query/rows", test_rows);
    return g_test_run();
}
