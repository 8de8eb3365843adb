/* DKIM signatures of the outermost header: which are verified, what each comes
 * to, and which is shown first (RFC 6376, section 6). Fields in the body, and
 * DomainKey-Signature, are none. */
#include "trust_dkim.h"

#include "trust_domain.h"
#include "trust_report.h"

#include <string.h>

enum {
    /* A clock may be wrong by so much. */
    SLOP_SECONDS = 15 * 60,

    /* Fields that are read; the rest is not mentioned. */
    MAX_FIELDS = 500,
};

/* Fields that a reader sees one of: a second one, unsigned beside a signed one,
 * may be what is shown. */
static const char *const shown_once[] = {
    "from",
    "sender",
    "reply-to",
    "subject",
    "date",
    "to",
    "cc",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
};

static bool
is_author(const TrustSig *sig, const char *author)
{
    return author != NULL && sig->domain != NULL
           && trust_domain_related(sig->domain, author);
}

static void
choose(TrustDkim *dkim, const char *author, bool of_author)
{
    for (guint i = 0; i < dkim->sigs->len; i++) {
        TrustSig *sig = g_ptr_array_index(dkim->sigs, i);

        if (sig->reason != NULL || is_author(sig, author) != of_author)
            continue;
        if (dkim->chosen->len < TRUST_MAX_SIGNATURES)
            g_ptr_array_add(dkim->chosen, sig);
        else
            trust_sig_judge(sig, TRUST_POLICY,
                            "not checked: more than %d signatures",
                            TRUST_MAX_SIGNATURES);
    }
}

void
trust_dkim_init(TrustDkim *dkim, const TrustMessage *message,
                const char *author, TrustBodies *bodies)
{
    const GArray *fields = trust_message_named(message, "dkim-signature");

    dkim->sigs = g_ptr_array_new_with_free_func((GDestroyNotify)trust_sig_free);
    dkim->chosen = g_ptr_array_new();
    for (guint i = 0; fields && i < MIN(fields->len, MAX_FIELDS); i++)
        g_ptr_array_add(dkim->sigs,
                        trust_sig_create(message,
                                         g_array_index(fields, guint, i),
                                         TRUST_SIG_DKIM));
    choose(dkim, author, true);
    choose(dkim, author, false);
    for (guint i = 0; i < dkim->chosen->len; i++) {
        TrustSig *sig = g_ptr_array_index(dkim->chosen, i);

        if (message->cut)
            trust_sig_judge(sig, TRUST_POLICY, "the header is too long");
        sig->body = trust_bodies_want(bodies, sig->relaxed_body, sig->length);
    }
}

void
trust_dkim_finish(TrustDkim *dkim)
{
    g_clear_pointer(&dkim->chosen, g_ptr_array_unref);
    g_clear_pointer(&dkim->sigs, g_ptr_array_unref);
}

void
trust_dkim_names(const TrustDkim *dkim, const char *author, bool of_author,
                 GPtrArray *names)
{
    for (guint i = 0; i < dkim->chosen->len; i++) {
        const TrustSig *sig = g_ptr_array_index(dkim->chosen, i);

        if (sig->reason == NULL && is_author(sig, author) == of_author)
            g_ptr_array_add(names, trust_key_name(sig->selector, sig->domain));
    }
}

