/* Whose signature mail of a sender must have: rules of the configuration, those
 * added from a message (signers.conf beside state.db), and a starter set for
 * names that swindlers like. The last rule that fits counts. Main thread. */
#ifndef CORE_SIGNERS_H
#define CORE_SIGNERS_H

#include "core/session.h"
#include "trust/trust.h"

Signers *signers_create(void);
void signers_destroy(Signers *signers);

/* Adds a copy of a rule. brand: of the starter set, which every other rule
 * overrides. ERR_USAGE for what is no rule. */
bool signers_add(Signers *signers, const TrustRule *rule, bool brand,
                 GError **error);

/* The command that makes a rule: "signers *@bank.example bank.example".
 * g_free(). */
char *signers_line(const TrustRule *rule);

/* All rules as they are now, for a TrustParams; unref. The rules never
 * change. */
GPtrArray *signers_rules(const Signers *signers, bool brands);

/* Adds a rule about one sender, "x.example" or "list:ID", as a message gives
 * it, for ever and then now: ERR_USAGE where it would be about others too. */
bool signers_keep(Session *session, const char *from, const char *domain,
                  GError **error);

/* Where signers_keep() writes. g_free(). */
char *signers_file(const Session *session);

#endif
