/* Signing fields (RFC 6376, section 3.5; RFC 8617, section 4.1): read, and
 * verified over the fields they name. What a signature is worth is decided
 * elsewhere. */
#include "trust_sig.h"

#include "trust_canon.h"
#include "trust_domain.h"

#include <string.h>

void
trust_sig_free(TrustSig *sig)
{
    if (sig == NULL)
        return;
    trust_tags_free(sig->tags);
    g_free(sig->domain);
    g_free(sig->selector);
    g_free(sig->identity);
    g_clear_pointer(&sig->signature, g_bytes_unref);
    g_clear_pointer(&sig->body_hash, g_bytes_unref);
    g_strfreev(sig->names);
    trust_key_clear(&sig->key);
    g_free(sig->reason);
    g_free(sig);
}

void
trust_sig_judge(TrustSig *sig, TrustResult result, const char *format, ...)
{
    va_list args;

    if (sig->reason != NULL)
        return;
    va_start(args, format);
    sig->reason = g_strdup_vprintf(format, args);
    va_end(args);
    sig->result = result;
}

static void
bad(TrustSig *sig, const char *why)
{
    trust_sig_judge(sig, TRUST_PERMERROR, "%s", why);
}

/* The value of a tag that must be there and not be empty, else "". */
static const char *
required(TrustSig *sig, const char *name)
{
    const char *value = trust_tags_get(sig->tags, name);

    if (value != NULL && *value != '\0')
        return value;
    trust_sig_judge(sig, TRUST_PERMERROR, "%s= is missing", name);
    return "";
}

static void
read_version(TrustSig *sig)
{
    if (sig->kind == TRUST_SIG_DKIM && strcmp(required(sig, "v"), "1") != 0)
        bad(sig, "v= is not 1");
}

static void
read_algorithm(TrustSig *sig)
{
    const char *value = required(sig, "a");

    sig->ed25519 = g_ascii_strcasecmp(value, "ed25519-sha256") == 0;
    if (sig->ed25519 || g_ascii_strcasecmp(value, "rsa-sha256") == 0)
        return;
    if (g_ascii_strcasecmp(value, "rsa-sha1") == 0)
        bad(sig, "rsa-sha1 is not secure (RFC 8301)");
    else
        bad(sig, "a= is an unknown algorithm");
}

static bool
selector_is_valid(const char *selector)
{
    gsize label = 0;

    if (strlen(selector) > 200)
        return false;
    for (; *selector; selector++) {
        if (*selector == '.' && label == 0)
            return false;
        if (*selector != '.' && !g_ascii_isalnum(*selector) && *selector != '-'
            && *selector != '_')
            return false;
        label = *selector == '.' ? 0 : label + 1;
    }
    return label > 0;
}

static void
read_signer(TrustSig *sig)
{
    const char *selector = required(sig, "s");

    sig->domain = trust_domain_ascii(required(sig, "d"));
    if (sig->domain == NULL)
        bad(sig, "d= is no domain");
    if (!selector_is_valid(selector))
        bad(sig, "s= is no selector");
    sig->selector = g_strdup(selector);
}

static bool
read_half(const char *text, gsize size, bool *relaxed)
{
    *relaxed = size == 7 && g_ascii_strncasecmp(text, "relaxed", size) == 0;
    return *relaxed
           || (size == 6 && g_ascii_strncasecmp(text, "simple", size) == 0);
}

static void
read_canon(TrustSig *sig)
{
    const char *value = trust_tags_get(sig->tags, "c");
    const char *slash;

    if (value == NULL)
        return;
    slash = strchr(value, '/');
    if (!read_half(value, slash ? (gsize)(slash - value) : strlen(value),
                   &sig->relaxed_header)
        || (slash
            && !read_half(slash + 1, strlen(slash + 1), &sig->relaxed_body)))
        bad(sig, "c= is unknown");
}

