/* P1, P13, P14, P19: a sync that ends anywhere, run again, is as if it had
 * never been interrupted. Ends come in two ways: the connection is lost before
 * or after each call in turn, and the process is killed before each rename,
 * unlink, fsync and commit in turn, its own and SQLite's. */
#include "bench.h"

#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { KILLED = 9 };

static int kill_at; /* the nth of the calls below; 0: none */
static guint commits;

static void
count_call(void)
{
    if (kill_at > 0 && --kill_at == 0)
        _exit(KILLED);
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
    return (int)syscall(SYS_fdatasync, fd);
}

int
syncfs(int fd)
{
    count_call();
    return (int)syscall(SYS_syncfs, fd);
}

/* The head of a frame of SQLite's WAL: behind its first four bytes stands the
 * size of the database where it ends a transaction, else 0. */
ssize_t
pwrite64(int fd, const void *bytes, size_t size, off64_t at)
{
    static const char zero[4];

    if (size == 24 && memcmp((const char *)bytes + 4, zero, 4) != 0) {
        commits++;
        count_call();
    }
    return syscall(SYS_pwrite64, fd, bytes, size, at);
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

static void
fill(Bench *bench)
{
    for (guint i = 1; i <= 7; i++)
        fake_add(bench->fake, "INBOX", i, i % 2 ? STORE_FLAG_SEEN : 0);
}

static void
change_there(Bench *bench)
{
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");
    FakeMessage *message = fake_find(inbox, 3);

    message->flags ^= STORE_FLAG_FLAGGED;
    message->modseq = ++inbox->modseq;
    fake_remove(inbox, 1);
    fake_remove(inbox, 2);
    fake_add(bench->fake, "INBOX", 30, 0);
    fake_add(bench->fake, "Archive", 31, 0);
}

static void
renumber(Bench *bench)
{
    fake_renumber(fake_mailbox(bench->fake, "INBOX"));
}

static void
nothing(Bench *bench)
{
}

/* Bodies that are not to be here yet. */
static void
fill_unkept(Bench *bench)
{
    fill(bench);
    bench->sync.keep.after = G_MAXINT64;
}

static void
keep_all(Bench *bench)
{
    bench->sync.keep.after = 0;
}

/* By the connection that the user waits for. */
static bool
open_two(Bench *bench)
{
    bool ok;

    bench->sync.urgent = true;
    ok = sync_fetch_one(&bench->sync, bench_row(bench, 1), NULL)
         && sync_fetch_one(&bench->sync, bench_row(bench, 2), NULL);
    bench->sync.urgent = false;
    return ok;
}

/* In a child that dies at the nth call of run. True when it came to its end. */
static bool
killed_in(Bench *bench, bool (*run)(Bench *bench), int n)
{
    pid_t child = fork();
    int status;

    g_assert_cmpint(child, >=, 0);
    if (child == 0) {
        bench_open(bench); /* a connection never crosses a fork */
        g_random_set_seed((guint32)getpid()); /* nor do its next names */
        kill_at = n;
        _exit(run(bench) ? 0 : 1);
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), !=, 1);
    return WEXITSTATUS(status) == 0;
}

typedef struct {
    const char *name;
    void (*before)(Bench *bench); /* then a whole sync */
    void (*after)(Bench *bench);  /* then the one that is interrupted */
    bool headers_first;
    bool (*run)(Bench *bench); /* is interrupted; NULL: a sync */
} Scene;

static const Scene scenes[] = {
    { "first fetch", nothing, fill, false, NULL },
    { "first fetch, headers first", nothing, fill, true, NULL },
    { "changes", fill, change_there, false, NULL },
    { "another UIDVALIDITY", fill, renumber, false, NULL },
    { "opening", fill_unkept, keep_all, false, open_two },
};

static bool
interrupted(const Scene *scene, Bench *bench)
{
    return scene->run ? scene->run(bench) : bench_try(bench);
}

