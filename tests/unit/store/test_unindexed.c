/* What the index is to take next. */
#include "store_fixture.h"

enum {
    SLICE = 3,
    BULK = 2000 /* messages of one act */
};

static gint64
add_file(Fixture *fixture, const char *name)
{
    gint64 id = fixture_add(fixture, fixture->folders[F_INBOX], 0, name, NULL);

    must(store_set_file(fixture->store, id, name, error));
    return id;
}

static void
put_away(Fixture *fixture, gint64 id)
{
    gint64 act = 0;

    must((act = store_act_begin(fixture->store, "act", error)) != 0);
    must(store_act_note(fixture->store, act, id, error));
}

/* The next slice is just these; they are indexed then. */
static void
take(Fixture *fixture, const gint64 *wanted, guint n)
{
    g_autoptr(GArray) ids = store_unindexed(fixture->store, SLICE, NULL);

    g_assert_nonnull(ids);
    g_assert_cmpuint(ids->len, ==, n);
    for (guint i = 0; i < n; i++) {
        g_assert_cmpint(g_array_index(ids, gint64, i), ==, wanted[i]);
        must(store_set_index_id(fixture->store, wanted[i], NULL, error));
    }
}

/* A backlog is taken from its newest on; what the user does meanwhile, to
 * whatever part of it, comes first, and the last act before others. */
static void
test_acts_first(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    gint64 ids[7];

    for (guint i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_autofree char *name = g_strdup_printf("%u@x", i);

        ids[i] = add_file(fixture, name);
    }
    take(fixture, (gint64[]){ ids[6], ids[5], ids[4] }, 3);
    put_away(fixture, ids[0]);
    put_away(fixture, ids[1]);
    put_away(fixture, ids[0]);
    put_away(fixture, ids[6]); /* which the index has */
    take(fixture, (gint64[]){ ids[0], ids[1] }, 2);
    take(fixture, (gint64[]){ ids[3], ids[2] }, 2);
    take(fixture, NULL, 0);
}

/* A large act does not hide how much is left, nor does it keep the rest. */
static void
test_large_act(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    guint taken = 0;
    gint64 act = 0;

    must(store_begin(fixture->store, error));
    must((act = store_act_begin(fixture->store, "act", error)) != 0);
    for (guint i = 0; i < BULK; i++) {
        g_autofree char *name = g_strdup_printf("%u@x", i);

        must(store_act_note(fixture->store, act, add_file(fixture, name),
                            error));
    }
    must(store_end(fixture->store, true, error));
    for (guint n = 1; n > 0; taken += n) {
        g_autoptr(GArray) ids = store_unindexed(fixture->store, 200, NULL);

        n = ids->len;
        for (guint i = 0; i < n; i++)
            must(store_set_index_id(fixture->store,
                                    g_array_index(ids, gint64, i), NULL,
                                    error));
    }
    g_assert_cmpuint(taken, ==, BULK);
    g_assert_cmpuint(store_unindexed_count(fixture->store), ==, 0);
}

typedef struct {
    StoreTerm terms[4];
    const char *wanted; /* ids of the messages */
} Sought;

/* Rows that the index does not know are found by each of their fields, by whole
 * words unless their beginning is asked for; one that it knows is left to it. */
static void
test_terms(void)
{
    static const StoreMessage messages[] = {
        { .message_id = "a", .subject = "The plan of Joanna",
          .from_name = "Ana", .from_addr = "ana@one.example",
          .to = "Ben <ben@two.example>", .flags = STORE_FLAG_SEEN },
        { .message_id = "b", .subject = "Grüße", .from_addr = "ben@two.example",
          .snippet = "The plan", .tags = "later todo" },
        { .message_id = "known", .subject = "The plan" },
    };
    static const Sought cases[] = {
        { { { STORE_TERM_TEXT, "plan", 0 } }, "b a" },
        { { { STORE_TERM_SUBJECT, "PLAN", 0 } }, "a" },
        { { { STORE_TERM_SUBJECT, "plan of", 0 } }, "a" },
        { { { STORE_TERM_SUBJECT, "anna", 0 } }, "" },
        { { { STORE_TERM_SUBJECT, "GRÜSS", STORE_TERM_BEGINS } }, "b" },
        { { { STORE_TERM_SUBJECT, "GRÜSS", 0 } }, "" },
        { { { STORE_TERM_SUBJECT, "ü", STORE_TERM_BEGINS } }, "" },
        { { { STORE_TERM_SUBJECT, "joann", 0 } }, "" },
        { { { STORE_TERM_SUBJECT, "joann", STORE_TERM_BEGINS } }, "a" },
        { { { STORE_TERM_FROM, "ana@one.exam", 0 } }, "" },
        { { { STORE_TERM_FROM, "ben", 0 } }, "b" },
        { { { STORE_TERM_FROM, "one.example", 0 } }, "a" },
        { { { STORE_TERM_TO, "ben", 0 } }, "a" },
        { { { STORE_TERM_TEXT, "", 0 } }, "b a" },
        { { { STORE_TERM_ID, "a", 0 } }, "a" },
        { { { STORE_TERM_FLAG, NULL, STORE_FLAG_SEEN } }, "a" },
        { { { STORE_TERM_TAG, "todo", 0 } }, "b" },
        { { { STORE_TERM_TAG, "tod", 0 } }, "" },
        { { { STORE_TERM_FOLDER, NULL, 1 } }, "b a" },
        { { { STORE_TERM_FOLDER, NULL, 2 } }, "" },
        { { { STORE_TERM_SINCE, NULL, 1 } }, "b" },
        { { { STORE_TERM_BEFORE, NULL, 1 } }, "a" },
        { { { STORE_TERM_TEXT, "plan", 0 },
            { STORE_TERM_TAG, "todo", 0 },
            { STORE_TERM_NOT, NULL, 0 },
            { STORE_TERM_AND, NULL, 0 } }, "a" },
        { { { STORE_TERM_ID, "a", 0 },
            { STORE_TERM_ID, "b", 0 },
            { STORE_TERM_OR, NULL, 0 } }, "b a" },
    };
    g_autoptr(Fixture) fixture = fixture_create();
    gint64 id = 0;

    for (guint i = 0; i < G_N_ELEMENTS(messages); i++) {
        StoreMessage message = messages[i];

        message.folder = fixture->folders[F_INBOX];
        message.date = i;
        must((id = store_message_add(fixture->store, &message, error)) != 0);
    }
    must(store_set_file(fixture->store, id, "file", error));
    must(store_set_index_id(fixture->store, id, "known", error));
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GArray) terms = g_array_new(FALSE, FALSE, sizeof(StoreTerm));
        g_autoptr(GString) found = g_string_new(NULL);
        g_autoptr(GArray) ids = NULL;

        for (guint j = 0; j < G_N_ELEMENTS(cases[i].terms); j++)
            if (cases[i].terms[j].kind || cases[i].terms[j].text)
                g_array_append_val(terms, cases[i].terms[j]);
        must((ids = store_find_terms(fixture->store, terms, 0, error)) != NULL);
        for (guint j = 0; j < ids->len; j++) {
            g_autoptr(StoreRow) row = store_row(
                fixture->store, g_array_index(ids, gint64, j), NULL);

            g_string_append_printf(found, "%s%s", j ? " " : "",
                                   row->message_id);
        }
        g_test_message("case %u", i);
        g_assert_cmpstr(found->str, ==, cases[i].wanted);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/unindexed/acts-first", test_acts_first);
    g_test_add_func("/store/unindexed/large-act", test_large_act);
    g_test_add_func("/store/unindexed/terms", test_terms);
    return g_test_run();
}
