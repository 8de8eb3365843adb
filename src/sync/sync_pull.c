/* What the server says of a folder, in as few words as it can: nothing when
 * LIST-STATUS shows the mark, QRESYNC's changes and vanished (RFC 7162), else
 * CHANGEDSINCE and a count, else the flags of everything. Of Gmail's \All, what
 * lies in no other mailbox is everything. Then plan and run. */
#include "sync_private.h"

#include "base/err.h"
#include "base/log.h"

#include <string.h>

typedef struct {
    const StoreFolder *folder;
    SyncView view;
    GHashTable *words; /* tags of messages, the same ones once */
    gsize words_bytes;
    ImapSelected selected;
} Look;

static void
look_init(Look *look, const StoreFolder *folder)
{
    *look = (Look){ .folder = folder };
    look->words =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    look->view.messages = g_array_new(FALSE, FALSE, sizeof(SyncMessage));
    look->view.vanished = uidset_create();
}

static void
look_finish(Look *look)
{
    g_hash_table_unref(look->words);
    g_array_unref(look->view.messages);
    uidset_destroy(look->view.vanished);
    if (look->view.rows)
        g_array_unref(look->view.rows);
    imap_selected_clear(&look->selected);
}

static const char *
keep_words(Look *look, const char *words)
{
    gpointer kept;

    if (words == NULL || *words == '\0')
        return "";
    if (g_hash_table_lookup_extended(look->words, words, &kept, NULL))
        return kept;
    kept = g_strdup(words);
    g_hash_table_add(look->words, kept);
    look->words_bytes += strlen(words);
    return kept;
}

/* What a server tells of a folder lies in memory until it is compared with our
 * rows (P32). */
static bool
check_told(const Look *look, GError **error)
{
    if (look->view.messages->len > SYNC_TOLD_MOST)
        return err_set(error, ERR_PROTOCOL,
                       "%s: the server tells of more than %d messages",
                       look->folder->path, SYNC_TOLD_MOST);
    if (look->words_bytes > SYNC_WORDS_BYTES)
        return err_set(error, ERR_PROTOCOL,
                       "%s: the server tells of more than %d MB of keywords",
                       look->folder->path, SYNC_WORDS_BYTES >> 20);
    return uidset_n_ranges(look->view.vanished) <= SYNC_TOLD_MOST
           || err_set(error, ERR_PROTOCOL,
                      "%s: the server tells of more than %d messages that "
                      "are gone",
                      look->folder->path, SYNC_TOLD_MOST);
}

static bool
told_message(void *user, const ImapMessage *message, GError **error)
{
    Look *look = user;
    SyncMessage told = { .uid = message->uid,
                         .flags = message->flags.system & STORE_SYSTEM_FLAGS };

    if (message->uid == 0 || !message->has_flags)
        return true;
    told.tags = keep_words(look, message->flags.keywords);
    g_array_append_val(look->view.messages, told);
    return check_told(look, error);
}

static bool
told_vanished(void *user, const UidSet *uids, GError **error)
{
    Look *look = user;

    uidset_add_all(look->view.vanished, uids);
    return check_told(look, error);
}

static void
forget_told(void *user)
{
    Look *look = user;

    g_array_set_size(look->view.messages, 0);
    uidset_destroy(look->view.vanished);
    look->view.vanished = uidset_create();
}

/* Everything there, from scratch. */
static bool
list_all(const Sync *sync, Look *look, const ImapSink *sink, GError **error)
{
    g_autoptr(UidSet) all = uidset_create();

    forget_told(look);
    look->view.complete = true;
    if (look->selected.exists == 0)
        return true;
    uidset_add_range(all, 1,
                     look->selected.uidnext ? MAX(look->selected.uidnext - 1, 1)
                                            : G_MAXUINT32);
    return sync->server.class->fetch(sync->server.conn, all, "UID FLAGS", 0,
                                     sink, error);
}

