/* The connection: opening, schema versions, transactions, statements. Must not
 * know what a message is. */
#include "store_db.h"

#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { APPLICATION_ID = 0x706f7374, BUSY_MS = 5000 };

/* Each entry brings a database from version i to i + 1. */
static const char *const migrations[] = {
    "CREATE TABLE folder (id INTEGER PRIMARY KEY, account TEXT NOT NULL,"
    " name TEXT NOT NULL, path TEXT NOT NULL UNIQUE, delimiter INTEGER,"
    " role INTEGER, selectable INTEGER, subscribed INTEGER, local INTEGER,"
    " uidvalidity INTEGER, uidnext INTEGER, modseq INTEGER,"
    " total INTEGER DEFAULT 0, unread INTEGER DEFAULT 0,"
    " UNIQUE (account, name));"
    "CREATE TABLE message (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " thread INTEGER NOT NULL,"
    " folder INTEGER NOT NULL, server_folder INTEGER NOT NULL,"
    " uid INTEGER NOT NULL, orphan INTEGER NOT NULL DEFAULT 0,"
    " indexed INTEGER NOT NULL DEFAULT 0, settled INTEGER NOT NULL DEFAULT 1,"
    " date INTEGER, arrival INTEGER, size INTEGER,"
    " flags INTEGER NOT NULL, server_flags INTEGER NOT NULL,"
    " tags TEXT NOT NULL DEFAULT '', server_tags TEXT NOT NULL DEFAULT '',"
    " file TEXT, message_id TEXT, in_reply_to TEXT, index_id TEXT,"
    " subject TEXT, from_name TEXT, from_addr TEXT, recipients TEXT,"
    " snippet TEXT, verdict TEXT);"
    "CREATE INDEX message_folder ON message (folder, date, id);"
    "CREATE INDEX message_unread ON message (folder, date)"
    " WHERE flags & 4 = 0;"
    "CREATE UNIQUE INDEX message_uid ON message (server_folder, uid)"
    " WHERE uid > 0;"
    "CREATE INDEX message_message_id ON message (message_id);"
    "CREATE INDEX message_index_id ON message (index_id)"
    " WHERE index_id IS NOT NULL;"
    "CREATE INDEX message_thread ON message (thread, folder, date);"
    "CREATE INDEX message_unindexed ON message (date) WHERE indexed = 0;"
    "CREATE INDEX message_unsettled ON message (id) WHERE settled = 0;"
    "CREATE TABLE header (message INTEGER PRIMARY KEY, block BLOB);"
    "CREATE TABLE reference (hash INTEGER PRIMARY KEY, thread INTEGER);"
    "CREATE INDEX reference_thread ON reference (thread);"
    "CREATE TABLE thread_folder (folder INTEGER, thread INTEGER,"
    " newest INTEGER, total INTEGER, unread INTEGER,"
    " PRIMARY KEY (folder, thread)) WITHOUT ROWID;"
    "CREATE INDEX thread_folder_newest ON thread_folder (folder, newest,"
    " thread);"
    "CREATE TABLE pending (message INTEGER PRIMARY KEY, since INTEGER,"
    " attempts INTEGER DEFAULT 0, reason TEXT);"
    "CREATE TABLE act (id INTEGER PRIMARY KEY, label TEXT, time INTEGER,"
    " undone INTEGER DEFAULT 0);"
    "CREATE TABLE act_item (act INTEGER, message INTEGER, folder INTEGER,"
    " flags INTEGER, tags TEXT, PRIMARY KEY (act, message)) WITHOUT ROWID;"
    "CREATE TABLE value (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"
    "CREATE TABLE contact (addr TEXT PRIMARY KEY COLLATE NOCASE, name TEXT,"
    " sent INTEGER, received INTEGER, last INTEGER) WITHOUT ROWID;",
};

enum { SCHEMA_VERSION = G_N_ELEMENTS(migrations) };

bool
store_fail(Store *store, GError **error)
{
    return err_set(error, ERR_LOCAL, "%s: %s", store->path,
                   sqlite3_errmsg(store->db));
}

static void
bind_one(sqlite3_stmt *statement, int column, char kind, va_list *args)
{
    const char *text;
    const void *blob;

    switch (kind) {
    case 'i':
        sqlite3_bind_int64(statement, column, va_arg(*args, gint64));
        break;
    case 's':
        text = va_arg(*args, const char *);
        sqlite3_bind_text(statement, column, text, -1, SQLITE_TRANSIENT);
        break;
    case 'b':
        blob = va_arg(*args, const void *);
        sqlite3_bind_blob64(statement, column, blob,
                            va_arg(*args, gsize), SQLITE_TRANSIENT);
        break;
    default:
        g_assert_not_reached();
    }
}

static sqlite3_stmt *
prepare(Store *store, GError **error, const char *sql, const char *form,
        va_list *args)
{
    sqlite3_stmt *statement = g_hash_table_lookup(store->statements, sql);

    if (statement == NULL) {
        if (sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
                               &statement, NULL) != SQLITE_OK) {
            store_fail(store, error);
            return NULL;
        }
        g_hash_table_insert(store->statements, (void *)sql, statement);
    }
    sqlite3_reset(statement);
    for (int i = 0; form[i]; i++)
        bind_one(statement, i + 1, form[i], args);
    return statement;
}

