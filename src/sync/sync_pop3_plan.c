/* The plan of a maildrop: which entry of the history a listed message is, and
 * what is to be done about it. Pure. */
#include "sync/sync_pop3.h"

#include "base/err.h"

#include <string.h>

enum {
    DAY = 24 * 60 * 60
};

bool
sync_pop3_keep_parse(const char *text, SyncPop3Rules *rules, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text, " ", 2);
    guint64 days;

    rules->days = 0;
    if (strcmp(text, "forever") == 0)
        rules->keep = POP3_KEEP_FOREVER;
    else if (strcmp(text, "no") == 0)
        rules->keep = POP3_KEEP_NO;
    else if (strcmp(text, "until-deleted") == 0)
        rules->keep = POP3_KEEP_UNTIL_DELETED;
    else if (words[0] && words[1]
             && (strcmp(words[1], "days") == 0 || strcmp(words[1], "day") == 0)
             && g_ascii_string_to_unsigned(words[0], 10, 1, 36500, &days,
                                           NULL)) {
        rules->keep = POP3_KEEP_DAYS;
        rules->days = (guint)days;
    } else
        return err_set(error, ERR_USAGE,
                       "pop-keep takes forever, \"30 days\", "
                       "until-deleted or no");
    return true;
}

void
sync_pop3_step_free(SyncPop3Step *step)
{
    if (step == NULL)
        return;
    if (step->items)
        g_array_unref(step->items);
    if (step->entries)
        g_ptr_array_unref(step->entries);
    g_free(step);
}

char *
sync_pop3_step_text(const SyncPop3Step *step)
{
    static const char *const names[] = { "forget", "absent", "back", "match",
                                         "rows",   "bodies", "hold", "delete" };
    GString *text = g_string_new(names[step->kind]);

    if (step->kind == POP3_HOLD)
        g_string_append_printf(text, " %u %u", step->count, step->total);
    for (guint i = 0; step->items && i < step->items->len; i++)
        g_string_append_printf(
            text, " %u", g_array_index(step->items, SyncPop3Item, i).number);
    for (guint i = 0; step->entries && i < step->entries->len; i++)
        g_string_append_printf(
            text, " %s", ((const StorePop3 *)step->entries->pdata[i])->uidl);
    return g_string_free(text, FALSE);
}

/* Pairing: the list and the history, both sorted by unique id, then by size,
 * walked side by side. */

typedef struct {
    GArray *items;      /* SyncPop3Item, in the order of the list */
    GPtrArray *order;   /* the same, by unique id, size, number */
    GPtrArray *history; /* StorePop3, by unique id, size, nth */
    GPtrArray *free;    /* entries that no item is yet */
} Pairing;

static int
by_number(guint64 a, guint64 b)
{
    return a < b ? -1 : a > b;
}

static int
compare_items(gconstpointer a, gconstpointer b)
{
    const SyncPop3Item *one = *(const SyncPop3Item *const *)a;
    const SyncPop3Item *two = *(const SyncPop3Item *const *)b;
    int order = strcmp(one->uidl, two->uidl);

    if (order == 0)
        order = by_number(one->octets, two->octets);
    return order ? order : by_number(one->number, two->number);
}

static int
compare_entries(gconstpointer a, gconstpointer b)
{
    const StorePop3 *one = *(const StorePop3 *const *)a;
    const StorePop3 *two = *(const StorePop3 *const *)b;
    int order = strcmp(one->uidl, two->uidl);

    if (order == 0)
        order = by_number(one->octets, two->octets);
    return order ? order : by_number(one->nth, two->nth);
}

static bool
same_size(const SyncPop3Item *item, const StorePop3 *entry)
{
    return item->octets == 0 || entry->octets == 0
           || item->octets == entry->octets;
}

/* Messages of one unique id against its entries: those of the same size first,
 * then in order, since some servers tell sizes by and by; but an entry that was
 * absent or deleted is another message when its size is another. */
static void
pair_group(Pairing *pairing, guint first, guint end, guint entry,
           guint entries_end)
{
    g_autoptr(GPtrArray) left = g_ptr_array_new();
    guint nth = 0;
    guint at = entry;

    for (guint i = entry; i < entries_end; i++)
        nth =
            MAX(nth, ((const StorePop3 *)pairing->history->pdata[i])->nth + 1);
    g_ptr_array_set_size(pairing->free, 0);
    for (guint i = first; i < end; i++) {
        SyncPop3Item *item = pairing->order->pdata[i];

        while (at < entries_end
               && ((const StorePop3 *)pairing->history->pdata[at])->octets
                      < item->octets)
            g_ptr_array_add(pairing->free, pairing->history->pdata[at++]);
        if (at < entries_end
            && ((const StorePop3 *)pairing->history->pdata[at])->octets
                   == item->octets)
            item->known = pairing->history->pdata[at++];
        else
            g_ptr_array_add(left, item);
    }
    while (at < entries_end)
        g_ptr_array_add(pairing->free, pairing->history->pdata[at++]);
    for (guint i = 0, next = 0; i < left->len; i++) {
        SyncPop3Item *item = left->pdata[i];

        while (next < pairing->free->len && item->known == NULL) {
            const StorePop3 *one = pairing->free->pdata[next++];

            if ((one->absent == 0 && !one->deleted) || same_size(item, one))
                item->known = one;
        }
        item->nth = nth++;
    }
}

