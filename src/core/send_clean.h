/* A message from another program made fit to leave: CRLF at each line's end,
 * no Bcc and no Resent-Bcc, no "From " line of an mbox, fields that it lacks on
 * top. In pieces, so that its size costs no memory. Any thread. */
#ifndef CORE_SEND_CLEAN_H
#define CORE_SEND_CLEAN_H

#include <glib.h>
#include <stdbool.h>

/* top: whole field lines, or "". Both write to fd. */
bool send_clean_file(const char *top, const char *path, int fd, GError **error);
bool send_clean_text(const char *top, const char *text, int fd, GError **error);

/* The same in memory, without more on top; NULL when the file has more than
 * limit bytes, or cannot be read. g_free(). */
char *send_clean_read(const char *path, gsize limit, gsize *size);

/* Does the empty line behind the header stand at from or later? */
bool send_clean_header_ends(const char *bytes, gsize from, gsize size);

#endif
