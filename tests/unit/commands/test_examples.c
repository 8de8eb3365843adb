/* Whatever `help` shows as a configuration is one. */
#include "base/file.h"
#include "commands/commands.h"
#include "core/indexer.h"
#include "core/session.h"

static Session *
create(const char *root)
{
    g_autoptr(GError) error = NULL;
    Session *session = session_create(paths_create_below(root), &error);

    g_assert_no_error(error);
    commands_add(session_table(session));
    indexer_disable(session_indexer(session));
    return session;
}

static void
configure(const char *root, const char *text)
{
    g_autofree char *file = g_build_filename(root, "posthorn.conf", NULL);
    g_autoptr(GError) error = NULL;
    Session *session = create(root);

    g_assert_true(g_file_set_contents_full(
        file, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
    session_configure(session, file, &error);
    g_assert_no_error(error);
    session_destroy(session);
}

static void
test_examples(void)
{
    g_autofree char *root = g_dir_make_tmp("posthorn-examples-XXXXXX", NULL);
    Session *session = create(root);
    g_autofree const CmdEntry **all = cmd_table_all(session_table(session));
    g_autoptr(GPtrArray) examples = g_ptr_array_new();

    for (const CmdEntry **entry = all; *entry; entry++)
        if ((*entry)->example)
            g_ptr_array_add(examples, (char *)(*entry)->example);
    session_destroy(session);
    g_assert_cmpuint(examples->len, >=, 3);
    for (guint i = 0; i < examples->len; i++)
        configure(root, examples->pdata[i]);
    file_remove_tree(root, NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/commands/examples", test_examples);
    return g_test_run();
}
