/* The bytes of a message that leaves (RFC 5322, RFC 2045, RFC 3676). Built from
 * GMime's objects; what goes in is made safe here and nowhere else: no line
 * break in a value, no line over 998 octets, no field for Bcc, nothing that
 * names this machine. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/text.h"
#include "mime/limits.h"
#include "mime/mime.h"
#include "mime_gpg.h"
#include "mime_header.h"
#include "mime_wrap.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(GMimeParser, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GMimePart, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GMimeMultipart, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GMimeDataWrapper, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GMimeFormatOptions, g_mime_format_options_free)

/* CR, LF, NUL and other controls as blanks: no value opens a second field. */
static char *
one_line(const char *value)
{
    char *line = g_utf8_make_valid(value, -1);

    for (char *p = line; *p; p++)
        if ((*p > 0 && *p < ' ') || *p == 127)
            *p = ' ';
    return g_strstrip(line);
}

char *
mime_new_message_id(const char *addr)
{
    const char *at = addr ? strrchr(addr, '@') : NULL;
    g_autofree char *random = g_uuid_string_random();
    g_autofree char *domain = NULL;
    g_autofree char *ascii = NULL;

    domain = one_line(at ? at + 1 : "");
    domain[strcspn(domain, "> \"()<@,;:\\")] = '\0';
    ascii = g_hostname_to_ascii(domain);
    return g_strdup_printf("%s@%s", random,
                           ascii && *ascii ? ascii : "localhost.invalid");
}

static InternetAddressList *
parse_addresses(const char *text, GError **error)
{
    g_autofree char *line = one_line(text);
    g_autoptr(GPtrArray) list = mime_addresses(line);
    InternetAddressList *found;

    if (list->len == 0 && *line) {
        g_autofree char *shown = text_sanitise(line, -1, TEXT_LINE);

        return err_null(error, ERR_USAGE,
                        "\"%s\" is no address: write "
                        "name@domain or Name <name@domain>",
                        shown);
    }
    found = internet_address_list_new();
    for (guint i = 0; i < list->len; i++) {
        const MimeAddress *address = g_ptr_array_index(list, i);
        InternetAddress *mailbox =
            internet_address_mailbox_new(address->name, address->addr);

        internet_address_set_charset(mailbox, "utf-8");
        internet_address_list_add(found, mailbox);
        g_object_unref(mailbox);
    }
    return found;
}

/* All at once: the message encodes the whole header at each change of it. */
static bool
add_addresses(GMimeMessage *message, GMimeAddressType type, const char *text,
              GError **error)
{
    InternetAddressList *found;

    if (text == NULL || *text == '\0')
        return true;
    found = parse_addresses(text, error);
    if (found == NULL)
        return false;
    internet_address_list_append(g_mime_message_get_addresses(message, type),
                                 found);
    g_object_unref(found);
    return true;
}

char *
mime_address_field(const char *name, const char *text, GError **error)
{
    InternetAddressList *list = parse_addresses(text, error);
    g_autoptr(GMimeFormatOptions) format = g_mime_format_options_new();
    GString *out = g_string_new(name);

    if (list == NULL) {
        g_string_free(out, TRUE);
        return NULL;
    }
    g_mime_format_options_set_newline_format(format, GMIME_NEWLINE_FORMAT_DOS);
    g_string_append(out, ": ");
    internet_address_list_encode(list, format, out);
    g_object_unref(list);
    /* GMime ends the line of a list that it encodes. */
    while (out->len > 0 && g_ascii_isspace(out->str[out->len - 1]))
        g_string_truncate(out, out->len - 1);
    g_string_append(out, "\r\n");
    return g_string_free(out, FALSE);
}

static void
set_field(GMimeObject *object, const char *name, const char *value)
{
    g_autofree char *line = one_line(value);

    g_mime_object_set_header(object, name, line, "utf-8");
}

