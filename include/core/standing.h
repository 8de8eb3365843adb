/* What is kept of the check of a message, and the line in which the screen says
 * it: the same words everywhere. A value; any thread. Its texts may hold a
 * stranger's words and pass text_sanitise() before they are shown. */
#ifndef CORE_STANDING_H
#define CORE_STANDING_H

#include "trust/trust.h"

/* The word that a list, a query and a hook know. */
typedef enum {
    STANDING_UNVERIFIED, /* nothing speaks for the sender */
    STANDING_PASS,
    STANDING_RESENT, /* by a list or sealer whom the user believes */
    STANDING_FAIL,   /* an alarm: links and files stay locked */
} StandingWord;

typedef struct {
    StandingWord word;
    /* What was found, each TRUST_NONE where nothing was; a temporary error is
     * none. */
    TrustResult dmarc, dkim, spf, arc;
    bool spf_evaluated;
    bool conflict; /* the own server and the check here disagree */
    bool broken;   /* the author's own signature does not hold any more */
    char *author;  /* domain of From; NULL: none */
    char *signer;  /* domain of the best signature that counts, or NULL */
    char *via;     /* the list or sealer that says it re-sent it, or NULL */
    char *policy;  /* of DMARC, or NULL */
    char *source;  /* "checked here", or the server that said so */
    char *warning; /* the first of what is strange about it, or NULL */
} Standing;

void standing_free(Standing *standing);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Standing, standing_free)

Standing *standing_of_report(const TrustReport *report);

/* As a row keeps it, and back; NULL for text that is none. */
char *standing_text(const Standing *standing);
Standing *standing_parse(const char *text);

/* "pass", "resent", "unverified", "fail". Borrowed. */
const char *standing_word(const Standing *standing);

/* "corp.example  DMARC pass · DKIM pass · SPF pass", without the sign before
 * it. g_free(). */
char *standing_line(const Standing *standing);

/* The name and value of what a query finds: "posthorn.dmarc", "fail". n counts
 * from 0; false: no more. value NULL: there is none. Both borrowed. */
bool standing_property(const Standing *standing, guint n, const char **name,
                       const char **value);

#endif
