/* What someone waits for: a message that is opened, a search, a check. Ahead of
 * what is only kept the same, on a lane of its own where there is one. */
#include "account_remote.h"

#include "base/err.h"

enum {
    SLOW_MS = 300 /* until it is said that a message is on its way */
};

/* One message or part, or what a search finds in a folder. */
typedef struct {
    struct RemoteFollower *follower;
    LaneJob kind;
    LaneRequest request; /* its texts are ours */
    Job *job;            /* NULL: waits for the lanes */
    void (*fetched)(gint64 id, const GError *error, void *user);
    AccountFoundFn found;
    AccountPartFn parted;
    void *user;
    guint slow; /* source: it is said that it takes long */
    guint64 done, total; /* octets of the message */
    bool said;
} Errand;

static void
errand_show(Errand *errand)
{
    Frontend *frontend =
        session_frontend(errand->follower->account->session);
    const char *what = errand->kind == LANE_FETCH
                           ? "fetching this message, KiB"
                       : errand->request.part > 0
                           ? "fetching this file, KiB"
                           : "asking the server which files there are";

    frontend->class->progress(frontend, what, errand->done / 1024,
                              errand->total / 1024);
}

static gboolean
errand_is_slow(void *user)
{
    Errand *errand = user;

    errand->slow = 0;
    errand->said = true;
    errand_show(errand);
    return G_SOURCE_REMOVE;
}

static bool
is_fetch(const Errand *errand)
{
    return errand->kind == LANE_FETCH || errand->kind == LANE_PART;
}

/* What was answered; NULL where an errand is of another kind, or failed. */
typedef struct {
    const AccountFound *found;
    const AccountPart *part;
} Outcome;

static void
errand_end(Errand *errand, const Outcome *outcome, const GError *error)
{
    Frontend *frontend =
        session_frontend(errand->follower->account->session);

    g_clear_handle_id(&errand->slow, g_source_remove);
    g_ptr_array_remove(errand->follower->errands, errand);
    if (errand->said)
        frontend->class->progress(frontend, NULL, 0, 0);
    if (errand->kind == LANE_FETCH)
        errand->fetched(errand->request.id, error, errand->user);
    else if (errand->kind == LANE_PART)
        errand->parted(error ? NULL : outcome->part, error, errand->user);
    else
        errand->found(error ? NULL : outcome->found, error, errand->user);
    g_free(errand->request.only);
    g_free(errand->request.criteria);
    g_free(errand);
}

/* One that waits for the lanes; NULL: none. */
static Errand *
waiting(const struct RemoteFollower *follower)
{
    for (guint i = 0; i < follower->errands->len; i++) {
        Errand *errand = follower->errands->pdata[i];

        if (errand->job == NULL)
            return errand;
    }
    return NULL;
}

void
errands_end(struct RemoteFollower *follower, const GError *error)
{
    Errand *errand;

    while ((errand = waiting(follower)))
        errand_end(errand, NULL, error);
}

static Lane *
urgent_lane(const struct RemoteFollower *follower)
{
    return follower->urgent ? follower->urgent : follower->bulk;
}

static void
errand_progress(void *user, const JobProgress *note)
{
    Errand *errand = user;

    remote_take_news(errand->follower, urgent_lane(errand->follower));
    if (!is_fetch(errand) || note->total == 0)
        return;
    errand->done = note->done;
    errand->total = note->total;
    if (errand->said)
        errand_show(errand);
}

static GArray *
hits_of(const GArray *rows)
{
    GArray *hits = g_array_new(FALSE, FALSE, sizeof(AccountHit));

    for (guint i = 0; rows && i < rows->len; i++) {
        const StoreUid *row = &g_array_index(rows, StoreUid, i);
        AccountHit hit = { row->id, row->date };

        if (!row->deleted)
            g_array_append_val(hits, hit);
    }
    return hits;
}

static void
errand_answer(void *user, const LaneAnswer *answer, const GError *error)
{
    g_autoptr(GArray) hits = hits_of(answer->found.rows);
    AccountFound found = { hits, answer->found.left };
    AccountPart part = { answer->parts, answer->fd };
    Outcome outcome = { &found, &part };

    errand_end(user, &outcome, error);
}

static void
submit_errand(Errand *errand)
{
    LaneCallbacks callbacks = { errand_progress, errand_answer, errand };

    errand->job = lane_submit(urgent_lane(errand->follower), errand->kind,
                              &errand->request, &callbacks);
}

void
errands_submit(struct RemoteFollower *follower)
{
    Errand *errand;

    while ((errand = waiting(follower)))
        submit_errand(errand);
}

