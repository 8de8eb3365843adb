/* What the user wants and the server does not know yet. */
#include "store_db.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <string.h>

bool
store_pending_update(Store *store, gint64 id, GError **error)
{
    if (store_int(store, 0,
                  "SELECT " STORE_DIFFERS " FROM message m WHERE m.id = ?", "i",
                  id))
        return store_exec(store, error,
                          "INSERT OR IGNORE INTO pending (message, since)"
                          " VALUES (?, ?)",
                          "ii", id, clock_now());
    return store_exec(store, error, "DELETE FROM pending WHERE message = ?",
                      "i", id);
}

bool
store_pending_update_folder(Store *store, gint64 folder, GError **error)
{
    return store_exec(
               store, error,
               "DELETE FROM pending WHERE message IN (SELECT m.id"
               " FROM message m WHERE m.folder = ? AND NOT " STORE_DIFFERS ")",
               "i", folder)
           && store_exec(store, error,
                         "INSERT OR IGNORE INTO pending (message, since)"
                         " SELECT m.id, ?2 FROM message m WHERE m.folder = ?1"
                         " AND " STORE_DIFFERS,
                         "ii", folder, clock_now());
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
    pending->moving = sqlite3_column_int64(row, 12);
    return pending;
}

/* CROSS: `pending` is short, and nothing else tells SQLite so. */
#define OF_ACCOUNT                                                             \
    " CROSS JOIN message m ON m.id = p.message"                                \
    " CROSS JOIN folder f ON f.id = CASE WHEN m.server_folder > 0"             \
    " THEN m.server_folder WHEN m.moving > 0 THEN m.moving"                    \
    " ELSE m.folder END"                                                       \
    " WHERE (?1 IS NULL OR f.account = ?1)"

GPtrArray *
store_pending(Store *store, const char *account, guint limit, GError **error)
{
    return store_pending_after(store, account, NULL, false, limit, error);
}

GPtrArray *
store_pending_after(Store *store, const char *account,
                    const StorePending *after, bool but_undoable, guint limit,
                    GError **error)
{
    g_autoptr(GPtrArray) all =
        g_ptr_array_new_with_free_func((GDestroyNotify)store_pending_free);
    sqlite3_stmt *rows = store_prepare(
        store, error,
        "SELECT m.id, m.server_folder, m.uid, m.folder, m.flags,"
        " m.server_flags, m.tags, m.server_tags, m.file, p.since, p.attempts,"
        " p.reason, m.moving FROM pending p" OF_ACCOUNT
        " AND (p.since, m.id) > (?3, ?4)"
        " AND (?5 = 0 OR m.folder > 0 OR " STORE_NOT_UNDOABLE ")"
        " ORDER BY p.since, m.id LIMIT ?2",
        "siiii", account, (gint64)(limit ? limit : G_MAXINT32),
        after ? after->since : -1, after ? after->id : 0,
        (gint64)but_undoable);
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
        store, 0, "SELECT count(*) FROM pending p" OF_ACCOUNT, "s", account);
}

bool
store_pending_failed(Store *store, gint64 id, const char *reason,
                     GError **error)
{
    return store_exec(store, error,
                      "UPDATE pending SET attempts = attempts + 1, reason = ?"
                      " WHERE message = ?",
                      "si", reason, id);
}

char *
store_words_change(const char *words, const char *word, bool add)
{
    g_auto(GStrv) all = g_strsplit(words, " ", -1);
    g_autoptr(GPtrArray) kept = g_ptr_array_new();
    bool placed = !add;

    for (char **at = all; *at; at++) {
        int order = strcmp(*at, word);

        if (**at == '\0' || order == 0)
            continue;
        if (!placed && order > 0) {
            g_ptr_array_add(kept, (void *)word);
            placed = true;
        }
        g_ptr_array_add(kept, *at);
    }
    if (!placed)
        g_ptr_array_add(kept, (void *)word);
    g_ptr_array_add(kept, NULL);
    return g_strjoinv(" ", (char **)kept->pdata);
}

bool
store_words_have(const char *words, const char *word)
{
    g_auto(GStrv) all = g_strsplit(words ? words : "", " ", -1);

    return g_strv_contains((const char *const *)all, word);
}

/* An append cannot be taken back without losing the message: it stays, with
 * the reason. */
static bool
refuse(Store *store, gint64 id, const StoreAsk *ask, const char *reason,
       GError **error)
{
    g_autoptr(StoreRow) row = store_row(store, id, NULL);
    g_autofree char *tags = NULL;
    StoreState state;

    if (row == NULL)
        return true; /* gone meanwhile */
    if (row->server_folder == 0)
        return store_pending_failed(store, id, reason, error);
    if (ask->place && !store_server_moving(store, id, 0, error))
        return false;
    tags =
        ask->word ? store_words_change(
            row->tags, ask->word, store_words_have(row->server_tags, ask->word))
                  : g_strdup(row->tags);
    state = (StoreState){
        ask->place && row->folder == ask->folder ? row->server_folder
                                                 : row->folder,
        (row->flags & ~ask->flags) | (row->server_flags & ask->flags), tags
    };
    return store_state_write(store, id, &state, error);
}

bool
store_pending_refused(Store *store, gint64 id, const StoreAsk *ask,
                      const char *reason, GError **error)
{
    g_autofree char *line = text_sanitise(reason, -1, TEXT_LINE);
    bool ok;

    if (!store_begin(store, error))
        return false;
    ok = refuse(store, id, ask, reason, error);
    if (!store_end(store, ok, ok ? error : NULL) || !ok)
        return false;
    log_add(LOG_WARN, "store",
            "the server refused a change of message %" G_GINT64_FORMAT ": %s",
            id, line);
    return true;
}
