/* What the user wants and the server does not know yet. */
#include "store_db.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"

#include <string.h>

/* S4: the states of the row differ, and it is not a local one. */
#define DIFFERS \
    "(m.orphan = 0 AND (m.folder <> m.server_folder" \
    " OR m.flags & 63 <> m.server_flags & 63 OR m.tags <> m.server_tags)" \
    " AND NOT EXISTS (SELECT 1 FROM folder f WHERE f.local = 1" \
    " AND f.id = m.folder AND m.server_folder = 0))"

bool
store_pending_update(Store *store, gint64 id, GError **error)
{
    gint64 differs = store_int(store, 0, "SELECT " DIFFERS
                               " FROM message m WHERE m.id = ?", "i", id);

    if (differs)
        return store_exec(store, error, "INSERT OR IGNORE INTO pending"
                          " (message, since) VALUES (?, ?)", "ii", id,
                          clock_now());
    return store_exec(store, error, "DELETE FROM pending WHERE message = ?",
                      "i", id);
}

void
store_pending_free(StorePending *pending)
{
    if (pending == NULL)
        return;
    g_free(pending->tags);
    g_free(pending->server_tags);
    g_free(pending->file);
    g_free(pending->reason);
    g_free(pending);
}

static StorePending *
read_pending(sqlite3_stmt *row)
{
    StorePending *pending = g_new0(StorePending, 1);

    pending->id = sqlite3_column_int64(row, 0);
    pending->server_folder = sqlite3_column_int64(row, 1);
    pending->uid = (guint32)sqlite3_column_int64(row, 2);
    pending->folder = sqlite3_column_int64(row, 3);
    pending->flags = (unsigned)sqlite3_column_int64(row, 4);
    pending->server_flags = (unsigned)sqlite3_column_int64(row, 5);
    pending->tags = store_text(row, 6);
    pending->server_tags = store_text(row, 7);
    pending->file = store_text(row, 8);
    pending->since = sqlite3_column_int64(row, 9);
    pending->attempts = (guint)sqlite3_column_int64(row, 10);
    pending->reason = store_text(row, 11);
    return pending;
}

#define OF_ACCOUNT \
    " JOIN folder f ON f.id = CASE WHEN m.server_folder > 0" \
    " THEN m.server_folder ELSE m.folder END" \
    " WHERE (?1 IS NULL OR f.account = ?1)"

GPtrArray *
store_pending(Store *store, const char *account, guint limit, GError **error)
{
    g_autoptr(GPtrArray) all =
        g_ptr_array_new_with_free_func((GDestroyNotify)store_pending_free);
    sqlite3_stmt *rows = store_prepare(
        store, error,
        "SELECT m.id, m.server_folder, m.uid, m.folder, m.flags,"
        " m.server_flags, m.tags, m.server_tags, m.file, p.since, p.attempts,"
        " p.reason FROM pending p JOIN message m ON m.id = p.message"
        OF_ACCOUNT " ORDER BY p.since, m.id LIMIT ?2",
        "si", account, (gint64)(limit ? limit : G_MAXINT32));
    int step;

    if (rows == NULL)
        return NULL;
    while ((step = store_step(store, rows, error)) == SQLITE_ROW)
        g_ptr_array_add(all, read_pending(rows));
    return step == SQLITE_DONE ? g_steal_pointer(&all) : NULL;
}

guint
store_pending_count(Store *store, const char *account)
{
    return (guint)store_int(
        store, 0, "SELECT count(*) FROM pending p"
        " JOIN message m ON m.id = p.message" OF_ACCOUNT, "s", account);
}

bool
store_pending_failed(Store *store, gint64 id, const char *reason,
                     GError **error)
{
    return store_exec(store, error,
                      "UPDATE pending SET attempts = attempts + 1, reason = ?"
                      " WHERE message = ?", "si", reason, id);
}

bool
store_pending_refused(Store *store, gint64 id, const char *reason,
                      GError **error)
{
    g_autoptr(StoreRow) row = store_row(store, id, error);
    bool ok;

    if (row == NULL || !store_begin(store, error))
        return false;
    log_add(LOG_WARN, "server", "refused: %s", reason);
    if (row->server_folder == 0) /* an append: kept here, tried again later */
        ok = store_pending_failed(store, id, reason, error);
    else
        ok = (row->folder == row->server_folder
              || store_set_folder(store, id, row->server_folder, error))
            && store_set_flags(store, id, row->server_flags, error)
            && store_set_tags(store, id, row->server_tags, error);
    return store_end(store, ok, ok ? error : NULL) && ok;
}

bool
store_check(Store *store, GError **error)
{
    static const struct {
        const char *what;
        const char *sql; /* counts what is wrong */
    } checks[] = {
        { "pending misses a row",
          "SELECT count(*) FROM message m WHERE " DIFFERS
          " AND m.id NOT IN (SELECT message FROM pending)" },
        { "pending has a row too many",
          "SELECT count(*) FROM pending p WHERE NOT EXISTS"
          " (SELECT 1 FROM message m WHERE m.id = p.message AND " DIFFERS
          ")" },
        { "a folder's total is wrong",
          "SELECT count(*) FROM folder f WHERE total <> (SELECT count(*)"
          " FROM message m WHERE m.folder = f.id)" },
        { "a folder's unread count is wrong",
          "SELECT count(*) FROM folder f WHERE unread <> (SELECT count(*)"
          " FROM message m WHERE m.folder = f.id AND m.flags & 4 = 0)" },
        { "a thread's counts are wrong",
          "SELECT count(*) FROM (SELECT folder, thread, max(date) n,"
          " count(*) c, sum(flags & 4 = 0) u FROM message WHERE folder > 0"
          " GROUP BY folder, thread) x LEFT JOIN thread_folder t"
          " USING (folder, thread) WHERE t.newest IS NOT x.n"
          " OR t.total IS NOT x.c OR t.unread IS NOT x.u" },
        { "a thread's counts over all folders are wrong",
          "SELECT count(*) FROM (SELECT m.thread, max(m.date) n, count(*) c,"
          " sum(m.flags & 4 = 0) u FROM message m JOIN folder f"
          " ON f.id = m.folder WHERE f.role NOT IN (5, 6)"
          " GROUP BY m.thread) x LEFT JOIN thread_folder t"
          " ON t.folder = 0 AND t.thread = x.thread"
          " WHERE t.newest IS NOT x.n OR t.total IS NOT x.c"
          " OR t.unread IS NOT x.u" },
        { "a thread is listed that has no message",
          "SELECT count(*) FROM thread_folder t WHERE NOT EXISTS"
          " (SELECT 1 FROM message m WHERE m.thread = t.thread"
          " AND (t.folder = 0 OR m.folder = t.folder))" },
        { "a message is in no thread that its ids know",
          "SELECT count(*) FROM message m WHERE thread = 0" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(checks); i++) {
        gint64 wrong = store_int(store, -1, checks[i].sql, "");

        if (wrong != 0)
            return err_set(error, ERR_LOCAL, "%s: %s (%d)", store->path,
                           checks[i].what, (int)wrong);
    }
    return true;
}
