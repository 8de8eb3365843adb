/* Counts of folders, and of threads in folders, kept with every change so that
 * a list of threads is one walk along an index. A thread has a row in
 * thread_folder for every folder that shows a message of it, and one under
 * folder 0 when a folder other than trash and junk does. */
#include "store_db.h"

#include "base/clock.h"

bool
store_place_read(Store *store, gint64 id, StorePlace *place, GError **error)
{
    sqlite3_stmt *row = store_message(
        store, id,
        "SELECT thread, folder, date, flags FROM message WHERE id = ?", error);

    if (row == NULL)
        return false;
    *place = (StorePlace){
        .id = id,
        .thread = sqlite3_column_int64(row, 0),
        .folder = sqlite3_column_int64(row, 1),
        .date = sqlite3_column_int64(row, 2),
        .flags = (unsigned)sqlite3_column_int64(row, 3),
    };
    sqlite3_reset(row);
    return true;
}

static gint64
is_unread(const StorePlace *place)
{
    return (place->flags & STORE_FLAG_SEEN) == 0;
}

/* Does "all mail" show this folder? */
static bool
is_shown(Store *store, gint64 folder)
{
    gint64 role =
        store_int(store, FOLDER_ROLE_TRASH,
                  "SELECT role FROM folder WHERE id = ?", "i", folder);

    return role != FOLDER_ROLE_TRASH && role != FOLDER_ROLE_JUNK;
}

static bool
folder_add(Store *store, gint64 folder, gint64 total, gint64 unread,
           GError **error)
{
    return (total == 0 && unread == 0)
           || store_exec(store, error,
                         "UPDATE folder SET total = total + ?,"
                         " unread = unread + ? WHERE id = ?",
                         "iii", total, unread, folder);
}

static bool
thread_enter(Store *store, gint64 folder, const StorePlace *place,
             GError **error)
{
    return store_exec(store, error,
                      "INSERT INTO thread_folder VALUES (?, ?, ?, 1, ?)"
                      " ON CONFLICT (folder, thread) DO UPDATE SET"
                      " newest = max(newest, excluded.newest),"
                      " total = total + 1, unread = unread + excluded.unread",
                      "iiii", folder, place->thread, place->date,
                      is_unread(place));
}

/* The row itself has left already, so that what is newest now can be asked. */
static bool
thread_leave(Store *store, gint64 folder, const StorePlace *place,
             GError **error)
{
    static const char of_folder[] =
        "UPDATE thread_folder SET total = total - 1, unread = unread - ?1,"
        " newest = CASE WHEN newest > ?2 THEN newest ELSE (SELECT max(date)"
        " FROM message WHERE thread = ?3 AND folder = ?4) END"
        " WHERE folder = ?4 AND thread = ?3";
    static const char of_all[] =
        "UPDATE thread_folder SET total = total - 1, unread = unread - ?1,"
        " newest = CASE WHEN newest > ?2 THEN newest ELSE (SELECT max(m.date)"
        " FROM message m JOIN folder f ON f.id = m.folder"
        " WHERE m.thread = ?3 AND f.role NOT IN (5, 6)) END"
        " WHERE folder = ?4 AND thread = ?3";

    return store_exec(store, error, folder ? of_folder : of_all, "iiii",
                      is_unread(place), place->date, place->thread, folder)
           && store_exec(store, error,
                         "DELETE FROM thread_folder WHERE folder = ?"
                         " AND thread = ? AND total = 0",
                         "ii", folder, place->thread);
}

/* Same messages, another number of unread ones. */
static bool
thread_read(Store *store, gint64 folder, gint64 thread, gint64 unread,
            GError **error)
{
    return unread == 0
           || store_exec(store, error,
                         "UPDATE thread_folder SET unread = unread + ?"
                         " WHERE folder = ? AND thread = ?",
                         "iii", unread, folder, thread);
}

/* What one list of threads has to follow: was it there, is it there. */
static bool
thread_moved(Store *store, gint64 folder, const StorePlace *from,
             const StorePlace *to, GError **error)
{
    if (from && to && from->date == to->date)
        return thread_read(store, folder, to->thread,
                           is_unread(to) - is_unread(from), error);
    return (to == NULL || thread_enter(store, folder, to, error))
           && (from == NULL || thread_leave(store, folder, from, error));
}

bool
store_place_moved(Store *store, const StorePlace *from, const StorePlace *to,
                  GError **error)
{
    bool was, is;

    if (from->folder == to->folder && from->date == to->date
        && is_unread(from) == is_unread(to))
        return true;
    was = from->folder != 0 && is_shown(store, from->folder);
    is = to->folder != 0 && is_shown(store, to->folder);
    if (!thread_moved(store, 0, was ? from : NULL, is ? to : NULL, error))
        return false;
    if (from->folder == to->folder)
        return to->folder == 0
               || (folder_add(store, to->folder, 0,
                              is_unread(to) - is_unread(from), error)
                   && thread_moved(store, to->folder, from, to, error));
    return (from->folder == 0
            || (folder_add(store, from->folder, -1, -is_unread(from), error)
                && thread_leave(store, from->folder, from, error)))
           && (to->folder == 0
               || (folder_add(store, to->folder, 1, is_unread(to), error)
                   && thread_enter(store, to->folder, to, error)));
}

bool
store_counts_rebuild(Store *store, GError **error)
{
    return store_exec(store, error,
                      "DELETE FROM thread_folder WHERE folder = 0", "")
           && store_exec(store, error,
                         "INSERT INTO thread_folder SELECT 0, m.thread,"
                         " max(m.date), count(*), sum(m.flags & 4 = 0)"
                         " FROM message m JOIN folder f ON f.id = m.folder"
                         " WHERE f.role NOT IN (5, 6) GROUP BY m.thread",
                         "");
}

bool
store_recount(Store *store, GError **error)
{
    static const char *const steps[] = {
        "DELETE FROM thread_folder",
        "INSERT INTO thread_folder SELECT folder, thread, max(date), count(*),"
        " sum(flags & 4 = 0) FROM message WHERE folder > 0"
        " GROUP BY folder, thread",
        "UPDATE folder SET total = (SELECT count(*) FROM message m"
        " WHERE m.folder = folder.id), unread = (SELECT count(*)"
        " FROM message m WHERE m.folder = folder.id AND m.flags & 4 = 0)",
        "DELETE FROM pending WHERE message IN (SELECT m.id FROM message m"
        " WHERE NOT " STORE_DIFFERS ")",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++)
        if (!store_exec(store, error, steps[i], ""))
            return false;
    return store_exec(store, error,
                      "INSERT OR IGNORE INTO pending (message, since)"
                      " SELECT m.id, ? FROM message m WHERE " STORE_DIFFERS,
                      "i", clock_now())
           && store_counts_rebuild(store, error);
}
