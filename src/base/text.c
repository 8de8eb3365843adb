/* Widths, cutting and padding of sanitised text; sizes; the nearest word. */
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static int
char_width(gunichar c)
{
    int width;

    if (c >= 0x20 && c < 0x7f)
        return 1;
    if (MB_CUR_MAX == 1) /* no locale that knows */
        return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
    width = wcwidth((wchar_t)c);
    return width < 0 ? 1 : width;
}

int
text_width(const char *text)
{
    int width = 0;

    for (; *text; text = g_utf8_next_char(text))
        width += char_width(g_utf8_get_char(text));
    return width;
}

gsize
text_fit(const char *text, int width, int *used)
{
    const char *at = text;
    int total = 0;

    for (; *at; at = g_utf8_next_char(at)) {
        int next = char_width(g_utf8_get_char(at));

        if (total + next > width)
            break;
        total += next;
    }
    if (used)
        *used = total;
    return (gsize)(at - text);
}

gsize
text_break(const char *text, int width)
{
    gsize size = text_fit(text, width, NULL);
    gsize at = size;

    if (text[size] == '\0')
        return size;
    while (at > 0 && text[at] != ' ')
        at--;
    if (at > strspn(text, " "))
        return at;
    return size ? size : (gsize)(g_utf8_next_char(text) - text);
}

char *
text_pad(const char *text, int width, const char *ellipsis)
{
    GString *out = g_string_new(NULL);
    int used = 0;
    gsize fit = text_fit(text, width, &used);

    if (text[fit] != '\0' && width > 0) {
        fit = text_fit(text, width - text_width(ellipsis), &used);
        g_string_append_len(out, text, (gssize)fit);
        if (used + text_width(ellipsis) <= width) {
            g_string_append(out, ellipsis);
            used += text_width(ellipsis);
        }
    } else {
        g_string_append_len(out, text, (gssize)fit);
    }
    for (; used < width; used++)
        g_string_append_c(out, ' ');
    return g_string_free(out, FALSE);
}

char *
text_lf(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);

    return g_strjoinv("\n", lines);
}

char *
text_hex(const guint8 *bytes, gsize size)
{
    GString *hex = g_string_sized_new(2 * size);

    for (gsize i = 0; i < size; i++)
        g_string_append_printf(hex, "%02x", bytes[i]);
    return g_string_free(hex, FALSE);
}

char *
text_size(guint64 bytes)
{
    static const char units[] = "BKMGTPE";
    double value = (double)bytes;
    int unit = 0;

    while (value >= 999.5 && units[unit + 1]) {
        value /= 1024;
        unit++;
    }
    if (unit > 0 && value < 9.95)
        return g_strdup_printf("%.1f%c", value, units[unit]);
    return g_strdup_printf("%.0f%c", value, units[unit]);
}

/* Optimal string alignment: insert, delete, change, swap neighbours. */
static guint
distance(const char *a, const char *b)
{
    enum {
        LONGEST = 64
    };
    guint rows[3][LONGEST + 1];
    gsize m = strlen(a), n = strlen(b);

    if (m > LONGEST || n > LONGEST)
        return G_MAXUINT;
    for (gsize j = 0; j <= n; j++)
        rows[0][j] = (guint)j;
    for (gsize i = 1; i <= m; i++) {
        guint *row = rows[i % 3];
        const guint *last = rows[(i + 2) % 3];
        const guint *before = rows[(i + 1) % 3];

        row[0] = (guint)i;
        for (gsize j = 1; j <= n; j++) {
            row[j] = MIN(MIN(last[j], row[j - 1]) + 1,
                         last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = MIN(row[j], before[j - 2] + 1);
        }
    }
    return rows[m % 3][n];
}

const char *
text_nearest(const char *word, const char *const *candidates)
{
    guint best = (guint)strlen(word) / 3 + 2; /* farther is no help */
    const char *nearest = NULL;

    for (; *candidates; candidates++) {
        guint far = distance(word, *candidates);

        if (far < best) {
            best = far;
            nearest = *candidates;
        }
    }
    return nearest;
}
