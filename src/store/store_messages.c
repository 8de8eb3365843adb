/* Message rows: adding, and what the user changes. */
#include "store_db.h"

#include "base/clock.h"
#include "base/err.h"

#include <string.h>

enum { HEADER_BYTES = 256 * 1024 };

static bool
add_row(Store *store, const StoreMessage *message, gint64 id, gint64 thread,
        GError **error)
{
    gint64 server = message->uid ? message->folder : 0;
    const char *tags = message->tags ? message->tags : "";
    gint64 flags = message->flags;

    return store_exec(
        store, error,
        "INSERT INTO message (id, thread, folder, server_folder, uid, date,"
        " arrival, size, flags, server_flags, tags, server_tags, file,"
        " message_id, in_reply_to, subject, from_name, from_addr, recipients,"
        " snippet, indexed)"
        " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        "iiiiiiiiiissssssssssi", id, thread, message->folder, server,
        (gint64)message->uid,
        message->date ? message->date : message->arrival, message->arrival,
        (gint64)message->size, flags,
        message->uid ? flags & STORE_SYSTEM_FLAGS : (gint64)0, tags,
        message->uid ? tags : "", message->file, message->message_id,
        message->in_reply_to, message->subject, message->from_name,
        message->from_addr, message->to, message->snippet,
        (gint64)(message->file ? 0 : 1));
}

static bool
add_header(Store *store, const StoreMessage *message, gint64 id,
           GError **error)
{
    return message->file || message->header == NULL
        || store_exec(store, error, "INSERT INTO header VALUES (?, ?)", "ib",
                      id, message->header,
                      MIN(message->header_size, (gsize)HEADER_BYTES));
}

/* An id that no row has or had, so that undo never hits a stranger. */
static gint64
next_id(Store *store)
{
    return 1 + store_int(store, 0, "SELECT seq FROM sqlite_sequence"
                         " WHERE name = 'message'", "");
}

static gint64
add(Store *store, const StoreMessage *message, GError **error)
{
    gint64 id = next_id(store);
    gint64 thread;
    StorePlace place;

    thread = store_thread_join(store, message, id, error);
    place = (StorePlace){
        message->folder, thread,
        message->date ? message->date : message->arrival, message->flags
    };
    return thread != 0 && add_row(store, message, id, thread, error)
            && add_header(store, message, id, error)
            && store_place_add(store, &place, error)
            && (message->uid != 0
                || store_pending_update(store, id, error)) ? id : 0;
}

gint64
store_message_add(Store *store, const StoreMessage *message, GError **error)
{
    gint64 id;

    if (!store_begin(store, error))
        return 0;
    id = add(store, message, error);
    return store_end(store, id != 0, id ? error : NULL) ? id : 0;
}

/* The place of a row; thread 0: there is no such row. */
static StorePlace
place_of(Store *store, gint64 id)
{
    StorePlace place = { 0 };
    sqlite3_stmt *row = store_prepare(
        store, NULL, "SELECT folder, thread, date, flags FROM message"
        " WHERE id = ?", "i", id);

    if (row && sqlite3_step(row) == SQLITE_ROW) {
        place.folder = sqlite3_column_int64(row, 0);
        place.thread = sqlite3_column_int64(row, 1);
        place.date = sqlite3_column_int64(row, 2);
        place.flags = (unsigned)sqlite3_column_int64(row, 3);
    }
    if (row)
        sqlite3_reset(row);
    return place;
}

static bool
no_row(gint64 id, GError **error)
{
    return err_set(error, ERR_LOCAL, "message %" G_GINT64_FORMAT " is gone",
                   id);
}

/* One statement on a row, then counts and `pending`, in one transaction. */
static bool
change(Store *store, gint64 id, const StorePlace *to, GError **error)
{
    StorePlace from = place_of(store, id);
    bool ok;

    if (from.thread == 0)
        return no_row(id, error);
    if (!store_begin(store, error))
        return false;
    ok = store_exec(store, error,
                    "UPDATE message SET folder = ?1, flags = ?2,"
                    " settled = settled AND (file IS NULL OR"
                    " (folder = ?1 AND flags & 63 = ?2 & 63)),"
                    " indexed = CASE WHEN indexed = 1 AND index_id IS NOT NULL"
                    " THEN 0 ELSE indexed END WHERE id = ?3",
                    "iii", to->folder, (gint64)to->flags, id)
        && store_place_change(store, &from, to, error)
        && store_pending_update(store, id, error);
    return store_end(store, ok, ok ? error : NULL) && ok;
}

