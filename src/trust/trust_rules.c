/* The last rule about an author, or a list, has the last word on the verdict
 * (U6): signed by whom it names, the message passes, whatever DMARC says;
 * signed by nobody whom it names, it is an alarm. What could not be looked up
 * decides nothing, and what a list re-sent keeps the list's word. */
#include "trust_rules.h"

#include "trust_domain.h"

#include <string.h>

#define LIST "list:"

bool
trust_rule_is_about(const TrustRule *rule, const char *address,
                    const char *list)
{
    const char *at = address ? strrchr(address, '@') : NULL;
    g_autofree char *pattern = g_ascii_strdown(rule->from, -1);
    g_autofree char *folded = address ? g_ascii_strdown(address, -1) : NULL;
    g_autofree char *domain = at ? trust_domain_ascii(at + 1) : NULL;

    if (g_str_has_prefix(pattern, LIST))
        return list && trust_domain_within(list, pattern + strlen(LIST));
    if (strchr(pattern, '@') == NULL)
        return domain && trust_domain_within(domain, pattern);
    return folded && g_pattern_match_simple(pattern, folded);
}

static bool
names(const TrustRule *rule, const char *signer)
{
    for (guint i = 0; signer && rule->signers[i]; i++)
        if (trust_domain_within(signer, rule->signers[i]))
            return true;
    return false;
}

/* One of its signers signed, as found here or by a trusted server. g_free();
 * NULL: nobody. */
static char *
signer_of(const TrustReport *report, const TrustRule *rule)
{
    g_autoptr(GPtrArray) signers = trust_report_signers(report);

    for (guint i = 0; i < signers->len; i++)
        if (names(rule, g_ptr_array_index(signers, i)))
            return g_strdup(g_ptr_array_index(signers, i));
    return NULL;
}

static bool
is_undecided(const TrustReport *report)
{
    for (guint i = 0; i < report->dkim->len; i++)
        if (((const TrustSignature *)g_ptr_array_index(report->dkim, i))->result
            == TRUST_TEMPERROR)
            return true;
    return false;
}

static void
set(TrustVerdict *verdict, TrustResult result, bool alarm, char *text)
{
    verdict->result = result;
    verdict->alarm = alarm;
    g_free(verdict->text);
    verdict->text = text;
    g_free(verdict->source);
    verdict->source = g_strdup(TRUST_CHECKED_HERE);
    g_clear_pointer(&verdict->via, g_free);
}

static void
apply(TrustReport *report, const TrustRule *rule)
{
    TrustVerdict *verdict = &report->verdict;
    g_autofree char *signer = signer_of(report, rule);
    g_autofree char *wanted = g_strjoinv(", ", rule->signers);

    report->ruled = true;
    if (signer != NULL && verdict->result != TRUST_PASS)
        set(verdict, TRUST_PASS, false,
            g_strdup_printf("Signed by %s, as the rule for %s wants", signer,
                            rule->from));
    if (signer != NULL || verdict->via != NULL || is_undecided(report))
        return;
    set(verdict, TRUST_FAIL, true,
        g_strdup_printf("Should be signed by %s and is not: a rule for %s",
                        wanted, rule->from));
}

void
trust_rules_apply(TrustReport *report, const TrustCase *the_case)
{
    const GPtrArray *rules = the_case->params->rules;
    const TrustFrom *from = the_case->from;

    if (from->fault != NULL)
        return;
    for (guint i = rules ? rules->len : 0; i-- > 0;) {
        const TrustRule *rule = g_ptr_array_index(rules, i);

        if (!trust_rule_is_about(rule, from->address, the_case->list))
            continue;
        apply(report, rule);
        return;
    }
}
