/* A message, or a thread on one page: scrolling, folding, links. */
#include "tui_image.h"
#include "tui_lines.h"

#include "base/err.h"
#include "base/text.h"
#include "core/account.h"
#include "core/act.h"
#include "core/judge.h"
#include "core/receipt.h"

#include <string.h>

enum {
    MOST_LINES = 1000000 /* to the first or the last one */
};

typedef struct {
    View base;
    Page *page;
    guint current; /* item */
    int top;       /* first line seen */
    int rows;
    char *needle; /* of find; NULL: none */
    int found;    /* the line of the match gone to last */
    bool placed;  /* the current message was scrolled to */
    bool preview; /* only looked at */
    LineSelection lines;
} MessageView;

static const ViewClass message_class;
static const ViewClass thread_class;

static PageItem *
current_item(const MessageView *view)
{
    return view->current < view->page->items->len
        ? view->page->items->pdata[view->current] : NULL;
}

static void
clamp(MessageView *view)
{
    int most = MAX(0, (int)view->page->lines->len - view->rows);

    view->top = CLAMP(view->top, 0, most);
}

/* After it was shown: a message that is here was read. */
static gboolean
mark_read(void *data)
{
    gint64 *id = data;

    act_mark_read(*(Session **)(id + 1), *id, NULL);
    g_free(data);
    return G_SOURCE_REMOVE;
}

/* Who asks for a receipt is said; nothing is sent by that (P68). */
static void
tell_receipt(Session *session, const PageItem *item)
{
    g_autofree char *to = receipt_wanted(session, item->row->id, item->message);

    if (to)
        frontend_tell(session_frontend(session), TELL_INFO, false,
                      "%s asks for a receipt: `:send-receipt` sends one", to);
}

static void
opened(MessageView *view)
{
    PageItem *item = current_item(view);
    Session *session = view->base.tui->session;
    struct {
        gint64 id;
        Session *session;
    } *mark;

    if (item == NULL || item->message == NULL || view->preview)
        return;
    tell_receipt(session, item);
    if (hooks_has(session_hooks(session), "message-opened")) {
        g_autoptr(Event) event =
            session_message_event(session, "message-opened", item->row->id);

        event_bus_emit(session_bus(session), event);
    }
    if (item->row->flags & STORE_FLAG_SEEN)
        return;
    mark = g_malloc(sizeof *mark);
    mark->id = item->row->id;
    mark->session = session;
    g_idle_add_full(G_PRIORITY_LOW, mark_read, mark, NULL);
}

static void
forget_fetch(MessageView *view, gint64 id)
{
    for (guint i = 0; i < view->page->items->len; i++) {
        PageItem *item = view->page->items->pdata[i];

        if (item->row->id == id)
            item->on_its_way = false;
    }
}

static void
fetched(gint64 id, const GError *error, void *user)
{
    Tui *tui = user;

    if (err_is(error, ERR_CANCELLED))
        return; /* the program ends, and the screen may be gone */
    if (error)
        tui_tell(tui, TELL_ERROR, false, error->message);
    for (guint i = 0; i < tui->views->len; i++) {
        View *view = tui->views->pdata[i];

        if (view->class == &message_class || view->class == &thread_class)
            forget_fetch((MessageView *)view, id);
    }
    session_rows_changed(tui->session);
}

/* A message that is not here is asked for at once. */
static void
fetch(MessageView *view, PageItem *item)
{
    Session *session = view->base.tui->session;
    g_autoptr(StoreFolder) folder =
        store_folder(session_store(session), item->row->folder, NULL);
    Account *account =
        folder ? session_account(session, folder->account) : NULL;

    if (account == NULL || account_is_local(account) || item->on_its_way)
        return;
    if (session_offline(session)) {
        tui_tell(view->base.tui, TELL_INFO, false,
                 "You are offline: go online to fetch it.");
        return;
    }
    item->on_its_way = true;
    account_fetch(account, item->row->id, fetched, view->base.tui);
}

