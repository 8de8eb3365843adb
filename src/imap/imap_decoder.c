/* The pull decoder. */
#include "imap_decoder.h"

#include "base/err.h"
#include "imap/limits.h"

#include <string.h>

void
imap_decoder_init(ImapDecoder *decoder, NetStream *stream, const char *host)
{
    memset(decoder, 0, sizeof *decoder);
    decoder->stream = stream;
    decoder->host = g_strdup(host);
    decoder->kept = g_string_new(NULL);
    decoder->line = "";
}

void
imap_decoder_clear(ImapDecoder *decoder)
{
    g_clear_error(&decoder->error);
    g_clear_pointer(&decoder->host, g_free);
    if (decoder->kept)
        g_string_free(decoder->kept, TRUE);
    decoder->kept = NULL;
}

bool
imap_decoder_ok(const ImapDecoder *decoder)
{
    return decoder->error == NULL;
}

void
imap_decoder_fail(ImapDecoder *decoder, const char *what)
{
    if (decoder->error == NULL)
        err_set(&decoder->error, ERR_PROTOCOL, "%s broke the protocol: %s",
                decoder->host, what);
    decoder->at = decoder->size;
    decoder->has_literal = false;
}

/* "{" number ["+"] "}" or "~{" number "}" at the end of a line. */
static void
find_literal(ImapDecoder *decoder)
{
    const char *line = decoder->line;
    gsize end = decoder->size;
    gsize open;
    guint64 value = 0;

    decoder->has_literal = false;
    if (end < 3 || line[end - 1] != '}')
        return;
    for (open = end - 1; open > 0 && line[open - 1] != '{'; open--)
        ;
    if (open == 0 || open >= end - 1 || !g_ascii_isdigit(line[open]))
        return;
    for (gsize i = open; i < end - 1; i++) {
        if (!g_ascii_isdigit(line[i])) {
            if (line[i] == '+' && i == end - 2)
                break;
            return;
        }
        value = value * 10 + (guint64)(line[i] - '0');
        if (value > IMAP_LITERAL_BYTES) {
            imap_decoder_fail(decoder, "a literal of absurd size");
            return;
        }
    }
    decoder->has_literal = true;
    decoder->literal = value;
    decoder->size = open - 1;
    if (decoder->size > 0 && line[decoder->size - 1] == '~')
        decoder->size--;
}

bool
imap_decoder_next(ImapDecoder *decoder)
{
    gsize size;
    const char *line;

    if (decoder->error)
        return false;
    line = net_read_line(decoder->stream, IMAP_LINE_BYTES, decoder->seconds,
                         &size, &decoder->error);
    if (line == NULL)
        return false;
    /* Kept: streaming a literal reads on. */
    g_string_truncate(decoder->kept, 0);
    g_string_append_len(decoder->kept, line, (gssize)size);
    decoder->line = decoder->kept->str;
    decoder->size = size;
    decoder->at = 0;
    find_literal(decoder);
    return decoder->error == NULL;
}

char
imap_decoder_peek(const ImapDecoder *decoder)
{
    return decoder->at < decoder->size ? decoder->line[decoder->at] : '\0';
}

bool
imap_decoder_at_end(const ImapDecoder *decoder)
{
    return decoder->at >= decoder->size && !decoder->has_literal;
}

bool
imap_decoder_try(ImapDecoder *decoder, char c)
{
    if (decoder->at >= decoder->size || decoder->line[decoder->at] != c)
        return false;
    decoder->at++;
    return true;
}

void
imap_decoder_expect(ImapDecoder *decoder, char c)
{
    char what[] = "a ' ' is missing";

    what[3] = c;
    if (decoder->error == NULL && !imap_decoder_try(decoder, c))
        imap_decoder_fail(decoder, what);
}

static bool
ends_word(char c)
{
    return c == ' ' || c == '(' || c == ')' || c == '"' || (guchar)c < 0x20
           || c == 0x7f;
}

static bool
ends_atom(char c)
{
    return ends_word(c) || c == '[' || c == ']';
}

static gsize
atom_size(const ImapDecoder *decoder)
{
    gsize at = decoder->at;

    while (at < decoder->size && !ends_atom(decoder->line[at]))
        at++;
    return at - decoder->at;
}

bool
imap_decoder_try_word(ImapDecoder *decoder, const char *word)
{
    gsize size = atom_size(decoder);

    if (size != strlen(word)
        || g_ascii_strncasecmp(decoder->line + decoder->at, word, size) != 0)
        return false;
    decoder->at += size;
    return true;
}

static char *
take(ImapDecoder *decoder, gsize size)
{
    char *text = g_strndup(decoder->line + decoder->at, size);

    if (size == 0)
        imap_decoder_fail(decoder, "a word is missing");
    else
        decoder->at += size;
    return text;
}

char *
imap_decoder_atom(ImapDecoder *decoder)
{
    return take(decoder, atom_size(decoder));
}

char *
imap_decoder_word(ImapDecoder *decoder)
{
    gsize end = decoder->at;

    while (end < decoder->size && !ends_word(decoder->line[end]))
        end++;
    return take(decoder, end - decoder->at);
}

