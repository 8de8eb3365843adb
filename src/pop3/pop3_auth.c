/* Logging in: SASL (RFC 5034), USER and PASS, APOP where the account names it.
 * Nothing that a listener could use leaves without TLS, unless the URL says
 * +insecure (promises P48, P52). */
#include "pop3_private.h"

#include "base/err.h"

#include <string.h>

enum {
    AUTH_LINE_BYTES = 255, /* of AUTH with its first step (RFC 5034, 4) */
    AUTH_STEPS = 20,
};

/* The last -ERR as an error by what is to be done. Only a refusal that is not
 * told as something else is one of the password (RFC 2449, 8; RFC 3206). */
static bool
refused(Pop3Conn *conn, GError **error)
{
    const char *host = conn->params.net.host;
    const char *user = conn->params.sasl.user;
    g_autofree char *words = pop3_conn_words(conn);

    if (pop3_conn_has_code(conn, "IN-USE")) {
        conn->reason = POP3_IN_USE;
        return err_set(error, ERR_RETRY,
                       "the mailbox of %s at %s is in use by "
                       "another session: %s",
                       user, host, words);
    }
    if (pop3_conn_has_code(conn, "LOGIN-DELAY")) {
        conn->reason = POP3_LOGIN_DELAY;
        return err_set(error, ERR_RETRY,
                       "%s wants more time between logins: "
                       "%s",
                       host, words);
    }
    if (pop3_conn_has_code(conn, "SYS/TEMP"))
        return err_set(error, ERR_RETRY, "%s cannot log us in now: %s", host,
                       words);
    if (pop3_conn_has_code(conn, "SYS"))
        return err_set(error, ERR_REFUSED, "%s cannot log us in: %s", host,
                       words);
    return err_set(error, ERR_AUTH,
                   "%s refused the password for %s (%s): run "
                   "`posthorn check --online`",
                   host, user, words);
}

/* A status line of the login, which refused() explains. */
static bool
accepted(Pop3Conn *conn, GError **error)
{
    bool ok;

    return pop3_conn_answer(conn, &ok, error) && (ok || refused(conn, error));
}

static bool
say_secret(Pop3Conn *conn, GError **error, const char *text)
{
    net_transcript_hide(conn->stream);
    return pop3_conn_command(conn, error, "%s", text);
}

/* "+ " and a challenge, or a status. *challenge is NULL at +OK. */
static bool
read_challenge(Pop3Conn *conn, char **challenge, GError **error)
{
    Pop3Decoder *in = &conn->in;
    gsize size;
    const char *rest;

    *challenge = NULL;
    conn->awaited -= conn->awaited > 0;
    if (!net_flush(conn->stream, error))
        return false;
    if (!pop3_decoder_next(in))
        return pop3_decoder_failed(in, error);
    if (pop3_decoder_try_word(in, "+OK"))
        return true;
    if (pop3_decoder_try_word(in, "-ERR")) {
        rest = pop3_decoder_rest(in, &size);
        g_free(conn->words);
        conn->words = g_strndup(rest, size);
        return refused(conn, error);
    }
    if (!pop3_decoder_try_word(in, "+"))
        pop3_decoder_fail(in, "no answer to the login");
    rest = pop3_decoder_rest(in, &size);
    *challenge = g_strndup(rest, size);
    return pop3_decoder_ok(in) || pop3_decoder_failed(in, error);
}

/* "*" gives the login up (RFC 5034, section 4). */
static bool
give_up(Pop3Conn *conn)
{
    bool ok;

    return pop3_conn_command(conn, NULL, "*")
           && pop3_conn_answer(conn, &ok, NULL) && false;
}

/* Answers challenges until the status. kept: a first step that is still to be
 * said. */
static bool
answer_challenges(Pop3Conn *conn, SaslLogin *login, char *kept, GError **error)
{
    g_autofree char *next = kept;

    for (int i = 0; i < AUTH_STEPS; i++) {
        g_autofree char *challenge = NULL;
        g_autofree char *step = NULL;

        if (!read_challenge(conn, &challenge, error))
            return false;
        if (challenge == NULL)
            return true;
        step = next ? g_steal_pointer(&next)
                    : sasl_login_step(login, challenge, error);
        if (step == NULL)
            return give_up(conn);
        if (!say_secret(conn, error, step))
            return false;
        explicit_bzero(step, strlen(step));
    }
    return err_set(error, ERR_PROTOCOL, "%s asks without end in the login",
                   conn->params.net.host);
}

