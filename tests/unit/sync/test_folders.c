/* Mailboxes and folders: made, renamed, deleted on either side, and those that
 * a server refuses. */
#include "bench.h"

static guint
changed_folders(Bench *bench)
{
    g_autoptr(GHashTable) changed = sync_changed_folders(
        bench->store, bench->mail, "work", false, NULL);

    return g_hash_table_size(changed);
}

static char *
inbox_path(Bench *bench, guint number)
{
    g_autoptr(StoreRow) row =
        store_row(bench->store, bench_row(bench, number), NULL);

    return g_build_filename(bench->mail, row->file, NULL);
}

/* What we write, rename and remove ourselves changes no folder; what another
 * does before, between and after does. */
static void
test_own_names(void)
{
    Bench *bench = bench_create();
    g_autofree char *other =
        g_build_filename(bench->mail, "work/INBOX/new/77.other", NULL);

    for (guint i = 1; i <= 3; i++)
        fake_add(bench->fake, "INBOX", i, 0);
    bench_sync(bench);
    g_assert_cmpuint(changed_folders(bench), ==, 0);
    store_set_flags(bench->store, bench_row(bench, 1), STORE_FLAG_SEEN, NULL);
    bench_settle(bench);
    g_assert_cmpuint(changed_folders(bench), ==, 0);
    store_set_folder(bench->store, bench_row(bench, 2), 0, NULL);
    g_assert_cmpuint(changed_folders(bench), ==, 0);
    bench_sync(bench);
    g_assert_cmpuint(bench_files(bench, "work/INBOX"), ==, 2);
    g_assert_cmpuint(changed_folders(bench), ==, 0);

    g_file_set_contents(other, "Message-ID: <m60@example.org>\r\n\r\nx\r\n", -1,
                        NULL);
    store_set_flags(bench->store, bench_row(bench, 3), STORE_FLAG_SEEN, NULL);
    bench_settle(bench);
    g_assert_cmpuint(changed_folders(bench), ==, 1);
    bench_sync(bench);
    g_assert_cmpuint(changed_folders(bench), ==, 0);
    bench_check(bench);
    bench_destroy(bench);
}

static void
remove_first(void *user, const gint64 *ids, guint n, bool quiet)
{
    Bench *bench = user;
    g_autofree char *path = inbox_path(bench, 1);

    g_assert_cmpint(g_unlink(path), ==, 0);
    bench->sync.arrived = NULL;
}

/* A file that another program removes while we fetch goes on the server. */
static void
test_removed_meanwhile(void)
{
    Bench *bench = bench_create();

    fake_add(bench->fake, "INBOX", 1, 0);
    bench_sync(bench);
    fake_add(bench->fake, "INBOX", 2, 0);
    bench->sync.arrived = remove_first;
    bench_sync(bench);
    g_assert_null(bench->sync.arrived);
    bench_sync(bench);
    g_assert_cmpuint(fake_mailbox(bench->fake, "INBOX")->messages->len, ==, 1);
    g_assert_cmpuint(bench_row(bench, 1), ==, 0);
    bench_check(bench);
    bench_destroy(bench);
}

static void
flag_meanwhile(void *user, const SyncProgress *progress)
{
    Bench *bench = user;

    if (strcmp(progress->folder, "work/INBOX") != 0)
        return;
    bench->sync.progress = NULL;
    store_set_flags(bench->store, bench_row(bench, 1), STORE_FLAG_FLAGGED,
                    NULL);
    bench_settle(bench);
}

/* A file that we rename after its folder was read for another's changes is not
 * one that the other renamed back: the user's flag stays. */
