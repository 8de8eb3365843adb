/* The outbox on the main thread: what is due is handed to the account's worker,
 * what comes back is told and filed. The folder is the truth; nothing is
 * remembered here that is not read from it again at each scan, so that other
 * processes may add, send and take out. */
#include "outbox_private.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "core/account.h"
#include "core/draft.h"
#include "core/identity.h"

#include <string.h>
#include <unistd.h>

enum {
    SOON_MS = 100,          /* many changes in the folder make one scan */
    LONGEST_SLEEP = 60,     /* seconds: clocks jump */
    UNDOABLE_SECONDS = 600, /* a longer wait is "send later" */
};

static void scan(Outbox *outbox);
static gboolean tell_flushed(void *data);

Outbox *
outbox_create(Session *session)
{
    Outbox *outbox = g_new0(Outbox, 1);

    outbox->session = session;
    outbox->folder = g_strdup(session_paths(session)->outbox);
    outbox->lanes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                          (GDestroyNotify)outbox_lane_free);
    outbox->waiters = g_array_new(FALSE, FALSE, sizeof(OutboxWaiter));
    outbox->staging =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    outbox->leaving =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return outbox;
}

static void
end_lanes(Outbox *outbox)
{
    GHashTableIter iter;
    void *lane;

    g_hash_table_iter_init(&iter, outbox->lanes);
    while (g_hash_table_iter_next(&iter, NULL, &lane))
        outbox_lane_end(lane);
}

void
outbox_end(Outbox *outbox)
{
    outbox->ended = true;
    outbox->started = false;
    g_clear_handle_id(&outbox->scan_source, g_source_remove);
    g_clear_handle_id(&outbox->clock_source, g_source_remove);
    g_clear_object(&outbox->monitor);
    g_clear_pointer(&outbox->builder, worker_destroy);
    end_lanes(outbox);
    g_clear_handle_id(&outbox->flush_source, g_source_remove);
    if (outbox->waiters->len > 0)
        tell_flushed(outbox);
}

void
outbox_destroy(Outbox *outbox)
{
    if (outbox == NULL)
        return;
    outbox_end(outbox);
    g_hash_table_destroy(outbox->lanes);
    g_hash_table_destroy(outbox->leaving);
    g_hash_table_destroy(outbox->staging);
    g_array_unref(outbox->waiters);
    g_free(outbox->current_draft);
    g_free(outbox->last_queued);
    g_free(outbox->taken);
    g_free(outbox->folder);
    g_free(outbox);
}

guint
outbox_serial(const Outbox *outbox)
{
    return outbox->serial;
}

void
outbox_changed(Outbox *outbox)
{
    outbox->serial++;
    session_state_changed(outbox->session);
}

static gboolean
scan_now(void *data)
{
    Outbox *outbox = data;

    outbox->scan_source = 0;
    scan(outbox);
    return G_SOURCE_REMOVE;
}

void
outbox_kick(Outbox *outbox)
{
    if (outbox->started && outbox->scan_source == 0)
        outbox->scan_source = g_timeout_add(SOON_MS, scan_now, outbox);
}

static gboolean
clock_rings(void *data)
{
    Outbox *outbox = data;

    outbox->clock_source = 0;
    scan(outbox);
    return G_SOURCE_REMOVE;
}

static void
set_clock(Outbox *outbox, gint64 seconds)
{
    g_clear_handle_id(&outbox->clock_source, g_source_remove);
    if (seconds >= 0)
        outbox->clock_source = g_timeout_add_seconds(
            (guint)CLAMP(seconds, 1, LONGEST_SLEEP), clock_rings, outbox);
}

static void
folder_changed(GFileMonitor *monitor, GFile *file, GFile *other,
               GFileMonitorEvent event, void *data)
{
    outbox_kick(data);
}

void
outbox_start(Outbox *outbox)
{
    g_autoptr(GFile) folder = g_file_new_for_path(outbox->folder);

    if (outbox->started)
        return;
    outbox->started = true;
    outbox_entry_sweep(outbox->folder);
    outbox->monitor =
        g_file_monitor_directory(folder, G_FILE_MONITOR_NONE, NULL, NULL);
    if (outbox->monitor)
        g_signal_connect(outbox->monitor, "changed", G_CALLBACK(folder_changed),
                         outbox);
    outbox_kick(outbox);
}

static OutboxLane *
lane_of(Outbox *outbox, const char *account)
{
    OutboxLane *lane = g_hash_table_lookup(outbox->lanes, account);

    if (lane)
        return lane;
    lane = g_new0(OutboxLane, 1);
    lane->outbox = outbox;
    lane->account = g_strdup(account);
    g_hash_table_insert(outbox->lanes, lane->account, lane);
    return lane;
}

