/* What a stranger wrote, made safe for a terminal (promise P59; design:
 * screens, 8.3). Each row was seen to break a row of some mail client. */
#include "base/text.h"

#include <locale.h>
#include <string.h>

typedef struct {
    const char *name;
    const char *raw;
    TextKind kind;
    const char *safe;
} Row;

static const Row rows[] = {
    /* the five lines of the design */
    { "family", "👩‍👩‍👧‍👦 family", TEXT_LINE, "👩 family" },
    { "flag", "🏳️‍🌈 flag", TEXT_LINE, "🏳 flag" },
    { "astronaut", "👨🏿‍🚀 astronaut", TEXT_LINE, "👨 astronaut" },
    { "override", "\u202eevil", TEXT_LINE, "evil" },
    { "zalgo", "Za\u0300\u0301\u0302\u0303\u0304lgo x", TEXT_LINE,
      "Za\u0300\u0301lgo x" },

    /* what commands a terminal */
    { "escape", "a\033[2Jb", TEXT_LINE, "a\uFFFD[2Jb" },
    { "bell and del", "a\007b\177c", TEXT_LINE, "a\uFFFDb\uFFFDc" },
    { "C1 as UTF-8",
      "a\xc2\x9b"
      "2Jb",
      TEXT_LINE, "a\uFFFD2Jb" },
    { "C1 as bytes",
      "a\x9b"
      "2Jb",
      TEXT_LINE, "a\uFFFD2Jb" },
    { "OSC title", "\033]2;owned\033\\", TEXT_LINE, "\uFFFD]2;owned\uFFFD\\" },
    { "newlines", "a\r\nb\tc", TEXT_LINE, "a  b c" },
    { "line separators", "a\u2028b\u2029c", TEXT_LINE, "a\uFFFDb\uFFFDc" },

    /* what is not UTF-8 */
    { "latin-1", "caf\xe9 x", TEXT_LINE, "caf\uFFFD x" },
    { "cut short", "x\xe2\x82", TEXT_LINE, "x\uFFFD\uFFFD" },
    { "overlong slash", "\xc0\xafx", TEXT_LINE, "\uFFFD\uFFFDx" },
    { "surrogate", "\xed\xa0\x80x", TEXT_LINE, "\uFFFD\uFFFD\uFFFDx" },
    { "beyond Unicode", "\xf5\x80\x80\x80x", TEXT_LINE,
      "\uFFFD\uFFFD\uFFFD\uFFFDx" },

    /* what takes no columns, or others than it seems */
    { "zero width", "pay\u200bpal\u2060.\ufeffcom\u00ad", TEXT_LINE,
      "paypal.com" },
    { "isolates", "a\u2066b\u2069c\u061cd", TEXT_LINE, "abcd" },
    { "variation selector", "❤\ufe0f x", TEXT_LINE, "❤ x" },
    { "tags of plane 14", "x\U000e0041\U000e007fy", TEXT_LINE, "xy" },
    { "skin tone", "👍🏽", TEXT_LINE, "👍" },
    { "Swedish flag", "🇸🇪", TEXT_LINE, "SE" },
    { "Hangul fillers", "a\u115fb\u1160c\u3164d", TEXT_LINE, "abcd" },
    { "Mongolian, Khmer", "a\u180eb\u17b4c", TEXT_LINE, "abc" },
    { "private use", "a\ue000b", TEXT_LINE, "a\uFFFDb" },
    { "noncharacter", "a\uFFFFb", TEXT_LINE, "a\uFFFDb" },
    { "mark first", "\u0301x", TEXT_LINE, " \u0301x" },
    { "ZWJ of a line", "a\u200db", TEXT_LINE, "ab" },
    { "two pictures in a row stay", "🚀🚀", TEXT_LINE, "🚀🚀" },
    { "picture, ZWJ, letter", "👩\u200dx", TEXT_LINE, "👩x" },

    /* bodies */
    { "Persian ZWNJ", "می\u200cخواهم", TEXT_BODY, "می\u200cخواهم" },
    { "Persian in a line", "می\u200cخواهم", TEXT_LINE, "میخواهم" },
    { "ZWNJ at the end", "a\u200c", TEXT_BODY, "a" },
    { "ZWNJ after a sign", "-\u200ca", TEXT_BODY, "-a" },
    { "override of a body", "x\u202ey", TEXT_BODY, "xy" },
    { "tab stop", "ab\tc", TEXT_BODY, "ab      c" },
    { "tab at the stop", "abcdefgh\ti", TEXT_BODY, "abcdefgh        i" },
    { "wide before a tab", "日本\tx", TEXT_BODY, "日本    x" },

    /* what must stay */
    { "plain", "Ana Novak <ana@example.org>", TEXT_LINE,
      "Ana Novak <ana@example.org>" },
    { "scripts", "日本語 ქართული Ελληνικά עברית", TEXT_LINE,
      "日本語 ქართული Ελληνικά עברית" },
    { "composed by marks", "e\u0301a\u030a", TEXT_LINE, "e\u0301a\u030a" },
    { "Devanagari", "हिन्दी", TEXT_LINE, "हिन्दी" },
    { "empty", "", TEXT_LINE, "" },
};

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    g_autofree char *safe = text_sanitise(row->raw, -1, row->kind);

    g_assert_cmpstr(safe, ==, row->safe);
    g_assert_true(g_utf8_validate(safe, -1, NULL));
}

