/* What the store costs: rows put in, lists, pages, acts, searches. Prints one
 * line a figure with the goal of the design's performance page behind it.
 * Usage: bench_store [MESSAGES [DIRECTORY]]. */
#include "store/store.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BATCH = 500,
    PAGE = 25,
    ACT = 1000,
    ROUNDS = 21,
    FOLDERS = 4, /* INBOX, a list, Sent, Trash */
};

typedef struct {
    Store *store;
    gint64 folders[FOLDERS];
    guint messages;
    GArray *ids;     /* of messages, newest first */
    GArray *threads; /* of INBOX */
} Bench;

static void
must(bool ok, GError *error)
{
    if (ok)
        return;
    fprintf(stderr, "bench_store: %s\n", error ? error->message : "failed");
    exit(1);
}

static int
compare_times(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Runs fn ROUNDS times; prints median, minimum and maximum in ms. */
static void
measure(const char *what, const char *goal, void (*fn)(Bench *bench),
        Bench *bench)
{
    double times[ROUNDS];

    for (int i = 0; i < ROUNDS; i++) {
        gint64 start = g_get_monotonic_time();

        fn(bench);
        times[i] = (double)(g_get_monotonic_time() - start) / 1000;
    }
    qsort(times, ROUNDS, sizeof times[0], compare_times);
    printf("%-44s %9.3f %9.3f %9.3f ms   goal %s\n", what, times[ROUNDS / 2],
           times[0], times[ROUNDS - 1], goal);
}

static void
make_folders(Bench *bench)
{
    static const struct {
        const char *name;
        FolderRole role;
    } names[FOLDERS] = {
        { "INBOX", FOLDER_ROLE_INBOX },
        { "Lists/linux-mm", FOLDER_ROLE_NONE },
        { "Sent", FOLDER_ROLE_SENT },
        { "Trash", FOLDER_ROLE_TRASH },
    };

    for (gsize i = 0; i < FOLDERS; i++) {
        g_autofree char *path = g_strconcat("work/", names[i].name, NULL);
        g_autoptr(GError) error = NULL;
        StoreFolder folder = { .account = "work",
                               .name = (char *)names[i].name,
                               .path = path,
                               .delimiter = '/',
                               .role = names[i].role,
                               .selectable = true,
                               .uidvalidity = 1 };

        bench->folders[i] = store_folder_put(bench->store, &folder, &error);
        must(bench->folders[i] != 0, error);
    }
}

/* Message n of threads of one to nine messages; nine in ten in INBOX, as a
 * first fetch brings them: newest first. */
static bool
add_one(Bench *bench, guint n, GError **error)
{
    guint first = n - n % 9 % (1 + n / 9 % 9);
    g_autofree char *id = g_strdup_printf("%08u.abcdef@mail.example.org", n);
    g_autofree char *parent =
        g_strdup_printf("%08u.abcdef@mail.example.org", n - (n > first));
    g_autofree char *root =
        g_strdup_printf("%08u.abcdef@mail.example.org", first);
    g_autofree char *subject = g_strdup_printf(
        "[PATCH v%u] mm: make the counters of zone %u agree", n % 5, first);
    g_autofree char *name = g_strdup_printf("Person Number%u", n % 400);
    g_autofree char *addr = g_strdup_printf("p%u@example.org", n % 400);
    g_autofree char *file =
        g_strdup_printf("work/INBOX/cur/1700000000.R%016x.posthorn:2,S", n);
    const char *references[] = { root, parent, NULL };
    StoreMessage message = {
        .folder = bench->folders[n % 10 == 0 ? 1 + n / 10 % 3 : 0],
        .uid = n + 1,
        .file = file,
        .message_id = id,
        .in_reply_to = n > first ? parent : NULL,
        .references = n > first ? references : NULL,
        .subject = subject,
        .from_name = name,
        .from_addr = addr,
        .to = "linux-mm <linux-mm@example.org>, Ana <ana@example.org>",
        .snippet = "On Tuesday the counters were found to disagree by one "
                   "page in every hundred thousand allocations",
        .date = 1500000000 + (gint64)n * 600,
        .arrival = 1500000000 + (gint64)n * 600,
        .size = 5000 + n % 10000,
        .flags = n % 19 ? STORE_FLAG_SEEN : 0,
    };

    return store_message_add(bench->store, &message, error) != 0;
}

static void
put_in(Bench *bench)
{
    gint64 start = g_get_monotonic_time();
    g_autoptr(GError) error = NULL;
    double seconds;

    for (guint n = bench->messages; n > 0;) {
        must(store_begin(bench->store, &error), error);
        for (guint i = 0; i < BATCH && n > 0; i++)
            must(add_one(bench, --n, &error), error);
        must(store_end(bench->store, true, &error), error);
    }
    seconds = (double)(g_get_monotonic_time() - start) / 1e6;
    printf("%-44s %9.0f rows/s (%.1f s)          goal >= 35000\n",
           "put in, batches of 500 durable", bench->messages / seconds,
           seconds);
}

static void
list(Bench *bench, const StoreView *view, guint limit)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) ids = store_ids(bench->store, view, limit, &error);

    must(ids != NULL, error);
}