static void
test_flagged_meanwhile(void)
{
    Bench *bench = bench_create();
    g_autofree char *other =
        g_build_filename(bench->mail, "work/INBOX/new/77.other", NULL);
    g_autoptr(StoreRow) row = NULL;

    fake_add(bench->fake, "INBOX", 1, 0);
    bench_sync(bench);
    g_file_set_contents(other, "Message-ID: <m60@example.org>\r\n\r\nx\r\n", -1,
                        NULL);
    bench->sync.progress = flag_meanwhile;
    bench_sync(bench);
    g_assert_null(bench->sync.progress);
    row = store_row(bench->store, bench_row(bench, 1), NULL);
    g_assert_cmpuint(row->flags & STORE_FLAG_FLAGGED, !=, 0);
    bench_check(bench);
    bench_destroy(bench);
}

/* A folder made here is made there, with what it is for; one without mail goes
 * with the server's. */
static void
test_folders(void)
{
    Bench *bench = bench_create();
    StoreFolder made = { .account = (char *)"work", .name = (char *)"Plans",
                         .path = (char *)"work/Plans", .delimiter = '/',
                         .role = FOLDER_ROLE_JUNK, .selectable = true };
    guint before;

    bench_sync(bench);
    before = bench->fake->mailboxes->len;
    store_folder_put(bench->store, &made, NULL);
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->mailboxes->len, ==, before + 1);
    g_assert_cmpstr(fake_mailbox(bench->fake, "Plans")->use, ==, "\\Junk");
    bench_sync(bench);
    bench_check(bench);
    g_ptr_array_remove_index(bench->fake->mailboxes, before);
    bench_sync(bench);
    g_assert_null(bench_folder(bench, "work/Plans"));
    bench_destroy(bench);
}

/* A mailbox of many messages and one below it. */
static Bench *
bench_with_folders(void)
{
    Bench *bench = bench_create();

    bench->fake->status = true;
    fake_mailbox(bench->fake, "Archive")->uidvalidity = 70;
    fake_mailbox(bench->fake, "Archive/Sub")->uidvalidity = 71;
    for (guint i = 1; i <= 30; i++)
        fake_add(bench->fake, "Archive", i, 0);
    fake_add(bench->fake, "Archive/Sub", 31, 0);
    bench_sync(bench);
    bench_check(bench);
    bench->fake->bodies = bench->fake->headers = 0;
    return bench;
}

/* The same state on both sides, without a message fetched anew, also when it is
 * looked at before the files have followed. */
static void
check_renamed(Bench *bench)
{
    bench_settle(bench);
    bench_sync(bench);
    bench_check(bench);
    g_assert_cmpuint(bench->fake->bodies, ==, 0);
    g_assert_cmpuint(bench->fake->headers, ==, 0);
    g_assert_cmpuint(bench->warned, ==, 0);
    g_assert_null(bench_folder(bench, "work/Archive"));
    g_assert_null(bench_folder(bench, "work/Archive/Sub"));
    bench_destroy(bench);
}

/* By LIST-STATUS, and without it by asking the mailboxes that are new. */
static void
test_renamed_there(const void *status)
{
    Bench *bench = bench_with_folders();

    bench->fake->status = status != NULL;
    g_assert_true(fake_rename(bench->fake, "Archive", "Old", NULL));
    fake_add(bench->fake, "Old", 40, 0);
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->bodies, ==, 1);
    bench->fake->bodies = 0;
    g_assert_cmpuint(bench->fake->statuses, ==, status ? 0 : 2);
    check_renamed(bench);
}

/* Two renamed at once that look alike are told apart by what the server calls
 * them. */
static void
test_objects_renamed(void)
{
    Bench *bench = bench_create();
    g_autoptr(StoreFolder) one = NULL;
    g_autoptr(StoreFolder) two = NULL;

    bench->fake->objects = bench->fake->status = true;
    fake_add(bench->fake, "One", 1, 0);
    fake_add(bench->fake, "Two", 2, 0);
    bench_sync(bench);
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->bodies, ==, 2);
    g_assert_true(fake_rename(bench->fake, "One", "Uno", NULL));
    g_assert_true(fake_rename(bench->fake, "Two", "Dos", NULL));
    one = bench_folder(bench, "work/One");
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->bodies, ==, 2);
    bench_settle(bench);
    two = bench_folder(bench, "work/Uno");
    g_assert_cmpint(two->id, ==, one->id);
    bench_check(bench);
    bench_destroy(bench);
}