/* "a@b c@d" as "<a@b> <c@d>"; brackets already there do no harm. */
static char *
bracket_ids(const char *ids)
{
    g_autofree char *line = one_line(ids);
    g_auto(GStrv) words = NULL;
    GString *out = g_string_new(NULL);

    g_strdelimit(line, "<>", ' ');
    words = g_strsplit(line, " ", -1);
    for (guint i = 0; words[i]; i++)
        if (*words[i])
            g_string_append_printf(out, "%s<%s>", out->len ? " " : "",
                                   words[i]);
    return g_string_free(out, FALSE);
}

static void
set_ids(GMimeObject *object, const char *name, const char *ids)
{
    g_autofree char *value = ids ? bracket_ids(ids) : NULL;

    if (value && *value)
        g_mime_object_set_header(object, name, value, NULL);
}

static bool
is_forbidden(const char *name)
{
    static const char *const names[] = { "Bcc",
                                         "Resent-Bcc",
                                         "From",
                                         "To",
                                         "Cc",
                                         "Subject",
                                         "Date",
                                         "Message-ID",
                                         "In-Reply-To",
                                         "References",
                                         "MIME-Version",
                                         "Content-Type",
                                         "Content-Transfer-Encoding",
                                         "Return-Path" };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_ascii_strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool
is_field_name(const char *name)
{
    for (const char *p = name; *p; p++)
        if (*p <= 32 || *p >= 127)
            return false;
    return *name != '\0';
}

static bool
add_extra(GMimeObject *object, const char *field, GError **error)
{
    g_autofree char *line = one_line(field);
    char *colon = strchr(line, ':');

    if (colon)
        *colon = '\0';
    if (colon == NULL || !is_field_name(line))
        return err_set(error, ERR_USAGE,
                       "a header field is written \"Name: value\"");
    if (is_forbidden(line))
        return err_set(error, ERR_USAGE,
                       "the field %s is not set this way: edit the draft",
                       line);
    set_field(object, line, colon + 1);
    return true;
}

static bool
set_header(GMimeMessage *message, const MimeDraft *draft, GError **error)
{
    GMimeObject *object = GMIME_OBJECT(message);
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_local(draft->date);
    g_autoptr(GPtrArray) from = mime_addresses(draft->from);
    g_autofree char *subject = one_line(draft->subject ? draft->subject : "");
    g_autofree char *id = NULL;

    if (from->len != 1)
        return err_set(error, ERR_USAGE,
                       "a message needs one From address: set `address` of "
                       "the account");
    id = draft->message_id
             ? one_line(draft->message_id)
             : mime_new_message_id(
                 ((MimeAddress *)g_ptr_array_index(from, 0))->addr);
    g_strdelimit(id, "<> ", '.');
    if (!add_addresses(message, GMIME_ADDRESS_TYPE_FROM, draft->from, error)
        || !add_addresses(message, GMIME_ADDRESS_TYPE_TO, draft->to, error)
        || !add_addresses(message, GMIME_ADDRESS_TYPE_CC, draft->cc, error))
        return false;
    g_mime_message_set_subject(message, subject, "utf-8");
    if (date)
        g_mime_message_set_date(message, date);
    g_mime_message_set_message_id(message, id);
    set_ids(object, "In-Reply-To", draft->in_reply_to);
    set_ids(object, "References", draft->references);
    for (guint i = 0; draft->extra && draft->extra[i]; i++)
        if (!add_extra(object, draft->extra[i], error))
            return false;
    return true;
}

static GMimeDataWrapper *
wrap_bytes(const char *bytes, gsize size)
{
    g_autoptr(GMimeStream) stream =
        g_mime_stream_mem_new_with_buffer(bytes, size);

    return g_mime_data_wrapper_new_with_stream(stream,
                                               GMIME_CONTENT_ENCODING_DEFAULT);
}

/* 7bit where every line fits and is ASCII. Else quoted-printable, which stays
 * readable on any way; where that costs more than base64 would, 8bit if that is
 * taken and every line fits, or base64. */
static GMimeContentEncoding
text_encoding(const char *text, bool eight_bit)
{
    gsize size = strlen(text), line = 0, high = 0;
    bool fits = true;

    for (const char *p = text; *p; p++) {
        high += (*p & 0x80) != 0;
        line = *p == '\n' ? 0 : line + 1;
        fits = fits && line <= MIME_MAX_SENT_LINE && *p != '\r';
    }
    if (high == 0 && fits)
        return GMIME_CONTENT_ENCODING_7BIT;
    if (high <= size / 3)
        return GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
    return eight_bit && fits ? GMIME_CONTENT_ENCODING_8BIT
                             : GMIME_CONTENT_ENCODING_BASE64;
}

/* Within base64 the line ends must be CRLF already (RFC 2045, section 6.8). */
static char *
canonical_lines(char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    g_free(text);
    return g_strjoinv("\r\n", lines);
}

/* *text, UTF-8 until then, in the smallest charset that has all of it, where
 * one is smaller. Borrowed. */
static const char *
to_smallest(char **text)
{
    const char *best = g_mime_charset_best(*text, strlen(*text));
    char *other;

    if (best == NULL || g_ascii_strcasecmp(best, "utf-8") == 0)
        return "utf-8";
    other = g_convert(*text, -1, best, "UTF-8", NULL, NULL, NULL);
    if (other == NULL)
        return "utf-8";
    g_free(*text);
    *text = other;
    return best;
}

static GMimePart *
text_part(const char *subtype, const char *text, bool flowed, bool smallest,
          bool eight_bit)
{
    GMimePart *part = g_mime_part_new_with_type("text", subtype);
    g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);
    g_autofree char *written =
        flowed ? mime_flow_encode(valid) : g_strdup(valid);
    const char *charset = g_str_is_ascii(written) ? "us-ascii"
                          : smallest              ? to_smallest(&written)
                                                  : "utf-8";
    g_autoptr(GMimeDataWrapper) content = NULL;
    GMimeContentEncoding encoding = text_encoding(written, eight_bit);
    GMimeObject *object = GMIME_OBJECT(part);

    if (encoding == GMIME_CONTENT_ENCODING_BASE64)
        written = canonical_lines(g_steal_pointer(&written));
    content = wrap_bytes(written, strlen(written));
    g_mime_object_set_content_type_parameter(object, "charset", charset);
    if (flowed)
        g_mime_object_set_content_type_parameter(object, "format", "flowed");
    g_mime_part_set_content_encoding(part, encoding);
    g_mime_part_set_content(part, content);
    return part;
}

