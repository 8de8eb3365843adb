/* Messages on their way into a folder. Each is written and closed in tmp/;
 * commit makes all of them durable, then names them, then makes the names
 * durable. One message is synced by itself, a batch by one syncfs(): the disk
 * writes the same bytes in one pass instead of one a message. */
#include "maildir/maildir.h"

#include "base/err.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SYNC_SINGLY = 4,
    BUFFER = 64 * 1024
};

typedef struct {
    char *base;
    char *name; /* with flags */
    bool durable; /* another name of a file that is */
} Finished;

struct MaildirBatch {
    char *folder;
    int tmp; /* directories */
    int cur;
    int fd; /* of the message that is written; -1 */
    char *base;
    guint64 written;
    guint64 bytes;
    gsize filled;        /* of buffer */
    GPtrArray *finished; /* Finished */
    char buffer[BUFFER]; /* small writes are one */
};

static void
finished_free(void *data)
{
    Finished *finished = data;

    g_free(finished->base);
    g_free(finished->name);
    g_free(finished);
}

static int
open_dir(const char *folder, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        err_set_errno(error, errno, "%s", path);
    return fd;
}

MaildirBatch *
maildir_batch_create(const char *folder, GError **error)
{
    g_autoptr(MaildirBatch) batch = g_new0(MaildirBatch, 1);

    batch->fd = batch->tmp = batch->cur = -1;
    batch->folder = g_strdup(folder);
    batch->finished = g_ptr_array_new_with_free_func(finished_free);
    batch->tmp = open_dir(folder, "tmp", error);
    if (batch->tmp >= 0)
        batch->cur = open_dir(folder, "cur", error);
    return batch->cur >= 0 ? g_steal_pointer(&batch) : NULL;
}

void
maildir_batch_destroy(MaildirBatch *batch)
{
    if (batch == NULL)
        return;
    maildir_batch_drop(batch);
    for (guint i = 0; i < batch->finished->len; i++)
        unlinkat(batch->tmp,
                 ((const Finished *)batch->finished->pdata[i])->base, 0);
    if (batch->tmp >= 0)
        close(batch->tmp);
    if (batch->cur >= 0)
        close(batch->cur);
    g_ptr_array_unref(batch->finished);
    g_free(batch->folder);
    g_free(batch);
}

static bool
fail(const MaildirBatch *batch, const char *what, GError **error)
{
    return err_set_errno(error, errno, "%s/%s", batch->folder, what);
}

