/* Making, renaming, removing and subscribing folders. */
#include "core/folder.h"

#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "core/account.h"
#include "settle.h"
#include "sync/sync.h"

#include <string.h>

/* "work/Lists/new" to its account; *rest is "Lists/new". */
static Account *
account_of_path(Session *session, const char *path, const char **rest)
{
    const GPtrArray *accounts = session_accounts(session);

    for (guint i = 0; i < accounts->len; i++) {
        Account *account = accounts->pdata[i];
        gsize size = strlen(account_name(account));

        if (strncmp(path, account_name(account), size) == 0
            && path[size] == '/') {
            *rest = path + size + 1;
            return account;
        }
    }
    return NULL;
}

static bool
bad_name(const char *name, const char *why, GError **error)
{
    g_autofree char *safe = text_sanitise(name, -1, TEXT_LINE);

    return err_set(error, ERR_USAGE, "%s cannot be a folder's name: %s", safe,
                   why);
}

static bool
check_parts(char **parts, const char *rest, char delimiter, GError **error)
{
    if (!g_utf8_validate(rest, -1, NULL))
        return bad_name(rest, "it is not UTF-8", error);
    for (char **part = parts; *part; part++) {
        if (**part == '\0')
            return bad_name(rest, "a part of it is empty", error);
        if (delimiter && strchr(*part, delimiter))
            return bad_name(
                rest, "the server separates parts by a character in it", error);
        for (const char *at = *part; *at; at++)
            if ((guchar)*at < 0x20 || *at == 0x7f)
                return bad_name(rest, "it holds a control character", error);
    }
    return true;
}

static char
delimiter_of(Session *session, const char *account)
{
    g_autoptr(GPtrArray) folders =
        store_folders(session_store(session), account, NULL);

    for (guint i = 0; folders && i < folders->len; i++) {
        const StoreFolder *folder = folders->pdata[i];

        if (folder->delimiter)
            return folder->delimiter;
    }
    return '/';
}

/* "Lists/new" as the server calls it; NULL with *error. g_free(). */
static char *
mailbox_name(Session *session, const char *account, const char *rest,
             GError **error)
{
    g_auto(GStrv) parts = g_strsplit(rest, "/", -1);
    char delimiter = 0;
    g_autofree char *prefix =
        sync_prefix(session_store(session), account, &delimiter);
    char between[2] = { delimiter ? delimiter : delimiter_of(session, account),
                        '\0' };
    g_autofree char *joined = g_strjoinv(between, parts);

    if (!check_parts(parts, rest, between[0] == '/' ? 0 : between[0], error))
        return NULL;
    return g_str_has_prefix(joined, prefix) ? g_steal_pointer(&joined)
                                            : g_strconcat(prefix, joined, NULL);
}

static bool
is_free(Session *session, const char *account, const char *name, GError **error)
{
    g_autoptr(GPtrArray) folders =
        store_folders(session_store(session), account, error);

    for (guint i = 0; folders && i < folders->len; i++)
        if (strcmp(((StoreFolder *)folders->pdata[i])->name, name) == 0)
            return bad_name(name, "there is one already", error);
    return folders != NULL;
}

static void
tell_account(Session *session, const char *account)
{
    Account *owner = session_account(session, account);

    session_rows_changed(session);
    if (owner && !account_is_local(owner) && account_is_started(owner))
        account_sync(owner, NULL, NULL, NULL);
}

gint64
folder_create(Session *session, const char *path, GError **error)
{
    const char *rest = NULL;
    Account *account = account_of_path(session, path, &rest);
    g_autofree char *name = NULL;
    gint64 id;

    if (account == NULL) {
        bad_name(path, "it begins with the account, as in work/Lists", error);
        return 0;
    }
    name = mailbox_name(session, account_name(account), rest, error);
    if (name == NULL || !is_free(session, account_name(account), name, error))
        return 0;
    id = session_make_folder(session, account_name(account), name,
                             FOLDER_ROLE_NONE, error);
    if (id)
        tell_account(session, account_name(account));
    return id;
}

static bool
is_of_account_server(const StoreFolder *folder, const char *what,
                     GError **error)
{
    return !folder->local
           || err_set(error, ERR_USAGE,
                      "%s lies in a Maildir of its own: %s its directory "
                      "there",
                      folder->path, what);
}

static bool
has_no_role(const StoreFolder *folder, GError **error)
{
    return folder->role == FOLDER_ROLE_NONE
           || err_set(error, ERR_USAGE, "%s is needed as it is called",
                      folder->path);
}

bool
folder_rename(Session *session, gint64 id, const char *to, GError **error)
{
    Store *store = session_store(session);
    g_autoptr(StoreFolder) folder = store_folder(store, id, error);
    const char *rest = NULL;
    Account *account = account_of_path(session, to, &rest);
    g_autofree char *name = NULL;
    gsize size;

    if (folder == NULL || !is_of_account_server(folder, "rename", error)
        || !has_no_role(folder, error))
        return false;
    if (account && strcmp(account_name(account), folder->account) != 0)
        return bad_name(to, "a folder stays in its account", error);
    name = mailbox_name(session, folder->account, account ? rest : to, error);
    if (name == NULL || !is_free(session, folder->account, name, error))
        return false;
    size = strlen(folder->name);
    if (strncmp(name, folder->name, size) == 0
        && name[size] == folder->delimiter && folder->delimiter)
        return bad_name(to, "it would lie in itself", error);
    if (!sync_wish_rename(store, folder, name, error))
        return false;
    settler_kick(session_settler(session));
    tell_account(session, folder->account);
    return true;
}

static bool
is_alone(Store *store, const StoreFolder *folder, GError **error)
{
    g_autoptr(GPtrArray) all = store_folders(store, folder->account, error);
    g_autofree char *below =
        g_strdup_printf("%s%c", folder->name, folder->delimiter);

    for (guint i = 0; all && folder->delimiter && i < all->len; i++)
        if (g_str_has_prefix(((StoreFolder *)all->pdata[i])->name, below))
            return err_set(error, ERR_USAGE,
                           "%s has folders below it: delete them first",
                           folder->path);
    return all != NULL;
}

bool
folder_delete(Session *session, gint64 id, bool force, GError **error)
{
    Store *store = session_store(session);
    g_autoptr(StoreFolder) folder = store_folder(store, id, error);

    if (folder == NULL || !is_of_account_server(folder, "remove", error)
        || !has_no_role(folder, error) || !is_alone(store, folder, error))
        return false;
    if (folder->total > 0 && !force)
        return err_set(error, ERR_USAGE,
                       "%s holds %u message%s, which would go for good: "
                       "--force does it",
                       folder->path, folder->total,
                       folder->total == 1 ? "" : "s");
    if (!sync_wish_delete(store, folder, error))
        return false;
    tell_account(session, folder->account);
    return true;
}

bool
folder_subscribe(Session *session, gint64 id, bool on, GError **error)
{
    Store *store = session_store(session);
    g_autoptr(StoreFolder) folder = store_folder(store, id, error);

    if (folder == NULL || !sync_wish_subscribe(store, folder, on, error))
        return false;
    tell_account(session, folder->account);
    return true;
}
