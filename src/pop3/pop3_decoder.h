/* A pull decoder for what a server sends (RFC 1939, section 3). The first
 * failure sticks; everything after it is a no-op that gives empty values, so
 * that grammar code reads like the grammar and checks once at its end.
 * Messages are streamed. Works on any stream of bytes. */
#ifndef POP3_DECODER_H
#define POP3_DECODER_H

#include "net/net.h"

typedef struct {
    NetStream *stream;
    char *host;
    const char *line; /* the present one, without its end */
    gsize size, at;
    GError *error;
} Pop3Decoder;

void
pop3_decoder_init(Pop3Decoder *decoder, NetStream *stream, const char *host);
void pop3_decoder_clear(Pop3Decoder *decoder);

/* Reads the next line. False: the stream failed. */
bool pop3_decoder_next(Pop3Decoder *decoder);

/* The same inside a listing: false at its final dot, or on failure. A dot that
 * was stuffed is taken off. */
bool pop3_decoder_next_item(Pop3Decoder *decoder);

bool pop3_decoder_ok(const Pop3Decoder *decoder);
void pop3_decoder_fail(Pop3Decoder *decoder, const char *what);
/* Hands the sticky error out; false. */
bool pop3_decoder_failed(const Pop3Decoder *decoder, GError **error);

/* Does the next word equal this, without regard to case? Takes it and the
 * blanks behind it. */
bool pop3_decoder_try_word(Pop3Decoder *decoder, const char *word);
/* The next word, up to a blank; never NULL; g_free(). "" at the end. */
char *pop3_decoder_word(Pop3Decoder *decoder);
/* A decimal number, followed by a blank or the end. */
guint64 pop3_decoder_number(Pop3Decoder *decoder);
/* The rest of the line, untrusted. Borrowed until the next line. */
const char *pop3_decoder_rest(const Pop3Decoder *decoder, gsize *size);

/* A message up to its final dot, unstuffed, through bytes(user, …), at most
 * limit bytes; more is a failure. */
void pop3_decoder_stream(Pop3Decoder *decoder, guint64 limit,
                         bool (*bytes)(void *user, const void *bytes,
                                       gsize size, GError **error),
                         void *user);

#endif
