/* The tables of state.db and their versions. A change of the schema is one more
 * entry in migrations[]; an entry that was released is never edited. */
#include "store_db.h"

#include "base/err.h"

enum {
    APPLICATION_ID = 0x706f7374,
    WAL_PAUSE_US = 2000
};

/* message.folder and server_folder are 0 for "nowhere", so they are no foreign
 * keys. message.indexed: 0 the index lacks it or its tags, 1 it has them or
 * cannot take it. message.settled: see store_unsettled(). reference: which
 * thread an id, by its hash, belongs to, whether or not its message is here.
 * thread_folder: a thread in a folder; folder 0 is all but trash and junk.
 * gone: what the index is still to forget. */
static const char version_1[] =
    "CREATE TABLE folder (id INTEGER PRIMARY KEY, account TEXT NOT NULL,"
    " name TEXT NOT NULL, path TEXT NOT NULL UNIQUE,"
    " path_key TEXT NOT NULL UNIQUE, delimiter INTEGER NOT NULL,"
    " role INTEGER NOT NULL, selectable INTEGER NOT NULL,"
    " subscribed INTEGER NOT NULL, local INTEGER NOT NULL,"
    " uidvalidity INTEGER NOT NULL, uidnext INTEGER NOT NULL,"
    " modseq INTEGER NOT NULL, total INTEGER NOT NULL DEFAULT 0,"
    " unread INTEGER NOT NULL DEFAULT 0, UNIQUE (account, name));"
    "CREATE TABLE message (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " thread INTEGER NOT NULL, folder INTEGER NOT NULL,"
    " server_folder INTEGER NOT NULL, uid INTEGER NOT NULL,"
    " orphan INTEGER NOT NULL DEFAULT 0,"
    " indexed INTEGER NOT NULL DEFAULT 0,"
    " settled INTEGER NOT NULL DEFAULT 1,"
    " date INTEGER NOT NULL, arrival INTEGER NOT NULL,"
    " size INTEGER NOT NULL, flags INTEGER NOT NULL,"
    " server_flags INTEGER NOT NULL, tags TEXT NOT NULL DEFAULT '',"
    " server_tags TEXT NOT NULL DEFAULT '', file TEXT, message_id TEXT,"
    " in_reply_to TEXT, index_id TEXT, subject TEXT, from_name TEXT,"
    " from_addr TEXT, recipients TEXT, snippet TEXT, verdict TEXT);"
    "CREATE INDEX message_folder ON message (folder, date);"
    "CREATE INDEX message_date ON message (date, folder);"
    "CREATE INDEX message_unread ON message (folder, date)"
    " WHERE flags & 4 = 0;"
    "CREATE UNIQUE INDEX message_uid ON message (server_folder, uid)"
    " WHERE uid > 0;"
    "CREATE INDEX message_waiting ON message (server_folder) WHERE uid = 0;"
    "CREATE INDEX message_message_id ON message (message_id);"
    "CREATE INDEX message_index_id ON message (index_id)"
    " WHERE index_id IS NOT NULL;"
    "CREATE INDEX message_thread ON message (thread, folder, date);"
    "CREATE INDEX message_unindexed ON message (date) WHERE indexed = 0;"
    "CREATE INDEX message_unsettled ON message (id) WHERE settled = 0;"
    "CREATE TABLE header (message INTEGER PRIMARY KEY"
    " REFERENCES message ON DELETE CASCADE, block BLOB NOT NULL);"
    "CREATE TABLE pending (message INTEGER PRIMARY KEY"
    " REFERENCES message ON DELETE CASCADE, since INTEGER NOT NULL,"
    " attempts INTEGER NOT NULL DEFAULT 0, reason TEXT);"
    "CREATE TABLE reference (hash INTEGER PRIMARY KEY,"
    " thread INTEGER NOT NULL);"
    "CREATE INDEX reference_thread ON reference (thread);"
    "CREATE TABLE thread_folder (folder INTEGER, thread INTEGER,"
    " newest INTEGER, total INTEGER NOT NULL, unread INTEGER NOT NULL,"
    " PRIMARY KEY (folder, thread)) WITHOUT ROWID;"
    "CREATE INDEX thread_folder_newest ON thread_folder (folder, newest,"
    " thread);"
    "CREATE TABLE act (id INTEGER PRIMARY KEY, label TEXT NOT NULL,"
    " time INTEGER NOT NULL, undone INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE act_item (act INTEGER REFERENCES act ON DELETE CASCADE,"
    " message INTEGER, folder INTEGER NOT NULL, flags INTEGER NOT NULL,"
    " tags TEXT NOT NULL, PRIMARY KEY (act, message)) WITHOUT ROWID;"
    "CREATE TABLE gone (index_id TEXT PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TRIGGER message_gone AFTER DELETE ON message"
    " WHEN OLD.index_id IS NOT NULL BEGIN"
    " INSERT OR IGNORE INTO gone VALUES (OLD.index_id); END;"
    "CREATE TABLE value (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"
    "CREATE TABLE contact (addr TEXT PRIMARY KEY COLLATE NOCASE, name TEXT,"
    " sent INTEGER NOT NULL, received INTEGER NOT NULL,"
    " last INTEGER NOT NULL) WITHOUT ROWID;";

