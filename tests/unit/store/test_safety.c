/* state.db as a file: versions (P27), modes (P54), a process killed in the
 * middle of writing, two connections that write at once, a full disk (P17), a
 * lost file. */
#include "store_db.h"
#include "store_fixture.h"

#include "base/err.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static guint
mode_of(const char *path)
{
    struct stat info;

    g_assert_cmpint(lstat(path, &info), ==, 0);
    return info.st_mode & 07777;
}

static void
test_modes(void)
{
    mode_t kept = umask(0);
    g_autoptr(Fixture) fixture = fixture_create();
    g_autofree char *wal = g_strconcat(fixture->path, "-wal", NULL);

    umask(kept);
    g_assert_cmpuint(mode_of(fixture->path), ==, 0600);
    g_assert_cmpuint(mode_of(wal), ==, 0600);
}

static void
test_symlink(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    g_autofree char *link = g_build_filename(fixture->root, "link", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(symlink(fixture->path, link), ==, 0);
    g_assert_null(store_open(link, &error));
    g_assert_true(err_is(error, ERR_LOCAL));
}

/* Refused, and not a byte of it changed. */
static void
check_refused(const char *path, const char *why)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;
    gsize size, size_after;

    g_assert_true(g_file_get_contents(path, &before, &size, NULL));
    g_assert_null(store_open(path, &error));
    g_assert_true(err_is(error, ERR_LOCAL));
    g_assert_nonnull(strstr(error->message, path));
    g_assert_nonnull(strstr(error->message, why));
    g_assert_true(g_file_get_contents(path, &after, &size_after, NULL));
    g_assert_cmpmem(before, size, after, size_after);
}

static void
test_newer(void)
{
    g_autoptr(Fixture) fixture = fixture_create();

    fixture_add(fixture, fixture->folders[F_INBOX], 1, "a@x", NULL);
    must(store_run(fixture->store, "PRAGMA user_version = 99", error));
    store_close(fixture->store);
    check_refused(fixture->path, "newer");
    g_remove(fixture->path);
    fixture_open(fixture);
}

static void
test_foreign(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    g_autofree char *path = g_build_filename(fixture->root, "other.db", NULL);
    g_autofree char *text = g_strnfill(5000, 'x');
    sqlite3 *db;

    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, "CREATE TABLE t (a)", 0, 0, 0), ==,
                    SQLITE_OK);
    sqlite3_close(db);
    check_refused(path, "no state file");
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    check_refused(path, "not a database");
}

/* A child that writes batches until it is killed: what it said was done is
 * there, what was half done is not. */
static void
write_batches(const char *path, int out)
{
    Store *store = store_open(path, NULL);
    g_autoptr(StoreFolder) folder =
        store_folder_by_path(store, "work/INBOX", NULL);
    static const char *const references[] = { "root@x", NULL };

    for (guint32 batch = 0;; batch++) {
        guint32 uid = batch * 100;

        if (!store_begin(store, NULL))
            _exit(1);
        for (int i = 0; i < 100; i++) {
            StoreMessage message = { .folder = folder->id,
                                     .uid = ++uid,
                                     .references = references,
                                     .flags = uid % 3 ? STORE_FLAG_SEEN : 0,
                                     .date = uid };

            if (!store_message_add(store, &message, NULL))
                _exit(1);
        }
        if (!store_end(store, true, NULL)
            || write(out, &uid, sizeof uid) != sizeof uid)
            _exit(1);
    }
}

/* Starts a child, kills it some time behind so many batches. Returns the last
 * UID of which it said that it was there. */
static guint32
kill_writer(const char *path, int batches)
{
    int ends[2], status;
    guint32 uid, told = 0;
    pid_t child;

    g_assert_cmpint(pipe(ends), ==, 0);
    child = fork();
    if (child == 0)
        write_batches(path, ends[1]);
    close(ends[1]);
    for (int i = 0; i < batches; i++)
        if (read(ends[0], &uid, sizeof uid) == sizeof uid)
            told = uid;
    g_usleep((gulong)batches * 700);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    g_assert_true(WIFSIGNALED(status));
    while (read(ends[0], &uid, sizeof uid) == sizeof uid)
        told = uid;
    close(ends[0]);
    return told;
}

