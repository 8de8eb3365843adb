/* Mailboxes: which there are, opening one, making and removing. */
#include "imap_private.h"

#include "base/err.h"
#include "base/log.h"

#include <string.h>

void
imap_selected_clear(ImapSelected *selected)
{
    g_clear_pointer(&selected->permanent_flags, g_strfreev);
    g_clear_pointer(&selected->mailbox_id, g_free);
}

static void
mailbox_free(void *mailbox)
{
    imap_mailbox_free(mailbox);
}

/* LIST-EXTENDED asks for everything at once (RFC 5258, 5819, 6154). */
static void
send_list(ImapConn *conn, bool state)
{
    g_autoptr(GString) items = g_string_new("SUBSCRIBED");

    if (!imap_conn_can(conn, "LIST-EXTENDED")) {
        imap_cmd_begin_behind(conn, "LIST \"\" \"*\"");
        return;
    }
    if (imap_conn_can(conn, "SPECIAL-USE"))
        g_string_append(items, " SPECIAL-USE");
    if (state && imap_conn_can(conn, "LIST-STATUS"))
        g_string_append_printf(
            items, " STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN%s)",
            imap_setup_condstore(conn) ? " HIGHESTMODSEQ" : "");
    imap_cmd_begin_behind(conn, "LIST \"\" \"*\" RETURN ");
    imap_cmd_text(conn, "(%s)", items->str);
}

/* LSUB where LIST does not tell subscriptions. */
static bool
add_subscriptions(ImapConn *conn, GPtrArray *mailboxes, GError **error)
{
    g_autoptr(GPtrArray) subscribed =
        g_ptr_array_new_with_free_func(mailbox_free);
    ImapAnswers answers = { .mailboxes = subscribed, .is_lsub = true };

    imap_cmd_answers(conn, &answers);
    imap_cmd_begin_behind(conn, "LSUB \"\" \"*\"");
    if (!imap_cmd_finish(conn, error))
        return false;
    for (guint i = 0; i < subscribed->len; i++)
        for (guint j = 0; j < mailboxes->len; j++) {
            ImapMailbox *mailbox = mailboxes->pdata[j];
            const ImapMailbox *named = subscribed->pdata[i];

            if (strcmp(mailbox->name, named->name) == 0)
                mailbox->subscribed = true;
        }
    return true;
}

/* Never CLOSE, which expunges (P76). The tag to wait for. Where there is no
 * UNSELECT (RFC 3691) a mailbox that does not change by being looked at takes
 * its place. */
static guint
send_unselect(ImapConn *conn)
{
    g_clear_pointer(&conn->selected, g_free);
    imap_cmd_begin(conn, imap_conn_can(conn, "UNSELECT") ? "UNSELECT"
                                                         : "EXAMINE INBOX");
    return imap_cmd_end(conn);
}

/* The state of a mailbox that is selected is told as this session knows it (RFC
 * 9051, section 6.3.11; seen with Dovecot 2.3: new mail is missing in it). So
 * it is left, in the same flight; or, where it cannot be, hears of its news
 * before. */
static bool
look_up(ImapConn *conn, guint *unselect, GError **error)
{
    *unselect = 0;
    if (conn->selected == NULL || !imap_conn_can(conn, "LIST-STATUS"))
        return true;
    if (!imap_conn_can(conn, "UNSELECT"))
        return imap_noop(conn, error);
    *unselect = send_unselect(conn);
    return true;
}

/* What could not be left is told as this session knows it, which is as good as
 * nothing. */
static void
doubt(const GPtrArray *mailboxes, const char *name)
{
    for (guint i = 0; i < mailboxes->len; i++) {
        ImapMailbox *mailbox = mailboxes->pdata[i];

        if (strcmp(mailbox->name, name) == 0)
            mailbox->have_status = false;
    }
}

/* With QRESYNC where it is on, or about to be. The tag to wait for. */
static guint
send_select(ImapConn *conn, const char *mailbox, const ImapResync *resync)
{
    g_clear_pointer(&conn->selected, g_free);
    imap_cmd_begin_behind(conn, "SELECT ");
    imap_cmd_mailbox(conn, mailbox);
    if (resync->modseq > 0 && imap_setup_qresync(conn))
        imap_cmd_text(conn, " (QRESYNC (%u %" G_GUINT64_FORMAT "))",
                      resync->uidvalidity, resync->modseq);
    else if (imap_setup_condstore(conn) && !imap_setup_qresync(conn))
        imap_cmd_text(conn, " (CONDSTORE)");
    return imap_cmd_end(conn);
}

/* Of a mailbox that is READ-ONLY and does not say which flags it keeps all the
 * same (those of each user, as a shared \Seen is), it is none. */
static char **
permanent_of(const ImapSelected *selected)
{
    if (selected->permanent_flags == NULL && selected->read_only)
        return g_new0(char *, 1);
    return g_strdupv(selected->permanent_flags);
}

