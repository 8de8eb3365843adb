/* libFuzzer: any bytes as what a drawing program wrote: cells of one printable
 * column each, within the size (promise P59). */
#include "base/sgr.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(SgrCells) cells = sgr_parse((const char *)data, size, 60, 20);

    g_assert_true(cells->rows <= 20 && cells->columns <= 60);
    for (int i = 0; i < cells->rows * cells->columns; i++) {
        const SgrCell *cell = &cells->cells[i];

        g_assert_true(g_unichar_isprint(cell->character));
        g_assert_true(cell->front >= -1 && cell->front < 256);
        g_assert_true(cell->back >= -1 && cell->back < 256);
    }
    return 0;
}
