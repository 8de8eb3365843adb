/* A message that was signed or encrypted as a whole, opened: layer by layer
 * from the outside, gpg being asked for each. What comes out is one tree, the
 * one that was inside: no part from outside of it is ever beside it, so that
 * nothing can be put round a decrypted text (promise P67). */
#include "mime_gpg.h"

#include <string.h>

#include "base/text.h"
#include "mime_scan.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(GMimeParser, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GMimeSignatureList, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GMimeDecryptResult, g_object_unref)

enum {
    MAX_LAYERS = 4, /* S/MIME writes two or three */
};

typedef struct {
    MimeOpened *opened;
    GMimeObject *entity; /* the layer that is looked at; owned */
    bool decrypt;
    bool inside; /* entity was in a layer that is open */
    bool done;   /* entity is what was inside, or can not be opened */
} Opening;

void
mime_opened_free(MimeOpened *opened)
{
    if (opened == NULL)
        return;
    g_free(opened->signer);
    g_free(opened->signer_address);
    g_free(opened->key);
    g_free(opened->trouble);
    g_clear_pointer(&opened->bytes, g_bytes_unref);
    g_free(opened);
}

MimeOpened *
mime_opened_copy(const MimeOpened *opened)
{
    MimeOpened *same = g_memdup2(opened, sizeof *opened);

    same->signer = g_strdup(opened->signer);
    same->signer_address = g_strdup(opened->signer_address);
    same->key = g_strdup(opened->key);
    same->trouble = g_strdup(opened->trouble);
    same->bytes = opened->bytes ? g_bytes_ref(opened->bytes) : NULL;
    return same;
}

static bool
is_pkcs7(const char *type)
{
    return g_str_equal(type, "application/pkcs7-mime")
           || g_str_equal(type, "application/x-pkcs7-mime");
}

static bool
node_is_encrypted(const MimeNode *node)
{
    const char *kind = mime_node_param(node, "smime-type");

    if (g_str_equal(node->pub.content_type, "multipart/encrypted"))
        return true;
    return is_pkcs7(node->pub.content_type)
           && (kind == NULL
               || (g_ascii_strcasecmp(kind, "signed-data") != 0
                   && g_ascii_strcasecmp(kind, "certs-only") != 0));
}

static bool
node_is_sealed(const MimeNode *node)
{
    const char *kind = mime_node_param(node, "smime-type");

    return node_is_encrypted(node)
           || g_str_equal(node->pub.content_type, "multipart/signed")
           || (is_pkcs7(node->pub.content_type) && kind
               && g_ascii_strcasecmp(kind, "signed-data") == 0);
}

/* What is under the signatures that stand beside it. */
static const MimeNode *
signed_node(MimeMessage *message)
{
    int at = 0;

    while (g_str_equal(mime_node(message, at)->pub.content_type,
                       "multipart/signed")
           && at + 1 < (int)message->nodes->len
           && mime_node(message, at + 1)->parent == at)
        at++;
    return mime_node(message, at);
}

bool
mime_is_encrypted(MimeMessage *message)
{
    return node_is_encrypted(signed_node(message));
}

bool
mime_is_sealed(MimeMessage *message)
{
    return node_is_sealed(mime_node(message, 0));
}

MimeProtocol
mime_seal_protocol(MimeMessage *message)
{
    const MimeNode *node = mime_is_encrypted(message) ? signed_node(message)
                                                      : mime_node(message, 0);
    const char *protocol = mime_node_param(node, "protocol");

    return is_pkcs7(node->pub.content_type)
                   || (protocol && strstr(protocol, "pkcs7-signature"))
               ? MIME_SMIME
               : MIME_OPENPGP;
}

/* What is inside of an attached message is that message's affair. */
static bool
is_attached(MimeMessage *message, const MimeNode *node)
{
    for (int at = node->parent; at >= 0; at = mime_node(message, at)->parent)
        if (mime_node(message, at)->is_message)
            return true;
    return false;
}

bool
mime_is_partly_sealed(MimeMessage *message)
{
    if (mime_is_sealed(message))
        return false;
    for (guint i = 1; i < message->nodes->len; i++) {
        const MimeNode *node = mime_node(message, (int)i);

        if (node_is_sealed(node) && !is_attached(message, node))
            return true;
    }
    return false;
}

bool
mime_has_encrypted(MimeMessage *message)
{
    for (guint i = 0; i < message->nodes->len; i++)
        if (node_is_encrypted(mime_node(message, (int)i)))
            return true;
    return false;
}

static void
set_trouble(Opening *o, const char *text)
{
    g_autofree char *safe = text_sanitise(text, -1, TEXT_LINE);

    g_free(o->opened->trouble);
    o->opened->trouble = g_steal_pointer(&safe);
}

