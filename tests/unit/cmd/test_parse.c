/* The grammar: words, quotes, blocks, variables, places of errors; and that a
 * quoted word is read back as itself, whatever it holds. */
#include "cmd/parse.h"

#include "base/err.h"

#include <string.h>

/* Commands as "word|word;word": a block in braces. */
static char *
show(const GPtrArray *commands)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < commands->len; i++) {
        const CmdWords *words = commands->pdata[i];

        g_string_append(text, i ? ";" : "");
        for (guint j = 0; j < words->len; j++) {
            const CmdWord *word = words->pdata[j];

            g_string_append_printf(text, word->is_block ? "%s{%s}" : "%s%s",
                                   j ? "|" : "", word->text);
        }
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static const struct {
    const char *text, *shown;
} good[] = {
    { "", "" },
    { "  \n\t ;; \n", "" },
    { "# only a comment", "" },
    { "set theme dark", "set|theme|dark" },
    { "a b; c\nd", "a|b;c;d" },
    { "a # comment\nb", "a;b" },
    { "a#b c", "a#b|c" },
    { "a \"b c\" 'd e'", "a|b c|d e" },
    { "a \"\"", "a|" },
    { "a''b", "ab" },
    { "a \"\\\"\\\\\\n\\t\\x\"", "a|\"\\\n\tx" },
    { "a '\\n $x'", "a|\\n $x" },
    { "a \"1\n2\"", "a|1\n2" },
    { "a\\ b", "a b" },
    { "a \\\n b", "a|b" },
    { "a $from b", "a|ana; rm -rf|b" },
    { "a \"<$from>\"", "a|<ana; rm -rf>" },
    { "a ${from}x", "a|ana; rm -rfx" },
    { "a \"$nothing\"", "a|" },
    { "a $ $1x ${ ${x", "a|$||${|${x" },
    { "hook x { b \"}\" }", "hook|x|{ b \"}\" }" },
    { "x { a { b } c }", "x|{ a { b } c }" },
    { "x { # }\n a }", "x|{ # }\n a }" },
    { "x { '}' } ; y", "x|{ '}' };y" },
    { "x { $from }", "x|{ $from }" },
    { "x {}", "x|{}" },
    { "x { a#b }", "x|{ a#b }" },
    { "a\r\nb\r\n", "a;b" },
    { "a\fb \f\tc", "a|b|c" },
    { "tag -- -x", "tag|--|-x" },
    { "日本 \"語 x\"", "日本|語 x" },
};

static void
test_good(void)
{
    g_autoptr(Event) event = event_create("e");

    event_set(event, "from", "ana; rm -rf");
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) commands =
            cmd_parse(good[i].text, NULL, 1, event, &error);
        g_autofree char *shown = NULL;

        g_assert_no_error(error);
        shown = show(commands);
        g_assert_cmpstr(shown, ==, good[i].shown);
    }
}

static const struct {
    const char *text, *message;
} bad[] = {
    { "a \"b", "f:1:3: a quote is open" },
    { "a\n  'b", "f:2:3: a quote is open" },
    { "日本 \"x", "f:1:4: a quote is open" }, /* columns are characters */
    { "a {", "f:1:3: a block is open: } is missing" },
    { "a\nx { b { c }\n", "f:2:3: a block is open: } is missing" },
    { "x { \"} ", "f:1:5: a quote is open" },
};

static void
test_bad(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(cmd_parse(bad[i].text, "f", 1, NULL, &error));
        g_assert_true(err_is(error, ERR_USAGE));
        g_assert_cmpstr(error->message, ==, bad[i].message);
    }
}

/* Without an event a variable stays as it is written: `exec sh -c '…'` and
 * "$HOME" in the configuration are the user's own. */
static void
test_no_event(void)
{
    g_autoptr(GPtrArray) commands =
        cmd_parse("a \"$HOME/x\" ${y}", NULL, 1, NULL, NULL);
    g_autofree char *shown = show(commands);

    g_assert_cmpstr(shown, ==, "a|$HOME/x|${y}");
}

static void
test_places(void)
{
    g_autoptr(GPtrArray) commands =
        cmd_parse("\n  bind {\n x }\n", "f", 7, NULL, NULL);
    const CmdWords *words = commands->pdata[0];
    const CmdWord *name = words->pdata[0];
    const CmdWord *block = words->pdata[1];

    g_assert_cmpuint(name->line, ==, 8);
    g_assert_cmpuint(name->column, ==, 3);
    g_assert_cmpuint(block->line, ==, 8);
    g_assert_cmpstr(block->text, ==, "\n x ");
}

static void
test_deep(void)
{
    g_autoptr(GString) text = g_string_new("x ");
    g_autoptr(GError) error = NULL;
    g_autofree char *words = g_strnfill(50000, 'a');

    for (int i = 0; i < 10000; i++)
        g_string_append(text, "{ ");
    g_assert_null(cmd_parse(text->str, "f", 1, NULL, &error));
    g_assert_nonnull(strstr(error->message, "too deep"));
    g_clear_error(&error);
    for (gsize i = 1; i < 50000; i += 2)
        words[i] = ' ';
    g_assert_null(cmd_parse(words, "f", 1, NULL, &error));
    g_assert_nonnull(strstr(error->message, "too many words"));
}

/* cmd_quote() and the grammar are each other's inverse. */
static void
test_quote(void)
{
    static const char alphabet[] = "ab \t\f\v\n;#\"'\\${}-=\r\x01";
    g_autoptr(GRand) random = g_rand_new_with_seed(4);
    g_autoptr(Event) event = event_create("e");

    event_set(event, "a", "EXPANDED");
    for (int i = 0; i < 20000; i++) {
        char word[12] = "";
        int size = g_rand_int_range(random, 0, sizeof word);
        g_autofree char *quoted = NULL;
        g_autoptr(GPtrArray) commands = NULL;

        for (int j = 0; j < size; j++)
            word[j] =
                alphabet[g_rand_int_range(random, 0, sizeof alphabet - 1)];
        quoted = cmd_quote(word);
        commands = cmd_parse(quoted, NULL, 1, event, NULL);
        g_assert_nonnull(commands);
        g_assert_cmpuint(commands->len, ==, 1);
        const CmdWords *words = commands->pdata[0];
        g_assert_cmpuint(words->len, ==, 1);
        g_assert_cmpstr(((CmdWord *)words->pdata[0])->text, ==, word);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cmd/parse/good", test_good);
    g_test_add_func("/cmd/parse/bad", test_bad);
    g_test_add_func("/cmd/parse/no-event", test_no_event);
    g_test_add_func("/cmd/parse/places", test_places);
    g_test_add_func("/cmd/parse/deep", test_deep);
    g_test_add_func("/cmd/parse/quote", test_quote);
    return g_test_run();
}
