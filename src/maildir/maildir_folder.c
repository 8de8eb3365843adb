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

enum {
    STALE_SECONDS = 36 * 3600
};

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
    g_autofree char *tmp = g_build_filename(folder, "tmp", NULL);
    char *found;

    if (access(path, F_OK) == 0)
        return g_strdup(path);
    found = find_base(cur, base);
    if (found == NULL)
        found = find_base(new, base);
    return found ? found : find_base(tmp, base);
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

typedef struct {
    bool (*each)(const MaildirEntry *entry, void *user);
    void *user;
    bool ended; /* by each */
    GString *path; /* both made anew for each entry, in the same memory */
    GString *base;
} Scan;

/* Whole messages are ordinary files; what a disk does not tell is looked at,
 * never through a symlink. */
static bool
is_message(const struct dirent *entry, int dir)
{
    struct stat info;

    if (entry->d_name[0] == '.')
        return false;
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_REG;
    return fstatat(dir, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0
           && S_ISREG(info.st_mode);
}

/* path holds the directory, of size bytes with its slash. */
static void
scan_entry(Scan *scan, gsize size, const char *name, bool is_new)
{
    MaildirEntry entry = { .flags = maildir_name_flags(name),
                           .is_new = is_new };

    g_string_truncate(scan->path, size);
    g_string_append(scan->path, name);
    g_string_truncate(scan->base, 0);
    g_string_append_len(scan->base, name, (gssize)maildir_base_size(name));
    entry.path = scan->path->str;
    entry.base = scan->base->str;
    scan->ended = !scan->each(&entry, scan->user);
}

static bool
scan_dir(Scan *scan, const char *folder, const char *part, GError **error)
{
    g_autofree char *dir = g_build_filename(folder, part, NULL);
    bool is_new = strcmp(part, "new") == 0;
    DIR *open = opendir(dir);
    gsize size = strlen(dir) + 1;
    const struct dirent *found;
    int trouble;

    if (open == NULL)
        return err_set_errno(error, errno, "%s", dir);
    g_string_printf(scan->path, "%s/", dir);
    while (errno = 0, !scan->ended && (found = readdir(open)))
        if (is_message(found, dirfd(open)))
            scan_entry(scan, size, found->d_name, is_new);
    trouble = scan->ended ? 0 : errno;
    closedir(open);
    return trouble == 0 || err_set_errno(error, trouble, "%s", dir);
}

bool
maildir_scan(const char *folder,
             bool (*each)(const MaildirEntry *entry, void *user), void *user,
             GError **error)
{
    g_autoptr(GString) path = g_string_new(NULL);
    g_autoptr(GString) base = g_string_new(NULL);
    Scan scan = { each, user, false, path, base };

    return scan_dir(&scan, folder, "cur", error)
           && (scan.ended || scan_dir(&scan, folder, "new", error));
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
