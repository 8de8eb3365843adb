/* Follows a server: three lanes (one watches, one answers the user at once, one
 * moves the rest), what is done when, and what follows from answers. Main
 * thread; no I/O here. Must not know a protocol. */
#include "account_remote.h"

#include "account_role.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/text.h"
#include "config.h"
#include "core/arrive.h"
#include "core/indexer.h"
#include "core/outbox.h"
#include "settle.h"

#include <string.h>

enum {
    PUSH_MS = 200,         /* changes of so long go together */
    POLL_SECONDS = 5 * 60, /* folders that nobody listens to */
    POLL_SECONDS_LEAST = 10,
    BACKOFF_FIRST = 5, /* seconds */
    BACKOFF_MOST = 15 * 60,
    WITH_URGENT = 3, /* connections from which on opening has its own */
    SETTLE_MS = 1000, /* after a change of the network */
};

static void begin_sync(struct RemoteFollower *follower);

struct RemoteFollower *
remote_follower_create(Account *account)
{
    struct RemoteFollower *follower = g_new0(struct RemoteFollower, 1);

    follower->account = account;
    follower->errands = g_ptr_array_new();
    follower->sessions = net_sessions_create();
    return follower;
}

static void
stop_timers(struct RemoteFollower *follower)
{
    g_clear_handle_id(&follower->push_source, g_source_remove);
    g_clear_handle_id(&follower->poll_source, g_source_remove);
    g_clear_handle_id(&follower->retry_source, g_source_remove);
}

/* Its last answers come while it ends, and still find it. */
static void
drop_lane(Lane **lane)
{
    lane_destroy(*lane);
    *lane = NULL;
}

/* What their last answers tell is taken, but begins nothing. */
static void
drop_lanes(struct RemoteFollower *follower)
{
    follower->ending = true;
    watcher_destroy(follower->watcher);
    follower->watcher = NULL;
    drop_lane(&follower->urgent);
    drop_lane(&follower->bulk);
    g_clear_pointer(&follower->files, files_watch_destroy);
    stop_timers(follower);
}

void
remote_follower_destroy(struct RemoteFollower *follower)
{
    g_autoptr(GError) ended = NULL;

    if (follower == NULL)
        return;
    err_set(&ended, ERR_CANCELLED, "cancelled");
    if (follower->network)
        g_signal_handlers_disconnect_by_data(follower->network, follower);
    drop_lanes(follower);
    errands_end(follower, ended);
    g_clear_error(&follower->refused);
    g_ptr_array_unref(follower->errands);
    net_sessions_unref(follower->sessions);
    g_free(follower->only);
    g_free(follower->refusal);
    g_free(follower);
}

static const char *
option(const struct RemoteFollower *follower, const char *name)
{
    const Account *account = follower->account;

    return options_get(session_options(account->session), name, account->name,
                       NULL);
}

/* The user's language as a tag of RFC 5646. g_free(). */
static char *
language(void)
{
    const char *name = g_get_language_names()[0];
    g_autofree char *tag = g_strndup(name, strcspn(name, ".@"));

    if (*tag == '\0' || strcmp(tag, "C") == 0 || strcmp(tag, "POSIX") == 0)
        return g_strdup("en");
    return g_strdelimit(g_steal_pointer(&tag), "_", '-');
}

static ImapCompress
compress_wanted(const char *word)
{
    if (g_strcmp0(word, "on") == 0)
        return IMAP_COMPRESS_ON;
    return g_strcmp0(word, "off") == 0 ? IMAP_COMPRESS_OFF : IMAP_COMPRESS_FAR;
}

