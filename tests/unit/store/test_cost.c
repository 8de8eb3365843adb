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
        g_autoptr(GArray) unsettled = store_unsettled(store, 0, NULL);
        g_autoptr(GPtrArray) folders = store_folders(store, "work", NULL);

        g_assert_cmpuint(unsettled->len + folders->len, >, 0);
        g_assert_cmpint(steps(store), <, FEW_STEPS);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cost/what a sync asks", test_sync_questions);
    return g_test_run();
}
