/* Sets of UIDs against a naive one, and the text of sequence-sets. */
#include "base/uidset.h"

#include "base/err.h"

#include <string.h>

enum {
    SPACE = 200,
    ROUNDS = 3000
};

/* The invariants: sorted, disjoint, never adjacent. */
static void
check_ranges(const UidSet *set)
{
    for (guint i = 0; i < uidset_n_ranges(set); i++) {
        UidRange range = uidset_range(set, i);

        g_assert_cmpuint(range.first, >=, 1);
        g_assert_cmpuint(range.first, <=, range.last);
        if (i > 0)
            g_assert_cmpuint(uidset_range(set, i - 1).last + 1, <, range.first);
    }
}

static void
check_equal(const UidSet *set, const bool *naive)
{
    guint64 count = 0;

    check_ranges(set);
    for (guint32 uid = 1; uid < SPACE; uid++) {
        g_assert_cmpint(uidset_contains(set, uid), ==, naive[uid]);
        count += naive[uid];
    }
    g_assert_cmpuint(uidset_count(set), ==, count);
}

/* A few ranges at once. */
static void
remove_some(UidSet *set, bool *naive, GRand *random)
{
    g_autoptr(UidSet) others = uidset_create();

    for (int i = 0; i < 3; i++) {
        guint32 first = (guint32)g_rand_int_range(random, 1, SPACE);
        guint32 last = MIN(first + (guint32)i * 4, SPACE - 1);

        uidset_add_range(others, first, last);
        memset(naive + first, false, last - first + 1);
    }
    uidset_remove_all(set, others);
}

static bool
is_kept(void *naive, guint32 uid)
{
    return ((const bool *)naive)[uid] && uid % 3 != 0;
}

static void
check_filter(const UidSet *set, bool *naive)
{
    g_autoptr(UidSet) kept = uidset_filter(set, is_kept, naive);

    check_ranges(kept);
    for (guint32 uid = 1; uid < SPACE; uid++)
        g_assert_cmpint(uidset_contains(kept, uid), ==, is_kept(naive, uid));
}

static void
test_naive(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(9051);
    g_autoptr(UidSet) set = uidset_create();
    bool naive[SPACE] = { false };

    for (int round = 0; round < ROUNDS; round++) {
        guint32 a = (guint32)g_rand_int_range(random, 1, SPACE);
        guint32 width = (guint32)g_rand_int_range(random, 0, 12);
        guint32 b = MIN(a + width, SPACE - 1);

        switch (g_rand_int_range(random, 0, 4)) {
        case 0:
            uidset_add(set, a);
            naive[a] = true;
            break;
        case 1:
            uidset_add_range(set, a, b);
            memset(naive + a, true, b - a + 1);
            break;
        case 2:
            remove_some(set, naive, random);
            break;
        default:
            uidset_remove(set, a);
            naive[a] = false;
        }
        check_equal(set, naive);
        check_filter(set, naive);
        g_autofree char *text = uidset_format(set);
        if (*text) {
            g_autoptr(UidSet) again = uidset_parse(text, SPACE, NULL);

            g_assert_nonnull(again);
            check_equal(again, naive);
        }
    }
}

static void
test_borders(void)
{
    g_autoptr(UidSet) set = uidset_create();
    g_autoptr(UidSet) some = uidset_create();
    g_autofree char *text = NULL;

    uidset_add(some, 1);
    uidset_add(set, G_MAXUINT32);
    uidset_add(set, G_MAXUINT32 - 1);
    uidset_add(set, 1);
    uidset_add_range(set, 5, 4); /* empty */
    uidset_add(set, 0);          /* no UID */
    g_assert_cmpuint(uidset_count(set), ==, 3);
    g_assert_false(uidset_contains(set, 0));
    text = uidset_format(set);
    g_assert_cmpstr(text, ==, "1,4294967294:4294967295");
    uidset_add_range(set, 1, G_MAXUINT32);
    g_assert_cmpuint(uidset_n_ranges(set), ==, 1);
    g_assert_cmpuint(uidset_count(set), ==, G_MAXUINT32);
    uidset_remove(set, G_MAXUINT32);
    uidset_remove(set, 1);
    g_assert_cmpuint(uidset_range(set, 0).first, ==, 2);
    g_assert_cmpuint(uidset_range(set, 0).last, ==, G_MAXUINT32 - 1);
    uidset_add_all(some, set);
    uidset_add_all(some, some);
    g_assert_cmpuint(uidset_n_ranges(some), ==, 1);
    g_assert_cmpuint(uidset_count(some), ==, uidset_count(set) + 1);
}

static void
test_parse(void)
{
    static const struct {
        const char *text, *canonical; /* NULL: refused */
    } rows[] = {
        { "1", "1" },
        { "4:2", "2:4" },
        { "1,2,3", "1:3" },
        { "9:12,1:4,7", "1:4,7,9:12" },
        { "4294967295", "4294967295" },
        { "5,5,5", "5" },
        { "", NULL },
        { "0", NULL },
        { "0:3", NULL },
        { "*", NULL },
        { "1:*", NULL },
        { "4294967296", NULL },
        { "99999999999999999999", NULL },
        { "1,", NULL },
        { ",1", NULL },
        { "1:", NULL },
        { ":1", NULL },
        { "1:2:3", NULL },
        { "01", NULL },
        { "1 2", NULL },
        { "-1", NULL },
        { "1\n", NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(UidSet) set = uidset_parse(rows[i].text, 10, &error);
        g_autofree char *text = set ? uidset_format(set) : NULL;

        g_assert_cmpstr(text, ==, rows[i].canonical);
        if (set == NULL)
            g_assert_true(err_is(error, ERR_PROTOCOL));
    }
}

/* The limit itself is taken, one more is not. */
static void
test_limit(void)
{
    g_autoptr(UidSet) three = uidset_parse("1,3,5", 3, NULL);
    g_autoptr(UidSet) four = uidset_parse("1,3,5,7", 3, NULL);

    g_assert_nonnull(three);
    g_assert_null(four);
}

static void
test_chunks(void)
{
    g_autoptr(UidSet) set = uidset_create();
    g_autoptr(UidSet) together = uidset_create();
    g_autoptr(GPtrArray) chunks = NULL;

    for (guint32 i = 1; i < 4000; i += 2)
        uidset_add(set, i * 1000003);
    chunks = uidset_format_chunks(set, 100);
    g_assert_cmpuint(chunks->len, >, 100);
    for (guint i = 0; i < chunks->len; i++) {
        g_autoptr(UidSet) part = uidset_parse(chunks->pdata[i], 100, NULL);

        g_assert_cmpuint(strlen(chunks->pdata[i]), <=, 100);
        for (guint j = 0; j < uidset_n_ranges(part); j++)
            uidset_add_range(together, uidset_range(part, j).first,
                             uidset_range(part, j).last);
    }
    g_assert_cmpuint(uidset_count(together), ==, uidset_count(set));
    g_assert_cmpuint(uidset_n_ranges(together), ==, uidset_n_ranges(set));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/uidset/naive", test_naive);
    g_test_add_func("/base/uidset/borders", test_borders);
    g_test_add_func("/base/uidset/parse", test_parse);
    g_test_add_func("/base/uidset/limit", test_limit);
    g_test_add_func("/base/uidset/chunks", test_chunks);
    return g_test_run();
}
