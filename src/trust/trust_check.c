/* The whole check of one message, in the order in which one thing needs the
 * other: fields, body, all keys at once, then each verdict. */
#include "base/clock.h"
#include "base/err.h"
#include "trust_arc.h"
#include "trust_author.h"
#include "trust_authres.h"
#include "trust_dkim.h"
#include "trust_dmarc.h"
#include "trust_domain.h"
#include "trust_received.h"
#include "trust_rules.h"
#include "trust_spf.h"
#include "trust_verdict.h"

#include <string.h>

enum {
    DAY = 24 * 3600,

    /* A signer's key may be changed so soon. */
    KEY_DAYS = 28,

    MAX_AUTHRES = 5000,

    /* A share is no more of the time. */
    SHARES = 6,
};

/* The state of one check. */
typedef struct {
    const TrustParams *params;
    const TrustMessage *message;
    TrustReport *report;
    TrustTrace trace;
    TrustFrom from;
    char *list; /* List-Id's domain, or NULL */
    TrustDkim dkim;
    TrustArcChain arc;
    TrustLookup lookup;
    gint64 now;
    gint64 end;   /* monotonic µs */
    gint64 share; /* of the time until then, µs */
} Check;

/* Until when what is asked next may take. */
static void
set_deadline(Check *check, gint64 deadline)
{
    check->lookup.wait.deadline = MIN(check->end, deadline);
}

/* Old mail is judged by the time of its arrival (D7). */
static gint64
time_of_judgement(const Check *check)
{
    gint64 now = clock_now();

    if (check->params->now != 0)
        return check->params->now;
    if (check->trace.arrival != 0 && check->trace.arrival < now + DAY)
        return check->trace.arrival;
    return check->params->arrival ? check->params->arrival : now;
}

static void
read_authres(Check *check)
{
    const GArray *fields =
        trust_message_named(check->message, "authentication-results");

    for (guint i = 0; fields && i < MIN(fields->len, MAX_AUTHRES); i++) {
        guint index = g_array_index(fields, guint, i);
        const TrustField *field = trust_message_field(check->message, index);
        TrustAuthres *authres =
            trust_authres_parse(field->value, field->value_size);

        authres->trusted = authres->error == NULL
                           && authres->authserv_id != NULL
                           && index < check->trace.top_end
                           && trust_id_is_one(authres->authserv_id,
                                              check->params->authserv_ids);
        g_ptr_array_add(check->report->authres, authres);
    }
}

/* Return-Path of the top block, without <>; NULL: none. */
static char *
return_path(const Check *check)
{
    const GArray *fields = trust_message_named(check->message, "return-path");
    guint index = fields ? g_array_index(fields, guint, 0) : G_MAXUINT;
    char *text;
    gsize size;

    if (index >= check->trace.top_end)
        return NULL;
    text = g_strstrip(
        trust_field_text(trust_message_field(check->message, index)));
    size = strlen(text);
    if (size >= 2 && text[0] == '<' && text[size - 1] == '>') {
        text[size - 1] = '\0';
        memmove(text, text + 1, size - 1);
    }
    return text;
}

/* Takes up what the border says about the envelope (S6). */
static void
take_spf(TrustSpf *spf, const TrustMethod *method, const char *sender,
         const char *source)
{
    const char *at = sender ? strrchr(sender, '@') : NULL;

    spf->evaluated = true;
    spf->result = trust_result_of(method->result);
    spf->domain = sender ? trust_domain_ascii(at ? at + 1 : sender) : NULL;
    spf->source = g_strdup(source);
    spf->reason = g_strdup_printf("says %s", source);
}

static bool
take_border_spf(Check *check)
{
    TrustSpf *spf = &check->report->spf;
    const GArray *fields = trust_message_named(check->message, "received-spf");
    const char *id = NULL;
    const TrustMethod *method = trust_authres_find(check->report, "spf", &id);

    if (method != NULL) {
        const char *sender = trust_method_get(method, "smtp.mailfrom");

        take_spf(spf, method,
                 sender && *sender ? sender
                                   : trust_method_get(method, "smtp.helo"),
                 id);
        return true;
    }
    for (guint i = 0; fields && i < fields->len; i++) {
        guint index = g_array_index(fields, guint, i);
        const TrustField *field = trust_message_field(check->message, index);
        TrustMethod *found =
            index < check->trace.top_end
                ? trust_received_spf_parse(field->value, field->value_size)
                : NULL;
        const char *receiver =
            found ? trust_method_get(found, "receiver") : NULL;
        bool ours =
            receiver != NULL
            && trust_host_is_ours(receiver, check->params->authserv_ids);

        if (ours)
            take_spf(spf, found, trust_method_get(found, "envelope-from"),
                     "Received-SPF");
        g_clear_pointer(&found, trust_method_free);
        if (ours)
            return true;
    }
    return false;
}

