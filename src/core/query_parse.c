/* notmuch's query language read by recursive descent:
 *
 *     or     = and *( "or" and )
 *     and    = not *( [ "and" ] not )
 *     not    = *"not" beside
 *     beside = 1*( *( "-" / "+" ) ( group / near ) )
 *     group  = [ prefix ":" ] "(" or ")"
 *     near   = term *( ( "near" / "adj" ) [ "/" number ] term )
 *     term   = [ prefix ":" ] ( DQUOTE … DQUOTE / word )
 *
 * What stands beside each other is meant all, but of terms with one prefix of
 * which a message has one value, or a set, either: "tag:a x tag:b" is "x and
 * (tag:a or tag:b)". "not" is of all that stand beside each other behind it.
 * "*" is every message.
 */
#include "query_parse.h"

#include "base/err.h"

#include <stdbool.h>
#include <string.h>

#define BLANKS  " \t\r\n"
#define NOTHING "nothing to search for where a word is due"

enum {
    DEEPEST = 20 /* of parentheses */
};

/* The first is that of a word alone. */
static const QueryPrefix prefixes[] = {
    { "", QUERY_WORDS },
    { "from:", QUERY_WORDS | QUERY_REGEX | QUERY_EITHER },
    { "to:", QUERY_WORDS },
    { "subject:", QUERY_WORDS | QUERY_REGEX | QUERY_EITHER },
    { "body:", QUERY_WORDS },
    { "attachment:", QUERY_WORDS },
    { "mimetype:", QUERY_WORDS },
    { "tag:", QUERY_REGEX | QUERY_EITHER },
    { "is:", QUERY_REGEX | QUERY_EITHER },
    { "has:", 0 },
    { "mid:", QUERY_REGEX | QUERY_EITHER },
    { "folder:", QUERY_REGEX | QUERY_EITHER },
    { "path:", QUERY_REGEX | QUERY_EITHER },
    { "id:", QUERY_EITHER },
    { "thread:", QUERY_EITHER },
    { "date:", QUERY_EITHER },
    { "auth:", QUERY_EITHER },
    { "property:", QUERY_EITHER },
    { "lastmod:", QUERY_EITHER },
    { "query:", QUERY_EITHER },
    { "sexp:", 0 },
};

typedef struct {
    const char *at;
    int depth;
    const QueryPrefix *within; /* of the parentheses */
    GArray *steps;
    GError *error; /* the first; sticks */
} Reader;

static void read_or(Reader *reader);

static void
fail(Reader *reader, const char *what, const char *which)
{
    if (reader->error == NULL)
        err_set(&reader->error, ERR_USAGE, "the query has %s%s", what, which);
}

