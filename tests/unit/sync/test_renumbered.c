/* P15: another UIDVALIDITY, the same messages: nothing is downloaded again, and
 * nothing is removed here because of it, whatever the server leaves out. */
#include "bench.h"

enum { MESSAGES = 30 };

static Bench *
prepare(void)
{
    Bench *bench = bench_create();

    for (guint i = 1; i <= MESSAGES; i++)
        fake_add(bench->fake, "INBOX", i, 0);
    bench_sync(bench);
    fake_renumber(fake_mailbox(bench->fake, "INBOX"));
    bench->fake->bodies = 0;
    return bench;
}

static void
bench_end(Bench *bench)
{
    bench_check(bench);
    bench_destroy(bench);
}

static void
test_all(void)
{
    Bench *bench = prepare();

    fake_remove(fake_mailbox(bench->fake, "INBOX"), 101);
    fake_add(bench->fake, "INBOX", 31, 0);
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->bodies, ==, 1);
    bench_end(bench);
}

/* The others are kept, and what is new comes. */
static void
test_most_gone(void)
{
    Bench *bench = prepare();

    for (guint32 uid = 101; uid <= 125; uid++)
        fake_remove(fake_mailbox(bench->fake, "INBOX"), uid);
    fake_add(bench->fake, "INBOX", 31, 0);
    bench_sync(bench);
    g_assert_cmpuint(bench->warned, ==, 1);
    g_assert_cmpuint(bench->fake->bodies, ==, 1);
    g_assert_cmpuint(bench_rows(bench, 31), ==, 1);
    g_assert_cmpuint(bench_files(bench, "work/INBOX"), ==, MESSAGES + 1);
    fake_add(bench->fake, "INBOX", 32, 0);
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->bodies, ==, 2);
    bench->sync.accept_removals = true;
    bench_sync(bench);
    bench_end(bench);
}

/* One whose header is refused may be any of those that are here. */
static void
test_header_refused(void)
{
    Bench *bench = prepare();
    g_autoptr(StoreRow) row = NULL;

    bench->fake->bad = "body 5\r\n";
    bench->fake->bad_header = true;
    fake_add(bench->fake, "INBOX", 31, 0);
    for (int i = 0; i < 2; i++)
        g_assert_false(bench_try(bench));
    g_assert_cmpuint(bench->fake->bodies, ==, 1);
    g_assert_cmpuint(bench_rows(bench, 31), ==, 1);
    row = store_row(bench->store, bench_row(bench, 5), NULL);
    g_assert_nonnull(row->file);
    bench->fake->bad = NULL;
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->bodies, ==, 1);
    bench_end(bench);
}

/* A UID of before is another message by now: nothing is opened by it. */
static void
test_opened(void)
{
    Bench *bench = bench_create();
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");
    g_autoptr(GError) whole = NULL;
    g_autoptr(GError) part = NULL;
    g_autoptr(StoreRow) row = NULL;
    gint64 id;

    bench->sync.keep.after = G_MAXINT64;
    for (guint i = 1; i <= 2; i++)
        fake_add(bench->fake, "INBOX", i, 0);
    bench_sync(bench);
    id = bench_row(bench, 1);
    bench->fake->selected = NULL;
    inbox->uidvalidity++;
    fake_remove(inbox, 1);
    fake_find(inbox, 2)->uid = 1;
    bench->fake->bodies = 0;
    g_assert_false(sync_fetch_one(&bench->sync, id, &whole));
    g_assert_true(err_is(whole, ERR_RETRY));
    g_assert_false(sync_fetch_part(&bench->sync, id, 1, -1, &part));
    g_assert_true(err_is(part, ERR_RETRY));
    g_assert_cmpuint(bench->fake->bodies, ==, 0);
    row = store_row(bench->store, id, NULL);
    g_assert_null(row->file);
    bench_destroy(bench);
}

/* UIDs of which a server does not say how long they mean the same are not
 * relied on. */
static void
test_no_uidvalidity(void)
{
    Bench *bench = bench_create();
    g_autoptr(GError) error = NULL;
    bool yielded;

    fake_add(bench->fake, "INBOX", 1, 0);
    fake_mailbox(bench->fake, "INBOX")->uidvalidity = 0;
    g_assert_false(sync_account(&bench->sync, &yielded, &error));
    g_assert_error(error, ERR_DOMAIN, ERR_REFUSED);
    g_assert_nonnull(strstr(error->message, "UIDVALIDITY"));
    g_assert_cmpuint(bench_rows(bench, 1), ==, 0);
    bench_destroy(bench);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sync/renumbered/P15/all", test_all);
    g_test_add_func("/sync/renumbered/P15/most gone", test_most_gone);
    g_test_add_func("/sync/renumbered/P15/header refused",
                    test_header_refused);
    g_test_add_func("/sync/renumbered/P15/opened", test_opened);
    g_test_add_func("/sync/renumbered/P15/no UIDVALIDITY",
                    test_no_uidvalidity);
    return g_test_run();
}
