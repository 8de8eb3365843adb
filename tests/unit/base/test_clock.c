/* The pinned time of day, and the pauses between attempts (promise P36). */
#include "base/clock.h"

static void
test_pin(void)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;

    clock_pin(1700000000);
    g_assert_cmpint(clock_now(), ==, 1700000000);
    clock_pin(0);
    g_assert_cmpint(clock_now(), >=, now);
}

/* Each pause lies around twice the last one, and never above the most; no two
 * clients draw the same row of them. */
static void
test_backoff(void)
{
    gint64 middle = 8;
    guint differ = 0;

    for (guint failures = 1; failures < 40; failures++) {
        gint64 first = clock_backoff(failures, 8, 900);

        for (int i = 0; i < 200; i++) {
            gint64 pause = clock_backoff(failures, 8, 900);

            g_assert_cmpint(pause, >=, middle * 3 / 4);
            g_assert_cmpint(pause, <=, middle * 5 / 4);
            differ += pause != first;
        }
        middle = MIN(middle * 2, 900);
    }
    g_assert_cmpuint(differ, >, 1000);
    g_assert_cmpint(clock_backoff(G_MAXUINT, 8, 900), <=, 1125);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/clock/pin", test_pin);
    g_test_add_func("/base/clock/P36/backoff", test_backoff);
    return g_test_run();
}
