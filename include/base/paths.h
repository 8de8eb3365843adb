/* Where things lie (XDG Base Directory Specification). One struct that main
 * builds and passes down, so that a demo or a test lives in its own tree. */
#ifndef BASE_PATHS_H
#define BASE_PATHS_H

#include <glib.h>

typedef struct {
    char *config_file; /* $XDG_CONFIG_HOME/posthorn/posthorn.conf */
    char *mail;        /* $XDG_DATA_HOME/posthorn/mail */
    char *index;       /* $XDG_DATA_HOME/posthorn/index */
    char *state_db;    /* $XDG_DATA_HOME/posthorn/state.db */
    char *outbox;      /* $XDG_DATA_HOME/posthorn/outbox */
    char *drafts;      /* $XDG_DATA_HOME/posthorn/drafts */
    char *cache;       /* $XDG_CACHE_HOME/posthorn */
    char *runtime;     /* $XDG_RUNTIME_DIR/posthorn, else a private folder
                          below the cache: control socket and lock */
} Paths;

/* From the environment. Nothing is created. Free with paths_destroy(). */
Paths *paths_create(void);

/* Everything below one root directory: root/config, root/data, root/cache,
 * root/run. For the demo and for tests. */
Paths *paths_create_below(const char *root);

void paths_destroy(Paths *paths);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Paths, paths_destroy)

/* "~/x" and "$HOME/x" written out; other text copied. Free with g_free(). */
char *paths_expand(const char *path);

/* The other way round, for people: "~/x" where path lies at home. g_free(). */
char *paths_shorten(const char *path);

#endif
