/* Authentication-Results (RFC 8601) and Received-SPF (RFC 7208, section 9.1).
 * Private. */
#ifndef TRUST_AUTHRES_H
#define TRUST_AUTHRES_H

#include "trust_message.h"
#include "trust_report.h"

/* Reads one field's value. Never NULL: what is broken has an error and no
 * results. Linear time, no recursion. */
TrustAuthres *trust_authres_parse(const char *value, gsize size);

/* A property such as "header.d" of a result; NULL: none. Borrowed. */
const char *trust_method_get(const TrustMethod *method, const char *name);

/* Whose result it is: the domain of the first of some properties that it has,
 * what is behind an @, in ASCII. g_free(); NULL: it has none, or no domain. */
char *trust_method_domain(const TrustMethod *method, const char *const *names);

/* The properties that say whose signature, or whose message, was seen; header.i
 * is the form of some. */
#define TRUST_SIGNER ((const char *const[]){ "header.d", "header.i", NULL })
#define TRUST_AUTHOR ((const char *const[]){ "header.from", NULL })

/* The key=value pairs of a Received-SPF value, its result first under the name
 * "result", as TrustMethod.properties; NULL when it is none. Free with
 * trust_method_free(). */
TrustMethod *trust_received_spf_parse(const char *value, gsize size);

#endif
