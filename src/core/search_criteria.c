/* notmuch's query language as criteria of SEARCH. A server finds parts of
 * words, and what it knows nothing of is refused, not passed over: it would
 * find other messages than were meant. */
#include "search_criteria.h"

#include "base/clock.h"
#include "base/err.h"
#include "sync/sync.h"

#include <stdio.h>
#include <string.h>

enum {
    DEEPEST = 20, /* of parentheses */
    DAY_SECONDS = 24 * 60 * 60
};

typedef struct {
    const char *at;
    int depth;
    const char *const *local_tags;
    char *folder;
    GError *error; /* the first; sticks */
} Query;

static char *read_or(Query *query);

static void
skip_blanks(Query *query)
{
    query->at += strspn(query->at, " \t\r\n");
}

static char *
refuse(Query *query, const char *what)
{
    if (query->error == NULL)
        err_set(&query->error, ERR_USAGE, "servers cannot be asked for %s",
                what);
    return NULL;
}

/* A word of letters that stands alone: and, or, not. */
static bool
is_operator(Query *query, const char *word)
{
    gsize size = strlen(word);

    skip_blanks(query);
    return g_ascii_strncasecmp(query->at, word, size) == 0
           && strchr(" \t\r\n(", query->at[size]) != NULL;
}

static bool
try_operator(Query *query, const char *word)
{
    bool there = is_operator(query, word);

    query->at += there ? strlen(word) : 0;
    return there;
}

static bool
try_sign(Query *query, char sign)
{
    bool there = *query->at == sign;

    query->at += there;
    return there;
}

/* A quoted string or all up to a blank or parenthesis. g_free(). */
static char *
read_value(Query *query)
{
    gsize size;

    if (*query->at != '"') {
        size = strcspn(query->at, " \t\r\n()");
        query->at += size;
        return g_strndup(query->at - size, size);
    }
    size = strcspn(++query->at, "\"");
    query->at += size + (query->at[size] == '"');
    return g_strndup(query->at - size - (query->at[-1] == '"'), size);
}

/* A string between quotes, as imap_search() takes it. */
static char *
quote(const char *text)
{
    GString *quoted = g_string_new("\"");

    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            g_string_append_c(quoted, '\\');
        g_string_append_c(quoted, *text);
    }
    g_string_append_c(quoted, '"');
    return g_string_free(quoted, FALSE);
}

static char *
key_of(const char *key, const char *value)
{
    g_autofree char *quoted = quote(value);

    return g_strdup_printf("%s %s", key, quoted);
}

/* A server looks for parts of words anyway: "frob*" is "frob". */
static char *
text_key(const char *value)
{
    gsize size = strlen(value);
    g_autofree char *word =
        g_strndup(value, size - (size > 1 && value[size - 1] == '*'));

    return strcmp(value, "*") == 0 ? g_strdup("ALL") : key_of("TEXT", word);
}

