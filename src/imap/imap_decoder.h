/* A pull decoder for what a server sends (RFC 9051, section 9). The first
 * failure sticks; everything after it is a no-op that gives empty values, so
 * that grammar code reads like the grammar and checks once at its end.
 * Literals are streamed. Works on any stream of bytes. */
#ifndef IMAP_DECODER_H
#define IMAP_DECODER_H

#include "net/net.h"

typedef struct {
    NetStream *stream;
    const char *line; /* the present line, without its end */
    gsize size, at;
    guint64 literal; /* octets of the literal that stands at the end of line */
    bool has_literal;
    guint seconds; /* to wait for each line; 0: the stream's */
    int depth;     /* of lists */
    char *host;
    GError *error;
    GString *kept; /* the text of line */
} ImapDecoder;

void
imap_decoder_init(ImapDecoder *decoder, NetStream *stream, const char *host);
void imap_decoder_clear(ImapDecoder *decoder);

/* Reads the next line of a response. False: the stream failed. */
bool imap_decoder_next(ImapDecoder *decoder);

bool imap_decoder_ok(const ImapDecoder *decoder);
void imap_decoder_fail(ImapDecoder *decoder, const char *what);

/* Is the next byte c? Takes it. */
bool imap_decoder_try(ImapDecoder *decoder, char c);
/* Does the next word equal this, without regard to case? Takes it. */
bool imap_decoder_try_word(ImapDecoder *decoder, const char *word);
void imap_decoder_expect(ImapDecoder *decoder, char c);
char imap_decoder_peek(const ImapDecoder *decoder);
bool imap_decoder_at_end(const ImapDecoder *decoder);

/* An atom, flag or number-like word: up to a blank, parenthesis or bracket.
 * g_free(); never NULL. */
char *imap_decoder_atom(ImapDecoder *decoder);
/* The same with brackets in it: a flag, an unquoted mailbox name. */
char *imap_decoder_word(ImapDecoder *decoder);
guint64 imap_decoder_number(ImapDecoder *decoder);
guint32 imap_decoder_number32(ImapDecoder *decoder);

/* astring, nstring, string: quoted, literal (at most IMAP_STRING_BYTES), atom.
 * NULL for NIL or after a failure. g_free(). */
char *imap_decoder_string(ImapDecoder *decoder);

/* The rest of the line. Borrowed until the next line. */
const char *imap_decoder_rest(ImapDecoder *decoder);

/* Streams a string or literal; size is told first. NIL: size 0, no bytes. */
void
imap_decoder_stream(ImapDecoder *decoder,
                    bool (*begin)(void *user, guint64 size, GError **error),
                    bool (*bytes)(void *user, const void *bytes, gsize size,
                                  GError **error),
                    void *user);

/* Passes over any value: atom, string, literal, parenthesised list. */
void imap_decoder_skip(ImapDecoder *decoder);

#endif
