/* A session in a scratch folder, configured by a text. */
#ifndef SCENE_H
#define SCENE_H

#include "base/file.h"
#include "core/indexer.h"
#include "core/session.h"

/* The session, its accounts open. *root is its folder, removed by the caller;
 * indexed: the index follows. */
static inline Session *
scene_open(const char *text, bool indexed, char **root)
{
    g_autofree char *file = NULL;
    g_autoptr(GError) error = NULL;
    Session *session;

    *root = g_dir_make_tmp("posthorn-scene-XXXXXX", NULL);
    file = g_build_filename(*root, "posthorn.conf", NULL);
    g_assert_true(g_file_set_contents_full(file, text, -1, 0, 0600, NULL));
    session = session_create(paths_create_below(*root), &error);
    g_assert_no_error(error);
    cmd_table_add(session_table(session), cmd_builtins);
    session_configure(session, file, &error);
    g_assert_no_error(error);
    if (!indexed)
        indexer_disable(session_indexer(session));
    session_open_accounts(session, &error);
    g_assert_no_error(error);
    return session;
}

/* As a fixture. */
typedef struct {
    char *root;
    Session *session;
} Scene;

static inline void
scene_close(Scene *scene, const void *data)
{
    session_destroy(scene->session);
    file_remove_tree(scene->root, NULL);
    g_free(scene->root);
}

#endif
