/* What a server tells of messages beside their bytes: names that stay when they
 * move (OBJECTID), and single parts. */
#include "base/clock.h"
#include "bench.h"

#include <fcntl.h>

static void
objects_bench(Bench *bench)
{
    bench->fake->objects = bench->fake->status = true;
    fake_add(bench->fake, "INBOX", 1, 0);
    fake_add(bench->fake, "INBOX", 2, 0);
    bench_sync(bench);
    bench->fake->bodies = 0;
}

static char *
gone_dir(const Bench *bench)
{
    return g_build_filename(bench->mail, "work", ".gone", NULL);
}

/* Moved and copied by another client: what is here is not fetched again, unless
 * its file is another by now. */
static void
test_object_moved(void)
{
    Bench *bench = bench_create();
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");
    FakeMailbox *archive = fake_mailbox(bench->fake, "Archive");
    g_autofree char *gone = gone_dir(bench);

    objects_bench(bench);
    g_assert_cmpint(store_save_date(bench->store, bench_row(bench, 1)), ==,
                    1672653700);
    fake_put(archive, fake_find(inbox, 1)->bytes, STORE_FLAG_SEEN, "moved");
    fake_put(archive, fake_find(inbox, 2)->bytes, 0, "");
    fake_add(bench->fake, "Archive", 3, 0);
    fake_remove(inbox, 1);
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->bodies, ==, 1);
    g_assert_cmpuint(bench_rows(bench, 1), ==, 1);
    g_assert_cmpuint(bench_rows(bench, 2), ==, 2);
    g_assert_false(g_file_test(gone, G_FILE_TEST_EXISTS));
    bench_check(bench);
    bench_destroy(bench);
}

static bool
always(void *user)
{
    return true;
}

/* Of a message whose body is not here yet, too. */
static void
test_object_header(void)
{
    Bench *bench = bench_create();
    g_autoptr(StoreRow) row = NULL;
    bool yielded = false;

    bench->fake->objects = true;
    bench->sync.headers_first = true;
    bench->sync.should_yield = always;
    for (guint i = 1; i <= SYNC_DIRECT + 1; i++)
        fake_add(bench->fake, "INBOX", i, 0);
    g_assert_true(sync_account(&bench->sync, &yielded, NULL));
    row = store_row(bench->store, 1, NULL);
    g_assert_null(row->file);
    g_assert_cmpint(store_save_date(bench->store, row->id), ==, 1672653700);
    bench_destroy(bench);
}

/* The only one that there is. */
static void
test_object_last(void)
{
    Bench *bench = bench_create();
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");

    objects_bench(bench);
    fake_put(fake_mailbox(bench->fake, "Archive"), fake_find(inbox, 1)->bytes,
             0, "");
    fake_remove(inbox, 1);
    fake_remove(inbox, 2);
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->bodies, ==, 0);
    bench_check(bench);
    bench_destroy(bench);
}

static guint
count_names(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    guint n = 0;

    while (dir && g_dir_read_name(dir))
        n++;
    return n;
}

/* One mailbox that cannot be read does not keep deleted mail on the disk. */
static void
test_object_refused(void)
{
    Bench *bench = bench_create();
    g_autofree char *gone = gone_dir(bench);

    objects_bench(bench);
    fake_add(bench->fake, "Archive", 3, 0);
    fake_mailbox(bench->fake, "Archive")->refused = true;
    fake_remove(fake_mailbox(bench->fake, "INBOX"), 1);
    g_assert_false(bench_try(bench));
    g_assert_cmpuint(bench_rows(bench, 1), ==, 0);
    g_assert_false(g_file_test(gone, G_FILE_TEST_EXISTS));
    bench_destroy(bench);
}

/* Rounds that never end, or see one folder only: what is kept goes after a
 * day. */
static void
test_object_left_over(void)
{
    Bench *bench = bench_create();
    g_autofree char *gone = gone_dir(bench);

    objects_bench(bench);
    bench->sync.only = "work/INBOX";
    fake_remove(fake_mailbox(bench->fake, "INBOX"), 1);
    bench_sync(bench);
    g_assert_cmpuint(count_names(gone), ==, 1);
    bench_sync(bench);
    g_assert_cmpuint(count_names(gone), ==, 1);
    clock_pin(clock_now() + 25 * 60 * 60);
    bench_sync(bench);
    clock_pin(0);
    g_assert_cmpuint(count_names(gone), ==, 0);
    bench_destroy(bench);
}