static void
wish_rename(Bench *bench, const char *to)
{
    g_autoptr(StoreFolder) folder = bench_folder(bench, "work/Archive");
    g_autoptr(GError) error = NULL;

    sync_wish_rename(bench->store, folder, to, &error);
    g_assert_no_error(error);
}

static void
test_renamed_here(void)
{
    Bench *bench = bench_with_folders();

    wish_rename(bench, "Old");
    g_assert_nonnull(fake_lookup(bench->fake, "Archive"));
    bench_sync(bench);
    g_assert_nonnull(fake_lookup(bench->fake, "Old/Sub"));
    check_renamed(bench);
}

/* Cut before and after the server did it: no other end. */
static void
test_renamed_here_cut(void)
{
    for (int after = 0; after < 2; after++) {
        Bench *bench = bench_with_folders();

        wish_rename(bench, "Older");
        bench->fake->cut_call = bench->fake->calls + 1;
        bench->fake->cut_after = after;
        g_assert_false(bench_try(bench));
        bench->fake->cut_call = 0;
        bench_reopen(bench);
        bench_sync(bench);
        bench->warned = 0; /* NO: it is called so already */
        g_assert_nonnull(fake_lookup(bench->fake, "Older/Sub"));
        check_renamed(bench);
    }
}

static Bench *meanwhile; /* whose folder is renamed while the server answers */

static GPtrArray *
list_meanwhile(void *conn, bool state, GError **error)
{
    Bench *bench = g_steal_pointer(&meanwhile);

    if (bench)
        wish_rename(bench, "Old");
    return fake_list(conn, state, error);
}

static bool
rename_meanwhile(void *conn, const char *from, const char *to, GError **error)
{
    Bench *bench = g_steal_pointer(&meanwhile);
    g_autoptr(StoreFolder) folder =
        bench ? bench_folder(bench, "work/Newer") : NULL;

    if (folder)
        sync_wish_rename(bench->store, folder, "Old", NULL);
    return fake_rename(conn, from, to, error);
}

/* What the user calls a folder while the server lists its mailboxes, or is told
 * of another name, stands. */
static void
test_renamed_meanwhile(const void *told)
{
    Bench *bench = bench_with_folders();
    SyncServerClass class = fake_class;

    if (told) {
        class.rename = rename_meanwhile;
        wish_rename(bench, "Newer");
    } else {
        class.list = list_meanwhile;
    }
    bench->sync.server.class = &class;
    meanwhile = bench;
    bench_sync(bench);
    g_assert_null(meanwhile);
    bench_settle(bench);
    bench_sync(bench);
    g_assert_nonnull(fake_lookup(bench->fake, "Old/Sub"));
    g_assert_cmpuint(bench->fake->mailboxes->len, ==, 3);
    check_renamed(bench);
}

/* The server will not: the old name is back, and it is said. */
static void
test_rename_refused(void)
{
    Bench *bench = bench_with_folders();

    fake_mailbox(bench->fake, "Taken")->uidvalidity = 72;
    wish_rename(bench, "Taken");
    bench_sync(bench);
    g_assert_cmpuint(bench->warned, ==, 1);
    bench_settle(bench);
    bench_sync(bench);
    bench_check(bench);
    g_assert_nonnull(fake_lookup(bench->fake, "Archive/Sub"));
    g_assert_cmpuint(bench->fake->bodies, ==, 0);
    bench_destroy(bench);
}

/* A new account's mailboxes are listed without their state, which some servers
 * have to look for while someone waits for the first page. */
