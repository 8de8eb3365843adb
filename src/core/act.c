/* What the user does to messages. Every act is the same four steps: note the
 * former state of each row, change it, commit, tell. Undo swaps the noted
 * states back and is therefore an act like any other. Must not do I/O on mail
 * files beyond one new copy: files follow behind (settle.c), so does the
 * server (account.h). */
#include "core/act.h"

#include "base/clock.h"
#include "base/err.h"
#include "core/account.h"
#include "core/indexer.h"
#include "core/mute.h"
#include "core/snooze.h"
#include "maildir/maildir.h"
#include "act_private.h"
#include "facts.h"
#include "settle.h"
#include "staged.h"
#include "tags.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

G_STATIC_ASSERT((int)STORE_FLAG_PASSED == (int)MAILDIR_PASSED
                && (int)STORE_FLAG_REPLIED == (int)MAILDIR_REPLIED
                && (int)STORE_FLAG_SEEN == (int)MAILDIR_SEEN
                && (int)STORE_FLAG_TRASHED == (int)MAILDIR_TRASHED
                && (int)STORE_FLAG_DRAFT == (int)MAILDIR_DRAFT
                && (int)STORE_FLAG_FLAGGED == (int)MAILDIR_FLAGGED);

#define GONE "Nothing was done: it is not there any more."

typedef struct Act Act;

/* Notes the former state of a row and changes it, or notes a row that it makes;
 * neither where nothing is to be changed. False with *error ends and undoes the
 * whole act. */
typedef bool (*ActFn)(Act *act, const StoreRow *row, GError **error);

struct Act {
    Session *session;
    Store *store;
    const char *event; /* told for each changed row; NULL: what changed */
    const char *verb;  /* "Tagged": with rest around what was changed it is */
    const char *rest;  /* the label; NULL: there is none, or nothing more */
    char *label;       /* of undo, which passes over an act that has none */
    gint64 record;     /* of store_act_begin(); 0: nothing is changed yet */
    guint changed;
    GHashTable *threads; /* set of those that were, gint64 */
    const TagChange *tags;
    FolderRole role;
    gint64 folder;
    char *folder_name; /* where the last one went, for telling */
    Staged *staged; /* files of copies: rows stay as they are, others are made,
                       and no event is told; or NULL */
    GHashTable *copied; /* gint64 → file of its copy, staged */
    ActChange custom; /* of act_change() */
    void *user;
};

static const struct {
    FolderRole role;
    const char *name; /* of a folder made when there is none */
    const char *done; /* "Archived" */
} role_table[] = {
    { FOLDER_ROLE_ARCHIVE, "Archive", "Archived" },
    { FOLDER_ROLE_TRASH, "Trash", "Moved" },
    { FOLDER_ROLE_JUNK, "Junk", "Marked" },
    { FOLDER_ROLE_DRAFTS, "Drafts", "Moved" },
    { FOLDER_ROLE_SENT, "Sent", "Moved" },
    { FOLDER_ROLE_INBOX, "INBOX", "Moved" },
};

/* What undo and redo did to a row. */
static const char *
change_name(const StoreRow *before, const StoreRow *after)
{
    if (before->folder == after->folder)
        return "message-tagged";
    return after->folder ? "message-moved" : "message-deleted";
}

static void
tell_where_from(Act *act, Event *event, const StoreRow *before,
                const StoreRow *after)
{
    g_autoptr(StoreFolder) folder = NULL;

    if (before->folder == after->folder)
        return;
    folder = store_folder(act->store, before->folder, NULL);
    event_set(event, "folder_before", folder ? folder->path : NULL);
}

