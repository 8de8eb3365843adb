/* Threads and counts. A thread is joined by Message-ID, In-Reply-To and
 * References alone (RFC 5256's REFERENCES without its subject step). Each
 * thread has a row in thread_folder for every folder that has a message of it,
 * and one under folder 0 for all folders but trash and junk, so that a list of
 * threads is one walk along an index. */
#include "store_db.h"

#include "base/err.h"

#include <string.h>

/* The first eight octets of a digest: two ids that collide would only share a
 * thread. Never 0. */
static gint64
hash_id(const char *message_id)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_MD5);
    guint8 digest[16];
    gsize size = sizeof digest;
    gint64 hash;

    g_checksum_update(sum, (const guchar *)message_id, -1);
    g_checksum_get_digest(sum, digest, &size);
    memcpy(&hash, digest, sizeof hash);
    return hash ? hash : 1;
}

static GArray *
hashes_of(const StoreMessage *message)
{
    GArray *hashes = g_array_new(FALSE, FALSE, sizeof(gint64));
    const char *const *id = message->references;
    gint64 hash;

    for (; id && *id; id++) {
        hash = hash_id(*id);
        g_array_append_val(hashes, hash);
    }
    if (message->in_reply_to) {
        hash = hash_id(message->in_reply_to);
        g_array_append_val(hashes, hash);
    }
    if (message->message_id) {
        hash = hash_id(message->message_id);
        g_array_append_val(hashes, hash);
    }
    return hashes;
}

/* Is this folder left out of "all mail"? */
static bool
is_aside(Store *store, gint64 folder)
{
    gint64 role = store_int(store, 0, "SELECT role FROM folder WHERE id = ?",
                            "i", folder);

    return role == FOLDER_ROLE_TRASH || role == FOLDER_ROLE_JUNK;
}

/* Writes the row of a thread in a folder from its messages. */
static bool
recount(Store *store, gint64 folder, gint64 thread, GError **error)
{
    static const char all[] =
        "INSERT OR REPLACE INTO thread_folder"
        " SELECT 0, thread, max(m.date), count(*), sum(m.flags & 4 = 0)"
        " FROM message m JOIN folder f ON f.id = m.folder"
        " WHERE m.thread = ? AND f.role NOT IN (5, 6) GROUP BY m.thread";
    static const char one[] =
        "INSERT OR REPLACE INTO thread_folder"
        " SELECT folder, thread, max(date), count(*), sum(flags & 4 = 0)"
        " FROM message WHERE thread = ? AND folder = ? GROUP BY thread";

    G_STATIC_ASSERT(FOLDER_ROLE_JUNK == 5 && FOLDER_ROLE_TRASH == 6);
    return store_exec(store, error,
                      "DELETE FROM thread_folder WHERE folder = ?"
                      " AND thread = ?", "ii", folder, thread)
        && (folder ? store_exec(store, error, one, "ii", thread, folder)
                   : store_exec(store, error, all, "i", thread));
}

static bool
count_in(Store *store, gint64 folder, const StorePlace *place, GError **error)
{
    gint64 unread = (place->flags & STORE_FLAG_SEEN) == 0;

    return store_exec(
        store, error,
        "INSERT INTO thread_folder VALUES (?, ?, ?, 1, ?)"
        " ON CONFLICT (folder, thread) DO UPDATE SET"
        " newest = max(newest, excluded.newest), total = total + 1,"
        " unread = unread + excluded.unread",
        "iiii", folder, place->thread, place->date, unread);
}

static bool
count_folder(Store *store, gint64 folder, gint64 total, gint64 unread,
             GError **error)
{
    return (total == 0 && unread == 0)
        || store_exec(store, error,
                      "UPDATE folder SET total = total + ?,"
                      " unread = unread + ? WHERE id = ?",
                      "iii", total, unread, folder);
}

bool
store_place_add(Store *store, const StorePlace *place, GError **error)
{
    gint64 unread = (place->flags & STORE_FLAG_SEEN) == 0;

    return count_folder(store, place->folder, 1, unread, error)
        && count_in(store, place->folder, place, error)
        && (is_aside(store, place->folder)
            || count_in(store, 0, place, error));
}

bool
store_place_change(Store *store, const StorePlace *from,
                   const StorePlace *to, GError **error)
{
    gint64 old = (from->flags & STORE_FLAG_SEEN) == 0;
    gint64 new = (to->flags & STORE_FLAG_SEEN) == 0;

    if (from->folder == to->folder)
        return count_folder(store, to->folder, 0, new - old, error)
            && (to->folder == 0
                || recount(store, to->folder, to->thread, error))
            && recount(store, 0, to->thread, error);
    return (from->folder == 0
            || (count_folder(store, from->folder, -1, -old, error)
                && recount(store, from->folder, from->thread, error)))
        && (to->folder == 0
            || (count_folder(store, to->folder, 1, new, error)
                && recount(store, to->folder, to->thread, error)))
        && recount(store, 0, to->thread, error);
}

/* Folders that have messages of a thread; GArray of gint64. */
static GArray *
folders_of(Store *store, gint64 thread, GError **error)
{
    g_autoptr(GArray) folders = g_array_new(FALSE, FALSE, sizeof(gint64));
    sqlite3_stmt *rows = store_prepare(
        store, error, "SELECT DISTINCT folder FROM message WHERE thread = ?"
        " AND folder > 0", "i", thread);
    int step;

    if (rows == NULL)
        return NULL;
    while ((step = store_step(store, rows, error)) == SQLITE_ROW) {
        gint64 folder = sqlite3_column_int64(rows, 0);

        g_array_append_val(folders, folder);
    }
    return step == SQLITE_DONE ? g_steal_pointer(&folders) : NULL;
}

/* Everything of thread b becomes part of thread a. */
static bool
merge(Store *store, gint64 a, gint64 b, GError **error)
{
    g_autoptr(GArray) folders = folders_of(store, b, error);

    if (folders == NULL
        || !store_exec(store, error, "UPDATE message SET thread = ?"
                       " WHERE thread = ?", "ii", a, b)
        || !store_exec(store, error, "UPDATE reference SET thread = ?"
                       " WHERE thread = ?", "ii", a, b))
        return false;
    for (guint i = 0; i < folders->len; i++) {
        gint64 folder = g_array_index(folders, gint64, i);

        if (!store_exec(store, error, "DELETE FROM thread_folder"
                        " WHERE folder = ? AND thread = ?", "ii", folder, b)
            || !recount(store, folder, a, error))
            return false;
    }
    return store_exec(store, error, "DELETE FROM thread_folder"
                      " WHERE folder = 0 AND thread = ?", "i", b)
        && recount(store, 0, a, error);
}

gint64
store_thread_join(Store *store, const StoreMessage *message, gint64 otherwise,
                  GError **error)
{
    g_autoptr(GArray) hashes = hashes_of(message);
    gint64 thread = 0;

    for (guint i = 0; i < hashes->len; i++) {
        gint64 known = store_int(
            store, 0, "SELECT thread FROM reference WHERE hash = ?", "i",
            g_array_index(hashes, gint64, i));

        if (known != 0 && thread == 0)
            thread = known;
        else if (known != 0 && known != thread
                 && !merge(store, thread, known, error))
            return 0;
    }
    if (thread == 0)
        thread = otherwise;
    for (guint i = 0; i < hashes->len; i++)
        if (!store_exec(store, error,
                        "INSERT OR IGNORE INTO reference VALUES (?, ?)", "ii",
                        g_array_index(hashes, gint64, i), thread))
            return 0;
    return thread;
}
