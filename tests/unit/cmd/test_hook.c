/* Hooks: who is called, with what, and that none of them can stop the program
 * (promises P46, P57). Programs are small shell scripts. */
#include "cmd/hook.h"

#include "base/err.h"
#include "base/file.h"
#include "cmd/language.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const OptionEntry table_of_options[] = {
    { .name = "hook-timeout",
      .type = CMD_DURATION,
      .scope = OPTION_GLOBAL,
      .fallback = "30s",
      .text = "Time." },
    { .name = NULL },
};
static const char *const events[] = { "message-arrived", "before-send",
                                      "shutdown", NULL };

typedef struct {
    CmdTable *table;
    Options *options;
    Keys *keys;
    Hooks *hooks;
    CmdLanguage *language;
    GString *output;  /* what hooks printed */
    GString *failed;  /* what failed() was told */
    GString *queries; /* what matches() was asked */
    Printer *out;
    CmdContext context;
    char *folder;
    bool answer_later;
} World;

static void
collect(const char *bytes, gsize size, void *user)
{
    g_string_append_len(user, bytes, (gssize)size);
}

typedef struct {
    void (*answer)(bool matches, void *answer_user);
    void *answer_user;
    bool matches;
} Later;

static gboolean
answer_now(void *data)
{
    Later *later = data;

    later->answer(later->matches, later->answer_user);
    g_free(later);
    return G_SOURCE_REMOVE;
}

/* "yes" matches, anything else does not. */
static void
matches(const char *query, Event *event,
        void (*answer)(bool matches, void *answer_user), void *answer_user,
        void *user)
{
    World *world = user;
    bool yes = strcmp(query, "yes") == 0;

    g_string_append_printf(world->queries, "%s ", query);
    if (world->answer_later) {
        Later later = { answer, answer_user, yes };

        g_idle_add(answer_now, g_memdup2(&later, sizeof later));
    } else {
        answer(yes, answer_user);
    }
}

static void
failed(const char *event, const GError *error, void *user)
{
    World *world = user;

    g_string_append_printf(world->failed, "%s: %s\n", event, error->message);
}

static void
set_up(World *world, gconstpointer data)
{
    HookParams params = {
        .events = events, .matches = matches, .failed = failed, .user = world
    };

    world->table = cmd_table_create();
    cmd_table_add(world->table, cmd_builtins);
    world->options = options_create(table_of_options);
    world->keys = keys_create();
    world->hooks = hooks_create(&params);
    world->language =
        cmd_language_create(world->options, world->keys, world->hooks);
    world->output = g_string_new(NULL);
    world->failed = g_string_new(NULL);
    world->queries = g_string_new(NULL);
    world->out = printer_create(collect, world->output);
    world->context = (CmdContext){ .table = world->table,
                                   .language = world->language,
                                   .out = world->out };
    hooks_set_context(world->hooks, &world->context);
    world->folder = g_dir_make_tmp("posthorn-test-XXXXXX", NULL);
}

static void
tear_down(World *world, gconstpointer data)
{
    cmd_language_destroy(world->language);
    hooks_destroy(world->hooks);
    keys_destroy(world->keys);
    options_destroy(world->options);
    cmd_table_destroy(world->table);
    printer_destroy(world->out);
    g_string_free(world->output, TRUE);
    g_string_free(world->failed, TRUE);
    g_string_free(world->queries, TRUE);
    file_remove_tree(world->folder, NULL);
    g_free(world->folder);
}

static void
configure(World *world, const char *text)
{
    g_autoptr(GError) error = NULL;
    CmdContext context = world->context;

    context.file = "f";
    cmd_run(&context, text, &error);
    g_assert_no_error(error);
}

static Event *
arrived(void)
{
    static const char *const to[] = { "ben@x", "cleo@x", NULL };
    Event *event = event_create("message-arrived");

    event_set(event, "account", "work");
    event_set(event, "from", "ana@x");
    event_set(event, "subject", "$(touch owned); `id` \"x\"\nFrom: x");
    event_set_list(event, "to", to);
    event_set_int(event, "id", 7);
    return event;
}

