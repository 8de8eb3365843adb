/* The chain of ARC sets (RFC 8617, section 5.2). A pass is a statement of the
 * sealers and no more; whose is believed is decided elsewhere. */
#include "trust_arc.h"

#include "trust_authres.h"
#include "trust_canon.h"
#include "trust_domain.h"
#include "trust_report.h"

#include <string.h>

static void
fault(TrustArcChain *chain, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
fault(TrustArcChain *chain, const char *format, ...)
{
    va_list args;

    if (chain->fault != NULL)
        return;
    va_start(args, format);
    chain->fault = g_strdup_vprintf(format, args);
    va_end(args);
}

/* "i=3" at the beginning of ARC-Authentication-Results; 0: it is not there. */
static guint
leading_instance(const TrustField *field)
{
    g_autofree char *text = trust_field_text(field);
    char *semicolon = strchr(text, ';');
    char *equals = strchr(text, '=');
    gint64 number;

    if (semicolon == NULL || equals == NULL || equals > semicolon)
        return 0;
    *semicolon = *equals = '\0';
    if (strcmp(g_strstrip(text), "i") != 0)
        return 0;
    number = trust_number(g_strstrip(equals + 1));
    return number >= 1 && number <= TRUST_MAX_ARC ? (guint)number : 0;
}

/* The tag i= of a signing field; 0: none that is valid. */
static guint
tag_instance(const TrustField *field)
{
    const char *why;
    g_autoptr(TrustTags) tags =
        trust_tags_parse(field->value, field->value_size, &why);
    const char *value = tags ? trust_tags_get(tags, "i") : NULL;
    gint64 number = value ? trust_number(value) : 0;

    return number >= 1 && number <= TRUST_MAX_ARC ? (guint)number : 0;
}

/* Puts the fields of one kind into their sets: index + 1, 0 for none. */
static void
gather(TrustArcChain *chain, const char *name, guint *places)
{
    const GArray *fields = trust_message_named(chain->message, name);
    bool leading = strcmp(name, "arc-authentication-results") == 0;

    memset(places, 0, sizeof *places * (TRUST_MAX_ARC + 1));
    if (fields == NULL)
        return;
    if (fields->len > TRUST_MAX_ARC) {
        fault(chain, "more than %d ARC sets", TRUST_MAX_ARC);
        return;
    }
    for (guint i = 0; i < fields->len; i++) {
        guint index = g_array_index(fields, guint, i);
        const TrustField *field = trust_message_field(chain->message, index);
        guint instance =
            leading ? leading_instance(field) : tag_instance(field);

        if (instance == 0)
            fault(chain, "an ARC field without a valid i=");
        else if (places[instance] != 0)
            fault(chain, "two ARC fields of one kind with i=%u", instance);
        places[instance] = index + 1;
        chain->n = MAX(chain->n, instance);
    }
}

/* The newest seal may say itself that the chain had failed. */
static void
check_status(TrustArcChain *chain, guint instance)
{
    TrustSig *seal = chain->seals[instance];
    const char *status = seal->tags ? trust_tags_get(seal->tags, "cv") : NULL;
    const char *wanted = instance == 1 ? "none" : "pass";

    if (status != NULL && g_ascii_strcasecmp(status, "fail") == 0)
        fault(chain, "seal %u says that the chain had failed", instance);
    else if (status == NULL || g_ascii_strcasecmp(status, wanted) != 0)
        fault(chain, "seal %u does not say cv=%s", instance, wanted);
    if (seal->reason != NULL)
        fault(chain, "seal %u: %s", instance, seal->reason);
}

void
trust_arc_init(TrustArcChain *chain, const TrustMessage *message,
               TrustBodies *bodies)
{
    guint seals[TRUST_MAX_ARC + 1];

    memset(chain, 0, sizeof *chain);
    chain->message = message;
    gather(chain, "arc-authentication-results", chain->result_field);
    gather(chain, "arc-message-signature", chain->signature_field);
    gather(chain, "arc-seal", seals);
    for (guint i = 1; i <= chain->n; i++) {
        if (chain->result_field[i] == 0 || chain->signature_field[i] == 0
            || seals[i] == 0) {
            fault(chain, "ARC set %u is not complete", i);
            return;
        }
        chain->seals[i] =
            trust_sig_create(message, seals[i] - 1, TRUST_SIG_SEAL);
    }
    for (guint i = chain->n; i >= 1; i--)
        check_status(chain, i);
    if (chain->n == 0 || chain->fault != NULL)
        return;
    chain->signature = trust_sig_create(
        message, chain->signature_field[chain->n] - 1, TRUST_SIG_AMS);
    if (chain->signature->reason != NULL)
        fault(chain, "signature %u: %s", chain->n, chain->signature->reason);
    else
        chain->signature->body = trust_bodies_want(
            bodies, chain->signature->relaxed_body, chain->signature->length);
}

void
trust_arc_finish(TrustArcChain *chain)
{
    for (guint i = 0; i <= TRUST_MAX_ARC; i++)
        g_clear_pointer(&chain->seals[i], trust_sig_free);
    g_clear_pointer(&chain->signature, trust_sig_free);
    g_clear_pointer(&chain->fault, g_free);
}

void
trust_arc_names(const TrustArcChain *chain, GPtrArray *names)
{
    if (chain->fault != NULL || chain->n == 0)
        return;
    g_ptr_array_add(names, trust_key_name(chain->signature->selector,
                                          chain->signature->domain));
    for (guint i = 1; i <= chain->n; i++)
        g_ptr_array_add(names, trust_key_name(chain->seals[i]->selector,
                                              chain->seals[i]->domain));
}

/* All sets up to this one, in order, the seal itself last (section 5.1.1). */
static void
verify_seal(TrustArcChain *chain, guint instance, TrustLookup *lookup)
{
    TrustSig *seal = chain->seals[instance];
    const TrustMessage *message = chain->message;
    g_autofree char *name = trust_key_name(seal->selector, seal->domain);
    g_autoptr(GString) text = g_string_new(NULL);
    guint8 digest[32];

    trust_key_find(&seal->key, lookup, name, seal->ed25519);
    if (seal->key.key == NULL) {
        trust_sig_judge(seal, seal->key.result, "%s", seal->key.reason);
        return;
    }
    for (guint i = 1; i <= instance; i++) {
        const TrustField *of_seal =
            trust_message_field(message, chain->seals[i]->index);

        trust_canon_field(
            text, trust_message_field(message, chain->result_field[i] - 1),
            true);
        trust_canon_field(
            text, trust_message_field(message, chain->signature_field[i] - 1),
            true);
        if (i < instance)
            trust_canon_field(text, of_seal, true);
        else
            trust_canon_signature(text, of_seal, true);
    }
    EVP_Digest(text->str, text->len, digest, NULL, EVP_sha256(), NULL);
    trust_sig_check(seal, digest);
}

/* Takes up what became of one signature. False: the chain is not sound. */
static bool
take(const TrustSig *sig, const char *what, guint instance, TrustArc *out)
{
    if (sig->reason == NULL)
        return true;
    out->result = sig->result == TRUST_TEMPERROR ? TRUST_TEMPERROR : TRUST_FAIL;
    out->reason = g_strdup_printf("%s %u: %s", what, instance, sig->reason);
    return false;
}

static bool
is_about(const TrustMethod *method, const char *const *names,
         const char *author)
{
    g_autofree char *domain = trust_method_domain(method, names);

    return trust_domain_related(domain, author);
}

static TrustResult
seen_by(const TrustAuthres *seen, const char *author)
{
    static const char *const sender[] = { "smtp.mailfrom", NULL };
    TrustResult result = TRUST_NONE;

    for (guint i = 0; i < seen->results->len; i++) {
        const TrustMethod *method = g_ptr_array_index(seen->results, i);
        TrustResult word = trust_result_of(method->result);

        if (strcmp(method->method, "dmarc") == 0
            && (word == TRUST_PASS || word == TRUST_FAIL)
            && (is_about(method, TRUST_AUTHOR, author)
                || trust_method_get(method, "header.from") == NULL))
            return word;
        if (word == TRUST_PASS
            && ((strcmp(method->method, "dkim") == 0
                 && is_about(method, TRUST_SIGNER, author))
                || (strcmp(method->method, "spf") == 0
                    && is_about(method, sender, author))))
            result = TRUST_PASS;
    }
    return result;
}

/* What the first sealer saw, before anybody changed the message. */
static TrustResult
author_seen(const TrustArcChain *chain, const char *author)
{
    const TrustField *field =
        trust_message_field(chain->message, chain->result_field[1] - 1);
    const char *instance = memchr(field->value, ';', field->value_size);
    gsize used = instance ? (gsize)(instance + 1 - field->value) : 0;
    TrustAuthres *seen =
        trust_authres_parse(field->value + used, field->value_size - used);
    TrustResult result = seen_by(seen, author);

    trust_authres_free(seen);
    return result;
}

void
trust_arc_judge(TrustArcChain *chain, const char *author, TrustArc *out,
                TrustLookup *lookup)
{
    for (guint i = 1; i <= chain->n; i++)
        if (chain->seals[i] != NULL && chain->seals[i]->domain != NULL)
            g_ptr_array_add(out->sealers, g_strdup(chain->seals[i]->domain));
    if (chain->n == 0 && chain->fault == NULL) {
        out->reason = g_strdup("no chain");
        return;
    }
    if (chain->fault != NULL || chain->message->cut) {
        out->result = TRUST_FAIL;
        out->reason = trust_report_text(
            chain->fault ? chain->fault : "the header is too long");
        return;
    }
    trust_sig_verify(chain->signature, lookup);
    if (!take(chain->signature, "signature", chain->n, out))
        return;
    for (guint i = chain->n; i >= 1; i--) {
        verify_seal(chain, i, lookup);
        if (!take(chain->seals[i], "seal", i, out))
            return;
    }
    out->result = TRUST_PASS;
    if (author != NULL)
        out->author = author_seen(chain, author);
    out->reason =
        g_strdup_printf("sealed by %s", chain->seals[chain->n]->domain);
}
