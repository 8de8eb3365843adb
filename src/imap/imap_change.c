/* What changes messages on the server: flags, moves, expunging, appending.
 * Plain EXPUNGE is never sent: only UIDs that are meant go (promise P76). */
#include "imap_private.h"

#include "base/err.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LINE_BYTES = 8000,
    READ_BYTES = 64 * 1024
};

void
imap_copied_clear(ImapCopied *copied)
{
    g_clear_pointer(&copied->from, g_array_unref);
    g_clear_pointer(&copied->to, g_array_unref);
}

/* The text of a quoted string, from behind its first quote; *at behind its last
 * one. g_free(). */
static char *
unquote(const char **at)
{
    GString *text = g_string_new(NULL);

    while (**at && **at != '"') {
        if (**at == '\\' && (*at)[1])
            ++*at;
        g_string_append_c(text, *(*at)++);
    }
    if (**at)
        ++*at;
    return g_string_free(text, FALSE);
}

/* What stands between quotes goes as the connection wants strings. */
static void
send_criteria(ImapConn *conn, const char *criteria)
{
    while (*criteria) {
        gsize plain = strcspn(criteria, "\"");
        g_autofree char *text = NULL;

        imap_cmd_text(conn, "%.*s", (int)plain, criteria);
        criteria += plain;
        if (*criteria == '\0')
            break;
        criteria++;
        text = unquote(&criteria);
        imap_cmd_string(conn, text);
    }
}

/* CHARSET where strings are not ASCII, but for UTF8=ACCEPT, which forbids it
 * (RFC 6855, section 3). */
UidSet *
imap_search(ImapConn *conn, const char *criteria, GError **error)
{
    g_autoptr(UidSet) found = uidset_create();
    ImapAnswers answers = { .found = found };

    imap_cmd_answers(conn, &answers);
    imap_cmd_begin(conn, imap_conn_can(conn, "ESEARCH")
                             ? "UID SEARCH RETURN (ALL) "
                             : "UID SEARCH ");
    if (!conn->utf8 && !g_str_is_ascii(criteria))
        imap_cmd_text(conn, "CHARSET UTF-8 ");
    send_criteria(conn, criteria);
    if (!imap_cmd_finish(conn, error))
        return NULL;
    imap_cmd_answers(conn, NULL);
    return g_steal_pointer(&found);
}

static bool
store_set(ImapConn *conn, const char *set, const char *what, GError **error)
{
    imap_cmd_begin(conn, "UID STORE ");
    imap_cmd_text(conn, "%s %s", set, what);
    return imap_cmd_finish(conn, error);
}

/* Of what Gmail keeps as labels: a keyword of the same name may be there from
 * other programs, and goes too. */
static bool
store_labels(ImapConn *conn, const GPtrArray *sets, bool add,
             const ImapFlags *flags, GError **error)
{
    g_autofree char *picked = imap_keywords_pick(flags->keywords, true);
    ImapFlags words = { 0, picked };
    g_autoptr(GString) what =
        g_string_new(add ? "+X-GM-LABELS (" : "-X-GM-LABELS (");
    bool ok = true;

    if (!imap_flags_write(what, &words))
        return true;
    g_string_append_c(what, ')');
    for (guint i = 0; ok && i < sets->len; i++)
        ok = store_set(conn, sets->pdata[i], what->str, error);
    return ok;
}

bool
imap_store(ImapConn *conn, const UidSet *uids, bool add, const ImapFlags *flags,
           GError **error)
{
    g_autoptr(GPtrArray) sets = uidset_format_chunks(uids, LINE_BYTES);
    g_autoptr(GString) what =
        g_string_new(add ? "+FLAGS.SILENT (" : "-FLAGS.SILENT (");
    ImapAnswers answers = { .flags_expected = true };
    bool labels = imap_conn_can(conn, "X-GM-EXT-1");
    g_autofree char *others = imap_keywords_pick(flags->keywords, false);
    ImapFlags kept = { flags->system,
                       labels && add ? others : flags->keywords };
    bool any = imap_flags_write(what, &kept);
    bool ok = true;

    g_string_append_c(what, ')');
    imap_cmd_answers(conn, &answers);
    for (guint i = 0; any && ok && i < sets->len; i++)
        ok = store_set(conn, sets->pdata[i], what->str, error);
    ok = ok && (!labels || store_labels(conn, sets, add, flags, error));
    imap_cmd_answers(conn, NULL);
    return ok;
}