static guint
group_end(const GPtrArray *all, guint first, const char *uidl, bool items)
{
    guint end = first;

    while (end < all->len
           && strcmp(items ? ((const SyncPop3Item *)all->pdata[end])->uidl
                           : ((const StorePop3 *)all->pdata[end])->uidl,
                     uidl)
                  == 0)
        end++;
    return end;
}

static void
pair_all(Pairing *pairing)
{
    guint entry = 0;

    for (guint first = 0; first < pairing->order->len;) {
        const char *uidl =
            ((const SyncPop3Item *)pairing->order->pdata[first])->uidl;
        guint end = group_end(pairing->order, first, uidl, true);
        guint entries_end;

        while (
            entry < pairing->history->len
            && strcmp(((const StorePop3 *)pairing->history->pdata[entry])->uidl,
                      uidl)
                   < 0)
            entry++;
        entries_end = group_end(pairing->history, entry, uidl, false);
        pair_group(pairing, first, end, entry, entries_end);
        entry = entries_end;
        first = end;
    }
}

GArray *
sync_pop3_pair(const SyncPop3View *view)
{
    g_autoptr(GPtrArray) order = g_ptr_array_new();
    g_autoptr(GPtrArray) history = g_ptr_array_new();
    g_autoptr(GPtrArray) left = g_ptr_array_new();
    GArray *items = g_array_new(FALSE, FALSE, sizeof(SyncPop3Item));
    Pairing pairing = { items, order, history, left };

    for (guint i = 0; i < view->listed->len; i++) {
        const Pop3Message *message =
            &g_array_index(view->listed, Pop3Message, i);
        SyncPop3Item item = { .number = message->number,
                              .octets = message->octets,
                              .uidl = message->uidl };

        g_array_append_val(items, item);
    }
    for (guint i = 0; i < items->len; i++)
        g_ptr_array_add(order, &g_array_index(items, SyncPop3Item, i));
    for (guint i = 0; i < view->history->len; i++)
        g_ptr_array_add(history, view->history->pdata[i]);
    g_ptr_array_sort(order, compare_items);
    g_ptr_array_sort(history, compare_entries);
    pair_all(&pairing);
    for (guint i = 0; i < items->len; i++) {
        SyncPop3Item *item = &g_array_index(items, SyncPop3Item, i);

        if (item->known)
            item->nth = item->known->nth;
    }
    return items;
}

/* Planning. */

typedef struct {
    const SyncPop3View *view;
    GPtrArray *steps;
    SyncPop3Step *made[POP3_DELETE + 1]; /* NULL: not needed */
    guint known, fresh, gone;
} Plan;

static SyncPop3Step *
step_of(Plan *plan, SyncPop3Kind kind)
{
    SyncPop3Step *step = plan->made[kind];

    if (step)
        return step;
    step = plan->made[kind] = g_new0(SyncPop3Step, 1);
    step->kind = kind;
    step->items = g_array_new(FALSE, FALSE, sizeof(SyncPop3Item));
    step->entries = g_ptr_array_new();
    return step;
}

static void
add_item(Plan *plan, SyncPop3Kind kind, const SyncPop3Item *item)
{
    g_array_append_vals(step_of(plan, kind)->items, item, 1);
}

static bool
is_large(const SyncPop3View *view, const SyncPop3Item *item)
{
    return view->can_top && view->rules.size_limit > 0
           && item->octets > view->rules.size_limit;
}

/* A header alone, of a message that the server is about to delete. */
static bool
expires_soon(const SyncPop3View *view, const StorePop3 *known)
{
    return view->expire > 0
           && known->since + (gint64)(view->expire - 1) * DAY <= view->now;
}

/* Is it to be deleted there? Only what is here whole, or what was deleted here
 * (D2). */
static bool
is_to_go(const SyncPop3View *view, const StorePop3 *known)
{
    bool gone = known->message != 0 && !known->exists;

    if (!gone && !known->here)
        return false;
    switch (view->rules.keep) {
    case POP3_KEEP_NO:
        return true;
    case POP3_KEEP_DAYS:
        return known->since + (gint64)view->rules.days * DAY <= view->now;
    case POP3_KEEP_UNTIL_DELETED:
        return gone || known->trashed;
    case POP3_KEEP_FOREVER:
        break;
    }
    return false;
}

