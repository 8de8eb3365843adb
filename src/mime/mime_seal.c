/* A message that leaves is signed and encrypted: OpenPGP (RFC 3156), S/MIME
 * (RFC 8551), its header fields protected (RFC 9788). Either all is done or
 * nothing leaves: a reader without a key is an error, never a message that he
 * cannot read (and never one that is half in the clear). */
#include "mime_gpg.h"

#include <string.h>

#include "base/err.h"
#include "base/text.h"

/* What stands outside instead of the subject (RFC 9788, section 3.2.1). */
#define HIDDEN_SUBJECT "[...]"

typedef struct {
    const MimeSeal *seal;
    GMimeCryptoContext *context;
    GMimeMessage *message;
} Sealing;

static GMimeEncryptFlags
encrypt_flags(const MimeSeal *seal)
{
    return (seal->any_key ? GMIME_ENCRYPT_ALWAYS_TRUST : GMIME_ENCRYPT_NONE)
           | (seal->hide_readers ? GMIME_ENCRYPT_THROW_KEYIDS
                                 : GMIME_ENCRYPT_NONE);
}

static GPtrArray *
readers(const MimeSeal *seal)
{
    GPtrArray *list = g_ptr_array_new();

    for (const char *const *reader = seal->readers; reader && *reader; reader++)
        g_ptr_array_add(list, (char *)*reader);
    return list;
}

/* "<bob@example.org>" as people write it. */
static char *
reader_name(const char *reader)
{
    g_autofree char *name = text_sanitise(reader, -1, TEXT_LINE);

    g_strdelimit(name, "<>", ' ');
    return g_strdup(g_strstrip(name));
}

/* Nothing, encrypted for one reader: is there a key that can be used? */
static bool
has_key(Sealing *s, const char *reader, GError **reason)
{
    g_autoptr(GMimeStream) in = g_mime_stream_mem_new_with_buffer("\n", 1);
    g_autoptr(GMimeStream) out = g_mime_stream_null_new();
    g_autoptr(GPtrArray) one = g_ptr_array_new();

    g_ptr_array_add(one, (char *)reader);
    return g_mime_crypto_context_encrypt(s->context, FALSE, NULL,
                                         encrypt_flags(s->seal), one, in, out,
                                         reason)
           == 0;
}

static bool
is_uncertified(const GError *reason)
{
    int code = mime_gpg_code(reason);

    return code == MIME_GPG_UNUSABLE_PUBKEY || code == MIME_GPG_NOT_TRUSTED;
}

void
mime_seal_lack_free(MimeSealLack *lack)
{
    if (lack == NULL)
        return;
    g_free(lack->missing);
    g_free(lack->uncertified);
    g_free(lack->signer);
    g_free(lack);
}

static void
add_name(char **list, const char *name)
{
    g_autofree char *before = *list;

    *list = before ? g_strconcat(before, ", ", name, NULL) : g_strdup(name);
}

/* Who it is that cannot be written to, by name. */
static void
find_readers(Sealing *s, MimeSealLack *lack)
{
    for (const char *const *reader = s->seal->readers; *reader; reader++) {
        g_autoptr(GError) reason = NULL;
        g_autofree char *name = reader_name(*reader);

        if (!has_key(s, *reader, &reason))
            add_name(is_uncertified(reason) ? &lack->uncertified
                                            : &lack->missing,
                     name);
    }
}

MimeSealLack *
mime_seal_lack(const MimeSeal *seal, GError **error)
{
    g_autoptr(GMimeCryptoContext) context =
        mime_gpg_context(seal->protocol, error);
    Sealing s = { .seal = seal, .context = context };
    MimeSealLack *lack;

    if (context == NULL)
        return NULL;
    lack = g_new0(MimeSealLack, 1);
    if (seal->encrypt)
        find_readers(&s, lack);
    if (seal->sign && !mime_gpg_can_sign(seal->protocol, seal->signer))
        lack->signer = reader_name(seal->signer);
    return lack;
}

