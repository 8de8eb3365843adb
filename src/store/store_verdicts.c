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

GArray *
store_unjudged(Store *store, const char *account, guint limit, GError **error)
{
    sqlite3_stmt *rows = store_prepare(
        store, error,
        "SELECT id FROM (SELECT m.id, m.trust, m.file FROM message m"
        " CROSS JOIN folder f ON f.id = m.folder WHERE f.account = ?1"
        " AND f.role NOT IN (2, 3, 5, 6) ORDER BY m.date DESC, m.id DESC"
        " LIMIT ?2) WHERE trust IS NULL AND file IS NOT NULL",
        "si", account, (gint64)limit);

    return store_read_ids(store, rows, error);
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