static char *
tag_key(Query *query, const char *value)
{
    static const char *const flags[][2] = {
        { "unread", "UNSEEN" },   { "flagged", "FLAGGED" },
        { "draft", "DRAFT" },     { "replied", "ANSWERED" },
        { "passed", "KEYWORD $Forwarded" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(flags); i++)
        if (strcmp(value, flags[i][0]) == 0)
            return g_strdup(flags[i][1]);
    if (strcmp(value, "attachment") == 0
        || !sync_tag_is_keyword(value, query->local_tags))
        return refuse(query, "this tag");
    return g_strdup_printf("KEYWORD %s", value);
}

static char *
recipient_key(Query *query, const char *value)
{
    g_autofree char *quoted = quote(value);

    return g_strdup_printf("OR TO %s CC %s", quoted, quoted);
}

static char *
id_key(Query *query, const char *value)
{
    g_autofree char *quoted = quote(value);

    return g_strdup_printf("HEADER MESSAGE-ID %s", quoted);
}

static char *
folder_key(Query *query, const char *value)
{
    if (query->folder && strcmp(query->folder, value) != 0)
        return refuse(query, "two folders at a time");
    g_free(query->folder);
    query->folder = g_strdup(value);
    return g_strdup("ALL");
}

/* "2026", "2026-11" or "2026-11-23": its first day, and the first behind it. */
static bool
parse_calendar(const char *text, GDate *from, GDate *to)
{
    guint year = 0, month = 0, day = 0;
    char rest = 0;
    int n = sscanf(text, "%4u-%2u-%2u%c", &year, &month, &day, &rest);

    if (n < 1 || n > 3 || strspn(text, "0123456789-") != strlen(text)
        || strlen(text) != (gsize[]){ 4, 7, 10 }[n - 1])
        return false;
    month = n >= 2 ? month : 1;
    day = n == 3 ? day : 1;
    if (!g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year)
        || year < 1900 || year > 9000)
        return false;
    g_date_set_dmy(from, (GDateDay)day, (GDateMonth)month, (GDateYear)year);
    *to = *from;
    if (n == 1)
        g_date_add_years(to, 1);
    else if (n == 2)
        g_date_add_months(to, 1);
    else
        g_date_add_days(to, 1);
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

/* "7d", "2weeks", "3_months", "1year" ago. */
static bool
parse_ago(const char *text, GDate *from)
{
    static const struct {
        const char *unit;
        guint days, months;
    } units[] = {
        { "d", 1, 0 },  { "day", 1, 0 },   { "w", 7, 0 },  { "week", 7, 0 },
        { "mo", 0, 1 }, { "month", 0, 1 }, { "y", 0, 12 }, { "year", 0, 12 },
    };
    char *unit;
    guint64 n = g_ascii_strtoull(text, &unit, 10);

    if (unit == text || n > 1000)
        return false;
    unit += strspn(unit, "_ ");
    set_today(from);
    for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
        gsize size = strlen(units[i].unit);

        if (g_ascii_strncasecmp(unit, units[i].unit, size) != 0
            || (unit[size] && g_ascii_strcasecmp(unit + size, "s") != 0))
            continue;
        g_date_subtract_days(from, (guint)n * units[i].days);
        g_date_subtract_months(from, (guint)n * units[i].months);
        return true;
    }
    return false;
}

static bool
parse_day(const char *text, GDate *from, GDate *to)
{
    bool yesterday = g_ascii_strcasecmp(text, "yesterday") == 0;

    if (parse_calendar(text, from, to))
        return true;
    if (yesterday || g_ascii_strcasecmp(text, "today") == 0) {
        set_today(from);
        g_date_subtract_days(from, yesterday);
    } else if (!parse_ago(text, from)) {
        return false;
    }
    *to = *from;
    g_date_add_days(to, 1);
    return true;
}

/* date: "23-Nov-2026", whatever the user's language is. */
static void
append_day(GString *keys, const char *key, const GDate *day)
{
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr",
                                          "May", "Jun", "Jul", "Aug",
                                          "Sep", "Oct", "Nov", "Dec" };

    g_string_append_printf(keys, "%s%s %u-%s-%u", keys->len ? " " : "", key,
                           g_date_get_day(day),
                           months[g_date_get_month(day) - 1],
                           g_date_get_year(day));
}

/* "DAY", "DAY..", "..DAY", "DAY..DAY" */
static char *
date_key(Query *query, const char *value)
{
    g_autoptr(GString) keys = g_string_new(NULL);
    const char *dots = strstr(value, "..");
    g_autofree char *first =
        dots ? g_strndup(value, (gsize)(dots - value)) : g_strdup(value);
    const char *last = dots ? dots + 2 : first;
    GDate from, to, other;

    g_date_clear(&from, 1);
    g_date_clear(&to, 1);
    g_date_clear(&other, 1);
    if ((*first && !parse_day(first, &from, &other))
        || (*last && !parse_day(last, &other, &to)) || (!*first && !*last))
        return refuse(query, "a date other than 2026, 2026-11, 2026-11-23, "
                             "today, yesterday or 2weeks, and from..to");
    if (*first)
        append_day(keys, "SENTSINCE", &from);
    if (*last)
        append_day(keys, "SENTBEFORE", &to);
    return g_string_free(g_steal_pointer(&keys), FALSE);
}

