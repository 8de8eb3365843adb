/* Untrusted text on its way to a terminal, and its width there. Everything a
 * stranger wrote passes text_sanitise() at the one place where it is shown
 * (design: screens, 8.3; promise P59). Pure functions; any thread. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <glib.h>
#include <stdbool.h>

typedef enum {
    TEXT_LINE, /* one line: headers, names, tags, server words: tab and newline
                  become a blank, joiners are dropped */
    TEXT_BODY, /* a body line: keeps ZWNJ and ZWJ between letters; tab becomes
                  blanks up to the next multiple of 8 */
} TextKind;

/* Safe, valid UTF-8: C0, DEL, C1, unassigned and invalid bytes become U+FFFD;
 * bidi controls, zero-width and variation characters, skin tones and tags are
 * dropped; a ZWJ sequence keeps its first picture; regional indicators become
 * letters; at most two combining marks a base. size -1: NUL-terminated.
 * Free with g_free(). */
char *text_sanitise(const char *untrusted, gssize size, TextKind kind);

/* Columns that sanitised text takes, by libc wcwidth() (the only truth that
 * ncurses uses); in a test without a locale, by g_unichar_iswide(). */
int text_width(const char *text);

/* The longest head of text that fits width columns, never cutting a character
 * or its marks. Sets *used to its columns. Returns its length in bytes. */
gsize text_fit(const char *text, int width, int *used);

/* The bytes of the first row of text that is broken at blanks into rows of at
 * most width columns; a word that is longer is cut. 0 for an empty text alone.
 * The next row begins behind the blanks that follow. */
gsize text_break(const char *text, int width);

/* A copy that takes exactly width columns: cut with ellipsis ("…" or "~") when
 * longer, padded with blanks when shorter. Free with g_free(). */
char *text_pad(const char *text, int width, const char *ellipsis);

/* Its lines end in LF where they did in CRLF. g_free(). */
char *text_lf(const char *text);

/* "66K", "1.2M", "8B": at most four columns. Free with g_free(). */
char *text_size(guint64 bytes);

/* Two digits for each octet, lower case. g_free(). */
char *text_hex(const guint8 *bytes, gsize size);

/* The name among candidates (NULL-terminated) nearest to word by edit
 * distance, or NULL when none is near. Borrowed from candidates. */
const char *text_nearest(const char *word, const char *const *candidates);

#endif
