/* One verdict: what was found here and what the user's own border wrote, with
 * the source named and a conflict said. Nobody else's word counts. */
#include "trust_verdict.h"

#include "trust_authres.h"
#include "trust_domain.h"
#include "trust_received.h"

#include <string.h>

static const char *const here = TRUST_CHECKED_HERE;

const TrustMethod *
trust_authres_find(const TrustReport *report, const char *method,
                   const char **id)
{
    for (guint i = 0; i < report->authres->len; i++) {
        const TrustAuthres *authres = g_ptr_array_index(report->authres, i);

        for (guint j = 0; authres->trusted && j < authres->results->len; j++) {
            const TrustMethod *found = g_ptr_array_index(authres->results, j);

            if (g_strcmp0(found->method, method) != 0)
                continue;
            *id = authres->authserv_id;
            return found;
        }
    }
    return NULL;
}

/* What was found here by a method. */
static TrustResult
found_here(const TrustReport *report, const char *method)
{
    const TrustSignature *best =
        report->dkim->len > 0 ? g_ptr_array_index(report->dkim, 0) : NULL;

    if (strcmp(method, "dkim") == 0)
        return best ? best->result : TRUST_NONE;
    if (strcmp(method, "spf") == 0)
        return report->spf.result;
    if (strcmp(method, "arc") == 0)
        return report->arc.result;
    return report->dmarc.result;
}

/* What trusted servers say of a method: of several signatures one that holds.
 * False: nothing. */
static bool
said(const TrustReport *report, const char *method, TrustResult *result)
{
    bool any = false;

    for (guint i = 0; i < report->authres->len; i++) {
        const TrustAuthres *authres = g_ptr_array_index(report->authres, i);

        for (guint j = 0; authres->trusted && j < authres->results->len; j++) {
            const TrustMethod *one = g_ptr_array_index(authres->results, j);
            TrustResult word = trust_result_of(one->result);

            if (g_strcmp0(one->method, method) != 0)
                continue;
            if (!any || word == TRUST_PASS)
                *result = word;
            any = true;
        }
    }
    return any;
}

TrustResult
trust_report_result(const TrustReport *report, const char *method)
{
    TrustResult found = found_here(report, method);
    TrustResult word;

    return found != TRUST_PASS && said(report, method, &word) ? word : found;
}

bool
trust_report_conflict(const TrustReport *report)
{
    TrustResult dmarc = found_here(report, "dmarc");
    TrustResult dkim = found_here(report, "dkim");
    TrustResult word;

    if (said(report, "dmarc", &word)
        && ((word == TRUST_PASS && dmarc == TRUST_FAIL)
            || (word == TRUST_FAIL && dmarc == TRUST_PASS)))
        return true;
    return dkim == TRUST_FAIL && said(report, "dkim", &word)
           && word == TRUST_PASS;
}

/* Passes here, but with something against it. */
static bool
is_doubtful(const TrustReport *report, const char *domain)
{
    for (guint i = 0; i < report->dkim->len; i++) {
        const TrustSignature *sig = g_ptr_array_index(report->dkim, i);

        if (sig->result == TRUST_PASS && !sig->evidence
            && g_strcmp0(sig->domain, domain) == 0)
            return true;
    }
    return false;
}

static void
add_signers_said(const TrustReport *report, const TrustAuthres *authres,
                 GPtrArray *signers)
{
    for (guint i = 0; i < authres->results->len; i++) {
        const TrustMethod *method = g_ptr_array_index(authres->results, i);
        g_autofree char *signer = NULL;

        if (strcmp(method->method, "dkim") != 0
            || trust_result_of(method->result) != TRUST_PASS)
            continue;
        signer = trust_method_domain(method, TRUST_SIGNER);
        if (signer != NULL && !is_doubtful(report, signer))
            g_ptr_array_add(signers, g_steal_pointer(&signer));
    }
}

GPtrArray *
trust_signers_said(const TrustReport *report)
{
    GPtrArray *signers = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < report->authres->len; i++) {
        const TrustAuthres *authres = g_ptr_array_index(report->authres, i);

        if (authres->trusted)
            add_signers_said(report, authres, signers);
    }
    return signers;
}