bool
store_set_flags(Store *store, gint64 id, unsigned flags, GError **error)
{
    StorePlace to = place_of(store, id);

    to.flags = (to.flags & ~(unsigned)STORE_SYSTEM_FLAGS)
        | (flags & STORE_SYSTEM_FLAGS);
    return change(store, id, &to, error);
}

bool
store_set_folder(Store *store, gint64 id, gint64 folder, GError **error)
{
    StorePlace to = place_of(store, id);

    to.folder = folder;
    return change(store, id, &to, error);
}

bool
store_set_tags(Store *store, gint64 id, const char *tags, GError **error)
{
    bool ok;

    if (!store_begin(store, error))
        return false;
    ok = store_exec(store, error,
                    "UPDATE message SET tags = ?,"
                    " indexed = CASE WHEN indexed = 1 AND index_id IS NOT NULL"
                    " THEN 0 ELSE indexed END WHERE id = ?",
                    "si", tags, id)
        && store_pending_update(store, id, error);
    return store_end(store, ok, ok ? error : NULL) && ok;
}

gint64
store_copy(Store *store, gint64 id, gint64 folder, const char *file,
           GError **error)
{
    StorePlace place = place_of(store, id);
    gint64 copy = 0;
    bool ok;

    if (place.thread == 0) {
        no_row(id, error);
        return 0;
    }
    if (!store_begin(store, error))
        return 0;
    place.folder = folder;
    copy = next_id(store);
    ok = store_exec(
             store, error,
             "INSERT INTO message (id, thread, folder, server_folder, uid,"
             " date, arrival, size, flags, server_flags, tags, file,"
             " message_id, in_reply_to, subject, from_name, from_addr,"
             " recipients, snippet, verdict, indexed)"
             " SELECT ?, thread, ?, 0, 0, date, arrival, size, flags, 0, tags,"
             " ?, message_id, in_reply_to, subject, from_name, from_addr,"
             " recipients, snippet, verdict, ? FROM message WHERE id = ?",
             "iisii", copy, folder, file, (gint64)(file ? 0 : 1), id)
        && store_exec(store, error, "INSERT INTO header SELECT ?, block"
                      " FROM header WHERE message = ?", "ii", copy, id)
        && store_place_add(store, &place, error)
        && store_pending_update(store, copy, error);
    return store_end(store, ok, ok ? error : NULL) && ok ? copy : 0;
}

bool
store_set_file(Store *store, gint64 id, const char *file, GError **error)
{
    return store_exec(store, error,
                      "UPDATE message SET file = ?1, settled = 1,"
                      " indexed = CASE WHEN ?1 IS NULL THEN 1"
                      " WHEN file IS NOT ?1 THEN 0 ELSE indexed END"
                      " WHERE id = ?2", "si", file, id)
        && (file == NULL
            || store_exec(store, error, "DELETE FROM header WHERE message = ?",
                          "i", id));
}

bool
store_set_body(Store *store, gint64 id, const StoreMessage *message,
               GError **error)
{
    unsigned known = STORE_FLAG_ATTACHMENT | STORE_FLAG_LIST;
    bool ok;

    if (!store_begin(store, error))
        return false;
    ok = store_exec(store, error,
                    "UPDATE message SET snippet = ?, size = max(size, ?),"
                    " flags = flags & ~? | ? WHERE id = ?",
                    "siiii", message->snippet, (gint64)message->size,
                    (gint64)known, (gint64)(message->flags & known), id)
        && store_set_file(store, id, message->file, error);
    return store_end(store, ok, ok ? error : NULL) && ok;
}

bool
store_set_index_id(Store *store, gint64 id, const char *index_id,
                   GError **error)
{
    return store_exec(store, error,
                      "UPDATE message SET index_id = ?, indexed = 1"
                      " WHERE id = ?", "si", index_id, id);
}

bool
store_set_verdict(Store *store, gint64 id, const char *verdict,
                  GError **error)
{
    return store_exec(store, error,
                      "UPDATE message SET verdict = ? WHERE id = ?", "si",
                      verdict, id);
}

char *
store_header(Store *store, gint64 id, gsize *size, GError **error)
{
    sqlite3_stmt *row = store_prepare(
        store, error, "SELECT block FROM header WHERE message = ?", "i", id);
    char *block = NULL;

    if (row == NULL || store_step(store, row, error) != SQLITE_ROW)
        return NULL;
    *size = (gsize)sqlite3_column_bytes(row, 0);
    block = g_malloc(*size + 1);
    memcpy(block, sqlite3_column_blob(row, 0), *size);
    block[*size] = '\0';
    sqlite3_reset(row);
    return block;
}