static void
test_killed(gconstpointer data)
{
    g_autoptr(Fixture) fixture = fixture_create();
    g_autoptr(StoreFolder) folder = NULL;
    guint32 told;

    store_close(fixture->store);
    told = kill_writer(fixture->path, GPOINTER_TO_INT(data));
    fixture_open(fixture);
    checked(fixture->store);
    must((folder =
              store_folder(fixture->store, fixture->folders[F_INBOX], error))
         != NULL);
    g_assert_cmpuint(told, >=, 100);
    g_assert_cmpuint(folder->total, >=, told);
    g_assert_cmpuint(folder->total % 100, ==, 0);
}

typedef struct {
    const char *path;
    gint64 *ids;
    guint n;
    guint seed;
} Writer;

/* Toggles flags and moves, each durable by itself. */
static void *
write_much(void *data)
{
    const Writer *writer = data;
    GRand *random = g_rand_new_with_seed(writer->seed);
    Store *store = NULL;

    must((store = store_open(writer->path, error)) != NULL);
    for (int i = 0; i < 150; i++) {
        gint64 id = writer->ids[g_rand_int_range(random, 0, (gint32)writer->n)];

        if (i % 2)
            must(store_set_flags(store, id, g_rand_int(random) & 63, error));
        else
            must(store_set_folder(store, id, 1 + i % 4, error));
    }
    store_close(store);
    g_rand_free(random);
    return NULL;
}

static void
test_two_writers(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    guint64 before = store_version(fixture->store);
    gint64 ids[20];
    Writer one = { fixture->path, ids, 20, 1 };
    Writer two = { fixture->path, ids, 20, 2 };
    GThread *threads[2];

    for (guint32 i = 0; i < 20; i++)
        ids[i] = fixture_add(fixture, fixture->folders[F_INBOX], i + 1,
                             i % 2 ? "a@x" : "b@x", "root@x");
    g_assert_cmpuint(store_version(fixture->store), !=, before);
    before = store_version(fixture->store);
    g_assert_cmpuint(store_version(fixture->store), ==, before);
    threads[0] = g_thread_new("one", write_much, &one);
    threads[1] = g_thread_new("two", write_much, &two);
    g_thread_join(threads[0]);
    g_thread_join(threads[1]);
    g_assert_cmpuint(store_version(fixture->store), !=, before);
}

static void *
open_new(void *data)
{
    Store *store = NULL;

    must((store = store_open(data, error)) != NULL);
    store_close(store);
    return NULL;
}

/* Several threads find no file and make it. */
static void
test_opened_at_once(void)
{
    for (int round = 0; round < 10; round++) {
        g_autoptr(Fixture) fixture = fixture_create();
        g_autofree char *path = g_build_filename(fixture->root, "new", NULL);
        GThread *threads[4];

        for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
            threads[i] = g_thread_new("open", open_new, path);
        for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
            g_thread_join(threads[i]);
    }
}

/* One part of an act fails: nothing of it stays, whatever came behind. */
static void
test_nested(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    g_autoptr(GError) trouble = NULL;
    g_autoptr(StoreRow) row = NULL;
    gint64 id = fixture_add(fixture, fixture->folders[F_INBOX], 1, "a@x", NULL);

    must(store_begin(fixture->store, error));
    must(store_set_flags(fixture->store, id, STORE_FLAG_SEEN, error));
    g_assert_false(store_set_flags(fixture->store, 4711, 0, &trouble));
    g_assert_true(err_is(trouble, ERR_LOCAL));
    g_clear_error(&trouble);
    g_assert_false(store_set_flags(fixture->store, id, 0, &trouble));
    g_clear_error(&trouble);
    g_assert_false(store_end(fixture->store, true, &trouble));
    g_assert_true(err_is(trouble, ERR_LOCAL));
    row = fixture_row(fixture, id);
    g_assert_cmpuint(row->flags, ==, 0);
    must(store_set_flags(fixture->store, id, STORE_FLAG_SEEN, error));
}

