/* The outcome of a check as it is kept beside a row: a few values of a key
 * file. Says nothing about whether it may be kept: that is the verifier's. */
#include "core/standing.h"

#include <string.h>

#define GROUP "check"

enum {
    MAX_WARNING = 200
};

void
standing_free(Standing *standing)
{
    if (standing == NULL)
        return;
    g_free(standing->author);
    g_free(standing->signer);
    g_free(standing->via);
    g_free(standing->policy);
    g_free(standing->source);
    g_free(standing->warning);
    g_free(standing);
}

static const char *const words[] = {
    [STANDING_UNVERIFIED] = "unverified",
    [STANDING_PASS] = "pass",
    [STANDING_RESENT] = "resent",
    [STANDING_FAIL] = "fail",
};

const char *
standing_word(const Standing *standing)
{
    return words[standing->word];
}

static StandingWord
word_of(const TrustVerdict *verdict)
{
    if (verdict->alarm)
        return STANDING_FAIL;
    if (verdict->via != NULL)
        return verdict->believed ? STANDING_RESENT : STANDING_UNVERIFIED;
    return verdict->result == TRUST_PASS ? STANDING_PASS : STANDING_UNVERIFIED;
}

/* What was found by a method, temporary errors left out. */
static TrustResult
found(const TrustReport *report, const char *method)
{
    TrustResult result = trust_report_result(report, method);

    return result == TRUST_TEMPERROR ? TRUST_NONE : result;
}

/* What the signatures say about a signer: the best that counts, and whether the
 * author's own is broken. */
static void
take_signatures(Standing *standing, const TrustReport *report)
{
    g_autoptr(GPtrArray) signers = trust_report_signers(report);
    const char *author = report->dmarc.author;

    if (signers->len > 0)
        standing->signer = g_strdup(g_ptr_array_index(signers, 0));
    for (guint i = 0; author && i < report->dkim->len; i++) {
        const TrustSignature *sig = g_ptr_array_index(report->dkim, i);

        if (sig->result == TRUST_FAIL)
            standing->broken |=
                g_strcmp0(sig->domain, author) == 0
                || g_strcmp0(sig->domain, report->dmarc.organization) == 0;
    }
}

Standing *
standing_of_report(const TrustReport *report)
{
    Standing *standing = g_new0(Standing, 1);
    const TrustVerdict *verdict = &report->verdict;

    standing->word = word_of(verdict);
    standing->dmarc = found(report, "dmarc");
    standing->dkim = found(report, "dkim");
    standing->spf = found(report, "spf");
    standing->arc = found(report, "arc");
    standing->spf_evaluated =
        report->spf.evaluated && report->spf.result != TRUST_TEMPERROR;
    standing->conflict = trust_report_conflict(report);
    standing->author = g_strdup(verdict->domain);
    standing->via = g_strdup(verdict->via);
    standing->policy = g_strdup(report->dmarc.policy);
    standing->source = g_strdup(verdict->source);
    take_signatures(standing, report);
    if (report->ruled && verdict->alarm)
        standing->warning = trust_text_cut(verdict->text, MAX_WARNING);
    else if (report->warnings->len > 0)
        standing->warning =
            trust_text_cut(g_ptr_array_index(report->warnings, 0), MAX_WARNING);
    return standing;
}

/* The members that are texts. */
static char **
text_member(Standing *standing, guint n, const char **name)
{
    const struct {
        const char *name;
        char **value;
    } members[] = {
        { "author", &standing->author }, { "signer", &standing->signer },
        { "via", &standing->via },       { "policy", &standing->policy },
        { "source", &standing->source }, { "warning", &standing->warning },
    };

    if (n >= G_N_ELEMENTS(members))
        return NULL;
    *name = members[n].name;
    return members[n].value;
}

static TrustResult *
result_member(Standing *standing, guint n, const char **name)
{
    const struct {
        const char *name;
        TrustResult *value;
    } members[] = {
        { "dmarc", &standing->dmarc },
        { "dkim", &standing->dkim },
        { "spf", &standing->spf },
        { "arc", &standing->arc },
    };

    if (n >= G_N_ELEMENTS(members))
        return NULL;
    *name = members[n].name;
    return members[n].value;
}

static bool *
flag_member(Standing *standing, guint n, const char **name)
{
    const struct {
        const char *name;
        bool *value;
    } members[] = {
        { "spf-evaluated", &standing->spf_evaluated },
        { "conflict", &standing->conflict },
        { "broken", &standing->broken },
    };

    if (n >= G_N_ELEMENTS(members))
        return NULL;
    *name = members[n].name;
    return members[n].value;
}

char *
standing_text(const Standing *constant)
{
    Standing *standing = (Standing *)constant;
    g_autoptr(GKeyFile) file = g_key_file_new();
    const TrustResult *result;
    char **text;
    const bool *flag;
    const char *name;

    g_key_file_set_string(file, GROUP, "word", standing_word(standing));
    for (guint i = 0; (result = result_member(standing, i, &name)); i++)
        if (*result != TRUST_NONE)
            g_key_file_set_string(file, GROUP, name,
                                  trust_result_word(*result));
    for (guint i = 0; (text = text_member(standing, i, &name)); i++)
        if (*text != NULL)
            g_key_file_set_string(file, GROUP, name, *text);
    for (guint i = 0; (flag = flag_member(standing, i, &name)); i++)
        if (*flag)
            g_key_file_set_boolean(file, GROUP, name, TRUE);
    return g_key_file_to_data(file, NULL, NULL);
}

