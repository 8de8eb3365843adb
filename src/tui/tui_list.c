/* A list of threads or messages: a folder, or what a query finds. Holds ids;
 * rows are read for what is on the screen and kept until something changes. The
 * cursor stays on its screen row when rows above go away. */
#include "tui_list.h"

#include "base/err.h"
#include "base/text.h"
#include "core/account.h"
#include "core/draft.h"
#include "core/search.h"

#include <string.h>

enum {
    FIRST_IDS = 300,
};

#define EMPTY_SEARCH \
    "Words, or from: to: subject: tag: date: is:unread has:attachment"

static const ViewClass list_class;

bool
view_is_list(const View *view)
{
    return view->class == &list_class;
}

const char *
list_view_asked(const View *view)
{
    return view_is_list(view) ? ((const ListView *)view)->query : NULL;
}

gint64
list_id(const ListView *list, guint index)
{
    return index < list->ids->len ? g_array_index(list->ids, gint64, index)
                                  : 0;
}

static void
forget_rows(ListView *list)
{
    g_hash_table_remove_all(list->rows);
}

static bool
is_restoring(const ListView *list)
{
    return list->base.tui->restoring && tui_top(list->base.tui) == &list->base;
}

/* Does the cursor stay with its message when new mail comes in above? On the
 * first row it is new mail that is waited for; what undo brings back comes back
 * to its place. */
static bool
stays(const ListView *list)
{
    if (is_restoring(list))
        return false;
    return list->cursor > 0 || g_hash_table_size(list->selected) > 0
        || list->range_from || tui_top(list->base.tui) != &list->base;
}

const StoreRow *
list_row(ListView *list, guint index)
{
    gint64 id = list_id(list, index);
    StoreRow *row = g_hash_table_lookup(list->rows, &id);
    g_autoptr(GPtrArray) read = NULL;
    gint64 message = -id;

    if (row || id == 0)
        return row;
    read = id < 0 ? store_rows(session_store(list->base.tui->session),
                               &message, 1, false, 0, NULL)
                  : store_rows(session_store(list->base.tui->session), &id, 1,
                               list->threads, list->folder, NULL);
    if (read == NULL || read->pdata[0] == NULL)
        return NULL;
    row = g_ptr_array_steal_index(read, 0);
    g_hash_table_insert(list->rows, g_memdup2(&id, sizeof id), row);
    return row;
}

static void
clamp(ListView *list)
{
    guint shown = MAX(list->rows_shown, 1);

    if (list->ids->len == 0) {
        list->cursor = list->top = 0;
        return;
    }
    list->cursor = MIN(list->cursor, list->ids->len - 1);
    if (list->cursor < list->top)
        list->top = list->cursor;
    if (list->cursor >= list->top + shown)
        list->top = list->cursor - shown + 1;
    if (list->top + shown > list->ids->len)
        list->top = list->ids->len > shown ? list->ids->len - shown : 0;
    list->new_above = MIN(list->new_above, list->top);
}

/* To the first row that was not there before: what undo brought back. */
static void
go_to_restored(ListView *list, const GArray *old)
{
    g_autoptr(GHashTable) had = g_hash_table_new(g_int64_hash, g_int64_equal);

    for (guint i = 0; i < old->len; i++)
        g_hash_table_add(had, &g_array_index(old, gint64, i));
    for (guint i = 0; i < list->ids->len; i++)
        if (!g_hash_table_contains(had, &g_array_index(list->ids, gint64, i))) {
            list->cursor = i;
            break;
        }
}

