/* The directories of an account's folders, watched for other programs. */
#include "account_files.h"

#include "base/dirwatch.h"
#include "sync/sync.h"

struct FilesWatch {
    const Account *account;
    DirWatch *dirs;
    void (*changed)(void *user);
    void *user;
};

bool
files_changed(const Account *account)
{
    return !sync_names_known(session_store(account->session),
                             session_paths(account->session)->mail,
                             account->name);
}

static void
dirs_changed(void *user)
{
    FilesWatch *watch = user;

    if (files_changed(watch->account))
        watch->changed(watch->user);
}

FilesWatch *
files_watch_create(const Account *account, void (*changed)(void *user),
                   void *user)
{
    FilesWatch *watch = g_new0(FilesWatch, 1);

    watch->account = account;
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
    dirwatch_destroy(watch->dirs);
    g_free(watch);
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
