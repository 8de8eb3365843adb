/* How well a colour can be read on another: the contrast of WCAG 2.1 (relative
 * luminance), for the numbers of the 256-colour palette. Pure functions. */
#include "tui_contrast.h"

#include <math.h>

typedef struct {
    int red, green, blue;
} Colour;

/* As xterm sets them; a terminal may have others. */
static const Colour first_sixteen[] = {
    { 0, 0, 0 },       { 205, 0, 0 },   { 0, 205, 0 },   { 205, 205, 0 },
    { 0, 0, 238 },     { 205, 0, 205 }, { 0, 205, 205 }, { 229, 229, 229 },
    { 127, 127, 127 }, { 255, 0, 0 },   { 0, 255, 0 },   { 255, 255, 0 },
    { 92, 92, 255 },   { 255, 0, 255 }, { 0, 255, 255 }, { 255, 255, 255 },
};

/* The least favourable of the grounds that terminals have. */
static const Colour dark_ground = { 0x1e, 0x1e, 0x1e };
static const Colour light_ground = { 0xfd, 0xf6, 0xe3 };
static const Colour white = { 255, 255, 255 };
static const Colour black = { 0, 0, 0 };

static Colour
palette(int number)
{
    static const int levels[] = { 0, 95, 135, 175, 215, 255 };
    int grey = 8 + 10 * (number - 232);

    if (number < 16)
        return first_sixteen[number];
    if (number >= 232)
        return (Colour){ grey, grey, grey };
    number -= 16;
    return (Colour){ levels[number / 36], levels[number / 6 % 6],
                     levels[number % 6] };
}

static double
linear(int level)
{
    double value = level / 255.0;

    return value <= 0.03928 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

static double
luminance(Colour colour)
{
    return 0.2126 * linear(colour.red) + 0.7152 * linear(colour.green)
           + 0.0722 * linear(colour.blue);
}

double
contrast(int front, int back, bool light)
{
    double a = luminance(front >= 0 ? palette(front) : light ? black : white);
    double b = luminance(back >= 0 ? palette(back)
                         : light   ? light_ground
                                   : dark_ground);

    return a > b ? (a + 0.05) / (b + 0.05) : (b + 0.05) / (a + 0.05);
}
