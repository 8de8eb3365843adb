/* Files follow their rows. The worker takes rows that are not settled from the
 * store, renames each file into its folder with its flags and records the new
 * name; killed anywhere, the next run goes on: a file that already has the new
 * name is found by its base. So the disk is not waited for. Must not decide
 * anything about mail. */
#include "settle.h"

#include "base/err.h"
#include "base/file.h"
#include "base/job.h"
#include "base/log.h"
#include "core/indexer.h"
#include "maildir/maildir.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { SETTLE_SLICE = 200 };

struct Settler {
    Session *session;
    Worker *worker; /* NULL until there is something to do */
    bool running;
    bool again;
};

typedef struct {
    char *state_db;
    char *mail;
    bool has_screen; /* what was deleted last stays until the next act, for
                        undo; a command from the shell leaves nothing */
    gint64 folder; /* seen last, within a transaction; 0: none */
    char *dir;     /* of it */
} SettleRequest;

static void
settle_request_free(void *data)
{
    SettleRequest *request = data;

    g_free(request->state_db);
    g_free(request->mail);
    g_free(request->dir);
    g_free(request);
}

/* Where the file is: as named, or already in the wanted folder. g_free(). */
static char *
settle_find(const SettleRequest *request, const char *file, const char *folder)
{
    g_autofree char *path = g_build_filename(request->mail, file, NULL);
    g_autofree char *name = g_path_get_basename(file);
    g_autofree char *moved = g_build_filename(folder, "cur", name, NULL);
    char *found = maildir_locate(path);

    return found ? found : maildir_locate(moved);
}

/* The directory of a folder, NULL: there is none. */
static const char *
settle_dir(Store *store, SettleRequest *request, gint64 id, GError **error)
{
    g_autoptr(StoreFolder) folder = NULL;

    if (request->folder == id)
        return request->dir;
    request->folder = 0;
    g_clear_pointer(&request->dir, g_free);
    folder = store_folder(store, id, error);
    if (folder == NULL)
        return NULL;
    request->folder = id;
    request->dir = g_build_filename(request->mail, folder->path, NULL);
    return request->dir;
}

/* Most lie where their rows say. *gone: it lies nowhere. The new path, or NULL;
 * g_free(). */
static char *
settle_rename(const SettleRequest *request, const StoreRow *row,
              const char *folder, bool *gone, GError **error)
{
    MaildirFlags flags = row->flags & STORE_SYSTEM_FLAGS;
    g_autofree char *known = g_build_filename(request->mail, row->file, NULL);
    g_autofree char *path = maildir_rename(known, folder, flags, NULL);
    g_autofree char *from = NULL;

    *gone = false;
    if (path && (strcmp(path, known) != 0 || access(path, F_OK) == 0))
        return g_steal_pointer(&path);
    from = settle_find(request, row->file, folder);
    *gone = from == NULL;
    if (from == NULL || !maildir_create(folder, error)) /* its first */
        return NULL;
    return maildir_rename(from, folder, flags, error);
}

/* A message that is nowhere, here or on the server: its file goes before its
 * row, so that no scan finds the file again. */
static bool
settle_gone(Store *store, const SettleRequest *request, const StoreRow *row,
            GError **error)
{
    g_autofree char *path =
        row->file ? g_build_filename(request->mail, row->file, NULL) : NULL;
    g_autofree char *found = path ? maildir_locate(path) : NULL;
    g_autofree char *file = NULL;

    if (found && unlink(found) != 0 && errno != ENOENT)
        return err_set_errno(error, errno, "%s", found);
    return store_server_gone(store, row->id, &file, error);
}

