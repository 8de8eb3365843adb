/* What the server said: UIDs, flags, places, disappearances. The user's side of
 * a row follows by a merge: what he changed since stays. */
#include "store_db.h"

#include "base/err.h"

#include <string.h>

GArray *
store_uids(Store *store, gint64 server_folder, GError **error)
{
    g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(StoreUid));
    sqlite3_stmt *rows = store_prepare(
        store, error, "SELECT id, uid, flags, server_flags,"
        " file IS NOT NULL, folder <> server_folder FROM message"
        " WHERE server_folder = ? AND uid > 0 ORDER BY uid", "i",
        server_folder);
    int step;

    if (rows == NULL)
        return NULL;
    while ((step = store_step(store, rows, error)) == SQLITE_ROW) {
        StoreUid uid = {
            .id = sqlite3_column_int64(rows, 0),
            .uid = (guint32)sqlite3_column_int64(rows, 1),
            .flags = (unsigned)sqlite3_column_int64(rows, 2),
            .server_flags = (unsigned)sqlite3_column_int64(rows, 3),
            .here = sqlite3_column_int64(rows, 4) != 0,
            .leaving = sqlite3_column_int64(rows, 5) != 0,
        };

        g_array_append_val(uids, uid);
    }
    return step == SQLITE_DONE ? g_steal_pointer(&uids) : NULL;
}

static bool
has_word(char **words, const char *word)
{
    for (; *words; words++)
        if (strcmp(*words, word) == 0)
            return true;
    return false;
}

