/* Values under keys, and the addresses that were seen. */
#include "store_db.h"

#include <string.h>

char *
store_value(Store *store, const char *key)
{
    sqlite3_stmt *row = store_prepare(
        store, NULL, "SELECT value FROM value WHERE key = ?", "s", key);
    char *value = NULL;

    if (row && store_step(store, row, NULL) == SQLITE_ROW) {
        value = store_text(row, 0);
        sqlite3_reset(row);
    }
    return value;
}

GHashTable *
store_values(Store *store, const char *prefix)
{
    GHashTable *values =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    sqlite3_stmt *rows = store_prepare(
        store, NULL, "SELECT key, value FROM value WHERE key >= ? ORDER BY key",
        "s", prefix);

    while (rows && store_step(store, rows, NULL) == SQLITE_ROW) {
        char *key = store_text(rows, 0);

        if (!g_str_has_prefix(key, prefix)) {
            g_free(key);
            sqlite3_reset(rows);
            break;
        }
        g_hash_table_insert(values, key, store_text(rows, 1));
    }
    return values;
}

bool
store_set_value(Store *store, const char *key, const char *value,
                GError **error)
{
    if (value == NULL)
        return store_exec(store, error, "DELETE FROM value WHERE key = ?", "s",
                          key);
    return store_exec(store, error,
                      "INSERT OR REPLACE INTO value"
                      " VALUES (?, ?)",
                      "ss", key, value);
}

static void
contact_free(void *data)
{
    StoreContact *contact = data;

    g_free(contact->name);
    g_free(contact->addr);
    g_free(contact);
}

/* Does a word of text begin with prefix? Both case folded. */
static bool
begins_word(const char *text, const char *prefix)
{
    gsize size = strlen(prefix);

    for (const char *at = text; (at = strstr(at, prefix)); at += MAX(size, 1))
        if (at == text || strchr(" .@_-\"<", at[-1]))
            return true;
    return false;
}

static bool
matches(sqlite3_stmt *row, const char *folded)
{
    const char *addr = (const char *)sqlite3_column_text(row, 0);
    const char *name = (const char *)sqlite3_column_text(row, 1);
    g_autofree char *both =
        g_strdup_printf("%s\n%s", name ? name : "", addr ? addr : "");
    g_autofree char *text = store_fold(both);

    return begins_word(text, folded);
}

GPtrArray *
store_contacts(Store *store, const char *prefix, guint limit, GError **error)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(contact_free);
    g_autofree char *folded = store_fold(prefix);
    sqlite3_stmt *rows =
        store_prepare(store, error,
                      "SELECT addr, name, sent, received, last FROM contact"
                      " ORDER BY sent * 10 + received DESC, last DESC",
                      "");
    int step;

    if (rows == NULL)
        return NULL;
    while ((limit == 0 || found->len < limit)
           && (step = store_step(store, rows, error)) == SQLITE_ROW) {
        StoreContact *contact;

        if (!matches(rows, folded))
            continue;
        contact = g_new0(StoreContact, 1);
        contact->addr = store_text(rows, 0);
        contact->name = store_text(rows, 1);
        contact->sent = (guint)sqlite3_column_int64(rows, 2);
        contact->received = (guint)sqlite3_column_int64(rows, 3);
        contact->last = sqlite3_column_int64(rows, 4);
        g_ptr_array_add(found, contact);
    }
    sqlite3_reset(rows);
    return g_steal_pointer(&found);
}

bool
store_contact_seen(Store *store, const char *name, const char *addr, bool sent,
                   gint64 date, GError **error)
{
    return store_exec(
        store, error,
        "INSERT INTO contact VALUES (?1, ?2, ?3, 1 - ?3, ?4)"
        " ON CONFLICT (addr) DO UPDATE SET"
        " name = CASE WHEN excluded.name IS NOT NULL AND ?4 >= last"
        " THEN excluded.name ELSE name END, sent = sent + ?3,"
        " received = received + 1 - ?3, last = max(last, ?4)",
        "ssii", addr, name, (gint64)sent, date);
}
