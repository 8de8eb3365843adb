/* One frame: top row, sidebar, view, popup, bottom row, cursor. Only what is on
 * the screen is read, and curses writes only what changed. */
#include "tui_private.h"

#include "base/clock.h"
#include "base/text.h"
#include "core/account.h"
#include "core/indexer.h"

#include <string.h>

/* "✓ 06:12", "sync 412/1280", "offline", "✗ corp: cannot log in". g_free(). */
static char *
account_state(const Account *account, Role *role)
{
    const AccountStatus *status = account_status(account);
    g_autofree char *name = draw_safe(account_name(account));
    gint64 time = status->synced ? status->synced : clock_now();
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_local(time);
    g_autofree char *clock = date ? g_date_time_format(date, "%H:%M")
                                  : g_strdup("");

    *role = ROLE_DIM;
    switch (status->state) {
    case ACCOUNT_SYNCING:
        if (status->total > 0)
            return g_strdup_printf("sync %" G_GUINT64_FORMAT
                                   "/%" G_GUINT64_FORMAT, status->done,
                                   status->total);
        return g_strdup("sync");
    case ACCOUNT_CONNECTING:
        return g_strdup(*status->what ? status->what : "connecting");
    case ACCOUNT_OFFLINE:
        *role = ROLE_WARN;
        return status->pending
            ? g_strdup_printf("offline %s %u waiting", glyph("·"),
                              status->pending)
            : g_strdup("offline");
    case ACCOUNT_WAITING:
        *role = ROLE_WARN;
        return g_strdup_printf("%s: %s", name, status->reason);
    case ACCOUNT_FAILED:
        *role = ROLE_BAD;
        return g_strdup_printf("%s %s: %s", glyph("✗"), name,
                               status->reason);
    case ACCOUNT_LOCAL:
    case ACCOUNT_ONLINE:
        break;
    }
    return g_strdup_printf("%s %s", glyph("✓"), clock);
}

/* The account whose state matters most. */
static const Account *
loudest(Tui *tui)
{
    const GPtrArray *accounts = session_accounts(tui->session);
    const Account *found = NULL;

    for (guint i = 0; i < accounts->len; i++)
        if (found == NULL
            || account_status(accounts->pdata[i])->state
                > account_status(found)->state)
            found = accounts->pdata[i];
    return found;
}

static char *
top_right(Tui *tui, Role *role)
{
    const Account *account = loudest(tui);
    guint left = indexer_left(session_indexer(tui->session));
    g_autofree char *state = NULL;
    g_autofree char *address = NULL;
    g_autofree char *index = NULL;

    *role = ROLE_DIM;
    if (account == NULL)
        return g_strdup("no account yet");
    state = account_state(account, role);
    index = left > 500 ? g_strdup_printf("index %u to go  ", left)
                       : g_strdup("");
    address = draw_safe(account_address(account));
    if (COLS < 72 || *role != ROLE_DIM)
        return g_strdup_printf("%s ", state);
    return g_strdup_printf("%s%s  %s ", index, address, state);
}

static void
draw_top(Tui *tui)
{
    View *view = tui_top(tui);
    g_autofree char *title = view && view->class->title
        ? view->class->title(view) : g_strdup("posthorn");
    g_autofree char *safe = draw_safe(title);
    g_autofree char *left = g_strdup_printf(" %s", safe);
    Role role;
    g_autofree char *right = top_right(tui, &role);
    int room = COLS - text_width(left) - 1;

    draw_cells(0, 0, COLS, left, ROLE_BOLD, GROUND_TOP);
    if (room > 4)
        draw_right(0, COLS - room, room, right, role, GROUND_TOP);
}

