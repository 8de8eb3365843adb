/* The calls of imap.h as the table that sync uses. Must not contain a rule. */
#include "sync/sync.h"

static bool
server_can(void *conn, const char *capability)
{
    return imap_conn_can(conn, capability);
}

static GPtrArray *
server_list(void *conn, bool state, GError **error)
{
    return imap_list(conn, state, error);
}

static bool
server_status(void *conn, const char *mailbox, ImapMailbox *status,
              GError **error)
{
    return imap_status(conn, mailbox, status, error);
}

static bool
server_select(void *conn, const char *mailbox, const ImapResync *resync,
              const ImapSink *sink, ImapSelected *selected, GError **error)
{
    return imap_select(conn, mailbox, resync, sink, selected, error);
}

static bool
server_opened(void *conn, const char *mailbox, ImapOpened *opened)
{
    return imap_conn_opened(conn, mailbox, opened);
}

static bool
server_fetch(void *conn, const UidSet *uids, const char *items, guint64 since,
             const ImapSink *sink, GError **error)
{
    return imap_fetch(conn, uids, items, since, sink, error);
}

static bool
server_fetch_sets(void *conn, const GPtrArray *sets, const char *items,
                  const ImapSink *sink, GError **error)
{
    return imap_fetch_sets(conn, sets, items, sink, error);
}

static UidSet *
server_search(void *conn, const char *criteria, GError **error)
{
    return imap_search(conn, criteria, error);
}

static bool
server_store(void *conn, const UidSet *uids, bool add, const ImapFlags *flags,
             GError **error)
{
    return imap_store(conn, uids, add, flags, error);
}

static bool
server_move(void *conn, const UidSet *uids, const char *mailbox,
            ImapCopied *copied, GError **error)
{
    return imap_move(conn, uids, mailbox, copied, error);
}

static bool
server_copy(void *conn, const UidSet *uids, const char *mailbox,
            ImapCopied *copied, GError **error)
{
    return imap_copy(conn, uids, mailbox, copied, error);
}

static bool
server_expunge(void *conn, const UidSet *uids, bool *marked, GError **error)
{
    return imap_expunge(conn, uids, marked, error);
}

static bool
server_append(void *conn, const char *mailbox, ImapUpload *uploads, guint n,
              guint32 *uidvalidity, GError **error)
{
    return imap_append(conn, mailbox, uploads, n, uidvalidity, error);
}

static bool
server_create(void *conn, const char *mailbox, const char *special_use,
              GError **error)
{
    return imap_create(conn, mailbox, special_use, error)
           && imap_subscribe(conn, mailbox, true, error);
}

static bool
server_rename(void *conn, const char *from, const char *to, GError **error)
{
    return imap_rename(conn, from, to, error);
}

static bool
server_remove(void *conn, const char *mailbox, GError **error)
{
    return imap_delete(conn, mailbox, error);
}

static bool
server_subscribe(void *conn, const char *mailbox, bool on, GError **error)
{
    return imap_subscribe(conn, mailbox, on, error);
}

static const char *
server_prefix(void *conn, char *delimiter)
{
    return imap_conn_prefix(conn, delimiter);
}

static void
server_ahead(void *conn, const char *mailbox, const ImapResync *resync)
{
    imap_select_ahead(conn, mailbox, resync);
}

static const SyncServerClass imap_class = {
    .can = server_can,
    .list = server_list,
    .status = server_status,
    .select = server_select,
    .opened = server_opened,
    .fetch = server_fetch,
    .fetch_sets = server_fetch_sets,
    .search = server_search,
    .store = server_store,
    .move = server_move,
    .copy = server_copy,
    .expunge = server_expunge,
    .append = server_append,
    .create = server_create,
    .rename = server_rename,
    .remove = server_remove,
    .subscribe = server_subscribe,
    .prefix = server_prefix,
    .ahead = server_ahead,
};

SyncServer
sync_server_imap(ImapConn *conn)
{
    return (SyncServer){ &imap_class, conn };
}