/* Runs the loop until text shows, a minute at most. */
static void
wait_text(const GString *in, const char *text)
{
    gint64 end = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;

    while (strstr(in->str, text) == NULL) {
        if (g_get_monotonic_time() > end)
            g_error("no \"%s\" in: %s", text, in->str);
        if (!g_main_context_iteration(NULL, FALSE))
            g_usleep(1000);
    }
}

static void
test_fields(World *world, gconstpointer data)
{
    g_autoptr(Event) event = arrived();

    configure(world, "hook message-arrived { echo \"<$from>\" $subject $nix }\n"
                     "hook shutdown { echo bye }");
    hooks_fire(world->hooks, event);
    g_assert_cmpstr(world->output->str, ==,
                    "<ana@x> $(touch owned); `id` \"x\"\nFrom: x \n");
}

/* What a program sees: arguments as they are, variables, JSON. */
static void
test_exec(World *world, gconstpointer data)
{
    g_autoptr(Event) event = arrived();

    configure(world, "hook message-arrived {\n"
                     "  exec sh -c 'echo \"$1|$POSTHORN_EVENT|$POSTHORN_FROM|"
                     "$POSTHORN_TO|$POSTHORN_ID\"; cat' x \"$subject\"\n"
                     "  echo after\n"
                     "}");
    hooks_fire(world->hooks, event);
    wait_text(world->output, "after");
    g_assert_nonnull(strstr(world->output->str,
                            "$(touch owned); `id` \"x\"\nFrom: x|"
                            "message-arrived|ana@x|ben@x\ncleo@x|7\n"));
    g_assert_nonnull(
        strstr(world->output->str, "{\"event\":\"message-arrived\""));
    g_assert_nonnull(strstr(world->output->str, "\"to\":[\"ben@x\","));
    g_assert_cmpstr(world->failed->str, ==, "");
}

static void
test_query(World *world, gconstpointer data)
{
    g_autoptr(Event) event = arrived();

    world->answer_later = GPOINTER_TO_INT(data);
    configure(world, "hook message-arrived --query no { echo no }\n"
                     "hook message-arrived --query yes { echo yes }\n"
                     "hook message-arrived { echo all }\n");
    hooks_fire(world->hooks, event);
    wait_text(world->output, "all");
    g_assert_cmpstr(world->output->str, ==, "yes\nall\n");
    g_assert_cmpstr(world->queries->str, ==, "no yes ");
}

/* A hook of an account hears only of that account. */
static void
test_account(World *world, gconstpointer data)
{
    g_autoptr(Event) event = arrived();

    configure(world, "account home { hook message-arrived { echo home } }\n"
                     "account work { hook message-arrived { echo work } }\n");
    hooks_fire(world->hooks, event);
    g_assert_cmpstr(world->output->str, ==, "work\n");
}

/* At the prompt it is said that there is a hook, in a file it is not. */
static void
test_told(World *world, gconstpointer data)
{
    CmdContext context = world->context;
    g_autoptr(GError) error = NULL;

    configure(world, "hook message-arrived { echo first }\n");
    g_assert_cmpstr(world->output->str, ==, "");
    context.origin = CMD_FROM_PROMPT;
    cmd_run(&context, "hook message-arrived { echo second }", &error);
    g_assert_no_error(error);
    g_assert_cmpstr(world->output->str, ==,
                    "Set until posthorn ends; to keep it, write it in the "
                    "configuration.\n");
    cmd_run(&context, "hook nothing { echo }", &error);
    g_assert_error(error, ERR_DOMAIN, ERR_USAGE);
    g_assert_null(strstr(world->output->str, "nothing"));
}

