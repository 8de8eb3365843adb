/* Tag lists (RFC 6376, section 3.2) and base64 with blanks. Private. */
#ifndef TRUST_TAGS_H
#define TRUST_TAGS_H

#include <glib.h>
#include <stdbool.h>

typedef struct {
    char *name;
    char *value; /* without blanks around it */
} TrustTag;

typedef struct {
    GPtrArray *tags; /* TrustTag, in order */
} TrustTags;

enum {
    TRUST_MAX_TAGS = 100
};

/* Reads size octets; NULL when they are no tag list, *reason then has words
 * (constant). */
TrustTags *trust_tags_parse(const char *text, gsize size, const char **reason);
void trust_tags_free(TrustTags *tags);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TrustTags, trust_tags_free)

/* Names are case-sensitive. NULL: no such tag. Borrowed. */
const char *trust_tags_get(const TrustTags *tags, const char *name);

/* Octets of base64 that may hold blanks; NULL when it is anything else or
 * empty. */
GBytes *trust_base64(const char *text);

/* An unsigned decimal number of digits only; -1 for anything else. Above
 * G_MAXINT64 it is G_MAXINT64. */
gint64 trust_number(const char *text);

/* Is word one of the words between separators, blanks around them dropped? Case
 * does not matter. */
bool trust_list_has(const char *list, char separator, const char *word);

#endif
