/* An account without a server: what the scan of its directories makes of
 * files that core is moving. A message has one row at every time. */
#include "local.h"

#include "account_lock.h"
#include "base/err.h"
#include "base/file.h"
#include "facts.h"
#include "maildir/maildir.h"
#include "mime/mime.h"
#include "store/store_pop3.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>
#include <string.h>

static const char text[] = "From: ana@example.org\r\nTo: ben@example.org\r\n"
                           "Subject: one\r\nMessage-ID: <one@example.org>\r\n"
                           "\r\nHello\r\n";

static bool access_fails;

/* In place of the C library's. */
int
access(const char *path, int mode)
{
    if (!access_fails)
        return faccessat(AT_FDCWD, path, mode, 0);
    errno = EIO;
    return -1;
}

typedef struct {
    char *root, *mail, *state;
    Store *store;
    gint64 id, inbox, archive;
} Fixture;

/* How many rows are new. */
static guint
scan(Fixture *fixture)
{
    g_autoptr(GArray) added = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(GError) error = NULL;
    LocalScan request = { .store = fixture->store, .mail = fixture->mail,
                          .account = "home", .added = added };

    local_scan(&request, &error);
    g_assert_no_error(error);
    if (added->len == 1 && fixture->id == 0)
        fixture->id = g_array_index(added, gint64, 0);
    return added->len;
}

static void
set_up(Fixture *fixture, gconstpointer unused)
{
    g_autofree char *cur = NULL;
    g_autofree char *file = NULL;
    g_autofree char *archive = NULL;
    g_autoptr(StoreFolder) row = NULL;

    fixture->root = g_dir_make_tmp("posthorn-local-XXXXXX", NULL);
    fixture->mail = g_build_filename(fixture->root, "mail", NULL);
    fixture->state = g_build_filename(fixture->root, "state.db", NULL);
    fixture->store = store_open(fixture->state, NULL);
    g_assert_nonnull(fixture->store);
    cur = g_build_filename(fixture->mail, "home", "cur", NULL);
    archive = g_build_filename(fixture->mail, "home", "Archive", NULL);
    file = g_build_filename(cur, "1.one:2,", NULL);
    g_assert_cmpint(g_mkdir_with_parents(cur, 0700), ==, 0);
    g_assert_true(maildir_create(archive, NULL));
    g_assert_true(g_file_set_contents(file, text, -1, NULL));
    g_assert_cmpuint(scan(fixture), ==, 1);
    row = store_folder_by_path(fixture->store, "home", NULL);
    fixture->inbox = row->id;
    g_clear_pointer(&row, store_folder_free);
    row = store_folder_by_path(fixture->store, "home/Archive", NULL);
    fixture->archive = row->id;
}

static void
tear_down(Fixture *fixture, gconstpointer unused)
{
    store_close(fixture->store);
    file_remove_tree(fixture->root, NULL);
    g_free(fixture->root);
    g_free(fixture->mail);
    g_free(fixture->state);
}

/* Moved by the user, its file not yet. */
static void
test_moving(Fixture *fixture, gconstpointer unused)
{
    g_autoptr(StoreRow) row = NULL;

    g_assert_true(store_set_folder(fixture->store, fixture->id,
                                   fixture->archive, NULL));
    g_assert_cmpuint(scan(fixture), ==, 0);
    row = store_row(fixture->store, fixture->id, NULL);
    g_assert_cmpint(row->folder, ==, fixture->archive);
    g_assert_cmpstr(row->file, ==, "home/cur/1.one:2,");
}

/* Deleted for good by the user, its file still there. */
static void
test_deleting(Fixture *fixture, gconstpointer unused)
{
    g_assert_true(store_set_folder(fixture->store, fixture->id, 0, NULL));
    g_assert_cmpuint(scan(fixture), ==, 0);
}

/* Only folders in which something changed are read. */
static void
test_unchanged(Fixture *fixture, gconstpointer unused)
{
    g_autoptr(GHashTable) unchanged = g_hash_table_new(g_str_hash, g_str_equal);
    g_autofree char *other = g_build_filename(fixture->mail, "home", "new",
                                              "2.two", NULL);
    LocalScan request = { .store = fixture->store, .mail = fixture->mail,
                          .account = "home", .unchanged = unchanged };

    g_assert_true(g_file_set_contents(other, text, -1, NULL));
    g_hash_table_add(unchanged, (char *)"home");
    g_assert_true(local_scan(&request, NULL));
    g_assert_cmpuint(scan(fixture), ==, 1);
}

typedef struct {
    Fixture *fixture;
    guint calls;
} Meanwhile;

/* The user flags the message when its folder was read. */
static void
flag_meanwhile(guint done, void *user)
{
    Meanwhile *meanwhile = user;
    Store *store = meanwhile->fixture->store;
    gint64 id = meanwhile->fixture->id;
    g_autoptr(StoreRow) row = store_row(store, id, NULL);
    g_autofree char *from =
        g_build_filename(meanwhile->fixture->mail, row->file, NULL);
    g_autofree char *folder =
        g_build_filename(meanwhile->fixture->mail, "home", NULL);
    g_autofree char *to = NULL;

    if (meanwhile->calls++ > 0)
        return;
    store_set_flags(store, id, STORE_FLAG_FLAGGED, NULL);
    to = maildir_rename(from, folder, MAILDIR_FLAGGED, NULL);
    store_set_file(store, id, to + strlen(meanwhile->fixture->mail) + 1, NULL);
}

