/* Whole runs over a maildrop: what each `pop-keep` comes to (P4, P76), what is
 * interrupted and run again (P5, P19), what the server does wrong (P28, P37).
 * Ends come in two ways: the connection is lost before or after each call in
 * turn, and the process is killed before each rename, unlink and fsync in turn,
 * its own and SQLite's. */
#include "fake_pop3.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum {
    KILLED = 9
};

static int kill_at;     /* the nth of the calls below; 0: none */
static bool fail_syncs; /* the disk says no */

static void
count_call(void)
{
    if (kill_at > 0 && --kill_at == 0)
        _exit(KILLED);
}

static int
fail_or(long result)
{
    if (!fail_syncs)
        return (int)result;
    errno = EIO;
    return -1;
}

/* In front of libc's: what makes things durable or visible. */
int
fsync(int fd)
{
    count_call();
    return (int)syscall(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
    count_call();
    return fail_or(syscall(SYS_fdatasync, fd));
}

int
syncfs(int fd)
{
    count_call();
    return fail_or(syscall(SYS_syncfs, fd));
}

int
renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    count_call();
    return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0);
}

int
unlink(const char *path)
{
    count_call();
    return (int)syscall(SYS_unlinkat, -100, path, 0);
}

/* A bench and its maildrop. */
typedef struct {
    Bench *bench;
    FakePop3 *fake;
    SyncPop3 pop3;
} Drop;

static Drop *
drop_create(const char *keep, guint messages)
{
    Drop *drop = g_new0(Drop, 1);

    drop->bench = bench_create();
    drop->fake = fake_pop3_create(drop->bench);
    drop->pop3 = (SyncPop3){ .sync = &drop->bench->sync,
                             .class = &fake_pop3_class,
                             .conn = drop->fake };
    g_assert_true(sync_pop3_keep_parse(keep, &drop->pop3.rules, NULL));
    for (guint i = 1; i <= messages; i++) {
        g_autofree char *uidl = g_strdup_printf("uid%u", i);

        fake_pop3_add(drop->fake, uidl, i, i * 10);
    }
    return drop;
}

static void
drop_destroy(Drop *drop)
{
    bench_destroy(drop->bench);
    fake_pop3_destroy(drop->fake);
    g_free(drop);
}

/* One session. */
static bool
drop_try(Drop *drop, GError **error)
{
    bool yielded;

    fake_pop3_login(drop->fake);
    return sync_pop3(&drop->pop3, &yielded, error) && !yielded;
}

static void
drop_sync(Drop *drop)
{
    g_autoptr(GError) error = NULL;

    drop_try(drop, &error);
    g_assert_no_error(error);
}

/* Every message is here once, whole, and nothing was deleted early. */
static void
drop_check(Drop *drop, guint messages, guint left)
{
    g_autoptr(GError) error = NULL;

    g_assert_cmpuint(bench_files(drop->bench, "work/INBOX"), ==, messages);
    for (guint i = 1; i <= messages; i++) {
        const FakePop3Message *message =
            &g_array_index(drop->fake->messages, FakePop3Message, i - 1);
        g_autoptr(StoreRow) row =
            store_row(drop->bench->store, bench_row(drop->bench, i), NULL);
        g_autofree char *path =
            g_build_filename(drop->bench->mail, row->file, NULL);
        g_autofree char *bytes = NULL;

        g_assert_cmpuint(bench_rows(drop->bench, i), ==, 1);
        g_assert_true(g_file_get_contents(path, &bytes, NULL, NULL));
        g_assert_cmpstr(bytes, ==, message->bytes);
    }
    g_assert_cmpuint(fake_pop3_left(drop->fake), ==, left);
    g_assert_cmpuint(drop->fake->shared->early, ==, 0);
    g_assert_cmpuint(store_pending_count(drop->bench->store, "work"), ==, 0);
    store_check(drop->bench->store, &error);
    g_assert_no_error(error);
}

