/* The connection: opening, transactions, statements. Must not know what a
 * message is. */
#include "store_db.h"

#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
        sqlite3_bind_text(statement, column, text, -1, SQLITE_STATIC);
        break;
    case 'b':
        blob = va_arg(*args, const void *);
        sqlite3_bind_blob64(statement, column, blob, va_arg(*args, gsize),
                            SQLITE_STATIC);
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
                               &statement, NULL)
            != SQLITE_OK) {
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
store_prepare(Store *store, GError **error, const char *sql, const char *form,
              ...)
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

/* Nothing more is written once a part failed. SQLite itself rolls back on some
 * errors (full disk); what came behind would then be committed by itself. */
static bool
may_write(Store *store, GError **error)
{
    if (store->depth > 0 && sqlite3_get_autocommit(store->db))
        store->failed = true;
    return !(store->depth > 0 && store->failed)
           || err_set(error, ERR_LOCAL,
                      "%s: an earlier part of the change failed", store->path);
}

/* Before what commits: waits for the disk as is wanted now. */
static bool
set_lazy(Store *store, GError **error)
{
    bool lazy = store->lazy > 0;

    if (lazy == store->is_lazy)
        return true;
    if (!store_run(store,
                   lazy ? "PRAGMA synchronous = NORMAL"
                        : "PRAGMA synchronous = FULL",
                   error))
        return false;
    store->is_lazy = lazy;
    return true;
}

sqlite3_stmt *
store_message(Store *store, gint64 id, const char *sql, GError **error)
{
    sqlite3_stmt *row = store_prepare(store, error, sql, "i", id);
    int step = row ? store_step(store, row, error) : SQLITE_ERROR;

    if (step == SQLITE_DONE)
        err_set(error, ERR_LOCAL, "message %" G_GINT64_FORMAT " is gone", id);
    return step == SQLITE_ROW ? row : NULL;
}

bool
store_exec(Store *store, GError **error, const char *sql, const char *form, ...)
{
    sqlite3_stmt *statement;
    StoreTurn *turn;
    int result;
    va_list args;

    if (!may_write(store, error)
        || (store->depth == 0 && !set_lazy(store, error)))
        return false;
    va_start(args, form);
    statement = prepare(store, error, sql, form, &args);
    va_end(args);
    if (statement == NULL)
        return false;
    turn =
        store->depth == 0 ? store_turn_take(store->path, STORE_BUSY_MS) : NULL;
    do {
        result = store_step(store, statement, error);
    } while (result == SQLITE_ROW);
    store_turn_end(turn);
    return result == SQLITE_DONE;
}

bool
store_run(Store *store, const char *sql, GError **error)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK
           || store_fail(store, error);
}

gint64
store_int(Store *store, gint64 otherwise, const char *sql, const char *form,
          ...)
{
    sqlite3_stmt *statement;
    gint64 value = otherwise;
    int result = SQLITE_ERROR;
    va_list args;

    va_start(args, form);
    statement = prepare(store, NULL, sql, form, &args);
    va_end(args);
    if (statement)
        result = sqlite3_step(statement);
    if (result == SQLITE_ROW
        && sqlite3_column_type(statement, 0) != SQLITE_NULL)
        value = sqlite3_column_int64(statement, 0);
    if (result != SQLITE_ROW && result != SQLITE_DONE)
        store->failed = true;
    if (statement)
        sqlite3_reset(statement);
    return value;
}

GArray *
store_read_ids(Store *store, sqlite3_stmt *statement, GError **error)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    int result = statement ? SQLITE_ROW : SQLITE_ERROR;

    while (result == SQLITE_ROW) {
        gint64 id;

        result = store_step(store, statement, error);
        if (result != SQLITE_ROW)
            break;
        id = sqlite3_column_int64(statement, 0);
        g_array_append_val(ids, id);
    }
    return result == SQLITE_DONE ? g_steal_pointer(&ids) : NULL;
}

char *
store_text(sqlite3_stmt *statement, int column)
{
    return g_strdup((const char *)sqlite3_column_text(statement, column));
}

char *
store_fold(const char *untrusted)
{
    g_autofree char *valid = g_utf8_make_valid(untrusted, -1);

    return g_utf8_casefold(valid, -1);
}

/* The file, 0600 whatever the umask and never a symlink. One that exists is
 * not opened here: closing any descriptor of a file drops the locks that other
 * connections of this process hold on it. */
static bool
make_file(const char *path, GError **error)
{
    int fd =
        open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct stat info;

    if (fd >= 0)
        close(fd);
    else if (errno != EEXIST)
        return err_set_errno(error, errno, "%s", path);
    if (lstat(path, &info) != 0)
        return err_set_errno(error, errno, "%s", path);
    if (!S_ISREG(info.st_mode))
        return err_set(error, ERR_LOCAL,
                       "%s is not a regular file: move it "
                       "away",
                       path);
    return (info.st_mode & 0777) == 0600 || chmod(path, 0600) == 0
           || err_set_errno(error, errno, "%s", path);
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
    sqlite3_busy_timeout(store->db, STORE_BUSY_MS);
    sqlite3_extended_result_codes(store->db, 1);
    if (!store_schema_prepare(store, error))
        return NULL;
    return g_steal_pointer(&store);
}

void
store_close(Store *store)
{
    if (store == NULL)
        return;
    store_turn_end(store->turn);
    g_hash_table_unref(store->statements);
    sqlite3_close(store->db);
    g_free(store->path);
    g_free(store);
}

const char *
store_path(const Store *store)
{
    return store->path;
}

static void
end_turn(Store *store)
{
    store_turn_end(store->turn);
    store->turn = NULL;
}

bool
store_begin(Store *store, GError **error)
{
    if (store->depth == 0) {
        if (!set_lazy(store, error))
            return false;
        store->turn = store_turn_take(store->path, STORE_BUSY_MS);
        if (!store_run(store, "BEGIN IMMEDIATE", error)) {
            end_turn(store);
            return false;
        }
        store->failed = false;
    }
    store->depth++;
    return true;
}

/* The outermost one. */
static bool
finish(Store *store, bool commit, GError **error)
{
    if (store->failed || sqlite3_get_autocommit(store->db)) {
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
        return !commit
               || err_set(error, ERR_LOCAL,
                          "%s: a part of the change failed, "
                          "nothing was changed",
                          store->path);
    }
    if (store_run(store, "COMMIT", error))
        return true;
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

bool
store_end(Store *store, bool commit, GError **error)
{
    bool done;

    g_return_val_if_fail(store->depth > 0, false);
    store->failed |= !commit;
    if (--store->depth > 0)
        return true;
    done = finish(store, commit, error);
    end_turn(store);
    return done;
}

guint
store_waiting(const Store *store)
{
    return store_turn_waiting(store->turn);
}

StoreLazy *
store_lazy(Store *store)
{
    store->lazy++;
    return store;
}

void
store_lazy_end(StoreLazy *lazy)
{
    lazy->lazy--;
}

void
store_read_begin(Store *store)
{
    if (sqlite3_get_autocommit(store->db))
        store_run(store, "BEGIN", NULL);
}

void
store_read_end(Store *store)
{
    if (store->depth == 0)
        store_run(store, "COMMIT", NULL);
}

guint64
store_version(Store *store)
{
    guint64 others = (guint64)store_int(store, 0, "PRAGMA data_version", "");

    return others << 40 | (guint64)sqlite3_total_changes(store->db);
}