/* Gmail: what has many labels lies in many mailboxes. */
static void
test_object_gmail(void)
{
    Bench *bench = bench_create();
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");
    FakeMailbox *work = fake_mailbox(bench->fake, "Work");

    bench->fake->gmail = true;
    fake_add(bench->fake, "INBOX", 1, 0);
    fake_add(bench->fake, "INBOX", 2, 0);
    fake_put(work, fake_find(inbox, 1)->bytes, STORE_FLAG_SEEN, "");
    fake_put(work, fake_find(inbox, 2)->bytes, 0, "");
    fake_add(bench->fake, "Work", 3, 0);
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->bodies, ==, 3);
    g_assert_cmpuint(bench_rows(bench, 1), ==, 2);
    fake_put(fake_mailbox(bench->fake, "Label"), fake_find(work, 3)->bytes, 0,
             "");
    fake_remove(inbox, 1);
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->bodies, ==, 3);
    g_assert_cmpuint(bench_rows(bench, 1), ==, 1);
    g_assert_cmpuint(bench_rows(bench, 3), ==, 2);
    bench_check(bench);
    bench_destroy(bench);
}

static void
test_object_lies(void)
{
    Bench *bench = bench_create();
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");
    g_autoptr(StoreRow) row = NULL;
    g_autofree char *path = NULL;

    objects_bench(bench);
    row = store_row(bench->store, bench_row(bench, 1), NULL);
    path = g_build_filename(bench->mail, row->file, NULL);
    g_assert_true(g_file_set_contents(path, "short", -1, NULL));
    fake_put(fake_mailbox(bench->fake, "Archive"),
             fake_find(inbox, 1)->bytes, 0, "");
    fake_remove(inbox, 1);
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->bodies, ==, 1);
    bench_check(bench);
    bench_destroy(bench);
}

/* What has another one's name, and its size: fetched. */
static void
test_object_mistaken(void)
{
    Bench *bench = bench_create();

    bench->fake->same = "M1";
    objects_bench(bench);
    fake_add(bench->fake, "Archive", 3, 0);
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->bodies, ==, 1);
    bench_check(bench);
    bench_destroy(bench);
}

/* Without a Message-ID, name and size do not tell enough. */
static void
test_object_nameless(void)
{
    Bench *bench = bench_create();

    bench->fake->same = "M1";
    bench->fake->objects = true;
    fake_put(fake_mailbox(bench->fake, "INBOX"),
             "Subject: a\r\n\r\none\r\n", 0, "");
    bench_sync(bench);
    fake_put(fake_mailbox(bench->fake, "Archive"),
             "Subject: b\r\n\r\ntwo\r\n", 0, "");
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->bodies, ==, 2);
    bench_check(bench);
    bench_destroy(bench);
}

/* Renumbered, and neither Message-ID nor date tells which is which. */
static void
test_object_renumbered(void)
{
    Bench *bench = bench_create();
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");

    bench->fake->objects = true;
    fake_put(inbox, "Subject: a\r\n\r\none\r\n", 0, "");
    fake_put(inbox, "Subject: b\r\n\r\ntwo\r\n", STORE_FLAG_SEEN, "");
    bench_sync(bench);
    bench->fake->bodies = 0;
    inbox->uidvalidity++;
    g_ptr_array_remove_index(inbox->messages, 0);
    fake_put(inbox, "Subject: a\r\n\r\none\r\n", 0, "");
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->bodies, ==, 0);
    bench_check(bench);
    bench_destroy(bench);
}

/* Renumbered in another order by a server that gives all the same name: they
 * are not mixed up. */
static void
test_object_same(void)
{
    Bench *bench = bench_create();
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");

    bench->fake->same = "M1";
    objects_bench(bench);
    inbox->uidvalidity++;
    g_ptr_array_remove_index(inbox->messages, 0);
    fake_add(bench->fake, "INBOX", 1, 0);
    bench_sync(bench);
    bench_check(bench);
    bench_destroy(bench);
}

