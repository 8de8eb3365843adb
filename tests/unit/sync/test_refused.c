/* P19, P37: whatever ends the reading of messages, what was read whole is kept;
 * a message that the server does not give stops no other. */
#include "bench.h"

#include "base/clock.h"

enum {
    MESSAGES = 60,
    NOW = 1700000000
};

static gint64 ahead; /* µs */

/* In place of GLib's. */
gint64
g_get_monotonic_time(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (gint64)time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000 + ahead;
}

static Bench *
bench_full(void)
{
    Bench *bench = bench_create();

    for (guint i = 1; i <= MESSAGES; i++)
        fake_add(bench->fake, "INBOX", i, i % 2 ? STORE_FLAG_SEEN : 0);
    clock_pin(NOW);
    return bench;
}

static void
bench_end(Bench *bench)
{
    bench_check(bench);
    bench_destroy(bench);
    clock_pin(0);
}

typedef struct {
    const char *name;
    FakeBad gives;
    bool headers_first, bad_header;
} Manner;

static const Manner manners[] = {
    { "others", FAKE_GIVES_OTHERS, false, false },
    { "those before", FAKE_GIVES_BEFORE, false, false },
    { "nothing", FAKE_GIVES_NOTHING, false, false },
    { "others, no header", FAKE_GIVES_OTHERS, false, true },
    { "nothing, no header", FAKE_GIVES_NOTHING, false, true },
    { "others, headers first", FAKE_GIVES_OTHERS, true, false },
    { "those before, headers first, none", FAKE_GIVES_BEFORE, true, true },
    { "nothing, headers first, none", FAKE_GIVES_NOTHING, true, true },
};

static void
check_refused(Bench *bench, guint32 uid, const Manner *manner)
{
    g_autoptr(StoreFolder) inbox = bench_folder(bench, "work/INBOX");
    g_autoptr(UidSet) uids = uidset_create();
    g_autoptr(GArray) rows = NULL;
    g_autoptr(StoreRow) row = NULL;
    g_autoptr(GError) error = NULL;

    uidset_add(uids, uid);
    rows = store_uids_among(bench->store, inbox->id, uids, NULL);
    g_assert_cmpuint(rows->len, ==, 1);
    row = store_row(bench->store, g_array_index(rows, StoreUid, 0).id, NULL);
    g_assert_null(row->file);
    if (manner->bad_header)
        g_assert_cmpstr(row->snippet, ==, "said NO it is damaged");
    else
        g_assert_cmpstr(row->message_id, !=, NULL);
    g_assert_false(sync_fetch_one(&bench->sync, row->id, &error));
    g_assert_error(error, ERR_DOMAIN, ERR_REFUSED);
    g_assert_nonnull(strstr(error->message, "said NO it is damaged"));
}

/* A message whose body is NIL is listed, and fetched when it is opened. */
static void
test_untold(void)
{
    Bench *bench = bench_full();
    g_autoptr(StoreRow) row = NULL;
    g_autoptr(GError) error = NULL;

    bench->fake->untold = "<m7@";
    bench_sync(bench);
    g_assert_cmpuint(bench_files(bench, "work/INBOX"), ==, MESSAGES - 1);
    g_assert_cmpuint(bench_rows(bench, 7), ==, 1);
    g_assert_false(sync_fetch_one(&bench->sync, bench_row(bench, 7), &error));
    g_assert_error(error, ERR_DOMAIN, ERR_REFUSED);
    bench->fake->untold = NULL;
    g_assert_true(sync_fetch_one(&bench->sync, bench_row(bench, 7), NULL));
    row = store_row(bench->store, bench_row(bench, 7), NULL);
    g_assert_nonnull(row->file);
    bench_end(bench);
}

/* Is it asked for now? */
static guint
asks(Bench *bench)
{
    guint calls = bench->fake->calls;

    bench_sync(bench);
    return bench->fake->calls - calls;
}

