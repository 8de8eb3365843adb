/* Options with their scopes, keys with their prefixes, and the commands of the
 * language itself. */
#include "cmd/language.h"

#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "cmd/value.h"

#include <string.h>

static const char *const themes[] = { "auto", "dark", "light", NULL };
static const OptionEntry table_of_options[] = {
    { .name = "theme",
      .type = CMD_CHOICE,
      .scope = OPTION_GLOBAL,
      .fallback = "auto",
      .choices = themes,
      .text = "Colours." },
    { .name = "wrap",
      .type = CMD_BOOL,
      .scope = OPTION_FOLDER,
      .fallback = "on",
      .text = "Wrap." },
    { .name = "name",
      .type = CMD_STRING,
      .scope = OPTION_ACCOUNT,
      .text = "Name." },
    { .name = "address",
      .type = CMD_ADDRESS,
      .scope = OPTION_ACCOUNT_ONLY,
      .text = "Address." },
    { .name = "password",
      .type = CMD_STRING,
      .scope = OPTION_ACCOUNT_ONLY,
      .secret = true,
      .text = "Password." },
    { .name = "auth",
      .type = CMD_STRING,
      .scope = OPTION_ACCOUNT_ONLY,
      .fallback = "auto",
      .text = "Login." },
    { .name = "columns",
      .type = CMD_INT,
      .scope = OPTION_GLOBAL,
      .fallback = "72",
      .min = 20,
      .max = 200,
      .text = "Columns." },
    { .name = "hook-timeout",
      .type = CMD_DURATION,
      .scope = OPTION_GLOBAL,
      .fallback = "30s",
      .text = "Time." },
    { .name = NULL },
};
static const char *const events[] = { "message-arrived", "before-send", NULL };

typedef struct {
    CmdTable *table;
    Options *options;
    Keys *keys;
    Hooks *hooks;
    CmdLanguage *language;
    GString *output;
    Printer *out;
    CmdContext context;
} World;

static void
collect(const char *bytes, gsize size, void *user)
{
    g_string_append_len(user, bytes, (gssize)size);
}

static CmdResult
nothing_exec(CmdCall *call)
{
    return CMD_DONE;
}

static CmdResult
never_exec(CmdCall *call)
{
    return cmd_finish(cmd_hold(call), NULL), CMD_RUNNING;
}

static const CmdEntry open_entry = {
    .name = "open",
    .help = "Open",
    .exec = nothing_exec,
    .flags = { { "query", 'q', CMD_QUERY, NULL, NULL } },
};
static const CmdEntry g_entry = { .name = "w",
                                  .help = "One letter",
                                  .exec = never_exec };
static const CmdEntry *const more[] = { &open_entry, &g_entry, NULL };

static void
set_up(World *world, gconstpointer data)
{
    HookParams params = { .events = events };

    world->table = cmd_table_create();
    cmd_table_add(world->table, cmd_builtins);
    cmd_table_add(world->table, more);
    world->options = options_create(table_of_options);
    world->keys = keys_create();
    world->hooks = hooks_create(&params);
    world->language =
        cmd_language_create(world->options, world->keys, world->hooks);
    world->output = g_string_new(NULL);
    world->out = printer_create(collect, world->output);
    world->context = (CmdContext){ .table = world->table,
                                   .language = world->language,
                                   .out = world->out,
                                   .file = "f" };
}

static void
tear_down(World *world, gconstpointer data)
{
    printer_destroy(world->out);
    g_string_free(world->output, TRUE);
    cmd_language_destroy(world->language);
    hooks_destroy(world->hooks);
    keys_destroy(world->keys);
    options_destroy(world->options);
    cmd_table_destroy(world->table);
}

static void
ok(World *world, const char *text)
{
    g_autoptr(GError) error = NULL;
    CmdResult result = cmd_run(&world->context, text, &error);

    g_assert_no_error(error);
    g_assert_cmpint(result, ==, CMD_DONE);
}

