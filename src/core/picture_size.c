/* What the head of an image file says (PNG, 3rd edition, 11.2.1; GIF89a, 18;
 * JPEG, ITU-T T.81, B.1 and B.2.2; RFC 9649). Read to know it for one of four
 * kinds, and its size before anything is spent on it: decoding is left to a
 * program that is shut in. Pure. */
#include "core/pictures.h"

#include <string.h>

static int
big_endian(const guint8 *at, int octets)
{
    guint32 value = 0;

    for (int i = 0; i < octets; i++)
        value = value << 8 | at[i];
    return (int)MIN(value, G_MAXINT);
}

static int
little_endian(const guint8 *at, int octets)
{
    int value = 0;

    for (int i = octets; i > 0; i--)
        value = value << 8 | at[i - 1];
    return value;
}

static bool
png_size(const guint8 *bytes, gsize size, int *width, int *height)
{
    if (size < 24 || memcmp(bytes, "\211PNG\r\n\032\n", 8) != 0
        || memcmp(bytes + 12, "IHDR", 4) != 0)
        return false;
    *width = big_endian(bytes + 16, 4);
    *height = big_endian(bytes + 20, 4);
    return true;
}

static bool
gif_size(const guint8 *bytes, gsize size, int *width, int *height)
{
    if (size < 10
        || (memcmp(bytes, "GIF87a", 6) != 0 && memcmp(bytes, "GIF89a", 6) != 0))
        return false;
    *width = little_endian(bytes + 6, 2);
    *height = little_endian(bytes + 8, 2);
    return true;
}

/* SOF0 to SOF15, without the tables that have numbers between them. */
static bool
is_frame(guint8 marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8
           && marker != 0xcc;
}

/* Segments up to the first frame header. */
static bool
jpeg_size(const guint8 *bytes, gsize size, int *width, int *height)
{
    gsize at = 2;

    if (size < 4 || bytes[0] != 0xff || bytes[1] != 0xd8)
        return false;
    while (size - at >= 9 && bytes[at] == 0xff) {
        int length = big_endian(bytes + at + 2, 2);

        if (bytes[at + 1] == 0xff) { /* a fill byte */
            at++;
            continue;
        }
        if (is_frame(bytes[at + 1])) {
            *height = big_endian(bytes + at + 5, 2);
            *width = big_endian(bytes + at + 7, 2);
            return true;
        }
        if (length < 2 || (gsize)length + 2 > size - at)
            return false;
        at += 2 + (gsize)length;
    }
    return false;
}

static bool
webp_size(const guint8 *bytes, gsize size, int *width, int *height)
{
    if (size < 30 || memcmp(bytes, "RIFF", 4) != 0
        || memcmp(bytes + 8, "WEBP", 4) != 0)
        return false;
    if (memcmp(bytes + 12, "VP8X", 4) == 0) {
        *width = little_endian(bytes + 24, 3) + 1;
        *height = little_endian(bytes + 27, 3) + 1;
    } else if (memcmp(bytes + 12, "VP8L", 4) == 0 && bytes[20] == 0x2f) {
        guint32 bits =
            (guint32)little_endian(bytes + 21, 3) | (guint32)bytes[24] << 24;

        *width = (int)(bits & 0x3fff) + 1;
        *height = (int)(bits >> 14 & 0x3fff) + 1;
    } else if (memcmp(bytes + 12, "VP8 ", 4) == 0
               && memcmp(bytes + 23, "\235\001\052", 3) == 0) {
        *width = little_endian(bytes + 26, 2) & 0x3fff;
        *height = little_endian(bytes + 28, 2) & 0x3fff;
    } else {
        return false;
    }
    return true;
}

bool
picture_size(const guint8 *bytes, gsize size, int *width, int *height)
{
    *width = *height = 0;
    return (png_size(bytes, size, width, height)
            || gif_size(bytes, size, width, height)
            || jpeg_size(bytes, size, width, height)
            || webp_size(bytes, size, width, height))
           && *width > 0 && *height > 0;
}
