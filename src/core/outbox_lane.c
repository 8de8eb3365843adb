/* How an account sends: its `outgoing` server, a program, or itself. Collects
 * what the worker needs (address of the server, password) on the main thread
 * and hands it over. */
#include "outbox_private.h"

#include "account_url.h"
#include "base/err.h"
#include "core/account.h"

#include <string.h>

void
outbox_lane_end(OutboxLane *lane)
{
    g_clear_pointer(&lane->worker, worker_destroy);
}

void
outbox_lane_free(OutboxLane *lane)
{
    if (lane == NULL)
        return;
    outbox_lane_end(lane);
    outbox_request_free(lane->request);
    g_free(lane->account);
    g_free(lane);
}

static void
tried(void *user, void *answer, const GError *error)
{
    OutboxLane *lane = user;

    lane->busy = false;
    if (answer && ((OutboxResult *)answer)->last)
        lane->last = ((OutboxResult *)answer)->last;
    if (answer)
        outbox_tried(lane, answer);
}

static const JobClass try_class = {
    .name = "send",
    .run = outbox_job_run,
    .answer = tried,
    .free_request = (GDestroyNotify)outbox_request_free,
    .free_answer = (GDestroyNotify)outbox_result_free,
};

static gboolean
free_lane(void *data)
{
    outbox_lane_free(data);
    return G_SOURCE_REMOVE;
}

/* The lane's worker is in the middle of its answer: the lane goes behind. */
static void
checked(void *user, void *answer, const GError *error)
{
    OutboxLane *lane = user;

    lane->checked(error, lane->checked_user);
    g_idle_add(free_lane, lane);
}

static const JobClass check_class = {
    .name = "check sending",
    .run = outbox_job_check,
    .answer = checked,
    .free_request = (GDestroyNotify)outbox_request_free,
};

static void
submit(OutboxLane *lane)
{
    if (lane->outbox->ended)
        return; /* the request goes with the lane */
    if (lane->worker == NULL) {
        g_autofree char *name = g_strdup_printf("send %s", lane->account);

        lane->worker = worker_create(name);
    }
    worker_submit(lane->worker, JOB_NORMAL,
                  lane->checked ? &check_class : &try_class,
                  g_steal_pointer(&lane->request), lane);
}

/* Nothing can be sent, for this reason; the entries learn it. */
static void
submit_stop(OutboxLane *lane, const char *reason)
{
    lane->request->stop = g_strdup(reason);
    submit(lane);
}

static void
got_password(const char *password, const GError *error, void *user)
{
    OutboxLane *lane = user;

    if (password == NULL) {
        submit_stop(lane, error ? error->message : "no password was given");
        return;
    }
    lane->request->smtp.sasl.password = g_strdup(password);
    submit(lane);
}

static const char *
option(OutboxLane *lane, const char *name)
{
    return options_get(session_options(lane->outbox->session), name,
                       lane->account, NULL);
}

/* A server on this machine or network that may want no login: no user in the
 * URL, and no password anywhere. */
static bool
wants_no_login(const Account *account, const AccountUrl *url)
{
    return url->user == NULL && url->security == NET_PLAIN
           && !account_has_secret(account);
}

static void
start_smtp(OutboxLane *lane, const Account *account, const AccountUrl *url)
{
    SmtpParams *smtp = &lane->request->smtp;
    const char *auth = option(lane, "auth");

    account_net_params(lane->outbox->session, lane->account, url, &smtp->net);
    if (wants_no_login(account, url)) {
        submit(lane);
        return;
    }
    smtp->sasl.user =
        g_strdup(url->user ? url->user : account_address(account));
    if (auth && strcmp(auth, "auto") != 0)
        smtp->sasl.auth = g_strdup(auth);
    smtp->auth_optional = url->user == NULL && url->security == NET_PLAIN;
    account_password((Account *)account, true, got_password, lane);
}

/* Sending in the demo delivers to itself: no worker, no network. */
static void
start_demo(OutboxLane *lane)
{
    g_autoptr(OutboxRequest) request = g_steal_pointer(&lane->request);

    lane->busy = false;
    if (lane->checked) {
        checked(lane, NULL, NULL);
        return;
    }
    for (guint i = 0; i < request->ids->len; i++) {
        g_autoptr(GError) error = NULL;

        if (!outbox_deliver_here(lane->outbox, request->ids->pdata[i], &error))
            frontend_tell(session_frontend(lane->outbox->session), TELL_ERROR,
                          false, "%s", error->message);
    }
    outbox_tried(lane, NULL);
}

void
outbox_lane_start(OutboxLane *lane, GPtrArray *ids)
{
    Session *session = lane->outbox->session;
    const Account *account = session_account(session, lane->account);
    const char *text = account ? option(lane, "outgoing") : NULL;
    g_auto(AccountUrl) url = { 0 };
    g_autoptr(GError) error = NULL;
    g_autofree char *reason = NULL;

    lane->busy = true;
    lane->request = g_new0(OutboxRequest, 1);
    lane->request->folder = g_strdup(lane->outbox->folder);
    lane->request->ids = ids;
    lane->request->rate = (guint)options_int(session_options(session),
                                             "send-rate", lane->account);
    lane->request->before = lane->last;
    if (account == NULL)
        reason = g_strdup_printf("no account is called %s", lane->account);
    else if (text == NULL)
        reason = g_strdup_printf("account %s has no `outgoing`: set it to "
                                 "smtps://USER@HOST",
                                 lane->account);
    else if (!account_url_parse(lane->account, false, text, &url, &error))
        reason = g_strdup(error->message);
    if (reason) {
        submit_stop(lane, reason);
    } else if (url.kind == URL_DEMO) {
        start_demo(lane);
    } else if (url.kind == URL_SENDMAIL) {
        lane->request->program = g_strdup(url.path);
        submit(lane);
    } else {
        start_smtp(lane, account, &url);
    }
}

void
outbox_check(Outbox *outbox, const char *account,
             void (*done)(const GError *error, void *user), void *user)
{
    OutboxLane *lane = g_new0(OutboxLane, 1);

    lane->outbox = outbox;
    lane->account = g_strdup(account);
    lane->checked = done;
    lane->checked_user = user;
    outbox_lane_start(lane, g_ptr_array_new_with_free_func(g_free));
}
