/* Rules about signers: what is one, how it is written down, what a message may
 * make of them (U6, U9). */
#include "base/err.h"
#include "base/file.h"
#include "cmd/language.h"
#include "commands/commands.h"
#include "core/scene.h"
#include "core/signers.h"
#include "mime/mime.h"

#include <glib/gstdio.h>
#include <string.h>

static const char config[] = "account work {\n"
                             "    address  ana@example.org\n"
                             "    incoming imaps://imap.invalid\n"
                             "}\n";

static void
test_rules(void)
{
    static const struct {
        TrustRuleKind kind;
        const char *from;
        const char *signers;
        const char *line; /* NULL: no rule */
    } list[] = {
        { TRUST_RULE_MUST, "*@bank.example", "bank.example",
          "signers *@bank.example bank.example" },
        { TRUST_RULE_MUST, "bank.example", "bank.example esp.example",
          "signers bank.example bank.example esp.example" },
        { TRUST_RULE_MAY, "list:dev.lists.example", "lists.example",
          "signers --may list:dev.lists.example lists.example" },
        { TRUST_RULE_IGNORE, "old@printer.example", "",
          "signers --ignore old@printer.example" },
        { TRUST_RULE_MUST, "--brand@x.example", "x.example",
          "signers -- --brand@x.example x.example" },
        { TRUST_RULE_MUST, "müller@x.example", "x.example",
          "signers müller@x.example x.example" },
        { TRUST_RULE_MUST, "bank.example", "", NULL },
        { TRUST_RULE_MAY, "bank.example", "", NULL },
        { TRUST_RULE_IGNORE, "bank.example", "bank.example", NULL },
        { TRUST_RULE_IGNORE, "list:dev.lists.example", "", NULL },
        { TRUST_RULE_MUST, "bank", "bank.example", NULL },
        { TRUST_RULE_MUST, "a b@x.example", "x.example", NULL },
        { TRUST_RULE_MUST, "a\nquit@x.example", "x.example", NULL },
        { TRUST_RULE_MUST, "a;quit@x.example", "x.example", NULL },
        { TRUST_RULE_MUST, "a\\b@x.example", "x.example", NULL },
        { TRUST_RULE_MUST, "a\033[2J@x.example", "x.example", NULL },
        { TRUST_RULE_MUST, "a\xe2\x80\xae@x.example", "x.example", NULL },
        { TRUST_RULE_MUST, "a\xff@x.example", "x.example", NULL },
        { TRUST_RULE_MUST, "a@x.example", "$HOME.example", NULL },
    };

    for (guint i = 0; i < G_N_ELEMENTS(list); i++) {
        Signers *signers = signers_create();
        g_auto(GStrv) domains = g_strsplit(list[i].signers, " ", -1);
        TrustRule rule = { list[i].kind, (char *)list[i].from, domains };
        g_autoptr(GError) error = NULL;
        bool added = signers_add(signers, &rule, false, &error);
        g_autoptr(GPtrArray) rules = signers_rules(signers, true);

        g_test_message("%u", i);
        g_assert_true(added == (list[i].line != NULL));
        g_assert_true(added || err_is(error, ERR_USAGE));
        g_assert_cmpuint(rules->len, ==, added);
        if (added) {
            g_autofree char *line = signers_line(g_ptr_array_index(rules, 0));

            g_assert_cmpstr(line, ==, list[i].line);
        }
        signers_destroy(signers);
    }
}

/* Whatever a message calls its sender, the rule is about him alone. */
static void
test_kept(void)
{
    static const char *const good[] = { "a@x.example", "--ignore@x.example",
                                        "x.example", "list:l.x.example" };
    static const char *const bad[] = { "*@x.example", "a?@x.example",
                                       "[a-z]@x.example", "list:a@x.example",
                                       "a\xe2\x80\x8b@x.example" };
    g_autofree char *root = NULL;
    g_autofree char *file = NULL;
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    Session *session = scene_open(config, false, &root);
    g_autoptr(GPtrArray) before = signers_rules(session_signers(session), true);
    g_autoptr(GPtrArray) after = NULL;
    g_autoptr(GPtrArray) again = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
        signers_keep(session, good[i], "x.example", &error);
        g_assert_no_error(error);
    }
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) refused = NULL;

        g_test_message("%s", bad[i]);
        g_assert_false(signers_keep(session, bad[i], "x.example", &refused));
        g_assert_true(err_is(refused, ERR_USAGE));
    }
    after = signers_rules(session_signers(session), true);
    g_assert_cmpuint(after->len, ==, before->len + G_N_ELEMENTS(good));
    session_destroy(session);

    session = session_create(paths_create_below(root), &error);
    g_assert_no_error(error);
    cmd_table_add(session_table(session), cmd_builtins);
    cmd_table_add(session_table(session), commands_signers);
    file = g_build_filename(root, "posthorn.conf", NULL);
    session_configure(session, file, &error);
    g_assert_no_error(error);
    again = signers_rules(session_signers(session), false);
    g_assert_cmpuint(again->len, ==, G_N_ELEMENTS(good));
    for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
        const TrustRule *rule = g_ptr_array_index(again, i);

        g_assert_cmpstr(rule->from, ==, good[i]);
        g_assert_cmpint(rule->kind, ==, TRUST_RULE_MUST);
    }
    session_destroy(session);
    file_remove_tree(root, NULL);
}

/* What cannot be written down does not count either. */
static void
test_not_written(void)
{
    g_autofree char *root = NULL;
    g_autoptr(GError) error = NULL;
    Session *session = scene_open(config, false, &root);
    g_autofree char *file = signers_file(session);
    g_autoptr(GPtrArray) before = signers_rules(session_signers(session), true);
    g_autoptr(GPtrArray) after = NULL;

    g_assert_cmpint(g_mkdir(file, 0700), ==, 0);
    g_assert_false(signers_keep(session, "a@x.example", "x.example", &error));
    g_assert_true(err_is(error, ERR_LOCAL));
    after = signers_rules(session_signers(session), true);
    g_assert_cmpuint(after->len, ==, before->len);
    session_destroy(session);
    file_remove_tree(root, NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    g_test_add_func("/commands/signers/U6-rules", test_rules);
    g_test_add_func("/commands/signers/U9-kept", test_kept);
    g_test_add_func("/commands/signers/not-written", test_not_written);
    return g_test_run();
}
