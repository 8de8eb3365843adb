/* A message as bytes and the values of its header. A small file is read, a big
 * one is mapped, so that 100 MB cost address space and not memory. */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/file.h"
#include "mime/limits.h"
#include "mime_scan.h"

enum {
    LOAD_READ_BYTES = 4 * 1024 * 1024
};

static MimeMessage *
message_create(GBytes *bytes)
{
    MimeMessage *message = g_new0(MimeMessage, 1);

    mime_init();
    message->bytes = bytes;
    message->nodes =
        g_ptr_array_new_with_free_func((GDestroyNotify)mime_node_free);
    mime_scan(message);
    return message;
}

MimeMessage *
mime_load_file(const char *path, GError **error)
{
    g_autoptr(GError) reason = NULL;
    g_autoptr(GMappedFile) map = NULL;
    gsize size;
    char *text;

    text = file_read(path, LOAD_READ_BYTES, &size, NULL);
    if (text)
        return message_create(g_bytes_new_take(text, size));
    map = g_mapped_file_new(path, FALSE, &reason);
    if (map == NULL)
        return err_null(error, ERR_LOCAL, "%s", reason->message);
    return message_create(g_mapped_file_get_bytes(map));
}

MimeMessage *
mime_load_fd(int fd, GError **error)
{
    g_autoptr(GError) reason = NULL;
    g_autoptr(GMappedFile) map = g_mapped_file_new_from_fd(fd, FALSE, &reason);

    if (map == NULL)
        return err_null(error, ERR_LOCAL, "%s", reason->message);
    return message_create(g_mapped_file_get_bytes(map));
}

MimeMessage *
mime_load_bytes(const char *bytes, gsize size)
{
    return message_create(g_bytes_new(bytes, size));
}

MimeMessage *
mime_load_shared(GBytes *bytes)
{
    return message_create(g_bytes_ref(bytes));
}

MimeMessage *
mime_load_again(const MimeMessage *message)
{
    return mime_load_shared(message->bytes);
}

MimeMessage *
mime_load_static(const char *bytes, gsize size)
{
    return message_create(g_bytes_new_static(bytes, size));
}

void
mime_message_free(MimeMessage *message)
{
    if (message == NULL)
        return;
    g_clear_pointer(&message->parts, g_ptr_array_unref);
    g_clear_pointer(&message->values, g_hash_table_unref);
    g_ptr_array_unref(message->nodes);
    g_bytes_unref(message->bytes);
    g_free(message);
}

/* Addresses have encoded words in the names alone, and quotes round blanks
 * and commas that must stay. */
static bool
is_address_field(MimeSpan name)
{
    static const char *const names[] = { "From", "To",       "Cc",
                                         "Bcc",  "Reply-To", "Sender" };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (mime_span_is(name, names[i]))
            return true;
    return false;
}

static char *
decode_addresses(MimeSpan value)
{
    g_autofree char *raw = mime_unfold(value);
    g_autoptr(GPtrArray) list = mime_addresses(raw);
    GString *out;

    if (list->len == 0 || strchr(raw, ':') != NULL)
        return mime_decode(value);
    out = g_string_new(NULL);
    for (guint i = 0; i < list->len; i++) {
        const MimeAddress *address = g_ptr_array_index(list, i);
        g_autofree char *one =
            mime_address_format(address->name, address->addr);

        g_string_append_printf(out, "%s%s", i ? ", " : "", one);
    }
    return g_string_free(out, FALSE);
}

static char *
decode_field(const MimeField *field)
{
    return is_address_field(field->name) ? decode_addresses(field->value)
                                         : mime_decode(field->value);
}

const char *
mime_header(MimeMessage *message, const char *name)
{
    g_autofree char *key = g_ascii_strdown(name, -1);
    MimeReader reader;
    MimeField field;
    gpointer known;
    char *value = NULL;

    if (message->values == NULL)
        message->values =
            g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (g_hash_table_lookup_extended(message->values, key, NULL, &known))
        return known;
    mime_reader_init(&reader, mime_node(message, 0)->header.bytes,
                     mime_node(message, 0)->header.size);
    while (value == NULL && mime_reader_next(&reader, &field))
        if (mime_span_is(field.name, name))
            value = decode_field(&field);
    g_hash_table_insert(message->values, g_steal_pointer(&key), value);
    return value;
}

/* The raw fields of that name, as one list. g_free(). */
static char *
join_fields(MimeMessage *message, const char *name)
{
    GString *joined = g_string_new(NULL);
    MimeReader reader;
    MimeField field;

    mime_reader_init(&reader, mime_node(message, 0)->header.bytes,
                     mime_node(message, 0)->header.size);
    while (mime_reader_next(&reader, &field)) {
        g_autofree char *raw = NULL;

        if (!mime_span_is(field.name, name))
            continue;
        raw = mime_unfold(field.value);
        g_string_append_printf(joined, "%s%s", joined->len ? ", " : "", raw);
    }
    return g_string_free(joined, FALSE);
}

GPtrArray *
mime_header_addresses(MimeMessage *message, const char *name)
{
    g_autofree char *joined = join_fields(message, name);

    return mime_addresses(joined);
}

GPtrArray *
mime_header_addresses_strict(MimeMessage *message, const char *name,
                             GError **error)
{
    g_autofree char *joined = join_fields(message, name);

    return mime_addresses_strict(joined, error);
}

void
mime_headers(MimeMessage *message,
             void (*each)(const char *name, const char *value, void *user),
             void *user)
{
    MimeReader reader;
    MimeField field;

    mime_reader_init(&reader, mime_node(message, 0)->header.bytes,
                     mime_node(message, 0)->header.size);
    while (mime_reader_next(&reader, &field)) {
        g_autofree char *name = g_strndup(field.name.bytes, field.name.size);
        g_autofree char *value = decode_field(&field);

        each(name, value, user);
    }
}

gint64
mime_date(MimeMessage *message)
{
    const char *text = mime_header(message, "Date");
    g_autoptr(GDateTime) date =
        text ? g_mime_utils_header_decode_date(text) : NULL;

    return date ? g_date_time_to_unix(date) : 0;
}

char *
mime_date_text(gint64 time)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(time);

    return g_mime_utils_header_format_date(date);
}
