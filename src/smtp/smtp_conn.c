/* A connection from the greeting to the login: EHLO, STARTTLS, EHLO again, AUTH
 * (RFC 5321, 3.1 and 4.1.1.1; RFC 3207; RFC 4954; LIMITS: RFC 9422). Must not
 * know messages. */
#include "smtp_private.h"

#include "base/err.h"
#include "smtp_reply.h"

#include <stdlib.h>
#include <string.h>

enum {
    AUTH_LINE_BYTES = 12288, /* RFC 4954, 4: of a line of the login */
    AUTH_STEPS = 20,
};

/* EHLO names us by an address literal that says nothing: no host name of the
 * user's leaves the machine (promise P81). */
static const char our_name[] = "[127.0.0.1]";

static bool
fail(SmtpConn *conn, GError **error, ErrCode code, const char *what)
{
    conn->dead = true;
    return err_set(error, code, "%s %s", conn->params.net.host, what);
}

/* "HOST WHAT: CODE ENHANCED WORDS (in other words)" */
static bool
fail_reply(SmtpConn *conn, const SmtpReply *reply, const char *what,
           GError **error)
{
    ErrCode code = smtp_reply_is_temporary(reply) ? ERR_RETRY : ERR_REFUSED;

    if (!smtp_reply_is_temporary(reply) && !smtp_reply_is_permanent(reply))
        code = ERR_PROTOCOL;
    return err_set(error, code, "%s %s: %d %s%s%s", conn->params.net.host, what,
                   reply->code, reply->enhanced ? reply->enhanced : "",
                   reply->enhanced ? " " : "", reply->text);
}

/* Invariant 1: no command is written while there is something to read that no
 * command asked for. What came early would be taken for its reply (P9, P49). */
static bool
check_silence(SmtpConn *conn, GError **error)
{
    if (conn->awaited > 0 || !net_has_unread(conn->stream))
        return true;
    return fail(conn, error, ERR_PROTOCOL, "answered before it was asked");
}

bool
smtp_conn_command(SmtpConn *conn, GError **error, const char *format, ...)
{
    g_autofree char *line = NULL;
    va_list args;
    bool ok;

    va_start(args, format);
    line = g_strdup_vprintf(format, args);
    va_end(args);
    if (conn->dead)
        return fail(conn, error, ERR_RETRY, "is no longer connected");
    if (!check_silence(conn, error))
        return false;
    ok = net_write(conn->stream, line, strlen(line), error)
         && net_write(conn->stream, "\r\n", 2, error);
    memset(line, 0, strlen(line));
    conn->awaited++;
    conn->dead = !ok;
    return ok;
}

static bool
read_reply(SmtpConn *conn, SmtpReplyReader *reader, guint seconds,
           GError **error)
{
    const char *host = conn->params.net.host;

    smtp_reply_clear(reader->reply);
    if (!net_flush(conn->stream, error)) {
        conn->dead = true;
        return false;
    }
    while (!reader->complete) {
        gsize size;
        const char *line =
            net_read_line(conn->stream, SMTP_LINE_BYTES, seconds, &size, error);

        if (line && smtp_reply_add_line(reader, line, size, error))
            continue;
        if (line)
            g_prefix_error(error, "%s broke the protocol: ", host);
        conn->dead = true;
        smtp_reply_clear(reader->reply);
        return false;
    }
    conn->dead = conn->dead || reader->reply->code == 421;
    return true;
}

bool
smtp_conn_reply(SmtpConn *conn, SmtpReply *reply, guint seconds, GError **error)
{
    SmtpReplyReader reader = { .reply = reply };

    if (conn->awaited > 0)
        conn->awaited--;
    return read_reply(conn, &reader, seconds, error);
}

bool
smtp_conn_ask(SmtpConn *conn, SmtpReply *reply, const char *command,
              GError **error)
{
    return smtp_conn_command(conn, error, "%s", command)
           && smtp_conn_reply(conn, reply, 0, error);
}

static const struct {
    const char *keyword;
    unsigned extension;
} keywords[] = {
    { "STARTTLS", SMTP_HAS_STARTTLS },
    { "PIPELINING", SMTP_HAS_PIPELINING },
    { "8BITMIME", SMTP_HAS_8BITMIME },
    { "SIZE", SMTP_HAS_SIZE },
    { "SMTPUTF8", SMTP_HAS_SMTPUTF8 },
    { "AUTH", SMTP_HAS_AUTH },
    { "CHUNKING", SMTP_HAS_CHUNKING },
    { "BINARYMIME", SMTP_HAS_BINARYMIME },
    { "DSN", SMTP_HAS_DSN },
    { "FUTURERELEASE", SMTP_HAS_FUTURERELEASE },
    { "DELIVERBY", SMTP_HAS_DELIVERBY },
    { "LIMITS", SMTP_HAS_LIMITS },
    { "REQUIRETLS", SMTP_HAS_REQUIRETLS },
};

static guint64
number(const char *text)
{
    return text ? g_ascii_strtoull(text, NULL, 10) : 0;
}