/* SQLite rolls back by itself when the disk is full; what comes behind must
 * not be committed alone. */
static void
test_full(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    g_autoptr(GError) trouble = NULL;
    g_autofree char *large = g_strnfill(200000, 'x');
    gint64 id = fixture_add(fixture, fixture->folders[F_INBOX], 1, "a@x", NULL);
    g_autoptr(StoreRow) row = NULL;
    gint64 pages = store_int(fixture->store, 0, "PRAGMA page_count", "");
    g_autofree char *limit =
        g_strdup_printf("PRAGMA max_page_count = %d", (int)pages + 4);

    must(store_run(fixture->store, limit, error));
    must(store_begin(fixture->store, error));
    must(store_set_flags(fixture->store, id, STORE_FLAG_SEEN, error));
    g_assert_false(store_set_value(fixture->store, "key", large, &trouble));
    g_assert_true(err_is(trouble, ERR_LOCAL));
    g_assert_nonnull(strstr(trouble->message, "full"));
    g_clear_error(&trouble);
    g_assert_false(
        store_set_flags(fixture->store, id, STORE_FLAG_FLAGGED, &trouble));
    g_clear_error(&trouble);
    g_assert_false(store_end(fixture->store, true, &trouble));
    row = fixture_row(fixture, id);
    g_assert_cmpuint(row->flags, ==, 0);
    /* and works again when there is room */
    must(store_run(fixture->store, "PRAGMA max_page_count = 100000", error));
    must(store_set_value(fixture->store, "key", large, error));
}

/* A lost file is a new one (P79). */
static void
test_lost(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    g_autoptr(GPtrArray) folders = NULL;

    fixture_add(fixture, fixture->folders[F_INBOX], 1, "a@x", NULL);
    store_close(fixture->store);
    g_assert_cmpint(g_remove(fixture->path), ==, 0);
    fixture_open(fixture);
    must((folders = store_folders(fixture->store, NULL, error)) != NULL);
    g_assert_cmpuint(folders->len, ==, 0);
}

static guint
inbox_total(Store *store, gint64 id)
{
    g_autoptr(StoreFolder) folder = store_folder(store, id, NULL);

    return folder->total;
}

/* One state from begin to end, whatever others commit meanwhile. */
static void
test_reading(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    gint64 inbox = fixture->folders[F_INBOX];
    g_autoptr(Store) reader = store_open(fixture->path, NULL);

    store_read_begin(reader);
    g_assert_cmpuint(inbox_total(reader, inbox), ==, 0);
    fixture_add(fixture, inbox, 1, "a@x", NULL);
    g_assert_cmpuint(inbox_total(reader, inbox), ==, 0);
    store_read_end(reader);
    g_assert_cmpuint(inbox_total(reader, inbox), ==, 1);
}

/* What was committed lazily is there for others, and survives a reopening. */
static void
test_lazy(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    gint64 inbox = fixture->folders[F_INBOX];
    g_autoptr(Store) reader = store_open(fixture->path, NULL);

    {
        g_autoptr(StoreLazy) G_GNUC_UNUSED lazy = store_lazy(fixture->store);

        fixture_add(fixture, inbox, 1, "a@x", NULL);
    }
    g_assert_cmpuint(inbox_total(reader, inbox), ==, 1);
    store_close(fixture->store);
    fixture_open(fixture);
    g_assert_cmpuint(inbox_total(fixture->store, inbox), ==, 1);
}

/* How SQLite waits for the disk with a commit. */
enum {
    NORMAL = 1,
    FULL = 2
};

static int
waits(const Fixture *fixture)
{
    return (int)store_int(fixture->store, -1, "PRAGMA synchronous", "");
}

