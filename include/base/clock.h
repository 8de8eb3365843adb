/* The time of day, which a demo or a test may pin so that screens are the same
 * on every run. Durations and timeouts use g_get_monotonic_time() instead. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <glib.h>

/* Seconds since 1970, UTC; the pinned time where clock_pin() was called. */
gint64 clock_now(void);

/* "05:58", by the clock of the wall; "" for no time there is. g_free(). */
char *clock_text(gint64 time);

/* Pins clock_now(); 0 lets it run again. Main thread, at start. */
void clock_pin(gint64 now);

/* Seconds to wait after so many failures in a row, 1 or more: first, doubled up
 * to most, varied by a quarter either way so that not all who lost a server
 * come back together. */
gint64 clock_backoff(guint failures, gint64 first, gint64 most);

#endif
