/* Days of a query. What is rounded, and how, was read off notmuch's answers. */
#include "query_date.h"

#include "base/clock.h"
#include "core/search.h"

#include <stdio.h>
#include <string.h>

enum {
    LONGEST_AGO = 1000
};

const SearchWord search_date_words[] = {
    { "today", "since midnight" },
    { "yesterday", "the day before today" },
    { "7d..", "the last 7 days and today" },
    { "30d..", "the last 30 days and today" },
    { "365d..", "the last 365 days and today" },
    { "..365d", "365 days ago and before" },
    { NULL, NULL },
};

static void
add(GDate *date, GDateDMY unit, guint n)
{
    if (unit == G_DATE_DAY)
        g_date_add_days(date, n);
    else if (unit == G_DATE_MONTH)
        g_date_add_months(date, n);
    else
        g_date_add_years(date, n);
}

/* "2026", "2026-11" or "2026-11-23" */
static bool
parse_calendar(const char *text, QueryDays *days)
{
    static const GDateDMY units[] = { G_DATE_YEAR, G_DATE_MONTH, G_DATE_DAY };
    guint year = 0, month = 1, day = 1;
    char rest = 0;
    int n = sscanf(text, "%4u-%2u-%2u%c", &year, &month, &day, &rest);

    if (n < 1 || n > 3 || strspn(text, "0123456789-") != strlen(text)
        || strlen(text) != (gsize[]){ 4, 7, 10 }[n - 1]
        || !g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year)
        || year < 1900 || year > 9000)
        return false;
    g_date_set_dmy(&days->first, (GDateDay)day, (GDateMonth)month,
                   (GDateYear)year);
    days->behind = days->first;
    add(&days->behind, units[n - 1], 1);
    return true;
}

static void
set_today(GDate *date)
{
    g_autoptr(GDateTime) now = g_date_time_new_from_unix_local(clock_now());
    int year, month, day;

    g_date_time_get_ymd(now, &year, &month, &day);
    g_date_set_dmy(date, (GDateDay)day, (GDateMonth)month, (GDateYear)year);
}

static void
set_ago(QueryDays *days, char unit, guint n)
{
    GDate *first = &days->first;

    set_today(first);
    if (unit == 'd') {
        g_date_subtract_days(first, n);
    } else if (unit == 'w') {
        g_date_subtract_days(first, g_date_get_weekday(first) % 7 + 7 * n);
    } else {
        g_date_set_day(first, 1);
        g_date_subtract_months(first, unit == 'm' ? n : 0);
        g_date_subtract_years(first, unit == 'y' ? n : 0);
        g_date_set_month(first, unit == 'y' ? G_DATE_JANUARY
                                            : g_date_get_month(first));
    }
    days->behind = *first;
    if (unit == 'd' || unit == 'w')
        g_date_add_days(&days->behind, unit == 'w' ? 7 : 1);
    else
        add(&days->behind, unit == 'm' ? G_DATE_MONTH : G_DATE_YEAR, 1);
}

/* "7d", "2weeks", "3_months", "1year" */
static bool
parse_ago(const char *text, QueryDays *days)
{
    static const char *const units[] = { "d",  "day",   "w", "week",
                                         "mo", "month", "y", "year" };
    char *unit;
    guint64 n = g_ascii_strtoull(text, &unit, 10);

    if (!g_ascii_isdigit(*text) || n > LONGEST_AGO)
        return false;
    unit += strspn(unit, "_ ");
    for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
        gsize size = strlen(units[i]);

        if (g_ascii_strncasecmp(unit, units[i], size) != 0
            || (unit[size] && g_ascii_strcasecmp(unit + size, "s") != 0))
            continue;
        set_ago(days, units[i][0], (guint)n);
        return true;
    }
    return false;
}

/* "monday" or "mon": that before today. */
static bool
parse_weekday(const char *text, QueryDays *days)
{
    static const char *const names[] = { "monday",   "tuesday", "wednesday",
                                         "thursday", "friday",  "saturday",
                                         "sunday" };
    GDate today;

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *brief = g_strndup(names[i], 3);

        if (g_ascii_strcasecmp(text, names[i]) != 0
            && g_ascii_strcasecmp(text, brief) != 0)
            continue;
        set_today(&today);
        set_ago(days, 'd', (g_date_get_weekday(&today) + 5 - i) % 7 + 1);
        return true;
    }
    return false;
}

static bool
parse_day(const char *text, QueryDays *days)
{
    bool yesterday = g_ascii_strcasecmp(text, "yesterday") == 0;

    if (yesterday || g_ascii_strcasecmp(text, "today") == 0) {
        set_ago(days, 'd', yesterday);
        return true;
    }
    return parse_calendar(text, days) || parse_ago(text, days)
           || parse_weekday(text, days);
}

bool
query_days(const char *value, QueryDays *days)
{
    const char *dots = strstr(value, "..");
    g_autofree char *from =
        dots ? g_strndup(value, (gsize)(dots - value)) : g_strdup(value);
    const char *to = dots ? dots + 2 : from;
    QueryDays first, last;

    g_date_clear(&days->first, 1);
    g_date_clear(&days->behind, 1);
    if ((!*from && !*to) || (*from && !parse_day(from, &first))
        || (*to && !parse_day(to, &last)))
        return false;
    if (*from)
        days->first = first.first;
    if (*to)
        days->behind = last.behind;
    return true;
}

gint64
query_day_begin(const GDate *day)
{
    g_autoptr(GDateTime) begin = g_date_time_new_local(
        g_date_get_year(day), (int)g_date_get_month(day), g_date_get_day(day),
        0, 0, 0);

    return g_date_time_to_unix(begin);
}
