/* Reports: made and freed; the words of results. */
#include "trust_report.h"

#include <string.h>

static const char *const words[] = {
    [TRUST_NONE] = "none",           [TRUST_PASS] = "pass",
    [TRUST_FAIL] = "fail",           [TRUST_SOFTFAIL] = "softfail",
    [TRUST_NEUTRAL] = "neutral",     [TRUST_POLICY] = "policy",
    [TRUST_TEMPERROR] = "temperror", [TRUST_PERMERROR] = "permerror",
};

const char *
trust_result_word(TrustResult result)
{
    return words[result];
}

TrustResult
trust_result_of(const char *word)
{
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_ascii_strcasecmp(word, words[i]) == 0)
            return (TrustResult)i;
    return g_ascii_strcasecmp(word, "hardfail") == 0 ? TRUST_FAIL : TRUST_NONE;
}

char *
trust_report_text(const char *untrusted)
{
    gsize size = strnlen(untrusted, TRUST_MAX_TEXT);
    char *text = g_utf8_make_valid(untrusted, (gssize)size);

    return text;
}

char *
trust_text_cut(const char *text, gsize size)
{
    char *cut = g_strndup(text, size);
    const char *end;

    if (!g_utf8_validate(cut, -1, &end))
        cut[end - cut] = '\0';
    return cut;
}

static void
signature_free(void *data)
{
    TrustSignature *sig = data;

    g_free(sig->domain);
    g_free(sig->selector);
    g_free(sig->identity);
    g_free(sig->algorithm);
    g_free(sig->fields);
    g_free(sig->reason);
    g_ptr_array_unref(sig->warnings);
    g_free(sig);
}

void
trust_method_free(void *data)
{
    TrustMethod *method = data;

    g_free(method->method);
    g_free(method->version);
    g_free(method->result);
    g_free(method->reason);
    g_ptr_array_unref(method->properties);
    g_free(method);
}

void
trust_authres_free(void *data)
{
    TrustAuthres *authres = data;

    g_free(authres->authserv_id);
    g_free(authres->version);
    g_free(authres->error);
    g_ptr_array_unref(authres->results);
    g_free(authres);
}

void
trust_hop_free(void *data)
{
    TrustHop *hop = data;

    g_free(hop->from);
    g_free(hop->address);
    g_free(hop->by);
    g_free(hop);
}

TrustReport *
trust_report_create(void)
{
    TrustReport *report = g_new0(TrustReport, 1);

    report->arc.sealers = g_ptr_array_new_with_free_func(g_free);
    report->authres = g_ptr_array_new_with_free_func(trust_authres_free);
    report->hops = g_ptr_array_new_with_free_func(trust_hop_free);
    report->warnings = g_ptr_array_new_with_free_func(g_free);
    report->keys = g_ptr_array_new_with_free_func(g_free);
    return report;
}

void
trust_report_free(TrustReport *report)
{
    if (report == NULL)
        return;
    g_free(report->spf.domain);
    g_free(report->spf.reason);
    g_free(report->spf.explanation);
    g_free(report->spf.client_ip);
    g_free(report->spf.source);
    if (report->dkim != NULL) {
        g_ptr_array_set_free_func(report->dkim, signature_free);
        g_ptr_array_unref(report->dkim);
    }
    g_free(report->dmarc.policy);
    g_free(report->dmarc.domain);
    g_free(report->dmarc.author);
    g_free(report->dmarc.organization);
    g_free(report->dmarc.reason);
    g_free(report->arc.reason);
    g_ptr_array_unref(report->arc.sealers);
    g_ptr_array_unref(report->authres);
    g_ptr_array_unref(report->hops);
    g_ptr_array_unref(report->warnings);
    g_ptr_array_unref(report->keys);
    g_clear_pointer(&report->lookups, g_ptr_array_unref);
    g_free(report->verdict.domain);
    g_free(report->verdict.via);
    g_free(report->verdict.source);
    g_free(report->verdict.text);
    g_free(report);
}
