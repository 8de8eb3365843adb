/* A muted thread is one whose messages have the tag; nothing else is kept. */
#include "core/mute.h"

#include "base/log.h"
#include "act_private.h"
#include "tags.h"

#define MUTED "muted"

static bool
is_muted(const StoreRow *row)
{
    return store_words_have(row->tags, MUTED);
}

static bool
hear(Session *session, const StoreRow *row, gint64 record, void *user,
     GError **error)
{
    static const char *const words[] = { "-" MUTED, NULL };

    return act_retag(session, row, words, error);
}

static bool
mute(Session *session, const StoreRow *row, gint64 record, void *user,
     GError **error)
{
    static const char *const words[] = { "+" MUTED, "-unread", NULL };
    Store *store = session_store(session);
    g_autoptr(StoreFolder) folder = store_folder(store, row->folder, error);
    gint64 archive;

    if (folder == NULL || !act_retag(session, row, words, error))
        return false;
    if (folder->role != FOLDER_ROLE_INBOX)
        return true;
    archive = act_role_folder(session, folder->account, FOLDER_ROLE_ARCHIVE,
                              error);
    return archive != 0 && store_set_folder(store, row->id, archive, error);
}

bool
mute_toggle(Session *session, const MessageSet *set, GError **error)
{
    g_autoptr(StoreRow) first =
        set->ids->len > 0 ? store_row(session_store(session),
                                      g_array_index(set->ids, gint64, 0), NULL)
                          : NULL;
    bool muted = first && is_muted(first);
    g_autofree char *count = act_count_text(set);
    g_autofree char *label =
        g_strdup_printf(muted ? "Heard again: %s" : "Muted %s", count);

    if (!act_change(session, set, label, muted ? hear : mute, NULL, error))
        return false;
    frontend_tell(session_frontend(session), TELL_INFO, !set->by_hook, "%s.",
                  label);
    return true;
}

/* Rows of those threads that are still muted. */
static void
keep_muted(Session *session, MessageSet *set)
{
    for (guint i = set->ids->len; i-- > 0;) {
        g_autoptr(StoreRow) row = store_row(
            session_store(session), g_array_index(set->ids, gint64, i), NULL);

        if (row == NULL || !is_muted(row))
            g_array_remove_index_fast(set->ids, i);
    }
}

void
mute_follow(Session *session, const GPtrArray *before)
{
    g_autoptr(MessageSet) set = message_set_create();
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < before->len; i++) {
        const StoreRow *was = before->pdata[i];
        g_autoptr(StoreRow) row =
            store_row(session_store(session), was->id, NULL);

        if (row && is_muted(was) && !is_muted(row))
            g_array_append_val(set->ids, was->id);
    }
    if (set->ids->len == 0 || !message_set_widen(session, set, NULL))
        return;
    keep_muted(session, set);
    if (set->ids->len > 0
        && !act_change(session, set, NULL, hear, NULL, &error))
        log_add(LOG_WARN, "mute", "%s", error->message);
}

void
mute_arrived(Session *session, const gint64 *ids, guint n)
{
    Store *store = session_store(session);
    g_autoptr(MessageSet) set = message_set_create();
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < n; i++) {
        g_autoptr(StoreRow) row = store_row(store, ids[i], NULL);

        if (row && !is_muted(row)
            && store_thread_has_tag(store, row->thread, row->id, MUTED))
            g_array_append_val(set->ids, ids[i]);
    }
    if (set->ids->len > 0 && !act_change(session, set, NULL, mute, NULL,
                                         &error))
        log_add(LOG_WARN, "mute", "%s", error->message);
}
