/* A folder's directory that is gone, made anew, or back (Y5): what lacks in it
 * is deleted nowhere. Where a test takes one away it keeps it aside, so that
 * the system cannot use its number again. */
#include "bench.h"

static char *
path_of(const Bench *bench, const char *tree, const char *below)
{
    return g_build_filename(bench->root, tree, below, NULL);
}

static void
rename_tree(const Bench *bench, const char *from, const char *to)
{
    g_autofree char *old = path_of(bench, from, NULL);
    g_autofree char *new = path_of(bench, to, NULL);

    g_assert_cmpint(g_rename(old, new), ==, 0);
}

static void
make(const Bench *bench, const char *folder)
{
    g_autofree char *path = path_of(bench, "mail", folder);

    g_assert_true(maildir_create(path, NULL));
}

/* Three messages in the inbox, three in the archive, all here. */
static Bench *
bench_of_two(void)
{
    Bench *bench = bench_create();

    for (guint i = 1; i <= 6; i++)
        fake_add(bench->fake, i <= 3 ? "INBOX" : "Archive", i, 0);
    bench_sync(bench);
    bench_sync(bench);
    bench_check(bench);
    bench->fake->bodies = bench->warned = 0;
    return bench;
}

static void
check_there(Bench *bench, guint inbox, guint archive)
{
    g_assert_cmpuint(fake_mailbox(bench->fake, "INBOX")->messages->len, ==,
                     inbox);
    g_assert_cmpuint(fake_mailbox(bench->fake, "Archive")->messages->len, ==,
                     archive);
    g_assert_cmpuint(bench->fake->appends, ==, 0);
}

/* New mail makes one directory anew: its messages are fetched again; the other
 * waits to be mounted, which is said. */
static void
test_made_by_us(void)
{
    Bench *bench = bench_of_two();

    rename_tree(bench, "mail", "aside");
    bench_sync(bench);
    g_assert_cmpuint(bench->warned, ==, 1);
    fake_add(bench->fake, "Archive", 7, 0);
    bench_sync(bench);
    check_there(bench, 3, 4);
    bench_sync(bench);
    check_there(bench, 3, 4);
    g_assert_cmpuint(bench_files(bench, "work/Archive"), ==, 4);
    g_assert_cmpuint(bench_files(bench, "work/INBOX"), ==, 0);
    make(bench, "work/INBOX");
    bench_sync(bench);
    check_there(bench, 3, 4);
    bench_check(bench);
    bench->warned = 0;
    bench_sync(bench);
    g_assert_cmpuint(bench->warned, ==, 0);
    bench_destroy(bench);
}

/* Nobody saw that it was gone. */
static void
test_made_by_others(void)
{
    Bench *bench = bench_of_two();

    rename_tree(bench, "mail", "aside");
    make(bench, "work/INBOX");
    make(bench, "work/Archive");
    bench_sync(bench);
    check_there(bench, 3, 3);
    g_assert_cmpuint(bench->fake->bodies, ==, 6);
    bench_check(bench);
    bench_destroy(bench);
}

/* Mounted again behind a sync that fetched into the mount point: the files are
 * those of their rows, and none is a new message. */
static void
test_mounted_again(void)
{
    Bench *bench = bench_of_two();

    rename_tree(bench, "mail", "aside");
    fake_add(bench->fake, "Archive", 7, 0);
    bench_sync(bench);
    bench_sync(bench);
    bench->fake->bodies = 0;
    rename_tree(bench, "mail", "below");
    rename_tree(bench, "aside", "mail");
    bench_sync(bench);
    bench_settle(bench);
    check_there(bench, 3, 4);
    g_assert_cmpuint(bench->fake->bodies, ==, 1);
    bench_check(bench);
    bench_destroy(bench);
}

static void
test_without_cur(void)
{
    Bench *bench = bench_of_two();

    rename_tree(bench, "mail/work/INBOX/cur", "aside");
    bench_sync(bench);
    check_there(bench, 3, 3);
    g_assert_cmpuint(bench->warned, ==, 1);
    rename_tree(bench, "aside", "mail/work/INBOX/cur");
    bench_sync(bench);
    g_assert_cmpuint(bench->warned, ==, 1);
    g_assert_cmpuint(bench->fake->bodies, ==, 0);
    bench_check(bench);
    bench_destroy(bench);
}

/* Once it was compared, a file that goes is a message that goes. */
static void
test_deleted_after(void)
{
    Bench *bench = bench_of_two();
    g_autoptr(StoreRow) row = NULL;
    g_autofree char *file = NULL;

    rename_tree(bench, "mail", "aside");
    make(bench, "work/INBOX");
    make(bench, "work/Archive");
    bench_sync(bench);
    bench_sync(bench);
    row = store_row(bench->store, bench_row(bench, 1), NULL);
    file = path_of(bench, "mail", row->file);
    g_assert_cmpint(g_unlink(file), ==, 0);
    bench_sync(bench);
    check_there(bench, 2, 3);
    bench_check(bench);
    bench_destroy(bench);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/directory/P16/made-by-us", test_made_by_us);
    g_test_add_func("/directory/P16/made-by-others", test_made_by_others);
    g_test_add_func("/directory/P16/mounted-again", test_mounted_again);
    g_test_add_func("/directory/P16/without-cur", test_without_cur);
    g_test_add_func("/directory/deleted-after", test_deleted_after);
    return g_test_run();
}
