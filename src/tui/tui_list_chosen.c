/* The rows of a list that are chosen: marked one by one, from V to the cursor,
 * or else the cursor's. */
#include "tui_list.h"

ListRange
list_range(const ListView *list)
{
    for (guint i = 0; list->range_from && i < list->ids->len; i++)
        if (list_id(list, i) == list->range_from)
            return (ListRange){ MIN(i, list->cursor), MAX(i, list->cursor) };
    return (ListRange){ 1, 0 };
}

bool
list_is_chosen(const ListView *list, ListRange range, guint index)
{
    gint64 id = list_id(list, index);

    return (index >= range.from && index <= range.to)
        || g_hash_table_contains(list->selected, &id);
}

bool
list_view_is_chosen(const View *view)
{
    const ListView *list = (const ListView *)view;

    return g_hash_table_size(list->selected) > 0 || list->range_from;
}

bool
list_forget_chosen(ListView *list)
{
    bool had = list_view_is_chosen(&list->base);

    g_hash_table_remove_all(list->selected);
    list->range_from = 0;
    return had;
}

/* The messages of a row: in a folder's list those that lie in the folder. */
static void
add_messages(ListView *list, gint64 id, TargetScope scope, GArray *ids)
{
    Store *store = session_store(list->base.tui->session);
    g_autoptr(GArray) messages = NULL;

    if (!list->threads || id < 0) {
        id = ABS(id);
        g_array_append_val(ids, id);
        return;
    }
    messages = store_thread_messages(store, id, NULL, NULL);
    for (guint i = 0; messages && i < messages->len; i++) {
        gint64 message = g_array_index(messages, gint64, i);
        g_autoptr(StoreRow) row = store_row(store, message, NULL);

        if (row && (scope == SCOPE_THREAD || list->folder == 0
                    || row->folder == list->folder))
            g_array_append_val(ids, message);
    }
}

/* What is for one message is for that which the row shows. */
static void
add_shown(ListView *list, guint index, GArray *ids)
{
    const StoreRow *row = list_row(list, index);

    if (row)
        g_array_append_val(ids, row->id);
}

/* A thread and messages of it may both have been chosen. */
static void
add_once(const GArray *all, GArray *ids)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_int64_hash, g_int64_equal);

    for (guint i = 0; i < all->len; i++) {
        gint64 *id = &g_array_index(all, gint64, i);

        if (g_hash_table_add(seen, id))
            g_array_append_val(ids, *id);
    }
}

bool
list_targets(View *view, TargetScope scope, GArray *ids)
{
    ListView *list = (ListView *)view;
    bool any = list_view_is_chosen(view);
    ListRange range = list_range(list);
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(gint64));

    for (guint i = 0; i < list->ids->len; i++) {
        if (any ? !list_is_chosen(list, range, i) : i != list->cursor)
            continue;
        if (all->len == 0)
            add_shown(list, i, all);
        add_messages(list, list_id(list, i), scope, all);
    }
    add_once(all, ids);
    list->used = any;
    return ids->len > 0;
}

void
list_view_end_use(View *view, bool keep)
{
    ListView *list = (ListView *)view;

    if (list->used && !keep) {
        list_forget_chosen(list);
        tui_dirty(view->tui);
    }
    list->used = false;
}
