/* Whole files, private modes, durable names. */
#include "base/file.h"

#include "base/err.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SAFE_NAME_BYTES = 200,
    COPY_BYTES = 65536,
    LINES_BYTES = 1 << 20, /* of a file that lines are added to */
};

bool
file_write_all(int fd, const void *bytes, gsize size, const char *path,
               GError **error)
{
    const char *at = bytes;

    while (size > 0) {
        gssize wrote = write(fd, at, size);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return err_set_errno(error, errno, "%s", path);
        at += wrote;
        size -= (gsize)wrote;
    }
    return true;
}

bool
file_sync_dir(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok;

    if (fd < 0)
        return err_set_errno(error, errno, "%s", path);
    /* EINVAL: a file system that cannot sync a directory, and need not. */
    ok = fsync(fd) == 0 || errno == EINVAL
         || err_set_errno(error, errno, "%s", path);
    close(fd);
    return ok;
}

int
file_open_unnamed(const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "unnamed-XXXXXX", NULL);
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0) { /* a file system that has no such files */
        fd = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);
        if (fd >= 0)
            unlink(path);
    }
    if (fd < 0)
        err_set_errno(error, errno, "%s", folder);
    else
        fchmod(fd, 0600);
    return fd;
}

bool
file_name_unnamed(int fd, const char *path)
{
    g_autofree char *open_file = g_strdup_printf("/proc/self/fd/%d", fd);

    return linkat(AT_FDCWD, open_file, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0;
}

bool
file_copy_all(int from, int to, const char *path, GError **error)
{
    g_autofree char *block = g_malloc(COPY_BYTES);
    gssize got;

    while ((got = read(from, block, COPY_BYTES)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set_errno(error, errno, "%s", path);
        if (!file_write_all(to, block, (gsize)got, path, error))
            return false;
    }
    return true;
}

/* Writes, syncs and closes; a failure of any counts. */
static bool
fill_durably(int fd, const char *path, FileFill fill, void *user,
             GError **error)
{
    bool ok = (fchmod(fd, 0600) == 0 || err_set_errno(error, errno, "%s", path))
              && fill(fd, user, error)
              && (fsync(fd) == 0 || err_set_errno(error, errno, "%s", path));

    if (close(fd) != 0 && ok)
        ok = err_set_errno(error, errno, "%s", path);
    return ok;
}

bool
file_write_filled(const char *path, FileFill fill, void *user, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *temporary = g_strdup_printf(
        "%s.%08x%08x.tmp", path, g_random_int(), g_random_int());
    int fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                  0600);

    if (fd < 0)
        return err_set_errno(error, errno, "%s", temporary);
    if (!fill_durably(fd, path, fill, user, error)) {
        unlink(temporary);
        return false;
    }
    if (rename(temporary, path) != 0) {
        err_set_errno(error, errno, "%s", path);
        unlink(temporary);
        return false;
    }
    return file_sync_dir(folder, error);
}

typedef struct {
    const void *bytes;
    gsize size;
    const char *path;
} Memory;

static bool
fill_from_memory(int fd, void *user, GError **error)
{
    const Memory *memory = user;

    return file_write_all(fd, memory->bytes, memory->size, memory->path, error);
}

bool
file_write_atomic(const char *path, const void *bytes, gsize size,
                  GError **error)
{
    Memory memory = { bytes, size, path };

    return file_write_filled(path, fill_from_memory, &memory, error);
}

char *
file_read(const char *path, gsize limit, gsize *size, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    g_autofree char *bytes = NULL;
    struct stat info;
    gsize got = 0;

    if (fd < 0) {
        err_set_errno(error, errno, "%s", path);
        return NULL;
    }
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)
        || (guint64)info.st_size > limit) {
        close(fd);
        return err_null(error, ERR_LOCAL,
                        "%s: not a file of at most %" G_GSIZE_FORMAT " bytes",
                        path, limit);
    }
    bytes = g_malloc((gsize)info.st_size + 1);
    while (got < (gsize)info.st_size) {
        gssize n = read(fd, bytes + got, (gsize)info.st_size - got);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        got += (gsize)n;
    }
    close(fd);
    bytes[got] = '\0';
    if (size)
        *size = got;
    return g_steal_pointer(&bytes);
}

/* One folder; chmod because the umask may have taken a bit of the owner's. */
static bool
make_folder(const char *path, GError **error)
{
    if (mkdir(path, 0700) == 0)
        return chmod(path, 0700) == 0
               || err_set_errno(error, errno, "%s", path);
    if (errno == EEXIST && g_file_test(path, G_FILE_TEST_IS_DIR))
        return true;
    return err_set_errno(error, errno, "%s", path);
}

bool
file_mkdir(const char *path, GError **error)
{
    g_autofree char *head = g_strdup(path);

    for (char *slash = *head ? strchr(head + 1, '/') : NULL; slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (!g_file_test(head, G_FILE_TEST_IS_DIR) && !make_folder(head, error))
            return false;
        *slash = '/';
    }
    return make_folder(head, error);
}

static bool remove_at(int parent, const char *name, GError **error);

/* What is in the open directory fd, which is closed. */
static bool
remove_content(int fd, const char *name, GError **error)
{
    DIR *dir = fdopendir(fd);
    struct dirent *entry;
    bool ok = true;

    if (dir == NULL) {
        close(fd);
        return err_set_errno(error, errno, "%s", name);
    }
    while (ok && (entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            ok = remove_at(dirfd(dir), entry->d_name, error);
    closedir(dir);
    return ok;
}

static bool
remove_at(int parent, const char *name, GError **error)
{
    int fd =
        openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return unlinkat(parent, name, 0) == 0 || errno == ENOENT
               || err_set_errno(error, errno, "%s", name);
    return remove_content(fd, name, error)
           && (unlinkat(parent, name, AT_REMOVEDIR) == 0
               || err_set_errno(error, errno, "%s", name));
}

bool
file_remove_tree(const char *path, GError **error)
{
    return remove_at(AT_FDCWD, path, error);
}

bool
file_add_line(const char *path, const char *heading, const char *line,
              GError **error)
{
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;

    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        before = file_read(path, LINES_BYTES, NULL, error);
        if (before == NULL)
            return false;
    }
    after = before ? g_strdup_printf("%s%s\n", before, line)
                   : g_strdup_printf("%s\n%s\n", heading, line);
    return file_write_atomic(path, after, strlen(after), error);
}

/* A character that may stand in a file name of ours. */
static bool
is_name_char(gunichar c)
{
    return g_unichar_isprint(c) && c != '/' && c != '\\'
           && g_unichar_type(c) != G_UNICODE_FORMAT
           && g_unichar_type(c) != G_UNICODE_LINE_SEPARATOR
           && g_unichar_type(c) != G_UNICODE_PARAGRAPH_SEPARATOR;
}

char *
file_safe_name(const char *untrusted)
{
    g_autofree char *valid = g_utf8_make_valid(untrusted ? untrusted : "", -1);
    g_autoptr(GString) name = g_string_new(NULL);

    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        bool leading = name->len == 0 && (c == '.' || c == '-' || c == ' ');

        if (name->len + 4 > SAFE_NAME_BYTES)
            break;
        g_string_append_unichar(name, is_name_char(c) && !leading ? c : '_');
    }
    if (name->len == 0)
        g_string_append(name, "unnamed");
    return g_string_free(g_steal_pointer(&name), FALSE);
}
