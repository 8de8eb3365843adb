/* Threads: joined by ids alone, in whatever order messages come; trees; what a
 * page of threads shows. */
#include "store_fixture.h"

#include <string.h>

typedef struct {
    const char *id, *parent, *references; /* references: blanks between */
    int thread;                           /* same number, same thread */
} Case;

static const Case cases[] = {
    { "a1@x", NULL, NULL, 1 },
    { "a2@x", "a1@x", "a1@x", 1 },
    { "a3@x", "a2@x", "a1@x a2@x", 1 },
    { "a5@x", "a4@x", "a1@x a4@x", 1 }, /* a4 is never here */
    { "b1@x", NULL, NULL, 2 },
    { "b3@x", NULL, "b1@x b2@x", 2 },
    { "b4@x", "b2@x", NULL, 2 },
    { "c1@x", NULL, NULL, 3 }, /* same subject as a1 */
    { "c1@x", NULL, NULL, 3 }, /* the same id twice (P24) */
    { NULL, NULL, NULL, 4 },
    { NULL, "b1@x", NULL, 2 },
    { "", "", "", 5 }, /* an empty id is none */
    { "", NULL, NULL, 6 },
    { "d1@x", "d1@x", "d1@x", 7 }, /* its own answer */
    { "e1@x", "e2@x", NULL, 8 },   /* a ring */
    { "e2@x", "e1@x", NULL, 8 },
    { "f1@x", "a9@x", NULL, 9 },
    { "f2@x", "b9@x", NULL, 10 },
};

enum {
    CASES = G_N_ELEMENTS(cases)
};

static gint64
add_case(Fixture *fixture, const Case *one, guint32 uid)
{
    g_auto(GStrv) references =
        one->references ? g_strsplit(one->references, " ", -1) : NULL;
    StoreMessage message = {
        .folder = fixture->folders[uid % 2 ? F_INBOX : F_LISTS],
        .uid = uid,
        .message_id = one->id,
        .in_reply_to = one->parent,
        .references = (const char *const *)references,
        .subject = "Re: the same subject",
        .date = uid,
    };
    gint64 id = 0;

    must((id = store_message_add(fixture->store, &message, error)) != 0);
    return id;
}

static void
test_any_order(gconstpointer data)
{
    g_autoptr(Fixture) fixture = fixture_create();
    GRand *random = g_rand_new_with_seed(GPOINTER_TO_UINT(data));
    gint64 threads[CASES], ids[CASES];
    guint order[CASES];

    for (guint i = 0; i < CASES; i++)
        order[i] = i;
    for (guint i = CASES - 1; i > 0 && GPOINTER_TO_UINT(data); i--) {
        guint k = (guint)g_rand_int_range(random, 0, (gint32)i + 1);
        guint kept = order[i];

        order[i] = order[k];
        order[k] = kept;
    }
    for (guint i = 0; i < CASES; i++)
        ids[order[i]] = add_case(fixture, &cases[order[i]], order[i] + 1);
    for (guint i = 0; i < CASES; i++) {
        g_autoptr(StoreRow) row = fixture_row(fixture, ids[i]);

        threads[i] = row->thread;
        for (guint k = 0; k < i; k++)
            g_assert_cmpint(threads[i] == threads[k], ==,
                            cases[i].thread == cases[k].thread);
    }
    g_rand_free(random);
}

/* "id/depth …" of a thread. */
static char *
tree_text(const Fixture *fixture, gint64 thread, gint64 folder)
{
    GString *text = g_string_new(NULL);
    g_autoptr(GArray) depths = NULL;
    g_autoptr(GArray) ids = NULL;

    must((ids = store_thread_messages_in(fixture->store, thread, folder,
                                         &depths, error))
         != NULL);
    g_assert_cmpuint(ids->len, ==, depths->len);
    for (guint i = 0; i < ids->len; i++) {
        g_autoptr(StoreRow) row =
            store_row(fixture->store, g_array_index(ids, gint64, i), NULL);

        g_string_append_printf(text, "%s%.*s/%d", i ? " " : "",
                               (int)strcspn(row->message_id, "@"),
                               row->message_id, g_array_index(depths, int, i));
    }
    return g_string_free(text, FALSE);
}

