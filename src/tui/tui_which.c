/* Which keys may follow the ones pressed: a sheet that opens when the next key
 * takes its time. */
#include "tui_private.h"

#include <string.h>

enum {
    COLUMN = 25,
    KEYS = 3,
    WIDE = 90
};

typedef struct {
    View base;
    GArray *bindings; /* KeyBinding */
    char *title;
    guint skip; /* bytes of the prefix in front of each sequence */
} WhichPopup;

static void
which_destroy(View *view)
{
    WhichPopup *popup = (WhichPopup *)view;

    g_array_unref(popup->bindings);
    g_free(popup->title);
    g_free(popup);
}

bool
binding_is_counted(const KeyBinding *binding)
{
    const char *last = binding->sequence + strlen(binding->sequence) - 1;

    return *last >= '2' && *last <= '9' && last > binding->sequence
           && (last[-1] == ' ' || last[-1] == '-');
}

char *
binding_keys(const KeyBinding *binding, char **help)
{
    const char *text = binding->help ? binding->help : binding->command;
    gsize size = strlen(binding->sequence);

    if (size < 2 || binding->sequence[size - 1] != '1'
        || g_ascii_isalpha(binding->sequence[size - 2])) {
        *help = g_strdup(text);
        return g_strdup(binding->sequence);
    }
    *help = g_strchomp(g_strndup(text, strcspn(text, "1")));
    return g_strdup_printf("%s-9", binding->sequence);
}

static void
draw_binding(const WhichPopup *popup, guint i, int y, int x, int columns)
{
    g_autofree char *help = NULL;
    g_autofree char *keys =
        binding_keys(&g_array_index(popup->bindings, KeyBinding, i), &help);

    draw_right(y, x, KEYS, keys + popup->skip, ROLE_ACCENT, GROUND_POPUP);
    draw_cells(y, x + KEYS + 1, columns - KEYS - 2, help, ROLE_TEXT,
               GROUND_POPUP);
}

/* Column by column; what there is no room for is said to be more. */
static void
which_draw(View *view, Rect screen)
{
    WhichPopup *popup = (WhichPopup *)view;
    int n = (int)popup->bindings->len;
    int wide = screen.columns >= LAYOUT_CENTRED_FROM ? WIDE : screen.columns;
    int across = MAX(1, (wide - 4) / COLUMN);
    int down = (n + across - 1) / across;
    Rect area = layout_popup(screen, down + 2, WIDE);
    Rect inside = draw_frame(area, popup->title);
    int width = inside.columns / across;
    int room = across * MIN(down, inside.rows);
    int last = n > room ? room - 1 : n;

    down = MAX(1, MIN(down, inside.rows));
    for (int i = 0; i < last; i++)
        draw_binding(popup, (guint)i, inside.y + i % down,
                     inside.x + i / down * width, width);
    if (last < n && room > 0) {
        g_autofree char *more =
            g_strdup_printf("%s and %d more: ? all keys", glyph("…"), n - last);

        draw_cells(inside.y + last % down, inside.x + last / down * width,
                   width, more, ROLE_DIM, GROUND_POPUP);
    }
}

static const ViewClass which_class = {
    .context = NULL,
    .draw = which_draw,
    .destroy = which_destroy,
};

View *
which_popup(Tui *tui, const char *prefix)
{
    WhichPopup *popup = g_new0(WhichPopup, 1);
    const char *group = NULL;

    popup->base.class = &which_class;
    popup->base.tui = tui;
    popup->bindings =
        keys_list(session_keys(tui->session), tui_context(tui), prefix);
    for (guint i = popup->bindings->len; i-- > 0;)
        if (binding_is_counted(&g_array_index(popup->bindings, KeyBinding, i)))
            g_array_remove_index(popup->bindings, i);
    popup->skip = (guint)strlen(prefix) + 1;
    if (popup->bindings->len > 0)
        group = g_array_index(popup->bindings, KeyBinding, 0).group;
    popup->title = g_strdup_printf("%s  %s", prefix, group ? group : "keys");
    return &popup->base;
}