bool
maildir_batch_begin(MaildirBatch *batch, const char *base, GError **error)
{
    maildir_batch_drop(batch);
    batch->fd =
        openat(batch->tmp, base,
               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (batch->fd < 0)
        return fail(batch, "tmp", error);
    batch->base = g_strdup(base);
    batch->written = 0;
    batch->filled = 0;
    return fchmod(batch->fd, 0600) == 0 || fail(batch, "tmp", error);
}

static bool
flush(MaildirBatch *batch, GError **error)
{
    gsize filled = batch->filled;

    batch->filled = 0;
    return filled == 0
           || file_write_all(batch->fd, batch->buffer, filled, batch->folder,
                             error);
}

bool
maildir_batch_write(MaildirBatch *batch, const void *bytes, gsize size,
                    GError **error)
{
    g_return_val_if_fail(batch->fd >= 0, false);
    batch->written += size;
    if (batch->filled + size > BUFFER && !flush(batch, error))
        return false;
    if (size > BUFFER)
        return file_write_all(batch->fd, bytes, size, batch->folder, error);
    memcpy(batch->buffer + batch->filled, bytes, size);
    batch->filled += size;
    return true;
}

static Finished *
add_finished(MaildirBatch *batch, MaildirFlags flags)
{
    Finished *finished = g_new0(Finished, 1);

    finished->base = g_steal_pointer(&batch->base);
    finished->name = maildir_file_name(finished->base, flags);
    g_ptr_array_add(batch->finished, finished);
    return finished;
}

bool
maildir_batch_finish(MaildirBatch *batch, MaildirFlags flags, GError **error)
{
    bool ok;

    g_return_val_if_fail(batch->fd >= 0, false);
    ok = flush(batch, error);
    if (close(batch->fd) != 0 && ok)
        ok = fail(batch, "tmp", error);
    batch->fd = -1;
    if (!ok) {
        maildir_batch_drop(batch);
        return false;
    }
    add_finished(batch, flags);
    batch->bytes += batch->written;
    return true;
}

void
maildir_batch_drop(MaildirBatch *batch)
{
    if (batch->fd >= 0)
        close(batch->fd);
    batch->fd = -1;
    if (batch->base)
        unlinkat(batch->tmp, batch->base, 0);
    g_clear_pointer(&batch->base, g_free);
}

guint
maildir_batch_count(const MaildirBatch *batch)
{
    return batch->finished->len;
}

guint64
maildir_batch_bytes(const MaildirBatch *batch)
{
    return batch->bytes;
}

static bool
sync_one(const MaildirBatch *batch, const char *base, GError **error)
{
    int fd = openat(batch->tmp, base, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool ok;

    if (fd < 0)
        return fail(batch, "tmp", error);
    ok = fdatasync(fd) == 0 || fail(batch, "tmp", error);
    close(fd);
    return ok;
}

static guint
count_written(const MaildirBatch *batch)
{
    guint n = 0;

    for (guint i = 0; i < batch->finished->len; i++)
        n += !((const Finished *)batch->finished->pdata[i])->durable;
    return n;
}

static bool
sync_all(const MaildirBatch *batch, GError **error)
{
#ifdef __linux__
    if (count_written(batch) > SYNC_SINGLY)
        return syncfs(batch->tmp) == 0 || fail(batch, "tmp", error);
#endif
    for (guint i = 0; i < batch->finished->len; i++) {
        const Finished *finished = batch->finished->pdata[i];

        if (!finished->durable && !sync_one(batch, finished->base, error))
            return false;
    }
    return true;
}

bool
maildir_batch_commit(MaildirBatch *batch, GError **error)
{
    if (batch->finished->len == 0)
        return true;
    if (!sync_all(batch, error))
        return false;
    while (batch->finished->len > 0) {
        guint last = batch->finished->len - 1;
        const Finished *next = batch->finished->pdata[last];

        if (renameat(batch->tmp, next->base, batch->cur, next->name) != 0)
            return fail(batch, "cur", error);
        g_ptr_array_set_size(batch->finished, (gint)last);
    }
    batch->bytes = 0;
    return fsync(batch->cur) == 0 || fail(batch, "cur", error);
}

bool
maildir_batch_stage(MaildirBatch *batch, GError **error)
{
    return batch->finished->len == 0
           || (sync_all(batch, error)
               && (fsync(batch->tmp) == 0 || fail(batch, "tmp", error)));
}

void
maildir_batch_leave(MaildirBatch *batch)
{
    g_ptr_array_set_size(batch->finished, 0);
    batch->bytes = 0;
}

bool
maildir_deliver(const char *folder, const char *base, MaildirFlags flags,
                const void *bytes, gsize size, GError **error)
{
    g_autoptr(MaildirBatch) batch = maildir_batch_create(folder, error);

    return batch != NULL && maildir_batch_begin(batch, base, error)
           && maildir_batch_write(batch, bytes, size, error)
           && maildir_batch_finish(batch, flags, error)
           && maildir_batch_commit(batch, error);
}

static bool
copy_in(MaildirBatch *batch, const char *source, GError **error)
{
    g_autofree char *block = g_malloc(BUFFER);
    int fd = open(source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool ok = fd >= 0;
    gssize got = 0;

    while (ok && (got = read(fd, block, BUFFER)) != 0)
        ok = got > 0 ? maildir_batch_write(batch, block, (gsize)got, error)
                     : errno == EINTR;
    if (got < 0 || fd < 0)
        err_set_errno(error, errno, "%s", source);
    if (fd >= 0)
        close(fd);
    return ok;
}

bool
maildir_batch_adopt(MaildirBatch *batch, const char *base, MaildirFlags flags,
                    const char *source, GError **error)
{
    maildir_batch_drop(batch);
    if (linkat(AT_FDCWD, source, batch->tmp, base, 0) == 0) {
        batch->base = g_strdup(base);
        add_finished(batch, flags)->durable = true;
        return true;
    }
    if (maildir_batch_begin(batch, base, error)
        && copy_in(batch, source, error))
        return maildir_batch_finish(batch, flags, error);
    maildir_batch_drop(batch);
    return false;
}