sqlite3_stmt *
store_prepare(Store *store, GError **error, const char *sql,
              const char *form, ...)
{
    sqlite3_stmt *statement;
    va_list args;

    va_start(args, form);
    statement = prepare(store, error, sql, form, &args);
    va_end(args);
    return statement;
}

int
store_step(Store *store, sqlite3_stmt *statement, GError **error)
{
    int result = sqlite3_step(statement);

    if (result != SQLITE_ROW && result != SQLITE_DONE)
        store_fail(store, error);
    if (result != SQLITE_ROW)
        sqlite3_reset(statement);
    return result;
}

bool
store_exec(Store *store, GError **error, const char *sql, const char *form,
           ...)
{
    sqlite3_stmt *statement;
    int result = SQLITE_ERROR;
    va_list args;

    va_start(args, form);
    statement = prepare(store, error, sql, form, &args);
    va_end(args);
    if (statement == NULL)
        return false;
    while ((result = store_step(store, statement, error)) == SQLITE_ROW)
        ;
    return result == SQLITE_DONE;
}

gint64
store_int(Store *store, gint64 otherwise, const char *sql, const char *form,
          ...)
{
    sqlite3_stmt *statement;
    gint64 value = otherwise;
    va_list args;

    va_start(args, form);
    statement = prepare(store, NULL, sql, form, &args);
    va_end(args);
    if (statement && sqlite3_step(statement) == SQLITE_ROW
        && sqlite3_column_type(statement, 0) != SQLITE_NULL)
        value = sqlite3_column_int64(statement, 0);
    if (statement)
        sqlite3_reset(statement);
    return value;
}

char *
store_text(sqlite3_stmt *statement, int column)
{
    return g_strdup((const char *)sqlite3_column_text(statement, column));
}

static bool
run(Store *store, const char *sql, GError **error)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK
        || store_fail(store, error);
}

static bool
migrate(Store *store, GError **error)
{
    gint64 id, version;

    if (!store_begin(store, error))
        return false;
    id = store_int(store, 0, "PRAGMA application_id", "");
    version = store_int(store, 0, "PRAGMA user_version", "");
    if ((id != 0 && id != APPLICATION_ID)
        || (id == 0
            && store_int(store, 0, "SELECT count(*) FROM sqlite_master", "")))
        return store_end(store, false, NULL)
            && err_set(error, ERR_LOCAL, "%s is no state file of posthorn: "
                       "move it away", store->path);
    if (version > SCHEMA_VERSION)
        return store_end(store, false, NULL)
            && err_set(error, ERR_LOCAL, "%s was written by a newer posthorn "
                       "(version %d, this one knows %d): use that one",
                       store->path, (int)version, SCHEMA_VERSION);
    for (; version < SCHEMA_VERSION; version++) {
        g_autofree char *mark = g_strdup_printf(
            "PRAGMA application_id = %d; PRAGMA user_version = %d",
            APPLICATION_ID, (int)version + 1);

        if (!run(store, migrations[version], error)
            || !run(store, mark, error)) {
            store_end(store, false, NULL);
            return false;
        }
    }
    return store_end(store, true, error);
}

/* The file, 0600 whatever the umask. */
static bool
make_file(const char *path, GError **error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok;

    if (fd < 0)
        return err_set_errno(error, errno, "%s", path);
    ok = fchmod(fd, 0600) == 0 || err_set_errno(error, errno, "%s", path);
    close(fd);
    return ok;
}

static void
finalize(void *statement)
{
    sqlite3_finalize(statement);
}

Store *
store_open(const char *path, GError **error)
{
    g_autoptr(Store) store = g_new0(Store, 1);

    store->path = g_strdup(path);
    store->statements =
        g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, finalize);
    if (!make_file(path, error))
        return NULL;
    if (sqlite3_open_v2(path, &store->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL)
        != SQLITE_OK) {
        store_fail(store, error);
        return NULL;
    }
    sqlite3_busy_timeout(store->db, BUSY_MS);
    sqlite3_extended_result_codes(store->db, 1);
    if (!run(store,
             "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
             "PRAGMA cache_size = -4000; PRAGMA temp_store = MEMORY",
             error)
        || !migrate(store, error))
        return NULL;
    return g_steal_pointer(&store);
}

void
store_close(Store *store)
{
    if (store == NULL)
        return;
    g_hash_table_unref(store->statements);
    sqlite3_close(store->db);
    g_free(store->path);
    g_free(store);
}

bool
store_begin(Store *store, GError **error)
{
    if (store->depth == 0) {
        if (!run(store, "BEGIN IMMEDIATE", error))
            return false;
        store->failed = false;
    }
    store->depth++;
    return true;
}

bool
store_end(Store *store, bool commit, GError **error)
{
    g_return_val_if_fail(store->depth > 0, false);
    store->failed |= !commit;
    if (--store->depth > 0)
        return true;
    if (store->failed) {
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
        return !commit
            || err_set(error, ERR_LOCAL, "%s: a part of the change failed, "
                       "nothing was changed", store->path);
    }
    if (run(store, "COMMIT", error))
        return true;
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

guint64
store_version(Store *store)
{
    guint64 others = (guint64)store_int(store, 0, "PRAGMA data_version", "");

    return others << 40 | (guint64)sqlite3_total_changes(store->db);
}
