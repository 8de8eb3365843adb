/* What date: means in a query, for what is not notmuch. */
#ifndef CORE_QUERY_DATE_H
#define CORE_QUERY_DATE_H

#include <glib.h>
#include <stdbool.h>

/* Local days; one that is not valid is open. */
typedef struct {
    GDate first;
    GDate behind; /* the day after the last */
} QueryDays;

/* "DAY", "DAY..", "..DAY" or "DAY..DAY", a DAY as notmuch has it: 2026,
 * 2026-11, 2026-11-23, today, yesterday, monday (the last before today), or the
 * day, the week from Sunday, the month or the year that was so many ago: 2d,
 * 3weeks, 1_month, 1year. false: none of these, though notmuch may know it.
 * Any thread. */
bool query_days(const char *value, QueryDays *days);

/* When a day begins here, in Unix time. */
gint64 query_day_begin(const GDate *day);

#endif
