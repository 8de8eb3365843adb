/* Layout by width. */
#include "tui_layout.h"

RowLayout
layout_row(int columns)
{
    if (columns < 50)
        return (RowLayout){ .sender = 12 };
    if (columns < 72)
        return (RowLayout){ .sender = 15, .count = true, .files = true,
                            .date = true };
    if (columns < 90)
        return (RowLayout){ .sender = 20, .count = true, .files = true,
                            .date = true, .tags = 1, .words = columns / 4 };
    return (RowLayout){ .sender = 20, .count = true, .files = true,
                        .date = true, .tags = columns < 100 ? 1 : 3,
                        .words = columns / 4, .snippet = true };
}

enum {
    SIDEBAR = LAYOUT_SIDEBAR + 1, /* and the rule */
    BESIDE_FROM = 160,
    LIST_BESIDE = 82,
    LIST_LEAST = 8, /* rows above a preview */
};

PaneLayout
layout_panes(Rect area, bool sidebar, bool preview)
{
    PaneLayout panes = { .list = area };

    if (area.columns < LAYOUT_SIDEBAR_FROM)
        return panes;
    if (sidebar) {
        panes.sidebar = (Rect){ area.y, area.x, area.rows, SIDEBAR };
        panes.list.x += SIDEBAR;
        panes.list.columns -= SIDEBAR;
    }
    panes.preview = panes.list;
    panes.below = area.columns < BESIDE_FROM;
    if (!preview || (panes.below && area.rows < 2 * LIST_LEAST)) {
        panes.preview.columns = 0;
    } else if (panes.below) {
        panes.list.rows = area.rows / 3 > LIST_LEAST ? area.rows / 3
                                                     : LIST_LEAST;
        panes.preview.y += panes.list.rows;
        panes.preview.rows -= panes.list.rows;
    } else {
        panes.list.columns = LIST_BESIDE;
        panes.preview.x += LIST_BESIDE;
        panes.preview.columns -= LIST_BESIDE;
    }
    return panes;
}

Rect
layout_popup(Rect screen, int rows, int columns)
{
    int most = screen.rows > 5 ? screen.rows - 2 : 3;

    rows = rows < most ? rows : most;
    if (screen.columns < LAYOUT_CENTRED_FROM)
        return (Rect){ screen.rows - 1 - rows, 0, rows, screen.columns };
    columns = columns < screen.columns - 4 ? columns : screen.columns - 4;
    return (Rect){ (screen.rows - rows) / 2, (screen.columns - columns) / 2,
                   rows, columns };
}