static void
first_messages(Bench *bench)
{
    list(bench, &(StoreView){ .folder = bench->folders[0] }, 50);
}

static void
first_threads(Bench *bench)
{
    list(bench, &(StoreView){ .folder = bench->folders[0], .threads = true },
         50);
}

static void
first_everywhere(Bench *bench)
{
    list(bench, &(StoreView){ .folder = 0 }, 50);
}

static void
all_messages(Bench *bench)
{
    list(bench, &(StoreView){ .folder = bench->folders[0] }, 0);
}

static void
all_threads(Bench *bench)
{
    list(bench, &(StoreView){ .folder = 0, .threads = true }, 0);
}

static void
all_unread(Bench *bench)
{
    list(bench, &(StoreView){ .folder = bench->folders[0], .unread = true }, 0);
}

static void
by_subject(Bench *bench)
{
    list(bench,
         &(StoreView){ .folder = bench->folders[0],
                       .order = STORE_ORDER_SUBJECT },
         0);
}

static void
threads_by_sender(Bench *bench)
{
    list(bench,
         &(StoreView){ .folder = bench->folders[0],
                       .threads = true,
                       .order = STORE_ORDER_FROM },
         0);
}

static void
page(Bench *bench, const GArray *ids, bool threads)
{
    guint at = g_random_int_range(0, (gint32)(ids->len - PAGE));
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) rows =
        store_rows(bench->store, &g_array_index(ids, gint64, at), PAGE, threads,
                   bench->folders[0], &error);

    must(rows != NULL, error);
}

static void
page_of_messages(Bench *bench)
{
    page(bench, bench->ids, false);
}

static void
page_of_threads(Bench *bench)
{
    page(bench, bench->threads, true);
}

static void
toggle(Bench *bench, guint n)
{
    guint at = g_random_int_range(0, (gint32)(bench->ids->len - n));
    g_autoptr(GError) error = NULL;

    must(store_begin(bench->store, &error), error);
    for (guint i = 0; i < n; i++) {
        gint64 id = g_array_index(bench->ids, gint64, at + i);
        g_autoptr(StoreRow) row = store_row(bench->store, id, &error);

        must(row != NULL, error);
        must(store_set_flags(bench->store, id, row->flags ^ STORE_FLAG_SEEN,
                             &error),
             error);
    }
    must(store_end(bench->store, true, &error), error);
}

static void
toggle_one(Bench *bench)
{
    toggle(bench, 1);
}

static void
toggle_many(Bench *bench)
{
    toggle(bench, ACT);
}

/* An act with its record, as a user's archive of a thousand messages is. */
static void
move_many(Bench *bench)
{
    guint at = g_random_int_range(0, (gint32)(bench->ids->len - ACT));
    g_autoptr(GError) error = NULL;
    gint64 act;

    must(store_begin(bench->store, &error), error);
    act = store_act_begin(bench->store, "Moved 1000 messages", &error);
    must(act != 0, error);
    for (guint i = 0; i < ACT; i++) {
        gint64 id = g_array_index(bench->ids, gint64, at + i);

        must(store_act_note(bench->store, act, id, &error)
                 && store_set_folder(bench->store, id, bench->folders[1],
                                     &error),
             error);
    }
    must(store_end(bench->store, true, &error), error);
}

static void
undo(Bench *bench)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreAct) act = store_act_last(bench->store, false, &error);
    g_autoptr(GArray) ids = NULL;

    must(act != NULL, error);
    ids = store_act_swap(bench->store, act->id, &error);
    must(ids != NULL, error);
}

