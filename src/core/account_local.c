/* An account without a server: its folders are scanned in a thread when it
 * starts, when it is told to synchronise, and when another program changed
 * something in them. */
#include "account_files.h"

#include "base/err.h"
#include "core/arrive.h"
#include "local.h"
#include "sync/sync.h"

#include <string.h>

struct LocalFollower {
    Account *account;
    Worker *worker; /* NULL until the first scan */
    bool running;
    bool ended;
    bool first; /* nothing of the first scan is news */
    FilesWatch *files; /* NULL until the account is followed */
};

typedef struct {
    char *state_db, *mail, *account;
} Request;

static void
request_free(void *data)
{
    Request *request = data;

    g_free(request->state_db);
    g_free(request->mail);
    g_free(request->account);
    g_free(request);
}

static void
tell_progress(guint done, void *user)
{
    job_progress(user, "reading folders", done, 0);
}

/* The paths of folders in which nothing changed. */
static GHashTable *
find_unchanged(Store *store, const char *account, GHashTable *changed,
               GError **error)
{
    g_autoptr(GPtrArray) folders = store_folders(store, account, error);
    GHashTable *paths;

    if (folders == NULL)
        return NULL;
    paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < folders->len; i++) {
        const char *path = ((const StoreFolder *)folders->pdata[i])->path;

        if (!g_hash_table_contains(changed, path))
            g_hash_table_add(paths, g_strdup(path));
    }
    return paths;
}

static void *
scan_run(Job *job, void *data, GError **error)
{
    const Request *request = data;
    g_autoptr(Store) store = store_open(request->state_db, error);
    g_autoptr(GArray) added = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(GHashTable) changed = NULL;
    g_autoptr(GHashTable) unchanged = NULL;
    LocalScan scan = {
        .store = store, .mail = request->mail, .account = request->account,
        .cancel = job_cancellable(job), .added = added,
        .progress = tell_progress, .user = job,
    };

    if (store == NULL)
        return NULL;
    changed = sync_changed_folders(store, request->mail, request->account, true,
                                   error);
    if (changed)
        unchanged = find_unchanged(store, request->account, changed, error);
    scan.unchanged = unchanged;
    return unchanged && local_scan(&scan, error)
                   && sync_folders_read(store, request->account, changed, error)
               ? g_steal_pointer(&added)
               : NULL;
}

static void
scan_progress(void *user, const JobProgress *note)
{
    struct LocalFollower *follower = user;

    follower->account->status.done = note->done;
    session_rows_news(follower->account->session);
}

static void
files_told(void *user)
{
    local_follower_scan(user);
}

static void
watch(struct LocalFollower *follower)
{
    if (!follower->account->started || follower->ended)
        return;
    if (follower->files == NULL)
        follower->files =
            files_watch_create(follower->account, files_told, follower);
    files_watch_refresh(follower->files);
    files_watch_hold(follower->files, false);
}

static void
scan_answer(void *user, void *answer, const GError *error)
{
    struct LocalFollower *follower = user;
    const GArray *added = answer;

    follower->running = false;
    if (added)
        arrive(follower->account->session,
               (const gint64 *)(const void *)added->data, added->len,
               follower->first);
    if (error == NULL)
        follower->first = false;
    account_set_state(follower->account, ACCOUNT_LOCAL, NULL,
                      error ? error->message : NULL);
    account_synced(follower->account, error);
    watch(follower);
}

static void
ids_free(void *ids)
{
    g_array_unref(ids);
}

static const JobClass scan_job = {
    .name = "scan",
    .run = scan_run,
    .progress = scan_progress,
    .answer = scan_answer,
    .free_request = request_free,
    .free_answer = ids_free,
};

struct LocalFollower *
local_follower_create(Account *account)
{
    struct LocalFollower *follower = g_new0(struct LocalFollower, 1);
    g_autoptr(GPtrArray) folders = store_folders(
        session_store(account->session), account->name, NULL);

    follower->account = account;
    follower->first = folders == NULL || folders->len == 0;
    return follower;
}

void
local_follower_destroy(struct LocalFollower *follower)
{
    if (follower == NULL)
        return;
    follower->ended = true;
    worker_destroy(follower->worker); /* its last answer still finds us */
    files_watch_destroy(follower->files);
    g_free(follower);
}

void
local_follower_scan(struct LocalFollower *follower)
{
    const Paths *paths = session_paths(follower->account->session);
    Request *request;

    if (follower->running)
        return; /* its answer serves all who wait */
    request = g_new0(Request, 1);
    request->state_db = g_strdup(paths->state_db);
    request->mail = g_strdup(paths->mail);
    request->account = g_strdup(follower->account->name);
    if (follower->worker == NULL)
        follower->worker = worker_create("folders");
    follower->running = true;
    files_watch_hold(follower->files, true);
    worker_submit(follower->worker, JOB_NORMAL, &scan_job, request, follower);
}
