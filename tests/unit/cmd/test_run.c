/* Commands: flags and arguments sorted and checked, lines run one after the
 * other, errors that name place and nearest name, commands that end later. */
#include "cmd/cmd.h"

#include "base/err.h"

#include <string.h>

static GString *seen; /* what commands were called with */
static CmdCall *held; /* by `later` */

static CmdResult
note_exec(CmdCall *call)
{
    g_string_append(seen, cmd_entry(call)->name);
    if (cmd_has(call, "json"))
        g_string_append(seen, " json");
    if (cmd_has(call, "to"))
        for (const char *const *to = cmd_flag_all(call, "to"); *to; to++)
            g_string_append_printf(seen, " to=%s", *to);
    if (cmd_has(call, "number"))
        g_string_append_printf(seen, " n=%" G_GINT64_FORMAT,
                               cmd_flag_int(call, "number", -1));
    if (cmd_arg(call, 0))
        g_string_append_printf(seen, " %s", cmd_arg(call, 0));
    for (const char *const *word = cmd_rest(call); *word; word++)
        g_string_append_printf(seen, " +%s", *word);
    g_string_append(seen, "\n");
    return CMD_DONE;
}

static CmdResult
fail_exec(CmdCall *call)
{
    return cmd_fail_usage(call, "%s did not work", cmd_entry(call)->name);
}

static CmdResult
later_exec(CmdCall *call)
{
    held = cmd_hold(call);
    return CMD_RUNNING;
}

/* Ends inside its own function, as a command does whose answer was at hand. */
static CmdResult
atonce_exec(CmdCall *call)
{
    GError *error = NULL;

    cmd_hold(call);
    if (cmd_has(call, "fail"))
        err_set(&error, ERR_REFUSED, "refused at once");
    cmd_finish(call, error);
    return CMD_RUNNING;
}

static const CmdEntry note = {
    .name = "note",
    .alias = "n",
    .help = "Note",
    .group = "test",
    .flags = { { "json", 'j', CMD_BOOL, NULL, NULL },
               { "to", 't', CMD_ADDRESS, NULL, NULL },
               { "number", 0, CMD_INT, NULL, NULL } },
    .args = { { "FIRST", CMD_STRING, NULL, true, false },
              { "REST", CMD_STRING, NULL, true, true } },
    .exec = note_exec,
};
static const CmdEntry tags = {
    .name = "tags",
    .help = "Tags",
    .group = "test",
    .args = { { "TAG", CMD_TAG, NULL, false, true } },
    .exec = note_exec,
};
static const CmdEntry path = {
    .name = "path",
    .help = "Path",
    .group = "test",
    .args = { { "FILE", CMD_PATH, NULL, false, false } },
    .exec = note_exec,
};
static const CmdEntry entry_fail = { .name = "fail",
                                     .help = "Fail",
                                     .exec = fail_exec };
static const CmdEntry later = { .name = "later",
                                .help = "Later",
                                .exec = later_exec };
static const CmdEntry atonce = {
    .name = "atonce",
    .help = "At once",
    .flags = { { "fail", 0, CMD_BOOL, NULL, NULL } },
    .exec = atonce_exec,
};
static const CmdEntry *const entries[] = { &note,  &tags,   &path, &entry_fail,
                                           &later, &atonce, NULL };

static CmdTable *table;

typedef struct {
    int calls;
    char *message;
} Done;

static void
done(CmdContext *context, const GError *error)
{
    Done *to = context->done_user;

    to->calls++;
    g_free(to->message);
    to->message = error ? g_strdup(error->message) : NULL;
}

static CmdContext
context_for(Done *to)
{
    return (CmdContext){
        .table = table, .file = "f", .done = done, .done_user = to
    };
}

static void
test_words(void)
{
    static const struct {
        const char *text, *seen;
    } rows[] = {
        { "note", "note\n" },
        { "n", "note\n" },
        { "note --json", "note json\n" },
        { "note -j a b c", "note json a +b +c\n" },
        { "note a -j b", "note json a +b\n" },
        { "note --to=x --to y -tz -jt w", "note json to=x to=y to=z to=w\n" },
        { "note --number -5", "note n=-5\n" },
        { "note -- -j --to", "note -j +--to\n" },
        { "note '-j'", "note -j\n" },
        { "note - \"\"", "note - +\n" },
        { "note --to ''", "note to=\n" },
        { "tags +a -todo", "tags ++a +-todo\n" },
        { "note 1; note 2\nnote 3", "note 1\nnote 2\nnote 3\n" },
        { "path /x/y", "path /x/y\n" },
        { "path x/y", "path /home/me/x/y\n" },
        { "path -", "path -\n" },
    };
    Done to = { 0 };
    CmdContext context = context_for(&to);

    context.folder = "/home/me";
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;

        g_string_truncate(seen, 0);
        g_assert_cmpint(cmd_run(&context, rows[i].text, &error), ==, CMD_DONE);
        g_assert_no_error(error);
        g_assert_cmpstr(seen->str, ==, rows[i].seen);
    }
    g_assert_cmpint(to.calls, ==, 0);
}

