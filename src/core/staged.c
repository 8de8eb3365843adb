/* Files before their rows, rows before names: whoever is killed between leaves
 * a file in tmp/, which is no message, or a row whose file the settler
 * names. */
#include "staged.h"

#include "base/log.h"
#include "maildir/maildir.h"

#include <string.h>

typedef struct {
    char *file; /* below the mail root, in tmp/ */
    unsigned flags;
    gint64 id; /* of its row; 0: none */
} Item;

struct Staged {
    Session *session;
    char *path; /* of the folder, below the mail root */
    char *dir;
    MaildirBatch *batch;
    GPtrArray *items; /* Item */
};

static void
item_free(void *data)
{
    Item *item = data;

    g_free(item->file);
    g_free(item);
}

Staged *
staged_create(Session *session, gint64 folder, GError **error)
{
    g_autoptr(StoreFolder) to =
        store_folder(session_store(session), folder, error);
    g_autoptr(Staged) staged = NULL;

    if (to == NULL)
        return NULL;
    staged = g_new0(Staged, 1);
    staged->session = session;
    staged->items = g_ptr_array_new_with_free_func(item_free);
    staged->path = g_strdup(to->path);
    staged->dir =
        g_build_filename(session_paths(session)->mail, to->path, NULL);
    if (maildir_create(staged->dir, error))
        staged->batch = maildir_batch_create(staged->dir, error);
    return staged->batch ? g_steal_pointer(&staged) : NULL;
}

void
staged_destroy(Staged *staged)
{
    if (staged == NULL)
        return;
    maildir_batch_destroy(staged->batch);
    g_ptr_array_unref(staged->items);
    g_free(staged->path);
    g_free(staged->dir);
    g_free(staged);
}

static const char *
add_item(Staged *staged, const char *base, unsigned flags)
{
    Item *item = g_new0(Item, 1);

    item->file = g_build_filename(staged->path, "tmp", base, NULL);
    item->flags = flags;
    g_ptr_array_add(staged->items, item);
    return item->file;
}

const char *
staged_bytes(Staged *staged, unsigned flags, const void *bytes, gsize size,
             GError **error)
{
    g_autofree char *base = maildir_unique_name();

    return maildir_batch_begin(staged->batch, base, error)
                   && maildir_batch_write(staged->batch, bytes, size, error)
                   && maildir_batch_finish(staged->batch, flags, error)
               ? add_item(staged, base, flags)
               : NULL;
}

const char *
staged_file(Staged *staged, unsigned flags, const char *source, GError **error)
{
    g_autofree char *base = maildir_unique_name();

    return maildir_batch_adopt(staged->batch, base, flags, source, error)
               ? add_item(staged, base, flags)
               : NULL;
}

bool
staged_sync(Staged *staged, GError **error)
{
    return maildir_batch_stage(staged->batch, error);
}

void
staged_row(Staged *staged, const char *file, gint64 id)
{
    for (guint i = staged->items->len; i > 0; i--) {
        Item *item = staged->items->pdata[i - 1];

        if (item->file == file)
            item->id = id;
    }
}

static bool
name(const Staged *staged, const Item *item, GError **error)
{
    Store *store = session_store(staged->session);
    const char *mail = session_paths(staged->session)->mail;
    g_autofree char *from = g_build_filename(mail, item->file, NULL);
    g_autofree char *to =
        maildir_rename(from, staged->dir, item->flags, error);

    return to && store_set_file(store, item->id, to + strlen(mail) + 1, error);
}

/* As the settler does: the disk is not waited for, a file that has its name
 * already is found by its base. */
void
staged_recorded(Staged *staged)
{
    Store *store = session_store(staged->session);
    g_autoptr(StoreLazy) G_GNUC_UNUSED lazy = store_lazy(store);
    g_autoptr(GError) error = NULL;
    bool ok = true;

    maildir_batch_leave(staged->batch);
    if (!store_begin(store, NULL))
        return;
    for (guint i = 0; ok && i < staged->items->len; i++) {
        const Item *item = staged->items->pdata[i];

        ok = item->id == 0 || name(staged, item, &error);
    }
    store_end(store, true, NULL);
    if (error)
        log_add(LOG_WARN, staged->path, "%s", error->message);
}