/* "LIMITS MAILMAX=100 RCPTMAX=50"     (RFC 9422, 4) */
static void
take_limits(SmtpConn *conn, char **words)
{
    for (; words[0] && words[1]; words++) {
        if (g_ascii_strcasecmp(words[0], "MAILMAX") == 0)
            conn->mail_max = (guint)MIN(number(words[1]), G_MAXINT);
        else if (g_ascii_strcasecmp(words[0], "RCPTMAX") == 0)
            conn->rcpt_max = (guint)MIN(number(words[1]), G_MAXINT);
    }
}

/* "AUTH PLAIN LOGIN", and the old "AUTH=PLAIN LOGIN". */
static void
take_extension(SmtpConn *conn, const char *line)
{
    g_auto(GStrv) words = g_strsplit_set(line, " =", -1);
    unsigned extension = 0;

    for (gsize i = 0; words[0] && i < G_N_ELEMENTS(keywords); i++)
        if (g_ascii_strcasecmp(words[0], keywords[i].keyword) == 0)
            extension = keywords[i].extension;
    conn->extensions |= extension;
    if (extension == SMTP_HAS_SIZE)
        conn->size_limit = number(words[1]);
    if (extension == SMTP_HAS_FUTURERELEASE)
        conn->max_hold = (gint64)MIN(number(words[1]), G_MAXINT);
    if (extension == SMTP_HAS_DELIVERBY)
        conn->min_deliver = (gint64)MIN(number(words[1]), G_MAXINT);
    if (extension == SMTP_HAS_LIMITS)
        take_limits(conn, words + 1);
    if (extension == SMTP_HAS_AUTH && conn->mechanisms == NULL)
        conn->mechanisms = g_strdupv(words + 1);
}

/* What was said before TLS is forgotten (RFC 3207, 4.2). */
static bool
say_hello(SmtpConn *conn, GError **error)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_auto(SmtpReply) reply = { 0 };
    SmtpReplyReader reader = { .reply = &reply, .lines = lines };

    conn->extensions = 0;
    conn->size_limit = 0;
    conn->mail_max = 0;
    conn->rcpt_max = 0;
    conn->max_hold = 0;
    conn->min_deliver = 0;
    g_clear_pointer(&conn->mechanisms, g_strfreev);
    if (!smtp_conn_command(conn, error, "EHLO %s", our_name))
        return false;
    conn->awaited--;
    if (!read_reply(conn, &reader, 0, error))
        return false;
    if (reply.code == 500 || reply.code == 502 || reply.code == 504) {
        g_autofree char *helo = g_strdup_printf("HELO %s", our_name);

        if (!smtp_conn_ask(conn, &reply, helo, error))
            return false;
        g_ptr_array_set_size(lines, 0);
    }
    if (reply.code != 250)
        return fail_reply(conn, &reply, "does not want to talk", error);
    for (guint i = 1; i < lines->len; i++)
        take_extension(conn, lines->pdata[i]);
    return true;
}

static bool
greeting(SmtpConn *conn, GError **error)
{
    g_auto(SmtpReply) reply = { 0 };

    return smtp_conn_reply(conn, &reply, 0, error)
           && (reply.code == 220
               || fail_reply(conn, &reply, "takes no mail now", error));
}

static bool
secure(SmtpConn *conn, GError **error)
{
    g_auto(SmtpReply) reply = { 0 };

    if (conn->params.net.security != NET_STARTTLS)
        return true;
    if (!(conn->extensions & SMTP_HAS_STARTTLS))
        return fail(conn, error, ERR_REFUSED,
                    "does not offer STARTTLS, so nothing was sent: use "
                    "smtps:// if it has a TLS port");
    if (!smtp_conn_ask(conn, &reply, "STARTTLS", error))
        return false;
    if (reply.code != 220)
        return fail_reply(conn, &reply, "offers STARTTLS and refuses it",
                          error);
    if (net_has_unread(conn->stream))
        return fail(conn, error, ERR_PROTOCOL,
                    "sent data between STARTTLS and TLS: someone may be in "
                    "between");
    conn->dead = !net_start_tls(conn->stream, &conn->params.net, error);
    return !conn->dead && say_hello(conn, error);
}

static void
wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    g_free(text);
}

/* AUTH, with the first answer where it fits in a line. */
static bool
auth_begin(SmtpConn *conn, SaslLogin *login, GError **error)
{
    const char *mechanism = sasl_login_mechanism(login);
    char *first = NULL;
    bool ok;

    net_transcript_hide(conn->stream);
    if (!sasl_login_client_first(login))
        return smtp_conn_command(conn, error, "AUTH %s", mechanism);
    first = sasl_login_step(login, NULL, error);
    if (first == NULL)
        return false;
    if (strlen(first) + strlen(mechanism) + 8 > AUTH_LINE_BYTES) {
        wipe(first);
        return fail(conn, error, ERR_REFUSED, "takes no login that long");
    }
    ok = smtp_conn_command(conn, error, "AUTH %s %s", mechanism,
                           *first ? first : "=");
    wipe(first);
    return ok;
}

