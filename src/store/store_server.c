/* What the server said: UIDs, flags, places, disappearances. The user's side of
 * a row follows by a merge: what he changed since stays. */
#include "store_db.h"

#include <string.h>

#define UID_COLUMNS                                                            \
    "SELECT id, uid, flags, server_flags, file IS NOT NULL,"                   \
    " folder <> server_folder OR moving <> 0, folder = 0 AND moving = 0,"      \
    " server_tags, arrival, size, date"                                        \
    " FROM message"

static bool
read_uids(Store *store, sqlite3_stmt *rows, GArray *uids, GError **error)
{
    int step = SQLITE_ERROR;

    while (rows && (step = store_step(store, rows, error)) == SQLITE_ROW) {
        StoreUid uid = {
            .id = sqlite3_column_int64(rows, 0),
            .uid = (guint32)sqlite3_column_int64(rows, 1),
            .flags = (unsigned)sqlite3_column_int64(rows, 2),
            .server_flags = (unsigned)sqlite3_column_int64(rows, 3),
            .here = sqlite3_column_int64(rows, 4) != 0,
            .leaving = sqlite3_column_int64(rows, 5) != 0,
            .deleted = sqlite3_column_int64(rows, 6) != 0,
            .arrival = sqlite3_column_int64(rows, 8),
            .size = (guint64)sqlite3_column_int64(rows, 9),
            .date = sqlite3_column_int64(rows, 10),
        };
        const char *tags = (const char *)sqlite3_column_text(rows, 7);

        uid.tags_hash = tags && *tags ? g_str_hash(tags) : 0;
        g_array_append_val(uids, uid);
    }
    return step == SQLITE_DONE;
}

GArray *
store_uids(Store *store, gint64 server_folder, GError **error)
{
    g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(StoreUid));
    sqlite3_stmt *rows = store_prepare(
        store, error,
        UID_COLUMNS " WHERE server_folder = ? AND uid > 0 ORDER BY uid", "i",
        server_folder);

    return read_uids(store, rows, uids, error) ? g_steal_pointer(&uids) : NULL;
}

GArray *
store_uids_among(Store *store, gint64 server_folder, const UidSet *among,
                 GError **error)
{
    g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(StoreUid));

    for (guint i = 0; i < uidset_n_ranges(among); i++) {
        UidRange range = uidset_range(among, i);
        sqlite3_stmt *rows = store_prepare(
            store, error,
            UID_COLUMNS " WHERE server_folder = ? AND uid > 0"
                        " AND uid BETWEEN ? AND ? ORDER BY uid",
            "iii", server_folder, (gint64)range.first, (gint64)range.last);

        if (!read_uids(store, rows, uids, error))
            return NULL;
    }
    return g_steal_pointer(&uids);
}