guint64
imap_decoder_number(ImapDecoder *decoder)
{
    guint64 value = 0;
    gsize begin = decoder->at;

    while (decoder->at < decoder->size
           && g_ascii_isdigit(decoder->line[decoder->at])) {
        guint64 digit = (guint64)(decoder->line[decoder->at] - '0');

        if (value > (G_MAXINT64 - digit) / 10) {
            imap_decoder_fail(decoder, "a number out of range");
            return 0;
        }
        value = value * 10 + digit;
        decoder->at++;
    }
    if (decoder->at == begin)
        imap_decoder_fail(decoder, "a number is missing");
    return decoder->error ? 0 : value;
}

guint32
imap_decoder_number32(ImapDecoder *decoder)
{
    guint64 value = imap_decoder_number(decoder);

    if (value > G_MAXUINT32) {
        imap_decoder_fail(decoder, "a number out of range");
        return 0;
    }
    return (guint32)value;
}

static char *
read_quoted(ImapDecoder *decoder)
{
    g_autoptr(GString) text = g_string_new(NULL);

    decoder->at++;
    while (decoder->at < decoder->size && decoder->line[decoder->at] != '"') {
        if (decoder->line[decoder->at] == '\\'
            && decoder->at + 1 < decoder->size)
            decoder->at++;
        g_string_append_c(text, decoder->line[decoder->at++]);
    }
    imap_decoder_expect(decoder, '"');
    if (memchr(text->str, '\0', text->len))
        imap_decoder_fail(decoder, "a NUL in a string");
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static bool
begin_text(void *user, guint64 size, GError **error)
{
    return size <= IMAP_STRING_BYTES
           || err_set(error, ERR_PROTOCOL, "a string of over %d bytes",
                      IMAP_STRING_BYTES);
}

static bool
take_text(void *user, const void *bytes, gsize size, GError **error)
{
    if (memchr(bytes, '\0', size))
        return err_set(error, ERR_PROTOCOL, "a NUL in a string");
    g_string_append_len(user, bytes, (gssize)size);
    return true;
}

/* The literal's bytes, then the next line behind them. */
static void
stream_literal(ImapDecoder *decoder,
               bool (*begin)(void *user, guint64 size, GError **error),
               bool (*bytes)(void *user, const void *bytes, gsize size,
                             GError **error),
               void *user)
{
    guint64 size = decoder->literal;

    decoder->has_literal = false;
    if (!begin(user, size, &decoder->error)
        || !net_read_exact(decoder->stream, size, bytes, user,
                           &decoder->error)) {
        decoder->at = decoder->size;
        return;
    }
    imap_decoder_next(decoder);
}

static bool
at_literal(const ImapDecoder *decoder)
{
    return decoder->has_literal && decoder->at == decoder->size;
}

char *
imap_decoder_string(ImapDecoder *decoder)
{
    g_autoptr(GString) text = NULL;

    if (decoder->error)
        return NULL;
    if (imap_decoder_peek(decoder) == '"')
        return read_quoted(decoder);
    if (!at_literal(decoder)) {
        if (imap_decoder_try_word(decoder, "NIL"))
            return NULL;
        return imap_decoder_word(decoder);
    }
    text = g_string_new(NULL);
    stream_literal(decoder, begin_text, take_text, text);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

const char *
imap_decoder_rest(ImapDecoder *decoder)
{
    const char *rest = decoder->line + MIN(decoder->at, decoder->size);

    decoder->at = decoder->size;
    return rest;
}

void
imap_decoder_stream(ImapDecoder *decoder,
                    bool (*begin)(void *user, guint64 size, GError **error),
                    bool (*bytes)(void *user, const void *bytes, gsize size,
                                  GError **error),
                    void *user)
{
    g_autofree char *text = NULL;
    gsize size;

    if (decoder->error)
        return;
    if (at_literal(decoder)) {
        stream_literal(decoder, begin, bytes, user);
        return;
    }
    text = imap_decoder_string(decoder);
    size = text ? strlen(text) : 0;
    if (decoder->error == NULL && begin(user, size, &decoder->error)
        && size > 0)
        bytes(user, text, size, &decoder->error);
}

static bool
ignore_begin(void *user, guint64 size, GError **error)
{
    return true;
}

static bool
ignore_bytes(void *user, const void *bytes, gsize size, GError **error)
{
    return true;
}

void
imap_decoder_skip(ImapDecoder *decoder)
{
    if (decoder->error)
        return;
    if (!imap_decoder_try(decoder, '(')) {
        if (at_literal(decoder) || imap_decoder_peek(decoder) == '"')
            imap_decoder_stream(decoder, ignore_begin, ignore_bytes, NULL);
        else
            g_free(imap_decoder_word(decoder));
        return;
    }
    if (++decoder->depth > IMAP_LIST_DEPTH)
        imap_decoder_fail(decoder, "lists nest too deep");
    while (decoder->error == NULL && !imap_decoder_try(decoder, ')')) {
        imap_decoder_skip(decoder);
        imap_decoder_try(decoder, ' ');
    }
    decoder->depth--;
}
