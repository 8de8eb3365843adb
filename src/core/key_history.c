/* A key counts for what came while the DNS had it, not for what comes after it
 * was taken away: it may have been taken away because it was stolen. */
#include "core/key_history.h"

#include "base/clock.h"

bool
key_history_note(Store *store, const GPtrArray *keys, GError **error)
{
    for (guint i = 0; i + 1 < keys->len; i += 2)
        if (!store_key_seen(store, g_ptr_array_index(keys, i),
                            g_ptr_array_index(keys, i + 1), clock_now(), error))
            return false;
    return true;
}

char *
key_history_find(const char *name, gint64 when, void *state_db)
{
    g_autoptr(Store) store = store_open(state_db, NULL);

    return store ? store_key_at(store, name, when) : NULL;
}
