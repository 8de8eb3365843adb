/* sync_account() against a server in this process: run, look, run again (must
 * do nothing). */
#include "bench.h"

#include <utime.h>

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
    change_everything(bench);
    bench_sync(bench);
    bench_check(bench);
    g_assert_cmpuint(bench->fake->bodies, ==, 2);
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

/* What the room core does behind: files follow their rows. */
static void
settle(Bench *bench)
{
    g_autoptr(GArray) ids = store_unsettled(bench->store, 0, NULL);

    for (guint i = 0; ids && i < ids->len; i++) {
        gint64 id = g_array_index(ids, gint64, i);
        g_autoptr(StoreRow) row = store_row(bench->store, id, NULL);
        g_autoptr(StoreFolder) to =
            store_folder(bench->store, row->folder, NULL);
        g_autofree char *from =
            g_build_filename(bench->mail, row->file, NULL);
        g_autofree char *dir = NULL;
        g_autofree char *path = NULL;

        if (to == NULL)
            continue;
        dir = g_build_filename(bench->mail, to->path, NULL);
        path = maildir_rename(from, dir, row->flags & STORE_SYSTEM_FLAGS,
                              NULL);
        g_assert_nonnull(path);
        store_set_file(bench->store, id, path + strlen(bench->mail) + 1, NULL);
    }
}

static void
test_push(const void *data)
{
    Bench *bench = bench_with(data);

    act_on_everything(bench);
    bench_sync(bench);
    settle(bench);
    bench_sync(bench); /* rows that wait get their UIDs */
    bench_check(bench);
    g_assert_cmpuint(fake_mailbox(bench->fake, "INBOX")->messages->len, ==, 4);
    g_assert_cmpuint(fake_mailbox(bench->fake, "Archive")->messages->len, ==,
                     1);
    g_assert_cmpuint(bench->fake->appends, ==, 1);
    bench_destroy(bench);
}

/* Flags set on both sides are both kept. */
static void
test_conflict(void)
{
    Bench *bench = bench_create();
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");
    FakeMessage *message;

    fake_add(bench->fake, "INBOX", 1, 0);
    bench_sync(bench);
    store_set_flags(bench->store, bench_row(bench, 1), STORE_FLAG_FLAGGED,
                    NULL);
    message = fake_find(inbox, 1);
    message->flags = STORE_FLAG_SEEN;
    message->modseq = ++inbox->modseq;
    bench_sync(bench);
    settle(bench);
    bench_check(bench);
    g_assert_cmpuint(message->flags, ==, STORE_FLAG_SEEN | STORE_FLAG_FLAGGED);
    bench_destroy(bench);
}

/* P15: other UIDs, the same messages: nothing is downloaded again. */
static void
test_uidvalidity(void)
{
    Bench *bench = bench_create();
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");

    for (guint i = 1; i <= 30; i++)
        fake_add(bench->fake, "INBOX", i, 0);
    bench_sync(bench);
    inbox->uidvalidity++;
    inbox->uidnext += 100;
    g_array_set_size(inbox->gone, 0);
    for (guint i = 0; i < inbox->messages->len; i++)
        ((FakeMessage *)inbox->messages->pdata[i])->uid += 100;
    fake_remove(inbox, 101);
    fake_add(bench->fake, "INBOX", 31, 0);
    bench->fake->bodies = 0;
    bench_sync(bench);
    bench_check(bench);
    g_assert_cmpuint(bench->fake->bodies, ==, 1);
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

/* LIST-STATUS says all there is to say of folders without news, and of empty
 * ones the first time. */
static void
test_few_calls(void)
{
    Bench *bench = bench_create();

    bench->fake->list_status = true;
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

static guint
known_folders(Bench *bench)
{
    g_autoptr(GPtrArray) known =
        sync_names_begin(bench->store, bench->mail, NULL);

    return known->len;
}

/* What we rename ourselves leaves a folder known; what another did before does
 * not become known by it. */
static void
test_own_names(void)
{
    Bench *bench = bench_create();
    g_autofree char *dir = g_build_filename(bench->mail, "work/INBOX", NULL);
    g_autofree char *other = g_build_filename(dir, "new/77.other", NULL);
    g_autoptr(GPtrArray) before = NULL;
    g_autoptr(GPtrArray) known = NULL;
    guint all;

    for (guint i = 1; i <= 3; i++)
        fake_add(bench->fake, "INBOX", i, 0);
    bench_sync(bench);
    bench_sync(bench);
    all = known_folders(bench);
    g_assert_cmpuint(all, >, 0);
    store_set_flags(bench->store, bench_row(bench, 1), STORE_FLAG_SEEN, NULL);
    before = sync_names_begin(bench->store, bench->mail, NULL);
    settle(bench);
    g_assert_cmpuint(known_folders(bench), ==, all - 1);
    sync_names_end(bench->store, bench->mail, before, NULL);
    g_assert_cmpuint(known_folders(bench), ==, all);

    g_file_set_contents(other, "Message-ID: <m60@example.org>\r\n\r\nx\r\n", -1,
                        NULL);
    store_set_flags(bench->store, bench_row(bench, 2), STORE_FLAG_SEEN, NULL);
    known = sync_names_begin(bench->store, bench->mail, NULL);
    settle(bench);
    sync_names_end(bench->store, bench->mail, known, NULL);
    g_assert_cmpuint(known_folders(bench), ==, all - 1);
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

/* A folder made here is made there; one without mail goes with the server's. */
static void
test_folders(void)
{
    Bench *bench = bench_create();
    StoreFolder made = { .account = (char *)"work", .name = (char *)"Plans",
                         .path = (char *)"work/Plans", .delimiter = '/',
                         .selectable = true };
    guint before;

    bench_sync(bench);
    before = bench->fake->mailboxes->len;
    store_folder_put(bench->store, &made, NULL);
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->mailboxes->len, ==, before + 1);
    bench_sync(bench);
    bench_check(bench);
    g_ptr_array_remove_index(bench->fake->mailboxes, before);
    bench_sync(bench);
    g_assert_null(bench_folder(bench, "work/Plans"));
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

        g_test_add_data_func(changes, &abilities[i], test_changes);
        g_test_add_data_func(push, &abilities[i], test_push);
    }
    g_test_add_func("/run/conflict", test_conflict);
    g_test_add_func("/run/uidvalidity", test_uidvalidity);
    g_test_add_func("/run/state.db lost", test_state_lost);
    g_test_add_func("/run/suddenly empty", test_suddenly_empty);
    g_test_add_func("/run/behind our back", test_behind_our_back);
    g_test_add_func("/run/few calls", test_few_calls);
    g_test_add_func("/run/own names", test_own_names);
    g_test_add_func("/run/a thousand archived", test_thousand_archived);
    g_test_add_func("/run/folders", test_folders);
    return g_test_run();
}
