/* Bodies: streamed into a batch of the Maildir, made durable together, then
 * recorded in one transaction (Y1). The row of a message that has none yet is
 * made from the first bytes of its body, so nothing is fetched twice. */
#include "sync_private.h"

#include "base/err.h"
#include "maildir/maildir.h"

#include <string.h>

#define BODY_ITEMS "UID FLAGS INTERNALDATE BODY.PEEK[]"

/* What is to be asked for of a set. */
typedef struct {
    const SyncRun *run;
    const UidSet *resting, *due; /* sync_refused_read() */
    GPtrArray *last;             /* UidSet of one: for the end */
} Lacking;

/* A message that is in the batch. */
typedef struct {
    SyncArrival arrival;
    char *base;
    char *tags;
    char *file; /* below the mail root */
    char *email_id;
} Whole;

typedef struct {
    SyncRun *run;
    MaildirBatch *batch;
    GArray *whole;    /* Whole */
    GArray *arrived;  /* gint64 */
    char *base;       /* of the body that is read; NULL: none */
    GByteArray *head; /* its beginning */
    guint64 size, got;
    gint64 since; /* monotonic: the first of the batch was whole */
    guint sets;   /* told to their ends */
    bool failed;  /* what was told cannot be recorded */
    bool quiet; /* no news: a first fetch, or what was archived elsewhere */
} Bodies;

static void
whole_clear(void *data)
{
    Whole *whole = data;

    g_free(whole->base);
    g_free(whole->tags);
    g_free(whole->file);
    g_free(whole->email_id);
}

/* Someone waits for this one message: how much of it came is told with every
 * SYNC_HEAD_BYTES. */
static void
tell_bytes(const Bodies *bodies, gsize more)
{
    const Sync *sync = bodies->run->sync;
    SyncProgress progress = { .folder = bodies->run->folder->path,
                              .bytes = bodies->got,
                              .bytes_total = bodies->size };

    if (sync->urgent && sync->progress
        && (bodies->got - more) / SYNC_HEAD_BYTES
               < bodies->got / SYNC_HEAD_BYTES)
        sync->progress(sync->user, &progress);
}

static bool
body_begin(void *user, const char *section, guint64 size, GError **error)
{
    Bodies *bodies = user;

    g_free(bodies->base);
    bodies->base = maildir_unique_name();
    bodies->size = size;
    bodies->got = 0;
    g_byte_array_set_size(bodies->head, 0);
    return maildir_batch_begin(bodies->batch, bodies->base, error);
}

static bool
body_bytes(void *user, const void *bytes, gsize size, GError **error)
{
    Bodies *bodies = user;
    gsize room = SYNC_HEAD_BYTES - bodies->head->len;

    g_byte_array_append(bodies->head, bytes, (guint)MIN(size, room));
    bodies->got += size;
    tell_bytes(bodies, size);
    return maildir_batch_write(bodies->batch, bytes, size, error);
}

/* Unless the row has a file by now (the user opened the message meanwhile). */
static bool
record_old(Bodies *bodies, const Whole *whole, gint64 id, GError **error)
{
    const Sync *sync = bodies->run->sync;
    g_autoptr(StoreRow) row = store_row(sync->store, id, NULL);
    StoreMessage *facts = whole->arrival.facts;

    if (row == NULL || row->file) {
        sweep_remove(sync, whole->file);
        return true;
    }
    facts->file = whole->file;
    facts->size = whole->arrival.size;
    g_array_append_val(bodies->arrived, id);
    return store_set_body(sync->store, id, facts, error)
           && sync_set_flags(bodies->run, id, whole->arrival.flags, whole->tags,
                             error);
}

static bool
record(Bodies *bodies, Whole *whole, GError **error)
{
    SyncRun *run = bodies->run;
    bool here = false;
    bool matched = false;
    gint64 id = sync_run_row(run, whole->arrival.uid, &here);

    whole->arrival.file = whole->file;
    whole->arrival.tags = whole->tags;
    whole->arrival.object.email_id = whole->email_id;
    if (id != 0) {
        if (!record_old(bodies, whole, id, error))
            return false;
    } else {
        id = sync_place(run, &whole->arrival, &matched, error);
        if (id == 0)
            return false;
        g_array_append_val(bodies->arrived, id);
    }
    sync_run_note(run, whole->arrival.uid, id, true);
    return true;
}

static bool
look_again(const Bodies *bodies, GError **error)
{
    g_autoptr(UidSet) uids = uidset_create();

    for (guint i = 0; i < bodies->whole->len; i++)
        uidset_add(uids, g_array_index(bodies->whole, Whole, i).arrival.uid);
    return sync_run_look(bodies->run, uids, error);
}

