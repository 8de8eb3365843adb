/* The display sanitiser: whatever comes in, what goes out is valid UTF-8
 * without controls, and sanitising it again changes nothing (promise P59). */
#include "base/file.h"
#include "base/text.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const char *bytes, gssize size, TextKind kind)
{
    g_autofree char *safe = text_sanitise(bytes, size, kind);
    g_autofree char *again = text_sanitise(safe, -1, kind);

    g_assert_true(g_utf8_validate(safe, -1, NULL));
    for (const char *at = safe; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);

        g_assert_false(c < 0x20 || (c >= 0x7f && c < 0xa0));
        g_assert_false(c >= 0x202a && c <= 0x202e);
        g_assert_false(c >= 0x2066 && c <= 0x2069);
    }
    g_assert_cmpstr(again, ==, safe);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autofree char *name = file_safe_name(text);

    check((const char *)data, (gssize)size, TEXT_LINE);
    check((const char *)data, (gssize)size, TEXT_BODY);
    g_assert_true(*name && *name != '.' && *name != '-');
    g_assert_null(strchr(name, '/'));
    return 0;
}
