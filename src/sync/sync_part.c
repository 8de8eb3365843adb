/* One part of a message whose body is not here: what there is (BODYSTRUCTURE),
 * then that part alone (BODY[n]; BINARY[n] where the server takes an encoding
 * off that makes it longer). */
#include "sync_private.h"

#include "base/err.h"
#include "base/file.h"

#include <string.h>

typedef struct {
    guint32 uid;
    GPtrArray *parts; /* ImapPart; NULL: not told yet */
} Look;

static bool
parts_told(void *user, const ImapMessage *message, GError **error)
{
    Look *look = user;

    if (message->uid == look->uid && message->parts && look->parts == NULL)
        look->parts = g_ptr_array_ref(message->parts);
    return true;
}

/* Selects the mailbox of a row that is on the server. */
static bool
open_row(const Sync *sync, gint64 id, UidSet *uids, GError **error)
{
    g_autoptr(StoreRow) row = store_row(sync->store, id, error);
    g_autoptr(StoreFolder) folder = NULL;
    ImapOpened opened;

    if (row == NULL)
        return false;
    if (row->uid == 0 || row->server_folder == 0)
        return err_set(error, ERR_LOCAL, "this message is neither here nor on "
                       "the server");
    folder = store_folder(sync->store, row->server_folder, error);
    if (folder == NULL || !sync_open(sync, folder, &opened, error))
        return false;
    if (opened.uidvalidity != folder->uidvalidity && folder->uidvalidity)
        return err_set(error, ERR_RETRY,
                       "%s was renumbered by the server: synchronise first",
                       folder->path);
    uidset_add(uids, row->uid);
    return true;
}

static GPtrArray *
ask_parts(const Sync *sync, const UidSet *uids, GError **error)
{
    Look look = { .uid = uidset_range(uids, 0).first };
    ImapSink sink = { .user = &look, .message = parts_told };

    if (!sync->server.class->fetch(sync->server.conn, uids, "UID BODYSTRUCTURE",
                                   0, &sink, error)) {
        g_clear_pointer(&look.parts, g_ptr_array_unref);
        return NULL;
    }
    if (look.parts == NULL)
        err_set(error, ERR_REFUSED, "the server has this message no more, or "
                "tells no parts of it");
    return look.parts;
}

GPtrArray *
sync_fetch_parts(const Sync *sync, gint64 id, GError **error)
{
    g_autoptr(UidSet) uids = uidset_create();

    return open_row(sync, id, uids, error) ? ask_parts(sync, uids, error)
                                           : NULL;
}

/* A part on its way into a file. */
typedef struct {
    const Sync *sync;
    const ImapPart *part;
    int fd;
    bool binary; /* without its encoding */
    guint64 got, size;
    bool begun;
} Part;

static bool
is_longer(const ImapPart *part)
{
    return part->encoding
           && (g_ascii_strcasecmp(part->encoding, "base64") == 0
               || g_ascii_strcasecmp(part->encoding, "quoted-printable") == 0);
}

/* The header that makes a message of the part alone. */
static bool
part_begin(void *user, const char *section, guint64 size, GError **error)
{
    Part *part = user;
    const char *encoding = is_longer(part->part) && !part->binary
                               ? part->part->encoding
                               : "binary";
    g_autofree char *head =
        g_strdup_printf("%sContent-Transfer-Encoding: %s\r\n\r\n",
                        part->part->header, encoding);

    if (part->begun)
        return true; /* told twice: the rest is not ours */
    part->begun = true;
    part->size = size;
    return file_write_all(part->fd, head, strlen(head), "a part", error);
}

static bool
part_bytes(void *user, const void *bytes, gsize size, GError **error)
{
    Part *part = user;
    SyncProgress progress = { .folder = "", .bytes = part->got + size,
                              .bytes_total = part->size };

    if (part->got + size > part->size)
        return true;
    if (part->sync->progress
        && part->got / SYNC_HEAD_BYTES < progress.bytes / SYNC_HEAD_BYTES)
        part->sync->progress(part->sync->user, &progress);
    part->got += size;
    return file_write_all(part->fd, bytes, size, "a part", error);
}

static bool
fetch(Part *part, const UidSet *uids, GError **error)
{
    const SyncServer *server = &part->sync->server;
    ImapSink sink = { .user = part,
                      .body_begin = part_begin,
                      .body_bytes = part_bytes };
    g_autofree char *items =
        g_strdup_printf("UID %s.PEEK[%s]", part->binary ? "BINARY" : "BODY",
                        part->part->section);

    return server->class->fetch(server->conn, uids, items, 0, &sink, error);
}

/* A server may know an encoding not or refuse to take it off (RFC 3516, section
 * 4.3): then as it is. */
static bool
fetch_either(Part *part, const UidSet *uids, GError **error)
{
    const SyncServer *server = &part->sync->server;
    g_autoptr(GError) trouble = NULL;

    part->binary =
        is_longer(part->part) && server->class->can(server->conn, "BINARY");
    if (!part->binary)
        return fetch(part, uids, error);
    if (fetch(part, uids, &trouble))
        return true;
    if (!err_is(trouble, ERR_REFUSED) || part->begun) {
        g_propagate_error(error, g_steal_pointer(&trouble));
        return false;
    }
    part->binary = false;
    return fetch(part, uids, error);
}

bool
sync_fetch_part(const Sync *sync, gint64 id, guint number, int fd,
                GError **error)
{
    g_autoptr(UidSet) uids = uidset_create();
    g_autoptr(GPtrArray) parts = NULL;
    Part part = { .sync = sync, .fd = fd };

    if (!open_row(sync, id, uids, error))
        return false;
    parts = ask_parts(sync, uids, error);
    if (parts == NULL)
        return false;
    if (number < 1 || number > parts->len)
        return err_set(error, ERR_USAGE,
                       "there is no part %u, the message has %u", number,
                       parts->len);
    part.part = parts->pdata[number - 1];
    return fetch_either(&part, uids, error)
           && ((part.begun && part.got == part.size)
               || err_set(error, ERR_REFUSED,
                          "the server told no such part"));
}
