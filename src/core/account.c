/* An account: who the user is there, and its state as a view shows it. How mail
 * gets here is in account_local.c and account_remote.c. */
#include "account_private.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "core/indexer.h"
#include "maildir/maildir.h"
#include "sync/sync_pop3.h"

#include <string.h>
#include <unistd.h>

static const char *
option(const Account *account, const char *name)
{
    return options_get(session_options(account->session), name, account->name,
                       NULL);
}

static char **
split_list(const char *text)
{
    char **parts = g_strsplit_set(text ? text : "", ",", -1);

    for (char **part = parts; *part; part++)
        g_strstrip(*part);
    return parts;
}

/* An existing Maildir is reached through a link of ours below the mail root. */
static bool
link_maildir(const Account *account, GError **error)
{
    g_autofree char *root = maildir_encode_name(account->name);
    g_autofree char *link =
        g_build_filename(session_paths(account->session)->mail, root, NULL);
    g_autofree char *target = g_file_read_link(link, NULL);

    if (!g_file_test(account->incoming.path, G_FILE_TEST_IS_DIR))
        return err_set(error, ERR_USAGE, "account %s: there is no folder %s",
                       account->name, account->incoming.path);
    if (target && strcmp(target, account->incoming.path) == 0)
        return true;
    if (target)
        unlink(link);
    if (symlink(account->incoming.path, link) != 0)
        return err_set_errno(error, errno, "%s", link);
    return true;
}

/* "all", "none", or days. */
static bool
read_keep_bodies(Account *account, GError **error)
{
    const char *text = option(account, "keep-bodies");
    guint64 days;

    if (strcmp(text, "all") == 0)
        account->keep_days = -1;
    else if (strcmp(text, "none") == 0)
        account->keep_days = 0;
    else if (g_ascii_string_to_unsigned(text, 10, 1, 36500, &days, NULL))
        account->keep_days = (gint64)days;
    else
        return err_set(error, ERR_USAGE,
                       "account %s: keep-bodies takes all, none, or a number "
                       "of days",
                       account->name);
    return true;
}

static bool
check_keep(const Account *account, GError **error)
{
    SyncPop3Rules rules;

    if (sync_pop3_keep_parse(option(account, "pop-keep"), &rules, error))
        return true;
    g_prefix_error(error, "account %s: ", account->name);
    return false;
}

static bool
is_identity(const char *name)
{
    return strchr(name, '/') != NULL;
}

static bool
read_options(Account *account, GError **error)
{
    const char *incoming = option(account, "incoming");
    const char *address = option(account, "address");
    const char *name = option(account, "name");

    if (!check_keep(account, error))
        return false;
    account->address = g_strdup(address ? address : "");
    account->real_name = g_strdup(name ? name : "");
    account->aliases = split_list(options_own(
        session_options(account->session), "aliases", account->name));
    if (address == NULL || strchr(address, '@') == NULL)
        return err_set(error, ERR_USAGE, "account %s needs an address: write "
                       "address you@example.org in its block", account->name);
    if (is_identity(account->name))
        return true;
    if (!read_keep_bodies(account, error))
        return false;
    if (incoming == NULL)
        return true;
    account->has_incoming = true;
    if (!account_url_parse(account->name, true, incoming, &account->incoming,
                           error))
        return false;
    return account->incoming.kind != URL_MAILDIR
           || link_maildir(account, error);
}

static bool
add_identities(Account *account, GError **error)
{
    g_autofree const char **names =
        options_accounts(session_options(account->session));
    g_autofree char *prefix = g_strconcat(account->name, "/", NULL);

    for (const char **name = names; *name; name++) {
        Account *identity;

        if (!g_str_has_prefix(*name, prefix))
            continue;
        identity = account_create(account->session, *name, error);
        if (identity == NULL)
            return false;
        g_ptr_array_add(account->identities, identity);
    }
    return true;
}

const GPtrArray *
account_identities(const Account *account)
{
    return account->identities;
}

Account *
account_create(Session *session, const char *name, GError **error)
{
    g_autoptr(Account) account = g_new0(Account, 1);

    account->session = session;
    account->name = g_strdup(name);
    account->waiters = g_array_new(FALSE, FALSE, sizeof(AccountWaiter));
    account->identities =
        g_ptr_array_new_with_free_func((GDestroyNotify)account_destroy);
    if (!read_options(account, error))
        return NULL;
    if (is_identity(name))
        return g_steal_pointer(&account);
    if (!add_identities(account, error))
        return NULL;
    /* What a first start opens is there before its mail. */
    if (account_is_one_way(account)
        && session_make_folder(session, name, "INBOX", FOLDER_ROLE_INBOX, error)
               == 0)
        return NULL;
    if (account_is_local(account))
        account->local = local_follower_create(account);
    else
        account->remote = remote_follower_create(account);
    account_set_state(
        account, account_is_local(account) ? ACCOUNT_LOCAL : ACCOUNT_OFFLINE,
        NULL, NULL);
    return g_steal_pointer(&account);
}

