/* A queue of rows to be checked, two at a time, newest first. A row is in it
 * once, whoever waits for it. */
#include "core/judge.h"

#include "base/err.h"
#include "core/account.h"
#include "core/verifier.h"

#include <string.h>

enum {
    AT_ONCE = 2, /* of what arrived; what is shown has a thread of its own */
    MAX_FAILED = 1000,
    SETTLE_MS = 1000, /* after a change of the network */
};

/* Who waits for some rows. */
typedef struct {
    Judge *judge;
    guint left; /* rows; plus one while rows are added */
    guint timer;
    void (*done)(void *user); /* NULL: told already, or nobody */
    void *user;
} Batch;

typedef struct {
    Judge *judge;
    gint64 id;
    bool running;
    bool urgent;
    GPtrArray *batches; /* Batch, borrowed */
} Entry;

struct Judge {
    Session *session;
    GHashTable *entries; /* id -> Entry */
    GQueue shown;        /* Entry, not running */
    GQueue arrived;
    guint running;      /* of those that arrived */
    guint urgent;       /* of those that are shown */
    guint waited;       /* batches that somebody waits for */
    GHashTable *failed; /* id -> why it could not be checked now */
    GNetworkMonitor *network; /* borrowed; watched once the DNS failed */
    guint settle;             /* source: the network is back */
    bool stays;               /* until the user ends it: what failed may wait */
    bool ending;
};

static void
entry_free(void *data)
{
    Entry *entry = data;

    g_ptr_array_unref(entry->batches);
    g_free(entry);
}

Judge *
judge_create(Session *session)
{
    Judge *judge = g_new0(Judge, 1);

    judge->session = session;
    judge->entries =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, entry_free);
    judge->failed =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    g_queue_init(&judge->shown);
    g_queue_init(&judge->arrived);
    return judge;
}

/* Tells, once. */
static void
batch_tell(Batch *batch)
{
    void (*done)(void *user) = batch->done;

    g_clear_handle_id(&batch->timer, g_source_remove);
    batch->done = NULL;
    if (done == NULL)
        return;
    batch->judge->waited--;
    done(batch->user);
}

static void
batch_left(Batch *batch)
{
    if (--batch->left > 0)
        return;
    batch_tell(batch);
    g_free(batch);
}

static gboolean
batch_late(void *data)
{
    Batch *batch = data;

    batch->timer = 0;
    batch_tell(batch);
    return G_SOURCE_REMOVE;
}

static void
entry_over(Entry *entry)
{
    g_autoptr(GPtrArray) batches = g_ptr_array_ref(entry->batches);

    g_hash_table_remove(entry->judge->entries, &entry->id);
    for (guint i = 0; i < batches->len; i++)
        batch_left(g_ptr_array_index(batches, i));
}

void
judge_end(Judge *judge)
{
    Entry *entry;

    judge->ending = true;
    if (judge->network)
        g_signal_handlers_disconnect_by_data(judge->network, judge);
    judge->network = NULL;
    g_clear_handle_id(&judge->settle, g_source_remove);
    while ((entry = g_queue_pop_head(&judge->shown))
           || (entry = g_queue_pop_head(&judge->arrived)))
        entry_over(entry);
}

void
judge_destroy(Judge *judge)
{
    if (judge == NULL)
        return;
    judge_end(judge);
    g_hash_table_unref(judge->entries);
    g_hash_table_unref(judge->failed);
    g_free(judge);
}

/* The account of a row that is one to be judged, or NULL. g_free(). */
static char *
judged_account(const Judge *judge, const StoreRow *row)
{
    g_autoptr(StoreFolder) folder =
        store_folder(session_store(judge->session), row->folder, NULL);

    if (folder == NULL || folder->role == FOLDER_ROLE_SENT
        || folder->role == FOLDER_ROLE_DRAFTS || row->flags & STORE_FLAG_DRAFT
        || !options_bool(session_options(judge->session), "sender-checks",
                         folder->account))
        return NULL;
    return g_steal_pointer(&folder->account);
}

/* What the check of a row needs; NULL: it is none to be checked. */
static VerifyRequest *
request_for(const Judge *judge, const Entry *entry, GError **error)
{
    g_autoptr(StoreRow) row =
        store_row(session_store(judge->session), entry->id, NULL);
    g_autoptr(VerifyRequest) request = verify_request_create();
    g_autofree char *account = NULL;

    if (row == NULL || row->trust != NULL)
        return NULL;
    account = judged_account(judge, row);
    request->path = account ? session_message_path(judge->session, row) : NULL;
    request->arrival = row->arrival;
    if (request->path == NULL
        || !verifier_prepare(session_verifier(judge->session), request, account,
                             error))
        return NULL;
    return g_steal_pointer(&request);
}