void
remote_follower_fetch_stop(struct RemoteFollower *follower, gint64 id)
{
    g_autoptr(GPtrArray) ended = g_ptr_array_new();
    g_autoptr(GError) stopped = NULL;

    err_set(&stopped, ERR_CANCELLED, "cancelled");
    for (guint i = follower->errands->len; i-- > 0;) {
        Errand *errand = follower->errands->pdata[i];

        if (!is_fetch(errand) || errand->request.id != id)
            continue;
        if (errand->job)
            job_cancel(errand->job);
        else
            g_ptr_array_add(ended,
                            g_ptr_array_steal_index(follower->errands, i));
    }
    /* What their answers do to the others meets none of these. */
    for (guint i = 0; i < ended->len; i++)
        errand_end(ended->pdata[i], NULL, stopped);
}

static void
begin_errand(Errand *errand, const char *offline)
{
    struct RemoteFollower *follower = errand->follower;
    const Account *account = follower->account;
    g_autoptr(GError) error = NULL;

    if (session_offline(account->session)) {
        err_set(&error, ERR_RETRY, "%s and %s is offline: go online first",
                offline, account->name);
        errand_end(errand, NULL, error);
        return;
    }
    g_ptr_array_add(follower->errands, errand);
    if (follower->bulk == NULL)
        remote_connect(follower);
    else
        submit_errand(errand);
}

void
remote_follower_fetch(struct RemoteFollower *follower, gint64 id,
                      void (*done)(gint64 id, const GError *error, void *user),
                      void *user)
{
    Errand *errand = g_new0(Errand, 1);

    errand->follower = follower;
    errand->kind = LANE_FETCH;
    errand->request.id = id;
    errand->fetched = done;
    errand->user = user;
    errand->slow = g_timeout_add(SLOW_MS, errand_is_slow, errand);
    begin_errand(errand, "this message is not here");
}

void
remote_follower_part(struct RemoteFollower *follower, gint64 id, guint number,
                     AccountPartFn done, void *user)
{
    Errand *errand = g_new0(Errand, 1);

    errand->follower = follower;
    errand->kind = LANE_PART;
    errand->request.id = id;
    errand->request.part = number;
    errand->parted = done;
    errand->user = user;
    errand->slow = g_timeout_add(SLOW_MS, errand_is_slow, errand);
    begin_errand(errand, number > 0 ? "this part is not here"
                                    : "this message is not here");
}

void
remote_follower_search(struct RemoteFollower *follower, const char *folder,
                       const char *criteria, AccountFoundFn done, void *user)
{
    Errand *errand = g_new0(Errand, 1);

    errand->follower = follower;
    errand->kind = LANE_SEARCH;
    errand->request.only = g_strdup(folder);
    errand->request.criteria = g_strdup(criteria);
    errand->found = done;
    errand->user = user;
    begin_errand(errand, "the server is to search");
}

/* A login of its own, on a lane of its own. */
typedef struct {
    struct RemoteFollower *follower;
    Lane *lane;
    void (*done)(Account *account, const GError *error, void *user);
    void *user;
} Check;

static gboolean
check_free(void *data)
{
    Check *check = data;

    lane_destroy(check->lane);
    g_free(check);
    return G_SOURCE_REMOVE;
}

static void
take_room(Account *account, const ImapQuota *room)
{
    g_autofree char *used = g_format_size(room->used);
    g_autofree char *limit = g_format_size(room->limit);

    g_clear_pointer(&account->room, g_free);
    if (room->limit > 0)
        account->room =
            g_strdup_printf("%s of %s used (%.0f %%)", used, limit,
                            100.0 * (gdouble)room->used / (gdouble)room->limit);
}

static void
check_answer(void *user, const LaneAnswer *answer, const GError *error)
{
    Check *check = user;

    take_room(check->follower->account, &answer->room);
    check->done(check->follower->account, error, check->user);
    g_idle_add(check_free, check);
}

static void
check_password(const char *password, const GError *error, void *user)
{
    Check *check = user;
    LaneCallbacks callbacks = { NULL, check_answer, check };
    LaneRequest request = { 0 };

    if (error) {
        check->done(check->follower->account, error, check->user);
        g_free(check);
        return;
    }
    check->lane = remote_lane(check->follower, "check", password);
    lane_submit(check->lane, LANE_CHECK, &request, &callbacks);
}

void
remote_follower_check(struct RemoteFollower *follower,
                      void (*done)(Account *account, const GError *error,
                                   void *user),
                      void *user)
{
    Check *check = g_new0(Check, 1);

    *check = (Check){ follower, NULL, done, user };
    if (remote_needs_no_password(follower))
        check_password(NULL, NULL, check);
    else
        account_password(follower->account, false, check_password, check);
}
