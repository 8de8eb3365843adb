/* Saved searches: of the configuration, kept, replaced, taken away. */
#include "base/err.h"
#include "base/file.h"
#include "commands/commands.h"
#include "core/searches.h"
#include "mime/mime.h"

#include <string.h>

static Session *
open_session(const char *root)
{
    g_autofree char *file = g_build_filename(root, "posthorn.conf", NULL);
    g_autoptr(GError) error = NULL;
    Session *session = session_create(paths_create_below(root), &error);

    g_assert_no_error(error);
    cmd_table_add(session_table(session), cmd_builtins);
    cmd_table_add(session_table(session), commands_saved);
    g_assert_true(g_file_set_contents_full(
        file, "saved-search bills subject:invoice or subject:bill\n", -1, 0,
        0600, NULL));
    session_configure(session, file, &error);
    g_assert_no_error(error);
    return session;
}

/* "name=query " of all, in order. */
static void
check_all(Session *session, const char *wanted)
{
    const GPtrArray *all = searches_all(session_searches(session));
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < all->len; i++) {
        const SavedSearch *search = all->pdata[i];

        g_string_append_printf(text, "%s=%s;", search->name, search->query);
    }
    g_assert_cmpstr(text->str, ==, wanted);
}

static void
test_kept(void)
{
    g_autofree char *root = g_dir_make_tmp("posthorn-searches-XXXXXX", NULL);
    Session *session = open_session(root);
    g_autoptr(GError) error = NULL;

    check_all(session, "bills=subject:invoice or subject:bill;");
    searches_keep(session, "-odd \"name\"", "from:\"a $b\"", &error);
    g_assert_no_error(error);
    searches_keep(session, "gone", "is:unread", &error);
    g_assert_no_error(error);
    searches_keep(session, "gone", "", &error);
    g_assert_no_error(error);
    searches_keep(session, "bills", "tag:bill", &error);
    g_assert_no_error(error);
    check_all(session, "bills=tag:bill;-odd \"name\"=from:\"a $b\";");
    session_destroy(session);
    session = open_session(root);
    check_all(session, "bills=tag:bill;-odd \"name\"=from:\"a $b\";");
    session_destroy(session);
    file_remove_tree(root, NULL);
}

/* What a query becomes; NULL: it is refused. */
static void
test_expanded(void)
{
    static const char *const saved[][2] = {
        { "bills", "tag:bill or subject:bill" },
        { "a b\"c", "from:ana" },
        { "both", "query:bills -query:\"a b\"\"c\"" },
        { "loop", "is:unread query:pool" },
        { "pool", "(query:loop)" },
    };
    static const char *const cases[][2] = {
        { "query:bills x", "(tag:bill or subject:bill) x" },
        { "not (query:bills)", "not ((tag:bill or subject:bill))" },
        { "query:\"a b\"\"c\"", "(from:ana)" },
        { "-query:both", "-((tag:bill or subject:bill) -(from:ana))" },
        { "query:bills query:bills",
          "(tag:bill or subject:bill) (tag:bill or subject:bill)" },
        { "query:other query:", "query:other query:" },
        { "\"query:bills\" e-query:bills", "\"query:bills\" e-query:bills" },
        { "\"open query:bills", "\"open query:bills" },
        { "query:\"open", "query:\"open" },
        { "query:loop", NULL },
        { "x query:pool", NULL },
    };
    Searches *searches = searches_create();

    for (gsize i = 0; i < G_N_ELEMENTS(saved); i++)
        searches_put(searches, saved[i][0], saved[i][1], NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = searches_expand(searches, cases[i][0], &error);

        g_assert_cmpstr(text, ==, cases[i][1]);
        g_assert_true(err_is(error, ERR_USAGE) == (text == NULL));
    }
    searches_destroy(searches);
}

/* Few names may be long together. */
static void
test_too_long(void)
{
    Searches *searches = searches_create();
    g_autoptr(GError) error = NULL;

    searches_put(searches, "0", "from:somebody", NULL);
    for (int i = 1; i < 60; i++) {
        g_autofree char *name = g_strdup_printf("%d", i);
        g_autofree char *query =
            g_strdup_printf("query:%d or query:%d", i - 1, i - 1);

        searches_put(searches, name, query, NULL);
    }
    g_assert_null(searches_expand(searches, "query:59", &error));
    g_assert_true(err_is(error, ERR_USAGE));
    searches_destroy(searches);
}

static void
test_refused(void)
{
    g_autofree char *root = g_dir_make_tmp("posthorn-searches-XXXXXX", NULL);
    Session *session = open_session(root);
    g_autofree char *file = searches_file(session);
    static const char *const wrong[][2] = { { "", "tag:a" },
                                            { "a\nb", "tag:a" },
                                            { "a", "tag:a\ntag:b" } };

    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(
            searches_keep(session, wrong[i][0], wrong[i][1], &error));
        g_assert_true(err_is(error, ERR_USAGE));
    }
    g_assert_false(g_file_test(file, G_FILE_TEST_EXISTS));
    session_destroy(session);
    file_remove_tree(root, NULL);
}

int
main(int argc, char **argv)
{
    mime_init();
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/commands/saved/kept", test_kept);
    g_test_add_func("/commands/saved/expanded", test_expanded);
    g_test_add_func("/commands/saved/too-long", test_too_long);
    g_test_add_func("/commands/saved/refused", test_refused);
    return g_test_run();
}
