/* Who sent this, asked in threads of its own: a small pool that checks messages
 * with the room trust, and the one resolver of the program. Main thread. */
#ifndef CORE_VERIFIER_H
#define CORE_VERIFIER_H

#include "base/job.h"
#include "core/session.h"
#include "trust/trust.h"

/* One check. Made by verify_request_create(), then its members are set; owned
 * by the verifier once handed over. */
typedef struct {
    char *path;          /* a file, or */
    GBytes *bytes;       /* a message in memory */
    char **authserv_ids; /* NULL-terminated, or NULL: nobody is trusted */
    bool below;          /* TrustParams.below */
    char **sealers;      /* domains whose ARC is believed, or NULL */
    GPtrArray *rules;    /* TrustRule, or NULL */
    char *client_ip;     /* envelope, or NULL */
    char *helo;
    char *mail_from;
    gint64 now;     /* time of judgement; 0: of arrival */
    gint64 arrival; /* where no Received field tells it; 0: not known */
    Dns *dns;       /* a reference, or NULL: the DNS is off */
    char *state_db; /* where known keys are; or NULL */
} VerifyRequest;

VerifyRequest *verify_request_create(void);
void verify_request_free(VerifyRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VerifyRequest, verify_request_free)

Verifier *verifier_create(Session *session);
void verifier_destroy(Verifier *verifier);

/* Sets authserv_ids, sealers and dns to what the options say; account NULL: DNS
 * alone. False with ERR_USAGE for an option that is wrong. */
bool verifier_prepare(Verifier *verifier, VerifyRequest *request,
                      const char *account, GError **error);

/* report is borrowed for the call; NULL with error. */
typedef void (*VerifiedFn)(const TrustReport *report, const GError *error,
                           void *user);

/* Takes request. Calls done exactly once, perhaps before this returns. */
void verifier_check(Verifier *verifier, JobPriority priority,
                    VerifyRequest *request, VerifiedFn done, void *user);

/* What the DNS says of a domain that the user sends from (trust_own_check()):
 * lines is borrowed for the call; NULL with error, or where the DNS is off. */
typedef void (*OwnCheckedFn)(const GPtrArray *lines, const GError *error,
                             void *user);
void verifier_check_own(Verifier *verifier, const char *domain,
                        OwnCheckedFn done, void *user);

/* May this be kept? Not what may be otherwise later. */
bool verifier_keeps(const TrustReport *report);

/* Keeps what was found with the row (standing.h), and the keys that were seen,
 * and has the index follow; what is not to be kept it leaves. */
bool verifier_store(Session *session, gint64 id, const TrustReport *report,
                    GError **error);

/* Asks this zone from now on, whatever the options say: of the demo. Takes it.
 * Before the first check. */
void verifier_set_zone(Verifier *verifier, Dns *zone);

/* Nothing is asked while offline. */
void verifier_set_online(Verifier *verifier, bool online);

#endif
