/* The tag says that a message is away, the table until when. Undo takes the tag
 * and leaves the entry, which is passed over then, so that redo finds it. */
#include "core/snooze.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "act_private.h"

#include <string.h>

#define SNOOZED "snoozed"

enum {
    LOOK_SECONDS = 30, /* at most: a machine may have slept meanwhile */
};

struct Snooze {
    Session *session;
    guint source;
};

static bool
is_away(const StoreRow *row)
{
    g_auto(GStrv) tags = g_strsplit(row->tags ? row->tags : "", " ", -1);

    return g_strv_contains((const char *const *)tags, SNOOZED);
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
put_away(Session *session, const StoreRow *row, void *user, GError **error)
{
    static const char *const words[] = { "+" SNOOZED, NULL };
    const gint64 *until = user;
    Store *store = session_store(session);
    g_autoptr(StoreFolder) from = store_folder(store, row->folder, error);
    StoreSnooze entry;
    gint64 away, back;

    if (from == NULL || !find_places(session, from, &away, &back, error))
        return false;
    if (is_away(row) && store_snooze_find(store, row->id, &entry))
        back = entry.folder; /* only its time changes */
    return act_retag(session, row, words, error)
        && (away == row->folder
            || store_set_folder(store, row->id, away, error))
        && store_snooze(store, row->id, *until, back, error);
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
bring_back(Session *session, const StoreRow *row, void *user, GError **error)
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

bool
snooze_until(Session *session, const MessageSet *set, gint64 until,
             GError **error)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_local(until);
    g_autofree char *when = date ? g_date_time_format(date, "%a %e %b %H:%M")
                                 : g_strdup("then");
    g_autofree char *count = act_count_text(set);
    bool later = until > clock_now();
    g_autofree char *label =
        later ? g_strdup_printf("Snoozed %s until %s", count, when)
              : g_strdup_printf("Brought back %s", count);

    if (!later && set->ids->len > 0 && !any_is_away(session, set))
        return err_set(error, ERR_USAGE,
                       "that was not put away: name a time to come, such as "
                       "+2h or mon 9:00");
    if (!act_change(session, set, label, later ? put_away : bring_back, &until,
                    error))
        return false;
    frontend_tell(session_frontend(session), TELL_INFO, true, "%s.", label);
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

/* A row without the tag was brought back already, by undo or another machine.
 * Entries end behind: where the program ends before that, they are passed over
 * the next time. */
static void
wake(Session *session, const GArray *due)
{
    Store *store = session_store(session);
    g_autoptr(MessageSet) set = message_set_create();
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < due->len; i++) {
        gint64 id = g_array_index(due, StoreSnooze, i).id;
        g_autoptr(StoreRow) row = store_row(store, id, NULL);

        if (row && is_away(row))
            g_array_append_val(set->ids, id);
    }
    if (set->ids->len > 0
        && !act_change(session, set, NULL, bring_back, NULL, &error)) {
        log_add(LOG_WARN, "snooze", "%s", error->message);
        return;
    }
    for (guint i = 0; i < due->len; i++)
        store_snooze_end(store, g_array_index(due, StoreSnooze, i).id, NULL);
    if (set->ids->len > 0)
        tell_back(session, set);
}

static gboolean
look(void *data)
{
    Snooze *snooze = data;

    snooze->source = 0;
    snooze_start(snooze);
    return G_SOURCE_REMOVE;
}

void
snooze_start(Snooze *snooze)
{
    g_autoptr(GArray) all =
        store_snoozed(session_store(snooze->session), NULL);
    gint64 now = clock_now();
    guint due = 0;

    g_clear_handle_id(&snooze->source, g_source_remove);
    while (all && due < all->len
           && g_array_index(all, StoreSnooze, due).until <= now)
        due++;
    if (all && due < all->len) {
        gint64 wait = g_array_index(all, StoreSnooze, due).until - now;

        snooze->source = g_timeout_add_seconds(
            (guint)CLAMP(wait, 1, LOOK_SECONDS), look, snooze);
    }
    if (due > 0) {
        g_array_set_size(all, due);
        wake(snooze->session, all);
    }
}

Snooze *
snooze_create(Session *session)
{
    Snooze *snooze = g_new0(Snooze, 1);

    snooze->session = session;
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