guint
store_uid_count(Store *store, gint64 server_folder)
{
    return (guint)store_int(store, 0,
                            "SELECT count(*) FROM message"
                            " WHERE server_folder = ? AND uid > 0",
                            "i", server_folder);
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
merge_row(Store *store, gint64 id, unsigned flags, const char *tags,
          GError **error)
{
    sqlite3_stmt *row = store_message(
        store, id,
        "SELECT folder, flags, server_flags, tags, server_tags FROM message"
        " WHERE id = ?",
        error);
    g_autofree char *words = NULL;
    StoreState state;

    if (row == NULL)
        return false;
    words = merge_tags((const char *)sqlite3_column_text(row, 4), tags,
                       (const char *)sqlite3_column_text(row, 3));
    state =
        (StoreState){ sqlite3_column_int64(row, 0),
                      merge_flags((unsigned)sqlite3_column_int64(row, 2), flags,
                                  (unsigned)sqlite3_column_int64(row, 1)),
                      words };
    sqlite3_reset(row);
    return store_exec(store, error,
                      "UPDATE message SET server_flags = ?, server_tags = ?"
                      " WHERE id = ?",
                      "isi", (gint64)(flags & STORE_SYSTEM_FLAGS), tags, id)
           && store_state_write(store, id, &state, error);
}

bool
store_server_flags(Store *store, gint64 id, unsigned flags, const char *tags,
                   GError **error)
{
    bool ok;

    if (!store_begin(store, error))
        return false;
    ok = merge_row(store, id, flags, tags ? tags : "", error);
    return store_end(store, ok, ok ? error : NULL) && ok;
}

bool
store_server_told(Store *store, gint64 id, unsigned flags, const char *tags,
                  GError **error)
{
    bool ok;

    if (!store_begin(store, error))
        return false;
    ok = store_exec(store, error,
                    "UPDATE message SET server_flags = ?, server_tags = ?"
                    " WHERE id = ?",
                    "isi", (gint64)(flags & STORE_SYSTEM_FLAGS), tags, id)
         && store_pending_update(store, id, error);
    return store_end(store, ok, ok ? error : NULL) && ok;
}

/* A sync that did not know of the move made another row for this UID. They are
 * one message: id stays, because it has the user's state; it takes the server's
 * flags, and the file when it has none. The other goes. */
static bool
take_over(Store *store, gint64 id, const StoreRow *other, GError **error)
{
    g_autoptr(StoreRow) row = store_row(store, id, error);
    bool takes;

    if (row == NULL)
        return false;
    takes = row->file == NULL && other->file != NULL;
    return store_exec(store, error,
                      "UPDATE message SET server_folder = 0, uid = 0,"
                      " orphan = 0, indexed = 1,"
                      " file = CASE WHEN ?1 THEN NULL ELSE file END"
                      " WHERE id = ?2",
                      "ii", (gint64)takes, other->id)
           && store_state_write(store, other->id, &(StoreState){ 0, 0, "" },
                                error)
           && (!takes
               || (store_set_file(store, id, other->file, error)
                   && store_exec(store, error,
                                 "UPDATE message SET settled = 0 WHERE id = ?",
                                 "i", id)))
           && merge_row(store, id, other->server_flags, other->server_tags,
                        error);
}

/* uid 0: it is there, but where is not known yet. */
static bool
place(Store *store, gint64 id, gint64 folder, guint32 uid, GError **error)
{
    gint64 other = store_int(store, 0,
                             "SELECT id FROM message WHERE server_folder = ?"
                             " AND uid = ? AND uid > 0 AND id <> ?",
                             "iii", folder, (gint64)uid, id);
    g_autoptr(StoreRow) row = other ? store_row(store, other, error) : NULL;
    StorePlace known;

    return store_place_read(store, id, &known, error)
           && (other == 0 || (row && take_over(store, id, row, error)))
           && store_exec(store, error,
                         "UPDATE message SET server_folder = ?1, uid = ?2,"
                         " orphan = 0, moving = 0,"
                         " settled = CASE WHEN folder = 0"
                         " THEN ?1 > 0 ELSE settled END WHERE id = ?3",
                         "iii", folder, (gint64)(folder ? uid : 0), id)
           && (folder != 0 || store_object_forget(store, id, error))
           && store_pending_update(store, id, error);
}

bool
store_server_place(Store *store, gint64 id, gint64 folder, guint32 uid,
                   GError **error)
{
    bool ok;

    if (!store_begin(store, error))
        return false;
    ok = place(store, id, folder, uid, error);
    return store_end(store, ok, ok ? error : NULL) && ok;
}

/* The row and what hangs on it (header and pending by their foreign keys). */
static bool
forget(Store *store, gint64 id, char **file, GError **error)
{
    g_autoptr(StoreRow) row = store_row(store, id, error);
    StorePlace from, to;

    if (row == NULL || !store_place_read(store, id, &from, error))
        return false;
    to = from;
    to.folder = 0;
    if (!store_exec(store, error, "DELETE FROM message WHERE id = ?", "i", id)
        || !store_place_moved(store, &from, &to, error)
        || !store_thread_leave(store, from.thread, error))
        return false;
    *file = g_steal_pointer(&row->file);
    return true;
}

bool
store_server_gone(Store *store, gint64 id, char **file, GError **error)
{
    g_autofree char *name = NULL;
    bool ok;

    *file = NULL;
    if (!store_begin(store, error))
        return false;
    ok = forget(store, id, &name, error);
    if (!store_end(store, ok, ok ? error : NULL) || !ok)
        return false;
    *file = g_steal_pointer(&name);
    return true;
}

/* Rows that wait for a UID in folder ?1: the server had or got them there, or
 * they are to be appended there, or may have been. One of size ?2 comes first
 * (and alone, if ?3), then those that the server had, then the one that arrived
 * at ?4. */
#define WAITS_IN                                                               \
    " AND uid = 0 AND (server_folder = ?1"                                     \
    " OR (server_folder = 0 AND ?1 IN (folder, moving)))"                      \
    " AND (size = ?2 OR NOT ?3)"                                               \
    " ORDER BY size = ?2 DESC, server_folder DESC, orphan DESC,"               \
    " arrival = ?4 DESC, id LIMIT 1"

gint64
store_match_object(Store *store, gint64 folder, const char *email_id,
                   const StoreSought *sought)
{
    return store_int(store, 0,
                     "SELECT id FROM message JOIN object ON message = id"
                     " WHERE email_id = ?6 AND message_id IS ?5"
                     " AND (message_id IS NOT NULL OR size = ?2)" WAITS_IN,
                     "iiiiss", folder, (gint64)sought->size,
                     (gint64)sought->exact, sought->arrival, sought->message_id,
                     email_id);
}

gint64
store_match(Store *store, gint64 folder, const StoreSought *sought,
            GError **error)
{
    static const char by_id[] =
        "SELECT id FROM message WHERE message_id = ?5" WAITS_IN;
    static const char by_size[] =
        "SELECT id FROM message WHERE message_id IS NULL AND size = ?2"
        " AND ?5 IN (date, arrival)" WAITS_IN;
    const char *id_of = sought->message_id;
    sqlite3_stmt *row =
        id_of ? store_prepare(store, error, by_id, "iiiis", folder,
                              (gint64)sought->size, (gint64)sought->exact,
                              sought->arrival, id_of)
              : store_prepare(store, error, by_size, "iiiii", folder,
                              (gint64)sought->size, (gint64)sought->exact,
                              sought->arrival, sought->date);
    gint64 id = 0;

    if (row && store_step(store, row, error) == SQLITE_ROW) {
        id = sqlite3_column_int64(row, 0);
        sqlite3_reset(row);
    }
    return id;
}

/* In one transaction: an act of the user waits for no more. */
#define SLICE_OF_UIDS                                                          \
    "(SELECT id FROM message WHERE server_folder = ? AND uid > 0"              \
    " ORDER BY uid LIMIT 200)"

/* *more: others have UIDs still. */
static bool
forget_uids(Store *store, gint64 folder, bool *more, GError **error)
{
    bool ok = store_exec(store, error,
                         "DELETE FROM pending WHERE message IN" SLICE_OF_UIDS,
                         "i", folder)
              && store_exec(store, error,
                            "UPDATE message SET uid = 0, orphan = 1"
                            " WHERE id IN" SLICE_OF_UIDS,
                            "i", folder);

    *more = ok
            && store_int(store, 0,
                         "SELECT EXISTS (SELECT 1 FROM message"
                         " WHERE server_folder = ? AND uid > 0)",
                         "i", folder);
    return ok;
}

/* Until the last slice the folder has its old UIDVALIDITY, by which no UID that
 * is left is used: the server has another, and one more run forgets the
 * rest. */
bool
store_uidvalidity_changed(Store *store, gint64 folder, guint32 value,
                          GError **error)
{
    bool more = true;
    bool ok = true;

    while (ok && more) {
        if (!store_begin(store, error))
            return false;
        ok = forget_uids(store, folder, &more, error)
             && (more
                 || store_exec(store, error,
                               "UPDATE folder SET uidvalidity = ?,"
                               " uidnext = 0, modseq = 0 WHERE id = ?",
                               "ii", (gint64)value, folder));
        ok = store_end(store, ok, ok ? error : NULL) && ok;
    }
    return ok;
}

bool
store_server_moving(Store *store, gint64 id, gint64 to, GError **error)
{
    return store_exec(store, error,
                      "UPDATE message SET moving = ? WHERE id = ?", "ii", to,
                      id);
}

gint64
store_server_moving_to(Store *store, gint64 id)
{
    return store_int(store, 0, "SELECT moving FROM message WHERE id = ?", "i",
                     id);
}

bool
store_server_is_moving(Store *store, gint64 server_folder)
{
    return store_int(store, 0,
                     "SELECT EXISTS (SELECT 1 FROM message"
                     " WHERE server_folder = ? AND moving <> 0)",
                     "i", server_folder);
}

static bool
end_move(Store *store, gint64 id, GError **error)
{
    return store_server_moving(store, id, 0, error)
           && store_pending_update(store, id, error);
}

bool
store_server_not_there(Store *store, gint64 id, GError **error)
{
    bool ok;

    if (!store_begin(store, error))
        return false;
    ok = end_move(store, id, error);
    return store_end(store, ok, ok ? error : NULL) && ok;
}

bool
store_server_moving_end(Store *store, gint64 server_folder, GError **error)
{
    g_autoptr(GArray) ids = NULL;
    bool ok = true;

    if (!store_server_is_moving(store, server_folder))
        return true;
    if (!store_begin(store, error))
        return false;
    ids = store_read_ids(store,
                         store_prepare(store, error,
                                       "SELECT id FROM message WHERE"
                                       " server_folder = ? AND moving <> 0",
                                       "i", server_folder),
                         error);
    for (guint i = 0; ids && ok && i < ids->len; i++)
        ok = end_move(store, g_array_index(ids, gint64, i), error);
    ok = ok && ids;
    return store_end(store, ok, ok ? error : NULL) && ok;
}

bool
store_server_waits(Store *store, gint64 id, gint64 folder, GError **error)
{
    bool ok;

    if (!store_begin(store, error))
        return false;
    ok = place(store, id, folder, 0, error)
         && store_exec(store, error,
                       "UPDATE message SET orphan = 1 WHERE id = ?", "i", id)
         && store_pending_update(store, id, error);
    return store_end(store, ok, ok ? error : NULL) && ok;
}

guint
store_unplaced(Store *store, gint64 folder)
{
    return (guint)(store_int(store, 0,
                             "SELECT count(*) FROM message"
                             " WHERE server_folder = ? AND uid = 0",
                             "i", folder)
                   + store_int(store, 0,
                               "SELECT count(*) FROM pending p"
                               " CROSS JOIN message m ON m.id = p.message"
                               " WHERE ?1 IN (m.folder, m.moving)"
                               " AND m.server_folder = 0",
                               "i", folder));
}

guint
store_leaving(Store *store, gint64 folder)
{
    return (guint)store_int(store, 0,
                            "SELECT count(*) FROM message"
                            " WHERE server_folder = ?1"
                            " AND (folder NOT IN (0, ?1) OR moving <> 0)",
                            "i", folder);
}

guint
store_orphans(Store *store, gint64 folder)
{
    return (guint)store_int(store, 0,
                            "SELECT count(*) FROM message"
                            " WHERE server_folder = ? AND uid = 0"
                            " AND orphan = 1",
                            "i", folder);
}

GArray *
store_orphan_ids(Store *store, gint64 folder, GError **error)
{
    return store_read_ids(
        store,
        store_prepare(store, error,
                      "SELECT id FROM message WHERE server_folder = ?"
                      " AND uid = 0 AND orphan = 1",
                      "i", folder),
        error);
}

static bool
settle_orphans(Store *store, gint64 folder, GPtrArray *files, GError **error)
{
    g_autoptr(GArray) ids = store_orphan_ids(store, folder, error);
    bool ok = ids != NULL;

    for (guint i = 0; ok && i < ids->len; i++) {
        char *file = NULL;

        ok = forget(store, g_array_index(ids, gint64, i), &file, error);
        if (file)
            g_ptr_array_add(files, file);
    }
    return ok;
}

GPtrArray *
store_orphans_settle(Store *store, gint64 folder, GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    bool ok;

    if (!store_begin(store, error))
        return NULL;
    ok = settle_orphans(store, folder, files, error);
    return store_end(store, ok, ok ? error : NULL) && ok
               ? g_steal_pointer(&files)
               : NULL;
}
