/* DMARC (RFC 9989). Policy and organisational domain are found by the tree walk
 * of section 4.10; the public suffix list is not asked. */
#include "trust_dmarc.h"

#include "trust_domain.h"
#include "trust_tags.h"

#include <string.h>

enum {
    /* Questions of one walk, and the labels that are left after the first. */
    MAX_STEPS = 8,
    MAX_LABELS = 7,
};

static TrustPolicy
policy_of(const char *text)
{
    if (text == NULL)
        return TRUST_POLICY_UNSET;
    if (g_ascii_strcasecmp(text, "none") == 0)
        return TRUST_POLICY_NONE;
    if (g_ascii_strcasecmp(text, "quarantine") == 0)
        return TRUST_POLICY_QUARANTINE;
    if (g_ascii_strcasecmp(text, "reject") == 0)
        return TRUST_POLICY_REJECT;
    return TRUST_POLICY_UNSET;
}

/* Is there an address that reports can be sent to? */
static bool
has_reports(const TrustTags *tags)
{
    const char *text = trust_tags_get(tags, "rua");
    const char *at = text ? strcasestr(text, "mailto:") : NULL;

    return at != NULL && strchr(at, '@') != NULL;
}

static bool
is_one(const TrustTags *tags, const char *name, const char *value)
{
    const char *text = trust_tags_get(tags, name);

    return text != NULL && g_ascii_strcasecmp(text, value) == 0;
}

static bool
is_invalid(const TrustTags *tags, const char *name)
{
    const char *text = trust_tags_get(tags, name);

    return text != NULL && policy_of(text) == TRUST_POLICY_UNSET;
}

bool
trust_dmarc_parse(const char *text, gsize size, TrustDmarcRecord *record)
{
    const char *why;
    g_autoptr(TrustTags) tags = NULL;
    const TrustTag *first;

    memset(record, 0, sizeof *record);
    if (size < 2 || text[0] != 'v')
        return false;
    tags = trust_tags_parse(text, size, &why);
    if (tags == NULL)
        return false;
    first = g_ptr_array_index(tags->tags, 0);
    if (strcmp(first->name, "v") != 0 || strcmp(first->value, "DMARC1") != 0)
        return false;
    record->policy = policy_of(trust_tags_get(tags, "p"));
    record->subdomains = policy_of(trust_tags_get(tags, "sp"));
    record->missing = policy_of(trust_tags_get(tags, "np"));
    record->strict_dkim = is_one(tags, "adkim", "s");
    record->strict_spf = is_one(tags, "aspf", "s");
    record->testing = is_one(tags, "t", "y");
    record->suffix = is_one(tags, "psd", "y")   ? 'y'
                     : is_one(tags, "psd", "n") ? 'n'
                                                : 'u';
    if (record->policy == TRUST_POLICY_UNSET || is_invalid(tags, "sp")
        || is_invalid(tags, "np")) {
        record->broken = !has_reports(tags);
        record->policy = TRUST_POLICY_NONE;
        record->subdomains = record->missing = TRUST_POLICY_UNSET;
    }
    return true;
}

/* One step of a walk. */
typedef struct {
    const char *domain; /* borrowed from the start */
    bool found;
    TrustDmarcRecord record;
} Step;

typedef struct {
    Step steps[MAX_STEPS];
    guint n;
    bool temporary;
    char *reason; /* of temporary */
} Walk;

static guint
count_labels(const char *domain)
{
    guint n = 1;

    for (; *domain; domain++)
        n += *domain == '.';
    return n;
}

/* The domain of the next step, or NULL. */
static const char *
next_domain(const char *domain, bool first)
{
    guint labels = count_labels(domain);
    guint left = first && labels > MAX_LABELS ? MAX_LABELS : labels - 1;

    if (left == 0)
        return NULL;
    for (; labels > left; labels--)
        domain = strchr(domain, '.') + 1;
    return domain;
}

static char *
record_name(const char *domain)
{
    return g_strconcat("_dmarc.", domain, NULL);
}

void
trust_dmarc_names(const char *domain, GPtrArray *names)
{
    for (guint i = 0; domain != NULL && i < MAX_STEPS; i++) {
        g_ptr_array_add(names, record_name(domain));
        domain = next_domain(domain, i == 0);
    }
}