/* New ids, taken over: the cursor stays with its message, else on its place. */
static void
take_ids(ListView *list, GArray *new_ids)
{
    gint64 current = list_id(list, list->cursor);
    guint offset = list->cursor - MIN(list->top, list->cursor);
    GArray *ids = list->threads
        ? fold_ids(list->fold, session_store(list->base.tui->session), new_ids)
        : g_array_ref(new_ids);
    g_autoptr(GArray) old = g_steal_pointer(&list->ids);

    g_array_unref(new_ids);
    list->ids = ids;
    if (is_restoring(list))
        go_to_restored(list, old);
    for (guint i = 0; current && stays(list) && i < ids->len; i++)
        if (g_array_index(ids, gint64, i) == current) {
            list->new_above = i > list->cursor
                ? list->new_above + i - list->cursor
                : list->new_above - MIN(list->new_above, list->cursor - i);
            list->cursor = i;
            list->top = i > offset ? i - offset : 0;
            break;
        }
    forget_rows(list);
    clamp(list);
    tui_dirty(list->base.tui);
}

static StoreView
store_view(const ListView *list)
{
    return (StoreView){ .folder = list->folder, .threads = list->threads,
                        .order = list->order, .reverse = list->reverse };
}

static void
count_folder(ListView *list)
{
    g_autoptr(StoreFolder) folder = store_folder(
        session_store(list->base.tui->session), list->folder, NULL);

    if (folder) {
        list->unread = folder->unread;
        list->total = folder->total;
    }
}

static bool
load(ListView *list, guint limit)
{
    StoreView view = store_view(list);
    GArray *ids =
        store_ids(session_store(list->base.tui->session), &view, limit, NULL);

    if (ids == NULL)
        return false;
    list->complete = limit == 0 || ids->len < limit;
    count_folder(list);
    take_ids(list, ids);
    return true;
}

/* The first frame needs the first page; the rest is read behind it. */
static gboolean
complete(void *data)
{
    ListView *list = data;

    list->complete_source = 0;
    load(list, 0);
    return G_SOURCE_REMOVE;
}

static void
found(const GArray *ids, bool is_complete, const GError *error, void *user)
{
    ListView *list = user;
    GArray *copy;

    g_clear_pointer(&list->trouble, g_free);
    if (error) {
        list->trouble = draw_safe(error->message);
        if (err_is(error, ERR_USAGE) && list->base.tui->prompt == NULL)
            take_ids(list, g_array_new(FALSE, FALSE, sizeof(gint64)));
        tui_dirty(list->base.tui);
        return;
    }
    list->took_ms = (int)((g_get_monotonic_time() - list->asked) / 1000);
    list->complete = is_complete;
    copy = g_array_sized_new(FALSE, FALSE, sizeof(gint64), ids->len);
    g_array_append_vals(copy, ids->data, ids->len);
    list->total = ids->len;
    take_ids(list, copy);
}

static void
ask(ListView *list)
{
    if (list->search == NULL)
        list->search = search_create(list->base.tui->session);
    g_clear_pointer(&list->trouble, g_free);
    list->asked = g_get_monotonic_time();
    search_start(list->search, list->query, list->scope, 0, found, list);
}

/* What a search found stays there when it is filed elsewhere: the cursor goes
 * on, so that the same key again files the next. */
static void
reload_search(ListView *list, gint64 folder)
{
    const StoreRow *row = list_row(list, list->cursor);

    if (row && folder && row->folder != folder
        && list->cursor + 1 < list->ids->len)
        list->cursor++;
    clamp(list);
    if (*list->query)
        ask(list);
}

static void
list_reload(View *view)
{
    ListView *list = (ListView *)view;
    const StoreRow *row = list->query ? list_row(list, list->cursor) : NULL;
    gint64 folder = row ? row->folder : 0;

    forget_rows(list);
    if (list->query)
        reload_search(list, folder);
    else if (list->complete)
        load(list, 0);
    else
        load(list, FIRST_IDS);
    tui_dirty(view->tui);
}