GPtrArray *
trust_report_signers(const TrustReport *report)
{
    GPtrArray *signers = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < report->dkim->len; i++) {
        const TrustSignature *sig = g_ptr_array_index(report->dkim, i);

        if (sig->evidence)
            g_ptr_array_add(signers, g_strdup(sig->domain));
    }
    g_ptr_array_extend_and_steal(signers, trust_signers_said(report));
    return signers;
}

bool
trust_signature_is_open(const TrustSignature *sig, bool old)
{
    return sig->domain != NULL
           && (sig->result == TRUST_TEMPERROR || (old && sig->key_gone));
}

static void decide(TrustReport *report, TrustResult result, const char *source,
                   const char *format, ...) G_GNUC_PRINTF(4, 5);

static void
decide(TrustReport *report, TrustResult result, const char *source,
       const char *format, ...)
{
    TrustVerdict *verdict = &report->verdict;
    va_list args;

    va_start(args, format);
    verdict->text = g_strdup_vprintf(format, args);
    va_end(args);
    verdict->result = result;
    verdict->source = g_strdup(source);
}

/* The signature of the author's organisation that is best, or NULL. */
static const TrustSignature *
author_signature(const TrustReport *report)
{
    for (guint i = 0; i < report->dkim->len; i++) {
        const TrustSignature *sig = g_ptr_array_index(report->dkim, i);

        if (sig->domain != NULL
            && trust_domain_related(sig->domain, report->dmarc.author))
            return sig;
    }
    return NULL;
}

bool
trust_is_signed_by(const TrustReport *report, const char *domain)
{
    g_autoptr(GPtrArray) signers = trust_report_signers(report);

    for (guint i = 0; i < signers->len; i++)
        if (trust_domain_related(g_ptr_array_index(signers, i), domain))
            return true;
    return false;
}

static bool
are_believed(const TrustReport *report, const char *const *sealers)
{
    const GPtrArray *chain = report->arc.sealers;

    for (guint i = 0; i < chain->len; i++)
        if (!trust_id_is_one(g_ptr_array_index(chain, i), sealers))
            return false;
    return chain->len > 0;
}

/* The border's own word about the author, where it is about this author. Some
 * write his whole address. */
static const TrustMethod *
border_dmarc(const TrustReport *report, const char **id)
{
    const TrustMethod *method = trust_authres_find(report, "dmarc", id);
    g_autofree char *domain =
        method ? trust_method_domain(method, TRUST_AUTHOR) : NULL;

    if (method != NULL && trust_method_get(method, "header.from") != NULL
        && report->dmarc.author != NULL
        && !trust_domain_related(domain, report->dmarc.author))
        return NULL;
    return method;
}

/* Passing, by the checks here or by the border's word. */
static bool
judge_pass(TrustReport *report)
{
    const TrustDmarc *dmarc = &report->dmarc;
    const char *id = NULL;
    const TrustMethod *border = border_dmarc(report, &id);
    TrustResult said = border ? trust_result_of(border->result) : TRUST_NONE;

    if (dmarc->result == TRUST_PASS && said == TRUST_FAIL)
        decide(report, TRUST_PASS, here,
               "From %s, checked here; but %s says "
               "that DMARC fails",
               dmarc->author, id);
    else if (dmarc->result == TRUST_PASS)
        decide(report, TRUST_PASS, here, "From %s: %s", dmarc->author,
               dmarc->reason);
    else if (said == TRUST_PASS && dmarc->author != NULL
             && dmarc->result == TRUST_FAIL)
        decide(report, TRUST_PASS, id, "From %s, says %s; but checked here: %s",
               dmarc->author, id, dmarc->reason);
    else if (said == TRUST_PASS && dmarc->author != NULL)
        decide(report, TRUST_PASS, id, "From %s, says %s", dmarc->author, id);
    else
        return false;
    return true;
}

/* Sealed by those whom the user believes, unless they saw that it is not from
 * its author. */