/* In a transaction and without one; whatever way the scope is left. */
static void
add_lazily(Fixture *fixture, guint32 uid, bool again)
{
    g_autoptr(StoreLazy) G_GNUC_UNUSED lazy = store_lazy(fixture->store);

    must(store_begin(fixture->store, error));
    fixture_add(fixture, fixture->folders[F_INBOX], uid, "a@x", NULL);
    must(store_end(fixture->store, true, error));
    g_assert_cmpint(waits(fixture), ==, NORMAL);
    if (again) {
        add_lazily(fixture, uid + 1, false);
        must(store_set_value(fixture->store, "a", "lazy", error));
        g_assert_cmpint(waits(fixture), ==, NORMAL);
        return;
    }
    must(store_set_value(fixture->store, "a", "b", error));
}

/* What is committed behind the scope waits for the disk again. */
static void
test_lazy_ends(void)
{
    g_autoptr(Fixture) fixture = fixture_create();

    add_lazily(fixture, 1, true);
    must(store_set_value(fixture->store, "a", "c", error));
    g_assert_cmpint(waits(fixture), ==, FULL);
    add_lazily(fixture, 5, false);
    must(store_begin(fixture->store, error));
    g_assert_cmpint(waits(fixture), ==, FULL);
    must(store_end(fixture->store, true, error));
}

typedef struct {
    const char *path;
    int transactions; /* atomic: begun */
    int over;         /* atomic */
} Greedy;

/* One transaction behind the other, with no pause between them. */
static void *
write_greedily(void *data)
{
    Greedy *greedy = data;
    g_autoptr(Store) store = store_open(greedy->path, NULL);

    while (!g_atomic_int_get(&greedy->over)) {
        must(store_begin(store, error));
        g_atomic_int_inc(&greedy->transactions);
        g_usleep(5000);
        must(store_end(store, true, error));
    }
    return NULL;
}

static int
by_size(gconstpointer a, gconstpointer b)
{
    return *(const int *)a - *(const int *)b;
}

/* Another writer waits for one or two of them, not until they are all over
 * (P35): the screen writes too. More begin where the machine takes the time
 * between the two looks. */
static void
test_turns(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    Greedy greedy = { .path = fixture->path };
    GThread *thread = g_thread_new("greedy", write_greedily, &greedy);
    int begun[21];

    while (g_atomic_int_get(&greedy.transactions) == 0)
        g_usleep(1000);
    for (gsize i = 0; i < G_N_ELEMENTS(begun); i++) {
        int before = g_atomic_int_get(&greedy.transactions);

        if (i % 2) {
            must(store_begin(fixture->store, error));
            must(store_end(fixture->store, true, error));
        } else {
            must(store_set_value(fixture->store, "key", "value", error));
        }
        begun[i] = g_atomic_int_get(&greedy.transactions) - before;
    }
    g_atomic_int_set(&greedy.over, 1);
    g_thread_join(thread);
    qsort(begun, G_N_ELEMENTS(begun), sizeof begun[0], by_size);
    g_assert_cmpint(begun[G_N_ELEMENTS(begun) / 2], <=, 2);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/safety/modes", test_modes);
    g_test_add_func("/store/safety/symlink", test_symlink);
    g_test_add_func("/store/safety/newer", test_newer);
    g_test_add_func("/store/safety/foreign", test_foreign);
    g_test_add_data_func("/store/safety/killed/1", GINT_TO_POINTER(1),
                         test_killed);
    g_test_add_data_func("/store/safety/killed/2", GINT_TO_POINTER(2),
                         test_killed);
    g_test_add_data_func("/store/safety/killed/7", GINT_TO_POINTER(7),
                         test_killed);
    g_test_add_func("/store/safety/two-writers", test_two_writers);
    g_test_add_func("/store/safety/opened-at-once", test_opened_at_once);
    g_test_add_func("/store/safety/nested", test_nested);
    g_test_add_func("/store/safety/reading", test_reading);
    g_test_add_func("/store/safety/lazy", test_lazy);
    g_test_add_func("/store/safety/lazy-ends", test_lazy_ends);
    g_test_add_func("/store/safety/full", test_full);
    g_test_add_func("/store/safety/lost", test_lost);
    g_test_add_func("/store/safety/turns", test_turns);
    return g_test_run();
}