/* dkim-quoted-printable (RFC 6376, section 2.11). NULL: it is not. */
static char *
decode_qp(const char *text)
{
    GString *out = g_string_new(NULL);

    for (; *text; text++) {
        if (g_ascii_isspace(*text))
            continue;
        if (*text != '=') {
            g_string_append_c(out, *text);
            continue;
        }
        if (!g_ascii_isxdigit(text[1]) || !g_ascii_isxdigit(text[2])
            || (text[1] == '0' && text[2] == '0'))
            return g_string_free(out, TRUE);
        g_string_append_c(out, (char)(g_ascii_xdigit_value(text[1]) << 4
                                      | g_ascii_xdigit_value(text[2])));
        text += 2;
    }
    return g_string_free(out, FALSE);
}

/* i= is d= or below it, at a label boundary (RFC 6376, section 3.5). */
static void
read_identity(TrustSig *sig)
{
    const char *value = trust_tags_get(sig->tags, "i");
    g_autofree char *domain = NULL;

    if (value == NULL || sig->domain == NULL)
        return;
    sig->identity = decode_qp(value);
    if (sig->identity != NULL)
        domain = trust_domain_of_address(sig->identity);
    if (domain == NULL || !trust_domain_within(domain, sig->domain))
        bad(sig, "i= is not within d=");
}

static void
read_names(TrustSig *sig)
{
    g_auto(GStrv) words = g_strsplit(required(sig, "h"), ":", -1);
    bool has_from = false;

    for (guint i = 0; words[i]; i++) {
        char *name = g_ascii_strdown(g_strstrip(words[i]), -1);

        g_free(words[i]);
        words[i] = name;
        has_from = has_from || strcmp(name, "from") == 0;
        if (*name == '\0')
            bad(sig, "h= has an empty name");
        if (sig->kind == TRUST_SIG_AMS && strcmp(name, "arc-seal") == 0)
            bad(sig, "h= has ARC-Seal");
    }
    if (!has_from)
        bad(sig, "h= does not contain From");
    sig->names = g_steal_pointer(&words);
}

static void
read_body_hash(TrustSig *sig)
{
    const char *length = trust_tags_get(sig->tags, "l");

    sig->body_hash = trust_base64(required(sig, "bh"));
    if (sig->body_hash == NULL || g_bytes_get_size(sig->body_hash) != 32)
        bad(sig, "bh= is no SHA-256 in base64");
    sig->length = length ? trust_number(length) : -1;
    if (length != NULL && sig->length < 0)
        bad(sig, "l= is no number");
}

static void
read_times(TrustSig *sig)
{
    const char *time = trust_tags_get(sig->tags, "t");
    const char *expires = trust_tags_get(sig->tags, "x");

    sig->time = time ? trust_number(time) : 0;
    sig->expires = expires ? trust_number(expires) : 0;
    if (sig->time < 0 || sig->expires < 0)
        bad(sig, "t= or x= is no number");
    else if (time != NULL && expires != NULL && sig->expires < sig->time)
        bad(sig, "x= is before t=");
}

static void
read_query(TrustSig *sig)
{
    const char *query = trust_tags_get(sig->tags, "q");

    if (query != NULL && !trust_list_has(query, ':', "dns/txt"))
        bad(sig, "q= does not offer dns/txt");
}

static void
read_seal(TrustSig *sig)
{
    sig->relaxed_header = true;
    if (trust_tags_get(sig->tags, "h") != NULL)
        bad(sig, "ARC-Seal has h=");
    required(sig, "cv");
}

static void
read_signature(TrustSig *sig)
{
    sig->signature = trust_base64(required(sig, "b"));
    if (sig->signature == NULL)
        bad(sig, "b= is no base64");
}

