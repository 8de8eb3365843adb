/* Encoded words (RFC 2047). Adjacent words of one charset are joined as octets
 * before they are converted: senders split characters between words. GMime
 * 3.2.13 joins them before base64 is decoded and loses all behind padding
 * ("=?utf-8?B?w6TDtg==?= =?utf-8?B?w7w=?=" becomes two letters).
 *
 *   encoded-word = "=?" charset ["*" language] "?" encoding "?" text "?="
 */
#include "mime_words.h"

#include <string.h>

#include <gmime/gmime.h>

#include "mime_charset.h"
#include "mime_header.h"

enum {
    CHARSET_BYTES = 60
};

typedef struct {
    const char *charset;
    gsize charset_size;
    char encoding; /* 'b' or 'q' */
    const char *text;
    gsize text_size;
    const char *next; /* behind "?=" */
} Word;

static bool
word_read(const char *at, Word *word)
{
    const char *p = at + 2;

    if (at[0] != '=' || at[1] != '?')
        return false;
    word->charset = p;
    word->charset_size = strcspn(p, "*? \t\"<>");
    p += strcspn(p, "? \t\"<>");
    if (*p != '?' || word->charset_size == 0
        || word->charset_size >= CHARSET_BYTES)
        return false;
    word->encoding = g_ascii_tolower(p[1]);
    if ((word->encoding != 'b' && word->encoding != 'q') || p[2] != '?')
        return false;
    word->text = p + 3;
    word->text_size = strcspn(word->text, "?");
    p = word->text + word->text_size;
    if (p[0] != '?' || p[1] != '=')
        return false;
    word->next = p + 2;
    return true;
}

static void
word_append(GByteArray *octets, const Word *word)
{
    GMimeEncoding state;
    g_autofree char *out = NULL;
    g_autofree char *text = g_strndup(word->text, word->text_size);
    gsize n;

    g_strdelimit(text, "_", word->encoding == 'q' ? ' ' : '_');
    g_mime_encoding_init_decode(
        &state, word->encoding == 'b' ? GMIME_CONTENT_ENCODING_BASE64
                                      : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
    out = g_malloc(g_mime_encoding_outlen(&state, word->text_size) + 16);
    n = mime_decode_last(&state, text, word->text_size, out);
    g_byte_array_append(octets, (guint8 *)out, n);
}

static bool
same_charset(const Word *a, const Word *b)
{
    return a->charset_size == b->charset_size
           && g_ascii_strncasecmp(a->charset, b->charset, a->charset_size) == 0;
}

/* Reads the words of one charset from *at on, blanks between them dropped;
 * leaves *at behind the last. */
static char *
run_read(const char **at, const Word *first)
{
    g_autoptr(GByteArray) octets = g_byte_array_new();
    g_autofree char *charset = g_strndup(first->charset, first->charset_size);
    g_autofree char *note = NULL;
    Word word = *first;
    bool more = true;

    while (more) {
        const char *next;

        word_append(octets, &word);
        *at = word.next;
        next = word.next + strspn(word.next, " \t");
        more = word_read(next, &word) && same_charset(&word, first);
    }
    return mime_to_utf8((char *)octets->data, octets->len, charset, &note);
}

static void
append_raw(GString *out, const char *text, gsize size)
{
    g_autofree char *note = NULL;
    g_autofree char *utf8 = mime_to_utf8(text, size, NULL, &note);

    g_string_append(out, utf8);
}

static void
append_word(GString *out, const char *text)
{
    g_string_append(out, "=?utf-8?Q?");
    for (; *text; text++) {
        if (g_ascii_isalnum(*text))
            g_string_append_c(out, *text);
        else
            g_string_append_printf(out, "=%02X", (guchar)*text);
    }
    g_string_append(out, "?=");
}

static char *
rewrite(const char *raw, void (*append)(GString *out, const char *text))
{
    GString *out = g_string_new(NULL);
    bool after_word = false;

    while (*raw) {
        const char *mark = strstr(raw, "=?");
        gsize plain = mark ? (gsize)(mark - raw) : strlen(raw);
        g_autofree char *text = NULL;
        Word word;

        /* Only blanks between two words of different charsets: dropped. */
        if (plain > 0
            && !(mark && after_word && word_read(mark, &word)
                 && strspn(raw, " \t") >= plain))
            append_raw(out, raw, plain);
        raw += plain;
        after_word = mark && word_read(mark, &word);
        if (after_word) {
            text = run_read(&raw, &word);
            append(out, text);
        } else if (mark) {
            g_string_append(out, "=?");
            raw += 2;
        }
    }
    return g_string_free(out, FALSE);
}

static void
append_text(GString *out, const char *text)
{
    g_string_append(out, text);
}

char *
mime_words_decode(const char *raw)
{
    return rewrite(raw, append_text);
}

char *
mime_words_join(const char *raw)
{
    return rewrite(raw, append_word);
}
