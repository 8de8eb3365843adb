/* Limits of the room, by name (promise P30). What lies beyond one is left out
 * of what is shown, never out of the file, and the reader is told which limit
 * it was (promise P31). The manual states the same values. */
#ifndef MIME_LIMITS_H
#define MIME_LIMITS_H

enum {
    /* Octets of one header block that are read; fields behind are skipped. */
    MIME_MAX_HEADER_BYTES = 8 * 1024 * 1024,

    /* Fields of one header block. */
    MIME_MAX_HEADERS = 100000,

    /* Octets of one field that are decoded; the rest of it is cut. */
    MIME_MAX_FIELD_BYTES = 256 * 1024,

    /* Levels of multipart and attached messages, the root being level 0; what
     * lies deeper stays one closed part. */
    MIME_MAX_DEPTH = 50,

    /* Parts of a message; the rest belongs to the last one. */
    MIME_MAX_PARTS = 5000,

    /* Addresses of one address list. */
    MIME_MAX_ADDRESSES = 10000,

    /* Message-IDs kept of References: the newest ones. */
    MIME_MAX_REFERENCES = 200,

    /* Octets of one part that are shown as text; the file has the rest. */
    MIME_MAX_TEXT_BYTES = 8 * 1024 * 1024,

    /* Octets of one line of text before it is broken as if it had ended. */
    MIME_MAX_LINE_BYTES = 1024 * 1024,

    /* Octets of HTML that are rendered. */
    MIME_MAX_HTML_BYTES = 4 * 1024 * 1024,

    /* Open elements of HTML; deeper ones lose their tags, not their text. */
    MIME_MAX_HTML_DEPTH = 200,

    /* Links of one message that are numbered. */
    MIME_MAX_LINKS = 2000,

    /* Images of one message that have a place; the rest is only counted. */
    MIME_MAX_IMAGES = 200,

    /* Octets of a message's beginning that a snippet is made from. */
    MIME_SNIPPET_BYTES = 64 * 1024,

    /* Octets of a line that leaves (RFC 5322, section 2.1.1). */
    MIME_MAX_SENT_LINE = 998,
};

#endif
