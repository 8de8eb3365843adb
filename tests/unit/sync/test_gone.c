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

static Bench *
prepare_parent(guint messages)
{
    Bench *bench = bench_create();

    for (guint i = 1; i <= messages; i++)
        fake_add(bench->fake, "Parent", i, 0);
    fake_mailbox(bench->fake, "Parent")->uidvalidity = 70;
    fake_add(bench->fake, "Parent/Child", 100, 0);
    bench_sync(bench);
    return bench;
}

/* As servers do when a mailbox is deleted that has others below it. */
static void
make_name(Bench *bench)
{
    FakeMailbox *parent = fake_mailbox(bench->fake, "Parent");

    while (parent->messages->len > 0)
        fake_remove(parent,
                    ((FakeMessage *)parent->messages->pdata[0])->uid);
    parent->no_select = true;
}

static guint
total(Bench *bench)
{
    g_autoptr(StoreFolder) parent = bench_folder(bench, "work/Parent");

    return parent ? parent->total : 0;
}

/* A few messages go, and the folder with its name. */
static void
test_name_few(void)
{
    Bench *bench = prepare_parent(10);

    make_name(bench);
    bench_sync(bench);
    bench_check(bench);
    g_assert_true(fake_remove_mailbox(bench->fake, "Parent", NULL));
    bench_sync(bench);
    g_assert_null(bench_folder(bench, "work/Parent"));
    g_assert_cmpuint(bench->warned, ==, 0);
    bench_check(bench);
    bench_destroy(bench);
}

/* Many wait, which is said once, also when the name goes as well; and there is
 * nothing to wait for when it is a mailbox again. */
static void
test_name_many(const void *unlisted)
{
    Bench *bench = prepare_parent(30);
    guint before = bench->fake->statuses;

    make_name(bench);
    for (int i = 0; i < 2; i++)
        bench_sync(bench);
    bench->fake->unlisted = unlisted;
    for (int i = 0; i < 2; i++)
        bench_sync(bench);
    g_assert_cmpuint(bench->warned, ==, 1);
    g_assert_cmpuint(total(bench), ==, 30);
    bench->sync.accept_removals = true;
    bench_sync(bench);
    g_assert_cmpuint(total(bench), ==, 0);
    bench->sync.accept_removals = false;
    bench->fake->unlisted = NULL;
    fake_mailbox(bench->fake, "Parent")->no_select = false;
    for (guint i = 41; i <= 70; i++)
        fake_add(bench->fake, "Parent", i, 0);
    bench_sync(bench);
    bench_check(bench);
    make_name(bench);
    bench_sync(bench);
    g_assert_cmpuint(bench->warned, ==, 2);
    g_assert_cmpuint(total(bench), ==, 30);
    g_assert_cmpuint(bench->fake->statuses, ==, before);
    bench_destroy(bench);
}

/* One that could not be opened when it went: it did not wait before. */
static void
test_name_unlisted(const void *few)
{
    Bench *bench = prepare_parent(few ? 10 : 30);
    g_autoptr(StoreFolder) parent = bench_folder(bench, "work/Parent");

    g_assert_true(store_folder_set_selectable(bench->store, parent->id, false,
                                              NULL));
    g_assert_true(fake_remove_mailbox(bench->fake, "Parent", NULL));
    bench_sync(bench);
    g_assert_cmpuint(bench->warned, ==, few ? 0 : 1);
    g_assert_cmpuint(total(bench), ==, few ? 0 : 30);
    bench_destroy(bench);
}

/* What is still to be uploaded to it makes it a mailbox again. */
static void
test_name_unsent(void)
{
    Bench *bench = prepare_parent(10);
    g_autofree char *ours =
        g_build_filename(bench->mail, "work/Parent/new/77.other", NULL);

    g_file_set_contents(ours, "Message-ID: <m60@example.org>\r\n\r\nx\r\n", -1,
                        NULL);
    make_name(bench);
    g_assert_true(sync_local(&bench->sync, NULL));
    bench_sync(bench);
    bench_sync(bench);
    g_assert_cmpuint(fake_mailbox(bench->fake, "Parent")->messages->len, ==, 1);
    g_assert_cmpuint(total(bench), ==, 1);
    bench_check(bench);
    bench_destroy(bench);
}

/* Renamed, and its old name stays for what lies below. */
static void
test_name_renamed(void)
{
    Bench *bench = prepare_parent(30);

    g_assert_true(fake_rename(bench->fake, "Parent", "Other", NULL));
    g_assert_true(
        fake_rename(bench->fake, "Other/Child", "Parent/Child", NULL));
    fake_mailbox(bench->fake, "Parent")->no_select = true;
    bench->fake->bodies = 0;
    bench_sync(bench);
    bench_settle(bench);
    g_assert_cmpuint(bench->warned, ==, 0);
    g_assert_cmpuint(bench->fake->bodies, ==, 0);
    g_assert_cmpuint(total(bench), ==, 0);
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
    g_test_add_func("/gone/name stays, few", test_name_few);
    g_test_add_data_func("/gone/P16/name stays", NULL, test_name_many);
    g_test_add_data_func("/gone/P16/name goes later", "Parent",
                         test_name_many);
    g_test_add_data_func("/gone/P16/could not be opened", NULL,
                         test_name_unlisted);
    g_test_add_data_func("/gone/could not be opened, few", "",
                         test_name_unlisted);
    g_test_add_func("/gone/name stays, unsent", test_name_unsent);
    g_test_add_func("/gone/name stays, renamed", test_name_renamed);
    return g_test_run();
}
