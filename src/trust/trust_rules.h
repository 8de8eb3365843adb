/* Who must sign for whom, by the user's rules. Private. */
#ifndef TRUST_RULES_H
#define TRUST_RULES_H

#include "trust_verdict.h"

/* Changes the verdict where a rule is about the author or the list. */
void trust_rules_apply(TrustReport *report, const TrustCase *the_case);

#endif
