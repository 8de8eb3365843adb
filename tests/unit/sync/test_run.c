/* sync_account() against a server in this process: run, look, run again (must
 * do nothing). */
#include "bench.h"

#include <dirent.h>
#include <dlfcn.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utime.h>

static guint disk_waits;

/* In place of the C library's, for SQLite too. */
int
fdatasync(int fd)
{
    disk_waits++;
    return (int)syscall(SYS_fdatasync, fd);
}

static _Thread_local guint dirs_read;

DIR *
opendir(const char *name)
{
    DIR *(*real)(const char *) = (DIR * (*)(const char *))(void (*)(void))
        dlsym(RTLD_NEXT, "opendir");

    dirs_read += g_str_has_suffix(name, "/INBOX/cur");
    return real(name);
}

static gint endless; /* what a directory lists */

struct dirent *
readdir(DIR *dir)
{
    static struct dirent again = { .d_type = DT_REG, .d_name = "again" };
    struct dirent *(*real)(DIR *) = (struct dirent * (*)(DIR *))(void (*)(void))
        dlsym(RTLD_NEXT, "readdir");

    if (!g_atomic_int_get(&endless))
        return real(dir);
    g_atomic_int_inc(&endless);
    g_usleep(100);
    return &again;
}

static gint64 now; /* µs; 0: as it is */

/* In place of GLib's. */
gint64
g_get_real_time(void)
{
    struct timespec time;

    clock_gettime(CLOCK_REALTIME, &time);
    return now ? now
               : (gint64)time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

int
fsync(int fd)
{
    disk_waits++;
    return (int)syscall(SYS_fsync, fd);
}

static void
test_first_fetch(void)
{
    Bench *bench = bench_create();

    for (guint i = 1; i <= 7; i++)
        fake_add(bench->fake, "INBOX", i, i % 2 ? STORE_FLAG_SEEN : 0);
    bench_sync(bench);
    bench_check(bench);
    g_assert_cmpuint(bench->arrived, ==, 7);
    g_assert_cmpuint(bench->fake->headers, ==, 0);
    bench_destroy(bench);
}

/* Nothing is asked for twice, nothing is written. */
static void
test_again_does_nothing(void)
{
    Bench *bench = bench_create();
    guint64 version;

    for (guint i = 1; i <= 5; i++)
        fake_add(bench->fake, "INBOX", i, 0);
    bench_sync(bench);
    bench_sync(bench);
    version = store_version(bench->store);
    bench->fake->bodies = bench->fake->stores = 0;
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->bodies, ==, 0);
    g_assert_cmpuint(bench->fake->stores, ==, 0);
    g_assert_true(store_version(bench->store) == version);
    bench_check(bench);
    bench_destroy(bench);
}

static bool
always(void *user)
{
    return true;
}

/* Its first words are in the list before the body is here, where the server
 * has them ready. */
static void
test_preview(void)
{
    for (int preview = 0; preview < 2; preview++) {
        Bench *bench = bench_create();
        g_autoptr(StoreRow) row = NULL;
        bool yielded = false;

        bench->fake->preview = preview;
        bench->sync.headers_first = true;
        bench->sync.should_yield = always;
        for (guint i = 1; i <= SYNC_DIRECT + 1; i++)
            fake_add(bench->fake, "INBOX", i, 0);
        g_assert_true(sync_account(&bench->sync, &yielded, NULL));
        g_assert_true(yielded);
        row = store_row(bench->store, 1, NULL);
        g_assert_null(row->file);
        g_assert_cmpstr(row->snippet, ==, preview ? "ahead of its body" : NULL);
        bench_destroy(bench);
    }
}

static void
change_everything(Bench *bench)
{
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");
    FakeMessage *message = fake_find(inbox, 2);

    message->flags = STORE_FLAG_SEEN | STORE_FLAG_FLAGGED;
    g_free(message->tags);
    message->tags = g_strdup("todo");
    message->modseq = ++inbox->modseq;
    fake_remove(inbox, 1);
    fake_add(bench->fake, "INBOX", 20, 0);
    fake_add(bench->fake, "Archive", 21, STORE_FLAG_SEEN);
}

