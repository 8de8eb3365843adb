/* P35: what another program did to the names of files is found out while
 * nobody waits for it, and what the user does meanwhile counts. */
#include "bench.h"

#include <fcntl.h>
#include <sys/stat.h>

static Bench *looked_at; /* its rows are compared next; NULL: not yet */
static void (*act)(Store *store);

/* In front of libc's: the first look at a folder's directory once its names
 * were read. */
int
stat(const char *path, struct stat *info)
{
    Bench *bench = g_steal_pointer(&looked_at);
    g_autofree char *state = NULL;
    g_autoptr(Store) store = NULL;

    if (bench) {
        state = g_build_filename(bench->root, "state.db", NULL);
        store = store_open(state, NULL);
        act(store);
    }
    return fstatat(AT_FDCWD, path, info, 0);
}

static void
names_read(void *user, const SyncProgress *progress)
{
    looked_at = user;
}

static Bench *
prepare(void)
{
    Bench *bench = bench_create();

    for (guint i = 1; i <= 5; i++)
        fake_add(bench->fake, "INBOX", i, STORE_FLAG_SEEN);
    bench_sync(bench);
    return bench;
}

/* Another program renames the file of the first message, or removes it. */
static void
scan(Bench *bench, const char *name, void (*meanwhile)(Store *store))
{
    g_autoptr(StoreRow) row =
        store_row(bench->store, bench_row(bench, 1), NULL);
    g_autofree char *from = g_build_filename(bench->mail, row->file, NULL);
    g_autofree char *base = g_strndup(from, strcspn(from, ":"));
    g_autofree char *to = name ? g_strconcat(base, name, NULL) : NULL;
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(to ? g_rename(from, to) : g_unlink(from), ==, 0);
    act = meanwhile;
    bench->sync.progress = names_read;
    sync_local(&bench->sync, &error);
    g_assert_no_error(error);
    g_assert_null(looked_at);
    bench->sync.progress = NULL;
}

static gint64
row_of(Store *store, const char *message_id)
{
    g_autoptr(GArray) rows = store_find_id(store, message_id, NULL);

    return g_array_index(rows, gint64, 0);
}

static void
other_row(Store *store)
{
    g_assert_true(store_set_flags(store, row_of(store, "m2@example.org"),
                                  STORE_FLAG_FLAGGED, NULL));
}

static void
unread(Store *store)
{
    g_assert_true(
        store_set_flags(store, row_of(store, "m1@example.org"), 0, NULL));
}

static void
archive(Store *store)
{
    g_autoptr(StoreFolder) to =
        store_folder_by_path(store, "work/Archive", NULL);

    g_assert_true(
        store_set_folder(store, row_of(store, "m1@example.org"), to->id, NULL));
}

static void
test_renamed(void)
{
    Bench *bench = prepare();
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");

    scan(bench, ":2,FS", other_row);
    bench_settle(bench);
    bench_sync(bench);
    g_assert_cmpuint(fake_find(inbox, 1)->flags, ==,
                     STORE_FLAG_FLAGGED | STORE_FLAG_SEEN);
    g_assert_cmpuint(fake_find(inbox, 2)->flags, ==, STORE_FLAG_FLAGGED);
    bench_check(bench);
    bench_destroy(bench);
}

static void
test_renamed_acted(void)
{
    Bench *bench = prepare();

    scan(bench, ":2,FS", unread);
    bench_settle(bench);
    bench_sync(bench);
    g_assert_cmpuint(fake_find(fake_mailbox(bench->fake, "INBOX"), 1)->flags,
                     ==, 0);
    bench_check(bench);
    bench_destroy(bench);
}

static void
test_removed(void)
{
    Bench *bench = prepare();

    scan(bench, NULL, other_row);
    bench_settle(bench);
    bench_sync(bench);
    g_assert_null(fake_find(fake_mailbox(bench->fake, "INBOX"), 1));
    bench_check(bench);
    bench_destroy(bench);
}

static void
test_removed_acted(void)
{
    Bench *bench = prepare();

    scan(bench, NULL, archive);
    bench_sync(bench);
    g_assert_cmpuint(fake_mailbox(bench->fake, "Archive")->messages->len, ==,
                     1);
    bench_destroy(bench);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/names/P35/renamed", test_renamed);
    g_test_add_func("/names/P35/renamed, acted upon", test_renamed_acted);
    g_test_add_func("/names/P35/removed", test_removed);
    g_test_add_func("/names/P35/removed, acted upon", test_removed_acted);
    return g_test_run();
}
