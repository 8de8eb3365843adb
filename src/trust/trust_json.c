/* A report as the JSON document that `posthorn verify --json` prints. Its names
 * are promised to scripts. */
#include "trust/trust.h"

static void
text(JsonBuilder *builder, const char *name, const char *value)
{
    json_builder_set_member_name(builder, name);
    if (value != NULL)
        json_builder_add_string_value(builder, value);
    else
        json_builder_add_null_value(builder);
}

/* The member only where there is a value. */
static void
text_if(JsonBuilder *builder, const char *name, const char *value)
{
    if (value != NULL)
        text(builder, name, value);
}

static void
number_if(JsonBuilder *builder, const char *name, gint64 value)
{
    if (value == 0)
        return;
    json_builder_set_member_name(builder, name);
    json_builder_add_int_value(builder, value);
}

static void
flag(JsonBuilder *builder, const char *name, bool value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_boolean_value(builder, value);
}

static void
texts(JsonBuilder *builder, const char *name, const GPtrArray *values)
{
    json_builder_set_member_name(builder, name);
    json_builder_begin_array(builder);
    for (guint i = 0; i < values->len; i++)
        json_builder_add_string_value(builder, g_ptr_array_index(values, i));
    json_builder_end_array(builder);
}

static void
open_object(JsonBuilder *builder, const char *name)
{
    if (name != NULL)
        json_builder_set_member_name(builder, name);
    json_builder_begin_object(builder);
}

static void
result(JsonBuilder *builder, TrustResult value)
{
    text(builder, "result", trust_result_word(value));
}

static void
add_spf(JsonBuilder *builder, const TrustSpf *spf)
{
    open_object(builder, "spf");
    result(builder, spf->result);
    text(builder, "domain", spf->domain);
    text(builder, "reason", spf->reason);
    text_if(builder, "explanation", spf->explanation);
    text_if(builder, "client_ip", spf->client_ip);
    text_if(builder, "source", spf->source);
    json_builder_end_object(builder);
}

static void
add_signature(JsonBuilder *builder, const TrustSignature *sig)
{
    open_object(builder, NULL);
    text(builder, "domain", sig->domain);
    text(builder, "selector", sig->selector);
    result(builder, sig->result);
    text(builder, "reason", sig->reason);
    texts(builder, "warnings", sig->warnings);
    text_if(builder, "identity", sig->identity);
    text_if(builder, "algorithm", sig->algorithm);
    number_if(builder, "bits", sig->bits);
    text_if(builder, "fields", sig->fields);
    number_if(builder, "time", sig->time);
    number_if(builder, "expires", sig->expires);
    flag(builder, "dnssec", sig->key_secure);
    json_builder_end_object(builder);
}

static void
add_dmarc(JsonBuilder *builder, const TrustDmarc *dmarc)
{
    open_object(builder, "dmarc");
    result(builder, dmarc->result);
    text(builder, "policy", dmarc->policy);
    text(builder, "domain", dmarc->domain);
    text(builder, "reason", dmarc->reason);
    text_if(builder, "author", dmarc->author);
    text_if(builder, "organization", dmarc->organization);
    json_builder_end_object(builder);
}

static void
add_arc(JsonBuilder *builder, const TrustArc *arc)
{
    open_object(builder, "arc");
    result(builder, arc->result);
    text(builder, "reason", arc->reason);
    texts(builder, "sealers", arc->sealers);
    json_builder_end_object(builder);
}

static void
add_method(JsonBuilder *builder, const TrustMethod *method)
{
    open_object(builder, NULL);
    text(builder, "method", method->method);
    text(builder, "method_version", method->version ? method->version : "1");
    text(builder, "result", method->result);
    text(builder, "reason", method->reason);
    open_object(builder, "properties");
    for (guint i = 0; i + 1 < method->properties->len; i += 2)
        text(builder, g_ptr_array_index(method->properties, i),
             g_ptr_array_index(method->properties, i + 1));
    json_builder_end_object(builder);
    json_builder_end_object(builder);
}

static void
add_authres(JsonBuilder *builder, const TrustAuthres *authres)
{
    open_object(builder, NULL);
    text(builder, "authserv_id", authres->authserv_id);
    text(builder, "version", authres->version);
    flag(builder, "trusted", authres->trusted);
    text(builder, "error", authres->error);
    json_builder_set_member_name(builder, "results");
    json_builder_begin_array(builder);
    for (guint i = 0; i < authres->results->len; i++)
        add_method(builder, g_ptr_array_index(authres->results, i));
    json_builder_end_array(builder);
    json_builder_end_object(builder);
}

static void
add_hop(JsonBuilder *builder, const TrustHop *hop)
{
    open_object(builder, NULL);
    text(builder, "from", hop->from);
    text(builder, "address", hop->address);
    text(builder, "by", hop->by);
    number_if(builder, "time", hop->time);
    json_builder_end_object(builder);
}

static void
add_verdict(JsonBuilder *builder, const TrustVerdict *verdict)
{
    open_object(builder, "verdict");
    result(builder, verdict->result);
    text(builder, "domain", verdict->domain);
    text_if(builder, "via", verdict->via);
    flag(builder, "believed", verdict->believed);
    text(builder, "source", verdict->source);
    text(builder, "text", verdict->text);
    flag(builder, "alarm", verdict->alarm);
    json_builder_end_object(builder);
}

JsonNode *
trust_report_json(const TrustReport *report)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    open_object(builder, NULL);
    add_spf(builder, &report->spf);
    json_builder_set_member_name(builder, "dkim");
    json_builder_begin_array(builder);
    for (guint i = 0; i < report->dkim->len; i++)
        add_signature(builder, g_ptr_array_index(report->dkim, i));
    json_builder_end_array(builder);
    add_dmarc(builder, &report->dmarc);
    add_arc(builder, &report->arc);
    json_builder_set_member_name(builder, "authres");
    json_builder_begin_array(builder);
    for (guint i = 0; i < report->authres->len; i++)
        add_authres(builder, g_ptr_array_index(report->authres, i));
    json_builder_end_array(builder);
    texts(builder, "warnings", report->warnings);
    add_verdict(builder, &report->verdict);
    json_builder_set_member_name(builder, "received");
    json_builder_begin_array(builder);
    for (guint i = 0; i < report->hops->len; i++)
        add_hop(builder, g_ptr_array_index(report->hops, i));
    json_builder_end_array(builder);
    texts(builder, "lookups", report->lookups);
    json_builder_end_object(builder);
    return json_builder_get_root(builder);
}
