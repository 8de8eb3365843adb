/* From a name to a connection that is logged in. Reads like the RFC: greeting,
 * capabilities, STARTTLS where it is required, login, what is enabled. */
#include "imap_private.h"

#include "base/err.h"
#include "base/log.h"

#include <string.h>

char *
imap_take_alert(ImapConn *conn)
{
    return g_steal_pointer(&conn->alert);
}

static bool
capability(ImapConn *conn, GError **error)
{
    g_hash_table_remove_all(conn->capabilities);
    return imap_cmd_run(conn, error, "CAPABILITY");
}

/* greeting = "*" SP (OK / PREAUTH / BYE) */
static bool
greeting(ImapConn *conn, GError **error)
{
    ImapDecoder *in = &conn->in;

    if (!imap_decoder_next(in)) {
        g_propagate_error(error, g_error_copy(in->error));
        return false;
    }
    if (!imap_decoder_try(in, '*') || !imap_decoder_try(in, ' '))
        return err_set(error, ERR_PROTOCOL,
                       "%s does not greet as an IMAP "
                       "server: is the port right?",
                       conn->params.net.host);
    conn->preauth = imap_decoder_try_word(in, "PREAUTH");
    if (imap_decoder_try_word(in, "BYE")) {
        const char *rest = imap_decoder_rest(in);
        g_autofree char *text = imap_response_words(rest, strlen(rest));

        return err_set(error, ERR_RETRY, "%s does not serve us now:%s",
                       conn->params.net.host, text);
    }
    if (!conn->preauth && !imap_decoder_try_word(in, "OK"))
        return err_set(error, ERR_PROTOCOL,
                       "%s does not greet as an IMAP "
                       "server: is the port right?",
                       conn->params.net.host);
    imap_decoder_try(in, ' ');
    if (imap_decoder_peek(in) == '[')
        imap_response_code(conn);
    if (in->error) {
        g_propagate_error(error, g_error_copy(in->error));
        return false;
    }
    return true;
}

/* All that the server said so far (promise P49). */
static void
forget(ImapConn *conn)
{
    g_hash_table_remove_all(conn->capabilities);
    conn->capabilities_told = false;
    conn->qresync = conn->condstore = conn->utf8 = conn->rev2 = false;
    conn->changed = conn->overflow = conn->bye = false;
    conn->delimiter = 0;
    g_clear_pointer(&conn->prefix, g_free);
    g_clear_pointer(&conn->alert, g_free);
    g_clear_pointer(&conn->referral, g_free);
    g_clear_pointer(&conn->bye_text, g_free);
    g_clear_pointer(&conn->news, g_ptr_array_unref);
}

/* STARTTLS when the URL asks for it, then CAPABILITY again: what was said
 * before TLS is forgotten (RFC 9051, section 6.2.1). */
static bool
secure(ImapConn *conn, GError **error)
{
    if (conn->params.net.security != NET_STARTTLS)
        return true;
    if (conn->preauth)
        return err_set(error, ERR_REFUSED,
                       "%s greets as already logged in "
                       "before TLS: someone may be in between",
                       conn->params.net.host);
    if (g_hash_table_size(conn->capabilities) > 0
        && !imap_conn_can(conn, "STARTTLS"))
        return err_set(error, ERR_REFUSED,
                       "%s offers no STARTTLS, and "
                       "without TLS nothing is sent to it: imaps:// may work",
                       conn->params.net.host);
    if (!imap_cmd_run(conn, error, "STARTTLS")) {
        if (error && err_is(*error, ERR_REFUSED))
            g_prefix_error(error, "TLS is required: ");
        return false;
    }
    if (!net_start_tls(conn->stream, &conn->params.net, error))
        return false;
    forget(conn);
    return capability(conn, error);
}

/* "AUTH=PLAIN" … without their prefix. NULL-terminated; g_strfreev(). */
static char **
offered(const ImapConn *conn)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    GHashTableIter iter;
    void *key;

    g_hash_table_iter_init(&iter, conn->capabilities);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        if (g_str_has_prefix(key, "AUTH="))
            g_strv_builder_add(names, (char *)key + 5);
    return g_strv_builder_end(names);
}

static bool
send_secret(ImapConn *conn, const char *text, GError **error)
{
    net_transcript_hide(conn->stream);
    return net_write(conn->stream, text, strlen(text), error)
           && net_write(conn->stream, "\r\n", 2, error)
           && net_flush(conn->stream, error);
}

/* A refusal is told as one of the password, with the server's words; trouble
 * that the server calls temporary is not. */
static bool
login_refused(const ImapConn *conn, GError *cause, GError **error)
{
    if (!err_is(cause, ERR_REFUSED) || conn->referral)
        g_propagate_error(error, g_error_copy(cause));
    else if (imap_is_temporary(cause))
        err_set(error, ERR_RETRY, "%s", cause->message);
    else
        err_set(error, ERR_AUTH,
                "%s refused the password for %s (%s): run "
                "`posthorn check --online`",
                conn->params.net.host, conn->params.sasl.user, cause->message);
    return false;
}

