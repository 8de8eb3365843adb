/* A message that is new in one mailbox may be in another one for long: moved or
 * copied by another program, or a label of Gmail. Where the server gives ids to
 * bytes (OBJECTID, RFC 8474; X-GM-EXT-1) it is not fetched again: the file that
 * is here is told as the server would have. What is the same by id and not by
 * size and Message-ID is fetched: a server may mistake one for the other. */
#include "sync_private.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "maildir/maildir.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PIECE = 64 << 10,
    KEPT_SECONDS = 24 * 60 * 60
};

static char *
kept_dir(const Sync *sync)
{
    g_autofree char *account = maildir_encode_name(sync->account);

    return g_build_filename(sync->mail, account, ".gone", NULL);
}

static char *
kept_path(const Sync *sync, const char *email_id)
{
    g_autofree char *dir = kept_dir(sync);

    return g_build_filename(dir, email_id, NULL);
}

/* A second name of the file; where the disk has none, it is fetched again. */
void
sync_adopt_keep(const Sync *sync, gint64 id, const char *file)
{
    g_autofree char *email_id = store_email_id(sync->store, id);
    g_autofree char *path = g_build_filename(sync->mail, file, NULL);
    g_autofree char *dir = kept_dir(sync);
    g_autofree char *kept = email_id ? kept_path(sync, email_id) : NULL;

    if (kept && file_mkdir(dir, NULL) && link(path, kept) != 0
        && errno != EEXIST)
        log_add(LOG_DEBUG, sync->account, "not kept: %s", file);
}

/* st_ctime is when it was kept: it got this name then and lost its old one. */
void
sync_adopt_begin(const Sync *sync)
{
    g_autofree char *path = kept_dir(sync);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *kept = kept_path(sync, name);
        struct stat info;

        if (lstat(kept, &info) == 0
            && info.st_ctime + KEPT_SECONDS < clock_now())
            unlink(kept);
    }
}

void
sync_adopt_end(const Sync *sync)
{
    g_autofree char *dir = kept_dir(sync);

    if (g_file_test(dir, G_FILE_TEST_IS_DIR))
        file_remove_tree(dir, NULL);
}

/* Before the bodies of Gmail's rest were all here once: what is in no other
 * mailbox can only be what just left one. */
static bool
is_rest_begun(const SyncRun *run)
{
    g_autofree char *lacking = sync_fact(run->sync, run->folder, "lacking");

    return run->rest == run->folder->id
           && (run->folder->uidvalidity == 0 || lacking);
}

static bool
has_any(const SyncRun *run)
{
    g_autofree char *dir = kept_dir(run->sync);

    return (store_has_objects(run->sync->store) && !is_rest_begun(run))
           || g_file_test(dir, G_FILE_TEST_IS_DIR);
}

/* A message that is here. */
typedef struct {
    ImapMessage message;
    char *tags;
    char *email_id;
    char *message_id;
    char *path; /* of its file */
} Here;

typedef struct {
    const SyncRun *run;
    GArray *here;     /* Here */
    GByteArray *head; /* of the message that is told next */
} Look;

static void
here_clear(void *data)
{
    Here *here = data;

    g_free(here->tags);
    g_free(here->email_id);
    g_free(here->message_id);
    g_free(here->path);
}

