/* A query in notmuch's language as the criteria of SEARCH (RFC 9051, section
 * 6.4.4). A pure function but for the day that it is. */
#ifndef CORE_SEARCH_CRITERIA_H
#define CORE_SEARCH_CRITERIA_H

#include <glib.h>

/* Criteria as imap_search() takes them; *folder: the one path that folder: asks
 * for, NULL: any (g_free()). local_tags: those that the server does not know,
 * or NULL. ERR_USAGE names what it cannot be asked. */
char *search_criteria(const char *query, const char *const *local_tags,
                      char **folder, GError **error);

#endif
