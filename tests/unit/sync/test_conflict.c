/* Changes on both sides of one message, each pair with the state that both
 * must come to, whatever the server can and in whatever order it is asked:
 *   a flag or tag has two values, so of two sides that know the same value one
 *   at most can change it, and that change wins: they merge one by one;
 *   what was deleted there stays deleted, whatever was changed here;
 *   what was moved there stays where it is, with what was changed here. */
#include "bench.h"

#include <dlfcn.h>

struct sqlite3_stmt;

static guint64 bytes_told; /* to SQLite, and by it */

static void *
find(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

int sqlite3_bind_text(struct sqlite3_stmt *row, int at, const char *text,
                      int size, void (*free)(void *));
const unsigned char *sqlite3_column_text(struct sqlite3_stmt *row, int at);

/* In front of theirs. */
int
sqlite3_bind_text(struct sqlite3_stmt *row, int at, const char *text, int size,
                  void (*free)(void *))
{
    int (*real)(struct sqlite3_stmt *, int, const char *, int,
                void (*)(void *)) =
        (int (*)(struct sqlite3_stmt *, int, const char *, int,
                 void (*)(void *)))find("sqlite3_bind_text");

    bytes_told += text ? strlen(text) : 0;
    return real(row, at, text, size, free);
}

const unsigned char *
sqlite3_column_text(struct sqlite3_stmt *row, int at)
{
    const unsigned char *(*real)(struct sqlite3_stmt *, int) =
        (const unsigned char *(*)(struct sqlite3_stmt *, int))find(
            "sqlite3_column_text");
    const unsigned char *text = real(row, at);

    bytes_told += text ? strlen((const char *)text) : 0;
    return text;
}

char **
g_strsplit(const char *text, const char *delimiter, int most)
{
    char **(*real)(const char *, const char *, int) =
        (char **(*)(const char *, const char *, int))find("g_strsplit");

    bytes_told += strlen(text);
    return real(text, delimiter, most);
}

typedef struct {
    const char *to; /* mailbox; "" deleted; NULL: stays */
    unsigned set, cleared;
    const char *tags; /* NULL: as they were */
} Change;

typedef struct {
    const char *name;
    unsigned flags; /* before, on both sides */
    const char *tags;
    Change here, there;
    const char *where; /* the mailbox in the end; NULL: nowhere */
    unsigned want;
    const char *want_tags;
} Rule;

enum {
    SEEN = STORE_FLAG_SEEN,
    STAR = STORE_FLAG_FLAGGED
};

static const Rule rules[] = {
    { "two flags", 0, "", { NULL, STAR, 0 }, { NULL, SEEN, 0 }, "INBOX",
      SEEN | STAR, "" },
    { "the same flag", 0, "", { NULL, SEEN, 0 }, { NULL, SEEN, 0 }, "INBOX",
      SEEN, "" },
    { "one set, one cleared", STAR, "", { NULL, SEEN, 0 }, { NULL, 0, STAR },
      "INBOX", SEEN, "" },
    { "cleared here", STAR | SEEN, "", { NULL, 0, SEEN }, { NULL, 0, 0, "x" },
      "INBOX", STAR, "x" },
    { "tags of both", 0, "", { NULL, 0, 0, "todo" }, { NULL, 0, 0, "later" },
      "INBOX", 0, "later todo" },
    { "tag removed, tag added", 0, "a b", { NULL, 0, 0, "a" },
      { NULL, 0, 0, "a b c" }, "INBOX", 0, "a c" },
    { "deleted there, tagged here", 0, "", { NULL, STAR, 0, "todo" }, { "" },
      NULL, 0, NULL },
    { "deleted there, moved here", 0, "", { "Archive", 0, 0 }, { "" }, NULL, 0,
      NULL },
    { "deleted here, flagged there", 0, "", { "" }, { NULL, STAR, 0 }, NULL, 0,
      NULL },
    { "deleted on both", 0, "", { "" }, { "" }, NULL, 0, NULL },
    { "moved there, flagged here", 0, "", { NULL, STAR, 0 },
      { "Archive", SEEN, 0 }, "Archive", SEEN | STAR, "" },
    { "moved there, unread here", SEEN, "", { NULL, 0, SEEN },
      { "Archive", 0, 0 }, "Archive", 0, "" },
    { "moved there, tagged here", 0, "a b", { NULL, 0, 0, "b c" },
      { "Archive", 0, 0, "a b d" }, "Archive", 0, "b c d" },
    { "moved there before INBOX is asked", 0, "", { NULL, STAR, 0 },
      { "Aside", 0, 0 }, "Aside", STAR, "" },
    { "moved here, flagged there", 0, "", { "Archive", 0, 0 },
      { NULL, STAR, 0 }, "Archive", STAR, "" },
    { "moved on both", 0, "", { "Archive", 0, 0 }, { "Aside", 0, 0 }, "Aside",
      0, "" },
    { "moved on both, to one place", 0, "", { "Archive", 0, 0 },
      { "Archive", STAR, 0 }, "Archive", STAR, "" },
};

typedef struct {
    const Rule *rule;
    bool qresync, condstore, uidplus;
} Case;

static void
change_there(Bench *bench, const Change *change)
{
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");
    FakeMessage *message = fake_find(inbox, 1);

    message->flags = (message->flags | change->set) & ~change->cleared;
    if (change->tags) {
        g_free(message->tags);
        message->tags = g_strdup(change->tags);
    }
    message->modseq = ++inbox->modseq;
    if (change->to && *change->to)
        fake_put(fake_mailbox(bench->fake, change->to), message->bytes,
                 message->flags, message->tags);
    if (change->to)
        fake_remove(inbox, 1);
}

static void
change_here(Bench *bench, const Change *change)
{
    gint64 id = bench_row(bench, 1);
    g_autoptr(StoreRow) row = store_row(bench->store, id, NULL);
    g_autofree char *path = g_strdup_printf("work/%s", change->to);
    g_autoptr(StoreFolder) folder = bench_folder(bench, path);

    g_assert_true(store_set_flags(bench->store, id,
                                  (row->flags | change->set)
                                      & ~change->cleared,
                                  NULL));
    if (change->tags)
        g_assert_true(store_set_tags(bench->store, id, change->tags, NULL));
    if (change->to)
        g_assert_true(store_set_folder(bench->store, id,
                                       *change->to ? folder->id : 0, NULL));
}

static void
check_end(Bench *bench, const Rule *rule)
{
    g_autoptr(StoreRow) row = NULL;
    g_autoptr(StoreFolder) folder = NULL;

    g_assert_cmpuint(bench_rows(bench, 1), ==, rule->where ? 1 : 0);
    if (rule->where == NULL)
        return;
    row = store_row(bench->store, bench_row(bench, 1), NULL);
    folder = store_folder(bench->store, row->folder, NULL);
    g_assert_cmpstr(folder->name, ==, rule->where);
    g_assert_cmpuint(row->flags & STORE_SYSTEM_FLAGS, ==, rule->want);
    g_assert_cmpstr(row->tags, ==, rule->want_tags);
}

static void
test_rule(const void *data)
{
    const Case *c = data;
    const Rule *rule = c->rule;
    Bench *bench = bench_create();

    bench->fake->qresync = c->qresync;
    bench->fake->condstore = c->condstore;
    bench->fake->uidplus = c->uidplus;
    fake_mailbox(bench->fake, "Aside");
    fake_add(bench->fake, "INBOX", 1, rule->flags);
    fake_add(bench->fake, "INBOX", 2, 0); /* stays */
    g_free(fake_find(fake_mailbox(bench->fake, "INBOX"), 1)->tags);
    fake_find(fake_mailbox(bench->fake, "INBOX"), 1)->tags =
        g_strdup(rule->tags);
    bench_sync(bench);
    change_here(bench, &rule->here);
    change_there(bench, &rule->there);
    for (int i = 0; i < 3; i++) {
        bench_sync(bench);
        bench_settle(bench);
    }
    check_end(bench, rule);
    bench_check(bench);
    bench_destroy(bench);
}

/* A move to Archive whose answer was lost, and what the user wanted then. */
typedef struct {
    const char *name;
    Change then;
    bool performed;
    const char *where;
    unsigned want;
} Mind;

static const Mind minds[] = {
    { "moved, answer lost", { NULL, STAR, 0 }, true, "Archive", STAR },
    { "moved, answer lost, undone", { "INBOX", 0, 0 }, true, "INBOX", 0 },
    { "moved, answer lost, moved on", { "Aside", STAR, 0 }, true, "Aside",
      STAR },
    { "moved, answer lost, deleted", { "", 0, 0 }, true, NULL, 0 },
    { "not moved, answer lost", { NULL, STAR, 0 }, false, "Archive", STAR },
    { "not moved, undone", { "INBOX", STAR, 0 }, false, "INBOX", STAR },
    { "not moved, moved on", { "Aside", 0, 0 }, false, "Aside", 0 },
    { "not moved, deleted", { "", 0, 0 }, false, NULL, 0 },
};

typedef struct {
    const Mind *mind;
    bool qresync, condstore, uidplus, no_move;
} Lost;

/* The message is there once, here once, and nothing is left to be told (P13). */
static void
test_mind(const void *data)
{
    const Lost *c = data;
    const Mind *mind = c->mind;
    const Rule end = { .where = mind->where,
                       .want = mind->want,
                       .want_tags = "" };
    Bench *bench = bench_create();

    bench->fake->qresync = c->qresync;
    bench->fake->condstore = c->condstore;
    bench->fake->uidplus = c->uidplus;
    bench->fake->no_move = c->no_move;
    bench->fake->status = true;
    fake_mailbox(bench->fake, "Aside");
    fake_add(bench->fake, "INBOX", 1, 0);
    fake_add(bench->fake, "INBOX", 2, 0);
    bench_sync(bench);
    change_here(bench, &(Change){ "Archive", 0, 0 });
    bench->fake->cut_move = true;
    bench->fake->cut_after = mind->performed;
    g_assert_false(bench_try(bench));
    bench->fake->cut_move = false;
    bench_reopen(bench);
    change_here(bench, &mind->then);
    for (int i = 0; i < 3; i++) {
        bench_sync(bench);
        bench_settle(bench);
    }
    check_end(bench, &end);
    g_assert_cmpuint(store_pending_count(bench->store, NULL), ==, 0);
    bench_check(bench);
    bench_destroy(bench);
}

/* News of the folder that it was moved to comes first; the folder is gone by
 * then. */
static void
test_moved_then(const void *data)
{
    bool removed = GPOINTER_TO_INT(data);
    Bench *bench = bench_create();
    gint64 id;

    bench->fake->qresync = bench->fake->condstore = true;
    bench->fake->uidplus = bench->fake->status = true;
    fake_mailbox(bench->fake, "Aside");
    fake_add(bench->fake, "INBOX", 1, 0);
    fake_add(bench->fake, "INBOX", 2, 0);
    bench_sync(bench);
    id = bench_row(bench, 1);
    change_here(bench, &(Change){ "Aside", 0, 0 });
    bench->fake->cut_move = bench->fake->cut_after = true;
    g_assert_false(bench_try(bench));
    bench->fake->cut_move = false;
    change_here(bench, &(Change){ "INBOX", STAR, 0 });
    if (removed)
        g_ptr_array_remove(bench->fake->mailboxes,
                           fake_mailbox(bench->fake, "Aside"));
    bench->sync.only = removed ? NULL : "work/Aside";
    for (int i = 0; i < 3; i++) {
        bench_sync(bench);
        bench_settle(bench);
        bench->sync.only = NULL;
    }
    g_assert_cmpint(bench_row(bench, 1), ==, id);
    check_end(bench, &(Rule){ .where = "INBOX", .want = STAR,
                              .want_tags = "" });
    g_assert_cmpuint(store_pending_count(bench->store, NULL), ==, 0);
    bench_check(bench);
    bench_destroy(bench);
}

/* What was carried for a message that did not turn up is forgotten with the
 * round: the same Message-ID later is another delivery. */
static void
test_carried_once(void)
{
    Bench *bench = bench_create();
    g_autoptr(StoreRow) row = NULL;

    fake_add(bench->fake, "INBOX", 1, 0);
    bench_sync(bench);
    store_set_flags(bench->store, bench_row(bench, 1), STAR, NULL);
    fake_remove(fake_mailbox(bench->fake, "INBOX"), 1);
    bench_sync(bench);
    fake_add(bench->fake, "Archive", 1, 0);
    bench_sync(bench);
    row = store_row(bench->store, bench_row(bench, 1), NULL);
    g_assert_cmpuint(row->flags & STORE_SYSTEM_FLAGS, ==, 0);
    bench_check(bench);
    bench_destroy(bench);
}

/* Octets told and read in the sync that carries so much. */
static guint64
carry(guint n)
{
    Bench *bench = bench_create();
    guint64 before;

    bench->fake->status = true;
    for (guint i = 1; i <= n; i++)
        fake_add(bench->fake, "Work", i, 0);
    bench_sync(bench);
    for (guint i = 1; i <= n; i++) {
        store_set_flags(bench->store, bench_row(bench, i), STAR, NULL);
        fake_remove(fake_mailbox(bench->fake, "Work"), i);
        fake_add(bench->fake, "Xylophone", i, 0);
    }
    bench->sync.accept_removals = true;
    before = bytes_told;
    bench_sync(bench);
    before = bytes_told - before;
    for (guint i = 1; i <= n; i++) {
        const FakeMessage *message =
            fake_find(fake_mailbox(bench->fake, "Xylophone"), i);

        g_assert_cmpuint(message->flags, ==, STAR);
    }
    bench_check(bench);
    bench_destroy(bench);
    return before;
}

/* What the user changed in many messages that another program moved is carried
 * at the cost of each of them (P33). */
static void
test_carried_many(void)
{
    guint64 some = carry(100);

    g_assert_cmpuint(carry(400), <, 6 * some);
}

int
main(int argc, char **argv)
{
    static const char *const roads[] = { "QRESYNC", "CONDSTORE", "neither",
                                         "no UIDPLUS" };
    static const char *const moves[] = { "QRESYNC",       "CONDSTORE",
                                         "neither",       "no UIDPLUS",
                                         "QRESYNC, COPY", "COPY" };

    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(rules); i++)
        for (gsize j = 0; j < G_N_ELEMENTS(roads); j++) {
            Case made = { &rules[i], j == 0, j < 2, j < 3 };
            g_autofree char *name = g_strdup_printf(
                "/conflict/%s, %s", rules[i].name, roads[j]);

            g_test_add_data_func_full(name, g_memdup2(&made, sizeof made),
                                      test_rule, g_free);
        }
    for (gsize i = 0; i < G_N_ELEMENTS(minds); i++)
        for (gsize j = 0; j < G_N_ELEMENTS(moves); j++) {
            Lost made = { &minds[i], j == 0 || j == 4, j < 2 || j == 4,
                          j != 3 && j != 5, j > 3 };
            g_autofree char *name = g_strdup_printf(
                "/conflict/%s, %s", minds[i].name, moves[j]);

            g_test_add_data_func_full(name, g_memdup2(&made, sizeof made),
                                      test_mind, g_free);
        }
    g_test_add_data_func("/conflict/moved, answer lost, news there",
                         GINT_TO_POINTER(false), test_moved_then);
    g_test_add_data_func("/conflict/moved, answer lost, folder gone",
                         GINT_TO_POINTER(true), test_moved_then);
    g_test_add_func("/conflict/carried once", test_carried_once);
    g_test_add_func("/conflict/P33/carried many", test_carried_many);
    return g_test_run();
}
