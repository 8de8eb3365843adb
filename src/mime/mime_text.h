/* Text of single parts, for the files that need less than mime_text().
 * Private. */
#ifndef MIME_TEXT_H
#define MIME_TEXT_H

#include "mime_html.h"
#include "mime_scan.h"
#include "mime_wrap.h"

/* The decoded text of a leaf as UTF-8, at most limit octets before conversion.
 * Notes go to text. g_free(). */
char *mime_node_text(MimeMessage *message, const MimeNode *node, gsize limit,
                     MimeText *text);

/* Adds the MimeLogical lines of a leaf. mode: of HTML. */
void mime_node_logical(MimeMessage *message, const MimeNode *node,
                       MimeHtmlMode mode, MimeText *text, GPtrArray *logical);

/* An empty result to gather notes and links in. */
MimeText *mime_text_create(void);

#endif