/* An entry whose process died while sending is due: the try recovers it. */
static gint64
due_time(const OutboxEntry *entry)
{
    return entry->state == OUTBOX_SENDING ? 0 : outbox_entry_due(entry);
}

/* A copy is to be made, or, when the last of several recipients has it too,
 * the entry is over. */
static bool
is_to_be_filed(const OutboxEntry *entry)
{
    return entry->accepted && (!entry->filed || entry->state == OUTBOX_SENT);
}

/* One entry of the scan: into due (lane → ids) when it is due. Returns in
 * how many seconds it will be; -1: never by itself. */
static gint64
look_at(Outbox *outbox, const OutboxEntry *entry, GHashTable *due)
{
    gint64 when = due_time(entry);
    gint64 now = clock_now();
    const char *lane =
        identity_lane(outbox->session, entry->account, entry->identity);
    g_autoptr(GError) error = NULL;
    GPtrArray *ids;

    if (is_to_be_filed(entry) && !outbox_file(outbox, entry->id, &error)) {
        log_add(LOG_ERR, entry->account, "%s", error->message);
        return LONGEST_SLEEP;
    }
    if (when < 0 || when > now)
        return when < 0 ? -1 : when - now;
    ids = g_hash_table_lookup(due, lane);
    if (ids == NULL) {
        ids = g_ptr_array_new_with_free_func(g_free);
        g_hash_table_insert(due, g_strdup(lane), ids);
    }
    g_ptr_array_add(ids, g_strdup(entry->id));
    return -1;
}

static bool
any_busy(Outbox *outbox)
{
    GHashTableIter iter;
    void *value;

    g_hash_table_iter_init(&iter, outbox->lanes);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (((OutboxLane *)value)->busy)
            return true;
    return g_hash_table_size(outbox->staging) > 0;
}

static gboolean
tell_flushed(void *data)
{
    Outbox *outbox = data;
    g_autoptr(GArray) waiters = outbox->waiters;

    outbox->flush_source = 0;
    outbox->waiters = g_array_new(FALSE, FALSE, sizeof(OutboxWaiter));
    for (guint i = 0; i < waiters->len; i++) {
        const OutboxWaiter *waiter = &g_array_index(waiters, OutboxWaiter, i);

        waiter->done(outbox->n_sent, outbox->n_failed, waiter->user);
    }
    return G_SOURCE_REMOVE;
}

static void
end_flush(Outbox *outbox)
{
    if (outbox->waiters->len > 0 && !any_busy(outbox)
        && outbox->flush_source == 0)
        outbox->flush_source = g_idle_add(tell_flushed, outbox);
}

static void
start_lanes(Outbox *outbox, GHashTable *due)
{
    GHashTableIter iter;
    void *account;
    void *ids;

    g_hash_table_iter_init(&iter, due);
    while (g_hash_table_iter_next(&iter, &account, &ids)) {
        OutboxLane *lane = lane_of(outbox, account);

        if (!lane->busy)
            outbox_lane_start(lane, g_ptr_array_ref(ids));
    }
}