static Bench *
prepare(const Scene *scene)
{
    Bench *bench = bench_create();

    bench->sync.headers_first = scene->headers_first;
    scene->before(bench);
    bench_sync(bench);
    scene->after(bench);
    return bench;
}

static void
test_killed(const void *data)
{
    const Scene *scene = data;
    bool done = false;
    int n;

    for (n = 1; !done; n++) {
        Bench *bench = prepare(data);

        store_close(g_steal_pointer(&bench->store));
        done = killed_in(bench, scene->run ? scene->run : bench_try, n);
        bench_open(bench);
        bench_sync(bench);
        bench_check(bench);
        bench_destroy(bench);
    }
    g_assert_cmpint(n, >, 5); /* the calls were counted at all */
}

/* Killed again and again, never given the time to finish at once. */
static void
test_killed_often(void)
{
    Bench *bench = prepare(&scenes[0]);

    store_close(g_steal_pointer(&bench->store));
    for (int n = 1; n < 60 && !killed_in(bench, bench_try, n); n++)
        ;
    bench_open(bench);
    bench_sync(bench);
    bench_check(bench);
    bench_destroy(bench);
}

/* A message of our own, as core writes it. */
static void
add_ours(Bench *bench)
{
    g_autoptr(StoreFolder) inbox = bench_folder(bench, "work/INBOX");
    g_autofree char *dir = g_build_filename(bench->mail, inbox->path, NULL);
    static const char ours[] =
        "Message-ID: <m50@example.org>\r\nSubject: ours\r\n\r\nx\r\n";
    StoreMessage message = { .folder = inbox->id,
                             .file = "work/INBOX/cur/ours:2,S",
                             .message_id = "m50@example.org",
                             .size = sizeof ours - 1,
                             .arrival = 1672653600,
                             .flags = STORE_FLAG_SEEN };
    g_autoptr(GError) error = NULL;

    maildir_deliver(dir, "ours", MAILDIR_SEEN, ours, sizeof ours - 1, &error);
    g_assert_no_error(error);
    store_message_add(bench->store, &message, &error);
    g_assert_no_error(error);
}

static void
act(Bench *bench)
{
    g_autoptr(StoreFolder) archive = bench_folder(bench, "work/Archive");

    g_assert_true(store_set_flags(bench->store, bench_row(bench, 2),
                                  STORE_FLAG_SEEN, NULL));
    g_assert_true(store_set_folder(bench->store, bench_row(bench, 4),
                                   archive->id, NULL));
    g_assert_true(
        store_set_folder(bench->store, bench_row(bench, 5), 0, NULL));
    add_ours(bench);
}

/* What the user did is there once: on the server and here. */
static void
check_act(Bench *bench)
{
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");
    FakeMailbox *archive = fake_mailbox(bench->fake, "Archive");

    g_assert_cmpuint(fake_shown(bench->fake, inbox), ==, 6); /* 7 - 2 + ours */
    g_assert_cmpuint(archive->messages->len, ==, 1);
    g_assert_cmpuint(bench_rows(bench, 4), ==, 1);
    g_assert_cmpuint(bench_rows(bench, 50), ==, 1);
    g_assert_cmpuint(bench_row(bench, 5), ==, 0);
    g_assert_cmpuint(fake_find(inbox, 2)->flags, ==, STORE_FLAG_SEEN);
}

static void
settle(Bench *bench)
{
    g_autoptr(GArray) ids = store_unsettled(bench->store, false, 0, NULL);

    for (guint i = 0; ids && i < ids->len; i++) {
        gint64 id = g_array_index(ids, gint64, i);
        g_autoptr(StoreRow) row = store_row(bench->store, id, NULL);
        g_autoptr(StoreFolder) to =
            store_folder(bench->store, row->folder, NULL);
        g_autofree char *from =
            row->file ? g_build_filename(bench->mail, row->file, NULL) : NULL;
        g_autofree char *dir = NULL;
        g_autofree char *path = NULL;

        if (to == NULL || from == NULL)
            continue;
        dir = g_build_filename(bench->mail, to->path, NULL);
        path = maildir_rename(from, dir, row->flags & STORE_SYSTEM_FLAGS,
                              NULL);
        store_set_file(bench->store, id, path + strlen(bench->mail) + 1, NULL);
    }
}