/* Renames one file and records it; removes the file of a deleted message. */
static bool
settle_row(Store *store, SettleRequest *request, gint64 id, GError **error)
{
    g_autoptr(StoreRow) row = store_row(store, id, error);
    const char *folder;
    g_autofree char *path = NULL;
    bool gone;

    if (row == NULL)
        return false;
    if (row->folder == 0 && row->server_folder == 0)
        return settle_gone(store, request, row, error);
    if (row->file == NULL || row->folder == 0)
        return store_set_file(store, id, row->file, error);
    folder = settle_dir(store, request, row->folder, error);
    if (folder == NULL)
        return false;
    path = settle_rename(request, row, folder, &gone, error);
    if (gone) /* behind our back: fetched again when asked for */
        return store_set_file(store, id, NULL, error);
    return path != NULL
        && store_set_file(store, id, path + strlen(request->mail) + 1, error);
}

/* Until somebody else wants to write: files may come later than mail. */
static bool
settle_rows(Store *store, SettleRequest *request, const GArray *ids,
            GError **error)
{
    bool ok = true;

    for (guint i = 0; ok && i < ids->len; i++) {
        if (i > 0 && store_waiting(store) > 0)
            break;
        ok = settle_row(store, request, g_array_index(ids, gint64, i), error);
    }
    return ok;
}

static bool
settle_slice(Store *store, SettleRequest *request, guint *n, GError **error)
{
    g_autoptr(GArray) ids = NULL;
    bool ok;

    request->folder = 0; /* its path may be another one by now */
    if (!store_begin(store, error))
        return false;
    ids = store_unsettled(store, request->has_screen, SETTLE_SLICE, error);
    *n = ids ? ids->len : 0;
    ok = ids != NULL && settle_rows(store, request, ids, error);
    return store_end(store, ok, ok ? error : NULL) && ok;
}

static void *
settle_run(Job *job, void *data, GError **error)
{
    SettleRequest *request = data;
    g_autoptr(Store) store = store_open(request->state_db, error);
    guint n = 1;

    if (store == NULL)
        return NULL;
    g_autoptr(StoreLazy) G_GNUC_UNUSED lazy = store_lazy(store);
    while (n > 0 && !g_cancellable_is_cancelled(job_cancellable(job)))
        if (!settle_slice(store, request, &n, error))
            return NULL;
    return NULL;
}

/* Most that happens moves no file, and a run opens a store of its own. */
static bool
has_work(const Settler *settler)
{
    Session *session = settler->session;
    g_autoptr(GArray) ids =
        store_unsettled(session_store(session),
                        session_frontend(session)->has_screen, 1, NULL);

    return ids == NULL || ids->len > 0; /* the run says what is wrong */
}

static void
settle_answer(void *user, void *answer, const GError *error)
{
    Settler *settler = user;

    settler->running = false;
    if (err_is(error, ERR_CANCELLED))
        return;
    if (error)
        log_add(LOG_WARN, "files", "%s", error->message);
    indexer_kick(session_indexer(settler->session));
    if (settler->again)
        settler_kick(settler);
}

static const JobClass settle_job = {
    .name = "settle",
    .run = settle_run,
    .answer = settle_answer,
    .free_request = settle_request_free,
};

static void
settler_start(Settler *settler)
{
    const Paths *paths = session_paths(settler->session);
    SettleRequest *request = g_new0(SettleRequest, 1);

    request->state_db = g_strdup(paths->state_db);
    request->mail = g_strdup(paths->mail);
    request->has_screen = session_frontend(settler->session)->has_screen;
    if (settler->worker == NULL)
        settler->worker = worker_create("files");
    settler->running = true;
    worker_submit(settler->worker, JOB_NORMAL, &settle_job, request, settler);
}

Settler *
settler_create(Session *session)
{
    Settler *settler = g_new0(Settler, 1);

    settler->session = session;
    return settler;
}

void
settler_destroy(Settler *settler)
{
    if (settler == NULL)
        return;
    worker_destroy(settler->worker);
    g_free(settler);
}

bool
settler_busy(const Settler *settler)
{
    return settler->running;
}

void
settler_kick(Settler *settler)
{
    settler->again = settler->running;
    if (settler->running)
        return;
    if (has_work(settler))
        settler_start(settler);
    else
        indexer_kick(session_indexer(settler->session));
}
