/* Rows as lists show them: a message, or a thread by its newest message with
 * the names of all who wrote. */
#include "store_db.h"

#include "base/err.h"

#include <string.h>

void
store_row_free(StoreRow *row)
{
    if (row == NULL)
        return;
    g_free(row->file);
    g_free(row->message_id);
    g_free(row->index_id);
    g_free(row->subject);
    g_free(row->from_name);
    g_free(row->from_addr);
    g_free(row->to);
    g_free(row->snippet);
    g_free(row->tags);
    g_free(row->server_tags);
    g_free(row->verdict);
    g_free(row->trust);
    g_strfreev(row->authors);
    g_free(row);
}

StoreRow *
store_row_read(sqlite3_stmt *statement)
{
    StoreRow *row = g_new0(StoreRow, 1);
    int column = 0;

    row->id = sqlite3_column_int64(statement, column++);
    row->thread = sqlite3_column_int64(statement, column++);
    row->folder = sqlite3_column_int64(statement, column++);
    row->server_folder = sqlite3_column_int64(statement, column++);
    row->uid = (guint32)sqlite3_column_int64(statement, column++);
    row->file = store_text(statement, column++);
    row->message_id = store_text(statement, column++);
    row->index_id = store_text(statement, column++);
    row->subject = store_text(statement, column++);
    row->from_name = store_text(statement, column++);
    row->from_addr = store_text(statement, column++);
    row->to = store_text(statement, column++);
    row->snippet = store_text(statement, column++);
    row->date = sqlite3_column_int64(statement, column++);
    row->arrival = sqlite3_column_int64(statement, column++);
    row->size = (guint64)sqlite3_column_int64(statement, column++);
    row->flags = (unsigned)sqlite3_column_int64(statement, column++);
    row->server_flags = (unsigned)sqlite3_column_int64(statement, column++);
    row->tags = store_text(statement, column++);
    row->server_tags = store_text(statement, column++);
    row->verdict = store_text(statement, column++);
    row->trust = store_text(statement, column++);
    return row;
}

static StoreRow *
one_row(Store *store, const char *sql, gint64 a, gint64 b, GError **error)
{
    sqlite3_stmt *statement = store_prepare(store, error, sql, "ii", a, b);
    StoreRow *row = NULL;

    if (statement && store_step(store, statement, error) == SQLITE_ROW) {
        row = store_row_read(statement);
        sqlite3_reset(statement);
    }
    return row;
}

StoreRow *
store_row(Store *store, gint64 id, GError **error)
{
    g_autoptr(GError) trouble = NULL;
    StoreRow *row =
        one_row(store,
                "SELECT " STORE_ROW_COLUMNS " FROM message m WHERE m.id = ?1"
                " AND ?2 = 0",
                id, 0, &trouble);

    if (row == NULL && trouble)
        g_propagate_error(error, g_steal_pointer(&trouble));
    else if (row == NULL)
        err_set(error, ERR_LOCAL, "message %" G_GINT64_FORMAT " is gone", id);
    return row;
}

static void
add_name(GPtrArray *names, const char *name)
{
    if (name
        && !g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
        g_ptr_array_add(names, g_strdup(name));
}

/* Who wrote: those of read messages first, oldest first, then the others. */
static char **
authors_of(Store *store, gint64 thread, gint64 folder)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    sqlite3_stmt *rows = store_prepare(
        store, NULL,
        "SELECT coalesce(nullif(m.from_name, ''), m.from_addr)" STORE_IN_THREAD
        " ORDER BY m.flags & 4 = 0, m.date, m.id LIMIT 200",
        "ii", thread, folder);

    while (rows && store_step(store, rows, NULL) == SQLITE_ROW)
        add_name(names, (const char *)sqlite3_column_text(rows, 0));
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}

static void
count_thread(Store *store, StoreRow *row, gint64 folder)
{
    sqlite3_stmt *counts =
        store_prepare(store, NULL,
                      "SELECT count(*), sum(m.flags & 4 = 0),"
                      " max(m.flags & 32), max(m.flags & 256),"
                      " max(m.verdict = 'fail')" STORE_IN_THREAD,
                      "ii", row->thread, folder);

    if (counts == NULL || store_step(store, counts, NULL) != SQLITE_ROW)
        return;
    row->thread_total = (guint)sqlite3_column_int64(counts, 0);
    row->thread_unread = (guint)sqlite3_column_int64(counts, 1);
    row->flags |= (unsigned)sqlite3_column_int64(counts, 2)
                  | (unsigned)sqlite3_column_int64(counts, 3);
    if (sqlite3_column_int64(counts, 4)) {
        g_free(row->verdict);
        row->verdict = g_strdup("fail"); /* one in it is trouble enough */
    }
    sqlite3_reset(counts);
    if (row->thread_unread > 0)
        row->flags &= ~(unsigned)STORE_FLAG_SEEN;
    else
        row->flags |= STORE_FLAG_SEEN;
}

static void
first_subject(Store *store, StoreRow *row, gint64 folder)
{
    sqlite3_stmt *first = store_prepare(store, NULL,
                                        "SELECT m.subject" STORE_IN_THREAD
                                        " ORDER BY m.date, m.id LIMIT 1",
                                        "ii", row->thread, folder);

    if (first == NULL || store_step(store, first, NULL) != SQLITE_ROW)
        return;
    g_free(row->subject);
    row->subject = store_text(first, 0);
    sqlite3_reset(first);
}

static StoreRow *
thread_row(Store *store, gint64 thread, gint64 folder, GError **error)
{
    static const char in_folder[] =
        "SELECT " STORE_ROW_COLUMNS " FROM message m WHERE m.thread = ?1"
        " AND m.folder = ?2 ORDER BY m.date DESC, m.id DESC LIMIT 1";
    static const char anywhere[] = "SELECT " STORE_ROW_COLUMNS STORE_IN_THREAD
                                   " ORDER BY m.date DESC, m.id DESC LIMIT 1";
    StoreRow *row =
        one_row(store, folder ? in_folder : anywhere, thread, folder, error);

    if (row == NULL)
        return NULL;
    row->authors = authors_of(store, thread, folder);
    count_thread(store, row, folder);
    if (row->thread_total > 1)
        first_subject(store, row, folder);
    return row;
}

GPtrArray *
store_rows(Store *store, const gint64 *ids, guint n, bool threads,
           gint64 folder, GError **error)
{
    g_autoptr(GPtrArray) rows =
        g_ptr_array_new_with_free_func((GDestroyNotify)store_row_free);

    for (guint i = 0; i < n; i++) {
        g_autoptr(GError) trouble = NULL;
        StoreRow *row =
            threads ? thread_row(store, ids[i], folder, &trouble)
                    : one_row(store,
                              "SELECT " STORE_ROW_COLUMNS
                              " FROM message m WHERE m.id = ?1 AND ?2 = 0",
                              ids[i], 0, &trouble);

        if (trouble) {
            g_propagate_error(error, g_steal_pointer(&trouble));
            return NULL;
        }
        g_ptr_array_add(rows, row);
    }
    return g_steal_pointer(&rows);
}
