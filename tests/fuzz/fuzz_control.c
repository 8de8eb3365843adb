/* A request on the control socket: taken whole or refused (promise P71). */
#include "control_wire.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ControlRequest) request =
        control_request_parse((const char *)data, size, &error);

    g_assert_true((request == NULL) == (error != NULL));
    if (request) {
        g_assert_nonnull(request->argv[0]);
        g_assert_true(g_path_is_absolute(request->folder));
    }
    return 0;
}
