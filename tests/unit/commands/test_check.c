/* `check --online` looks at each server that mail would leave by. */
#include "base/file.h"
#include "commands/commands.h"
#include "core/indexer.h"
#include "core/session.h"
#include "mime/mime.h"

#include <string.h>

static const char config[] = "set dns off\n"
                             "account work {\n"
                             "    address  ana@lindqvist.example\n"
                             "    outgoing sendmail:///bin/true\n"
                             "    identity shop {\n"
                             "        address shop@lindqvist.example\n"
                             "    }\n"
                             "    identity club {\n"
                             "        address  ana@club.example\n"
                             "        outgoing sendmail://%s\n"
                             "    }\n"
                             "}\n"
                             "account home {\n"
                             "    address  ana@home.example\n"
                             "    outgoing sendmail://%s\n"
                             "}\n";

static void
keep_output(const char *bytes, gsize size, void *user)
{
    g_string_append_len(user, bytes, (gssize)size);
}

typedef struct {
    bool done;
    char *trouble;
} Outcome;

static void
ended(CmdContext *context, const GError *error)
{
    Outcome *outcome = context->done_user;

    outcome->done = true;
    outcome->trouble = g_strdup(error ? error->message : NULL);
}

/* What the command prints, and its error or NULL. */
static char *
check(const char *club, const char *home, char **trouble)
{
    g_autofree char *root = g_dir_make_tmp("posthorn-check-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(root, "posthorn.conf", NULL);
    g_autofree char *text = g_strdup_printf(config, club, home);
    g_autoptr(GString) output = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    Session *session = session_create(paths_create_below(root), &error);
    Outcome outcome = { 0 };
    CmdContext context;

    g_assert_no_error(error);
    commands_add(session_table(session));
    g_assert_true(g_file_set_contents_full(file, text, -1, 0, 0600, NULL));
    session_configure(session, file, &error);
    g_assert_no_error(error);
    indexer_disable(session_indexer(session));
    session_open_accounts(session, &error);
    g_assert_no_error(error);
    context = session_context(session, CMD_FROM_SHELL);
    context.out = printer_create(keep_output, output);
    context.done = ended;
    context.done_user = &outcome;
    if (cmd_run(&context, "check --online", &error) != CMD_RUNNING)
        ended(&context, error);
    while (!outcome.done)
        g_main_context_iteration(NULL, TRUE);
    printer_destroy(context.out);
    session_destroy(session);
    file_remove_tree(root, NULL);
    *trouble = outcome.trouble;
    return g_string_free(g_steal_pointer(&output), FALSE);
}

static bool
is_fine(const char *output, const char *name)
{
    g_autofree char *line = g_strdup_printf("\n%s: the servers are fine", name);

    return strstr(output, line) != NULL;
}

static void
test_identity(void)
{
    g_autofree char *trouble = NULL;
    g_autofree char *output = check("/bin/true", "/bin/true", &trouble);

    g_assert_null(trouble);
    g_assert_true(is_fine(output, "work"));
    g_assert_true(is_fine(output, "work/club"));
    g_assert_true(is_fine(output, "home"));
    g_assert_false(is_fine(output, "work/shop"));
}

/* What is wrong is named; the others are looked at all the same (P37). */
static void
test_identity_fails(void)
{
    g_autofree char *trouble = NULL;
    g_autofree char *output = check("/nowhere/mail", "/bin/true", &trouble);

    g_assert_nonnull(trouble);
    g_assert_true(g_str_has_prefix(trouble, "work/club: /nowhere/mail"));
    g_assert_true(is_fine(output, "work"));
    g_assert_false(is_fine(output, "work/club"));
    g_assert_true(is_fine(output, "home"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    g_test_add_func("/commands/check/identity", test_identity);
    g_test_add_func("/commands/check/identity-fails", test_identity_fails);
    return g_test_run();
}