/* Answers challenges until the tagged answer, which imap_cmd_continue() reads:
 * it returns false without *error when that was OK. */
static bool
answer_challenges(ImapConn *conn, SaslLogin *login, char *first, guint tag,
                  GError **error)
{
    g_autofree char *kept = first; /* not sent with the command */

    for (;;) {
        g_autoptr(GError) trouble = NULL;
        g_autofree char *step = NULL;
        bool more = imap_cmd_challenge(conn, tag, &trouble);

        if (trouble)
            return login_refused(conn, trouble, error);
        if (!more)
            return true;
        step = kept ? g_steal_pointer(&kept)
                    : sasl_login_step(login, conn->challenge, error);
        if (step == NULL) {
            send_secret(conn, "*", NULL); /* cancels (RFC 9051, 6.2.2) */
            return false;
        }
        if (!send_secret(conn, step, error))
            return false;
        explicit_bzero(step, strlen(step));
    }
}

static bool
authenticate(ImapConn *conn, SaslLogin *login, GError **error)
{
    bool at_once = conn->params.sasl_ir && imap_conn_can(conn, "SASL-IR")
                   && sasl_login_client_first(login);
    char *first = NULL;
    guint tag;

    imap_cmd_answers(conn, NULL);
    imap_cmd_begin(conn, "AUTHENTICATE ");
    imap_cmd_text(conn, "%s", sasl_login_mechanism(login));
    if (sasl_login_client_first(login)) {
        first = sasl_login_step(login, NULL, error);
        if (first == NULL)
            return false;
    }
    if (at_once) {
        imap_cmd_text(conn, " %s", *first ? first : "=");
        net_transcript_hide(conn->stream);
        explicit_bzero(first, strlen(first));
        g_clear_pointer(&first, g_free);
    }
    tag = imap_cmd_end(conn);
    return answer_challenges(conn, login, first, tag, error)
           && sasl_login_finish(login, error);
}

static bool
is_login(const char *auth)
{
    return g_ascii_strcasecmp(auth, "auto") == 0
           || g_ascii_strcasecmp(auth, "plain") == 0
           || g_ascii_strcasecmp(auth, "login") == 0;
}

/* LOGIN for servers that offer no SASL at all. Never where the user named a
 * stronger mechanism (promise P52). */
static bool
plain_login(ImapConn *conn, GError **error)
{
    const SaslParams *who = &conn->params.sasl;
    g_autoptr(GError) cause = NULL;

    if (who->auth && *who->auth && !is_login(who->auth))
        return err_set(error, ERR_REFUSED,
                       "%s offers no login that fits "
                       "auth %s (offered: LOGIN)",
                       conn->params.net.host, who->auth);
    if (imap_conn_can(conn, "LOGINDISABLED"))
        return err_set(error, ERR_REFUSED, "%s allows no login here",
                       conn->params.net.host);
    if (!net_is_tls(conn->stream) && conn->params.net.security != NET_PLAIN)
        return err_set(error, ERR_REFUSED, "%s offers no TLS",
                       conn->params.net.host);
    imap_cmd_answers(conn, NULL);
    imap_cmd_begin(conn, "LOGIN ");
    imap_cmd_string(conn, who->user ? who->user : "");
    imap_cmd_text(conn, " ");
    imap_cmd_string(conn, who->password ? who->password : "");
    net_transcript_hide(conn->stream);
    return imap_cmd_finish(conn, &cause) || login_refused(conn, cause, error);
}

static bool
needs_password(const SaslLogin *sasl)
{
    const char *mechanism = sasl_login_mechanism(sasl);

    return strcmp(mechanism, "EXTERNAL") != 0
           && strcmp(mechanism, "GSSAPI") != 0;
}

typedef struct {
    const char *hint;
    bool ticket; /* was tried */
} Tried;

static bool
try_login(ImapConn *conn, char **names, Tried *tried, GError **error)
{
    const char *binding_type = NULL;
    g_autoptr(GBytes) binding =
        net_channel_binding(conn->stream, &binding_type);
    SaslChannel channel = {
        .service = "imap",
        .host = conn->params.net.host,
        .port = conn->params.net.port,
        .encrypted = net_is_tls(conn->stream),
        .certificate =
            net_is_tls(conn->stream) && conn->params.net.client_cert != NULL,
        .tickets = !tried->ticket,
        .insecure_ok = conn->params.net.security == NET_PLAIN,
        .binding = binding,
        .binding_type = binding_type,
    };
    g_autoptr(SaslLogin) sasl = sasl_login_create(
        &conn->params.sasl, &channel, (const char *const *)names, error);

    if (sasl) {
        tried->hint = sasl_login_hint(sasl, conn->params.sasl.auth);
        tried->ticket = sasl_login_by_ticket(sasl);
    }
    if (sasl && needs_password(sasl) && conn->params.sasl.password == NULL)
        return err_set(error, ERR_AUTH,
                       "%s wants a password for %s: set password-command",
                       conn->params.net.host, conn->params.sasl.user);
    return sasl && authenticate(conn, sasl, error);
}

