/* A set of 32-bit unsigned numbers as sorted ranges: the sequence-set of
 * RFC 9051, section 9, without "*". Not shared between threads. */
#ifndef BASE_UIDSET_H
#define BASE_UIDSET_H

#include <glib.h>
#include <stdbool.h>

typedef struct {
    guint32 first; /* 1 or more */
    guint32 last;  /* >= first */
} UidRange;

typedef struct UidSet UidSet;

UidSet *uidset_create(void);
void uidset_destroy(UidSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UidSet, uidset_destroy)

void uidset_add(UidSet *set, guint32 uid);
void uidset_add_range(UidSet *set, guint32 first, guint32 last);
void uidset_add_all(UidSet *set, const UidSet *others);
void uidset_remove(UidSet *set, guint32 uid);
void uidset_remove_all(UidSet *set, const UidSet *others);
bool uidset_contains(const UidSet *set, guint32 uid);
guint64 uidset_count(const UidSet *set);
guint uidset_n_ranges(const UidSet *set);
UidRange uidset_range(const UidSet *set, guint index);

/* Those of a set of which keep() is true. Looks at each number: not for sets
 * that a server may have made large. */
UidSet *uidset_filter(const UidSet *set, bool (*keep)(void *user, guint32 uid),
                      void *user);

/* "1:4,7,9:12"; empty text for the empty set. Free with g_free(). */
char *uidset_format(const UidSet *set);

/* Cuts the set into texts of at most limit bytes each, so that a command line
 * stays within what servers take. Free with g_ptr_array_unref(). */
GPtrArray *uidset_format_chunks(const UidSet *set, gsize limit);

/* Reads a sequence-set. At most max_ranges ranges; "4:2" equals "2:4"; 0 and
 * "*" are refused. NULL with ERR_PROTOCOL. */
UidSet *uidset_parse(const char *text, guint max_ranges, GError **error);

#endif