static void
draw_empty(ListView *list, Rect area)
{
    g_autofree char *servers =
        list->search ? search_servers_text(list->search) : NULL;
    g_autofree char *text = NULL;

    if (list->trouble)
        text = g_strdup(list->trouble);
    else if (list->query && *list->query == '\0')
        text = g_strdup(EMPTY_SEARCH);
    else if (list->query && !list->complete)
        text = g_strdup("");
    else if (list->query && servers)
        text = g_strdup_printf("Nothing matches here (%s).", servers);
    else if (list->query)
        text = g_strdup(list->scope ? "Nothing matches here.  Tab: all mail"
                                    : "Nothing matches.");
    else
        text = g_strdup_printf("Nothing left in %s.", list->title_text);
    empty_draw(list->base.tui, area, text, list->query == NULL);
}

static void
list_draw(View *view, Rect area)
{
    ListView *list = (ListView *)view;
    ListRange range = list_range(list);

    list->rows_shown = (guint)MAX(area.rows, 1);
    clamp(list);
    if (list->ids->len == 0) {
        draw_empty(list, area);
        return;
    }
    store_read_begin(session_store(view->tui->session));
    for (int i = 0; i < area.rows; i++) {
        guint index = list->top + (guint)i;
        RowState state = {
            .row = list_row(list, index),
            .current = index == list->cursor,
            .selected = list_is_chosen(list, range, index),
            .outgoing = list->outgoing,
            .depth = fold_depth(list->fold, list_id(list, index)),
            .mixed = list->query != NULL,
        };

        if (state.row)
            row_draw(view->tui, &state, area.y + i, area.x, area.columns);
        else
            draw_cells(area.y + i, area.x, area.columns, "", ROLE_TEXT,
                       GROUND_NORMAL);
    }
    store_read_end(session_store(view->tui->session));
}

static void
list_cursor(View *view, int *y, int *x)
{
    const ListView *list = (const ListView *)view;

    *y += (int)(list->cursor - list->top);
    (void)x;
}

static void
list_destroy(View *view)
{
    ListView *list = (ListView *)view;

    prompt_view_gone(view->tui, view);
    g_clear_handle_id(&list->complete_source, g_source_remove);
    search_destroy(list->search);
    g_array_unref(list->ids);
    fold_destroy(list->fold);
    g_hash_table_unref(list->rows);
    g_hash_table_unref(list->selected);
    g_free(list->query);
    g_free(list->typed);
    g_free(list->title_text);
    g_free(list->account);
    g_free(list->trouble);
    g_free(list);
}

static bool
is_unread(ListView *list, guint index)
{
    const StoreRow *row = list_row(list, index);

    return row && !(row->flags & STORE_FLAG_SEEN);
}

/* The next unread row from one on in a direction, or -1. */
static int
next_unread(ListView *list, int from, int step)
{
    for (int i = from + step; i >= 0 && i < (int)list->ids->len; i += step)
        if (is_unread(list, (guint)i))
            return i;
    return -1;
}

/* The row that lies count threads from the cursor's. */
static gint64
next_thread(const ListView *list, int count)
{
    int step = count < 0 ? -1 : 1;
    int i = (int)list->cursor;

    for (int left = ABS(count); left > 0; left--)
        do
            i += step;
        while (i > 0 && i < (int)list->ids->len && list_id(list, (guint)i) < 0);
    return i;
}

static bool
list_move(View *view, Motion motion, int count)
{
    ListView *list = (ListView *)view;
    gint64 cursor = list->cursor;
    int page = MAX(1, (int)list->rows_shown - 1);
    int unread;

    switch (motion) {
    case MOVE_LINES:
        cursor += count;
        break;
    case MOVE_THREADS:
        cursor = next_thread(list, count);
        break;
    case MOVE_PAGES:
        cursor += (gint64)page * count;
        break;
    case MOVE_HALF_PAGES:
        cursor += (gint64)MAX(1, page / 2) * count;
        break;
    case MOVE_FIRST:
        cursor = 0;
        break;
    case MOVE_LAST:
        cursor = (gint64)list->ids->len - 1;
        break;
    case MOVE_UNREAD:
        unread = next_unread(list, (int)list->cursor, count < 0 ? -1 : 1);
        if (unread < 0)
            return false;
        cursor = unread;
        break;
    case MOVE_CENTRE:
        list->top = list->cursor - MIN(list->cursor, list->rows_shown / 2);
        break;
    case MOVE_BOTTOM:
        list->top = list->cursor - MIN(list->cursor, list->rows_shown - 1);
        break;
    case MOVE_ITEMS:
    case MOVE_PARENT:
        return false;
    }
    list->cursor = (guint)CLAMP(cursor, 0, MAX(0, (gint64)list->ids->len - 1));
    clamp(list);
    tui_dirty(view->tui);
    return true;
}