/* One run with a cut at call n; true when there was no such call. can: with
 * acts of the user's, and what the server can; NULL: without. */
static bool
cut_run(const Scene *scene, const char *can, guint n, bool after)
{
    Bench *bench = prepare(scene);
    bool over;

    bench->fake->uidplus = can == NULL || strstr(can, "UIDPLUS");
    bench->fake->no_move = can && !strstr(can, "MOVE");
    if (can)
        act(bench);
    bench->fake->calls = 0;
    bench->fake->cut_call = n;
    bench->fake->cut_after = after;
    interrupted(scene, bench);
    over = bench->fake->calls < n;
    bench->fake->cut_call = 0;
    bench_reopen(bench);
    bench_sync(bench);
    settle(bench);
    bench_sync(bench);
    bench_sync(bench);
    bench_check(bench);
    if (can)
        check_act(bench);
    bench_destroy(bench);
    return over;
}

static void
test_cut(const void *data)
{
    for (int after = 0; after < 2; after++)
        for (guint n = 1; n < 100 && !cut_run(data, NULL, n, after); n++)
            ;
}

static const Scene acting = { "acts", fill, nothing, false, NULL };

static void
test_cut_push(const void *can)
{
    for (int after = 0; after < 2; after++) {
        guint n = 1;

        while (n < 100 && !cut_run(&acting, can, n, after))
            n++;
        g_assert_cmpuint(n, >, 5);
        g_assert_cmpuint(n, <, 100);
    }
}

/* P14: the answer to an APPEND was lost, and the next thing is a push, without
 * a look at the folder: it is looked for before a second upload. */
static void
test_append_ambiguous(void)
{
    Bench *bench = prepare(&acting);
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");
    g_autoptr(GError) error = NULL;

    act(bench);
    g_assert_true(sync_push(&bench->sync, NULL));
    g_assert_cmpuint(bench->fake->appends, ==, 1);
    fake_remove(inbox, inbox->uidnext - 1);
    bench_sync(bench);
    add_ours(bench);
    bench->fake->calls = 0;
    for (bench->fake->cut_call = 1; bench->fake->appends == 1;
         bench->fake->cut_call++) {
        bench->fake->calls = 0;
        bench->fake->cut_after = true;
        sync_push(&bench->sync, NULL);
    }
    bench->fake->cut_call = 0;
    sync_push(&bench->sync, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(bench->fake->appends, ==, 2);
    bench_sync(bench);
    g_assert_cmpuint(bench_rows(bench, 50), ==, 1);
    bench_destroy(bench);
}

/* P35: what another client did to a whole mailbox is recorded in parts, so that
 * an act of the user finds its turn; and killed between two of them, the rest
 * comes with the next sync. */
static void
test_parts(void)
{
    Bench *bench = bench_create();
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");
    guint n = 1000;

    for (guint i = 1; i <= n; i++)
        fake_add(bench->fake, "INBOX", i, 0);
    bench_sync(bench);
    for (int round = 0; round < 2; round++) {
        for (guint i = 0; i < n; i++) {
            FakeMessage *message = inbox->messages->pdata[i];

            message->flags ^= STORE_FLAG_SEEN;
            message->modseq = ++inbox->modseq;
        }
        if (round == 1) {
            store_close(g_steal_pointer(&bench->store));
            for (int at = 1; at <= 3; at++)
                g_assert_false(killed_in(bench, bench_try, at));
            bench_open(bench);
        }
        commits = 0;
        bench_sync(bench);
        g_assert_true(round == 1 || commits >= n / 200);
        bench_check(bench);
    }
    bench_destroy(bench);
}

/* P15, P35: so are the UIDs of a mailbox that the server renumbered. */
static Bench *
prepare_renumbered(guint n)
{
    Bench *bench = bench_create();

    for (guint i = 1; i <= n; i++)
        fake_add(bench->fake, "INBOX", i, 0);
    bench_sync(bench);
    renumber(bench);
    bench->fake->bodies = 0;
    return bench;
}

static void
test_renumbered_parts(void)
{
    Bench *bench = prepare_renumbered(900);

    commits = 0;
    bench_sync(bench);
    g_assert_cmpuint(commits, >=, 900 / 200 + 4);
    bench_check(bench);
    bench_destroy(bench);
}

static void
test_renumbered_killed(void)
{
    Bench *bench = prepare_renumbered(900);
    g_autoptr(StoreFolder) inbox = bench_folder(bench, "work/INBOX");
    bool over = false;
    guint parts = 0;

    for (int n = 1; !over && n < 60; n++) {
        guint waiting;

        store_close(g_steal_pointer(&bench->store));
        over = killed_in(bench, bench_try, n);
        bench_open(bench);
        waiting = store_orphans(bench->store, inbox->id);
        parts += waiting > 0 && waiting < 900
                 && store_uid_count(bench->store, inbox->id) == 900 - waiting;
    }
    g_assert_true(over);
    g_assert_cmpuint(parts, >, 0);
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->bodies, ==, 0);
    bench_check(bench);
    bench_destroy(bench);
}