static void
scan(Outbox *outbox)
{
    g_autoptr(GHashTable) due = g_hash_table_new_full(
        g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    g_autoptr(GPtrArray) list = outbox_list(outbox, NULL);
    gint64 next = -1;

    if (outbox->ended)
        return;
    outbox->count = list ? list->len : 0;
    outbox->need_user = 0;
    for (guint i = 0; list && i < list->len; i++) {
        const OutboxEntry *entry = list->pdata[i];
        gint64 seconds = look_at(outbox, entry, due);

        outbox->need_user +=
            entry->state == OUTBOX_FAILED || entry->state == OUTBOX_IN_DOUBT;
        if (seconds >= 0)
            next = next < 0 ? seconds : MIN(next, seconds);
    }
    set_clock(outbox, next);
    if (!session_offline(outbox->session))
        start_lanes(outbox, due);
    outbox_changed(outbox); /* the folder may not be as it was */
    end_flush(outbox);
}

static void
tell_deferred(Outbox *outbox, const OutboxEntry *entry)
{
    g_autofree char *clock = clock_text(entry->next_try);

    frontend_tell(session_frontend(outbox->session), TELL_INFO, false,
                  "Not sent yet: %s. Next try at %s",
                  entry->reason ? entry->reason : "no answer", clock);
}

static void
tell_not_kept(Outbox *outbox, const GError *error)
{
    frontend_tell(session_frontend(outbox->session), TELL_ERROR, false,
                  "Sent, but the copy is not kept yet: %s", error->message);
}

void
outbox_staged(Outbox *outbox, const char *id, const GError *error)
{
    g_autoptr(GError) reason = error ? g_error_copy(error) : NULL;

    if (outbox->ended)
        return; /* the next start finds it on the disk */
    if (reason == NULL)
        outbox_file(outbox, id, &reason);
    if (reason) {
        tell_not_kept(outbox, reason);
        if (outbox->clock_source == 0) /* one that is set rings sooner */
            set_clock(outbox, LONGEST_SLEEP);
    }
    outbox_changed(outbox);
    end_flush(outbox);
}

static void
tell_tried(Outbox *outbox, const OutboxEntry *entry)
{
    g_autoptr(GError) error = NULL;

    if (entry->state == OUTBOX_FAILED || entry->state == OUTBOX_IN_DOUBT) {
        outbox->n_failed++;
        outbox_tell_trouble(outbox, entry);
    } else if (entry->state == OUTBOX_DEFERRED) {
        tell_deferred(outbox, entry);
    } else if (entry->state == OUTBOX_SENT) {
        outbox->n_sent++;
    }
    if (is_to_be_filed(entry)
        && !outbox_file(outbox, entry->id, &error))
        tell_not_kept(outbox, error);
}

void
outbox_tried(OutboxLane *lane, const OutboxResult *result)
{
    Outbox *outbox = lane->outbox;
    Account *account = session_account(outbox->session, lane->account);

    if (outbox->ended)
        return; /* the next start finds it on the disk */
    if (result && result->auth_refused && account)
        account_password_refused(account, true);
    if (result && result->asked)
        outbox_note_server(outbox, lane->account, &result->server);
    for (guint i = 0; result && i < result->entries->len; i++)
        tell_tried(outbox, result->entries->pdata[i]);
    if (result == NULL)
        outbox->n_sent++;
    outbox_kick(outbox);
    outbox_changed(outbox);
    end_flush(outbox);
}

void
outbox_flush(Outbox *outbox,
             void (*done)(guint n_sent, guint n_failed, void *user), void *user)
{
    OutboxWaiter waiter = { done, user };

    if (outbox->waiters->len == 0) {
        outbox->n_sent = 0;
        outbox->n_failed = 0;
    }
    g_array_append_val(outbox->waiters, waiter);
    if (outbox->ended)
        tell_flushed(outbox);
    else
        scan(outbox);
}

/* "success,failure" as SMTP_NOTIFY_…; words that are none are ignored. */
static unsigned
notify_of(const char *words)
{
    unsigned notify = 0;

    if (words == NULL)
        return 0;
    notify |= strstr(words, "failure") ? SMTP_NOTIFY_FAILURE : 0;
    notify |= strstr(words, "delay") ? SMTP_NOTIFY_DELAY : 0;
    notify |= strstr(words, "success") ? SMTP_NOTIFY_SUCCESS : 0;
    return notify;
}

/* How whoever writes wants the mail to travel. */
static void
take_options(Outbox *outbox, OutboxEntry *entry)
{
    const Options *options = session_options(outbox->session);
    const char *account = entry->identity ? entry->identity : entry->account;

    entry->notify =
        notify_of(options_get(options, "delivery-report", account, NULL));
    entry->require_tls = options_bool(options, "require-tls", account);
    entry->deliver_by = options_int(options, "deliver-by", account);
    entry->server_hold =
        entry->not_before - entry->created > UNDOABLE_SECONDS
        && g_strcmp0(options_get(options, "send-later", account, NULL),
                     "server")
               == 0;
}

static void
tell_queued(Outbox *outbox, const OutboxEntry *entry)
{
    g_autoptr(Event) event = outbox_event(outbox, "message-queued", entry);

    event_bus_emit(session_bus(outbox->session), event);
    outbox->count++;
    g_clear_pointer(&outbox->taken, g_free);
    outbox_changed(outbox);
    outbox_kick(outbox);
}

bool
outbox_queue(Outbox *outbox, OutboxEntry *entry, GError **error)
{
    entry->created = clock_now();
    take_options(outbox, entry);
    outbox_entry_sum_up(entry);
    if (!outbox_entry_save(outbox->folder, entry, error)) {
        outbox_entry_remove(outbox->folder, entry->id, NULL);
        return false;
    }
    g_free(outbox->last_queued);
    outbox->last_queued = g_strdup(entry->id);
    tell_queued(outbox, entry);
    return true;
}

bool
outbox_add(Outbox *outbox, OutboxEntry *entry, GBytes *bytes, GError **error)
{
    entry->created = clock_now();
    take_options(outbox, entry);
    if (!outbox_entry_new(outbox->folder, entry, bytes, error))
        return false;
    tell_queued(outbox, entry);
    return true;
}

GPtrArray *
outbox_list(Outbox *outbox, GError **error)
{
    g_autoptr(GPtrArray) ids = outbox_entry_ids(outbox->folder, error);
    GPtrArray *list;

    if (ids == NULL)
        return NULL;
    list = g_ptr_array_new_with_free_func((GDestroyNotify)outbox_entry_free);
    for (guint i = 0; i < ids->len; i++) {
        g_autoptr(GError) reason = NULL;
        OutboxEntry *entry =
            outbox_entry_load(outbox->folder, ids->pdata[i], &reason);

        if (entry)
            g_ptr_array_add(list, entry);
        else if (err_is(reason, ERR_LOCAL))
            log_add(LOG_ERR, "outbox", "%s", reason->message);
    }
    return list;
}

OutboxEntry *
outbox_find(Outbox *outbox, const char *id, GError **error)
{
    return outbox_entry_load(outbox->folder, id, error);
}

char *
outbox_beginning(Outbox *outbox, const char *id, gsize most, GError **error)
{
    g_autofree char *path = outbox_bytes_path(outbox->folder, id);
    g_autoptr(GError) reason = NULL;
    g_autoptr(GMappedFile) map = g_mapped_file_new(path, FALSE, &reason);
    const char *bytes = map ? g_mapped_file_get_contents(map) : NULL;

    if (bytes == NULL)
        return err_null(error, ERR_LOCAL, "%s",
                        reason ? reason->message : "an empty message");
    return g_strndup(bytes, MIN(g_mapped_file_get_length(map), most));
}

guint
outbox_count(Outbox *outbox, guint *need_user)
{
    if (need_user)
        *need_user = outbox->need_user;
    return outbox->count;
}

/* "smtp-size work", "smtp-8bit work/club" */
static char *
server_key(const char *what, const char *lane)
{
    return g_strdup_printf("smtp-%s %s", what, lane);
}

static guint64
recall(Outbox *outbox, const char *what, const char *lane)
{
    g_autofree char *key = server_key(what, lane);
    g_autofree char *text = store_value(session_store(outbox->session), key);

    return text ? g_ascii_strtoull(text, NULL, 10) : 0;
}

static void
note(Outbox *outbox, const char *what, const char *lane, guint64 value)
{
    g_autofree char *key = server_key(what, lane);
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, value);

    if (recall(outbox, what, lane) != value)
        store_set_value(session_store(outbox->session), key, text, NULL);
}