static bool
explain_readers(Sealing *s, const GError *why, GError **error)
{
    const char *protocol = mime_protocol_name(s->seal->protocol);
    g_autoptr(MimeSealLack) lack = g_new0(MimeSealLack, 1);

    find_readers(s, lack);
    if (lack->missing)
        return err_set(error, ERR_USAGE,
                       "there is no %s key for %s: import it, or do not "
                       "encrypt",
                       protocol, lack->missing);
    if (lack->uncertified)
        return err_set(error, ERR_USAGE,
                       "the %s key of %s is not certified by you: certify it "
                       "with gpg, or `set crypto-any-key on`",
                       protocol, lack->uncertified);
    return err_set(error, ERR_LOCAL, "%s: %s", protocol, why->message);
}

static bool
explain_signer(Sealing *s, const GError *why, GError **error)
{
    const char *protocol = mime_protocol_name(s->seal->protocol);
    g_autofree char *key = reader_name(s->seal->signer);

    if (mime_gpg_wants_passphrase(why))
        return err_set(error, ERR_AUTH,
                       "not signed: the passphrase of the %s key of %s is "
                       "needed, and gpg-agent could not ask for it",
                       protocol, key);
    if (mime_gpg_code(why) == MIME_GPG_EOF)
        return err_set(error, ERR_USAGE,
                       "not signed: there is no %s key of %s: import it, or do "
                       "not sign",
                       protocol, key);
    return err_set(error, ERR_USAGE,
                   "not signed, the %s key of %s cannot be used: %s", protocol,
                   key, why->message);
}

/* Signs nothing: can it be signed? */
static bool
check_signer(Sealing *s, GError **error)
{
    g_autoptr(GMimeStream) in = g_mime_stream_mem_new_with_buffer("\n", 1);
    g_autoptr(GMimeStream) out = g_mime_stream_null_new();
    g_autoptr(GError) reason = NULL;

    return g_mime_crypto_context_sign(s->context, TRUE, s->seal->signer, in,
                                      out, &reason)
               >= 0
           || explain_signer(s, reason, error);
}

/* The trial comes after the failure: a card wants a touch for each signature.
 */
static bool
fail(Sealing *s, const GError *why, GError **error)
{
    const MimeSeal *seal = s->seal;

    if (!seal->encrypt || (seal->sign && mime_gpg_wants_passphrase(why)))
        return explain_signer(s, why, error);
    if (seal->sign && !check_signer(s, error))
        return false;
    return explain_readers(s, why, error);
}

bool
mime_seal_unlock(MimeProtocol protocol, const char *signer, GError **error)
{
    g_autoptr(GMimeCryptoContext) context = mime_gpg_context(protocol, error);
    MimeSeal seal = { .protocol = protocol, .sign = true, .signer = signer };
    Sealing s = { .seal = &seal, .context = context };

    return context && check_signer(&s, error);
}

/* GMime keeps places for fields that are not there; those of the body's own
 * form stay where they are. */
static bool
is_copied(GMimeHeader *field)
{
    const char *name = g_mime_header_get_name(field);

    return g_mime_header_get_value(field) != NULL
           && g_ascii_strncasecmp(name, "Content-", strlen("Content-")) != 0
           && g_ascii_strcasecmp(name, "MIME-Version") != 0;
}

/* A field as it will be written; GMime encodes some when they are set, others
 * when they are written. */
static void
append_copy(GMimeHeaderList *list, GMimeHeader *field)
{
    const char *name = g_mime_header_get_name(field);
    const char *raw = g_mime_header_get_raw_value(field);

    if (raw == NULL) {
        g_mime_header_list_append(list, name, g_mime_header_get_value(field),
                                  "utf-8");
        return;
    }
    g_mime_header_list_append(list, name, "", NULL);
    g_mime_header_set_raw_value(
        g_mime_header_list_get_header_at(
            list, g_mime_header_list_get_count(list) - 1),
        raw);
}

/* The fields as they are, on the part that is protected (section 4.1). */
static void
protect_fields(Sealing *s, GMimeObject *entity)
{
    GMimeHeaderList *outside =
        g_mime_object_get_header_list(GMIME_OBJECT(s->message));
    GMimeHeaderList *inside = g_mime_object_get_header_list(entity);
    int n = g_mime_header_list_get_count(outside);

    for (int i = 0; i < n; i++) {
        GMimeHeader *field = g_mime_header_list_get_header_at(outside, i);

        if (is_copied(field))
            append_copy(inside, field);
    }
    for (const char *const *field = s->seal->inner; field && *field; field++) {
        g_auto(GStrv) pair = g_strsplit(*field, ": ", 2);

        if (pair[0] && pair[1])
            g_mime_header_list_append(inside, pair[0], pair[1], "utf-8");
    }
    g_mime_object_set_content_type_parameter(
        entity, "hp", s->seal->encrypt ? "cipher" : "clear");
    g_mime_object_set_content_type_parameter(entity, "protected-headers", "v1");
}

