/* The folders of all accounts: beside the list where there is room, over it
 * where there is not. The same rows are drawn by the frame and chosen from by
 * the popup that has the keys. */
#include "tui_private.h"

#include "core/account.h"
#include "core/outbox.h"
#include "core/search.h"

#include <string.h>

enum {
    COUNT = 6
};

typedef enum {
    ROW_BLANK,
    ROW_HEADING,
    ROW_FOLDER,
    ROW_SUSPICIOUS,
    ROW_OUTBOX
} Kind;

typedef struct {
    Kind kind;
    char *text; /* safe */
    guint count;
    gint64 folder;
} Row;

static void
row_free(void *data)
{
    Row *row = data;

    g_free(row->text);
    g_free(row);
}

static Row *
add(GPtrArray *rows, Kind kind, const char *untrusted)
{
    Row *row = g_new0(Row, 1);

    row->kind = kind;
    row->text = draw_safe(untrusted);
    g_ptr_array_add(rows, row);
    return row;
}

static char
separator(const StoreFolder *folder)
{
    return folder->delimiter ? folder->delimiter : '/';
}

/* "Lists" of "Lists/linux-mm"; "" at the top. g_free(). */
static char *
parent_name(const StoreFolder *folder)
{
    const char *last = strrchr(folder->name, separator(folder));

    return last ? g_strndup(folder->name, (gsize)(last - folder->name))
                : g_strdup("");
}

static void
add_folder(GPtrArray *rows, const StoreFolder *folder)
{
    const char *last = strrchr(folder->name, separator(folder));
    Row *row = add(rows, ROW_FOLDER,
                   folder->role == FOLDER_ROLE_INBOX ? "Inbox"
                   : last                            ? last + 1
                                                     : folder->name);

    row->folder = folder->id;
    row->count =
        folder->role == FOLDER_ROLE_DRAFTS ? folder->total : folder->unread;
}

/* An account is called by its address where it has one. */
static const char *
account_heading(const Tui *tui, const char *account)
{
    const Account *known = session_account(tui->session, account);
    const char *address = known ? account_address(known) : NULL;

    return address && *address ? address : account;
}

static void
add_heading(GPtrArray *rows, const char *text)
{
    if (rows->len > 0)
        add(rows, ROW_BLANK, "");
    add(rows, ROW_HEADING, text);
}

/* Headings stand above each account and above folders that lie in another. */
static GPtrArray *
make_rows(Tui *tui)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func(row_free);
    g_autoptr(GPtrArray) folders = session_folders(tui->session, NULL);
    guint waiting = outbox_count(session_outbox(tui->session), NULL);
    guint failed = store_failed_count(session_store(tui->session));
    g_autofree char *parent = g_strdup("");
    const char *account = NULL;

    for (guint i = 0; folders && i < folders->len; i++) {
        const StoreFolder *folder = folders->pdata[i];
        char *inside = parent_name(folder);

        if (g_strcmp0(account, folder->account) != 0)
            add_heading(rows, account_heading(tui, folder->account));
        else if (strcmp(inside, parent) != 0 && *inside)
            add_heading(rows, inside);
        else if (strcmp(inside, parent) != 0)
            add(rows, ROW_BLANK, "");
        account = folder->account;
        g_free(parent);
        parent = inside;
        if (store_folder_opens(folder))
            add_folder(rows, folder);
    }
    if (failed > 0 || waiting > 0)
        add(rows, ROW_BLANK, "");
    if (failed > 0)
        add(rows, ROW_SUSPICIOUS, "Suspicious")->count = failed;
    if (waiting > 0)
        add(rows, ROW_OUTBOX, "Outbox")->count = waiting;
    return rows;
}

static void
draw_row(const Row *row, Rect area, bool current)
{
    g_autofree char *count =
        row->count ? g_strdup_printf("%u ", row->count) : g_strdup("");
    Ground ground = current ? GROUND_SELECTED : GROUND_NORMAL;
    int indent = row->kind == ROW_HEADING ? 1 : 3;
    int tail = row->count ? COUNT : 0;
    Role role = row->kind == ROW_HEADING || row->count ? ROLE_BOLD : ROLE_TEXT;

    draw_cells(area.y, area.x, indent, current ? glyph("▌") : "", ROLE_ACCENT,
               ground);
    draw_cells(area.y, area.x + indent, area.columns - indent - tail, row->text,
               role, ground);
    draw_right(area.y, area.x + area.columns - tail, tail, count, ROLE_ACCENT,
               ground);
}

static void
draw_rows(const GPtrArray *rows, Rect area, int current)
{
    int top = MAX(0, current - area.rows + 2);

    draw_blank(area, GROUND_NORMAL);
    for (int i = 0; i < area.rows; i++) {
        Rect place = { area.y + i, area.x, 1, area.columns - 1 };

        draw_cells(area.y + i, area.x + area.columns - 1, 1, glyph("│"),
                   ROLE_RULE, GROUND_NORMAL);
        if (top + i < (int)rows->len)
            draw_row(rows->pdata[top + i], place, top + i == current);
    }
}