static gboolean
network_back(void *data)
{
    Judge *judge = data;

    judge->settle = 0;
    if (!session_offline(judge->session))
        judge_again(judge);
    return G_SOURCE_REMOVE;
}

static void
network_changed(GNetworkMonitor *monitor, gboolean available, void *data)
{
    Judge *judge = data;

    g_clear_handle_id(&judge->settle, g_source_remove);
    if (available)
        judge->settle = g_timeout_add(SETTLE_MS, network_back, judge);
}

static void
watch_network(Judge *judge)
{
    if (judge->network || judge->ending || !judge->stays)
        return;
    judge->network = g_network_monitor_get_default();
    g_signal_connect(judge->network, "network-changed",
                     G_CALLBACK(network_changed), judge);
}

static void
note_failed(Judge *judge, gint64 id, const char *why)
{
    if (g_hash_table_size(judge->failed) >= MAX_FAILED)
        g_hash_table_remove_all(judge->failed);
    g_hash_table_replace(judge->failed, g_memdup2(&id, sizeof id),
                         g_strdup(why));
    if (options_bool(session_options(judge->session), "dns", NULL))
        watch_network(judge);
    session_rows_news(judge->session);
}

static void run_more(Judge *judge);

static void
checked(const TrustReport *report, const GError *error, void *user)
{
    Entry *entry = user;
    Judge *judge = entry->judge;
    g_autoptr(GError) trouble = error ? g_error_copy(error) : NULL;

    *(entry->urgent ? &judge->urgent : &judge->running) -= 1;
    if (report != NULL
        && verifier_store(judge->session, entry->id, report, &trouble)
        && !verifier_keeps(report))
        note_failed(judge, entry->id, report->verdict.text);
    else if (report != NULL && trouble == NULL)
        g_hash_table_remove(judge->failed, &entry->id);
    if (trouble != NULL && !err_is(trouble, ERR_CANCELLED))
        note_failed(judge, entry->id, trouble->message);
    entry_over(entry);
    if (!judge->ending)
        run_more(judge);
}

static void
run_one(Judge *judge, Entry *entry, bool urgent)
{
    g_autoptr(GError) error = NULL;
    VerifyRequest *request = request_for(judge, entry, &error);

    if (request == NULL) {
        if (error != NULL)
            note_failed(judge, entry->id, error->message);
        entry_over(entry);
        return;
    }
    entry->running = true;
    entry->urgent = urgent;
    *(urgent ? &judge->urgent : &judge->running) += 1;
    verifier_check(session_verifier(judge->session),
                   urgent ? JOB_URGENT : JOB_BULK, request, checked, entry);
}

static void
run_more(Judge *judge)
{
    Entry *entry;

    while (judge->urgent < 1 && (entry = g_queue_pop_head(&judge->shown)))
        run_one(judge, entry, true);
    while (judge->running < AT_ONCE
           && (entry = g_queue_pop_head(&judge->arrived)))
        run_one(judge, entry, false);
}

/* The entry of a row, made where there is none. */
static Entry *
entry_for(Judge *judge, gint64 id, GQueue *queue)
{
    Entry *entry = g_hash_table_lookup(judge->entries, &id);

    if (entry != NULL)
        return entry;
    entry = g_new0(Entry, 1);
    entry->judge = judge;
    entry->id = id;
    entry->batches = g_ptr_array_new();
    g_hash_table_insert(judge->entries, &entry->id, entry);
    g_queue_push_tail(queue, entry);
    return entry;
}

/* Ids of the newest of an account that were not checked. */
static GHashTable *
newest_of(const Judge *judge, const char *account)
{
    g_autoptr(GArray) ids = store_unjudged(session_store(judge->session),
                                           account, JUDGE_NEWEST, NULL);
    GHashTable *newest =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);

    for (guint i = 0; ids && i < ids->len; i++)
        g_hash_table_add(
            newest, g_memdup2(&g_array_index(ids, gint64, i), sizeof(gint64)));
    return newest;
}

static char *
account_of(const Judge *judge, gint64 id)
{
    g_autoptr(StoreRow) row =
        store_row(session_store(judge->session), id, NULL);
    g_autoptr(StoreFolder) folder =
        row ? store_folder(session_store(judge->session), row->folder, NULL)
            : NULL;

    return folder ? g_steal_pointer(&folder->account) : NULL;
}