/* A server that tells one part, and takes its encoding off or refuses to. */
typedef struct {
    const char *encoding;
    bool refuses;
    const char *asked; /* last */
    const char *want;
} PartCase;

#define TEXT_PART "Content-Type: text/plain\r\n"

static const PartCase *part_case;
static const char *part_asked; /* last */

static bool
part_can(void *conn, const char *capability)
{
    return strcmp(capability, "BINARY") == 0;
}

static bool
part_fetch(void *conn, const UidSet *uids, const char *items, guint64 since,
           const ImapSink *sink, GError **error)
{
    static ImapPart part = { (char *)"2", (char *)TEXT_PART, NULL, 4, 1 };
    g_autoptr(GPtrArray) parts = g_ptr_array_new();
    ImapMessage message = { .uid = uidset_range(uids, 0).first };
    const char *bytes = strstr(items, "BINARY") ? "abc" : "YWJj";

    part.encoding = (char *)part_case->encoding;
    part_asked = g_intern_string(items);
    if (strstr(items, "BINARY") && part_case->refuses)
        return err_set(error, ERR_REFUSED, "not that encoding");
    if (strstr(items, "BODYSTRUCTURE")) {
        g_ptr_array_add(parts, &part);
        message.parts = parts;
        return sink->message(sink->user, &message, error);
    }
    return sink->body_begin(sink->user, "2", strlen(bytes), error)
           && sink->body_bytes(sink->user, bytes, strlen(bytes), error);
}

/* Without its encoding where that is the longer one, and the server takes it
 * off. */
static const PartCase part_cases[] = {
    { "BASE64", false, "UID BINARY.PEEK[2]",
      TEXT_PART "Content-Transfer-Encoding: binary\r\n\r\nabc" },
    { "quoted-printable", false, "UID BINARY.PEEK[2]",
      TEXT_PART "Content-Transfer-Encoding: binary\r\n\r\nabc" },
    { "BASE64", true, "UID BODY.PEEK[2]",
      TEXT_PART "Content-Transfer-Encoding: BASE64\r\n\r\nYWJj" },
    { "8bit", false, "UID BODY.PEEK[2]",
      TEXT_PART "Content-Transfer-Encoding: binary\r\n\r\nYWJj" },
};

static void
check_part(Bench *bench, const PartCase *c)
{
    g_autofree char *path = g_build_filename(bench->root, "part", NULL);
    g_autofree char *got = NULL;
    g_autoptr(GError) error = NULL;
    int fd = g_open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

    part_case = c;
    sync_fetch_part(&bench->sync, bench_row(bench, 1), 1, fd, &error);
    g_assert_no_error(error);
    close(fd);
    g_assert_cmpstr(part_asked, ==, c->asked);
    g_assert_true(g_file_get_contents(path, &got, NULL, NULL));
    g_assert_cmpstr(got, ==, c->want);
    g_assert_false(
        sync_fetch_part(&bench->sync, bench_row(bench, 1), 2, -1, &error));
    g_assert_true(err_is(error, ERR_USAGE));
}

static void
test_part(void)
{
    Bench *bench = bench_create();
    SyncServerClass class = fake_class;

    fake_add(bench->fake, "INBOX", 1, 0);
    bench_sync(bench);
    class.can = part_can;
    class.fetch = part_fetch;
    bench->sync.server.class = &class;
    for (gsize i = 0; i < G_N_ELEMENTS(part_cases); i++)
        check_part(bench, &part_cases[i]);
    bench_destroy(bench);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sync/object-moved", test_object_moved);
    g_test_add_func("/sync/object-header", test_object_header);
    g_test_add_func("/sync/object-last", test_object_last);
    g_test_add_func("/sync/object-refused", test_object_refused);
    g_test_add_func("/sync/object-left-over", test_object_left_over);
    g_test_add_func("/sync/object-gmail", test_object_gmail);
    g_test_add_func("/sync/object-lies", test_object_lies);
    g_test_add_func("/sync/object-mistaken", test_object_mistaken);
    g_test_add_func("/sync/object-nameless", test_object_nameless);
    g_test_add_func("/sync/object-renumbered", test_object_renumbered);
    g_test_add_func("/sync/object-same", test_object_same);
    g_test_add_func("/sync/part", test_part);
    return g_test_run();
}
