/* A SELECT in front of a LIST, in one flight with it: what it tells of the
 * mailbox is kept until someone asks for it, which is behind the list. It is
 * good for as long as no other command is sent. */
#include "imap_private.h"

#include <string.h>

enum {
    AHEAD_MOST = 20000,          /* messages, and ranges of those that went */
    AHEAD_WORDS_BYTES = 2 << 20, /* of their keywords */
};

void
imap_ahead_clear(ImapConn *conn)
{
    ImapAhead *ahead = &conn->ahead;

    g_free(ahead->mailbox);
    imap_selected_clear(&ahead->selected);
    g_clear_pointer(&ahead->messages, g_array_unref);
    g_clear_pointer(&ahead->words, g_string_chunk_free);
    if (ahead->vanished)
        uidset_destroy(ahead->vanished);
    *ahead = (ImapAhead){ 0 };
}

void
imap_ahead_drop(ImapConn *conn)
{
    if (conn->ahead.told)
        imap_ahead_clear(conn);
}

void
imap_select_ahead(ImapConn *conn, const char *mailbox, const ImapResync *resync)
{
    imap_ahead_clear(conn);
    /* A literal would wait for a "+" among answers to other commands. */
    if (!imap_cmd_is_quoted(mailbox))
        return;
    conn->ahead.mailbox = g_strdup(mailbox);
    if (resync)
        conn->ahead.resync = *resync;
}

static bool
keep_message(void *user, const ImapMessage *message, GError **error)
{
    ImapAhead *ahead = user;
    const char *keywords = message->flags.keywords;
    ImapMessage kept = { .seq = message->seq,
                         .uid = message->uid,
                         .modseq = message->modseq,
                         .has_flags = message->has_flags,
                         .flags = message->flags };

    ahead->words_bytes += keywords ? strlen(keywords) : 0;
    if (ahead->messages->len >= AHEAD_MOST
        || ahead->words_bytes > AHEAD_WORDS_BYTES)
        ahead->lost = true;
    if (ahead->lost)
        return true;
    if (keywords)
        kept.flags.keywords =
            g_string_chunk_insert_const(ahead->words, keywords);
    g_array_append_val(ahead->messages, kept);
    return true;
}

static bool
keep_vanished(void *user, const UidSet *uids, GError **error)
{
    ImapAhead *ahead = user;

    if (uidset_n_ranges(uids) + uidset_n_ranges(ahead->vanished) > AHEAD_MOST)
        ahead->lost = true;
    else
        uidset_add_all(ahead->vanished, uids);
    return true;
}

static void
forget_kept(void *user)
{
    ImapAhead *ahead = user;

    g_array_set_size(ahead->messages, 0);
    uidset_destroy(ahead->vanished);
    ahead->vanished = uidset_create();
}

void
imap_ahead_listen(ImapConn *conn, ImapAnswers *answers)
{
    ImapAhead *ahead = &conn->ahead;

    ahead->messages = g_array_new(FALSE, FALSE, sizeof(ImapMessage));
    ahead->words = g_string_chunk_new(256);
    ahead->vanished = uidset_create();
    ahead->sink = (ImapSink){ .user = ahead,
                              .message = keep_message,
                              .vanished = keep_vanished,
                              .closed = forget_kept };
    answers->sink = &ahead->sink;
    answers->selected = &ahead->selected;
}

/* What comes from here on is not of the answer. */
void
imap_ahead_told(ImapConn *conn, bool ok)
{
    conn->answers.sink = NULL;
    conn->answers.selected = NULL;
    conn->ahead.told = true;
    if (!ok || conn->ahead.lost)
        imap_ahead_clear(conn);
}

/* In the order of RFC 7162, section 3.2.5.1. */
static bool
tell(const ImapAhead *ahead, const ImapSink *sink, GError **error)
{
    if (sink->vanished && uidset_n_ranges(ahead->vanished) > 0
        && !sink->vanished(sink->user, ahead->vanished, error))
        return false;
    for (guint i = 0; sink->message && i < ahead->messages->len; i++)
        if (!sink->message(sink->user,
                           &g_array_index(ahead->messages, ImapMessage, i),
                           error))
            return false;
    return true;
}

bool
imap_ahead_take(ImapConn *conn, const char *mailbox, const ImapResync *resync,
                const ImapSink *sink, ImapSelected *selected, bool *taken,
                GError **error)
{
    ImapAhead *ahead = &conn->ahead;
    bool ok;

    *taken = ahead->told && strcmp(ahead->mailbox, mailbox) == 0
             && ahead->resync.modseq == resync->modseq
             && ahead->resync.uidvalidity == resync->uidvalidity;
    if (!*taken)
        return true;
    *selected = ahead->selected;
    ahead->selected = (ImapSelected){ 0 };
    ok = sink == NULL || tell(ahead, sink, error);
    imap_ahead_clear(conn);
    return ok;
}
