/* The time of day, which a demo or a test may pin so that screens are the same
 * on every run. Durations and timeouts use g_get_monotonic_time() instead. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <glib.h>

/* Seconds since 1970, UTC; the pinned time where clock_pin() was called. */
gint64 clock_now(void);

/* Pins clock_now(); 0 lets it run again. Main thread, at start. */
void clock_pin(gint64 now);

#endif
