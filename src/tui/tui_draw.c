/* Cells. Every text is safe, cut by columns before it is drawn, and padded, so
 * that no row wraps and no half of a wide character stays behind. */
#include "tui_private.h"

#include "base/text.h"

#include <langinfo.h>
#include <string.h>

static const struct {
    const char *unicode, *ascii;
} glyphs[] = {
    { "▌", ">" }, { "●", "N" }, { "★", "*" }, { "✗", "X" }, { "✓", "+" },
    { "↩", "r" }, { "↪", "f" }, { "✎", "d" }, { "…", "~" }, { "–", "-" },
    { "│", "|" }, { "─", "-" }, { "├", "|" }, { "└", "`" }, { "▸", ">" },
    { "▾", "v" }, { "⏎", "Ret" }, { "·", "-" }, { "╭", "+" }, { "╮", "+" },
    { "╰", "+" }, { "╯", "+" }, { "↑", "^" }, { "↓", "v" }, { "⋯", "~" },
    { "█", "#" }, { "░", "." }, { "•", "*" }, { "␣", "Spc" },
};

bool
draw_is_ascii(void)
{
    static int ascii = -1;

    if (ascii < 0)
        ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
    return ascii;
}

const char *
glyph(const char *unicode)
{
    for (gsize i = 0; draw_is_ascii() && i < G_N_ELEMENTS(glyphs); i++)
        if (strcmp(glyphs[i].unicode, unicode) == 0)
            return glyphs[i].ascii;
    return unicode;
}

/* Our own signs by the table, letters by GLib's transliteration. */
static char *
to_ascii(const char *text)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (; *text; text = g_utf8_next_char(text)) {
        gsize size = g_utf8_skip[(guchar)*text];
        g_autofree char *one = g_strndup(text, size);
        const char *sign = glyph(one);

        if (sign != one)
            g_string_append(out, sign);
        else
            g_string_append(out, one);
    }
    return g_str_to_ascii(out->str, "C");
}

char *
draw_safe(const char *untrusted)
{
    return text_sanitise(untrusted ? untrusted : "", -1, TEXT_LINE);
}

static void
put(int y, int x, const char *text)
{
    if (draw_is_ascii()) {
        g_autofree char *ascii = to_ascii(text);

        mvaddstr(y, x, ascii);
    } else {
        mvaddstr(y, x, text);
    }
}

/* Is it the second half of a wide character? ncurses numbers the halves in the
 * bits that are a narrow one's text. */
static bool
is_half(int y, int x)
{
    cchar_t cell;

    return x > 0 && x < COLS && mvin_wch(y, x, &cell) == OK
           && (cell.attr & A_CHARTEXT) > 1;
}

/* Half of a wide character whose other half was drawn over: ncurses would leave
 * it out of the row, and what is behind it moves. */
static void
heal(int y, int x)
{
    cchar_t cell;
    wchar_t text[CCHARW_MAX + 1];
    attr_t attributes;
    short pair;

    if (mvin_wch(y, x, &cell) == OK
        && getcchar(&cell, text, &attributes, &pair, NULL) == OK
        && setcchar(&cell, L" ", attributes, pair, NULL) == OK)
        mvadd_wch(y, x, &cell);
}

void
draw_cells(int y, int x, int width, const char *safe, Role role,
           Ground ground)
{
    g_autofree char *plain = draw_is_ascii() ? to_ascii(safe) : NULL;
    g_autofree char *cell = NULL;
    bool before, behind;

    if (y < 0 || y >= LINES || x < 0)
        return;
    width = MIN(width, COLS - x);
    if (width <= 0)
        return;
    cell = text_pad(plain ? plain : safe, width, glyph("…"));
    before = is_half(y, x);
    behind = is_half(y, x + width);
    theme_set(role, ground);
    put(y, x, cell);
    if (before)
        heal(y, x - 1);
    if (behind)
        heal(y, x + width);
}

void
draw_right(int y, int x, int width, const char *safe, Role role,
           Ground ground)
{
    g_autofree char *plain = draw_is_ascii() ? to_ascii(safe)
                                             : g_strdup(safe);
    int used = text_width(plain);

    if (used > width) {
        draw_cells(y, x, width, plain, role, ground);
        return;
    }
    draw_cells(y, x, width - used, "", role, ground);
    draw_cells(y, x + width - used, used, plain, role, ground);
}

void
draw_blank(Rect area, Ground ground)
{
    for (int i = 0; i < area.rows; i++)
        draw_cells(area.y + i, area.x, area.columns, "", ROLE_TEXT, ground);
}

static char *
repeat(const char *text, int times)
{
    GString *out = g_string_new(NULL);

    while (times-- > 0)
        g_string_append(out, text);
    return g_string_free(out, FALSE);
}

void
draw_rule(int y, int x, int width)
{
    g_autofree char *line = repeat(glyph("─"), width);

    draw_cells(y, x, width, line, ROLE_RULE, GROUND_NORMAL);
}

Rect
draw_frame(Rect area, const char *title)
{
    g_autofree char *heading =
        title ? g_strdup_printf("%s%s %s ", glyph("╭"), glyph("─"), title)
              : g_strdup(glyph("╭"));
    int used = text_width(heading);
    g_autofree char *line = repeat(glyph("─"), area.columns - used - 1);
    g_autofree char *top = g_strconcat(heading, line, glyph("╮"), NULL);
    g_autofree char *below = repeat(glyph("─"), area.columns - 2);
    g_autofree char *bottom =
        g_strconcat(glyph("╰"), below, glyph("╯"), NULL);
    Rect inside = { area.y + 1, area.x + 2, area.rows - 2, area.columns - 4 };

    draw_blank(area, GROUND_POPUP);
    draw_cells(area.y, area.x, area.columns, top, ROLE_RULE, GROUND_POPUP);
    for (int i = 1; i < area.rows - 1; i++) {
        draw_cells(area.y + i, area.x, 1, glyph("│"), ROLE_RULE,
                   GROUND_POPUP);
        draw_cells(area.y + i, area.x + area.columns - 1, 1, glyph("│"),
                   ROLE_RULE, GROUND_POPUP);
    }
    draw_cells(area.y + area.rows - 1, area.x, area.columns, bottom,
               ROLE_RULE, GROUND_POPUP);
    return inside;
}

static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
static const char days[][4] = { "Mon", "Tue", "Wed", "Thu",
                                "Fri", "Sat", "Sun" };

char *
draw_date(gint64 time, gint64 now)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_local(time);
    g_autoptr(GDateTime) today = g_date_time_new_from_unix_local(now);
    gint64 age;

    if (date == NULL || today == NULL || time == 0)
        return g_strdup("");
    if (g_date_time_get_year(date) == g_date_time_get_year(today)
        && g_date_time_get_day_of_year(date)
            == g_date_time_get_day_of_year(today))
        return g_strdup_printf("%02d:%02d", g_date_time_get_hour(date),
                               g_date_time_get_minute(date));
    age = now - time;
    if (age >= 0 && age < 6 * 86400)
        return g_strdup(days[g_date_time_get_day_of_week(date) - 1]);
    if (g_date_time_get_year(date) == g_date_time_get_year(today))
        return g_strdup_printf("%d %s",
                               g_date_time_get_day_of_month(date),
                               months[g_date_time_get_month(date) - 1]);
    return g_strdup_printf("%d", g_date_time_get_year(date));
}
