/* How full the mailbox is (RFC 9208). */
#include "imap_private.h"

/* quota-resource = atom SP number SP number; STORAGE in units of 1,024 octets
 * (section 5.1). The fullest of several roots counts. */
static void
read_resource(ImapConn *conn)
{
    ImapDecoder *in = &conn->in;
    ImapQuota *quota = conn->answers.quota;
    g_autofree char *name = imap_decoder_atom(in);
    guint64 used, limit;

    imap_decoder_expect(in, ' ');
    used = imap_decoder_number(in);
    imap_decoder_expect(in, ' ');
    limit = imap_decoder_number(in);
    if (!imap_decoder_ok(in) || quota == NULL || limit == 0
        || g_ascii_strcasecmp(name, "STORAGE") != 0
        || MAX(used, limit) > G_MAXUINT64 / 1024)
        return;
    if (quota->limit == 0
        || (gdouble)used / (gdouble)limit
               > (gdouble)quota->used / (gdouble)quota->limit)
        *quota = (ImapQuota){ used * 1024, limit * 1024 };
}

/* QUOTA root "(" [resource *(SP resource)] ")" */
void
imap_response_quota(ImapConn *conn)
{
    ImapDecoder *in = &conn->in;

    g_free(imap_decoder_string(in));
    imap_decoder_expect(in, ' ');
    imap_decoder_expect(in, '(');
    while (imap_decoder_ok(in) && !imap_decoder_try(in, ')')) {
        read_resource(conn);
        imap_decoder_try(in, ' ');
    }
}

bool
imap_quota(ImapConn *conn, const char *mailbox, ImapQuota *quota,
           GError **error)
{
    ImapAnswers answers = { .quota = quota };
    bool ok;

    *quota = (ImapQuota){ 0 };
    if (!imap_conn_can(conn, "QUOTA"))
        return true;
    imap_cmd_answers(conn, &answers);
    imap_cmd_begin(conn, "GETQUOTAROOT ");
    imap_cmd_mailbox(conn, mailbox);
    ok = imap_cmd_finish(conn, error);
    imap_cmd_answers(conn, NULL);
    return ok;
}