/* The one record of a domain. */
static void
take_step(Walk *walk, const char *domain, TrustLookup *lookup)
{
    Step *step = &walk->steps[walk->n++];
    g_autofree char *name = record_name(domain);
    const DnsAnswer *answer = trust_lookup(lookup, name, DNS_TXT);
    TrustDmarcRecord record;
    guint n = 0;

    step->domain = domain;
    if (answer->status == DNS_TEMPORARY && !walk->temporary) {
        walk->temporary = true;
        walk->reason =
            g_strdup_printf("%s cannot be looked up: %s", name, answer->reason);
    }
    for (guint i = 0; i < answer->records->len; i++) {
        const DnsRecord *text = dns_answer_record(answer, i);

        if (!trust_dmarc_parse(text->text, text->size, &record))
            continue;
        step->record = record;
        n++;
    }
    step->found = n == 1;
}

static void
take_walk(Walk *walk, const char *domain, TrustLookup *lookup)
{
    const char *at = domain;

    memset(walk, 0, sizeof *walk);
    while (at != NULL && walk->n < MAX_STEPS) {
        const Step *step = &walk->steps[walk->n];

        take_step(walk, at, lookup);
        if (step->found && step->record.suffix != 'u')
            return;
        at = next_domain(at, walk->n == 1);
    }
}

/* The organisational domain (section 4.10.2). */
static const char *
organization_of(const Walk *walk, const char *domain)
{
    const char *found = NULL;

    for (guint i = 0; i < walk->n; i++) {
        const Step *step = &walk->steps[i];

        if (!step->found)
            continue;
        if (step->record.suffix == 'n')
            return step->domain;
        if (step->record.suffix == 'y' && i > 0)
            return walk->steps[i - 1].domain;
        found = step->domain;
    }
    return found ? found : domain;
}

/* The step whose record applies: the author's, its organisation's, the public
 * suffix above. NULL: none. */
static const Step *
policy_step(const Walk *walk, const char *organization)
{
    const Step *last = NULL;

    for (guint i = 0; i < walk->n; i++) {
        const Step *step = &walk->steps[i];

        if (!step->found)
            continue;
        if (i == 0 || strcmp(step->domain, organization) == 0)
            return step;
        if (step->record.suffix == 'y')
            last = step;
    }
    return last;
}

/* Does the domain exist: has it an A, AAAA or MX record? */
static bool
exists(const char *domain, TrustLookup *lookup)
{
    static const DnsType types[] = { DNS_A, DNS_AAAA, DNS_MX };

    for (guint i = 0; i < G_N_ELEMENTS(types); i++)
        if (trust_lookup(lookup, domain, types[i])->status != DNS_NXDOMAIN)
            return true;
    return false;
}

static TrustPolicy
applies(const Step *step, const char *domain, TrustLookup *lookup)
{
    const TrustDmarcRecord *record = &step->record;
    TrustPolicy policy = record->policy;

    if (strcmp(step->domain, domain) != 0) {
        if (record->subdomains != TRUST_POLICY_UNSET)
            policy = record->subdomains;
        if (record->missing != TRUST_POLICY_UNSET && !exists(domain, lookup))
            policy = record->missing;
    }
    if (record->testing && policy > TRUST_POLICY_NONE)
        policy--;
    return policy;
}

/* Is domain of the author's organisation, or, strictly, the author's own? */
static bool
aligns(const TrustDmarc *out, const char *domain, bool strict,
       TrustLookup *lookup)
{
    Walk walk;
    bool same;

    if (g_ascii_strcasecmp(domain, out->author) == 0)
        return true;
    if (strict || !trust_domain_within(domain, out->organization))
        return false;
    take_walk(&walk, domain, lookup);
    same = strcmp(organization_of(&walk, domain), out->organization) == 0;
    g_free(walk.reason);
    return same;
}

static char *
find_signer(const TrustDmarc *out, const TrustDmarcRecord *record,
            const TrustEvidence *evidence, TrustLookup *lookup)
{
    for (guint i = 0; i < evidence->dkim->len; i++) {
        const TrustSignature *sig = g_ptr_array_index(evidence->dkim, i);

        if (sig->evidence
            && aligns(out, sig->domain, record->strict_dkim, lookup))
            return g_strdup_printf("DKIM %s", sig->domain);
    }
    for (guint i = 0; evidence->said && i < evidence->said->len; i++) {
        const char *signer = g_ptr_array_index(evidence->said, i);

        if (aligns(out, signer, record->strict_dkim, lookup))
            return g_strdup_printf("DKIM %s, says the own server", signer);
    }
    return NULL;
}

