/* The folders of an account: what LIST says becomes folders of the store, ours
 * that are new are created there. A folder that is gone on the server goes here
 * too when it holds little (Y4); else it stays, readable, until there is a
 * yes. So does what was in a mailbox of which the server lists the name alone
 * (\Noselect): the folder stays, as the parent of others. */
#include "sync_private.h"

#include "base/err.h"
#include "maildir/maildir.h"

#include <string.h>

static const struct {
    const char *special_use;
    FolderRole role;
} special_uses[] = {
    { "\\Archive", FOLDER_ROLE_ARCHIVE }, { "\\Drafts", FOLDER_ROLE_DRAFTS },
    { "\\Junk", FOLDER_ROLE_JUNK },       { "\\Sent", FOLDER_ROLE_SENT },
    { "\\Trash", FOLDER_ROLE_TRASH },     { "\\All", FOLDER_ROLE_ALL },
    { "\\Flagged", FOLDER_ROLE_FLAGGED },
    { "\\Important", FOLDER_ROLE_FLAGGED },
};

/* The last component of a mailbox's name, folded, in the languages of the mail
 * programs that make such folders. */
static const struct {
    const char *name;
    FolderRole role;
} common_names[] = {
    { "drafts", FOLDER_ROLE_DRAFTS },
    { "draft", FOLDER_ROLE_DRAFTS },
    { "entwürfe", FOLDER_ROLE_DRAFTS },
    { "brouillons", FOLDER_ROLE_DRAFTS },
    { "borradores", FOLDER_ROLE_DRAFTS },
    { "bozze", FOLDER_ROLE_DRAFTS },
    { "concepten", FOLDER_ROLE_DRAFTS },
    { "rascunhos", FOLDER_ROLE_DRAFTS },
    { "szkice", FOLDER_ROLE_DRAFTS },
    { "koncepty", FOLDER_ROLE_DRAFTS },
    { "черновики", FOLDER_ROLE_DRAFTS },
    { "下書き", FOLDER_ROLE_DRAFTS },
    { "草稿箱", FOLDER_ROLE_DRAFTS },
    { "sent", FOLDER_ROLE_SENT },
    { "sent mail", FOLDER_ROLE_SENT },
    { "sent items", FOLDER_ROLE_SENT },
    { "sent messages", FOLDER_ROLE_SENT },
    { "sent-mail", FOLDER_ROLE_SENT },
    { "gesendet", FOLDER_ROLE_SENT },
    { "gesendete objekte", FOLDER_ROLE_SENT },
    { "gesendete elemente", FOLDER_ROLE_SENT },
    { "envoyés", FOLDER_ROLE_SENT },
    { "éléments envoyés", FOLDER_ROLE_SENT },
    { "enviados", FOLDER_ROLE_SENT },
    { "elementos enviados", FOLDER_ROLE_SENT },
    { "inviati", FOLDER_ROLE_SENT },
    { "posta inviata", FOLDER_ROLE_SENT },
    { "verzonden items", FOLDER_ROLE_SENT },
    { "wysłane", FOLDER_ROLE_SENT },
    { "odeslané", FOLDER_ROLE_SENT },
    { "отправленные", FOLDER_ROLE_SENT },
    { "送信済み", FOLDER_ROLE_SENT },
    { "已发送", FOLDER_ROLE_SENT },
    { "archive", FOLDER_ROLE_ARCHIVE },
    { "archives", FOLDER_ROLE_ARCHIVE },
    { "archiv", FOLDER_ROLE_ARCHIVE },
    { "archivo", FOLDER_ROLE_ARCHIVE },
    { "archivio", FOLDER_ROLE_ARCHIVE },
    { "archief", FOLDER_ROLE_ARCHIVE },
    { "архив", FOLDER_ROLE_ARCHIVE },
    { "junk", FOLDER_ROLE_JUNK },
    { "spam", FOLDER_ROLE_JUNK },
    { "junk e-mail", FOLDER_ROLE_JUNK },
    { "junk email", FOLDER_ROLE_JUNK },
    { "bulk mail", FOLDER_ROLE_JUNK },
    { "werbung", FOLDER_ROLE_JUNK },
    { "indésirables", FOLDER_ROLE_JUNK },
    { "correo no deseado", FOLDER_ROLE_JUNK },
    { "posta indesiderata", FOLDER_ROLE_JUNK },
    { "ongewenste e-mail", FOLDER_ROLE_JUNK },
    { "спам", FOLDER_ROLE_JUNK },
    { "迷惑メール", FOLDER_ROLE_JUNK },
    { "垃圾邮件", FOLDER_ROLE_JUNK },
    { "trash", FOLDER_ROLE_TRASH },
    { "deleted items", FOLDER_ROLE_TRASH },
    { "deleted messages", FOLDER_ROLE_TRASH },
    { "bin", FOLDER_ROLE_TRASH },
    { "papierkorb", FOLDER_ROLE_TRASH },
    { "gelöschte elemente", FOLDER_ROLE_TRASH },
    { "corbeille", FOLDER_ROLE_TRASH },
    { "éléments supprimés", FOLDER_ROLE_TRASH },
    { "papelera", FOLDER_ROLE_TRASH },
    { "elementos eliminados", FOLDER_ROLE_TRASH },
    { "cestino", FOLDER_ROLE_TRASH },
    { "prullenbak", FOLDER_ROLE_TRASH },
    { "lixeira", FOLDER_ROLE_TRASH },
    { "kosz", FOLDER_ROLE_TRASH },
    { "koš", FOLDER_ROLE_TRASH },
    { "корзина", FOLDER_ROLE_TRASH },
    { "ごみ箱", FOLDER_ROLE_TRASH },
    { "已删除", FOLDER_ROLE_TRASH },
};

