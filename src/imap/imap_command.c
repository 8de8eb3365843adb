/* Sending commands and waiting for their answers. Whatever a caller wants said
 * goes through here, so no CR, LF or NUL of his reaches the line. */
#include "imap_private.h"

#include "base/err.h"

#include <string.h>

enum {
    NONSYNC_SMALL = 4096
}; /* LITERAL- (RFC 7888) */

#define SAID_NO " said NO " /* in front of the server's words */

static void
put(ImapConn *conn, const char *bytes, gsize size)
{
    conn->unsent = true;
    if (imap_decoder_ok(&conn->in))
        net_write(conn->stream, bytes, size, &conn->in.error);
}

void
imap_cmd_answers(ImapConn *conn, const ImapAnswers *answers)
{
    conn->answers = answers ? *answers : (ImapAnswers){ 0 };
}

void
imap_cmd_settle(ImapConn *conn)
{
    if (imap_decoder_ok(&conn->in))
        imap_settle(conn, NULL);
    imap_ahead_drop(conn);
}

void
imap_cmd_begin(ImapConn *conn, const char *text)
{
    imap_cmd_settle(conn);
    imap_cmd_begin_behind(conn, text);
}

void
imap_cmd_begin_behind(ImapConn *conn, const char *text)
{
    g_autofree char *line = g_strdup_printf("a%u %s", ++conn->tag, text);

    put(conn, line, strlen(line));
}

void
imap_cmd_text(ImapConn *conn, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    put(conn, text, strlen(text));
}

/* May it stand between quotes? */
static bool
is_quotable(const char *text, bool utf8)
{
    if (strlen(text) > 1000)
        return false;
    for (const char *at = text; *at; at++)
        if ((guchar)*at < 0x20 || *at == 0x7f || (!utf8 && (guchar)*at > 0x7f))
            return false;
    return g_utf8_validate(text, -1, NULL);
}

bool
imap_cmd_is_quoted(const char *mailbox)
{
    g_autofree char *name = imap_utf7_encode(mailbox);

    return is_quotable(mailbox, true) && is_quotable(name, false);
}

void
imap_cmd_string(ImapConn *conn, const char *text)
{
    g_autoptr(GString) quoted = NULL;

    if (!is_quotable(text, conn->utf8)) {
        imap_cmd_literal(conn, strlen(text));
        put(conn, text, strlen(text));
        return;
    }
    quoted = g_string_new("\"");
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            g_string_append_c(quoted, '\\');
        g_string_append_c(quoted, *text);
    }
    g_string_append_c(quoted, '"');
    put(conn, quoted->str, quoted->len);
}

void
imap_cmd_mailbox(ImapConn *conn, const char *mailbox)
{
    g_autofree char *name =
        conn->utf8 ? g_strdup(mailbox) : imap_utf7_encode(mailbox);

    imap_cmd_string(conn, name);
}

void
imap_cmd_flags(ImapConn *conn, const ImapFlags *flags)
{
    g_autoptr(GString) text = g_string_new("(");

    imap_flags_write(text, flags);
    g_string_append_c(text, ')');
    put(conn, text->str, text->len);
}

static bool
is_nonsync(const ImapConn *conn, guint64 size)
{
    return imap_conn_can(conn, "LITERAL+")
           || (size <= NONSYNC_SMALL && imap_conn_can(conn, "LITERAL-"));
}

void
imap_cmd_literal(ImapConn *conn, guint64 size)
{
    GError *error = NULL;

    if (is_nonsync(conn, size)) {
        imap_cmd_text(conn, "{%" G_GUINT64_FORMAT "+}\r\n", size);
        return;
    }
    imap_cmd_text(conn, "{%" G_GUINT64_FORMAT "}\r\n", size);
    if (!imap_decoder_ok(&conn->in))
        return;
    if (imap_cmd_continue(conn, conn->tag, &error))
        return;
    if (imap_decoder_ok(&conn->in)) {
        conn->literal_refused = err_is(error, ERR_REFUSED);
        conn->in.error = g_steal_pointer(&error);
    }
    g_clear_error(&error);
}

guint
imap_cmd_end(ImapConn *conn)
{
    put(conn, "\r\n", 2);
    return conn->tag;
}

