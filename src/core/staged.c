/* Files before their rows, rows before names: whoever is killed between leaves
 * a file in tmp/, which is no message, or a row whose file the settler
 * names. */
#include "staged.h"

#include "maildir/maildir.h"

#include <unistd.h>

struct Staged {
    char *mail;
    char *path; /* of the folder, below it */
    MaildirBatch *batch;
    GPtrArray *files;    /* below the mail root, in tmp/ */
    GHashTable *rowless; /* set of those without a row */
};

Staged *
staged_create(Session *session, gint64 folder, GError **error)
{
    g_autoptr(StoreFolder) to =
        store_folder(session_store(session), folder, error);
    g_autoptr(Staged) staged = NULL;
    g_autofree char *dir = NULL;

    if (to == NULL)
        return NULL;
    staged = g_new0(Staged, 1);
    staged->files = g_ptr_array_new_with_free_func(g_free);
    staged->rowless = g_hash_table_new(g_str_hash, g_str_equal);
    staged->mail = g_strdup(session_paths(session)->mail);
    staged->path = g_strdup(to->path);
    dir = g_build_filename(staged->mail, to->path, NULL);
    if (maildir_create(dir, error))
        staged->batch = maildir_batch_create(dir, error);
    return staged->batch ? g_steal_pointer(&staged) : NULL;
}

void
staged_destroy(Staged *staged)
{
    if (staged == NULL)
        return;
    maildir_batch_destroy(staged->batch);
    g_hash_table_unref(staged->rowless);
    g_ptr_array_unref(staged->files);
    g_free(staged->path);
    g_free(staged->mail);
    g_free(staged);
}

static const char *
add_file(Staged *staged, const char *base)
{
    char *file = g_build_filename(staged->path, "tmp", base, NULL);

    g_ptr_array_add(staged->files, file);
    g_hash_table_add(staged->rowless, file);
    return file;
}

const char *
staged_bytes(Staged *staged, const void *bytes, gsize size, GError **error)
{
    g_autofree char *base = maildir_unique_name();

    return maildir_batch_begin(staged->batch, base, error)
                   && maildir_batch_write(staged->batch, bytes, size, error)
                   && maildir_batch_finish(staged->batch, 0, error)
               ? add_file(staged, base)
               : NULL;
}

const char *
staged_file(Staged *staged, const char *source, GError **error)
{
    g_autofree char *base = maildir_unique_name();

    return maildir_batch_adopt(staged->batch, base, 0, source, error)
               ? add_file(staged, base)
               : NULL;
}

bool
staged_sync(Staged *staged, GError **error)
{
    return maildir_batch_stage(staged->batch, error);
}

void
staged_row(Staged *staged, const char *file)
{
    g_hash_table_remove(staged->rowless, file);
}

void
staged_recorded(Staged *staged)
{
    GHashTableIter iter;
    void *file;

    maildir_batch_leave(staged->batch);
    g_hash_table_iter_init(&iter, staged->rowless);
    while (g_hash_table_iter_next(&iter, &file, NULL)) {
        g_autofree char *path = g_build_filename(staged->mail, file, NULL);

        unlink(path);
    }
}