static void
secret_wipe(char **secret)
{
    if (*secret)
        explicit_bzero(*secret, strlen(*secret));
    g_clear_pointer(secret, g_free);
}

void
account_destroy(Account *account)
{
    if (account == NULL)
        return;
    local_follower_destroy(account->local);
    remote_follower_destroy(account->remote);
    secret_wipe(&account->secrets[0]);
    secret_wipe(&account->secrets[1]);
    g_array_unref(account->waiters);
    g_ptr_array_unref(account->identities);
    account_url_clear(&account->incoming);
    g_strfreev(account->aliases);
    g_free(account->name);
    g_free(account->address);
    g_free(account->real_name);
    g_free(account->what);
    g_free(account->reason);
    g_free(account->room);
    g_free(account);
}

const char *
account_name(const Account *account)
{
    return account->name;
}

const char *
account_address(const Account *account)
{
    return account->address;
}

const char *
account_real_name(const Account *account)
{
    return account->real_name;
}

bool
account_is_local(const Account *account)
{
    return !account->has_incoming || account->incoming.kind == URL_MAILDIR;
}

bool
account_is_one_way(const Account *account)
{
    return account->has_incoming && account->incoming.kind == URL_POP3;
}

/* Is it this address, or that of its owner with a detail behind the name:
 * ana+shop@example.org (RFC 5233)? */
static AccountFit
address_fit(const char *own, const char *address)
{
    const char *at = strrchr(own, '@');
    const char *other = strrchr(address, '@');
    gsize length = at ? (gsize)(at - own) : 0;

    if (g_ascii_strcasecmp(own, address) == 0)
        return ACCOUNT_FIT_EXACT;
    return at && other && g_ascii_strcasecmp(at, other) == 0
                   && (gsize)(other - address) > length
                   && g_ascii_strncasecmp(own, address, length) == 0
                   && address[length] == '+'
               ? ACCOUNT_FIT_DETAIL
               : ACCOUNT_FIT_NONE;
}

/* The address of an alias with a name: "Ana (club) <ana@club.example>". */
static char *
bare_address(const char *alias)
{
    const char *begin = strrchr(alias, '<');

    return begin ? g_strndup(begin + 1, strcspn(begin + 1, ">"))
                 : g_strdup(alias);
}

/* "*@example.org" stands for every address of the domain. */
static AccountFit
alias_fit(const char *named, const char *address)
{
    g_autofree char *alias = bare_address(named);
    const char *domain = strrchr(address, '@');

    if (!g_str_has_prefix(alias, "*@"))
        return address_fit(alias, address);
    return domain && g_ascii_strcasecmp(domain, alias + 1) == 0
               ? ACCOUNT_FIT_DOMAIN
               : ACCOUNT_FIT_NONE;
}

/* *best: the alias that fits better than the account's address, or NULL. */
static AccountFit
own_fit(const Account *account, const char *address, const char **best)
{
    AccountFit fit = address_fit(account->address, address);

    *best = NULL;
    for (char **alias = account->aliases; *alias; alias++) {
        AccountFit other =
            **alias ? alias_fit(*alias, address) : ACCOUNT_FIT_NONE;

        if (other <= fit)
            continue;
        fit = other;
        *best = *alias;
    }
    return fit;
}

AccountFit
account_fit(const Account *account, const char *address)
{
    const char *alias;

    return own_fit(account, address, &alias);
}

const Account *
account_writer(const Account *account, const char *address)
{
    AccountFit best = account_fit(account, address);
    const Account *writer = account;

    for (guint i = 0; i < account->identities->len; i++) {
        const Account *identity = account->identities->pdata[i];
        AccountFit fit = account_fit(identity, address);

        if (fit == ACCOUNT_FIT_NONE || fit < best
            || (fit == best && writer != account))
            continue;
        best = fit;
        writer = identity;
    }
    return writer;
}

bool
account_owns(const Account *account, const char *address)
{
    return account_fit(account_writer(account, address), address)
           != ACCOUNT_FIT_NONE;
}

char *
account_name_for(const Account *account, const char *address)
{
    const Account *writer = account_writer(account, address);
    const char *alias;

    own_fit(writer, address, &alias);
    if (alias && strchr(alias, '<'))
        return g_strstrip(g_strndup(alias, strcspn(alias, "<")));
    return g_strdup(writer->real_name);
}

void
account_set_state(Account *account, AccountState state, const char *what,
                  const char *reason)
{
    AccountStatus *status = &account->status;

    if (status->state != state)
        status->since = clock_now();
    if (state == ACCOUNT_WAITING && status->lost == 0)
        status->lost = clock_now();
    else if (state != ACCOUNT_WAITING && state != ACCOUNT_CONNECTING)
        status->lost = 0;
    status->state = state;
    g_free(account->what);
    g_free(account->reason);
    account->what = text_sanitise(what ? what : "", -1, TEXT_LINE);
    account->reason = text_sanitise(reason ? reason : "", -1, TEXT_LINE);
    status->what = account->what;
    status->reason = account->reason;
    session_state_changed(account->session);
}

