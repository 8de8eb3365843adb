/* Where the parts of a message lie (RFC 2046, section 5.1). A boundary line is
 * looked for with a stack of open multiparts instead of recursion, so depth is
 * bounded by a number and time by the length. A truncated message is one whose
 * open parts all end at its end. Decodes nothing but the fields that tell the
 * structure.
 *
 *   delimiter       := "--" boundary
 *   close-delimiter := "--" boundary "--"
 */
#include "mime_scan.h"

#include <string.h>

#include "mime/limits.h"

typedef struct {
    int node;
    const char *boundary; /* NULL: none, or closed */
    gsize length;
} Frame;

typedef struct {
    MimeMessage *message;
    const char *at;
    const char *end;
    Frame stack[MIME_MAX_DEPTH + 2];
    int depth; /* frames in use */
} Scan;

/* A boundary line that was found. */
typedef struct {
    const char *part_end; /* before the line break that belongs to it */
    const char *next;     /* behind the line */
    int frame;            /* whose boundary; -1: end of the message */
    bool closes;
} Delimiter;

void
mime_node_free(MimeNode *node)
{
    if (node == NULL)
        return;
    g_free(node->pub.content_type);
    g_free(node->pub.charset);
    g_free(node->pub.name);
    g_free(node->pub.content_id);
    g_free(node->disposition);
    g_clear_object(&node->type);
    g_free(node);
}

const char *
mime_node_param(const MimeNode *node, const char *name)
{
    return g_mime_content_type_get_parameter(node->type, name);
}

MimeSpan
mime_node_field(const MimeNode *node, const char *name)
{
    MimeReader reader;
    MimeField field;

    mime_reader_init(&reader, node->header.bytes, node->header.size);
    while (mime_reader_next(&reader, &field))
        if (mime_span_is(field.name, name))
            return field.value;
    return (MimeSpan){ 0 };
}

/* type "/" subtype; what does not begin so is text (RFC 2045, section 5.2). */
static bool
is_media_type(const char *text)
{
    gsize n = 0;

    while (g_ascii_isalnum(text[n]) || text[n] == '-')
        n++;
    return n > 0 && text[n] == '/' && g_ascii_isalnum(text[n + 1]);
}

static void
node_set_type(MimeNode *node, MimeSpan value)
{
    g_autofree char *text = value.bytes ? mime_unfold_joined(value) : NULL;
    g_autofree char *type = NULL;

    if (text && is_media_type(text))
        node->type = g_mime_content_type_parse(mime_parser_options(), text);
    if (node->type == NULL)
        node->type = g_mime_content_type_new("text", "plain");
    type = g_mime_content_type_get_mime_type(node->type);
    node->pub.content_type = mime_tidy(g_ascii_strdown(type, -1));
    node->pub.charset = mime_tidy(g_strdup(mime_node_param(node, "charset")));
}

static void
node_set_disposition(MimeNode *node, MimeSpan value)
{
    g_autofree char *text = value.bytes ? mime_unfold_joined(value) : NULL;
    g_autoptr(GMimeContentDisposition) disposition = NULL;
    const char *name = NULL;

    if (text)
        disposition =
            g_mime_content_disposition_parse(mime_parser_options(), text);
    if (disposition) {
        const char *word =
            g_mime_content_disposition_get_disposition(disposition);

        node->disposition = word ? g_ascii_strdown(word, -1) : NULL;
        name =
            g_mime_content_disposition_get_parameter(disposition, "filename");
    }
    if (name == NULL || *name == '\0')
        name = mime_node_param(node, "name");
    if (name && *name)
        node->pub.name = mime_tidy(g_strdup(name));
}

static void
node_set_content_id(MimeNode *node, MimeSpan value)
{
    g_autofree char *text = value.bytes ? mime_unfold(value) : NULL;

    if (text == NULL)
        return;
    g_strdelimit(text, "<>", ' ');
    node->pub.content_id = mime_tidy(g_strdup(g_strstrip(text)));
}

static GMimeContentEncoding
encoding_of(MimeSpan value)
{
    g_autofree char *text = value.bytes ? mime_unfold(value) : NULL;

    return text ? g_mime_content_encoding_from_string(g_strstrip(text))
                : GMIME_CONTENT_ENCODING_DEFAULT;
}

static void
keep_first(MimeSpan *slot, const MimeField *field, const char *name)
{
    if (slot->bytes == NULL && mime_span_is(field->name, name))
        *slot = field->value;
}

/* Reads the header at scan->at and leaves scan->at at the body. */
static MimeNode *
node_read(Scan *scan)
{
    MimeNode *node = g_new0(MimeNode, 1);
    MimeSpan type = { 0 }, disposition = { 0 }, encoding = { 0 }, id = { 0 };
    MimeReader reader;
    MimeField field;

    mime_reader_init(&reader, scan->at, scan->end - scan->at);
    while (mime_reader_next(&reader, &field)) {
        keep_first(&type, &field, "Content-Type");
        keep_first(&disposition, &field, "Content-Disposition");
        keep_first(&encoding, &field, "Content-Transfer-Encoding");
        keep_first(&id, &field, "Content-ID");
    }
    if (reader.limit)
        scan->message->limit = reader.limit;
    node->header = (MimeSpan){ scan->at, reader.rest.bytes - scan->at };
    node->body = reader.rest;
    node_set_type(node, type);
    node_set_disposition(node, disposition);
    node_set_content_id(node, id);
    node->encoding = encoding_of(encoding);
    scan->at = reader.rest.bytes;
    return node;
}

