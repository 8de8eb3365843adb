/* The plan of a folder: what the server says and what we remember, walked side
 * by side by UID, become steps. A pure function: no I/O, no clock. */
#include "sync/sync.h"

#include <string.h>

/* What the walk found. */
typedef struct {
    const SyncView *view;
    GArray *flags;   /* SyncMessage */
    GArray *gone;    /* gint64 */
    GArray *left;    /* gint64 */
    GArray *fresh;   /* guint32, ascending: no row yet */
    GArray *lacking; /* guint32, ascending: no file yet */
} Walk;

void
sync_step_free(SyncStep *step)
{
    uidset_destroy(step->uids);
    if (step->messages)
        g_array_unref(step->messages);
    if (step->ids)
        g_array_unref(step->ids);
    g_free(step);
}

static void
format_ids(GString *text, const GArray *ids)
{
    for (guint i = 0; i < ids->len; i++)
        g_string_append_printf(text, " %" G_GINT64_FORMAT,
                               g_array_index(ids, gint64, i));
}

static void
format_messages(GString *text, const GArray *messages)
{
    for (guint i = 0; i < messages->len; i++) {
        const SyncMessage *message = &g_array_index(messages, SyncMessage, i);

        g_string_append_printf(text, " %u=%x", message->uid, message->flags);
        if (*message->tags)
            g_string_append_printf(text, "(%s)", message->tags);
    }
}

char *
sync_step_text(const SyncStep *step)
{
    static const char *const names[] = { "renew",  "flags",  "gone",
                                         "left",   "hold",   "rows",
                                         "settle", "bodies", "mark" };
    g_autofree char *uids = step->uids ? uidset_format(step->uids) : NULL;
    GString *text = g_string_new(names[step->kind]);

    if (uids)
        g_string_append_printf(text, " %s", uids);
    if (step->messages)
        format_messages(text, step->messages);
    if (step->ids)
        format_ids(text, step->ids);
    if (step->kind == SYNC_HOLD)
        g_string_append_printf(text, " %u of %u", step->count, step->total);
    if (step->kind == SYNC_RENEW)
        g_string_append_printf(text, " %u", step->uidvalidity);
    if (step->kind == SYNC_MARK)
        g_string_append_printf(text, " %u %u %" G_GUINT64_FORMAT "%s",
                               step->uidvalidity, step->uidnext, step->modseq,
                               step->lacking ? " lacking" : "");
    return g_string_free(text, FALSE);
}

bool
sync_removal_is_large(guint count, guint total)
{
    return count > SYNC_REMOVAL_MIN && count > total / 2;
}

static SyncStep *
add_step(GPtrArray *steps, SyncStepKind kind)
{
    SyncStep *step = g_new0(SyncStep, 1);

    step->kind = kind;
    g_ptr_array_add(steps, step);
    return step;
}

static int
by_uid(const void *a, const void *b)
{
    guint32 x = ((const SyncMessage *)a)->uid;
    guint32 y = ((const SyncMessage *)b)->uid;

    return x < y ? -1 : x > y;
}

bool
sync_keeps(const SyncKeep *keep, gint64 arrival, guint64 size)
{
    return arrival >= keep->after && (keep->most == 0 || size <= keep->most);
}

/* One that the user moves elsewhere has to be here first. */
static bool
is_lacking(const SyncView *view, const StoreUid *row)
{
    return !row->here
           && (row->leaving
               || sync_keeps(&view->keep, row->arrival, row->size));
}

static void
row_gone(Walk *walk, const StoreUid *row)
{
    g_array_append_val(row->leaving && !row->deleted ? walk->left : walk->gone,
                       row->id);
}

static bool
is_gone_there(const SyncView *view, const SyncMessage *message)
{
    return view->deleted_is_gone && (message->flags & STORE_FLAG_TRASHED);
}

/* A message and its row. */
static void
both(Walk *walk, const SyncMessage *message, const StoreUid *row)
{
    guint hash = *message->tags ? g_str_hash(message->tags) : 0;

    if (is_gone_there(walk->view, message)) {
        row_gone(walk, row);
        return;
    }
    if ((row->server_flags & STORE_SYSTEM_FLAGS) != message->flags
        || row->tags_hash != hash) {
        SyncMessage changed = *message;

        changed.id = row->id;
        g_array_append_val(walk->flags, changed);
    }
    if (is_lacking(walk->view, row))
        g_array_append_val(walk->lacking, row->uid);
}

static void
only_row(Walk *walk, const StoreUid *row)
{
    const SyncView *view = walk->view;

    if (view->complete
        || (view->vanished && uidset_contains(view->vanished, row->uid)))
        row_gone(walk, row);
    else if (is_lacking(view, row))
        g_array_append_val(walk->lacking, row->uid);
}

static void
only_message(Walk *walk, const SyncMessage *message)
{
    const SyncView *view = walk->view;

    if (!is_gone_there(view, message)
        && !(view->vanished && uidset_contains(view->vanished, message->uid)))
        g_array_append_val(walk->fresh, message->uid);
}

