/* Values by type. */
#include "cmd/value.h"

#include "base/clock.h"
#include "base/err.h"

#include <stdio.h>
#include <string.h>

/* Digits, then a unit of the table; nothing behind. */
static bool
parse_scaled(const char *text, const char *units, const gint64 *factors,
             gint64 *value)
{
    char *end;
    guint64 number;
    const char *unit;

    if (!g_ascii_isdigit(*text))
        return false;
    number = g_ascii_strtoull(text, &end, 10);
    if (number > G_MAXINT32 && *end && *end != 'B')
        return false;
    *value = (gint64)MIN(number, (guint64)G_MAXINT64);
    if (*end == '\0')
        return true;
    unit = strchr(units, g_ascii_tolower(*end));
    if (unit == NULL || end[1] != '\0')
        return false;
    *value *= factors[unit - units];
    return true;
}

bool
cmd_parse_duration(const char *text, gint64 *seconds)
{
    static const gint64 factors[] = { 1, 60, 3600, 86400, 604800 };

    return parse_scaled(text, "smhdw", factors, seconds);
}

static bool
parse_size(const char *text, gint64 *size)
{
    static const gint64 factors[] = { 1, 1 << 10, 1 << 20, 1 << 30 };

    return parse_scaled(text, "bkmg", factors, size);
}

static bool
parse_bool(const char *text, gint64 *value)
{
    static const char *const words[] = { "off", "on",    "no",
                                         "yes", "false", "true" };

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (strcmp(text, words[i]) == 0) {
            *value = i % 2;
            return true;
        }
    return false;
}

static bool
parse_int(const char *text, gint64 *value)
{
    char *end;

    *value = g_ascii_strtoll(text, &end, 10);
    return end != text && *end == '\0';
}

/* "9:00" or "09:30"; -1 when not. Minutes of the day. */
static int
parse_clock(const char *text)
{
    guint hour, minute;
    int used = 0;

    if (sscanf(text, "%2u:%2u%n", &hour, &minute, &used) != 2
        || text[used] != '\0' || hour > 23 || minute > 59)
        return -1;
    return (int)(hour * 60 + minute);
}

/* Days from now that a word means; -1 when it means none. */
static int
parse_day(const char *word, const GDateTime *now)
{
    static const char *const days[] = { "mon", "tue", "wed", "thu",
                                        "fri", "sat", "sun" };
    int today = g_date_time_get_day_of_week((GDateTime *)now);

    if (g_ascii_strcasecmp(word, "today") == 0)
        return 0;
    if (g_ascii_strcasecmp(word, "tomorrow") == 0)
        return 1;
    for (int i = 0; i < 7; i++)
        if (g_ascii_strncasecmp(word, days[i], 3) == 0)
            return (i + 1 - today + 7) % 7;
    return -1;
}

static bool
parse_day_and_clock(const char *text, GDateTime *now, gint64 *time)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    guint n = g_strv_length(words);
    int days = n > 0 ? parse_day(words[0], now) : -1;
    int minutes = 9 * 60;
    bool has_day = days >= 0;
    gint64 start = g_date_time_to_unix(now);

    if (n == 0 || n > 2 || (n == 2 && !has_day))
        return false;
    if (n == 2 || !has_day)
        minutes = parse_clock(words[n - 1]);
    if (minutes < 0)
        return false;
    for (int step = MAX(days, 0);; step += has_day ? 7 : 1) {
        g_autoptr(GDateTime) day = g_date_time_add_days(now, step);
        g_autoptr(GDateTime) at = g_date_time_new_local(
            g_date_time_get_year(day), g_date_time_get_month(day),
            g_date_time_get_day_of_month(day), minutes / 60, minutes % 60, 0);

        *time = at ? g_date_time_to_unix(at) : 0;
        if (*time > start)
            return true;
    }
}

static bool
parse_iso(const char *text, gint64 *time)
{
    g_autofree char *form = g_strdup(text);
    g_autoptr(GTimeZone) local = g_time_zone_new_local();
    g_autoptr(GDateTime) date = NULL;

    if (strlen(form) == 16) { /* 2026-11-23 09:00 */
        g_autofree char *longer = g_strconcat(form, ":00", NULL);

        date = g_date_time_new_from_iso8601(longer, local);
    } else {
        date = g_date_time_new_from_iso8601(form, local);
    }
    if (date)
        *time = g_date_time_to_unix(date);
    return date != NULL;
}

bool
cmd_parse_time(const char *text, gint64 now, gint64 *time)
{
    g_autoptr(GDateTime) local = g_date_time_new_from_unix_local(now);
    gint64 seconds;

    if (*text == '+' && cmd_parse_duration(text + 1, &seconds)) {
        *time = now + seconds;
        return true;
    }
    return parse_iso(text, time)
           || (local && parse_day_and_clock(text, local, time));
}

static bool
parse_time_now(const char *text, gint64 *time)
{
    return cmd_parse_time(text, clock_now(), time);
}

static const struct {
    CmdType type;
    const char *name;
    bool (*parse)(const char *text, gint64 *value); /* NULL: any text */
    const char *takes;
} types[] = {
    { CMD_BOOL, "on|off", parse_bool, "on or off" },
    { CMD_INT, "NUMBER", parse_int, "a number" },
    { CMD_STRING, "TEXT", NULL, NULL },
    { CMD_CHOICE, "WORD", NULL, NULL },
    { CMD_SIZE, "SIZE", parse_size, "a size such as 10K or 5M" },
    { CMD_DURATION, "DURATION", cmd_parse_duration,
      "a duration such as 10s, 5m, 2h or 3d" },
    { CMD_TIME, "TIME", parse_time_now,
      "a time such as +2h, \"mon 9:00\" or 2026-11-23T09:00:00Z" },
    { CMD_QUERY, "QUERY", NULL, NULL },
    { CMD_FOLDER, "FOLDER", NULL, NULL },
    { CMD_ACCOUNT, "ACCOUNT", NULL, NULL },
    { CMD_TAG, "TAG", NULL, NULL },
    { CMD_ADDRESS, "ADDRESS", NULL, NULL },
    { CMD_PATH, "PATH", NULL, NULL },
    { CMD_COMMAND, "COMMAND", NULL, NULL },
    { CMD_BLOCK, "{ … }", NULL, NULL },
    { CMD_OPTION, "OPTION", NULL, NULL },
    { CMD_EVENT, "EVENT", NULL, NULL },
};

static bool
check_choice(const char *const *choices, const char *text, GError **error)
{
    g_autofree char *all = NULL;

    if (g_strv_contains(choices, text))
        return true;
    all = g_strjoinv(", ", (char **)choices);
    return err_set(error, ERR_USAGE, "one of %s", all);
}

bool
cmd_value_check(CmdType type, const char *const *choices, const char *text,
                GError **error)
{
    gint64 value;

    if (type == CMD_CHOICE)
        return check_choice(choices, text, error);
    if (types[type].parse == NULL || types[type].parse(text, &value))
        return true;
    return err_set(error, ERR_USAGE, "%s", types[type].takes);
}

gint64
cmd_value_int(CmdType type, const char *text)
{
    gint64 value = 0;

    if (text && types[type].parse)
        types[type].parse(text, &value);
    return value;
}

const char *
cmd_type_name(CmdType type)
{
    return types[type].name;
}
