/* Messages of a maildrop: streamed into a batch of the Maildir, made durable
 * together, then recorded in one transaction with the history (D1). */
#include "sync_pop3_private.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "maildir/maildir.h"

#include <string.h>

enum {
    ROWS_SLICE = 500,
    TELL_EVERY = G_USEC_PER_SEC / 4,
};

/* One that was read whole and is not recorded yet. */
typedef struct {
    const SyncPop3Item *item;
    gint64 row; /* that it has already; 0: none */
    guint64 size;
    char *file;   /* below the mail root; NULL: a header alone */
    char *header; /* of a header alone */
    gsize header_size;
    StoreMessage *facts;
} Whole;

typedef struct {
    Pop3Run *run;
    const GArray *items;
    guint at; /* the item that comes next */
    bool match;
    MaildirBatch *batch; /* NULL: headers */
    GArray *whole;       /* Whole */
    GArray *arrived;     /* gint64 */
    char *base;          /* of the message that is read; NULL: none */
    GByteArray *head;    /* its beginning, or its header */
    guint64 size;
} Fetch;

static void
whole_clear(void *data)
{
    Whole *whole = data;

    g_free(whole->file);
    g_free(whole->header);
}

static const SyncPop3Item *
current(const Fetch *fetch)
{
    return &g_array_index(fetch->items, SyncPop3Item, fetch->at);
}

static gint64
row_of(const Fetch *fetch, const SyncPop3Item *item)
{
    gsize row = GPOINTER_TO_SIZE(
        g_hash_table_lookup(fetch->run->rows, GUINT_TO_POINTER(item->number)));

    return row ? (gint64)row : item->known ? item->known->message : 0;
}

static bool
fetch_begin(void *user, guint number, GError **error)
{
    Fetch *fetch = user;

    fetch->size = 0;
    g_byte_array_set_size(fetch->head, 0);
    if (fetch->batch == NULL)
        return true;
    g_free(fetch->base);
    fetch->base = maildir_unique_name();
    return maildir_batch_begin(fetch->batch, fetch->base, error);
}

static bool
fetch_bytes(void *user, const void *bytes, gsize size, GError **error)
{
    Fetch *fetch = user;
    gsize room =
        fetch->head->len < SYNC_HEAD_BYTES || fetch->batch == NULL ? size : 0;

    if (fetch->batch)
        room = MIN(room, SYNC_HEAD_BYTES - fetch->head->len);
    g_byte_array_append(fetch->head, bytes, (guint)MIN(size, room));
    fetch->size += size;
    return fetch->batch == NULL
           || maildir_batch_write(fetch->batch, bytes, size, error);
}

/* A row that had a header alone gets its file, unless it has one by now or was
 * deleted meanwhile. */
static bool
record_old(Fetch *fetch, const Whole *whole, GError **error)
{
    const Sync *sync = fetch->run->sync;
    g_autoptr(StoreRow) row = store_row(sync->store, whole->row, NULL);

    if (row == NULL || row->file) {
        sweep_remove(sync, whole->file);
        return true;
    }
    whole->facts->file = whole->file;
    whole->facts->size = whole->size;
    g_array_append_val(fetch->arrived, whole->row);
    return store_pop3_body(sync->store, whole->row, whole->facts, error);
}

/* Over the limit of size: no body follows that would be the news. */
static bool
stays_header(const Fetch *fetch, const SyncPop3Item *item)
{
    guint64 limit = fetch->run->pop3->rules.size_limit;

    return limit > 0 && item->octets > limit;
}

static gint64
record_new(Fetch *fetch, const Whole *whole, GError **error)
{
    const Pop3Run *run = fetch->run;
    StoreMessage *facts = whole->facts;
    gint64 id;

    facts->folder = run->inbox->id;
    facts->file = whole->file;
    facts->size = whole->size;
    facts->header = whole->header;
    facts->header_size = whole->header_size;
    facts->arrival = clock_now();
    id = store_message_add(run->sync->store, facts, error);
    if (id != 0 && (whole->file || stays_header(fetch, whole->item)))
        g_array_append_val(fetch->arrived, id);
    return id;
}

