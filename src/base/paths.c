/* Where things lie. */
#include "base/paths.h"

#include <string.h>

static Paths *
paths_of(const char *config, const char *data, const char *cache,
         const char *runtime)
{
    Paths *paths = g_new0(Paths, 1);

    paths->config_file = g_build_filename(config, "posthorn.conf", NULL);
    paths->mail = g_build_filename(data, "mail", NULL);
    paths->index = g_build_filename(data, "index", NULL);
    paths->state_db = g_build_filename(data, "state.db", NULL);
    paths->outbox = g_build_filename(data, "outbox", NULL);
    paths->drafts = g_build_filename(data, "drafts", NULL);
    paths->cache = g_strdup(cache);
    paths->runtime = g_strdup(runtime);
    return paths;
}

Paths *
paths_create(void)
{
    const char *run = g_getenv("XDG_RUNTIME_DIR");
    g_autofree char *config =
        g_build_filename(g_get_user_config_dir(), "posthorn", NULL);
    g_autofree char *data =
        g_build_filename(g_get_user_data_dir(), "posthorn", NULL);
    g_autofree char *cache =
        g_build_filename(g_get_user_cache_dir(), "posthorn", NULL);
    g_autofree char *runtime = run && *run
                                   ? g_build_filename(run, "posthorn", NULL)
                                   : g_build_filename(cache, "run", NULL);

    return paths_of(config, data, cache, runtime);
}

Paths *
paths_create_below(const char *root)
{
    g_autofree char *config = g_build_filename(root, "config", NULL);
    g_autofree char *data = g_build_filename(root, "data", NULL);
    g_autofree char *cache = g_build_filename(root, "cache", NULL);
    g_autofree char *run = g_build_filename(root, "run", NULL);

    return paths_of(config, data, cache, run);
}

void
paths_destroy(Paths *paths)
{
    if (paths == NULL)
        return;
    g_free(paths->config_file);
    g_free(paths->mail);
    g_free(paths->index);
    g_free(paths->state_db);
    g_free(paths->outbox);
    g_free(paths->drafts);
    g_free(paths->cache);
    g_free(paths->runtime);
    g_free(paths);
}

char *
paths_expand(const char *path)
{
    const char *rest = NULL;

    if (strcmp(path, "~") == 0 || g_str_has_prefix(path, "~/"))
        rest = path + 1;
    else if (g_str_has_prefix(path, "$HOME")
             && (path[5] == '/' || path[5] == '\0'))
        rest = path + 5;
    return rest ? g_strconcat(g_get_home_dir(), rest, NULL) : g_strdup(path);
}

char *
paths_shorten(const char *path)
{
    const char *home = g_get_home_dir();

    if (g_str_has_prefix(path, home) && path[strlen(home)] == '/')
        return g_strconcat("~", path + strlen(home), NULL);
    return g_strdup(path);
}