static void
mark_read(Bench *bench, guint number)
{
    g_autoptr(StoreRow) row =
        store_row(bench->store, bench_row(bench, number), NULL);
    g_autofree char *from = g_build_filename(bench->mail, row->file, NULL);
    g_autofree char *base = g_strndup(from, strcspn(from, ":"));
    g_autofree char *to = g_strconcat(base, ":2,S", NULL);

    g_assert_cmpint(g_rename(from, to), ==, 0);
}

static bool
take_names(Bench *bench)
{
    return sync_local(&bench->sync, NULL);
}

/* P35: and the names that another program gave to many files. */
static void
test_names_parts(void)
{
    Bench *bench = bench_create();
    guint n = 900;

    for (guint i = 1; i <= n; i++)
        fake_add(bench->fake, "INBOX", i, 0);
    bench_sync(bench);
    for (guint i = 1; i <= n; i++)
        mark_read(bench, i);
    store_close(g_steal_pointer(&bench->store));
    for (int at = 1; at <= 4; at++)
        g_assert_false(killed_in(bench, take_names, at));
    bench_open(bench);
    g_assert_cmpuint(store_pending_count(bench->store, "work"), >, 0);
    g_assert_cmpuint(store_pending_count(bench->store, "work"), <, n);
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->stores, ==, 1);
    bench_check(bench);
    bench_destroy(bench);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(scenes); i++) {
        g_autofree char *killed =
            g_strdup_printf("/interrupted/killed: %s", scenes[i].name);
        g_autofree char *cut =
            g_strdup_printf("/interrupted/cut: %s", scenes[i].name);

        g_test_add_data_func(killed, &scenes[i], test_killed);
        g_test_add_data_func(cut, &scenes[i], test_cut);
    }
    g_test_add_func("/interrupted/killed often", test_killed_often);
    g_test_add_data_func("/interrupted/cut: push", "UIDPLUS MOVE",
                         test_cut_push);
    g_test_add_data_func("/interrupted/cut: push without MOVE", "UIDPLUS",
                         test_cut_push);
    g_test_add_data_func("/interrupted/cut: push without UIDPLUS", "MOVE",
                         test_cut_push);
    g_test_add_func("/interrupted/P35/flags in parts", test_parts);
    g_test_add_func("/interrupted/P35/UIDs in parts", test_renumbered_parts);
    g_test_add_func("/interrupted/P35/names in parts", test_names_parts);
    g_test_add_func("/interrupted/P15/UIDs in parts, killed",
                    test_renumbered_killed);
    g_test_add_func("/interrupted/append, answer lost",
                    test_append_ambiguous);
    return g_test_run();
}