/* The outside says no more than it has to; of a draft, not even to whom. */
static void
hide_fields(Sealing *s)
{
    static const char *const more[] = { "To", "Cc", "Reply-To",
                                        "Disposition-Notification-To" };

    g_mime_message_set_subject(s->message, HIDDEN_SUBJECT, NULL);
    for (guint i = 0; s->seal->is_draft && i < G_N_ELEMENTS(more); i++)
        g_mime_object_remove_header(GMIME_OBJECT(s->message), more[i]);
}

/* What is outside stands inside too, so that a reader sees what was changed on
 * the way (section 2.2). */
static void
note_outside(Sealing *s, GMimeObject *entity)
{
    GMimeHeaderList *outside =
        g_mime_object_get_header_list(GMIME_OBJECT(s->message));
    GMimeHeaderList *inside = g_mime_object_get_header_list(entity);
    int n = g_mime_header_list_get_count(outside);

    for (int i = 0; i < n; i++) {
        GMimeHeader *field = g_mime_header_list_get_header_at(outside, i);
        g_autofree char *both = NULL;

        if (!is_copied(field))
            continue;
        both = g_strdup_printf("%s: %s", g_mime_header_get_name(field),
                               g_mime_header_get_value(field));
        g_mime_header_list_append(inside, "HP-Outer", both, "utf-8");
    }
}

static GMimeObject *
sign(Sealing *s, GMimeObject *entity, GError **reason)
{
    return (GMimeObject *)g_mime_multipart_signed_sign(
        s->context, entity, s->seal->signer, reason);
}

/* OpenPGP signs inside of what it encrypts; S/MIME in two layers. */
static GMimeObject *
encrypt(Sealing *s, GMimeObject *entity, GError **reason)
{
    const MimeSeal *seal = s->seal;
    g_autoptr(GPtrArray) list = readers(seal);
    g_autoptr(GMimeObject) layer = NULL;

    if (seal->protocol == MIME_OPENPGP)
        return (GMimeObject *)g_mime_multipart_encrypted_encrypt(
            s->context, entity, seal->sign, seal->signer, encrypt_flags(seal),
            list, reason);
    layer = seal->sign ? sign(s, entity, reason) : g_object_ref(entity);
    if (layer == NULL)
        return NULL;
    return (GMimeObject *)g_mime_application_pkcs7_mime_encrypt(
        layer, encrypt_flags(seal), list, reason);
}

static bool
check_seal(Sealing *s, GError **error)
{
    const MimeSeal *seal = s->seal;

    if (seal->encrypt && (seal->readers == NULL || seal->readers[0] == NULL))
        return err_set(error, ERR_USAGE, "there is nobody to encrypt for");
    if (seal->encrypt && seal->hide_readers && seal->protocol == MIME_SMIME)
        return err_set(error, ERR_USAGE,
                       "S/MIME tells everyone for whom a message is encrypted: "
                       "send one to those in Bcc by itself, or use OpenPGP");
    return true;
}

bool
mime_seal_message(GMimeMessage *message, const MimeSeal *seal, GError **error)
{
    g_autoptr(GMimeCryptoContext) context =
        mime_gpg_context(seal->protocol, error);
    Sealing s = { seal, context, message };
    GMimeObject *entity = g_mime_message_get_mime_part(message);
    g_autoptr(GMimeObject) sealed = NULL;
    g_autoptr(GError) reason = NULL;

    if (context == NULL || !check_seal(&s, error))
        return false;
    protect_fields(&s, entity);
    if (seal->encrypt) {
        hide_fields(&s);
        note_outside(&s, entity);
        sealed = encrypt(&s, entity, &reason);
    } else {
        sealed = sign(&s, entity, &reason);
    }
    if (sealed == NULL)
        return fail(&s, reason, error);
    g_mime_message_set_mime_part(message, sealed);
    return true;
}
