/* Everything that is kept beside the rows, computed again from them. */
#include "store_db.h"

#include "base/err.h"

/* Each counts what is wrong. */
static const struct {
    const char *what;
    const char *sql;
} checks[] = {
    { "a pending message has no row in pending (S4)",
      "SELECT count(*) FROM message m WHERE " STORE_DIFFERS
      " AND m.id NOT IN (SELECT message FROM pending)" },
    { "pending has a row of a message that is not (S4)",
      "SELECT count(*) FROM pending p WHERE NOT EXISTS"
      " (SELECT 1 FROM message m WHERE m.id = p.message AND " STORE_DIFFERS
      ")" },
    { "a folder's counts are wrong",
      "SELECT count(*) FROM folder f LEFT JOIN (SELECT folder, count(*) c,"
      " sum(flags & 4 = 0) u FROM message GROUP BY folder) x"
      " ON x.folder = f.id WHERE f.total IS NOT coalesce(x.c, 0)"
      " OR f.unread IS NOT coalesce(x.u, 0)" },
    { "a thread's counts in a folder are wrong",
      "SELECT count(*) FROM (SELECT folder, thread, max(date) n,"
      " count(*) c, sum(flags & 4 = 0) u FROM message WHERE folder > 0"
      " GROUP BY folder, thread) x LEFT JOIN thread_folder t"
      " USING (folder, thread) WHERE t.newest IS NOT x.n"
      " OR t.total IS NOT x.c OR t.unread IS NOT x.u" },
    { "a thread's counts over all folders are wrong",
      "SELECT count(*) FROM (SELECT m.thread, max(m.date) n, count(*) c,"
      " sum(m.flags & 4 = 0) u FROM message m JOIN folder f"
      " ON f.id = m.folder WHERE f.role NOT IN (5, 6) GROUP BY m.thread) x"
      " LEFT JOIN thread_folder t ON t.folder = 0 AND t.thread = x.thread"
      " WHERE t.newest IS NOT x.n OR t.total IS NOT x.c"
      " OR t.unread IS NOT x.u" },
    { "a thread is listed where none of its messages is",
      "SELECT (SELECT count(*) FROM thread_folder) - (SELECT count(*) FROM"
      " (SELECT DISTINCT folder, thread FROM message WHERE folder > 0))"
      " - (SELECT count(DISTINCT m.thread) FROM message m JOIN folder f"
      " ON f.id = m.folder WHERE f.role NOT IN (5, 6))" },
    { "ids of a thread without messages are kept",
      "SELECT count(*) FROM reference WHERE thread NOT IN"
      " (SELECT thread FROM message)" },
    { "a message lies in a folder that is not there",
      "SELECT count(*) FROM message WHERE (folder > 0 AND folder NOT IN"
      " (SELECT id FROM folder)) OR (server_folder > 0 AND server_folder"
      " NOT IN (SELECT id FROM folder))" },
    { "a message has a UID but no folder on the server",
      "SELECT count(*) FROM message WHERE uid > 0 AND server_folder = 0" },
    { "a message that is nowhere waits for nothing",
      "SELECT count(*) FROM message WHERE folder = 0 AND server_folder = 0"
      " AND settled = 1" },
    { "a message without a file is to be indexed or settled",
      "SELECT count(*) FROM message WHERE file IS NULL AND (indexed = 0"
      " OR (settled = 0 AND folder > 0))" },
    { "an act has items but is gone",
      "SELECT count(*) FROM act_item WHERE act NOT IN (SELECT id FROM act)" },
};

/* Column `column` of row, when it is an id, must be known under its thread. */
static bool
knows(Store *store, sqlite3_stmt *row, int column)
{
    const char *id = (const char *)sqlite3_column_text(row, column);

    return id == NULL || *id == '\0'
           || store_int(store, 0, "SELECT thread FROM reference WHERE hash = ?",
                        "i", store_thread_hash(id))
                  == sqlite3_column_int64(row, 0);
}

static bool
check_threads(Store *store, GError **error)
{
    sqlite3_stmt *rows = store_prepare(
        store, error, "SELECT thread, message_id, in_reply_to FROM message",
        "");
    int step = rows ? SQLITE_ROW : SQLITE_ERROR;

    while (step == SQLITE_ROW) {
        step = store_step(store, rows, error);
        if (step != SQLITE_ROW
            || (knows(store, rows, 1) && knows(store, rows, 2)))
            continue;
        sqlite3_reset(rows);
        return err_set(error, ERR_LOCAL,
                       "%s: a message is not in the thread of its ids",
                       store->path);
    }
    return step == SQLITE_DONE;
}

bool
store_check(Store *store, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(checks); i++) {
        gint64 wrong = store_int(store, -1, checks[i].sql, "");

        if (wrong != 0)
            return err_set(error, ERR_LOCAL, "%s: %s (%d)", store->path,
                           checks[i].what, (int)wrong);
    }
    return check_threads(store, error);
}