static void
show_current(MessageView *view)
{
    PageItem *item = current_item(view);

    if (item == NULL)
        return;
    item->unfolded = true;
    view->page->columns = 0;
    view->placed = false;
    if (!page_load(view->page, item) && !view->preview)
        fetch(view, item);
    judge_shown(session_judge(view->base.tui->session), item->row->id);
    opened(view);
    tui_dirty(view->base.tui);
}

static void
draw_line(const MessageView *view, const PageLine *line, int y, Rect area)
{
    int number = view->top + y - area.y;
    Ground ground =
        lines_has(&view->lines, number) ? GROUND_SELECTED : GROUND_NORMAL;
    int right = line->right ? text_width(line->right) + 2 : 1;
    int width = MAX(0, area.columns - line->indent - right);
    bool hit = view->needle
        && strcasestr(line->text, view->needle) != NULL;

    if (line->kind == PAGE_RULE) {
        draw_rule(y, area.x, area.columns);
        return;
    }
    draw_cells(y, area.x, line->indent, "", ROLE_TEXT, GROUND_NORMAL);
    if (line->kind == PAGE_IMAGE) {
        cells_draw(y, area.x + line->indent, area.columns - line->indent,
                   line->cells, line->n_cells);
        return;
    }
    draw_cells(y, area.x + line->indent, width, line->text,
               hit ? ROLE_ACCENT : line->role, ground);
    draw_right(y, area.x + line->indent + width, right - 1,
               line->right ? line->right : "", ROLE_DIM, ground);
    draw_cells(y, area.x + area.columns - 1, 1, "", ROLE_TEXT,
               GROUND_NORMAL);
}

/* Of the lines that are selected. */
static void
show_cursor(MessageView *view)
{
    view->top = CLAMP(view->top, view->lines.to - view->rows + 1,
                      view->lines.to);
}

/* Of one that is unfolded the last line is blank. */
static bool
is_seen(const MessageView *view, guint number)
{
    const PageItem *item = view->page->items->pdata[number];
    int first = (int)item->first;

    return first < view->top + view->rows
        && (first >= view->top
            || (int)item->last - (view->rows > 1) > view->top);
}

/* Where a message was gone to, or went off the page as others unfolded. */
static void
place_current(MessageView *view)
{
    const PageItem *item = current_item(view);

    if (item && !view->placed && view->current == 0)
        view->top = 0; /* with the subject */
    else if (item && !(view->placed && is_seen(view, view->current)))
        view->top = MIN(MAX(0, (int)item->first - 1),
                        MAX(0, (int)item->last - view->rows));
    view->placed = true;
}

/* The row, from the top of the page, of the mark of the message that keys are
 * for; -1: it is the only one, or not seen. */
static int
marked_row(const MessageView *view)
{
    const PageItem *item = view->preview || view->page->items->len < 2
        ? NULL : current_item(view);

    return item && is_seen(view, view->current)
        ? MAX((int)item->first - view->top, 0) : -1;
}

static void
draw_mark(const MessageView *view, Rect area)
{
    int row = marked_row(view);

    if (row >= 0)
        draw_cells(area.y + row, area.x, 1, glyph("▌"), ROLE_ACCENT,
                   GROUND_NORMAL);
}

static void
message_draw(View *base, Rect area)
{
    MessageView *view = (MessageView *)base;
    int row = view->lines.to - view->top;

    view->rows = area.rows;
    page_make(view->page, area.columns);
    place_current(view);
    if (lines_follow(&view->lines, view->page) && view->lines.on) {
        view->top = view->lines.to - row; /* it stays where it is seen */
        show_cursor(view);
    }
    clamp(view);
    for (int i = 0; i < area.rows; i++) {
        guint index = (guint)(view->top + i);

        if (index < view->page->lines->len)
            draw_line(view, view->page->lines->pdata[index], area.y + i,
                      area);
        else
            draw_cells(area.y + i, area.x, area.columns, "", ROLE_TEXT,
                       GROUND_NORMAL);
    }
    draw_mark(view, area);
}

