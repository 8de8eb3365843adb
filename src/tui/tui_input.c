/* Keys by name. Curses knows the sequences of terminfo; what it does not know
 * (reports, answers, mouse) arrives byte by byte behind an escape and is
 * swallowed whole, so that no answer of a terminal becomes a command. A pasted
 * text is one thing, never keys. */
#include "tui_private.h"

#include <string.h>

enum {
    KEY_PASTE_BEGIN = 0x2000,
    KEY_PASTE_END,
    KEY_FOCUS_IN,
    KEY_FOCUS_OUT,
    PASTE_LIMIT = 1 << 20,
    SEQUENCE_LIMIT = 4096,
    ESCAPE = 27,
    SEQUENCE_MS = 5,
    PASTE_MS = 1000,
};

static WINDOW *pad; /* read from here: reading stdscr would refresh it */

static const struct {
    int code;
    const char *name;
} names[] = {
    { KEY_UP, "Up" },         { KEY_DOWN, "Down" },
    { KEY_LEFT, "Left" },     { KEY_RIGHT, "Right" },
    { KEY_PPAGE, "PgUp" },    { KEY_NPAGE, "PgDn" },
    { KEY_HOME, "Home" },     { KEY_END, "End" },
    { KEY_DC, "Del" },        { KEY_IC, "Ins" },
    { KEY_BACKSPACE, "Backspace" }, { KEY_ENTER, "Enter" },
    { KEY_BTAB, "S-Tab" },
};

static void
open_pad(void)
{
    pad = newpad(1, 1);
    keypad(pad, TRUE);
    nodelay(pad, TRUE);
    meta(pad, TRUE);
    keyok(KEY_MOUSE, FALSE); /* swallowed like any report */
    define_key("\033[200~", KEY_PASTE_BEGIN);
    define_key("\033[201~", KEY_PASTE_END);
    define_key("\033[I", KEY_FOCUS_IN);
    define_key("\033[O", KEY_FOCUS_OUT);
}

/* One value: KEY_CODE_YES, OK or ERR. Waits at most ms (0: not at all). */
static int
get(wint_t *value, int ms)
{
    int kind;

    wtimeout(pad, ms);
    kind = wget_wch(pad, value);
    wtimeout(pad, 0);
    return kind;
}

/* Everything up to the end of a control sequence: ESC [ or ESC O up to a final
 * byte; ESC ] P _ ^ up to BEL or ESC \. */
static void
swallow(wint_t introducer)
{
    bool is_string = introducer != '[' && introducer != 'O';
    wint_t last = 0, value;
    bool mouse = false;

    for (int i = 0; i < SEQUENCE_LIMIT; i++) {
        if (get(&value, SEQUENCE_MS * (is_string ? 10 : 1)) == ERR)
            return;
        if (is_string && (value == 7 || (last == ESCAPE && value == '\\')))
            return;
        if (!is_string && i == 0 && value == 'M')
            mouse = true; /* ESC [ M and three bytes */
        else if (!is_string && !mouse && value >= 0x40 && value <= 0x7e)
            return;
        if (mouse && i == 3)
            return;
        last = value;
    }
}

static char *
name_of_char(wint_t value)
{
    char text[8] = "";

    if (value == '\r')
        return g_strdup("Enter");
    if (value == '\t')
        return g_strdup("Tab");
    if (value == ' ')
        return g_strdup("Space");
    if (value == ESCAPE)
        return g_strdup("Esc");
    if (value == 127 || value == 8)
        return g_strdup("Backspace");
    if (value < 32)
        return g_strdup_printf("^%c", (char)(value + '@'));
    if (!g_unichar_validate(value) || !g_unichar_isprint(value))
        return NULL;
    g_unichar_to_utf8(value, text);
    return g_strdup(text);
}

static char *
name_of_code(wint_t code)
{
    if (code >= KEY_F(1) && code <= KEY_F(12))
        return g_strdup_printf("F%d", (int)code - KEY_F(0));
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if ((wint_t)names[i].code == code)
            return g_strdup(names[i].name);
    return NULL;
}

/* The text between the marks. A paste that does not end is ended by time. */
static char *
read_paste(void)
{
    GString *text = g_string_new(NULL);
    wint_t value;
    int kind;

    while ((kind = get(&value, PASTE_MS)) != ERR
           && !(kind == KEY_CODE_YES && value == KEY_PASTE_END))
        if (kind == OK && text->len < PASTE_LIMIT
            && g_unichar_validate(value))
            g_string_append_unichar(text, value == '\r' ? '\n' : value);
    return g_string_free(text, FALSE);
}

/* Behind an escape: nothing, a sequence, or Alt with a key. */
static char *
after_escape(void)
{
    g_autofree char *name = NULL;
    wint_t value;

    if (get(&value, SEQUENCE_MS) != OK)
        return g_strdup("Esc");
    if (value != 0 && value < 128 && strchr("[O]P_^X", (int)value)) {
        swallow(value);
        return NULL;
    }
    name = name_of_char(value);
    return name && value != ESCAPE ? g_strdup_printf("Alt-%s", name) : NULL;
}

char *
input_next(char **paste)
{
    wint_t value;
    char *name = NULL;

    *paste = NULL;
    if (pad == NULL)
        open_pad();
    while (name == NULL && *paste == NULL) {
        int kind = get(&value, 0);

        if (kind == ERR)
            return NULL;
        if (kind == KEY_CODE_YES && value == KEY_PASTE_BEGIN)
            *paste = read_paste();
        else if (kind == KEY_CODE_YES)
            name = name_of_code(value);
        else if (value == ESCAPE)
            name = after_escape();
        else
            name = name_of_char(value);
    }
    return name;
}
