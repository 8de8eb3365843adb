/* A report in words, for people: what was found and what it rests on. */
#ifndef CORE_REPORT_PAGE_H
#define CORE_REPORT_PAGE_H

#include "trust/trust.h"

/* Lines with '\n' behind each; safe to show. The first begins with a sign: ✓,
 * ✗ or ?. g_free(). */
char *report_page(const TrustReport *report);

#endif
