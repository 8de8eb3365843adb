/* Whose signature mail of a sender must have: rules of the configuration, those
 * added from a message (signers.conf beside state.db), and a starter set for
 * names that swindlers like. The last rule that fits counts. Main thread. */
#ifndef CORE_SIGNERS_H
#define CORE_SIGNERS_H

#include "core/session.h"

Signers *signers_create(void);
void signers_destroy(Signers *signers);

/* A rule: what TrustRule.from says, and domains. brand: of the starter set,
 * which every other rule overrides. ERR_USAGE for what is no rule. */
bool signers_add(Signers *signers, const char *from, const char *const *domains,
                 bool brand, GError **error);

/* All rules as they are now, for a TrustParams; unref. The rules never
 * change. */
GPtrArray *signers_rules(const Signers *signers, bool brands);

/* Adds a rule now and for ever. */
bool signers_keep(Session *session, const char *from, const char *domain,
                  GError **error);

/* Where signers_keep() writes. g_free(). */
char *signers_file(const Session *session);

#endif