typedef struct {
    const char *name;
    bool qresync, condstore, uidplus;
} Abilities;

static const Abilities abilities[] = {
    { "QRESYNC", true, true, true },
    { "CONDSTORE", false, true, true },
    { "neither", false, false, true },
    { "no UIDPLUS", false, false, false },
};

static Bench *
bench_with(const Abilities *can)
{
    Bench *bench = bench_create();

    bench->fake->qresync = can->qresync;
    bench->fake->condstore = can->condstore;
    bench->fake->uidplus = can->uidplus;
    for (guint i = 1; i <= 5; i++)
        fake_add(bench->fake, "INBOX", i, 0);
    bench_sync(bench);
    bench_check(bench);
    return bench;
}

static void
test_changes(const void *data)
{
    Bench *bench = bench_with(data);

    bench->fake->bodies = 0;
    bench->fake->leaves = true;
    change_everything(bench);
    bench_sync(bench);
    bench_check(bench);
    g_assert_cmpuint(bench->fake->bodies, ==, 2);
    bench_destroy(bench);
}

static void
count_while_asked(void *user)
{
    Bench *bench = user;

    g_assert_true(bench->fake->asked);
    bench->warned++;
}

/* What changed and went is done while the server looks for what is new; also
 * when it refuses that. */
static void
test_while_asked(const void *data)
{
    Bench *bench = bench_with(data);

    change_everything(bench);
    bench->sync.changed = count_while_asked;
    bench->fake->cut_call = bench->fake->calls + 3; /* LIST, SELECT, FETCH */
    g_assert_false(bench_try(bench));
    g_assert_cmpuint(bench->warned, ==, 2);
    bench->sync.changed = NULL;
    bench_sync(bench);
    bench_check(bench);
    bench_destroy(bench);
}

/* What the server says again is not waited for: flags and the mark. What comes
 * or goes is: a list of names before they appear, their folder, the rows; rows
 * before their files go, and the folder (P3, P76, P78). */
static void
test_disk_waits(const void *data)
{
    Bench *bench = bench_with(data);
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");

    bench_sync(bench);
    disk_waits = 0;
    for (guint i = 2; i <= 5; i++) {
        fake_find(inbox, i)->flags = STORE_FLAG_FLAGGED;
        fake_find(inbox, i)->modseq = ++inbox->modseq;
    }
    bench_sync(bench);
    g_assert_cmpuint(disk_waits, ==, 0);
    bench_settle(bench);
    bench_sync(bench);
    disk_waits = 0;
    fake_remove(inbox, 1);
    for (guint i = 20; i < 30; i++)
        fake_add(bench->fake, "INBOX", i, 0);
    bench_sync(bench);
    g_assert_cmpuint(disk_waits, ==, 5);
    bench_check(bench);
    bench_destroy(bench);
}

/* Names that we gave ourselves are compared while the connection is made, and
 * not again by the sync; what another program does then is seen by it (P20). */
static void
test_ahead(void)
{
    Bench *bench = bench_with(&abilities[0]);
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");

    for (int behind = 0; behind < 2; behind++) {
        g_autofree char *file = NULL;
        g_autoptr(SyncAhead) ahead = NULL;

        fake_find(inbox, 2)->flags ^= STORE_FLAG_FLAGGED;
        fake_find(inbox, 2)->modseq = ++inbox->modseq;
        bench_sync(bench);
        bench_settle(bench);
        ahead = sync_ahead_begin(store_path(bench->store), bench->mail, "work");
        bench->sync.ahead = ahead;
        bench_sync(bench); /* waits for it */
        file = g_build_filename(bench->mail, "work/INBOX/new/theirs", NULL);
        if (behind)
            g_assert_true(g_file_set_contents(
                file, "Message-ID: <m60@example.org>\n\nx\n", -1, NULL));
        dirs_read = 0;
        bench_sync(bench);
        g_assert_cmpuint(dirs_read > 0, ==, behind);
        g_assert_cmpuint(bench_rows(bench, 60), ==, behind);
        bench->sync.ahead = NULL;
    }
    bench_check(bench);
    bench_destroy(bench);
}

