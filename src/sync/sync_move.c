/* Moves on servers without MOVE. A message is copied, that it lies in its new
 * mailbox is recorded, and only then it goes from the old one. What is to go is
 * a fact of that folder, "left", written with the new places: whoever is cut
 * between goes on with it before the folder is looked at, or the originals
 * would be taken for new mail, and copied again. */
#include "sync_private.h"

#include "base/err.h"
#include "base/log.h"

#include <string.h>

enum { MOST_RANGES = 100000 };

/* "UIDVALIDITY SET" */
static UidSet *
read_left(const char *text, guint32 *uidvalidity)
{
    char *end;

    *uidvalidity = (guint32)g_ascii_strtoull(text, &end, 10);
    return uidset_parse(end + strspn(end, " "), MOST_RANGES, NULL);
}

/* Those of an earlier move that did not go yet are kept. */
bool
sync_move_left(const Sync *sync, const StoreFolder *folder, guint32 uidvalidity,
               const UidSet *uids, GError **error)
{
    g_autofree char *known = sync_fact(sync, folder, "left");
    guint32 under = 0;
    g_autoptr(UidSet) all = known ? read_left(known, &under) : NULL;
    g_autofree char *set = NULL;
    g_autofree char *text = NULL;

    if (all == NULL || under != uidvalidity) {
        g_clear_pointer(&all, uidset_destroy);
        all = uidset_create();
    }
    uidset_add_all(all, uids);
    set = uidset_format(all);
    text = g_strdup_printf("%u %s", uidvalidity, set);
    return sync_set_fact(sync, folder, "left", text, error);
}

bool
sync_expunge(const Sync *sync, const StoreFolder *folder, const UidSet *uids,
             GError **error)
{
    bool marked = false;

    if (!sync->server.class->expunge(sync->server.conn, uids, &marked, error))
        return false;
    if (marked)
        sync_warn(sync,
                  "%s: its server has no UIDPLUS: %" G_GUINT64_FORMAT
                  " of its messages are only marked as deleted there, until "
                  "it expunges them",
                  folder->path, uidset_count(uids));
    return true;
}

/* A server that does not let them go has two: that is said, once. */
bool
sync_move_end(const Sync *sync, const StoreFolder *folder, guint32 uidvalidity,
              GError **error)
{
    g_autofree char *left = sync_fact(sync, folder, "left");
    g_autoptr(GError) trouble = NULL;
    guint32 under = 0;
    g_autoptr(UidSet) uids = left ? read_left(left, &under) : NULL;

    if (left == NULL)
        return true;
    if (uids && under == uidvalidity
        && !sync_expunge(sync, folder, uids, &trouble)) {
        if (!err_is(trouble, ERR_REFUSED) || imap_is_temporary(trouble)) {
            g_propagate_error(error, g_steal_pointer(&trouble));
            return false;
        }
        sync_warn(sync, "What was moved out of %s stays there, too: %s",
                  folder->path, trouble->message);
    }
    return sync_set_fact(sync, folder, "left", NULL, error);
}

/* All below the mark are known. */
bool
sync_find_unknown(const Sync *sync, const StoreFolder *folder,
                  const char *message_id, guint32 *uid, GError **error)
{
    g_autoptr(UidSet) found = NULL;
    g_autoptr(GArray) known = NULL;
    g_autofree char *criteria = NULL;

    *uid = 0;
    if (message_id == NULL || strpbrk(message_id, "\"\\\r\n") != NULL)
        return true;
    criteria = g_strdup_printf(
        "UID %u:%u UNDELETED HEADER Message-ID \"<%s>\"",
        MAX(folder->uidnext, 1), G_MAXUINT32, message_id);
    found = sync->server.class->search(sync->server.conn, criteria, error);
    known = found ? store_uids_among(sync->store, folder->id, found, error)
                  : NULL;
    if (known == NULL)
        return false;
    for (guint i = 0; i < known->len; i++)
        uidset_remove(found, g_array_index(known, StoreUid, i).uid);
    if (uidset_n_ranges(found) > 0)
        *uid = uidset_range(found, 0).first;
    return true;
}

/* The COPY was made before its answer was lost. */
static bool
place_copy(const Sync *sync, const StorePending *row, const StoreFolder *from,
           guint32 uid, GError **error)
{
    g_autoptr(UidSet) uids = uidset_create();
    bool ok;

    uidset_add(uids, row->uid);
    if (!store_begin(sync->store, error))
        return false;
    ok = sync_move_left(sync, from, from->uidvalidity, uids, error)
         && store_server_place(sync->store, row->id, row->moving, uid, error);
    return store_end(sync->store, ok, ok ? error : NULL) && ok;
}

static bool
resume_row(const Sync *sync, const GPtrArray *folders, const StorePending *row,
           GError **error)
{
    const StoreFolder *from = sync_folder_in(folders, row->server_folder);
    const StoreFolder *to = sync_folder_in(folders, row->moving);
    g_autoptr(StoreRow) message = store_row(sync->store, row->id, NULL);
    ImapOpened opened;
    guint32 uid = 0;

    if (from == NULL || to == NULL || !to->selectable || message == NULL
        || row->uid == 0)
        return true;
    if (!sync_open(sync, to, &opened, error))
        return false;
    if (to->uidvalidity != 0 && to->uidvalidity != opened.uidvalidity)
        return true; /* the next pull sorts that out */
    return sync_find_unknown(sync, to, message->message_id, &uid, error)
           && (uid == 0 || place_copy(sync, row, from, uid, error));
}

/* What a mailbox refuses now is tried again with the next round. */
static bool
resumed(const Sync *sync, bool ok, GError **trouble, GError **error)
{
    if (ok)
        return true;
    if (!err_is(*trouble, ERR_REFUSED)) {
        g_propagate_error(error, g_steal_pointer(trouble));
        return false;
    }
    log_add(LOG_WARN, sync->account, "%s", (*trouble)->message);
    g_clear_error(trouble);
    return true;
}

static bool
resume_rows(const Sync *sync, const GPtrArray *folders, GError **error)
{
    g_autoptr(GPtrArray) pending = NULL;
    g_autoptr(GError) trouble = NULL;
    bool moving = false;

    for (guint i = 0; i < folders->len && !moving; i++)
        moving = store_server_is_moving(
            sync->store, ((const StoreFolder *)folders->pdata[i])->id);
    if (!moving)
        return true;
    pending = store_pending(sync->store, sync->account, 0, error);
    for (guint i = 0; pending && i < pending->len; i++) {
        const StorePending *row = pending->pdata[i];

        if (g_cancellable_is_cancelled(sync->cancel))
            return err_set(error, ERR_CANCELLED, "cancelled");
        if (row->moving
            && !resumed(sync, resume_row(sync, folders, row, &trouble),
                        &trouble, error))
            return false;
    }
    return pending != NULL;
}

static bool
resume_left(const Sync *sync, const StoreFolder *folder, GError **error)
{
    g_autofree char *left = sync_fact(sync, folder, "left");
    ImapOpened opened;

    return left == NULL
           || (sync_open(sync, folder, &opened, error)
               && sync_move_end(sync, folder, opened.uidvalidity, error));
}

bool
sync_moves_resume(const Sync *sync, const GPtrArray *folders, GError **error)
{
    g_autoptr(GError) trouble = NULL;

    if (!sync->server.class->can(sync->server.conn, "MOVE")
        && !resume_rows(sync, folders, error))
        return false;
    for (guint i = 0; i < folders->len; i++)
        if (!resumed(sync, resume_left(sync, folders->pdata[i], &trouble),
                     &trouble, error))
            return false;
    return true;
}
