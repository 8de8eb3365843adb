/* What a server calls a message, wherever it is (EMAILID), and since when it is
 * in its mailbox (SAVEDATE). */
#include "store_db.h"

bool
store_object_put(Store *store, gint64 id, const StoreObject *object,
                 GError **error)
{
    return (object->email_id == NULL && object->save_date == 0)
           || store_exec(store, error,
                         "INSERT OR REPLACE INTO object VALUES (?, ?, ?)",
                         "isi", id, object->email_id, object->save_date);
}

bool
store_object_forget(Store *store, gint64 id, GError **error)
{
    return store_exec(store, error, "DELETE FROM object WHERE message = ?", "i",
                      id);
}

gint64
store_save_date(Store *store, gint64 id)
{
    return store_int(store, 0, "SELECT save_date FROM object WHERE message = ?",
                     "i", id);
}

char *
store_email_id(Store *store, gint64 id)
{
    sqlite3_stmt *row = store_prepare(
        store, NULL, "SELECT email_id FROM object WHERE message = ?", "i", id);
    char *email_id = NULL;

    if (row && store_step(store, row, NULL) == SQLITE_ROW) {
        email_id = store_text(row, 0);
        sqlite3_reset(row);
    }
    return email_id;
}

bool
store_has_objects(Store *store)
{
    return store_int(store, 0,
                     "SELECT 1 FROM object WHERE email_id IS NOT NULL LIMIT 1",
                     "")
           != 0;
}

bool
store_object_in(Store *store, gint64 server_folder, const char *email_id)
{
    return store_int(store, 0,
                     "SELECT 1 FROM object JOIN message ON id = message"
                     " WHERE email_id = ? AND server_folder = ? LIMIT 1",
                     "si", email_id, server_folder)
           != 0;
}

bool
store_object_elsewhere(Store *store, gint64 id)
{
    return store_int(store, 0,
                     "SELECT 1 FROM object mine JOIN message me ON me.id = ?1"
                     " JOIN folder ours ON ours.id = me.server_folder"
                     " JOIN object theirs ON theirs.email_id = mine.email_id"
                     " JOIN message other ON other.id = theirs.message"
                     " JOIN folder its ON its.id = other.server_folder"
                     " WHERE mine.message = ?1 AND other.id <> ?1"
                     " AND other.folder <> 0 AND its.account = ours.account"
                     " AND other.server_folder <> me.server_folder LIMIT 1",
                     "i", id)
           != 0;
}

gint64
store_object_here(Store *store, const char *account, const char *email_id)
{
    return store_int(
        store, 0,
        "SELECT message.id FROM object"
        " JOIN message ON message.id = object.message"
        " JOIN folder ON folder.id = server_folder"
        " WHERE email_id = ? AND account = ? AND file IS NOT NULL LIMIT 1",
        "ss", email_id, account);
}
