/* The parts of a message for the files panel, and their decoded bytes. Decoding
 * goes through a buffer of fixed size, whatever the part holds. */
#include <string.h>

#include "base/err.h"
#include "base/file.h"
#include "mime_scan.h"

enum {
    DECODE_STEP = 64 * 1024
};

typedef bool (*DecodeSink)(const char *bytes, gsize size, void *user);

/* uuencode: the data begin behind the line "begin 644 name". */
static MimeSpan
skip_uu_begin(MimeSpan body)
{
    const char *end = body.bytes + body.size;
    const char *at = body.bytes;

    while (at < end) {
        const char *newline = memchr(at, '\n', end - at);
        const char *next = newline ? newline + 1 : end;

        if (end - at > 6 && memcmp(at, "begin ", 6) == 0)
            return (MimeSpan){ next, end - next };
        at = next;
    }
    return (MimeSpan){ end, 0 };
}

static bool
is_encoded(const MimeNode *node)
{
    return !node->pub.is_multipart && !node->is_message
           && (node->encoding == GMIME_CONTENT_ENCODING_BASE64
               || node->encoding == GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE
               || node->encoding == GMIME_CONTENT_ENCODING_UUENCODE);
}

/* Decoded pieces in order until the sink says false. */
static bool
node_each_piece(const MimeNode *node, DecodeSink sink, void *user)
{
    GMimeEncoding state;
    MimeSpan rest = node->body;
    g_autofree char *out = NULL;

    if (!is_encoded(node))
        return rest.size == 0 || sink(rest.bytes, rest.size, user);
    g_mime_encoding_init_decode(&state, node->encoding);
    if (node->encoding == GMIME_CONTENT_ENCODING_UUENCODE) {
        rest = skip_uu_begin(rest);
        state.state |= GMIME_UUDECODE_STATE_BEGIN;
    }
    out = g_malloc(g_mime_encoding_outlen(&state, DECODE_STEP) + 64);
    while (rest.size > 0) {
        gsize step = MIN(rest.size, DECODE_STEP);
        gsize n = step == rest.size
                      ? mime_decode_last(&state, rest.bytes, step, out)
                      : g_mime_encoding_step(&state, rest.bytes, step, out);

        rest.bytes += step;
        rest.size -= step;
        if (n > 0 && !sink(out, n, user))
            return false;
    }
    return true;
}

static bool
sink_count(const char *bytes, gsize size, void *user)
{
    *(guint64 *)user += size;
    return true;
}

typedef struct {
    GByteArray *bytes;
    gsize limit;
} Collect;

static bool
sink_collect(const char *bytes, gsize size, void *user)
{
    Collect *collect = user;
    gsize room = collect->limit - collect->bytes->len;

    g_byte_array_append(collect->bytes, (const guint8 *)bytes, MIN(size, room));
    return collect->bytes->len < collect->limit;
}

GBytes *
mime_node_decode(MimeMessage *message, const MimeNode *node, gsize limit)
{
    Collect collect = { NULL, limit ? limit : G_MAXUINT32 };

    if (!is_encoded(node)) {
        gsize start = node->body.bytes
                      - (const char *)g_bytes_get_data(message->bytes, NULL);

        if (node->body.size == 0)
            return g_bytes_new(NULL, 0);
        return g_bytes_new_from_bytes(message->bytes, start,
                                      MIN(node->body.size, collect.limit));
    }
    collect.bytes = g_byte_array_new();
    node_each_piece(node, sink_collect, &collect);
    return g_byte_array_free_to_bytes(collect.bytes);
}

static bool
is_control_part(MimeMessage *message, const MimeNode *node)
{
    static const char *const types[] = { "application/pgp-signature",
                                         "application/pkcs7-signature",
                                         "application/x-pkcs7-signature",
                                         "application/pgp-encrypted" };

    if (node->parent < 0)
        return false;
    for (guint i = 0; i < G_N_ELEMENTS(types); i++)
        if (g_str_equal(node->pub.content_type, types[i]))
            return true;
    return false;
}

/* A picture that the HTML beside it shows in its place. */
static bool
is_related_picture(MimeMessage *message, const MimeNode *node)
{
    const MimeNode *parent =
        node->parent >= 0 ? mime_node(message, node->parent) : NULL;

    return parent && g_str_equal(parent->pub.content_type, "multipart/related")
           && node->pub.content_id
           && g_str_has_prefix(node->pub.content_type, "image/")
           && g_strcmp0(node->disposition, "attachment") != 0;
}

static bool
is_file(MimeMessage *message, const MimeNode *node)
{
    const char *type = node->pub.content_type;

    if (node->pub.is_multipart || is_control_part(message, node)
        || is_related_picture(message, node))
        return false;
    if (g_strcmp0(node->disposition, "attachment") == 0 || node->pub.name)
        return true;
    return !g_str_has_prefix(type, "text/")
           && !g_str_has_prefix(type, "message/delivery-status")
           && !(g_str_has_prefix(type, "message/") && node->parent < 0);
}

const GPtrArray *
mime_parts(MimeMessage *message)
{
    if (message->parts)
        return message->parts;
    message->parts = g_ptr_array_new();
    for (guint i = 0; i < message->nodes->len; i++) {
        MimeNode *node = mime_node(message, i);

        node->pub.is_attachment = is_file(message, node);
        node->pub.size = 0;
        node_each_piece(node, sink_count, &node->pub.size);
        g_ptr_array_add(message->parts, &node->pub);
    }
    return message->parts;
}

static MimeNode *
node_by_number(MimeMessage *message, guint number, GError **error)
{
    if (number >= 1 && number <= message->nodes->len)
        return mime_node(message, number - 1);
    return err_null(error, ERR_USAGE,
                    "there is no part %u: the message has %u, see `show`",
                    number, message->nodes->len);
}

GBytes *
mime_part_bytes(MimeMessage *message, guint number, gsize limit, GError **error)
{
    MimeNode *node = node_by_number(message, number, error);

    return node ? mime_node_decode(message, node, limit) : NULL;
}

typedef struct {
    int fd;
    const char *what;
    GError **error;
} Save;

static bool
sink_save(const char *bytes, gsize size, void *user)
{
    Save *save = user;

    return file_write_all(save->fd, bytes, size, save->what, save->error);
}

bool
mime_part_save(MimeMessage *message, guint number, int fd, GError **error)
{
    MimeNode *node = node_by_number(message, number, error);
    g_autofree char *what = g_strdup_printf("part %u", number);
    Save save = { fd, what, error };

    return node && node_each_piece(node, sink_save, &save);
}
