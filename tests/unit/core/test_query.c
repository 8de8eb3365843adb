/* What users write in a search, as notmuch takes it. */
#include "query.h"

static StoreFolder all[] = {
    { .name = "INBOX", .path = "work/INBOX", .delimiter = '/' },
    { .name = "Archive", .path = "work/Archive", .delimiter = '/' },
    { .name = "Old.archive", .path = "home/Old/archive", .delimiter = '.' },
    { .name = "Ärger", .path = "home/Ärger", .delimiter = '.' },
    { .name = "a \"b\"", .path = "home/a \"b\"" },
};

static void
test_expand(void)
{
    static const struct {
        const char *query, *wanted;
    } cases[] = {
        { "", "" },
        { "is:unread (has:attachment) auth:fail",
          "tag:unread (tag:attachment) property:posthorn.verdict=fail" },
        { "\"is:unread\" this:is:it", "\"is:unread\" this:is:it" },
        { "folder:work/Archive", "folder:\"work/Archive\"" },
        { "not folder:Archive and x",
          "not (folder:\"work/Archive\" or folder:\"home/Old/archive\") and x" },
        { "(folder:inbox)", "((folder:\"work/INBOX\"))" },
        { "-folder:Old.Archive", "-(folder:\"home/Old/archive\")" },
        { "folder:ÄRGER", "(folder:\"home/Ärger\")" },
        { "folder:\"a \"\"b\"\"\" x", "(folder:\"home/a \"\"b\"\"\") x" },
        { "folder:\"open", "folder:\"open\"" },
        { "folder:nowhere", "folder:\"nowhere\"" },
        { "folder:", "folder:\"\"" },
        { "folder:/work.*/", "folder:/work.*/" },
    };
    g_autoptr(GPtrArray) folders = g_ptr_array_new();

    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        g_ptr_array_add(folders, &all[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = query_expand(cases[i].query, folders);

        g_assert_cmpstr(text, ==, cases[i].wanted);
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

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/query/expand", test_expand);
    g_test_add_func("/core/query/meant", test_meant);
    return g_test_run();
}
