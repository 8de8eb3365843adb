/* One login: the strongest mechanism that both sides and the parameters allow,
 * then steps until the server is content and, where the mechanism demands it,
 * has proved itself. gsasl knows the mechanisms but for the two OAuth ones. */
#include "sasl_private.h"

#include "base/err.h"
#include "base/log.h"
#include "base/text.h"

#include <gsasl.h>
#include <string.h>

struct SaslLogin {
    char *mechanism;
    SaslParams params;
    char *service, *host;
    guint port;
    GBytes *binding;
    const char *binding_type;
    Gsasl *context;
    Gsasl_session *session; /* NULL: an OAuth mechanism */
    bool first;             /* no step was made yet */
    bool complete;          /* gsasl is content */
    bool by_ticket;         /* GSSAPI that nobody asked for */
    char *begun;            /* its first step, which shows the ticket */
    GError *trouble;        /* why there is nothing to answer gsasl with */
};

typedef enum {
    NEEDS_NOTHING,
    NEEDS_TLS,         /* sends what a listener could use */
    NEEDS_FORCE,       /* weak: only where the user names it */
    NEEDS_CERTIFICATE, /* of ours: it says who we are */
    NEEDS_TICKET,      /* of Kerberos */
} Condition;

/* Strongest first; those that take a token only where the user names one. */
static const struct {
    const char *name;
    Condition condition;
    bool binding; /* binds to the TLS channel */
    bool token;   /* takes an OAuth token, and only that */
    bool client_first;
} mechanisms[] = {
    { "EXTERNAL", NEEDS_CERTIFICATE, false, false, true },
    { "OAUTHBEARER", NEEDS_TLS, false, true, true },
    { "XOAUTH2", NEEDS_TLS, false, true, true },
    { "SCRAM-SHA-256-PLUS", NEEDS_NOTHING, true, false, true },
    { "SCRAM-SHA-256", NEEDS_NOTHING, false, false, true },
    { "SCRAM-SHA-1-PLUS", NEEDS_NOTHING, true, false, true },
    { "SCRAM-SHA-1", NEEDS_NOTHING, false, false, true },
    { "GSSAPI", NEEDS_TICKET, false, false, true },
    { "PLAIN", NEEDS_TLS, false, false, true },
    { "LOGIN", NEEDS_TLS, false, false, false },
    { "CRAM-MD5", NEEDS_FORCE, false, false, false },
};

void
sasl_params_copy(SaslParams *to, const SaslParams *from)
{
    *to = *from;
    to->user = g_strdup(from->user);
    to->password = g_strdup(from->password);
    to->auth = g_strdup(from->auth);
}

void
sasl_params_clear(SaslParams *params)
{
    if (params->password)
        explicit_bzero(params->password, strlen(params->password));
    g_clear_pointer(&params->user, g_free);
    g_clear_pointer(&params->password, g_free);
    g_clear_pointer(&params->auth, g_free);
}

static bool
is_offered(const char *const *offered, const char *name)
{
    for (; *offered; offered++)
        if (g_ascii_strcasecmp(*offered, name) == 0)
            return true;
    return false;
}

static const char *
wanted(const SaslParams *params)
{
    return params->auth && g_ascii_strcasecmp(params->auth, "auto") != 0
               ? params->auth
               : NULL;
}

static bool
is_allowed(gsize i, const SaslParams *params, const SaslChannel *channel)
{
    const char *force = wanted(params);

    if (force)
        return g_ascii_strcasecmp(force, mechanisms[i].name) == 0
               && (mechanisms[i].condition != NEEDS_TLS || channel->encrypted
                   || channel->insecure_ok);
    if (mechanisms[i].condition == NEEDS_CERTIFICATE)
        return channel->certificate;
    if (mechanisms[i].condition == NEEDS_TICKET)
        return channel->tickets;
    if (mechanisms[i].condition == NEEDS_FORCE || mechanisms[i].token)
        return false;
    if (mechanisms[i].condition == NEEDS_TLS)
        return channel->encrypted || channel->insecure_ok;
    return true;
}

static bool
none_fits(const SaslParams *params, const SaslChannel *channel,
          const char *const *offered, GError **error)
{
    g_autofree char *joined = g_strjoinv(" ", (char **)offered);
    g_autofree char *list = text_sanitise(joined, -1, TEXT_LINE);
    const char *force = wanted(params);

    if (!channel->encrypted && !channel->insecure_ok)
        return err_set(error, ERR_REFUSED,
                       "%s offers no login that is safe "
                       "without TLS (offered: %s)",
                       channel->host, *list ? list : "none");
    return err_set(error, ERR_REFUSED,
                   "%s offers no login that fits%s%s "
                   "(offered: %s)",
                   channel->host, force ? " auth " : "", force ? force : "",
                   *list ? list : "none");
}

/* The row to take, of those from first on, or -1. */
static int
choose(const SaslParams *params, const SaslChannel *channel,
       const char *const *offered, int first)
{
    for (gsize i = (gsize)first; i < G_N_ELEMENTS(mechanisms); i++)
        if (is_offered(offered, mechanisms[i].name)
            && is_allowed(i, params, channel)
            && (!mechanisms[i].binding || channel->binding))
            return (int)i;
    return -1;
}

