/* P16: folders that are gone from the server, all at once. */
#include "bench.h"

static Bench *
prepare(guint folders)
{
    Bench *bench = bench_create();

    for (guint i = 0; i < folders * 10; i++) {
        g_autofree char *name = g_strdup_printf("Small%u", i % folders);

        fake_add(bench->fake, name, 100 + i, 0);
    }
    fake_add(bench->fake, "INBOX", 1, 0);
    bench_sync(bench);
    return bench;
}

static void
remove_there(Bench *bench, guint first, guint folders)
{
    for (guint i = first; i < folders; i++) {
        g_autofree char *name = g_strdup_printf("Small%u", i);

        g_assert_true(fake_remove_mailbox(bench->fake, name, NULL));
    }
}

static guint
count_here(Bench *bench, guint folders)
{
    guint count = 0;

    for (guint i = 0; i < folders; i++) {
        g_autofree char *path = g_strdup_printf("work/Small%u", i);
        g_autoptr(StoreFolder) folder = bench_folder(bench, path);

        count += folder && folder->total == 10;
    }
    return count;
}

/* Two small ones are somebody's act. */
static void
test_few(void)
{
    Bench *bench = prepare(8);

    remove_there(bench, 6, 8);
    bench_sync(bench);
    g_assert_cmpuint(bench->warned, ==, 0);
    g_assert_cmpuint(count_here(bench, 8), ==, 6);
    bench_check(bench);
    bench_destroy(bench);
}

/* Many wait for a yes, however often they are missing. */
static void
test_many(void)
{
    Bench *bench = prepare(8);

    remove_there(bench, 3, 8);
    for (int i = 0; i < 3; i++)
        bench_sync(bench);
    g_assert_cmpuint(bench->warned, ==, 5);
    g_assert_cmpuint(count_here(bench, 8), ==, 8);
    bench->sync.accept_removals = true;
    bench_sync(bench);
    g_assert_cmpuint(count_here(bench, 8), ==, 3);
    bench_check(bench);
    bench_destroy(bench);
}

/* Cut short while a new folder of ours is created between them: all wait. */
static void
test_cut(void)
{
    Bench *bench = prepare(8);
    StoreFolder ours = { .account = (char *)"work",
                         .name = (char *)"Small5x",
                         .path = (char *)"work/Small5x",
                         .delimiter = '/',
                         .selectable = true };

    g_assert_cmpint(store_folder_put(bench->store, &ours, NULL), >, 0);
    remove_there(bench, 3, 8);
    bench->fake->cut_call = bench->fake->calls + 2;
    g_assert_false(bench_try(bench));
    bench->fake->cut_call = 0;
    bench_sync(bench);
    g_assert_cmpuint(bench->warned, ==, 5);
    g_assert_cmpuint(count_here(bench, 8), ==, 8);
    bench_destroy(bench);
}

/* One that goes later is not counted with those that wait. */
static void
test_another(void)
{
    Bench *bench = prepare(8);

    remove_there(bench, 3, 8);
    bench_sync(bench);
    remove_there(bench, 0, 1);
    bench_sync(bench);
    g_assert_cmpuint(count_here(bench, 8), ==, 7);
    g_assert_cmpuint(bench->warned, ==, 5);
    bench_destroy(bench);
}

/* A list that lacks them once has taken nothing. */
static void
test_back(void)
{
    Bench *bench = prepare(8);

    bench->fake->unlisted = "Small";
    bench_sync(bench);
    g_assert_cmpuint(bench->warned, ==, 8);
    g_assert_cmpuint(count_here(bench, 8), ==, 8);
    bench->fake->unlisted = NULL;
    bench->fake->bodies = 0;
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->bodies, ==, 0);
    bench_check(bench);
    bench_destroy(bench);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gone/few", test_few);
    g_test_add_func("/gone/P16/many", test_many);
    g_test_add_func("/gone/P16/cut", test_cut);
    g_test_add_func("/gone/another", test_another);
    g_test_add_func("/gone/P16/back", test_back);
    return g_test_run();
}