/* The folder of the list that is seen, or below what is seen. */
static gint64
current_folder(Tui *tui)
{
    for (guint i = tui->views->len; i-- > 0;)
        if (view_is_list(tui->views->pdata[i]))
            return list_view_folder_id(tui->views->pdata[i]);
    return 0;
}

/* The row of a folder; -1: it has none. */
static int
row_of(const GPtrArray *rows, gint64 folder)
{
    for (guint i = 0; folder && i < rows->len; i++)
        if (((const Row *)rows->pdata[i])->folder == folder)
            return (int)i;
    return -1;
}

void
sidebar_draw(Tui *tui, Rect area)
{
    g_autoptr(GPtrArray) rows = make_rows(tui);

    draw_rows(rows, area, row_of(rows, current_folder(tui)));
}

gint64
sidebar_neighbour(Tui *tui, gint64 folder, int step)
{
    g_autoptr(GPtrArray) rows = make_rows(tui);

    for (int i = row_of(rows, folder) + step; i >= 0 && i < (int)rows->len;
         i += step)
        if (((const Row *)rows->pdata[i])->folder)
            return ((const Row *)rows->pdata[i])->folder;
    return 0;
}

typedef struct {
    View base;
    GPtrArray *rows;
    int current;
} SidebarPopup;

static void
popup_destroy(View *view)
{
    SidebarPopup *popup = (SidebarPopup *)view;

    g_ptr_array_unref(popup->rows);
    g_free(popup);
}

static void
popup_draw(View *view, Rect screen)
{
    SidebarPopup *popup = (SidebarPopup *)view;
    int width = MIN(LAYOUT_SIDEBAR + 1, screen.columns);
    Rect area = { 1, 0, screen.rows - 2, width };

    draw_rows(popup->rows, area, popup->current);
    view->tui->cursor_x = 0;
    view->tui->cursor_y =
        1 + popup->current - MAX(0, popup->current - area.rows + 2);
}

static void
step(SidebarPopup *popup, int way)
{
    for (int i = popup->current + way; i >= 0 && i < (int)popup->rows->len;
         i += way) {
        const Row *row = popup->rows->pdata[i];

        if (row->kind != ROW_BLANK && row->kind != ROW_HEADING) {
            popup->current = i;
            break;
        }
    }
}

/* The saved search: who is not who he says, outside junk and trash. */
static void
open_suspicious(Tui *tui)
{
    g_autoptr(GPtrArray) folders = session_folders(tui->session, NULL);
    g_autoptr(GString) query = g_string_new("auth:fail");

    for (guint i = 0; folders && i < folders->len; i++) {
        const StoreFolder *folder = folders->pdata[i];
        g_autofree char *path = search_quote(folder->path);

        if (folder->role != FOLDER_ROLE_JUNK
            && folder->role != FOLDER_ROLE_TRASH)
            continue;
        g_string_append_printf(query, " and not folder:%s", path);
    }
    tui_push(tui, list_view_query(tui, query->str, "Suspicious"));
}

static void
open_current(SidebarPopup *popup)
{
    Tui *tui = popup->base.tui;
    const Row *row =
        popup->current >= 0 ? popup->rows->pdata[popup->current] : NULL;
    gint64 folder = row ? row->folder : 0;
    bool outbox = row && row->kind == ROW_OUTBOX;
    bool suspicious = row && row->kind == ROW_SUSPICIOUS;

    tui_set_popup(tui, NULL);
    if (suspicious)
        open_suspicious(tui);
    else if (outbox)
        tui_push(tui, outbox_view(tui));
    else if (folder && folder != current_folder(tui))
        tui_push(tui, list_view_folder(tui, folder, NULL));
}

static bool
popup_act(View *view, const char *what, const char *key)
{
    static const char *const words[] = { "j",    "Down",  "J", "k",     "Up",
                                         "K",    "Enter", "l", "Right", "h",
                                         "Left", "`",     NULL };
    SidebarPopup *popup = (SidebarPopup *)view;
    Tui *tui = view->tui; /* opening a folder takes the popup away */
    int found = 0;

    if (strcmp(what, "key") != 0)
        return false;
    while (words[found] && strcmp(words[found], key) != 0)
        found++;
    if (found < 3)
        step(popup, 1);
    else if (found < 6)
        step(popup, -1);
    else if (found < 9)
        open_current(popup);
    else if (words[found])
        tui_set_popup(tui, NULL);
    tui_dirty(tui);
    return true;
}

static char *
popup_hints(View *view, int columns)
{
    (void)view;
    (void)columns;
    return g_strdup_printf(" j/k choose  %s open  Esc back to the list",
                           glyph("⏎"));
}

static const ViewClass popup_class = {
    .context = NULL,
    .draw = popup_draw,
    .destroy = popup_destroy,
    .act = popup_act,
    .hints = popup_hints,
};

View *
sidebar_popup(Tui *tui)
{
    SidebarPopup *popup = g_new0(SidebarPopup, 1);

    popup->base.class = &popup_class;
    popup->base.tui = tui;
    popup->rows = make_rows(tui);
    popup->current = row_of(popup->rows, current_folder(tui));
    if (popup->current < 0)
        step(popup, 1);
    return &popup->base;
}
