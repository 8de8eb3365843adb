/* One frame: top row, sidebar, view, popup, bottom row, cursor. Only what is on
 * the screen is read, and curses writes only what changed. */
#include "tui_private.h"

#include "base/clock.h"
#include "base/text.h"
#include "core/account.h"
#include "core/indexer.h"
#include "core/outbox.h"

#include <string.h>

enum {
    PLACE_FROM = 72, /* columns of a screen that says where the cursor is */
    TOLD_ROWS = 4, /* most of them for what is told */
};

/* "offline since 05:58 · 6 changes, 1 message waiting". g_free(). */
static char *
offline_text(Tui *tui)
{
    guint changes = store_pending_count(session_store(tui->session), NULL);
    guint messages = outbox_count(session_outbox(tui->session), NULL);
    g_autofree char *since = clock_text(session_offline(tui->session));
    g_autoptr(GString) text = g_string_new("offline since ");

    g_string_append(text, since);
    if (changes + messages == 0)
        return g_string_free(g_steal_pointer(&text), FALSE);
    g_string_append_printf(text, " %s", glyph("·"));
    if (changes > 0)
        g_string_append_printf(text, " %u change%s%s", changes,
                               changes == 1 ? "" : "s", messages ? "," : "");
    if (messages > 0)
        g_string_append_printf(text, " %u message%s", messages,
                               messages == 1 ? "" : "s");
    g_string_append(text, " waiting");
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* "✓ 06:12", "sync 412/1280", "corp offline since 05:58: no route", "✗ corp:
 * cannot log in"; offline by wish is of all accounts. g_free(). */
static char *
account_state(Tui *tui, const Account *account, Role *role)
{
    const AccountStatus *status = account_status(account);
    g_autofree char *name = draw_safe(account_name(account));
    g_autofree char *clock =
        clock_text(status->synced ? status->synced : clock_now());
    g_autofree char *lost = clock_text(status->lost);

    *role = ROLE_WARN;
    if (session_offline(tui->session))
        return offline_text(tui);
    *role = ROLE_DIM;
    switch (status->state) {
    case ACCOUNT_SYNCING:
        if (status->total > 0)
            return g_strdup_printf("sync %" G_GUINT64_FORMAT
                                   "/%" G_GUINT64_FORMAT,
                                   status->done, status->total);
        return g_strdup("sync");
    case ACCOUNT_CONNECTING:
        return g_strdup(*status->what ? status->what : "connecting");
    case ACCOUNT_WAITING:
        *role = ROLE_WARN;
        return g_strdup_printf("%s offline since %s: %s", name, lost,
                               status->reason);
    case ACCOUNT_FAILED:
        *role = ROLE_BAD;
        return g_strdup_printf("%s %s: %s", glyph("✗"), name, status->reason);
    case ACCOUNT_OFFLINE: /* not started yet */
        return g_strdup("not connected yet");
    case ACCOUNT_ONLINE:
        if (*status->reason == '\0')
            break;
        *role = ROLE_WARN;
        return g_strdup_printf("%s %s: %s", glyph("✓"), name, status->reason);
    case ACCOUNT_LOCAL:
        break;
    }
    return g_strdup_printf("%s %s", glyph("✓"), clock);
}

/* Lost and failed accounts, and one of which something was refused, have a
 * reason to be said. */
static bool
is_louder(const AccountStatus *status, const AccountStatus *other)
{
    if ((*status->reason == '\0') != (*other->reason == '\0'))
        return *status->reason != '\0';
    return status->state > other->state;
}

/* The account whose state matters most. */
static const Account *
loudest(Tui *tui)
{
    const GPtrArray *accounts = session_accounts(tui->session);
    const Account *found = NULL;

    for (guint i = 0; i < accounts->len; i++)
        if (found == NULL
            || is_louder(account_status(accounts->pdata[i]),
                         account_status(found)))
            found = accounts->pdata[i];
    return found;
}

/* The one whose trouble is to be said; else that of what is shown. */
static const Account *
top_account(Tui *tui)
{
    const Account *loud = loudest(tui);
    g_autofree char *name = tui_account(tui);
    const Account *shown = name ? session_account(tui->session, name) : NULL;

    return shown == NULL || *account_status(loud)->reason ? loud : shown;
}

/* The state of the account, whole unless it is trouble; how far the index is
 * and whose mail it is where there is room for all of that. g_free(). */
static char *
top_right(Tui *tui, int room, Role *role)
{
    const Account *account = top_account(tui);
    guint left = indexer_left(session_indexer(tui->session));
    g_autofree char *state = NULL;
    g_autofree char *address = NULL;
    g_autofree char *index = NULL;
    g_autofree char *whole = NULL;
    g_autofree char *some = NULL;

    *role = ROLE_DIM;
    if (account == NULL)
        return g_strdup("no account yet");
    state = account_state(tui, account, role);
    index =
        left > 500 ? g_strdup_printf("index %u to go  ", left) : g_strdup("");
    address = draw_safe(account_address(account));
    whole = g_strdup_printf("%s%s  %s ", index, address, state);
    some = g_strdup_printf("%s%s ", index, state);
    if (*role == ROLE_DIM && text_width(state) + 1 > room)
        return g_strdup("");
    if (COLS < 72 || *role != ROLE_DIM || text_width(some) > room)
        return g_strdup_printf("%s ", state);
    return g_strdup(text_width(whole) > room ? some : whole);
}

static void
draw_top(Tui *tui)
{
    View *view = tui_top(tui);
    g_autofree char *title = view && view->class->title
                                 ? view->class->title(view)
                                 : g_strdup("posthorn");
    g_autofree char *safe = draw_safe(title);
    g_autofree char *left = g_strdup_printf(" %s", safe);
    Role role;
    int room = COLS - text_width(left) - 1;
    g_autofree char *right = top_right(tui, room, &role);

    draw_cells(0, 0, COLS, left, ROLE_BOLD, GROUND_TOP);
    if (room > 4)
        draw_right(0, COLS - room, room, right, role, GROUND_TOP);
}

/* What the view says of itself where it knows better, else by its context. */
static char *
hint(Tui *tui, int columns)
{
    View *view = tui->popup ? tui->popup : tui_top(tui);
    const char *context = tui_context(tui);

    if (view->class->hints)
        return view->class->hints(view, columns);
    return hints_text(tui, context, context, columns);
}

/* What the bottom row says: what is waited for, what happened, what can be
 * done. g_free(). */
static char *
bottom_text(Tui *tui, int columns, Role *role)
{
    *role = ROLE_DIM;
    if (tui->pressed->len > 0)
        return g_strdup_printf(" %s%s%s  Esc cancel  ? all keys",
                               tui->pressed->str, glyph("…"),
                               columns < 60 ? "" : " waiting for a key");
    if (tui->told) {
        *role = tui->told_error ? ROLE_BAD : ROLE_TEXT;
        return g_strdup_printf(" %s%s", tui->told,
                               tui->told_undoable ? "   u undo" : "");
    }
    return tui->progress ? g_strdup(tui->progress) : hint(tui, columns);
}

/* What was told by whole words, and the key that undoes it. The last row has
 * all that is left. char *. */
static GPtrArray *
told_rows(const Tui *tui, int width)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func(g_free);
    const char *rest = tui->told;
    const char *undo = tui->told_undoable ? "u undo" : "";
    g_autofree char *last = NULL;

    while (text_width(rest) > width && rows->len + 1 < TOLD_ROWS) {
        gsize size = text_break(rest, width);

        g_ptr_array_add(rows, g_strndup(rest, size));
        rest += size + strspn(rest + size, " ");
    }
    last = g_strdup_printf("%s%s%s", rest, *undo ? "   " : "", undo);
    if (text_width(last) <= width || rows->len + 1 == TOLD_ROWS) {
        g_ptr_array_add(rows, g_steal_pointer(&last));
        return rows;
    }
    g_ptr_array_add(rows, g_strdup(rest));
    g_ptr_array_add(rows, g_strdup(undo));
    return rows;
}