static guint
fetched(const Drop *drop)
{
    guint n = 0;

    for (guint i = 0; i < FAKE_POP3_MOST; i++)
        n += drop->fake->shared->retr[i];
    return n;
}

/* The user's own act: out of the trash, for good. */
static void
drop_delete(Drop *drop, guint number)
{
    gint64 id = bench_row(drop->bench, number);
    g_autoptr(StoreRow) row = store_row(drop->bench->store, id, NULL);
    g_autofree char *path =
        row->file ? g_build_filename(drop->bench->mail, row->file, NULL) : NULL;
    g_autofree char *file = NULL;
    g_autoptr(GError) error = NULL;

    if (path)
        unlink(path);
    store_set_folder(drop->bench->store, id, 0, &error);
    store_server_gone(drop->bench->store, id, &file, &error);
    g_assert_no_error(error);
}

static gint64
drop_trash(Drop *drop)
{
    StoreFolder trash = { .account = (char *)"work",
                          .name = (char *)"Trash",
                          .path = (char *)"work/Trash",
                          .delimiter = '/',
                          .role = FOLDER_ROLE_TRASH,
                          .selectable = true,
                          .local = true };

    return store_folder_put(drop->bench->store, &trash, NULL);
}

static void
test_forever(void)
{
    Drop *drop = drop_create("forever", 7);

    drop_sync(drop);
    drop_check(drop, 7, 7);
    drop_sync(drop);
    fake_pop3_add(drop->fake, "new", 8, 10);
    drop_sync(drop);
    drop_check(drop, 8, 8);
    g_assert_cmpuint(fetched(drop), ==, 8);
    g_assert_cmpuint(drop->bench->arrived, ==, 8);
    drop_destroy(drop);
}

/* P5: what was deleted here does not come back; P4: nor does it go there. */
static void
test_forever_deleted_here(void)
{
    Drop *drop = drop_create("forever", 3);

    drop_sync(drop);
    drop_delete(drop, 2);
    drop_sync(drop);
    g_assert_cmpuint(bench_files(drop->bench, "work/INBOX"), ==, 2);
    g_assert_cmpuint(fetched(drop), ==, 3);
    g_assert_cmpuint(fake_pop3_left(drop->fake), ==, 3);
    drop_destroy(drop);
}

static void
test_no(void)
{
    Drop *drop = drop_create("no", 7);

    drop_sync(drop);
    drop_check(drop, 7, 0);
    drop_sync(drop);
    drop_check(drop, 7, 0);
    g_assert_cmpuint(fetched(drop), ==, 7);
    drop_destroy(drop);
}

/* After a QUIT that was answered a unique id may be used anew. */
static void
test_no_reused(void)
{
    Drop *drop = drop_create("no", 1);

    drop_sync(drop);
    fake_pop3_add(drop->fake, "uid1", 2, 10);
    drop_sync(drop);
    drop_check(drop, 2, 0);
    drop_destroy(drop);
}

static void
test_days(void)
{
    Drop *drop = drop_create("30 days", 3);
    gint64 now = clock_now();

    drop_sync(drop);
    clock_pin(now + 29 * 24 * 60 * 60);
    drop_sync(drop);
    g_assert_cmpuint(fake_pop3_left(drop->fake), ==, 3);
    clock_pin(now + 31 * 24 * 60 * 60);
    drop_sync(drop);
    drop_check(drop, 3, 0);
    clock_pin(0);
    drop_destroy(drop);
}

static void
test_until_deleted(void)
{
    Drop *drop = drop_create("until-deleted", 4);
    gint64 trash;

    drop_sync(drop);
    g_assert_cmpuint(fake_pop3_left(drop->fake), ==, 4);
    trash = drop_trash(drop);
    g_assert_true(store_set_folder(drop->bench->store,
                                   bench_row(drop->bench, 1), trash, NULL));
    drop_delete(drop, 2);
    drop_sync(drop);
    g_assert_true(drop->fake->shared->gone[0]);
    g_assert_true(drop->fake->shared->gone[1]);
    g_assert_cmpuint(fake_pop3_left(drop->fake), ==, 2);
    g_assert_cmpuint(drop->fake->shared->early, ==, 0);
    drop_destroy(drop);
}

