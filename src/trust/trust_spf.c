/* The evaluation of SPF (RFC 7208, sections 4 to 6). Limits: ten terms that ask
 * the DNS, two of them answered with nothing, ten names of an MX or PTR. */
#include "trust_spf.h"

#include "trust_domain.h"
#include "trust_received.h"
#include "trust_report.h"

#include <arpa/inet.h>
#include <string.h>

enum {
    MAX_TERMS = 10,
    MAX_VOIDS = 2,
    MAX_NAMES = 10,
};

/* What became of a mechanism: it matches, it does not, or evaluation ends. */
typedef enum {
    NO_MATCH,
    MATCH,
    TEMPORARY,
    PERMANENT,
} Match;

static TrustResult
check_host(TrustSpfRun *run, const char *domain, bool explains, char **why);

static bool
same_network(const guint8 *a, const guint8 *b, int bits)
{
    int octets = bits / 8;

    if (memcmp(a, b, (gsize)octets) != 0)
        return false;
    return bits % 8 == 0 || ((a[octets] ^ b[octets]) >> (8 - bits % 8)) == 0;
}

static bool
address_matches(const TrustSpfRun *run, const char *address, int bits4,
                int bits6)
{
    guint8 octets[16];

    if (run->ip6)
        return inet_pton(AF_INET6, address, octets) == 1
               && same_network(run->address, octets, bits6);
    return inet_pton(AF_INET, address, octets) == 1
           && same_network(run->address, octets, bits4);
}

/* Counts an answer with nothing. */
static Match
count_void(TrustSpfRun *run, const DnsAnswer *answer)
{
    if (answer->status == DNS_TEMPORARY)
        return TEMPORARY;
    if (answer->status != DNS_FOUND && ++run->voids > MAX_VOIDS)
        return PERMANENT;
    return NO_MATCH;
}

static bool
any_matches(const TrustSpfRun *run, const DnsAnswer *answer, int bits4,
            int bits6)
{
    for (guint i = 0; i < answer->records->len; i++)
        if (address_matches(run, dns_answer_record(answer, i)->text, bits4,
                            bits6))
            return true;
    return false;
}

static Match
match_a(TrustSpfRun *run, const TrustSpfTerm *term, const char *target)
{
    const DnsAnswer *answer =
        trust_lookup(run->lookup, target, run->ip6 ? DNS_AAAA : DNS_A);
    Match match = count_void(run, answer);

    if (match != NO_MATCH)
        return match;
    return any_matches(run, answer, term->bits4, term->bits6) ? MATCH
                                                              : NO_MATCH;
}

static Match
match_mx(TrustSpfRun *run, const TrustSpfTerm *term, const char *target)
{
    const DnsAnswer *names = trust_lookup(run->lookup, target, DNS_MX);
    Match match = count_void(run, names);

    if (match != NO_MATCH)
        return match;
    if (names->records->len > MAX_NAMES)
        return PERMANENT;
    for (guint i = 0; i < names->records->len; i++) {
        const char *name = dns_answer_record(names, i)->text;
        const DnsAnswer *answer =
            trust_lookup(run->lookup, name, run->ip6 ? DNS_AAAA : DNS_A);

        if (answer->status == DNS_TEMPORARY)
            return TEMPORARY;
        if (any_matches(run, answer, term->bits4, term->bits6))
            return MATCH;
    }
    return NO_MATCH;
}

/* 0: the domain itself, 1: below it, 2: another. */
static int
nearness(const char *name, const char *domain)
{
    if (g_ascii_strcasecmp(name, domain) == 0)
        return 0;
    return trust_domain_within(name, domain) ? 1 : 2;
}

char *
trust_spf_validated(TrustSpfRun *run, const char *domain, bool below)
{
    g_autofree char *reverse = dns_reverse_name(run->ip);
    const DnsAnswer *names = trust_lookup(run->lookup, reverse, DNS_PTR);
    const char *best = NULL;
    int best_nearness = below ? 2 : 3;

    for (guint i = 0; i < MIN(names->records->len, MAX_NAMES); i++) {
        const char *name = dns_answer_record(names, i)->text;
        const DnsAnswer *answer;

        if (nearness(name, domain) >= best_nearness)
            continue;
        answer = trust_lookup(run->lookup, name, run->ip6 ? DNS_AAAA : DNS_A);
        if (!any_matches(run, answer, 32, 128))
            continue;
        best = name;
        best_nearness = nearness(name, domain);
    }
    return g_strdup(best);
}