void
outbox_note_server(Outbox *outbox, const char *lane, const OutboxServer *server)
{
    note(outbox, "size", lane, server->max_size);
    note(outbox, "8bit", lane, server->takes_8bit);
}

guint64
outbox_max_size(Outbox *outbox, const char *lane)
{
    return recall(outbox, "size", lane);
}

bool
outbox_takes_8bit(Outbox *outbox, const char *lane)
{
    return recall(outbox, "8bit", lane) != 0;
}

void
outbox_build(Outbox *outbox, const JobClass *class, void *request)
{
    g_autoptr(GError) error = NULL;

    if (outbox->ended) {
        err_set(&error, ERR_CANCELLED, "the program ends");
        class->answer(request, NULL, error);
        class->free_request(request);
        return;
    }
    if (outbox->builder == NULL)
        outbox->builder = worker_create("build");
    worker_submit(outbox->builder, JOB_NORMAL, class, request, request);
}

bool
outbox_is_building(const Outbox *outbox)
{
    return outbox->builder && worker_is_busy(outbox->builder);
}

GHashTable *
outbox_drafts(Outbox *outbox)
{
    GHashTable *drafts =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) list = outbox_list(outbox, NULL);
    GHashTableIter iter;
    void *path;

    for (guint i = 0; list && i < list->len; i++) {
        const OutboxEntry *entry = list->pdata[i];

        if (entry->draft)
            g_hash_table_add(drafts, g_strdup(entry->draft));
    }
    g_hash_table_iter_init(&iter, outbox->leaving);
    while (g_hash_table_iter_next(&iter, &path, NULL))
        g_hash_table_add(drafts, g_strdup(path));
    return drafts;
}