static bool
is_identity(GMimeContentEncoding encoding)
{
    return encoding != GMIME_CONTENT_ENCODING_BASE64
           && encoding != GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE
           && encoding != GMIME_CONTENT_ENCODING_UUENCODE;
}

/* Within the limits of depth and parts, and made of parts at all? */
static bool
node_opens(Scan *scan, MimeNode *node)
{
    bool message = g_str_equal(node->pub.content_type, "message/rfc822")
                   || g_str_equal(node->pub.content_type, "message/global");
    bool multipart = g_str_has_prefix(node->pub.content_type, "multipart/")
                     && mime_node_param(node, "boundary") != NULL;

    if ((!message && !multipart) || !is_identity(node->encoding))
        return false;
    if (node->pub.depth >= MIME_MAX_DEPTH)
        scan->message->limit = "depth of parts";
    else if (scan->message->nodes->len >= MIME_MAX_PARTS)
        scan->message->limit = "number of parts";
    else
        return true;
    return false;
}

static void
frame_push(Scan *scan, int index, const char *boundary)
{
    Frame *frame = &scan->stack[scan->depth++];

    frame->node = index;
    frame->boundary = boundary;
    frame->length = boundary ? strlen(boundary) : 0;
}

/* Opens the entity at scan->at and, for attached messages, the one inside it,
 * down to a leaf or a multipart. */
static void
entity_open(Scan *scan)
{
    GPtrArray *nodes = scan->message->nodes;
    bool inside = true;

    while (inside) {
        int parent = scan->depth ? scan->stack[scan->depth - 1].node : -1;
        MimeNode *node = node_read(scan);
        bool opens;

        node->parent = parent;
        node->pub.depth = scan->depth;
        node->pub.number = nodes->len + 1;
        g_ptr_array_add(nodes, node);
        opens = node_opens(scan, node);
        node->pub.is_multipart =
            opens && g_str_has_prefix(node->pub.content_type, "multipart/");
        node->is_message = inside = opens && !node->pub.is_multipart;
        frame_push(scan, nodes->len - 1,
                   node->pub.is_multipart ? mime_node_param(node, "boundary")
                                          : NULL);
    }
}

/* Is the line at "--" a boundary of an open multipart? Innermost first. */
static bool
delimiter_match(const Scan *scan, const char *line, Delimiter *found)
{
    gsize left = scan->end - line - 2;

    for (int i = scan->depth - 1; i >= 0; i--) {
        const Frame *frame = &scan->stack[i];
        const char *rest, *newline;

        if (frame->boundary == NULL || frame->length > left
            || memcmp(line + 2, frame->boundary, frame->length) != 0)
            continue;
        rest = line + 2 + frame->length;
        found->closes =
            scan->end - rest >= 2 && rest[0] == '-' && rest[1] == '-';
        if (!found->closes && rest < scan->end && !strchr(" \t\r\n", *rest))
            continue;
        newline = memchr(rest, '\n', scan->end - rest);
        found->next = newline ? newline + 1 : scan->end;
        found->frame = i;
        return true;
    }
    return false;
}

static void
delimiter_find(const Scan *scan, Delimiter *found)
{
    const char *at = scan->at;

    while (at < scan->end) {
        const char *newline;

        if (scan->end - at >= 2 && at[0] == '-' && at[1] == '-'
            && delimiter_match(scan, at, found)) {
            found->part_end = at;
            if (at > scan->at && at[-1] == '\n')
                found->part_end--;
            if (found->part_end > scan->at && found->part_end[-1] == '\r'
                && found->part_end < at)
                found->part_end--;
            return;
        }
        newline = memmem(at, scan->end - at, "\n--", 3);
        if (newline == NULL)
            break;
        at = newline + 1;
    }
    *found = (Delimiter){ scan->end, scan->end, -1, true };
}

static void
frames_close(Scan *scan, int keep, const char *end)
{
    while (scan->depth > keep) {
        Frame *frame = &scan->stack[--scan->depth];
        MimeNode *node = mime_node(scan->message, frame->node);

        node->body.size = MAX(end, node->body.bytes) - node->body.bytes;
    }
}

void
mime_scan(MimeMessage *message)
{
    gsize size;
    const char *bytes = g_bytes_get_data(message->bytes, &size);
    Scan scan = { .message = message };
    Delimiter found;

    scan.at = bytes ? bytes : "";
    scan.end = scan.at + size;
    entity_open(&scan);
    for (;;) {
        delimiter_find(&scan, &found);
        frames_close(&scan, found.frame + 1, found.part_end);
        scan.at = found.next;
        if (found.frame < 0)
            return;
        if (found.closes)
            scan.stack[found.frame].boundary = NULL;
        else if (message->nodes->len < MIME_MAX_PARTS)
            entity_open(&scan);
        else
            message->limit = "number of parts";
    }
}
