/* A query in notmuch's language as what rows can be asked. */
#ifndef CORE_QUERY_ROWS_H
#define CORE_QUERY_ROWS_H

#include "store/store.h"

/* The terms for store_find_terms() (StoreTerm); NULL: rows cannot say, for the
 * query asks for the text, a date or the like, or what is not in a text of
 * which a row has but the first words. folders: StoreFolder. A pure function;
 * g_array_unref(). */
GArray *query_row_terms(const char *query, const GPtrArray *folders);

/* The same for store_find_id_terms(), of any query: what a row alone decides,
 * its folder and tags. */
GArray *query_row_doubts(const char *query, const GPtrArray *folders);

#endif