static bool
judge_sealed(TrustReport *report, const TrustParams *params)
{
    TrustVerdict *verdict = &report->verdict;
    const TrustArc *arc = &report->arc;
    bool passed = arc->author == TRUST_PASS;

    if (report->dmarc.author == NULL || arc->author == TRUST_FAIL
        || !are_believed(report, params->sealers))
        return false;
    if (arc->result == TRUST_TEMPERROR)
        decide(report, TRUST_TEMPERROR, here, "Not checked: %s", arc->reason);
    if (arc->result != TRUST_PASS)
        return arc->result == TRUST_TEMPERROR;
    verdict->via =
        g_strdup(g_ptr_array_index(arc->sealers, arc->sealers->len - 1));
    verdict->believed = true;
    decide(report, passed ? TRUST_PASS : TRUST_NEUTRAL, here,
           passed ? "From %s, says %s, which re-sent it"
                  : "Says that it is from %s; re-sent by %s, which does not",
           report->dmarc.author, verdict->via);
    return true;
}

static bool
dmarc_fails(const TrustReport *report)
{
    const char *id = NULL;
    const TrustMethod *border = border_dmarc(report, &id);

    return report->dmarc.result == TRUST_FAIL
           || (border != NULL && trust_result_of(border->result) == TRUST_FAIL);
}

/* Why it is not known whether a list, or a sealer, re-sent it; NULL: it is. */
static const char *
resent_later(const TrustReport *report, const char *list)
{
    for (guint i = 0; i < report->dkim->len; i++) {
        const TrustSignature *sig = g_ptr_array_index(report->dkim, i);

        if (sig->result == TRUST_TEMPERROR && sig->domain != NULL
            && trust_domain_related(sig->domain, list))
            return sig->reason;
    }
    return report->arc.result == TRUST_TEMPERROR ? report->arc.reason : NULL;
}

/* Says that a list re-sent it: no alarm where that may be what broke the
 * author's signature (U4), and no more than that, for anybody can sign for a
 * list of his own, or seal. */
static bool
judge_resent(TrustReport *report, const char *list)
{
    const TrustSignature *author = author_signature(report);
    const GPtrArray *sealers = report->arc.sealers;
    TrustVerdict *verdict = &report->verdict;
    bool intact = author != NULL && author->evidence;
    const char *later = list ? resent_later(report, list) : NULL;

    if (report->dmarc.author == NULL || list == NULL
        || (dmarc_fails(report) ? author == NULL : intact))
        return false;
    if (trust_is_signed_by(report, list))
        verdict->via = g_strdup(list);
    else if (report->arc.result == TRUST_PASS)
        verdict->via = g_strdup(g_ptr_array_index(sealers, sealers->len - 1));
    else if (later != NULL)
        decide(report, TRUST_TEMPERROR, here, "Not checked: %s", later);
    if (verdict->via == NULL)
        return later != NULL;
    decide(report, TRUST_NEUTRAL, here,
           author
               ? "Says that the list %s re-sent it, which no rule names: the "
                 "signature of %s does not hold"
               : "Says that the list %s, which no rule names, re-sent it "
                 "for %s",
           verdict->via, report->dmarc.author);
    return true;
}

/* Signed for the author's domain once, perhaps, by a key that is gone. */
static bool
was_signed(const TrustReport *report, bool old)
{
    for (guint i = 0; i < report->dkim->len; i++) {
        const TrustSignature *sig = g_ptr_array_index(report->dkim, i);

        if (trust_signature_is_open(sig, old)
            && trust_domain_related(sig->domain, report->dmarc.author))
            return true;
    }
    return false;
}

static bool
judge_fail(TrustReport *report, bool old)
{
    const TrustDmarc *dmarc = &report->dmarc;
    const char *id = NULL;
    const TrustMethod *border = border_dmarc(report, &id);
    bool refused = dmarc->policy != NULL && strcmp(dmarc->policy, "none") != 0;

    if (border != NULL && trust_result_of(border->result) == TRUST_FAIL) {
        report->verdict.alarm = refused || dmarc->policy == NULL;
        decide(report, TRUST_FAIL, id, "Not from %s, says %s: DMARC fails",
               dmarc->author ? dmarc->author : "its author", id);
        return true;
    }
    if (dmarc->result != TRUST_FAIL)
        return false;
    report->verdict.alarm =
        refused && report->spf.evaluated && !was_signed(report, old);
    if (report->spf.evaluated)
        decide(report, TRUST_FAIL, here, "Not from %s: %s (policy: %s)",
               dmarc->author, dmarc->reason, dmarc->policy);
    else
        decide(report, TRUST_FAIL, here,
               "Not authenticated by DKIM as %s "
               "(policy: %s); SPF was not evaluated",
               dmarc->author, dmarc->policy);
    return true;
}