static LaneParams
make_params(const struct RemoteFollower *follower, const char *password)
{
    const Account *account = follower->account;
    const AccountUrl *url = &account->incoming;
    const char *auth = option(follower, "auth");
    const char *tags = option(follower, "local-tags");
    LaneParams params = { 0 };

    params.account = g_strdup(account->name);
    params.state_db = g_strdup(session_paths(account->session)->state_db);
    params.mail = g_strdup(session_paths(account->session)->mail);
    params.index = g_strdup(session_paths(account->session)->index);
    params.cache = g_strdup(session_paths(account->session)->cache);
    params.keep_days = account->keep_days;
    params.keep_most = (guint64)options_int(session_options(account->session),
                                            "keep-larger-than", account->name);
    params.local_tags = g_strsplit(tags ? tags : "", " ", -1);
    account_net_params(account->session, account->name, url, &params.imap.net);
    params.imap.net.tunnel = g_strdup(option(follower, "incoming-tunnel"));
    params.imap.net.sessions = net_sessions_ref(follower->sessions);
    params.imap.version = g_strdup(POSTHORN_VERSION);
    params.imap.uses = account_role_uses(account->session, account->name);
    params.imap.sasl.user = g_strdup(url->user ? url->user : account->address);
    params.imap.sasl.password = g_strdup(password);
    params.imap.sasl.auth =
        auth && strcmp(auth, "auto") != 0 ? g_strdup(auth) : NULL;
    params.is_pop3 = account_is_one_way(account);
    params.lang = language();
    sync_pop3_keep_parse(option(follower, "pop-keep"), &params.pop3, NULL);
    params.pop3.size_limit = (guint64)options_int(
        session_options(account->session), "pop-size-limit", account->name);
    params.imap.sasl_ir = options_bool(session_options(account->session),
                                       "sasl-ir", account->name);
    params.imap.compress = compress_wanted(option(follower, "compress"));
    return params;
}

Lane *
remote_lane(const struct RemoteFollower *follower, const char *what,
            const char *password)
{
    g_autofree char *name =
        g_strdup_printf("%s %s", follower->account->name, what);
    LaneParams params = make_params(follower, password);

    return lane_create(name, &params);
}

static void
tell_event(const struct RemoteFollower *follower, const char *name,
           const char *reason)
{
    g_autoptr(Event) event = event_create(name);

    event_set(event, "account", follower->account->name);
    event_set(event, "reason", reason);
    event_bus_emit(session_bus(follower->account->session), event);
}

/* Begins nothing, whatever is told: it ends, or the user is offline. */
static bool
is_stopped(const struct RemoteFollower *follower)
{
    return follower->ending || session_offline(follower->account->session);
}

static void
set_online(struct RemoteFollower *follower, bool online, const char *reason)
{
    if (follower->online == online)
        return;
    follower->online = online;
    tell_event(follower, online ? "account-online" : "account-offline", reason);
    if (online && session_outbox(follower->account->session))
        outbox_kick(session_outbox(follower->account->session));
}

void
remote_take_news(struct RemoteFollower *follower, Lane *lane)
{
    Session *session = follower->account->session;
    LaneNews news;

    lane_take_news(lane, &news);
    for (guint i = 0; i < news.arrivals->len; i++) {
        const LaneArrival *arrival = news.arrivals->pdata[i];

        arrive(session, (const gint64 *)(const void *)arrival->ids->data,
               arrival->ids->len, arrival->quiet);
    }
    for (guint i = 0; i < news.warnings->len; i++)
        frontend_tell(session_frontend(session), TELL_ERROR, false, "%s",
                      (char *)news.warnings->pdata[i]);
    if (news.changed || news.arrivals->len > 0)
        settler_kick(session_settler(session));
    if (news.changed)
        session_rows_news(session);
    if (news.says) {
        account_set_state(follower->account, ACCOUNT_CONNECTING, news.says,
                          NULL);
        if (!session_frontend(session)->has_screen)
            frontend_tell(session_frontend(session), TELL_INFO, false, "%s: %s",
                          follower->account->name, news.says);
    }
    follower->account->status.bytes = news.bytes;
    follower->account->status.bytes_total = news.bytes_total;
    follower->account->status.folder = news.folder;
    follower->account->status.folders = news.folders;
    lane_news_clear(&news);
}

/* "12M of 140M, ", or nothing. g_free(). */
static char *
bytes_text(const AccountStatus *status)
{
    g_autofree char *done = text_size(status->bytes);
    g_autofree char *total = text_size(status->bytes_total);

    return status->bytes_total
               ? g_strdup_printf("%s of %s, ", done, total)
               : g_strdup("");
}

