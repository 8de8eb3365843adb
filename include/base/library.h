/* Shared libraries that are opened when something of them is first needed: a
 * run that uses none of it does not pay for it. Any thread. */
#ifndef BASE_LIBRARY_H
#define BASE_LIBRARY_H

#include <glib.h>
#include <stdbool.h>

/* A file's name as the linker would write it down. */
#ifdef __APPLE__
#define LIBRARY_FILE(NAME, ABI) "lib" NAME "." G_STRINGIFY(ABI) ".dylib"
#else
#define LIBRARY_FILE(NAME, ABI) "lib" NAME ".so." G_STRINGIFY(ABI)
#endif

/* Lives as long as the program, as what it opens does. */
typedef struct {
    const char *file;
    const char *const *names; /* of functions, NULL-terminated */
    void *table;              /* a struct of as many pointers, in that order */
    bool is_open, is_told;
} Library;

/* Fills the table, unless that was done. ERR_LOCAL names the file, the log says
 * once what is wrong; a later call tries again: it may have been installed. */
bool library_open(Library *library, GError **error);

#endif