gint64
list_view_current(View *view)
{
    ListView *list = (ListView *)view;
    const StoreRow *row = list_row(list, list->cursor);

    return row ? row->id : 0;
}

static bool
holds(ListView *list, int index, const StoreRow *message)
{
    const StoreRow *row = index < 0 ? NULL : list_row(list, (guint)index);

    return row
           && (row->id == message->id
               || (list->threads && row->thread == message->thread));
}

/* Where the message is, so that a step from there goes to its neighbour: it may
 * have gone from under the cursor since it was opened. */
static int
place_of(ListView *list, const StoreRow *message, int step)
{
    int cursor = (int)list->cursor;

    if (holds(list, cursor, message))
        return cursor;
    if (step > 0 || holds(list, cursor - 1, message))
        return cursor - 1;
    return cursor;
}

gint64
list_view_neighbour(View *view, const StoreRow *message, int step, bool unread)
{
    ListView *list = (ListView *)view;
    int next = place_of(list, message, step);
    const StoreRow *row;

    do /* the messages of a thread stand on its page */
        next = unread ? next_unread(list, next, step) : next + step;
    while (next >= 0 && list_id(list, (guint)next) < 0);
    if (next < 0 || next >= (int)list->ids->len)
        return 0;
    list->cursor = (guint)next;
    clamp(list);
    row = list_row(list, list->cursor);
    return row ? row->id : 0;
}

/* The rows of the list that hold one of these messages. */
static GHashTable *
rows_with(const ListView *list, const GArray *messages)
{
    GHashTable *rows =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    Store *store = session_store(list->base.tui->session);

    for (guint i = 0; i < messages->len; i++) {
        gint64 id = g_array_index(messages, gint64, i);
        gint64 inside = -id;
        g_autoptr(StoreRow) row =
            list->threads ? store_row(store, id, NULL) : NULL;

        if (row)
            id = row->thread;
        g_hash_table_add(rows, g_memdup2(&id, sizeof id));
        g_hash_table_add(rows, g_memdup2(&inside, sizeof inside));
    }
    return rows;
}

guint
list_view_select(View *view, const GArray *messages)
{
    ListView *list = (ListView *)view;
    g_autoptr(GHashTable) rows = rows_with(list, messages);
    guint n = 0;

    for (guint i = 0; i < list->ids->len; i++) {
        gint64 id = list_id(list, i);

        if (!g_hash_table_contains(rows, &id))
            continue;
        g_hash_table_add(list->selected, g_memdup2(&id, sizeof id));
        n++;
    }
    tui_dirty(view->tui);
    return n;
}

bool
list_view_go(View *view, const GArray *messages, int step)
{
    ListView *list = (ListView *)view;
    g_autoptr(GHashTable) rows = rows_with(list, messages);

    for (int i = (int)list->cursor + step;
         i >= 0 && i < (int)list->ids->len; i += step) {
        gint64 id = list_id(list, (guint)i);

        if (!g_hash_table_contains(rows, &id))
            continue;
        list->cursor = (guint)i;
        clamp(list);
        tui_dirty(view->tui);
        return true;
    }
    return false;
}