static void
test_tree(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    gint64 inbox = fixture->folders[F_INBOX];
    gint64 root = fixture_add(fixture, inbox, 1, "r@x", NULL);
    gint64 thrown;
    g_autoptr(StoreRow) row = NULL;
    g_autofree char *all = NULL;
    g_autofree char *trash = NULL;

    fixture_add(fixture, inbox, 2, "a@x", "r@x");
    fixture_add(fixture, inbox, 3, "b@x", "r@x");
    fixture_add(fixture, inbox, 4, "a1@x", "a@x");
    thrown = fixture_add(fixture, inbox, 5, "a2@x", "a@x");
    fixture_add(fixture, inbox, 6, "x@x", "a2@x");
    row = fixture_row(fixture, root);
    all = tree_text(fixture, row->thread, 0);
    g_assert_cmpstr(all, ==, "r/0 a/1 a1/2 a2/2 x/3 b/1");
    must(store_set_folder(fixture->store, thrown, fixture->folders[F_TRASH],
                          error));
    g_free(all);
    all = tree_text(fixture, row->thread, inbox);
    g_assert_cmpstr(all, ==, "r/0 a/1 a1/2 b/1 x/0");
    trash = tree_text(fixture, row->thread, fixture->folders[F_TRASH]);
    g_assert_cmpstr(trash, ==, "r/0 a/1 a1/2 a2/2 x/3 b/1");
}

/* Everything in the trash: the thread can still be opened. */
static void
test_trash_only(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    gint64 id = fixture_add(fixture, fixture->folders[F_TRASH], 1, "a@x", NULL);
    g_autoptr(StoreRow) row = fixture_row(fixture, id);
    g_autoptr(GArray) ids = NULL;

    must((ids = store_thread_messages(fixture->store, row->thread, NULL, error))
         != NULL);
    g_assert_cmpuint(ids->len, ==, 1);
}

/* A ring of answers, and one that is newer than its answers, end. */
static void
test_rings(void)
{
    static const struct {
        const char *ids, *parents, *tree;
    } rows[] = {
        { "a", "a", "a/0" },
        { "a b", "b a", "a/0 b/1" },
        { "a b c", "b c a", "a/0 c/1 b/2" },
        { "a b c d", "b c a b", "a/0 c/1 b/2 d/3" },
        { "a b c", "c a -", "c/0 a/1 b/2" },
        { "a a b", "- - a", "a/0 b/1 a/0" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Fixture) fixture = fixture_create();
        g_auto(GStrv) ids = g_strsplit(rows[i].ids, " ", -1);
        g_auto(GStrv) parents = g_strsplit(rows[i].parents, " ", -1);
        g_autofree char *tree = NULL;
        g_autoptr(StoreRow) row = NULL;
        gint64 id = 0;

        for (guint k = 0; ids[k]; k++)
            id = fixture_add(fixture, fixture->folders[F_INBOX], k + 1, ids[k],
                             *parents[k] == '-' ? NULL : parents[k]);
        row = fixture_row(fixture, id);
        tree = tree_text(fixture, row->thread, 0);
        g_assert_cmpstr(tree, ==, rows[i].tree);
    }
}

/* 20,000 answers, each to the one before: linear work, bounded depth. */
static void
test_deep(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    g_autoptr(GArray) ids = NULL;
    g_autoptr(GArray) depths = NULL;
    g_autoptr(StoreRow) row = NULL;
    gint64 start, id = 0;

    must(store_begin(fixture->store, error));
    for (guint i = 1; i <= 20000; i++) {
        g_autofree char *own = g_strdup_printf("%u@x", i);
        g_autofree char *parent = g_strdup_printf("%u@x", i - 1);

        id = fixture_add(fixture, fixture->folders[F_INBOX], i, own, parent);
    }
    must(store_end(fixture->store, true, error));
    row = fixture_row(fixture, id);
    start = g_get_monotonic_time();
    must((ids = store_thread_messages(fixture->store, row->thread, &depths,
                                      error))
         != NULL);
    g_assert_cmpint(g_get_monotonic_time() - start, <, 60 * G_USEC_PER_SEC);
    g_assert_cmpuint(ids->len, ==, 20000);
    g_assert_cmpint(g_array_index(depths, int, 19999), ==, 500);
}

