/* Plans of a maildrop as a table: what the server lists and what is known, to
 * steps. A listed message is NUMBER:UNIQUE-ID:OCTETS; an entry is
 * UNIQUE-ID:OCTETS:STATE, STATE of these letters: H here, h its header alone,
 * T here in the trash, G gone here, N never fetched; - not listed last time,
 * ! its deletion was begun, + a fetch failed over it, o noted 40 days ago, O
 * not listed for 100 days. */
#include "sync/sync_pop3.h"

#include <string.h>

enum {
    NOW = 1800000000,
    DAY = 24 * 60 * 60
};

typedef struct {
    const char *name;
    const char *listed;
    const char *history;
    const char *keep;
    const char *steps;
    guint64 limit;
    int expire; /* 0: never */
    bool headers_first, no_top, lost, yes;
} Case;

static const Case cases[] = {
    { "empty", "", "", "forever", "" },
    { "first", "1:a:9 2:b:9 3:c:9", "", "forever", "bodies 3 2 1" },
    { "known", "1:a:9 2:b:9", "a:9:H b:9:H", "forever", "" },
    { "one new", "1:a:9 2:b:9", "a:9:H", "forever", "bodies 2" },
    { "known without sizes", "1:a:0 2:b:0", "a:9:H b:9:G", "forever", "" },
    { "gone here", "1:a:9", "a:9:G", "forever", "" },
    { "gone there", "2:b:9", "a:9:H b:9:H", "forever", "absent a" },
    { "still gone there", "2:b:9", "a:9:H- b:9:H", "forever", "" },
    { "long gone there", "2:b:9", "a:9:HO b:9:H", "forever", "forget a" },
    { "all gone there", "", "a:9:H b:9:H", "no", "absent a b" },
    { "back again", "1:a:9", "a:9:H-", "forever", "back 1" },
    { "another under that id", "1:a:8", "a:9:H-", "forever", "bodies 1" },
    { "sizes told otherwise", "1:a:8", "a:9:H", "forever", "" },
    { "never fetched", "1:a:9", "a:9:N", "forever", "bodies 1" },

    { "keep no", "1:a:9 2:b:9", "a:9:H", "no", "bodies 2; delete 1" },
    { "keep no, gone here", "1:a:9", "a:9:G", "no", "delete 1" },
    { "keep no, a header alone", "1:a:900", "a:900:h", "no", "", 100 },
    { "keep no, begun and still there", "1:a:9", "a:9:H!", "no", "delete 1" },
    { "keep no, begun and gone", "", "a:9:H!", "no", "forget a" },
    { "keep no, begun, another under that id", "1:a:8", "a:9:H!", "no",
      "bodies 1; forget a" },
    { "keep days, young", "1:a:9", "a:9:H", "30 days", "" },
    { "keep days, old", "1:a:9 2:b:9", "a:9:Ho b:9:H", "30 days", "delete 1" },
    { "keep days, old, a header alone", "1:a:900", "a:900:ho", "30 days", "",
      100 },
    { "keep days, the last day", "1:a:9", "a:9:Ho", "40 days", "delete 1" },
    { "keep days, one more", "1:a:9", "a:9:Ho", "41 days", "" },
    { "until deleted", "1:a:9 2:b:9 3:c:9", "a:9:H b:9:T c:9:G",
      "until-deleted", "delete 3 2" },
    { "until deleted, a header in the trash", "1:a:900", "a:900:t",
      "until-deleted", "", 100 },
    { "forever, trash", "1:a:9", "a:9:T", "forever", "" },

    { "same id twice, new", "1:a:9 2:a:8", "", "forever", "bodies 2 1" },
    { "same id twice, known", "1:a:9 2:a:8", "a:9:H a:8:H", "forever", "" },
    { "same id twice, one known", "1:a:9 2:a:8", "a:9:H", "forever",
      "bodies 2" },
    { "same id twice, one gone there", "1:a:8", "a:9:H a:8:H", "forever",
      "absent a" },
    { "ids that are paths", "1:../../x:9 2:/:9", "../../x:9:H", "forever",
      "bodies 2" },

    { "large", "1:a:900 2:b:9", "", "forever", "rows 1; bodies 2", 100 },
    { "large at the limit", "1:a:100 2:b:101", "", "forever",
      "rows 2; bodies 1", 100 },
    { "large without TOP", "1:a:900", "", "forever", "bodies 1", 100, 0, false,
      true },
    { "large, known", "1:a:900", "a:900:h", "forever", "", 100 },
    { "limit was raised", "1:a:900", "a:900:h", "forever", "bodies 1", 1000 },
    { "large, soon deleted there", "1:a:900", "a:900:ho", "forever", "bodies 1",
      100, 41 },
    { "large, not yet deleted there", "1:a:900", "a:900:h", "forever", "", 100,
      41 },
    { "headers first, few", "1:a:9 2:b:9", "", "forever", "bodies 2 1", 0, 0,
      true },
    { "header came, body not", "1:a:9", "a:9:h", "forever", "bodies 1" },
    { "what failed comes last", "1:a:9 2:b:9 3:c:9", "c:9:N+ b:9:N++",
      "forever", "bodies 1 3 2" },

    { "history lost", "1:a:9 2:b:9", "", "forever", "match 2 1", 0, 0, false,
      false, true },
    { "history lost, no TOP", "1:a:9", "", "forever", "bodies 1", 0, 0, false,
      true, true },
    { "history lost, keep no", "1:a:9", "", "no", "match 1", 0, 0, false, false,
      true },
};

