/* The keys of a page in their groups; typing filters them, Enter runs the one
 * that is chosen. Keys of the same command share a row. */
#include "tui_private.h"

#include "base/text.h"

#include <string.h>

enum {
    KEYS = 13,
    WIDE = 104,
    TWO_FROM = 74,
    NONE = -1
};

#define FOOT ": and Tab: all commands   :set keys default|mutt|vim|gmail"

/* A heading has no command. */
typedef struct {
    char *keys; /* "a  e" */
    char *help;
    char *command; /* NULL: a heading, or a blank line */
    char *heading;
} Row;

typedef struct {
    View base;
    char *context;
    GPtrArray *rows; /* Row, those that the filter leaves */
    GString *filter;
    int chosen; /* row; NONE */
    int top;
    int shown; /* rows that fit, in all columns */
} HelpPopup;

static const char *const places[][2] = {
    { "list", "the message list" },
    { "message", "a message" },
    { "thread", "a thread" },
    { "review", "the page before sending" },
    { "outbox", "the outbox" },
    { "activity", "the activity page" },
    { "sender", "the page about a sender" },
};

static void
row_free(void *data)
{
    Row *row = data;

    g_free(row->keys);
    g_free(row->help);
    g_free(row->command);
    g_free(row->heading);
    g_free(row);
}

static void
help_destroy(View *view)
{
    HelpPopup *popup = (HelpPopup *)view;

    g_ptr_array_unref(popup->rows);
    g_string_free(popup->filter, TRUE);
    g_free(popup->context);
    g_free(popup);
}

static bool
is_wanted(const HelpPopup *popup, const KeyBinding *binding)
{
    return strcasestr(binding->help ? binding->help : "", popup->filter->str)
           || strcasestr(binding->command, popup->filter->str)
           || strcmp(binding->sequence, popup->filter->str) == 0;
}

/* Another key of a command that has a row already? */
static bool
join(HelpPopup *popup, guint from, const KeyBinding *binding)
{
    for (guint i = from; i < popup->rows->len; i++) {
        Row *row = popup->rows->pdata[i];
        char *keys;

        if (row->command == NULL || strcmp(row->command, binding->command) != 0)
            continue;
        keys = g_strdup_printf("%s  %s", row->keys, binding->sequence);
        if (text_width(keys) <= KEYS) {
            g_free(row->keys);
            row->keys = keys;
        } else {
            g_free(keys);
        }
        return true;
    }
    return false;
}

static void
add_row(HelpPopup *popup, guint from, const KeyBinding *binding)
{
    Row *row;

    if (binding_is_counted(binding) || join(popup, from, binding))
        return;
    row = g_new0(Row, 1);
    row->keys = binding_keys(binding, &row->help);
    row->command = g_strdup(binding->command);
    g_ptr_array_add(popup->rows, row);
}

static void
add_heading(HelpPopup *popup, const char *group)
{
    Row *row = g_new0(Row, 1);

    if (popup->rows->len > 0)
        g_ptr_array_add(popup->rows, g_new0(Row, 1));
    row->heading = g_strdup(group);
    row->heading[0] = g_ascii_toupper(row->heading[0]);
    g_ptr_array_add(popup->rows, row);
}

/* The rows of a group; its heading only when there are any. */
static void
add_group(HelpPopup *popup, const GArray *bindings, const char *group)
{
    guint from = 0;

    for (guint i = 0; i < bindings->len; i++) {
        const KeyBinding *one = &g_array_index(bindings, KeyBinding, i);

        if (strcmp(one->group ? one->group : "more", group) != 0
            || !is_wanted(popup, one))
            continue;
        if (from == 0) {
            add_heading(popup, group);
            from = popup->rows->len;
        }
        add_row(popup, from, one);
    }
}

static void
make_rows(HelpPopup *popup)
{
    g_autoptr(GArray) bindings =
        keys_list(session_keys(popup->base.tui->session), popup->context, "");
    g_autoptr(GPtrArray) groups = g_ptr_array_new();

    g_ptr_array_set_size(popup->rows, 0);
    for (guint i = 0; i < bindings->len; i++) {
        const char *group = g_array_index(bindings, KeyBinding, i).group;

        group = group ? group : "more";
        if (g_ptr_array_find_with_equal_func(groups, group, g_str_equal, NULL))
            continue;
        g_ptr_array_add(groups, (char *)group);
        add_group(popup, bindings, group);
    }
}

/* The next row that has a command, from one on in steps. */
static void
choose(HelpPopup *popup, int from, int step)
{
    for (int i = from; i >= 0 && i < (int)popup->rows->len; i += step)
        if (((const Row *)popup->rows->pdata[i])->command) {
            popup->chosen = i;
            break;
        }
    if (popup->chosen < popup->top)
        popup->top = MAX(0, popup->chosen - 1);
    if (popup->chosen >= popup->top + popup->shown)
        popup->top = popup->chosen - popup->shown + 1;
}

static void
draw_row(const HelpPopup *popup, int index, int y, int x, int columns)
{
    const Row *row = popup->rows->pdata[index];
    Ground ground = index == popup->chosen ? GROUND_SELECTED : GROUND_POPUP;

    if (row->command == NULL) {
        draw_cells(y, x, columns, row->heading ? row->heading : "", ROLE_BOLD,
                   ground);
        return;
    }
    draw_right(y, x, KEYS, row->keys, ROLE_ACCENT, ground);
    draw_cells(y, x + KEYS, 1, "", ROLE_TEXT, ground);
    draw_cells(y, x + KEYS + 1, columns - KEYS - 2, row->help, ROLE_TEXT,
               ground);
}

