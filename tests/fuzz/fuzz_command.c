/* The command language: any text parses or is refused, a word quoted is read
 * back as itself, and completion finds its place anywhere in it. */
#include "cmd/complete.h"
#include "cmd/language.h"
#include "cmd/parse.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Is word, quoted and read, still word? */
static void
check_quote(const char *word, const Event *event)
{
    g_autofree char *quoted = cmd_quote(word);
    g_autoptr(GPtrArray) again = cmd_parse(quoted, NULL, 1, event, NULL);
    const CmdWords *words;

    g_assert_nonnull(again);
    g_assert_cmpuint(again->len, ==, 1);
    words = again->pdata[0];
    g_assert_cmpuint(words->len, ==, 1);
    g_assert_cmpstr(((const CmdWord *)words->pdata[0])->text, ==, word);
}

static void
parse(const char *text, const Event *event)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) commands = cmd_parse(text, "f", 1, event, &error);

    g_assert_true((commands == NULL) == (error != NULL));
    for (guint i = 0; commands && i < commands->len; i++) {
        const CmdWords *words = commands->pdata[i];

        for (guint j = 0; j < words->len; j++)
            check_quote(((const CmdWord *)words->pdata[j])->text, event);
    }
}

static void
complete(const char *text, gsize cursor)
{
    static const char *const events[] = { "startup", NULL };
    static CmdTable *table;
    gsize start;

    if (table == NULL) {
        table = cmd_table_create();
        cmd_table_add(table, cmd_builtins);
    }
    CmdCompletion completion = { .table = table, .events = events };
    g_autoptr(GPtrArray) found =
        cmd_complete(&completion, text, cursor, &start);
    g_assert_nonnull(found);
    g_assert_cmpuint(start, <=, strlen(text));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(Event) event = event_create("startup");

    event_set(event, "from", "a; b \"c");
    parse(text, event);
    parse(text, NULL);
    complete(text, size > 0 ? data[0] : 0);
    return 0;
}