static void
test_first_list(void)
{
    Bench *bench = bench_create();

    bench->fake->status = bench->sync.headers_first = true;
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->states, ==, 0);
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->states, ==, 1);
    bench_check(bench);
    bench_destroy(bench);
}

/* A folder that the server refuses is told at the end; the others are synced
 * (P37). */
static void
test_bad_folder(void)
{
    Bench *bench = bench_create();
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreFolder) archive = NULL;
    bool yielded;

    fake_add(bench->fake, "Archive", 77, 0);
    fake_mailbox(bench->fake, "INBOX")->refused = true;
    sync_account(&bench->sync, &yielded, &error);
    g_assert_true(err_is(error, ERR_REFUSED));
    archive = bench_folder(bench, "work/Archive");
    g_assert_cmpuint(archive->total, ==,
                     fake_mailbox(bench->fake, "Archive")->messages->len);
    fake_mailbox(bench->fake, "INBOX")->refused = false;
    bench_sync(bench);
    bench_check(bench);
    bench_destroy(bench);
}

/* Over one of them the connection breaks: when it did so once, or was lost
 * twice, the others, and what the user did, come before it (P37). */
static void
test_breaking_folder(const void *lost)
{
    ErrCode code = lost ? ERR_RETRY : ERR_PROTOCOL;
    Bench *bench = bench_create();
    FakeMailbox *archive = fake_mailbox(bench->fake, "Archive");
    bool yielded;

    fake_add(bench->fake, "INBOX", 76, 0);
    fake_add(bench->fake, "Archive", 77, 0);
    bench_sync(bench);
    fake_add(bench->fake, "INBOX", 78, 0);
    fake_add(bench->fake, "Archive", 79, 0);
    fake_mailbox(bench->fake, "INBOX")->breaks = code;
    g_assert_true(store_set_flags(bench->store, bench_row(bench, 77),
                                  STORE_FLAG_SEEN, NULL));
    for (int i = lost ? 0 : 1; i < 3; i++) {
        g_autoptr(GError) error = NULL;

        sync_account(&bench->sync, &yielded, &error);
        g_assert_true(err_is(error, code));
    }
    g_assert_cmpuint(bench_rows(bench, 79), ==, 1);
    g_assert_cmpuint(fake_find(archive, 1)->flags, ==, STORE_FLAG_SEEN);
    fake_mailbox(bench->fake, "INBOX")->breaks = 0;
    bench_sync(bench);
    g_assert_cmpuint(bench_rows(bench, 78), ==, 1);
    bench_check(bench);
    bench_destroy(bench);
}

/* Two that look alike are no rename: fetched anew rather than mixed up. */
static void
test_rename_unclear(void)
{
    Bench *bench = bench_with_folders();

    fake_mailbox(bench->fake, "Archive/Sub")->uidvalidity = 70;
    bench_sync(bench);
    g_assert_true(fake_rename(bench->fake, "Archive", "Old", NULL));
    bench->sync.accept_removals = true;
    bench_sync(bench);
    bench_sync(bench);
    bench_check(bench);
    bench_destroy(bench);
}

static void
test_deleted_here(void)
{
    Bench *bench = bench_with_folders();
    g_autoptr(StoreFolder) folder = bench_folder(bench, "work/Archive");
    g_autofree char *fact =
        g_strdup_printf("sync/%" G_GINT64_FORMAT "/any", folder->id);
    g_autofree char *kept = NULL;

    g_assert_true(store_set_value(bench->store, fact, "1", NULL));
    g_assert_true(sync_wish_delete(bench->store, folder, NULL));
    g_assert_true(sync_is_to_go(bench->store, folder));
    bench_sync(bench);
    g_assert_null(fake_lookup(bench->fake, "Archive"));
    g_assert_null(bench_folder(bench, "work/Archive"));
    kept = store_value(bench->store, fact); /* its id may be another's */
    g_assert_null(kept);
    g_assert_cmpuint(bench_files(bench, "work/Archive"), ==, 0);
    g_assert_cmpuint(bench->warned, ==, 0);
    bench_check(bench);
    bench_destroy(bench);
}