static void
draw_filter(const HelpPopup *popup, Rect inside)
{
    g_autofree char *filter = draw_safe(popup->filter->str);
    g_autofree char *text = g_strdup_printf("Filter: %s", filter);
    g_autofree char *hint =
        g_strdup_printf("type to filter %s %s run it %s Esc close", glyph("·"),
                        glyph("⏎"), glyph("·"));
    int width = text_width(hint);

    draw_cells(inside.y, inside.x, inside.columns, text, ROLE_TEXT,
               GROUND_POPUP);
    if (inside.columns > width + text_width(text) + 2)
        draw_right(inside.y, inside.x + inside.columns - width, width, hint,
                   ROLE_DIM, GROUND_POPUP);
    popup->base.tui->cursor_y = inside.y;
    popup->base.tui->cursor_x = inside.x + text_width(text);
}

static const char *
place_of(const char *context)
{
    for (gsize i = 0; i < G_N_ELEMENTS(places); i++)
        if (strcmp(places[i][0], context) == 0)
            return places[i][1];
    return "this page";
}

static void
help_draw(View *view, Rect screen)
{
    HelpPopup *popup = (HelpPopup *)view;
    Rect area = layout_popup(screen, screen.rows - 2, WIDE);
    g_autofree char *title =
        g_strdup_printf("Keys in %s", place_of(popup->context));
    Rect inside = draw_frame(area, title);
    int across = inside.columns >= TWO_FROM ? 2 : 1;
    int width = inside.columns / across;
    int down = MAX(1, inside.rows - 4);

    popup->shown = down * across;
    popup->top =
        CLAMP(popup->top, 0, MAX(0, (int)popup->rows->len - popup->shown));
    draw_filter(popup, inside);
    for (int i = 0; i < popup->shown; i++)
        if (popup->top + i < (int)popup->rows->len)
            draw_row(popup, popup->top + i, inside.y + 2 + i % down,
                     inside.x + i / down * width, width);
    draw_cells(inside.y + inside.rows - 1, inside.x, inside.columns, FOOT,
               ROLE_DIM, GROUND_POPUP);
}

static void
run_chosen(HelpPopup *popup)
{
    Tui *tui = popup->base.tui;
    const Row *row =
        popup->chosen == NONE ? NULL : popup->rows->pdata[popup->chosen];
    g_autofree char *command = row ? g_strdup(row->command) : NULL;

    if (command == NULL)
        return;
    tui_set_popup(tui, NULL);
    tui_run_command(tui, command, 0);
}

static void
set_filter(HelpPopup *popup)
{
    popup->chosen = NONE;
    popup->top = 0;
    make_rows(popup);
    if (popup->filter->len > 0)
        choose(popup, 0, 1);
}

/* Keys that move; false: it is none. */
static bool
move_key(HelpPopup *popup, const char *key)
{
    if (strcmp(key, "Down") == 0)
        choose(popup, popup->chosen + 1, 1);
    else if (strcmp(key, "Up") == 0)
        choose(popup, popup->chosen - 1, -1);
    else if (strcmp(key, "PgDn") == 0)
        popup->top += popup->shown;
    else if (strcmp(key, "PgUp") == 0)
        popup->top -= popup->shown;
    else
        return false;
    return true;
}

static bool
help_act(View *view, const char *what, const char *key)
{
    HelpPopup *popup = (HelpPopup *)view;
    GString *filter = popup->filter;
    const char *last =
        g_utf8_find_prev_char(filter->str, filter->str + filter->len);

    if (strcmp(what, "key") != 0)
        return false;
    tui_dirty(view->tui);
    if (strcmp(key, "Enter") == 0) {
        run_chosen(popup);
        return true;
    }
    if (move_key(popup, key))
        return true;
    if (strcmp(key, "Backspace") == 0 && filter->len > 0)
        g_string_truncate(filter, (gsize)(last - filter->str));
    else if (strcmp(key, "^U") == 0)
        g_string_truncate(filter, 0);
    else if (g_utf8_strlen(key, -1) == 1)
        g_string_append(filter, key);
    else if (strcmp(key, "Space") == 0)
        g_string_append_c(filter, ' ');
    set_filter(popup);
    return true;
}

static char *
help_hints(View *view, int columns)
{
    (void)view;
    (void)columns;
    return g_strdup_printf(" type to filter  %s run it  Esc close", glyph("⏎"));
}

static const ViewClass help_class = {
    .context = NULL,
    .typed = true,
    .draw = help_draw,
    .destroy = help_destroy,
    .act = help_act,
    .hints = help_hints,
};

View *
help_popup(Tui *tui)
{
    HelpPopup *popup = g_new0(HelpPopup, 1);

    popup->base.class = &help_class;
    popup->base.tui = tui;
    popup->context = g_strdup(tui_context(tui));
    popup->filter = g_string_new(NULL);
    popup->rows = g_ptr_array_new_with_free_func(row_free);
    popup->chosen = NONE;
    make_rows(popup);
    return &popup->base;
}
