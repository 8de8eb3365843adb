/* What a query in notmuch's language says. */
#ifndef CORE_QUERY_PARSE_H
#define CORE_QUERY_PARSE_H

#include <glib.h>
#include <stdbool.h>

typedef enum {
    QUERY_TERM,
    QUERY_NOT, /* of the part before it */
    QUERY_AND, /* of the two before it */
    QUERY_OR,
    QUERY_NEAR /* of two terms */
} QueryOp;

/* What the value behind a prefix is. */
enum {
    QUERY_WORDS = 1 << 0,  /* in any form, and where they stand is known */
    QUERY_REGEX = 1 << 1,  /* or "/…/", a regular expression */
    QUERY_EITHER = 1 << 2, /* one that a message has, or a set of them */
};

typedef struct {
    const char *name; /* "subject:", one of notmuch's or has: auth:, "" */
    unsigned traits;
} QueryPrefix;

typedef struct {
    QueryOp op;
    /* Of a term: */
    const char *prefix;
    unsigned traits;    /* of the prefix */
    char *value;        /* without quotes; untrusted. NEAR: "ADJ/3" */
    bool quoted;        /* words in their order */
    bool beside;        /* while it is read: another may be its alternative */
} QueryStep;

/* The query as steps (QueryStep), each behind what it takes, so that a stack
 * evaluates it: "a b or not c" is a b AND c NOT OR. ERR_USAGE names what is
 * wrong with it. A pure function; g_array_unref(). */
GArray *query_parse(const char *query, GError **error);

/* Has it a letter or digit, without which there is nothing to look for? */
bool query_has_word(const char *text);

#endif