static void
test_flagged(Fixture *fixture, gconstpointer unused)
{
    Meanwhile meanwhile = { fixture, 0 };
    g_autoptr(StoreRow) row = NULL;
    LocalScan request = { .store = fixture->store, .mail = fixture->mail,
                          .account = "home", .progress = flag_meanwhile,
                          .user = &meanwhile };

    g_assert_true(local_scan(&request, NULL));
    g_assert_cmpuint(meanwhile.calls, >, 0);
    row = store_row(fixture->store, fixture->id, NULL);
    g_assert_cmpuint(row->flags & STORE_FLAG_FLAGGED, !=, 0);
    g_assert_cmpstr(row->file, ==, "home/cur/1.one:2,F");
}

/* Another program reads the folders of the account: this one waits. */
static void
test_locked(Fixture *fixture, gconstpointer unused)
{
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    LocalScan request = { .store = fixture->store, .mail = fixture->mail,
                          .account = "home", .cancel = cancel };
    int lock = account_lock(fixture->state, "home", NULL, &error);

    g_assert_no_error(error);
    g_cancellable_cancel(cancel);
    g_assert_false(local_scan(&request, &error));
    g_assert_true(err_is(error, ERR_CANCELLED));
    close(lock);
    request.cancel = NULL;
    g_clear_error(&error);
    g_assert_true(local_scan(&request, &error));
}

/* The folder's directory is another one: of a maildrop (known) the row stays to
 * be fetched again, and is that of the file when it is back; else nobody has the
 * message. */
static void
check_lost(Fixture *fixture, bool known)
{
    g_autofree char *dir = g_build_filename(fixture->mail, "home", "cur", NULL);
    g_autofree char *aside = g_build_filename(fixture->root, "aside", NULL);
    g_autofree char *below = g_build_filename(fixture->root, "below", NULL);
    StorePop3 entry = { .uidl = (char *)"u1",
                        .message = fixture->id,
                        .since = 1 };
    g_autoptr(StoreRow) row = NULL;

    if (known)
        g_assert_true(store_pop3_put(fixture->store, "home", &entry, NULL));
    g_assert_cmpint(g_rename(dir, aside), ==, 0);
    g_assert_cmpint(g_mkdir(dir, 0700), ==, 0);
    g_assert_cmpuint(scan(fixture), ==, 0);
    row = store_row(fixture->store, fixture->id, NULL);
    g_assert_cmpint(row != NULL, ==, known);
    if (row)
        g_assert_null(row->file);
    g_clear_pointer(&row, store_row_free);
    g_assert_cmpint(g_rename(dir, below), ==, 0);
    g_assert_cmpint(g_rename(aside, dir), ==, 0);
    g_assert_cmpuint(scan(fixture), ==, known ? 0 : 1);
    if (!known)
        return;
    row = store_row(fixture->store, fixture->id, NULL);
    g_assert_cmpstr(row->file, ==, "home/cur/1.one:2,");
}

static void
test_lost_maildrop(Fixture *fixture, gconstpointer unused)
{
    check_lost(fixture, true);
}

static void
test_lost(Fixture *fixture, gconstpointer unused)
{
    check_lost(fixture, false);
}

/* A file that is out of reach is not gone. */
static void
test_unreadable(Fixture *fixture, gconstpointer unused)
{
    g_autofree char *file =
        g_build_filename(fixture->mail, "home/cur/1.one:2,", NULL);
    g_autofree char *aside = g_build_filename(fixture->root, "aside", NULL);
    g_autoptr(StoreRow) row = NULL;
    g_autoptr(GError) error = NULL;
    LocalScan request = { .store = fixture->store, .mail = fixture->mail,
                          .account = "home" };

    g_assert_cmpint(g_rename(file, aside), ==, 0);
    access_fails = true;
    g_assert_false(local_scan(&request, &error));
    access_fails = false;
    g_assert_nonnull(strstr(error->message, file));
    row = store_row(fixture->store, fixture->id, NULL);
    g_assert_nonnull(row);
    g_assert_cmpuint(scan(fixture), ==, 0);
    g_clear_pointer(&row, store_row_free);
    row = store_row(fixture->store, fixture->id, NULL);
    g_assert_null(row);
}

static void
add(const char *name, void (*test)(Fixture *, gconstpointer))
{
    g_test_add(name, Fixture, NULL, set_up, test, tear_down);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    add("/core/local/moving", test_moving);
    add("/core/local/deleting", test_deleting);
    add("/core/local/locked", test_locked);
    add("/core/local/unchanged", test_unchanged);
    add("/core/local/flagged", test_flagged);
    add("/core/local/P16/lost-maildrop", test_lost_maildrop);
    add("/core/local/lost", test_lost);
    add("/core/local/unreadable", test_unreadable);
    return g_test_run();
}