/* As they were a while ago, to a second. */
static void
set_times(Bench *bench, time_t when)
{
    static const char *const parts[] = { "cur", "new" };
    struct utimbuf times = { when, when };

    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *dir =
            g_build_filename(bench->mail, "work/INBOX", parts[i], NULL);

        g_assert_cmpint(utime(dir, &times), ==, 0);
    }
}

/* On a disk of coarse times, what another program did after the names were
 * compared shows no other stamp: the next sync finds it (P20). */
static void
test_ahead_coarse(void)
{
    static const gint64 when = 1700000000;
    Bench *bench = bench_with(&abilities[0]);
    SyncAhead *ahead;
    g_autofree char *file =
        g_build_filename(bench->mail, "work/INBOX/new/theirs", NULL);

    bench_sync(bench);
    bench_settle(bench);
    set_times(bench, when);
    now = (when + 1) * G_USEC_PER_SEC;
    ahead = sync_ahead_begin(store_path(bench->store), bench->mail, "work");
    bench->sync.ahead = ahead;
    bench_sync(bench); /* waits for it */
    g_assert_true(g_file_set_contents(
        file, "Message-ID: <m60@example.org>\n\nx\n", -1, NULL));
    set_times(bench, when);
    now = (when + 3) * G_USEC_PER_SEC;
    bench_sync(bench);
    sync_ahead_end(ahead);
    bench->sync.ahead = NULL;
    bench_sync(bench);
    now = 0;
    g_assert_cmpuint(bench_rows(bench, 60), ==, 1);
    bench_sync(bench);
    bench_check(bench);
    bench_destroy(bench);
}

/* Nobody waits for a long list of names (P35, P39). */
static void
test_ahead_ended(void)
{
    Bench *bench = bench_with(&abilities[0]);
    SyncAhead *ahead;

    bench_sync(bench);
    set_times(bench, 1700000000);
    g_atomic_int_set(&endless, 1);
    ahead = sync_ahead_begin(store_path(bench->store), bench->mail, "work");
    while (g_atomic_int_get(&endless) < 3)
        g_thread_yield();
    sync_ahead_end(ahead);
    bench->sync.cancel = g_cancellable_new();
    g_cancellable_cancel(bench->sync.cancel);
    g_assert_false(sync_local(&bench->sync, NULL));
    g_atomic_int_set(&endless, 0);
    g_clear_object(&bench->sync.cancel);
    bench_sync(bench);
    bench_check(bench);
    bench_destroy(bench);
}

/* Flags, a tag, a move, a deletion and a message of ours. */
static void
act_on_everything(Bench *bench)
{
    g_autoptr(StoreFolder) inbox = bench_folder(bench, "work/INBOX");
    g_autoptr(StoreFolder) archive = bench_folder(bench, "work/Archive");
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

    store_set_flags(bench->store, bench_row(bench, 2), STORE_FLAG_SEEN,
                    &error);
    store_set_tags(bench->store, bench_row(bench, 3), "todo", &error);
    store_set_folder(bench->store, bench_row(bench, 4), archive->id, &error);
    store_set_folder(bench->store, bench_row(bench, 5), 0, &error);
    maildir_deliver(dir, "ours", MAILDIR_SEEN, ours, sizeof ours - 1, &error);
    store_message_add(bench->store, &message, &error);
    g_assert_no_error(error);
}

static void
test_push(const void *data)
{
    Bench *bench = bench_with(data);

    act_on_everything(bench);
    bench_sync(bench);
    bench_settle(bench);
    bench_sync(bench); /* rows that wait get their UIDs */
    bench_check(bench);
    g_assert_cmpuint(fake_shown(bench->fake, fake_mailbox(bench->fake, "INBOX")),
                     ==, 4);
    g_assert_cmpuint(fake_mailbox(bench->fake, "Archive")->messages->len, ==,
                     1);
    g_assert_cmpuint(bench->fake->appends, ==, 1);
    bench_destroy(bench);
}