static void
check_border_spf(Check *check)
{
    TrustSpf *spf = &check->report->spf;
    const TrustHop *border = check->trace.border;
    g_autofree char *sender = return_path(check);
    TrustEnvelope envelope = { .sender = sender, .now = check->now };

    if (border == NULL || sender == NULL) {
        spf->reason = g_strdup("not evaluated: no envelope and no border that "
                               "is trusted");
        return;
    }
    envelope.ip = border->address;
    envelope.helo = border->from;
    spf->source = g_strdup_printf("Received by %s", border->by);
    trust_spf_check(spf, &envelope, &check->lookup);
}

static void
check_spf(Check *check)
{
    const TrustParams *params = check->params;
    TrustSpf *spf = &check->report->spf;
    g_autofree char *sender = NULL;
    TrustEnvelope envelope = {
        .ip = params->client_ip,
        .helo = params->helo,
        .now = check->now,
    };

    if (params->client_ip == NULL && take_border_spf(check))
        return;
    if (check->lookup.dns == NULL) {
        spf->reason = g_strdup("not evaluated: DNS is off");
        return;
    }
    if (params->client_ip == NULL) {
        check_border_spf(check);
        return;
    }
    sender =
        params->mail_from ? g_strdup(params->mail_from) : return_path(check);
    envelope.sender = sender;
    spf->source = g_strdup("given");
    trust_spf_check(spf, &envelope, &check->lookup);
}

/* Asks at once what is known to be asked: first what is about the author, then,
 * not for long, the keys of others, who may write any number of names that
 * nobody answers. */
static void
ask_ahead(Check *check)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) others = g_ptr_array_new_with_free_func(g_free);
    const char *author = check->from.domain;
    const char *at = check->params->mail_from
                         ? strrchr(check->params->mail_from, '@')
                         : NULL;
    g_autofree char *sender = at ? trust_domain_ascii(at + 1) : NULL;

    trust_dkim_names(&check->dkim, author, true, names);
    trust_dmarc_names(author, names);
    if (sender != NULL && check->params->client_ip != NULL)
        g_ptr_array_add(names, g_strdup(sender));
    trust_lookup_ahead(&check->lookup, names, DNS_TXT);
    trust_dkim_names(&check->dkim, author, false, others);
    trust_arc_names(&check->arc, others);
    set_deadline(check, g_get_monotonic_time() + check->share);
    trust_lookup_ahead(&check->lookup, others, DNS_TXT);
}

static void
check_signatures(Check *check)
{
    g_autoptr(TrustBodies) bodies = trust_bodies_create();
    TrustDkimSetting setting = {
        .author = check->from.domain,
        .list = check->list,
        .n_from = check->from.n_from,
        .now = check->now,
    };

    trust_dkim_init(&check->dkim, check->message, check->from.domain, bodies);
    trust_arc_init(&check->arc, check->message, bodies);
    trust_bodies_run(bodies, check->message);
    ask_ahead(check);
    check->report->dkim =
        trust_dkim_judge(&check->dkim, &setting, &check->lookup);
    trust_arc_judge(&check->arc, check->from.domain, &check->report->arc,
                    &check->lookup);
    trust_dkim_keys(&check->dkim, check->report->keys);
    trust_dkim_finish(&check->dkim);
    trust_arc_finish(&check->arc);
}

/* Did something fail that may speak for the author later? Only what is asked of
 * his own domain: a stranger's fails as the stranger likes. */
static bool
is_temporary(const TrustReport *report)
{
    const char *author = report->dmarc.author;
    const TrustSpf *spf = &report->spf;

    for (guint i = 0; author && i < report->dkim->len; i++) {
        const TrustSignature *sig = g_ptr_array_index(report->dkim, i);

        if (sig->result == TRUST_TEMPERROR
            && trust_domain_related(sig->domain, author))
            return true;
    }
    return report->dmarc.result == TRUST_TEMPERROR
           || (author != NULL && spf->result == TRUST_TEMPERROR
               && trust_domain_related(spf->domain, author));
}

