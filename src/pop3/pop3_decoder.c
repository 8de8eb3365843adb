/* The pull decoder. */
#include "pop3_decoder.h"

#include "base/err.h"
#include "pop3/limits.h"

#include <string.h>

void
pop3_decoder_init(Pop3Decoder *decoder, NetStream *stream, const char *host)
{
    memset(decoder, 0, sizeof *decoder);
    decoder->stream = stream;
    decoder->host = g_strdup(host);
    decoder->line = "";
}

void
pop3_decoder_clear(Pop3Decoder *decoder)
{
    g_clear_error(&decoder->error);
    g_clear_pointer(&decoder->host, g_free);
}

bool
pop3_decoder_ok(const Pop3Decoder *decoder)
{
    return decoder->error == NULL;
}

void
pop3_decoder_fail(Pop3Decoder *decoder, const char *what)
{
    if (decoder->error == NULL)
        err_set(&decoder->error, ERR_PROTOCOL, "%s broke the protocol: %s",
                decoder->host, what);
    decoder->at = decoder->size;
}

bool
pop3_decoder_failed(const Pop3Decoder *decoder, GError **error)
{
    g_propagate_error(error, g_error_copy(decoder->error));
    return false;
}

bool
pop3_decoder_next(Pop3Decoder *decoder)
{
    decoder->at = decoder->size = 0;
    decoder->line = "";
    if (decoder->error)
        return false;
    decoder->line = net_read_line(decoder->stream, POP3_LINE_BYTES, 0,
                                  &decoder->size, &decoder->error);
    if (decoder->line)
        return true;
    decoder->line = "";
    decoder->size = 0;
    return false;
}

bool
pop3_decoder_next_item(Pop3Decoder *decoder)
{
    if (!pop3_decoder_next(decoder))
        return false;
    if (decoder->size == 0 || decoder->line[0] != '.')
        return true;
    decoder->at = 1;
    return decoder->size > 1;
}

static void
skip_blanks(Pop3Decoder *decoder)
{
    while (decoder->at < decoder->size && decoder->line[decoder->at] == ' ')
        decoder->at++;
}

static gsize
word_size(const Pop3Decoder *decoder)
{
    gsize end = decoder->at;

    while (end < decoder->size && decoder->line[end] != ' ')
        end++;
    return end - decoder->at;
}

bool
pop3_decoder_try_word(Pop3Decoder *decoder, const char *word)
{
    gsize size = word_size(decoder);

    if (size != strlen(word)
        || g_ascii_strncasecmp(decoder->line + decoder->at, word, size) != 0)
        return false;
    decoder->at += size;
    skip_blanks(decoder);
    return true;
}

char *
pop3_decoder_word(Pop3Decoder *decoder)
{
    gsize size = word_size(decoder);
    char *word = g_strndup(decoder->line + decoder->at, size);

    decoder->at += size;
    skip_blanks(decoder);
    return word;
}

guint64
pop3_decoder_number(Pop3Decoder *decoder)
{
    gsize size = word_size(decoder);
    guint64 value = 0;

    for (gsize i = 0; i < size; i++) {
        char c = decoder->line[decoder->at + i];

        if (!g_ascii_isdigit(c) || value > (G_MAXINT64 - 9) / 10) {
            pop3_decoder_fail(decoder, "a number is wrong");
            return 0;
        }
        value = value * 10 + (guint64)(c - '0');
    }
    if (size == 0)
        pop3_decoder_fail(decoder, "a number is missing");
    decoder->at += size;
    skip_blanks(decoder);
    return decoder->error ? 0 : value;
}

const char *
pop3_decoder_rest(const Pop3Decoder *decoder, gsize *size)
{
    *size = decoder->size - decoder->at;
    return decoder->line + decoder->at;
}

/* Where in a message the next byte is. */
typedef enum {
    AT_LINE, /* first of a line */
    AT_DOT,  /* behind a dot that began one */
    AT_CR,   /* behind a dot and CR */
    IN_LINE,
    AT_END, /* the final dot was seen */
} Place;

typedef struct {
    Pop3Decoder *decoder;
    bool (*bytes)(void *user, const void *bytes, gsize size, GError **error);
    void *user;
    guint64 left; /* of the limit */
    Place place;
    bool bare; /* the last line ended with LF alone */
    char last; /* byte that was given on */
} Body;

static bool
give(Body *body, const char *bytes, gsize size)
{
    if (size == 0)
        return true;
    if (size > body->left) {
        pop3_decoder_fail(body->decoder, "a message beyond the limit of size");
        return false;
    }
    body->left -= size;
    body->bare = bytes[size - 1] == '\n'
                 && (size > 1 ? bytes[size - 2] : body->last) != '\r';
    body->last = bytes[size - 1];
    return body->bytes(body->user, bytes, size, &body->decoder->error);
}

/* From inside a line to the next line that begins with a dot, in one piece.
 * Returns the bytes taken. */
static gsize
take_lines(Body *body, const char *bytes, gsize size)
{
    const char *found = memmem(bytes, size, "\n.", 2);
    gsize taken = found ? (gsize)(found - bytes) + 1 : size;

    give(body, bytes, taken);
    body->place = bytes[taken - 1] == '\n' ? AT_LINE : IN_LINE;
    return taken;
}

/* Behind a dot that began a line, one byte at a time. A lone dot ends the
 * message; before bare LF only where lines end so, because a server that sends
 * CRLF may have left a bare LF of the message as it was. */
static gsize
take_dot(Body *body, char c)
{
    if (body->place == AT_DOT && c == '\r') {
        body->place = AT_CR;
        return 1;
    }
    if (c == '\n' && (body->place == AT_CR || body->bare)) {
        body->place = AT_END;
        return 1;
    }
    /* stuffed: the dot goes, the rest of the line stays */
    if (body->place == AT_CR && !give(body, "\r", 1))
        return 0;
    body->place = IN_LINE;
    return 0;
}

static gsize
take_some(Body *body, const char *bytes, gsize size)
{
    if (body->place == AT_DOT || body->place == AT_CR)
        return take_dot(body, *bytes);
    if (body->place == AT_LINE && *bytes == '.') {
        body->place = AT_DOT;
        return 1;
    }
    return take_lines(body, bytes, size);
}

void
pop3_decoder_stream(Pop3Decoder *decoder, guint64 limit,
                    bool (*bytes)(void *user, const void *bytes, gsize size,
                                  GError **error),
                    void *user)
{
    Body body = { decoder, bytes, user, limit, AT_LINE, false, '\n' };

    while (decoder->error == NULL && body.place != AT_END) {
        gsize size;
        const char *here = net_peek(decoder->stream, &size, 0, &decoder->error);
        gsize at = 0;

        while (here && at < size && decoder->error == NULL
               && body.place != AT_END)
            at += take_some(&body, here + at, size - at);
        net_take(decoder->stream, at);
    }
}
