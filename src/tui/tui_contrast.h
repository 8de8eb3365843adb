/* How well a colour can be read on another. */
#ifndef TUI_CONTRAST_H
#define TUI_CONTRAST_H

#include <stdbool.h>

/* 1 (the same) to 21 (black on white), for numbers of the 256-colour palette;
 * -1: what a light or a dark terminal has by itself. */
double contrast(int front, int back, bool light);

#endif