/* Why it cannot be known now. */
static const char *
what_failed(const TrustReport *report)
{
    for (guint i = 0; i < report->dkim->len; i++) {
        const TrustSignature *sig = g_ptr_array_index(report->dkim, i);

        if (sig->result == TRUST_TEMPERROR
            && trust_domain_related(sig->domain, report->dmarc.author))
            return sig->reason;
    }
    if (report->dmarc.result != TRUST_TEMPERROR
        && report->spf.result == TRUST_TEMPERROR)
        return report->spf.reason;
    return report->dmarc.reason;
}

/* The own server that saw a signature of the author's organisation; NULL: none.
 * Borrowed. */
static const char *
author_seen_by(const TrustReport *report)
{
    for (guint i = 0; i < report->authres->len; i++) {
        const TrustAuthres *authres = g_ptr_array_index(report->authres, i);
        g_autoptr(GPtrArray) signers = g_ptr_array_new_with_free_func(g_free);

        if (authres->trusted)
            add_signers_said(report, authres, signers);
        for (guint j = 0; j < signers->len; j++)
            if (trust_domain_related(g_ptr_array_index(signers, j),
                                     report->dmarc.author))
                return authres->authserv_id;
    }
    return NULL;
}

/* Without a DMARC record. */
static void
judge_rest(TrustReport *report)
{
    const TrustDmarc *dmarc = &report->dmarc;
    const TrustSignature *author = author_signature(report);
    const TrustSignature *best =
        report->dkim->len > 0 ? g_ptr_array_index(report->dkim, 0) : NULL;
    const char *server = author_seen_by(report);

    if (author != NULL && author->evidence && dmarc->result != TRUST_TEMPERROR)
        decide(report, TRUST_PASS, here, "Signed by %s; it has no DMARC policy",
               author->domain);
    else if (server != NULL && dmarc->result != TRUST_TEMPERROR)
        decide(report, TRUST_PASS, server, "Signed for %s, says %s",
               dmarc->author, server);
    else if (report->spf.aligned && dmarc->result != TRUST_TEMPERROR)
        decide(report, TRUST_PASS, report->spf.source,
               "%s permits the sending "
               "host; it has no DMARC policy",
               report->spf.domain);
    else if (report->temporary)
        decide(report, TRUST_TEMPERROR, here, "Not checked: %s",
               what_failed(report));
    else if (author != NULL && author->result == TRUST_FAIL)
        decide(report, TRUST_FAIL, here, "The signature of %s is broken: %s",
               author->domain, author->reason);
    else if (report->spf.result == TRUST_FAIL
             || report->spf.result == TRUST_SOFTFAIL)
        decide(report, report->spf.result, report->spf.source,
               "%s does not permit the sending host", report->spf.domain);
    else if (best != NULL && best->evidence)
        decide(report, TRUST_NONE, here,
               "Signed by %s, which says nothing "
               "about %s",
               best->domain, dmarc->author);
    else
        decide(report, TRUST_NONE, here, "Nothing says who sent this");
}

void
trust_verdict_judge(TrustReport *report, const TrustCase *the_case)
{
    const TrustFrom *from = the_case->from;

    report->verdict.domain = g_strdup(from->domain);
    if (from->fault != NULL) {
        report->verdict.alarm = from->n_from > 1;
        decide(report, from->n_from > 1 ? TRUST_FAIL : TRUST_NONE, here,
               "Nobody can be held to it: %s", from->fault);
        return;
    }
    if (judge_pass(report) || judge_sealed(report, the_case->params)
        || judge_resent(report, the_case->list)
        || judge_fail(report, the_case->old))
        return;
    judge_rest(report);
}