/* The text, or text and HTML to choose from, the better last (RFC 2046, 5.1.4).
 */
static GMimeObject *
text_object(const MimeDraft *draft)
{
    bool eight_bit = draft->eight_bit && draft->seal == NULL;
    g_autoptr(GMimePart) plain =
        text_part("plain", draft->text, draft->format_flowed,
                  draft->smallest_charset, eight_bit);
    g_autoptr(GMimePart) html = NULL;
    GMimeMultipart *both;

    if (draft->html == NULL)
        return GMIME_OBJECT(g_steal_pointer(&plain));
    html = text_part("html", draft->html, false, false, eight_bit);
    both = g_mime_multipart_new_with_subtype("alternative");
    g_mime_multipart_add(both, GMIME_OBJECT(plain));
    g_mime_multipart_add(both, GMIME_OBJECT(html));
    return GMIME_OBJECT(both);
}

/* What the file looks like; never a type that would have to stay unencoded. */
static char *
file_type(const char *name, const char *bytes, gsize size)
{
    g_autofree char *guess =
        g_content_type_guess(name, (const guchar *)bytes, size, NULL);
    g_autofree char *type = g_content_type_get_mime_type(guess);

    if (type == NULL || strchr(type, '/') == NULL
        || g_str_has_prefix(type, "message/")
        || g_str_has_prefix(type, "multipart/"))
        return g_strdup("application/octet-stream");
    return g_steal_pointer(&type);
}

/* A stream that reads the file when the message is written. */
static GMimeStream *
open_file(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat info;

    if (fd < 0) {
        err_set_errno(error, errno, "%s", path);
        return NULL;
    }
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(fd);
        return err_null(error, ERR_LOCAL, "%s: it is no file", path);
    }
    return g_mime_stream_fs_new(fd);
}

