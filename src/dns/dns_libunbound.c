/* Opening libunbound. */
#include "dns_libunbound.h"

#include "base/library.h"

Unbound unbound;

bool
dns_libunbound_open(void)
{
#define NAME_OF(NAME) "ub_" #NAME,
    static const char *const names[] = { UNBOUND_FUNCTIONS(NAME_OF) NULL };
#undef NAME_OF
    static Library library = { LIBRARY_FILE("unbound", 8), names, &unbound };

    return library_open(&library, NULL);
}
