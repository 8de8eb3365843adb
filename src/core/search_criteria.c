/* notmuch's query language as criteria of SEARCH. A server finds parts of
 * words, and what it knows nothing of is refused, not passed over: it would
 * find other messages than were meant. */
#include "search_criteria.h"

#include "base/err.h"
#include "query_date.h"
#include "query_parse.h"
#include "sync/sync.h"

#include <string.h>

/* What was read so far, while the rest is. */
typedef struct {
    const char *const *local_tags;
    char *folder;
    GError *error; /* the first; sticks */
} Criteria;

static char *
refuse(Criteria *criteria, const char *what)
{
    if (criteria->error == NULL)
        err_set(&criteria->error, ERR_USAGE, "servers cannot be asked for %s",
                what);
    return NULL;
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

/* A server looks for parts of words anyway: "frob*" is "frob". */
static char *
key_of(const char *key, const char *value)
{
    gsize size = strlen(value);
    g_autofree char *word =
        g_strndup(value, size - (size > 1 && value[size - 1] == '*'));
    g_autofree char *quoted = quote(word);

    return g_strdup_printf("%s %s", key, quoted);
}

static char *
text_key(Criteria *criteria, const char *value)
{
    return strcmp(value, "*") == 0 ? g_strdup("ALL") : key_of("TEXT", value);
}

static char *
tag_key(Criteria *criteria, const char *value)
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
        || !sync_tag_is_keyword(value, criteria->local_tags))
        return refuse(criteria, "this tag");
    return g_strdup_printf("KEYWORD %s", value);
}

static char *
recipient_key(Criteria *criteria, const char *value)
{
    g_autofree char *to = key_of("TO", value);
    g_autofree char *cc = key_of("CC", value);

    return g_strdup_printf("OR %s %s", to, cc);
}

static char *
id_key(Criteria *criteria, const char *value)
{
    g_autofree char *quoted = quote(value);

    return g_strdup_printf("HEADER MESSAGE-ID %s", quoted);
}

static char *
folder_key(Criteria *criteria, const char *value)
{
    if (criteria->folder && strcmp(criteria->folder, value) != 0)
        return refuse(criteria, "two folders at a time");
    g_free(criteria->folder);
    criteria->folder = g_strdup(value);
    return g_strdup("ALL");
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

static char *
date_key(Criteria *criteria, const char *value)
{
    g_autoptr(GString) keys = g_string_new(NULL);
    QueryDays days;

    if (!query_days(value, &days))
        return refuse(criteria,
                      "a date other than 2026, 2026-11, 2026-11-23, today, "
                      "yesterday, monday or 2weeks, and from..to");
    if (g_date_valid(&days.first))
        append_day(keys, "SENTSINCE", &days.first);
    if (g_date_valid(&days.behind))
        append_day(keys, "SENTBEFORE", &days.behind);
    return g_string_free(g_steal_pointer(&keys), FALSE);
}

static const struct {
    const char *prefix;
    const char *key; /* followed by a string; or */
    char *(*make)(Criteria *criteria, const char *value);
} prefixes[] = {
    { "", NULL, text_key },
    { "from:", "FROM", NULL },       { "to:", NULL, recipient_key },
    { "subject:", "SUBJECT", NULL }, { "body:", "BODY", NULL },
    { "tag:", NULL, tag_key },       { "is:", NULL, tag_key },
    { "has:", NULL, tag_key },       { "date:", NULL, date_key },
    { "id:", NULL, id_key },         { "mid:", NULL, id_key },
    { "folder:", NULL, folder_key },
};

static char *
term_key(Criteria *criteria, const QueryStep *term)
{
    bool names = strcmp(term->prefix, "folder:") == 0 || *term->prefix == '\0';

    if (*term->value == '/' && !names)
        return refuse(criteria, "a regular expression");
    if (*term->value == '\0' && !names)
        return refuse(criteria, "an empty field");
    for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (strcmp(term->prefix, prefixes[i].prefix) == 0)
            return prefixes[i].key ? key_of(prefixes[i].key, term->value)
                                   : prefixes[i].make(criteria, term->value);
    return refuse(criteria, term->prefix);
}

/* A part of the query. */
typedef struct {
    char *keys;
    bool either; /* it is an OR */
    bool folder; /* it asks for one */
} Part;

static void
part_clear(void *data)
{
    g_free(((Part *)data)->keys);
}

static char *
keys_of_both(const Part *one, const Part *two)
{
    return g_strdup_printf(one->either && two->either ? "(%s) (%s)"
                           : one->either              ? "(%s) %s"
                           : two->either              ? "%s (%s)"
                                                      : "%s %s",
                           one->keys, two->keys);
}

/* Two times the same, which is nothing to choose between. */
static bool
is_one_folder(const Part *both)
{
    return both[0].folder && both[1].folder && strcmp(both[0].keys, "ALL") == 0
           && strcmp(both[1].keys, "ALL") == 0;
}

/* One step of the query: parts are taken from the end and one is put there. */
static void
take_step(Criteria *criteria, const QueryStep *step, GArray *parts)
{
    guint operands = step->op == QUERY_TERM ? 0 : step->op == QUERY_NOT ? 1 : 2;
    const Part *one = (const Part *)parts->data + (parts->len - operands);
    Part made = { .either = step->op == QUERY_OR };

    for (guint i = 0; i < operands; i++)
        made.folder = made.folder || one[i].folder;
    if (step->op == QUERY_TERM) {
        made.keys = term_key(criteria, step);
        made.folder = strcmp(step->prefix, "folder:") == 0;
    } else if (step->op == QUERY_NOT) {
        made.keys = made.folder ? refuse(criteria, "all but a folder")
                                : g_strdup_printf("NOT (%s)", one->keys);
    } else if (step->op == QUERY_NEAR) {
        made.keys = refuse(criteria, "words near each other");
    } else if (step->op == QUERY_AND) {
        made.keys = keys_of_both(one, one + 1);
    } else {
        made.keys = made.folder && !is_one_folder(one)
                        ? refuse(criteria, "a folder or something else")
                        : g_strdup_printf("OR (%s) (%s)", one[0].keys,
                                          one[1].keys);
    }
    g_array_set_size(parts, parts->len - operands);
    g_array_append_val(parts, made);
}

char *
search_criteria(const char *query, const char *const *local_tags,
                char **folder, GError **error)
{
    Criteria criteria = { .local_tags = local_tags };
    g_autoptr(GArray) steps = query_parse(query, error);
    g_autoptr(GArray) parts = NULL;

    *folder = NULL;
    if (steps == NULL)
        return NULL;
    parts = g_array_sized_new(FALSE, FALSE, sizeof(Part), steps->len);
    g_array_set_clear_func(parts, part_clear);
    for (guint i = 0; i < steps->len && criteria.error == NULL; i++)
        take_step(&criteria, &g_array_index(steps, QueryStep, i), parts);
    if (criteria.error) {
        g_free(criteria.folder);
        g_propagate_error(error, criteria.error);
        return NULL;
    }
    *folder = criteria.folder;
    return g_steal_pointer(&g_array_index(parts, Part, 0).keys);
}
