/* P15, P24: several messages have one Message-ID (the direct copy and that of a
 * list), and each stays itself when all are given new UIDs. */
#include "bench.h"

#define HEADER                                                                 \
    "Message-ID: <m1@example.org>\r\nDate: Mon, 2 Jan 2023 10:00:00 +0000\r\n"

static const char direct[] = HEADER "Subject: direct\r\n\r\nbody\r\n";
static const char list[] = HEADER "Subject: [list] it\r\n\r\nbody\r\n--\r\n";
static const char again[] = HEADER "Subject: sent once more\r\n\r\nbody\r\n";

/* One after the other, so that ids follow UIDs, or all at once, when they do
 * not; the one of the list is flagged. */
static Bench *
prepare(bool at_once)
{
    Bench *bench = bench_create();
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");

    fake_put(inbox, direct, 0, "");
    if (!at_once)
        bench_sync(bench);
    fake_put(inbox, list, STORE_FLAG_FLAGGED, "");
    bench_sync(bench);
    bench_check(bench);
    return bench;
}

/* The row that has the UID of these bytes. */
static gint64
row_of(Bench *bench, const char *path, const char *bytes)
{
    g_autoptr(StoreFolder) folder = bench_folder(bench, path);
    const FakeMailbox *mailbox = fake_mailbox(bench->fake, folder->name);
    const FakeMessage *message = fake_find_bytes(mailbox, bytes);
    g_autoptr(GArray) uids = store_uids(bench->store, folder->id, NULL);

    for (guint i = 0; message && i < uids->len; i++)
        if (g_array_index(uids, StoreUid, i).uid == message->uid)
            return g_array_index(uids, StoreUid, i).id;
    return 0;
}

static void
test_renumbered(void)
{
    for (int at_once = 0; at_once < 2; at_once++) {
        Bench *bench = prepare(at_once);
        gint64 first = row_of(bench, "work/INBOX", direct);
        gint64 second = row_of(bench, "work/INBOX", list);

        fake_renumber(fake_mailbox(bench->fake, "INBOX"));
        bench->fake->bodies = 0;
        bench_sync(bench);
        bench_check(bench);
        g_assert_cmpuint(bench->fake->bodies, ==, 0);
        g_assert_cmpint(row_of(bench, "work/INBOX", direct), ==, first);
        g_assert_cmpint(row_of(bench, "work/INBOX", list), ==, second);
        bench_destroy(bench);
    }
}

/* One more came meanwhile, which is told first and is neither: only it is
 * fetched. */
static void
test_another(void)
{
    Bench *bench = prepare(false);
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");
    gint64 second = row_of(bench, "work/INBOX", list);

    fake_renumber(inbox);
    fake_put(inbox, again, 0, "");
    bench->fake->bodies = 0;
    bench_sync(bench);
    bench_check(bench);
    g_assert_cmpuint(bench->fake->bodies, ==, 1);
    g_assert_cmpint(row_of(bench, "work/INBOX", list), ==, second);
    bench_destroy(bench);
}

/* The server does not say which UIDs they have where they were moved to. */
static void
test_moved(void)
{
    for (int at_once = 0; at_once < 2; at_once++) {
        Bench *bench = prepare(at_once);
        g_autoptr(StoreFolder) archive = bench_folder(bench, "work/Archive");
        gint64 first = row_of(bench, "work/INBOX", direct);
        gint64 second = row_of(bench, "work/INBOX", list);

        bench->fake->uidplus = false;
        g_assert_true(store_set_folder(bench->store, first, archive->id, NULL));
        g_assert_true(
            store_set_folder(bench->store, second, archive->id, NULL));
        bench_sync(bench);
        bench_settle(bench);
        bench_sync(bench);
        bench_check(bench);
        g_assert_cmpint(row_of(bench, "work/Archive", direct), ==, first);
        g_assert_cmpint(row_of(bench, "work/Archive", list), ==, second);
        bench_destroy(bench);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sync/same-id/renumbered", test_renumbered);
    g_test_add_func("/sync/same-id/another", test_another);
    g_test_add_func("/sync/same-id/moved", test_moved);
    return g_test_run();
}
