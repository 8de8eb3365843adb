/* What is kept is durable before it has its name, and its folder before anyone
 * relies on it (P3, P6); a call that fails is a write that failed (P18). The
 * system's calls are these below: they note what was made durable, and fail
 * when told to. */
#include "base/err.h"
#include "base/file.h"
#include "maildir/maildir.h"
#include "outbox_entry.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static GHashTable *durable; /* absolute path → itself: synced as it is now */
static GPtrArray *named;    /* folders in which something got a name */
static int fail_at;         /* the nth call that syncs fails; 0: none */
static int calls;

static char *
path_of(int fd)
{
    g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", fd);

    return g_file_read_link(link, NULL);
}

static int
sync_fd(int fd, long number)
{
    if (++calls == fail_at) {
        errno = EIO;
        return -1;
    }
    g_hash_table_add(durable, path_of(fd));
    return (int)syscall(number, fd);
}

int
fsync(int fd)
{
    return sync_fd(fd, SYS_fsync);
}

int
fdatasync(int fd)
{
    return sync_fd(fd, SYS_fdatasync);
}

/* All of a file system at once: what was asked for is below the folder. */
int
syncfs(int fd)
{
    g_autofree char *folder = path_of(fd);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    if (++calls == fail_at) {
        errno = EIO;
        return -1;
    }
    while ((name = g_dir_read_name(dir)))
        g_hash_table_add(durable, g_build_filename(folder, name, NULL));
    return (int)syscall(SYS_syncfs, fd);
}

static void
note_name(const char *from, const char *to)
{
    if (!g_hash_table_contains(durable, from))
        g_error("%s gets its name before it is durable", from);
    g_ptr_array_add(named, g_path_get_dirname(to));
    g_hash_table_remove(durable, named->pdata[named->len - 1]);
}

int
rename(const char *from, const char *to)
{
    note_name(from, to);
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    g_autofree char *from_folder = path_of(from_dir);
    g_autofree char *to_folder = path_of(to_dir);
    g_autofree char *old = g_build_filename(from_folder, from, NULL);
    g_autofree char *new = g_build_filename(to_folder, to, NULL);

    note_name(old, new);
    return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0);
}

typedef bool (*WriteFn)(const char *root, GError **error);

static bool
write_file(const char *root, GError **error)
{
    g_autofree char *path = g_build_filename(root, "file", NULL);

    return file_write_atomic(path, "new", 3, error);
}

static bool
deliver(const char *root, GError **error)
{
    g_autofree char *folder = g_build_filename(root, "mail", NULL);

    return maildir_create(folder, error)
           && maildir_deliver(folder, "base", 0, "bytes", 5, error);
}

static bool
deliver_many(const char *root, GError **error)
{
    g_autofree char *folder = g_build_filename(root, "mail", NULL);
    g_autoptr(MaildirBatch) batch = NULL;

    if (!maildir_create(folder, error))
        return false;
    batch = maildir_batch_create(folder, error);
    for (int i = 0; i < 50; i++) {
        g_autofree char *base = g_strdup_printf("base%d", i);

        if (!maildir_batch_begin(batch, base, error)
            || !maildir_batch_write(batch, "bytes", 5, error)
            || !maildir_batch_finish(batch, 0, error))
            return false;
    }
    return maildir_batch_commit(batch, error);
}

static bool
queue(const char *root, GError **error)
{
    g_autoptr(OutboxEntry) entry = outbox_entry_create();
    g_autoptr(GBytes) bytes = g_bytes_new_static("bytes", 5);

    outbox_entry_add(entry, "bob@example.org");
    entry->account = g_strdup("work");
    entry->sender = g_strdup("ana@example.org");
    return outbox_entry_new(root, entry, bytes, error);
}

static const struct {
    const char *name;
    WriteFn write;
} writes[] = {
    { "file", write_file },
    { "message", deliver },
    { "batch", deliver_many },
    { "outbox", queue },
};

/* Returns what write said; all folders in which names appeared are durable
 * when it said yes. */
static bool
run(WriteFn write, const char *root, int nth, GError **error)
{
    bool ok;

    durable = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    named = g_ptr_array_new_with_free_func(g_free);
    calls = 0;
    fail_at = nth;
    ok = write(root, error);
    fail_at = 0;
    for (guint i = 0; ok && i < named->len; i++)
        g_assert_true(g_hash_table_contains(durable, named->pdata[i]));
    if (ok)
        g_assert_cmpuint(named->len, >, 0);
    g_ptr_array_unref(named);
    g_hash_table_destroy(durable);
    return ok;
}

static void
test_order(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(writes); i++) {
        g_autofree char *root = g_dir_make_tmp("posthorn-durable-XXXXXX", NULL);
        g_autoptr(GError) error = NULL;

        g_test_message("%s", writes[i].name);
        g_assert_true(run(writes[i].write, root, 0, &error));
        g_assert_no_error(error);
        g_assert_cmpint(calls, >=, 2); /* the file, its folder */
        file_remove_tree(root, NULL);
    }
}

static void
test_failure(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(writes); i++) {
        bool ok = false;

        for (int nth = 1; !ok; nth++) {
            g_autofree char *root =
                g_dir_make_tmp("posthorn-durable-XXXXXX", NULL);
            g_autoptr(GError) error = NULL;

            ok = run(writes[i].write, root, nth, &error);
            g_test_message("%s, call %d: %s", writes[i].name, nth,
                           error ? error->message : "past the last");
            g_assert_true(ok ? calls < nth : err_is(error, ERR_LOCAL));
            g_assert_true(ok || strstr(error->message, root) != NULL);
            g_assert_true(ok || strstr(error->message, "error") != NULL);
            file_remove_tree(root, NULL);
        }
    }
}

/* What was there stays as it was when the new could not be made durable. */
static void
test_old_stays(void)
{
    g_autofree char *root = g_dir_make_tmp("posthorn-durable-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(root, "file", NULL);
    g_autofree char *bytes = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = NULL;
    guint n = 0;

    g_assert_true(g_file_set_contents_full(path, "old", 3,
                                           G_FILE_SET_CONTENTS_NONE, 0600,
                                           NULL));
    g_assert_false(run(write_file, root, 1, &error));
    g_assert_true(g_file_get_contents(path, &bytes, NULL, NULL));
    g_assert_cmpstr(bytes, ==, "old");
    dir = g_dir_open(root, 0, NULL);
    while (g_dir_read_name(dir))
        n++;
    g_assert_cmpuint(n, ==, 1); /* nothing half is left */
    file_remove_tree(root, NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/durable/P3/order", test_order);
    g_test_add_func("/core/durable/P18/failure", test_failure);
    g_test_add_func("/core/durable/P18/old-stays", test_old_stays);
    return g_test_run();
}