static void
walk_both(Walk *walk, const GArray *messages, const GArray *rows)
{
    guint i = 0;
    guint j = 0;

    while (i < messages->len || j < rows->len) {
        const SyncMessage *message =
            i < messages->len ? &g_array_index(messages, SyncMessage, i) : NULL;
        const StoreUid *row =
            j < rows->len ? &g_array_index(rows, StoreUid, j) : NULL;

        if (row && (message == NULL || row->uid < message->uid)) {
            only_row(walk, row);
            j++;
        } else if (row == NULL || message->uid < row->uid) {
            only_message(walk, message);
            i++;
        } else {
            both(walk, message, row);
            i++;
            j++;
        }
        while (message && i < messages->len /* told twice */
               && i > 0 && message != &g_array_index(messages, SyncMessage, i)
               && g_array_index(messages, SyncMessage, i).uid == message->uid)
            i++;
    }
}

/* The last count of uids, at most, taken off them as a set. */
static UidSet *
take_newest(GArray *uids, guint count)
{
    UidSet *set = uidset_create();
    guint first = uids->len > count ? uids->len - count : 0;
    guint32 from = 0;
    guint32 to = 0;

    for (guint i = first; i < uids->len; i++) {
        guint32 uid = g_array_index(uids, guint32, i);

        if (from != 0 && uid == to + 1) {
            to = uid;
            continue;
        }
        if (from != 0)
            uidset_add_range(set, from, to);
        from = to = uid;
    }
    if (from != 0)
        uidset_add_range(set, from, to);
    g_array_set_size(uids, first);
    return set;
}

static void
plan_removals(GPtrArray *steps, Walk *walk)
{
    const SyncView *view = walk->view;

    if (walk->left->len > 0)
        add_step(steps, SYNC_LEFT)->ids = g_array_ref(walk->left);
    if (walk->gone->len == 0)
        return;
    if (!view->accept_removals
        && (view->hold_removals
            || sync_removal_is_large(walk->gone->len, view->total))) {
        SyncStep *hold = add_step(steps, SYNC_HOLD);

        hold->count = walk->gone->len;
        hold->total = view->total;
        return;
    }
    add_step(steps, SYNC_GONE)->ids = g_array_ref(walk->gone);
}

static int
by_number(const void *a, const void *b)
{
    guint32 x = *(const guint32 *)a;
    guint32 y = *(const guint32 *)b;

    return x < y ? -1 : x > y;
}

static void
plan_mark(GPtrArray *steps, const SyncView *view, bool lacking)
{
    SyncStep *mark = add_step(steps, SYNC_MARK);

    mark->uidvalidity = view->uidvalidity;
    mark->uidnext = view->uidnext;
    mark->modseq = view->modseq;
    mark->lacking = lacking;
}

/* Headers first where someone looks, where a new UID may be an old row, and
 * where date or size decides about the body. */
static void
plan_fetch(GPtrArray *steps, Walk *walk, bool match)
{
    const SyncView *view = walk->view;
    bool rows_first =
        walk->fresh->len > 0
        && (match || view->keep.after || view->keep.most
            || (view->headers_first && walk->fresh->len > SYNC_DIRECT));
    bool held =
        steps->len > 0
        && ((SyncStep *)steps->pdata[steps->len - 1])->kind == SYNC_HOLD;
    guint slice = SYNC_FIRST_PAGE;

    g_array_append_vals(walk->lacking, walk->fresh->data, walk->fresh->len);
    g_array_sort(walk->lacking, by_number);
    while (rows_first && walk->fresh->len > 0) {
        add_step(steps, SYNC_ROWS)->uids = take_newest(walk->fresh, slice);
        slice = SYNC_HEADER_SLICE;
    }
    if (match)
        add_step(steps, SYNC_SETTLE);
    if (rows_first && !held)
        plan_mark(steps, view, true);
    while (walk->lacking->len > 0)
        add_step(steps, SYNC_BODIES)->uids =
            take_newest(walk->lacking, SYNC_BODY_SLICE);
    if (!held)
        plan_mark(steps, view, false);
}

GPtrArray *
sync_plan(const SyncView *view)
{
    GPtrArray *steps =
        g_ptr_array_new_with_free_func((GDestroyNotify)sync_step_free);
    bool renew = view->known_uidvalidity != 0
                 && view->known_uidvalidity != view->uidvalidity;
    g_autoptr(GArray) none = g_array_new(FALSE, FALSE, sizeof(StoreUid));
    g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(GArray) left = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(GArray) flags = g_array_new(FALSE, FALSE, sizeof(SyncMessage));
    g_autoptr(GArray) fresh = g_array_new(FALSE, FALSE, sizeof(guint32));
    g_autoptr(GArray) lacking = g_array_new(FALSE, FALSE, sizeof(guint32));
    Walk walk = { view, flags, gone, left, fresh, lacking };

    if (renew)
        add_step(steps, SYNC_RENEW)->uidvalidity = view->uidvalidity;
    g_array_sort(view->messages, by_uid);
    walk_both(&walk, view->messages, renew ? none : view->rows);
    if (flags->len > 0)
        add_step(steps, SYNC_FLAGS)->messages = g_array_ref(flags);
    plan_removals(steps, &walk);
    plan_fetch(steps, &walk, renew || view->unplaced > 0);
    return steps;
}