/* Messages from..to go to the inbox, untold. */
static void
move_out(Bench *bench, guint from, guint to)
{
    g_autoptr(StoreFolder) inbox = bench_folder(bench, "work/INBOX");

    for (guint i = from; i <= to; i++)
        g_assert_true(store_set_folder(bench->store, bench_row(bench, i),
                                       inbox->id, NULL));
    bench_settle(bench);
}

static void
wish_delete(Bench *bench)
{
    g_autoptr(StoreFolder) folder = bench_folder(bench, "work/Archive");

    g_assert_true(sync_wish_delete(bench->store, folder, NULL));
}

/* What was moved out of a folder before it was deleted is moved there first;
 * what is left goes with the folder. */
static void
test_deleted_moved_out(const void *left)
{
    Bench *bench = bench_with_folders();
    guint kept = 30 - GPOINTER_TO_UINT(left);

    move_out(bench, 1, kept);
    wish_delete(bench);
    bench_sync(bench);
    g_assert_null(fake_lookup(bench->fake, "Archive"));
    g_assert_null(bench_folder(bench, "work/Archive"));
    g_assert_cmpuint(fake_mailbox(bench->fake, "INBOX")->messages->len, ==,
                     kept);
    g_assert_cmpuint(bench_files(bench, "work/INBOX"), ==, kept);
    g_assert_cmpuint(bench->fake->appends, ==, 0);
    g_assert_cmpuint(bench->warned, ==, 0);
    bench_check(bench);
    bench_destroy(bench);
}

/* Cut at each call: the messages are on the server, whatever else is; those
 * that were left in it go with it, without another yes. */
static void
test_deleted_cut(const void *moved)
{
    guint kept = GPOINTER_TO_UINT(moved);

    for (guint cut = 1; cut <= 30; cut++) {
        Bench *bench = bench_with_folders();

        move_out(bench, 1, kept);
        wish_delete(bench);
        bench->fake->cut_after = cut % 2;
        bench->fake->cut_call = bench->fake->calls + (cut + 1) / 2;
        bench_try(bench);
        bench->fake->cut_call = 0;
        bench_reopen(bench);
        bench_sync(bench);
        bench_sync(bench);
        g_assert_null(fake_lookup(bench->fake, "Archive"));
        g_assert_null(bench_folder(bench, "work/Archive"));
        g_assert_cmpuint(bench->warned, ==, 0);
        g_assert_cmpuint(fake_mailbox(bench->fake, "INBOX")->messages->len, ==,
                         kept);
        bench_check(bench);
        bench_destroy(bench);
    }
}

static void
check_kept(Bench *bench, guint messages)
{
    g_autoptr(StoreFolder) folder = bench_folder(bench, "work/Archive");

    g_assert_cmpuint(bench->warned, >, 0);
    g_assert_false(sync_is_to_go(bench->store, folder));
    g_assert_cmpuint(folder->total, ==, messages);
    bench_sync(bench);
    g_assert_cmpuint(fake_mailbox(bench->fake, "Archive")->messages->len, ==,
                     messages);
    bench_check(bench);
    bench_destroy(bench);
}

/* Back in it, because the server would not move them: they were no part of what
 * was to go. */
static void
test_deleted_move_refused(void)
{
    Bench *bench = bench_with_folders();
    StoreFolder other = { .account = (char *)"home", .name = (char *)"INBOX",
                          .path = (char *)"home/INBOX", .delimiter = '/',
                          .selectable = true };
    gint64 to = store_folder_put(bench->store, &other, NULL);

    for (guint i = 1; i <= 30; i++)
        g_assert_true(
            store_set_folder(bench->store, bench_row(bench, i), to, NULL));
    wish_delete(bench);
    bench_sync(bench);
    bench_settle(bench);
    check_kept(bench, 30);
}

