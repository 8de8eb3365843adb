/* Rules about signers. What they do to a verdict is trust_rules.c. */
#include "core/signers.h"

#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "trust/trust.h"

#include <string.h>

enum {
    FILE_LIMIT = 1 << 20
};

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

/* A name as it may stand in a rule. */
static bool
is_word(const char *text)
{
    return *text != '\0' && strpbrk(text, " \t\r\n\"'{};#$") == NULL
           && strchr(text, '.') != NULL;
}

static TrustRule *
rule_create(const char *from, const char *const *domains)
{
    TrustRule *rule = g_new0(TrustRule, 1);

    rule->from = g_strdup(from);
    rule->signers = g_strdupv((char **)domains);
    return rule;
}

bool
signers_add(Signers *signers, const char *from, const char *const *domains,
            bool brand, GError **error)
{
    const char *wrong = is_word(from) ? NULL : from;

    for (guint i = 0; domains[i] && wrong == NULL; i++)
        wrong = is_word(domains[i]) ? NULL : domains[i];
    if (wrong != NULL || domains[0] == NULL)
        return err_set(error, ERR_USAGE,
                       "signers: %s is no sender and no domain: such as "
                       "*@bank.example bank.example",
                       wrong ? wrong : from);
    g_ptr_array_add(brand ? signers->brands : signers->own,
                    rule_create(from, domains));
    return true;
}

GPtrArray *
signers_rules(const Signers *signers, bool brands)
{
    const GPtrArray *lists[] = { brands ? signers->brands : NULL,
                                 signers->own };
    GPtrArray *rules = g_ptr_array_new_with_free_func(rule_free);

    for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
        for (guint j = 0; lists[i] && j < lists[i]->len; j++) {
            const TrustRule *rule = g_ptr_array_index(lists[i], j);

            g_ptr_array_add(
                rules,
                rule_create(rule->from, (const char *const *)rule->signers));
        }
    return rules;
}

char *
signers_file(const Session *session)
{
    g_autofree char *folder =
        g_path_get_dirname(session_paths(session)->state_db);

    return g_build_filename(folder, "signers.conf", NULL);
}

bool
signers_keep(Session *session, const char *from, const char *domain,
             GError **error)
{
    const char *domains[] = { domain, NULL };
    g_autofree char *path = signers_file(session);
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;

    if (!signers_add(session_signers(session), from, domains, false, error))
        return false;
    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        before = file_read(path, FILE_LIMIT, NULL, error);
        if (before == NULL)
            return false;
    }
    after = g_strdup_printf("%ssigners %s %s\n",
                            before ? before
                                   : "# Whose signature mail of a sender must "
                                     "have: `posthorn help signers`.\n",
                            from, domain);
    return file_write_atomic(path, after, strlen(after), error);
}