static bool
login(ImapConn *conn, GError **error)
{
    g_auto(GStrv) names = offered(conn);
    g_autoptr(GError) trouble = NULL;
    Tried tried = { "", false };

    if (conn->preauth)
        return true;
    if (names[0] == NULL)
        return plain_login(conn, error);
    if (try_login(conn, names, &tried, &trouble))
        return true;
    if (tried.ticket && err_is(trouble, ERR_AUTH)) {
        g_clear_error(&trouble);
        if (try_login(conn, names, &tried, &trouble))
            return true;
    }
    if (*tried.hint && err_is(trouble, ERR_AUTH))
        return err_set(error, ERR_AUTH, "%s%s", trouble->message, tried.hint);
    g_propagate_error(error, g_steal_pointer(&trouble));
    return false;
}

/* Login, and what the server can do once it knows us: most say it unasked. */
static bool
log_in(ImapConn *conn, GError **error)
{
    conn->capabilities_told &= conn->preauth;
    return login(conn, error)
           && (conn->capabilities_told || capability(conn, error));
}

/* Near a server DEFLATE costs both sides more time than it saves. How near it
 * is, the answers to the setup show. */
static bool
is_far_enough(ImapConn *conn, bool *far, GError **error)
{
    *far = conn->params.compress == IMAP_COMPRESS_ON;
    if (conn->params.compress != IMAP_COMPRESS_FAR)
        return true;
    if (!imap_settle(conn, error))
        return false;
    *far = conn->round_trip >= IMAP_FAR_USEC;
    return true;
}

/* The last of its flight: nothing is sent behind it before its answer. A NO
 * (TLS compresses already) is one to go on without (RFC 4978, section 3). */
static bool
compress(ImapConn *conn, GError **error)
{
    g_autoptr(GError) trouble = NULL;
    bool far = false;

    if (!imap_conn_can(conn, "COMPRESS=DEFLATE"))
        return true;
    if (!is_far_enough(conn, &far, error))
        return false;
    if (!far)
        return true;
    imap_cmd_answers(conn, NULL);
    imap_cmd_begin_behind(conn, "COMPRESS DEFLATE");
    if (imap_cmd_finish(conn, &trouble))
        return net_start_deflate(conn->stream, error);
    if (err_is(trouble, ERR_REFUSED))
        return true;
    g_propagate_error(error, g_steal_pointer(&trouble));
    return false;
}

const ImapClock imap_clock = { g_get_monotonic_time, net_wait };

ImapConn *
imap_conn_start(NetStream *stream, const ImapParams *params,
                GCancellable *cancel, GError **error)
{
    g_autoptr(ImapConn) conn = g_new0(ImapConn, 1);

    conn->params = *params;
    conn->clock = &imap_clock;
    conn->round_trip = G_MAXINT64;
    net_params_copy(&conn->params.net, &params->net);
    sasl_params_copy(&conn->params.sasl, &params->sasl);
    conn->params.version = g_strdup(params->version);
    conn->params.uses = g_strdupv(params->uses);
    conn->capabilities =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    conn->cancel = cancel ? g_object_ref(cancel) : NULL;
    conn->stream = stream;
    net_transcript(conn->stream, params->net.host);
    imap_decoder_init(&conn->in, conn->stream, params->net.host);
    if (!greeting(conn, error)
        || (g_hash_table_size(conn->capabilities) == 0
            && !capability(conn, error))
        || !secure(conn, error) || !log_in(conn, error))
        return NULL;
    imap_setup(conn);
    if (!compress(conn, error))
        return NULL;
    return g_steal_pointer(&conn);
}

ImapConn *
imap_conn_open(const ImapParams *params, GCancellable *cancel, GError **error)
{
    NetStream *stream = net_dial(&params->net, cancel, error);

    return stream ? imap_conn_start(stream, params, cancel, error) : NULL;
}

void
imap_conn_close(ImapConn *conn)
{
    if (conn == NULL)
        return;
    if (conn->stream && conn->in.kept && imap_decoder_ok(&conn->in)
        && !g_cancellable_is_cancelled(conn->cancel)) {
        imap_cmd_begin_behind(conn, "LOGOUT");
        imap_cmd_end(conn);
        imap_cmd_send(conn);
    }
    imap_decoder_clear(&conn->in);
    net_stream_close(conn->stream);
    net_params_clear(&conn->params.net);
    sasl_params_clear(&conn->params.sasl);
    g_hash_table_unref(conn->capabilities);
    g_clear_object(&conn->cancel);
    g_free(conn->selected);
    g_strfreev(conn->permanent_flags);
    imap_ahead_clear(conn);
    g_clear_error(&conn->early_error);
    g_free(conn->challenge);
    g_free(conn->bye_text);
    g_free(conn->referral);
    g_free(conn->alert);
    g_clear_pointer(&conn->news, g_ptr_array_unref);
    g_free(conn->prefix);
    g_free(conn->params.version);
    g_strfreev(conn->params.uses);
    g_free(conn);
}
