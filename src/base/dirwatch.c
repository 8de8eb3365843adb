/* Directories watched by the system through GLib. */
#include "base/dirwatch.h"

#include <gio/gio.h>

struct DirWatch {
    void (*changed)(void *user);
    void *user;
    GHashTable *monitors; /* path → GFileMonitor */
    guint source;         /* 0: nothing changed */
};

static gboolean
tell(void *data)
{
    DirWatch *watch = data;

    watch->source = 0;
    watch->changed(watch->user);
    return G_SOURCE_REMOVE;
}

static void
on_changed(GFileMonitor *monitor, GFile *file, GFile *other,
           GFileMonitorEvent event, void *data)
{
    DirWatch *watch = data;

    if (watch->source == 0)
        watch->source = g_timeout_add(DIRWATCH_MS, tell, watch);
}

static void
monitor_free(void *monitor)
{
    g_signal_handlers_disconnect_matched(monitor, G_SIGNAL_MATCH_FUNC, 0, 0,
                                         NULL, (void *)on_changed, NULL);
    g_file_monitor_cancel(monitor);
    g_object_unref(monitor);
}

DirWatch *
dirwatch_create(void (*changed)(void *user), void *user)
{
    DirWatch *watch = g_new0(DirWatch, 1);

    watch->changed = changed;
    watch->user = user;
    watch->monitors =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, monitor_free);
    return watch;
}

static void
add(DirWatch *watch, const char *path)
{
    g_autoptr(GFile) dir = g_file_new_for_path(path);
    GFileMonitor *monitor;

    if (g_hash_table_contains(watch->monitors, path)
        || !g_file_test(path, G_FILE_TEST_IS_DIR))
        return;
    monitor = g_file_monitor_directory(dir, G_FILE_MONITOR_NONE, NULL, NULL);
    if (monitor == NULL)
        return;
    g_signal_connect(monitor, "changed", G_CALLBACK(on_changed), watch);
    g_hash_table_insert(watch->monitors, g_strdup(path), monitor);
}

void
dirwatch_set(DirWatch *watch, const GPtrArray *paths)
{
    g_autoptr(GHashTable) wanted = g_hash_table_new(g_str_hash, g_str_equal);
    GHashTableIter iter;
    void *path;

    for (guint i = 0; i < paths->len; i++)
        g_hash_table_add(wanted, paths->pdata[i]);
    g_hash_table_iter_init(&iter, watch->monitors);
    while (g_hash_table_iter_next(&iter, &path, NULL))
        if (!g_hash_table_contains(wanted, path))
            g_hash_table_iter_remove(&iter);
    for (guint i = 0; i < paths->len; i++)
        add(watch, paths->pdata[i]);
}

void
dirwatch_destroy(DirWatch *watch)
{
    if (watch == NULL)
        return;
    g_clear_handle_id(&watch->source, g_source_remove);
    g_hash_table_unref(watch->monitors);
    g_free(watch);
}
