/* Header fields of raw bytes: where they lie and what they say. Private. */
#ifndef MIME_HEADER_H
#define MIME_HEADER_H

#include <gmime/gmime.h>
#include <stdbool.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(InternetAddressList, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GMimeContentDisposition, g_object_unref)

/* Borrowed bytes, not terminated; may hold NUL. */
typedef struct {
    const char *bytes;
    gsize size;
} MimeSpan;

typedef struct {
    MimeSpan name;
    MimeSpan value; /* raw, folded, without the colon and the line end */
} MimeField;

/* Walks a header block. Once mime_reader_next() is false, rest is the body. */
typedef struct {
    MimeSpan rest;
    gsize used;
    guint n_fields;
    const char *limit; /* the limit that hid fields, or NULL */
} MimeReader;

void mime_reader_init(MimeReader *reader, const char *bytes, gsize size);
bool mime_reader_next(MimeReader *reader, MimeField *field);

/* ASCII comparison without case. */
bool mime_span_is(MimeSpan span, const char *word);

/* The value on one line, raw otherwise: folds, NUL and controls are blanks.
 * Cut at MIME_MAX_FIELD_BYTES. g_free(). */
char *mime_unfold(MimeSpan value);

/* The same with each run of encoded words made one word, and in UTF-8: what
 * GMime's parsers of structured values are given. g_free(). */
char *mime_unfold_joined(MimeSpan value);

/* mime_unfold() with encoded words decoded, in valid UTF-8. g_free(). */
char *mime_decode(MimeSpan value);

/* Any text as valid UTF-8 without line ends; takes and returns ownership. */
char *mime_tidy(char *text);

/* g_mime_encoding_flush() that also takes base64 whose padding is missing. out
 * has room for 4 octets more than g_mime_encoding_outlen(). */
gsize
mime_decode_last(GMimeEncoding *state, const char *in, gsize size, char *out);

/* Shared and constant after mime_init(). */
GMimeParserOptions *mime_parser_options(void);

#endif
