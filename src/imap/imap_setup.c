/* What a server can do, and what is agreed with it once it knows us: who we
 * are (ID, RFC 2971), what it may use (ENABLE, RFC 5161), where our mailboxes
 * lie (NAMESPACE, RFC 2342). Sent with the first command that follows, and
 * answered before it, but for a LIST, which is of the same flight. A server
 * that refuses one of them is used without it. */
#include "imap_private.h"

#include "base/err.h"

#include <string.h>

/* Part of IMAP4rev2 without being named (RFC 9051, appendix E). */
static const char *const in_rev2[] = {
    "BINARY",      "ENABLE",   "ESEARCH", "IDLE",      "LIST-EXTENDED",
    "LIST-STATUS", "LITERAL-", "MOVE",    "NAMESPACE", "SASL-IR",
    "UIDPLUS",     "UNSELECT", NULL,
};

static bool
has(const ImapConn *conn, const char *capability)
{
    return g_hash_table_contains(conn->capabilities, capability);
}

/* A server that speaks both does as rev1 says until it is enabled. */
static bool
is_rev2(const ImapConn *conn)
{
    return conn->rev2 || (has(conn, "IMAP4REV2") && !has(conn, "IMAP4REV1"));
}

bool
imap_conn_can(const ImapConn *conn, const char *capability)
{
    g_autofree char *upper = g_ascii_strup(capability, -1);

    return has(conn, upper)
           || (is_rev2(conn) && g_strv_contains(in_rev2, upper));
}

guint64
imap_conn_append_limit(const ImapConn *conn)
{
    static const char name[] = "APPENDLIMIT=";
    GHashTableIter iter;
    void *key;
    guint64 limit;

    g_hash_table_iter_init(&iter, conn->capabilities);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        if (g_str_has_prefix(key, name)
            && g_ascii_string_to_unsigned((char *)key + strlen(name), 10, 1,
                                          G_MAXINT64, &limit, NULL))
            return limit;
    return 0;
}

const char *
imap_conn_prefix(const ImapConn *conn, char *delimiter)
{
    *delimiter = conn->delimiter;
    return conn->prefix;
}

/* ENABLED *(SP capability): only what stands here is on. */
void
imap_response_enabled(ImapConn *conn)
{
    ImapDecoder *in = &conn->in;

    while (imap_decoder_ok(in) && !imap_decoder_at_end(in)) {
        g_autofree char *word = imap_decoder_atom(in);

        if (g_ascii_strcasecmp(word, "QRESYNC") == 0)
            conn->qresync = conn->condstore = true;
        else if (g_ascii_strcasecmp(word, "CONDSTORE") == 0)
            conn->condstore = true;
        else if (g_ascii_strcasecmp(word, "IMAP4rev2") == 0)
            conn->rev2 = conn->utf8 = true;
        else if (g_ascii_strcasecmp(word, "UTF8=ACCEPT") == 0)
            conn->utf8 = true;
        imap_decoder_try(in, ' ');
    }
}

/* namespace = nil / "(" 1*("(" string SP (DQUOTE char DQUOTE / nil) … ")") ")".
 * The first of the personal ones is where new mailboxes go. */
void
imap_response_namespace(ImapConn *conn)
{
    ImapDecoder *in = &conn->in;
    g_autofree char *prefix = NULL;
    g_autofree char *delimiter = NULL;

    if (imap_decoder_try(in, '(')) {
        imap_decoder_expect(in, '(');
        prefix = imap_response_mailbox(conn);
        imap_decoder_expect(in, ' ');
        delimiter = imap_decoder_string(in);
        while (imap_decoder_ok(in) && !imap_decoder_try(in, ')'))
            if (!imap_decoder_try(in, ' '))
                imap_decoder_skip(in);
        while (imap_decoder_ok(in) && !imap_decoder_try(in, ')'))
            imap_decoder_skip(in);
    }
    while (imap_decoder_ok(in) && !imap_decoder_at_end(in))
        if (!imap_decoder_try(in, ' '))
            imap_decoder_skip(in);
    if (!imap_decoder_ok(in) || prefix == NULL)
        return;
    g_free(conn->prefix);
    conn->prefix = g_steal_pointer(&prefix);
    conn->delimiter = delimiter ? delimiter[0] : 0;
}

static guint
send_id(ImapConn *conn)
{
    imap_cmd_begin_behind(conn, "ID (\"name\" \"posthorn\" \"version\" ");
    imap_cmd_string(conn, conn->params.version);
    imap_cmd_text(conn, ")");
    return imap_cmd_end(conn);
}

/* What is to be enabled; 0: nothing. */
static guint
send_enable(ImapConn *conn)
{
    g_autoptr(GString) words = g_string_new(NULL);

    if (has(conn, "IMAP4REV2") && has(conn, "IMAP4REV1"))
        g_string_append(words, " IMAP4rev2");
    if (has(conn, "UTF8=ACCEPT") || has(conn, "UTF8=ONLY"))
        g_string_append(words, " UTF8=ACCEPT");
    if (has(conn, "QRESYNC"))
        g_string_append(words, " QRESYNC");
    else if (has(conn, "CONDSTORE"))
        g_string_append(words, " CONDSTORE");
    if (words->len == 0)
        return 0;
    imap_cmd_begin_behind(conn, "ENABLE");
    imap_cmd_text(conn, "%s", words->str);
    return imap_cmd_end(conn);
}

static guint
send_namespace(ImapConn *conn)
{
    imap_cmd_begin_behind(conn, "NAMESPACE");
    return imap_cmd_end(conn);
}

void
imap_setup(ImapConn *conn)
{
    /* Without ENABLE it is on by its first use (RFC 7162, section 3.1). */
    conn->condstore = has(conn, "CONDSTORE") && !imap_conn_can(conn, "ENABLE");
    if (is_rev2(conn))
        conn->utf8 = true;
    imap_cmd_answers(conn, NULL);
    if (conn->params.version && has(conn, "ID"))
        conn->owed[0] = send_id(conn);
    if (imap_conn_can(conn, "ENABLE"))
        conn->owed[1] = send_enable(conn);
    if (imap_conn_can(conn, "NAMESPACE"))
        conn->owed[2] = send_namespace(conn);
}

bool
imap_settle(ImapConn *conn, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(conn->owed); i++) {
        guint tag = conn->owed[i];
        g_autoptr(GError) trouble = NULL;

        conn->owed[i] = 0;
        if (tag == 0 || imap_cmd_wait(conn, tag, &trouble)
            || err_is(trouble, ERR_REFUSED))
            continue;
        g_propagate_error(error, g_steal_pointer(&trouble));
        return false;
    }
    return true;
}

bool
imap_setup_renames(const ImapConn *conn)
{
    return conn->owed[1] != 0
           && (has(conn, "IMAP4REV2") || has(conn, "UTF8=ACCEPT")
               || has(conn, "UTF8=ONLY"));
}

bool
imap_setup_qresync(const ImapConn *conn)
{
    return conn->qresync || (conn->owed[1] != 0 && has(conn, "QRESYNC"));
}

bool
imap_setup_condstore(const ImapConn *conn)
{
    return conn->condstore
           || (conn->owed[1] != 0
               && (has(conn, "CONDSTORE") || has(conn, "QRESYNC")));
}