/* Without a DNS the own server's word is all there will be. */
static bool
server_spoke(const TrustReport *report)
{
    for (guint i = 0; i < report->authres->len; i++)
        if (((TrustAuthres *)g_ptr_array_index(report->authres, i))->trusted)
            return true;
    return false;
}

/* The public suffix list as a second opinion (M2). */
static void
note_suffix(Check *check)
{
    const TrustDmarc *dmarc = &check->report->dmarc;
    g_autofree char *listed = NULL;

    if (dmarc->author == NULL)
        return;
    listed = trust_domain_registered(dmarc->author);
    g_ptr_array_add(
        check->report->lookups,
        g_strdup_printf("organisation of %s: %s by DMARC, %s by the "
                        "public suffix list",
                        dmarc->author, dmarc->organization, listed));
}

static void
finish(Check *check)
{
    TrustReport *report = check->report;
    TrustCase the_case = { &check->from, check->list, check->params,
                           check->now < clock_now() - KEY_DAYS * DAY };
    TrustAuthor author = { check->from.domain, check->from.fault };
    g_autoptr(GPtrArray) said = trust_signers_said(report);
    TrustEvidence evidence = { report->dkim, said, &report->spf };

    set_deadline(check, check->end - check->share);
    check_spf(check);
    set_deadline(check, check->end);
    trust_dmarc_judge(&report->dmarc, &author, &evidence, &check->lookup);
    trust_author_check(
        check->message, &check->from,
        trust_is_signed_by(report, check->list) ? check->list : NULL,
        report->warnings);
    report->temporary =
        check->lookup.dns ? is_temporary(report) : !server_spoke(report);
    report->lookups = g_steal_pointer(&check->lookup.log);
    note_suffix(check);
    trust_verdict_judge(report, &the_case);
    trust_rules_apply(report, &the_case);
    if (report->verdict.result == TRUST_TEMPERROR)
        report->temporary = true;
    /* What was decided stays, whatever the DNS says later. */
    if (report->verdict.result == TRUST_FAIL
        || (report->verdict.result == TRUST_PASS
            && g_strcmp0(report->verdict.source, TRUST_CHECKED_HERE) != 0))
        report->temporary = false;
    g_ptr_array_unref(report->hops);
    report->hops = g_steal_pointer(&check->trace.hops);
}

static TrustReport *
run(const TrustMessage *message, const TrustParams *params)
{
    guint timeout = params->timeout_ms ? params->timeout_ms : TRUST_TIMEOUT_MS;
    DnsWait wait = { g_get_monotonic_time() + (gint64)timeout * 1000,
                     params->cancel };
    Check check = {
        .params = params,
        .message = message,
        .end = wait.deadline,
        .share = (gint64)MIN(TRUST_SHARE_MS, timeout / SHARES) * 1000,
    };

    check.report = trust_report_create();
    trust_lookup_init(&check.lookup, params->dns, &wait);
    check.lookup.params = params;
    trust_trace_init(&check.trace, message, params);
    check.now = time_of_judgement(&check);
    check.lookup.now = check.now;
    trust_from_read(&check.from, message);
    check.list = trust_list_domain(message);
    read_authres(&check);
    check_signatures(&check);
    finish(&check);
    trust_trace_finish(&check.trace);
    trust_lookup_finish(&check.lookup);
    trust_from_clear(&check.from);
    g_free(check.list);
    return check.report;
}

TrustReport *
trust_check_file(const char *path, const TrustParams *params, GError **error)
{
    TrustMessage message;
    TrustReport *report;

    if (!trust_message_open(&message, path, error))
        return NULL;
    report = run(&message, params);
    trust_message_finish(&message);
    if (!g_cancellable_is_cancelled(params->cancel))
        return report;
    trust_report_free(report);
    return err_null(error, ERR_CANCELLED, "cancelled");
}

TrustReport *
trust_check_bytes(const char *bytes, gsize size, const TrustParams *params)
{
    TrustMessage message;
    TrustReport *report;

    trust_message_init(&message, bytes, size);
    report = run(&message, params);
    trust_message_finish(&message);
    return report;
}
