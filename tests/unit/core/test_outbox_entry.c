/* Entries of the outbox: on disk, locked, and what becomes of them. */
#include "base/err.h"
#include "outbox_scene.h"

#include <glib/gstdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void
test_round_trip(Fixture *f, const void *data)
{
    g_autofree char *id = queue(f, "bob@example.org eve@example.org");
    g_autoptr(OutboxEntry) entry = load(f, id);
    g_autofree char *path = outbox_bytes_path(f->folder, id);
    g_autofree char *bytes = NULL;
    struct stat info;
    gsize size;

    g_assert_cmpuint(entry->recipients->len, ==, 2);
    g_assert_cmpstr(entry->account, ==, "work");
    g_assert_cmpint(entry->created, ==, NOW);
    g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
    g_assert_cmpmem(bytes, size, message, strlen(message));
    g_assert_cmpint(stat(path, &info), ==, 0);
    g_assert_cmpint(info.st_mode & 0777, ==, 0600);
}

/* What is queued within a second leaves in its order. */
static void
test_order(Fixture *f, const void *data)
{
    char *ids[20];
    g_autoptr(GPtrArray) listed = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(ids); i++)
        ids[i] = queue(f, "bob@example.org");
    listed = outbox_entry_ids(f->folder, NULL);
    g_assert_cmpuint(listed->len, ==, G_N_ELEMENTS(ids));
    for (gsize i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_assert_cmpstr(listed->pdata[i], ==, ids[i]);
        g_free(ids[i]);
    }
}

/* Bytes without an envelope are not queued: a crash before the second file. */
static void
test_half(Fixture *f, const void *data)
{
    g_autofree char *id = queue(f, "bob@example.org");
    g_autofree char *envelope = outbox_envelope_path(f->folder, id);
    g_autoptr(GPtrArray) ids = NULL;

    g_unlink(envelope);
    ids = outbox_entry_ids(f->folder, NULL);
    g_assert_cmpuint(ids->len, ==, 0);
}

/* A newer or broken envelope is reported and never touched (P27). */
static void
test_unreadable(Fixture *f, const void *data)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{\"version\":2}",
        "{\"version\":1}",
        "{\"version\":1,\"account\":\"a\",\"sender\":\"b\","
        "\"recipients\":[1]}",
    };
    g_autofree char *id = queue(f, "bob@example.org");
    g_autofree char *envelope = outbox_envelope_path(f->folder, id);

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *after = NULL;

        g_assert_true(g_file_set_contents(envelope, texts[i], -1, NULL));
        g_assert_null(outbox_entry_load(f->folder, id, &error));
        g_assert_true(err_is(error, ERR_LOCAL));
        g_assert_true(g_file_get_contents(envelope, &after, NULL, NULL));
        g_assert_cmpstr(after, ==, texts[i]);
    }
}

static void
test_names(Fixture *f, const void *data)
{
    static const char *const bad[] = { "", "..", "../x", ".hidden", "nope" };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(outbox_entry_lock(f->folder, bad[i], &error), <, 0);
        g_assert_true(err_is(error, ERR_USAGE));
    }
}

/* Two that want to send one entry: the second is told (P80). */
static void
test_lock(Fixture *f, const void *data)
{
    g_autofree char *id = queue(f, "bob@example.org");
    g_autoptr(GError) error = NULL;
    int first = outbox_entry_lock(f->folder, id, NULL);
    int again;

    g_assert_cmpint(first, >=, 0);
    g_assert_cmpint(outbox_entry_lock(f->folder, id, &error), <, 0);
    g_assert_true(err_is(error, ERR_RETRY));
    close(first);
    again = outbox_entry_lock(f->folder, id, NULL);
    g_assert_cmpint(again, >=, 0);
    close(again);
}

/* --- its life
 * ----------------------------------------------------------------- */

/* Bytes with which those of an entry are replaced by somebody else while a lock
 * is about to be taken; NULL: nobody does. */
static char *swapped;

/* In place of the one of libc. */
int
flock(int fd, int how)
{
    g_autofree char *other = g_steal_pointer(&swapped);
    g_autofree char *path =
        other ? g_strndup(other, strlen(other) - strlen(".new")) : NULL;

    if (other)
        g_assert_cmpint(rename(other, path), ==, 0);
    return (int)syscall(SYS_flock, fd, how);
}