static const char *
use_of_role(FolderRole role)
{
    for (gsize i = 0; i < G_N_ELEMENTS(special_uses); i++)
        if (special_uses[i].role == role)
            return special_uses[i].special_use;
    return NULL;
}

static FolderRole
role_by_use(const ImapMailbox *mailbox)
{
    if (g_ascii_strcasecmp(mailbox->name, "INBOX") == 0)
        return FOLDER_ROLE_INBOX;
    for (gsize i = 0; mailbox->special_use && i < G_N_ELEMENTS(special_uses);
         i++)
        if (g_ascii_strcasecmp(mailbox->special_use,
                               special_uses[i].special_use)
            == 0)
            return special_uses[i].role;
    return FOLDER_ROLE_NONE;
}

static FolderRole
role_by_name(const ImapMailbox *mailbox)
{
    const char *last =
        mailbox->delimiter ? strrchr(mailbox->name, mailbox->delimiter) : NULL;
    g_autofree char *folded =
        g_utf8_strdown(last ? last + 1 : mailbox->name, -1);

    for (gsize i = 0; i < G_N_ELEMENTS(common_names); i++)
        if (strcmp(folded, common_names[i].name) == 0)
            return common_names[i].role;
    return FOLDER_ROLE_NONE;
}

FolderRole
sync_role(const ImapMailbox *mailbox)
{
    FolderRole role = role_by_use(mailbox);

    return role != FOLDER_ROLE_NONE ? role : role_by_name(mailbox);
}

const ImapMailbox *
sync_mailbox_in(const GPtrArray *mailboxes, const char *name)
{
    for (guint i = 0; i < mailboxes->len; i++) {
        const ImapMailbox *mailbox = mailboxes->pdata[i];

        if (strcmp(mailbox->name, name) == 0)
            return mailbox;
    }
    return NULL;
}

static StoreFolder *
find_folder(const GPtrArray *folders, const char *name)
{
    for (guint i = 0; i < folders->len; i++) {
        StoreFolder *folder = folders->pdata[i];

        if (strcmp(folder->name, name) == 0)
            return folder;
    }
    return NULL;
}

/* One mailbox for each role: by its use first, else the first by name. */
static FolderRole
role_among(const GPtrArray *mailboxes, const ImapMailbox *mailbox)
{
    FolderRole role = role_by_use(mailbox);

    if (role != FOLDER_ROLE_NONE)
        return role;
    role = role_by_name(mailbox);
    for (guint i = 0; role != FOLDER_ROLE_NONE && i < mailboxes->len; i++) {
        const ImapMailbox *other = mailboxes->pdata[i];

        if (role_by_use(other) == role)
            return FOLDER_ROLE_NONE;
        if (other == mailbox)
            return role;
        if (role_by_use(other) == FOLDER_ROLE_NONE
            && role_by_name(other) == role)
            return FOLDER_ROLE_NONE;
    }
    return role;
}

