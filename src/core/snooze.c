/* The tag says that a message is away, the table until when. Entries stay when
 * a message came back or an act was undone: they count again when undo or redo
 * brings the tag back. */
#include "core/snooze.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "act_private.h"
#include "tags.h"

#define SNOOZED "snoozed"

enum {
    LOOK_SECONDS = 30, /* at most: a machine may have slept meanwhile */
    KEPT_SECONDS = 90 * 24 * 60 * 60, /* what undo could still ask for */
};

struct Snooze {
    Session *session;
    guint source;
};

static bool
is_away(const StoreRow *row)
{
    return store_words_have(row->tags, SNOOZED);
}

gint64
snooze_end(Session *session, const StoreRow *row)
{
    StoreSnooze entry;

    return is_away(row)
            && store_snooze_find(session_store(session), row->id, &entry)
        ? entry.until : 0;
}

static gint64
role_folder(Session *session, gint64 like, FolderRole role, GError **error)
{
    g_autoptr(StoreFolder) folder =
        store_folder(session_store(session), like, error);

    return folder ? act_role_folder(session, folder->account, role, error) : 0;
}

/* Where it lies until then, and where it comes back to: archived and sent mail
 * comes back to the inbox. */
static bool
find_places(Session *session, const StoreFolder *from, gint64 *away,
            gint64 *back, GError **error)
{
    bool inbox = from->role == FOLDER_ROLE_ARCHIVE
        || from->role == FOLDER_ROLE_SENT;

    if (from->role == FOLDER_ROLE_DRAFTS || from->role == FOLDER_ROLE_JUNK
        || from->role == FOLDER_ROLE_TRASH)
        return err_set(error, ERR_USAGE,
                       "%s: what lies there is not snoozed: move it first",
                       from->path);
    *back = inbox ? act_role_folder(session, from->account, FOLDER_ROLE_INBOX,
                                    error)
                  : from->id;
    *away = inbox ? from->id
                  : act_role_folder(session, from->account,
                                    FOLDER_ROLE_ARCHIVE, error);
    return *back != 0 && *away != 0;
}

static bool
put_away(Session *session, const StoreRow *row, gint64 record, void *user,
         GError **error)
{
    static const char *const words[] = { "+" SNOOZED, NULL };
    const gint64 *until = user;
    Store *store = session_store(session);
    g_autoptr(StoreFolder) from = store_folder(store, row->folder, error);
    StoreSnooze entry = { 0 };
    gint64 away = 0;
    gint64 back = 0;

    if (from == NULL || !find_places(session, from, &away, &back, error))
        return false;
    if (is_away(row) && store_snooze_find(store, row->id, &entry))
        back = entry.folder; /* only its time changes */
    entry = (StoreSnooze){ row->id, *until, back };
    return act_retag(session, row, words, error)
        && (away == row->folder
            || store_set_folder(store, row->id, away, error))
        && store_snooze(store, &entry, record, error);
}

/* The folder that it was in; the inbox where that is gone. 0: it stays. */
static gint64
find_back(Session *session, const StoreRow *row, gint64 folder, GError **error)
{
    Store *store = session_store(session);
    g_autoptr(StoreFolder) now = store_folder(store, row->folder, error);
    g_autoptr(StoreFolder) back = NULL;

    if (now == NULL || now->role == FOLDER_ROLE_TRASH
        || now->role == FOLDER_ROLE_JUNK)
        return 0;
    back = folder ? store_folder(store, folder, NULL) : NULL;
    return back ? folder
                : role_folder(session, row->folder, FOLDER_ROLE_INBOX, error);
}

static bool
bring_back(Session *session, const StoreRow *row, gint64 record, void *user,
         GError **error)
{
    static const char *const words[] = { "-" SNOOZED, "+unread", NULL };
    Store *store = session_store(session);
    StoreSnooze entry = { 0 };
    gint64 back;

    if (!is_away(row))
        return true;
    store_snooze_find(store, row->id, &entry);
    back = find_back(session, row, entry.folder, NULL);
    return act_retag(session, row, words, error)
        && (back == 0 || back == row->folder
            || store_set_folder(store, row->id, back, error));
}

/* Is a message of the set away? */
static bool
any_is_away(Session *session, const MessageSet *set)
{
    for (guint i = 0; i < set->ids->len; i++) {
        g_autoptr(StoreRow) row = store_row(
            session_store(session), g_array_index(set->ids, gint64, i), NULL);

        if (row && is_away(row))
            return true;
    }
    return false;
}