static bool
is_scram(const SaslLogin *login)
{
    return g_str_has_prefix(login->mechanism, "SCRAM-");
}

/* The server has named its salt and its rounds. */
static int
answer_salted(SaslLogin *login, Gsasl_session *session)
{
    const char *salt = gsasl_property_fast(session, GSASL_SCRAM_SALT);
    const char *rounds = gsasl_property_fast(session, GSASL_SCRAM_ITER);
    char *salted;
    int result;

    if (login->params.password == NULL || salt == NULL || rounds == NULL)
        return GSASL_NO_CALLBACK;
    g_clear_error(&login->trouble);
    salted = sasl_scram_salted(login->mechanism, login->params.password, salt,
                               rounds, &login->trouble);
    if (salted == NULL)
        return GSASL_NO_CALLBACK;
    result = gsasl_property_set(session, GSASL_SCRAM_SALTED_PASSWORD, salted);
    explicit_bzero(salted, strlen(salted));
    g_free(salted);
    return result;
}

/* gsasl asks for what a mechanism needs. It hashes no password itself: it would
 * do as many rounds as the server likes. */
static int
answer(Gsasl *context, Gsasl_session *session, Gsasl_property property)
{
    SaslLogin *login = gsasl_session_hook_get(session);
    const char *value = NULL;
    g_autofree char *binding = NULL;
    gsize size;

    switch (property) {
    case GSASL_AUTHID:
        value = login->params.user;
        break;
    case GSASL_PASSWORD:
        value = is_scram(login) ? NULL : login->params.password;
        break;
    case GSASL_SCRAM_SALTED_PASSWORD:
        return answer_salted(login, session);
    case GSASL_AUTHZID: /* the ticket may be another's */
        value = login->by_ticket ? login->params.user : NULL;
        break;
    case GSASL_SERVICE:
        value = login->service;
        break;
    case GSASL_HOSTNAME:
        value = login->host;
        break;
    case GSASL_CB_TLS_UNIQUE:
    case GSASL_CB_TLS_EXPORTER:
        /* gsasl refuses a binding without -PLUS, so there is no "y" flag. */
        if (login->binding == NULL
            || !g_str_has_suffix(login->mechanism, "-PLUS")
            || strcmp(login->binding_type, property == GSASL_CB_TLS_UNIQUE
                                               ? "tls-unique"
                                               : "tls-exporter")
                   != 0)
            return GSASL_NO_CALLBACK;
        binding = g_base64_encode(g_bytes_get_data(login->binding, &size),
                                  g_bytes_get_size(login->binding));
        value = binding;
        break;
    default:
        return GSASL_NO_CALLBACK;
    }
    return value ? gsasl_property_set(session, property, value)
                 : GSASL_NO_CALLBACK;
}

static bool
start_gsasl(SaslLogin *login, GError **error)
{
    int result = gsasl_init(&login->context);

    if (result == GSASL_OK) {
        gsasl_callback_set(login->context, answer);
        result = gsasl_client_start(login->context, login->mechanism,
                                    &login->session);
    }
    if (result != GSASL_OK)
        return err_set(error, ERR_LOCAL, "login by %s cannot begin: %s",
                       login->mechanism, gsasl_strerror(result));
    gsasl_session_hook_set(login->session, login);
    return true;
}

static SaslLogin *
begin(const SaslParams *params, const SaslChannel *channel, int row,
      GError **error)
{
    g_autoptr(SaslLogin) login = g_new0(SaslLogin, 1);

    login->mechanism = g_strdup(mechanisms[row].name);
    sasl_params_copy(&login->params, params);
    login->service = g_strdup(channel->service);
    login->host = g_strdup(channel->host);
    login->port = channel->port;
    login->first = true;
    login->binding = channel->binding ? g_bytes_ref(channel->binding) : NULL;
    login->binding_type = channel->binding_type;
    if (!mechanisms[row].token && !start_gsasl(login, error))
        return NULL;
    return g_steal_pointer(&login);
}

/* Without a ticket there is no first step. One thread at a time: libgssglue,
 * over which gsasl may reach Kerberos, begins without a lock. */
static SaslLogin *
begin_by_ticket(const SaslParams *params, const SaslChannel *channel, int row)
{
    static GMutex lock;
    g_autoptr(SaslLogin) login = begin(params, channel, row, NULL);

    if (login == NULL)
        return NULL;
    login->by_ticket = true;
    g_mutex_lock(&lock);
    login->begun = sasl_login_step(login, NULL, NULL);
    g_mutex_unlock(&lock);
    return login->begun ? g_steal_pointer(&login) : NULL;
}

SaslLogin *
sasl_login_create(const SaslParams *params, const SaslChannel *channel,
                  const char *const *offered, GError **error)
{
    int row = choose(params, channel, offered, 0);

    if (row >= 0 && mechanisms[row].condition == NEEDS_TICKET
        && wanted(params) == NULL) {
        SaslLogin *login = begin_by_ticket(params, channel, row);

        if (login)
            return login;
        row = choose(params, channel, offered, row + 1);
    }
    if (row >= 0)
        return begin(params, channel, row, error);
    none_fits(params, channel, offered, error);
    return NULL;
}