static void
refused(World *world, const char *text, const char *message)
{
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(cmd_run(&world->context, text, &error), ==, CMD_FAILED);
    g_assert_cmpstr(error->message, ==, message);
    g_assert_true(err_is(error, ERR_USAGE));
}

static const char *
value(World *world, const char *name, const char *account, const char *folder)
{
    return options_get(world->options, name, account, folder);
}

static void
test_scopes(World *world, gconstpointer data)
{
    g_autofree const char **accounts = NULL;

    ok(world, "set name Ana\n"
              "account work { name \"Ana Novak\"; address ana@x\n"
              "  set wrap off; folder INBOX { wrap on } }\n"
              "account home { address ana@home }\n"
              "folder lists { wrap off }\n");
    g_assert_cmpstr(value(world, "name", NULL, NULL), ==, "Ana");
    g_assert_cmpstr(value(world, "name", "work", NULL), ==, "Ana Novak");
    g_assert_cmpstr(value(world, "name", "home", NULL), ==, "Ana");
    g_assert_cmpstr(value(world, "address", "home", NULL), ==, "ana@home");
    g_assert_cmpstr(value(world, "wrap", NULL, NULL), ==, "on");
    g_assert_cmpstr(value(world, "wrap", "work", NULL), ==, "off");
    g_assert_cmpstr(value(world, "wrap", "work", "INBOX"), ==, "on");
    g_assert_cmpstr(value(world, "wrap", "work", "other"), ==, "off");
    g_assert_cmpstr(value(world, "wrap", "home", "lists"), ==, "off");
    g_assert_cmpstr(value(world, "wrap", "home", "INBOX"), ==, "on");
    accounts = options_accounts(world->options);
    g_assert_cmpstr(accounts[0], ==, "work");
    g_assert_cmpstr(accounts[1], ==, "home");
    g_assert_null(accounts[2]);
    ok(world, "unset name; account work { unset name }");
    g_assert_null(value(world, "name", "work", NULL));
}

static void
test_refusals(World *world, gconstpointer data)
{
    refused(world, "set thme dark",
            "f:1:1: there is no option thme: did you mean theme?");
    refused(world, "set theme drak",
            "f:1:1: theme takes one of auto, dark, light, not \"drak\"");
    refused(world, "set columns 7", "f:1:1: columns takes 20 to 200");
    refused(world, "set wrap maybe",
            "f:1:1: wrap takes on or off, not \"maybe\"");
    refused(world, "set address a@x",
            "f:1:1: address belongs into an "
            "account NAME { … } block");
    refused(world, "account a {\n theme dark\n}",
            "f:2:2: theme is "
            "one for the whole program: set it outside of account and folder "
            "blocks");
    refused(world, "account a { account b { } }",
            "f:1:13: account b stands inside another account");
    refused(world, "account a { adress x }",
            "f:1:13: there is no "
            "option adress: did you mean address?");
    refused(world, "hook message-arived { }",
            "f:1:1: there is no event "
            "message-arived: did you mean message-arrived?");
    refused(world, "bind list g ", "f:1:1: bind list g: which command?");
    refused(world, "toggle columns",
            "f:1:1: columns has no choices to go "
            "through: use set");
    g_assert_cmpstr(value(world, "theme", NULL, NULL), ==, "auto");
}

static void
test_toggle(World *world, gconstpointer data)
{
    ok(world, "toggle wrap");
    g_assert_false(options_bool(world->options, "wrap", NULL));
    ok(world, "toggle wrap");
    g_assert_true(options_bool(world->options, "wrap", NULL));
    ok(world, "toggle theme; toggle theme");
    g_assert_cmpstr(value(world, "theme", NULL, NULL), ==, "light");
    ok(world, "toggle theme");
    g_assert_cmpstr(value(world, "theme", NULL, NULL), ==, "auto");
}

/* A secret is neither shown nor logged (promise P53). */
static void
find_secret(const LogLine *line, void *user)
{
    g_assert_null(strstr(line->text, "s3cr3t"));
}