/* D4: all files gone behind our back delete nothing there without a yes. */
static void
test_until_deleted_held(void)
{
    Drop *drop = drop_create("until-deleted", 30);

    drop_sync(drop);
    for (guint i = 1; i <= 25; i++)
        drop_delete(drop, i);
    drop_sync(drop);
    g_assert_cmpuint(fake_pop3_left(drop->fake), ==, 30);
    g_assert_cmpuint(drop->bench->warned, ==, 1);
    drop->bench->sync.accept_removals = true;
    drop_sync(drop);
    g_assert_cmpuint(fake_pop3_left(drop->fake), ==, 5);
    drop_destroy(drop);
}

/* As core scans it, but that every file of a directory made anew is lost. */
static bool
lose_all(const Sync *sync, GError **error)
{
    Bench *bench = sync->user;
    g_autoptr(StoreFolder) inbox = bench_folder(bench, "work/INBOX");
    g_autoptr(GPtrArray) files = store_files(sync->store, inbox->id, error);

    if (!sync_directory_is_new(sync->store, sync->mail, inbox))
        return true;
    for (guint i = 0; i < files->len; i++)
        store_set_file(sync->store, ((StoreFile *)files->pdata[i])->id, NULL,
                       error);
    return sync_directory_seen(sync->store, sync->mail, inbox, error);
}

/* What went with the directory that is made anew for new mail was not deleted
 * by the user: it is fetched again. */
static void
test_directory_gone(void)
{
    Drop *drop = drop_create("until-deleted", 3);
    g_autofree char *aside =
        g_build_filename(drop->bench->root, "aside", NULL);

    drop->pop3.scan = lose_all;
    drop_sync(drop);
    drop_sync(drop);
    drop_check(drop, 3, 3);
    g_assert_cmpint(g_rename(drop->bench->mail, aside), ==, 0);
    drop_sync(drop);
    drop_check(drop, 3, 3);
    drop_destroy(drop);
}

/* Larger ones stay headers, are never deleted there, and come when asked
 * for. */
static void
test_size_limit(void)
{
    Drop *drop = drop_create("no", 2);
    g_autoptr(StoreRow) row = NULL;
    g_autofree char *header = NULL;
    gsize size;
    g_autoptr(GError) error = NULL;

    fake_pop3_add(drop->fake, "large", 3, 5000);
    drop->pop3.rules.size_limit = 1000;
    drop_sync(drop);
    drop_sync(drop);
    g_assert_cmpuint(fake_pop3_left(drop->fake), ==, 1);
    row = store_row(drop->bench->store, bench_row(drop->bench, 3), NULL);
    g_assert_null(row->file);
    g_assert_cmpuint(row->size, >, 5000);
    header = store_header(drop->bench->store, row->id, &size, NULL);
    g_assert_nonnull(strstr(header, "Subject: s3"));
    fake_pop3_login(drop->fake);
    sync_pop3_fetch_one(&drop->pop3, row->id, &error);
    g_assert_no_error(error);
    drop_check(drop, 3, 1);
    drop_sync(drop);
    drop_check(drop, 3, 0);
    g_assert_cmpuint(fetched(drop), ==, 3);
    drop_destroy(drop);
}

static void
test_fetch_one_gone(void)
{
    Drop *drop = drop_create("forever", 0);
    g_autoptr(GError) error = NULL;
    gint64 id;

    fake_pop3_add(drop->fake, "large", 1, 5000);
    drop->pop3.rules.size_limit = 1000;
    drop_sync(drop);
    id = bench_row(drop->bench, 1);
    drop->fake->shared->gone[0] = true;
    fake_pop3_login(drop->fake);
    g_assert_false(sync_pop3_fetch_one(&drop->pop3, id, &error));
    g_assert_true(err_is(error, ERR_REFUSED));
    drop_destroy(drop);
}

