/* Which thread a message is of: joined by Message-ID, In-Reply-To and
 * References alone (the REFERENCES algorithm of RFC 5256 without its subject
 * step), in whatever order the messages come. Must not look at a subject. */
#include "store_db.h"

#include <string.h>

enum {
    KEPT_REFERENCES = 100
}; /* the first one and the last of a message */

/* The first eight octets of a digest: two ids that collide would only share a
 * thread. */
gint64
store_thread_hash(const char *message_id)
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

static void
add_hash(GArray *hashes, const char *message_id)
{
    gint64 hash;

    if (message_id == NULL || *message_id == '\0')
        return;
    hash = store_thread_hash(message_id);
    g_array_append_val(hashes, hash);
}

static GArray *
hashes_of(const StoreMessage *message)
{
    GArray *hashes = g_array_new(FALSE, FALSE, sizeof(gint64));
    const char *const *ids = message->references;
    guint n = ids ? g_strv_length((char **)ids) : 0;
    guint skip = n > KEPT_REFERENCES ? n - KEPT_REFERENCES : 0;

    for (guint i = 0; i < n; i++)
        if (i == 0 || i > skip)
            add_hash(hashes, ids[i]);
    add_hash(hashes, message->in_reply_to);
    add_hash(hashes, message->message_id);
    return hashes;
}

/* Everything of thread b becomes part of thread a. */
static bool
absorb(Store *store, gint64 a, gint64 b, GError **error)
{
    return store_exec(store, error,
                      "INSERT INTO thread_folder SELECT folder, ?1, newest,"
                      " total, unread FROM thread_folder WHERE thread = ?2"
                      " AND folder IN (SELECT folder FROM message"
                      " WHERE thread = ?2 UNION SELECT 0)"
                      " ON CONFLICT (folder, thread) DO UPDATE SET"
                      " newest = max(newest, excluded.newest),"
                      " total = total + excluded.total,"
                      " unread = unread + excluded.unread",
                      "ii", a, b)
           && store_exec(store, error,
                         "DELETE FROM thread_folder WHERE thread = ?1"
                         " AND folder IN (SELECT folder FROM message"
                         " WHERE thread = ?1 UNION SELECT 0)",
                         "i", b)
           && store_exec(store, error,
                         "UPDATE message SET thread = ? WHERE thread = ?", "ii",
                         a, b)
           && store_exec(store, error,
                         "UPDATE reference SET thread = ? WHERE thread = ?",
                         "ii", a, b);
}

static gint64
size_of(Store *store, gint64 thread)
{
    return store_int(store, 0,
                     "SELECT total FROM thread_folder WHERE folder = 0"
                     " AND thread = ?",
                     "i", thread);
}

/* The smaller joins the larger, so that no order of arrival is quadratic.
 * Returns the thread that stays; 0 on error. */
static gint64
merge(Store *store, gint64 a, gint64 b, GError **error)
{
    gint64 stays = size_of(store, a) >= size_of(store, b) ? a : b;

    return absorb(store, stays, stays == a ? b : a, error) ? stays : 0;
}

gint64
store_thread_join(Store *store, const StoreMessage *message, gint64 otherwise,
                  GError **error)
{
    g_autoptr(GArray) hashes = hashes_of(message);
    g_autoptr(GArray) unknown = g_array_new(FALSE, FALSE, sizeof(gint64));
    gint64 thread = 0;

    for (guint i = 0; i < hashes->len; i++) {
        gint64 hash = g_array_index(hashes, gint64, i);
        gint64 known = store_int(
            store, 0, "SELECT thread FROM reference WHERE hash = ?", "i", hash);

        if (known == 0)
            g_array_append_val(unknown, hash);
        else if (thread == 0)
            thread = known;
        else if (known != thread)
            thread = merge(store, thread, known, error);
        if (known != 0 && thread == 0)
            return 0;
    }
    if (thread == 0)
        thread = otherwise;
    for (guint i = 0; i < unknown->len; i++)
        if (!store_exec(store, error,
                        "INSERT OR IGNORE INTO reference VALUES (?, ?)", "ii",
                        g_array_index(unknown, gint64, i), thread))
            return 0;
    return thread;
}

bool
store_thread_rejoin(Store *store, gint64 id, const StoreMessage *message,
                    GError **error)
{
    static const char thread_of[] = "SELECT thread FROM message WHERE id = ?";
    gint64 named = store_thread_join(
        store, message, store_int(store, 0, thread_of, "i", id), error);
    gint64 present = store_int(store, 0, thread_of, "i", id);

    return named != 0
           && (named == present || merge(store, named, present, error) != 0);
}

bool
store_thread_leave(Store *store, gint64 thread, GError **error)
{
    return store_int(store, 0, "SELECT 1 FROM message WHERE thread = ? LIMIT 1",
                     "i", thread)
           || store_exec(store, error, "DELETE FROM reference WHERE thread = ?",
                         "i", thread);
}
