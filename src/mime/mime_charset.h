/* Text of any charset as UTF-8. Private. */
#ifndef MIME_CHARSET_H
#define MIME_CHARSET_H

#include <glib.h>
#include <stdbool.h>

/* Converts bytes labelled with a charset (NULL: no label). Never fails. *note
 * gets one line when the label could not be followed, else NULL; g_free() both.
 * The result may hold NUL as U+FFFD, never as an octet. */
char *
mime_to_utf8(const char *bytes, gsize size, const char *label, char **note);

#endif