void
imap_cmd_send(ImapConn *conn)
{
    if (!conn->unsent)
        return;
    conn->unsent = false;
    conn->sent = conn->clock->now();
    if (imap_decoder_ok(&conn->in))
        net_flush(conn->stream, &conn->in.error);
}

/* The failure that stuck, for the caller. */
static bool
stuck(ImapConn *conn, GError **error)
{
    if (conn->in.error == NULL)
        return false;
    if (conn->literal_refused) {
        conn->literal_refused = false;
        g_propagate_error(error, g_steal_pointer(&conn->in.error));
        return true;
    }
    if (conn->bye && conn->in.error->code == (int)ERR_RETRY) {
        err_set(error, ERR_RETRY, "%s ended the connection: %s",
                conn->params.net.host, conn->bye_text);
        return true;
    }
    g_propagate_error(error, g_error_copy(conn->in.error));
    return true;
}

/* The words of a NO or BAD, safe. */
static bool
refused(ImapConn *conn, const char *kind, GError **error)
{
    const char *rest = imap_decoder_rest(&conn->in);
    g_autofree char *text = imap_response_words(rest, strlen(rest));

    if (conn->referral)
        return err_set(error, ERR_REFUSED,
                       "%s sends us to another server (%s), which is not "
                       "followed by itself: write it into incoming if you "
                       "know it",
                       conn->params.net.host, conn->referral);
    return err_set(error, ERR_REFUSED, "%s%s%s", conn->params.net.host, kind,
                   g_strstrip(text));
}

static bool
has_code(const GError *refusal, const char *const *codes)
{
    const char *code =
        err_is(refusal, ERR_REFUSED) ? strstr(refusal->message, SAID_NO "[")
                                     : NULL;
    g_autofree char *word = NULL;

    if (code == NULL)
        return false;
    code += strlen(SAID_NO "[");
    word = g_ascii_strup(code, (gssize)strcspn(code, "] "));
    return g_strv_contains(codes, word);
}

bool
imap_is_busy(const GError *refusal)
{
    static const char *const codes[] = { "UNAVAILABLE", "INUSE", "LIMIT",
                                         NULL };

    return has_code(refusal, codes);
}

bool
imap_is_temporary(const GError *refusal)
{
    static const char *const codes[] = { "SERVERBUG", "EXPUNGEISSUED", NULL };

    return imap_is_busy(refusal) || has_code(refusal, codes);
}

/* Dovecot 2.3.19 says it in these words alone. */
bool
imap_is_nonexistent(const GError *refusal)
{
    static const char *const codes[] = { "NONEXISTENT", NULL };

    return has_code(refusal, codes)
           || (err_is(refusal, ERR_REFUSED)
               && strstr(refusal->message, SAID_NO "Mailbox doesn't exist: "));
}

/* "OK …", "NO …" or "BAD …" behind a tag. */
static bool
read_result(ImapConn *conn, GError **error)
{
    ImapDecoder *in = &conn->in;
    bool ok = imap_decoder_try_word(in, "OK");
    bool no = !ok && imap_decoder_try_word(in, "NO");
    gsize at;

    if (!ok && !no && !imap_decoder_try_word(in, "BAD"))
        imap_decoder_fail(in, "a tagged answer is neither OK, NO nor BAD");
    imap_decoder_try(in, ' ');
    g_clear_pointer(&conn->referral, g_free);
    at = in->at;
    if (imap_decoder_peek(in) == '[')
        imap_response_code(conn);
    if (stuck(conn, error))
        return false;
    if (ok)
        return true;
    in->at = at;
    return refused(conn, no ? SAID_NO : " said BAD ", error);
}

/* Reads one response. Returns 1 for a tagged one (its tag is taken), 2 for a
 * "+" line, 0 for an untagged one, -1 when the connection failed. */