/* What one signature comes to. The library's flags are those of gpgme. */
static MimeSigned
judge(GMimeSignature *signature)
{
    guint status = g_mime_signature_get_status(signature);
    GMimeCertificate *key = g_mime_signature_get_certificate(signature);

    if (status & GMIME_SIGNATURE_STATUS_KEY_MISSING)
        return MIME_SIGNED_NO_KEY;
    if (status & GMIME_SIGNATURE_STATUS_RED)
        return key
                       && g_mime_certificate_get_id_validity(key)
                              == GMIME_VALIDITY_NEVER
                   ? MIME_SIGNED_UNKNOWN
                   : MIME_SIGNED_BAD;
    if (status & GMIME_SIGNATURE_STATUS_KEY_REVOKED)
        return MIME_SIGNED_REVOKED;
    if (status
        & (GMIME_SIGNATURE_STATUS_KEY_EXPIRED
           | GMIME_SIGNATURE_STATUS_SIG_EXPIRED))
        return MIME_SIGNED_EXPIRED;
    if (status
        & (GMIME_SIGNATURE_STATUS_SYS_ERROR
           | GMIME_SIGNATURE_STATUS_BAD_POLICY))
        return MIME_SIGNED_UNCHECKED;
    if (status & (GMIME_SIGNATURE_STATUS_VALID | GMIME_SIGNATURE_STATUS_GREEN))
        return MIME_SIGNED_GOOD;
    return MIME_SIGNED_UNKNOWN;
}

/* gpgsm gives the address as "<a@b>". */
static char *
bare_address(const char *address)
{
    g_autofree char *bare = g_strdup(address ? address : "");

    g_strdelimit(bare, "<>", ' ');
    g_strstrip(bare);
    return *bare ? g_steal_pointer(&bare) : NULL;
}

static void
name_signer(MimeOpened *opened, GMimeCertificate *key)
{
    const char *name = key ? g_mime_certificate_get_name(key) : NULL;
    const char *print = key ? g_mime_certificate_get_fingerprint(key) : NULL;
    g_autofree char *address =
        bare_address(key ? g_mime_certificate_get_email(key) : NULL);

    if (print == NULL && key)
        print = g_mime_certificate_get_key_id(key);
    if (name == NULL && address == NULL && key)
        name = g_mime_certificate_get_user_id(key);
    if (name && *name && address)
        opened->signer = g_strdup_printf("%s <%s>", name, address);
    else if (address || (name && *name))
        opened->signer = g_strdup(address ? address : name);
    opened->signer = opened->signer ? mime_tidy(opened->signer) : NULL;
    opened->signer_address = g_steal_pointer(&address);
    opened->key = print ? mime_tidy(g_strdup(print)) : NULL;
}

/* Of several signatures the worst counts; the first names the signer. */
static void
take_signatures(Opening *o, GMimeSignatureList *list)
{
    MimeOpened *opened = o->opened;
    int n = list ? g_mime_signature_list_length(list) : 0;

    for (int i = 0; i < n; i++) {
        GMimeSignature *one = g_mime_signature_list_get_signature(list, i);

        opened->signature = MAX(opened->signature, judge(one));
        if (i > 0 || opened->signer || opened->key)
            continue;
        name_signer(opened, g_mime_signature_get_certificate(one));
        opened->signed_at = g_mime_signature_get_created64(one);
    }
}

static void
next_layer(Opening *o, GMimeObject *taken)
{
    g_object_unref(o->entity);
    o->entity = taken;
    o->inside = true;
}

static void
not_opened(Opening *o, const GError *reason)
{
    o->done = true;
    o->opened->needs_passphrase = mime_gpg_wants_passphrase(reason);
    if (o->opened->needs_passphrase)
        set_trouble(o, "its passphrase is needed");
    else if (mime_gpg_code(reason) == MIME_GPG_NO_SECKEY)
        set_trouble(o, "it is not for a key that is here");
    else
        set_trouble(o, reason ? reason->message : "gpg gives no reason");
}

static GMimeObject *
decrypt_entity(Opening *o, GMimeDecryptResult **result, GError **reason)
{
    if (GMIME_IS_MULTIPART_ENCRYPTED(o->entity))
        return g_mime_multipart_encrypted_decrypt(
            GMIME_MULTIPART_ENCRYPTED(o->entity), GMIME_DECRYPT_NONE, NULL,
            result, reason);
    return g_mime_application_pkcs7_mime_decrypt(
        GMIME_APPLICATION_PKCS7_MIME(o->entity), GMIME_DECRYPT_NONE, NULL,
        result, reason);
}