static void
message_destroy(View *base)
{
    MessageView *view = (MessageView *)base;

    page_destroy(view->page);
    g_free(view->needle);
    g_free(view);
}

static void
message_reload(View *base)
{
    MessageView *view = (MessageView *)base;
    PageItem *item = current_item(view);

    page_reload(view->page);
    if (item && item->message == NULL && page_load(view->page, item)) {
        judge_shown(session_judge(base->tui->session), item->row->id);
        opened(view);
    }
    tui_dirty(base->tui);
}

/* Another message: of the thread, else of the list below this view. */
static bool
go_to_neighbour(MessageView *view, int step, bool unread)
{
    Tui *tui = view->base.tui;
    const PageItem *item = current_item(view);
    int next = (int)view->current + step;
    gint64 id;

    if (!unread && next >= 0 && next < (int)view->page->items->len) {
        view->current = (guint)next;
        show_current(view);
        return true;
    }
    if (item == NULL || tui->views->len < 2
        || !view_is_list(tui->views->pdata[tui->views->len - 2]))
        return false;
    id = list_view_neighbour(tui->views->pdata[tui->views->len - 2], item->row,
                             step, unread);
    if (id == 0)
        return false;
    tui_pop(tui);
    tui_push(tui, message_view(tui, id, true));
    return true;
}

/* The message above that lies one step less deep. */
static bool
go_to_parent(MessageView *view)
{
    const GPtrArray *items = view->page->items;
    int depth = current_item(view) ? current_item(view)->depth : 0;

    for (guint i = view->current; i-- > 0;)
        if (((const PageItem *)items->pdata[i])->depth < depth) {
            view->current = i;
            show_current(view);
            return true;
        }
    tui_tell(view->base.tui, TELL_INFO, false, "This answers no message here.");
    return true;
}

/* Lines of the text by a motion; false: it has nothing to do with them. */
static bool
select_to(MessageView *view, Motion motion, int count)
{
    LineSelection *lines = &view->lines;
    int page = MAX(1, view->rows - 1);

    if (motion == MOVE_LINES)
        lines_move(lines, view->page, count);
    else if (motion == MOVE_PAGES)
        lines_move(lines, view->page, page * count);
    else if (motion == MOVE_HALF_PAGES)
        lines_move(lines, view->page, MAX(1, page / 2) * count);
    else if (motion == MOVE_FIRST || motion == MOVE_LAST)
        lines_move(lines, view->page, motion == MOVE_FIRST ? -MOST_LINES
                                                           : MOST_LINES);
    else
        return false;
    show_cursor(view);
    tui_dirty(view->base.tui);
    return true;
}

/* The current message of a thread is always one that is seen: the first or the
 * last of all where the user went there, else the nearest. */
static void
follow_scroll(MessageView *view, Motion motion)
{
    guint n = view->page->items->len;
    guint step;

    if (n == 0)
        return;
    if (motion == MOVE_FIRST)
        view->current = 0;
    else if (motion == MOVE_LAST)
        view->current = n - 1;
    step = (int)current_item(view)->first >= view->top ? (guint)-1 : 1;
    while (view->current + step < n && !is_seen(view, view->current))
        view->current += step;
}