static void
test_headers_first(void)
{
    Drop *drop = drop_create("no", 60);

    drop->bench->sync.headers_first = true;
    drop_sync(drop);
    drop_check(drop, 60, 0);
    g_assert_cmpuint(drop->fake->tops, ==, 60);
    g_assert_cmpuint(fetched(drop), ==, 60);
    g_assert_cmpuint(drop->bench->arrived, ==, 60);
    drop_destroy(drop);
}

/* No UIDL: hashes of headers, said once; each message is fetched once. */
static void
test_no_uidl(void)
{
    Drop *drop = drop_create("forever", 5);

    drop->fake->no_uidl = true;
    drop_sync(drop);
    drop_sync(drop);
    drop_check(drop, 5, 5);
    g_assert_cmpuint(fetched(drop), ==, 5);
    g_assert_cmpuint(drop->bench->warned, ==, 1);
    drop->fake->shared->gone[0] = true;
    fake_pop3_add(drop->fake, "x", 6, 1);
    drop_sync(drop);
    drop_check(drop, 6, 5);
    g_assert_cmpuint(fetched(drop), ==, 6);
    drop_destroy(drop);
}

/* P55: a unique id is data. Repeated ones are as many messages. */
static void
test_odd_ids(void)
{
    Drop *drop = drop_create("no", 0);

    fake_pop3_add(drop->fake, "../../../etc/passwd", 1, 10);
    fake_pop3_add(drop->fake, "same", 2, 20);
    fake_pop3_add(drop->fake, "same", 3, 30);
    fake_pop3_add(drop->fake, "same", 4, 30);
    fake_pop3_add(drop->fake, "'; DROP TABLE pop3; --", 5, 10);
    drop_sync(drop);
    drop_check(drop, 5, 0);
    drop_destroy(drop);
}

/* P37: the others go on, and come first the next time. */
static void
test_refused(void)
{
    Drop *drop = drop_create("no", 5);
    g_autoptr(GError) error = NULL;

    drop->fake->refuse = 4;
    g_assert_false(drop_try(drop, &error));
    g_assert_true(err_is(error, ERR_REFUSED));
    g_assert_nonnull(strstr(error->message, "not this one"));
    g_assert_cmpuint(fake_pop3_left(drop->fake), ==, 1);
    drop->fake->refuse = 0;
    drop_sync(drop);
    drop_check(drop, 5, 0);
    drop_destroy(drop);
}

/* P28, P37: a message over which the connection breaks holds up nothing but
 * itself: the others are fetched by the next run. */
static void
test_breaks(void)
{
    Drop *drop = drop_create("no", 5);
    g_autoptr(GError) error = NULL;

    drop->fake->breaks = 4;
    g_assert_false(drop_try(drop, &error));
    g_assert_true(err_is(error, ERR_PROTOCOL));
    g_assert_cmpuint(bench_files(drop->bench, "work/INBOX"), ==, 1);
    g_assert_false(drop_try(drop, NULL));
    g_assert_cmpuint(bench_files(drop->bench, "work/INBOX"), ==, 4);
    drop->fake->breaks = 0;
    drop_sync(drop);
    drop_check(drop, 5, 0);
    g_assert_cmpuint(fetched(drop), ==, 5);
    drop_destroy(drop);
}

/* LIST tells what it likes: the message is what was sent. */
static void
test_wrong_sizes(void)
{
    Drop *drop = drop_create("no", 3);

    g_array_index(drop->fake->messages, FakePop3Message, 0).octets = 1;
    g_array_index(drop->fake->messages, FakePop3Message, 1).octets = 99999999;
    drop_sync(drop);
    drop_check(drop, 3, 0);
    drop_destroy(drop);
}

/* P17, P18: a disk that fails at the sync ends the run with the path; nothing
 * is taken for stored, nothing deleted there; later all is well. */
