/* Completion by table and type. Candidates are shown joined by blanks. */
#include "cmd/complete.h"

#include "base/file.h"
#include "cmd/language.h"
#include "tell.h"

#include <string.h>
#include <unistd.h>

static const char *const themes[] = { "auto", "dark", "light", NULL };
static const OptionEntry table_of_options[] = {
    { .name = "theme",
      .type = CMD_CHOICE,
      .scope = OPTION_GLOBAL,
      .fallback = "auto",
      .choices = themes,
      .text = "Colours." },
    { .name = "thread",
      .type = CMD_BOOL,
      .scope = OPTION_GLOBAL,
      .fallback = "on",
      .text = "Threads." },
    { .name = NULL },
};
static const char *const events[] = { "message-arrived", "message-sent",
                                      "startup", NULL };

static CmdResult
nothing(CmdCall *call)
{
    return CMD_DONE;
}

static const CmdEntry entry_move = {
    .name = "move",
    .help = "Move messages",
    .exec = nothing,
    .flags = { { "query", 'q', CMD_QUERY, NULL, "which" },
               { "quiet", 0, CMD_BOOL, NULL, "say nothing" },
               { "to", 't', CMD_ADDRESS, NULL, "whom" } },
    .args = { { "FOLDER", CMD_FOLDER, NULL, false, false } },
};
static const CmdEntry entry_tag = {
    .name = "tag",
    .help = "Tags",
    .exec = nothing,
    .args = { { "TAG", CMD_TAG, NULL, false, true } },
};
static const CmdEntry entry_remove = { .name = "remove",
                                       .help = "Remove",
                                       .exec = nothing };
static const CmdEntry *const more[] = { &entry_move, &entry_tag, &entry_remove,
                                        NULL };

static CmdTable *table;
static Options *options;
static Keys *keys;

static void
values(CmdType type, const char *prefix, GPtrArray *candidates, void *user)
{
    static const char *const folders[] = { "work/INBOX", "work/My Mail",
                                           "home/INBOX", NULL };
    static const char *const tags[] = { "todo", "travel", "flagged", NULL };
    static const char *const addresses[] = { "ana@x", "ben@x", NULL };
    const char *const *all = type == CMD_FOLDER    ? folders
                             : type == CMD_TAG     ? tags
                             : type == CMD_ADDRESS ? addresses
                                                   : NULL;

    for (; all && *all; all++)
        if (g_str_has_prefix(*all, prefix))
            cmd_candidates_add(candidates, *all, "help");
}

/* The cursor stands at "^", or at the end. */
static char *
complete(const char *typed, gsize *start)
{
    CmdCompletion completion = { .table = table,
                                 .options = options,
                                 .keys = keys,
                                 .key_context = "list",
                                 .events = events,
                                 .values = values };
    gsize cursor = strcspn(typed, "^");
    g_autofree char *line = g_strndup(typed, cursor);
    g_autofree char *whole =
        g_strconcat(line, typed[cursor] ? typed + cursor + 1 : "", NULL);
    g_autoptr(GPtrArray) found =
        cmd_complete(&completion, whole, cursor, start);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < found->len; i++)
        g_string_append_printf(text, "%s%s", i ? " " : "",
                               ((CmdCandidate *)found->pdata[i])->text);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void
