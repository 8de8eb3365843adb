/* Login mechanisms behind one interface: gsasl for SCRAM (with channel
 * binding), GSSAPI, PLAIN, LOGIN, EXTERNAL, CRAM-MD5; OAUTHBEARER (RFC 7628)
 * and XOAUTH2 here. The protocol carries the lines. Any thread. */
#ifndef SASL_SASL_H
#define SASL_SASL_H

#include <glib.h>
#include <stdbool.h>

typedef struct {
    char *user;
    char *password; /* with OAUTHBEARER and XOAUTH2: the access token */
    char *auth;     /* force this mechanism; NULL, "auto": the strongest that
                       takes a password, a certificate or a ticket */
} SaslParams;

void sasl_params_copy(SaslParams *to, const SaslParams *from);
void sasl_params_clear(SaslParams *params); /* wipes the password */

typedef struct {
    const char *service; /* "imap", "pop", "smtp" */
    const char *host;
    guint port;
    bool encrypted;   /* TLS is up: PLAIN and LOGIN are allowed */
    bool insecure_ok; /* the URL says +insecure */
    bool certificate; /* TLS was made with a certificate of ours */
    bool tickets;     /* GSSAPI may be taken unasked: the caller takes another
                         mechanism where the server refuses the ticket */
    GBytes *binding;  /* channel binding bytes or NULL */
    const char *binding_type;
} SaslChannel;

typedef struct SaslLogin SaslLogin;

/* Chooses the strongest of the mechanisms offered (NULL-terminated) that the
 * parameters allow. ERR_REFUSED names what was offered and what is missing. */
SaslLogin *
sasl_login_create(const SaslParams *params, const SaslChannel *channel,
                  const char *const *offered, GError **error);
void sasl_login_destroy(SaslLogin *login);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SaslLogin, sasl_login_destroy)

/* What may be the reason, beside a wrong password, when the server refused this
 * login: to be put behind the error. auth: the option, NULL or "auto" for the
 * strongest. "" where there is none. */
const char *sasl_login_hint(const SaslLogin *login, const char *auth);

const char *sasl_login_mechanism(const SaslLogin *login);

/* Is it GSSAPI that nobody asked for? */
bool sasl_login_by_ticket(const SaslLogin *login);

/* May the first step be sent with the command (initial response)? */
bool sasl_login_client_first(const SaslLogin *login);

/* challenge: base64 from the server, NULL for the first. Returns the answer in
 * base64 ("" is an empty answer), NULL on error. g_free() after wiping. */
char *sasl_login_step(SaslLogin *login, const char *challenge, GError **error);

/* After the server said yes: has it proved itself where the mechanism demands
 * (SCRAM; promise P85)? */
bool sasl_login_finish(SaslLogin *login, GError **error);

#endif
