/* Where the file of a message is. The settler names and renames files behind
 * their rows, so one that was looked up may be elsewhere when it is opened. */
#include "core/session.h"

#include "base/err.h"
#include "maildir/maildir.h"
#include "mime/mime.h"

#include <unistd.h>

char *
session_message_path(Session *session, const StoreRow *row)
{
    g_autofree char *path = NULL;
    g_autofree char *name = NULL;
    g_autofree char *moved = NULL;
    g_autoptr(StoreFolder) folder = NULL;
    char *found;

    if (row->file == NULL)
        return NULL;
    path = g_build_filename(session_paths(session)->mail, row->file, NULL);
    found = maildir_locate(path);
    if (found)
        return found;
    folder = store_folder(session_store(session), row->folder, NULL);
    if (folder == NULL)
        return NULL;
    name = g_path_get_basename(row->file);
    moved = g_build_filename(session_paths(session)->mail, folder->path, "cur",
                             name, NULL);
    return maildir_locate(moved);
}

MimeMessage *
session_load_message(Session *session, const StoreRow *row, GError **error)
{
    g_autoptr(StoreRow) now = NULL;
    g_autoptr(GError) trouble = NULL;
    g_autofree char *path = session_message_path(session, row);
    MimeMessage *message = path ? mime_load_file(path, &trouble) : NULL;

    if (message)
        return message;
    if (path && access(path, F_OK) != 0) { /* renamed since: once more */
        now = store_row(session_store(session), row->id, NULL);
        g_free(path);
        path = now ? session_message_path(session, now) : NULL;
        g_clear_error(&trouble);
        message = path ? mime_load_file(path, &trouble) : NULL;
    }
    if (path == NULL)
        err_set(error, ERR_LOCAL,
                "the message is not on this machine yet: open it first, so "
                "that it is fetched");
    else if (trouble)
        g_propagate_error(error, g_steal_pointer(&trouble));
    return message;
}