static Match
match_ptr(TrustSpfRun *run, const char *target)
{
    g_autofree char *reverse = dns_reverse_name(run->ip);
    const DnsAnswer *names = trust_lookup(run->lookup, reverse, DNS_PTR);
    g_autofree char *name = NULL;

    if (count_void(run, names) == PERMANENT)
        return PERMANENT;
    name = trust_spf_validated(run, target, true);
    return name ? MATCH : NO_MATCH;
}

static Match
match_exists(TrustSpfRun *run, const char *target)
{
    const DnsAnswer *answer = trust_lookup(run->lookup, target, DNS_A);
    Match match = count_void(run, answer);

    if (match != NO_MATCH)
        return match;
    return answer->status == DNS_FOUND ? MATCH : NO_MATCH;
}

static Match
match_include(TrustSpfRun *run, const char *target, char **why)
{
    switch (check_host(run, target, false, why)) {
    case TRUST_PASS:
        return MATCH;
    case TRUST_TEMPERROR:
        return TEMPORARY;
    case TRUST_NONE:
    case TRUST_PERMERROR:
        return PERMANENT;
    default:
        return NO_MATCH;
    }
}

static Match
match_asking(TrustSpfRun *run, const TrustSpfTerm *term, const char *domain,
             char **why)
{
    g_autofree char *target = NULL;

    if (++run->terms > MAX_TERMS)
        return PERMANENT;
    target = term->domain ? trust_spf_expand_name(run, term->domain, domain)
                          : g_strdup(domain);
    switch (term->kind) {
    case TRUST_SPF_INCLUDE:
        return match_include(run, target, why);
    case TRUST_SPF_A:
        return match_a(run, term, target);
    case TRUST_SPF_MX:
        return match_mx(run, term, target);
    case TRUST_SPF_PTR:
        return match_ptr(run, target);
    default:
        return match_exists(run, target);
    }
}

static Match
match(TrustSpfRun *run, const TrustSpfTerm *term, const char *domain,
      char **why)
{
    switch (term->kind) {
    case TRUST_SPF_ALL:
        return MATCH;
    case TRUST_SPF_IP4:
        return !run->ip6 && address_matches(run, term->domain, term->bits4, 0)
                   ? MATCH
                   : NO_MATCH;
    case TRUST_SPF_IP6:
        return run->ip6 && address_matches(run, term->domain, 0, term->bits6)
                   ? MATCH
                   : NO_MATCH;
    default:
        return match_asking(run, term, domain, why);
    }
}

