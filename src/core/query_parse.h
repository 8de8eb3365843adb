/* What a query in notmuch's language says, for what is not notmuch. */
#ifndef CORE_QUERY_PARSE_H
#define CORE_QUERY_PARSE_H

#include <glib.h>
#include <stdbool.h>

typedef enum {
    QUERY_TERM,
    QUERY_NOT, /* of the part before it */
    QUERY_AND, /* of the two before it */
    QUERY_OR
} QueryOp;

typedef struct {
    QueryOp op;
    bool implied; /* an AND that is not written */
    /* Of a term: */
    const char *prefix; /* "subject:", one of notmuch's or is: has: auth: */
    char *value;        /* without quotes; untrusted */
} QueryStep;

/* How many parts an operation takes. */
guint query_operands(QueryOp op);

/* The query as steps (QueryStep), each behind what it takes, so that a stack
 * evaluates it: "a b or not c" is a b AND c NOT OR. ERR_USAGE names what is
 * wrong with it. A pure function; g_array_unref(). */
GArray *query_parse(const char *query, GError **error);

#endif