static void
warn(TrustSignature *out, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
warn(TrustSignature *out, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(out->warnings, g_strdup_vprintf(format, args));
    va_end(args);
}

/* "Content-Type" of "content-type". g_free(). */
static char *
proper_name(const char *name)
{
    char *proper = g_strdup(name);

    for (gsize i = 0; proper[i]; i++)
        if (i == 0 || proper[i - 1] == '-')
            proper[i] = g_ascii_toupper(proper[i]);
    return proper;
}

/* What is left open by the fields it covers. False: a reader may see something
 * that was not signed. */
static bool
warn_fields(const TrustSig *sig, TrustSignature *out)
{
    bool clean = true;

    for (guint i = 0; i < G_N_ELEMENTS(shown_once); i++) {
        g_autofree char *name = proper_name(shown_once[i]);

        if (trust_sig_added(sig, shown_once[i]) == 0)
            continue;
        warn(out, "header %s: one more than was signed", name);
        clean = false;
    }
    if (trust_message_named(sig->message, "subject") != NULL
        && trust_sig_covers(sig, "subject") == 0)
        warn(out, "header Subject is not signed");
    return clean;
}

static bool
warn_length(const TrustSig *sig, TrustSignature *out)
{
    if (sig->length < 0 || (guint64)sig->length == sig->body->size)
        return true;
    warn(out,
         "l= length: %" G_GUINT64_FORMAT " octets of the body are not "
         "signed",
         sig->body->size - (guint64)sig->length);
    return false;
}

/* A signature that matches: is it accepted, and what stands against it? */
static void
judge_match(TrustSig *sig, TrustSignature *out, const TrustDkimSetting *setting)
{
    bool clean;

    if (setting->n_from != 1)
        trust_sig_judge(sig, TRUST_POLICY, "the message has %u From fields",
                        setting->n_from);
    if (sig->expires > 0 && sig->expires < setting->now)
        trust_sig_judge(sig, TRUST_POLICY, "the signature has expired");
    if (sig->time > setting->now + SLOP_SECONDS)
        warn(out, "signed at a time in the future");
    if (!sig->ed25519 && sig->key.bits < TRUST_WEAK_RSA_BITS)
        warn(out, "weak key: %u bits", sig->key.bits);
    if (sig->key.testing)
        warn(out, "the key is for testing (t=y)");
    if (sig->key.old)
        warn(out, "the DNS has this key no more; it was seen before");
    clean = warn_length(sig, out);
    clean = warn_fields(sig, out) && clean;
    if (setting->author != NULL && !is_author(sig, setting->author))
        warn(out, "does not align with From: signed by %s", sig->domain);
    trust_sig_judge(sig, TRUST_PASS, "signed by %s", sig->domain);
    out->evidence = clean && sig->result == TRUST_PASS;
}

static char *
copy_tag(const TrustSig *sig, const char *name)
{
    const char *value = sig->tags ? trust_tags_get(sig->tags, name) : NULL;

    return value ? trust_report_text(value) : NULL;
}

static TrustSignature *
judge(TrustSig *sig, const TrustDkimSetting *setting)
{
    TrustSignature *out = g_new0(TrustSignature, 1);

    out->warnings = g_ptr_array_new_with_free_func(g_free);
    out->domain = sig->domain ? g_strdup(sig->domain) : copy_tag(sig, "d");
    out->selector = copy_tag(sig, "s");
    out->identity = copy_tag(sig, "i");
    out->algorithm = copy_tag(sig, "a");
    out->fields = copy_tag(sig, "h");
    out->time = MAX(sig->time, 0);
    out->expires = MAX(sig->expires, 0);
    out->bits = sig->key.bits;
    out->key_secure = sig->key.secure;
    out->key_gone = sig->key.gone;
    if (sig->reason == NULL)
        judge_match(sig, out, setting);
    out->result = sig->result;
    out->reason = trust_report_text(sig->reason);
    if (sig->key.testing && sig->result == TRUST_FAIL) {
        g_free(out->reason);
        out->result = TRUST_NEUTRAL;
        out->reason = g_strdup_printf("as if unsigned, the key is for testing: "
                                      "%s",
                                      sig->reason);
    }
    return out;
}

/* Passing without a warning, passing, what may pass later, what is broken, what
 * is no signature; then the author's domain, then the list's. */
static guint
rank(const TrustSignature *sig, const TrustDkimSetting *setting)
{
    static const guint by_result[] = {
        [TRUST_PASS] = 0,  [TRUST_TEMPERROR] = 4,  [TRUST_POLICY] = 6,
        [TRUST_FAIL] = 8,  [TRUST_SOFTFAIL] = 8,   [TRUST_NEUTRAL] = 10,
        [TRUST_NONE] = 12, [TRUST_PERMERROR] = 12,
    };
    bool author =
        sig->domain && trust_domain_related(sig->domain, setting->author);
    bool list = sig->domain && trust_domain_related(sig->domain, setting->list);
    guint notes = sig->warnings->len;

    if (sig->result == TRUST_PASS && setting->author != NULL && !author)
        notes--; /* that it does not align */
    return by_result[sig->result] * 4 + (notes > 0 || !sig->evidence ? 4 : 0)
           + (author ? 0
              : list ? 1
                     : 2);
}

static int
compare(const void *a, const void *b, void *setting)
{
    guint one = rank(*(const TrustSignature *const *)a, setting);
    guint other = rank(*(const TrustSignature *const *)b, setting);

    return one < other ? -1 : one > other;
}

void
trust_dkim_keys(const TrustDkim *dkim, GPtrArray *keys)
{
    for (guint i = 0; i < dkim->chosen->len; i++) {
        const TrustSig *sig = g_ptr_array_index(dkim->chosen, i);

        if (sig->result != TRUST_PASS || sig->key.old
            || sig->key.record == NULL)
            continue;
        g_ptr_array_add(keys, trust_key_name(sig->selector, sig->domain));
        g_ptr_array_add(keys, g_strdup(sig->key.record));
    }
}

GPtrArray *
trust_dkim_judge(TrustDkim *dkim, const TrustDkimSetting *setting,
                 TrustLookup *lookup)
{
    GPtrArray *list = g_ptr_array_new();

    for (guint i = 0; i < dkim->chosen->len; i++)
        trust_sig_verify(g_ptr_array_index(dkim->chosen, i), lookup);
    for (guint i = 0; i < dkim->sigs->len; i++)
        g_ptr_array_add(list, judge(g_ptr_array_index(dkim->sigs, i), setting));
    g_ptr_array_sort_with_data(list, compare, (void *)setting);
    return list;
}