static bool
record_all(Bodies *bodies, const Sweep *sweep, GError **error)
{
    const Sync *sync = bodies->run->sync;
    bool ok = true;

    if (!store_begin(sync->store, error))
        return false;
    ok = look_again(bodies, error);
    for (guint i = bodies->whole->len; ok && i > 0; i--)
        ok = record(bodies, &g_array_index(bodies->whole, Whole, i - 1), error);
    ok = ok && sweep_recorded(sweep, error);
    return store_end(sync->store, ok, ok ? error : NULL) && ok;
}

static void
forget_facts(Bodies *bodies)
{
    for (guint i = 0; i < bodies->whole->len; i++)
        bodies->run->sync->describe_free(
            g_array_index(bodies->whole, Whole, i).arrival.facts);
    g_array_set_size(bodies->whole, 0);
}

/* Names noted, files durable, rows recorded: in this order. */
static bool
keep_all(Bodies *bodies, GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new();
    g_autoptr(Sweep) sweep = NULL;

    for (guint i = 0; i < bodies->whole->len; i++)
        g_ptr_array_add(files, g_array_index(bodies->whole, Whole, i).file);
    sweep = sweep_begin(bodies->run->sync, bodies->run->folder, files, error);
    return sweep && maildir_batch_commit(bodies->batch, error)
           && record_all(bodies, sweep, error);
}

/* Once it failed it is not tried again. */
static bool
flush(void *user, GError **error)
{
    Bodies *bodies = user;
    SyncRun *run = bodies->run;
    const Sync *sync = run->sync;

    if (bodies->failed || bodies->whole->len == 0)
        return !bodies->failed;
    bodies->failed = !keep_all(bodies, error);
    if (bodies->failed)
        return false;
    run->done += bodies->whole->len;
    forget_facts(bodies);
    sync_run_progress(run);
    if (sync->arrived && bodies->arrived->len > 0)
        sync->arrived(sync->user, (const gint64 *)bodies->arrived->data,
                      bodies->arrived->len, bodies->quiet);
    g_array_set_size(bodies->arrived, 0);
    return true;
}

/* What comes slowly is kept before it is much. */
static bool
is_full(const Bodies *bodies)
{
    return bodies->whole->len >= SYNC_BATCH
           || maildir_batch_bytes(bodies->batch) >= SYNC_BATCH_BYTES
           || g_get_monotonic_time() - bodies->since
                  >= (gint64)SYNC_BATCH_SECONDS * G_USEC_PER_SEC;
}

static bool
body_message(void *user, const ImapMessage *message, GError **error)
{
    Bodies *bodies = user;
    SyncRun *run = bodies->run;
    unsigned flags = message->flags.system & STORE_SYSTEM_FLAGS;
    Whole whole = { .arrival = { .uid = message->uid,
                                 .flags = flags,
                                 .arrival = message->internaldate,
                                 .size = bodies->size,
                                 .object.save_date = message->savedate } };
    g_autofree char *name = NULL;
    bool here = false;

    if (bodies->base == NULL)
        return true; /* flags told on the side */
    if (message->uid == 0
        || (sync_run_row(run, message->uid, &here) != 0 && here)) {
        maildir_batch_drop(bodies->batch);
        g_clear_pointer(&bodies->base, g_free);
        return true;
    }
    if (!maildir_batch_finish(bodies->batch, flags, error))
        return false;
    whole.base = g_steal_pointer(&bodies->base);
    whole.tags = g_strdup(message->flags.keywords);
    whole.email_id = g_strdup(message->email_id);
    name = maildir_file_name(whole.base, flags);
    whole.file = g_build_filename(run->folder->path, "cur", name, NULL);
    whole.arrival.facts =
        run->sync->describe((char *)bodies->head->data, bodies->head->len);
    if (bodies->whole->len == 0)
        bodies->since = g_get_monotonic_time();
    g_array_append_val(bodies->whole, whole);
    return !is_full(bodies) || flush(bodies, error);
}

static bool
body_asked(void *user, GError **error)
{
    return sync_run_waiting(((Bodies *)user)->run, error);
}

static bool
body_set(void *user, bool *enough, GError **error)
{
    Bodies *bodies = user;

    bodies->sets++;
    *enough = sync_yields(bodies->run->sync);
    return true;
}

static bool
body_is_open(void *user, guint32 uid)
{
    bool here = false;

    sync_run_row(((Bodies *)user)->run, uid, &here);
    return !here;
}

/* Its row shows what there is of it. */
static bool
body_refused(void *user, guint32 uid, const char *words, GError **error)
{
    SyncRun *run = ((Bodies *)user)->run;
    g_autoptr(GPtrArray) sets = g_ptr_array_new();
    g_autoptr(UidSet) alone = uidset_create();
    bool here;
    bool all;

    if (run->view->wanted)
        return err_set(error, ERR_REFUSED,
                       "the server does not give this message: %s", words);
    uidset_add(alone, uid);
    g_ptr_array_add(sets, alone);
    return sync_run_row(run, uid, &here) != 0
               ? sync_refused_note(run, uid, words, error)
               : sync_headers(run, sets, &all, error)
                     && (uidset_contains(run->refused, uid)
                         || sync_refused_note(run, uid, words, error));
}

