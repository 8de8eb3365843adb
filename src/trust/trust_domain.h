/* Domains: as A-labels, above and below each other, whose they are. Private. */
#ifndef TRUST_DOMAIN_H
#define TRUST_DOMAIN_H

#include <glib.h>
#include <stdbool.h>

/* A-labels in lower case, no dot behind; NULL when it is no domain of two
 * labels or more. g_free(). */
char *trust_domain_ascii(const char *domain);

/* U-labels for the reader; the A-labels where they cannot be decoded. g_free().
 */
char *trust_domain_unicode(const char *ascii);

/* domain is parent, or below it at a label boundary. Case does not matter. */
bool trust_domain_within(const char *domain, const char *parent);

/* The domain of an address, as A-labels, or NULL. g_free(). */
char *trust_domain_of_address(const char *address);

/* One label below the public suffix, by the list of libpsl: a second opinion.
 * g_free(). */
char *trust_domain_registered(const char *ascii);

/* Both under one registered domain. Either may be NULL: false. */
bool trust_domain_related(const char *a, const char *b);

/* Why the domain may be meant to be taken for another: "mixes Latin and
 * Cyrillic", "looks like paypal.com"; NULL: nothing strange. g_free(). */
char *trust_domain_suspicion(const char *ascii);

#endif