/* A SELECT was answered. */
static void
note_selected(ImapConn *conn, const char *mailbox, const ImapSelected *selected)
{
    const char *const *permanent;

    conn->selected = g_strdup(mailbox);
    g_strfreev(conn->permanent_flags);
    conn->permanent_flags = permanent_of(selected);
    permanent = (const char *const *)conn->permanent_flags;
    conn->opened =
        (ImapOpened){ selected->uidvalidity, imap_flags_local(permanent),
                      selected->keywords_allowed, permanent };
    g_ptr_array_unref(imap_take_news(conn));
}

/* What goes in front of a LIST, in its flight: a SELECT that is wished for, or
 * what look_up() says. *tag: to wait for; 0: nothing. */
static bool
send_first(ImapConn *conn, bool state, ImapAnswers *answers, guint *tag,
           GError **error)
{
    *tag = 0;
    if (conn->ahead.mailbox == NULL)
        return !state || look_up(conn, tag, error);
    imap_ahead_listen(conn, answers);
    *tag = send_select(conn, conn->ahead.mailbox, &conn->ahead.resync);
    return true;
}

/* It told more of this one than LIST-STATUS, where some servers leave it out.
 * Without LIST-STATUS nothing is told of any: callers go by that. */
static void
tell_state(const ImapAhead *ahead, const GPtrArray *mailboxes)
{
    const ImapSelected *selected = &ahead->selected;

    for (guint i = 0; selected->uidnext && i < mailboxes->len; i++) {
        ImapMailbox *mailbox = mailboxes->pdata[i];

        if (strcmp(mailbox->name, ahead->mailbox) != 0)
            continue;
        mailbox->have_status = true;
        mailbox->messages = selected->exists;
        mailbox->uidnext = selected->uidnext;
        mailbox->uidvalidity = selected->uidvalidity;
        mailbox->modseq = selected->modseq;
    }
}

/* Shows messages of others once more, and is a place for none. */
static bool
is_view(const ImapMailbox *mailbox)
{
    static const char *const views[] = { "\\All", "\\Flagged", "\\Important",
                                         NULL };

    return mailbox->special_use
           && g_strv_contains(views, mailbox->special_use);
}

/* No other mailbox is for that. */
static bool
tell_use(const GPtrArray *mailboxes, const char *use, const char *name)
{
    bool there = false;

    for (guint i = 0; !there && i < mailboxes->len; i++) {
        const ImapMailbox *mailbox = mailboxes->pdata[i];

        there = strcmp(mailbox->name, name) == 0 && !is_view(mailbox);
    }
    for (guint i = 0; there && i < mailboxes->len; i++) {
        ImapMailbox *mailbox = mailboxes->pdata[i];
        bool is = strcmp(mailbox->name, name) == 0;

        if (!is && g_strcmp0(mailbox->special_use, use) != 0)
            continue;
        g_free(mailbox->special_use);
        mailbox->special_use = is ? g_strdup(use) : NULL;
    }
    return there;
}

/* What the user says, as if the server said it. */
static void
tell_uses(ImapConn *conn, const GPtrArray *mailboxes)
{
    for (char **use = conn->params.uses; use && *use; use += 2)
        if (!tell_use(mailboxes, use[0], use[1]) && !conn->uses_told)
            log_add(LOG_WARN, conn->params.net.host,
                    "%s is no mailbox that could be %s", use[1], use[0]);
    conn->uses_told = true;
}

/* Waits for it. False without *error: it was refused. */
static bool
take_first(ImapConn *conn, guint tag, GError **error)
{
    ImapAhead *ahead = &conn->ahead;
    g_autoptr(GError) refused = NULL;
    bool ok = tag == 0 || imap_cmd_wait(conn, tag, &refused);

    if (!ok && !err_is(refused, ERR_REFUSED)) {
        imap_ahead_clear(conn);
        g_propagate_error(error, g_steal_pointer(&refused));
        return false;
    }
    if (ahead->mailbox) {
        if (ok)
            note_selected(conn, ahead->mailbox, &ahead->selected);
        imap_ahead_told(conn, ok);
    }
    return ok;
}

/* Both are answered before anything else is sent, also when the first is
 * refused. */
static bool
list_all(ImapConn *conn, bool state, GPtrArray *mailboxes, GError **error)
{
    ImapAnswers answers = { .mailboxes = mailboxes };
    g_autofree char *left = g_strdup(conn->selected);
    g_autoptr(GError) trouble = NULL;
    guint first, tag;
    bool refused;

    imap_ahead_drop(conn);
    if ((imap_setup_renames(conn) && !imap_settle(conn, error))
        || !send_first(conn, state, &answers, &first, error))
        return false;
    imap_cmd_answers(conn, &answers);
    send_list(conn, state);
    tag = imap_cmd_end(conn);
    refused = !take_first(conn, first, &trouble);
    if (trouble) {
        g_propagate_error(error, g_steal_pointer(&trouble));
        return false;
    }
    if (!imap_cmd_wait(conn, tag, error) || !imap_settle(conn, error))
        return false;
    if (refused && left)
        doubt(mailboxes, left);
    if (!imap_conn_can(conn, "LIST-EXTENDED")
        && !add_subscriptions(conn, mailboxes, error))
        return false;
    if (state && conn->ahead.told && imap_conn_can(conn, "LIST-STATUS"))
        tell_state(&conn->ahead, mailboxes);
    tell_uses(conn, mailboxes);
    return true;
}

