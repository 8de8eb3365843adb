/* HTML as text. Private. */
#ifndef MIME_HTML_H
#define MIME_HTML_H

#include "mime_wrap.h"

typedef enum {
    MIME_HTML_PLAIN = 0,
    MIME_HTML_NUMBERS = 1, /* links are followed by "[1]" */
    MIME_HTML_IMAGES = 2,  /* a line below the one that has an image */
    MIME_HTML_URLS = 4,    /* so are the URLs of plain text, by a number */
} MimeHtmlMode;

/* Reads html (UTF-8) and adds its lines to out and its links and images to
 * text. Images that are parts have target "cid:…" until
 * mime_images_resolve(). */
void mime_html_render(const char *html, MimeHtmlMode mode, MimeText *text,
                      GPtrArray *out);

/* An image that HTML names; no tracker. Returns its number (index + 1), 0 when
 * it is none that could be shown, it was named before, or there are too
 * many. */
guint mime_image_add(MimeText *text, const char *src, const char *alt);

/* Would a browser ask another computer for it? */
bool mime_image_is_remote(const char *src);

/* Finds the parts of images that HTML names; those without one go, and their
 * lines. places: images that are attached get a line behind all others. */
void mime_images_resolve(MimeMessage *message, bool places, MimeText *text,
                         GPtrArray *logical);
void mime_image_free(MimeImage *image);

/* HTML with only the elements and attributes that rendering knows, at most
 * MIME_MAX_HTML_DEPTH deep: what gumbo reads in linear time. At most limit
 * octets come out. *cut is set when depth or size were. g_free(). */
char *mime_html_clean(const char *html, gsize limit, bool *cut);

/* A link whose text was shown, NULL: the URL itself; lies and shown are set
 * here. Returns its number (index + 1), 0 when there are too many. */
guint mime_link_add(MimeText *text, const char *href, const char *shown);

/* Adds the URLs of a line of plain text to the links. numbers: they are
 * followed by their number, as a mark. */
void mime_url_find(MimeText *text, MimeLogical *line, bool numbers);

/* A URL as it is shown and opened: flat, with blanks, controls and quotes
 * percent-encoded. g_free(). */
char *mime_url_clean(const char *href);

/* Host of a URL as a browser would take it, lower case, in A-labels; NULL when
 * it has none. g_free(). */
char *mime_url_host(const char *url);

#endif