/* Without UIDPLUS what was removed from it is still there, marked. */
static void
test_deleted_marked(void)
{
    Bench *bench = bench_with_folders();

    bench->fake->uidplus = false;
    for (guint i = 1; i <= 30; i++)
        g_assert_true(store_set_folder(bench->store, bench_row(bench, i), 0,
                                       NULL));
    bench_sync(bench);
    bench_sync(bench);
    g_assert_cmpuint(fake_lookup(bench->fake, "Archive")->messages->len, ==,
                     30);
    wish_delete(bench);
    bench_sync(bench);
    g_assert_null(fake_lookup(bench->fake, "Archive"));
    g_assert_null(bench_folder(bench, "work/Archive"));
    bench_check(bench);
    bench_destroy(bench);
}

/* Mail that came since it was empty here was not meant. */
static void
test_deleted_new_mail(void)
{
    Bench *bench = bench_with_folders();

    move_out(bench, 1, 30);
    bench_sync(bench);
    wish_delete(bench);
    fake_add(bench->fake, "Archive", 50, 0);
    bench_sync(bench);
    check_kept(bench, 1);
}

/* Of what goes anyway nothing is fetched while moves are told. */
static void
test_deleted_unfetched(void)
{
    Bench *bench = bench_with_folders();

    move_out(bench, 1, 1);
    wish_delete(bench);
    fake_add(bench->fake, "Archive", 50, 0);
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->bodies, ==, 0);
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->bodies, ==, 1);
    check_kept(bench, 30);
}

/* What was still to be uploaded to it was counted, and goes. */
static void
test_deleted_unsent(void)
{
    Bench *bench = bench_with_folders();
    g_autofree char *other =
        g_build_filename(bench->mail, "work/Archive/new/77.other", NULL);

    g_file_set_contents(other, "Message-ID: <m60@example.org>\r\n\r\nx\r\n", -1,
                        NULL);
    g_assert_true(sync_local(&bench->sync, NULL));
    wish_delete(bench);
    bench_sync(bench);
    g_assert_null(bench_folder(bench, "work/Archive"));
    g_assert_cmpuint(bench_rows(bench, 60), ==, 0);
    g_assert_cmpuint(bench_files(bench, "work/Archive"), ==, 0);
    bench_check(bench);
    bench_destroy(bench);
}

static void
delete_there(Bench *bench)
{
    g_assert_true(fake_remove_mailbox(bench->fake, "Archive", NULL));
}

static guint
total(Bench *bench, const char *path)
{
    g_autoptr(StoreFolder) folder = bench_folder(bench, path);

    return folder ? folder->total : 0;
}

/* Of a folder that another client deletes, what was moved out of it here stays,
 * and is uploaded to where it was put; so often as the server has it. */
static void
test_gone_moved_out(const void *lost)
{
    Bench *bench = bench_with_folders();

    move_out(bench, 1, 30);
    if (lost) {
        bench->fake->cut_move = bench->fake->cut_after = true;
        g_assert_false(bench_try(bench));
        bench->fake->cut_move = false;
        bench->fake->cut_call = 0;
    }
    delete_there(bench);
    bench_sync(bench);
    g_assert_null(bench_folder(bench, "work/Archive"));
    g_assert_cmpuint(total(bench, "work/INBOX"), ==, 30);
    g_assert_cmpuint(bench->fake->appends, ==, lost ? 0 : 30);
    g_assert_cmpuint(bench->warned, ==, 0);
    bench_check(bench);
    bench_destroy(bench);
}