static void
test_secret(World *world, gconstpointer data)
{
    ok(world, "account work { password s3cr3t-word }");
    log_add(LOG_DEBUG, "work", "C: LOGIN ana s3cr3t-word");
    log_each(find_secret, NULL);
    ok(world, "config; config --changed; config --json");
    g_assert_null(strstr(world->output->str, "s3cr3t"));
    g_assert_nonnull(strstr(world->output->str, "•••"));
}

static void
test_config(World *world, gconstpointer data)
{
    ok(world, "set theme dark; account work { name \"A B\" }\n"
              "config --changed");
    g_assert_cmpstr(world->output->str, ==,
                    "set theme dark\naccount work { name \"A B\" }\n");
    /* what is written can be read */
    ok(world, "unset theme");
    g_autofree char *written = g_strdup(world->output->str);
    ok(world, written);
    g_assert_cmpstr(value(world, "theme", NULL, NULL), ==, "dark");
    g_string_truncate(world->output, 0);
    ok(world, "config --defaults");
    g_assert_nonnull(strstr(world->output->str, "set theme auto\n"));
    g_assert_nonnull(strstr(world->output->str, "# Colours.\n"));
    ok(world, world->output->str);
    g_string_truncate(world->output, 0);
    ok(world, "config --json");
    g_autoptr(JsonNode) root = json_from_string(world->output->str, NULL);
    g_assert_nonnull(root);
    g_assert_nonnull(strstr(world->output->str, "\"work\" : \"A B\""));
}

static void
count(const char *name, void *user)
{
    g_string_append_printf(user, "%s ", name);
}

static void
test_listen(World *world, gconstpointer data)
{
    g_autoptr(GString) heard = g_string_new(NULL);

    options_listen(world->options, count, heard);
    ok(world, "set theme dark; unset theme; unset theme");
    g_assert_cmpstr(heard->str, ==, "theme theme ");
}

static void
test_bind(World *world, gconstpointer data)
{
    KeyBinding binding;
    g_autoptr(GArray) list = NULL;

    ok(world, "bind list g i open --query 'folder:work/INBOX'\n"
              "bind --help \"To the top\" --group Move list g g 'open; open'\n"
              "bind global ^R open\n"
              "bind list w x open\n" /* w is a command, but the first word */
              "bind list x w open\n" /* here it begins the command */
              "bind list \"z z\" open\n");
    g_assert_cmpint(keys_match(world->keys, "list", "g i", &binding), ==,
                    KEYS_FOUND);
    g_assert_cmpstr(binding.command, ==, "open --query folder:work/INBOX");
    g_assert_cmpint(keys_match(world->keys, "list", "g g", &binding), ==,
                    KEYS_FOUND);
    g_assert_cmpstr(binding.command, ==, "open; open");
    g_assert_cmpstr(binding.help, ==, "To the top");
    g_assert_cmpstr(binding.group, ==, "Move");
    g_assert_cmpint(keys_match(world->keys, "list", "g", &binding), ==,
                    KEYS_PREFIX);
    g_assert_cmpint(keys_match(world->keys, "list", "^R", &binding), ==,
                    KEYS_FOUND); /* of global */
    g_assert_cmpint(keys_match(world->keys, "list", "w x", &binding), ==,
                    KEYS_FOUND);
    g_assert_cmpint(keys_match(world->keys, "list", "x", &binding), ==,
                    KEYS_FOUND);
    g_assert_cmpstr(binding.command, ==, "w open");
    g_assert_cmpint(keys_match(world->keys, "list", "z z", &binding), ==,
                    KEYS_FOUND);
    g_assert_cmpint(keys_match(world->keys, "other", "g", &binding), ==,
                    KEYS_NONE);
    list = keys_list(world->keys, "list", "g");
    g_assert_cmpuint(list->len, ==, 2);
    g_assert_cmpstr(keys_for(world->keys, "list", "open; open"), ==, "g g");
}

