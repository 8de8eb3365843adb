/* One message as the server told it, made a row, and its flags. */
#include "sync_private.h"

#include "base/err.h"

#include <string.h>

bool
sync_tag_is_keyword(const char *tag, const char *const *local_tags)
{
    if (*tag == '\0' || strlen(tag) > 200)
        return false;
    /* atom = 1*<any CHAR except atom-specials> (RFC 9051, section 9) */
    for (const char *at = tag; *at; at++)
        if (*at <= 0x20 || *at >= 0x7f || strchr("(){%*\"\\]", *at))
            return false;
    return local_tags == NULL || !g_strv_contains(local_tags, tag);
}

static int
by_word(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The server's keywords and those of ours that it never hears of. g_free(). */
static char *
with_local(const SyncRun *run, const char *server, const char *ours)
{
    const char *const *local_tags = run->sync->local_tags;
    g_auto(GStrv) theirs = g_strsplit(server, " ", -1);
    g_auto(GStrv) words = g_strsplit(ours, " ", -1);
    g_autoptr(GPtrArray) all = g_ptr_array_new();

    for (char **word = theirs; *word; word++)
        if (**word)
            g_ptr_array_add(all, *word);
    for (char **word = words; *word; word++)
        if (**word
            && (!imap_keeps_keyword(&run->view->opened, *word)
                || !sync_tag_is_keyword(*word, local_tags))
            && !g_strv_contains((const char *const *)theirs, *word))
            g_ptr_array_add(all, *word);
    g_ptr_array_sort(all, by_word);
    g_ptr_array_add(all, NULL);
    return g_strjoinv(" ", (char **)all->pdata);
}

bool
sync_set_flags(const SyncRun *run, gint64 id, unsigned flags, const char *tags,
               GError **error)
{
    const Sync *sync = run->sync;
    g_autoptr(StoreRow) row = store_row(sync->store, id, NULL);
    unsigned local = run->view->opened.local_flags;
    g_autofree char *all = NULL;

    if (row == NULL)
        return true; /* gone since it was planned */
    flags = (flags & ~local) | (row->server_flags & local);
    all = with_local(run, tags ? tags : "", row->server_tags);
    if ((row->server_flags & STORE_SYSTEM_FLAGS) == flags
        && strcmp(all, row->server_tags) == 0)
        return true;
    return store_server_flags(sync->store, id, flags, all, error);
}

/* The old row that this UID turns out to be; 0: none. */
static gint64
match(SyncRun *run, const SyncArrival *arrival, GError **error)
{
    Store *store = run->sync->store;
    const StoreMessage *facts = arrival->facts;
    StoreSought sought = { .message_id = facts->message_id,
                           .size = arrival->size,
                           .date = facts->date ? facts->date : arrival->arrival,
                           .arrival = arrival->arrival,
                           .exact = arrival->exact };
    gint64 id = arrival->object.email_id
                    ? store_match_object(store, run->folder->id,
                                         arrival->object.email_id, &sought)
                    : 0;

    if (id == 0)
        id = store_match(store, run->folder->id, &sought, error);
    if (id == 0)
        return 0;
    return store_server_place(store, id, run->folder->id, arrival->uid, error)
                   && sync_set_flags(run, id, arrival->flags, arrival->tags,
                                     error)
               ? id
               : 0;
}

const char *
sync_object_items(const Sync *sync)
{
    const SyncServer *server = &sync->server;
    bool dates = server->class->can(server->conn, "SAVEDATE");

    if (server->class->can(server->conn, "OBJECTID"))
        return dates ? " EMAILID SAVEDATE" : " EMAILID";
    if (server->class->can(server->conn, "X-GM-EXT-1"))
        return dates ? " X-GM-MSGID SAVEDATE" : " X-GM-MSGID";
    return dates ? " SAVEDATE" : "";
}

bool
sync_has_ids(const Sync *sync)
{
    const SyncServer *server = &sync->server;

    return server->class->can(server->conn, "OBJECTID")
           || server->class->can(server->conn, "X-GM-EXT-1");
}

static gint64
add(const SyncRun *run, const SyncArrival *arrival, GError **error)
{
    StoreMessage *facts = arrival->facts;
    gint64 id;

    facts->folder = run->folder->id;
    facts->uid = arrival->uid;
    facts->file = arrival->file;
    facts->arrival = arrival->arrival;
    facts->size = arrival->size;
    facts->flags =
        (facts->flags & ~(unsigned)STORE_SYSTEM_FLAGS) | arrival->flags;
    facts->tags = arrival->tags;
    id = store_message_add(run->sync->store, facts, error);
    return id
                   && sync_carry_take(run->sync, run->carried, id,
                                      facts->message_id, error)
               ? id
               : 0;
}

static gint64
place(SyncRun *run, const SyncArrival *arrival, bool *matched, GError **error)
{
    g_autoptr(GError) trouble = NULL;
    gint64 id = run->match ? match(run, arrival, &trouble) : 0;

    *matched = id != 0;
    if (trouble)
        g_propagate_error(error, g_steal_pointer(&trouble));
    else if (id == 0 && !arrival->exact)
        id = add(run, arrival, error);
    return id;
}

gint64
sync_place(SyncRun *run, const SyncArrival *arrival, bool *matched,
           GError **error)
{
    gint64 id = place(run, arrival, matched, error);

    return id
                   && store_object_put(run->sync->store, id, &arrival->object,
                                       error)
                   && sync_rest_placed(run, arrival->object.email_id, error)
               ? id
               : 0;
}