/* The server had it: if it lacks another time, it is gone there. Of one that
 * was opened UIDVALIDITY says so. */
static bool
note_listed(const Sync *sync, const StoreFolder *folder, GError **error)
{
    g_autofree char *listed = NULL;

    if (folder->uidvalidity != 0)
        return true;
    listed = sync_fact(sync, folder, "listed");
    return listed || sync_set_fact(sync, folder, "listed", "1", error);
}

static bool
is_new_here(const Sync *sync, const StoreFolder *folder)
{
    g_autofree char *listed = folder->uidvalidity == 0 && folder->selectable
                                  ? sync_fact(sync, folder, "listed")
                                  : g_strdup("");

    return listed == NULL;
}

/* Gone on the server, and waits for a yes. */
static bool
is_held(const Sync *sync, const StoreFolder *folder)
{
    g_autofree char *held = sync_fact(sync, folder, "held");

    return held != NULL;
}

static bool
put_mailbox(const Sync *sync, const GPtrArray *folders,
            const GPtrArray *mailboxes, const ImapMailbox *mailbox,
            GError **error)
{
    StoreFolder *known = find_folder(folders, mailbox->name);
    g_autofree char *path =
        maildir_folder_path(sync->account, mailbox->name, mailbox->delimiter);
    StoreFolder folder = known ? *known : (StoreFolder){ 0 };
    FolderRole role = role_among(mailboxes, mailbox);

    if (known && known->delimiter == mailbox->delimiter && known->role == role
        && known->selectable == !mailbox->no_select
        && known->subscribed == mailbox->subscribed)
        return note_listed(sync, known, error);
    folder.account = (char *)sync->account;
    folder.name = mailbox->name;
    folder.path = known ? known->path : path;
    folder.delimiter = mailbox->delimiter;
    folder.role = role;
    folder.selectable = !mailbox->no_select;
    folder.subscribed = mailbox->subscribed;
    folder.id = store_folder_put(sync->store, &folder, error);
    return folder.id != 0 && note_listed(sync, &folder, error)
           && (mailbox->no_select
               || sync_set_fact(sync, &folder, "held", NULL, error));
}

static bool
create_there(const Sync *sync, const StoreFolder *folder, GError **error)
{
    g_autoptr(GError) trouble = NULL;

    if (sync->server.class->create(sync->server.conn, folder->name,
                                   use_of_role(folder->role), &trouble))
        return true;
    if (!err_is(trouble, ERR_REFUSED)) {
        g_propagate_error(error, g_steal_pointer(&trouble));
        return false;
    }
    sync_warn(sync, "%s could not be created on the server: %s", folder->path,
              trouble->message);
    return true;
}

/* The server does not have it: with the next sync it is new there. */
static bool
begin_anew(const Sync *sync, const StoreFolder *folder, GError **error)
{
    return store_folder_mark(sync->store, folder->id, &(StoreMark){ 0 }, error)
           && sync_set_fact(sync, folder, "listed", NULL, error)
           && sync_set_fact(sync, folder, "delete", NULL, error)
           && sync_set_fact(sync, folder, "held", NULL, error)
           && store_folder_set_selectable(sync->store, folder->id, true, error);
}

/* What the server had in it. */
static bool
remove_messages(const Sync *sync, const StoreFolder *folder, GError **error)
{
    g_autoptr(GArray) rows = NULL;
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));

    if (!store_folder_lost(sync->store, folder->id, error))
        return false;
    rows = store_uids(sync->store, folder->id, error);
    for (guint i = 0; rows && i < rows->len; i++)
        g_array_append_val(ids, g_array_index(rows, StoreUid, i).id);
    return rows && sync_remove_rows(sync, folder, ids, error);
}

bool
sync_folder_remove(const Sync *sync, const StoreFolder *folder, GError **error)
{
    if (!remove_messages(sync, folder, error))
        return false;
    return store_unplaced(sync->store, folder->id) > 0
               ? begin_anew(sync, folder, error)
               : store_folder_remove(sync->store, folder->id, error);
}