const AccountStatus *
account_status(const Account *account)
{
    AccountStatus *status = (AccountStatus *)&account->status;

    status->pending =
        store_pending_count(session_store(account->session), account->name);
    return status;
}

const char *
account_room(const Account *account)
{
    return account->room;
}

char *
account_status_text(const Account *account)
{
    const AccountStatus *status = &account->status;
    g_autofree char *since = clock_text(status->since);
    g_autofree char *retry = clock_text(status->retry);
    g_autofree char *next = clock_text(status->next);

    switch (status->state) {
    case ACCOUNT_LOCAL:
        return g_strdup("on this machine");
    case ACCOUNT_OFFLINE:
        return g_strdup_printf("offline since %s", since);
    case ACCOUNT_CONNECTING:
        return g_strdup(*status->what ? status->what : "connecting");
    case ACCOUNT_SYNCING:
        return g_strdup(*status->what ? status->what : "synchronising");
    case ACCOUNT_ONLINE:
        if (*status->reason)
            return g_strdup_printf("%s; all else is up to date",
                                   status->reason);
        if (status->next)
            return g_strdup_printf("up to date, asked again at %s", next);
        return g_strdup(account_is_one_way(account) ? "up to date"
                                                    : "up to date, listening");
    case ACCOUNT_WAITING:
        return g_strdup_printf("%s; next try at %s", status->reason, retry);
    case ACCOUNT_FAILED:
        return g_strdup(status->reason);
    }
    g_return_val_if_reached(NULL);
}

void
account_start(Account *account)
{
    if (account->started || session_offline(account->session))
        return;
    account->started = true;
    if (account->local)
        local_follower_scan(account->local);
    else
        remote_follower_start(account->remote);
}

bool
account_is_started(const Account *account)
{
    return account->started;
}

void
account_stop(Account *account)
{
    account->started = false;
    if (account->remote)
        remote_follower_stop(account->remote);
}

void
account_sync(Account *account, const AccountSync *how,
             void (*done)(Account *account, const GError *error, void *user),
             void *user)
{
    AccountWaiter waiter = { done, user };

    if (done)
        g_array_append_val(account->waiters, waiter);
    if (account->local)
        local_follower_scan(account->local);
    else
        remote_follower_sync(account->remote, how);
}

void
account_synced(Account *account, const GError *error)
{
    g_autoptr(GArray) waiters = g_steal_pointer(&account->waiters);
    g_autoptr(Event) event =
        event_create(error ? "sync-failed" : "sync-finished");

    account->waiters = g_array_new(FALSE, FALSE, sizeof(AccountWaiter));
    if (error == NULL)
        account->status.synced = clock_now();
    event_set(event, "account", account->name);
    event_set(event, "reason", error ? error->message : NULL);
    if (!err_is(error, ERR_CANCELLED))
        event_bus_emit(session_bus(account->session), event);
    for (guint i = 0; i < waiters->len; i++) {
        const AccountWaiter *waiter = &g_array_index(waiters, AccountWaiter, i);

        waiter->done(account, error, waiter->user);
    }
}

void
account_check(Account *account,
              void (*done)(Account *account, const GError *error, void *user),
              void *user)
{
    if (account->remote)
        remote_follower_check(account->remote, done, user);
    else
        done(account, NULL, user);
}

void
account_kick(Account *account)
{
    if (account->remote && account->started)
        remote_follower_kick(account->remote);
}

void
account_fetch(Account *account, gint64 id,
              void (*done)(gint64 id, const GError *error, void *user),
              void *user)
{
    g_autoptr(GError) error = NULL;

    if (account->remote) {
        remote_follower_fetch(account->remote, id, done, user);
        return;
    }
    err_set(&error, ERR_LOCAL, "the file of this message is gone");
    done(id, error, user);
}

void
account_fetch_part(Account *account, gint64 id, guint number,
                   AccountPartFn done, void *user)
{
    g_autoptr(GError) error = NULL;

    if (account->remote && !account_is_one_way(account)) {
        remote_follower_part(account->remote, id, number, done, user);
        return;
    }
    err_set(&error, ERR_REFUSED, "%s has no server that tells parts",
            account->name);
    done(NULL, error, user);
}

void
account_fetch_stop(Account *account, gint64 id)
{
    if (account->remote)
        remote_follower_fetch_stop(account->remote, id);
}

void
account_search(Account *account, const char *folder, const char *criteria,
               AccountFoundFn done, void *user)
{
    g_autoptr(GError) error = NULL;

    if (account->remote && !account_is_one_way(account)) {
        remote_follower_search(account->remote, folder, criteria, done, user);
        return;
    }
    err_set(&error, ERR_REFUSED, "%s has no server that can search",
            account->name);
    done(NULL, error, user);
}
