/* Threads that are unfolded in a list: behind the id of each stand those of its
 * messages, as negative numbers. */
#include "tui_fold.h"

struct Fold {
    GHashTable *open;  /* thread ids */
    GHashTable *depth; /* id among the rows, below 0 → its depth */
};

Fold *
fold_create(void)
{
    Fold *fold = g_new0(Fold, 1);

    fold->open =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    fold->depth =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    return fold;
}

void
fold_destroy(Fold *fold)
{
    g_hash_table_unref(fold->open);
    g_hash_table_unref(fold->depth);
    g_free(fold);
}

void
fold_set(Fold *fold, gint64 thread, bool open)
{
    if (open)
        g_hash_table_add(fold->open, g_memdup2(&thread, sizeof thread));
    else
        g_hash_table_remove(fold->open, &thread);
}

bool
fold_is_open(const Fold *fold, gint64 thread)
{
    return g_hash_table_contains(fold->open, &thread);
}

void
fold_all(Fold *fold)
{
    g_hash_table_remove_all(fold->open);
}

int
fold_depth(const Fold *fold, gint64 id)
{
    return GPOINTER_TO_INT(g_hash_table_lookup(fold->depth, &id));
}

guint
fold_inside(const Fold *fold)
{
    return g_hash_table_size(fold->depth);
}

static void
add_thread(Fold *fold, Store *store, gint64 thread, GArray *ids)
{
    g_autoptr(GArray) depths = NULL;
    g_autoptr(GArray) messages =
        store_thread_messages(store, thread, &depths, NULL);

    for (guint i = 0; messages && i < messages->len; i++) {
        gint64 id = -g_array_index(messages, gint64, i);
        int depth = g_array_index(depths, int, i) + 1;

        g_array_append_val(ids, id);
        g_hash_table_insert(fold->depth, g_memdup2(&id, sizeof id),
                            GINT_TO_POINTER(depth));
    }
}

GArray *
fold_ids(Fold *fold, Store *store, const GArray *ids)
{
    GArray *all = g_array_sized_new(FALSE, FALSE, sizeof(gint64), ids->len);

    g_hash_table_remove_all(fold->depth);
    for (guint i = 0; i < ids->len; i++) {
        gint64 id = g_array_index(ids, gint64, i);

        if (id <= 0)
            continue;
        g_array_append_val(all, id);
        if (fold_is_open(fold, id))
            add_thread(fold, store, id, all);
    }
    return all;
}