/* Its name stays. */
static bool
empty_folder(const Sync *sync, const StoreFolder *folder, GError **error)
{
    if (!remove_messages(sync, folder, error))
        return false;
    return store_unplaced(sync->store, folder->id) > 0
               ? create_there(sync, folder, error)
                     && begin_anew(sync, folder, error)
               : sync_set_fact(sync, folder, "held", NULL, error)
                     && store_folder_mark(sync->store, folder->id,
                                          &(StoreMark){ 0 }, error);
}

/* The server has no such mailbox, or no longer one that can hold messages. */
static bool
is_unlisted(const StoreFolder *folder, const GPtrArray *mailboxes)
{
    const ImapMailbox *mailbox = sync_mailbox_in(mailboxes, folder->name);

    return !folder->local
           && (mailbox == NULL
               || (mailbox->no_select
                   && (folder->uidvalidity != 0 || folder->total > 0)));
}

static bool
is_gone(const Sync *sync, const StoreFolder *folder, const GPtrArray *mailboxes)
{
    return is_unlisted(folder, mailboxes) && !is_new_here(sync, folder);
}

/* What went with the folders that are gone is what the server had in them,
 * whatever the user moved in or out since. Those that wait for a yes are not
 * counted again. */
static bool
count_gone(const Sync *sync, const GPtrArray *folders,
           const GPtrArray *mailboxes, guint *count, GError **error)
{
    *count = 0;
    for (guint i = 0; i < folders->len; i++) {
        const StoreFolder *folder = folders->pdata[i];

        if (!is_gone(sync, folder, mailboxes))
            continue;
        if (!store_folder_lost(sync->store, folder->id, error))
            return false;
        if (!is_held(sync, folder))
            *count += store_uid_count(sync->store, folder->id);
    }
    return true;
}

static bool
hold(const Sync *sync, const StoreFolder *folder, GError **error)
{
    guint count = store_uid_count(sync->store, folder->id);

    if (count == 0 || is_held(sync, folder))
        return true;
    sync_warn(sync,
              "%s is gone on the server; its %u %s kept here: "
              "`posthorn sync --accept-removals %s` removes %s",
              folder->path, count, count == 1 ? "message is" : "messages are",
              folder->account, count == 1 ? "it" : "them");
    return sync_set_fact(sync, folder, "held", "1", error)
           && store_folder_set_selectable(sync->store, folder->id, false,
                                          error);
}

/* A few folders at once are as much as a large one. All that are to wait are
 * marked together, so that none is left over when this is cut short. */
static bool
hold_gone(const Sync *sync, const GPtrArray *folders,
          const GPtrArray *mailboxes, GError **error)
{
    guint together;
    bool ok;

    if (!store_begin(sync->store, error))
        return false;
    ok = count_gone(sync, folders, mailboxes, &together, error);
    for (guint i = 0; ok && !sync->accept_removals
                      && together > SYNC_REMOVAL_MIN && i < folders->len; i++)
        if (is_gone(sync, folders->pdata[i], mailboxes))
            ok = hold(sync, folders->pdata[i], error);
    return store_end(sync->store, ok, ok ? error : NULL) && ok;
}

static bool
folder_gone(const Sync *sync, const StoreFolder *folder, bool listed,
            GError **error)
{
    if (is_held(sync, folder) && !sync->accept_removals
        && store_uid_count(sync->store, folder->id) > 0)
        return true;
    return listed ? empty_folder(sync, folder, error)
                  : sync_folder_remove(sync, folder, error);
}

/* Ours that the server did not list: new here, or gone there. */
static bool
others(const Sync *sync, const GPtrArray *folders, const GPtrArray *mailboxes,
       GError **error)
{
    bool ok = hold_gone(sync, folders, mailboxes, error);

    for (guint i = 0; ok && i < folders->len; i++) {
        const StoreFolder *folder = folders->pdata[i];

        if (!is_unlisted(folder, mailboxes))
            continue;
        ok = is_new_here(sync, folder)
                 ? create_there(sync, folder, error)
                 : folder_gone(sync, folder,
                               sync_mailbox_in(mailboxes, folder->name) != NULL,
                               error);
    }
    return ok;
}

static bool
is_missing(const StoreFolder *folder, const GPtrArray *mailboxes)
{
    return folder->uidvalidity != 0 && is_unlisted(folder, mailboxes);
}

