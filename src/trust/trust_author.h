/* Whom the From field names, and what is strange about it. Private. */
#ifndef TRUST_AUTHOR_H
#define TRUST_AUTHOR_H

#include "trust_dmarc.h"
#include "trust_message.h"

typedef struct {
    char *domain;  /* of the one author, A-labels; or NULL */
    char *address; /* of the one author, or NULL */
    char *fault;   /* why there is none; or NULL */
    guint n_from;  /* From fields */
} TrustFrom;

void trust_from_read(TrustFrom *from, const TrustMessage *message);
void trust_from_clear(TrustFrom *from);

/* Adds a warning in words for each thing that is strange. list: the domain of
 * one that signed the message, to which answers may go; or NULL. */
void trust_author_check(const TrustMessage *message, const TrustFrom *from,
                        const char *list, GPtrArray *warnings);

/* The domain of List-Id's identifier, or NULL. g_free(). */
char *trust_list_domain(const TrustMessage *message);

#endif
