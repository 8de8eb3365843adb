/* The Sent copy is a link to the bytes of the outbox, where that can be. A
 * folder on another file system gets bytes of its own, which may take as long
 * as they are many: they are copied into its tmp/ behind, and linked from
 * there. What a crash leaves there is found again, whole or not at all. */
#include "outbox_private.h"

#include "base/err.h"
#include "base/file.h"
#include "maildir/maildir.h"

#include <fcntl.h>
#include <unistd.h>

typedef struct {
    Outbox *outbox;
    char *id;
    char *bytes;
    char *staged;
} Staging;

static void
staging_free(Staging *staging)
{
    g_free(staging->id);
    g_free(staging->bytes);
    g_free(staging->staged);
    g_free(staging);
}

static bool
copy(int fd, void *user, GError **error)
{
    const Staging *staging = user;
    int from = open(staging->bytes, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool ok;

    if (from < 0)
        return err_set_errno(error, errno, "%s", staging->bytes);
    ok = file_copy_all(from, fd, staging->bytes, error);
    close(from);
    return ok;
}

static void *
stage(Job *job, void *request, GError **error)
{
    Staging *staging = request;

    file_write_filled(staging->staged, copy, staging, error);
    return NULL;
}

static void
staged(void *user, void *answer, const GError *error)
{
    Staging *staging = user;
    Outbox *outbox = staging->outbox;

    g_hash_table_remove(outbox->staging, staging->id);
    outbox_staged(outbox, staging->id, error);
    if (access(staging->bytes, F_OK) != 0)
        unlink(staging->staged); /* the entry is gone, nobody links it */
}

static const JobClass stage_class = {
    .name = "copy to Sent",
    .run = stage,
    .answer = staged,
    .free_request = (GDestroyNotify)staging_free,
};

char *
outbox_stage_path(Outbox *outbox, const char *id, const char *folder)
{
    g_autofree char *name = g_strconcat(id, ".sent", NULL);

    return g_build_filename(session_paths(outbox->session)->mail, folder, "tmp",
                            name, NULL);
}

static void
begin(Outbox *outbox, const char *id, char *bytes, char *path)
{
    Staging *staging = g_new(Staging, 1);

    g_hash_table_add(outbox->staging, g_strdup(id));
    *staging = (Staging){ outbox, g_strdup(id), bytes, path };
    outbox_build(outbox, &stage_class, staging);
}

OutboxStage
outbox_stage(Outbox *outbox, const char *id, const char *folder, GError **error)
{
    g_autofree char *maildir =
        g_build_filename(session_paths(outbox->session)->mail, folder, NULL);
    g_autofree char *bytes = outbox_bytes_path(outbox->folder, id);
    g_autofree char *path = outbox_stage_path(outbox, id, folder);

    if (g_hash_table_contains(outbox->staging, id))
        return OUTBOX_STAGE_BEHIND;
    if (!maildir_create(maildir, error))
        return OUTBOX_STAGE_FAILED;
    if (g_file_test(path, G_FILE_TEST_EXISTS) || link(bytes, path) == 0)
        return OUTBOX_STAGE_READY;
    begin(outbox, id, g_steal_pointer(&bytes), g_steal_pointer(&path));
    return OUTBOX_STAGE_BEHIND;
}
