/* What servers find takes its place by date among what the index found, at the
 * cost of neither's rows. */
#include "core/account.h"
#include "core/search_servers.h"

enum { MANY = 100000 };

static GArray *
merge(const gint64 *ids, const gint64 *dates, guint n, const GArray *hits)
{
    g_autoptr(GArray) ours = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(GArray) theirs = g_array_new(FALSE, FALSE, sizeof(gint64));

    g_array_append_vals(ours, ids, n);
    g_array_append_vals(theirs, dates, n);
    return server_search_merge(ours, theirs, hits);
}

static void
test_places(void)
{
    static const gint64 ids[] = { 5, 4, 3 };
    static const gint64 dates[] = { 50, 40, 30 };
    static const AccountHit found[] = {
        { 9, 60 }, { 4, 40 }, { 8, 40 }, { 7, 35 }, { 6, 10 }
    };
    static const gint64 want[] = { 9, 5, 8, 4, 7, 3, 6 };
    g_autoptr(GArray) hits = g_array_new(FALSE, FALSE, sizeof(AccountHit));
    g_autoptr(GArray) all = NULL;
    g_autoptr(GArray) theirs = NULL;

    g_array_append_vals(hits, found, G_N_ELEMENTS(found));
    all = merge(ids, dates, G_N_ELEMENTS(ids), hits);
    g_assert_cmpmem(all->data, all->len * sizeof(gint64), want, sizeof want);
    theirs = merge(NULL, NULL, 0, hits);
    g_assert_cmpuint(theirs->len, ==, G_N_ELEMENTS(found));
}

/* Every second message was found by one side alone. */
static void
test_many(void)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(GArray) dates = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(GArray) hits = g_array_new(FALSE, FALSE, sizeof(AccountHit));
    g_autoptr(GArray) all = NULL;

    for (gint64 i = MANY; i > 0; i--) {
        AccountHit hit = { i, i };

        if (i % 2) {
            g_array_append_val(hits, hit);
        } else {
            g_array_append_val(ids, i);
            g_array_append_val(dates, i);
        }
    }
    all = server_search_merge(ids, dates, hits);
    g_assert_cmpuint(all->len, ==, MANY);
    for (guint i = 0; i < all->len; i++)
        g_assert_cmpint(g_array_index(all, gint64, i), ==, MANY - i);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/search-servers/places", test_places);
    g_test_add_func("/search-servers/many", test_many);
    return g_test_run();
}