/* P79: state.db is lost, the Maildir is not. */
static void
test_state_lost(void)
{
    Bench *bench = bench_create();
    g_autofree char *path = g_build_filename(bench->root, "state.db", NULL);
    g_autofree char *wal = g_strconcat(path, "-wal", NULL);

    for (guint i = 1; i <= 30; i++)
        fake_add(bench->fake, "INBOX", i, STORE_FLAG_SEEN);
    bench_sync(bench);
    store_close(bench->store);
    g_unlink(path);
    g_unlink(wal);
    bench_open(bench);
    g_usleep(6 * G_USEC_PER_SEC); /* files that young are not judged */
    bench->fake->bodies = 0;
    bench_sync(bench);
    bench_sync(bench);
    bench_check(bench);
    g_assert_cmpuint(bench->fake->bodies, ==, 0);
    g_assert_cmpuint(bench->fake->appends, ==, 0);
    bench_destroy(bench);
}

/* P16: a mailbox that is suddenly empty. */
static void
test_suddenly_empty(void)
{
    Bench *bench = bench_create();
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");

    for (guint i = 1; i <= 30; i++)
        fake_add(bench->fake, "INBOX", i, 0);
    bench_sync(bench);
    for (guint32 uid = 1; uid <= 30; uid++)
        fake_remove(inbox, uid);
    bench_sync(bench);
    g_assert_cmpuint(bench->warned, ==, 1);
    g_assert_cmpuint(bench_files(bench, "work/INBOX"), ==, 30);
    bench->sync.accept_removals = true;
    bench_sync(bench);
    bench_check(bench);
    bench_destroy(bench);
}

/* Another Maildir program renames, removes and adds. */
static void
test_behind_our_back(void)
{
    Bench *bench = bench_create();
    g_autofree char *dir = g_build_filename(bench->mail, "work/INBOX", NULL);
    g_autofree char *added = g_build_filename(dir, "new/77.other", NULL);
    g_autoptr(StoreRow) read = NULL;
    g_autoptr(StoreRow) removed = NULL;
    g_autofree char *from = NULL;
    g_autofree char *gone = NULL;
    g_autofree char *to = NULL;

    for (guint i = 1; i <= 3; i++)
        fake_add(bench->fake, "INBOX", i, 0);
    bench_sync(bench);
    read = store_row(bench->store, bench_row(bench, 1), NULL);
    removed = store_row(bench->store, bench_row(bench, 2), NULL);
    from = g_build_filename(bench->mail, read->file, NULL);
    to = maildir_rename(from, dir, MAILDIR_SEEN, NULL);
    gone = g_build_filename(bench->mail, removed->file, NULL);
    g_assert_cmpint(g_unlink(gone), ==, 0);
    g_file_set_contents(added,
                        "Message-ID: <m60@example.org>\r\n\r\nx\r\n", -1,
                        NULL);
    g_usleep(6 * G_USEC_PER_SEC);
    bench_sync(bench);
    bench_sync(bench);
    bench_check(bench);
    g_assert_cmpuint(fake_mailbox(bench->fake, "INBOX")->messages->len, ==, 3);
    g_assert_cmpuint(bench->fake->appends, ==, 1);
    g_assert_cmpuint(
        fake_find(fake_mailbox(bench->fake, "INBOX"), 1)->flags, ==,
        STORE_FLAG_SEEN);
    bench_destroy(bench);
}

/* The user moved a message to another account, and its file is still where it
 * was when the folder is read because of another one: it is no new message. */
