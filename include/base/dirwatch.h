/* Directories in which another program may add, rename or remove files. Main
 * thread. Where the system cannot watch (a network disk, no room for another
 * watch) nothing is told: whoever needs to know looks from time to time. */
#ifndef BASE_DIRWATCH_H
#define BASE_DIRWATCH_H

#include <glib.h>

typedef struct DirWatch DirWatch;

/* changed is called DIRWATCH_MS after the first of several changes. */
enum { DIRWATCH_MS = 500 };

DirWatch *dirwatch_create(void (*changed)(void *user), void *user);

/* These directories and no others (char *); what is watched already stays so,
 * what does not exist is passed over. */
void dirwatch_set(DirWatch *watch, const GPtrArray *paths);

/* NULL is fine. */
void dirwatch_destroy(DirWatch *watch);

#endif
