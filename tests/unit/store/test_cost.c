/* What is asked in every sync must not grow with the mailbox: the steps of
 * SQLite's machine are counted, not seconds. */
#include "store_fixture.h"

#include "store_db.h"

enum {
    ROWS = 2000,
    FEW_STEPS = 500 /* of all the statements of one question */
};

/* Of all statements since it was asked last. */
static int
steps(Store *store)
{
    sqlite3_stmt *statement = NULL;
    int all = 0;

    while ((statement = sqlite3_next_stmt(store->db, statement)))
        all += sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1);
    return all;
}

static void
test_sync_questions(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    Store *store = fixture->store;
    gint64 inbox = fixture->folders[F_INBOX];
    gint64 id = 0;

    must(store_begin(store, error));
    for (guint i = 1; i <= ROWS; i++)
        id = fixture_add(fixture, inbox, i, NULL, NULL);
    must(store_end(store, true, error));
    must(store_set_flags(store, id, STORE_FLAG_SEEN, error));

    steps(store);
    g_assert_cmpuint(store_unplaced(store, inbox), ==, 0);
    g_assert_cmpint(steps(store), <, FEW_STEPS);
    g_assert_cmpuint(store_orphans(store, inbox), ==, 0);
    g_assert_cmpint(steps(store), <, FEW_STEPS);
    g_assert_cmpuint(store_pending_count(store, "work"), ==, 1);
    g_assert_cmpint(steps(store), <, FEW_STEPS);
    {
        g_autoptr(GPtrArray) pending = store_pending(store, "work", 0, NULL);

        g_assert_cmpuint(pending->len, ==, 1);
        g_assert_cmpint(steps(store), <, FEW_STEPS);
    }
    {
        g_autoptr(GArray) unsettled = store_unsettled(store, false, 0, NULL);
        g_autoptr(GPtrArray) folders = store_folders(store, "work", NULL);

        g_assert_cmpuint(unsettled->len + folders->len, >, 0);
        g_assert_cmpint(steps(store), <, FEW_STEPS);
    }
}

/* What is asked when the program begins, and of the page about a sender: few
 * rows are read, however many there are of others. */
static void
test_sender_questions(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    Store *store = fixture->store;
    gint64 ids[6];
    g_autoptr(GArray) unjudged = NULL;

    must(store_begin(store, error));
    for (guint i = 0; i < G_N_ELEMENTS(ids); i++) {
        ids[i] =
            fixture_add(fixture, fixture->folders[i % 3], i + 1, NULL, NULL);
        must(store_set_file(store, ids[i], "cur/x", error));
    }
    must(store_set_verdict(store, ids[4], "pass", "x", error));
    for (guint i = 1; i <= ROWS; i++)
        fixture_add(fixture, fixture->folders[F_LOCAL], 0, NULL, NULL);
    for (guint i = 1; i <= ROWS; i++)
        fixture_add(fixture, fixture->folders[F_TRASH], i, NULL, NULL);
    must(store_end(store, true, error));

    steps(store);
    unjudged = store_unjudged(store, "work", 4, NULL);
    g_assert_cmpint(steps(store), <, FEW_STEPS);
    g_assert_cmpuint(unjudged->len, ==, 3);
    g_assert_cmpint(g_array_index(unjudged, gint64, 0), ==, ids[5]);
    g_assert_cmpint(g_array_index(unjudged, gint64, 1), ==, ids[3]);
    g_assert_cmpint(g_array_index(unjudged, gint64, 2), ==, ids[2]);
    g_clear_pointer(&unjudged, g_array_unref);
    unjudged = store_unjudged(store, "work", 500, NULL);
    g_assert_cmpint(steps(store), <, FEW_STEPS);
    g_assert_cmpuint(unjudged->len, ==, 5);
    g_assert_cmpuint(store_sender_count(store, "new@example.org", 2), ==, 0);
    g_assert_cmpint(steps(store), <, FEW_STEPS);
    g_assert_cmpuint(store_sender_count(store, "Ana@Example.org", 2), ==, 2);
    g_assert_cmpint(steps(store), <, FEW_STEPS);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cost/what a sync asks", test_sync_questions);
    g_test_add_func("/cost/what is asked of senders", test_sender_questions);
    return g_test_run();
}