static Batch *
batch_create(Judge *judge, void (*done)(void *user), void *user)
{
    Batch *batch = g_new0(Batch, 1);

    batch->judge = judge;
    batch->left = 1;
    batch->done = done;
    batch->user = user;
    if (done == NULL)
        return batch;
    judge->waited++;
    batch->timer = g_timeout_add_seconds(JUDGE_WAIT_S, batch_late, batch);
    return batch;
}

void
judge_arrived(Judge *judge, const gint64 *ids, guint n, bool first,
              void (*done)(void *user), void *user)
{
    Batch *batch = batch_create(judge, done, user);
    g_autofree char *account =
        first && n > 0 ? account_of(judge, ids[0]) : NULL;
    g_autoptr(GHashTable) newest = account ? newest_of(judge, account) : NULL;

    for (guint i = n; i-- > 0 && !judge->ending;) {
        Entry *entry;

        if (first
            && (newest == NULL || !g_hash_table_contains(newest, &ids[i])))
            continue;
        entry = entry_for(judge, ids[i], &judge->arrived);
        g_ptr_array_add(entry->batches, batch);
        batch->left++;
    }
    run_more(judge);
    batch_left(batch);
}

/* Is there anybody to ask about the old mail of an account: the DNS, or what
 * its own server wrote? */
static bool
can_decide(const Judge *judge, const char *account)
{
    const Options *options = session_options(judge->session);

    return (options_bool(options, "dns", NULL)
            && !session_offline(judge->session))
           || options_get(options, "authserv-id", account, NULL) != NULL;
}

/* The newest of all accounts that were never checked, where there is anybody to
 * ask. */
static void
check_newest(Judge *judge)
{
    const GPtrArray *accounts = session_accounts(judge->session);

    for (guint i = 0; i < accounts->len; i++) {
        const char *account = account_name(accounts->pdata[i]);
        g_autoptr(GArray) ids = NULL;

        if (!can_decide(judge, account))
            continue;
        ids = store_unjudged(session_store(judge->session), account,
                             JUDGE_NEWEST, NULL);
        for (guint j = 0; ids && j < ids->len; j++)
            entry_for(judge, g_array_index(ids, gint64, j), &judge->arrived);
    }
    run_more(judge);
}

void
judge_start(Judge *judge)
{
    judge->stays = true;
    check_newest(judge);
}

void
judge_again(Judge *judge)
{
    GHashTableIter iter;
    void *id;

    if (judge->ending)
        return;
    g_hash_table_iter_init(&iter, judge->failed);
    while (g_hash_table_iter_next(&iter, &id, NULL)) {
        entry_for(judge, *(gint64 *)id, &judge->arrived);
        g_hash_table_iter_remove(&iter);
    }
    check_newest(judge);
}

/* To the front, unless it is under way. */
void
judge_shown(Judge *judge, gint64 id)
{
    g_autoptr(StoreRow) row =
        store_row(session_store(judge->session), id, NULL);
    Entry *entry;

    if (row == NULL || row->trust != NULL || row->file == NULL)
        return;
    g_hash_table_remove(judge->failed, &id);
    entry = entry_for(judge, id, &judge->shown);
    if (!entry->running && g_queue_remove(&judge->arrived, entry))
        g_queue_push_tail(&judge->shown, entry);
    run_more(judge);
}

bool
judge_wants(const Judge *judge, const StoreRow *row)
{
    g_autofree char *account = judged_account(judge, row);

    return account != NULL;
}

char *
judge_reason(Judge *judge, const StoreRow *row)
{
    g_autofree char *account = judged_account(judge, row);
    const char *why = g_hash_table_lookup(judge->failed, &row->id);
    const char *ids;

    if (account == NULL || row->trust != NULL || row->file == NULL)
        return NULL;
    if (g_hash_table_contains(judge->entries, &row->id))
        return g_strdup("checking who sent this");
    if (session_offline(judge->session))
        return g_strdup("not checked: offline");
    ids = options_get(session_options(judge->session), "authserv-id", account,
                      NULL);
    if (options_bool(session_options(judge->session), "dns", NULL))
        return g_strdup(why ? why : "not checked yet");
    return ids ? g_strdup_printf("not checked: no Authentication-Results from "
                                 "%s",
                                 ids)
               : g_strdup("not checked: dns is off and no authserv-id is set");
}

bool
judge_busy(const Judge *judge)
{
    return g_hash_table_size(judge->entries) > 0;
}

bool
judge_waited(const Judge *judge)
{
    return judge->waited > 0;
}