static void
plan_known(Plan *plan, const SyncPop3Item *item)
{
    const SyncPop3View *view = plan->view;
    const StorePop3 *known = item->known;

    plan->known++;
    if (known->absent)
        add_item(plan, POP3_BACK, item);
    if (known->exists && !known->here
        && (!is_large(view, item) || expires_soon(view, known)))
        add_item(plan, POP3_BODIES, item);
    if (!is_to_go(view, known))
        return;
    plan->gone += !known->exists;
    add_item(plan, POP3_DELETE, item);
}

/* It has no row and never had one. */
static void
plan_new(Plan *plan, const SyncPop3Item *item, bool first_page)
{
    const SyncPop3View *view = plan->view;

    plan->fresh++;
    if (view->lost && view->can_top) {
        add_item(plan, POP3_MATCH, item);
        return;
    }
    if (is_large(view, item)) {
        add_item(plan, POP3_ROWS, item);
        return;
    }
    if (first_page)
        add_item(plan, POP3_ROWS, item);
    add_item(plan, POP3_BODIES, item);
}

static bool
is_new(const SyncPop3Item *item)
{
    return item->known == NULL || item->known->message == 0;
}

/* Newest first. */
static void
plan_items(Plan *plan, const GArray *items)
{
    const SyncPop3View *view = plan->view;
    guint fresh = 0;
    guint page;

    for (guint i = 0; i < items->len; i++)
        fresh += is_new(&g_array_index(items, SyncPop3Item, i));
    page = view->headers_first && view->can_top && fresh > SYNC_DIRECT
               ? SYNC_FIRST_PAGE
               : 0;
    for (guint i = items->len; i > 0; i--) {
        const SyncPop3Item *item = &g_array_index(items, SyncPop3Item, i - 1);

        if (is_new(item))
            plan_new(plan, item, plan->fresh < page);
        else
            plan_known(plan, item);
    }
}

/* D5: what the server does not list. */
static void
plan_unlisted(Plan *plan, const GArray *items)
{
    const SyncPop3View *view = plan->view;
    g_autoptr(GHashTable) listed = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < items->len; i++)
        g_hash_table_add(listed,
                         (void *)g_array_index(items, SyncPop3Item, i).known);
    for (guint i = 0; i < view->history->len; i++) {
        StorePop3 *entry = view->history->pdata[i];

        if (g_hash_table_contains(listed, entry))
            continue;
        if (entry->deleted
            || (entry->absent
                && entry->absent + (gint64)SYNC_POP3_KNOWN_DAYS * DAY
                       < view->now))
            g_ptr_array_add(step_of(plan, POP3_FORGET)->entries, entry);
        else if (entry->absent == 0)
            g_ptr_array_add(step_of(plan, POP3_ABSENT)->entries, entry);
    }
}

/* D4: the deletions that come of what is gone here wait for a yes. */
static void
hold(Plan *plan)
{
    const SyncPop3View *view = plan->view;
    SyncPop3Step *step = plan->made[POP3_DELETE];
    SyncPop3Step *held;

    if (view->rules.keep != POP3_KEEP_UNTIL_DELETED || view->accept_removals
        || !sync_removal_is_large(plan->gone, plan->known))
        return;
    held = step_of(plan, POP3_HOLD);
    held->count = plan->gone;
    held->total = plan->known;
    for (guint i = step->items->len; i > 0; i--)
        if (!g_array_index(step->items, SyncPop3Item, i - 1).known->exists)
            g_array_remove_index(step->items, i - 1);
}

static int
fewer_attempts(gconstpointer a, gconstpointer b)
{
    const SyncPop3Item *one = a;
    const SyncPop3Item *two = b;
    guint first = one->known ? one->known->attempts : 0;
    guint second = two->known ? two->known->attempts : 0;

    return first != second ? by_number(first, second)
                           : by_number(two->number, one->number);
}

/* P37: what broke a connection before comes last. */
static void
order(Plan *plan)
{
    for (SyncPop3Kind kind = POP3_MATCH; kind <= POP3_BODIES; kind++)
        if (plan->made[kind])
            g_array_sort(plan->made[kind]->items, fewer_attempts);
}

GPtrArray *
sync_pop3_plan(const SyncPop3View *view)
{
    g_autoptr(GArray) items = sync_pop3_pair(view);
    GPtrArray *steps =
        g_ptr_array_new_with_free_func((GDestroyNotify)sync_pop3_step_free);
    Plan plan = { .view = view, .steps = steps };

    plan_unlisted(&plan, items);
    plan_items(&plan, items);
    hold(&plan);
    order(&plan);
    for (SyncPop3Kind kind = POP3_FORGET; kind <= POP3_DELETE; kind++) {
        SyncPop3Step *step = plan.made[kind];

        if (step && (step->items->len || step->entries->len || step->count))
            g_ptr_array_add(steps, step);
        else
            sync_pop3_step_free(step);
    }
    return steps;
}
