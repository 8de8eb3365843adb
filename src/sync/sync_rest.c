/* Gmail has every message in one mailbox, \All, and in one more for each label.
 * What lies in no other mailbox lies there alone, as what is archived does: to
 * us that mailbox is the rest, and holds only this. Which messages they are the
 * server is asked in Gmail's own search language; its counts say nothing of it.
 *   R1  the rest is looked at when its mark moved, or when it is due: something
 * left another mailbox, or was moved here, or a message of the rest turned up
 * in another one; noted before that one is done, forgotten after the rest is
 *   R2  the rest is looked at last in a round: what left is kept until then,
 * and what turned up takes its file over R3  what is no more of the rest and
 * turned up in another mailbox is not lost; a search that finds too little does
 * not make it so */
#include "sync_private.h"

#include "base/err.h"

#include <stdlib.h>
#include <string.h>

/* has:nouserlabels looks at labels of the user's own; what has one that IMAP
 * does not show is nowhere. */
#define REST                                                                   \
    "X-GM-RAW \"-in:inbox -in:sent -in:drafts -in:chats has:nouserlabels\""

enum {
    SLICE = 90000 /* UIDs of one search: its answer is one line */
};

static char *
rest_key(const char *account, const char *name)
{
    return g_strdup_printf("%s/%s", name, account);
}

gint64
sync_rest(const Sync *sync)
{
    g_autofree char *key = rest_key(sync->account, "rest");
    g_autofree char *id = store_value(sync->store, key);

    return id ? g_ascii_strtoll(id, NULL, 10) : 0;
}

const char *
sync_rest_criteria(void)
{
    return REST;
}

const ImapMailbox *
sync_rest_find(const Sync *sync, const GPtrArray *mailboxes)
{
    const SyncServer *server = &sync->server;
    ImapMailbox *rest = NULL;
    bool archive = false;

    if (!server->class->can(server->conn, "X-GM-EXT-1"))
        return NULL;
    for (guint i = 0; i < mailboxes->len; i++) {
        ImapMailbox *mailbox = mailboxes->pdata[i];

        if (g_strcmp0(mailbox->special_use, "\\All") == 0
            && !mailbox->no_select)
            rest = mailbox;
        archive |= g_strcmp0(mailbox->special_use, "\\Archive") == 0;
    }
    if (rest == NULL)
        return NULL;
    g_free(rest->special_use);
    rest->special_use = archive ? NULL : g_strdup("\\Archive");
    return rest;
}

/* The folder of a mailbox; 0: none. */
static gint64
folder_of(const Sync *sync, const ImapMailbox *mailbox)
{
    g_autoptr(GPtrArray) folders =
        store_folders(sync->store, sync->account, NULL);

    for (guint i = 0; mailbox && folders && i < folders->len; i++) {
        const StoreFolder *folder = folders->pdata[i];

        if (strcmp(folder->name, mailbox->name) == 0)
            return folder->id;
    }
    return 0;
}

bool
sync_rest_note(const Sync *sync, const ImapMailbox *rest, GError **error)
{
    gint64 known = sync_rest(sync);
    gint64 id = rest || known ? folder_of(sync, rest) : 0;
    g_autofree char *key = rest_key(sync->account, "rest");
    g_autofree char *text =
        id ? g_strdup_printf("%" G_GINT64_FORMAT, id) : NULL;

    return id == known || store_set_value(sync->store, key, text, error);
}

bool
sync_rest_is_due(const Sync *sync)
{
    g_autofree char *key = rest_key(sync->account, "rest-due");
    g_autofree char *due = store_value(sync->store, key);

    return due != NULL;
}

bool
sync_rest_set_due(const Sync *sync, bool due, GError **error)
{
    g_autofree char *key = rest_key(sync->account, "rest-due");

    return sync_rest_is_due(sync) == due
           || store_set_value(sync->store, key, due ? "1" : NULL, error);
}

bool
sync_rest_placed(const SyncRun *run, const char *email_id, GError **error)
{
    if (run->rest == 0 || run->rest == run->folder->id || email_id == NULL
        || !store_object_in(run->sync->store, run->rest, email_id))
        return true;
    return sync_rest_set_due(run->sync, true, error);
}

/* What a search finds among UIDs, added to found. */
static bool
search_among(const Sync *sync, const char *among, const char *criteria,
             UidSet *found, GError **error)
{
    g_autofree char *all = g_strdup_printf("UID %s %s", among, criteria);
    g_autoptr(UidSet) some =
        sync->server.class->search(sync->server.conn, g_strchomp(all), error);

    if (some)
        uidset_add_all(found, some);
    return some != NULL;
}

/* A few words may name more messages than there is memory for (P32). */
static bool
is_credible(const Sync *sync, const ImapSelected *now, const UidSet *members,
            GError **error)
{
    guint64 count = uidset_count(members);

    if (count > now->exists)
        return err_set(error, ERR_PROTOCOL,
                       "%s: a search found more messages than there are",
                       sync->account);
    return count <= SYNC_REST_MOST
           || err_set(error, ERR_REFUSED,
                      "%s: more than %d messages without a label are not "
                      "followed",
                      sync->account, SYNC_REST_MOST);
}

/* A slice at a time; without UIDNEXT all is one. */
static bool
search_slices(const Sync *sync, const ImapSelected *now, UidSet *members,
              GError **error)
{
    guint64 next = now->uidnext;

    if (next == 0)
        return search_among(sync, "1:*", REST, members, error)
               && is_credible(sync, now, members, error);
    for (guint64 from = 1; from < next; from += SLICE) {
        g_autofree char *among =
            g_strdup_printf("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, from,
                            MIN(from + SLICE, next) - 1);

        if (g_cancellable_is_cancelled(sync->cancel))
            return err_set(error, ERR_CANCELLED, "cancelled");
        if (!search_among(sync, among, REST, members, error)
            || !is_credible(sync, now, members, error))
            return false;
    }
    return true;
}

UidSet *
sync_rest_members(const Sync *sync, const ImapSelected *now, GError **error)
{
    g_autoptr(UidSet) members = uidset_create();

    if (now->exists > 0 && !search_slices(sync, now, members, error))
        return NULL;
    return g_steal_pointer(&members);
}