static void
open_encrypted(Opening *o)
{
    g_autoptr(GMimeDecryptResult) result = NULL;
    g_autoptr(GError) reason = NULL;
    GMimeObject *inside;

    o->opened->encrypted = true;
    o->opened->protocol =
        GMIME_IS_MULTIPART_ENCRYPTED(o->entity) ? MIME_OPENPGP : MIME_SMIME;
    o->inside = false;
    o->done = !o->decrypt;
    if (!o->decrypt)
        return;
    inside = decrypt_entity(o, &result, &reason);
    if (inside == NULL) {
        not_opened(o, reason);
        return;
    }
    take_signatures(o, g_mime_decrypt_result_get_signatures(result));
    next_layer(o, inside);
}

static void
unchecked(Opening *o, const char *why)
{
    o->opened->signature = MAX(o->opened->signature, MIME_SIGNED_UNCHECKED);
    set_trouble(o, why);
}

static void
open_signed(Opening *o)
{
    GMimeMultipart *both = GMIME_MULTIPART(o->entity);
    g_autoptr(GMimeSignatureList) list = NULL;
    g_autoptr(GError) reason = NULL;

    if (g_mime_multipart_get_count(both) != 2) {
        o->done = true;
        unchecked(o, "it is not made of a content and its signature");
        return;
    }
    list = g_mime_multipart_signed_verify(GMIME_MULTIPART_SIGNED(o->entity),
                                          GMIME_VERIFY_NONE, &reason);
    if (list && g_mime_signature_list_length(list) > 0)
        take_signatures(o, list);
    else
        unchecked(o, reason ? reason->message : "there is no signature in it");
    next_layer(o, g_object_ref(g_mime_multipart_get_part(both, 0)));
}

static void
open_signed_data(Opening *o)
{
    g_autoptr(GMimeSignatureList) list = NULL;
    g_autoptr(GError) reason = NULL;
    GMimeObject *inside = NULL;

    list = g_mime_application_pkcs7_mime_verify(
        GMIME_APPLICATION_PKCS7_MIME(o->entity), GMIME_VERIFY_NONE, &inside,
        &reason);
    if (list && g_mime_signature_list_length(list) > 0)
        take_signatures(o, list);
    else
        unchecked(o, reason ? reason->message : "there is no signature in it");
    o->inside = inside != NULL;
    o->done = inside == NULL;
    if (inside)
        next_layer(o, inside);
}

/* One layer; done when it is none. */
static void
open_layer(Opening *o)
{
    bool pkcs7 = GMIME_IS_APPLICATION_PKCS7_MIME(o->entity);

    if (GMIME_IS_MULTIPART_SIGNED(o->entity))
        open_signed(o);
    else if (pkcs7
             && g_mime_application_pkcs7_mime_get_smime_type(
                    GMIME_APPLICATION_PKCS7_MIME(o->entity))
                    == GMIME_SECURE_MIME_TYPE_SIGNED_DATA)
        open_signed_data(o);
    else if (pkcs7 || GMIME_IS_MULTIPART_ENCRYPTED(o->entity))
        open_encrypted(o);
    else
        o->done = true;
}

static bool
is_structural(const char *name)
{
    return g_ascii_strncasecmp(name, "Content-", strlen("Content-")) == 0
           || g_ascii_strcasecmp(name, "MIME-Version") == 0;
}

/* Fields whose inner value is the true one. From is not among them: it is the
 * outer one that the sender check is about. */