static StorePop3 *
make_entry(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", 3);
    const char *state = parts[2];
    StorePop3 *entry = g_new0(StorePop3, 1);

    entry->uidl = g_strdup(parts[0]);
    entry->octets = g_ascii_strtoull(parts[1], NULL, 10);
    entry->message = *state == 'N' ? 0 : 7;
    entry->exists = strchr("HhTt", *state) != NULL;
    entry->here = *state == 'H' || *state == 'T';
    entry->trashed = *state == 'T' || *state == 't';
    entry->since = NOW - (strchr(state, 'o') ? 40 * DAY : DAY);
    entry->absent = strchr(state, 'O')   ? NOW - 100 * DAY
                    : strchr(state, '-') ? NOW - DAY
                                         : 0;
    entry->deleted = strchr(state, '!') != NULL;
    for (const char *at = state; *at; at++)
        entry->attempts += *at == '+';
    return entry;
}

static void
message_clear(void *data)
{
    g_free(((Pop3Message *)data)->uidl);
}

static GArray *
make_list(const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    GArray *all = g_array_new(FALSE, FALSE, sizeof(Pop3Message));

    g_array_set_clear_func(all, message_clear);
    for (char **word = words; *word; word++) {
        g_auto(GStrv) parts = g_strsplit(*word, ":", 3);
        Pop3Message message = { 0 };

        if (**word == '\0')
            continue;
        message.number = (guint)g_ascii_strtoull(parts[0], NULL, 10);
        message.uidl = g_strdup(parts[1]);
        message.octets = g_ascii_strtoull(parts[2], NULL, 10);
        g_array_append_val(all, message);
    }
    return all;
}

/* By unique id; the second of one id is its nth. */
static GPtrArray *
make_history(const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    GPtrArray *all =
        g_ptr_array_new_with_free_func((GDestroyNotify)store_pop3_free);

    for (char **word = words; *word; word++) {
        StorePop3 *entry = **word ? make_entry(*word) : NULL;
        const StorePop3 *last = all->len ? all->pdata[all->len - 1] : NULL;

        if (entry && last && strcmp(last->uidl, entry->uidl) == 0)
            entry->nth = last->nth + 1;
        if (entry)
            g_ptr_array_add(all, entry);
    }
    return all;
}

static char *
plan_text(const SyncPop3View *view)
{
    g_autoptr(GPtrArray) steps = sync_pop3_plan(view);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < steps->len; i++) {
        g_autofree char *one = sync_pop3_step_text(steps->pdata[i]);

        g_string_append_printf(text, "%s%s", i ? "; " : "", one);
    }
    return g_string_free(text, FALSE);
}

/* The order of steps does not matter to the table. */
static char *
sorted(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, "; ", -1);

    for (char **a = parts; *a; a++)
        for (char **b = a + 1; *b; b++)
            if (strcmp(*a, *b) > 0) {
                char *swap = *a;

                *a = *b;
                *b = swap;
            }
    return g_strjoinv("; ", parts);
}

static void
test_case(const void *data)
{
    const Case *c = data;
    g_autoptr(GArray) listed = make_list(c->listed);
    g_autoptr(GPtrArray) history = make_history(c->history);
    SyncPop3View view = { .listed = listed,
                          .history = history,
                          .now = NOW,
                          .expire = c->expire ? c->expire : -1,
                          .can_top = !c->no_top,
                          .headers_first = c->headers_first,
                          .lost = c->lost,
                          .accept_removals = c->yes };
    g_autofree char *got = NULL;
    g_autofree char *got_sorted = NULL;
    g_autofree char *want = sorted(c->steps);

    g_assert_true(sync_pop3_keep_parse(c->keep, &view.rules, NULL));
    view.rules.size_limit = c->limit;
    got = plan_text(&view);
    got_sorted = sorted(got);
    g_assert_cmpstr(got_sorted, ==, want);
}

