/* The time of day, which may be pinned. */
#include "base/clock.h"

static gint64 pinned;

gint64
clock_now(void)
{
    return pinned ? pinned : g_get_real_time() / G_USEC_PER_SEC;
}

void
clock_pin(gint64 now)
{
    pinned = now;
}
