/* What the server accepted, on record. The rows are read again in the
 * transaction: while a command was on its way the user may have changed his
 * mind. Must not touch what the user wants. */
#include "sync_push_private.h"

static bool
still_wants(const Sync *sync, const PushStep *step, const StorePending *known)
{
    g_autoptr(StoreRow) row = store_row(sync->store, known->id, NULL);

    if (row == NULL || row->server_folder != known->server_folder
        || row->uid != known->uid)
        return false;
    if (step->kind != PUSH_STORE)
        return row->folder == known->folder;
    if (row->folder == 0)
        return false;
    return step->add
           == (step->keyword ? store_words_have(row->tags, step->keyword)
                             : (row->flags & step->flag) != 0);
}

void
push_renew(const Sync *sync, PushStep *step)
{
    guint kept = 0;

    for (guint i = 0; i < step->rows->len; i++) {
        StorePending *row = step->rows->pdata[i];

        if (still_wants(sync, step, row))
            step->rows->pdata[kept++] = row;
        else if (row->uid)
            uidset_remove(step->uids, row->uid);
    }
    g_ptr_array_set_size(step->rows, (int)kept);
}

typedef struct {
    const Sync *sync;
    const PushStep *step;
} Record;

static gint64
id_of(const Record *record, guint i)
{
    return ((const StorePending *)record->step->rows->pdata[i])->id;
}

static bool
record_store(void *user, guint i, GError **error)
{
    const Record *record = user;
    const PushStep *step = record->step;
    Store *store = record->sync->store;
    gint64 id = id_of(record, i);
    g_autoptr(StoreRow) row = store_row(store, id, NULL);
    g_autofree char *words = NULL;
    unsigned flags;

    if (row == NULL)
        return true;
    flags = step->add ? row->server_flags | step->flag
                      : row->server_flags & ~step->flag;
    words = step->keyword
                ? store_words_change(row->server_tags, step->keyword, step->add)
                : g_strdup(row->server_tags);
    return store_server_told(store, id, flags, words, error);
}

bool
push_record_store(const Sync *sync, const PushStep *step, GError **error)
{
    Record record = { sync, step };

    return sync_each(sync, step->rows->len, record_store, &record, error);
}

/* What he wants again and has no file is lost: that is said. */
static bool
record_gone(void *user, guint i, GError **error)
{
    const Record *record = user;
    const Sync *sync = record->sync;
    gint64 id = id_of(record, i);
    g_autoptr(StoreRow) row = store_row(sync->store, id, NULL);

    if (row == NULL)
        return true;
    if (!store_server_place(sync->store, id, 0, 0, error))
        return false;
    if (row->folder == 0 || row->file)
        return true;
    sync_warn(sync,
              "\"%s\" was deleted on the server before that was undone, and "
              "was not here",
              row->subject ? row->subject : "");
    return store_set_folder(sync->store, id, 0, error);
}

bool
push_record_gone(const Sync *sync, const PushStep *step, GError **error)
{
    Record record = { sync, step };

    return sync_each(sync, step->rows->len, record_gone, &record, error);
}

bool
push_record_place(Store *store, gint64 id, gint64 folder, guint32 uid,
                  GError **error)
{
    g_autoptr(StoreRow) row = store_row(store, id, NULL);

    if (row == NULL)
        return true;
    return uid ? store_server_place(store, id, folder, uid, error)
               : store_server_waits(store, id, folder, error);
}