/* Without QRESYNC: what changed; a count says whether anything vanished. */
static bool
list_changes(const Sync *sync, const StoreFolder *folder, Look *look,
             const ImapSink *sink, GError **error)
{
    g_autoptr(UidSet) all = uidset_create();

    if (look->selected.exists == 0)
        return true;
    uidset_add_range(all, 1, MAX(look->selected.uidnext, 2) - 1);
    return sync->server.class->fetch(sync->server.conn, all, "UID FLAGS",
                                     folder->modseq, sink, error);
}

/* How many messages the changes lead to, beginning with our rows. */
static guint64
expected_count(const SyncView *view)
{
    guint64 count = view->total;
    g_autoptr(GHashTable) known = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < view->rows->len; i++) {
        guint32 uid = g_array_index(view->rows, StoreUid, i).uid;

        g_hash_table_add(known, GUINT_TO_POINTER(uid));
        count -= uidset_contains(view->vanished, uid);
    }
    for (guint i = 0; i < view->messages->len; i++) {
        guint32 uid = g_array_index(view->messages, SyncMessage, i).uid;

        if (g_hash_table_add(known, GUINT_TO_POINTER(uid)))
            count += !uidset_contains(view->vanished, uid);
    }
    return count;
}

static bool
take_rows(Look *look, GArray *rows)
{
    if (look->view.rows)
        g_array_unref(look->view.rows);
    look->view.rows = rows;
    return rows != NULL;
}

/* Someone waits for the first screen of a mailbox never seen. */
static bool
is_first_look(const Sync *sync, const StoreFolder *folder, const Look *look)
{
    return sync->headers_first && folder->uidvalidity == 0
           && look->view.total == 0 && look->view.unplaced == 0
           && look->selected.uidnext > 0
           && look->selected.exists > SYNC_FIRST_PAGE;
}

/* The newest rows come before the list of all, which takes as long as the
 * mailbox is large. The UIDs are a guess: as many as hold a page where gaps are
 * spread evenly, and not many pages. */
static bool
first_page(const Sync *sync, const StoreFolder *folder, Look *look,
           GError **error)
{
    const ImapSelected *now = &look->selected;
    guint64 span = MIN((guint64)SYNC_FIRST_PAGE * now->uidnext / now->exists,
                       SYNC_FIRST_PAGE * 10);
    guint32 first = now->uidnext > span ? now->uidnext - (guint32)span : 1;
    g_autoptr(GPtrArray) steps =
        g_ptr_array_new_with_free_func((GDestroyNotify)sync_step_free);
    SyncStep *step = g_new0(SyncStep, 1);

    g_ptr_array_add(steps, step);
    step->kind = SYNC_ROWS;
    step->uids = uidset_create();
    uidset_add_range(step->uids, first, now->uidnext - 1);
    return take_rows(look, store_uids(sync->store, folder->id, error))
           && sync_run(sync, folder, &look->view, steps, error);
}

static bool
can_resync(const Sync *sync, const StoreFolder *folder)
{
    return folder->modseq > 0 && folder->uidvalidity > 0
           && sync->server.class->can(sync->server.conn, "QRESYNC");
}

static ImapResync
resync_of(const StoreFolder *folder)
{
    return (ImapResync){ folder->uidvalidity, folder->modseq, NULL };
}

static bool
is_unchanged(const StoreFolder *folder, const Look *look)
{
    const ImapSelected *now = &look->selected;

    return now->resynced && now->uidvalidity == folder->uidvalidity
           && now->uidnext == folder->uidnext && now->modseq == folder->modseq
           && look->view.messages->len == 0
           && uidset_n_ranges(look->view.vanished) == 0;
}