static void
test_failing_disk(void)
{
    Drop *drop = drop_create("no", 12);
    g_autoptr(GError) error = NULL;

    fail_syncs = true;
    g_assert_false(drop_try(drop, &error));
    fail_syncs = false;
    g_assert_true(err_is(error, ERR_LOCAL));
    g_assert_cmpuint(fake_pop3_left(drop->fake), ==, 12);
    bench_reopen(drop->bench);
    drop_sync(drop);
    drop_check(drop, 12, 0);
    drop_destroy(drop);
}

static void
forget_history(Drop *drop)
{
    g_autoptr(GPtrArray) history = store_pop3(drop->bench->store, "work", NULL);

    for (guint i = 0; i < history->len; i++)
        g_assert_true(store_pop3_forget(drop->bench->store, "work",
                                        history->pdata[i], NULL));
}

/* P79: the history is lost, the mail is not: matched, not fetched again. */
static void
test_history_lost(void)
{
    Drop *drop = drop_create("forever", 5);

    drop_sync(drop);
    forget_history(drop);
    fake_pop3_add(drop->fake, "new", 6, 10);
    drop_sync(drop);
    drop_check(drop, 6, 6);
    g_assert_cmpuint(fetched(drop), ==, 6);
    drop_sync(drop);
    g_assert_cmpuint(fetched(drop), ==, 6);
    drop_destroy(drop);
}

/* Two have one Message-ID, and one of them is no longer there: the other is
 * known by its size. */
static void
test_history_twins(void)
{
    Drop *drop = drop_create("forever", 0);
    g_autoptr(GPtrArray) history = NULL;
    g_autoptr(StoreRow) row = NULL;

    fake_pop3_add(drop->fake, "first", 1, 10);
    fake_pop3_add(drop->fake, "second", 1, 50);
    drop_sync(drop);
    forget_history(drop);
    drop->fake->shared->gone[0] = true;
    drop_sync(drop);
    g_assert_cmpuint(fetched(drop), ==, 2);
    history = store_pop3(drop->bench->store, "work", NULL);
    g_assert_cmpuint(history->len, ==, 1);
    row = store_row(drop->bench->store,
                    ((const StorePop3 *)history->pdata[0])->message, NULL);
    g_assert_cmpuint(
        row->size, ==,
        strlen(g_array_index(drop->fake->messages, FakePop3Message, 1).bytes));
    drop_destroy(drop);
}

static bool
always(void *user)
{
    return true;
}

/* Yields, and goes on where it was, in the same session. */
static void
test_yields(void)
{
    Drop *drop = drop_create("no", 5);
    bool yielded = false;

    drop->bench->sync.should_yield = always;
    fake_pop3_login(drop->fake);
    g_assert_true(sync_pop3(&drop->pop3, &yielded, NULL));
    g_assert_true(yielded);
    g_assert_cmpuint(fake_pop3_left(drop->fake), ==, 5);
    drop->bench->sync.should_yield = NULL;
    g_assert_true(sync_pop3(&drop->pop3, &yielded, NULL));
    g_assert_false(yielded);
    drop_check(drop, 5, 0);
    drop_destroy(drop);
}

/* Interruptions. */

typedef struct {
    const char *name, *keep;
    guint stride; /* calls between one end and the next */
    bool headers_first;
    bool no_uidl;
} Scene;

static const Scene scenes[] = {
    { "keep forever", "forever", 3, false, false },
    { "keep no", "no", 1, false, false },
    { "keep no, headers first", "no", 17, true, false },
    { "keep no, no UIDL", "no", 3, false, true },
};

static Drop *
prepare(const Scene *scene, guint messages)
{
    Drop *drop = drop_create(scene->keep, messages);

    drop->bench->sync.headers_first = scene->headers_first;
    drop->fake->no_uidl = scene->no_uidl;
    return drop;
}

static guint
left_by(const Scene *scene, guint messages)
{
    return strcmp(scene->keep, "no") == 0 ? 0 : messages;
}

