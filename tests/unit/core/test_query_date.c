/* Days as notmuch has them. The day is pinned, a Monday. */
#include "base/clock.h"
#include "core/search.h"
#include "query_date.h"

enum {
    NOW = 1795410780 /* 2026-11-23 05:13 UTC */
};

static void
append_date(GString *text, const GDate *date)
{
    if (g_date_valid(date))
        g_string_append_printf(text, "%04u-%02u-%02u", g_date_get_year(date),
                               (unsigned)g_date_get_month(date),
                               g_date_get_day(date));
}

static void
assert_days(const char *value, const char *want)
{
    g_autoptr(GString) text = g_string_new(NULL);
    QueryDays days;

    g_test_message("%s", value);
    g_assert_true(query_days(value, &days));
    append_date(text, &days.first);
    g_string_append_c(text, ' ');
    append_date(text, &days.behind);
    g_assert_cmpstr(text->str, ==, want);
}

/* The first day, and that behind the last. */
static void
test_days(void)
{
    static const struct {
        const char *value, *want;
    } cases[] = {
        { "2026", "2026-01-01 2027-01-01" },
        { "2026-02", "2026-02-01 2026-03-01" },
        { "2024-02-29", "2024-02-29 2024-03-01" },
        { "2025..2026-02", "2025-01-01 2026-03-01" },
        { "2026-02..", "2026-02-01 " },
        { "..2026-02-28", " 2026-03-01" },
        { "today", "2026-11-23 2026-11-24" },
        { "YESTERDAY..today", "2026-11-22 2026-11-24" },
        { "0d", "2026-11-23 2026-11-24" },
        { "2days..", "2026-11-21 " },
        { "1w", "2026-11-15 2026-11-22" },
        { "2weeks..1week", "2026-11-08 2026-11-22" },
        { "1_month", "2026-10-01 2026-11-01" },
        { "11mo..", "2025-12-01 " },
        { "1year", "2025-01-01 2026-01-01" },
        { "monday", "2026-11-16 2026-11-17" },
        { "tue", "2026-11-17 2026-11-18" },
        { "sunday..", "2026-11-22 " },
    };
    static const char *const unknown[] = {
        "",         "..",       "someday", "2026-02-30", "2026-13", "26",
        "10:00",    "10hours",  "1m",      "1001d",      "-1d",     "d",
        "2026-1-1", "mond",     "9999",    "2026..x",    "x..2026", "1dayss",
    };
    QueryDays days;

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_days(cases[i].value, cases[i].want);
    for (gsize i = 0; i < G_N_ELEMENTS(unknown); i++) {
        g_test_message("%s", unknown[i]);
        g_assert_false(query_days(unknown[i], &days));
    }
}

/* What is offered is understood, and means what its words say. */
static void
test_offered(void)
{
    static const struct {
        const char *help, *want;
    } cases[] = {
        { "since midnight", "2026-11-23 2026-11-24" },
        { "the day before today", "2026-11-22 2026-11-23" },
        { "the last 7 days and today", "2026-11-16 " },
        { "the last 30 days and today", "2026-10-24 " },
        { "the last 365 days and today", "2025-11-23 " },
        { "365 days ago and before", " 2025-11-24" },
    };
    const SearchWord *word = search_date_words;

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++, word++) {
        g_autofree char *query = g_strconcat("date:", word->text, NULL);

        g_assert_cmpstr(word->help, ==, cases[i].help);
        g_assert_true(search_check(query, NULL));
        assert_days(word->text, cases[i].want);
    }
    g_assert_null(word->text);
}

/* In winter and in summer. */
static void
test_begin(void)
{
    GDate day;

    g_date_clear(&day, 1);
    g_date_set_dmy(&day, 23, G_DATE_NOVEMBER, 2026);
    g_assert_cmpint(query_day_begin(&day), ==, 1795388400);
    g_date_set_dmy(&day, 23, G_DATE_JULY, 2026);
    g_assert_cmpint(query_day_begin(&day), ==, 1784757600);
}

int
main(int argc, char **argv)
{
    g_setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", TRUE);
    g_test_init(&argc, &argv, NULL);
    clock_pin(NOW);
    g_test_add_func("/core/query-date/days", test_days);
    g_test_add_func("/core/query-date/offered", test_offered);
    g_test_add_func("/core/query-date/begin", test_begin);
    return g_test_run();
}
