/* The folders of all accounts beside the list. */
#include "tui_private.h"

#include "core/account.h"

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

    if (drawing->row > drawing->area.rows)
        return;
    draw_cells(y, drawing->area.x, 1, current ? glyph("▌") : "", ROLE_ACCENT,
               ground);
    draw_cells(y, drawing->area.x + 1, width - 6, text, role, ground);
    draw_right(y, drawing->area.x + width - 5, 6, count, ROLE_ACCENT, ground);
}

/* "Lists/linux-mm" is "linux-mm" two columns in. */
static void
draw_folder(Drawing *drawing, const StoreFolder *folder)
{
    const char separator = folder->delimiter ? folder->delimiter : '/';
    const char *last = strrchr(folder->name, separator);
    g_autofree char *safe = draw_safe(
        folder->role == FOLDER_ROLE_INBOX ? "Inbox"
        : last ? last + 1 : folder->name);
    g_autofree char *text = g_strdup_printf(" %s%s", last ? "  " : "", safe);

    draw_line(drawing, text, folder->unread, false,
              folder->id == drawing->current);
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
        if (folder->selectable)
            draw_folder(&drawing, folder);
    }
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
