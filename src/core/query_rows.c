/* Queries as rows are asked them: a table of the prefixes that they know. */
#include "query_rows.h"

#include "query.h"
#include "query_date.h"
#include "query_parse.h"
#include "tags.h"

#include <regex.h>
#include <string.h>

static void
term_clear(void *data)
{
    g_free(((StoreTerm *)data)->text);
}

static void
add(GArray *terms, StoreTermKind kind, const char *text, gint64 number)
{
    StoreTerm term = { kind, g_strdup(text), number };

    g_array_append_val(terms, term);
}

/* "frob*" is any word that begins so. */
static void
add_text(GArray *terms, StoreTermKind kind, const char *value)
{
    bool begins = g_str_has_suffix(value, "*");
    g_autofree char *text = g_strndup(value, strlen(value) - begins);

    add(terms, kind, text, begins ? STORE_TERM_BEGINS : STORE_TERM_WHOLE);
}

static void
add_tag(GArray *terms, const char *tag)
{
    bool inverse = false;
    unsigned flag = tag_flag(tag, &inverse);

    if (strcmp(tag, "attachment") == 0)
        flag = STORE_FLAG_ATTACHMENT;
    add(terms, flag ? STORE_TERM_FLAG : STORE_TERM_TAG, tag, flag);
    if (inverse)
        add(terms, STORE_TERM_NOT, NULL, 0);
}

/* That of id 0 has no rows. */
static void
add_folders(GArray *terms, const char *name, const GPtrArray *folders)
{
    g_autoptr(GPtrArray) meant = query_folders(name, folders);

    add(terms, STORE_TERM_FOLDER, NULL, 0);
    for (guint i = 0; i < meant->len; i++) {
        const StoreFolder *folder = meant->pdata[i];

        add(terms, STORE_TERM_FOLDER, NULL, folder->id);
        add(terms, STORE_TERM_OR, NULL, 0);
    }
}

/* "/…/" as notmuch reads it: what a path has somewhere. false: wrong. */
static bool
add_folders_like(GArray *terms, const char *value, const GPtrArray *folders)
{
    g_autofree char *pattern = g_strndup(value + 1, strlen(value) - 2);
    regex_t regex;

    if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    add(terms, STORE_TERM_FOLDER, NULL, 0);
    for (guint i = 0; i < folders->len; i++) {
        const StoreFolder *folder = folders->pdata[i];

        if (regexec(&regex, folder->path, 0, NULL, 0) != 0)
            continue;
        add(terms, STORE_TERM_FOLDER, NULL, folder->id);
        add(terms, STORE_TERM_OR, NULL, 0);
    }
    regfree(&regex);
    return true;
}

/* false: notmuch may know such a date, rows do not. */
static bool
add_days(GArray *terms, const char *value)
{
    QueryDays days;
    bool known = query_days(value, &days);
    bool since = known && g_date_valid(&days.first);
    bool before = known && g_date_valid(&days.behind);

    if (since)
        add(terms, STORE_TERM_SINCE, NULL, query_day_begin(&days.first));
    if (before)
        add(terms, STORE_TERM_BEFORE, NULL, query_day_begin(&days.behind));
    if (since && before)
        add(terms, STORE_TERM_AND, NULL, 0);
    return known;
}

static const struct {
    const char *prefix;
    StoreTermKind kind;
} prefixes[] = {
    { "", STORE_TERM_TEXT },    { "from:", STORE_TERM_FROM },
    { "to:", STORE_TERM_TO },   { "subject:", STORE_TERM_SUBJECT },
    { "id:", STORE_TERM_ID },   { "mid:", STORE_TERM_ID },
    { "tag:", STORE_TERM_TAG }, { "is:", STORE_TERM_TAG },
    { "has:", STORE_TERM_TAG }, { "folder:", STORE_TERM_FOLDER },
    { "date:", STORE_TERM_SINCE },
};

/* -1: rows do not know the prefix. */
static int
kind_of(const QueryStep *term)
{
    for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (strcmp(prefixes[i].prefix, term->prefix) == 0)
            return (int)prefixes[i].kind;
    return -1;
}

/* Of which rows have the beginning alone. */
static bool
is_text(const QueryStep *term)
{
    return kind_of(term) <= STORE_TERM_SUBJECT;
}