/* What the row has no room for takes those above it as well: what to do next
 * stands at its end. */
static void
draw_told(const Tui *tui, Role role)
{
    g_autoptr(GPtrArray) rows = told_rows(tui, MAX(COLS - 2, 1));

    for (guint i = 0; i < rows->len; i++) {
        g_autofree char *row = g_strdup_printf(" %s", (char *)rows->pdata[i]);

        draw_cells(LINES - (int)(rows->len - i), 0, COLS, row, role,
                   GROUND_NORMAL);
    }
}

static void
draw_bottom(Tui *tui)
{
    View *view = tui_top(tui);
    g_autofree char *place =
        view && view->class->place ? view->class->place(view) : g_strdup("");
    g_autofree char *pending =
        tui->count > 0 ? g_strdup_printf("%d%s", tui->count, tui->pressed->str)
                       : g_strdup(tui->pressed->str);
    g_autofree char *right =
        g_strdup_printf("%s%s%s ", pending, *pending ? "  " : "", place);
    bool has_place = COLS >= PLACE_FROM || *pending;
    int tail = has_place ? text_width(right) + 1 : 0;
    int room = MAX(0, COLS - tail);
    Role role;
    g_autofree char *text = bottom_text(tui, room, &role);

    if (tui->told && tui->pressed->len == 0 && tui->prompt == NULL
        && text_width(text) > room) {
        draw_told(tui, role);
        return;
    }
    draw_cells(LINES - 1, 0, room, text, role, GROUND_NORMAL);
    if (tail > 0)
        draw_right(LINES - 1, room, tail, right, ROLE_DIM, GROUND_NORMAL);
}

/* On a low screen the right half of the top row stands in for the row of
 * hints: what happened and what is waited for. */
static void
draw_low(Tui *tui)
{
    Role role;
    g_autofree char *text = NULL;

    if (!tui->told && tui->pressed->len == 0 && !tui->progress)
        return;
    text = bottom_text(tui, COLS / 2, &role);
    draw_cells(0, COLS / 2, COLS - COLS / 2, text, role, GROUND_TOP);
}

static bool
has_hints(void)
{
    return LINES >= LAYOUT_HINTS_FROM;
}

static void
draw_view(Tui *tui)
{
    View *view = tui_top(tui);
    Rect all = { 1, 0, LINES - (has_hints() ? 2 : 1), COLS };
    PaneLayout panes =
        view_is_list(view)
            ? layout_panes(all, tui->sidebar, preview_is_wanted(tui, COLS))
            : (PaneLayout){ .list = all };

    all.rows -= has_hints() && prompt_has_hints(tui->prompt);
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
    Rect field = { 0, COLS / 2, 1, COLS - COLS / 2 };

    draw_top(tui);
    if (tui_top(tui))
        draw_view(tui);
    if (has_hints())
        draw_bottom(tui);
    else
        draw_low(tui);
    if (tui->popup)
        tui->popup->class->draw(tui->popup, screen);
    if (tui->prompt)
        prompt_draw(tui->prompt, has_hints() ? screen : field, &tui->cursor_y,
                    &tui->cursor_x);
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
