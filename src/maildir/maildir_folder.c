/* A folder's directories: making, scanning, finding and renaming files. */
#include "maildir/maildir.h"

#include "base/err.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { STALE_SECONDS = 36 * 3600 };

bool
maildir_create(const char *folder, GError **error)
{
    static const char *const parts[] = { "cur", "new", "tmp" };

    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *path = g_build_filename(folder, parts[i], NULL);

        if (!file_mkdir(path, error))
            return false;
    }
    return true;
}

/* The name in dir that has this base; NULL: none. g_free(). */
static char *
find_base(const char *dir, const char *base)
{
    g_autoptr(GDir) open = g_dir_open(dir, 0, NULL);
    gsize size = strlen(base);
    const char *name;

    while (open && (name = g_dir_read_name(open)))
        if (strncmp(name, base, size) == 0
            && (name[size] == '\0' || name[size] == ':'))
            return g_build_filename(dir, name, NULL);
    return NULL;
}

char *
maildir_locate(const char *path)
{
    g_autofree char *dir = g_path_get_dirname(path);
    g_autofree char *folder = g_path_get_dirname(dir);
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *base = maildir_name_base(name);
    g_autofree char *cur = g_build_filename(folder, "cur", NULL);
    g_autofree char *new = g_build_filename(folder, "new", NULL);
    char *found;

    if (access(path, F_OK) == 0)
        return g_strdup(path);
    found = find_base(cur, base);
    return found ? found : find_base(new, base);
}

char *
maildir_rename(const char *path, const char *folder, MaildirFlags flags,
               GError **error)
{
    g_autofree char *old = g_path_get_basename(path);
    g_autofree char *base = maildir_name_base(old);
    g_autofree char *name = maildir_file_name(base, flags);
    g_autofree char *to = g_build_filename(folder, "cur", name, NULL);

    if (strcmp(path, to) != 0 && rename(path, to) != 0) {
        err_set_errno(error, errno, "%s", to);
        return NULL;
    }
    return g_steal_pointer(&to);
}

static bool
scan_dir(const char *folder, const char *part,
         bool (*each)(const MaildirEntry *entry, void *user), void *user,
         GError **error)
{
    g_autofree char *dir = g_build_filename(folder, part, NULL);
    DIR *open = opendir(dir);
    struct dirent *found;
    bool go_on = true;

    if (open == NULL)
        return err_set_errno(error, errno, "%s", dir);
    while (go_on && (found = readdir(open))) {
        g_autofree char *path = NULL;
        g_autofree char *base = NULL;
        MaildirEntry entry;

        if (found->d_name[0] == '.' || found->d_type == DT_DIR)
            continue;
        path = g_build_filename(dir, found->d_name, NULL);
        base = maildir_name_base(found->d_name);
        entry = (MaildirEntry){ path, base,
                                maildir_name_flags(found->d_name),
                                strcmp(part, "new") == 0 };
        go_on = each(&entry, user);
    }
    closedir(open);
    return true;
}

bool
maildir_scan(const char *folder,
             bool (*each)(const MaildirEntry *entry, void *user), void *user,
             GError **error)
{
    return scan_dir(folder, "cur", each, user, error)
        && scan_dir(folder, "new", each, user, error);
}

void
maildir_sweep(const char *folder)
{
    g_autofree char *tmp = g_build_filename(folder, "tmp", NULL);
    g_autoptr(GDir) open = g_dir_open(tmp, 0, NULL);
    time_t old = time(NULL) - STALE_SECONDS;
    const char *name;

    while (open && (name = g_dir_read_name(open))) {
        g_autofree char *path = g_build_filename(tmp, name, NULL);
        struct stat info;

        if (lstat(path, &info) == 0 && S_ISREG(info.st_mode)
            && info.st_mtime < old)
            unlink(path);
    }
}
