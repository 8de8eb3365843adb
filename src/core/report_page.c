/* The page of a report. Nothing is judged here. */
#include "core/report_page.h"

#include "base/text.h"
#include "core/standing.h"

#include <string.h>

typedef struct {
    GString *text;
} Sheet;

static void line(Sheet *sheet, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* A line of a stranger's words and ours. */
static void
line(Sheet *sheet, const char *format, ...)
{
    g_autofree char *text = NULL;
    g_autofree char *safe = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    safe = text_sanitise(text, -1, TEXT_LINE);
    g_string_append_printf(sheet->text, "%s\n", safe);
}

static void
heading(Sheet *sheet, const char *text)
{
    g_string_append_printf(sheet->text, "\n%s\n", text);
}

/* "2026-11-23 06:12:00 UTC"; g_free(). */
static char *
moment(gint64 time)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(time);

    return date ? g_date_time_format(date, "%Y-%m-%d %H:%M:%S UTC")
                : g_strdup("no date");
}

static void
add_verdict(Sheet *sheet, const TrustReport *report)
{
    static const char *const signs[] = {
        [STANDING_UNVERIFIED] = "?",
        [STANDING_PASS] = "✓",
        [STANDING_RESENT] = "✓",
        [STANDING_FAIL] = "✗",
    };
    g_autoptr(Standing) standing = standing_of_report(report);
    g_autofree char *words = standing_line(standing);

    line(sheet, "%s %s", signs[standing->word], words);
    line(sheet, "%s (%s)", report->verdict.text, report->verdict.source);
    for (guint i = 0; i < report->warnings->len; i++)
        line(sheet, "Warning: %s",
             (char *)g_ptr_array_index(report->warnings, i));
}

static void
add_dmarc(Sheet *sheet, const TrustDmarc *dmarc)
{
    line(sheet, "DMARC   %-9s  %s", trust_result_word(dmarc->result),
         dmarc->reason);
    if (dmarc->policy != NULL)
        line(sheet, "        policy %s of %s%s", dmarc->policy, dmarc->domain,
             dmarc->testing ? ", being tested (t=y)" : "");
    if (dmarc->author != NULL)
        line(sheet, "        author %s, organisation %s", dmarc->author,
             dmarc->organization ? dmarc->organization : "not known");
}

/* "from:to:subject" → "from to subject". */
static void
add_fields(Sheet *sheet, const char *fields)
{
    g_auto(GStrv) names = g_strsplit_set(fields, ": \t\r\n", -1);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; names[i]; i++)
        if (*names[i])
            g_string_append_printf(text, " %s", names[i]);
    line(sheet, "        signed headers:%s", text->str);
}

static void
add_signature(Sheet *sheet, const TrustSignature *sig)
{
    line(sheet, "DKIM    %-9s  %s", trust_result_word(sig->result),
         sig->reason);
    line(sheet, "        signer %s%s%s, selector %s",
         sig->domain ? sig->domain : "?", sig->identity ? " as " : "",
         sig->identity ? sig->identity : "",
         sig->selector ? sig->selector : "?");
    if (sig->bits > 0)
        line(sheet, "        %s, %u bits%s",
             sig->algorithm ? sig->algorithm : "?", sig->bits,
             sig->key_secure ? ", key secured by DNSSEC" : "");
    else
        line(sheet, "        %s", sig->algorithm ? sig->algorithm : "?");
    if (sig->fields != NULL)
        add_fields(sheet, sig->fields);
    if (sig->time > 0 || sig->expires > 0) {
        g_autofree char *from = moment(sig->time);
        g_autofree char *to = moment(sig->expires);

        line(sheet, "        signed %s%s%s", sig->time ? from : "at no time",
             sig->expires ? ", expires " : "", sig->expires ? to : "");
    }
    for (guint i = 0; i < sig->warnings->len; i++)
        line(sheet, "        warning: %s",
             (char *)g_ptr_array_index(sig->warnings, i));
}

static void
add_spf(Sheet *sheet, const TrustSpf *spf)
{
    line(sheet, "SPF     %-9s  %s", trust_result_word(spf->result),
         spf->reason);
    if (spf->evaluated)
        line(sheet, "        %s%s%s, by %s%s",
             spf->domain ? spf->domain : "no domain",
             spf->client_ip ? " from " : "",
             spf->client_ip ? spf->client_ip : "",
             spf->source ? spf->source : "nobody",
             spf->aligned ? ", aligned with the author" : "");
    if (spf->explanation != NULL)
        line(sheet, "        the domain says: %s", spf->explanation);
}

static void
add_arc(Sheet *sheet, const TrustArc *arc)
{
    line(sheet, "ARC     %-9s  %s", trust_result_word(arc->result),
         arc->reason);
    for (guint i = 0; i < arc->sealers->len; i++)
        line(sheet, "        %u sealed by %s", i + 1,
             (char *)g_ptr_array_index(arc->sealers, i));
}