static const struct {
    const char *prefix;
    const char *key; /* followed by a string; or */
    char *(*make)(Query *query, const char *value);
} prefixes[] = {
    { "from:", "FROM", NULL },       { "to:", NULL, recipient_key },
    { "subject:", "SUBJECT", NULL }, { "body:", "BODY", NULL },
    { "tag:", NULL, tag_key },       { "is:", NULL, tag_key },
    { "has:", NULL, tag_key },       { "date:", NULL, date_key },
    { "id:", NULL, id_key },         { "mid:", NULL, id_key },
    { "folder:", NULL, folder_key },
};

static const char *const unasked[] = {
    "thread:",  "path:",       "property:", "auth:",  "mimetype:",
    "lastmod:", "attachment:", "query:",    "sexp:",
};

static char *
read_term(Query *query)
{
    g_autofree char *value = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(unasked); i++)
        if (g_str_has_prefix(query->at, unasked[i]))
            return refuse(query, unasked[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        if (!g_str_has_prefix(query->at, prefixes[i].prefix))
            continue;
        query->at += strlen(prefixes[i].prefix);
        value = read_value(query);
        return prefixes[i].key ? key_of(prefixes[i].key, value)
                               : prefixes[i].make(query, value);
    }
    value = read_value(query);
    return text_key(value);
}

static char *
read_group(Query *query)
{
    g_autofree char *inside = NULL;

    query->at++;
    if (++query->depth > DEEPEST)
        return refuse(query, "so many parentheses");
    inside = read_or(query);
    query->depth--;
    skip_blanks(query);
    if (inside && *query->at != ')')
        return refuse(query, "a parenthesis that is not closed");
    query->at += *query->at == ')';
    return inside ? g_strdup_printf("(%s)", inside) : NULL;
}

static char *
read_not(Query *query)
{
    bool had_folder = query->folder != NULL;
    g_autofree char *inside = NULL;
    bool negative = false;

    while (try_operator(query, "not") || try_sign(query, '-'))
        negative = !negative;
    try_sign(query, '+');
    if (*query->at == '\0' || *query->at == ')')
        return refuse(query, "nothing");
    inside = *query->at == '(' ? read_group(query) : read_term(query);
    if (inside == NULL || !negative)
        return g_steal_pointer(&inside);
    return query->folder && !had_folder
               ? refuse(query, "all but a folder")
               : g_strdup_printf("NOT (%s)", inside);
}

static char *
read_and(Query *query)
{
    g_autoptr(GString) keys = g_string_new(NULL);

    do {
        g_autofree char *key = NULL;

        try_operator(query, "and");
        key = read_not(query);
        if (key)
            g_string_append_printf(keys, "%s%s", keys->len ? " " : "", key);
    } while (query->error == NULL && !is_operator(query, "or") && *query->at
             && *query->at != ')');
    return query->error ? NULL : g_string_free(g_steal_pointer(&keys), FALSE);
}

static char *
read_or(Query *query)
{
    bool had_folder = query->folder != NULL;
    g_autofree char *keys = read_and(query);

    while (keys && try_operator(query, "or")) {
        g_autofree char *other = read_and(query);
        g_autofree char *left = g_steal_pointer(&keys);

        if (query->folder && !had_folder)
            refuse(query, "a folder or something else");
        else if (other)
            keys = g_strdup_printf("OR (%s) (%s)", left, other);
    }
    return g_steal_pointer(&keys);
}

char *
search_criteria(const char *query, const char *const *local_tags,
                char **folder, GError **error)
{
    Query parse = { .at = query, .local_tags = local_tags };
    g_autofree char *keys = read_or(&parse);

    skip_blanks(&parse);
    if (keys && *parse.at)
        refuse(&parse, "a parenthesis that was not opened");
    *folder = g_steal_pointer(&parse.folder);
    if (parse.error == NULL)
        return g_steal_pointer(&keys);
    g_clear_pointer(folder, g_free);
    g_propagate_error(error, parse.error);
    return NULL;
}