/* What of a POP3 maildrop is here: store_pop3.h. message is no foreign key: an
 * entry outlives its row, so that what was deleted here is not fetched
 * again. */
static const char version_2[] =
    "CREATE TABLE pop3 (account TEXT NOT NULL, uidl TEXT NOT NULL,"
    " nth INTEGER NOT NULL, message INTEGER NOT NULL,"
    " octets INTEGER NOT NULL, since INTEGER NOT NULL,"
    " absent INTEGER NOT NULL, attempts INTEGER NOT NULL,"
    " deleted INTEGER NOT NULL,"
    " PRIMARY KEY (account, uidl, nth)) WITHOUT ROWID;"
    "CREATE INDEX pop3_message ON pop3 (message);";

/* What else is kept of the check of who sent a message, and who was found out:
 * few. Keys of signatures that were seen, for when the DNS has lost them. */
static const char version_3[] =
    "ALTER TABLE message ADD COLUMN trust TEXT;"
    "CREATE INDEX message_failed ON message (folder) WHERE verdict = 'fail';"
    "CREATE TABLE dns_key (name TEXT NOT NULL, record TEXT NOT NULL,"
    " first INTEGER NOT NULL, last INTEGER NOT NULL,"
    " PRIMARY KEY (name, record)) WITHOUT ROWID;";

/* What the user wants to see again, when, and in which folder; by the act that
 * said so: one that was undone does not count. An entry outlives its row, for
 * the row that the message has then. */
static const char version_4[] =
    "CREATE TABLE snooze (message INTEGER NOT NULL, act INTEGER NOT NULL,"
    " until INTEGER NOT NULL, folder INTEGER NOT NULL, message_id TEXT,"
    " PRIMARY KEY (message, act)) WITHOUT ROWID;"
    "CREATE INDEX snooze_act ON snooze (act);";

/* Whether a sender is new is asked of all rows. */
static const char version_5[] =
    "CREATE INDEX message_sender ON message (from_addr COLLATE NOCASE);";

/* What a server calls the bytes of a message, wherever they are (RFC 8474), and
 * when it came into its mailbox (RFC 8514). */
static const char version_6[] =
    "CREATE TABLE object (message INTEGER PRIMARY KEY"
    " REFERENCES message ON DELETE CASCADE, email_id TEXT,"
    " save_date INTEGER NOT NULL);"
    "CREATE INDEX object_email_id ON object (email_id)"
    " WHERE email_id IS NOT NULL;";

/* The folder that a message is being moved to on the server; 0: none. */
static const char version_7[] =
    "ALTER TABLE message ADD COLUMN moving INTEGER NOT NULL DEFAULT 0;";

