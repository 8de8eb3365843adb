/* Rows before bodies: headers are fetched in large slices, and their rows are
 * made a batch at a time while the server goes on telling, so that a list shows
 * a page at once and neither side waits for the other. */
#include "sync_private.h"

#include "base/err.h"

#include <string.h>

/* What a row shows and what joins threads: some 500 octets, where a whole
 * header has thousands. */
#define HEADER_ITEMS                                                           \
    "UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (DATE FROM TO" \
    " CC SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES LIST-ID CONTENT-TYPE)]"

/* What a server has ready (RFC 8970): it is not to read messages for it. */
#define PREVIEW_ITEM " PREVIEW (LAZY)"

typedef struct {
    SyncArrival arrival;
    char *tags;
    char *header;
    gsize size;
    char *preview; /* NULL: the server tells none */
    char *email_id;
} Told;

typedef struct {
    SyncRun *run;
    GByteArray *header; /* of the message that is told next */
    GArray *told;       /* Told */
    gsize bytes;        /* of theirs */
    guint sets;         /* told to their ends */
    bool failed;        /* what was told cannot be recorded */
} Headers;

static void
told_clear(void *data)
{
    Told *told = data;

    g_free(told->tags);
    g_free(told->header);
    g_free(told->preview);
    g_free(told->email_id);
}

static bool
header_begin(void *user, const char *section, guint64 size, GError **error)
{
    Headers *headers = user;

    g_byte_array_set_size(headers->header, 0);
    return true;
}

static bool
header_bytes(void *user, const void *bytes, gsize size, GError **error)
{
    Headers *headers = user;

    if (headers->header->len + size <= SYNC_HEAD_BYTES)
        g_byte_array_append(headers->header, bytes, (guint)size);
    return true;
}

static bool
make_row(SyncRun *run, Told *told, GError **error)
{
    const Sync *sync = run->sync;
    g_autoptr(GError) trouble = NULL;
    StoreMessage *facts;
    bool matched = false;
    gint64 id;

    if (sync_run_row(run, told->arrival.uid, &matched) != 0)
        return true; /* made by another connection meanwhile */
    facts = sync->describe(told->header, told->size);
    facts->header = told->header;
    facts->header_size = told->size;
    if (told->preview)
        facts->snippet = told->preview;
    told->arrival.facts = facts;
    told->arrival.tags = told->tags;
    told->arrival.object.email_id = told->email_id;
    id = sync_place(run, &told->arrival, &matched, &trouble);
    sync->describe_free(facts);
    if (trouble) {
        g_propagate_error(error, g_steal_pointer(&trouble));
        return false;
    }
    if (id == 0)
        return true; /* no row of its size waits */
    if (matched) {
        g_autoptr(StoreRow) row = store_row(sync->store, id, NULL);

        sync_run_note(run, told->arrival.uid, id, row && row->file);
    } else {
        sync_run_note(run, told->arrival.uid, id,
                      !sync_keeps(&sync->keep, told->arrival.arrival,
                                  told->arrival.size));
    }
    return true;
}

static bool
look_again(const Headers *headers, GError **error)
{
    g_autoptr(UidSet) uids = uidset_create();

    for (guint i = 0; i < headers->told->len; i++)
        uidset_add(uids,
                   g_array_index(headers->told, Told, i).arrival.uid);
    return sync_run_look(headers->run, uids, error);
}

static bool
make_all(Headers *headers, bool exact, GError **error)
{
    bool ok = true;

    for (guint i = headers->told->len; ok && i > 0; i--) {
        Told *told = &g_array_index(headers->told, Told, i - 1);

        told->arrival.exact = exact;
        ok = make_row(headers->run, told, error);
    }
    return ok;
}

/* The rows of what was told so far, in one transaction. Where rows wait for a
 * UID, each message takes the one of its size before any takes one by the
 * Message-ID alone, which several may have. */
