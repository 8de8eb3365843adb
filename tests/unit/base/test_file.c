/* Whole files, private modes whatever the umask (promises P3, P17, P18, P54),
 * and names from outside (P55). */
#include "base/file.h"

#include "base/err.h"
#include "shaky.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *root;

static char *
below(const char *name)
{
    return g_build_filename(root, name, NULL);
}

static guint
mode_of(const char *path)
{
    struct stat info;

    g_assert_cmpint(lstat(path, &info), ==, 0);
    return info.st_mode & 07777;
}

static guint
count_names(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    guint n = 0;

    g_assert_nonnull(dir);
    while (g_dir_read_name(dir))
        n++;
    return n;
}

/* Written, read and copied in pieces, interrupted all the time. */
static void
test_shaky(void)
{
    static const char text[] = "some octets that are more than three";
    g_autofree char *path = below("shaky");
    g_autoptr(GError) error = NULL;
    g_autofree char *bytes = NULL;
    gsize size = 0;
    bool written;

    shaky = true;
    shaky_calls = 0;
    written = file_write_atomic(path, text, strlen(text), &error);
    bytes = written ? file_read(path, 1000, &size, &error) : NULL;
    shaky = false;
    g_assert_no_error(error);
    g_assert_cmpuint(shaky_calls, >, 20);
    g_assert_cmpmem(bytes, size, text, strlen(text));
}

/* Nothing is left of it, whatever ends the program; it is private, and gets a
 * name where it can. */
static void
test_unnamed(void)
{
    mode_t kept = umask(0777);
    g_autofree char *folder = below("unnamed");
    g_autofree char *path = g_build_filename(folder, "named", NULL);
    g_autofree char *bytes = NULL;
    g_autoptr(GError) error = NULL;
    struct stat info;
    int fd;

    g_assert_true(file_mkdir(folder, &error));
    fd = file_open_unnamed(folder, &error);
    umask(kept);
    g_assert_no_error(error);
    g_assert_cmpuint(count_names(folder), ==, 0);
    g_assert_true(file_write_all(fd, "abc", 3, path, &error));
    g_assert_cmpint(fstat(fd, &info), ==, 0);
    g_assert_cmpuint(info.st_mode & 07777, ==, 0600);
    g_assert_cmpuint(info.st_nlink, ==, 0);
    if (file_name_unnamed(fd, path)) {
        g_assert_false(file_name_unnamed(fd, path)); /* never over another */
        bytes = file_read(path, 10, NULL, &error);
        g_assert_cmpstr(bytes, ==, "abc");
        g_assert_cmpuint(mode_of(path), ==, 0600);
    }
    close(fd);
    g_assert_true(file_remove_tree(folder, &error));
    g_assert_cmpint(file_open_unnamed(folder, &error), ==, -1);
    g_assert_true(err_is(error, ERR_LOCAL));
}

