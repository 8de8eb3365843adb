/* Values by type. Times are told from Wednesday, 2026-11-25, 10:00 UTC. */
#include "cmd/value.h"

#include "base/err.h"
#include "tell.h"

enum {
    NOW = 1795600800
};

static void
test_duration(void)
{
    static const struct {
        const char *text;
        gint64 seconds; /* -1: refused */
    } rows[] = {
        { "10", 10 },     { "10s", 10 },
        { "5m", 300 },    { "2h", 7200 },
        { "3d", 259200 }, { "1w", 604800 },
        { "0", 0 },       { "2H", 7200 },
        { "", -1 },       { "m", -1 },
        { "5x", -1 },     { "5mm", -1 },
        { "-5", -1 },     { " 5", -1 },
        { "5 m", -1 },    { "99999999999999999999w", -1 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        gint64 seconds = -1;
        bool ok = cmd_parse_duration(rows[i].text, &seconds);

        g_assert_cmpint(ok, ==, rows[i].seconds >= 0);
        if (ok)
            g_assert_cmpint(seconds, ==, rows[i].seconds);
    }
}

static void
test_time(void)
{
    static const struct {
        const char *text;
        gint64 time; /* 0: refused */
    } rows[] = {
        { "+2h", NOW + 7200 },
        { "2026-11-23T09:00:00Z", 1795424400 },
        { "2026-11-23T10:00:00+01:00", 1795424400 },
        { "2026-11-23 09:00", 1795424400 },
        { "11:00", NOW + 3600 },
        { "09:00", NOW + 23 * 3600 }, /* past: the next one */
        { "10:00", NOW + 24 * 3600 }, /* now is past */
        { "today 12:30", NOW + 9000 },
        { "tomorrow 9:00", NOW + 23 * 3600 },
        { "fri 10:00", NOW + 2 * 86400 },
        { "mon 9:00", NOW + 5 * 86400 - 3600 },
        { "wed 9:00", NOW + 7 * 86400 - 3600 },
        { "wed 11:00", NOW + 3600 },
        { "Friday", NOW + 2 * 86400 - 3600 }, /* nine o'clock */
        { "", 0 },
        { "soon", 0 },
        { "25:00", 0 },
        { "9:60", 0 },
        { "mon tue", 0 },
        { "mon 9:00 x", 0 },
        { "+", 0 },
        { "2026-13-01", 0 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        gint64 time = 0;

        tell(rows[i].text);
        g_assert_cmpint(cmd_parse_time(rows[i].text, NOW, &time), ==,
                        rows[i].time != 0);
        if (rows[i].time)
            g_assert_cmpint(time, ==, rows[i].time);
    }
}

static void
test_check(void)
{
    static const char *const choices[] = { "auto", "dark", NULL };
    static const struct {
        CmdType type;
        const char *text;
        bool ok;
        gint64 value;
    } rows[] = {
        { CMD_BOOL, "on", true, 1 },      { CMD_BOOL, "off", true, 0 },
        { CMD_BOOL, "yes", true, 1 },     { CMD_BOOL, "maybe", false, 0 },
        { CMD_BOOL, "", false, 0 },       { CMD_INT, "-42", true, -42 },
        { CMD_INT, "4x", false, 0 },      { CMD_INT, "", false, 0 },
        { CMD_SIZE, "10K", true, 10240 }, { CMD_SIZE, "5m", true, 5 << 20 },
        { CMD_SIZE, "7", true, 7 },       { CMD_SIZE, "7X", false, 0 },
        { CMD_CHOICE, "dark", true, 0 },  { CMD_CHOICE, "drak", false, 0 },
        { CMD_STRING, "", true, 0 },      { CMD_QUERY, "a and (", true, 0 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        bool ok = cmd_value_check(rows[i].type, choices, rows[i].text, &error);

        g_assert_cmpint(ok, ==, rows[i].ok);
        if (!ok)
            g_assert_true(err_is(error, ERR_USAGE));
        else
            g_assert_cmpint(cmd_value_int(rows[i].type, rows[i].text), ==,
                            rows[i].value);
    }
}

int
main(int argc, char **argv)
{
    g_setenv("TZ", "UTC", TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cmd/value/duration", test_duration);
    g_test_add_func("/cmd/value/time", test_time);
    g_test_add_func("/cmd/value/check", test_check);
    return g_test_run();
}
