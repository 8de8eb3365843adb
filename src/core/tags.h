/* Tags as the user writes them, against flags and keywords as a row keeps them
 * (doc/architecture.md, "Data at rest"): unread is the absence of \Seen,
 * flagged, replied, passed and draft are flags, everything else a keyword.
 * Pure functions. */
#ifndef CORE_TAGS_H
#define CORE_TAGS_H

#include <glib.h>
#include <stdbool.h>

/* What a list of "+a", "-b", "c" does to any row. */
typedef struct {
    unsigned add_flags;
    unsigned remove_flags;
    GPtrArray *add;    /* char * */
    GPtrArray *remove; /* char * */
} TagChange;

void tag_change_clear(TagChange *change);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TagChange, tag_change_clear)

/* ERR_USAGE for a word that can be no tag: empty, with a blank or a control
 * character. A word without a sign adds. */
bool tag_change_parse(const char *const *words, TagChange *change,
                      GError **error);

unsigned tag_change_flags(const TagChange *change, unsigned flags);

/* The keywords after the change, sorted, separated by blanks. g_free(). */
char *tag_change_tags(const TagChange *change, const char *tags);

/* "+todo -unread", for telling. g_free(). */
char *tag_change_text(const TagChange *change);

/* The flag that the tag is, 0: it is a keyword; *inverse: the tag is there when
 * the flag is not. */
unsigned tag_flag(const char *tag, bool *inverse);

/* All tags of a row as the user names them, sorted: "flagged todo unread".
 * g_free(). */
char *tags_of(unsigned flags, const char *tags);

#endif