static void
test_nul(void)
{
    g_autofree char *safe = text_sanitise("a\0b", 3, TEXT_LINE);

    g_assert_cmpstr(safe, ==, "a\uFFFDb");
}

/* Whatever comes in: valid, nothing below U+0020, no C1, no bidi control, and
 * safe text stays as it is. */
static void
test_random(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(83);

    for (int i = 0; i < 20000; i++) {
        char raw[24];
        gssize size = g_rand_int_range(random, 0, sizeof raw);
        TextKind kind = i % 2 ? TEXT_LINE : TEXT_BODY;
        g_autofree char *safe = NULL;
        g_autofree char *again = NULL;

        for (gssize j = 0; j < size; j++)
            raw[j] = (char)(g_rand_boolean(random)
                                ? g_rand_int_range(random, 0, 256)
                                : "\xe2\x80\x8d\xaf\x9f\xf0\x91\xcc"
                                    [g_rand_int_range(random, 0, 8)]);
        safe = text_sanitise(raw, size, kind);
        g_assert_true(g_utf8_validate(safe, -1, NULL));
        for (const char *at = safe; *at; at = g_utf8_next_char(at)) {
            gunichar c = g_utf8_get_char(at);

            g_assert_cmpuint(c, >=, 0x20);
            g_assert_false(c >= 0x7f && c < 0xa0);
            g_assert_false(c >= 0x202a && c <= 0x202e);
        }
        again = text_sanitise(safe, -1, kind);
        g_assert_cmpstr(again, ==, safe);
    }
}

/* What libc thinks the safe text takes is what a grid of cells gives it: every
 * character is 0, 1 or 2 columns wide and none is unknown. */
static void
test_width(void)
{
    static const struct {
        const char *raw;
        int columns;
    } widths[] = {
        { "👩‍👩‍👧‍👦 family", 9 },
        { "🏳️‍🌈 flag", 6 },
        { "👨🏿‍🚀 astronaut", 12 },
        { "x\u0300\u0301\u0302\u0303 zalgo", 7 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(widths); i++) {
        g_autofree char *safe = text_sanitise(widths[i].raw, -1, TEXT_LINE);

        g_assert_cmpint(text_width(safe), ==, widths[i].columns);
    }
}

int
main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path =
            g_strdup_printf("/base/sanitise/P59/%s", rows[i].name);

        g_test_add_data_func(path, &rows[i], test_row);
    }
    g_test_add_func("/base/sanitise/P59/nul", test_nul);
    g_test_add_func("/base/sanitise/P59/random", test_random);
    g_test_add_func("/base/sanitise/P59/width", test_width);
    return g_test_run();
}