/* Fails, is not there, crashes, hangs, floods: said, and the next hook runs. */
static void
test_trouble(World *world, gconstpointer data)
{
    g_autoptr(Event) event = arrived();
    gint64 begin = g_get_monotonic_time();

    configure(world,
              "hook message-arrived { exec sh -c 'echo why >&2; exit 4' }\n"
              "hook message-arrived { exec /nowhere/program }\n"
              "hook message-arrived { exec sh -c 'kill -SEGV $$' }\n"
              "hook message-arrived { exec --timeout 1s sleep 600 }\n"
              "hook message-arrived { exec sh -c 'yes | head -c 5000000' }\n"
              "hook message-arrived { noet }\n"
              "hook message-arrived { echo last }\n");
    hooks_fire(world->hooks, event);
    wait_text(world->output, "last");
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 60 * G_USEC_PER_SEC);
    g_assert_nonnull(strstr(world->failed->str, "why ("));
    g_assert_nonnull(strstr(world->failed->str, "/nowhere/program"));
    g_assert_nonnull(strstr(world->failed->str, "status 139"));
    g_assert_nonnull(strstr(world->failed->str, "took too long"));
    g_assert_nonnull(strstr(world->failed->str, "f:6:"));
    g_assert_nonnull(strstr(world->failed->str, "there is no command noet"));
    g_assert_cmpuint(world->output->len, <, 2 << 20);
}

/* What a program says of itself is made safe before it is shown (P59). */
static void
test_safe_words(World *world, gconstpointer data)
{
    g_autoptr(Event) event = arrived();

    configure(world, "hook message-arrived {"
                     " exec sh -c 'printf \"\\033[2Jx\\n\\ny\" >&2; exit 1' }");
    hooks_fire(world->hooks, event);
    wait_text(world->failed, "status 1");
    g_assert_null(strchr(world->failed->str, '\033'));
}

/* A field too long for a variable is cut there, whole in the JSON. */
static void
test_long_field(World *world, gconstpointer data)
{
    g_autoptr(Event) event = arrived();
    g_autoptr(GString) text = g_string_new(NULL);

    for (int i = 0; i < 70000; i++)
        g_string_append(text, "ü€x");
    event_set(event, "subject", text->str);
    configure(world, "hook message-arrived { exec sh -c "
                     "'printf %s \"$POSTHORN_SUBJECT\" | wc -c; wc -c'\n"
                     "echo after }");
    hooks_fire(world->hooks, event);
    wait_text(world->output, "after");
    g_assert_cmpstr(world->failed->str, ==, "");
    g_auto(GStrv) lines = g_strsplit(world->output->str, "\n", -1);
    g_assert_cmpint(atoi(lines[0]), <=, 16384);
    g_assert_cmpint(atoi(lines[0]), >, 16380);
    g_assert_cmpint(atoi(lines[1]), >, 420000);
}

typedef struct {
    int calls;
    char *reason; /* NULL: not refused */
    char *text;
} Verdict;

static void
decided(const char *text, const GError *error, void *user)
{
    Verdict *to = user;

    to->calls++;
    to->reason = g_strdup(error ? error->message : NULL);
    to->text = g_strdup(text);
}

static void
ask(World *world, const char *text, Verdict *verdict)
{
    g_autoptr(Event) event = event_create("before-send");
    gint64 end = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;

    *verdict = (Verdict){ 0 };
    event_set(event, "subject", "hello");
    hooks_fire_before(world->hooks, event, text, decided, verdict);
    while (verdict->calls == 0) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        if (!g_main_context_iteration(NULL, FALSE))
            g_usleep(1000);
    }
    g_assert_cmpint(verdict->calls, ==, 1);
}

static void
verdict_clear(Verdict *verdict)
{
    g_free(verdict->reason);
    g_free(verdict->text);
}

static void
test_allowed(World *world, gconstpointer data)
{
    Verdict verdict;

    ask(world, "text", &verdict); /* no hook at all */
    g_assert_null(verdict.reason);
    g_assert_cmpstr(verdict.text, ==, "text");
    verdict_clear(&verdict);
    configure(world, "hook before-send { exec true }");
    ask(world, "text", &verdict);
    g_assert_null(verdict.reason);
    g_assert_cmpstr(verdict.text, ==, "text");
    verdict_clear(&verdict);
}