static void
test_to_another_account(void)
{
    Bench *bench = bench_create();
    g_autofree char *added =
        g_build_filename(bench->mail, "work/INBOX/new/77.other", NULL);
    StoreFolder notes = { .account = (char *)"here",
                          .name = (char *)"Notes",
                          .path = (char *)"here/Notes",
                          .delimiter = '/',
                          .selectable = true,
                          .local = true };
    gint64 to;

    fake_add(bench->fake, "INBOX", 1, 0);
    bench_sync(bench);
    to = store_folder_put(bench->store, &notes, NULL);
    g_assert_true(store_set_folder(bench->store, bench_row(bench, 1), to,
                                   NULL));
    g_assert_true(g_file_set_contents(
        added, "Message-ID: <m60@example.org>\r\n\r\nx\r\n", -1, NULL));
    bench_sync(bench);
    g_assert_cmpuint(bench_rows(bench, 1), ==, 1);
    g_assert_cmpuint(bench_rows(bench, 60), ==, 1);
    g_assert_cmpuint(bench->fake->appends, ==, 1);
    bench_settle(bench);
    g_assert_cmpuint(bench_files(bench, "here/Notes"), ==, 1);
    bench_destroy(bench);
}

/* LIST-STATUS says all there is to say of folders without news, and of empty
 * ones the first time. */
static void
test_few_calls(void)
{
    Bench *bench = bench_create();

    bench->fake->status = true;
    for (guint i = 1; i <= 3; i++)
        fake_add(bench->fake, "INBOX", i, 0);
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->selects, ==, 1);
    bench->fake->calls = 0;
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->calls, ==, 1);
    fake_add(bench->fake, "Archive", 4, 0);
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->selects, ==, 2);
    bench_check(bench);
    bench_destroy(bench);
}

/* The inbox, or the folder that is asked for alone, is said to come next, from
 * where it was left; one that was never seen is not: it may be large. */
static void
test_folder_ahead(void)
{
    Bench *bench = bench_create();
    g_autofree char *mark = NULL;

    bench->fake->qresync = bench->fake->condstore = true;
    fake_add(bench->fake, "INBOX", 1, 0);
    fake_add(bench->fake, "Lists", 1, 0);
    bench_sync(bench);
    g_assert_null(bench->fake->ahead);
    mark = g_strdup_printf("INBOX %" G_GUINT64_FORMAT,
                           fake_mailbox(bench->fake, "INBOX")->modseq);
    fake_add(bench->fake, "INBOX", 2, 0);
    bench_sync(bench);
    g_assert_cmpstr(bench->fake->ahead, ==, mark);
    g_clear_pointer(&bench->fake->ahead, g_free);
    bench->sync.only = "work/Lists";
    bench_sync(bench);
    g_assert_true(g_str_has_prefix(bench->fake->ahead, "Lists "));
    bench_destroy(bench);
}

/* A thousand messages, no two UIDs of which follow each other, are archived in
 * a SELECT and a MOVE. */
