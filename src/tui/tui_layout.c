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
                            .date = true, .tags = 1 };
    return (RowLayout){ .sender = 20, .count = true, .files = true,
                        .date = true, .tags = columns < 100 ? 1 : 3,
                        .snippet = true };
}

int
layout_sidebar(int columns, bool wanted)
{
    enum { SIDEBAR = 24, ROOM = 100 };

    return columns >= ROOM ? (wanted ? SIDEBAR : 0) : 0;
}