static bool
message_move(View *base, Motion motion, int count)
{
    MessageView *view = (MessageView *)base;
    int page = MAX(1, view->rows - 1);
    int before = view->top;

    if (view->lines.on && select_to(view, motion, count))
        return true;
    view->lines.on = false;
    switch (motion) {
    case MOVE_LINES:
        view->top += count;
        break;
    case MOVE_PAGES:
        view->top += page * count;
        break;
    case MOVE_HALF_PAGES:
        view->top += MAX(1, page / 2) * count;
        break;
    case MOVE_FIRST:
        view->top = 0;
        break;
    case MOVE_LAST:
        view->top = (int)view->page->lines->len;
        break;
    case MOVE_ITEMS:
    case MOVE_THREADS:
        return go_to_neighbour(view, count < 0 ? -1 : 1, false);
    case MOVE_UNREAD:
        return go_to_neighbour(view, count < 0 ? -1 : 1, true);
    case MOVE_PARENT:
        return go_to_parent(view);
    case MOVE_CENTRE:
    case MOVE_BOTTOM:
        return true;
    }
    clamp(view);
    follow_scroll(view, motion);
    tui_dirty(base->tui);
    return view->top != before;
}

static bool
message_targets(View *base, TargetScope scope, GArray *ids)
{
    MessageView *view = (MessageView *)base;
    PageItem *item = current_item(view);

    for (guint i = 0; i < view->page->items->len; i++) {
        PageItem *one = view->page->items->pdata[i];

        if (scope == SCOPE_THREAD || one == item)
            g_array_append_val(ids, one->row->id);
    }
    return ids->len > 0;
}

/* A link is opened only unlocked, and its real target is what is opened. */
static void
open_link(MessageView *view, int number)
{
    Tui *tui = view->base.tui;
    PageItem *item = current_item(view);
    const GPtrArray *links = item ? page_links(item) : NULL;
    const MimeLink *link;
    g_autofree char *told = NULL;

    if (links == NULL || number < 1 || number > (int)links->len) {
        tui_tell(tui, TELL_INFO, false, "There is no link of that number.");
        return;
    }
    if (page_is_locked(view->page, item)) {
        tui_tell(tui, TELL_ERROR, false, "Links are locked: the sender check "
                 "failed. X unlocks them for this message.");
        return;
    }
    link = links->pdata[number - 1];
    if (!g_str_has_prefix(link->target, "http://")
        && !g_str_has_prefix(link->target, "https://")
        && !g_str_has_prefix(link->target, "mailto:")) {
        told = g_strdup_printf("Not opened: %s", link->target);
        tui_tell(tui, TELL_INFO, false, told);
    } else {
        tui_open_in(tui, link->target, link->target);
    }
}

static View *
show_files(MessageView *view, PageItem *item)
{
    Tui *tui = view->base.tui;
    View *popup =
        files_popup(tui, item->row->id, page_is_locked(view->page, item));

    if (files_popup_asks(popup)) {
        item->on_its_way = false;
        view->page->columns = 0;
    }
    tui_set_popup(tui, popup);
    return popup;
}

/* The one file; of several the panel asks which. After digits, that link. */
static void
open_part(MessageView *view, PageItem *item)
{
    Tui *tui = view->base.tui;
    View *popup;

    if (tui->count > 0) {
        open_link(view, tui->count);
        return;
    }
    popup = show_files(view, item);
    if (files_popup_count(popup) == 1) {
        popup->class->act(popup, "key", "o");
        tui_set_popup(tui, NULL);
    }
}

static gint64
message_current(View *base)
{
    const PageItem *item = current_item((MessageView *)base);

    return item ? item->row->id : 0;
}

static char *
message_link(View *base, int number)
{
    MessageView *view = (MessageView *)base;
    const PageItem *item = current_item(view);
    const GPtrArray *links = item ? page_links(item) : NULL;

    if (links == NULL || number < 1 || number > (int)links->len)
        return NULL;
    return g_strdup(((const MimeLink *)links->pdata[number - 1])->target);
}

/* A message that stands alone does not fold. */
static bool
fold_current(MessageView *view)
{
    PageItem *item = current_item(view);

    if (item == NULL || view->page->items->len == 1)
        return false;
    item->unfolded = !item->unfolded;
    view->page->columns = 0;
    tui_dirty(view->base.tui);
    return true;
}

