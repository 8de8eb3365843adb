/* Message rows: adding, copying, and facts about them. What the user wants of
 * a row is store_state.c. */
#include "store_db.h"

#include <string.h>

enum {
    HEADER_BYTES = 256 * 1024
};

/* The message that this one answers: In-Reply-To, else the last of
 * References. NULL: none. */
static const char *
parent_of(const StoreMessage *message)
{
    const char *const *ids = message->references;
    guint n = ids ? g_strv_length((char **)ids) : 0;

    if (message->in_reply_to)
        return message->in_reply_to;
    return n > 0 ? ids[n - 1] : NULL;
}

static bool
add_row(Store *store, const StoreMessage *message, const StorePlace *place,
        GError **error)
{
    const char *tags = message->tags ? message->tags : "";
    gint64 flags = message->flags;
    bool there = message->uid != 0;

    return store_exec(
        store, error,
        "INSERT INTO message (id, thread, folder, server_folder, uid, date,"
        " arrival, size, flags, server_flags, tags, server_tags, file,"
        " message_id, in_reply_to, subject, from_name, from_addr, recipients,"
        " snippet, indexed, settled)"
        " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        "iiiiiiiiiissssssssssii", place->id, place->thread, message->folder,
        there ? message->folder : (gint64)0, (gint64)message->uid, place->date,
        message->arrival, (gint64)message->size, flags,
        there ? flags & STORE_SYSTEM_FLAGS : (gint64)0, tags, there ? tags : "",
        message->file, message->message_id, parent_of(message),
        message->subject, message->from_name, message->from_addr, message->to,
        message->snippet, (gint64)(message->file == NULL),
        (gint64)!message->unsettled);
}

static bool
add_header(Store *store, const StoreMessage *message, gint64 id, GError **error)
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
    return 1
           + store_int(store, 0,
                       "SELECT seq FROM sqlite_sequence WHERE name = 'message'",
                       "");
}

/* A row that was not there is now in place. */
static bool
count_in(Store *store, const StorePlace *place, GError **error)
{
    StorePlace nowhere = *place;

    nowhere.folder = 0;
    return store_place_moved(store, &nowhere, place, error);
}

static gint64
add(Store *store, const StoreMessage *message, GError **error)
{
    StorePlace place = {
        .id = next_id(store),
        .folder = message->folder,
        .date = message->date ? message->date : message->arrival,
        .flags = message->flags,
    };

    place.thread = store_thread_join(store, message, place.id, error);
    if (place.thread == 0 || !add_row(store, message, &place, error)
        || !add_header(store, message, place.id, error)
        || !count_in(store, &place, error)
        || (message->uid == 0 && !store_pending_update(store, place.id, error)))
        return 0;
    return place.id;
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

static gint64
copy(Store *store, gint64 id, gint64 folder, const char *file, GError **error)
{
    StorePlace place;

    if (!store_place_read(store, id, &place, error))
        return 0;
    place.id = next_id(store);
    place.folder = folder;
    return store_exec(
               store, error,
               "INSERT INTO message (id, thread, folder, server_folder,"
               " uid, date, arrival, size, flags, server_flags, tags,"
               " file, message_id, in_reply_to, subject, from_name,"
               " from_addr, recipients, snippet, verdict, trust, indexed,"
               " settled)"
               " SELECT ?1, thread, ?2, 0, 0, date, arrival, size, flags,"
               " 0, tags, ?3, message_id, in_reply_to, subject,"
               " from_name, from_addr, recipients, snippet, verdict,"
               " trust, ?4, ?4"
               " FROM message WHERE id = ?5",
               "iisii", place.id, folder, file, (gint64)(file == NULL), id)
                   && (file
                       || store_exec(store, error,
                                     "INSERT INTO header SELECT ?, block"
                                     " FROM header WHERE message = ?",
                                     "ii", place.id, id))
                   && count_in(store, &place, error)
                   && store_pending_update(store, place.id, error)
               ? place.id
               : 0;
}

gint64
store_copy(Store *store, gint64 id, gint64 folder, const char *file,
           GError **error)
{
    gint64 made;

    if (!store_begin(store, error))
        return 0;
    made = copy(store, id, folder, file, error);
    return store_end(store, made != 0, made ? error : NULL) ? made : 0;
}

static bool
set_file(Store *store, gint64 id, const char *file, GError **error)
{
    return store_exec(store, error,
                      "UPDATE message SET file = ?1,"
                      " settled = folder > 0 OR server_folder > 0,"
                      " indexed = CASE WHEN ?1 IS NULL THEN 1"
                      " WHEN file IS NOT ?1 THEN 0 ELSE indexed END"
                      " WHERE id = ?2",
                      "si", file, id)
           && (file == NULL
               || store_exec(store, error,
                             "DELETE FROM header WHERE message = ?", "i", id));
}

bool
store_set_file(Store *store, gint64 id, const char *file, GError **error)
{
    bool ok;

    if (!store_begin(store, error))
        return false;
    ok = set_file(store, id, file, error);
    return store_end(store, ok, ok ? error : NULL) && ok;
}

static bool
set_body(Store *store, gint64 id, const StoreMessage *message, GError **error)
{
    const unsigned known = STORE_FLAG_ATTACHMENT | STORE_FLAG_LIST;
    StorePlace from, to;

    if (!store_thread_rejoin(store, id, message, error)
        || !store_place_read(store, id, &from, error))
        return false;
    to = from;
    if (message->date)
        to.date = message->date;
    return store_exec(store, error,
                      "UPDATE message SET date = ?, flags = flags & ~? | ?,"
                      " size = max(size, ?),"
                      " message_id = coalesce(?, message_id),"
                      " in_reply_to = coalesce(?, in_reply_to),"
                      " subject = coalesce(?, subject),"
                      " from_name = coalesce(?, from_name),"
                      " from_addr = coalesce(?, from_addr),"
                      " recipients = coalesce(?, recipients),"
                      " snippet = coalesce(?, snippet) WHERE id = ?",
                      "iiiisssssssi", to.date, (gint64)known,
                      (gint64)(message->flags & known), (gint64)message->size,
                      message->message_id, parent_of(message), message->subject,
                      message->from_name, message->from_addr, message->to,
                      message->snippet, id)
           && store_place_moved(store, &from, &to, error)
           && set_file(store, id, message->file, error);
}

bool
store_set_body(Store *store, gint64 id, const StoreMessage *message,
               GError **error)
{
    bool ok;

    if (!store_begin(store, error))
        return false;
    ok = set_body(store, id, message, error);
    return store_end(store, ok, ok ? error : NULL) && ok;
}

bool
store_set_index_id(Store *store, gint64 id, const char *index_id,
                   GError **error)
{
    return store_exec(store, error,
                      "UPDATE message SET index_id = ?, indexed = 1"
                      " WHERE id = ?",
                      "si", index_id, id);
}

bool
store_set_indexed(Store *store, const StoreRow *row, const char *index_id,
                  GError **error)
{
    return store_exec(store, error,
                      "UPDATE message SET index_id = ?1,"
                      " indexed = folder = ?2 AND flags = ?3 AND tags = ?4"
                      " AND file IS ?5 AND verdict IS ?6 AND trust IS ?7"
                      " WHERE id = ?8",
                      "siissssi", index_id, row->folder, (gint64)row->flags,
                      row->tags, row->file, row->verdict, row->trust, row->id);
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