static void
fill_view(const Sync *sync, const StoreFolder *folder, Look *look)
{
    SyncView *view = &look->view;

    view->uidvalidity = look->selected.uidvalidity;
    view->uidnext = look->selected.uidnext;
    view->modseq = look->selected.modseq;
    view->known_uidvalidity = folder->uidvalidity;
    view->headers_first = sync->headers_first;
    view->accept_removals = sync->accept_removals;
    view->keep = sync->keep;
    sync->server.class->opened(sync->server.conn, folder->name, &view->opened);
    view->deleted_is_gone =
        !sync->server.class->can(sync->server.conn, "UIDPLUS");
    view->unplaced = store_unplaced(sync->store, folder->id);
    view->total = store_uid_count(sync->store, folder->id);
}

/* The rows that the changes name. */
static bool
load_named(const Sync *sync, const StoreFolder *folder, Look *look,
           GError **error)
{
    g_autoptr(UidSet) named = uidset_create();

    uidset_add_all(named, look->view.vanished);
    for (guint i = 0; i < look->view.messages->len; i++)
        uidset_add(named,
                   g_array_index(look->view.messages, SyncMessage, i).uid);
    return take_rows(look,
                     store_uids_among(sync->store, folder->id, named, error));
}

/* Everything there and everything here. */
static bool
load_all(const Sync *sync, const StoreFolder *folder, Look *look,
         const ImapSink *sink, GError **error)
{
    if (!take_rows(look, store_uids(sync->store, folder->id, error)))
        return false;
    look->view.total = look->view.rows->len;
    return list_all(sync, look, sink, error);
}

/* Changes since the mark, unless they do not lead to what is there. */
static bool
load_changes(const Sync *sync, const StoreFolder *folder, Look *look,
             const ImapSink *sink, GError **error)
{
    g_autofree char *lacking = sync_fact(sync, folder, "lacking");
    bool ok = lacking
                  ? take_rows(look, store_uids(sync->store, folder->id, error))
                  : load_named(sync, folder, look, error);

    return ok
           && (expected_count(&look->view) == look->selected.exists
               || load_all(sync, folder, look, sink, error));
}

/* What the server calls the mailbox whatever its name is. */
static bool
note_id(const Sync *sync, const StoreFolder *folder, const char *id,
        GError **error)
{
    g_autofree char *known = id ? sync_fact(sync, folder, "mailboxid") : NULL;

    return g_strcmp0(known, id) == 0
           || sync_set_fact(sync, folder, "mailboxid", id, error);
}

static bool
is_rest(const Sync *sync, const StoreFolder *folder)
{
    return folder->id == sync_rest(sync);
}

static UidSet *
known_uids(const GArray *rows)
{
    UidSet *known = uidset_create();

    for (guint i = 0; i < rows->len; i++)
        uidset_add(known, g_array_index(rows, StoreUid, i).uid);
    return known;
}

/* What changed of what we know, by the mark where there is one. */
static bool
ask_known(const Sync *sync, const StoreFolder *folder, Look *look,
          const UidSet *members, GError **error)
{
    ImapSink sink = { .user = look, .message = told_message };
    const GArray *rows = look->view.rows;
    g_autoptr(UidSet) known = uidset_create();

    if (rows->len == 0)
        return true;
    if (folder->modseq > 0 && look->selected.modseq > 0)
        return list_changes(sync, folder, look, &sink, error);
    for (guint i = 0; i < rows->len; i++) {
        guint32 uid = g_array_index(rows, StoreUid, i).uid;

        if (uidset_contains(members, uid))
            uidset_add(known, uid);
    }
    return uidset_n_ranges(known) == 0
           || sync->server.class->fetch(sync->server.conn, known, "UID FLAGS",
                                        0, &sink, error);
}

/* Keeps what was told of members, adds those that neither were told nor have a
 * row (known), and finds those that went. */