static void
list_enter(View *view)
{
    ListView *list = (ListView *)view;
    const StoreRow *row = list_row(list, list->cursor);
    bool unfolded = list_id(list, list->cursor) < 0;

    /* What was not sent yet is not read but written. */
    if (row && draft_is_copy(view->tui->session, row->id))
        tui_run_command(view->tui, "edit-as-new", 0);
    else if (row)
        tui_push(view->tui,
                 message_view(view->tui, row->id,
                              row->thread_total > 1 || unfolded));
}

static void
toggle_selected(ListView *list)
{
    gint64 id = list_id(list, list->cursor);

    if (id == 0)
        return;
    if (!g_hash_table_remove(list->selected, &id))
        g_hash_table_add(list->selected, g_memdup2(&id, sizeof id));
    list_move(&list->base, MOVE_LINES, 1);
}

static void
refold(ListView *list, gint64 cursor)
{
    guint new_above = list->new_above;

    take_ids(list, g_array_ref(list->ids));
    list->new_above = new_above;
    for (guint i = 0; i < list->ids->len; i++)
        if (list_id(list, i) == cursor) {
            list->cursor = i;
            break;
        }
    clamp(list);
}

/* The thread of the row under the cursor; false: there are no threads here. */
static bool
fold_current(ListView *list)
{
    const StoreRow *row = list_row(list, list->cursor);
    gint64 thread = row ? row->thread : 0;

    if (!list->threads || row == NULL)
        return false;
    if (list_id(list, list->cursor) > 0 && row->thread_total < 2) {
        tui_tell(list->base.tui, TELL_INFO, false,
                 "This thread is one message.");
        return true;
    }
    fold_set(list->fold, thread, !fold_is_open(list->fold, thread));
    refold(list, thread);
    return true;
}

/* Those that are seen: each costs a question at every reload. */
static bool
unfold_seen(ListView *list, bool open)
{
    const StoreRow *row = list_row(list, list->cursor);
    gint64 thread = row ? row->thread : 0;
    guint last = MIN(list->ids->len, list->top + list->rows_shown);

    if (!list->threads)
        return false;
    for (guint i = list->top; open && i < last; i++)
        if ((row = list_row(list, i)) && row->thread_total > 1)
            fold_set(list->fold, row->thread, true);
    if (!open)
        fold_all(list->fold);
    refold(list, thread);
    return true;
}

static const char *const order_names[] = { "date", "from", "subject",
                                           "unread", "size", NULL };

static bool
set_order(ListView *list, const char *name)
{
    for (int i = 0; name && order_names[i]; i++)
        if (strcmp(order_names[i], name) == 0) {
            list->reverse = list->order == (StoreOrder)i && !list->reverse;
            list->order = (StoreOrder)i;
            list_reload(&list->base);
            list->new_above = 0;
            return true;
        }
    return false;
}

/* What was searched goes away, and the list with it; not a place such as all
 * mail, which is found by a query too. */
static bool
leave_search(ListView *list)
{
    Tui *tui = list->base.tui;

    if (!list->searched || tui->views->len < 2 || tui_top(tui) != &list->base)
        return false;
    tui_pop(tui);
    return true;
}

static bool
list_act(View *view, const char *what, const char *word)
{
    ListView *list = (ListView *)view;
    Tui *tui = view->tui; /* another list takes the place of this one */

    if (strcmp(what, "select") == 0) {
        toggle_selected(list);
    } else if (strcmp(what, "select-range") == 0) {
        list->range_from = list->range_from ? 0 : list_id(list, list->cursor);
    } else if (strcmp(what, "cancel") == 0) {
        return list_forget_chosen(list) || leave_search(list);
    } else if (strcmp(what, "order") == 0) {
        return set_order(list, word);
    } else if (strcmp(what, "fold") == 0) {
        return fold_current(list);
    } else if (strcmp(what, "unfold") == 0) {
        return unfold_seen(list, word == NULL || *word != '-');
    } else if (strcmp(what, "threads") == 0 && list->query == NULL) {
        list->threads = !list->threads;
        list_reload(view);
        list->new_above = 0;
    } else if (strcmp(what, "neighbour") == 0 && list->folder) {
        gint64 next = sidebar_neighbour(tui, list->folder,
                                        word && *word == '-' ? -1 : 1);

        if (next)
            tui_push(tui, list_view_folder(tui, next, NULL));
    } else {
        return false;
    }
    tui_dirty(tui);
    return true;
}