void
sasl_login_destroy(SaslLogin *login)
{
    if (login == NULL)
        return;
    if (login->session)
        gsasl_finish(login->session);
    if (login->context)
        gsasl_done(login->context);
    sasl_params_clear(&login->params);
    g_clear_pointer(&login->binding, g_bytes_unref);
    g_clear_error(&login->trouble);
    g_free(login->begun);
    g_free(login->mechanism);
    g_free(login->service);
    g_free(login->host);
    g_free(login);
}

const char *
sasl_login_mechanism(const SaslLogin *login)
{
    return login->mechanism;
}

bool
sasl_login_by_ticket(const SaslLogin *login)
{
    return login->by_ticket;
}

/* Seen with Cyrus 3.6: -PLUS is offered and tls-exporter, the binding of TLS
 * 1.3, refused. It is never tried without by itself: somebody in between would
 * refuse it too (promise P52). */
const char *
sasl_login_hint(const SaslLogin *login, const char *auth)
{
    bool forced = auth && g_ascii_strcasecmp(auth, "auto") != 0;

    if (forced || !g_str_has_suffix(login->mechanism, "-PLUS"))
        return "";
    return "; if the password is right, the server cannot bind a login to TLS "
           "as it says: set auth SCRAM-SHA-256";
}

bool
sasl_login_client_first(const SaslLogin *login)
{
    for (gsize i = 0; i < G_N_ELEMENTS(mechanisms); i++)
        if (strcmp(mechanisms[i].name, login->mechanism) == 0)
            return mechanisms[i].client_first;
    return false;
}

/* saslname (RFC 5801, section 4): "," and "=" would end it. */
static char *
saslname(const char *user)
{
    GString *name = g_string_new(user);

    g_string_replace(name, "=", "=3D", 0);
    g_string_replace(name, ",", "=2C", 0);
    return g_string_free(name, FALSE);
}

/* OAUTHBEARER (RFC 7628, 3.1) and XOAUTH2: one message with the token. */
static char *
oauth_message(const SaslLogin *login)
{
    g_autofree char *name = saslname(login->params.user);
    g_autofree char *text =
        strcmp(login->mechanism, "XOAUTH2") == 0
            ? g_strdup_printf("user=%s\001auth=Bearer %s\001\001",
                              login->params.user, login->params.password)
            : g_strdup_printf("n,a=%s,\001host=%s\001port=%u\001auth=Bearer "
                              "%s\001\001",
                              name, login->host, login->port,
                              login->params.password);
    char *base64 = g_base64_encode((const guchar *)text, strlen(text));

    explicit_bzero(text, strlen(text));
    return base64;
}

/* A refused token is told in a challenge; an empty answer ends it (RFC 7628,
 * 3.2.3: one octet 0x01). */
static char *
oauth_step(SaslLogin *login)
{
    bool first = login->first;

    login->first = false;
    login->complete = true;
    if (first)
        return oauth_message(login);
    return g_strdup(strcmp(login->mechanism, "XOAUTH2") == 0 ? "" : "AQ==");
}

/* What holds the password itself, in another spelling: a server that says it
 * back finds it hidden too (promise P53). */
static char *
keep_secret(char *step)
{
    log_secret_add(step);
    return step;
}

char *
sasl_login_step(SaslLogin *login, const char *challenge, GError **error)
{
    char *output = NULL;
    char *copy;
    int result;

    if (login->session == NULL)
        return keep_secret(oauth_step(login));
    if (login->begun)
        return g_steal_pointer(&login->begun);
    login->first = false;
    result = gsasl_step64(login->session, challenge ? challenge : "", &output);
    if (result != GSASL_OK && result != GSASL_NEEDS_MORE) {
        gsasl_free(output);
        if (login->trouble)
            return err_null(error, (ErrCode)login->trouble->code,
                            "login by %s at %s went wrong: %s",
                            login->mechanism, login->host,
                            login->trouble->message);
        return err_null(error,
                        result == GSASL_AUTHENTICATION_ERROR ? ERR_REFUSED
                                                             : ERR_PROTOCOL,
                        "login by %s at %s went wrong: %s", login->mechanism,
                        login->host, gsasl_strerror(result));
    }
    login->complete = result == GSASL_OK;
    copy = g_strdup(output ? output : "");
    if (strcmp(login->mechanism, "PLAIN") == 0
        || strcmp(login->mechanism, "LOGIN") == 0)
        keep_secret(copy);
    if (output) {
        explicit_bzero(output, strlen(output));
        gsasl_free(output);
    }
    return copy;
}

bool
sasl_login_finish(SaslLogin *login, GError **error)
{
    if (login->complete || !is_scram(login))
        return true;
    return err_set(error, ERR_REFUSED,
                   "%s said yes without proving that it "
                   "knows the password: someone may be in between",
                   login->host);
}
