/* What a search on the server finds in a folder, as rows. A message that has
 * none yet (the folder was never looked at, or not to its end) is made one from
 * its header; it is opened as any row whose body is not here. */
#include "sync_private.h"

#include "base/err.h"

void
sync_found_clear(SyncFound *found)
{
    g_clear_pointer(&found->rows, g_array_unref);
}

/* UIDs without a row, the newest SYNC_FOUND_MOST; *left: how many more. */
static UidSet *
without_row(const UidSet *found, const GArray *rows, guint *left)
{
    UidSet *newest = uidset_create();
    g_autoptr(UidSet) lacking = uidset_create();
    guint64 n = 0;

    uidset_add_all(lacking, found);
    for (guint i = 0; i < rows->len; i++)
        uidset_remove(lacking, g_array_index(rows, StoreUid, i).uid);
    *left = (guint)MIN(uidset_count(lacking), G_MAXUINT);
    for (guint i = uidset_n_ranges(lacking); i > 0 && n < SYNC_FOUND_MOST;
         i--) {
        UidRange range = uidset_range(lacking, i - 1);
        guint64 size = MIN((guint64)range.last - range.first + 1,
                           SYNC_FOUND_MOST - n);

        uidset_add_range(newest, (guint32)(range.last - size + 1), range.last);
        n += size;
    }
    *left -= (guint)n;
    return newest;
}

/* The folder as it is now: another connection may have changed its row while
 * the server searched. */
static bool
note_validity(const Sync *sync, gint64 id, const ImapOpened *opened,
              GError **error)
{
    g_autoptr(StoreFolder) folder = store_folder(sync->store, id, error);
    StoreMark mark;

    if (folder == NULL)
        return false;
    if (folder->uidvalidity == opened->uidvalidity)
        return true;
    if (folder->uidvalidity != 0)
        return err_set(error, ERR_REFUSED,
                       "%s was renumbered by the server: synchronise first",
                       folder->path);
    mark = (StoreMark){ opened->uidvalidity, folder->uidnext, folder->modseq };
    return store_folder_mark(sync->store, id, &mark, error);
}

/* UIDs mean something under one UIDVALIDITY only: it is recorded before the
 * first row, and where it is another the next sync has to sort that out. */
static bool
check_validity(const Sync *sync, gint64 folder, const ImapOpened *opened,
               GError **error)
{
    bool ok;

    if (!store_begin(sync->store, error))
        return false;
    ok = note_validity(sync, folder, opened, error);
    return store_end(sync->store, ok, ok ? error : NULL) && ok;
}

/* Their headers as rows. */
static bool
make_rows(const Sync *sync, const StoreFolder *folder, const ImapOpened *opened,
          UidSet *uids, GError **error)
{
    g_autoptr(GPtrArray) steps =
        g_ptr_array_new_with_free_func((GDestroyNotify)sync_step_free);
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(StoreUid));
    SyncView view = { .rows = rows,
                      .opened = *opened,
                      .unplaced = store_unplaced(sync->store, folder->id) };
    SyncStep *step = g_new0(SyncStep, 1);

    step->kind = SYNC_ROWS;
    step->uids = uids;
    g_ptr_array_add(steps, step);
    return check_validity(sync, folder->id, opened, error)
           && sync_run(sync, folder, &view, steps, error);
}

bool
sync_search(const Sync *sync, const char *path, const char *criteria,
            SyncFound *found, GError **error)
{
    g_autoptr(StoreFolder) folder =
        store_folder_by_path(sync->store, path, error);
    g_autoptr(UidSet) uids = NULL;
    g_autoptr(UidSet) lacking = NULL;
    g_autoptr(GArray) rows = NULL;
    g_autofree char *all = NULL;
    ImapOpened opened;

    if (folder == NULL || !sync_open(sync, folder, &opened, error))
        return false;
    if (folder->id == sync_rest(sync))
        all = g_strdup_printf("%s %s", sync_rest_criteria(), criteria);
    uids = sync->server.class->search(sync->server.conn, all ? all : criteria,
                                      error);
    rows = uids ? store_uids_among(sync->store, folder->id, uids, error) : NULL;
    if (rows == NULL)
        return false;
    if (folder->uidvalidity != 0 && folder->uidvalidity != opened.uidvalidity)
        return check_validity(sync, folder->id, &opened, error);
    lacking = without_row(uids, rows, &found->left);
    if (uidset_n_ranges(lacking) > 0
        && !make_rows(sync, folder, &opened, g_steal_pointer(&lacking), error))
        return false;
    found->rows = store_uids_among(sync->store, folder->id, uids, error);
    return found->rows != NULL;
}