static bool
authenticate(Pop3Conn *conn, SaslLogin *login, GError **error)
{
    const char *mechanism = sasl_login_mechanism(login);
    g_autofree char *first = NULL;
    g_autofree char *line = g_strdup_printf("AUTH %s", mechanism);

    if (sasl_login_client_first(login)) {
        first = sasl_login_step(login, NULL, error);
        if (first == NULL)
            return false;
    }
    if (first && conn->params.sasl_ir
        && strlen(line) + strlen(first) + 3 <= AUTH_LINE_BYTES) {
        g_free(line);
        line = g_strdup_printf("AUTH %s %s", mechanism, *first ? first : "=");
        explicit_bzero(first, strlen(first));
        g_clear_pointer(&first, g_free);
    }
    return say_secret(conn, error, line)
           && answer_challenges(conn, login, g_steal_pointer(&first), error)
           && sasl_login_finish(login, error);
}

/* Mechanisms that SASL names. NULL-terminated; g_strfreev(). */
static char **
offered(const Pop3Conn *conn)
{
    const char *words = g_hash_table_lookup(conn->capabilities, "SASL");

    return g_strsplit(words ? words : "", " ", -1);
}

static bool
is_named(const Pop3Conn *conn, const char *mechanism)
{
    const char *auth = conn->params.sasl.auth;

    return auth && g_ascii_strcasecmp(auth, mechanism) == 0;
}

static bool
is_free(const Pop3Conn *conn)
{
    const char *auth = conn->params.sasl.auth;

    return auth == NULL || *auth == '\0' || is_named(conn, "auto");
}

/* MD5 of the greeting's timestamp and the password (RFC 1939, section 7). */
static bool
apop(Pop3Conn *conn, GError **error)
{
    const SaslParams *who = &conn->params.sasl;
    g_autofree char *text = NULL;
    g_autofree char *digest = NULL;
    g_autofree char *line = NULL;

    if (conn->timestamp == NULL)
        return err_set(error, ERR_REFUSED,
                       "%s offers no APOP in its greeting: "
                       "change auth of the account",
                       conn->params.net.host);
    text = g_strconcat(conn->timestamp, who->password, NULL);
    digest = g_compute_checksum_for_string(G_CHECKSUM_MD5, text, -1);
    explicit_bzero(text, strlen(text));
    line = g_strdup_printf("APOP %s %s", who->user, digest);
    return say_secret(conn, error, line) && accepted(conn, error);
}

static bool
user_pass(Pop3Conn *conn, GError **error)
{
    const SaslParams *who = &conn->params.sasl;
    g_autofree char *line = g_strconcat("PASS ", who->password, NULL);
    bool ok = pop3_conn_command(conn, error, "USER %s", who->user)
              && accepted(conn, error) && say_secret(conn, error, line)
              && accepted(conn, error);

    explicit_bzero(line, strlen(line));
    return ok;
}

/* May USER and PASS be said? Not without TLS, not where the user named
 * something stronger. */
static bool
check_user_pass(const Pop3Conn *conn, GError **error)
{
    const char *host = conn->params.net.host;

    if (conn->has_capa && !pop3_conn_can(conn, "USER"))
        return err_set(error, ERR_REFUSED, "%s offers no login that fits",
                       host);
    if (!is_free(conn) && !is_named(conn, "PLAIN") && !is_named(conn, "LOGIN"))
        return err_set(error, ERR_REFUSED,
                       "%s offers no login that fits auth "
                       "%s (offered: USER)",
                       host, conn->params.sasl.auth);
    if (!net_is_tls(conn->stream) && conn->params.net.security == NET_STARTTLS)
        return err_set(error, ERR_REFUSED, "%s offers no TLS", host);
    return true;
}

static SaslLogin *
choose(Pop3Conn *conn, const char *const *names, GError **error)
{
    const char *binding_type = NULL;
    g_autoptr(GBytes) binding =
        net_channel_binding(conn->stream, &binding_type);
    SaslChannel channel = {
        .service = "pop",
        .host = conn->params.net.host,
        .port = conn->params.net.port,
        .encrypted = net_is_tls(conn->stream),
        .insecure_ok = conn->params.net.security == NET_PLAIN,
        .binding = binding,
        .binding_type = binding_type,
    };

    return sasl_login_create(&conn->params.sasl, &channel, names, error);
}

bool
pop3_auth(Pop3Conn *conn, GError **error)
{
    g_auto(GStrv) names = offered(conn);
    g_autoptr(SaslLogin) login = NULL;
    g_autoptr(GError) unfit = NULL;

    if (is_named(conn, "APOP"))
        return apop(conn, error);
    if (names[0])
        login = choose(conn, (const char *const *)names, &unfit);
    if (login)
        return authenticate(conn, login, error);
    if (check_user_pass(conn, unfit ? NULL : error))
        return user_pass(conn, error);
    if (unfit)
        g_propagate_error(error, g_steal_pointer(&unfit));
    return false;
}