/* "fetching work/INBOX" and, without a screen, a line with rate and time. */
static void
show_progress(struct RemoteFollower *follower, const JobProgress *note)
{
    Account *account = follower->account;
    Frontend *frontend = session_frontend(account->session);
    g_autofree char *what = g_strdup_printf("fetching %s", note->what);
    gint64 now = g_get_monotonic_time();
    g_autofree char *bytes = NULL;
    gdouble seconds;
    gdouble rate;

    if (strcmp(account->status.what, what) != 0) {
        follower->began = now;
        account_set_state(account, ACCOUNT_SYNCING, what, NULL);
    }
    account->status.done = note->done;
    account->status.total = note->total;
    session_state_changed(account->session);
    if (frontend->has_screen || note->done == 0)
        return;
    seconds = (gdouble)(now - follower->began) / G_USEC_PER_SEC;
    rate = seconds > 0 ? (gdouble)note->done / seconds : 0;
    g_free(what);
    bytes = bytes_text(&account->status);
    what = g_strdup_printf(
        "%s: %s%.0f a second, %.0f s left,", note->what, bytes, rate,
        rate > 0 ? (gdouble)(note->total - MIN(note->done, note->total)) / rate
                 : 0);
    frontend->class->progress(frontend, what, note->done, note->total);
}

static void
sync_progress(void *user, const JobProgress *note)
{
    struct RemoteFollower *follower = user;

    remote_take_news(follower, follower->bulk);
    if (*note->what)
        show_progress(follower, note);
}

static gboolean
retry_now(void *user)
{
    struct RemoteFollower *follower = user;

    follower->retry_source = 0;
    begin_sync(follower);
    return G_SOURCE_REMOVE;
}

/* May a sync begin that the user did not ask for? A refused login is not tried
 * on and on, and a server's word about when to come back is kept (P36). */
static bool
may_begin(const struct RemoteFollower *follower)
{
    return !is_stopped(follower) && follower->refusals < LOGINS_AFTER_REFUSAL
           && clock_now() >= follower->not_before;
}

/* There is a way to the server again, or another one: what waits tries at once,
 * and what is connected finds out whether it still is. Pauses go on growing
 * until a sync succeeds. */
static void
network_changed(GNetworkMonitor *monitor, gboolean available, void *user)
{
    struct RemoteFollower *follower = user;

    if (!available || !follower->account->started || !may_begin(follower))
        return;
    g_clear_handle_id(&follower->retry_source, g_source_remove);
    follower->retry_source = g_timeout_add(SETTLE_MS, retry_now, follower);
}

static void
watch_network(struct RemoteFollower *follower)
{
    if (follower->network)
        return;
    follower->network = g_network_monitor_get_default();
    g_signal_connect(follower->network, "network-changed",
                     G_CALLBACK(network_changed), follower);
}

static void
retry_in(struct RemoteFollower *follower, guint pause, const char *reason)
{
    Account *account = follower->account;

    if (is_stopped(follower))
        return;
    account->status.retry = clock_now() + MAX(pause, 1);
    g_clear_handle_id(&follower->retry_source, g_source_remove);
    follower->retry_source =
        g_timeout_add_seconds(MAX(pause, 1), retry_now, follower);
    account_set_state(account, ACCOUNT_WAITING, NULL, reason);
}

static void
retry_later(struct RemoteFollower *follower, const char *reason)
{
    gint64 pause =
        clock_backoff(++follower->failures, BACKOFF_FIRST, BACKOFF_MOST);

    retry_in(follower, (guint)pause, reason);
}

/* The password was wrong: once more with a new one where someone can be asked,
 * then it is for the user to say when. */
static void
login_refused(struct RemoteFollower *follower, const GError *error)
{
    Account *account = follower->account;

    account_password_refused(account, false);
    drop_lanes(follower);
    follower->ending = false;
    if (++follower->refusals < LOGINS_AFTER_REFUSAL && account->started
        && session_frontend(account->session)->has_screen) {
        begin_sync(follower);
        return;
    }
    account_set_state(account, ACCOUNT_FAILED, NULL, error->message);
    account_synced(account, error);
}

