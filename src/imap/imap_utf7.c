/* Modified UTF-7 (RFC 3501, section 5.1.3). Every mailbox has a name, and no
 * two have the same (promise P82): what is not written as we would write it
 * keeps its bytes, "&" and those that are no printable ASCII as U+F700 and the
 * byte. */
#include "imap_private.h"

#include <string.h>

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

enum {
    RAW = 0xf700
}; /* private use: one byte of an odd name */

typedef struct {
    GString *out;
    guint32 bits;
    int n;
    bool shifted;
} Encoder;

static void
put_unit(Encoder *encoder, guint16 unit)
{
    encoder->bits = encoder->bits << 16 | unit;
    encoder->n += 16;
    while (encoder->n >= 6) {
        encoder->n -= 6;
        g_string_append_c(encoder->out,
                          alphabet[encoder->bits >> encoder->n & 63]);
    }
}

static void
end_shift(Encoder *encoder)
{
    if (!encoder->shifted)
        return;
    if (encoder->n > 0)
        g_string_append_c(encoder->out,
                          alphabet[encoder->bits << (6 - encoder->n) & 63]);
    g_string_append_c(encoder->out, '-');
    encoder->shifted = false;
    encoder->bits = 0;
    encoder->n = 0;
}

/* A byte that only another writer would put into a name as it is. */
static bool
is_odd(gunichar byte)
{
    return byte == '&' || (byte > 0 && byte < 0x20)
           || (byte >= 0x7f && byte <= 0xff);
}

static bool
is_raw(gunichar c)
{
    return c >= RAW && is_odd(c - RAW);
}

char *
imap_utf7_encode(const char *utf8)
{
    Encoder encoder = { .out = g_string_new(NULL) };
    g_autofree char *valid = g_utf8_make_valid(utf8, -1);

    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);

        if (is_raw(c)) {
            end_shift(&encoder);
            g_string_append_c(encoder.out, (char)(c - RAW));
            continue;
        }
        if (c >= 0x20 && c <= 0x7e) {
            end_shift(&encoder);
            g_string_append_c(encoder.out, (char)c);
            if (c == '&')
                g_string_append_c(encoder.out, '-');
            continue;
        }
        if (!encoder.shifted)
            g_string_append_c(encoder.out, '&');
        encoder.shifted = true;
        if (c >= 0x10000) {
            put_unit(&encoder, (guint16)(0xd800 + ((c - 0x10000) >> 10)));
            put_unit(&encoder, (guint16)(0xdc00 + ((c - 0x10000) & 0x3ff)));
        } else {
            put_unit(&encoder, (guint16)c);
        }
    }
    end_shift(&encoder);
    return g_string_free(encoder.out, FALSE);
}

/* The units between "&" and "-" at *at, as UTF-8; false: not well formed. */
static bool
decode_shift(const char **at, GString *out)
{
    g_autoptr(GArray) units = g_array_new(FALSE, FALSE, sizeof(gunichar2));
    g_autofree char *text = NULL;
    guint32 bits = 0;
    int n = 0;

    for (; **at && **at != '-'; (*at)++) {
        const char *digit = strchr(alphabet, **at);

        if (digit == NULL)
            return false;
        bits = bits << 6 | (guint32)(digit - alphabet);
        n += 6;
        if (n >= 16) {
            gunichar2 unit = (gunichar2)(bits >> (n - 16));

            g_array_append_val(units, unit);
            n -= 16;
        }
    }
    if (**at != '-' || units->len == 0)
        return false;
    (*at)++;
    text = g_utf16_to_utf8((gunichar2 *)(void *)units->data, units->len, NULL,
                           NULL, NULL);
    if (text == NULL)
        return false;
    g_string_append(out, text);
    return true;
}

/* The name as UTF-8, or NULL. */
static char *
decode(const char *name)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const char *at = name;

    while (*at) {
        if (*at != '&') {
            g_string_append_c(out, *at++);
        } else if (at[1] == '-') {
            g_string_append_c(out, '&');
            at += 2;
        } else {
            at++;
            if (!decode_shift(&at, out))
                return NULL;
        }
    }
    if (!g_utf8_validate(out->str, (gssize)out->len, NULL))
        return NULL;
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* A name that would not come back as it was, byte by byte. */
static char *
keep_raw(const char *name)
{
    GString *out = g_string_new(NULL);

    for (; *name; name++) {
        guchar c = (guchar)*name;

        g_string_append_unichar(out, is_odd(c) ? RAW + c : c);
    }
    return g_string_free(out, FALSE);
}

char *
imap_utf7_decode(const char *name)
{
    g_autofree char *utf8 = decode(name);
    g_autofree char *again = utf8 ? imap_utf7_encode(utf8) : NULL;

    if (g_strcmp0(again, name) == 0)
        return g_steal_pointer(&utf8);
    return keep_raw(name);
}