/* As default.conf is: bound when a key is first asked for, below what the user
 * bound before that, and once. */
typedef struct {
    World *world;
    int times;
} Filled;

static void
fill(void *user)
{
    Filled *filled = user;

    filled->times++;
    ok(filled->world, "bind list a open; bind list b open; bind other c open");
}

static void
test_keys_later(World *world, gconstpointer data)
{
    Filled filled = { world, 0 };
    KeyBinding binding;
    g_autoptr(GArray) list = NULL;

    keys_fill_later(world->keys, fill, &filled);
    keys_set_layer(world->keys, KEYS_USER);
    ok(world, "bind list a open mine; bind list d open");
    g_assert_cmpint(filled.times, ==, 0);
    ok(world, "unbind list b");
    g_assert_cmpint(filled.times, ==, 1);
    g_assert_cmpint(keys_match(world->keys, "list", "b", &binding), ==,
                    KEYS_NONE);
    g_assert_cmpint(keys_match(world->keys, "other", "c", &binding), ==,
                    KEYS_FOUND);
    g_assert_cmpint(keys_match(world->keys, "list", "a", &binding), ==,
                    KEYS_FOUND);
    g_assert_cmpstr(binding.command, ==, "open mine");
    ok(world, "bind list e open"); /* the user's layer again */
    keys_clear_layer(world->keys, KEYS_USER);
    list = keys_list(world->keys, "list", "");
    g_assert_cmpuint(list->len, ==, 1);
    binding = g_array_index(list, KeyBinding, 0);
    g_assert_cmpstr(binding.command, ==, "open");
    g_assert_cmpint(filled.times, ==, 1);
}

/* Whoever asks first, and the defaults stand before what the user bound. */
static void
test_keys_later_asked(World *world, gconstpointer data)
{
    for (int who = 0; who < 4; who++) {
        Filled filled = { world, 0 };
        g_autoptr(GArray) list = NULL;
        g_autofree const char **contexts = NULL;
        KeyBinding binding;

        for (int layer = 0; layer < KEYS_LAYERS; layer++)
            keys_clear_layer(world->keys, (KeysLayer)layer);
        keys_fill_later(world->keys, fill, &filled);
        keys_set_layer(world->keys, KEYS_USER);
        ok(world, "bind zone z open; bind list d open");
        if (who == 0)
            g_assert_cmpint(keys_match(world->keys, "list", "b", &binding), ==,
                            KEYS_FOUND);
        if (who == 1)
            g_assert_cmpstr(keys_for(world->keys, "other", "open"), ==, "c");
        if (who == 2) {
            list = keys_list(world->keys, "list", "");
            g_assert_cmpuint(list->len, ==, 3);
            g_assert_cmpstr(g_array_index(list, KeyBinding, 2).sequence, ==,
                            "d");
        }
        contexts = keys_contexts(world->keys);
        g_assert_cmpstr(contexts[0], ==, "list");
        g_assert_cmpstr(contexts[2], ==, "zone");
        g_assert_cmpint(filled.times, ==, 1);
    }
}

