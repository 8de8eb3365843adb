/* Text of any charset that iconv knows, as UTF-8. A wrong label must not hide
 * text: what does not convert is read as UTF-8 when it is that, else as
 * windows-1252, and the reader is told. Labels are mapped as the WHATWG
 * Encoding standard does where a subset is named and its superset is sent. */
#include "mime_charset.h"

#include <errno.h>
#include <string.h>

#include <gmime/gmime.h>

static const struct {
    const char *label;
    const char *iconv;
} supersets[] = {
    { "iso-8859-1", "windows-1252" },
    { "latin1", "windows-1252" },
    { "iso8859-1", "windows-1252" },
    { "us-ascii", "windows-1252" },
    { "ascii", "windows-1252" },
    { "iso-8859-9", "windows-1254" },
    { "gb2312", "gb18030" },
    { "gbk", "gb18030" },
    { "x-gbk", "gb18030" },
    { "ks_c_5601-1987", "cp949" },
    { "euc-kr", "cp949" },
    { "shift_jis", "cp932" },
    { "shift-jis", "cp932" },
    { "x-sjis", "cp932" },
    { "big5", "big5-hkscs" },
    { "tis-620", "windows-874" },
    { "iso-8859-8-i", "iso-8859-8" },
    { "x-mac-roman", "macintosh" },
};

/* Only what a charset name is made of reaches iconv: its own suffixes such as
 * "//IGNORE" and paths do not (promise P55). */
static bool
is_charset_name(const char *label)
{
    gsize n = strspn(label, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
                            "WXYZ0123456789-_.:+");

    return n > 0 && n < 60 && label[n] == '\0';
}

static const char *
iconv_name(const char *label)
{
    for (guint i = 0; i < G_N_ELEMENTS(supersets); i++)
        if (g_ascii_strcasecmp(label, supersets[i].label) == 0)
            return supersets[i].iconv;
    return g_mime_charset_iconv_name(label);
}

/* One pass through iconv; what does not convert becomes U+FFFD. */
static GString *
convert(GIConv cd, const char *bytes, gsize size, guint *n_bad)
{
    GString *out = g_string_sized_new(size + size / 8 + 16);
    char buffer[4096];
    char *in = (char *)bytes;
    char *to = buffer;
    gsize left = size;
    gsize room = sizeof buffer;

    *n_bad = 0;
    while (left > 0) {
        gsize done = g_iconv(cd, &in, &left, &to, &room);
        int reason = errno;

        g_string_append_len(out, buffer, to - buffer);
        to = buffer;
        room = sizeof buffer;
        if (done != (gsize)-1 || reason == E2BIG)
            continue;
        g_string_append(out, "\357\277\275");
        ++*n_bad;
        in++;
        left--;
    }
    g_iconv(cd, NULL, NULL, &to, &room);
    g_string_append_len(out, buffer, to - buffer);
    return out;
}

/* A charset that names UTF-8 or one of its subsets, or nothing at all. */
static bool
is_utf8_label(const char *label)
{
    return label == NULL || g_ascii_strcasecmp(label, "utf-8") == 0
           || g_ascii_strcasecmp(label, "utf8") == 0
           || g_ascii_strcasecmp(label, "us-ascii") == 0
           || g_ascii_strcasecmp(label, "ascii") == 0
           || g_ascii_strcasecmp(label, "unknown-8bit") == 0 || *label == '\0';
}

/* NUL ends a C string: SUB stands for it, which the sanitiser makes visible. */
static void
replace_nul(char *bytes, gsize size)
{
    for (char *p = memchr(bytes, '\0', size); p;
         p = memchr(p, '\0', bytes + size - p))
        *p = '\032';
}

/* UTF-8 with a damaged place here and there is still UTF-8: more whole
 * characters above ASCII than bytes that are none. */
static bool
is_mostly_utf8(const char *bytes, gsize size)
{
    const char *end = bytes + size;
    gsize good = 0, bad = 0;

    while (bytes < end) {
        const char *stop;

        if (g_utf8_validate_len(bytes, end - bytes, &stop))
            stop = end;
        for (; bytes < stop; bytes = g_utf8_next_char(bytes))
            good += (*bytes & 0x80) != 0;
        if (bytes < end) {
            bad++;
            bytes++;
        }
    }
    return bad == 0 || good > bad;
}

static char *
from_charset(const char *bytes, gsize size, const char *charset, guint *n_bad)
{
    GIConv cd = g_iconv_open("UTF-8", charset);
    GString *text;

    if (cd == (GIConv)-1)
        return NULL;
    text = convert(cd, bytes, size, n_bad);
    g_iconv_close(cd);
    replace_nul(text->str, text->len);
    return g_string_free(text, FALSE);
}

/* UTF-8 but for a few octets, else windows-1252. */
static char *
guess_bad(const char *bytes, gsize size, const char **charset)
{
    g_autofree char *copy = g_memdup2(bytes, size);
    guint n_bad;

    replace_nul(copy, size);
    if (is_mostly_utf8(copy, size))
        return g_utf8_make_valid(copy, size);
    *charset = "windows-1252";
    return from_charset(copy, size, *charset, &n_bad);
}

/* The label does not help: UTF-8 if it is that. */
static char *
guess(const char *bytes, gsize size, const char *label, char **note)
{
    const char *charset = "utf-8";
    char *text = g_utf8_validate_len(bytes, size, NULL)
                     ? g_strndup(bytes, size)
                     : guess_bad(bytes, size, &charset);

    if (label && *label && (*charset == 'w' || !is_utf8_label(label)))
        *note =
            g_strdup_printf("charset %s is wrong: read as %s", label, charset);
    else if (*charset == 'w')
        *note = g_strdup("no charset named: read as windows-1252");
    return text;
}

char *
mime_to_utf8(const char *bytes, gsize size, const char *label, char **note)
{
    guint n_bad = 0;
    char *text = NULL;

    *note = NULL;
    if (size == 0)
        return g_strdup("");
    if (is_utf8_label(label))
        return guess(bytes, size, label, note);
    if (is_charset_name(label))
        text = from_charset(bytes, size, iconv_name(label), &n_bad);
    if (text && n_bad == 0)
        return text;
    if (text == NULL || is_mostly_utf8(bytes, size)) {
        g_free(text);
        return guess(bytes, size, label, note);
    }
    *note = g_strdup_printf("%u octets are not %s", n_bad, label);
    return text;
}