/* Nothing to look for, such as a variable that was empty, is not everything,
 * nor is an @ without words; "*" is what the index has. What stands between
 * slashes is a regular expression. */
static bool
is_known(const QueryStep *term)
{
    return query_has_word(term->value)
           && (*term->prefix == '\0' || *term->value != '/');
}

/* false: rows do not know such a thing. */
static bool
add_term(GArray *terms, const QueryStep *term, const GPtrArray *folders)
{
    int kind = kind_of(term);

    if (kind < 0 || !is_known(term))
        return false;
    if (kind == STORE_TERM_SINCE)
        return add_days(terms, term->value);
    if (kind == STORE_TERM_TAG)
        add_tag(terms, term->value);
    else if (kind == STORE_TERM_FOLDER)
        add_folders(terms, term->value, folders);
    else if (kind == STORE_TERM_ID)
        add(terms, STORE_TERM_ID, term->value, 0);
    else
        add_text(terms, (StoreTermKind)kind, term->value);
    return true;
}

static bool
add_step(GArray *terms, const QueryStep *step, const GPtrArray *folders)
{
    static const StoreTermKind operations[] = {
        [QUERY_NOT] = STORE_TERM_NOT,
        [QUERY_AND] = STORE_TERM_AND,
        [QUERY_OR] = STORE_TERM_OR,
    };

    if (step->op == QUERY_TERM)
        return add_term(terms, step, folders);
    if (step->op == QUERY_NEAR)
        return false;
    add(terms, operations[step->op], NULL, 0);
    return true;
}

/* Who asks for messages without a word means their whole texts and all forms of
 * the word: what rows do not have is no answer. */
static bool
denies_text(const GArray *steps)
{
    g_autofree bool *text = g_new(bool, steps->len); /* a stack of parts */
    bool denies = false;
    guint n = 0;

    for (guint i = 0; i < steps->len; i++) {
        const QueryStep *step = &g_array_index(steps, QueryStep, i);

        if (step->op == QUERY_TERM) {
            text[n++] = is_text(step);
        } else if (step->op == QUERY_NOT) {
            denies = denies || text[n - 1];
        } else {
            n--;
            text[n - 1] = text[n - 1] || text[n];
        }
    }
    return denies;
}

GArray *
query_row_terms(const char *query, const GPtrArray *folders)
{
    g_autoptr(GArray) steps = query_parse(query, NULL);
    g_autoptr(GArray) terms = g_array_new(FALSE, FALSE, sizeof(StoreTerm));

    g_array_set_clear_func(terms, term_clear);
    if (steps == NULL || denies_text(steps))
        return NULL;
    for (guint i = 0; i < steps->len; i++)
        if (!add_step(terms, &g_array_index(steps, QueryStep, i), folders))
            return NULL;
    return g_steal_pointer(&terms);
}

static bool
is_regex(const QueryStep *term)
{
    gsize size = strlen(term->value);

    return !term->quoted && size > 2 && *term->value == '/'
           && term->value[size - 1] == '/';
}

/* What a row alone decides: not the text or the date, which are those of all
 * copies of the message. */
static bool
add_sure(GArray *terms, const QueryStep *term, const GPtrArray *folders)
{
    int kind = kind_of(term);

    if (kind == STORE_TERM_FOLDER && is_regex(term))
        return add_folders_like(terms, term->value, folders);
    return (kind == STORE_TERM_FOLDER || kind == STORE_TERM_TAG)
           && is_known(term) && add_term(terms, term, folders);
}

GArray *
query_row_doubts(const char *query, const GPtrArray *folders)
{
    g_autoptr(GArray) steps = query_parse(query, NULL);
    GArray *terms = g_array_new(FALSE, FALSE, sizeof(StoreTerm));

    g_array_set_clear_func(terms, term_clear);
    for (guint i = 0; steps && i < steps->len; i++) {
        const QueryStep *step = &g_array_index(steps, QueryStep, i);

        if (step->op == QUERY_NEAR)
            add(terms, STORE_TERM_AND, NULL, 0);
        else if (step->op != QUERY_TERM)
            add_step(terms, step, folders);
        else if (!add_sure(terms, step, folders))
            add(terms, STORE_TERM_MAYBE, NULL, 0);
    }
    if (terms->len == 0)
        add(terms, STORE_TERM_MAYBE, NULL, 0);
    return terms;
}
