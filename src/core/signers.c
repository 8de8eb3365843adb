/* Rules about signers. What they do to a verdict is trust_rules.c. */
#include "core/signers.h"

#include "base/err.h"
#include "base/file.h"
#include "base/text.h"

#include <string.h>

struct Signers {
    GPtrArray *brands; /* TrustRule */
    GPtrArray *own;
};

static void
rule_free(void *data)
{
    TrustRule *rule = data;

    g_free(rule->from);
    g_strfreev(rule->signers);
    g_free(rule);
}

Signers *
signers_create(void)
{
    Signers *signers = g_new0(Signers, 1);

    signers->brands = g_ptr_array_new_with_free_func(rule_free);
    signers->own = g_ptr_array_new_with_free_func(rule_free);
    return signers;
}

void
signers_destroy(Signers *signers)
{
    if (signers == NULL)
        return;
    g_ptr_array_unref(signers->brands);
    g_ptr_array_unref(signers->own);
    g_free(signers);
}

/* A name as it may stand in a rule, and be seen there. */
static bool
is_word(const char *text)
{
    if (!g_utf8_validate(text, -1, NULL) || strchr(text, '.') == NULL
        || strpbrk(text, " \"'\\{};#$") != NULL)
        return false;
    for (const char *at = text; *at; at = g_utf8_next_char(at))
        if (!g_unichar_isgraph(g_utf8_get_char(at)))
            return false;
    return true;
}

static TrustRule *
rule_copy(const TrustRule *rule)
{
    TrustRule *copy = g_new0(TrustRule, 1);

    copy->kind = rule->kind;
    copy->from = g_strdup(rule->from);
    copy->signers = g_strdupv(rule->signers);
    return copy;
}

static bool
check_rule(const TrustRule *rule, GError **error)
{
    const char *wrong = is_word(rule->from) ? NULL : rule->from;
    bool ignores = rule->kind == TRUST_RULE_IGNORE;

    if (ignores && trust_rule_is_of_list(rule))
        return err_set(error, ERR_USAGE,
                       "signers: anybody may write a List-Id; --ignore goes "
                       "with a sender");
    for (guint i = 0; rule->signers[i] && wrong == NULL; i++)
        wrong = is_word(rule->signers[i]) ? NULL : rule->signers[i];
    if (wrong == NULL && (rule->signers[0] == NULL) == ignores)
        return true;
    return err_set(error, ERR_USAGE,
                   ignores && wrong == NULL
                       ? "signers: --ignore takes no domain behind %s"
                       : "signers: %s is no sender and no domain: such as "
                         "*@bank.example bank.example",
                   wrong ? wrong : rule->from);
}

bool
signers_add(Signers *signers, const TrustRule *rule, bool brand, GError **error)
{
    if (!check_rule(rule, error))
        return false;
    g_ptr_array_add(brand ? signers->brands : signers->own, rule_copy(rule));
    return true;
}

GPtrArray *
signers_rules(const Signers *signers, bool brands)
{
    const GPtrArray *lists[] = { brands ? signers->brands : NULL,
                                 signers->own };
    GPtrArray *rules = g_ptr_array_new_with_free_func(rule_free);

    for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
        for (guint j = 0; lists[i] && j < lists[i]->len; j++)
            g_ptr_array_add(rules, rule_copy(g_ptr_array_index(lists[i], j)));
    return rules;
}

char *
signers_line(const TrustRule *rule)
{
    static const char *const kinds[] = {
        [TRUST_RULE_MUST] = "",
        [TRUST_RULE_MAY] = " --may",
        [TRUST_RULE_IGNORE] = " --ignore",
    };
    g_autofree char *domains = g_strjoinv(" ", rule->signers);

    return g_strdup_printf("signers%s%s %s%s%s", kinds[rule->kind],
                           *rule->from == '-' ? " --" : "", rule->from,
                           *domains ? " " : "", domains);
}

char *
signers_file(const Session *session)
{
    g_autofree char *folder =
        g_path_get_dirname(session_paths(session)->state_db);

    return g_build_filename(folder, "signers.conf", NULL);
}

/* What a message calls its sender is no pattern for others, and an address no
 * list. */
static bool
is_one_sender(const TrustRule *rule)
{
    return strpbrk(rule->from, "*?[") == NULL
           && (!trust_rule_is_of_list(rule) || strchr(rule->from, '@') == NULL);
}

bool
signers_keep(Session *session, const char *from, const char *domain,
             GError **error)
{
    const char *const domains[] = { domain, NULL };
    TrustRule rule = { .from = (char *)from, .signers = (char **)domains };
    g_autofree char *path = signers_file(session);
    g_autofree char *line = NULL;

    if (!is_one_sender(&rule))
        return err_set(error, ERR_USAGE,
                       "signers: %s is not the name of one sender", from);
    if (!check_rule(&rule, error))
        return false;
    line = signers_line(&rule);
    return file_add_line(path,
                         "# Whose signature mail of a sender must have: "
                         "`posthorn help signers`.",
                         line, error)
           && signers_add(session_signers(session), &rule, false, error);
}
