/* Is the directory of a folder the one in which its files were seen? One that
 * was made anew, mounted over it or brought back from a backup holds what it
 * holds: what lacks in it the user did not delete. Must not look at files. */
#include "sync_private.h"

#include "maildir/maildir.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define SEEN "directory"
#define NONE "none" /* it was gone, and its files with it */

/* When it was made, as a number; 0: the system does not tell. The number of a
 * file that is removed is soon another one's. */
static gint64
made_at(const char *path, const struct stat *info)
{
#if defined STATX_BTIME
    struct statx more;

    return statx(AT_FDCWD, path, 0, STATX_BTIME, &more) == 0
                   && more.stx_mask & STATX_BTIME
               ? more.stx_btime.tv_sec * 1000000000 + more.stx_btime.tv_nsec
               : 0;
#elif defined st_birthtime
    return (gint64)info->st_birthtimespec.tv_sec * 1000000000
           + info->st_birthtimespec.tv_nsec;
#else
    return 0;
#endif
}

/* NULL: there is none. g_free(). */
static char *
identity(const char *mail, const StoreFolder *folder)
{
    g_autofree char *path = g_build_filename(mail, folder->path, "cur", NULL);
    struct stat info;

    return stat(path, &info) == 0
               ? g_strdup_printf("%" G_GUINT64_FORMAT ".%" G_GINT64_FORMAT,
                                 (guint64)info.st_ino, made_at(path, &info))
               : NULL;
}

bool
sync_directory_is_there(const char *mail, const StoreFolder *folder)
{
    g_autofree char *now = identity(mail, folder);

    return now != NULL;
}

bool
sync_directory_is_new(Store *store, const char *mail, const StoreFolder *folder)
{
    const Sync sync = { .store = store };
    g_autofree char *known = sync_fact(&sync, folder, SEEN);
    g_autofree char *now = identity(mail, folder);

    return now == NULL || (known && strcmp(known, now) != 0);
}

bool
sync_directory_seen(Store *store, const char *mail, const StoreFolder *folder,
                    GError **error)
{
    const Sync sync = { .store = store };
    g_autofree char *known = sync_fact(&sync, folder, SEEN);
    g_autofree char *now = identity(mail, folder);

    return now == NULL || g_strcmp0(known, now) == 0
           || sync_set_fact(&sync, folder, SEEN, now, error);
}

bool
sync_directory_make(const Sync *sync, const StoreFolder *folder,
                    GError **error)
{
    g_autofree char *dir = g_build_filename(sync->mail, folder->path, NULL);
    g_autofree char *known = sync_fact(sync, folder, SEEN);
    bool lost = !sync_directory_is_there(sync->mail, folder)
                && store_has_files(sync->store, folder->id);

    if (lost && !sync_set_fact(sync, folder, SEEN, NONE, error))
        return false;
    return maildir_create(dir, error)
           && (lost || known
               || sync_directory_seen(sync->store, sync->mail, folder, error));
}