static bool
is_state_told(const GPtrArray *mailboxes)
{
    for (guint i = 0; i < mailboxes->len; i++)
        if (((const ImapMailbox *)mailboxes->pdata[i])->have_status)
            return true;
    return false;
}

/* Of one that is known as a name alone it is believed. */
static bool
ask_untold_one(const Sync *sync, const StoreFolder *folder,
               ImapMailbox *mailbox, GError **error)
{
    const SyncServer *server = &sync->server;
    g_autoptr(GError) trouble = NULL;
    bool name = folder && !folder->selectable;

    if (!name
        && server->class->status(server->conn, mailbox->name, mailbox,
                                 &trouble))
        return true;
    mailbox->no_select = name || imap_is_nonexistent(trouble);
    if (name || err_is(trouble, ERR_REFUSED))
        return true;
    g_propagate_error(error, g_steal_pointer(&trouble));
    return false;
}

/* A mailbox of which LIST-STATUS tells no state may be a name alone: Dovecot
 * 2.3.19 lists one that was deleted and has others below it, with no
 * \Noselect. */
static bool
ask_untold(const Sync *sync, const GPtrArray *folders,
           const GPtrArray *mailboxes, GError **error)
{
    bool told = is_state_told(mailboxes);

    for (guint i = 0; told && i < mailboxes->len; i++) {
        ImapMailbox *mailbox = mailboxes->pdata[i];

        if (!mailbox->have_status && !mailbox->no_select
            && !ask_untold_one(sync, find_folder(folders, mailbox->name),
                               mailbox, error))
            return false;
    }
    return true;
}

/* Without LIST-STATUS: when a folder is missing, the few mailboxes that are new
 * are asked whether they are it. */
static bool
ask_new(const Sync *sync, const GPtrArray *folders, const GPtrArray *mailboxes,
        GError **error)
{
    const SyncServer *server = &sync->server;
    guint asked = 0;
    bool missing = false;

    for (guint i = 0; i < folders->len; i++)
        missing |= is_missing(folders->pdata[i], mailboxes);
    for (guint i = 0; missing && i < mailboxes->len; i++) {
        ImapMailbox *mailbox = mailboxes->pdata[i];
        g_autoptr(GError) trouble = NULL;

        if (mailbox->have_status || mailbox->no_select
            || find_folder(folders, mailbox->name)
            || asked++ >= SYNC_ASKED_MOST
            || server->class->status(server->conn, mailbox->name, mailbox,
                                     &trouble))
            continue;
        if (!err_is(trouble, ERR_REFUSED)) {
            g_propagate_error(error, g_steal_pointer(&trouble));
            return false;
        }
    }
    return true;
}

static bool
is_missed_object(const Sync *sync, const GPtrArray *folders,
                 const GPtrArray *mailboxes)
{
    for (guint i = 0; i < folders->len; i++) {
        g_autofree char *id = is_missing(folders->pdata[i], mailboxes)
                                  ? sync_fact(sync, folders->pdata[i],
                                              "mailboxid")
                                  : NULL;

        if (id)
            return true;
    }
    return false;
}

/* When a folder is missing that has an id, the few mailboxes that are new are
 * opened to hear theirs. */
static bool
ask_ids(const Sync *sync, const GPtrArray *folders, const GPtrArray *mailboxes,
        GError **error)
{
    const SyncServer *server = &sync->server;
    guint asked = 0;

    if (!is_missed_object(sync, folders, mailboxes))
        return true;
    for (guint i = 0; i < mailboxes->len; i++) {
        ImapMailbox *mailbox = mailboxes->pdata[i];
        g_auto(ImapSelected) selected = { 0 };
        g_autoptr(GError) trouble = NULL;

        if (mailbox->no_select || find_folder(folders, mailbox->name)
            || asked++ >= SYNC_ASKED_MOST)
            continue;
        if (server->class->select(server->conn, mailbox->name, NULL, NULL,
                                  &selected, &trouble)) {
            mailbox->id = g_steal_pointer(&selected.mailbox_id);
        } else if (!err_is(trouble, ERR_REFUSED)) {
            g_propagate_error(error, g_steal_pointer(&trouble));
            return false;
        }
    }
    return true;
}