bool
outbox_has_draft(Outbox *outbox, const char *path)
{
    g_autoptr(GHashTable) drafts = outbox_drafts(outbox);

    return g_hash_table_contains(drafts, path);
}

static bool
retry_locked(Outbox *outbox, const char *id, GError **error)
{
    g_autoptr(OutboxEntry) entry = outbox_entry_load(outbox->folder, id, error);

    if (entry == NULL)
        return false;
    outbox_entry_recover(entry, clock_now());
    outbox_entry_again(entry);
    return outbox_entry_save(outbox->folder, entry, error);
}

/* The recipients that were not accepted stay in the draft, the others not. */
static bool
keep_refused(const OutboxEntry *entry, GError **error)
{
    g_autoptr(Draft) draft = draft_load(entry->draft, error);
    g_autoptr(GString) to = g_string_new(NULL);

    if (draft == NULL)
        return false;
    for (guint i = 0; i < entry->recipients->len; i++) {
        const OutboxRecipient *recipient = entry->recipients->pdata[i];

        if (recipient->state != OUTBOX_SENT)
            g_string_append_printf(to, "%s%s", to->len ? ", " : "",
                                   recipient->address);
    }
    return draft_set(draft, "to", to->str, error)
           && draft_set(draft, "cc", "", error)
           && draft_set(draft, "bcc", "", error) && draft_save(draft, error);
}

static bool
cancel_locked(Outbox *outbox, const char *id, GError **error)
{
    g_autoptr(OutboxEntry) entry = outbox_entry_load(outbox->folder, id, error);

    if (entry == NULL)
        return false;
    if (entry->accepted && !entry->filed)
        return err_set(error, ERR_RETRY,
                       "message %s was sent, and its copy is not kept yet", id);
    if (entry->accepted && entry->draft
        && g_file_test(entry->draft, G_FILE_TEST_EXISTS)
        && !keep_refused(entry, error))
        return false;
    if (!outbox_entry_remove(outbox->folder, id, error))
        return false;
    if (entry->draft)
        draft_closed(outbox->session, entry->draft);
    return true;
}

static bool
with_lock(Outbox *outbox, const char *id,
          bool (*change)(Outbox *outbox, const char *id, GError **error),
          GError **error)
{
    int fd = outbox_entry_lock(outbox->folder, id, error);
    bool ok;

    if (fd < 0)
        return false;
    ok = change(outbox, id, error);
    close(fd);
    if (ok) {
        outbox_kick(outbox);
        outbox_changed(outbox);
    }
    return ok;
}

bool
outbox_retry(Outbox *outbox, const char *id, GError **error)
{
    return with_lock(outbox, id, retry_locked, error);
}

bool
outbox_cancel(Outbox *outbox, const char *id, GError **error)
{
    return with_lock(outbox, id, cancel_locked, error);
}

void
outbox_set_shown(Outbox *outbox, bool shown)
{
    outbox->shown = shown;
    if (!shown)
        g_clear_pointer(&outbox->taken, g_free);
}

bool
outbox_is_shown(const Outbox *outbox)
{
    return outbox->shown;
}

bool
outbox_set_taken(Outbox *outbox, const OutboxEntry *entry)
{
    bool again = entry && entry->state != OUTBOX_SENDING && entry->doubts == 0
                 && !outbox_entry_may_be_out(entry);

    g_free(outbox->taken);
    outbox->taken = again ? g_strdup(entry->draft) : NULL;
    outbox->taken_before = again ? entry->not_before : 0;
    return again;
}

const char *
outbox_taken(const Outbox *outbox, gint64 *not_before)
{
    *not_before = outbox->taken_before;
    return outbox->taken;
}

/* Of what is to be sent later: was it queued here just now, and nothing since?
 * Who undoes means nothing older. */
static bool
is_fresh(const Outbox *outbox, const OutboxEntry *entry, gint64 now)
{
    return g_strcmp0(outbox->last_queued, entry->id) == 0
           && now - entry->created <= UNDOABLE_SECONDS;
}

const OutboxEntry *
outbox_undoable(const Outbox *outbox, const GPtrArray *entries)
{
    gint64 now = clock_now();

    for (guint i = entries ? entries->len : 0; i > 0; i--) {
        const OutboxEntry *entry = entries->pdata[i - 1];

        if (entry->state == OUTBOX_WAITING && entry->attempts == 0
            && entry->draft && entry->not_before > now
            && (entry->not_before - entry->created <= UNDOABLE_SECONDS
                || is_fresh(outbox, entry, now)))
            return entry;
    }
    return NULL;
}