static void
test_errors(void)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        { "noet", "f:1:1: there is no command noet: did you mean note?" },
        { "a\n", "f:1:1: there is no command a: did you mean n?" },
        { "note\n  zzzzzzzz",
          "f:2:3: there is no command zzzzzzzz: `posthorn help` lists them" },
        { "note --jsno", "f:1:1: note has no --jsno: did you mean --json?" },
        { "note -x", "f:1:1: note has no -x: " },
        { "note --json=1", "f:1:1: note --json takes no value" },
        { "note --to", "f:1:1: note --to needs a value: ADDRESS" },
        { "note --number x", "f:1:1: note --number takes a number, not x" },
        { "tags", "f:1:1: tags needs TAG: tags TAG…" },
        { "path a b", "f:1:1: path does not take \"b\": see `help path`" },
        { "note { x }", "f:1:1: note takes no { block }" },
        { "{ x }", "f:1:1: a block stands where a command should" },
        { "note \"", "f:1:6: a quote is open" },
        { "note 1;\n fail; note 2", "f:2:2: fail did not work" },
        { "note 1\n\xff", "f:2: this is not UTF-8" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        Done to = { 0 };
        CmdContext context = context_for(&to);
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(cmd_run(&context, rows[i].text, &error), ==,
                        CMD_FAILED);
        g_test_message("%s", error->message);
        g_assert_true(g_str_has_prefix(error->message, rows[i].message));
        g_assert_true(err_is(error, ERR_USAGE));
        g_assert_cmpint(to.calls, ==, 0);
    }
}

/* The first that fails ends the line. */
static void
test_stops(void)
{
    Done to = { 0 };
    CmdContext context = context_for(&to);

    g_string_truncate(seen, 0);
    g_assert_cmpint(cmd_run(&context, "note 1; fail; note 2", NULL), ==,
                    CMD_FAILED);
    g_assert_cmpstr(seen->str, ==, "note 1\n");
}

static void
test_later(void)
{
    Done to = { 0 };
    CmdContext context = context_for(&to);
    GError *error = NULL;

    g_string_truncate(seen, 0);
    g_assert_cmpint(cmd_run(&context, "later; note 1; later; note 2", NULL), ==,
                    CMD_RUNNING);
    g_assert_cmpstr(seen->str, ==, "");
    cmd_finish(held, NULL);
    g_assert_cmpstr(seen->str, ==, "note 1\n");
    g_assert_cmpint(to.calls, ==, 0);
    cmd_finish(held, NULL);
    g_assert_cmpstr(seen->str, ==, "note 1\nnote 2\n");
    g_assert_cmpint(to.calls, ==, 1);
    g_assert_null(to.message);

    g_assert_cmpint(cmd_run(&context, "later; note 3", NULL), ==, CMD_RUNNING);
    err_set(&error, ERR_REFUSED, "no");
    cmd_finish(held, error);
    g_assert_cmpint(to.calls, ==, 2);
    g_assert_cmpstr(to.message, ==, "no");
    g_assert_null(strstr(seen->str, "note 3"));

    /* what follows one that ended later fails */
    g_assert_cmpint(cmd_run(&context, "later; fail", NULL), ==, CMD_RUNNING);
    cmd_finish(held, NULL);
    g_assert_cmpint(to.calls, ==, 3);
    g_assert_nonnull(strstr(to.message, "fail did not work"));
    g_free(to.message);
}

static void
test_at_once(void)
{
    Done to = { 0 };
    CmdContext context = context_for(&to);
    g_autoptr(GError) error = NULL;

    g_string_truncate(seen, 0);
    g_assert_cmpint(cmd_run(&context, "atonce; note 1", NULL), ==, CMD_DONE);
    g_assert_cmpstr(seen->str, ==, "note 1\n");
    g_assert_cmpint(cmd_run(&context, "atonce --fail; note 2", &error), ==,
                    CMD_FAILED);
    g_assert_nonnull(strstr(error->message, "refused at once"));
    g_assert_cmpint(to.calls, ==, 0);
}

/* Words from a shell are words, whatever is in them. */
static void
test_argv(void)
{
    Done to = { 0 };
    CmdContext context = context_for(&to);
    const char *plain[] = { "note", "--to=a b", "x;y", "\"$z\" {",
                            "\n",   "",         NULL };
    const char *unknown[] = { "noet", NULL };
    const char *none[] = { NULL };
    g_autoptr(GError) error = NULL;

    context.file = NULL;
    g_string_truncate(seen, 0);
    g_assert_cmpint(cmd_run_argv(&context, plain, NULL), ==, CMD_DONE);
    g_assert_cmpstr(seen->str, ==, "note to=a b x;y +\"$z\" { +\n +\n");
    g_assert_cmpint(cmd_run_argv(&context, unknown, &error), ==, CMD_FAILED);
    g_assert_cmpstr(error->message, ==,
                    "there is no command noet: did you mean note?");
    g_assert_cmpint(cmd_run_argv(&context, none, NULL), ==, CMD_DONE);
}

static void
test_usage(void)
{
    g_autofree char *usage = cmd_usage(&note);

    g_assert_cmpstr(usage, ==,
                    "note [--json] [--to ADDRESS] "
                    "[--number NUMBER] [FIRST] [REST]…");
}

static void
test_name_twice(void)
{
    if (g_test_subprocess()) {
        static const CmdEntry *const again[] = { &note, NULL };

        cmd_table_add(table, again);
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_failed();
}

int
main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    seen = g_string_new(NULL);
    table = cmd_table_create();
    cmd_table_add(table, entries);
    g_test_add_func("/cmd/run/words", test_words);
    g_test_add_func("/cmd/run/errors", test_errors);
    g_test_add_func("/cmd/run/stops", test_stops);
    g_test_add_func("/cmd/run/later", test_later);
    g_test_add_func("/cmd/run/at-once", test_at_once);
    g_test_add_func("/cmd/run/argv", test_argv);
    g_test_add_func("/cmd/run/usage", test_usage);
    g_test_add_func("/cmd/run/name-twice", test_name_twice);
    status = g_test_run();
    cmd_table_destroy(table);
    g_string_free(seen, TRUE);
    return status;
}
