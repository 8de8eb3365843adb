/* Messages that the server would not give when they were asked for alone: noted
 * with their folder, so that they do not stop the others another time. The note
 * is the UIDVALIDITY, then a line for each: its UID and when it was asked for
 * last, 0 when it is time again. */
#include "sync_private.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"

#include <stdlib.h>

typedef struct {
    guint32 uid;
    gint64 asked;
} Refused;

static guint32
uidvalidity_of(const SyncRun *run)
{
    return run->view->uidvalidity ? run->view->uidvalidity
                                  : run->folder->uidvalidity;
}

/* NULL: none; those of another UIDVALIDITY than this one mean nothing, but for
 * 0. */
static GArray *
read_note(const Sync *sync, const StoreFolder *folder, guint32 *uidvalidity)
{
    g_autofree char *text = sync_fact(sync, folder, "refused");
    g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;
    guint32 noted = lines ? (guint32)strtoul(lines[0], NULL, 10) : 0;
    GArray *all;

    if (lines == NULL || (*uidvalidity != 0 && *uidvalidity != noted))
        return NULL;
    *uidvalidity = noted;
    all = g_array_new(FALSE, FALSE, sizeof(Refused));
    for (char **line = lines + 1; *line; line++) {
        char *end;
        Refused one = { .uid = (guint32)strtoul(*line, &end, 10) };

        one.asked = g_ascii_strtoll(end, NULL, 10);
        if (one.uid != 0)
            g_array_append_val(all, one);
    }
    return all;
}

static bool
write_note(const Sync *sync, const StoreFolder *folder, guint32 uidvalidity,
           const GArray *all, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_printf(text, "%u", uidvalidity);
    for (guint i = 0; i < all->len; i++) {
        const Refused *one = &g_array_index(all, Refused, i);

        g_string_append_printf(text, "\n%u %" G_GINT64_FORMAT, one->uid,
                               one->asked);
    }
    return sync_set_fact(sync, folder, "refused", all->len ? text->str : NULL,
                         error);
}

void
sync_refused_count(SyncRun *run, guint32 uid, const char *words)
{
    log_add(LOG_WARN, run->folder->path, "message %u is not given: %s", uid,
            words);
    if (run->refusal == NULL)
        run->refusal = g_strdup(words);
    uidset_add(run->refused, uid);
}

bool
sync_refused_note(SyncRun *run, guint32 uid, const char *words, GError **error)
{
    guint32 uidvalidity = uidvalidity_of(run);
    g_autoptr(GArray) all = read_note(run->sync, run->folder, &uidvalidity);
    Refused one = { uid, clock_now() };

    if (all == NULL)
        all = g_array_new(FALSE, FALSE, sizeof(Refused));
    for (guint i = all->len; i > 0; i--)
        if (g_array_index(all, Refused, i - 1).uid == uid)
            g_array_remove_index(all, i - 1);
    g_array_append_val(all, one);
    sync_refused_count(run, uid, words);
    return write_note(run->sync, run->folder, uidvalidity, all, error);
}

void
sync_refused_read(const SyncRun *run, UidSet *resting, UidSet *due)
{
    guint32 uidvalidity = uidvalidity_of(run);
    g_autoptr(GArray) all = read_note(run->sync, run->folder, &uidvalidity);

    for (guint i = 0; all && i < all->len; i++) {
        const Refused *one = &g_array_index(all, Refused, i);

        uidset_add(one->asked ? resting : due, one->uid);
    }
}

/* Those of which there is a row and no file. */
static UidSet *
keep_lacking(const SyncRun *run, const GArray *all, GError **error)
{
    g_autoptr(UidSet) uids = uidset_create();
    g_autoptr(GArray) rows = NULL;
    UidSet *lacking = NULL;

    for (guint i = 0; i < all->len; i++)
        uidset_add(uids, g_array_index(all, Refused, i).uid);
    rows = store_uids_among(run->sync->store, run->folder->id, uids, error);
    if (rows == NULL)
        return NULL;
    lacking = uidset_create();
    for (guint i = 0; i < rows->len; i++) {
        const StoreUid *row = &g_array_index(rows, StoreUid, i);

        if (!row->here)
            uidset_add(lacking, row->uid);
    }
    return lacking;
}