static void
compare_members(Look *look, const UidSet *members, UidSet *known)
{
    SyncView *view = &look->view;
    g_autoptr(GArray) told = g_steal_pointer(&view->messages);

    view->messages = g_array_new(FALSE, FALSE, sizeof(SyncMessage));
    for (guint i = 0; i < told->len; i++) {
        const SyncMessage *message = &g_array_index(told, SyncMessage, i);

        if (!uidset_contains(members, message->uid))
            continue;
        g_array_append_val(view->messages, *message);
        uidset_add(known, message->uid);
    }
    for (guint i = 0; i < uidset_n_ranges(members); i++) {
        UidRange range = uidset_range(members, i);

        for (guint64 uid = range.first; uid <= range.last; uid++) {
            SyncMessage fresh = { .uid = (guint32)uid, .tags = "" };

            if (!uidset_contains(known, fresh.uid))
                g_array_append_val(view->messages, fresh);
        }
    }
    for (guint i = 0; i < view->rows->len; i++) {
        guint32 uid = g_array_index(view->rows, StoreUid, i).uid;

        if (!uidset_contains(members, uid))
            uidset_add(view->vanished, uid);
    }
}

/* Many that went into other mailboxes are no loss (R3). */
static void
check_lost(const Sync *sync, SyncView *view)
{
    guint lost = 0;

    if (!sync_removal_is_large((guint)uidset_count(view->vanished),
                               view->total))
        return;
    for (guint i = 0; i < view->rows->len; i++) {
        const StoreUid *row = &g_array_index(view->rows, StoreUid, i);

        lost += uidset_contains(view->vanished, row->uid)
                && !store_object_elsewhere(sync->store, row->id);
    }
    view->accept_removals |= !sync_removal_is_large(lost, view->total);
}

/* The rest is selected. While a row waits for its UID there, it is due: what
 * moved there, or left for there, said so (R1). */
static bool
look_at_rest(const Sync *sync, const StoreFolder *folder, Look *look,
             bool *nothing, GError **error)
{
    const ImapSelected *now = &look->selected;
    bool same = now->uidvalidity == folder->uidvalidity;
    g_autofree char *lacking = sync_fact(sync, folder, "lacking");
    g_autoptr(UidSet) members = NULL;
    g_autoptr(UidSet) known = NULL;

    *nothing = same && now->uidnext == folder->uidnext && now->modseq != 0
               && now->modseq == folder->modseq && lacking == NULL
               && !sync_rest_is_due(sync)
               && !store_server_is_moving(sync->store, folder->id);
    if (*nothing)
        return true;
    fill_view(sync, folder, look);
    members = sync_rest_members(sync, now, error);
    if (members == NULL
        || !take_rows(look, store_uids(sync->store, folder->id, error)))
        return false;
    look->view.total = look->view.rows->len;
    if (!same && folder->uidvalidity != 0) /* these UIDs mean nothing */
        g_array_set_size(look->view.rows, 0);
    known = known_uids(look->view.rows);
    if (!ask_known(sync, folder, look, members, error))
        return false;
    compare_members(look, members, known);
    check_lost(sync, &look->view);
    return true;
}

/* Selects and fills the view. *nothing: the mark is the server's state. */
static bool
look_at(const Sync *sync, const StoreFolder *folder, Look *look, bool *nothing,
        GError **error)
{
    ImapSink sink = { .user = look,
                      .message = told_message,
                      .vanished = told_vanished,
                      .closed = forget_told };
    ImapResync resync = resync_of(folder);
    g_autofree char *lacking = sync_fact(sync, folder, "lacking");
    bool rest = is_rest(sync, folder);
    bool resynced = !rest && can_resync(sync, folder);

    *nothing = false;
    if (!sync->server.class->select(sync->server.conn, folder->name,
                                    resynced ? &resync : NULL, &sink,
                                    &look->selected, error)
        || !note_id(sync, folder, look->selected.mailbox_id, error))
        return false;
    if (rest)
        return look_at_rest(sync, folder, look, nothing, error);
    resynced = look->selected.resynced
               && look->selected.uidvalidity == folder->uidvalidity;
    *nothing = is_unchanged(folder, look) && lacking == NULL
               && store_unplaced(sync->store, folder->id) == 0;
    if (*nothing)
        return true;
    fill_view(sync, folder, look);
    if (is_first_look(sync, folder, look)
        && !first_page(sync, folder, look, error))
        return false;
    if (!resynced
        && (folder->modseq == 0 || look->selected.modseq == 0
            || folder->uidvalidity != look->selected.uidvalidity))
        return load_all(sync, folder, look, &sink, error);
    return (resynced || list_changes(sync, folder, look, &sink, error))
           && load_changes(sync, folder, look, &sink, error);
}