/* Told for each row after the commit; before and after are the user's tags. */
static void
tell_change(Act *act, const StoreRow *before)
{
    g_autoptr(StoreRow) after = store_row(act->store, before->id, NULL);
    g_autoptr(Event) event = NULL;
    g_autofree char *old = tags_of(before->flags, before->tags);
    g_autofree char *new = NULL;

    if (after == NULL)
        return;
    new = tags_of(after->flags, after->tags);
    if (before->folder == after->folder && strcmp(old, new) == 0)
        return;
    event = session_message_event(
        act->session, act->event ? act->event : change_name(before, after),
        before->id);
    if (after->folder == 0) /* deleted: it has no place but the former */
        session_event_folder(act->session, event, before->folder);
    tell_where_from(act, event, before, after);
    event_set(event, "tags_before", old);
    event_set(event, "tags_after", new);
    event_bus_emit(session_bus(act->session), event);
}

static void
tell_changes(Act *act, const GPtrArray *before)
{
    for (guint i = 0; i < before->len; i++)
        tell_change(act, before->pdata[i]);
}

/* What follows every commit: files, index, server and screen. */
static void
follow(Session *session)
{
    const GPtrArray *accounts = session_accounts(session);

    settler_kick(session_settler(session));
    indexer_kick(session_indexer(session));
    for (guint i = 0; i < accounts->len; i++)
        account_kick(accounts->pdata[i]);
    session_rows_changed(session);
}

/* The first change begins the record: what changes nothing is no act. */
static bool
begin(Act *act, const StoreRow *row, GError **error)
{
    act->changed++;
    if (!g_hash_table_contains(act->threads, &row->thread))
        g_hash_table_add(act->threads,
                         g_memdup2(&row->thread, sizeof row->thread));
    if (act->label && act->record == 0)
        act->record = store_act_begin(act->store, act->label, error);
    return act->label == NULL || act->record != 0;
}

static bool
note(Act *act, const StoreRow *row, GError **error)
{
    return begin(act, row, error)
        && (act->record == 0
            || store_act_note(act->store, act->record, row->id, error));
}

static bool
change_rows(Act *act, const MessageSet *set, ActFn change, GPtrArray *before,
            GError **error)
{
    for (guint i = 0; i < set->ids->len; i++) {
        gint64 id = g_array_index(set->ids, gint64, i);
        StoreRow *row = store_row(act->store, id, NULL);

        if (row == NULL)
            continue; /* gone since it was chosen */
        g_ptr_array_add(before, row);
        if (!change(act, row, error))
            return false;
    }
    return true;
}

static char *
count_text(guint n, bool threads)
{
    return g_strdup_printf("%u %s%s", n, threads ? "thread" : "message",
                           n == 1 ? "" : "s");
}

char *
act_count_text(const MessageSet *set)
{
    return count_text(set->threads ? set->threads : set->ids->len,
                      set->threads > 0);
}

/* "Tagged 3 messages +todo": of what was meant, what was changed. */
static bool
set_label(Act *act, const MessageSet *set, GError **error)
{
    bool threads = set->threads > 0;
    g_autofree char *count = count_text(
        threads ? g_hash_table_size(act->threads) : act->changed, threads);

    if (act->verb == NULL || act->changed == 0)
        return true;
    g_free(act->label);
    act->label = g_strconcat(act->verb, " ", count, act->rest, NULL);
    return act->record == 0
           || store_act_label(act->store, act->record, act->label, error);
}

/* One transaction: all rows or none. */
static bool
perform(Act *act, const MessageSet *set, ActFn change, GError **error)
{
    g_autoptr(GPtrArray) before =
        g_ptr_array_new_with_free_func((GDestroyNotify)store_row_free);
    bool ok;

    if (set->ids->len == 0)
        return err_set(error, ERR_USAGE, "no message to act on: move to one, "
                       "or give a query");
    act->store = session_store(act->session);
    act->threads =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    if (act->verb && !set->by_hook)
        act->label = g_strdup(act->verb);
    if (!store_begin(act->store, error))
        return false;
    ok = change_rows(act, set, change, before, error)
         && set_label(act, set, error);
    if (!store_end(act->store, ok, ok ? error : NULL) || !ok)
        return false;
    if (act->staged)
        staged_recorded(act->staged);
    if (act->changed == 0)
        return true;
    if (act->staged == NULL)
        tell_changes(act, before);
    follow(act->session);
    return true;
}

