/* From a name to a connection that is logged in, and back. Reads like the RFC:
 * greeting, capabilities, STLS where it is required, language, login. */
#include "pop3_private.h"

#include "base/err.h"
#include "base/text.h"
#include "pop3/limits.h"

#include <string.h>

bool
pop3_conn_command(Pop3Conn *conn, GError **error, const char *format, ...)
{
    g_autofree char *line = NULL;
    va_list args;
    bool ok;

    /* What came early would be taken for its answer (P49). */
    if (conn->awaited == 0 && net_has_unread(conn->stream))
        pop3_decoder_fail(&conn->in, "an answer before it was asked");
    if (!pop3_decoder_ok(&conn->in))
        return pop3_decoder_failed(&conn->in, error);
    conn->awaited++;
    va_start(args, format);
    line = g_strdup_vprintf(format, args);
    va_end(args);
    if (strpbrk(line, "\r\n"))
        return err_set(error, ERR_USAGE,
                       "a line end in what would be said to "
                       "%s",
                       conn->params.net.host);
    ok = net_write(conn->stream, line, strlen(line), error)
         && net_write(conn->stream, "\r\n", 2, error);
    explicit_bzero(line, strlen(line));
    return ok;
}

/* status = "+OK" / "-ERR", and words behind a blank */
bool
pop3_conn_answer(Pop3Conn *conn, bool *ok, GError **error)
{
    Pop3Decoder *in = &conn->in;
    gsize size;

    *ok = false;
    conn->awaited -= conn->awaited > 0;
    g_clear_pointer(&conn->words, g_free);
    if (!pop3_decoder_ok(in) || !net_flush(conn->stream, &in->error)
        || !pop3_decoder_next(in))
        return pop3_decoder_failed(in, error);
    *ok = pop3_decoder_try_word(in, "+OK");
    if (!*ok && !pop3_decoder_try_word(in, "-ERR")) {
        pop3_decoder_fail(in, "neither +OK nor -ERR");
        return pop3_decoder_failed(in, error);
    }
    if (!*ok) {
        const char *rest = pop3_decoder_rest(in, &size);

        conn->words = g_strndup(rest, size);
    }
    return true;
}

bool
pop3_conn_has_code(const Pop3Conn *conn, const char *code)
{
    const char *words = conn->words;
    gsize size = strlen(code);

    return words && *words == '['
           && g_ascii_strncasecmp(words + 1, code, size) == 0
           && (words[size + 1] == ']' || words[size + 1] == '/');
}

char *
pop3_conn_words(const Pop3Conn *conn)
{
    const char *words = conn->words && *conn->words ? conn->words : "no reason";

    return text_sanitise(words, -1, TEXT_LINE);
}

bool
pop3_conn_status(Pop3Conn *conn, GError **error)
{
    g_autofree char *words = NULL;
    bool ok;

    if (!pop3_conn_answer(conn, &ok, error))
        return false;
    if (ok)
        return true;
    words = pop3_conn_words(conn);
    return err_set(error, ERR_REFUSED, "%s says: %s", conn->params.net.host,
                   words);
}

/* "<1896.697170952@dbc.mtview.ca.us>" somewhere in the greeting. */
static void
take_timestamp(Pop3Conn *conn)
{
    gsize size;
    const char *rest = pop3_decoder_rest(&conn->in, &size);
    const char *open = memchr(rest, '<', size);
    const char *close =
        open ? memchr(open, '>', size - (gsize)(open - rest)) : NULL;

    if (close)
        conn->timestamp = g_strndup(open, (gsize)(close - open) + 1);
}