/* D1: the row and what makes it known, in one transaction. */
static bool
record(Fetch *fetch, const Whole *whole, GError **error)
{
    Pop3Run *run = fetch->run;
    StorePop3 entry = pop3_run_entry(whole->item);

    entry.since = clock_now();
    entry.message = whole->row;
    if (fetch->match)
        entry.message = store_pop3_match(run->sync->store, run->sync->account,
                                         whole->facts, error);
    else if (whole->row)
        return record_old(fetch, whole, error)
               && pop3_run_put(run, &entry, error);
    else
        entry.message = record_new(fetch, whole, error);
    if (entry.message == 0)
        return fetch->match;
    if (whole->file == NULL)
        g_hash_table_insert(run->rows, GUINT_TO_POINTER(whole->item->number),
                            GSIZE_TO_POINTER((gsize)entry.message));
    return pop3_run_put(run, &entry, error);
}

/* sweep: of their files; NULL: they are headers alone. */
static bool
record_all(Fetch *fetch, const Sweep *sweep, GError **error)
{
    const Sync *sync = fetch->run->sync;
    bool ok = true;

    if (!store_begin(sync->store, error))
        return false;
    for (guint i = fetch->whole->len; ok && i > 0; i--)
        ok = record(fetch, &g_array_index(fetch->whole, Whole, i - 1), error);
    ok = ok && (sweep == NULL || sweep_recorded(sweep, error));
    return store_end(sync->store, ok, ok ? error : NULL) && ok;
}

static void
forget_facts(Fetch *fetch)
{
    for (guint i = 0; i < fetch->whole->len; i++)
        fetch->run->sync->describe_free(
            g_array_index(fetch->whole, Whole, i).facts);
    g_array_set_size(fetch->whole, 0);
}

/* Names noted, files durable, then recorded. */
static bool
keep_all(Fetch *fetch, GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new();
    g_autoptr(Sweep) sweep = NULL;

    if (fetch->batch == NULL)
        return record_all(fetch, NULL, error);
    for (guint i = 0; i < fetch->whole->len; i++)
        g_ptr_array_add(files, g_array_index(fetch->whole, Whole, i).file);
    sweep = sweep_begin(fetch->run->sync, fetch->run->inbox, files, error);
    return sweep && maildir_batch_commit(fetch->batch, error)
           && record_all(fetch, sweep, error);
}

static void
tell(Fetch *fetch)
{
    const Sync *sync = fetch->run->sync;

    if (sync->arrived && fetch->arrived->len > 0)
        sync->arrived(sync->user, (const gint64 *)fetch->arrived->data,
                      fetch->arrived->len, fetch->run->quiet);
    else if (sync->changed)
        sync->changed(sync->user);
    g_array_set_size(fetch->arrived, 0);
    pop3_run_progress(fetch->run);
}

static bool
flush(Fetch *fetch, GError **error)
{
    if (fetch->whole->len == 0)
        return true;
    if (!keep_all(fetch, error))
        return false;
    fetch->run->fetched = true;
    forget_facts(fetch);
    tell(fetch);
    return true;
}

static bool
is_full(const Fetch *fetch)
{
    return fetch->batch
               ? fetch->whole->len >= SYNC_BATCH
                     || maildir_batch_bytes(fetch->batch) >= SYNC_BATCH_BYTES
               : fetch->whole->len >= ROWS_SLICE;
}

