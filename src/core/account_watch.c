/* Who listens where: one connection hears of everything where the server has
 * NOTIFY; else one listens to INBOX and each further one of the budget to one
 * more folder. The folders that are left are asked by the regular sync. */
#include "account_watch.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"

#include <string.h>

enum {
    REST_FIRST = 5, /* seconds */
    REST_MOST = 15 * 60,
    STEADY_SECONDS = 60, /* who heard so long begins anew with his pauses */
};

typedef struct {
    Watcher *watcher;
    Lane *lane;
    Job *job; /* NULL: it does not listen */
    char *mailbox;
    gint64 heard;   /* since when it does, monotonic; 0: it does not */
    guint failures; /* in a row */
    guint refusals; /* of the login */
    guint rest;     /* the source that ends its pause; 0: none */
} Ear;

struct Watcher {
    Account *account;
    guint most;
    WatcherCallbacks callbacks;
    GPtrArray *ears; /* Ear; the first is INBOX's */
    bool ending;
};

static void
ear_free(void *data)
{
    Ear *ear = data;

    g_clear_handle_id(&ear->rest, g_source_remove);
    lane_destroy(ear->lane); /* its last answer still finds the ear */
    g_free(ear->mailbox);
    g_free(ear);
}

Watcher *
watcher_create(Account *account, guint most, const WatcherCallbacks *callbacks)
{
    Watcher *watcher = g_new0(Watcher, 1);

    watcher->account = account;
    watcher->most = most;
    watcher->callbacks = *callbacks;
    watcher->ears = g_ptr_array_new_with_free_func(ear_free);
    return watcher;
}

void
watcher_destroy(Watcher *watcher)
{
    if (watcher == NULL)
        return;
    watcher->ending = true;
    g_ptr_array_unref(watcher->ears);
    g_free(watcher);
}

static bool
is_heard(const Watcher *watcher, const char *mailbox)
{
    for (guint i = 0; i < watcher->ears->len; i++)
        if (strcmp(((Ear *)watcher->ears->pdata[i])->mailbox, mailbox) == 0)
            return true;
    return false;
}

static void listen_to(Watcher *watcher, const char *mailbox);

static bool
is_worth_it(const Watcher *watcher, const StoreFolder *folder)
{
    return folder->selectable && folder->subscribed
           && (folder->role == FOLDER_ROLE_NONE
               || folder->role == FOLDER_ROLE_SENT
               || folder->role == FOLDER_ROLE_ARCHIVE)
           && !is_heard(watcher, folder->name);
}

/* Plain folders first: new mail is sorted into them. */
static void
listen_wider(Watcher *watcher)
{
    const Account *account = watcher->account;
    g_autoptr(GPtrArray) folders =
        store_folders(session_store(account->session), account->name, NULL);

    for (int plain = 1; folders && plain >= 0; plain--)
        for (guint i = 0;
             i < folders->len && watcher->ears->len < watcher->most; i++) {
            const StoreFolder *folder = folders->pdata[i];

            if ((folder->role == FOLDER_ROLE_NONE) == plain
                && is_worth_it(watcher, folder))
                listen_to(watcher, folder->name);
        }
}

static void
tell_changed(Watcher *watcher, const char *mailbox)
{
    const Account *account = watcher->account;
    g_autoptr(GPtrArray) folders =
        store_folders(session_store(account->session), account->name, NULL);

    for (guint i = 0; folders && i < folders->len; i++) {
        const StoreFolder *folder = folders->pdata[i];

        if (strcmp(folder->name, mailbox) == 0) {
            watcher->callbacks.changed(watcher->callbacks.user, folder->path);
            return;
        }
    }
    watcher->callbacks.changed(watcher->callbacks.user, NULL);
}

static void
ear_progress(void *user, const JobProgress *note)
{
    Ear *ear = user;
    Watcher *watcher = ear->watcher;
    LaneNews news;

    if (watcher->ending)
        return;
    lane_take_news(ear->lane, &news);
    if (news.hears != LANE_HEARS_NOTHING) {
        if (ear->heard == 0)
            ear->heard = g_get_monotonic_time();
        ear->refusals = 0;
    }
    for (guint i = 0; i < news.mailboxes->len; i++)
        tell_changed(watcher, news.mailboxes->pdata[i]);
    /* What came between the last sync and this moment is told by nobody. */
    if (news.hears == LANE_HEARS_ALL)
        watcher->callbacks.changed(watcher->callbacks.user, NULL);
    else if (news.hears == LANE_HEARS_ONE)
        tell_changed(watcher, ear->mailbox);
    if (news.hears == LANE_HEARS_ONE && ear == watcher->ears->pdata[0])
        listen_wider(watcher);
    lane_news_clear(&news);
}