static bool
greeting(Pop3Conn *conn, GError **error)
{
    g_autoptr(GError) cause = NULL;
    bool ok;

    if (!pop3_conn_answer(conn, &ok, &cause)) {
        if (err_is(cause, ERR_PROTOCOL))
            return err_set(error, ERR_PROTOCOL,
                           "%s does not greet as a POP3 "
                           "server: is the port right?",
                           conn->params.net.host);
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    if (!ok) {
        g_autofree char *words = pop3_conn_words(conn);

        if (pop3_conn_has_code(conn, "IN-USE"))
            conn->reason = POP3_IN_USE;
        return err_set(error, ERR_RETRY, "%s does not serve us now: %s",
                       conn->params.net.host, words);
    }
    take_timestamp(conn);
    return true;
}

/* "SASL PLAIN LOGIN", a line each. */
static void
take_capability(Pop3Conn *conn)
{
    g_autofree char *word = pop3_decoder_word(&conn->in);
    gsize size;
    const char *rest = pop3_decoder_rest(&conn->in, &size);

    if (*word)
        g_hash_table_replace(conn->capabilities, g_ascii_strup(word, -1),
                             g_strndup(rest, size));
}

/* What was said before is forgotten (promise P49). */
static bool
capability(Pop3Conn *conn, GError **error)
{
    guint lines = 0;

    g_hash_table_remove_all(conn->capabilities);
    if (!pop3_conn_command(conn, error, "CAPA")
        || !pop3_conn_answer(conn, &conn->has_capa, error))
        return false;
    if (!conn->has_capa)
        return true;
    while (pop3_decoder_next_item(&conn->in)) {
        if (++lines > POP3_CAPABILITIES)
            pop3_decoder_fail(&conn->in, "too many capabilities");
        take_capability(conn);
    }
    return pop3_decoder_ok(&conn->in) || pop3_decoder_failed(&conn->in, error);
}

bool
pop3_conn_can(const Pop3Conn *conn, const char *capability)
{
    g_autofree char *upper = g_ascii_strup(capability, -1);

    return g_hash_table_contains(conn->capabilities, upper);
}

/* A server without CAPA may have these all the same (RFC 1939, section 7). */
static void
assume_optional(Pop3Conn *conn)
{
    if (conn->has_capa)
        return;
    g_hash_table_replace(conn->capabilities, g_strdup("TOP"), g_strdup(""));
    g_hash_table_replace(conn->capabilities, g_strdup("UIDL"), g_strdup(""));
}

/* The number that a capability has; otherwise where it has none. */
static int
capability_number(const Pop3Conn *conn, const char *name, int otherwise)
{
    const char *words = g_hash_table_lookup(conn->capabilities, name);
    guint64 value;
    g_auto(GStrv) parts = g_strsplit(words ? words : "", " ", 2);

    return parts[0]
                   && g_ascii_string_to_unsigned(parts[0], 10, 0, G_MAXINT32,
                                                 &value, NULL)
               ? (int)value
               : otherwise;
}

guint
pop3_conn_login_delay(const Pop3Conn *conn)
{
    return (guint)capability_number(conn, "LOGIN-DELAY", 0);
}

int
pop3_conn_expire(const Pop3Conn *conn)
{
    return capability_number(conn, "EXPIRE", -1);
}

/* STLS when the URL asks for it, then CAPA again (RFC 2595, section 4). */
static bool
secure(Pop3Conn *conn, GError **error)
{
    const char *host = conn->params.net.host;

    if (conn->params.net.security != NET_STARTTLS)
        return true;
    if (conn->has_capa && !pop3_conn_can(conn, "STLS"))
        return err_set(error, ERR_REFUSED,
                       "%s offers no STLS, and without TLS "
                       "nothing is sent to it: pop3s:// may work",
                       host);
    if (!pop3_conn_command(conn, error, "STLS"))
        return false;
    if (!pop3_conn_status(conn, error)) {
        if (error && err_is(*error, ERR_REFUSED))
            g_prefix_error(error, "TLS is required: ");
        return false;
    }
    /* The timestamp came in clear: anyone may have written it. */
    g_clear_pointer(&conn->timestamp, g_free);
    return net_start_tls(conn->stream, &conn->params.net, error)
           && capability(conn, error);
}

/* Asked for and not needed: a refusal is no trouble (RFC 6856). UTF8 lets
 * headers come as they are; it must follow STLS. */
static bool
ask_kindly(Pop3Conn *conn, const char *capability, const char *command,
           GError **error)
{
    bool ok;

    return !pop3_conn_can(conn, capability)
           || (pop3_conn_command(conn, error, "%s", command)
               && pop3_conn_answer(conn, &ok, error));
}

static bool
prefer(Pop3Conn *conn, GError **error)
{
    const char *lang = conn->params.lang;
    g_autofree char *command = g_strconcat("LANG ", lang, NULL);

    return (lang == NULL || ask_kindly(conn, "LANG", command, error))
           && ask_kindly(conn, "UTF8", "UTF8", error);
}

/* "EXPIRE 30 USER": another for each user (RFC 2449, section 6). */
static bool
is_of_user(const Pop3Conn *conn, const char *name)
{
    const char *words = g_hash_table_lookup(conn->capabilities, name);

    return words && g_str_has_suffix(words, "USER");
}

/* Asked again only where the first answer left something open. */
static bool
capability_after_login(Pop3Conn *conn, GError **error)
{
    bool known = pop3_conn_can(conn, "UIDL") && pop3_conn_can(conn, "TOP")
                 && !is_of_user(conn, "EXPIRE")
                 && !is_of_user(conn, "LOGIN-DELAY");

    return !conn->has_capa || known || capability(conn, error);
}

static bool
start(Pop3Conn *conn, GError **error)
{
    if (!greeting(conn, error) || !capability(conn, error)
        || !secure(conn, error) || !prefer(conn, error)
        || !pop3_auth(conn, error) || !capability_after_login(conn, error))
        return false;
    assume_optional(conn);
    return true;
}

Pop3Conn *
pop3_conn_start(NetStream *stream, const Pop3Params *params,
                GCancellable *cancel, Pop3Reason *reason, GError **error)
{
    g_autoptr(Pop3Conn) conn = g_new0(Pop3Conn, 1);
    bool ok;

    conn->params = *params;
    net_params_copy(&conn->params.net, &params->net);
    sasl_params_copy(&conn->params.sasl, &params->sasl);
    conn->params.lang = g_strdup(params->lang);
    conn->capabilities =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    conn->cancel = cancel ? g_object_ref(cancel) : NULL;
    conn->stream = stream;
    net_transcript(conn->stream, params->net.host);
    pop3_decoder_init(&conn->in, conn->stream, params->net.host);
    ok = start(conn, error);
    if (reason)
        *reason = conn->reason;
    return ok ? g_steal_pointer(&conn) : NULL;
}

Pop3Conn *
pop3_conn_open(const Pop3Params *params, GCancellable *cancel,
               Pop3Reason *reason, GError **error)
{
    NetStream *stream = net_dial(&params->net, cancel, error);

    if (reason)
        *reason = POP3_NO_REASON;
    return stream ? pop3_conn_start(stream, params, cancel, reason, error)
                  : NULL;
}

bool
pop3_quit(Pop3Conn *conn, GError **error)
{
    return pop3_conn_command(conn, error, "QUIT")
           && pop3_conn_status(conn, error);
}

void
pop3_conn_close(Pop3Conn *conn)
{
    if (conn == NULL)
        return;
    pop3_decoder_clear(&conn->in);
    net_stream_close(conn->stream);
    net_params_clear(&conn->params.net);
    sasl_params_clear(&conn->params.sasl);
    g_free(conn->params.lang);
    g_hash_table_unref(conn->capabilities);
    g_clear_object(&conn->cancel);
    g_free(conn->timestamp);
    g_free(conn->words);
    g_free(conn);
}
