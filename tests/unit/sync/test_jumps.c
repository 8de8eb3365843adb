/* Whatever the clock says, from one sync to the next, both sides agree, and
 * nothing waits for a time that was never to come (P21). */
#include "base/clock.h"
#include "bench.h"

enum {
    NOW = 1795000000,
    DAY = 24 * 60 * 60
};

/* Before 1970 was over, a day, years, 2038 and a century on, and back. */
static const gint64 times[] = { NOW,        1,   NOW + DAY,
                                NOW - DAY,  2147483640, 2147483650,
                                4102444800, 60,  NOW };

/* Something changes on both sides, and both have it then. */
static void
sync_at(Bench *bench, gint64 time, guint number)
{
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");
    g_autoptr(StoreFolder) archive = bench_folder(bench, "work/Archive");
    gint64 kept = bench_row(bench, number - 2);
    gint64 moved = bench_row(bench, number - 1);

    clock_pin(time);
    fake_add(bench->fake, "INBOX", number, 0);
    g_assert_true(store_set_flags(bench->store, kept, STORE_FLAG_FLAGGED,
                                  NULL));
    g_assert_true(store_set_folder(bench->store, moved, archive->id, NULL));
    fake_remove(inbox, number - 3);
    bench_sync(bench);
    bench_sync(bench);
    bench_check(bench);
    g_assert_cmpuint(store_pending_count(bench->store, "work"), ==, 0);
    g_assert_cmpuint(bench_rows(bench, number), ==, 1);
    g_assert_cmpuint(bench_rows(bench, number - 1), ==, 1);
}

static void
test_jumps(void)
{
    Bench *bench = bench_create();

    clock_pin(NOW);
    for (guint i = 1; i <= 3; i++)
        fake_add(bench->fake, "INBOX", i, 0);
    bench_sync(bench);
    for (guint i = 0; i < G_N_ELEMENTS(times); i++)
        sync_at(bench, times[i], 4 + i);
    bench_destroy(bench);
}

/* What the server refused when the clock was years ahead does not wait for that
 * time. */
static void
test_refused(void)
{
    Bench *bench = bench_create();

    clock_pin(4102444800);
    for (guint i = 1; i <= 3; i++)
        fake_add(bench->fake, "INBOX", i, 0);
    bench->fake->bad = "m2@example.org";
    g_assert_false(bench_try(bench));
    bench->fake->bad = NULL;
    clock_pin(NOW);
    bench_sync(bench);
    bench_check(bench);
    bench_destroy(bench);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sync/P21/jumps", test_jumps);
    g_test_add_func("/sync/P21/refused", test_refused);
    return g_test_run();
}
