/* HTML as text. Private. */
#ifndef MIME_HTML_H
#define MIME_HTML_H

#include "mime_wrap.h"

/* Reads html (UTF-8) and adds its lines to out and its links and images to
 * text. numbers: links are followed by "[1]". */
void mime_html_render(const char *html, bool numbers, MimeText *text,
                      GPtrArray *out);

/* HTML with only the elements and attributes that rendering knows, at most
 * MIME_MAX_HTML_DEPTH deep: what gumbo reads in linear time. At most limit
 * octets come out. *cut is set when depth or size were. g_free(). */
char *mime_html_clean(const char *html, gsize limit, bool *cut);

/* A link whose text was shown; lies and shown are set here. Returns its number
 * (index + 1), 0 when there are too many. */
guint mime_html_add_link(MimeText *text, const char *href, const char *shown);

/* Host of a URL as a browser would take it, lower case, in A-labels; NULL when
 * it has none. g_free(). */
char *mime_url_host(const char *url);

#endif