/* In another folder, or gone from one. g_free(); NULL: nowhere. */
static char *
find_file(const Sync *sync, const char *email_id)
{
    gint64 id = store_object_here(sync->store, sync->account, email_id);
    g_autoptr(StoreRow) row = id ? store_row(sync->store, id, NULL) : NULL;
    g_autofree char *path =
        row && row->file ? g_build_filename(sync->mail, row->file, NULL) : NULL;
    g_autofree char *kept = kept_path(sync, email_id);

    if (path)
        return maildir_locate(path);
    return g_file_test(kept, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer(&kept)
                                                     : NULL;
}

/* g_free(); NULL: it has none. */
static char *
message_id(const Sync *sync, const char *bytes, gsize size)
{
    StoreMessage *facts =
        size > 0 ? sync->describe(bytes, MIN(size, SYNC_HEAD_BYTES)) : NULL;
    char *id = facts ? g_strdup(facts->message_id) : NULL;

    if (facts)
        sync->describe_free(facts);
    return id;
}

static bool
look_begin(void *user, const char *section, guint64 size, GError **error)
{
    g_byte_array_set_size(((Look *)user)->head, 0);
    return true;
}

static bool
look_bytes(void *user, const void *bytes, gsize size, GError **error)
{
    GByteArray *head = ((Look *)user)->head;

    if (head->len + size <= SYNC_HEAD_BYTES)
        g_byte_array_append(head, bytes, (guint)size);
    return true;
}

static bool
look_message(void *user, const ImapMessage *message, GError **error)
{
    Look *look = user;
    const Sync *sync = look->run->sync;
    Here here = { .message = *message };
    gsize size = look->head->len;

    g_byte_array_set_size(look->head, 0);
    if (message->uid == 0 || message->email_id == NULL || !message->has_flags)
        return true;
    here.path = find_file(sync, message->email_id);
    if (here.path == NULL)
        return true;
    here.message_id = message_id(sync, (char *)look->head->data, size);
    here.tags = g_strdup(message->flags.keywords);
    here.email_id = g_strdup(message->email_id);
    here.message.preview = NULL;
    here.message.parts = NULL;
    g_array_append_val(look->here, here);
    return true;
}

static bool
is_same(const Sync *sync, const Here *here, GMappedFile *map)
{
    gsize size = g_mapped_file_get_length(map);
    g_autofree char *id = NULL;

    if (size != here->message.size || here->message_id == NULL)
        return false;
    id = message_id(sync, g_mapped_file_get_contents(map), size);
    return g_strcmp0(id, here->message_id) == 0;
}

static GMappedFile *
open_file(const Sync *sync, const Here *here)
{
    g_autoptr(GMappedFile) map = g_mapped_file_new(here->path, FALSE, NULL);

    return map && is_same(sync, here, map) ? g_steal_pointer(&map) : NULL;
}

static bool
tell(const Sync *sync, Here *here, const ImapSink *sink, GError **error)
{
    g_autoptr(GMappedFile) map = open_file(sync, here);
    gsize size = map ? g_mapped_file_get_length(map) : 0;
    const char *bytes = map ? g_mapped_file_get_contents(map) : NULL;

    if (size == 0)
        return true;
    here->message.flags.keywords = here->tags;
    here->message.email_id = here->email_id;
    if (!sink->body_begin(sink->user, "", size, error))
        return false;
    for (gsize at = 0; at < size; at += PIECE)
        if (!sink->body_bytes(sink->user, bytes + at, MIN(PIECE, size - at),
                              error))
            return false;
    return sink->message(sink->user, &here->message, error);
}

bool
sync_adopt(SyncRun *run, const GPtrArray *sets, const ImapSink *sink,
           GError **error)
{
    const Sync *sync = run->sync;
    const SyncServer *server = &sync->server;
    g_autoptr(GArray) here = g_array_new(FALSE, FALSE, sizeof(Here));
    g_autoptr(GByteArray) head = g_byte_array_new();
    g_autoptr(GError) trouble = NULL;
    Look look = { run, here, head };
    ImapSink ids = { .user = &look,
                     .body_begin = look_begin,
                     .body_bytes = look_bytes,
                     .message = look_message };
    g_autofree char *items =
        g_strconcat("UID FLAGS INTERNALDATE RFC822.SIZE"
                    " BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]",
                    sync_object_items(sync), NULL);

    g_array_set_clear_func(here, here_clear);
    if (sets->len == 0 || !sync_has_ids(sync) || !has_any(run))
        return true;
    if (!server->class->fetch_sets(server->conn, sets, items, &ids, &trouble)
        && !err_is(trouble, ERR_REFUSED)) { /* else what was told will do */
        g_propagate_error(error, g_steal_pointer(&trouble));
        return false;
    }
    for (guint i = 0; i < here->len && !sync_yields(sync); i++)
        if (!tell(sync, &g_array_index(here, Here, i), sink, error))
            return false;
    return true;
}
