/* Waiting for news: IDLE (RFC 2177), renewed before servers lose patience;
 * NOOP where there is no IDLE. */
#include "imap_private.h"

#include "base/err.h"

enum {
    IDLE_SECONDS = 28 * 60,
    NOOP_SECONDS = 60
};

bool
imap_noop(ImapConn *conn, GError **error)
{
    return imap_cmd_run(conn, error, "NOOP");
}

static bool
is_over(const ImapClock *clock, gint64 end, GCancellable *wake)
{
    return clock->now() >= end || g_cancellable_is_cancelled(wake);
}

static guint
seconds_left(const ImapClock *clock, gint64 end, guint most)
{
    gint64 left = (end - clock->now()) / G_USEC_PER_SEC + 1;

    return (guint)CLAMP(left, 1, (gint64)most);
}

/* Reads what the server says unasked until there is news or the time is over.
 * The line that ends in a literal is read whole: nothing is left half. */
static bool
wait_news(ImapConn *conn, GCancellable *wake, gint64 end, GError **error)
{
    while (!conn->changed && !is_over(conn->clock, end, wake)) {
        guint seconds = seconds_left(conn->clock, end, IDLE_SECONDS);
        int ready = conn->clock->wait(conn->stream, wake, seconds, error);

        if (ready < 0)
            return false;
        if (ready > 0 && !imap_cmd_read_unasked(conn, error))
            return false;
    }
    return true;
}

static void
tell_listening(const ImapWait *wait)
{
    if (wait->listening)
        wait->listening(wait->user);
}

static bool
idle_once(ImapConn *conn, const ImapWait *wait, gint64 end, GError **error)
{
    guint tag;

    imap_cmd_answers(conn, NULL);
    imap_cmd_begin(conn, "IDLE");
    tag = imap_cmd_end(conn);
    if (!imap_cmd_continue(conn, tag, error))
        return false;
    tell_listening(wait);
    if (!wait_news(conn, wait->wake, end, error)
        || !net_write(conn->stream, "DONE\r\n", 6, error)
        || !net_flush(conn->stream, error))
        return false;
    return imap_cmd_wait(conn, tag, error);
}

static bool
poll_once(ImapConn *conn, const ImapWait *wait, gint64 end, GError **error)
{
    guint seconds = seconds_left(conn->clock, end, NOOP_SECONDS);
    int ready;

    tell_listening(wait);
    ready = conn->clock->wait(conn->stream, wait->wake, seconds, error);
    return ready >= 0 && imap_noop(conn, error);
}

bool
imap_idle(ImapConn *conn, const ImapWait *wait, bool *changed, GError **error)
{
    gint64 end =
        conn->clock->now() + (gint64)wait->seconds * G_USEC_PER_SEC;
    bool can_idle = imap_conn_can(conn, "IDLE");
    bool ok = true;

    while (ok && !conn->changed && !is_over(conn->clock, end, wait->wake)) {
        gint64 renew =
            conn->clock->now() + (gint64)IDLE_SECONDS * G_USEC_PER_SEC;

        ok = can_idle ? idle_once(conn, wait, MIN(end, renew), error)
                      : poll_once(conn, wait, end, error);
    }
    *changed = conn->changed;
    return ok;
}