static bool
make_rows(Headers *headers, GError **error)
{
    SyncRun *run = headers->run;
    const Sync *sync = run->sync;
    guint n = headers->told->len;
    bool ok;

    if (n == 0)
        return true;
    if (!store_begin(sync->store, error))
        return false;
    ok = look_again(headers, error)
         && (!run->match || make_all(headers, true, error))
         && make_all(headers, false, error);
    if (!store_end(sync->store, ok, ok ? error : NULL) || !ok)
        return false;
    g_array_set_size(headers->told, 0);
    headers->bytes = 0;
    run->done += n;
    sync_run_progress(run);
    if (sync->changed)
        sync->changed(sync->user);
    return true;
}

/* Once it failed it is not tried again. */
static bool
header_flush(void *user, GError **error)
{
    Headers *headers = user;

    headers->failed = headers->failed || !make_rows(headers, error);
    return !headers->failed;
}

static bool
header_message(void *user, const ImapMessage *message, GError **error)
{
    Headers *headers = user;
    Told told = { .arrival = { .uid = message->uid,
                               .flags = message->flags.system,
                               .arrival = message->internaldate,
                               .size = message->size } };
    bool here;

    if (message->uid == 0 || !message->has_flags || headers->header->len == 0
        || sync_run_row(headers->run, message->uid, &here) != 0)
        return true; /* a change told on the side, or one that we have */
    told.size = headers->header->len;
    told.header = g_memdup2(headers->header->data, headers->header->len);
    told.tags = g_strdup(message->flags.keywords);
    told.preview = g_strdup(message->preview);
    told.email_id = g_strdup(message->email_id);
    told.arrival.object.save_date = message->savedate;
    g_array_append_val(headers->told, told);
    headers->bytes += told.size + (told.tags ? strlen(told.tags) : 0);
    g_byte_array_set_size(headers->header, 0);
    return (headers->told->len < SYNC_ROW_BATCH
            && headers->bytes < SYNC_ROW_BYTES)
           || header_flush(user, error);
}

static bool
header_set(void *user, bool *enough, GError **error)
{
    Headers *headers = user;

    headers->sets++;
    *enough = sync_yields(headers->run->sync);
    return header_flush(user, error);
}

static bool
header_is_open(void *user, guint32 uid)
{
    bool here;

    return sync_run_row(((Headers *)user)->run, uid, &here) == 0;
}

/* Where rows wait for a UID it may be one of them: no other is made for it, and
 * those wait on. */
static bool
header_refused(void *user, guint32 uid, const char *words, GError **error)
{
    SyncRun *run = ((Headers *)user)->run;

    if (run->match) {
        run->unmatched = true;
        sync_refused_count(run, uid, words);
        return true;
    }
    return sync_refused_row(run, uid, words, error)
           && sync_refused_note(run, uid, words, error);
}

/* A row that a power cut takes is asked for again: the mark, which is durable,
 * moves after all of them (Y2). */
bool
sync_headers(SyncRun *run, const GPtrArray *sets, bool *all, GError **error)
{
    const Sync *sync = run->sync;
    bool previews = sync->server.class->can(sync->server.conn, "PREVIEW");
    g_autofree char *items =
        g_strconcat(HEADER_ITEMS, sync_object_items(sync),
                    previews ? PREVIEW_ITEM : NULL, NULL);
    g_autoptr(GByteArray) header = g_byte_array_new();
    g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(Told));
    Headers headers = { .run = run, .header = header, .told = told };
    SyncFetch fetch = { .run = run,
                        .items = items,
                        .sink = { .user = &headers,
                                  .body_begin = header_begin,
                                  .body_bytes = header_bytes,
                                  .message = header_message,
                                  .set_told = header_set },
                        .sets = &headers.sets,
                        .is_open = header_is_open,
                        .flush = header_flush,
                        .refused = header_refused };
    g_autoptr(StoreLazy) G_GNUC_UNUSED lazy = store_lazy(sync->store);

    g_array_set_clear_func(told, told_clear);
    return sync_fetch(&fetch, sets, all, error);
}
