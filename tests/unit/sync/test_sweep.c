/* P20, P1: several connections name files in one folder at a time, and none
 * sweeps what another is about to record. The second one runs while the first
 * makes the folder durable: its files have their names then, and no row. */
#include "bench.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static void (*meanwhile)(void *user); /* called once; NULL: nothing */
static void *meanwhile_user;
static bool fails; /* the next time, and nothing is called */

static bool
is_directory(int fd)
{
    struct stat info;

    return fstat(fd, &info) == 0 && S_ISDIR(info.st_mode);
}

/* In front of libc's. */
int
fsync(int fd)
{
    void (*call)(void *user) = meanwhile;

    if (is_directory(fd) && fails) {
        fails = false;
        errno = EIO;
        return -1;
    }
    if (is_directory(fd) && call) {
        meanwhile = NULL;
        call(meanwhile_user);
    }
    return (int)syscall(SYS_fsync, fd);
}

static void
open_message(Bench *bench, guint number)
{
    g_autoptr(GError) error = NULL;

    sync_fetch_one(&bench->sync, bench_row(bench, number), &error);
    g_assert_no_error(error);
}

static void
open_one(Bench *bench)
{
    open_message(bench, 1);
}

static void
open_other(Bench *bench)
{
    open_message(bench, 2);
}

static void
search(Bench *bench)
{
    g_auto(SyncFound) found = { 0 };
    g_autoptr(GError) error = NULL;

    sync_search(&bench->sync, "work/INBOX", "TEXT \"body 7\"", &found, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(found.rows->len, ==, 1);
}

typedef struct {
    const char *name;
    void (*first)(Bench *bench);
    void (*second)(Bench *bench);
} Pair;

static const Pair pairs[] = {
    { "sync, search", bench_sync, search },
    { "sync, open", bench_sync, open_one },
    { "open, search", open_one, search },
    { "open, sync", open_one, bench_sync },
    { "open, open another", open_one, open_other },
    { "open, open the same", open_one, open_one },
};

typedef struct {
    const Pair *pair;
    Bench *bench;
    bool done;
} Second;

/* With connections of its own, to the server and to the store. */
static void
run_second(void *user)
{
    Second *second = user;
    Fake fake = *second->bench->fake;
    Bench bench = *second->bench;

    fake.ahead = NULL;
    fake.selected = NULL;
    bench.fake = &fake;
    bench.sync.server.conn = &fake;
    bench.sync.user = &bench;
    bench.sync.urgent =
        second->pair->second != search && second->pair->second != bench_sync;
    bench_open(&bench);
    second->pair->second(&bench);
    store_close(bench.store);
    g_free(fake.ahead);
    second->done = true;
}

/* Whatever a row says to have is there; then nothing goes on the server. */
static void
check_files(Bench *bench)
{
    for (guint i = 1; i <= 9; i++) {
        gint64 id = bench_row(bench, i);
        g_autoptr(StoreRow) row = id ? store_row(bench->store, id, NULL) : NULL;
        g_autofree char *path =
            row && row->file ? g_build_filename(bench->mail, row->file, NULL)
                             : NULL;
        g_autofree char *found = path ? maildir_locate(path) : NULL;

        g_assert_true(path == NULL || found != NULL);
    }
}

/* Five messages known by their headers, four that are new. */
static Bench *
prepare(void)
{
    Bench *bench = bench_create();

    for (guint i = 1; i <= 5; i++)
        fake_add(bench->fake, "INBOX", i, 0);
    bench->sync.keep.after = G_MAXINT64;
    bench_sync(bench);
    for (guint i = 6; i <= 9; i++)
        fake_add(bench->fake, "INBOX", i, 0);
    bench->sync.keep.after = 0;
    return bench;
}

static void
test_pair(const void *data)
{
    Second second = { data, prepare(), false };
    Bench *bench = second.bench;

    bench->sync.urgent = second.pair->first != bench_sync;
    meanwhile = run_second;
    meanwhile_user = &second;
    second.pair->first(bench);
    g_assert_true(second.done);
    check_files(bench);
    bench->sync.urgent = false;
    bench_sync(bench);
    bench_sync(bench);
    g_assert_cmpuint(fake_mailbox(bench->fake, "INBOX")->messages->len, ==, 9);
    bench_check(bench);
    bench_destroy(bench);
}

/* One that nothing tells from others but its bytes. */
static void
add_nameless(Bench *bench)
{
    fake_put(fake_mailbox(bench->fake, "INBOX"),
             "Subject: nameless\r\n\r\nbody\r\n", 0, "");
}

static StoreMessage *
describe_undated(const char *bytes, gsize size)
{
    StoreMessage *facts = bench_describe(bytes, size);

    facts->date = 0;
    return facts;
}

/* The disk fails under a batch that is named; what the user deletes is told the
 * server before the folder is looked at again. The names of both are swept. */
static void
test_failed(void)
{
    Bench *bench = bench_create();
    g_autoptr(GError) error = NULL;

    bench->sync.describe = describe_undated;
    fake_add(bench->fake, "INBOX", 1, 0);
    bench_sync(bench);
    add_nameless(bench);
    fails = true;
    g_assert_false(bench_try(bench));
    g_assert_false(fails);
    g_assert_cmpuint(bench_files(bench, "work/INBOX"), ==, 2);
    g_assert_true(store_set_folder(bench->store, bench_row(bench, 1), 0, NULL));
    sync_push(&bench->sync, &error);
    g_assert_no_error(error);
    bench_sync(bench);
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->appends, ==, 0);
    bench_check(bench);
    bench_destroy(bench);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_autofree char *path =
            g_strdup_printf("/sync/sweep/P20/%s", pairs[i].name);

        g_test_add_data_func(path, &pairs[i], test_pair);
    }
    g_test_add_func("/sync/sweep/failed", test_failed);
    return g_test_run();
}