static void
test_veto(World *world, gconstpointer data)
{
    Verdict verdict;

    configure(world,
              "hook before-send { exec --wait sh -c "
              "'grep -q hello && echo \"No attachment, $POSTHORN_SUBJECT\" "
              ">&2; exit 1' }\n"
              "hook before-send { echo never }");
    ask(world, NULL, &verdict);
    g_assert_nonnull(strstr(verdict.reason, "a before-send hook refused: "));
    g_assert_nonnull(strstr(verdict.reason, "No attachment, hello"));
    g_assert_cmpstr(world->output->str, ==, "");
    verdict_clear(&verdict);
}

static void
test_rewrite(World *world, gconstpointer data)
{
    Verdict verdict;

    configure(world, "hook before-send { exec --filter tr a-z A-Z }\n"
                     "hook before-send { exec --filter sed 's/$/!/' }\n"
                     "hook before-send { exec true }");
    ask(world, "draft", &verdict);
    g_assert_null(verdict.reason);
    g_assert_cmpstr(verdict.text, ==, "DRAFT!");
    verdict_clear(&verdict);
}

/* A filter that fails leaves the original and refuses. */
static void
test_failed_filter(World *world, gconstpointer data)
{
    Verdict verdict;

    configure(world, "hook before-send { exec --filter sh -c "
                     "'echo half; exit 1' }");
    ask(world, "draft", &verdict);
    g_assert_nonnull(verdict.reason);
    g_assert_cmpstr(verdict.text, ==, "draft");
    verdict_clear(&verdict);
}

static void
test_before_hangs(World *world, gconstpointer data)
{
    Verdict verdict;
    gint64 begin = g_get_monotonic_time();

    configure(world, "set hook-timeout 1s\n"
                     "hook before-send { exec sleep 600 }");
    ask(world, NULL, &verdict);
    g_assert_nonnull(strstr(verdict.reason, "took too long"));
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 60 * G_USEC_PER_SEC);
    verdict_clear(&verdict);
}

/* Quitting while a before-hook is asked: what was not allowed is refused. */
static void
test_destroyed(World *world, gconstpointer data)
{
    g_autoptr(Event) event = event_create("before-send");
    Verdict verdict = { 0 };

    world->answer_later = true;
    configure(world, "hook before-send --query yes { echo never }");
    hooks_fire_before(world->hooks, event, NULL, decided, &verdict);
    g_clear_pointer(&world->hooks, hooks_destroy);
    while (g_main_context_iteration(NULL, FALSE))
        ;
    g_assert_cmpint(verdict.calls, ==, 1);
    g_assert_nonnull(verdict.reason);
    g_assert_cmpstr(world->output->str, ==, "");
    verdict_clear(&verdict);
}

static void
add(const char *name, gconstpointer data,
    void (*test)(World *world, gconstpointer data))
{
    g_test_add(name, World, data, set_up, test, tear_down);
}

int
main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    g_test_init(&argc, &argv, NULL);
    add("/cmd/hook/fields", NULL, test_fields);
    add("/cmd/hook/P57/exec", NULL, test_exec);
    add("/cmd/hook/query", NULL, test_query);
    add("/cmd/hook/query-later", GINT_TO_POINTER(1), test_query);
    add("/cmd/hook/account", NULL, test_account);
    add("/cmd/hook/told", NULL, test_told);
    add("/cmd/hook/P46/trouble", NULL, test_trouble);
    add("/cmd/hook/P59/safe-words", NULL, test_safe_words);
    add("/cmd/hook/long-field", NULL, test_long_field);
    add("/cmd/hook/before/allowed", NULL, test_allowed);
    add("/cmd/hook/before/P46/veto", NULL, test_veto);
    add("/cmd/hook/before/rewrite", NULL, test_rewrite);
    add("/cmd/hook/before/P46/failed-filter", NULL, test_failed_filter);
    add("/cmd/hook/before/P46/hangs", NULL, test_before_hangs);
    add("/cmd/hook/before/destroyed", NULL, test_destroyed);
    return g_test_run();
}
