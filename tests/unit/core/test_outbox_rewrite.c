/* The bytes of an entry are written anew while another process wants to send
 * them (P80), and which stay as they are. */
#include "base/err.h"
#include "base/file.h"
#include "outbox_entry.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct {
    char *folder;
    OutboxEntry *entry;
} Fixture;

static Fixture *meanwhile; /* whose entry the other process rewrites; or NULL */
static int rewritten = -1; /* the lock that it has then */
static bool was_locked;    /* the new bytes, when they got their name */

static bool
fill(int fd, void *user, GError **error)
{
    return user ? err_set(error, ERR_USAGE, "%s", (const char *)user)
                : file_write_all(fd, "new\r\n", 5, "test", error);
}

/* In front of libc's: between the open and the lock of one process. */
int
flock(int fd, int how)
{
    Fixture *f = g_steal_pointer(&meanwhile);

    if (f)
        rewritten = outbox_entry_rewrite(f->folder, f->entry, fill, NULL, NULL);
    return (int)syscall(SYS_flock, fd, how);
}

int
rename(const char *from, const char *to)
{
    if (g_str_has_suffix(to, ".eml")) {
        int fd = open(from, O_RDONLY | O_CLOEXEC);

        was_locked = syscall(SYS_flock, fd, LOCK_EX | LOCK_NB) != 0;
        close(fd);
    }
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

static void
set_up(Fixture *f, const void *data)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static("old\n", 4);
    g_autoptr(GError) error = NULL;

    f->folder = g_dir_make_tmp("posthorn-rewrite-XXXXXX", NULL);
    f->entry = outbox_entry_create();
    f->entry->account = g_strdup("work");
    f->entry->sender = g_strdup("ana@x.example");
    outbox_entry_add(f->entry, "bob@x.example");
    g_assert_true(outbox_entry_new(f->folder, f->entry, bytes, &error));
    g_assert_no_error(error);
}

static void
tear_down(Fixture *f, const void *data)
{
    file_remove_tree(f->folder, NULL);
    g_free(f->folder);
    outbox_entry_free(f->entry);
}

static void
assert_bytes(const Fixture *f, const char *wanted)
{
    g_autofree char *path = outbox_bytes_path(f->folder, f->entry->id);
    g_autofree char *bytes = NULL;

    g_assert_true(g_file_get_contents(path, &bytes, NULL, NULL));
    g_assert_cmpstr(bytes, ==, wanted);
    g_assert_cmpuint(f->entry->size, ==, strlen(wanted));
}

/* Nobody gets a lock of bytes that are no more the entry's, nor of the new ones
 * before whoever wrote them is done. */
static void
test_meanwhile(Fixture *f, const void *data)
{
    for (int i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;

        meanwhile = i == 0 ? f : NULL;
        g_assert_cmpint(outbox_entry_lock(f->folder, f->entry->id, &error), ==,
                        -1);
        g_assert_true(err_is(error, ERR_RETRY));
    }
    g_assert_cmpint(rewritten, >=, 0);
    g_assert_true(was_locked);
    assert_bytes(f, "new\r\n");
    close(rewritten);
    rewritten = outbox_entry_lock(f->folder, f->entry->id, NULL);
    g_assert_cmpint(rewritten, >=, 0);
    close(rewritten);
}

/* Nothing is left behind. */
static void
test_fails(Fixture *f, const void *data)
{
    static char reason[] = "it cannot be";
    g_autofree char *path = outbox_bytes_path(f->folder, f->entry->id);
    g_autofree char *other = g_strconcat(path, ".new", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(
        outbox_entry_rewrite(f->folder, f->entry, fill, reason, &error), ==,
        -1);
    g_assert_true(err_is(error, ERR_USAGE));
    g_assert_false(g_file_test(other, G_FILE_TEST_EXISTS));
    assert_bytes(f, "old\n");
}

/* What one has, or perhaps has, is what all get. */
static void
test_may_be_out(Fixture *f, const void *data)
{
    OutboxRecipient *tom = outbox_entry_add(f->entry, "tom@x.example");

    g_assert_false(outbox_entry_may_be_out(f->entry));
    outbox_entry_begin(f->entry);
    outbox_entry_defer(f->entry, "no connection", f->entry->created);
    g_assert_false(outbox_entry_may_be_out(f->entry));
    f->entry->accepted = true;
    g_assert_true(outbox_entry_may_be_out(f->entry));
    f->entry->accepted = false;
    outbox_entry_doubt(f->entry, tom);
    outbox_entry_again(f->entry);
    g_assert_true(outbox_entry_may_be_out(f->entry));
}

#define ADD(NAME, FN)                                                          \
    g_test_add("/core/outbox-rewrite/" NAME, Fixture, NULL, set_up, FN,        \
               tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("meanwhile", test_meanwhile);
    ADD("fails", test_fails);
    ADD("may-be-out", test_may_be_out);
    return g_test_run();
}
