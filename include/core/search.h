/* Search as you type: asks the index in a thread of its own, the rows when the
 * index does not know yet. A new search cancels the one before. Main thread. */
#ifndef CORE_SEARCH_H
#define CORE_SEARCH_H

#include "core/session.h"

/* Can the query be read? ERR_USAGE names what is wrong with it; what a date or
 * a regular expression says is not looked at. Any thread. */
bool search_check(const char *query, GError **error);

/* What is offered behind date:, in plain words; the last has no text. Whole
 * days that end or begin with today, not weeks from a Sunday or months. */
typedef struct {
    const char *text, *help;
} SearchWord;

extern const SearchWord search_date_words[];

/* A value as it stands behind a prefix: in quotes where it needs them.
 * g_free(). */
char *search_quote(const char *value);

Search *search_create(Session *session);
void search_destroy(Search *search);

/* Row ids that match, newest first, without duplicates. error: a bad query
 * (ERR_USAGE) or trouble. ids, error are borrowed for the call. */
typedef void (*SearchFn)(const GArray *ids, bool complete,
                         const GError *error, void *user);

/* limit 0: all. Results may come twice: a first page, then complete. folder 0:
 * everywhere. Calls found with complete true or error set exactly once, unless
 * search_cancel() came before. */
void search_start(Search *search, const char *query, gint64 folder,
                  guint limit, SearchFn found, void *user);
void search_cancel(Search *search);

/* The servers are asked too what was asked last: what they find is merged into
 * what found() gets, now and after each search_start() of the same query.
 * ERR_USAGE: they do not understand it. */
bool search_ask_servers(Search *search, GError **error);

/* "asking 2 servers", "3 more on the servers", their trouble; NULL: they were
 * not asked, or all is said. g_free(). */
char *search_servers_text(const Search *search);

/* Blocking, for commands and hooks. GArray of gint64. A broken index is made
 * anew: waited for without a screen, ERR_RETRY on one. */
GArray *search_run(Session *session, const char *query, guint limit,
                   GError **error);

#endif