test_table(void)
{
    static const struct {
        const char *typed;
        gsize start;
        const char *found;
    } rows[] = {
        { "mo", 0, "move remove" }, /* begins before contains */
        { "mo^ve x", 0, "move remove" },
        { "echo a; mo", 8, "move remove" },
        { "hook startup { mo", 15, "move remove" },
        { "zzz", 0, "" },
        { "move --q", 5, "--query --quiet" },
        { "move --quiet wo", 13, "work/INBOX \"work/My Mail\"" },
        { "move \"work/My", 5, "\"work/My Mail\"" },
        { "move 'work/M", 5, "\"work/My Mail\"" },
        { "move work/INBOX ", 16, "" },
        { "move --to ", 10, "ana@x ben@x" },
        { "move -t a", 8, "ana@x" },
        { "move --to=b", 5, "--to=ben@x" },
        { "move -- --q", 8, "" },
        { "tag +t", 4, "+todo +travel" },
        { "tag -t", 4, "-todo -travel" },
        { "tag +todo -f", 10, "-flagged" },
        { "tag tr", 4, "+travel" },
        { "set th", 4, "theme thread" },
        { "set theme ", 10, "auto dark light" },
        { "set thread o", 11, "on off" },
        { "hook message-", 5, "message-arrived message-sent" },
        { "unknown x", 8, "" },
        { "move \"open quote ; mo", 5, "" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        gsize start = 0;
        g_autofree char *found = complete(rows[i].typed, &start);

        tell(rows[i].typed);
        g_assert_cmpstr(found, ==, rows[i].found);
        g_assert_cmpuint(start, ==, rows[i].start);
    }
}

/* Whatever is typed, wherever the cursor is. */
static void
test_random(void)
{
    static const char *const pieces[] = { "move", " ",   "--to", "=",   "\"",
                                          "'",    "{",   "}",    ";",   "#",
                                          "\\",   "$x",  "-",    "set", "tag",
                                          "+t",   "\n",  "ü",    "--",  "\xff",
                                          "exec", "bind" };
    g_autoptr(GRand) random = g_rand_new_with_seed(12);

    for (int i = 0; i < 20000; i++) {
        g_autoptr(GString) line = g_string_new(NULL);
        int count = g_rand_int_range(random, 0, 9);
        gsize start = 0;

        for (int j = 0; j < count; j++)
            g_string_append(
                line,
                pieces[g_rand_int_range(random, 0, G_N_ELEMENTS(pieces))]);
        g_autofree char *found = complete(line->str, &start);
        g_assert_nonnull(found);
        g_assert_cmpuint(start, <=, line->len);
    }
}

static void
test_paths(void)
{
    g_autofree char *folder = g_dir_make_tmp("posthorn-test-XXXXXX", NULL);
    g_autofree char *one = g_build_filename(folder, "one file", NULL);
    g_autofree char *two = g_build_filename(folder, "onward", NULL);
    g_autofree char *hidden = g_build_filename(folder, ".on", NULL);
    g_autofree char *typed = g_strdup_printf("source %s/on", folder);
    g_autofree char *wanted =
        g_strdup_printf("\"%s/one file\" %s/onward/", folder, folder);
    gsize start = 0;

    file_write_atomic(one, "", 0, NULL);
    file_write_atomic(hidden, "", 0, NULL);
    file_mkdir(two, NULL);
    g_autofree char *found = complete(typed, &start);
    g_assert_cmpstr(found, ==, wanted);
    g_assert_cmpuint(start, ==, 7);
    file_remove_tree(folder, NULL);
}

static void
test_help_and_key(void)
{
    CmdCompletion completion = { .table = table,
                                 .keys = keys,
                                 .key_context = "list" };
    KeyBinding what = { .command = "move" };
    g_autoptr(GPtrArray) found = NULL;
    const CmdCandidate *candidate;
    gsize start;

    keys_bind(keys, "list", "s", &what, NULL);
    found = cmd_complete(&completion, "mov", 3, &start);
    candidate = found->pdata[0];
    g_assert_cmpstr(candidate->help, ==, "Move messages");
    g_assert_cmpstr(candidate->key, ==, "s");
}

static void
test_common(void)
{
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    CmdCompletion completion = { .table = table, .options = options };
    g_autoptr(GPtrArray) found = NULL;
    gsize start;

    g_autofree char *empty = cmd_candidates_common(none);
    g_assert_cmpstr(empty, ==, "");
    found = cmd_complete(&completion, "set t", 5, &start);
    g_autofree char *common = cmd_candidates_common(found);
    g_assert_cmpstr(common, ==, "th");
}

int
main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    table = cmd_table_create();
    cmd_table_add(table, cmd_builtins);
    cmd_table_add(table, more);
    options = options_create(table_of_options);
    keys = keys_create();
    g_test_add_func("/cmd/complete/table", test_table);
    g_test_add_func("/cmd/complete/random", test_random);
    g_test_add_func("/cmd/complete/paths", test_paths);
    g_test_add_func("/cmd/complete/help-and-key", test_help_and_key);
    g_test_add_func("/cmd/complete/common", test_common);
    status = g_test_run();
    keys_destroy(keys);
    options_destroy(options);
    cmd_table_destroy(table);
    return status;
}
