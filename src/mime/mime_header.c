/* Header fields of raw bytes (RFC 5322, section 2.2). One pass, no copies
 * before a value is asked for. Knows no field by its meaning. */
#include "mime_header.h"

#include <string.h>

#include "mime/limits.h"
#include "mime/mime.h"
#include "mime_words.h"

static GMimeParserOptions *parser_options;

void
mime_init(void)
{
    static gsize once;
    static const char *fallbacks[] = { "utf-8", "windows-1252", NULL };

    if (!g_once_init_enter(&once))
        return;
    g_mime_init();
    parser_options = g_mime_parser_options_new();
    g_mime_parser_options_set_fallback_charsets(parser_options, fallbacks);
    g_once_init_leave(&once, 1);
}

GMimeParserOptions *
mime_parser_options(void)
{
    return parser_options;
}

static gsize
line_length(MimeSpan span)
{
    const char *end =
        span.size > 0 ? memchr(span.bytes, '\n', span.size) : NULL;

    return end ? (gsize)(end - span.bytes) + 1 : span.size;
}

static void
span_skip(MimeSpan *span, gsize length)
{
    span->bytes += length;
    span->size -= length;
}

static bool
is_blank_line(MimeSpan span)
{
    return span.bytes[0] == '\n'
           || (span.bytes[0] == '\r'
               && (span.size == 1 || span.bytes[1] == '\n'));
}

void
mime_reader_init(MimeReader *reader, const char *bytes, gsize size)
{
    *reader = (MimeReader){ .rest = { bytes, size } };
    /* The separator line of an mbox file, kept by some delivery agents. */
    if (size >= 5 && memcmp(bytes, "From ", 5) == 0)
        span_skip(&reader->rest, line_length(reader->rest));
}

/* field-name = 1*ftext, ftext = %d33-57 / %d59-126; blanks before the colon
 * are an obsolete form. Returns the offset of the colon, 0 when it is none. */
static gsize
field_colon(MimeSpan line)
{
    gsize at = 0, name;

    while (at < line.size && line.bytes[at] > 32 && line.bytes[at] < 127
           && line.bytes[at] != ':')
        at++;
    name = at;
    while (at < line.size && (line.bytes[at] == ' ' || line.bytes[at] == '\t'))
        at++;
    return name > 0 && at < line.size && line.bytes[at] == ':' ? at : 0;
}

/* A field with its continuation lines. */
static gsize
field_length(MimeSpan rest)
{
    gsize length = 0;

    do {
        MimeSpan tail = { rest.bytes + length, rest.size - length };

        length += line_length(tail);
    } while (length < rest.size
             && (rest.bytes[length] == ' ' || rest.bytes[length] == '\t'));
    return length;
}

static void
field_set(MimeField *field, const char *bytes, gsize length, gsize colon)
{
    gsize name = colon;

    while (name > 0 && (bytes[name - 1] == ' ' || bytes[name - 1] == '\t'))
        name--;
    field->name = (MimeSpan){ bytes, name };
    field->value = (MimeSpan){ bytes + colon + 1, length - colon - 1 };
    while (field->value.size > 0
           && strchr("\r\n", field->value.bytes[field->value.size - 1])
           && field->value.bytes[field->value.size - 1] != '\0')
        field->value.size--;
}

/* Notes the limit that is passed, if one is. */
static bool
reader_is_full(MimeReader *reader, gsize length)
{
    if (reader->n_fields >= MIME_MAX_HEADERS)
        reader->limit = "number of header fields";
    else if (reader->used + length > MIME_MAX_HEADER_BYTES)
        reader->limit = "size of the header";
    return reader->limit != NULL;
}

/* Perhaps the boundary of a part that ends within its header. */
static bool
is_dashes(MimeSpan line)
{
    return line.size >= 2 && line.bytes[0] == '-' && line.bytes[1] == '-';
}

/* Lines that are no field are skipped between fields; where no field was
 * before them, they are the body of a part without a header. */
bool
mime_reader_next(MimeReader *reader, MimeField *field)
{
    MimeSpan *rest = &reader->rest;

    while (rest->size > 0 && !is_blank_line(*rest)) {
        const char *start = rest->bytes;
        gsize colon = field_colon(*rest);
        gsize length;

        if (colon == 0 && (reader->n_fields == 0 || is_dashes(*rest)))
            return false;
        length = field_length(*rest);
        span_skip(rest, length);
        if (colon == 0 || reader_is_full(reader, length))
            continue;
        reader->used += length;
        reader->n_fields++;
        field_set(field, start, length, colon);
        return true;
    }
    if (rest->size > 0)
        span_skip(rest, line_length(*rest));
    return false;
}

bool
mime_span_is(MimeSpan span, const char *word)
{
    return span.size == strlen(word)
           && g_ascii_strncasecmp(span.bytes, word, span.size) == 0;
}

char *
mime_unfold(MimeSpan value)
{
    gsize size = MIN(value.size, MIME_MAX_FIELD_BYTES), out = 0, i = 0;
    char *text = g_malloc(size + 1);

    while (i < size && (value.bytes[i] == ' ' || value.bytes[i] == '\t'))
        i++;
    for (; i < size; i++) {
        char c = value.bytes[i];

        if (c == '\r' && i + 1 < size && value.bytes[i + 1] == '\n')
            continue;
        /* "\n " is a fold: the blank behind it stays as the only one. */
        if (c == '\n' && i + 1 < size && strchr(" \t", value.bytes[i + 1])
            && value.bytes[i + 1] != '\0')
            continue;
        text[out++] = (c >= 0 && c < ' ') || c == 127 ? ' ' : c;
    }
    while (out > 0 && text[out - 1] == ' ')
        out--;
    text[out] = '\0';
    return text;
}

char *
mime_tidy(char *text)
{
    if (text == NULL)
        return NULL;
    if (!g_utf8_validate(text, -1, NULL)) {
        char *valid = g_utf8_make_valid(text, -1);

        g_free(text);
        text = valid;
    }
    for (char *p = text; *p; p++)
        if (*p == '\n' || *p == '\r' || *p == '\t')
            *p = ' ';
    return text;
}

static bool
is_plain(const char *text)
{
    for (const char *p = text; *p; p++)
        if (*p & 0x80 || (*p == '=' && p[1] == '?'))
            return false;
    return true;
}

char *
mime_decode(MimeSpan value)
{
    g_autofree char *raw = mime_unfold(value);

    if (is_plain(raw))
        return g_steal_pointer(&raw);
    return mime_tidy(mime_words_decode(raw));
}

char *
mime_unfold_joined(MimeSpan value)
{
    char *raw = mime_unfold(value);
    char *joined;

    if (is_plain(raw))
        return raw;
    joined = mime_words_join(raw);
    g_free(raw);
    return joined;
}

gsize
mime_decode_last(GMimeEncoding *state, const char *in, gsize size, char *out)
{
    gsize n = g_mime_encoding_flush(state, in, size, out);

    if (state->encoding != GMIME_CONTENT_ENCODING_BASE64
        || (state->state != 2 && state->state != 3))
        return n;
    return n
           + g_mime_encoding_flush(state, "==", state->state == 2 ? 2 : 1,
                                   out + n);
}
