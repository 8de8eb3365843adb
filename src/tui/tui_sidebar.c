/* The folders of all accounts beside the list. */
#include "tui_private.h"

#include "core/account.h"
#include "core/outbox.h"

#include <string.h>

typedef struct {
    Rect area;
    int row;
    gint64 current;
} Drawing;

static void
draw_line(Drawing *drawing, const char *text, guint unread, bool heading,
          bool current)
{
    g_autofree char *count = unread ? g_strdup_printf("%u ", unread)
                                    : g_strdup("");
    Ground ground = current ? GROUND_SELECTED : GROUND_NORMAL;
    int y = drawing->area.y + drawing->row++;
    int width = drawing->area.columns - 2;
    Role role = heading || unread ? ROLE_BOLD : ROLE_TEXT;
    int tail = unread ? 6 : 0;

    if (drawing->row > drawing->area.rows)
        return;
    draw_cells(y, drawing->area.x, 1, current ? glyph("▌") : "", ROLE_ACCENT,
               ground);
    draw_cells(y, drawing->area.x + 1, width - tail, text, role, ground);
    draw_right(y, drawing->area.x + 1 + width - tail, tail, count,
               ROLE_ACCENT, ground);
}

/* "Lists/linux-mm" is "linux-mm" two columns in. */
static void
draw_folder(Drawing *drawing, const StoreFolder *folder)
{
    const char separator = folder->delimiter ? folder->delimiter : '/';
    const char *last = strrchr(folder->name, separator);
    guint count;
    g_autofree char *safe = draw_safe(
        folder->role == FOLDER_ROLE_INBOX ? "Inbox"
        : last ? last + 1 : folder->name);
    g_autofree char *text = g_strdup_printf(" %s%s", last ? "  " : "", safe);

    count = folder->role == FOLDER_ROLE_DRAFTS ? folder->total
                                               : folder->unread;
    draw_line(drawing, text, count, false, folder->id == drawing->current);
}

static gsize
parent_length(const StoreFolder *folder)
{
    const char *last = strrchr(folder->name,
                               folder->delimiter ? folder->delimiter : '/');

    return last ? (gsize)(last - folder->name) : 0;
}

/* "Lists" above the first of the folders in it. */
static void
draw_parent(Drawing *drawing, const StoreFolder *folder,
            const StoreFolder *before)
{
    gsize length = parent_length(folder);
    g_autofree char *name = g_strndup(folder->name, length);
    g_autofree char *safe = draw_safe(name);
    g_autofree char *text = g_strdup_printf(" %s", safe);

    if (length == 0
        || (before && strncmp(before->name, name, length) == 0
            && (parent_length(before) == length
                || before->name[length] == '\0')))
        return;
    draw_line(drawing, text, 0, false, false);
}

static void
draw_outbox(Drawing *drawing, Tui *tui)
{
    guint n = outbox_count(session_outbox(tui->session), NULL);

    if (n == 0)
        return;
    drawing->row++;
    draw_line(drawing, " Outbox", n, false, false);
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

/* An account is called by its address where it has one. */
static const char *
heading(const Tui *tui, const char *account)
{
    const Account *known = session_account(tui->session, account);
    const char *address = known ? account_address(known) : NULL;

    return address && *address ? address : account;
}

void
sidebar_draw(Tui *tui, Rect area)
{
    g_autoptr(GPtrArray) folders =
        session_folders(tui->session, NULL);
    Drawing drawing = { area, 0, current_folder(tui) };
    const char *account = NULL;

    draw_blank(area, GROUND_NORMAL);
    for (int i = 0; i < area.rows; i++)
        draw_cells(area.y + i, area.x + area.columns - 1, 1, glyph("│"),
                   ROLE_RULE, GROUND_NORMAL);
    for (guint i = 0; folders && i < folders->len; i++) {
        const StoreFolder *folder = folders->pdata[i];

        if (g_strcmp0(account, folder->account) != 0) {
            g_autofree char *name =
                draw_safe(heading(tui, folder->account));

            if (account)
                drawing.row++;
            draw_line(&drawing, name, 0, true, false);
        }
        account = folder->account;
        draw_parent(&drawing, folder, i > 0 ? folders->pdata[i - 1] : NULL);
        if (folder->selectable)
            draw_folder(&drawing, folder);
    }
    draw_outbox(&drawing, tui);
}

gint64
sidebar_neighbour(Tui *tui, gint64 folder, int step)
{
    g_autoptr(GPtrArray) folders =
        session_folders(tui->session, NULL);

    for (guint i = 0; folders && i < folders->len; i++) {
        int next = (int)i + step;

        if (((const StoreFolder *)folders->pdata[i])->id != folder)
            continue;
        if (next < 0 || next >= (int)folders->len)
            return 0;
        return ((const StoreFolder *)folders->pdata[next])->id;
    }
    return 0;
}