/* In a child that dies at the nth call. True when it came to its end. */
static bool
killed_sync(Drop *drop, int n)
{
    pid_t child = fork();
    int status;

    g_assert_cmpint(child, >=, 0);
    if (child == 0) {
        bench_open(drop->bench); /* a connection never crosses a fork */
        g_random_set_seed((guint32)getpid()); /* nor do its next names */
        drop->fake->check_early = false; /* its own syncs are not counted */
        kill_at = n;
        _exit(drop_try(drop, NULL) ? 0 : 1);
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), !=, 1);
    return WEXITSTATUS(status) == 0;
}

/* P4, P5: killed before the nth of what makes things durable, whatever the
 * server had done by then, and run again. */
static void
test_killed(const void *data)
{
    const Scene *scene = data;
    guint messages = scene->headers_first ? 55 : 6;
    bool done = false;
    int n;

    for (n = 1; !done; n += (int)scene->stride) {
        Drop *drop = prepare(scene, messages);

        store_close(g_steal_pointer(&drop->bench->store));
        done = killed_sync(drop, n);
        bench_open(drop->bench);
        drop_sync(drop);
        drop_check(drop, messages, left_by(scene, messages));
        drop_destroy(drop);
    }
    g_assert_cmpint(n, >, 5); /* the calls were counted at all */
}

/* Killed again and again, never given the time to finish at once. */
static void
test_killed_often(void)
{
    Drop *drop = prepare(&scenes[1], 6);

    store_close(g_steal_pointer(&drop->bench->store));
    for (int n = 1; n < 60 && !killed_sync(drop, n); n++)
        ;
    bench_open(drop->bench);
    drop_sync(drop);
    drop_check(drop, 6, 0);
    drop_destroy(drop);
}

/* One run with a cut at call n; true when there was no such call. */
static bool
cut_run(const Scene *scene, guint n, bool after)
{
    guint messages = scene->headers_first ? 55 : 6;
    Drop *drop = prepare(scene, messages);
    bool over;

    drop->fake->cut_call = n;
    drop->fake->cut_after = after;
    drop_try(drop, NULL);
    over = drop->fake->calls < n;
    drop->fake->cut_call = 0;
    bench_reopen(drop->bench);
    drop_sync(drop);
    drop_check(drop, messages, left_by(scene, messages));
    drop_destroy(drop);
    return over;
}

static void
test_cut(const void *data)
{
    const Scene *scene = data;

    for (int after = 0; after < 2; after++) {
        guint n = 1;

        while (n < 300 && !cut_run(scene, n, after))
            n += scene->stride;
        g_assert_cmpuint(n, >, 5);
        g_assert_cmpuint(n, <, 300);
    }
}

static const struct {
    const char *name;
    void (*test)(void);
} tests[] = {
    { "keep forever", test_forever },
    { "keep forever, deleted here", test_forever_deleted_here },
    { "keep no", test_no },
    { "keep no, unique id used anew", test_no_reused },
    { "keep days", test_days },
    { "keep until deleted", test_until_deleted },
    { "keep until deleted, held", test_until_deleted_held },
    { "size limit", test_size_limit },
    { "fetch one, gone", test_fetch_one_gone },
    { "headers first", test_headers_first },
    { "no UIDL", test_no_uidl },
    { "odd unique ids", test_odd_ids },
    { "refused", test_refused },
    { "breaks", test_breaks },
    { "wrong sizes", test_wrong_sizes },
    { "failing disk", test_failing_disk },
    { "history lost", test_history_lost },
    { "P16/directory gone", test_directory_gone },
    { "history lost, twins", test_history_twins },
    { "yields", test_yields },
    { "killed often", test_killed_often },
};

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *name = g_strdup_printf("/pop3/%s", tests[i].name);

        g_test_add_func(name, tests[i].test);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(scenes); i++) {
        g_autofree char *killed =
            g_strdup_printf("/pop3/killed: %s", scenes[i].name);
        g_autofree char *cut = g_strdup_printf("/pop3/cut: %s", scenes[i].name);

        g_test_add_data_func(killed, &scenes[i], test_killed);
        g_test_add_data_func(cut, &scenes[i], test_cut);
    }
    return g_test_run();
}