TrustSig *
trust_sig_create(const TrustMessage *message, guint index, TrustSigKind kind)
{
    TrustSig *sig = g_new0(TrustSig, 1);
    const TrustField *field = trust_message_field(message, index);
    const char *why;

    sig->kind = kind;
    sig->message = message;
    sig->index = index;
    sig->length = -1;
    sig->tags = trust_tags_parse(field->value, field->value_size, &why);
    if (sig->tags == NULL) {
        trust_sig_judge(sig, TRUST_PERMERROR, "the signature has %s", why);
        return sig;
    }
    read_version(sig);
    read_signer(sig);
    read_algorithm(sig);
    read_signature(sig);
    read_times(sig);
    read_query(sig);
    if (kind == TRUST_SIG_SEAL) {
        read_seal(sig);
        return sig;
    }
    if (kind == TRUST_SIG_DKIM)
        read_identity(sig);
    read_canon(sig);
    read_names(sig);
    read_body_hash(sig);
    return sig;
}

guint
trust_sig_covers(const TrustSig *sig, const char *name)
{
    guint n = 0;

    for (guint i = 0; sig->names && sig->names[i]; i++)
        n += strcmp(sig->names[i], name) == 0;
    return n;
}

guint
trust_sig_added(const TrustSig *sig, const char *name)
{
    const GArray *there = trust_message_named(sig->message, name);
    guint covered = trust_sig_covers(sig, name);

    return covered > 0 && there != NULL && there->len > covered
               ? there->len - covered
               : 0;
}

/* The fields of h=, repeated names from the bottom up (RFC 6376, section
 * 5.4.2); a name without a field left adds nothing. */
static void
canon_fields(const TrustSig *sig, GString *out)
{
    g_autoptr(GHashTable) used = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; sig->names[i]; i++) {
        const GArray *there = trust_message_named(sig->message, sig->names[i]);
        guint n = GPOINTER_TO_UINT(g_hash_table_lookup(used, sig->names[i]));
        guint left = there && n < there->len ? there->len - n : 0;
        guint index = left > 0 ? g_array_index(there, guint, left - 1) : 0;

        if (left > 0 && index == sig->index) {
            n++;
            left--;
            index = left > 0 ? g_array_index(there, guint, left - 1) : 0;
        }
        if (left > 0)
            trust_canon_field(out, trust_message_field(sig->message, index),
                              sig->relaxed_header);
        g_hash_table_insert(used, sig->names[i], GUINT_TO_POINTER(n + 1));
    }
}

void
trust_sig_check(TrustSig *sig, const guint8 digest[32])
{
    if (!trust_key_verify(&sig->key, sig->signature, digest))
        trust_sig_judge(sig, TRUST_FAIL,
                        "the signature does not match: headers were changed");
}

static void
check_headers(TrustSig *sig)
{
    g_autoptr(GString) text = g_string_new(NULL);
    guint8 digest[32];

    canon_fields(sig, text);
    trust_canon_signature(text, trust_message_field(sig->message, sig->index),
                          sig->relaxed_header);
    EVP_Digest(text->str, text->len, digest, NULL, EVP_sha256(), NULL);
    trust_sig_check(sig, digest);
}

static void
check_identity(TrustSig *sig)
{
    g_autofree char *domain = NULL;

    if (!sig->key.strict || sig->identity == NULL)
        return;
    domain = trust_domain_of_address(sig->identity);
    if (g_strcmp0(domain, sig->domain) != 0)
        bad(sig, "i= is below d=, which its key forbids");
}

void
trust_sig_verify(TrustSig *sig, TrustLookup *lookup)
{
    g_autofree char *name = NULL;

    if (sig->reason != NULL)
        return;
    if (sig->length >= 0 && (guint64)sig->length > sig->body->size) {
        bad(sig, "l= is longer than the body");
        return;
    }
    name = trust_key_name(sig->selector, sig->domain);
    trust_key_find(&sig->key, lookup, name, sig->ed25519);
    if (sig->key.key == NULL) {
        trust_sig_judge(sig, sig->key.result, "%s", sig->key.reason);
        return;
    }
    check_identity(sig);
    if (memcmp(g_bytes_get_data(sig->body_hash, NULL), sig->body->digest, 32)
        != 0)
        trust_sig_judge(sig, TRUST_FAIL,
                        "the body hash does not match: the body was changed");
    if (sig->reason == NULL)
        check_headers(sig);
}