/* Is this mailbox the one that the folder was: the same UIDVALIDITY, not fewer
 * UIDs, not one message more than those that the server had in it? */
static bool
could_be(const Sync *sync, const StoreFolder *folder,
         const ImapMailbox *mailbox)
{
    return mailbox->have_status && !mailbox->no_select
           && mailbox->uidvalidity == folder->uidvalidity
           && mailbox->uidnext >= folder->uidnext
           && mailbox->messages <= store_uid_count(sync->store, folder->id)
                                       + (mailbox->uidnext - folder->uidnext);
}

/* The one mailbox that nobody here knows and that could be the folder; NULL:
 * none, or several. */
static const ImapMailbox *
new_name(const Sync *sync, const GPtrArray *folders,
         const GPtrArray *mailboxes, const StoreFolder *folder)
{
    const ImapMailbox *only = NULL;

    for (guint i = 0; i < mailboxes->len; i++) {
        const ImapMailbox *mailbox = mailboxes->pdata[i];

        if (find_folder(folders, mailbox->name)
            || !could_be(sync, folder, mailbox))
            continue;
        if (only)
            return NULL;
        only = mailbox;
    }
    return only;
}

/* Could the mailbox be another folder that is missing too? */
static bool
is_disputed(const Sync *sync, const GPtrArray *folders,
            const GPtrArray *mailboxes, const StoreFolder *folder,
            const ImapMailbox *mailbox)
{
    for (guint i = 0; i < folders->len; i++) {
        const StoreFolder *other = folders->pdata[i];

        if (other != folder && is_missing(other, mailboxes)
            && could_be(sync, other, mailbox))
            return true;
    }
    return false;
}

/* The mailbox that has the id of the folder's (RFC 8474), under a name that
 * nobody here knows. *known: there is an id to go by, and no need to guess. */
static const ImapMailbox *
same_object(const Sync *sync, const GPtrArray *folders,
            const GPtrArray *mailboxes, const StoreFolder *folder, bool *known)
{
    g_autofree char *id = sync_fact(sync, folder, "mailboxid");

    *known = false;
    for (guint i = 0; id && i < mailboxes->len; i++) {
        const ImapMailbox *mailbox = mailboxes->pdata[i];

        *known |= mailbox->id != NULL;
        if (g_strcmp0(mailbox->id, id) == 0 && !mailbox->no_select
            && find_folder(folders, mailbox->name) == NULL)
            return mailbox;
    }
    return NULL;
}

static const ImapMailbox *
find_renamed(const Sync *sync, const GPtrArray *folders,
             const GPtrArray *mailboxes, const StoreFolder *folder)
{
    bool known;
    const ImapMailbox *mailbox =
        same_object(sync, folders, mailboxes, folder, &known);

    if (mailbox == NULL && !known)
        mailbox = new_name(sync, folders, mailboxes, folder);
    return mailbox
                   && (known
                       || !is_disputed(sync, folders, mailboxes, folder,
                                       mailbox))
               ? mailbox
               : NULL;
}

/* Renamed on the server: the folder goes along, nothing is fetched again. */
static bool
follow_renames(const Sync *sync, const GPtrArray *folders,
               const GPtrArray *mailboxes, GError **error)
{
    for (guint i = 0; i < folders->len; i++) {
        StoreFolder *folder = folders->pdata[i];
        const ImapMailbox *mailbox;

        if (!is_missing(folder, mailboxes))
            continue;
        mailbox = find_renamed(sync, folders, mailboxes, folder);
        if (mailbox
            && !sync_folder_called(sync->store, folder, mailbox->name, error))
            return false;
    }
    return true;
}

/* Gmail calls it otherwise in each language. */
static bool
follow_rest(const Sync *sync, const GPtrArray *folders,
            const GPtrArray *mailboxes, const ImapMailbox *rest,
            GError **error)
{
    gint64 id = sync_rest(sync);

    for (guint i = 0; id && rest && i < folders->len; i++) {
        StoreFolder *folder = folders->pdata[i];

        if (folder->id == id && is_missing(folder, mailboxes)
            && find_folder(folders, rest->name) == NULL)
            return sync_folder_called(sync->store, folder, rest->name, error);
    }
    return true;
}