static GMimePart *
file_part(const char *path, GError **error)
{
    g_autofree char *type = NULL;
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *name = g_filename_display_name(base);
    g_autoptr(GMimeStream) stream = open_file(path, error);
    g_autoptr(GMimeDataWrapper) content = NULL;
    char beginning[4096];
    GMimePart *part;
    gssize size;

    if (stream == NULL)
        return NULL;
    size = g_mime_stream_read(stream, beginning, sizeof beginning);
    if (size < 0 || g_mime_stream_reset(stream) != 0) {
        err_set_errno(error, errno, "%s", path);
        return NULL;
    }
    type = file_type(base, beginning, (gsize)size);
    *strchr(type, '/') = '\0';
    part = g_mime_part_new_with_type(type, type + strlen(type) + 1);
    content = g_mime_data_wrapper_new_with_stream(
        stream, GMIME_CONTENT_ENCODING_DEFAULT);
    g_mime_part_set_filename(part, name);
    g_mime_part_set_content_encoding(part, GMIME_CONTENT_ENCODING_BASE64);
    g_mime_part_set_content(part, content);
    g_mime_object_set_disposition(GMIME_OBJECT(part), "attachment");
    return part;
}

static bool
set_body(GMimeMessage *message, const MimeDraft *draft, GError **error)
{
    g_autoptr(GMimeObject) text = text_object(draft);
    g_autoptr(GMimeMultipart) mixed = NULL;

    if (draft->attachments == NULL || draft->attachments[0] == NULL) {
        g_mime_message_set_mime_part(message, text);
        return true;
    }
    mixed = g_mime_multipart_new_with_subtype("mixed");
    g_mime_multipart_add(mixed, text);
    for (guint i = 0; draft->attachments[i]; i++) {
        g_autoptr(GMimePart) part = file_part(draft->attachments[i], error);

        if (part == NULL)
            return false;
        g_mime_multipart_add(mixed, GMIME_OBJECT(part));
    }
    g_mime_message_set_mime_part(message, GMIME_OBJECT(mixed));
    return true;
}

static bool
write_message(GMimeMessage *message, GMimeStream *stream, GError **error)
{
    g_autoptr(GMimeFormatOptions) format = g_mime_format_options_new();

    g_mime_format_options_set_newline_format(format, GMIME_NEWLINE_FORMAT_DOS);
    errno = 0;
    if (g_mime_object_write_to_stream(GMIME_OBJECT(message), format, stream)
            < 0
        || g_mime_stream_flush(stream) < 0)
        return err_set_errno(error, errno ? errno : EIO,
                             "the message could not be built");
    return true;
}

static bool
write_to(GMimeMessage *message, int fd, GError **error)
{
    g_autoptr(GMimeStream) file = g_mime_stream_fs_new(fd);
    g_autoptr(GMimeStream) buffered =
        g_mime_stream_buffer_new(file, GMIME_STREAM_BUFFER_BLOCK_WRITE);

    g_mime_stream_fs_set_owner(GMIME_STREAM_FS(file), FALSE);
    return write_message(message, buffered, error);
}

static GMimeMessage *
make_message(const MimeDraft *draft, GError **error)
{
    g_autoptr(GMimeMessage) message = NULL;

    mime_init();
    message = g_mime_message_new(TRUE);
    return set_header(message, draft, error) && set_body(message, draft, error)
                   && (draft->seal == NULL
                       || mime_seal_message(message, draft->seal, error))
               ? g_steal_pointer(&message)
               : NULL;
}

GBytes *
mime_build(const MimeDraft *draft, GError **error)
{
    g_autoptr(GMimeMessage) message = make_message(draft, error);
    GByteArray *bytes = g_byte_array_new();
    g_autoptr(GMimeStream) stream =
        g_mime_stream_mem_new_with_byte_array(bytes);

    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
    if (message == NULL || !write_message(message, stream, error)) {
        g_byte_array_unref(bytes);
        return NULL;
    }
    return g_byte_array_free_to_bytes(bytes);
}