/* Whole threads come back. */
static bool
end_snooze(Session *session, const MessageSet *set, GError **error)
{
    g_autoptr(MessageSet) all = message_set_create();
    g_autofree char *count = NULL;
    g_autofree char *label = NULL;

    g_array_append_vals(all->ids, set->ids->data, set->ids->len);
    all->by_hook = set->by_hook;
    if (!message_set_widen(session, all, error))
        return false;
    if (!any_is_away(session, all))
        return err_set(error, ERR_USAGE,
                       "that was not put away: name a time to come, such as "
                       "+2h or mon 9:00");
    count = act_count_text(all);
    label = g_strdup_printf("Brought back %s", count);
    if (!act_change(session, all, label, bring_back, NULL, error))
        return false;
    frontend_tell(session_frontend(session), TELL_INFO, !set->by_hook, "%s.",
                  label);
    return true;
}

bool
snooze_until(Session *session, const MessageSet *set, gint64 until,
             GError **error)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_local(until);
    g_autofree char *when = date ? g_date_time_format(date, "%a %e %b %H:%M")
                                 : g_strdup("then");
    g_autofree char *count = act_count_text(set);
    g_autofree char *label =
        g_strdup_printf("Snoozed %s until %s", count, when);

    if (until <= clock_now())
        return end_snooze(session, set, error);
    if (!act_change(session, set, label, put_away, &until, error))
        return false;
    frontend_tell(session_frontend(session), TELL_INFO, !set->by_hook, "%s.",
                  label);
    snooze_start(session_snooze(session));
    return true;
}

static void
tell_back(Session *session, const MessageSet *set)
{
    Frontend *frontend = session_frontend(session);
    g_autofree char *count = act_count_text(set);
    g_autoptr(StoreRow) row = store_row(
        session_store(session), g_array_index(set->ids, gint64, 0), NULL);

    if (!frontend->has_screen)
        log_add(LOG_INFO, "snooze", "%s came back", count);
    else if (set->ids->len == 1 && row && row->subject)
        frontend_tell(frontend, TELL_INFO, false, "Back: %s", row->subject);
    else
        frontend_tell(frontend, TELL_INFO, false, "Back: %s that was put away.",
                      count);
}

static bool
wake(Session *session, const GArray *due)
{
    g_autoptr(MessageSet) set = message_set_create();
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < due->len; i++)
        g_array_append_val(set->ids, g_array_index(due, StoreSnooze, i).id);
    if (!act_change(session, set, NULL, bring_back, NULL, &error)) {
        log_add(LOG_WARN, "snooze", "%s", error->message);
        return false;
    }
    tell_back(session, set);
    return true;
}

static gboolean
look(void *data)
{
    Snooze *snooze = data;

    snooze->source = 0;
    snooze_start(snooze);
    return G_SOURCE_REMOVE;
}

/* Brings back what is due. The seconds until it is to be looked again; 0: there
 * is nothing to wait for. What fails is tried again. */
static gint64
look_now(Snooze *snooze)
{
    g_autoptr(GArray) all =
        store_snoozed(session_store(snooze->session), SNOOZED, NULL);
    gint64 now = clock_now();
    gint64 wait = all ? 0 : LOOK_SECONDS;
    guint due = 0;

    while (all && due < all->len
           && g_array_index(all, StoreSnooze, due).until <= now)
        due++;
    if (all && due < all->len)
        wait = g_array_index(all, StoreSnooze, due).until - now;
    if (due == 0)
        return wait;
    g_array_set_size(all, due);
    return wake(snooze->session, all) ? wait : LOOK_SECONDS;
}

void
snooze_start(Snooze *snooze)
{
    gint64 wait;

    g_clear_handle_id(&snooze->source, g_source_remove);
    wait = look_now(snooze);
    if (wait > 0)
        snooze->source = g_timeout_add_seconds(
            (guint)CLAMP(wait, 1, LOOK_SECONDS), look, snooze);
}

Snooze *
snooze_create(Session *session)
{
    Snooze *snooze = g_new0(Snooze, 1);

    snooze->session = session;
    store_snooze_forget(session_store(session), SNOOZED,
                        clock_now() - KEPT_SECONDS, NULL);
    return snooze;
}

void
snooze_destroy(Snooze *snooze)
{
    if (snooze == NULL)
        return;
    g_clear_handle_id(&snooze->source, g_source_remove);
    g_free(snooze);
}
