/* The message under the cursor beside or below its list. It is read when the
 * cursor rests, so that moving never waits for it; nothing is marked as read.
 */
#include "tui_private.h"

enum { REST_MS = 60, BESIDE_FROM = 160 };

bool
preview_is_wanted(const Tui *tui, int columns)
{
    return (columns >= BESIDE_FROM) != tui->preview_asked;
}

void
preview_forget(Tui *tui)
{
    g_clear_handle_id(&tui->preview_timer, g_source_remove);
    if (tui->preview)
        tui->preview->class->destroy(tui->preview);
    tui->preview = NULL;
    tui->preview_id = 0;
}

void
preview_reload(Tui *tui)
{
    if (tui->preview)
        tui->preview->class->reload(tui->preview);
}

static gboolean
read_now(void *data)
{
    Tui *tui = data;

    tui->preview_timer = 0;
    if (tui->preview_id)
        tui->preview = message_preview(tui, tui->preview_id);
    tui_dirty(tui);
    return G_SOURCE_REMOVE;
}

void
preview_draw(Tui *tui, Rect area, bool below)
{
    gint64 id = list_view_current(tui_top(tui));

    if (id != tui->preview_id) {
        preview_forget(tui);
        tui->preview_id = id;
        tui->preview_timer = g_timeout_add(REST_MS, read_now, tui);
    }
    if (below) {
        draw_rule(area.y++, area.x, area.columns);
        area.rows--;
    } else {
        for (int i = 0; i < area.rows; i++)
            draw_cells(area.y + i, area.x, 1, glyph("│"), ROLE_RULE,
                       GROUND_NORMAL);
        area.x++;
        area.columns--;
    }
    if (tui->preview)
        tui->preview->class->draw(tui->preview, area);
    else
        draw_blank(area, GROUND_NORMAL);
}