static const ViewClass list_class = {
    .context = "list",
    .draw = list_draw,
    .destroy = list_destroy,
    .reload = list_reload,
    .move = list_move,
    .targets = list_targets,
    .enter = list_enter,
    .act = list_act,
    .title = list_title,
    .place = list_place,
    .cursor = list_cursor,
    .current = list_view_current,
};

static void
row_free(void *row)
{
    store_row_free(row);
}

static ListView *
list_create(Tui *tui)
{
    ListView *list = g_new0(ListView, 1);

    list->base.class = &list_class;
    list->base.tui = tui;
    list->ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    list->fold = fold_create();
    list->rows = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
                                       row_free);
    list->selected =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    list->rows_shown = (guint)MAX(LINES - 2, 1);
    return list;
}

/* What the top row calls a folder: INBOX is an inbox to people. */
static char *
folder_title(const StoreFolder *folder)
{
    if (folder->role == FOLDER_ROLE_INBOX)
        return g_strdup("Inbox");
    return draw_safe(folder->name);
}

View *
list_view_folder(Tui *tui, gint64 folder, const char *title)
{
    ListView *list = list_create(tui);
    g_autoptr(StoreFolder) row =
        store_folder(session_store(tui->session), folder, NULL);

    list->folder = folder;
    /* each draft is gone on with by itself */
    list->threads = row == NULL || row->role != FOLDER_ROLE_DRAFTS;
    list->title_text = title ? g_strdup(title)
        : row ? folder_title(row) : g_strdup("All mail");
    list->account = row ? g_strdup(row->account) : NULL;
    list->outgoing = row
                     && (row->role == FOLDER_ROLE_DRAFTS
                         || row->role == FOLDER_ROLE_SENT);
    load(list, FIRST_IDS);
    if (!list->complete)
        list->complete_source =
            g_idle_add_full(G_PRIORITY_LOW, complete, list, NULL);
    return &list->base;
}

View *
list_view_query(Tui *tui, const char *query, const char *title)
{
    ListView *list = list_create(tui);

    list->title_text = g_strdup(title ? title : "Search");
    list->searched = title == NULL;
    list->query = g_strdup(query);
    list->typed = g_strdup(query);
    if (*query)
        ask(list);
    return &list->base;
}

void
list_view_set_query(View *view, const char *query, const char *typed,
                    gint64 scope)
{
    ListView *list = (ListView *)view;

    g_free(list->query);
    g_free(list->typed);
    list->query = g_strdup(query);
    list->typed = g_strdup(typed);
    list->scope = scope;
    list->complete = false;
    list->cursor = list->top = 0;
    if (*query) {
        ask(list);
    } else {
        if (list->search)
            search_cancel(list->search);
        g_clear_pointer(&list->trouble, g_free);
        take_ids(list, g_array_new(FALSE, FALSE, sizeof(gint64)));
    }
    tui_dirty(view->tui);
}

const char *
list_view_trouble(const View *view)
{
    return ((const ListView *)view)->trouble;
}

void
list_view_ask_servers(View *view)
{
    ListView *list = (ListView *)view;
    g_autoptr(GError) error = NULL;

    if (list->search && !search_ask_servers(list->search, &error))
        tui_tell(view->tui, TELL_ERROR, false, error->message);
    tui_dirty(view->tui);
}

gint64
list_view_folder_id(const View *view)
{
    return ((const ListView *)view)->folder;
}

gint64
list_view_scope(const View *view)
{
    const ListView *list = (const ListView *)view;

    return list->query ? list->scope : list->folder;
}
