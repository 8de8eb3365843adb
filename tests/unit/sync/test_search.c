/* What a server finds that is not here: rows from headers, and syncs in the
 * middle of it. */
#include "bench.h"

static gint64
search_first(Bench *bench, const char *path, const char *criteria, guint n)
{
    g_auto(SyncFound) found = { 0 };
    g_autoptr(GError) error = NULL;

    sync_search(&bench->sync, path, criteria, &found, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(found.rows->len, ==, n);
    g_assert_cmpuint(found.left, ==, 0);
    return n ? g_array_index(found.rows, StoreUid, 0).id : 0;
}

/* What the server finds and is not here becomes a row from its header, which is
 * opened as any other; the next sync fetches its body and does not double
 * it. */
static void
test_search(void)
{
    Bench *bench = bench_create();
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreRow) row = NULL;
    gint64 id;

    for (guint i = 1; i <= 3; i++)
        fake_add(bench->fake, "INBOX", i, 0);
    bench_sync(bench);
    fake_add(bench->fake, "INBOX", 4, STORE_FLAG_FLAGGED);
    bench->fake->bodies = bench->fake->headers = 0;
    search_first(bench, "work/INBOX", "TEXT \"no such word\"", 0);
    g_assert_cmpint(search_first(bench, "work/INBOX", "TEXT \"body 2\"", 1),
                    ==, bench_row(bench, 2));
    g_assert_cmpuint(bench->fake->headers, ==, 0);
    id = search_first(bench, "work/INBOX", "TEXT \"body 4\"", 1);
    g_assert_cmpuint(bench->fake->headers, ==, 1);
    row = store_row(bench->store, id, NULL);
    g_assert_null(row->file);
    g_assert_cmpstr(row->subject, ==, "number 4");
    g_assert_true(row->flags & STORE_FLAG_FLAGGED);
    g_assert_true(sync_fetch_one(&bench->sync, id, &error));
    g_assert_no_error(error);
    bench_sync(bench);
    bench_check(bench);
    bench_destroy(bench);
}

/* The same in a folder that was never looked at, and all of it behind that. */
static void
test_search_first(void)
{
    Bench *bench = bench_create();

    bench_sync(bench);
    for (guint i = 1; i <= 9; i++)
        fake_add(bench->fake, "Archive", i, 0);
    search_first(bench, "work/Archive", "TEXT \"body 5\"", 1);
    bench_sync(bench);
    g_assert_cmpint(bench_rows(bench, 5), ==, 1);
    bench_check(bench);
    bench_destroy(bench);
}

typedef struct {
    Bench *bench;
    bool done;
} Meanwhile;

/* Another connection of ours searches while the rows are being told. */
static void
search_meanwhile(void *user, const SyncProgress *progress)
{
    Meanwhile *meanwhile = user;

    if (meanwhile->done)
        return;
    meanwhile->done = true;
    search_first(meanwhile->bench, "work/INBOX", "TEXT \"body\"", 60);
}

/* Rows that a search made in the middle of a sync are not made twice. */
static void
test_search_meanwhile(void)
{
    for (int headers = 0; headers < 2; headers++) {
        Bench *bench = bench_create();
        Meanwhile meanwhile = { bench, false };
        Sync sync;
        bool yielded;
        g_autoptr(GError) error = NULL;

        bench_sync(bench);
        for (guint i = 1; i <= 60; i++)
            fake_add(bench->fake, "INBOX", i, 0);
        sync = bench->sync;
        sync.headers_first = headers;
        sync.progress = search_meanwhile;
        sync.user = &meanwhile;
        sync.arrived = NULL;
        sync.warn = NULL;
        sync_account(&sync, &yielded, &error);
        g_assert_no_error(error);
        g_assert_true(meanwhile.done);
        bench_check(bench);
        bench_destroy(bench);
    }
}

static void
sync_meanwhile(void *user)
{
    Bench *bench = user;

    bench->fake->searched = NULL;
    bench_sync(bench);
    fake_add(bench->fake, "INBOX", 3, 0);
    bench->fake->selected = fake_mailbox(bench->fake, "INBOX");
}

/* What a sync noted of the folder while the server searched stays. */
static void
test_search_stale(void)
{
    Bench *bench = bench_create();
    g_autoptr(StoreFolder) before = NULL;
    g_autoptr(StoreFolder) after = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) mailboxes = NULL;
    g_auto(SyncFound) found = { 0 };

    sync_folders(&bench->sync, &mailboxes, &error);
    g_assert_no_error(error);
    fake_add(bench->fake, "INBOX", 1, 0);
    fake_add(bench->fake, "INBOX", 2, 0);
    bench->fake->user = bench;
    bench->fake->searched = sync_meanwhile;
    sync_search(&bench->sync, "work/INBOX", "TEXT \"body\"", &found, &error);
    g_assert_no_error(error);
    g_assert_null(bench->fake->searched);
    before = bench_folder(bench, "work/INBOX");
    g_assert_cmpuint(before->uidnext, ==, 3);
    bench_sync(bench);
    after = bench_folder(bench, "work/INBOX");
    g_assert_cmpuint(after->uidnext, ==, 4);
    g_assert_cmpuint(found.rows->len, ==, 3);
    bench_check(bench);
    bench_destroy(bench);
}

/* UIDs of another UIDVALIDITY are nobody's. */
static void
test_search_renumbered(void)
{
    Bench *bench = bench_create();
    g_auto(SyncFound) found = { 0 };
    g_autoptr(GError) error = NULL;

    fake_add(bench->fake, "INBOX", 1, 0);
    bench_sync(bench);
    fake_mailbox(bench->fake, "INBOX")->uidvalidity++;
    g_assert_false(sync_search(&bench->sync, "work/INBOX", "TEXT \"body\"",
                               &found, &error));
    g_assert_true(err_is(error, ERR_REFUSED));
    bench_sync(bench);
    bench_check(bench);
    bench_destroy(bench);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sync/search", test_search);
    g_test_add_func("/sync/search-first", test_search_first);
    g_test_add_func("/sync/search-meanwhile", test_search_meanwhile);
    g_test_add_func("/sync/search-stale", test_search_stale);
    g_test_add_func("/sync/search-renumbered", test_search_renumbered);
    return g_test_run();
}
