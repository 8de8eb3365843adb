/* Files: whole, private and durable before they are named (promises P2, P3,
 * P54, P78), found again whatever renames them. */
#include "maildir/maildir.h"

#include "base/err.h"
#include "base/file.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

static char *root;

/* A new folder below root. g_free(). */
static char *
new_folder(const char *name)
{
    g_autoptr(GError) error = NULL;
    char *folder = g_build_filename(root, name, NULL);

    g_assert_true(maildir_create(folder, &error));
    g_assert_no_error(error);
    g_assert_true(maildir_create(folder, &error)); /* once more is fine */
    return folder;
}

static guint
count_files(const char *folder, const char *part)
{
    g_autofree char *path = g_build_filename(folder, part, NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    guint n = 0;

    g_assert_nonnull(dir);
    while (g_dir_read_name(dir))
        n++;
    return n;
}

static void
check_file(const char *folder, const char *name, const char *bytes, gsize size)
{
    g_autofree char *path = g_build_filename(folder, "cur", name, NULL);
    g_autofree char *found = NULL;
    gsize length;
    struct stat info;

    g_assert_true(g_file_get_contents(path, &found, &length, NULL));
    g_assert_cmpmem(found, length, bytes, size);
    g_assert_cmpint(lstat(path, &info), ==, 0);
    g_assert_cmpuint(info.st_mode & 07777, ==, 0600);
}

static void
test_batch(gconstpointer data)
{
    guint n = GPOINTER_TO_UINT(data);
    g_autofree char *folder = new_folder("batch");
    g_autoptr(GError) error = NULL;
    g_autoptr(MaildirBatch) batch = maildir_batch_create(folder, &error);
    g_autofree char *large = g_strnfill(100000, 'x');

    g_assert_no_error(error);
    for (guint i = 0; i < n; i++) {
        g_autofree char *base = g_strdup_printf("%u", i);

        g_assert_true(maildir_batch_begin(batch, base, &error));
        g_assert_true(maildir_batch_write(batch, "head", 4, &error));
        g_assert_true(
            maildir_batch_write(batch, large, i % 2 ? 100000 : 1000, &error));
        g_assert_true(maildir_batch_write(batch, "tail", 4, &error));
        g_assert_cmpuint(count_files(folder, "cur"), ==, 0);
        g_assert_true(maildir_batch_finish(batch, MAILDIR_SEEN, &error));
    }
    g_assert_cmpuint(maildir_batch_count(batch), ==, n);
    g_assert_cmpuint(maildir_batch_bytes(batch), ==, n * 1008 + n / 2 * 99000);
    g_assert_true(maildir_batch_commit(batch, &error));
    g_assert_cmpuint(maildir_batch_count(batch), ==, 0);
    g_assert_cmpuint(count_files(folder, "cur"), ==, n);
    g_assert_cmpuint(count_files(folder, "tmp"), ==, 0);
    for (guint i = 0; i < n; i++) {
        g_autofree char *name = g_strdup_printf("%u:2,S", i);
        gsize middle = i % 2 ? 100000 : 1000;
        g_autofree char *bytes =
            g_strdup_printf("head%.*stail", (int)middle, large);

        check_file(folder, name, bytes, middle + 8);
    }
    g_assert_true(file_remove_tree(folder, &error));
}

/* What is not committed leaves nothing behind. */
static void
test_dropped(void)
{
    g_autofree char *folder = new_folder("dropped");
    g_autoptr(GError) error = NULL;
    MaildirBatch *batch = maildir_batch_create(folder, &error);

    g_assert_true(maildir_batch_begin(batch, "a", &error));
    g_assert_true(maildir_batch_write(batch, "a", 1, &error));
    g_assert_true(maildir_batch_finish(batch, 0, &error));
    g_assert_true(maildir_batch_begin(batch, "b", &error));
    maildir_batch_drop(batch);
    g_assert_cmpuint(maildir_batch_count(batch), ==, 1);
    g_assert_true(maildir_batch_begin(batch, "c", &error));
    maildir_batch_destroy(batch);
    g_assert_cmpuint(count_files(folder, "tmp"), ==, 0);
    g_assert_cmpuint(count_files(folder, "cur"), ==, 0);
}

/* A file that is there already is never written over, a symlink not followed.
 */
static void
test_in_the_way(void)
{
    g_autofree char *folder = new_folder("way");
    g_autofree char *trap = g_build_filename(folder, "tmp", "b", NULL);
    g_autofree char *target = g_build_filename(root, "target", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(MaildirBatch) batch = maildir_batch_create(folder, &error);

    g_assert_cmpint(symlink(target, trap), ==, 0);
    g_assert_false(maildir_batch_begin(batch, "b", &error));
    g_assert_true(err_is(error, ERR_LOCAL));
    g_assert_nonnull(strstr(error->message, folder));
    g_assert_cmpint(access(target, F_OK), ==, -1);
}

/* A file that is whole already gets a second name, or is copied where that
 * cannot be: its bytes are there, private, and the first stays. */
/* A second name, or a copy. */
static bool
adopt(const char *folder, const char *base, const char *source, GError **error)
{
    g_autoptr(MaildirBatch) batch = maildir_batch_create(folder, error);

    return batch
           && maildir_batch_adopt(batch, base, MAILDIR_SEEN, source, error)
           && maildir_batch_commit(batch, error);
}

static void
test_adopt(void)
{
    const char *const places[] = { root, "/dev/shm" };
    g_autofree char *bytes = g_strnfill(200000, 'x');

    for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autofree char *name = g_strdup_printf("adopt%zu", i);
        g_autofree char *folder = new_folder(name);
        g_autofree char *source =
            g_strdup_printf("%s/posthorn-adopt-%d", places[i], (int)getpid());
        g_autoptr(GError) error = NULL;

        if (!g_file_test(places[i], G_FILE_TEST_IS_DIR))
            continue;
        g_assert_true(file_write_atomic(source, bytes, 200000, &error));
        g_assert_true(adopt(folder, "base", source, &error));
        g_assert_no_error(error);
        check_file(folder, "base:2,S", bytes, 200000);
        g_assert_cmpuint(count_files(folder, "tmp"), ==, 0);
        g_assert_true(g_file_test(source, G_FILE_TEST_EXISTS));
        g_unlink(source);
        check_file(folder, "base:2,S", bytes, 200000);
        g_assert_false(adopt(folder, "other", source, &error));
        g_assert_cmpuint(count_files(folder, "tmp"), ==, 0);
        g_assert_true(err_is(error, ERR_LOCAL));
    }
}

static void
test_modes(void)
{
    static const mode_t masks[] = { 0, 022, 0777 };

    for (gsize i = 0; i < G_N_ELEMENTS(masks); i++) {
        g_autofree char *name = g_strdup_printf("mask%u", (unsigned)i);
        mode_t kept = umask(masks[i]);
        g_autofree char *folder = new_folder(name);
        g_autofree char *cur = g_build_filename(folder, "cur", NULL);
        g_autoptr(GError) error = NULL;
        struct stat info;

        g_assert_true(
            maildir_deliver(folder, "m", MAILDIR_FLAGGED, "text", 4, &error));
        umask(kept);
        check_file(folder, "m:2,F", "text", 4);
        g_assert_cmpint(stat(cur, &info), ==, 0);
        g_assert_cmpuint(info.st_mode & 0777, ==, 0700);
    }
}

static void
test_errors(void)
{
    g_autofree char *folder = g_build_filename(root, "nowhere", NULL);
    g_autofree char *full = new_folder("full");
    g_autoptr(GError) error = NULL;

    g_assert_null(maildir_batch_create(folder, &error));
    g_assert_true(err_is(error, ERR_LOCAL));
    g_assert_nonnull(strstr(error->message, folder));
    g_clear_error(&error);
    g_assert_false(maildir_deliver(folder, "x", 0, "x", 1, &error));
    g_clear_error(&error);
    g_assert_null(maildir_rename("/nowhere/cur/x", full, 0, &error));
    g_assert_true(err_is(error, ERR_LOCAL));
}

static void
test_rename(void)
{
    g_autofree char *one = new_folder("one");
    g_autofree char *two = new_folder("two");
    g_autofree char *path = g_build_filename(one, "cur", "m:2,", NULL);
    g_autofree char *want = g_build_filename(two, "cur", "m:2,RS", NULL);
    g_autofree char *fresh = g_build_filename(two, "new", "m", NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *moved = NULL;
    g_autofree char *found = NULL;
    g_autofree char *in_new = NULL;

    g_assert_true(maildir_deliver(one, "m", 0, "text", 4, &error));
    g_assert_true(maildir_deliver(one, "mm", 0, "other", 5, &error));
    moved = maildir_rename(path, two, MAILDIR_SEEN | MAILDIR_REPLIED, &error);
    g_assert_cmpstr(moved, ==, want);
    g_assert_null(maildir_locate(path));
    /* known under other flags, and put into new/ by another program */
    g_free(path);
    path = g_build_filename(two, "cur", "m:2,F", NULL);
    found = maildir_locate(path);
    g_assert_cmpstr(found, ==, want);
    g_assert_cmpint(g_rename(want, fresh), ==, 0);
    in_new = maildir_locate(path);
    g_assert_cmpstr(in_new, ==, fresh);
}

typedef struct {
    GString *seen;
    guint limit;
} Scan;

static bool
note(const MaildirEntry *entry, void *user)
{
    Scan *scan = user;

    g_string_append_printf(scan->seen, "%s/%u%s ", entry->base, entry->flags,
                           entry->is_new ? "n" : "");
    return --scan->limit > 0;
}

static void
put(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    g_assert_true(g_file_set_contents(path, "x", 1, NULL));
}

static void
test_scan(void)
{
    g_autofree char *folder = new_folder("scan");
    g_autofree char *sub = g_build_filename(folder, "cur", "sub", NULL);
    g_autofree char *away = g_build_filename(folder, "cur", "link", NULL);
    g_autoptr(GString) seen = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    Scan scan = { seen, 100 };

    put(folder, "cur/a:2,S");
    put(folder, "new/b");
    put(folder, "cur/.hidden");
    put(folder, "tmp/c");
    g_assert_cmpint(g_mkdir(sub, 0700), ==, 0);
    g_assert_cmpint(symlink("/etc/passwd", away), ==, 0);
    g_assert_true(maildir_scan(folder, note, &scan, &error));
    g_assert_cmpstr(seen->str, ==, "a/4 b/0n ");
    g_string_truncate(seen, 0);
    scan.limit = 1;
    g_assert_true(maildir_scan(folder, note, &scan, &error));
    g_assert_cmpstr(seen->str, ==, "a/4 ");
    g_assert_false(maildir_scan(sub, note, &scan, &error));
    g_assert_true(err_is(error, ERR_LOCAL));
}

static void
test_sweep(void)
{
    g_autofree char *folder = new_folder("sweep");
    g_autofree char *old = g_build_filename(folder, "tmp", "old", NULL);
    struct utimbuf times = { time(NULL) - 37 * 3600, time(NULL) - 37 * 3600 };

    put(folder, "tmp/old");
    put(folder, "tmp/young");
    g_assert_cmpint(utime(old, &times), ==, 0);
    maildir_sweep(folder);
    g_assert_cmpuint(count_files(folder, "tmp"), ==, 1);
    g_assert_cmpint(access(old, F_OK), ==, -1);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    int result;

    g_test_init(&argc, &argv, NULL);
    root = g_dir_make_tmp("test_delivery_XXXXXX", &error);
    g_assert_no_error(error);
    g_test_add_data_func("/maildir/batch/one", GUINT_TO_POINTER(1), test_batch);
    g_test_add_data_func("/maildir/batch/few", GUINT_TO_POINTER(4), test_batch);
    g_test_add_data_func("/maildir/batch/many", GUINT_TO_POINTER(300),
                         test_batch);
    g_test_add_func("/maildir/batch/dropped", test_dropped);
    g_test_add_func("/maildir/batch/in-the-way", test_in_the_way);
    g_test_add_func("/maildir/adopt", test_adopt);
    g_test_add_func("/maildir/modes", test_modes);
    g_test_add_func("/maildir/errors", test_errors);
    g_test_add_func("/maildir/rename", test_rename);
    g_test_add_func("/maildir/scan", test_scan);
    g_test_add_func("/maildir/sweep", test_sweep);
    result = g_test_run();
    file_remove_tree(root, NULL);
    g_free(root);
    return result;
}
