/* Coloured cells on the screen: what another program drew. Colours are pairs of
 * curses, of which there are so many and no more; the theme keeps some. */
#include "tui_private.h"

enum {
    KEPT_PAIRS = 64, /* for the theme; it has far fewer */
    PALETTE = 257,   /* with the terminal's own colour */
};

/* (front + 1) * PALETTE + back + 1 -> pair */
static GHashTable *pairs;

static int
most_pairs(void)
{
    return COLOR_PAIRS > 2 * KEPT_PAIRS ? COLOR_PAIRS - KEPT_PAIRS
                                        : COLOR_PAIRS / 2;
}

/* The pair of two colours; of the front alone, or none, when there are no more.
 * curses would take pairs away from what is on the screen. */
static int
pair_of(int front, int back)
{
    void *key = GINT_TO_POINTER((front + 1) * PALETTE + back + 1);
    void *found;
    int pair;

    if (front == SGR_DEFAULT && back == SGR_DEFAULT)
        return 0;
    if (pairs == NULL)
        pairs = g_hash_table_new(NULL, NULL);
    if (g_hash_table_lookup_extended(pairs, key, NULL, &found))
        return GPOINTER_TO_INT(found);
    if ((int)g_hash_table_size(pairs) >= most_pairs())
        return 0;
    pair = MAX(alloc_pair(front, back), 0);
    g_hash_table_insert(pairs, key, GINT_TO_POINTER(pair));
    return pair;
}

void
cells_forget(void)
{
    GHashTableIter iter;
    void *pair;

    if (pairs == NULL)
        return;
    g_hash_table_iter_init(&iter, pairs);
    while (g_hash_table_iter_next(&iter, NULL, &pair))
        free_pair(GPOINTER_TO_INT(pair));
    g_clear_pointer(&pairs, g_hash_table_unref);
}

void
cells_draw(int y, int x, int width, const SgrCell *cells, int n)
{
    if (y < 0 || y >= LINES || x < 0)
        return;
    width = MIN(width, COLS - x);
    for (int i = 0; i < MIN(n, width); i++) {
        const SgrCell *cell = &cells[i];
        int pair = pair_of(cell->front, cell->back);
        char text[8] = { 0 };

        g_unichar_to_utf8(
            draw_is_ascii() && cell->character > 0x7e ? '?' : cell->character,
            text);
        attr_set((cell->bold ? A_BOLD : 0) | (cell->reverse ? A_REVERSE : 0), 0,
                 &pair);
        mvaddstr(y, x + i, text);
    }
    draw_cells(y, x + n, width - n, "", ROLE_TEXT, GROUND_NORMAL);
}
