/* notmuch's query language read by recursive descent:
 *
 *     or   = and *( "or" and )
 *     and  = not *( [ "and" ] not )
 *     not  = *( "not" / "-" ) ( "(" or ")" / term )
 *     term = [ prefix ":" ] ( DQUOTE … DQUOTE / word )
 */
#include "query_parse.h"

#include "base/err.h"

#include <stdbool.h>
#include <string.h>

#define BLANKS " \t\r\n"

enum {
    DEEPEST = 20 /* of parentheses */
};

static const char *const prefixes[] = {
    "from:",     "to:",      "subject:",    "body:",     "tag:",
    "is:",       "has:",     "date:",       "id:",       "mid:",
    "folder:",   "thread:",  "path:",       "property:", "auth:",
    "mimetype:", "lastmod:", "attachment:", "query:",    "sexp:",
};

typedef struct {
    const char *at;
    int depth;
    GArray *steps;
    GError *error; /* the first; sticks */
} Reader;

static void read_or(Reader *reader);

static void
fail(Reader *reader, const char *what)
{
    if (reader->error == NULL)
        err_set(&reader->error, ERR_USAGE, "the query has %s", what);
}

static void
add_step(Reader *reader, QueryOp op, bool implied)
{
    QueryStep step = { .op = op, .implied = implied };

    g_array_append_val(reader->steps, step);
}

static void
skip_blanks(Reader *reader)
{
    reader->at += strspn(reader->at, BLANKS);
}

/* A word of letters that stands alone: and, or, not. */
static bool
is_operator(Reader *reader, const char *word)
{
    gsize size = strlen(word);

    skip_blanks(reader);
    return g_ascii_strncasecmp(reader->at, word, size) == 0
           && strchr(BLANKS "(", reader->at[size]) != NULL;
}

static bool
try_operator(Reader *reader, const char *word)
{
    bool there = is_operator(reader, word);

    reader->at += there ? strlen(word) : 0;
    return there;
}

static bool
try_sign(Reader *reader, char sign)
{
    bool there = *reader->at == sign;

    reader->at += there;
    return there;
}

/* One that stands alone is no sign. */
static bool
try_minus(Reader *reader)
{
    return *reader->at == '-' && strchr(BLANKS ")", reader->at[1]) == NULL
           && try_sign(reader, '-');
}

/* What stands in quotes, where two are one, or all up to a blank or
 * parenthesis. g_free(). */
static char *
read_value(Reader *reader)
{
    GString *value = g_string_new(NULL);

    if (!try_sign(reader, '"')) {
        gsize size = strcspn(reader->at, BLANKS "()");

        g_string_append_len(value, reader->at, (gssize)size);
        reader->at += size;
        return g_string_free(value, FALSE);
    }
    while (*reader->at) {
        if (try_sign(reader, '"') && *reader->at != '"')
            break;
        g_string_append_c(value, *reader->at++);
    }
    return g_string_free(value, FALSE);
}

static void
read_term(Reader *reader)
{
    QueryStep term = { .op = QUERY_TERM, .prefix = "" };

    for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_str_has_prefix(reader->at, prefixes[i]))
            term.prefix = prefixes[i];
    reader->at += strlen(term.prefix);
    term.value = read_value(reader);
    g_array_append_val(reader->steps, term);
}

static void
read_group(Reader *reader)
{
    reader->at++;
    if (++reader->depth > DEEPEST) {
        fail(reader, "too many parentheses");
        return;
    }
    read_or(reader);
    reader->depth--;
    skip_blanks(reader);
    if (!try_sign(reader, ')'))
        fail(reader, "a parenthesis that is not closed");
}

static void
read_not(Reader *reader)
{
    bool negative = false;

    while (try_operator(reader, "not") || try_minus(reader))
        negative = !negative;
    try_sign(reader, '+');
    if (*reader->at == '\0' || *reader->at == ')')
        fail(reader, "nothing where something to search for is due");
    else if (*reader->at == '(')
        read_group(reader);
    else
        read_term(reader);
    if (negative)
        add_step(reader, QUERY_NOT, false);
}

static bool
part_ends(Reader *reader)
{
    return reader->error || is_operator(reader, "or") || *reader->at == '\0'
           || *reader->at == ')';
}

static void
read_and(Reader *reader)
{
    read_not(reader);
    while (!part_ends(reader)) {
        bool implied = !try_operator(reader, "and");

        read_not(reader);
        add_step(reader, QUERY_AND, implied);
    }
}

static void
read_or(Reader *reader)
{
    read_and(reader);
    while (reader->error == NULL && try_operator(reader, "or")) {
        read_and(reader);
        add_step(reader, QUERY_OR, false);
    }
}

static void
step_clear(void *data)
{
    g_free(((QueryStep *)data)->value);
}

guint
query_operands(QueryOp op)
{
    return op == QUERY_TERM ? 0 : op == QUERY_NOT ? 1 : 2;
}

GArray *
query_parse(const char *query, GError **error)
{
    Reader reader = { .at = query,
                      .steps = g_array_new(FALSE, FALSE, sizeof(QueryStep)) };

    g_array_set_clear_func(reader.steps, step_clear);
    read_or(&reader);
    skip_blanks(&reader);
    if (*reader.at)
        fail(&reader, "a parenthesis that was not opened");
    if (reader.error == NULL)
        return reader.steps;
    g_array_unref(reader.steps);
    g_propagate_error(error, reader.error);
    return NULL;
}
