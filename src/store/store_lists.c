/* Which rows, in which order: ids along an index. */
#include "store_db.h"

#include "base/err.h"

#include <string.h>

static GArray *
read_ids(Store *store, sqlite3_stmt *rows, GError **error)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    int step;

    while ((step = store_step(store, rows, error)) == SQLITE_ROW) {
        gint64 id = sqlite3_column_int64(rows, 0);

        g_array_append_val(ids, id);
    }
    return step == SQLITE_DONE ? g_steal_pointer(&ids) : NULL;
}

/* The order of threads and of messages; %s is DESC or ASC. */
static const struct {
    const char *threads, *messages;
} orders[] = {
    [STORE_ORDER_DATE] = { "t.newest %s, t.thread %s", "m.date %s, m.id %s" },
    [STORE_ORDER_FROM] = {
        "(SELECT lower(coalesce(x.from_name, x.from_addr, '')) FROM message x"
        " WHERE x.thread = t.thread ORDER BY x.date DESC LIMIT 1) %s,"
        " t.newest DESC",
        "lower(coalesce(m.from_name, m.from_addr, '')) %s, m.date DESC" },
    [STORE_ORDER_SUBJECT] = {
        "(SELECT lower(coalesce(x.subject, '')) FROM message x"
        " WHERE x.thread = t.thread ORDER BY x.date LIMIT 1) %s,"
        " t.newest DESC",
        "lower(coalesce(m.subject, '')) %s, m.date DESC" },
    [STORE_ORDER_UNREAD] = { "(t.unread > 0) %s, t.newest DESC",
                             "(m.flags & 4 = 0) %s, m.date DESC" },
    [STORE_ORDER_SIZE] = {
        "(SELECT max(x.size) FROM message x WHERE x.thread = t.thread) %s,"
        " t.newest DESC", "m.size %s, m.date DESC" },
};

/* Names sort from A, everything else from its largest. */
static const char *
direction(const StoreView *view)
{
    bool rising = view->order == STORE_ORDER_FROM
        || view->order == STORE_ORDER_SUBJECT;

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
            sql, " AND EXISTS (SELECT 1 FROM message x JOIN folder f"
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
        g_string_append(sql, " JOIN folder f ON f.id = m.folder"
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
    sqlite3_stmt *rows = store_prepare(
        store, error, sql, "iisi", view->folder, (gint64)view->any_flags,
        view->account, (gint64)(limit ? (gint64)limit : -1));

    return rows ? read_ids(store, rows, error) : NULL;
}

GArray *
store_find_id(Store *store, const char *message_id, GError **error)
{
    sqlite3_stmt *rows = store_prepare(
        store, error, "SELECT id FROM message WHERE message_id = ?1"
        " AND folder > 0 UNION SELECT id FROM message WHERE index_id = ?1"
        " AND folder > 0", "s", message_id);

    return rows ? read_ids(store, rows, error) : NULL;
}

static bool
row_has_words(sqlite3_stmt *row, char **words)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *folded = NULL;

    for (int column = 1; column <= 4; column++) {
        const char *value = (const char *)sqlite3_column_text(row, column);

        if (value)
            g_string_append_printf(text, "%s\n", value);
    }
    if (!g_utf8_validate(text->str, (gssize)text->len, NULL))
        return false;
    folded = g_utf8_casefold(text->str, (gssize)text->len);
    for (char **word = words; *word; word++)
        if (**word && strstr(folded, *word) == NULL)
            return false;
    return true;
}

GArray *
store_find_text(Store *store, const char *text, guint limit, GError **error)
{
    g_autofree char *folded = g_utf8_casefold(text, -1);
    g_auto(GStrv) words = g_strsplit_set(folded, " \t", -1);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    sqlite3_stmt *rows = store_prepare(
        store, error, "SELECT id, from_name, from_addr, subject, snippet"
        " FROM message WHERE folder > 0 ORDER BY date DESC", "");
    int step = SQLITE_DONE;

    if (rows == NULL)
        return NULL;
    while ((limit == 0 || ids->len < limit)
           && (step = store_step(store, rows, error)) == SQLITE_ROW) {
        gint64 id = sqlite3_column_int64(rows, 0);

        if (row_has_words(rows, words))
            g_array_append_val(ids, id);
    }
    sqlite3_reset(rows);
    return step == SQLITE_ROW || step == SQLITE_DONE ? g_steal_pointer(&ids)
                                                     : NULL;
}

GArray *
store_unindexed(Store *store, guint limit, GError **error)
{
    sqlite3_stmt *rows = store_prepare(
        store, error, "SELECT id FROM message WHERE indexed = 0"
        " ORDER BY date DESC LIMIT ?", "i", (gint64)limit);

    return rows ? read_ids(store, rows, error) : NULL;
}

guint
store_unindexed_count(Store *store)
{
    return (guint)store_int(
        store, 0, "SELECT count(*) FROM message WHERE indexed = 0", "");
}

bool
store_index_lost(Store *store, GError **error)
{
    return store_exec(store, error, "UPDATE message SET indexed = 0,"
                      " index_id = NULL WHERE file IS NOT NULL", "");
}

GArray *
store_unsettled(Store *store, guint limit, GError **error)
{
    sqlite3_stmt *rows = store_prepare(
        store, error, "SELECT id FROM message WHERE settled = 0 LIMIT ?", "i",
        (gint64)limit);

    return rows ? read_ids(store, rows, error) : NULL;
}

static void
file_free(void *data)
{
    StoreFile *file = data;

    g_free(file->file);
    g_free(file);
}

GPtrArray *
store_files(Store *store, gint64 folder, GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(file_free);
    sqlite3_stmt *rows = store_prepare(
        store, error, "SELECT id, file, flags FROM message WHERE folder = ?"
        " AND file IS NOT NULL", "i", folder);
    int step;

    if (rows == NULL)
        return NULL;
    while ((step = store_step(store, rows, error)) == SQLITE_ROW) {
        StoreFile *file = g_new0(StoreFile, 1);

        file->id = sqlite3_column_int64(rows, 0);
        file->file = store_text(rows, 1);
        file->flags = (unsigned)sqlite3_column_int64(rows, 2);
        g_ptr_array_add(files, file);
    }
    return step == SQLITE_DONE ? g_steal_pointer(&files) : NULL;
}
