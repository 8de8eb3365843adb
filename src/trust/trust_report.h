/* Making and freeing reports. Private. */
#ifndef TRUST_REPORT_H
#define TRUST_REPORT_H

#include "trust/trust.h"

/* A stranger's text for a report: valid UTF-8, at most TRUST_MAX_TEXT octets.
 * g_free(). */
char *trust_report_text(const char *untrusted);

TrustReport *trust_report_create(void);
void trust_method_free(void *method);
void trust_authres_free(void *authres);
void trust_hop_free(void *hop);

#endif