static bool
to_mailbox(ImapConn *conn, const char *command, const UidSet *uids,
           const char *mailbox, ImapCopied *copied, GError **error)
{
    g_autoptr(GPtrArray) sets = uidset_format_chunks(uids, LINE_BYTES);
    ImapAnswers answers = { .copied = copied };
    bool ok = true;

    if (copied) {
        copied->uidvalidity = 0;
        copied->from = g_array_new(FALSE, FALSE, sizeof(guint32));
        copied->to = g_array_new(FALSE, FALSE, sizeof(guint32));
    }
    imap_cmd_answers(conn, &answers);
    for (guint i = 0; ok && i < sets->len; i++) {
        imap_cmd_begin(conn, command);
        imap_cmd_text(conn, "%s ", (char *)sets->pdata[i]);
        imap_cmd_mailbox(conn, mailbox);
        ok = imap_cmd_finish(conn, error);
    }
    imap_cmd_answers(conn, NULL);
    return ok;
}

bool
imap_copy(ImapConn *conn, const UidSet *uids, const char *mailbox,
          ImapCopied *copied, GError **error)
{
    return to_mailbox(conn, "UID COPY ", uids, mailbox, copied, error);
}

bool
imap_move(ImapConn *conn, const UidSet *uids, const char *mailbox,
          ImapCopied *copied, GError **error)
{
    return to_mailbox(conn, "UID MOVE ", uids, mailbox, copied, error);
}

/* Both in one flight: what STORE could not mark, EXPUNGE passes over. */
static bool
expunge_set(ImapConn *conn, const char *set, bool marked, GError **error)
{
    g_autoptr(GError) trouble = NULL;
    guint tag;
    bool ok;

    imap_cmd_begin(conn, "UID STORE ");
    imap_cmd_text(conn, "%s +FLAGS.SILENT (\\Deleted)", set);
    tag = imap_cmd_end(conn);
    if (marked)
        return imap_cmd_wait(conn, tag, error);
    imap_cmd_begin(conn, "UID EXPUNGE ");
    imap_cmd_text(conn, "%s", set);
    imap_cmd_end(conn);
    ok = imap_cmd_wait(conn, tag, &trouble);
    if (ok || imap_decoder_ok(&conn->in))
        ok &= imap_cmd_wait(conn, tag + 1, ok ? &trouble : NULL);
    if (trouble)
        g_propagate_error(error, g_steal_pointer(&trouble));
    return ok;
}

bool
imap_expunge(ImapConn *conn, const UidSet *uids, bool *marked, GError **error)
{
    g_autoptr(GPtrArray) sets = uidset_format_chunks(uids, LINE_BYTES);
    ImapAnswers answers = { .flags_expected = true };
    bool ok = true;

    *marked = !imap_conn_can(conn, "UIDPLUS");
    imap_cmd_answers(conn, &answers);
    for (guint i = 0; ok && i < sets->len; i++)
        ok = expunge_set(conn, sets->pdata[i], *marked, error);
    imap_cmd_answers(conn, NULL);
    return ok;
}