static void
add_authres(Sheet *sheet, const TrustAuthres *authres)
{
    line(sheet, "Claim   %-9s  %s%s%s",
         authres->trusted ? "trusted" : "ignored",
         authres->authserv_id ? authres->authserv_id : "nobody",
         authres->error ? ": " : "", authres->error ? authres->error : "");
    for (guint i = 0; i < authres->results->len; i++) {
        const TrustMethod *method = g_ptr_array_index(authres->results, i);
        g_autoptr(GString) text = g_string_new(NULL);

        g_string_append_printf(text, "%s=%s", method->method, method->result);
        for (guint j = 0; j + 1 < method->properties->len; j += 2)
            g_string_append_printf(
                text, " %s=%s",
                (char *)g_ptr_array_index(method->properties, j),
                (char *)g_ptr_array_index(method->properties, j + 1));
        line(sheet, "        %s", text->str);
    }
}

/* The value of a property; NULL: not given. Borrowed. */
static const char *
property(const TrustMethod *method, const char *name)
{
    for (guint i = 0; i + 1 < method->properties->len; i += 2)
        if (g_ascii_strcasecmp(g_ptr_array_index(method->properties, i), name)
            == 0)
            return g_ptr_array_index(method->properties, i + 1);
    return NULL;
}

/* A trusted server's word that an authority knows the mark of the domain is all
 * that is made of BIMI. */
static void
add_bimi(Sheet *sheet, const TrustAuthres *authres)
{
    for (guint i = 0; authres->trusted && i < authres->results->len; i++) {
        const TrustMethod *method = g_ptr_array_index(authres->results, i);
        const char *authority = property(method, "policy.authority");

        if (strcmp(method->method, "bimi") != 0
            || trust_result_of(method->result) != TRUST_PASS
            || authority == NULL || trust_result_of(authority) != TRUST_PASS)
            continue;
        line(sheet,
             "BIMI    pass       says %s: an authority knows the mark of "
             "this domain",
             authres->authserv_id);
        return;
    }
}

/* "+3 s", "+2 min", "+4 h" since the hop before; g_free(). */
static char *
delay(const TrustHop *hop, const TrustHop *before)
{
    gint64 seconds;

    if (before == NULL || hop->time == 0 || before->time == 0)
        return g_strdup("");
    seconds = hop->time - before->time;
    if (seconds < 0)
        return g_strdup_printf("  %" G_GINT64_FORMAT " s (clocks differ)",
                               seconds);
    if (seconds < 120)
        return g_strdup_printf("  +%" G_GINT64_FORMAT " s", seconds);
    if (seconds < 2 * 3600)
        return g_strdup_printf("  +%" G_GINT64_FORMAT " min", seconds / 60);
    return g_strdup_printf("  +%" G_GINT64_FORMAT " h", seconds / 3600);
}

/* As it went: the oldest hop first. */
static void
add_path(Sheet *sheet, const GPtrArray *hops)
{
    if (hops->len == 0)
        return;
    heading(sheet, "Path, oldest first");
    for (guint i = hops->len; i-- > 0;) {
        const TrustHop *hop = g_ptr_array_index(hops, i);
        const TrustHop *before =
            i + 1 < hops->len ? g_ptr_array_index(hops, i + 1) : NULL;
        g_autofree char *when = moment(hop->time);
        g_autofree char *later = delay(hop, before);

        line(sheet, "  %s %s%s%s to %s  %s%s", hop->from ? "from" : "given",
             hop->from ? hop->from : "in", hop->address ? " " : "",
             hop->address ? hop->address : "", hop->by ? hop->by : "?",
             hop->time ? when : "no date", later);
    }
}

char *
report_page(const TrustReport *report)
{
    Sheet sheet = { g_string_new(NULL) };

    add_verdict(&sheet, report);
    g_string_append(sheet.text, "\n");
    add_dmarc(&sheet, &report->dmarc);
    for (guint i = 0; i < report->dkim->len; i++)
        add_signature(&sheet, g_ptr_array_index(report->dkim, i));
    if (report->dkim->len == 0)
        line(&sheet, "DKIM    none       no signature");
    add_spf(&sheet, &report->spf);
    add_arc(&sheet, &report->arc);
    for (guint i = 0; i < report->authres->len; i++)
        add_authres(&sheet, g_ptr_array_index(report->authres, i));
    for (guint i = 0; i < report->authres->len; i++)
        add_bimi(&sheet, g_ptr_array_index(report->authres, i));
    add_path(&sheet, report->hops);
    if (report->lookups->len > 0)
        heading(&sheet, "Lookups");
    for (guint i = 0; i < report->lookups->len; i++)
        line(&sheet, "  %s", (char *)g_ptr_array_index(report->lookups, i));
    return g_string_free(sheet.text, FALSE);
}