/* Opened it comes, and an hour later by itself. */
static void
mend(Bench *bench)
{
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");
    g_autoptr(StoreFolder) folder = bench_folder(bench, "work/INBOX");
    g_autoptr(GArray) rows = store_uids(bench->store, folder->id, NULL);
    guint files = bench_files(bench, "work/INBOX");

    bench->fake->bad = NULL;
    bench_sync(bench);
    g_assert_cmpuint(bench_files(bench, "work/INBOX"), ==, files);
    for (guint i = 0; i < rows->len; i++) {
        const StoreUid *row = &g_array_index(rows, StoreUid, i);

        if (row->here)
            continue;
        g_assert_true(sync_fetch_one(&bench->sync, row->id, NULL));
        break;
    }
    g_assert_cmpuint(bench_files(bench, "work/INBOX"), ==, files + 1);
    clock_pin(NOW + SYNC_REFUSED_SECONDS);
    bench_sync(bench);
    g_assert_cmpuint(bench_files(bench, "work/INBOX"), ==,
                     inbox->messages->len);
}

static void
test_others(const void *data)
{
    const Manner *manner = data;
    Bench *bench = bench_full();
    g_autoptr(GError) error = NULL;
    bool yielded;
    guint idle;

    bench->sync.headers_first = manner->headers_first;
    bench->fake->gives = manner->gives;
    bench->fake->bad_header = manner->bad_header;
    bench->fake->bad = "body 2\r\n";
    fake_put(fake_mailbox(bench->fake, "INBOX"),
             "Message-ID: <m99@example.org>\r\n\r\nbody 2\r\n", 0, "");
    g_assert_false(sync_account(&bench->sync, &yielded, &error));
    g_assert_error(error, ERR_DOMAIN, ERR_REFUSED);
    g_assert_nonnull(strstr(error->message, "2 of the messages"));
    g_assert_nonnull(strstr(error->message, "said NO it is damaged"));
    g_assert_cmpuint(bench_files(bench, "work/INBOX"), ==, MESSAGES - 1);
    check_refused(bench, 2, manner);
    check_refused(bench, MESSAGES + 1, manner);
    idle = asks(bench);
    g_assert_cmpuint(asks(bench), ==, idle);
    fake_add(bench->fake, "INBOX", 70, 0);
    bench_sync(bench);
    g_assert_cmpuint(bench_files(bench, "work/INBOX"), ==, MESSAGES);
    mend(bench);
    bench_end(bench);
}

/* Asked for again it is refused again: said, and not asked for until later. */
static void
test_again(void)
{
    Bench *bench = bench_full();
    guint idle;

    bench->fake->bad = "body 2\r\n";
    g_assert_false(bench_try(bench));
    idle = asks(bench);
    clock_pin(NOW + SYNC_REFUSED_SECONDS);
    g_assert_false(bench_try(bench));
    g_assert_cmpuint(asks(bench), ==, idle);
    bench->fake->bad = NULL;
    clock_pin(NOW + 2 * SYNC_REFUSED_SECONDS);
    bench_sync(bench);
    bench_end(bench);
}

/* A mailbox that gives nothing is no heap of bad messages: the next sync asks
 * for all. */
static void
test_all(const void *gives)
{
    Bench *bench = bench_full();
    g_autoptr(GError) error = NULL;
    bool yielded;

    bench->fake->bad = "From: ";
    bench->fake->gives = GPOINTER_TO_UINT(gives);
    g_assert_false(sync_account(&bench->sync, &yielded, &error));
    g_assert_error(error, ERR_DOMAIN, ERR_REFUSED);
    bench->fake->bad = NULL;
    bench_sync(bench);
    bench_end(bench);
}

/* A mailbox that is in use is not asked for each of its messages, and none of
 * them rests. */
static void
test_busy(void)
{
    Bench *bench = bench_full();
    guint calls = bench->fake->calls;

    bench->fake->bad = "body 2\r\n";
    bench->fake->busy = "INUSE";
    g_assert_false(bench_try(bench));
    g_assert_cmpuint(bench->fake->calls - calls, <=, 6);
    bench->fake->bad = NULL;
    bench_sync(bench);
    bench_end(bench);
}

