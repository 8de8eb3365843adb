/* What the check of who sent a message came to, and the keys that it saw. */
#include "store_db.h"

#include <string.h>

G_STATIC_ASSERT(FOLDER_ROLE_DRAFTS == 2 && FOLDER_ROLE_SENT == 3);

bool
store_set_verdict(Store *store, gint64 id, const char *verdict,
                  const char *trust, GError **error)
{
    return store_exec(store, error,
                      "UPDATE message SET verdict = ?1, trust = ?2,"
                      " indexed = file IS NULL WHERE id = ?3"
                      " AND (verdict IS NOT ?1 OR trust IS NOT ?2)",
                      "ssi", verdict, trust, id);
}

guint
store_failed_count(Store *store)
{
    return (guint)store_int(
        store, 0,
        "SELECT count(*) FROM message m JOIN folder f ON f.id = m.folder"
        " WHERE m.verdict = 'fail' AND f.role NOT IN (5, 6)",
        "");
}

guint
store_sender_count(Store *store, const char *addr, guint limit)
{
    gint64 known = store_int(store, 0,
                             "SELECT sent + received FROM contact"
                             " WHERE addr = ?",
                             "s", addr);

    if (known >= limit)
        return limit;
    return (guint)store_int(store, 0,
                            "SELECT count(*) FROM (SELECT 1 FROM message WHERE"
                            " from_addr = ? COLLATE NOCASE LIMIT ?)",
                            "si", addr, (gint64)limit);
}

/* One of the newest rows of an account. */
typedef struct {
    gint64 date;
    gint64 id;
    bool open; /* here, and not judged */
} Newest;

static int
compare_newest(const void *a, const void *b)
{
    const Newest *one = a, *other = b;

    if (one->date != other->date)
        return one->date < other->date ? 1 : -1;
    return (one->id < other->id) - (one->id > other->id);
}

/* Takes up the rows of a folder that are among the newest, limit of them. */
static bool
add_folder(Store *store, gint64 folder, GArray *newest, guint limit,
           GError **error)
{
    gint64 since = newest->len < limit || limit == 0
                       ? G_MININT64
                       : g_array_index(newest, Newest, limit - 1).date;
    sqlite3_stmt *rows = store_prepare(
        store, error,
        "SELECT date, id, trust IS NULL AND file IS NOT NULL FROM message"
        " WHERE folder = ? AND date >= ? ORDER BY date DESC, id DESC LIMIT ?",
        "iii", folder, since, (gint64)limit);
    int step = SQLITE_DONE;

    while (rows && (step = store_step(store, rows, error)) == SQLITE_ROW) {
        Newest row = { sqlite3_column_int64(rows, 0),
                       sqlite3_column_int64(rows, 1),
                       sqlite3_column_int(rows, 2) != 0 };

        g_array_append_val(newest, row);
    }
    g_array_sort(newest, compare_newest);
    g_array_set_size(newest, MIN(newest->len, limit));
    return rows != NULL && step == SQLITE_DONE;
}

GArray *
store_unjudged(Store *store, const char *account, guint limit, GError **error)
{
    g_autoptr(GArray) newest = g_array_new(FALSE, FALSE, sizeof(Newest));
    sqlite3_stmt *rows = store_prepare(store, error,
                                       "SELECT id FROM folder WHERE account = ?"
                                       " AND role NOT IN (2, 3, 5, 6)",
                                       "s", account);
    g_autoptr(GArray) folders = store_read_ids(store, rows, error);
    GArray *ids;

    for (guint i = 0; folders && i < folders->len; i++)
        if (!add_folder(store, g_array_index(folders, gint64, i), newest, limit,
                        error))
            return NULL;
    if (folders == NULL)
        return NULL;
    ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    for (guint i = 0; i < newest->len; i++) {
        const Newest *row = &g_array_index(newest, Newest, i);

        if (row->open)
            g_array_append_val(ids, row->id);
    }
    return ids;
}

bool
store_key_seen(Store *store, const char *name, const char *record, gint64 time,
               GError **error)
{
    return store_exec(store, error,
                      "INSERT INTO dns_key VALUES (?1, ?2, ?3, ?3)"
                      " ON CONFLICT DO UPDATE SET last = max(last, ?3)",
                      "ssi", name, record, time);
}

/* The first text of a row; NULL: there is none. */
static char *
text_of(Store *store, sqlite3_stmt *row)
{
    char *text = NULL;

    if (row && store_step(store, row, NULL) == SQLITE_ROW) {
        text = store_text(row, 0);
        sqlite3_reset(row);
    }
    return text;
}

char *
store_key_of(Store *store, const char *domain)
{
    g_autofree char *suffix = g_strconcat("._domainkey.", domain, NULL);
    gint64 length = (gint64)strlen(suffix);

    return text_of(store, store_prepare(store, NULL,
                                        "SELECT name FROM dns_key"
                                        " WHERE substr(name, -?) = ?"
                                        " ORDER BY last DESC LIMIT 1",
                                        "is", length, suffix));
}

char *
store_key_at(Store *store, const char *name, gint64 when)
{
    return text_of(store, store_prepare(store, NULL,
                                        "SELECT record FROM dns_key"
                                        " WHERE name = ? AND last >= ?"
                                        " ORDER BY first LIMIT 1",
                                        "si", name, when));
}
