/* A message cut into raw fields and a body (RFC 5322, section 2.1). Line ends
 * are LF with or without CR. Decodes nothing. */
#include "trust_message.h"

#include "base/err.h"
#include "mime/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
    PIECE = 64 * 1024
};

bool
trust_field_is(const TrustField *field, const char *name)
{
    return field->name_size == strlen(name)
           && g_ascii_strncasecmp(field->name, name, field->name_size) == 0;
}

char *
trust_field_text(const TrustField *field)
{
    GString *text = g_string_sized_new(field->value_size);

    for (gsize i = 0; i < field->value_size; i++) {
        char c = field->value[i];

        if (c == '\0')
            c = ' ';
        if (c != '\r' && c != '\n')
            g_string_append_c(text, c);
    }
    return g_string_free(text, FALSE);
}

static bool
is_wsp(char c)
{
    return c == ' ' || c == '\t';
}

/* The line at from, its end included. */
static gsize
line_size(const char *from, const char *end)
{
    const char *lf = memchr(from, '\n', (gsize)(end - from));

    return (gsize)((lf ? lf + 1 : end) - from);
}

static bool
line_is_empty(const char *line, gsize size)
{
    return size == 0 || line[0] == '\n'
           || (size >= 2 && line[0] == '\r' && line[1] == '\n');
}

static void
name_field(TrustMessage *message, const TrustField *field)
{
    char *name = g_ascii_strdown(field->name, (gssize)field->name_size);
    GArray *indices = g_hash_table_lookup(message->named, name);
    guint index = message->fields->len;

    if (indices == NULL) {
        indices = g_array_new(FALSE, FALSE, sizeof(guint));
        g_hash_table_insert(message->named, name, indices);
    } else {
        g_free(name);
    }
    g_array_append_val(indices, index);
}

const GArray *
trust_message_named(const TrustMessage *message, const char *name)
{
    return g_hash_table_lookup(message->named, name);
}

static void
add_field(TrustMessage *message, const char *raw, gsize size)
{
    const char *colon = memchr(raw, ':', size);
    TrustField field = { .raw = raw, .raw_size = size, .name = raw };
    gsize end = size;

    if (colon == NULL || colon == raw)
        return;
    field.name_size = (gsize)(colon - raw);
    while (field.name_size > 0 && is_wsp(raw[field.name_size - 1]))
        field.name_size--;
    for (gsize i = 0; i < field.name_size; i++)
        if (raw[i] <= ' ' || raw[i] >= 0x7f)
            return;
    if (end > 0 && raw[end - 1] == '\n')
        end--;
    if (end > 0 && raw[end - 1] == '\r')
        end--;
    field.value = colon + 1;
    field.value_size = (gsize)(raw + end > colon ? raw + end - colon - 1 : 0);
    name_field(message, &field);
    g_array_append_val(message->fields, field);
}

/* Cuts the header; returns its size, the empty line included. */
static gsize
cut_header(TrustMessage *message, const char *bytes, gsize size)
{
    const char *at = bytes;
    const char *end = bytes + size;

    message->fields = g_array_new(FALSE, FALSE, sizeof(TrustField));
    message->named = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                           (GDestroyNotify)g_array_unref);
    if (g_str_has_prefix(at, "From "))
        at += line_size(at, end);
    while (at < end) {
        gsize used = line_size(at, end);

        if (line_is_empty(at, used))
            return (gsize)(at - bytes) + used;
        while (at + used < end && is_wsp(at[used]))
            used += line_size(at + used, end);
        if (message->fields->len == MIME_MAX_HEADERS)
            message->cut = true;
        else
            add_field(message, at, used);
        at += used;
    }
    return size;
}

void
trust_message_init(TrustMessage *message, const char *bytes, gsize size)
{
    gsize head = MIN(size, (gsize)MIME_MAX_HEADER_BYTES);
    gsize used;

    memset(message, 0, sizeof *message);
    message->fd = -1;
    message->header = g_malloc(head + 1);
    memcpy(message->header, bytes, head);
    message->header[head] = '\0';
    used = cut_header(message, message->header, head);
    message->cut = message->cut || (used == head && head < size);
    message->body = bytes + used;
    message->body_size = size - used;
}

/* Where the header ends in what has been read; 0: not yet. */
static bool
has_header_end(const GString *text, gsize from)
{
    const char *at = text->str + (from > 3 ? from - 3 : 0);
    const char *end = text->str + text->len;

    while ((at = memchr(at, '\n', (gsize)(end - at))) != NULL) {
        at++;
        if (line_is_empty(at, (gsize)(end - at)) && at < end)
            return true;
    }
    return false;
}

/* Reads until the header has ended or is too long. */
static bool
read_header(int fd, GString *text, GError **error, const char *path)
{
    while (text->len < MIME_MAX_HEADER_BYTES) {
        gsize before = text->len;
        gssize got;

        g_string_set_size(text, before + PIECE);
        got = read(fd, text->str + before, PIECE);
        g_string_set_size(text, before + (got > 0 ? (gsize)got : 0));
        if (got < 0 && errno != EINTR)
            return err_set_errno(error, errno, "%s", path);
        if (got == 0 || (got > 0 && has_header_end(text, before)))
            return true;
    }
    return true;
}

bool
trust_message_open(TrustMessage *message, const char *path, GError **error)
{
    GString *text;
    gsize size;

    memset(message, 0, sizeof *message);
    message->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (message->fd < 0)
        return err_set_errno(error, errno, "%s", path);
    text = g_string_new(NULL);
    if (!read_header(message->fd, text, error, path)) {
        g_string_free(text, TRUE);
        close(message->fd);
        return false;
    }
    size = text->len;
    message->header = g_string_free(text, FALSE);
    message->body_offset = (goffset)cut_header(message, message->header, size);
    message->cut = message->cut
                   || (size >= MIME_MAX_HEADER_BYTES
                       && message->body_offset == (goffset)size);
    return true;
}

void
trust_message_finish(TrustMessage *message)
{
    if (message->fd >= 0)
        close(message->fd);
    g_clear_pointer(&message->fields, g_array_unref);
    g_clear_pointer(&message->named, g_hash_table_unref);
    g_clear_pointer(&message->header, g_free);
}

const TrustField *
trust_message_single(const TrustMessage *message, const char *name,
                     guint *count)
{
    const GArray *indices = trust_message_named(message, name);
    guint n = indices ? indices->len : 0;

    if (count != NULL)
        *count = n;
    return n == 1
               ? trust_message_field(message, g_array_index(indices, guint, 0))
               : NULL;
}

bool
trust_message_body(const TrustMessage *message,
                   void (*piece)(const char *bytes, gsize size, void *user),
                   void *user)
{
    g_autofree char *buffer = NULL;
    goffset at = message->body_offset;
    gssize got;

    if (message->fd < 0) {
        piece(message->body, message->body_size, user);
        return true;
    }
    buffer = g_malloc(PIECE);
    while ((got = pread(message->fd, buffer, PIECE, at)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        piece(buffer, (gsize)got, user);
        at += got;
    }
    return true;
}
