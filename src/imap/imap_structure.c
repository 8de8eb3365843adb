/* BODYSTRUCTURE (RFC 9051, section 7.5.2): the parts of a message without the
 * message, in document order as the room mime numbers them. What a part is
 * called and how it is encoded is given as the header that says so, for whoever
 * reads such headers anyhow. */
#include "imap_private.h"

#include "imap/limits.h"

#include <string.h>

typedef struct {
    ImapDecoder *in;
    GPtrArray *parts; /* ImapPart */
    guint depth;
    gsize bytes; /* of what was said of them */
} Structure;

static void read_entity(Structure *structure, const char *multipart,
                        const char *leaf, const char *prefix);

void
imap_part_free(ImapPart *part)
{
    g_free(part->section);
    g_free(part->header);
    g_free(part->encoding);
    g_free(part);
}

static void
part_free(void *part)
{
    imap_part_free(part);
}

/* A server's text between quotes of a header, without what would end it. */
static void
append_quoted(GString *header, const char *text)
{
    g_string_append_c(header, '"');
    for (; text && *text; text++) {
        if (*text == '"' || *text == '\\')
            g_string_append_c(header, '\\');
        g_string_append_c(header, g_ascii_iscntrl(*text) ? ' ' : *text);
    }
    g_string_append_c(header, '"');
}

/* A word of a header, as it has to be: letters, digits and a few more. */
static void
append_token(GString *header, const char *text)
{
    for (; text && *text; text++)
        if (g_ascii_isalnum(*text) || strchr("-.+*_", *text))
            g_string_append_c(header, g_ascii_tolower(*text));
}

/* body-fld-param = "(" string SP string *(SP string SP string) ")" / nil */
static void
read_params(ImapDecoder *in, GString *header)
{
    if (!imap_decoder_try(in, '(')) {
        g_free(imap_decoder_string(in));
        return;
    }
    while (imap_decoder_ok(in) && !imap_decoder_try(in, ')')) {
        g_autofree char *key = imap_decoder_string(in);
        g_autofree char *value = NULL;

        imap_decoder_expect(in, ' ');
        value = imap_decoder_string(in);
        if (key && value && header->len < IMAP_STRING_BYTES) {
            g_string_append(header, ";\r\n ");
            append_token(header, key);
            g_string_append_c(header, '=');
            append_quoted(header, value);
        }
        imap_decoder_try(in, ' ');
    }
}

/* body-fld-dsp = "(" string SP body-fld-param ")" / nil */
static void
read_disposition(ImapDecoder *in, GString *header)
{
    g_autofree char *kind = NULL;

    if (!imap_decoder_try(in, '(')) {
        g_free(imap_decoder_string(in));
        return;
    }
    kind = imap_decoder_string(in);
    g_string_append(header, "\r\nContent-Disposition: ");
    append_token(header, kind);
    imap_decoder_expect(in, ' ');
    read_params(in, header);
    imap_decoder_expect(in, ')');
}

/* One more value; false at the end of the list. */
static bool
has_more(ImapDecoder *in)
{
    return imap_decoder_ok(in) && imap_decoder_try(in, ' ');
}

static void
skip_rest(ImapDecoder *in)
{
    while (has_more(in))
        imap_decoder_skip(in);
    imap_decoder_expect(in, ')');
}

static ImapPart *
add_part(Structure *structure, const char *section)
{
    ImapPart *part = g_new0(ImapPart, 1);

    if (structure->parts->len >= IMAP_PARTS)
        imap_decoder_fail(structure->in, "a message of too many parts");
    part->section = g_strdup(section);
    part->depth = structure->depth;
    g_ptr_array_add(structure->parts, part);
    return part;
}

static void
begin_header(GString *header, const char *type, const char *subtype)
{
    g_string_append(header, "Content-Type: ");
    append_token(header, type ? type : "application");
    g_string_append_c(header, '/');
    append_token(header, subtype ? subtype : "octet-stream");
}

