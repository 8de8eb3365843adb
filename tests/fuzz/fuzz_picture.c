/* libFuzzer: any bytes as an image whose head is read. */
#include "core/pictures.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int width, height;

    if (picture_size(data, size, &width, &height))
        g_assert_true(width > 0 && height > 0);
    return 0;
}