static int
compare_words(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Word by word: where wanted differs from base the user's will stays, else the
 * server's. Sorted. g_free(). */
static char *
merge_tags(const char *base, const char *server, const char *wanted)
{
    g_auto(GStrv) old = g_strsplit(base, " ", -1);
    g_auto(GStrv) theirs = g_strsplit(server, " ", -1);
    g_auto(GStrv) ours = g_strsplit(wanted, " ", -1);
    g_autoptr(GPtrArray) words = g_ptr_array_new();

    for (char **word = theirs; *word; word++)
        if (**word && (has_word(ours, *word) || !has_word(old, *word)))
            g_ptr_array_add(words, *word);
    for (char **word = ours; *word; word++)
        if (**word && !has_word(old, *word) && !has_word(theirs, *word))
            g_ptr_array_add(words, *word);
    g_ptr_array_sort(words, compare_words);
    g_ptr_array_add(words, NULL);
    return g_strjoinv(" ", (char **)words->pdata);
}

/* The same for flags: bits that the user changed since base keep his value. */
static unsigned
merge_flags(unsigned base, unsigned server, unsigned wanted)
{
    unsigned changed = (base ^ wanted) & STORE_SYSTEM_FLAGS;

    return (wanted & changed) | (server & ~changed & STORE_SYSTEM_FLAGS)
        | (wanted & ~(unsigned)STORE_SYSTEM_FLAGS);
}

static bool
merge_row(Store *store, const StoreRow *row, unsigned flags,
          const char *tags, GError **error)
{
    unsigned wanted = merge_flags(row->server_flags, flags, row->flags);
    g_autofree char *words = merge_tags(row->server_tags, tags, row->tags);

    return store_exec(store, error,
                      "UPDATE message SET server_flags = ?, server_tags = ?"
                      " WHERE id = ?", "isi",
                      (gint64)(flags & STORE_SYSTEM_FLAGS), tags, row->id)
        && (wanted == row->flags
            || store_set_flags(store, row->id, wanted, error))
        && (strcmp(words, row->tags) == 0
            || store_set_tags(store, row->id, words, error))
        && store_pending_update(store, row->id, error);
}

bool
store_server_flags(Store *store, gint64 id, unsigned flags, const char *tags,
                   GError **error)
{
    g_autoptr(StoreRow) row = store_row(store, id, error);
    bool ok;

    if (row == NULL || !store_begin(store, error))
        return false;
    ok = merge_row(store, row, flags, tags ? tags : "", error);
    return store_end(store, ok, ok ? error : NULL) && ok;
}

bool
store_server_place(Store *store, gint64 id, gint64 folder, guint32 uid,
                   GError **error)
{
    bool ok;

    if (!store_begin(store, error))
        return false;
    /* Another row may have been made for this UID by a sync that did not know
     * of the move: the one with the user's state stays. */
    ok = (uid == 0
          || store_exec(store, error, "UPDATE message SET server_folder = 0,"
                        " uid = 0, orphan = 0 WHERE server_folder = ?"
                        " AND uid = ? AND id <> ?", "iii", folder,
                        (gint64)uid, id))
        && store_exec(store, error,
                      "UPDATE message SET server_folder = ?, uid = ?,"
                      " orphan = 0 WHERE id = ?", "iii", folder, (gint64)uid,
                      id)
        && store_pending_update(store, id, error);
    return store_end(store, ok, ok ? error : NULL) && ok;
}

static bool
forget(Store *store, const StoreRow *row, GError **error)
{
    StorePlace from = { row->folder, row->thread, row->date, row->flags };
    StorePlace to = { 0, row->thread, row->date, row->flags };

    return store_exec(store, error, "DELETE FROM message WHERE id = ?", "i",
                      row->id)
        && store_exec(store, error, "DELETE FROM header WHERE message = ?",
                      "i", row->id)
        && store_exec(store, error, "DELETE FROM pending WHERE message = ?",
                      "i", row->id)
        && store_place_change(store, &from, &to, error);
}

bool
store_server_gone(Store *store, gint64 id, char **file, GError **error)
{
    g_autoptr(StoreRow) row = store_row(store, id, error);
    bool ok;

    *file = NULL;
    if (row == NULL || !store_begin(store, error))
        return false;
    ok = forget(store, row, error);
    if (!store_end(store, ok, ok ? error : NULL) || !ok)
        return false;
    *file = g_steal_pointer(&row->file);
    return true;
}

gint64
store_match(Store *store, gint64 folder, const char *message_id, guint64 size,
            gint64 date, GError **error)
{
    if (message_id)
        return store_int(
            store, 0, "SELECT id FROM message WHERE message_id = ?"
            " AND folder = ? AND uid = 0 ORDER BY orphan DESC, id LIMIT 1",
            "si", message_id, folder);
    return store_int(
        store, 0, "SELECT id FROM message WHERE folder = ? AND uid = 0"
        " AND message_id IS NULL AND size = ? AND (date = ? OR arrival = ?)"
        " ORDER BY orphan DESC, id LIMIT 1", "iiii", folder, (gint64)size,
        date, date);
}

bool
store_uidvalidity_changed(Store *store, gint64 folder, guint32 value,
                          GError **error)
{
    bool ok;

    if (!store_begin(store, error))
        return false;
    ok = store_exec(store, error, "DELETE FROM pending WHERE message IN"
                    " (SELECT id FROM message WHERE server_folder = ?"
                    " AND uid > 0)", "i", folder)
        && store_exec(store, error, "UPDATE message SET uid = 0, orphan = 1"
                      " WHERE server_folder = ? AND uid > 0", "i", folder)
        && store_exec(store, error, "UPDATE folder SET uidvalidity = ?,"
                      " uidnext = 0, modseq = 0 WHERE id = ?", "ii",
                      (gint64)value, folder);
    return store_end(store, ok, ok ? error : NULL) && ok;
}

guint
store_orphans(Store *store, gint64 folder)
{
    return (guint)store_int(store, 0, "SELECT count(*) FROM message"
                            " WHERE server_folder = ? AND orphan = 1", "i",
                            folder);
}

static GArray *
orphan_ids(Store *store, gint64 folder, GError **error)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    sqlite3_stmt *rows = store_prepare(
        store, error, "SELECT id FROM message WHERE server_folder = ?"
        " AND orphan = 1", "i", folder);
    int step;

    if (rows == NULL)
        return NULL;
    while ((step = store_step(store, rows, error)) == SQLITE_ROW) {
        gint64 id = sqlite3_column_int64(rows, 0);

        g_array_append_val(ids, id);
    }
    return step == SQLITE_DONE ? g_steal_pointer(&ids) : NULL;
}

GPtrArray *
store_orphans_settle(Store *store, gint64 folder, GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) ids = orphan_ids(store, folder, error);
    bool ok = true;

    if (ids == NULL || !store_begin(store, error))
        return NULL;
    for (guint i = 0; ok && i < ids->len; i++) {
        char *file = NULL;

        ok = store_server_gone(store, g_array_index(ids, gint64, i), &file,
                               error);
        if (file)
            g_ptr_array_add(files, file);
    }
    return store_end(store, ok, ok ? error : NULL) && ok
        ? g_steal_pointer(&files) : NULL;
}

bool
store_remove(Store *store, gint64 id, GError **error)
{
    g_autofree char *file = NULL;

    return store_server_gone(store, id, &file, error);
}
