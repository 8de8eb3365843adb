/* POP3 jobs of an account, in its thread: one session at a time, each ended by
 * QUIT, no more often than the server wants. What is fetched and deleted is
 * sync's to decide. */
#include "account_pop3.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/text.h"
#include "local.h"

#include <stdio.h>
#include <string.h>

enum {
    IN_USE_TRIES = 5,
    IN_USE_SECONDS = 4,   /* before the second try; doubled for each further */
    SHORT_WAIT = 60,      /* seconds of LOGIN-DELAY that are waited for */
};

/* False: cancelled meanwhile. */
static bool
wait_seconds(const Pop3Job *job, guint seconds, GError **error)
{
    GPollFD fd;

    if (!g_cancellable_make_pollfd(job->cancel, &fd))
        return err_set(error, ERR_LOCAL, "no descriptor is left");
    g_poll(&fd, 1, (gint)seconds * 1000);
    g_cancellable_release_fd(job->cancel);
    return !g_cancellable_is_cancelled(job->cancel)
           || err_set(error, ERR_CANCELLED, "cancelled");
}

static void
say(const Pop3Job *job, const char *text)
{
    log_add(LOG_INFO, job->params->account, "%s", text);
    job->says(job->user, text);
}

static char *
login_key(const Pop3Job *job)
{
    return g_strdup_printf("pop3/%s/login", job->params->account);
}

/* When the server lets us log in again, by what it told last time; 0: now. A
 * clock that was set back counts for nothing (P21). */
static gint64
next_login(const Pop3Job *job)
{
    g_autofree char *key = login_key(job);
    g_autofree char *text = store_value(job->sync->store, key);
    gint64 now = clock_now();
    gint64 last = 0;
    gint64 delay = 0;

    if (text == NULL
        || sscanf(text, "%" G_GINT64_FORMAT " %" G_GINT64_FORMAT, &last, &delay)
               != 2
        || last > now || last + delay <= now)
        return 0;
    return last + delay;
}

static bool
note_login(const Pop3Job *job, GError **error)
{
    g_autofree char *key = login_key(job);
    guint delay = pop3_conn_login_delay(*job->conn);
    g_autofree char *text =
        g_strdup_printf("%" G_GINT64_FORMAT " %u", clock_now(), delay);

    job->answer->login_delay = delay;
    return delay == 0 || store_set_value(job->sync->store, key, text, error);
}

/* LOGIN-DELAY (RFC 2449, section 6.5). */
static bool
obey_delay(const Pop3Job *job, GError **error)
{
    gint64 next = next_login(job);
    gint64 left = next - clock_now();
    g_autofree char *text = NULL;
    g_autofree char *clock = NULL;

    if (next == 0)
        return true;
    if (left <= SHORT_WAIT) {
        text = g_strdup_printf("waiting %d s, as the server wants it between "
                               "logins", (int)left);
        say(job, text);
        return wait_seconds(job, (guint)left, error);
    }
    job->answer->not_before = next;
    clock = clock_text(next);
    return err_set(error, ERR_RETRY, "%s wants more time between logins: next "
                   "at %s", job->params->imap.net.host, clock);
}

static Pop3Conn *
open_once(const Pop3Job *job, Pop3Reason *reason, GError **error)
{
    const LaneParams *params = job->params;
    Pop3Params pop3 = { .net = params->imap.net,
                        .sasl = params->imap.sasl,
                        .sasl_ir = params->imap.sasl_ir,
                        .lang = params->lang };

    return pop3_conn_open(&pop3, job->cancel, reason, error);
}

bool
account_pop3_connect(const Pop3Job *job, GError **error)
{
    g_autoptr(GError) trouble = NULL;
    Pop3Reason reason;

    if (*job->conn)
        return true;
    if (!obey_delay(job, error))
        return false;
    for (guint i = 1;; i++) {
        *job->conn = open_once(job, &reason, &trouble);
        if (*job->conn || reason != POP3_IN_USE || i == IN_USE_TRIES)
            break;
        say(job, "waiting: the mailbox is in use by another session");
        g_clear_error(&trouble);
        if (!wait_seconds(job, IN_USE_SECONDS << (i - 1), error))
            return false;
    }
    if (*job->conn == NULL) {
        g_propagate_error(error, g_steal_pointer(&trouble));
        return false;
    }
    log_add(LOG_INFO, job->params->account, "connected to %s",
            job->params->imap.net.host);
    return note_login(job, error);
}

/* The folders of the account are ours: they are as they are found. */
static bool
scan(const Sync *sync, GError **error)
{
    g_autoptr(GArray) added = g_array_new(FALSE, FALSE, sizeof(gint64));
    LocalScan scan = { .store = sync->store,
                       .mail = sync->mail,
                       .account = sync->account,
                       .cancel = sync->cancel,
                       .added = added };

    if (!local_scan(&scan, error))
        return false;
    if (added->len > 0 && sync->arrived)
        sync->arrived(sync->user, (const gint64 *)(const void *)added->data,
                      added->len, true);
    return true;
}

static bool
perform(const Pop3Job *job, LaneJob kind, gint64 id, GError **error)
{
    SyncPop3 pop3 = { .sync = job->sync,
                      .class = &sync_pop3_real,
                      .conn = *job->conn,
                      .rules = job->params->pop3,
                      .scan = scan };

    if (kind == LANE_SYNC)
        return sync_pop3(&pop3, &job->answer->yielded, error);
    if (kind == LANE_FETCH && !sync_pop3_fetch_one(&pop3, id, error))
        return false;
    return *job->kept || pop3_quit(*job->conn, error);
}

bool
account_pop3_run(const Pop3Job *job, LaneJob kind, gint64 id, GError **error)
{
    bool ok = perform(job, kind, id, error);

    if (kind == LANE_SYNC)
        *job->kept = ok && job->answer->yielded;
    if (!*job->kept || !ok)
        g_clear_pointer(job->conn, pop3_conn_close);
    if (!ok)
        *job->kept = false;
    return ok;
}