static int
read_response(ImapConn *conn, guint *tag)
{
    ImapDecoder *in = &conn->in;
    int kind = 0;

    if (!imap_decoder_next(in))
        return -1;
    if (imap_decoder_try(in, '*')) {
        imap_decoder_expect(in, ' ');
        imap_response(conn);
    } else if (imap_decoder_try(in, '+')) {
        imap_decoder_try(in, ' ');
        g_free(conn->challenge);
        conn->challenge = g_strdup(imap_decoder_rest(in));
        kind = 2;
    } else if (imap_decoder_try(in, 'a')) {
        *tag = imap_decoder_number32(in);
        imap_decoder_expect(in, ' ');
        kind = 1;
    } else {
        imap_decoder_fail(in, "a line that is no response");
    }
    return imap_decoder_ok(in) ? kind : -1;
}

/* An answer that nobody waits for in particular. What is refused there is done
 * without; another failure sticks. */
static bool
take_owed(ImapConn *conn, guint told)
{
    for (gsize i = 0; i < G_N_ELEMENTS(conn->owed); i++)
        if (told != 0 && conn->owed[i] == told) {
            conn->owed[i] = 0;
            read_result(conn, NULL);
            return true;
        }
    return false;
}

/* Commands that do not bear on each other may be answered in another order
 * (RFC 9051, section 5.5): one that came too early is kept. */
static void
keep_early(ImapConn *conn, guint told, guint awaited)
{
    if (told <= awaited || told > conn->tag || conn->early != 0) {
        imap_decoder_fail(&conn->in, "an answer to no command");
        return;
    }
    conn->early = told;
    read_result(conn, &conn->early_error);
}

static bool
take_early(ImapConn *conn, GError **error)
{
    conn->early = 0;
    if (conn->early_error == NULL)
        return true;
    g_propagate_error(error, g_steal_pointer(&conn->early_error));
    return false;
}

bool
imap_cmd_wait(ImapConn *conn, guint tag, GError **error)
{
    imap_cmd_send(conn);
    if (conn->early == tag)
        return take_early(conn, error);
    for (;;) {
        guint told = 0;
        int kind = imap_decoder_ok(&conn->in) ? read_response(conn, &told) : -1;

        if (kind < 0)
            return stuck(conn, error) && false;
        if (kind == 1 && told == tag) {
            if (tag == conn->tag) /* others were sent before the last */
                conn->round_trip = MIN(conn->round_trip,
                                       conn->clock->now() - conn->sent);
            return read_result(conn, error);
        }
        if (kind == 1 && !take_owed(conn, told))
            keep_early(conn, told, tag);
        if (kind == 2)
            imap_decoder_fail(&conn->in, "a + that nobody waits for");
    }
}

bool
imap_cmd_read_unasked(ImapConn *conn, GError **error)
{
    guint tag;
    int kind = imap_decoder_ok(&conn->in) ? read_response(conn, &tag) : -1;

    if (kind > 0)
        imap_decoder_fail(&conn->in, "an answer to no command");
    return kind == 0 || (stuck(conn, error) && false);
}

bool
imap_cmd_challenge(ImapConn *conn, guint tag, GError **error)
{
    imap_cmd_send(conn);
    for (;;) {
        guint told = 0;
        int kind = imap_decoder_ok(&conn->in) ? read_response(conn, &told) : -1;

        if (kind < 0) {
            stuck(conn, error);
            return false;
        }
        if (kind == 2)
            return true;
        if (kind == 1 && told == tag) {
            read_result(conn, error);
            return false;
        }
        if (kind == 1)
            imap_decoder_fail(&conn->in, "an answer to no command");
    }
}

bool
imap_cmd_continue(ImapConn *conn, guint tag, GError **error)
{
    g_autoptr(GError) trouble = NULL;
    bool more = imap_cmd_challenge(conn, tag, &trouble);

    if (more)
        return true;
    if (trouble)
        g_propagate_error(error, g_steal_pointer(&trouble));
    else
        err_set(error, ERR_PROTOCOL, "%s said OK too early",
                conn->params.net.host);
    return false;
}

bool
imap_cmd_finish(ImapConn *conn, GError **error)
{
    guint tag = imap_cmd_end(conn);

    return imap_cmd_wait(conn, tag, error);
}

bool
imap_cmd_run(ImapConn *conn, GError **error, const char *text)
{
    imap_cmd_answers(conn, NULL);
    imap_cmd_begin(conn, text);
    return imap_cmd_finish(conn, error);
}