/* Octets of the file with CRLF at the end of each line (RFC 9051, 6.3.12). */
static bool
wire_size(int fd, guint64 *size, GError **error)
{
    char buffer[READ_BYTES];
    char last = 0;
    gssize got;

    *size = 0;
    if (lseek(fd, 0, SEEK_SET) != 0)
        return err_set_errno(error, errno, "the message to upload");
    while ((got = read(fd, buffer, sizeof buffer)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set_errno(error, errno, "the message to upload");
        for (gssize i = 0; i < got; i++) {
            *size += buffer[i] == '\n' && last != '\r' ? 2 : 1;
            last = buffer[i];
        }
    }
    if (lseek(fd, 0, SEEK_SET) != 0)
        return err_set_errno(error, errno, "the message to upload");
    return true;
}

/* APPENDLIMIT (RFC 7889): not sent only to be refused. */
static bool
fits(const ImapConn *conn, guint64 size, GError **error)
{
    guint64 limit = imap_conn_append_limit(conn);
    g_autofree char *ours = g_format_size(size);
    g_autofree char *most = g_format_size(limit);

    return limit == 0 || size <= limit
           || err_set(error, ERR_REFUSED,
                      "%s takes messages of at most %s, and this one has %s",
                      conn->params.net.host, most, ours);
}

static bool
send_lines(ImapConn *conn, int fd)
{
    char buffer[READ_BYTES];
    char last = 0;
    gssize got;

    while (imap_decoder_ok(&conn->in)
           && (got = read(fd, buffer, sizeof buffer)) != 0) {
        g_autoptr(GString) out = NULL;

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set_errno(&conn->in.error, errno,
                                 "the message to upload");
        out = g_string_sized_new((gsize)got + 64);
        for (gssize i = 0; i < got; i++) {
            if (buffer[i] == '\n' && last != '\r')
                g_string_append_c(out, '\r');
            g_string_append_c(out, buffer[i]);
            last = buffer[i];
        }
        net_write(conn->stream, out->str, out->len, &conn->in.error);
    }
    return imap_decoder_ok(&conn->in);
}

/* date-time: "17-Jul-1996 02:44:25 +0000" */
static char *
wire_date(gint64 time)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(time);
    static const char months[][4] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun",
        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
    };

    if (date == NULL)
        return NULL;
    return g_strdup_printf(
        "%02d-%s-%04d %02d:%02d:%02d +0000", g_date_time_get_day_of_month(date),
        months[g_date_time_get_month(date) - 1], g_date_time_get_year(date),
        g_date_time_get_hour(date), g_date_time_get_minute(date),
        g_date_time_get_second(date));
}

static void
send_message(ImapConn *conn, const ImapUpload *upload, guint64 size)
{
    g_autofree char *date =
        upload->internaldate ? wire_date(upload->internaldate) : NULL;

    imap_cmd_text(conn, " ");
    imap_cmd_flags(conn, &upload->flags);
    if (date)
        imap_cmd_text(conn, " \"%s\"", date);
    imap_cmd_text(conn, " ");
    imap_cmd_literal(conn, size);
    send_lines(conn, upload->fd);
}

bool
imap_append(ImapConn *conn, const char *mailbox, ImapUpload *uploads, guint n,
            guint32 *uidvalidity, GError **error)
{
    g_autofree guint64 *sizes = g_new0(guint64, n);
    g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));
    ImapAnswers answers = { .appended = uids };
    bool ok;

    *uidvalidity = 0;
    for (guint i = 0; i < n; i++) {
        uploads[i].uid = 0;
        if (!wire_size(uploads[i].fd, &sizes[i], error)
            || !fits(conn, sizes[i], error))
            return false;
    }
    imap_cmd_answers(conn, &answers);
    imap_cmd_begin(conn, "APPEND ");
    imap_cmd_mailbox(conn, mailbox);
    for (guint i = 0; i < n; i++)
        send_message(conn, &uploads[i], sizes[i]);
    ok = imap_cmd_finish(conn, error);
    if (ok && uids->len == n) {
        *uidvalidity = conn->answers.append_uidvalidity;
        for (guint i = 0; i < n; i++)
            uploads[i].uid = g_array_index(uids, guint32, i);
    }
    imap_cmd_answers(conn, NULL);
    return ok;
}