/* What passes and aligns, in words; NULL: nothing does. */
static char *
find_evidence(const TrustDmarc *out, const TrustDmarcRecord *record,
              const TrustEvidence *evidence, TrustLookup *lookup)
{
    TrustSpf *spf = evidence->spf;
    char *signer = find_signer(out, record, evidence, lookup);
    g_autofree char *words = signer;

    spf->aligned = spf->result == TRUST_PASS && spf->domain != NULL
                   && aligns(out, spf->domain, record->strict_spf, lookup);
    if (!spf->aligned)
        return g_steal_pointer(&words);
    return g_strdup_printf("%s%sSPF %s", signer ? signer : "",
                           signer ? ", " : "", spf->domain);
}

/* Only what would align: what a stranger's domain answers is his to say. */
static bool
may_pass_later(const TrustDmarc *out, const TrustEvidence *evidence)
{
    const TrustSpf *spf = evidence->spf;

    for (guint i = 0; i < evidence->dkim->len; i++) {
        const TrustSignature *sig = g_ptr_array_index(evidence->dkim, i);

        if (sig->result == TRUST_TEMPERROR && sig->domain != NULL
            && trust_domain_within(sig->domain, out->organization))
            return true;
    }
    return spf->result == TRUST_TEMPERROR && spf->domain != NULL
           && trust_domain_within(spf->domain, out->organization);
}

static void
judge_evidence(TrustDmarc *out, const TrustDmarcRecord *record,
               const TrustEvidence *evidence, TrustLookup *lookup)
{
    g_autofree char *found = find_evidence(out, record, evidence, lookup);

    if (found != NULL) {
        out->result = TRUST_PASS;
        out->reason = g_strdup_printf("aligned: %s", found);
    } else if (may_pass_later(out, evidence)) {
        out->result = TRUST_TEMPERROR;
        out->reason = g_strdup("a lookup failed");
    } else {
        out->result = TRUST_FAIL;
        out->reason =
            g_strdup(evidence->spf->evaluated
                         ? "neither DKIM nor SPF passes for the author's domain"
                         : "not authenticated by DKIM; SPF was not evaluated");
    }
}

static void
judge_walk(TrustDmarc *out, const Walk *walk, const TrustEvidence *evidence,
           TrustLookup *lookup)
{
    static const char *const words[] = { NULL, "none", "quarantine", "reject" };
    const Step *step = policy_step(walk, out->organization);
    TrustDmarcRecord relaxed = { 0 };

    if (step != NULL && !step->record.broken) {
        g_free(out->domain);
        out->domain = g_strdup(step->domain);
        out->policy = g_strdup(words[applies(step, out->author, lookup)]);
        out->testing = step->record.testing;
        judge_evidence(out, &step->record, evidence, lookup);
        if (walk->temporary && out->result == TRUST_FAIL)
            out->result = TRUST_TEMPERROR;
        return;
    }
    g_free(find_evidence(out, &relaxed, evidence, lookup));
    out->result = walk->temporary ? TRUST_TEMPERROR
                  : step != NULL  ? TRUST_PERMERROR
                                  : TRUST_NONE;
    out->reason =
        walk->temporary
            ? g_strdup(walk->reason)
            : g_strdup_printf(step ? "the DMARC record of %s is broken"
                                   : "%s has no DMARC record",
                              step ? step->domain : out->author);
}

void
trust_dmarc_judge(TrustDmarc *out, const TrustAuthor *author,
                  const TrustEvidence *evidence, TrustLookup *lookup)
{
    Walk walk;

    if (author->domain == NULL) {
        out->result = TRUST_PERMERROR;
        out->reason = g_strdup(author->fault);
        return;
    }
    out->author = g_strdup(author->domain);
    out->domain = g_strdup(author->domain);
    if (lookup->dns == NULL) {
        out->organization = trust_domain_registered(author->domain);
        out->reason = g_strdup("not evaluated: DNS is off");
        return;
    }
    take_walk(&walk, out->author, lookup);
    out->organization = g_strdup(organization_of(&walk, out->author));
    judge_walk(out, &walk, evidence, lookup);
    g_free(walk.reason);
}
