/* P16 for all folders of an account together: many small ones that are empty
 * all at once are as much as a large one. Where LIST-STATUS tells, what is gone
 * is known before anything is removed here. Elsewhere removals are counted as
 * they are met, on through rounds that are cut short; when they come to too
 * much, STATUS tells, and what was only moved to another folder is no loss.
 * With Gmail several folders have the same message: nothing is counted. */
#include "sync_private.h"

#include "base/err.h"

#include <stdlib.h>

/* "removed known": how many messages were removed since the last whole round in
 * which none was held, of how many. g_free(). */
static char *
record_key(const SyncLost *lost)
{
    return g_strconcat("lost/", lost->sync->account, NULL);
}

static void
read_record(SyncLost *lost)
{
    g_autofree char *key = record_key(lost);
    g_autofree char *text = store_value(lost->sync->store, key);
    char *end = text;

    if (text == NULL)
        return;
    lost->removed = (guint)strtoul(end, &end, 10);
    lost->known = (guint)strtoul(end, NULL, 10);
}

/* Before they are: who is killed between counts them twice. The disk is not
 * waited for: what a power cut takes, it takes from the end. */
static bool
note_removed(SyncLost *lost, guint n, GError **error)
{
    g_autofree char *key = record_key(lost);
    g_autofree char *text = NULL;
    g_autoptr(StoreLazy) G_GNUC_UNUSED lazy = store_lazy(lost->sync->store);

    lost->removed += n;
    text = g_strdup_printf("%u %u", lost->removed, lost->known);
    return store_set_value(lost->sync->store, key, text, error);
}

static guint
count_known(const SyncLost *lost)
{
    guint known = 0;

    for (guint i = 0; i < lost->folders->len; i++) {
        const StoreFolder *folder = lost->folders->pdata[i];

        known += sync_follows(folder) ? folder->total : 0;
    }
    return known;
}

static void
decide(SyncLost *lost, guint there)
{
    lost->gone = lost->known > there ? lost->known - there : 0;
    lost->holds = sync_removal_is_large(lost->gone, lost->known);
}

/* What the server has of what is known here, as far as LIST-STATUS tells. */
static bool
count_there(const SyncLost *lost, const GPtrArray *mailboxes, guint *there)
{
    *there = 0;
    for (guint i = 0; i < lost->folders->len; i++) {
        const StoreFolder *folder = lost->folders->pdata[i];
        const ImapMailbox *mailbox = sync_mailbox_in(mailboxes, folder->name);

        if (!sync_follows(folder))
            continue;
        if (mailbox && !mailbox->have_status)
            return false;
        *there += mailbox ? mailbox->messages : 0;
    }
    return true;
}

void
sync_lost_begin(SyncLost *lost, const GPtrArray *mailboxes)
{
    guint there;

    if (sync_rest(lost->sync) != 0)
        return;
    lost->known = count_known(lost);
    lost->counts = !count_there(lost, mailboxes, &there);
    if (lost->counts)
        read_record(lost);
    else
        decide(lost, there);
}

/* From one that is refused nothing is removed. */
static bool
ask_one(const SyncLost *lost, const StoreFolder *folder, guint *there,
        GError **error)
{
    const SyncServer *server = &lost->sync->server;
    ImapMailbox *status = g_new0(ImapMailbox, 1);
    g_autoptr(GError) trouble = NULL;
    bool ok =
        server->class->status(server->conn, folder->name, status, &trouble);

    *there += ok ? status->messages : folder->total;
    imap_mailbox_free(status);
    if (ok || err_is(trouble, ERR_REFUSED))
        return true;
    g_propagate_error(error, g_steal_pointer(&trouble));
    return false;
}

/* there: what the selected one has. */
static bool
ask_all(SyncLost *lost, const StoreFolder *selected, guint there,
        GError **error)
{
    for (guint i = 0; i < lost->folders->len; i++) {
        const StoreFolder *folder = lost->folders->pdata[i];

        if (sync_follows(folder) && folder->id != selected->id
            && !ask_one(lost, folder, &there, error))
            return false;
    }
    lost->asked = true;
    decide(lost, there);
    return true;
}

bool
sync_lost_holds(SyncLost *lost, const StoreFolder *selected, guint there,
                guint n, bool *holds, GError **error)
{
    *holds = lost->holds;
    if (lost->holds || !lost->counts)
        return true;
    if (!lost->asked && sync_removal_is_large(lost->removed + n, lost->known)
        && !ask_all(lost, selected, there, error))
        return false;
    *holds = lost->holds;
    return lost->holds || note_removed(lost, n, error);
}

void
sync_lost_say(SyncLost *lost)
{
    const Sync *sync = lost->sync;

    if (lost->held && !lost->said)
        sync_warn(sync,
                  "%s: the server lost %u of %u messages, from several folders "
                  "at once; those that are still here are kept: "
                  "`posthorn sync --accept-removals %s` removes them",
                  sync->account, lost->gone, lost->known, sync->account);
    lost->said = lost->held;
}

bool
sync_lost_end(SyncLost *lost, GError **error)
{
    const Sync *sync = lost->sync;
    g_autofree char *key = record_key(lost);
    g_autofree char *text = store_value(sync->store, key);
    g_autoptr(StoreLazy) G_GNUC_UNUSED lazy = store_lazy(sync->store);

    sync_lost_say(lost);
    return lost->held || sync->only || text == NULL
           || store_set_value(sync->store, key, NULL, error);
}
