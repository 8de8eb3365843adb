/* The last rule about an author has the last word on the verdict (U6): signed
 * by whom it names, the message passes, whatever DMARC says; signed by nobody
 * whom it names, it is an alarm. The last rule about a list says the same of
 * the list: what it signed has its word, which is not the author's, and is
 * excused from the author's rule, as is what a believed sealer re-sent (U4). A
 * signature of one whom it names that cannot be looked up, or no more, decides
 * nothing. */
#include "trust_rules.h"

#include "trust_domain.h"

#include <string.h>

#define LIST "list:"

bool
trust_rule_is_of_list(const TrustRule *rule)
{
    g_autofree char *start = g_ascii_strdown(rule->from, strlen(LIST));

    return strcmp(start, LIST) == 0;
}

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

/* May one of its signers have signed? */
static bool
is_undecided(const TrustReport *report, const TrustRule *rule, bool old)
{
    for (guint i = 0; i < report->dkim->len; i++) {
        const TrustSignature *sig = g_ptr_array_index(report->dkim, i);

        if (trust_signature_is_open(sig, old) && names(rule, sig->domain))
            return true;
    }
    return false;
}

static void
set(TrustVerdict *verdict, TrustResult result, bool alarm, char *text)
{
    verdict->result = result;
    verdict->alarm = alarm;
    verdict->believed = false;
    g_free(verdict->text);
    verdict->text = text;
    g_free(verdict->source);
    verdict->source = g_strdup(TRUST_CHECKED_HERE);
    g_clear_pointer(&verdict->via, g_free);
}

/* Signed by nobody whom a rule names. */
static void
set_unsigned(TrustReport *report, const TrustRule *rule, bool old)
{
    g_autofree char *wanted = NULL;

    if (rule->kind != TRUST_RULE_MUST || is_undecided(report, rule, old))
        return;
    wanted = g_strjoinv(", ", rule->signers);
    set(&report->verdict, TRUST_FAIL, true,
        g_strdup_printf("Should be signed by %s and is not: a rule for %s",
                        wanted, rule->from));
}

/* The user knows that mail of this sender fails. */
static void
set_ignored(TrustReport *report, const TrustRule *rule)
{
    TrustVerdict *verdict = &report->verdict;
    g_autofree char *why = g_strdup(verdict->text);

    if (verdict->result != TRUST_PASS && verdict->via == NULL)
        set(verdict, TRUST_NONE, false,
            g_strdup_printf("Ignored, as the rule for %s wants: %s", rule->from,
                            why));
}

static void
apply_to_author(TrustReport *report, const TrustRule *rule, bool excused,
                bool old)
{
    TrustVerdict *verdict = &report->verdict;
    g_autofree char *signer = signer_of(report, rule);

    if (rule->kind == TRUST_RULE_IGNORE)
        set_ignored(report, rule);
    if (signer != NULL && verdict->result != TRUST_PASS)
        set(verdict, TRUST_PASS, false,
            g_strdup_printf("Signed by %s, as the rule for %s wants", signer,
                            rule->from));
    if (signer == NULL && !excused)
        set_unsigned(report, rule, old);
}

/* signer: whom the rule names and who signed, or NULL. */
static void
apply_to_list(TrustReport *report, const TrustRule *rule,
              const TrustCase *the_case, const char *signer)
{
    TrustVerdict *verdict = &report->verdict;

    if (signer == NULL && !verdict->believed)
        set_unsigned(report, rule, the_case->old);
    if (signer == NULL || verdict->result == TRUST_PASS)
        return;
    set(verdict, TRUST_NEUTRAL, false,
        g_strdup_printf("Re-sent by the list %s for %s, signed by %s as the "
                        "rule for %s wants",
                        the_case->list, verdict->domain, signer, rule->from));
    verdict->via = g_strdup(the_case->list);
    verdict->believed = true;
}

/* The last rule of a kind that is about it; NULL: none. */
static const TrustRule *
find_rule(const TrustCase *the_case, bool of_list)
{
    const GPtrArray *rules = the_case->params->rules;

    for (guint i = rules ? rules->len : 0; i-- > 0;) {
        const TrustRule *rule = g_ptr_array_index(rules, i);

        if (trust_rule_is_of_list(rule) == of_list
            && trust_rule_is_about(rule, the_case->from->address,
                                   the_case->list))
            return rule;
    }
    return NULL;
}

void
trust_rules_apply(TrustReport *report, const TrustCase *the_case)
{
    const TrustRule *of_list = find_rule(the_case, true);
    const TrustRule *of_author = find_rule(the_case, false);
    g_autofree char *signer = of_list ? signer_of(report, of_list) : NULL;

    if (the_case->from->fault != NULL)
        return;
    report->ruled = of_list != NULL || of_author != NULL;
    if (of_author != NULL)
        apply_to_author(report, of_author,
                        signer != NULL || report->verdict.believed,
                        the_case->old);
    if (of_list != NULL)
        apply_to_list(report, of_list, the_case, signer);
}