static bool
fill_other(int fd, void *user, GError **error)
{
    return file_write_all(fd, "other", 5, "other", error);
}

/* Other bytes are locked before they are the entry's, and whoever has a lock of
 * the old ones has none. */
static void
test_rewrite(Fixture *f, const void *data)
{
    g_autofree char *id = queue(f, "bob@example.org");
    g_autofree char *path = outbox_bytes_path(f->folder, id);
    g_autofree char *text = NULL;
    g_autoptr(OutboxEntry) entry = load(f, id);
    g_autoptr(GError) error = NULL;
    int old = outbox_entry_lock(f->folder, id, NULL);
    int new = outbox_entry_rewrite(f->folder, entry, fill_other, NULL, &error);

    g_assert_no_error(error);
    g_assert_cmpint(new, >=, 0);
    g_assert_cmpuint(entry->size, ==, 5);
    close(old);
    g_assert_cmpint(outbox_entry_lock(f->folder, id, &error), ==, -1);
    g_assert_true(err_is(error, ERR_RETRY));
    g_clear_error(&error);
    close(new);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "other");
    swapped = g_strconcat(path, ".new", NULL);
    g_assert_true(g_file_set_contents(swapped, "third", -1, NULL));
    g_assert_cmpint(outbox_entry_lock(f->folder, id, &error), ==, -1);
    g_assert_true(err_is(error, ERR_RETRY));
    new = outbox_entry_lock(f->folder, id, NULL);
    g_assert_cmpint(new, >=, 0);
    close(new);
}

static void
test_pauses(void)
{
    static const gint64 pauses[] = { 60,   120,  240,  480,   960,
                                     1920, 3840, 7680, 14400, 14400 };
    g_autoptr(OutboxEntry) entry = outbox_entry_create();

    outbox_entry_add(entry, "bob@example.org");
    entry->created = NOW;
    for (gsize i = 0; i < G_N_ELEMENTS(pauses); i++) {
        outbox_entry_begin(entry);
        outbox_entry_defer(entry, "no answer", NOW + 1);
        outbox_entry_end(entry, NOW + 1);
        g_assert_cmpint(entry->state, ==, OUTBOX_DEFERRED);
        g_assert_cmpint(outbox_entry_due(entry), ==, NOW + 1 + pauses[i]);
    }
    outbox_entry_begin(entry);
    outbox_entry_defer(entry, "no answer", NOW + OUTBOX_GIVE_UP + 1);
    outbox_entry_end(entry, NOW + OUTBOX_GIVE_UP + 1);
    g_assert_cmpint(entry->state, ==, OUTBOX_FAILED);
    g_assert_cmpint(outbox_entry_due(entry), ==, -1);
}

/* The process ended while sending: before the final dot nothing was sent,
 * after it perhaps (P7, P8). Such a doubt is resent after a pause. */
static void
test_recover(void)
{
    for (int committed = 0; committed < 2; committed++) {
        g_autoptr(OutboxEntry) entry = outbox_entry_create();
        OutboxRecipient *done = outbox_entry_add(entry, "eve@example.org");

        outbox_entry_add(entry, "bob@example.org");
        done->state = OUTBOX_SENT;
        outbox_entry_begin(entry);
        entry->committed = committed;
        g_assert_true(outbox_entry_recover(entry, NOW));
        g_assert_cmpint(entry->state, ==,
                        committed ? OUTBOX_IN_DOUBT : OUTBOX_WAITING);
        g_assert_cmpint(outbox_entry_due(entry), ==,
                        committed ? NOW + OUTBOX_DOUBT_PAUSE : 0);
        g_assert_cmpint(done->state, ==, OUTBOX_SENT);
        g_assert_false(outbox_entry_recover(entry, NOW));
        outbox_entry_again(entry);
        g_assert_cmpint(done->state, ==, OUTBOX_SENT);
        g_assert_cmpint(entry->state, ==, OUTBOX_WAITING);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("round-trip", test_round_trip);
    ADD("order", test_order);
    ADD("half", test_half);
    ADD("unreadable", test_unreadable);
    ADD("names", test_names);
    ADD("lock", test_lock);
    g_test_add_func("/core/outbox/pauses", test_pauses);
    g_test_add_func("/core/outbox/recover", test_recover);
    ADD("rewrite", test_rewrite);
    return g_test_run();
}