/* A message is read to its final dot. */
static bool
fetch_end(void *user, guint number, GError **error)
{
    Fetch *fetch = user;
    Pop3Run *run = fetch->run;
    const SyncPop3Item *item = current(fetch);
    Whole whole = { .item = item, .row = row_of(fetch, item) };
    g_autofree char *name = NULL;

    if (fetch->batch && !maildir_batch_finish(fetch->batch, 0, error))
        return false;
    if (fetch->batch) {
        name = maildir_file_name(fetch->base, 0);
        whole.file = g_build_filename(run->inbox->path, "cur", name, NULL);
        whole.size = fetch->size;
    } else {
        whole.header = g_memdup2(fetch->head->data, fetch->head->len);
        whole.header_size = fetch->head->len;
        whole.size = item->octets;
    }
    whole.facts =
        run->sync->describe((const char *)fetch->head->data, fetch->head->len);
    whole.facts->size = whole.size;
    g_clear_pointer(&fetch->base, g_free);
    g_array_append_val(fetch->whole, whole);
    fetch->at++;
    run->done++;
    run->bytes += fetch->batch ? item->octets : 0;
    if (run->told + TELL_EVERY < g_get_monotonic_time())
        pop3_run_progress(run);
    return !is_full(fetch) || flush(fetch, error);
}

/* The entry of the message that comes next counts one failure more: others come
 * before it from now on. */
static bool
blame(Fetch *fetch, GError **error)
{
    StorePop3 entry;

    if (fetch->at >= fetch->items->len)
        return true;
    entry = pop3_run_entry(current(fetch));
    entry.message = row_of(fetch, current(fetch));
    entry.attempts++;
    return pop3_run_put(fetch->run, &entry, error);
}

static bool
fetch_refused(void *user, guint number, const char *words, GError **error)
{
    Fetch *fetch = user;

    pop3_run_refused(fetch->run, number, words);
    if (!blame(fetch, error))
        return false;
    fetch->at++;
    fetch->run->done++;
    return true;
}

static bool
fetch_stop(void *user)
{
    return sync_yields(((Fetch *)user)->run->sync);
}

static bool
is_of_server(const GError *error)
{
    return err_is(error, ERR_PROTOCOL) || err_is(error, ERR_RETRY);
}

/* What was read whole before the connection broke is kept. */
static bool
run_fetch(Fetch *fetch, GError **error)
{
    const SyncPop3 *pop3 = fetch->run->pop3;
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(guint));
    g_autoptr(GError) trouble = NULL;
    Pop3Sink sink = { fetch,     fetch_begin,   fetch_bytes,
                      fetch_end, fetch_refused, fetch_stop };
    bool ok;

    for (guint i = 0; i < fetch->items->len; i++)
        g_array_append_val(numbers,
                           g_array_index(fetch->items, SyncPop3Item, i).number);
    ok = (fetch->batch ? pop3->class->retr : pop3->class->top)(
        pop3->conn, (const guint *)numbers->data, numbers->len, &sink,
        &trouble);
    if (ok || is_of_server(trouble))
        ok = flush(fetch, trouble ? NULL : error)
             && (trouble == NULL || blame(fetch, NULL)) && ok;
    if (trouble)
        g_propagate_error(error, g_steal_pointer(&trouble));
    if (ok && fetch->at < fetch->items->len)
        fetch->run->yielded = true;
    return ok;
}

static bool
fetch_items(Fetch *fetch, GError **error)
{
    g_autoptr(GArray) whole = g_array_new(FALSE, FALSE, sizeof(Whole));
    g_autoptr(GArray) arrived = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(GByteArray) head = g_byte_array_sized_new(SYNC_HEAD_BYTES);
    bool ok;

    g_array_set_clear_func(whole, whole_clear);
    fetch->whole = whole;
    fetch->arrived = arrived;
    fetch->head = head;
    ok = run_fetch(fetch, error);
    forget_facts(fetch);
    g_free(fetch->base);
    return ok;
}

bool
pop3_run_bodies(Pop3Run *run, const GArray *items, GError **error)
{
    g_autoptr(MaildirBatch) batch = maildir_batch_create(run->dir, error);
    Fetch fetch = { .run = run, .items = items, .batch = batch };

    return batch && fetch_items(&fetch, error);
}

bool
pop3_run_rows(Pop3Run *run, const GArray *items, bool match, GError **error)
{
    Fetch fetch = { .run = run, .items = items, .match = match };

    return fetch_items(&fetch, error);
}