static void
message_enter(View *base)
{
    MessageView *view = (MessageView *)base;
    PageItem *item = current_item(view);

    if (base->tui->count > 0) {
        open_link(view, base->tui->count);
        return;
    }
    if (item && item->unfolded && item->row->file == NULL)
        show_current(view);
    else
        fold_current(view);
}

static void
unfold_all(MessageView *view, bool unfolded)
{
    for (guint i = 0; i < view->page->items->len; i++)
        ((PageItem *)view->page->items->pdata[i])->unfolded = unfolded;
    view->page->columns = 0;
}

static bool
has_needle(const MessageView *view, int line)
{
    const PageLine *one = line >= 0 && line < (int)view->page->lines->len
        ? view->page->lines->pdata[line] : NULL;

    return one && view->needle && strcasestr(one->text, view->needle);
}

/* Is the match that was gone to last still seen? */
static bool
is_found_seen(const MessageView *view)
{
    return view->found >= view->top && view->found < view->top + view->rows
        && has_needle(view, view->found);
}

/* The next line that holds the needle, from the one found before where that is
 * seen, else from the top on. A page that is seen whole does not scroll: its
 * next match is another line all the same. */
static void
find(MessageView *view, int step)
{
    int n = (int)view->page->lines->len;
    bool seen = is_found_seen(view);
    int from = seen ? view->found + step : step > 0 ? view->top : view->top - 1;

    if (view->needle == NULL) {
        tui_tell(view->base.tui, TELL_INFO, false,
                 "Nothing was searched yet: / finds text.");
        return;
    }
    for (int i = from; i >= 0 && i < n; i += step)
        if (has_needle(view, i)) {
            const PageLine *line = view->page->lines->pdata[i];

            view->top = view->found = i;
            view->current = line->item;
            clamp(view);
            return;
        }
    tui_tell(view->base.tui, TELL_INFO, false,
             seen ? "No other match that way." : "Not found.");
}

static bool
toggle_wish(MessageView *view, const char *word)
{
    PageWish *wish = &view->page->wish;
    struct {
        const char *name;
        bool *value;
    } wishes[] = {
        { "quotes", &wish->quotes },     { "headers", &wish->headers },
        { "raw", &wish->raw },           { "html", &wish->html },
        { "unlocked", &wish->unlocked }, { "wrap", &wish->unwrapped },
    };

    for (gsize i = 0; word && i < G_N_ELEMENTS(wishes); i++)
        if (strcmp(wishes[i].name, word) == 0) {
            *wishes[i].value = !*wishes[i].value;
            page_forget_texts(view->page);
            return true;
        }
    return false;
}

/* The lines of the message that they stand in; it is the current one then. */
static void
select_lines(MessageView *view)
{
    if (view->lines.on)
        view->lines.on = false;
    else if (!lines_begin(&view->lines, view->page, view->top, view->rows,
                          &view->current))
        tui_tell(view->base.tui, TELL_INFO, false,
                 "There is no text to select here.");
}

static GPtrArray *
message_take_lines(View *base, gint64 id)
{
    MessageView *view = (MessageView *)base;
    const PageItem *item = current_item(view);

    tui_dirty(base->tui);
    return item && item->row->id == id ? lines_take(&view->lines, view->page)
                                       : NULL;
}

static void
message_cursor(View *base, int *y, int *x)
{
    const MessageView *view = (const MessageView *)base;

    if (view->lines.on)
        *y += view->lines.to - view->top;
    else if (is_found_seen(view))
        *y += view->found - view->top;
    else
        *y += MAX(marked_row(view), 0);
}

/* Esc: what was selected, else found. False: there was neither. */
static bool
cancel(MessageView *view)
{
    bool had = view->lines.on || view->needle;

    if (view->lines.on)
        view->lines.on = false;
    else
        g_clear_pointer(&view->needle, g_free);
    tui_dirty(view->base.tui);
    return had;
}