static void
test_modes(gconstpointer data)
{
    mode_t kept = umask((mode_t)GPOINTER_TO_UINT(data));
    g_autofree char *folder = below("a/b/c");
    g_autofree char *path = g_build_filename(folder, "x", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_true(file_mkdir(folder, &error));
    g_assert_true(file_write_atomic(path, "one", 3, &error));
    g_assert_cmpuint(mode_of(folder), ==, 0700);
    g_assert_cmpuint(mode_of(path), ==, 0600);
    /* one that others could read becomes private when written anew */
    g_assert_cmpint(chmod(path, 0644), ==, 0);
    g_assert_true(file_write_atomic(path, "two", 3, &error));
    g_assert_cmpuint(mode_of(path), ==, 0600);
    umask(kept);
    g_autofree char *top = below("a");
    g_assert_true(file_remove_tree(top, &error));
}

static void
test_read(void)
{
    g_autofree char *path = below("read");
    g_autofree char *bytes = NULL;
    g_autoptr(GError) error = NULL;
    gsize size = 0;

    g_assert_true(file_write_atomic(path, "a\0b", 3, &error));
    bytes = file_read(path, 3, &size, &error);
    g_assert_cmpmem(bytes, size, "a\0b", 3);
    g_assert_null(file_read(path, 2, &size, &error)); /* limit */
    g_assert_true(err_is(error, ERR_LOCAL));
    g_clear_error(&error);
    g_assert_null(file_read(root, 100, &size, &error)); /* a folder */
    g_clear_error(&error);
    g_assert_null(file_read("/nowhere/x", 100, &size, &error));
    g_assert_true(strstr(error->message, "/nowhere/x") != NULL);
}

/* A FIFO in the place of a file must not block the reader. */
static void
test_fifo(void)
{
    g_autofree char *path = below("fifo");

    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    g_assert_null(file_read(path, 100, NULL, NULL));
}

/* A failed write leaves the old file and nothing beside it. */
static void
test_failure(void)
{
    g_autofree char *folder = below("full");
    g_autofree char *path = g_build_filename(folder, "x", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = NULL;

    g_assert_true(file_mkdir(folder, NULL));
    g_assert_false(file_write_atomic("/nowhere/x", "a", 1, &error));
    g_assert_true(err_is(error, ERR_LOCAL));
    g_clear_error(&error);
    /* the rename fails: a folder has the name */
    g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
    g_autofree char *inside = g_build_filename(path, "y", NULL);
    g_assert_true(file_write_atomic(inside, "a", 1, NULL));
    g_assert_false(file_write_atomic(path, "a", 1, &error));
    g_assert_true(strstr(error->message, path) != NULL);
    dir = g_dir_open(folder, 0, NULL);
    g_assert_cmpstr(g_dir_read_name(dir), ==, "x");
    g_assert_null(g_dir_read_name(dir));
}

static void
test_full_disk(void)
{
    g_autoptr(GError) error = NULL;
    FILE *full = fopen("/dev/full", "w");

    if (full == NULL) {
        g_test_skip("no /dev/full here");
        return;
    }
    g_assert_false(file_write_all(fileno(full), "a", 1, "/dev/full", &error));
    g_assert_cmpstr(error->message, ==, "/dev/full: No space left on device");
    fclose(full);
}

/* A symlink in the tree is removed, what it points to stays. */
static void
test_remove_tree(void)
{
    g_autofree char *outside = below("outside");
    g_autofree char *precious = g_build_filename(outside, "precious", NULL);
    g_autofree char *tree = below("tree/deep");
    g_autofree char *link = g_build_filename(tree, "link", NULL);
    g_autofree char *top = below("tree");

    g_assert_true(file_mkdir(outside, NULL));
    g_assert_true(file_write_atomic(precious, "p", 1, NULL));
    g_assert_true(file_mkdir(tree, NULL));
    g_assert_cmpint(symlink(outside, link), ==, 0);
    g_assert_true(file_remove_tree(top, NULL));
    g_assert_false(g_file_test(top, G_FILE_TEST_EXISTS));
    g_assert_true(g_file_test(precious, G_FILE_TEST_EXISTS));
    g_assert_true(file_remove_tree(top, NULL)); /* nothing there: done */
}

static void
test_safe_name(void)
{
    static const struct {
        const char *raw, *safe;
    } rows[] = {
        { "report.pdf", "report.pdf" },
        { "写真.png", "写真.png" },
        { "../../etc/passwd", "_._.._etc_passwd" },
        { ".bashrc", "_bashrc" },
        { "-rf", "_rf" },
        { "a\nb\033c", "a_b_c" },
        { "a\u202egnp.exe", "a_gnp.exe" },
        { "C:\\x", "C:_x" },
        { "", "unnamed" },
        { NULL, "unnamed" },
        { "\xff", "\uFFFD" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *safe = file_safe_name(rows[i].raw);

        g_assert_null(strchr(safe, '/'));
        g_assert_false(safe[0] == '.' || safe[0] == '-');
        if (i != 2)
            g_assert_cmpstr(safe, ==, rows[i].safe);
    }
    g_autofree char *endless = g_strnfill(5000, 'x');
    g_autofree char *cut = file_safe_name(endless);
    g_assert_cmpuint(strlen(cut), <=, 200);
}

int
main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    root = g_dir_make_tmp("posthorn-test-XXXXXX", NULL);
    g_test_add_data_func("/base/file/P54/umask-000", GUINT_TO_POINTER(0),
                         test_modes);
    g_test_add_data_func("/base/file/P54/umask-077", GUINT_TO_POINTER(0077),
                         test_modes);
    g_test_add_data_func("/base/file/P54/umask-777", GUINT_TO_POINTER(0222),
                         test_modes);
    g_test_add_func("/base/file/unnamed", test_unnamed);
    g_test_add_func("/base/file/P42/shaky", test_shaky);
    g_test_add_func("/base/file/read", test_read);
    g_test_add_func("/base/file/fifo", test_fifo);
    g_test_add_func("/base/file/P17/failure", test_failure);
    g_test_add_func("/base/file/P17/full-disk", test_full_disk);
    g_test_add_func("/base/file/remove-tree", test_remove_tree);
    g_test_add_func("/base/file/P55/safe-name", test_safe_name);
    status = g_test_run();
    file_remove_tree(root, NULL);
    g_free(root);
    return status;
}