typedef struct {
    guint tells;
    gsize words;
    bool most; /* it is the limit */
} Much;

/* SYNC_TOLD_MOST and SYNC_WORDS_BYTES, and more (P30, P32): the others go on. */
static const Much much[] = {
    { SYNC_TOLD_MOST + 1, 0, false },
    { SYNC_WORDS_BYTES >> 20, (1 << 20) - 2, true },
    { SYNC_WORDS_BYTES >> 20, (1 << 20), false },
};

static void
test_much(const void *data)
{
    const Much *told = data;
    Bench *bench = bench_create();
    g_autoptr(GError) error = NULL;
    bool yielded;

    fake_add(bench->fake, "INBOX", 1, 0);
    bench->fake->tells = told->tells;
    bench->fake->words = told->words;
    g_assert_cmpint(sync_account(&bench->sync, &yielded, &error), ==,
                    told->most);
    if (told->most) {
        bench_destroy(bench);
        return;
    }
    g_assert_error(error, ERR_DOMAIN, ERR_PROTOCOL);
    g_assert_nonnull(strstr(error->message, "more than"));
    bench->fake->tells = 0;
    bench_sync(bench);
    bench_end(bench);
}

/* The line breaks, or the user gives up, in the middle of the bodies: each time
 * it leads further. */
static void
test_cut(const void *cancels)
{
    Bench *bench = bench_full();
    guint files;

    bench->fake->cut_after = true;
    bench->fake->cancels = cancels != NULL;
    bench->fake->cut_call = 4; /* LIST, SELECT, FETCH of flags, of bodies */
    g_assert_false(bench_try(bench));
    files = bench_files(bench, "work/INBOX");
    g_assert_cmpuint(files, ==, bench->fake->bodies);
    g_assert_cmpuint(files, ==, MESSAGES / 2);
    g_assert_cmpuint(bench->arrived, ==, files);
    bench->fake->cut_call = 0;
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->bodies, ==, MESSAGES);
    bench_end(bench);
}

static StoreMessage *
describe_slowly(const char *bytes, gsize size)
{
    ahead += G_USEC_PER_SEC;
    return bench_describe(bytes, size);
}

static void
count_batches(void *user, const gint64 *ids, guint n, bool quiet)
{
    ++*(guint *)user;
}

/* What comes slowly is recorded before it is many. */
static void
test_slow(void)
{
    Bench *bench = bench_full();
    guint batches = 0;

    bench->sync.describe = describe_slowly;
    bench->sync.arrived = count_batches;
    bench->sync.user = &batches;
    bench_sync(bench);
    g_assert_cmpuint(batches, >=,
                     MESSAGES / (SYNC_BATCH_SECONDS + 1));
    bench_end(bench);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(manners); i++) {
        g_autofree char *name =
            g_strdup_printf("/sync/refused/P37/%s", manners[i].name);

        g_test_add_data_func(name, &manners[i], test_others);
    }
    g_test_add_func("/sync/refused/again", test_again);
    g_test_add_data_func("/sync/refused/P37/all",
                         GUINT_TO_POINTER(FAKE_GIVES_OTHERS), test_all);
    g_test_add_data_func("/sync/refused/P37/all at once",
                         GUINT_TO_POINTER(FAKE_GIVES_NOTHING), test_all);
    g_test_add_func("/sync/refused/P37/busy", test_busy);
    for (gsize i = 0; i < G_N_ELEMENTS(much); i++) {
        g_autofree char *name =
            g_strdup_printf("/sync/refused/P32/much, %zu", i);

        g_test_add_data_func(name, &much[i], test_much);
    }
    g_test_add_data_func("/sync/refused/P19/cut", NULL, test_cut);
    g_test_add_data_func("/sync/refused/P19/cancelled", "", test_cut);
    g_test_add_func("/sync/refused/P19/slow", test_slow);
    g_test_add_func("/sync/refused/P2/untold", test_untold);
    return g_test_run();
}