/* The newest page comes as headers before the bodies. */
static void
test_first_page(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GArray) listed = NULL;
    g_autoptr(GPtrArray) history = make_history("");
    g_autoptr(GPtrArray) steps = NULL;
    const SyncPop3Step *rows, *bodies;

    for (guint i = 1; i <= 1000; i++)
        g_string_append_printf(text, "%u:u%u:9 ", i, i);
    listed = make_list(text->str);
    SyncPop3View view = { .listed = listed,
                          .history = history,
                          .now = NOW,
                          .expire = -1,
                          .can_top = true,
                          .headers_first = true };
    steps = sync_pop3_plan(&view);
    g_assert_cmpuint(steps->len, ==, 2);
    rows = steps->pdata[0];
    bodies = steps->pdata[1];
    g_assert_cmpint(rows->kind, ==, POP3_ROWS);
    g_assert_cmpuint(rows->items->len, ==, SYNC_FIRST_PAGE);
    g_assert_cmpuint(g_array_index(rows->items, SyncPop3Item, 0).number, ==,
                     1000);
    g_assert_cmpint(bodies->kind, ==, POP3_BODIES);
    g_assert_cmpuint(bodies->items->len, ==, 1000);
}

/* D4: 21 of 40 gone here are not deleted there without a yes; those in the
 * trash are. */
static void
test_hold(void)
{
    for (guint gone = 20; gone <= 22; gone++) {
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(GString) known = g_string_new(NULL);
        g_autoptr(GArray) listed = NULL;
        g_autoptr(GPtrArray) history = NULL;

        for (guint i = 10; i < 50; i++) {
            g_string_append_printf(text, "%u:u%u:9 ", i, i);
            g_string_append_printf(known, "u%u:9:%s ", i,
                                   i < 10 + gone ? "G"
                                   : i == 49     ? "T"
                                                 : "H");
        }
        listed = make_list(text->str);
        history = make_history(known->str);
        for (int yes = 0; yes < 2; yes++) {
            SyncPop3View view = { .listed = listed,
                                  .history = history,
                                  .rules = { POP3_KEEP_UNTIL_DELETED, 0, 0 },
                                  .now = NOW,
                                  .expire = -1,
                                  .accept_removals = yes };
            g_autofree char *got = plan_text(&view);
            g_autofree char *held =
                g_strdup_printf("hold %u 40; delete 49", gone);

            if (gone > 20 && !yes)
                g_assert_cmpstr(got, ==, held);
            else
                g_assert_true(g_str_has_prefix(got, "delete 49 "));
        }
    }
}

/* P28, P33: a list of one unique id, however long, costs no square. */
static void
test_hostile(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) known = g_string_new(NULL);
    g_autoptr(GArray) listed = NULL;
    g_autoptr(GPtrArray) history = NULL;
    g_autoptr(GArray) items = NULL;

    for (guint i = 1; i <= 50000; i++) {
        g_string_append_printf(text, "%u:same:%u ", i, i);
        g_string_append_printf(known, "same:%u:H ", 50001 - i);
    }
    listed = make_list(text->str);
    history = make_history(known->str);
    SyncPop3View view = { .listed = listed, .history = history, .expire = -1 };
    items = sync_pop3_pair(&view);
    for (guint i = 0; i < items->len; i++) {
        const SyncPop3Item *item = &g_array_index(items, SyncPop3Item, i);

        g_assert_nonnull(item->known);
        g_assert_cmpuint(item->known->octets, ==, item->octets);
    }
}

static const struct {
    const char *text;
    int keep; /* -1: refused */
    guint days;
} keeps[] = {
    { "forever", POP3_KEEP_FOREVER, 0 },
    { "no", POP3_KEEP_NO, 0 },
    { "until-deleted", POP3_KEEP_UNTIL_DELETED, 0 },
    { "30 days", POP3_KEEP_DAYS, 30 },
    { "1 day", POP3_KEEP_DAYS, 1 },
    { "36500 days", POP3_KEEP_DAYS, 36500 },
    { "36501 days", -1, 0 },
    { "0 days", -1, 0 },
    { "-1 days", -1, 0 },
    { "days", -1, 0 },
    { "30", -1, 0 },
    { "30 weeks", -1, 0 },
    { "", -1, 0 },
    { "yes", -1, 0 },
};

static void
test_keeps(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(keeps); i++) {
        SyncPop3Rules rules = { 0 };
        bool ok = sync_pop3_keep_parse(keeps[i].text, &rules, NULL);

        g_assert_cmpint(ok, ==, keeps[i].keep >= 0);
        if (ok)
            g_assert_cmpint((int)rules.keep, ==, keeps[i].keep);
        if (ok)
            g_assert_cmpuint(rules.days, ==, keeps[i].days);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = g_strdup_printf("/pop3-plan/%s", cases[i].name);

        g_test_add_data_func(name, &cases[i], test_case);
    }
    g_test_add_func("/pop3-plan/first page", test_first_page);
    g_test_add_func("/pop3-plan/hold", test_hold);
    g_test_add_func("/pop3-plan/hostile", test_hostile);
    g_test_add_func("/pop3-plan/keeps", test_keeps);
    return g_test_run();
}