static gboolean
poll_now(void *user)
{
    if (may_begin(user))
        begin_sync(user);
    return G_SOURCE_CONTINUE;
}

/* Some servers tell by themselves; the others are asked, not more often than
 * they want. */
static void
poll_later(struct RemoteFollower *follower, guint login_delay)
{
    Account *account = follower->account;
    gint64 seconds = POLL_SECONDS;

    if (account_is_one_way(account)) {
        seconds = options_int(session_options(account->session),
                              "pop-interval", account->name);
        seconds = CLAMP(seconds, POLL_SECONDS_LEAST, G_MAXINT);
        seconds = MAX(seconds, (gint64)login_delay);
        account->status.next = clock_now() + seconds;
        g_clear_handle_id(&follower->poll_source, g_source_remove);
    }
    if (follower->poll_source == 0)
        follower->poll_source =
            g_timeout_add_seconds((guint)seconds, poll_now, follower);
}

/* Another program changed the Maildir: taken up and told the server at once,
 * where it can be; else with the next sync. */
static void
files_told(void *user)
{
    struct RemoteFollower *follower = user;

    if (follower->online && may_begin(follower))
        begin_sync(follower);
}

static void
watch_files(struct RemoteFollower *follower)
{
    if (account_is_one_way(follower->account))
        return;
    if (follower->files == NULL)
        follower->files =
            files_watch_create(follower->account, files_told, follower);
    files_watch_refresh(follower->files);
}

/* The server was reached. What it refused, one folder or one change, is said of
 * an account that is online; the rest was done. */
static void
sync_succeeded(struct RemoteFollower *follower, const LaneAnswer *answer)
{
    g_autoptr(GError) refused = g_steal_pointer(&follower->refused);
    Account *account = follower->account;

    follower->failures = 0;
    follower->refusals = 0;
    follower->not_before = 0;
    account->status.done = account->status.total = 0;
    set_online(follower, true, NULL);
    if (refused || follower->full) { /* one folder says nothing of others */
        g_free(follower->refusal);
        follower->refusal = refused ? g_strdup(refused->message) : NULL;
    }
    account_set_state(account, ACCOUNT_ONLINE, NULL, follower->refusal);
    if (account->started) {
        if (follower->watcher)
            watcher_begin(follower->watcher);
        poll_later(follower, answer->login_delay);
    }
    account_synced(account, refused);
    if (account->started)
        watch_files(follower);
}

static void
sync_failed(struct RemoteFollower *follower, const LaneAnswer *answer,
            const GError *error)
{
    Account *account = follower->account;

    follower->not_before = answer->not_before;
    set_online(follower, false, error->message);
    if (err_is(error, ERR_AUTH)) {
        login_refused(follower, error);
        return;
    }
    if (err_is(error, ERR_REFUSED) || !account->started) {
        account_set_state(account, ACCOUNT_FAILED, NULL, error->message);
    } else {
        if (follower->watcher) /* their lines may be as dead */
            watcher_stop(follower->watcher);
        if (answer->not_before > clock_now())
            retry_in(follower, (guint)(answer->not_before - clock_now()),
                     error->message);
        else
            retry_later(follower, error->message);
    }
    account_synced(account, error);
}

/* However a job ended, files and index follow what it committed. */
static void
job_ended(struct RemoteFollower *follower)
{
    remote_take_news(follower, follower->bulk);
    settler_kick(session_settler(follower->account->session));
    indexer_kick(session_indexer(follower->account->session));
}

/* Does the sync that ended so do all the same, but for what was refused? That
 * is kept until those end that go on with it. */
static bool
is_done(struct RemoteFollower *follower, const LaneAnswer *answer,
        const GError *error)
{
    if (error)
        log_add(LOG_WARN, follower->account->name, "%s", error->message);
    if (error && (!answer->connected || !err_is(error, ERR_REFUSED)))
        return false;
    if (error && follower->refused == NULL)
        follower->refused = g_error_copy(error);
    return true;
}

