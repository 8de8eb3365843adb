/* The part tree of a message as ranges of its bytes. Private. */
#ifndef MIME_SCAN_H
#define MIME_SCAN_H

#include "mime/mime.h"
#include "mime_header.h"

typedef struct {
    MimePart pub; /* size is set by mime_parts() only */
    MimeSpan header;
    MimeSpan body; /* encoded */
    GMimeContentEncoding encoding;
    GMimeContentType *type; /* never NULL; parameters */
    char *disposition;      /* lower case, or NULL */
    int parent;             /* index, -1 for the root */
    bool is_message;        /* message/rfc822 whose inside was opened */
} MimeNode;

struct MimeMessage {
    GBytes *bytes;
    GPtrArray *nodes;   /* MimeNode, document order, root first */
    GPtrArray *parts;   /* the same as MimePart, borrowed; made when asked */
    GHashTable *values; /* lower-case field name -> decoded first value */
    const char *limit;  /* name of a limit that left something out, or NULL */
};

/* Reads the structure of message->bytes into message->nodes. Iterative, linear,
 * never fails; at least the root comes out. */
void mime_scan(MimeMessage *message);

/* A message over bytes that the caller keeps. */
MimeMessage *mime_load_static(const char *bytes, gsize size);

void mime_node_free(MimeNode *node);

static inline MimeNode *
mime_node(MimeMessage *message, int index)
{
    return g_ptr_array_index(message->nodes, index);
}

/* A parameter of Content-Type, or NULL. Borrowed. */
const char *mime_node_param(const MimeNode *node, const char *name);

/* The first field of that name in the node's own header; bytes NULL: none. */
MimeSpan mime_node_field(const MimeNode *node, const char *name);

/* Decoded octets, at most limit of them (0: all). */
GBytes *
mime_node_decode(MimeMessage *message, const MimeNode *node, gsize limit);

#endif