GPtrArray *
imap_list(ImapConn *conn, bool state, GError **error)
{
    g_autoptr(GPtrArray) mailboxes =
        g_ptr_array_new_with_free_func(mailbox_free);
    bool ok = list_all(conn, state, mailboxes, error);

    imap_cmd_answers(conn, NULL);
    return ok ? g_steal_pointer(&mailboxes) : NULL;
}

bool
imap_status(ImapConn *conn, const char *mailbox, ImapMailbox *status,
            GError **error)
{
    ImapAnswers answers = { .status = status };

    imap_cmd_answers(conn, &answers);
    imap_cmd_begin(conn, "STATUS ");
    imap_cmd_mailbox(conn, mailbox);
    imap_cmd_text(conn, " (MESSAGES UIDNEXT UIDVALIDITY UNSEEN%s)",
                  conn->condstore ? " HIGHESTMODSEQ" : "");
    return imap_cmd_finish(conn, error);
}

bool
imap_select(ImapConn *conn, const char *mailbox, const ImapResync *resync,
            const ImapSink *sink, ImapSelected *selected, GError **error)
{
    const ImapResync none = { 0 };
    ImapAnswers answers = { .sink = sink, .selected = selected };
    const ImapResync *from = resync ? resync : &none;
    bool taken;
    guint tag;

    memset(selected, 0, sizeof *selected);
    if (!imap_ahead_take(conn, mailbox, from, sink, selected, &taken, error))
        return false;
    if (!taken) {
        imap_cmd_answers(conn, &answers);
        imap_cmd_settle(conn);
        tag = send_select(conn, mailbox, from);
        if (!imap_cmd_wait(conn, tag, error))
            return false;
        note_selected(conn, mailbox, selected);
    }
    selected->resynced = from->modseq > 0 && conn->qresync
                         && selected->uidvalidity == from->uidvalidity
                         && selected->modseq > 0;
    return true;
}

bool
imap_conn_opened(ImapConn *conn, const char *mailbox, ImapOpened *opened)
{
    *opened = conn->opened;
    return conn->opened.uidvalidity != 0
           && g_strcmp0(conn->selected, mailbox) == 0;
}

static bool
on_mailbox(ImapConn *conn, const char *command, const char *mailbox,
           GError **error)
{
    imap_cmd_answers(conn, NULL);
    imap_cmd_begin(conn, command);
    imap_cmd_mailbox(conn, mailbox);
    return imap_cmd_finish(conn, error);
}

/* CREATE-SPECIAL-USE (RFC 6154, section 3): what it is for is said with it. */
bool
imap_create(ImapConn *conn, const char *mailbox, const char *special_use,
            GError **error)
{
    imap_cmd_answers(conn, NULL);
    imap_cmd_begin(conn, "CREATE ");
    imap_cmd_mailbox(conn, mailbox);
    if (special_use && imap_conn_can(conn, "CREATE-SPECIAL-USE"))
        imap_cmd_text(conn, " (USE (%s))", special_use);
    return imap_cmd_finish(conn, error);
}

/* What is below a mailbox is renamed with it. */
static bool
leave(ImapConn *conn, const char *mailbox, GError **error)
{
    if (conn->selected == NULL || !g_str_has_prefix(conn->selected, mailbox))
        return true;
    imap_cmd_answers(conn, NULL);
    return imap_cmd_wait(conn, send_unselect(conn), error);
}

bool
imap_delete(ImapConn *conn, const char *mailbox, GError **error)
{
    return leave(conn, mailbox, error)
           && on_mailbox(conn, "DELETE ", mailbox, error);
}

bool
imap_subscribe(ImapConn *conn, const char *mailbox, bool on, GError **error)
{
    return on_mailbox(conn, on ? "SUBSCRIBE " : "UNSUBSCRIBE ", mailbox, error);
}

bool
imap_rename(ImapConn *conn, const char *from, const char *to, GError **error)
{
    if (!leave(conn, from, error))
        return false;
    imap_cmd_answers(conn, NULL);
    imap_cmd_begin(conn, "RENAME ");
    imap_cmd_mailbox(conn, from);
    imap_cmd_text(conn, " ");
    imap_cmd_mailbox(conn, to);
    return imap_cmd_finish(conn, error);
}
