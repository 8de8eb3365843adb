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

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/unindexed/acts-first", test_acts_first);
    g_test_add_func("/store/unindexed/large-act", test_large_act);
    return g_test_run();
}