Standing *
standing_parse(const char *data)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *word = NULL;
    Standing *standing;
    TrustResult *result;
    char **text;
    bool *flag;
    const char *name;

    if (data == NULL
        || !g_key_file_load_from_data(file, data, (gsize)-1, G_KEY_FILE_NONE,
                                      NULL))
        return NULL;
    standing = g_new0(Standing, 1);
    word = g_key_file_get_string(file, GROUP, "word", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_strcmp0(word, words[i]) == 0)
            standing->word = (StandingWord)i;
    for (guint i = 0; (result = result_member(standing, i, &name)); i++) {
        g_autofree char *value = g_key_file_get_string(file, GROUP, name, NULL);

        *result = value ? trust_result_of(value) : TRUST_NONE;
    }
    for (guint i = 0; (text = text_member(standing, i, &name)); i++)
        *text = g_key_file_get_string(file, GROUP, name, NULL);
    for (guint i = 0; (flag = flag_member(standing, i, &name)); i++)
        *flag = g_key_file_get_boolean(file, GROUP, name, NULL);
    return standing;
}

static void
add(GString *line, const char *text)
{
    g_string_append_printf(line, "%s%s", line->len > 0 ? " · " : "", text);
}

static void
add_result(GString *line, const char *method, TrustResult result)
{
    g_autofree char *text = NULL;

    if (result == TRUST_NONE)
        return;
    text = g_strdup_printf("%s %s", method, trust_result_word(result));
    add(line, text);
}

/* What was found, then what was not. */
static void
add_results(GString *line, const Standing *standing)
{
    if (standing->dmarc == TRUST_FAIL && standing->policy != NULL) {
        g_autofree char *text =
            g_strdup_printf("DMARC fail (policy: %s)", standing->policy);

        add(line, text);
    } else {
        add_result(line, "DMARC", standing->dmarc);
    }
    add_result(line, "DKIM", standing->dkim);
    add_result(line, "SPF", standing->spf);
    if (standing->spf == TRUST_NONE && standing->spf_evaluated)
        add(line, "no SPF");
    if (standing->dkim == TRUST_NONE)
        add(line, "no DKIM");
    if (standing->dmarc == TRUST_NONE)
        add(line, "no DMARC");
}

static void
add_resent(GString *line, const Standing *standing)
{
    g_autofree char *text =
        standing->author
            ? g_strdup_printf("for %s, re-sent by a list", standing->author)
            : g_strdup("re-sent by a list");

    add(line, text);
    if (standing->broken)
        add(line, "DKIM broken by the list");
    else
        add_result(line, "DKIM", standing->dkim);
    add_result(line, "ARC", standing->arc);
}

/* A list or sealer that anybody may have made up. */
static void
add_claimed_list(GString *line, const Standing *standing)
{
    g_autofree char *text = NULL;

    if (standing->via == NULL)
        return;
    text = g_strdup_printf("via %s, unverified", standing->via);
    add(line, text);
}

/* Signed by someone else than the author names: his name belongs to it. */
static void
add_signer(GString *line, const Standing *standing)
{
    g_autofree char *text = NULL;

    if (standing->signer == NULL || standing->dmarc == TRUST_PASS
        || standing->via != NULL
        || g_strcmp0(standing->signer, standing->author) == 0)
        return;
    text = g_strdup_printf("signed by %s", standing->signer);
    add(line, text);
}

char *
standing_line(const Standing *standing)
{
    g_autoptr(GString) line = g_string_new(NULL);
    const char *who = standing->author ? standing->author : "no sender";

    if (standing->word == STANDING_RESENT) {
        add_resent(line, standing);
        who = standing->via;
    } else {
        add_claimed_list(line, standing);
        add_results(line, standing);
        add_signer(line, standing);
    }
    if (standing->conflict)
        add(line, "the checks disagree");
    else if (standing->word == STANDING_PASS
             && g_strcmp0(standing->source, TRUST_CHECKED_HERE) == 0)
        add(line, TRUST_CHECKED_HERE);
    return g_strdup_printf("%s%s  %s",
                           standing->word == STANDING_FAIL ? "Not from " : "",
                           who, line->str);
}

bool
standing_property(const Standing *standing, guint n, const char **name,
                  const char **value)
{
    const struct {
        const char *name;
        TrustResult result;
    } methods[] = {
        { "posthorn.dmarc", standing->dmarc },
        { "posthorn.dkim", standing->dkim },
        { "posthorn.spf", standing->spf },
        { "posthorn.arc", standing->arc },
    };

    if (n < G_N_ELEMENTS(methods)) {
        *name = methods[n].name;
        *value = trust_result_word(methods[n].result);
        return true;
    }
    *name = n == G_N_ELEMENTS(methods) ? "posthorn.signer" : "posthorn.verdict";
    *value =
        n == G_N_ELEMENTS(methods) ? standing->signer : standing_word(standing);
    return n <= G_N_ELEMENTS(methods) + 1;
}