static void
act_clear(Act *act)
{
    g_clear_pointer(&act->threads, g_hash_table_unref);
    g_clear_pointer(&act->label, g_free);
    g_clear_pointer(&act->folder_name, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Act, act_clear)

/* What changed nothing is not told as done, and leaves nothing to undo. */
static void
tell_done(const Act *act, const char *otherwise)
{
    frontend_tell(session_frontend(act->session), TELL_INFO, act->record != 0,
                  act->changed > 0 ? "%s." : "%s",
                  act->changed > 0 ? act->label : otherwise);
}

static bool
retag(Store *store, const StoreRow *row, const TagChange *change,
      GError **error)
{
    unsigned flags = tag_change_flags(change, row->flags);
    g_autofree char *tags = tag_change_tags(change, row->tags);

    return (flags == row->flags
            || store_set_flags(store, row->id, flags, error))
        && (strcmp(tags, row->tags ? row->tags : "") == 0
            || store_set_tags(store, row->id, tags, error));
}

static bool
change_tags(Act *act, const StoreRow *row, GError **error)
{
    g_autofree char *tags = tag_change_tags(act->tags, row->tags);

    if (tag_change_flags(act->tags, row->flags) == row->flags
        && strcmp(tags, row->tags ? row->tags : "") == 0)
        return true;
    return note(act, row, error) && retag(act->store, row, act->tags, error);
}

bool
act_retag(Session *session, const StoreRow *row, const char *const *words,
          GError **error)
{
    g_auto(TagChange) change = { 0 };

    return tag_change_parse(words, &change, error)
        && retag(session_store(session), row, &change, error);
}

static bool
change_custom(Act *act, const StoreRow *row, GError **error)
{
    return note(act, row, error)
        && act->custom(act->session, row, act->record, act->user, error);
}

bool
act_change(Session *session, const MessageSet *set, const char *label,
           ActChange change, void *user, GError **error)
{
    g_auto(Act) act = { .session = session, .custom = change, .user = user };

    act.label = set->by_hook ? NULL : g_strdup(label);
    return perform(&act, set, change_custom, error);
}

static bool
tag_with(Session *session, const MessageSet *set, const TagChange *change,
         const char *verb, const char *rest, GError **error)
{
    g_auto(Act) act = { .session = session, .event = "message-tagged",
                        .verb = verb, .rest = rest, .tags = change };

    if (!perform(&act, set, change_tags, error))
        return false;
    tell_done(&act, "Nothing to change: it is tagged so already.");
    return true;
}

bool
act_tag(Session *session, const MessageSet *set, const char *const *tags,
        GError **error)
{
    g_auto(TagChange) change = { 0 };
    g_autofree char *words = NULL;
    g_autofree char *rest = NULL;

    if (!tag_change_parse(tags, &change, error))
        return false;
    words = tag_change_text(&change);
    rest = g_strconcat(" ", words, NULL);
    return tag_with(session, set, &change, "Tagged", rest, error);
}

/* All messages follow the first: set where it was not, cleared where it was. */
static bool
toggle(Session *session, const MessageSet *set, unsigned flag,
       const char *const names[2], GError **error)
{
    TagChange change = { 0 };
    g_autofree char *rest = NULL;
    g_autoptr(StoreRow) first = NULL;
    bool on;

    if (set->ids->len > 0)
        first = store_row(session_store(session),
                          g_array_index(set->ids, gint64, 0), error);
    if (set->ids->len > 0 && first == NULL)
        return false;
    on = first && !(first->flags & flag);
    if (on)
        change.add_flags = flag;
    else
        change.remove_flags = flag;
    change.add = g_ptr_array_new();
    change.remove = g_ptr_array_new();
    rest = g_strconcat(" ", names[on], NULL);
    on = tag_with(session, set, &change, "Marked", rest, error);
    tag_change_clear(&change);
    return on;
}

bool
act_toggle_unread(Session *session, const MessageSet *set, GError **error)
{
    static const char *const names[] = { "unread", "read" };

    return toggle(session, set, STORE_FLAG_SEEN, names, error);
}

bool
act_toggle_flagged(Session *session, const MessageSet *set, GError **error)
{
    static const char *const names[] = { "as not flagged", "as flagged" };

    return toggle(session, set, STORE_FLAG_FLAGGED, names, error);
}

bool
act_mark_read(Session *session, gint64 id, GError **error)
{
    Store *store = session_store(session);
    g_autoptr(StoreRow) row = store_row(store, id, error);
    Act act = { .session = session, .store = store,
                .event = "message-tagged" };

    if (row == NULL)
        return false;
    if (row->flags & STORE_FLAG_SEEN)
        return true;
    if (!store_set_flags(store, id, row->flags | STORE_FLAG_SEEN, error))
        return false;
    tell_change(&act, row);
    follow(session);
    return true;
}

static const char *
role_name(FolderRole role, const char **done)
{
    for (gsize i = 0; i < G_N_ELEMENTS(role_table); i++)
        if (role_table[i].role == role) {
            *done = role_table[i].done;
            return role_table[i].name;
        }
    g_return_val_if_reached("");
}

gint64
act_role_folder(Session *session, const char *account, FolderRole role,
                GError **error)
{
    Store *store = session_store(session);
    g_autoptr(StoreFolder) folder = NULL;
    g_autoptr(GError) none = NULL;
    const char *done;

    folder = store_folder_by_role(store, account, role, &none);
    if (folder)
        return folder->id;
    return session_make_folder(session, account, role_name(role, &done), role,
                               error);
}

static bool
change_folder(Act *act, const StoreRow *row, GError **error)
{
    gint64 to = act->folder;

    if (act->role != FOLDER_ROLE_NONE) {
        g_autoptr(StoreFolder) from =
            store_folder(act->store, row->folder, error);

        if (from == NULL)
            return false;
        to = act_role_folder(act->session, from->account, act->role, error);
    }
    if (to == 0)
        return false;
    if (act->folder_name == NULL) {
        g_autoptr(StoreFolder) folder = store_folder(act->store, to, error);

        if (folder == NULL)
            return false;
        act->folder_name = g_strdup(folder->name);
    }
    return to == row->folder
        || (note(act, row, error)
            && store_set_folder(act->store, row->id, to, error));
}

static bool
move(Act *act, const MessageSet *set, GError **error)
{
    const char *name;
    g_autofree char *otherwise = NULL;
    g_autofree char *label = NULL;

    if (!perform(act, set, change_folder, error))
        return false;
    label = g_steal_pointer(&act->label);
    name = act->folder_name;
    act->label = g_strdup_printf("%s to %s", label, name);
    otherwise = g_strdup_printf("Nothing to move: already in %s.", name);
    tell_done(act, name ? otherwise : GONE);
    return true;
}

bool
act_move(Session *session, const MessageSet *set, gint64 folder,
         GError **error)
{
    g_auto(Act) act = { .session = session, .event = "message-moved",
                        .verb = "Moved", .folder = folder };

    return move(&act, set, error);
}

bool
act_move_to_role(Session *session, const MessageSet *set, FolderRole role,
                 GError **error)
{
    g_auto(Act) act = { .session = session, .event = "message-moved",
                        .verb = "Moved", .role = role };

    role_name(role, &act.verb);
    return move(&act, set, error);
}

/* A second file of the same bytes for each copy, durable. */
static bool
stage_copies(Act *act, const MessageSet *set, GError **error)
{
    Session *session = act->session;

    for (guint i = 0; i < set->ids->len; i++) {
        gint64 id = g_array_index(set->ids, gint64, i);
        g_autoptr(StoreRow) row = store_row(session_store(session), id, NULL);
        g_autofree char *from =
            row ? session_message_path(session, row) : NULL;
        const char *file;

        if (row == NULL)
            continue; /* gone since it was chosen */
        if (from == NULL)
            return err_set(error, ERR_REFUSED,
                           "the text of “%s” is not on this machine: open "
                           "the message, then copy it",
                           row->subject ? row->subject : "");
        file = staged_file(act->staged, row->flags & STORE_SYSTEM_FLAGS, from,
                           error);
        if (file == NULL)
            return false;
        g_hash_table_insert(act->copied, g_memdup2(&id, sizeof id),
                            (char *)file);
    }
    return staged_sync(act->staged, error);
}

static bool
copy_row(Act *act, const StoreRow *row, GError **error)
{
    const char *file = g_hash_table_lookup(act->copied, &row->id);
    gint64 made = begin(act, row, error) ? store_copy(act->store, row->id,
                                                 act->folder, file, error)
                                    : 0;

    if (file)
        staged_row(act->staged, file, made);
    return made != 0
        && store_act_note_made(act->store, act->record, made, error);
}

bool
act_copy(Session *session, const MessageSet *set, gint64 folder,
         GError **error)
{
    g_autoptr(Staged) staged = staged_create(session, folder, error);
    g_autoptr(GHashTable) copied =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_auto(Act) act = { .session = session, .verb = "Copied",
                        .folder = folder, .staged = staged, .copied = copied };

    if (staged == NULL || !stage_copies(&act, set, error)
        || !perform(&act, set, copy_row, error))
        return false;
    tell_done(&act, GONE);
    return true;
}

static bool
check_in_trash(Session *session, const MessageSet *set, GError **error)
{
    Store *store = session_store(session);

    for (guint i = 0; i < set->ids->len; i++) {
        gint64 id = g_array_index(set->ids, gint64, i);
        g_autoptr(StoreRow) row = store_row(store, id, NULL);
        g_autoptr(StoreFolder) folder =
            row ? store_folder(store, row->folder, NULL) : NULL;

        if (folder && folder->role != FOLDER_ROLE_TRASH
            && folder->role != FOLDER_ROLE_JUNK
            && folder->role != FOLDER_ROLE_DRAFTS)
            return err_set(error, ERR_USAGE,
                           "%s is not the trash: use `trash` first, or "
                           "`delete --force`", folder->path);
    }
    return true;
}

static bool
delete_row(Act *act, const StoreRow *row, GError **error)
{
    return note(act, row, error)
        && store_set_folder(act->store, row->id, 0, error);
}

bool
act_delete(Session *session, const MessageSet *set, bool force,
           GError **error)
{
    g_auto(Act) act = { .session = session, .event = "message-deleted",
                        .verb = "Deleted", .rest = " for good" };

    if ((!force && !check_in_trash(session, set, error))
        || !perform(&act, set, delete_row, error))
        return false;
    tell_done(&act, GONE);
    return true;
}

enum {
    FACTS_BYTES = 256 << 10, /* header and first words are in these */
};

/* The first bytes of a file, and its size. */
static char *
read_beginning(const char *path, gsize *got, guint64 *size, GError **error)
{
    g_autofree char *bytes = g_malloc(FACTS_BYTES);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat info;
    gssize n = -1;

    if (fd >= 0 && fstat(fd, &info) == 0)
        do
            n = read(fd, bytes, FACTS_BYTES);
        while (n < 0 && errno == EINTR);
    if (n < 0)
        err_set_errno(error, errno, "%s", path);
    if (fd >= 0)
        close(fd);
    if (n < 0)
        return NULL;
    *got = (gsize)n;
    *size = (guint64)info.st_size;
    return g_steal_pointer(&bytes);
}

static Facts *
append_facts(const ActAppend *what, GError **error)
{
    g_autofree char *beginning = NULL;
    gsize got = what->size;
    guint64 size = what->size;
    Facts *facts;

    if (what->path) {
        beginning = read_beginning(what->path, &got, &size, error);
        if (beginning == NULL)
            return NULL;
    }
    facts = facts_create(beginning ? beginning : what->bytes, got);
    facts->message.size = size;
    return facts;
}

struct ActMessage {
    Session *session;
    Facts *facts;
    Staged *staged;
    gint64 id;
};

ActMessage *
act_message_create(Session *session, const ActAppend *what, GError **error)
{
    g_autoptr(ActMessage) message = g_new0(ActMessage, 1);
    StoreMessage *facts;

    message->session = session;
    message->facts = append_facts(what, error);
    if (message->facts == NULL)
        return NULL;
    message->staged = staged_create(session, what->folder, error);
    if (message->staged == NULL)
        return NULL;
    facts = &message->facts->message;
    facts->folder = what->folder;
    facts->unsettled = true;
    facts->flags |= what->flags;
    facts->tags = what->tags;
    if (what->to)
        facts->to = what->to;
    facts->arrival = clock_now();
    facts->file = what->path ? staged_file(message->staged, what->flags,
                                           what->path, error)
                             : staged_bytes(message->staged, what->flags,
                                            what->bytes, what->size, error);
    return facts->file && staged_sync(message->staged, error)
               ? g_steal_pointer(&message)
               : NULL;
}

void
act_message_destroy(ActMessage *message)
{
    if (message == NULL)
        return;
    staged_destroy(message->staged);
    facts_destroy(message->facts);
    g_free(message);
}

gint64
act_message_add(ActMessage *message, GError **error)
{
    StoreMessage *facts = &message->facts->message;
    gint64 id =
        store_message_add(session_store(message->session), facts, error);

    staged_row(message->staged, facts->file, id);
    return id;
}

void
act_message_recorded(ActMessage *message)
{
    staged_recorded(message->staged);
    follow(message->session);
}

gint64
act_append(Session *session, const ActAppend *what, GError **error)
{
    g_autoptr(ActMessage) message = act_message_create(session, what, error);
    gint64 id = message ? act_message_add(message, error) : 0;

    if (id != 0)
        act_message_recorded(message);
    return id;
}

/* The rows of an act as they are. NULL on error. */
static GPtrArray *
act_rows(Store *store, gint64 act, GError **error)
{
    g_autoptr(GArray) ids = store_act_messages(store, act, error);
    g_autoptr(GPtrArray) rows =
        g_ptr_array_new_with_free_func((GDestroyNotify)store_row_free);

    for (guint i = 0; ids && i < ids->len; i++) {
        StoreRow *row =
            store_row(store, g_array_index(ids, gint64, i), NULL);

        if (row)
            g_ptr_array_add(rows, row);
    }
    return ids ? g_steal_pointer(&rows) : NULL;
}

static bool
swap_rows(Session *session, gint64 id, guint *left, GError **error)
{
    Store *store = session_store(session);
    g_autoptr(GPtrArray) before = act_rows(store, id, error);
    g_autoptr(GArray) ids = NULL;
    Act act = { .session = session, .store = store };

    if (before == NULL)
        return false;
    ids = store_act_swap(store, id, error);
    if (ids == NULL)
        return false;
    *left = ids->len;
    tell_changes(&act, before);
    follow(session);
    mute_follow(session, before);
    snooze_start(session_snooze(session));
    return true;
}

static bool
swap(Session *session, bool redo, GError **error)
{
    Store *store = session_store(session);
    g_autoptr(GError) failed = NULL;
    g_autoptr(StoreAct) act = store_act_last(store, redo, &failed);
    guint left;

    if (failed) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return false;
    }
    if (act == NULL) {
        frontend_tell(session_frontend(session), TELL_INFO, false,
                      redo ? "Nothing to redo." : "Nothing to undo.");
        return true;
    }
    if (!swap_rows(session, act->id, &left, error))
        return false;
    frontend_tell(session_frontend(session), TELL_INFO, false,
                  left > 0 ? "%s: %s" : "%s, but nothing is left of it: %s",
                  redo ? "Done again" : "Undone", act->label);
    return true;
}

bool
act_undo(Session *session, GError **error)
{
    return swap(session, false, error);
}

bool
act_redo(Session *session, GError **error)
{
    return swap(session, true, error);
}
