/* What the server accepted, on record. The rows are read again in the
 * transaction: while a command was on its way the user may have changed his
 * mind. Must not touch what the user wants. */
#include "sync_push_private.h"

static bool
record_store(Store *store, const PushStep *step, gint64 id, GError **error)
{
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
    Store *store = sync->store;
    bool ok = true;

    if (!store_begin(store, error))
        return false;
    for (guint i = 0; ok && i < step->rows->len; i++)
        ok = record_store(store, step,
                          ((const StorePending *)step->rows->pdata[i])->id,
                          error);
    return store_end(store, ok, ok ? error : NULL) && ok;
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