static const struct {
    const char *context;
    const char *wide, *narrow;
} hints[] = {
    { "list",
      "⏎ open  a archive  d trash  t tag  r reply  m compose  / search  ? keys",
      "⏎ open  a archive  d trash  ? keys" },
    { "message", "r reply  R reply all  a archive  v files  J/K msg  ? keys",
      "r reply  a archive  q back  ? keys" },
    { "thread",
      "J/K msg  r reply  R all  a archive  A thread  Tab next unread  ? keys",
      "J/K msg  r reply  q back  ? keys" },
    { "review", "y send  e edit  p keep draft  a attach  d discard  ? keys",
      "y send  e edit  q back  ? keys" },
    { "activity", "$ sync now  O offline on/off  q back  ? keys",
      "$ sync  q back  ? keys" },
    { "outbox", "⏎ retry  d cancel  q back  ? keys", "q back  ? keys" },
    { "text", "j/k scroll  / find  q back  ? keys", "q back  ? keys" },
};

static const char *
hint_for(const char *context)
{
    for (gsize i = 0; i < G_N_ELEMENTS(hints); i++)
        if (strcmp(hints[i].context, context) == 0)
            return COLS >= 76 ? hints[i].wide : hints[i].narrow;
    return "q back  ? keys";
}

static void
draw_told(Tui *tui, int room)
{
    g_autofree char *text = g_strdup_printf(
        " %s%s", tui->told, tui->told_undoable ? "   u undo" : "");

    draw_cells(LINES - 1, 0, room, text,
               tui->told_error ? ROLE_BAD : ROLE_TEXT, GROUND_NORMAL);
}

static void
draw_bottom(Tui *tui)
{
    View *view = tui_top(tui);
    g_autofree char *place = view && view->class->place
        ? view->class->place(view) : g_strdup("");
    g_autofree char *pending = tui->count > 0
        ? g_strdup_printf("%d%s", tui->count, tui->pressed->str)
        : g_strdup(tui->pressed->str);
    g_autofree char *right =
        g_strdup_printf("%s%s%s ", pending, *pending ? "  " : "", place);
    g_autofree char *hint = g_strdup_printf(" %s", hint_for(tui_context(tui)));
    int tail = COLS >= 50 ? text_width(right) + 1 : 0;
    int room = MAX(0, COLS - tail);

    if (tui->pressed->len > 0)
        draw_cells(LINES - 1, 0, room, " waiting for a key  Esc cancel",
                   ROLE_DIM, GROUND_NORMAL);
    else if (tui->told)
        draw_told(tui, room);
    else if (tui->progress)
        draw_cells(LINES - 1, 0, room, tui->progress, ROLE_DIM,
                   GROUND_NORMAL);
    else
        draw_cells(LINES - 1, 0, room, hint, ROLE_DIM, GROUND_NORMAL);
    if (tail > 0)
        draw_right(LINES - 1, room, tail, right, ROLE_DIM, GROUND_NORMAL);
}

static void
draw_view(Tui *tui)
{
    View *view = tui_top(tui);
    Rect all = { 1, 0, LINES - 2, COLS };
    PaneLayout panes = view_is_list(view)
        ? layout_panes(all, tui->sidebar, preview_is_wanted(tui, COLS))
        : (PaneLayout){ .list = all };

    if (all.rows <= 0)
        return;
    if (panes.sidebar.columns > 0)
        sidebar_draw(tui, panes.sidebar);
    tui->cursor_y = panes.list.y;
    tui->cursor_x = panes.list.x;
    view->class->draw(view, panes.list);
    if (panes.preview.columns > 0)
        preview_draw(tui, panes.preview, panes.below);
    if (view->class->cursor)
        view->class->cursor(view, &tui->cursor_y, &tui->cursor_x);
}

static void
draw_all(Tui *tui)
{
    Rect screen = { 0, 0, LINES, COLS };

    draw_top(tui);
    if (tui_top(tui))
        draw_view(tui);
    if (LINES > 1)
        draw_bottom(tui);
    if (tui->popup)
        tui->popup->class->draw(tui->popup, screen);
    if (tui->prompt)
        prompt_draw(tui->prompt, screen, &tui->cursor_y, &tui->cursor_x);
}

void
tui_draw(Tui *tui)
{
    if (LINES < 1 || COLS < 1)
        return;
    draw_all(tui);
    move(CLAMP(tui->cursor_y, 0, LINES - 1), CLAMP(tui->cursor_x, 0, COLS - 1));
    term_frame_begin();
    refresh();
    term_frame_end();
    tui->dirty = false;
}