static bool
note_prefix(const Sync *sync, GError **error)
{
    char delimiter = 0;
    const char *prefix =
        sync->server.class->prefix(sync->server.conn, &delimiter);
    g_autofree char *key = g_strconcat("prefix/", sync->account, NULL);
    g_autofree char *known = store_value(sync->store, key);
    g_autofree char *text =
        prefix ? g_strdup_printf("%c%s", delimiter ? delimiter : ' ', prefix)
               : NULL;

    return g_strcmp0(known, text) == 0
           || store_set_value(sync->store, key, text, error);
}

char *
sync_prefix(Store *store, const char *account, char *delimiter)
{
    g_autofree char *key = g_strconcat("prefix/", account, NULL);
    g_autofree char *text = store_value(store, key);

    *delimiter = text && *text != ' ' ? *text : 0;
    return g_strdup(text && *text ? text + 1 : "");
}

static bool
has_inbox(const GPtrArray *mailboxes)
{
    for (guint i = 0; i < mailboxes->len; i++)
        if (sync_role(mailboxes->pdata[i]) == FOLDER_ROLE_INBOX)
            return true;
    return false;
}

/* LIST, and what else has to be asked to compare it with our folders. Of a new
 * account nothing is compared, and some servers look through each mailbox to
 * tell its state: a page that someone waits for comes first. NULL on error. */
static GPtrArray *
ask_list(const Sync *sync, const GPtrArray *folders, GError **error)
{
    g_autoptr(GPtrArray) listed = sync->server.class->list(
        sync->server.conn, folders->len > 0 || !sync->headers_first, error);

    return listed && ask_untold(sync, folders, listed, error)
                   && ask_new(sync, folders, listed, error)
                   && ask_ids(sync, folders, listed, error)
               ? g_steal_pointer(&listed)
               : NULL;
}

const StoreFolder *
sync_folder_in(const GPtrArray *folders, gint64 id)
{
    for (guint i = 0; i < folders->len; i++)
        if (((const StoreFolder *)folders->pdata[i])->id == id)
            return folders->pdata[i];
    return NULL;
}

static bool
has_untold(const Sync *sync, const GPtrArray *folders)
{
    for (guint i = 0; i < folders->len; i++)
        if (sync_is_renamed(sync->store, folders->pdata[i]))
            return true;
    return false;
}

static bool
take_list(const Sync *sync, const GPtrArray *folders, const GPtrArray *listed,
          GError **error)
{
    const ImapMailbox *rest = sync_rest_find(sync, listed);
    bool ok = note_prefix(sync, error)
              && follow_rest(sync, folders, listed, rest, error)
              && follow_renames(sync, folders, listed, error);

    for (guint i = 0; ok && i < listed->len; i++)
        ok = put_mailbox(sync, folders, listed, listed->pdata[i], error);
    return ok && sync_rest_note(sync, rest, error);
}

/* *again: the user renamed a folder while the list was asked for, so it says
 * nothing of that one: not gone, and no other is new. */
static bool
look(const Sync *sync, GPtrArray **mailboxes, bool *again, GError **error)
{
    g_autoptr(GPtrArray) before = NULL;
    g_autoptr(GPtrArray) folders = NULL;
    g_autoptr(GPtrArray) listed = NULL;
    bool ok;

    if (!sync_tell_wishes(sync, error))
        return false;
    before = store_folders(sync->store, sync->account, error);
    listed = before ? ask_list(sync, before, error) : NULL;
    if (listed == NULL || !store_begin(sync->store, error))
        return false;
    folders = store_folders(sync->store, sync->account, error);
    *again = folders && has_untold(sync, folders);
    ok = folders && (*again || take_list(sync, folders, listed, error));
    if (!store_end(sync->store, ok, ok ? error : NULL) || !ok)
        return false;
    /* A list without INBOX is no list: nothing is concluded from it. */
    if (!*again && has_inbox(listed) && !others(sync, folders, listed, error))
        return false;
    *mailboxes = *again ? NULL : g_steal_pointer(&listed);
    return true;
}

bool
sync_folders(const Sync *sync, GPtrArray **mailboxes, GError **error)
{
    bool again = true;

    while (again)
        if (!look(sync, mailboxes, &again, error))
            return false;
    return true;
}
