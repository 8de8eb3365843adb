/* What a program drew: colours in every form, a bounded size, and nothing else
 * of what it may write (promise P59). */
#include "base/sgr.h"

#include "base/text.h"

#include <string.h>

/* A letter for each cell with its colours: "a:1,-1 " and "|" behind a row. */
static char *
dump(const char *text, gsize size, int columns, int rows)
{
    g_autoptr(SgrCells) cells = sgr_parse(text, size, columns, rows);
    GString *out = g_string_new(NULL);

    for (int i = 0; i < cells->rows * cells->columns; i++) {
        const SgrCell *cell = &cells->cells[i];

        g_string_append_unichar(out, cell->character);
        if (cell->front != SGR_DEFAULT || cell->back != SGR_DEFAULT)
            g_string_append_printf(out, ":%d,%d", cell->front, cell->back);
        if (cell->bold || cell->reverse)
            g_string_append(out, cell->bold ? "!" : "~");
        if ((i + 1) % cells->columns == 0)
            g_string_append_c(out, '|');
    }
    return g_string_free(out, FALSE);
}

static const struct {
    const char *text, *dump;
} cases[] = {
    { "", "" },
    { "ab\ncd\n", "ab|cd|" },
    { "a\r\nbcd", "a  |bcd|" },
    { "\n\na", " | |a|" },
    { "\033[31;44ma\033[0mb", "a:1,4b|" },
    { "\033[91ma\033[107mb\033[39mc\033[49md", "a:9,-1b:9,15c:-1,15d|" },
    { "\033[38;5;200;48;5;17m▄", "▄:200,17|" },
    { "\033[38:5:200m▄", "▄:200,-1|" },
    { "\033[38;2;255;0;0ma\033[48;2;0;0;0mb", "a:196,-1b:196,16|" },
    { "\033[38;2;128;128;128ma\033[38;2;255;255;255mb", "a:244,-1b:231,-1|" },
    { "\033[1ma\033[22mb\033[7mc\033[27md", "a!bc~d|" },
    { "\033[31ma\033[mb", "a:1,-1b|" },
    /* broken, or none of ours */
    { "\033[38;5ma\033[38;5;256mb\033[38;2;1mc", "abc|" },
    { "\033[31;999999999999;32ma", "a:2,-1|" },
    { "\033[?25la\033[2Jb\033[10;10Hc\033[>4md", "abcd|" },
    { "\033]0;title\007a\033]52;c;eA==\033\\b", "ab|" },
    { "\033Pq#0;2;0\033\\a\033_Gi=1;x\033\\b\033^x\033\\c", "abc|" },
    { "a\033]0;never ends", "a|" },
    { "a\033[31", "a|" },
    { "a\033", "a|" },
    { "\033(Ba\033=b\033cd", "abd|" },
    { "\033\033[32ma", "a:2,-1|" },
    { "\033[3\n1ma", "   |1ma|" },
    /* not printable, or not of one column */
    { "a\tb\bc\177d\302\233e", "abcde|" },
    { "\xff\xe2\x96", "???|" },
    { "日e\314\201\342\200\256x\342\200\213y", "?e??x?y|" },
};

static void
test_cases(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *found =
            dump(cases[i].text, strlen(cases[i].text), 20, 5);

        if (strcmp(cases[i].dump, found) != 0)
            g_test_message("case %" G_GSIZE_FORMAT, i);
        g_assert_cmpstr(found, ==, cases[i].dump);
    }
}

/* However much is written, no more is kept. */
static void
test_size(void)
{
    g_autoptr(GString) flood = g_string_new(NULL);
    g_autofree char *found = NULL;
    g_autoptr(SgrCells) cells = NULL;

    for (int i = 0; i < 20000; i++)
        g_string_append(flood, "\033[31mxxxxxxxxxx");
    for (int i = 0; i < 20000; i++)
        g_string_append(flood, "\ny");
    found = dump(flood->str, flood->len, 3, 2);
    g_assert_cmpstr(found, ==, "x:1,-1x:1,-1x:1,-1|y:1,-1  |");
    cells = sgr_parse("a\0b", 3, 5, 5);
    g_assert_cmpint(cells->columns, ==, 2);
}

/* Any bytes: cells of one printable column, colours of the palette. */
static void
test_random(void)
{
    static const char alphabet[] = "\033\033[[;;:;0123456789mmmK]P\\\007\n\r ab"
                                   "\342\226\204\302\233\xff\xe2";

    for (int round = 0; round < 2000; round++) {
        char text[120];
        gsize size = (gsize)g_test_rand_int_range(0, sizeof text);
        g_autoptr(SgrCells) cells = NULL;

        for (gsize i = 0; i < size; i++)
            text[i] = alphabet[g_test_rand_int_range(0, sizeof alphabet)];
        cells = sgr_parse(text, size, 7, 3);
        g_assert_cmpint(cells->rows, <=, 3);
        g_assert_cmpint(cells->columns, <=, 7);
        for (int i = 0; i < cells->rows * cells->columns; i++) {
            const SgrCell *cell = &cells->cells[i];

            g_assert_true(g_unichar_isprint(cell->character));
            g_assert_false(g_unichar_iswide(cell->character));
            g_assert_cmpint(cell->front, >=, SGR_DEFAULT);
            g_assert_cmpint(cell->front, <, 256);
            g_assert_cmpint(cell->back, >=, SGR_DEFAULT);
            g_assert_cmpint(cell->back, <, 256);
        }
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/sgr/P59/cases", test_cases);
    g_test_add_func("/base/sgr/P59/size", test_size);
    g_test_add_func("/base/sgr/P59/random", test_random);
    return g_test_run();
}