/* Answers one challenge. A login that cannot go on is cancelled with "*". */
static bool
auth_answer(SmtpConn *conn, SaslLogin *login, const SmtpReply *challenge,
            GError **error)
{
    char *answer = sasl_login_step(login, challenge->text, error);
    g_auto(SmtpReply) reply = { 0 };
    bool ok;

    if (answer == NULL) {
        if (smtp_conn_command(conn, NULL, "*"))
            smtp_conn_reply(conn, &reply, 0, NULL);
        return false;
    }
    net_transcript_hide(conn->stream);
    ok = smtp_conn_command(conn, error, "%s", answer);
    wipe(answer);
    return ok;
}

/* 535 is the password; a temporary trouble is not told as one (P36). */
static bool
auth_refused(SmtpConn *conn, const SaslLogin *login, const SmtpReply *reply,
             GError **error)
{
    if (reply->code != 535)
        return fail_reply(conn, reply, "refused the login", error);
    return err_set(error, ERR_AUTH, "%s refused the password for %s: %s%s",
                   conn->params.net.host, conn->params.sasl.user, reply->text,
                   sasl_login_hint(login, conn->params.sasl.auth));
}

static bool
auth_dialogue(SmtpConn *conn, SaslLogin *login, GError **error)
{
    g_auto(SmtpReply) reply = { 0 };

    if (!auth_begin(conn, login, error)
        || !smtp_conn_reply(conn, &reply, 0, error))
        return false;
    for (int i = 0; reply.code == 334 && i < AUTH_STEPS; i++)
        if (!auth_answer(conn, login, &reply, error)
            || !smtp_conn_reply(conn, &reply, 0, error))
            return false;
    if (reply.code != 235)
        return auth_refused(conn, login, &reply, error);
    return sasl_login_finish(login, error);
}

static bool
log_in(SmtpConn *conn, GError **error)
{
    const NetParams *net = &conn->params.net;
    SaslChannel channel = {
        .service = "smtp",
        .host = net->host,
        .port = net->port,
        .encrypted = net_is_tls(conn->stream),
        .insecure_ok = net->security == NET_PLAIN,
    };
    g_autoptr(GBytes) binding = NULL;
    g_autoptr(SaslLogin) login = NULL;

    if (conn->params.sasl.user == NULL
        || (conn->mechanisms == NULL && conn->params.auth_optional))
        return true;
    if (conn->mechanisms == NULL)
        return fail(conn, error, ERR_REFUSED,
                    "offers no login: take the user name out of `outgoing` if "
                    "it needs none");
    if (channel.encrypted)
        binding = net_channel_binding(conn->stream, &channel.binding_type);
    channel.binding = binding;
    login = sasl_login_create(&conn->params.sasl, &channel,
                              (const char *const *)conn->mechanisms, error);
    return login != NULL && auth_dialogue(conn, login, error);
}

SmtpConn *
smtp_conn_start(NetStream *stream, const SmtpParams *params, GError **error)
{
    g_autoptr(SmtpConn) conn = g_new0(SmtpConn, 1);

    conn->stream = stream;
    net_params_copy(&conn->params.net, &params->net);
    sasl_params_copy(&conn->params.sasl, &params->sasl);
    conn->params.auth_optional = params->auth_optional;
    net_transcript(stream, conn->params.net.host);
    if (!greeting(conn, error) || !say_hello(conn, error)
        || !secure(conn, error) || !log_in(conn, error))
        return NULL;
    return g_steal_pointer(&conn);
}

SmtpConn *
smtp_conn_open(const SmtpParams *params, GCancellable *cancel, GError **error)
{
    NetStream *stream = net_dial(&params->net, cancel, error);

    return stream ? smtp_conn_start(stream, params, error) : NULL;
}

bool
smtp_conn_is_usable(const SmtpConn *conn)
{
    return !conn->dead && (conn->mail_max == 0 || conn->used < conn->mail_max);
}

guint
smtp_conn_used(const SmtpConn *conn)
{
    return conn->used;
}

guint
smtp_conn_max_recipients(const SmtpConn *conn)
{
    return conn->rcpt_max > 0 ? conn->rcpt_max : G_MAXUINT;
}

bool
smtp_conn_takes_8bit(const SmtpConn *conn)
{
    return conn->extensions & SMTP_HAS_8BITMIME;
}

guint64
smtp_conn_max_size(const SmtpConn *conn)
{
    return conn->extensions & SMTP_HAS_SIZE ? conn->size_limit : 0;
}

gint64
smtp_conn_max_hold(const SmtpConn *conn)
{
    return conn->extensions & SMTP_HAS_FUTURERELEASE ? conn->max_hold : 0;
}

void
smtp_conn_close(SmtpConn *conn)
{
    if (conn == NULL)
        return;
    if (!conn->dead && smtp_conn_command(conn, NULL, "QUIT"))
        net_flush(conn->stream, NULL);
    net_stream_close(conn->stream);
    net_params_clear(&conn->params.net);
    sasl_params_clear(&conn->params.sasl);
    g_strfreev(conn->mechanisms);
    g_free(conn);
}
