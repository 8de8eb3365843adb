/* The time of day, which may be pinned. */
#include "base/clock.h"

static gint64 pinned;

gint64
clock_now(void)
{
    return pinned ? pinned : g_get_real_time() / G_USEC_PER_SEC;
}

char *
clock_text(gint64 time)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_local(time);

    return date ? g_date_time_format(date, "%H:%M") : g_strdup("");
}

void
clock_pin(gint64 now)
{
    pinned = now;
}

gint64
clock_backoff(guint failures, gint64 first, gint64 most)
{
    gint64 pause = first;

    while (failures-- > 1 && pause < most)
        pause *= 2;
    return MIN(pause, most) * g_random_int_range(75, 126) / 100;
}