bool
mime_build_to(const MimeDraft *draft, int fd, GError **error)
{
    g_autoptr(GMimeMessage) message = make_message(draft, error);

    return message && write_to(message, fd, error);
}

static bool
is_utf8(GMimePart *part)
{
    GMimeDataWrapper *content = g_mime_part_get_content(part);
    g_autoptr(GMimeStream) stream = g_mime_stream_mem_new();
    GByteArray *bytes;

    if (content)
        g_mime_data_wrapper_write_to_stream(content, stream);
    bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
    return g_utf8_validate((char *)bytes->data, bytes->len, NULL);
}

/* Text that does not say what it is, as programs of a machine write it: what
 * cannot be named has a name for that (RFC 1428, 3). */
static void
name_charset(GMimeObject *root)
{
    if (GMIME_IS_PART(root)
        && g_mime_object_get_header(root, "Content-Type") == NULL)
        g_mime_object_set_content_type_parameter(
            root, "charset",
            is_utf8(GMIME_PART(root)) ? "utf-8" : "unknown-8bit");
}

static void encode(GMimeObject *object);

static void
encode_children(GMimeMultipart *multipart)
{
    for (int i = 0; i < g_mime_multipart_get_count(multipart); i++)
        encode(g_mime_multipart_get_part(multipart, i));
    /* Nobody reads it, and GMime would end its lines in LF. */
    g_mime_multipart_set_epilogue(multipart, NULL);
}

static bool
is_encoded(GMimePart *part)
{
    GMimeContentEncoding encoding = g_mime_part_get_content_encoding(part);

    return encoding == GMIME_CONTENT_ENCODING_BASE64
           || encoding == GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE
           || encoding == GMIME_CONTENT_ENCODING_UUENCODE;
}

/* What the part says of itself otherwise is not believed. */
static void
encode_part(GMimePart *part)
{
    GMimeContentEncoding best;

    if (is_encoded(part))
        return;
    best = g_mime_part_get_best_content_encoding(
        part, GMIME_ENCODING_CONSTRAINT_7BIT);
    if (best == GMIME_CONTENT_ENCODING_BASE64
        || best == GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE)
        g_mime_part_set_content_encoding(part, best);
}

/* The tree is no deeper than GMime's parser allows. */
static void
encode(GMimeObject *object)
{
    GMimeMessage *inside =
        GMIME_IS_MESSAGE_PART(object)
            ? g_mime_message_part_get_message(GMIME_MESSAGE_PART(object))
            : NULL;

    if (inside && g_mime_message_get_mime_part(inside))
        encode(g_mime_message_get_mime_part(inside));
    else if (GMIME_IS_PART(object))
        encode_part(GMIME_PART(object));
    else if (GMIME_IS_MULTIPART(object) && !GMIME_IS_MULTIPART_SIGNED(object))
        encode_children(GMIME_MULTIPART(object));
}

static GMimeMessage *
parse(int fd)
{
    g_autoptr(GMimeStream) file = NULL;
    g_autoptr(GMimeParser) parser = NULL;

    mime_init();
    file = g_mime_stream_fs_new_with_bounds(fd, 0, -1);
    g_mime_stream_fs_set_owner(GMIME_STREAM_FS(file), FALSE);
    parser = g_mime_parser_new_with_stream(file);
    return g_mime_parser_construct_message(parser, NULL);
}

bool
mime_to_7bit(int from, int to, GError **error)
{
    g_autoptr(GMimeMessage) message = parse(from);
    GMimeObject *object = (GMimeObject *)message;

    if (message == NULL || g_mime_message_get_mime_part(message) == NULL)
        return err_set(error, ERR_USAGE, "it is not readable as a message");
    if (g_mime_object_get_header(object, "MIME-Version") == NULL)
        g_mime_object_set_header(object, "MIME-Version", "1.0", NULL);
    name_charset(g_mime_message_get_mime_part(message));
    encode(g_mime_message_get_mime_part(message));
    return write_to(message, to, error);
}