static void
test_keys_refused(World *world, gconstpointer data)
{
    static const char *const names[] = { "",     "gg", "^r",   "Ctrl-R",
                                         "F13",  "F0", "F1x",  "Alt-",
                                         "\xf0", " ",  "\033", "space",
                                         NULL };
    static const char *const good[] = { "a",   "A",     "^R",    "Enter", "F12",
                                        "Tab", "S-Tab", "Alt-1", "ü",     "^[",
                                        "F1",  ";",     "日",    NULL };
    KeyBinding what = { .command = "open" };
    g_autoptr(GError) error = NULL;

    for (const char *const *name = names; *name; name++)
        g_assert_false(keys_is_name(*name));
    for (const char *const *name = good; *name; name++)
        g_assert_true(keys_is_name(*name));
    g_assert_true(keys_bind(world->keys, "list", "g i", &what, &error));
    g_assert_false(keys_bind(world->keys, "list", "g", &what, &error));
    g_assert_true(err_is(error, ERR_USAGE));
    g_clear_error(&error);
    g_assert_false(keys_bind(world->keys, "list", "g i x", &what, &error));
    g_clear_error(&error);
    g_assert_false(keys_bind(world->keys, "list", "", &what, &error));
    g_assert_nonnull(error);
    g_clear_error(&error);
    g_assert_true(keys_bind(world->keys, "list", "gi", &what, NULL) == false);
    g_assert_true(keys_bind(world->keys, "message", "g", &what, NULL));
    /* bound again: replaced, not doubled */
    what.command = "other";
    g_assert_true(keys_bind(world->keys, "list", "g i", &what, NULL));
    g_autoptr(GArray) list = keys_list(world->keys, "list", "");
    g_assert_cmpuint(list->len, ==, 1);
    ok(world, "unbind list g i");
    refused(world, "unbind list g i", "f:1:1: g i is not bound in list");
}

static void
test_source(World *world, gconstpointer data)
{
    g_autofree char *folder = g_dir_make_tmp("posthorn-test-XXXXXX", NULL);
    g_autofree char *good = g_build_filename(folder, "good", NULL);
    g_autofree char *bad = g_build_filename(folder, "bad", NULL);
    g_autofree char *loop = g_build_filename(folder, "loop", NULL);
    g_autofree char *text = g_strdup_printf("source %s", loop);
    g_autofree char *line = g_strdup_printf("source %s", good);
    g_autofree char *wrong = g_strdup_printf("source %s", bad);
    g_autofree char *endless = g_strdup_printf("source %s", loop);
    g_autoptr(GError) error = NULL;

    file_write_atomic(good, "set theme light\n", 16, NULL);
    file_write_atomic(bad, "\n set theme x\n", 14, NULL);
    file_write_atomic(loop, text, strlen(text), NULL);
    ok(world, line);
    g_assert_cmpstr(value(world, "theme", NULL, NULL), ==, "light");
    g_assert_cmpint(cmd_run(&world->context, wrong, &error), ==, CMD_FAILED);
    g_autofree char *place = g_strdup_printf("%s:2:2: ", bad);
    g_assert_nonnull(strstr(error->message, place));
    g_clear_error(&error);
    g_assert_cmpint(cmd_run(&world->context, endless, &error), ==, CMD_FAILED);
    g_assert_nonnull(strstr(error->message, "files name each other"));
    g_clear_error(&error);
    g_assert_cmpint(cmd_run(&world->context, "source /nowhere/x", &error), ==,
                    CMD_FAILED);
    g_assert_nonnull(strstr(error->message, "/nowhere/x"));
    file_remove_tree(folder, NULL);
}

static void
test_style(World *world, gconstpointer data)
{
    ok(world, "style subject.unread bold fg=110; style x ''");
    g_assert_cmpstr(cmd_language_style(world->language, "subject.unread"), ==,
                    "bold fg=110");
    g_assert_null(cmd_language_style(world->language, "y"));
    ok(world, "echo a 'b  c'");
    g_assert_cmpstr(world->output->str, ==, "a b  c\n");
}

static void
add(const char *name, void (*test)(World *world, gconstpointer data))
{
    g_test_add(name, World, NULL, set_up, test, tear_down);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/cmd/language/scopes", test_scopes);
    add("/cmd/language/refusals", test_refusals);
    add("/cmd/language/toggle", test_toggle);
    add("/cmd/language/P53/secret", test_secret);
    add("/cmd/language/config", test_config);
    add("/cmd/language/listen", test_listen);
    add("/cmd/language/bind", test_bind);
    add("/cmd/language/keys-later", test_keys_later);
    add("/cmd/language/keys-later-asked", test_keys_later_asked);
    add("/cmd/language/keys-refused", test_keys_refused);
    add("/cmd/language/source", test_source);
    add("/cmd/language/style", test_style);
    return g_test_run();
}