bool
sync_refused_tidy(const SyncRun *run, GError **error)
{
    guint32 uidvalidity = uidvalidity_of(run);
    g_autoptr(GArray) all = read_note(run->sync, run->folder, &uidvalidity);
    g_autoptr(UidSet) lacking = NULL;
    guint n = all ? all->len : 0;

    if (n == 0)
        return true;
    lacking = keep_lacking(run, all, error);
    if (lacking == NULL)
        return false;
    for (guint i = n; i > 0; i--)
        if (!uidset_contains(lacking, g_array_index(all, Refused, i - 1).uid))
            g_array_remove_index(all, i - 1);
    return all->len == n
           || write_note(run->sync, run->folder, uidvalidity, all, error);
}

/* The clock may have been set back. */
static bool
wake(const Sync *sync, const StoreFolder *folder, GError **error)
{
    guint32 uidvalidity = 0;
    g_autoptr(GArray) all = read_note(sync, folder, &uidvalidity);
    gint64 now = clock_now();
    bool any = false;

    for (guint i = 0; all && i < all->len; i++) {
        Refused *one = &g_array_index(all, Refused, i);

        if (one->asked == 0
            || (one->asked <= now && one->asked + SYNC_REFUSED_SECONDS > now))
            continue;
        one->asked = 0;
        any = true;
    }
    return !any
           || (write_note(sync, folder, uidvalidity, all, error)
               && sync_set_fact(sync, folder, "lacking", "1", error));
}

bool
sync_refused_wake(const Sync *sync, const GPtrArray *folders, GError **error)
{
    for (guint i = 0; i < folders->len; i++)
        if (!wake(sync, folders->pdata[i], error))
            return false;
    return true;
}

static bool
take_arrival(void *user, const ImapMessage *message, GError **error)
{
    SyncArrival *arrival = user;

    if (message->uid != arrival->uid)
        return true;
    arrival->flags = message->flags.system & STORE_SYSTEM_FLAGS;
    arrival->arrival = message->internaldate;
    arrival->size = message->size;
    return true;
}

/* What the server knows without reading the message; also when it refuses
 * that. */
static bool
ask_arrival(const SyncRun *run, SyncArrival *arrival, GError **error)
{
    const SyncServer *server = &run->sync->server;
    g_autoptr(UidSet) alone = uidset_create();
    g_autoptr(GError) trouble = NULL;
    ImapSink sink = { .user = arrival, .message = take_arrival };

    uidset_add(alone, arrival->uid);
    if (server->class->fetch(server->conn, alone,
                             "UID FLAGS INTERNALDATE RFC822.SIZE", 0, &sink,
                             &trouble)
        || err_is(trouble, ERR_REFUSED))
        return true;
    g_propagate_error(error, g_steal_pointer(&trouble));
    return false;
}

/* Unless another connection made its row meanwhile. Its id; 0 on error. */
static gint64
place_alone(SyncRun *run, const SyncArrival *arrival, const UidSet *alone,
            GError **error)
{
    Store *store = run->sync->store;
    bool known;
    gint64 id = 0;

    if (!store_begin(store, error))
        return 0;
    if (sync_run_look(run, alone, error)) {
        id = sync_run_row(run, arrival->uid, &known);
        if (id == 0)
            id = sync_place(run, arrival, &known, error);
    }
    return store_end(store, id != 0, id ? error : NULL) ? id : 0;
}

bool
sync_refused_row(SyncRun *run, guint32 uid, const char *words, GError **error)
{
    static const char nothing[] = "\r\n";
    const Sync *sync = run->sync;
    SyncArrival arrival = { .uid = uid };
    g_autoptr(UidSet) alone = uidset_create();
    StoreMessage *facts;
    gint64 id;

    uidset_add(alone, uid);
    if (!ask_arrival(run, &arrival, error))
        return false;
    facts = sync->describe(nothing, sizeof nothing - 1);
    facts->header = nothing;
    facts->header_size = sizeof nothing - 1;
    facts->snippet = words;
    arrival.facts = facts;
    id = place_alone(run, &arrival, alone, error);
    sync->describe_free(facts);
    if (id == 0)
        return false;
    sync_run_note(run, uid, id, false);
    if (sync->changed)
        sync->changed(sync->user);
    return true;
}
