/* What a case is about, in the test's output: octets that are no text are
 * escaped, since TAP is UTF-8. */
#ifndef TELL_H
#define TELL_H

#include <glib.h>

static inline void
tell(const char *text)
{
    g_autofree char *escaped = g_strescape(text, NULL);

    g_test_message("%s", escaped);
}

#endif