/* The others wait for a yes, and for those alone is one asked. */
static void
test_gone_some_moved_out(void)
{
    Bench *bench = bench_with_folders();

    move_out(bench, 1, 5);
    delete_there(bench);
    bench_sync(bench);
    bench_sync(bench);
    g_assert_cmpuint(bench->warned, ==, 1);
    g_assert_cmpuint(total(bench, "work/Archive"), ==, 25);
    g_assert_cmpuint(fake_mailbox(bench->fake, "INBOX")->messages->len, ==, 5);
    bench->sync.accept_removals = true;
    bench_sync(bench);
    g_assert_null(bench_folder(bench, "work/Archive"));
    bench_check(bench);
    bench_destroy(bench);
}

/* A few that the server had are few, however many were moved in here: those are
 * where the server has them. */
static void
test_gone_moved_in(void)
{
    Bench *bench = bench_create();
    g_autoptr(StoreFolder) archive = NULL;

    fake_mailbox(bench->fake, "Archive")->uidvalidity = 70;
    fake_add(bench->fake, "Archive", 1, 0);
    for (guint i = 2; i <= 30; i++)
        fake_add(bench->fake, "INBOX", i, 0);
    bench_sync(bench);
    archive = bench_folder(bench, "work/Archive");
    for (guint i = 2; i <= 30; i++)
        g_assert_true(store_set_folder(bench->store, bench_row(bench, i),
                                       archive->id, NULL));
    bench_settle(bench);
    delete_there(bench);
    bench_sync(bench);
    bench_settle(bench);
    g_assert_null(bench_folder(bench, "work/Archive"));
    g_assert_cmpuint(bench_row(bench, 1), ==, 0);
    g_assert_cmpuint(total(bench, "work/INBOX"), ==, 29);
    bench_check(bench);
    bench_destroy(bench);
}

/* It was listed, so it is not ours to create. */
static void
test_gone_never_opened(void)
{
    Bench *bench = bench_with_folders();
    g_autoptr(StoreFolder) locked = NULL;

    fake_add(bench->fake, "Locked", 90, 0);
    fake_mailbox(bench->fake, "Locked")->refused = true;
    g_assert_false(bench_try(bench));
    locked = bench_folder(bench, "work/Locked");
    g_assert_nonnull(locked);
    g_assert_true(fake_remove_mailbox(bench->fake, "Locked", NULL));
    bench_sync(bench);
    g_assert_null(fake_lookup(bench->fake, "Locked"));
    g_assert_null(bench_folder(bench, "work/Locked"));
    bench_check(bench);
    bench_destroy(bench);
}

/* What is not here was there alone. */
static void
test_gone_headers(void)
{
    Bench *bench = bench_create();

    fake_add(bench->fake, "Archive", 1, 0);
    bench->sync.keep.most = 1;
    bench_sync(bench);
    move_out(bench, 1, 1);
    delete_there(bench);
    bench_sync(bench);
    g_assert_cmpuint(bench_row(bench, 1), ==, 0);
    bench_check(bench);
    bench_destroy(bench);
}

/* What was still to be uploaded to it brings it back. */
static void
test_gone_unsent(void)
{
    Bench *bench = bench_with_folders();
    g_autofree char *other =
        g_build_filename(bench->mail, "work/Archive/new/77.other", NULL);

    g_file_set_contents(other, "Message-ID: <m60@example.org>\r\n\r\nx\r\n", -1,
                        NULL);
    g_assert_true(sync_local(&bench->sync, NULL));
    delete_there(bench);
    bench->sync.accept_removals = true;
    bench_try(bench);
    bench_sync(bench);
    g_assert_cmpuint(fake_mailbox(bench->fake, "Archive")->messages->len, ==,
                     1);
    bench_check(bench);
    bench_destroy(bench);
}

/* It is found under its new name though nothing is left in it here. */
static void
test_renamed_there_moved_out(void)
{
    Bench *bench = bench_with_folders();

    move_out(bench, 1, 30);
    g_assert_true(fake_rename(bench->fake, "Archive", "Old", NULL));
    bench_sync(bench);
    g_assert_cmpuint(total(bench, "work/INBOX"), ==, 30);
    g_assert_cmpuint(bench->fake->appends, ==, 0);
    g_assert_cmpuint(fake_lookup(bench->fake, "Old")->messages->len, ==, 0);
    check_renamed(bench);
}