static void ear_resume(Ear *ear);

static gboolean
rest_over(void *user)
{
    Ear *ear = user;
    AccountState state = ear->watcher->account->status.state;

    ear->rest = 0;
    if (state == ACCOUNT_ONLINE || state == ACCOUNT_SYNCING)
        ear_resume(ear); /* else the next sync that succeeds does */
    return G_SOURCE_REMOVE;
}

/* The account's syncs go on; only this waits, longer each time. */
static void
ear_rest(Ear *ear, const GError *error)
{
    gint64 steady = (gint64)STEADY_SECONDS * G_USEC_PER_SEC;
    gint64 pause;

    if (ear->heard && g_get_monotonic_time() - ear->heard >= steady)
        ear->failures = 0;
    ear->heard = 0;
    ear->refusals += err_is(error, ERR_AUTH);
    pause = clock_backoff(++ear->failures, REST_FIRST, REST_MOST);
    log_add(LOG_INFO, ear->watcher->account->name, "listening to %s ended: %s",
            ear->mailbox, error->message);
    if (ear->refusals < LOGINS_AFTER_REFUSAL)
        ear->rest = g_timeout_add_seconds((guint)MAX(pause, 1), rest_over, ear);
}

static void
ear_answer(void *user, const LaneAnswer *answer, const GError *error)
{
    Ear *ear = user;
    Watcher *watcher = ear->watcher;
    bool heard = ear->heard != 0;

    ear->job = NULL;
    if (error == NULL || err_is(error, ERR_CANCELLED) || watcher->ending
        || !watcher->account->started) {
        ear->heard = 0;
        return;
    }
    ear_rest(ear, error);
    if (heard && ear == watcher->ears->pdata[0])
        watcher->callbacks.ended(watcher->callbacks.user);
}

static void
ear_listen(Ear *ear)
{
    LaneCallbacks callbacks = { ear_progress, ear_answer, ear };
    LaneRequest request = { .only = ear->mailbox,
                            .hear_all = ear == ear->watcher->ears->pdata[0] };

    ear->job = lane_submit(ear->lane, LANE_WATCH, &request, &callbacks);
}

static void
listen_to(Watcher *watcher, const char *mailbox)
{
    Ear *ear = g_new0(Ear, 1);

    ear->watcher = watcher;
    ear->mailbox = g_strdup(mailbox);
    ear->lane = watcher->callbacks.make_lane(watcher->callbacks.user, mailbox);
    g_ptr_array_add(watcher->ears, ear);
    ear_listen(ear);
}

static bool
is_there(const Watcher *watcher, const char *mailbox)
{
    const Account *account = watcher->account;
    g_autoptr(GPtrArray) folders =
        store_folders(session_store(account->session), account->name, NULL);

    for (guint i = 0; folders && i < folders->len; i++) {
        const StoreFolder *folder = folders->pdata[i];

        if (strcmp(folder->name, mailbox) == 0)
            return folder->selectable && folder->subscribed;
    }
    return false;
}

/* An ear that lost its folder goes: another takes its place when the first one
 * hears again. */
static void
ear_resume(Ear *ear)
{
    Watcher *watcher = ear->watcher;

    if (ear->job || ear->rest || ear->refusals >= LOGINS_AFTER_REFUSAL)
        return;
    if (ear == watcher->ears->pdata[0] || is_there(watcher, ear->mailbox))
        ear_listen(ear);
    else
        g_ptr_array_remove(watcher->ears, ear);
}

void
watcher_begin(Watcher *watcher)
{
    if (watcher->ears->len == 0 && watcher->most > 0)
        listen_to(watcher, "INBOX");
    for (guint i = watcher->ears->len; i > 0; i--)
        ear_resume(watcher->ears->pdata[i - 1]);
}

void
watcher_forgive(Watcher *watcher)
{
    for (guint i = 0; i < watcher->ears->len; i++) {
        Ear *ear = watcher->ears->pdata[i];

        g_clear_handle_id(&ear->rest, g_source_remove);
        ear->failures = ear->refusals = 0;
    }
}

void
watcher_stop(Watcher *watcher)
{
    for (guint i = 0; i < watcher->ears->len; i++) {
        const Ear *ear = watcher->ears->pdata[i];

        if (ear->job)
            job_cancel(ear->job);
    }
}
