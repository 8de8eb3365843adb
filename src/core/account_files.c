/* The directories of an account's folders, watched for other programs. Whether
 * what was told was our own doing is found out in a thread. */
#include "account_files.h"

#include "base/dirwatch.h"
#include "base/err.h"
#include "base/log.h"
#include "sync/sync.h"

struct FilesWatch {
    const Account *account;
    DirWatch *dirs;
    Worker *worker; /* NULL until something was told */
    void (*changed)(void *user);
    void *user;
    bool local;  /* no server: its local folders are its mail */
    bool held;   /* nothing is looked at */
    bool told;   /* while that is so, or while one looks */
    bool asking; /* a job is out */
};

typedef struct {
    char *state_db, *mail, *account;
    bool local;
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

/* The folders that another program changed. */
static void *
ask_run(Job *job, void *data, GError **error)
{
    const Request *request = data;
    g_autoptr(Store) store = store_open(request->state_db, error);

    return store ? sync_changed_folders(store, request->mail, request->account,
                                        request->local, error)
                 : NULL;
}

static void ask(FilesWatch *watch);

static void
ask_answer(void *user, void *answer, const GError *error)
{
    FilesWatch *watch = user;
    bool changed = answer && g_hash_table_size(answer) > 0;

    watch->asking = false;
    if (err_is(error, ERR_CANCELLED))
        return;
    if (error)
        log_add(LOG_WARN, watch->account->name, "%s", error->message);
    if (watch->held)
        watch->told = watch->told || changed;
    else if (changed)
        watch->changed(watch->user);
    else if (watch->told)
        ask(watch);
}

static void
changed_free(void *changed)
{
    g_hash_table_unref(changed);
}

static const JobClass ask_job = {
    .name = "look at files",
    .run = ask_run,
    .answer = ask_answer,
    .free_request = request_free,
    .free_answer = changed_free,
};

static void
ask(FilesWatch *watch)
{
    const Paths *paths = session_paths(watch->account->session);
    Request *request = g_new0(Request, 1);

    request->state_db = g_strdup(paths->state_db);
    request->mail = g_strdup(paths->mail);
    request->account = g_strdup(watch->account->name);
    request->local = watch->local;
    if (watch->worker == NULL)
        watch->worker = worker_create("look at files");
    watch->told = false;
    watch->asking = true;
    worker_submit(watch->worker, JOB_NORMAL, &ask_job, request, watch);
}

static void
dirs_changed(void *user)
{
    FilesWatch *watch = user;

    if (watch->held || watch->asking)
        watch->told = true;
    else
        ask(watch);
}

FilesWatch *
files_watch_create(const Account *account, void (*changed)(void *user),
                   void *user)
{
    FilesWatch *watch = g_new0(FilesWatch, 1);

    watch->account = account;
    watch->local = account->local != NULL;
    watch->dirs = dirwatch_create(dirs_changed, watch);
    watch->changed = changed;
    watch->user = user;
    return watch;
}

void
files_watch_destroy(FilesWatch *watch)
{
    if (watch == NULL)
        return;
    watch->held = true;
    worker_destroy(watch->worker); /* its last answer still finds us */
    dirwatch_destroy(watch->dirs);
    g_free(watch);
}

void
files_watch_hold(FilesWatch *watch, bool on)
{
    if (watch == NULL)
        return;
    watch->held = on;
    if (!on && watch->told && !watch->asking)
        ask(watch);
}

void
files_watch_refresh(FilesWatch *watch)
{
    const Account *account = watch->account;
    const char *mail = session_paths(account->session)->mail;
    g_autoptr(GPtrArray) folders =
        store_folders(session_store(account->session), account->name, NULL);
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; folders && i < folders->len; i++) {
        const char *path = ((const StoreFolder *)folders->pdata[i])->path;

        g_ptr_array_add(paths, g_build_filename(mail, path, "cur", NULL));
        g_ptr_array_add(paths, g_build_filename(mail, path, "new", NULL));
    }
    dirwatch_set(watch->dirs, paths);
}