static bool
is_protected(const char *name)
{
    static const char *const names[] = { "Subject",
                                         "To",
                                         "Cc",
                                         "Bcc",
                                         "Date",
                                         "Reply-To",
                                         "In-Reply-To",
                                         "References",
                                         "X-Forwarded-Message-Id" };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_ascii_strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

static void
append_field(GString *out, GMimeHeader *field)
{
    g_autofree char *value =
        g_strdup(g_mime_header_get_raw_value(field));

    g_strchomp(value);
    g_string_append_printf(out, "%s:%s\n", g_mime_header_get_name(field),
                           value);
}

/* Do the fields of the inside count? Not when they may be anyone's. */
static bool
is_trusted(const MimeOpened *opened)
{
    return opened->encrypted || opened->signature == MIME_SIGNED_GOOD
           || opened->signature == MIME_SIGNED_UNKNOWN;
}

/* Outer fields, those that are protected from the inside. */
static void
append_header(Opening *o, GMimeMessage *message, GString *out)
{
    GMimeHeaderList *outer =
        g_mime_object_get_header_list(GMIME_OBJECT(message));
    GMimeHeaderList *inner = g_mime_object_get_header_list(o->entity);
    bool trusted = is_trusted(o->opened);
    int n = g_mime_header_list_get_count(outer);

    for (int i = 0; i < n; i++) {
        GMimeHeader *field = g_mime_header_list_get_header_at(outer, i);
        const char *name = g_mime_header_get_name(field);

        if (is_structural(name)
            || (trusted && is_protected(name)
                && g_mime_header_list_contains(inner, name)))
            continue;
        append_field(out, field);
    }
    n = g_mime_header_list_get_count(inner);
    for (int i = 0; i < n; i++) {
        GMimeHeader *field = g_mime_header_list_get_header_at(inner, i);
        const char *name = g_mime_header_get_name(field);

        if (is_structural(name) || (trusted && is_protected(name)))
            append_field(out, field);
    }
}

/* "<a@b>" of a From field, lower case; "" when there is none. */
static char *
address_in(GMimeObject *object)
{
    const char *value = g_mime_object_get_header(object, "From");
    g_autofree char *address = mime_first_address(value);

    return g_utf8_strdown(address ? address : "", -1);
}

static void
compare_from(Opening *o, GMimeMessage *message)
{
    g_autofree char *outer = address_in(GMIME_OBJECT(message));
    g_autofree char *inner = address_in(o->entity);

    o->opened->other_from = *inner && strcmp(inner, outer) != 0;
}

/* The array stays the caller's. */
static GMimeStream *
stream_over(GByteArray *array)
{
    GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(array);

    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
    return stream;
}

/* The message as it would be without its layers. */
static void
take_inside(Opening *o, GMimeMessage *message)
{
    GByteArray *all = g_byte_array_new();
    g_autoptr(GMimeStream) stream = stream_over(all);
    g_autoptr(GString) header = g_string_new(NULL);

    compare_from(o, message);
    append_header(o, message, header);
    g_string_append_c(header, '\n');
    g_mime_stream_write(stream, header->str, header->len);
    g_mime_object_write_content_to_stream(o->entity, NULL, stream);
    o->opened->bytes = g_byte_array_free_to_bytes(all);
}

/* What it gives reads from view for as long as it lives. */
static GMimeMessage *
parse(GByteArray *view)
{
    g_autoptr(GMimeStream) stream = stream_over(view);
    g_autoptr(GMimeParser) parser = g_mime_parser_new_with_stream(stream);

    return g_mime_parser_construct_message(parser, mime_parser_options());
}

MimeOpened *
mime_open(MimeMessage *message, bool decrypt)
{
    gsize size;
    guint8 *bytes = (guint8 *)g_bytes_get_data(message->bytes, &size);
    GByteArray view = { bytes, (guint)size }; /* is only read */
    g_autoptr(MimeOpened) opened = NULL;
    g_autoptr(GMimeMessage) mail = NULL;
    Opening o = { .decrypt = decrypt };

    if (!mime_is_sealed(message))
        return NULL;
    mail = parse(&view);
    if (mail == NULL || g_mime_message_get_mime_part(mail) == NULL)
        return NULL;
    opened = g_new0(MimeOpened, 1);
    opened->protocol = mime_seal_protocol(message);
    o.opened = opened;
    o.entity = g_object_ref(g_mime_message_get_mime_part(mail));
    for (int i = 0; i < MAX_LAYERS && !o.done; i++)
        open_layer(&o);
    if (o.inside)
        take_inside(&o, mail);
    g_object_unref(o.entity);
    return g_steal_pointer(&opened);
}

MimeMessage *
mime_outside(MimeMessage *message)
{
    MimeSpan header = mime_node(message, 0)->header;
    GString *out = g_string_new(NULL);
    g_autoptr(GBytes) bytes = NULL;
    MimeReader reader;
    MimeField field;

    mime_reader_init(&reader, header.bytes, header.size);
    while (mime_reader_next(&reader, &field)) {
        if (field.name.size >= strlen("Content-")
            && g_ascii_strncasecmp(field.name.bytes, "Content-",
                                   strlen("Content-"))
                   == 0)
            continue;
        g_string_append_len(out, field.name.bytes, (gssize)field.name.size);
        g_string_append_c(out, ':');
        g_string_append_len(out, field.value.bytes, (gssize)field.value.size);
        g_string_append_c(out, '\n');
    }
    g_string_append_c(out, '\n');
    bytes = g_string_free_to_bytes(out);
    return mime_load_shared(bytes);
}

MimeMessage *
mime_opened_message(const MimeOpened *opened)
{
    return opened->bytes ? mime_load_shared(opened->bytes) : NULL;
}
