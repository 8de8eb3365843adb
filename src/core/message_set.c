/* The messages that a command acts on. */
#include "core/act.h"

MessageSet *
message_set_create(void)
{
    MessageSet *set = g_new0(MessageSet, 1);

    set->ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    return set;
}

void
message_set_destroy(MessageSet *set)
{
    if (set == NULL)
        return;
    g_array_unref(set->ids);
    g_free(set);
}

static bool
add_thread(Store *store, gint64 thread, GHashTable *seen, GArray *ids,
           GError **error)
{
    g_autoptr(GArray) messages = store_thread_messages(store, thread, NULL,
                                                       error);

    if (messages == NULL)
        return false;
    for (guint i = 0; i < messages->len; i++) {
        gint64 id = g_array_index(messages, gint64, i);

        if (g_hash_table_add(seen, g_memdup2(&id, sizeof id)))
            g_array_append_val(ids, id);
    }
    return true;
}

bool
message_set_widen(Session *session, MessageSet *set, GError **error)
{
    Store *store = session_store(session);
    g_autoptr(GHashTable) seen =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_autoptr(GHashTable) threads =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));

    for (guint i = 0; i < set->ids->len; i++) {
        gint64 id = g_array_index(set->ids, gint64, i);
        g_autoptr(StoreRow) row = store_row(store, id, error);

        if (row == NULL)
            return false;
        if (g_hash_table_add(seen, g_memdup2(&id, sizeof id)))
            g_array_append_val(ids, id);
        if (g_hash_table_add(threads, g_memdup2(&row->thread, sizeof(gint64)))
            && !add_thread(store, row->thread, seen, ids, error))
            return false;
    }
    set->threads = g_hash_table_size(threads);
    g_array_unref(set->ids);
    set->ids = g_steal_pointer(&ids);
    return true;
}