static bool
message_act(View *base, const char *what, const char *word)
{
    MessageView *view = (MessageView *)base;
    PageItem *item = current_item(view);

    if (item && image_act(view->page, item, what, word)) {
        view->page->columns = 0;
    } else if (strcmp(what, "toggle") == 0) {
        if (!toggle_wish(view, word))
            return false;
    } else if (strcmp(what, "find") == 0) {
        g_free(view->needle);
        view->needle = g_strdup(word);
        view->found = -1;
        find(view, 1);
    } else if (strcmp(what, "find-next") == 0) {
        find(view, word && *word == '-' ? -1 : 1);
    } else if (strcmp(what, "fold") == 0) {
        return fold_current(view);
    } else if (strcmp(what, "unfold") == 0) {
        unfold_all(view, word == NULL || *word != '-');
    } else if (strcmp(what, "files") == 0 && item) {
        show_files(view, item);
    } else if (strcmp(what, "open-part") == 0 && item) {
        open_part(view, item);
    } else if (strcmp(what, "select-range") == 0) {
        select_lines(view);
    } else if (strcmp(what, "cancel") == 0) {
        return cancel(view);
    } else {
        return false;
    }
    tui_dirty(base->tui);
    return true;
}

static char *
message_title(View *base)
{
    Tui *tui = base->tui;

    /* The list that the message was opened from says where we are. */
    for (guint i = tui->views->len; i-- > 0;) {
        View *view = tui->views->pdata[i];

        if (view_is_list(view)) {
            g_autofree char *title = view->class->title(view);
            g_autofree char *place = view->class->place(view);
            g_auto(GStrv) words = g_strsplit(title, "  ", 2);

            return g_strdup_printf("%s  %s", words[0], place);
        }
    }
    return g_strdup("Message");
}

static char *
message_place(View *base)
{
    const MessageView *view = (const MessageView *)base;
    int n = (int)view->page->lines->len;
    int seen = view->top + view->rows;

    if (n <= view->rows)
        return g_strdup("All");
    return g_strdup_printf("%d%%", MIN(100, 100 * seen / MAX(n, 1)));
}

static char *
message_hints(View *base, int columns)
{
    MessageView *view = (MessageView *)base;
    const PageItem *item = current_item(view);
    const char *context = base->class->context;
    bool locked = item && page_is_locked(view->page, item);

    return hints_text(base->tui, view->lines.on ? "lines"
                                 : locked       ? "locked"
                                                : context,
                      context, columns);
}

#define MESSAGE_CLASS(CONTEXT) \
    { \
        .context = CONTEXT, .draw = message_draw, \
        .destroy = message_destroy, .reload = message_reload, \
        .move = message_move, .targets = message_targets, \
        .enter = message_enter, .act = message_act, \
        .title = message_title, .place = message_place, \
        .hints = message_hints, .current = message_current, \
        .link = message_link, .take_lines = message_take_lines, \
        .cursor = message_cursor, \
    }

static const ViewClass message_class = MESSAGE_CLASS("message");
static const ViewClass thread_class = MESSAGE_CLASS("thread");

static View *
create(Tui *tui, gint64 id, bool thread, bool preview)
{
    MessageView *view = g_new0(MessageView, 1);

    view->base.tui = tui;
    view->preview = preview;
    view->page = page_create(tui, id, thread);
    view->page->look_only = preview;
    view->base.class =
        view->page->items->len > 1 ? &thread_class : &message_class;
    for (guint i = 0; i < view->page->items->len; i++)
        if (((PageItem *)view->page->items->pdata[i])->row->id == id)
            view->current = i;
    show_current(view);
    return &view->base;
}

View *
message_view(Tui *tui, gint64 id, bool thread)
{
    return create(tui, id, thread, false);
}

View *
message_preview(Tui *tui, gint64 id)
{
    return create(tui, id, false, true);
}
