/* Which rows, in which order: ids along an index. */
#include "store_db.h"

/* The order of threads and of messages; %s is DESC or ASC. */
static const struct {
    const char *threads, *messages;
} orders[] = {
    [STORE_ORDER_DATE] = { "t.newest %s, t.thread %s", "m.date %s, m.id %s" },
    [STORE_ORDER_FROM] = { "(SELECT lower(coalesce(x.from_name, x.from_addr, "
                           "'')) FROM message x"
                           " WHERE x.thread = t.thread ORDER BY x.date DESC "
                           "LIMIT 1) %s,"
                           " t.newest DESC",
                           "lower(coalesce(m.from_name, m.from_addr, '')) %s, "
                           "m.date DESC" },
    [STORE_ORDER_SUBJECT] = { "(SELECT lower(coalesce(x.subject, '')) FROM "
                              "message x"
                              " WHERE x.thread = t.thread ORDER BY x.date "
                              "LIMIT 1) %s,"
                              " t.newest DESC",
                              "lower(coalesce(m.subject, '')) %s, m.date "
                              "DESC" },
    [STORE_ORDER_UNREAD] = { "(t.unread > 0) %s, t.newest DESC",
                             "(m.flags & 4 = 0) %s, m.date DESC" },
    [STORE_ORDER_SIZE] = { "(SELECT max(x.size) FROM message x WHERE x.thread "
                           "= t.thread) %s,"
                           " t.newest DESC",
                           "m.size %s, m.date DESC" },
};

/* Names sort from A, everything else from its largest. */
static const char *
direction(const StoreView *view)
{
    bool rising =
        view->order == STORE_ORDER_FROM || view->order == STORE_ORDER_SUBJECT;

    return rising != view->reverse ? "ASC" : "DESC";
}

static void
append_order(GString *sql, const char *order, const char *way)
{
    g_autoptr(GString) text = g_string_new(order);

    g_string_replace(text, "%s", way, 0);
    g_string_append_printf(sql, " ORDER BY %s LIMIT ?4", text->str);
}

static char *
threads_sql(const StoreView *view)
{
    GString *sql = g_string_new(
        "SELECT t.thread FROM thread_folder t WHERE t.folder = ?1");

    if (view->unread)
        g_string_append(sql, " AND t.unread > 0");
    if (view->any_flags || view->account)
        g_string_append(
            sql,
            " AND EXISTS (SELECT 1 FROM message x JOIN folder f"
            " ON f.id = x.folder WHERE x.thread = t.thread"
            " AND (?1 = 0 OR x.folder = ?1) AND (?2 = 0 OR x.flags & ?2)"
            " AND (?3 IS NULL OR f.account = ?3) AND f.role NOT IN (5, 6))");
    append_order(sql, orders[view->order].threads, direction(view));
    return g_string_free(sql, FALSE);
}

static char *
messages_sql(const StoreView *view)
{
    GString *sql = g_string_new("SELECT m.id FROM message m");

    if (view->folder == 0)
        g_string_append(sql, " CROSS JOIN folder f ON f.id = m.folder"
                             " WHERE f.role NOT IN (5, 6)"
                             " AND (?3 IS NULL OR f.account = ?3) AND ?1 = 0");
    else
        g_string_append(sql, " WHERE m.folder = ?1");
    if (view->unread)
        g_string_append(sql, " AND m.flags & 4 = 0");
    if (view->any_flags)
        g_string_append(sql, " AND m.flags & ?2");
    append_order(sql, orders[view->order].messages, direction(view));
    return g_string_free(sql, FALSE);
}

GArray *
store_ids(Store *store, const StoreView *view, guint limit, GError **error)
{
    g_autofree char *made =
        view->threads ? threads_sql(view) : messages_sql(view);
    /* Interned: few forms exist, and statements are cached by address. */
    const char *sql = g_intern_string(made);
    sqlite3_stmt *rows = store_prepare(store, error, sql, "iisi", view->folder,
                                       (gint64)view->any_flags, view->account,
                                       (gint64)(limit ? (gint64)limit : -1));

    return store_read_ids(store, rows, error);
}