static void
find(Bench *bench, const char *one, const char *two)
{
    StoreTerm words[] = { { STORE_TERM_TEXT, (char *)one, 0 },
                          { STORE_TERM_TEXT, (char *)two, 0 },
                          { STORE_TERM_AND, NULL, 0 } };
    g_autoptr(GArray) terms = g_array_new(FALSE, FALSE, sizeof(StoreTerm));
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) ids = NULL;

    g_array_append_vals(terms, words, two ? 3 : 1);
    ids = store_find_terms(bench->store, terms, 50, &error);

    must(ids != NULL, error);
}

static void
find_common(Bench *bench)
{
    find(bench, "counters", "number7");
}

static void
find_nothing(Bench *bench)
{
    find(bench, "nowhere", NULL);
}

static void
find_nothing_foreign(Bench *bench)
{
    find(bench, "nir\u017eend", NULL);
}

static void
uids(Bench *bench)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) all = store_uids(bench->store, bench->folders[0], &error);

    must(all != NULL, error);
}

static void
print_memory(void)
{
    g_autofree char *status = NULL;
    const char *line;

    if (!g_file_get_contents("/proc/self/status", &status, NULL, NULL))
        return;
    line = strstr(status, "VmHWM:");
    if (line)
        printf("%-44s %.*s\n", "resident at most", (int)strcspn(line + 6, "\n"),
               line + 6);
}

static void
get_ready(Bench *bench)
{
    g_autoptr(GError) error = NULL;
    StoreView view = { .folder = bench->folders[0] };

    bench->ids = store_ids(bench->store, &view, 0, &error);
    must(bench->ids != NULL, error);
    view.threads = true;
    bench->threads = store_ids(bench->store, &view, 0, &error);
    must(bench->threads != NULL, error);
}

static void
run(Bench *bench)
{
    static const struct {
        const char *what, *goal;
        void (*fn)(Bench *bench);
    } parts[] = {
        { "first 50 messages of a folder", "< 1", first_messages },
        { "first 50 threads of a folder", "< 1", first_threads },
        { "first 50 messages of all folders", "< 1", first_everywhere },
        { "all messages of a folder", "20", all_messages },
        { "all threads of all folders", "20", all_threads },
        { "all unread of a folder", "20", all_unread },
        { "all messages by subject", "-", by_subject },
        { "all threads by sender", "-", threads_by_sender },
        { "rows of a page of 25 messages", "0.03", page_of_messages },
        { "rows of a page of 25 threads", "1", page_of_threads },
        { "UIDs of a folder", "-", uids },
        { "1 flag changed, durable", "2.5", toggle_one },
        { "1,000 flags changed, durable", "22", toggle_many },
        { "1,000 messages moved with record", "-", move_many },
        { "1,000 moves undone", "-", undo },
        { "find words that are frequent", "-", find_common },
        { "find a word that is nowhere", "-", find_nothing },
        { "find a word beyond ASCII that is nowhere", "-",
          find_nothing_foreign },
    };

    printf("%-44s %9s %9s %9s\n", "", "median", "min", "max");
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
        measure(parts[i].what, parts[i].goal, parts[i].fn, bench);
}

int
main(int argc, char **argv)
{
    Bench bench = { .messages = argc > 1 ? (guint)atoi(argv[1]) : 100000 };
    g_autofree char *made = NULL;
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;

    if (bench.messages < 5000) {
        fprintf(stderr, "usage: bench_store [MESSAGES [DIRECTORY]], at least"
                        " 5000 messages\n");
        return 2;
    }
    made = argc > 2 ? g_strdup(argv[2])
                    : g_dir_make_tmp("bench_store_XXXXXX", &error);
    must(made != NULL, error);
    path = g_build_filename(made, "bench_store.db", NULL);
    bench.store = store_open(path, &error);
    must(bench.store != NULL, error);
    make_folders(&bench);
    put_in(&bench);
    store_close(bench.store);

    bench.store = store_open(path, &error);
    must(bench.store != NULL, error);
    get_ready(&bench);
    print_memory();
    run(&bench);
    must(store_check(bench.store, &error), error);
    print_memory();
    g_array_unref(bench.ids);
    g_array_unref(bench.threads);
    store_close(bench.store);
    g_unlink(path);
    if (argc <= 2)
        g_rmdir(made);
    return 0;
}
