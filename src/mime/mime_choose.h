/* Which parts are read as the message. Private. */
#ifndef MIME_CHOOSE_H
#define MIME_CHOOSE_H

#include "mime_scan.h"

/* Indices (int) of the parts to show one below the other, in document order:
 * leaves, and attached messages (is_message) whose head stands above their own
 * parts. */
GArray *mime_choose(MimeMessage *message, bool prefer_html);

bool mime_node_is_html(const MimeNode *node);

#endif