static void
test_subscribed_here(void)
{
    Bench *bench = bench_with_folders();

    for (int on = 0; on < 2; on++) {
        g_autoptr(StoreFolder) folder = bench_folder(bench, "work/Archive");
        g_autoptr(StoreFolder) now = NULL;

        g_assert_true(sync_wish_subscribe(bench->store, folder, on, NULL));
        bench_sync(bench);
        now = bench_folder(bench, "work/Archive");
        g_assert_cmpint(now->subscribed, ==, on);
        g_assert_cmpint(fake_lookup(bench->fake, "Archive")->unsubscribed, ==,
                        !on);
    }
    bench_destroy(bench);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/run/own names", test_own_names);
    g_test_add_func("/run/removed meanwhile", test_removed_meanwhile);
    g_test_add_func("/run/flagged meanwhile", test_flagged_meanwhile);
    g_test_add_func("/run/folders", test_folders);
    g_test_add_data_func("/run/renamed there", "", test_renamed_there);
    g_test_add_data_func("/sync/renamed-there-asked", NULL,
                         test_renamed_there);
    g_test_add_func("/sync/objects-renamed", test_objects_renamed);
    g_test_add_func("/run/renamed here", test_renamed_here);
    g_test_add_func("/run/renamed here, cut", test_renamed_here_cut);
    g_test_add_data_func("/run/renamed while listed", NULL,
                         test_renamed_meanwhile);
    g_test_add_data_func("/run/renamed while renamed", "",
                         test_renamed_meanwhile);
    g_test_add_func("/run/rename refused", test_rename_refused);
    g_test_add_func("/run/P37/bad-folder", test_bad_folder);
    g_test_add_data_func("/run/P37/breaks", NULL, test_breaking_folder);
    g_test_add_data_func("/run/P37/breaks, lost", "", test_breaking_folder);
    g_test_add_func("/run/first-list", test_first_list);
    g_test_add_func("/run/rename unclear", test_rename_unclear);
    g_test_add_func("/run/deleted here", test_deleted_here);
    g_test_add_data_func("/run/P13/deleted, all moved out", NULL,
                         test_deleted_moved_out);
    g_test_add_data_func("/run/P13/deleted, some moved out",
                         GUINT_TO_POINTER(3), test_deleted_moved_out);
    g_test_add_data_func("/run/deleted here, cut", GUINT_TO_POINTER(30),
                         test_deleted_cut);
    g_test_add_data_func("/run/deleted here, cut with the rest", NULL,
                         test_deleted_cut);
    g_test_add_func("/run/deleted, only marked", test_deleted_marked);
    g_test_add_func("/run/deleted, move refused", test_deleted_move_refused);
    g_test_add_func("/run/deleted, new mail", test_deleted_new_mail);
    g_test_add_func("/run/deleted, unfetched", test_deleted_unfetched);
    g_test_add_func("/run/deleted, unsent", test_deleted_unsent);
    g_test_add_data_func("/run/P13/gone, all moved out", NULL,
                         test_gone_moved_out);
    g_test_add_data_func("/run/P14/gone, answer lost", "",
                         test_gone_moved_out);
    g_test_add_func("/run/P16/gone, some moved out", test_gone_some_moved_out);
    g_test_add_func("/run/P16/gone, moved in", test_gone_moved_in);
    g_test_add_func("/run/gone, never opened", test_gone_never_opened);
    g_test_add_func("/run/gone, headers", test_gone_headers);
    g_test_add_func("/run/gone, unsent", test_gone_unsent);
    g_test_add_func("/run/renamed there, moved out",
                    test_renamed_there_moved_out);
    g_test_add_func("/run/subscribed here", test_subscribed_here);
    return g_test_run();
}