/* Has its row no file yet, and does it not rest? */
static bool
is_lacking(void *user, guint32 uid)
{
    const Lacking *lacking = user;
    bool here = false;

    sync_run_row(lacking->run, uid, &here);
    return !here && !uidset_contains(lacking->resting, uid);
}

/* Those that are asked for again go alone, behind the others. */
static bool
split_due(void *user, guint32 uid)
{
    Lacking *lacking = user;
    UidSet *alone;

    if (!uidset_contains(lacking->due, uid))
        return true;
    alone = uidset_create();
    uidset_add(alone, uid);
    g_ptr_array_add(lacking->last, alone);
    return false;
}

/* What was refused before does not stop the others: it comes last or rests. */
static GPtrArray *
all_lacking(const SyncRun *run, const GPtrArray *sets)
{
    g_autoptr(UidSet) resting = uidset_create();
    g_autoptr(UidSet) due = uidset_create();
    GPtrArray *all =
        g_ptr_array_new_with_free_func((GDestroyNotify)uidset_destroy);
    GPtrArray *last = g_ptr_array_new();
    Lacking lacking = { run, resting, due, last };

    if (!run->view->wanted)
        sync_refused_read(run, resting, due);
    for (guint i = 0; i < sets->len; i++) {
        g_autoptr(UidSet) uids =
            uidset_filter(sets->pdata[i], is_lacking, &lacking);
        UidSet *now = uidset_filter(uids, split_due, &lacking);

        if (uidset_n_ranges(now) > 0)
            g_ptr_array_add(all, now);
        else
            uidset_destroy(now);
    }
    g_ptr_array_extend_and_steal(all, last);
    return all;
}

static bool
fetch_bodies(Bodies *bodies, const GPtrArray *lacking, const ImapSink *sink,
             bool *all, GError **error)
{
    g_autofree char *items =
        g_strconcat(BODY_ITEMS, sync_object_items(bodies->run->sync), NULL);
    SyncFetch fetch = { .run = bodies->run,
                        .items = items,
                        .sink = *sink,
                        .sets = &bodies->sets,
                        .is_open = body_is_open,
                        .flush = flush,
                        .refused = body_refused };

    return sync_fetch(&fetch, lacking, all, error);
}

static bool
has_no_row(void *user, guint32 uid)
{
    bool here;

    return sync_run_row(user, uid, &here) == 0;
}

/* What was asked for and not told has gone on the server meanwhile, or it does
 * not give it now: where there is a header it has a row. */
static bool
list_untold(SyncRun *run, const GPtrArray *asked, GError **error)
{
    g_autoptr(GPtrArray) sets = g_ptr_array_new();
    g_autoptr(UidSet) untold = uidset_create();
    bool all;

    for (guint i = 0; i < asked->len; i++) {
        g_autoptr(UidSet) lost =
            uidset_filter(asked->pdata[i], has_no_row, run);

        uidset_add_all(untold, lost);
    }
    g_ptr_array_add(sets, untold);
    return uidset_n_ranges(untold) == 0
           || sync_headers(run, sets, &all, error);
}

bool
sync_bodies(SyncRun *run, const GPtrArray *sets, bool *all, GError **error)
{
    g_autoptr(MaildirBatch) batch = maildir_batch_create(run->dir, error);
    g_autoptr(GArray) whole = g_array_new(FALSE, FALSE, sizeof(Whole));
    g_autoptr(GArray) arrived = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(GByteArray) head = g_byte_array_sized_new(SYNC_HEAD_BYTES);
    g_autoptr(GPtrArray) lacking = all_lacking(run, sets);
    Bodies bodies = { .run = run,
                      .batch = batch,
                      .whole = whole,
                      .arrived = arrived,
                      .head = head };
    ImapSink sink = { .user = &bodies,
                      .body_begin = body_begin,
                      .body_bytes = body_bytes,
                      .message = body_message,
                      .asked = body_asked,
                      .set_told = body_set };
    bool ok;

    *all = false;
    g_array_set_clear_func(whole, whole_clear);
    bodies.quiet = run->quiet || run->rest == run->folder->id;
    ok = batch != NULL && sync_adopt(run, lacking, &sink, error)
         && flush(&bodies, error);
    g_ptr_array_unref(lacking);
    lacking = all_lacking(run, sets);
    bodies.quiet = run->quiet;
    ok = ok && fetch_bodies(&bodies, lacking, &sink, all, error)
         && sync_refused_tidy(run, error)
         && (!*all || list_untold(run, lacking, error));
    forget_facts(&bodies);
    g_free(bodies.base);
    return ok;
}
