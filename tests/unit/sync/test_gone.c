/* What is gone from the server: that it is noticed, and of folders that are
 * gone, or empty, all at once (P16). */
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
        fake_remove(parent, ((FakeMessage *)parent->messages->pdata[0])->uid);
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

/* A server that does not mark such names is asked once. */
static void
test_name_unmarked(void)
{
    Bench *bench = prepare_parent(10);
    FakeMailbox *parent = fake_mailbox(bench->fake, "Parent");

    bench->fake->status = parent->unmarked = true;
    make_name(bench);
    for (int i = 0; i < 3; i++)
        bench_sync(bench);
    g_assert_cmpuint(bench->fake->statuses, ==, 1);
    g_assert_cmpuint(bench->warned, ==, 0);
    bench_check(bench);
    parent->no_select = false;
    fake_add(bench->fake, "Parent", 200, 0);
    bench_sync(bench);
    g_assert_cmpuint(total(bench), ==, 1);
    bench_check(bench);
    bench_destroy(bench);
}

/* One that could not be opened when it went: it did not wait before. */
static void
test_name_unlisted(const void *few)
{
    Bench *bench = prepare_parent(few ? 10 : 30);
    g_autoptr(StoreFolder) parent = bench_folder(bench, "work/Parent");

    g_assert_true(
        store_folder_set_selectable(bench->store, parent->id, false, NULL));
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

static void
empty_there(Bench *bench, guint first, guint folders)
{
    for (guint i = first; i < folders; i++) {
        g_autofree char *name = g_strdup_printf("Small%u", i);
        FakeMailbox *mailbox = fake_mailbox(bench->fake, name);

        while (mailbox->messages->len > 0)
            fake_remove(mailbox,
                        ((FakeMessage *)mailbox->messages->pdata[0])->uid);
    }
}

/* Small folders that are empty all at once wait for a yes, where LIST-STATUS
 * tells it; a few do not. */
static void
test_empty_listed(void)
{
    Bench *bench = prepare(8);

    bench->fake->status = true;
    empty_there(bench, 6, 8);
    bench_sync(bench);
    g_assert_cmpuint(bench->warned, ==, 0);
    g_assert_cmpuint(count_here(bench, 8), ==, 6);
    empty_there(bench, 0, 6);
    for (int i = 0; i < 2; i++)
        bench_sync(bench);
    g_assert_cmpuint(bench->warned, ==, 2);
    g_assert_cmpuint(count_here(bench, 8), ==, 6);
    bench->sync.accept_removals = true;
    bench_sync(bench);
    bench_check(bench);
    bench_destroy(bench);
}

/* Of 81 messages in small folders no more than half go without a yes, in one
 * round or several, which is said in a line each time. */
static void
test_emptied(void)
{
    Bench *bench = prepare(8);

    empty_there(bench, 0, 8);
    for (int i = 0; i < 4; i++)
        bench_sync(bench);
    g_assert_cmpuint(count_here(bench, 8), ==, 4);
    g_assert_cmpuint(bench->warned, ==, 4);
    bench->sync.accept_removals = true;
    bench_sync(bench);
    bench->sync.accept_removals = false;
    bench_check(bench);
    fake_add(bench->fake, "Small0", 500, 0);
    bench_sync(bench);
    g_assert_cmpuint(bench->warned, ==, 4);
    bench_destroy(bench);
}

/* Also when each round is cut short, or is of one folder. */
static void
test_emptied_cut(void)
{
    Bench *bench = prepare(8);

    empty_there(bench, 0, 8);
    for (guint n = 1; n < 30; n++) {
        bench->fake->calls = 0;
        bench->fake->cut_call = n;
        bench_try(bench);
        bench_reopen(bench);
    }
    g_assert_cmpuint(count_here(bench, 8), ==, 4);
    bench_destroy(bench);
}

static void
test_emptied_alone(void)
{
    Bench *bench = prepare(8);

    empty_there(bench, 0, 8);
    for (guint i = 0; i < 8; i++) {
        g_autofree char *path = g_strdup_printf("work/Small%u", i);

        bench->sync.only = path;
        bench_sync(bench);
        bench->sync.only = NULL;
    }
    g_assert_cmpuint(count_here(bench, 8), ==, 4);
    g_assert_cmpuint(bench->warned, ==, 4);
    bench_destroy(bench);
}

/* A few, time after time, are somebody's acts, and nothing is asked for. */
static void
test_emptied_few(void)
{
    Bench *bench = prepare(8);

    for (guint i = 0; i < 8; i += 2) {
        empty_there(bench, i, i + 2);
        bench_sync(bench);
    }
    g_assert_cmpuint(bench->warned, ==, 0);
    g_assert_cmpuint(bench->fake->statuses, ==, 0);
    bench_check(bench);
    bench_destroy(bench);
}

/* What another client moved is no loss, whichever folder is looked at first. */
static void
test_moved(const void *to)
{
    Bench *bench = prepare(8);

    fake_mailbox(bench->fake, to);
    bench_sync(bench);
    empty_there(bench, 0, 8);
    for (guint i = 0; i < 80; i++)
        fake_add(bench->fake, to, 100 + i, 0);
    bench_sync(bench);
    g_assert_cmpuint(bench->warned, ==, 0);
    g_assert_cmpuint(bench->fake->statuses, >, 0);
    bench_check(bench);
    bench_destroy(bench);
}

/* A server that begins anew: with LIST-STATUS nothing goes, without it half. */
static void
test_emptied_anew(const void *status)
{
    Bench *bench = prepare(8);

    empty_there(bench, 0, 8);
    for (guint i = 0; i < bench->fake->mailboxes->len; i++)
        fake_renumber(bench->fake->mailboxes->pdata[i]);
    bench->fake->status = status != NULL;
    for (int i = 0; i < 3; i++)
        bench_sync(bench);
    g_assert_cmpuint(count_here(bench, 8), ==, status ? 8 : 4);
    g_assert_cmpuint(bench->warned, ==, 3);
    bench->sync.accept_removals = true;
    bench_sync(bench);
    bench_check(bench);
    bench_destroy(bench);
}

/* A server without QRESYNC may leave HIGHESTMODSEQ as it was when a message is
 * expunged (RFC 7162, section 3.1.2.1): the number of messages says it. */
static void
test_without_mark(void)
{
    Bench *bench = bench_create();
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");
    guint64 modseq;

    bench->fake->qresync = false;
    bench->fake->status = true;
    for (guint i = 1; i <= 5; i++)
        fake_add(bench->fake, "INBOX", i, 0);
    bench_sync(bench);
    modseq = inbox->modseq;
    fake_remove(inbox, 3);
    inbox->modseq = modseq;
    bench_sync(bench);
    bench_check(bench);
    bench_destroy(bench);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gone/without mark", test_without_mark);
    g_test_add_func("/gone/few", test_few);
    g_test_add_func("/gone/P16/many", test_many);
    g_test_add_func("/gone/P16/cut", test_cut);
    g_test_add_func("/gone/another", test_another);
    g_test_add_func("/gone/P16/back", test_back);
    g_test_add_func("/gone/name stays, few", test_name_few);
    g_test_add_data_func("/gone/P16/name stays", NULL, test_name_many);
    g_test_add_data_func("/gone/P16/name goes later", "Parent", test_name_many);
    g_test_add_data_func("/gone/P16/could not be opened", NULL,
                         test_name_unlisted);
    g_test_add_data_func("/gone/could not be opened, few", "",
                         test_name_unlisted);
    g_test_add_func("/gone/name stays, unmarked", test_name_unmarked);
    g_test_add_func("/gone/name stays, unsent", test_name_unsent);
    g_test_add_func("/gone/name stays, renamed", test_name_renamed);
    g_test_add_func("/gone/P16/empty, listed", test_empty_listed);
    g_test_add_func("/gone/P16/emptied", test_emptied);
    g_test_add_func("/gone/P16/emptied, cut", test_emptied_cut);
    g_test_add_func("/gone/P16/emptied, one by one", test_emptied_alone);
    g_test_add_func("/gone/emptied, few", test_emptied_few);
    g_test_add_data_func("/gone/moved before", "A", test_moved);
    g_test_add_data_func("/gone/moved behind", "Z", test_moved);
    g_test_add_data_func("/gone/P16/emptied anew", NULL, test_emptied_anew);
    g_test_add_data_func("/gone/P16/emptied anew, told", "", test_emptied_anew);
    return g_test_run();
}