static const char version_8[] =
    "CREATE INDEX message_moving ON message (server_folder)"
    " WHERE moving <> 0;";

/* Each entry brings a database from version i to i + 1. */
static const char *const migrations[] = {
    version_1, version_2, version_3, version_4, version_5, version_6,
    version_7, version_8,
};

enum {
    SCHEMA_VERSION = G_N_ELEMENTS(migrations)
};

/* One value that a pragma or a count gives; -1 with *error set. */
static gint64
ask(Store *store, const char *sql, GError **error)
{
    sqlite3_stmt *statement = store_prepare(store, error, sql, "");
    gint64 value = -1;

    if (statement && store_step(store, statement, error) == SQLITE_ROW) {
        value = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    return value;
}

/* Reads only: nothing may be written to a file that is not ours. Another
 * process may make the tables meanwhile, in one transaction with the id, which
 * is therefore read last. */
static bool
find_version(Store *store, gint64 *version, GError **error)
{
    gint64 tables = ask(store, "SELECT count(*) FROM sqlite_master", error);
    gint64 first =
        ask(store, "PRAGMA user_version", tables < 0 ? NULL : error);
    gint64 id = ask(store, "PRAGMA application_id", first < 0 ? NULL : error);

    if (id < 0 || tables < 0 || first < 0)
        return false;
    *version = first;
    if (id != APPLICATION_ID && (id != 0 || *version != 0 || tables != 0))
        return err_set(error, ERR_LOCAL,
                       "%s is no state file of posthorn: move it away",
                       store->path);
    if (*version > SCHEMA_VERSION)
        return err_set(error, ERR_LOCAL,
                       "%s was written by a newer posthorn (version %d, this "
                       "one knows %d): use that one",
                       store->path, (int)*version, SCHEMA_VERSION);
    return true;
}

/* All missing versions in one transaction; another process may have made them
 * meanwhile. */
static bool
migrate(Store *store, GError **error)
{
    gint64 version;

    if (!find_version(store, &version, error))
        return false;
    for (; version < SCHEMA_VERSION; version++) {
        g_autofree char *mark =
            g_strdup_printf("PRAGMA application_id = %d;"
                            "PRAGMA user_version = %d",
                            APPLICATION_ID, (int)version + 1);

        if (!store_run(store, migrations[version], error)
            || !store_run(store, mark, error))
            return false;
    }
    return true;
}

/* A new file becomes one with a WAL when nobody else looks at it: SQLite does
 * not wait for that. */
static bool
begin_wal(Store *store, GError **error)
{
    gint64 end =
        g_get_monotonic_time() + STORE_BUSY_MS * G_TIME_SPAN_MILLISECOND;

    for (;;) {
        g_autoptr(GError) trouble = NULL;

        if (store_run(store, "PRAGMA journal_mode = WAL", &trouble))
            return true;
        if ((sqlite3_errcode(store->db) & 0xff) != SQLITE_BUSY
            || g_get_monotonic_time() > end) {
            g_propagate_error(error, g_steal_pointer(&trouble));
            return false;
        }
        g_usleep(WAL_PAUSE_US);
    }
}

static bool
configure(Store *store, GError **error)
{
    return begin_wal(store, error)
           && store_run(store,
                        "PRAGMA synchronous = FULL;"
                        "PRAGMA journal_size_limit = 33554432;"
                        "PRAGMA cache_size = -4000; PRAGMA temp_store = MEMORY;"
                        "PRAGMA foreign_keys = ON",
                        error);
}

bool
store_schema_prepare(Store *store, GError **error)
{
    gint64 version;
    bool ok;

    if (!find_version(store, &version, error)
        || !configure(store, error))
        return false;
    if (version == SCHEMA_VERSION)
        return true;
    if (!store_begin(store, error))
        return false;
    ok = migrate(store, error);
    return store_end(store, ok, ok ? error : NULL) && ok;
}