static void
end_header(Structure *structure, ImapPart *part, GString *header)
{
    g_string_append(header, "\r\n");
    part->header = g_strdup(header->str);
    structure->bytes +=
        header->len + (part->encoding ? strlen(part->encoding) : 0);
    if (structure->bytes > IMAP_PARTS_BYTES)
        imap_decoder_fail(structure->in, "parts of which too much is said");
}

/* body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart] */
static void
read_multipart(Structure *structure, const char *section, const char *prefix)
{
    ImapDecoder *in = structure->in;
    ImapPart *part = add_part(structure, section);
    g_autoptr(GString) header = g_string_new(NULL);
    g_autofree char *subtype = NULL;

    structure->depth++;
    for (guint n = 1; imap_decoder_ok(in) && imap_decoder_peek(in) == '(';
         n++) {
        g_autofree char *path = g_strdup_printf(
            "%s%s%u", prefix, *prefix ? "." : "", n);

        read_entity(structure, path, path, path);
    }
    structure->depth--;
    imap_decoder_expect(in, ' ');
    subtype = imap_decoder_string(in);
    begin_header(header, "multipart", subtype);
    if (has_more(in))
        read_params(in, header);
    if (has_more(in))
        read_disposition(in, header);
    end_header(structure, part, header);
    skip_rest(in);
}

/* What stands between the fields of every part and its extensions. */
static void
read_kind(Structure *structure, const char *type, const char *subtype,
          const char *path)
{
    ImapDecoder *in = structure->in;
    g_autofree char *text = g_strconcat(path, ".TEXT", NULL);
    g_autofree char *first = g_strconcat(path, ".1", NULL);
    bool message = type && subtype && g_ascii_strcasecmp(type, "message") == 0
                   && (g_ascii_strcasecmp(subtype, "rfc822") == 0
                       || g_ascii_strcasecmp(subtype, "global") == 0);

    if (message) {
        imap_decoder_expect(in, ' ');
        imap_decoder_skip(in); /* envelope */
        imap_decoder_expect(in, ' ');
        structure->depth++;
        read_entity(structure, text, first, path);
        structure->depth--;
    }
    if (message || (type && g_ascii_strcasecmp(type, "text") == 0)) {
        imap_decoder_expect(in, ' ');
        imap_decoder_skip(in); /* lines */
    }
}

/* body-type-1part = media-type SP media-subtype SP body-fields … */
static void
read_leaf(Structure *structure, const char *section)
{
    ImapDecoder *in = structure->in;
    ImapPart *part = add_part(structure, section);
    g_autoptr(GString) header = g_string_new(NULL);
    g_autofree char *type = imap_decoder_string(in);
    g_autofree char *subtype = NULL;

    imap_decoder_expect(in, ' ');
    subtype = imap_decoder_string(in);
    begin_header(header, type, subtype);
    imap_decoder_expect(in, ' ');
    read_params(in, header);
    for (int i = 0; i < 2; i++) { /* id, description */
        imap_decoder_expect(in, ' ');
        imap_decoder_skip(in);
    }
    imap_decoder_expect(in, ' ');
    part->encoding = imap_decoder_string(in);
    imap_decoder_expect(in, ' ');
    part->octets = imap_decoder_number(in);
    read_kind(structure, type, subtype, section);
    if (has_more(in))
        imap_decoder_skip(in); /* MD5 */
    if (has_more(in))
        read_disposition(in, header);
    end_header(structure, part, header);
    skip_rest(in);
}

/* A body; its section depends on what it is. prefix: of the sections below. */
static void
read_entity(Structure *structure, const char *multipart, const char *leaf,
            const char *prefix)
{
    ImapDecoder *in = structure->in;

    imap_decoder_expect(in, '(');
    if (++in->depth > IMAP_LIST_DEPTH)
        imap_decoder_fail(in, "lists nest too deep");
    if (imap_decoder_ok(in) && imap_decoder_peek(in) == '(')
        read_multipart(structure, multipart, prefix);
    else if (imap_decoder_ok(in))
        read_leaf(structure, leaf);
    in->depth--;
}

GPtrArray *
imap_structure_read(ImapDecoder *in)
{
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(part_free);
    Structure structure = { .in = in, .parts = parts };

    read_entity(&structure, "TEXT", "1", "");
    return g_steal_pointer(&parts);
}