static void
sync_answer(void *user, const LaneAnswer *answer, const GError *error)
{
    struct RemoteFollower *follower = user;
    Frontend *frontend = session_frontend(follower->account->session);
    bool more = answer->yielded || follower->again;
    bool done;

    follower->sync = NULL;
    job_ended(follower);
    if (!frontend->has_screen)
        frontend->class->progress(frontend, NULL, 0, 0);
    if (is_stopped(follower) || err_is(error, ERR_CANCELLED)) {
        g_clear_error(&follower->refused);
        account_set_state(follower->account, ACCOUNT_OFFLINE, NULL, NULL);
        account_synced(follower->account, error);
        if (follower->again) /* online again before this one ended */
            begin_sync(follower);
        return;
    }
    done = is_done(follower, answer, error);
    if (done && more) {
        begin_sync(follower);
        return;
    }
    files_watch_hold(follower->files, false);
    if (done) {
        sync_succeeded(follower, answer);
    } else {
        g_clear_error(&follower->refused);
        sync_failed(follower, answer, error);
    }
}

static void
submit_sync(struct RemoteFollower *follower)
{
    Account *account = follower->account;
    LaneCallbacks callbacks = { sync_progress, sync_answer, follower };
    LaneRequest request = {
        .only = follower->only,
        .headers_first = session_frontend(account->session)->has_screen,
        .accept_removals = follower->accept_removals,
    };

    follower->again = false;
    follower->full = follower->only == NULL;
    if (!follower->online)
        account_set_state(account, ACCOUNT_CONNECTING, NULL, NULL);
    tell_event(follower, "sync-started", NULL);
    files_watch_hold(follower->files, true);
    follower->sync =
        lane_submit(follower->bulk, LANE_SYNC, &request, &callbacks);
    g_clear_pointer(&follower->only, g_free);
    follower->accept_removals = false;
}

bool
remote_needs_no_password(const struct RemoteFollower *follower)
{
    static const char *const secrets[] = { "password", "password-file",
                                           "password-command" };
    const char *auth = option(follower, "auth");

    if (g_ascii_strcasecmp(auth, "EXTERNAL") == 0
        || g_ascii_strcasecmp(auth, "GSSAPI") == 0)
        return true;
    for (gsize i = 0; i < G_N_ELEMENTS(secrets); i++)
        if (option(follower, secrets[i]))
            return false;
    return option(follower, "tls-client-cert")
           || option(follower, "incoming-tunnel");
}

static void
watch_changed(void *user, const char *folder)
{
    struct RemoteFollower *follower = user;

    if (follower->sync == NULL) {
        g_free(follower->only);
        follower->only = g_strdup(folder);
    }
    begin_sync(follower);
}

/* A sync finds out whether there is still a way to the server. */
static void
watch_ended(void *user)
{
    struct RemoteFollower *follower = user;

    if (follower->sync == NULL && follower->retry_source == 0
        && may_begin(follower))
        begin_sync(follower);
}

static Lane *
make_ear(void *user, const char *what)
{
    const struct RemoteFollower *follower = user;

    return remote_lane(follower, what, follower->account->secrets[0]);
}

/* Within the budget: one moves mail, one listens, one answers at once, the rest
 * listen too. */
static void
make_lanes(struct RemoteFollower *follower, const char *password)
{
    Account *account = follower->account;
    guint most = (guint)options_int(session_options(account->session),
                                    "max-connections", account->name);
    guint others = most >= WITH_URGENT ? 2 : 1;
    WatcherCallbacks callbacks = { make_ear, watch_changed, watch_ended,
                                   follower };

    follower->bulk = remote_lane(follower, "mail", password);
    if (account_is_one_way(account))
        return;
    if (most >= WITH_URGENT)
        follower->urgent = remote_lane(follower, "open", password);
    follower->watcher = watcher_create(account, most - others, &callbacks);
}