static void say(char **why, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
say(char **why, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_free(*why);
    *why = g_strdup_vprintf(format, args);
    va_end(args);
}

/* The one record of a domain; NULL: *result says why there is none. */
static TrustSpfRecord *
find_record(TrustSpfRun *run, const char *domain, TrustResult *result,
            char **why)
{
    const DnsAnswer *answer = trust_lookup(run->lookup, domain, DNS_TXT);
    const DnsRecord *found = NULL;
    TrustSpfRecord *record;
    guint n = 0;

    for (guint i = 0; i < answer->records->len; i++) {
        const DnsRecord *text = dns_answer_record(answer, i);

        if (!trust_spf_is_record(text->text, text->size))
            continue;
        found = text;
        n++;
    }
    *result = answer->status == DNS_TEMPORARY ? TRUST_TEMPERROR
              : n > 1                         ? TRUST_PERMERROR
                                              : TRUST_NONE;
    if (answer->status == DNS_TEMPORARY)
        say(why, "%s cannot be looked up: %s", domain, answer->reason);
    else if (n > 1)
        say(why, "%s has several SPF records", domain);
    else if (n == 0)
        say(why, "%s has no SPF record", domain);
    if (answer->status == DNS_TEMPORARY || n != 1)
        return NULL;
    record = trust_spf_parse(found->text, found->size);
    if (record == NULL) {
        *result = TRUST_PERMERROR;
        say(why, "the SPF record of %s is broken", domain);
    }
    return record;
}

/* The text of exp=, where there is exactly one that is sound (section 6.2). */
static void
explain(TrustSpfRun *run, const TrustSpfRecord *record, const char *domain)
{
    g_autofree char *name = NULL;
    const DnsAnswer *answer;
    const DnsRecord *text;

    if (record->exp == NULL)
        return;
    name = trust_spf_expand_name(run, record->exp, domain);
    answer = trust_lookup(run->lookup, name, DNS_TXT);
    if (answer->records->len != 1)
        return;
    text = dns_answer_record(answer, 0);
    for (gsize i = 0; i < text->size; i++)
        if (text->text[i] < ' ' || text->text[i] > '~')
            return;
    if (trust_spf_macros_valid(text->text, true))
        run->explanation = trust_spf_expand(run, text->text, domain);
}

static TrustResult
error_of(TrustSpfRun *run, Match matched, const char *domain, char **why)
{
    if (run->terms > MAX_TERMS)
        say(why, "%s needs more than %d lookups", domain, MAX_TERMS);
    else if (run->voids > MAX_VOIDS)
        say(why, "%s asks for more than %d names that are not there", domain,
            MAX_VOIDS);
    else if (*why == NULL || matched == TEMPORARY)
        say(why, "%s: %s", domain,
            matched == TEMPORARY ? "a lookup failed" : "too many names");
    return matched == TEMPORARY ? TRUST_TEMPERROR : TRUST_PERMERROR;
}

static TrustResult
redirect(TrustSpfRun *run, const char *spec, const char *domain, bool explains,
         char **why)
{
    g_autofree char *target = NULL;
    TrustResult result;

    if (++run->terms > MAX_TERMS)
        return error_of(run, PERMANENT, domain, why);
    target = trust_spf_expand_name(run, spec, domain);
    result = check_host(run, target, explains, why);
    return result == TRUST_NONE ? TRUST_PERMERROR : result;
}

/* check_host() of the RFC. explains: a fail is explained. */
static TrustResult
check_host(TrustSpfRun *run, const char *domain, bool explains, char **why)
{
    g_autoptr(TrustSpfRecord) record = NULL;
    TrustResult result;

    record = find_record(run, domain, &result, why);
    if (record == NULL)
        return result;
    for (guint i = 0; i < record->terms->len; i++) {
        const TrustSpfTerm *term = g_ptr_array_index(record->terms, i);
        Match matched = match(run, term, domain, why);

        if (matched == NO_MATCH)
            continue;
        if (matched != MATCH)
            return error_of(run, matched, domain, why);
        if (term->qualifier == TRUST_FAIL && explains)
            explain(run, record, domain);
        say(why, "%s %s %s", domain,
            term->qualifier == TRUST_PASS ? "permits" : "does not permit",
            run->ip);
        return term->qualifier;
    }
    if (record->redirect != NULL)
        return redirect(run, record->redirect, domain, explains, why);
    say(why, "%s says nothing about %s", domain, run->ip);
    return TRUST_NEUTRAL;
}

/* local@domain of the envelope, HELO's for the null sender. */
static void
read_sender(TrustSpfRun *run, const TrustEnvelope *envelope)
{
    const char *sender = envelope->sender ? envelope->sender : "";
    gsize size = strlen(sender);
    g_autofree char *plain = NULL;
    char *at;

    if (size >= 2 && sender[0] == '<' && sender[size - 1] == '>')
        plain = g_strndup(sender + 1, size - 2);
    else
        plain = g_strdup(sender);
    at = strrchr(plain, '@');
    run->helo = g_strdup(envelope->helo ? envelope->helo : "");
    if (*plain == '\0') {
        run->domain = g_strdup(run->helo);
        run->local = g_strdup("postmaster");
        return;
    }
    run->domain = g_strdup(at ? at + 1 : plain);
    if (at != NULL)
        *at = '\0';
    run->local = g_strdup(at != NULL && *plain ? plain : "postmaster");
}

static bool
read_address(TrustSpfRun *run, const char *ip)
{
    run->ip = trust_address_plain(ip);
    if (run->ip == NULL)
        return false;
    run->ip6 = strchr(run->ip, ':') != NULL;
    return inet_pton(run->ip6 ? AF_INET6 : AF_INET, run->ip, run->address) == 1;
}

void
trust_spf_check(TrustSpf *out, const TrustEnvelope *envelope,
                TrustLookup *lookup)
{
    TrustSpfRun run = { .lookup = lookup, .now = envelope->now };
    g_autofree char *why = NULL;
    g_autofree char *domain = NULL;

    read_sender(&run, envelope);
    domain = trust_domain_ascii(run.domain);
    if (!read_address(&run, envelope->ip)) {
        why = g_strdup("the client's address is none");
    } else if (domain == NULL) {
        why = g_strdup("the sender has no valid domain");
    } else {
        out->evaluated = true;
        out->result = check_host(&run, domain, true, &why);
    }
    out->domain = trust_report_text(domain ? domain : run.domain);
    out->client_ip = g_strdup(run.ip);
    out->reason = trust_report_text(why ? why : "");
    if (run.explanation != NULL)
        out->explanation = trust_report_text(run.explanation);
    g_free(run.explanation);
    g_free(run.ip);
    g_free(run.local);
    g_free(run.domain);
    g_free(run.helo);
}