/* References without end: the first and the last hundred count. */
static void
test_many_references(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    g_autoptr(GPtrArray) references = g_ptr_array_new_with_free_func(g_free);
    StoreMessage message = { .folder = fixture->folders[F_INBOX],
                             .uid = 1,
                             .message_id = "long@x" };
    static const struct {
        const char *id;
        bool joined;
    } rows[] = { { "0@x", true },
                 { "1@x", false },
                 { "9999@x", true },
                 { "9901@x", true },
                 { "9000@x", false } };
    gint64 id = 0;
    g_autoptr(StoreRow) row = NULL;

    for (int i = 0; i < 10000; i++)
        g_ptr_array_add(references, g_strdup_printf("%d@x", i));
    g_ptr_array_add(references, NULL);
    message.references = (const char *const *)references->pdata;
    must((id = store_message_add(fixture->store, &message, error)) != 0);
    row = fixture_row(fixture, id);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(StoreRow) other =
            fixture_row(fixture, fixture_add(fixture, fixture->folders[F_INBOX],
                                             (guint32)i + 2, rows[i].id, NULL));

        g_assert_cmpint(other->thread == row->thread, ==, rows[i].joined);
    }
}

static gint64
add_from(Fixture *fixture, int folder, const char *who, unsigned flags)
{
    static guint32 uid = 0;
    g_autofree char *id = g_strdup_printf("%u@x", ++uid);
    g_autofree char *subject = g_strdup_printf("subject %s", who);
    StoreMessage message = {
        .folder = fixture->folders[folder],
        .uid = uid,
        .message_id = id,
        .in_reply_to = "root@x",
        .subject = subject,
        .from_name = who,
        .from_addr = "x@example.org",
        .flags = flags,
        .date = uid,
    };
    gint64 made = 0;

    must((made = store_message_add(fixture->store, &message, error)) != 0);
    return made;
}

static void
test_rows(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    gint64 first = add_from(fixture, F_INBOX, "Ana", STORE_FLAG_SEEN);
    gint64 answer = 0;
    g_autoptr(StoreRow) row = fixture_row(fixture, first);
    gint64 asked[] = { row->thread, 4711, row->thread };
    g_autoptr(GPtrArray) rows = NULL;
    g_autofree char *authors = NULL;
    const StoreRow *shown;

    add_from(fixture, F_INBOX, "Bo", 0);
    add_from(fixture, F_ARCHIVE, "", STORE_FLAG_SEEN | STORE_FLAG_FLAGGED);
    answer = add_from(fixture, F_INBOX, "Ana", STORE_FLAG_SEEN);
    add_from(fixture, F_LISTS, "Cy", STORE_FLAG_ATTACHMENT);
    add_from(fixture, F_TRASH, "Gone", 0);
    must((rows = store_rows(fixture->store, asked, 3, true,
                            fixture->folders[F_INBOX], error))
         != NULL);
    g_assert_cmpuint(rows->len, ==, 3);
    g_assert_null(rows->pdata[1]);
    shown = rows->pdata[0];
    g_assert_cmpint(shown->id, ==, answer); /* the newest of the folder */
    g_assert_cmpstr(shown->subject, ==, "subject Ana");
    g_assert_cmpuint(shown->thread_total, ==, 5);
    g_assert_cmpuint(shown->thread_unread, ==, 2);
    g_assert_cmpuint(shown->flags, ==,
                     STORE_FLAG_FLAGGED | STORE_FLAG_ATTACHMENT);
    authors = g_strjoinv(", ", shown->authors);
    g_assert_cmpstr(authors, ==, "Ana, x@example.org, Bo, Cy");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint seed = 0; seed < 12; seed++) {
        g_autofree char *name =
            g_strdup_printf("/store/threads/order-%u", seed);

        g_test_add_data_func(name, GUINT_TO_POINTER(seed), test_any_order);
    }
    g_test_add_func("/store/threads/tree", test_tree);
    g_test_add_func("/store/threads/trash-only", test_trash_only);
    g_test_add_func("/store/threads/rings", test_rings);
    g_test_add_func("/store/threads/deep", test_deep);
    g_test_add_func("/store/threads/many-references", test_many_references);
    g_test_add_func("/store/threads/rows", test_rows);
    return g_test_run();
}