static void
got_password(const char *password, const GError *error, void *user)
{
    struct RemoteFollower *follower = user;
    Account *account = follower->account;
    g_autoptr(GError) stopped = NULL;

    follower->asking = false;
    if (is_stopped(follower)) {
        err_set(&stopped, ERR_CANCELLED, "cancelled");
        account_set_state(account, ACCOUNT_OFFLINE, NULL, NULL);
        account_synced(account, stopped);
        errands_end(follower, stopped);
        return;
    }
    if (error) {
        account_set_state(account, ACCOUNT_FAILED, NULL, error->message);
        account_synced(account, error);
        errands_end(follower, error);
        return;
    }
    make_lanes(follower, password);
    if (follower->wanted)
        submit_sync(follower);
    errands_submit(follower);
}

void
remote_connect(struct RemoteFollower *follower)
{
    if (follower->ending)
        return;
    account_set_state(follower->account, ACCOUNT_CONNECTING, NULL, NULL);
    if (follower->asking)
        return;
    follower->asking = true;
    if (remote_needs_no_password(follower))
        got_password(NULL, NULL, follower);
    else
        account_password(follower->account, false, got_password, follower);
}

static void
begin_sync(struct RemoteFollower *follower)
{
    if (is_stopped(follower))
        return;
    g_clear_handle_id(&follower->retry_source, g_source_remove);
    follower->wanted = true;
    if (follower->sync)
        follower->again = true;
    else if (follower->bulk == NULL)
        remote_connect(follower);
    else
        submit_sync(follower);
}

void
remote_follower_start(struct RemoteFollower *follower)
{
    watch_network(follower);
    begin_sync(follower);
}

void
remote_follower_stop(struct RemoteFollower *follower)
{
    stop_timers(follower);
    if (follower->sync)
        job_cancel(follower->sync);
    if (follower->push)
        job_cancel(follower->push);
    if (follower->watcher)
        watcher_stop(follower->watcher);
    set_online(follower, false, "offline by wish");
    account_set_state(follower->account, ACCOUNT_OFFLINE, NULL, NULL);
}

/* The user asks: no pause, and a refused password may be tried anew. */
void
remote_follower_sync(struct RemoteFollower *follower, const AccountSync *how)
{
    follower->failures = 0;
    follower->refusals = 0;
    if (follower->watcher)
        watcher_forgive(follower->watcher);
    if (follower->sync == NULL) {
        g_free(follower->only);
        follower->only = g_strdup(how ? how->folder : NULL);
    }
    follower->accept_removals = how && how->accept_removals;
    begin_sync(follower);
}

static void
push_answer(void *user, const LaneAnswer *answer, const GError *error)
{
    struct RemoteFollower *follower = user;
    bool lost;

    follower->push = NULL;
    job_ended(follower);
    session_rows_news(follower->account->session);
    if (is_stopped(follower) || err_is(error, ERR_CANCELLED))
        return;
    if (error)
        log_add(LOG_WARN, follower->account->name, "%s", error->message);
    lost = error && !err_is(error, ERR_REFUSED) && follower->sync == NULL;
    if (lost)
        set_online(follower, false, error->message);
    if (lost && err_is(error, ERR_AUTH)) {
        login_refused(follower, error);
    } else if (lost) {
        retry_later(follower, error->message);
    } else if (answer->waiting) {
        begin_sync(follower);
    }
}

/* On a screen, what was deleted for good last is not told before the next act
 * or sync: until then undo brings it back from where it is. */
static gboolean
push_now(void *user)
{
    struct RemoteFollower *follower = user;
    LaneCallbacks callbacks = { sync_progress, push_answer, follower };
    LaneRequest request = {
        .hold_deleted =
            session_frontend(follower->account->session)->has_screen,
    };

    follower->push_source = 0;
    if (!follower->online || follower->bulk == NULL)
        return G_SOURCE_REMOVE; /* the next sync tells it */
    if (follower->push) {       /* may be past this change: once more */
        remote_follower_kick(follower);
        return G_SOURCE_REMOVE;
    }
    follower->push =
        lane_submit(follower->bulk, LANE_PUSH, &request, &callbacks);
    return G_SOURCE_REMOVE;
}

void
remote_follower_kick(struct RemoteFollower *follower)
{
    if (account_is_one_way(follower->account))
        return; /* what is to follow there does so with the next sync */
    if (follower->push_source == 0)
        follower->push_source = g_timeout_add(PUSH_MS, push_now, follower);
}
