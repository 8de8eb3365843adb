/* Encoded words of header values. Private. */
#ifndef MIME_WORDS_H
#define MIME_WORDS_H

#include <glib.h>

/* A value on one line as UTF-8 text: encoded words decoded, raw 8-bit text
 * converted. g_free(). */
char *mime_words_decode(const char *raw);

/* The same value with each run of encoded words as one word in UTF-8, for
 * values whose grammar is parsed later. g_free(). */
char *mime_words_join(const char *raw);

#endif