static void
test_thousand_archived(void)
{
    Bench *bench = bench_create();
    g_autoptr(StoreFolder) archive = NULL;
    g_autoptr(GError) error = NULL;

    for (guint i = 1; i <= 2000; i++)
        fake_add(bench->fake, "INBOX", i, STORE_FLAG_SEEN);
    bench_sync(bench);
    archive = bench_folder(bench, "work/Archive");
    store_begin(bench->store, &error);
    for (guint i = 1; i <= 2000; i += 2)
        store_set_folder(bench->store, bench_row(bench, i), archive->id,
                         &error);
    store_end(bench->store, true, &error);
    bench->fake->calls = 0;
    sync_push(&bench->sync, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(bench->fake->calls, <=, 5);
    g_assert_cmpuint(fake_mailbox(bench->fake, "Archive")->messages->len, ==,
                     1000);
    g_assert_cmpuint(store_pending_count(bench->store, "work"), ==, 0);
    bench_destroy(bench);
}

static guint calls_then, rows_then;

static void
note_first_rows(void *user)
{
    Bench *bench = user;
    g_autoptr(StoreFolder) inbox = bench_folder(bench, "work/INBOX");

    if (rows_then == 0) {
        calls_then = bench->fake->calls;
        rows_then = inbox->total;
    }
}

/* Where someone looks, the newest page is there after LIST, SELECT and one
 * FETCH, however many messages there are; gaps in the UIDs leave it a page. */
static void
test_first_screen(gconstpointer data)
{
    guint gap = GPOINTER_TO_UINT(data);
    Bench *bench = bench_create();

    calls_then = rows_then = 0;
    for (guint i = 1; i <= 1500; i++) {
        fake_add(bench->fake, "INBOX", i, STORE_FLAG_SEEN);
        fake_mailbox(bench->fake, "INBOX")->uidnext += gap;
    }
    bench->sync.headers_first = true;
    bench->sync.changed = note_first_rows;
    bench_sync(bench);
    g_assert_cmpuint(calls_then, ==, 3);
    g_assert_cmpuint(rows_then, >=, SYNC_FIRST_PAGE - 1);
    g_assert_cmpuint(rows_then, <=, SYNC_FIRST_PAGE);
    g_assert_cmpuint(bench->fake->headers, ==, 1500);
    bench_check(bench);
    bench_destroy(bench);
}

/* A mailbox without keywords: the tag stays here, which is said, and is still
 * here when the server's flags come anew. */
static void
test_no_keywords(void)
{
    Bench *bench = bench_create();
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");
    FakeMessage *message;
    g_autoptr(StoreRow) row = NULL;

    bench->fake->no_keywords = true;
    bench->fake->qresync = bench->fake->condstore = false;
    fake_add(bench->fake, "INBOX", 1, 0);
    bench_sync(bench);
    store_set_tags(bench->store, bench_row(bench, 1), "todo", NULL);
    bench_sync(bench);
    g_assert_cmpuint(bench->warned, ==, 1);
    message = fake_find(inbox, 1);
    g_assert_cmpstr(message->tags, ==, "");
    message->flags = STORE_FLAG_SEEN;
    message->modseq = ++inbox->modseq;
    bench_sync(bench);
    bench_sync(bench);
    row = store_row(bench->store, bench_row(bench, 1), NULL);
    g_assert_cmpstr(row->tags, ==, "todo");
    g_assert_true(row->flags & STORE_FLAG_SEEN);
    g_assert_cmpuint(bench->warned, ==, 1);
    g_assert_cmpuint(store_pending_count(bench->store, "work"), ==, 0);
    bench_destroy(bench);
}

static void
read_and_tag(Bench *bench, guint number)
{
    gint64 id = bench_row(bench, number);

    g_assert_true(store_set_flags(bench->store, id, STORE_FLAG_SEEN, NULL));
    g_assert_true(store_set_tags(bench->store, id, "Work todo", NULL));
}

/* PERMANENTFLAGS (\Answered … work): what the mailbox does not keep stays here,
 * whatever the server says of it later, and is said once. */
static void
test_permanent_flags(void)
{
    Bench *bench = bench_create();
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");

    bench->fake->no_keywords = true;
    bench->fake->keeps[0] = "work";
    bench->fake->local_flags = STORE_FLAG_SEEN;
    for (guint i = 1; i <= 2; i++)
        fake_add(bench->fake, "INBOX", i, 0);
    for (guint i = 0; i <= 2; i++) {
        if (i > 0)
            read_and_tag(bench, i);
        bench_sync(bench);
        g_assert_cmpuint(bench->warned, ==, i > 0 ? 2 : 0);
    }
    bench->fake->qresync = bench->fake->condstore = false;
    fake_find(inbox, 1)->flags = STORE_FLAG_FLAGGED;
    bench_sync(bench);
    for (guint i = 1; i <= 2; i++) {
        g_autoptr(StoreRow) row =
            store_row(bench->store, bench_row(bench, i), NULL);

        g_assert_cmpstr(fake_find(inbox, i)->tags, ==, "Work");
        g_assert_cmpstr(row->tags, ==, "Work todo");
        g_assert_cmpuint(row->flags & STORE_SYSTEM_FLAGS, ==,
                         STORE_FLAG_SEEN | (i == 1 ? STORE_FLAG_FLAGGED : 0));
    }
    g_assert_cmpuint(bench->warned, ==, 2);
    g_assert_cmpuint(store_pending_count(bench->store, "work"), ==, 0);
    bench_destroy(bench);
}

static guint
files_here(Bench *bench)
{
    bench_sync(bench);
    return bench_files(bench, "work/INBOX");
}

/* By date and size; what is not fetched is a row, opened it is fetched, and
 * what is here stays whatever is wished later. */
static void
test_keep(void)
{
    Bench *bench = bench_create();
    gint64 arrival = 1672653600; /* of all in the fake */
    guint64 size;
    gint64 id;
    g_autoptr(StoreRow) row = NULL;

    for (guint i = 1; i <= 3; i++)
        fake_add(bench->fake, "INBOX", i, 0);
    size = strlen(fake_find(fake_mailbox(bench->fake, "INBOX"), 1)->bytes);
    bench->sync.keep.after = G_MAXINT64;
    g_assert_cmpuint(files_here(bench), ==, 0);
    id = bench_row(bench, 2);
    row = store_row(bench->store, id, NULL);
    g_assert_null(row->file);
    g_assert_cmpstr(row->subject, ==, "number 2");
    g_assert_true(sync_fetch_one(&bench->sync, id, NULL));
    g_assert_cmpuint(files_here(bench), ==, 1);
    bench->sync.keep.after = arrival + 1;
    g_assert_cmpuint(files_here(bench), ==, 1);
    fake_add(bench->fake, "INBOX", 4, 0);
    bench->sync.keep = (SyncKeep){ .most = size - 1 };
    g_assert_cmpuint(files_here(bench), ==, 1);
    g_assert_cmpuint(bench->fake->bodies, ==, 1);
    bench->sync.keep = (SyncKeep){ arrival, size };
    g_assert_cmpuint(files_here(bench), ==, 4);
    bench_check(bench);
    bench_destroy(bench);
}

/* A folder that is selected is not selected again to push to it or to open one
 * message of it. */
static void
test_selected_once(void)
{
    Bench *bench = bench_create();
    g_autoptr(GError) error = NULL;

    fake_add(bench->fake, "INBOX", 1, 0);
    bench_sync(bench);
    store_set_flags(bench->store, bench_row(bench, 1), STORE_FLAG_SEEN, NULL);
    g_assert_true(sync_push(&bench->sync, &error));
    bench->fake->selects = 0;
    store_set_tags(bench->store, bench_row(bench, 1), "todo", NULL);
    g_assert_true(sync_push(&bench->sync, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(bench->fake->selects, ==, 0);
    bench_settle(bench);
    bench_check(bench);
    bench_destroy(bench);
}

/* Messages of ours from first on, to be uploaded. */
static void
add_ours(Bench *bench, guint first, guint n)
{
    g_autofree char *dir = g_build_filename(bench->mail, "work/INBOX", NULL);
    g_autoptr(StoreFolder) inbox = bench_folder(bench, "work/INBOX");

    g_assert_true(maildir_create(dir, NULL));
    for (guint i = first; i < first + n; i++) {
        g_autofree char *text = g_strdup_printf(
            "Subject: number %u\r\nMessage-ID: <m%u@example.org>\r\n\r\nx\r\n",
            i, i);
        g_autofree char *base = maildir_unique_name();
        g_autofree char *file = g_strdup_printf("work/INBOX/cur/%s:2,", base);
        g_autofree char *id = g_strdup_printf("m%u@example.org", i);
        StoreMessage message = { .folder = inbox->id, .file = file,
                                 .message_id = id, .tags = "",
                                 .size = strlen(text), .date = 1672653600 };

        g_assert_true(
            maildir_deliver(dir, base, 0, text, strlen(text), NULL));
        g_assert_cmpint(store_message_add(bench->store, &message, NULL), >, 0);
    }
}

/* Uploads go together where there is MULTIAPPEND (RFC 3502). */
static void
test_uploads(const void *multi)
{
    Bench *bench = bench_create();

    bench->fake->multiappend = multi != NULL;
    bench_sync(bench);
    add_ours(bench, 100, SYNC_UPLOADS + 10);
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->appends, ==, SYNC_UPLOADS + 10);
    g_assert_cmpuint(bench->fake->uploads, ==,
                     multi ? 2 : SYNC_UPLOADS + 10);
    bench_sync(bench);
    bench_check(bench);
    bench_destroy(bench);
}

/* One that is refused takes no other with it. */
static void
test_uploads_refused(void)
{
    Bench *bench = bench_create();
    g_autoptr(GArray) rows = NULL;

    bench->fake->multiappend = true;
    bench->fake->refused = "<m104@";
    bench_sync(bench);
    add_ours(bench, 100, 10);
    bench_try(bench);
    g_assert_cmpuint(bench->fake->appends, ==, 9);
    g_assert_cmpuint(bench->warned, ==, 1);
    bench->fake->refused = NULL;
    bench_sync(bench);
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->appends, ==, 10);
    bench_check(bench);
    bench_destroy(bench);
}

/* The answer to all was lost: none is there twice (P14). */
static void
test_uploads_cut(void)
{
    for (int after = 0; after < 2; after++) {
        Bench *bench = bench_create();

        bench->fake->multiappend = true;
        bench_sync(bench);
        add_ours(bench, 100, 10);
        bench->fake->calls = 0;
        bench->fake->cut_after = after;
        for (guint i = 1; bench->fake->uploads == 0 && i < 20; i++) {
            bench->fake->calls = 0;
            bench->fake->cut_call = i + !after;
            bench_try(bench);
        }
        bench->fake->cut_call = 0;
        bench_sync(bench);
        bench_sync(bench);
        g_assert_cmpuint(bench->fake->appends, ==, 10);
        bench_check(bench);
        bench_destroy(bench);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/run/first fetch", test_first_fetch);
    g_test_add_data_func("/run/first screen", GUINT_TO_POINTER(0),
                         test_first_screen);
    g_test_add_data_func("/run/first screen, gaps", GUINT_TO_POINTER(4),
                         test_first_screen);
    g_test_add_func("/run/again does nothing", test_again_does_nothing);
    for (gsize i = 0; i < G_N_ELEMENTS(abilities); i++) {
        g_autofree char *changes =
            g_strdup_printf("/run/changes, %s", abilities[i].name);
        g_autofree char *push =
            g_strdup_printf("/run/push, %s", abilities[i].name);
        g_autofree char *waits =
            g_strdup_printf("/run/disk waits, %s", abilities[i].name);

        g_test_add_data_func(changes, &abilities[i], test_changes);
        g_test_add_data_func(push, &abilities[i], test_push);
        g_test_add_data_func(waits, &abilities[i], test_disk_waits);
    }
    g_test_add_data_func("/run/while asked", &abilities[0], test_while_asked);
    g_test_add_func("/run/ahead", test_ahead);
    g_test_add_func("/run/ahead/coarse", test_ahead_coarse);
    g_test_add_func("/run/ahead/ended", test_ahead_ended);
    g_test_add_func("/run/preview", test_preview);
    g_test_add_func("/run/keep", test_keep);
    g_test_add_func("/run/no keywords", test_no_keywords);
    g_test_add_func("/run/permanent flags", test_permanent_flags);
    g_test_add_func("/run/state.db lost", test_state_lost);
    g_test_add_func("/run/suddenly empty", test_suddenly_empty);
    g_test_add_func("/run/behind our back", test_behind_our_back);
    g_test_add_func("/run/to another account", test_to_another_account);
    g_test_add_func("/run/few calls", test_few_calls);
    g_test_add_func("/run/folder ahead", test_folder_ahead);
    g_test_add_func("/run/a thousand archived", test_thousand_archived);
    g_test_add_func("/sync/selected-once", test_selected_once);
    g_test_add_data_func("/sync/uploads", NULL, test_uploads);
    g_test_add_data_func("/sync/uploads-together", "", test_uploads);
    g_test_add_func("/sync/uploads-refused", test_uploads_refused);
    g_test_add_func("/sync/uploads-cut", test_uploads_cut);
    return g_test_run();
}