static bool
has_step(const GPtrArray *steps, SyncStepKind kind)
{
    for (guint i = 0; i < steps->len; i++)
        if (((const SyncStep *)steps->pdata[i])->kind == kind)
            return true;
    return false;
}

/* What leaves a mailbox may be in no other one any more (R1). */
static bool
begin_due(const Sync *sync, const StoreFolder *folder, const GPtrArray *steps,
          GError **error)
{
    if (sync_rest(sync) == 0 || is_rest(sync, folder)
        || !(has_step(steps, SYNC_GONE) || has_step(steps, SYNC_LEFT)))
        return true;
    return sync_rest_set_due(sync, true, error);
}

/* What is held is looked at until there is a yes. */
static bool
end_due(const Sync *sync, const StoreFolder *folder, const GPtrArray *steps,
        GError **error)
{
    return !is_rest(sync, folder)
           || sync_rest_set_due(sync, has_step(steps, SYNC_HOLD), error);
}

/* How many messages the steps remove. */
static guint
count_removals(const GPtrArray *steps)
{
    guint n = 0;

    for (guint i = 0; i < steps->len; i++) {
        const SyncStep *step = steps->pdata[i];

        n += step->kind == SYNC_GONE ? step->ids->len : 0;
    }
    return n;
}

/* Anew when, with what went from other folders, that would be too much. */
static GPtrArray *
plan(Look *look, GError **error)
{
    SyncView *view = &look->view;
    g_autoptr(GPtrArray) steps = sync_plan(view);
    guint n = view->accept_removals ? 0 : count_removals(steps);

    if (n == 0)
        return g_steal_pointer(&steps);
    if (!sync_lost_holds(view->lost, look->folder, look->selected.exists, n,
                         &view->hold_removals, error))
        return NULL;
    return view->hold_removals ? sync_plan(view) : g_steal_pointer(&steps);
}

static bool
pull(const Sync *sync, const StoreFolder *folder, Look *look, GError **error)
{
    g_autoptr(GPtrArray) steps = NULL;
    bool nothing;

    if (!look_at(sync, folder, look, &nothing, error))
        return false;
    if (nothing)
        return true;
    if (look->view.uidvalidity == 0)
        return err_set(error, ERR_REFUSED,
                       "%s: the server tells no "
                       "UIDVALIDITY: it cannot be synchronised",
                       folder->path);
    steps = plan(look, error);
    return steps && begin_due(sync, folder, steps, error)
           && sync_run(sync, folder, &look->view, steps, error)
           && end_due(sync, folder, steps, error);
}

bool
sync_pull(const Sync *sync, StoreFolder *folder, SyncLost *lost,
          GError **error)
{
    Sync kept = *sync;
    Look look;
    bool ok;

    if (sync_is_to_go(sync->store, folder))
        kept.keep.after = G_MAXINT64; /* but for what is moved out of it */
    look_init(&look, folder);
    look.view.lost = lost;
    look.view.hold_removals = lost->holds;
    ok = pull(&kept, folder, &look, error)
         && store_server_moving_end(sync->store, folder->id, error);
    look_finish(&look);
    return ok;
}

void
sync_pull_ahead(const Sync *sync, const StoreFolder *folder)
{
    ImapResync resync = resync_of(folder);

    sync->server.class->ahead(sync->server.conn, folder->name,
                              can_resync(sync, folder) ? &resync : NULL);
}