static void
add_step(Reader *reader, QueryOp op)
{
    QueryStep step = { .op = op };

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
           && strchr(BLANKS "()", reader->at[size]) != NULL;
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

/* One that stands alone is a word. */
static bool
try_mark(Reader *reader, char mark)
{
    return *reader->at == mark && strchr(BLANKS ")", reader->at[1]) == NULL
           && try_sign(reader, mark);
}

/* "/…/", behind which a word ends. 0: it is none. */
static gsize
regex_size(const char *text)
{
    gsize size = strcspn(text, BLANKS);

    while (size > 1
           && (text[size - 1] != '/' || !strchr(BLANKS ")", text[size])))
        size--;
    return *text == '/' && size > 1 ? size : 0;
}

/* Two quotes are one. */
static void
read_quoted(Reader *reader, GString *value)
{
    while (*reader->at) {
        if (try_sign(reader, '"') && *reader->at != '"')
            return;
        g_string_append_c(value, *reader->at++);
    }
    fail(reader, "an unclosed quote", "");
}

/* Without a prefix a quote begins another term. */
static void
read_word(Reader *reader, GString *value, const QueryStep *term)
{
    gsize size = term->traits & QUERY_REGEX ? regex_size(reader->at) : 0;

    if (size == 0)
        size = strcspn(reader->at, *term->prefix ? BLANKS "()" : BLANKS "()\"");
    g_string_append_len(value, reader->at, (gssize)size);
    reader->at += size;
}

bool
query_has_word(const char *text)
{
    while (*text && !g_unichar_isalnum(g_utf8_get_char_validated(text, -1)))
        text++;
    return *text != '\0';
}

/* Words alone, of which Xapian makes no term where there is none. */
static bool
is_words(const QueryStep *term)
{
    return (term->traits & (QUERY_WORDS | QUERY_REGEX)) == QUERY_WORDS;
}

static const QueryPrefix *
read_prefix(Reader *reader)
{
    for (gsize i = 1; i < G_N_ELEMENTS(prefixes); i++)
        if (g_str_has_prefix(reader->at, prefixes[i].name)) {
            reader->at += strlen(prefixes[i].name);
            return &prefixes[i];
        }
    return reader->within;
}

static QueryStep
read_term(Reader *reader, const QueryPrefix *prefix)
{
    QueryStep term = { .op = QUERY_TERM,
                       .prefix = prefix->name,
                       .traits = prefix->traits };
    GString *value = g_string_new(NULL);

    term.quoted = try_sign(reader, '"');
    if (term.quoted)
        read_quoted(reader, value);
    else
        read_word(reader, value, &term);
    if ((value->len == 0 && !term.quoted)
        || (*term.prefix && is_words(&term) && !query_has_word(value->str)))
        fail(reader, *term.prefix ? "nothing behind " : NOTHING, term.prefix);
    term.value = g_string_free(value, FALSE);
    return term;
}

static void
read_group(Reader *reader, const QueryPrefix *prefix)
{
    const QueryPrefix *within = reader->within;

    reader->at++;
    if (++reader->depth > DEEPEST) {
        fail(reader, "too many parentheses", "");
        return;
    }
    reader->within = prefix;
    read_or(reader);
    reader->within = within;
    reader->depth--;
    skip_blanks(reader);
    if (!try_sign(reader, ')'))
        fail(reader, "an unclosed parenthesis", "");
}

/* What stands there: "near", "adj/3"; 0: something else. */
static gsize
near_size(const char *text)
{
    gsize size = strcspn(text, BLANKS "()");
    gsize name = g_ascii_strncasecmp(text, "near", 4) == 0  ? 4
                 : g_ascii_strncasecmp(text, "adj", 3) == 0 ? 3
                                                            : 0;
    bool plain = size == name;
    bool far = size > name + 1 && size < name + 5 && text[name] == '/'
               && text[name + 1] != '0'
               && strspn(text + name + 1, "0123456789") >= size - name - 1;

    return name > 0 && (plain || far) && text[size]
                   && strchr(BLANKS, text[size])
               ? size
               : 0;
}

/* A plain word, of which alone Xapian knows the place. */
static bool
has_place(const QueryStep *term)
{
    const char *at = term->value;

    while (g_unichar_isalnum(g_utf8_get_char_validated(at, -1)))
        at = g_utf8_next_char(at);
    return *at == '\0' && !term->quoted && is_words(term);
}

/* Does what stands there ask for words near the term? */
static bool
is_near(Reader *reader, const QueryStep *term)
{
    skip_blanks(reader);
    if (near_size(reader->at) == 0)
        return false;
    if (!has_place(term))
        fail(reader, "something that is no plain word near another", "");
    return true;
}

static void
read_near(Reader *reader, const char *prefix)
{
    gsize size = near_size(reader->at);
    QueryStep near = { .op = QUERY_NEAR,
                       .value = g_ascii_strup(reader->at, (gssize)size) };
    QueryStep term;

    reader->at += size;
    skip_blanks(reader);
    term = read_term(reader, read_prefix(reader));
    if (!has_place(&term) || term.prefix != prefix)
        fail(reader, "something that is no plain word near another", "");
    g_array_append_val(reader->steps, term);
    g_array_append_val(reader->steps, near);
    skip_blanks(reader);
    if (near_size(reader->at) > 0
        && g_ascii_toupper(*reader->at) != *near.value)
        fail(reader, "near and adj mixed", "");
}

/* One that an earlier of the terms beside it, which begin there, is an
 * alternative to. */
static bool
join(Reader *reader, guint from, const QueryStep *term)
{
    QueryStep both[] = { *term, { .op = QUERY_OR } };

    for (guint i = from; i < reader->steps->len && term->beside; i++) {
        const QueryStep *step = &g_array_index(reader->steps, QueryStep, i);

        if (!step->beside || step->prefix != term->prefix)
            continue;
        g_array_insert_vals(reader->steps, i + 1, both, 2);
        return true;
    }
    return false;
}

/* A term or parentheses, to be meant beside what begins there. false: it was
 * joined to one of them, or is a sign without a word, which says nothing. */
static bool
read_part(Reader *reader, guint from, bool negative)
{
    const QueryPrefix *prefix = read_prefix(reader);
    bool plain = prefix == reader->within;
    QueryStep term;

    if (*reader->at == '(') {
        read_group(reader, prefix);
        return true;
    }
    term = read_term(reader, prefix);
    if (plain && !query_has_word(term.value)
        && (term.quoted || strcmp(term.value, "*") != 0)) {
        g_free(term.value);
        return false;
    }
    term.beside = !is_near(reader, &term) && !negative && !plain
                  && term.traits & QUERY_EITHER;
    if (join(reader, from, &term))
        return false;
    g_array_append_val(reader->steps, term);
    while (reader->error == NULL && near_size(reader->at) > 0)
        read_near(reader, term.prefix);
    return true;
}

static void
read_beside(Reader *reader, guint from)
{
    bool first = reader->steps->len == from;
    bool negative = false;

    while (try_mark(reader, '-') || try_mark(reader, '+'))
        negative = negative != (reader->at[-1] == '-');
    if (!read_part(reader, from, negative))
        return;
    if (negative)
        add_step(reader, QUERY_NOT);
    if (!first)
        add_step(reader, QUERY_AND);
}

static bool
is_end(Reader *reader)
{
    return reader->error || is_operator(reader, "or") || *reader->at == '\0'
           || *reader->at == ')';
}

static bool
goes_on(Reader *reader)
{
    return !is_end(reader) && !is_operator(reader, "and")
           && !is_operator(reader, "not");
}

static void
read_not(Reader *reader)
{
    guint from = reader->steps->len;
    bool negative = false;

    while (try_operator(reader, "not"))
        negative = !negative;
    while (goes_on(reader))
        read_beside(reader, from);
    if (reader->steps->len == from)
        fail(reader, NOTHING, "");
    for (guint i = from; i < reader->steps->len; i++)
        g_array_index(reader->steps, QueryStep, i).beside = false;
    if (negative)
        add_step(reader, QUERY_NOT);
}

static void
read_and(Reader *reader)
{
    read_not(reader);
    while (!is_end(reader)) {
        try_operator(reader, "and");
        read_not(reader);
        add_step(reader, QUERY_AND);
    }
}

static void
read_or(Reader *reader)
{
    read_and(reader);
    while (reader->error == NULL && try_operator(reader, "or")) {
        read_and(reader);
        add_step(reader, QUERY_OR);
    }
}

static void
step_clear(void *data)
{
    g_free(((QueryStep *)data)->value);
}

GArray *
query_parse(const char *query, GError **error)
{
    Reader reader = { .at = query,
                      .within = prefixes,
                      .steps = g_array_new(FALSE, FALSE, sizeof(QueryStep)) };

    g_array_set_clear_func(reader.steps, step_clear);
    read_or(&reader);
    skip_blanks(&reader);
    if (*reader.at)
        fail(&reader, "a parenthesis that nothing opens", "");
    if (reader.error == NULL)
        return reader.steps;
    g_array_unref(reader.steps);
    g_propagate_error(error, reader.error);
    return NULL;
}
