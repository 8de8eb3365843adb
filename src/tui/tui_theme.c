/* Roles to colours. The default theme is in styles.conf (`style dark.accent
 * 110`); without colours, bold, dim and reverse remain. */
#include "tui_private.h"

#include "tui_contrast.h"

#include "base/err.h"

#include <stdlib.h>
#include <string.h>

/* Contrast, less what rounding to one digit takes. */
#define LEAST_TEXT 4.45
#define LEAST_DIM 2.95

static const char *const role_names[ROLE_COUNT] = {
    "text", "bold", "dim", "rule", "accent", "tag", "good", "warn", "bad",
};
static const char *const ground_names[GROUND_COUNT] = {
    "normal",
    "selected",
    "top",
    "popup",
};

typedef struct {
    int pair;
    attr_t attributes;
} Look;

static Look looks[ROLE_COUNT][GROUND_COUNT];
static Look fresh[ROLE_COUNT][GROUND_COUNT]; /* until all of them are good */

/* "110", "default", words "bold" "dim" "underline". */
static bool
parse_style(const char *text, int *colour, attr_t *attributes)
{
    g_auto(GStrv) words = g_strsplit(text ? text : "", " ", -1);

    for (char **word = words; *word; word++) {
        if (strcmp(*word, "bold") == 0)
            *attributes |= A_BOLD;
        else if (strcmp(*word, "dim") == 0)
            *attributes |= A_DIM;
        else if (strcmp(*word, "underline") == 0)
            *attributes |= A_UNDERLINE;
        else if (g_ascii_isdigit(**word) && atoi(*word) < 256)
            *colour = atoi(*word);
        else if (**word && strcmp(*word, "default") != 0)
            return false;
    }
    return true;
}

/* Eight colours: what a 256-colour number comes nearest to. */
static int
map_down(int colour)
{
    static const struct {
        int from, to;
    } nearest[] = { { 110, COLOR_BLUE },   { 25, COLOR_BLUE },
                    { 109, COLOR_CYAN },   { 24, COLOR_CYAN },
                    { 108, COLOR_GREEN },  { 22, COLOR_GREEN },
                    { 179, COLOR_YELLOW }, { 94, COLOR_YELLOW },
                    { 174, COLOR_RED },    { 210, COLOR_RED },
                    { 124, COLOR_RED } };

    if (colour < COLORS)
        return colour;
    for (gsize i = 0; i < G_N_ELEMENTS(nearest); i++)
        if (nearest[i].from == colour)
            return nearest[i].to;
    return -1;
}

static const char *
style_of(Session *session, const char *theme, const char *name)
{
    g_autofree char *full = g_strdup_printf("%s.%s", theme, name);

    return cmd_language_style(session_language(session), full);
}

/* A theme that cannot be read is refused. Rules are decoration. */
static bool
check_contrast(const char *theme, Role role, Ground ground, double is,
               GError **error)
{
    double least = role == ROLE_DIM ? LEAST_DIM : LEAST_TEXT;

    if (role == ROLE_RULE || is >= least)
        return true;
    return err_set(error, ERR_USAGE,
                   "style %s.%s cannot be read on the "
                   "ground \"%s\": its contrast is %.1f, %.1f is the least",
                   theme, role_names[role], ground_names[ground], is, least);
}

static bool
make_look(Session *session, const char *theme, Role role, Ground ground,
          GError **error)
{
    Look *look = &fresh[role][ground];
    g_autofree char *selected =
        g_strdup_printf("%s-selected", role_names[role]);
    const char *text =
        ground == GROUND_SELECTED ? style_of(session, theme, selected) : NULL;
    int front = -1, back = -1;
    attr_t unused = 0;

    *look = (Look){ 0, 0 };
    if (text == NULL)
        text = style_of(session, theme, role_names[role]);
    if (!parse_style(text, &front, &look->attributes)
        || !parse_style(style_of(session, theme, ground_names[ground]), &back,
                        &unused))
        return err_set(error, ERR_USAGE,
                       "style %s.%s: write a colour 0 to "
                       "255 and bold, dim or underline",
                       theme, role_names[role]);
    if (!has_colors() || COLORS < 8) {
        if (ground != GROUND_NORMAL && ground != GROUND_POPUP)
            look->attributes |= A_REVERSE;
        return true;
    }
    if (!check_contrast(theme, role, ground,
                        contrast(front, back, strcmp(theme, "light") == 0),
                        error))
        return false;
    front = map_down(front);
    back = map_down(back);
    if (ground != GROUND_NORMAL && back < 0 && COLORS < 256
        && ground != GROUND_POPUP)
        look->attributes |= A_REVERSE;
    look->pair = alloc_pair(front, back);
    if (look->pair < 0)
        look->pair = 0;
    return true;
}

/* Is the terminal light? COLORFGBG says so where it is set; dark otherwise. */
static bool
is_light(void)
{
    const char *value = getenv("COLORFGBG");
    const char *back = value ? strrchr(value, ';') : NULL;

    return back && (atoi(back + 1) == 7 || atoi(back + 1) == 15);
}

bool
theme_load(Session *session, GError **error)
{
    const char *theme =
        options_get(session_options(session), "theme", NULL, NULL);

    if (strcmp(theme, "auto") == 0)
        theme = is_light() ? "light" : "dark";
    if (!has_colors())
        theme = "mono";
    for (int role = 0; role < ROLE_COUNT; role++)
        for (int ground = 0; ground < GROUND_COUNT; ground++)
            if (!make_look(session, theme, (Role)role, (Ground)ground, error))
                return false;
    memcpy(looks, fresh, sizeof looks);
    return true;
}

void
theme_set(Role role, Ground ground)
{
    Look *look = &looks[role][ground];

    /* COLOR_PAIR() keeps eight bits of a pair: pass the pair beside. */
    attr_set(look->attributes, 0, &look->pair);
}

void
theme_underline(bool on)
{
    if (on)
        attr_on(WA_UNDERLINE, NULL);
    else
        attr_off(WA_UNDERLINE, NULL);
}
