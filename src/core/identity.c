/* Which of the user's addresses writes. */
#include "core/identity.h"

#include <string.h>

/* The first address of a field that the account owns, or NULL. */
static char *
own_address(const Account *account, MimeMessage *parent, const char *field)
{
    g_autoptr(GPtrArray) list = mime_header_addresses(parent, field);

    for (guint i = 0; i < list->len; i++) {
        const MimeAddress *address = list->pdata[i];

        if (account_owns(account, address->addr))
            return g_strdup(address->addr);
    }
    return NULL;
}

static char *
sent_to(const Account *account, MimeMessage *parent)
{
    static const char *const fields[] = { "To", "Cc", "Delivered-To", "From" };
    char *address = NULL;

    for (gsize i = 0; address == NULL && i < G_N_ELEMENTS(fields); i++)
        address = own_address(account, parent, fields[i]);
    return address;
}

/* `write-as` of a folder: "club", or NULL. */
static const Account *
of_folder(Session *session, const Account *account, gint64 id)
{
    g_autoptr(StoreFolder) folder =
        id ? store_folder(session_store(session), id, NULL) : NULL;
    const char *name = folder
                           ? options_get(session_options(session), "write-as",
                                         folder->account, folder->path)
                           : NULL;
    g_autofree char *whole =
        name ? g_strconcat(account_name(account), "/", name, NULL) : NULL;

    return whole ? session_account(session, whole) : NULL;
}

static bool
is_used_for(const char *patterns, const GPtrArray *to)
{
    g_auto(GStrv) list = g_strsplit_set(patterns, ", ", -1);

    for (char **pattern = list; *pattern; pattern++)
        for (guint i = 0; **pattern && i < to->len; i++) {
            const MimeAddress *address = to->pdata[i];
            g_autofree char *lower = g_ascii_strdown(address->addr, -1);
            g_autofree char *wanted = g_ascii_strdown(*pattern, -1);

            if (g_pattern_match_simple(wanted, lower))
                return true;
        }
    return false;
}

static const Account *
of_recipients(Session *session, const Account *account, const GPtrArray *to)
{
    const GPtrArray *identities = account_identities(account);

    for (guint i = 0; to && i < identities->len; i++) {
        const char *patterns = options_own(session_options(session), "used-for",
                                           account_name(identities->pdata[i]));

        if (patterns && is_used_for(patterns, to))
            return identities->pdata[i];
    }
    return NULL;
}

/* Others write it in capitals; the user does not. */
static char *
written_address(const Account *who, const char *address)
{
    const char *own = account_address(who);

    return g_strdup(address && g_ascii_strcasecmp(address, own) ? address
                                                                : own);
}

const Account *
identity_choose(Session *session, const Account *account,
                const IdentityHint *hint, char **from)
{
    g_autofree char *to = hint->parent ? sent_to(account, hint->parent) : NULL;
    const Account *who = to ? account_writer(account, to) : NULL;
    g_autofree char *address = NULL;
    g_autofree char *name = NULL;

    if (who == NULL)
        who = of_folder(session, account, hint->folder);
    if (who == NULL)
        who = of_recipients(session, account, hint->to);
    if (who == NULL)
        who = account;
    address = written_address(who, to);
    name = account_name_for(who, address);
    *from = mime_address_format(name, address);
    return who;
}

/* An alias that is one address, not a whole domain. */
static void
add_aliases(GPtrArray *list, const Account *account, const char *aliases)
{
    g_autoptr(GPtrArray) all = mime_addresses(aliases ? aliases : "");

    for (guint i = 0; i < all->len; i++) {
        const MimeAddress *alias = all->pdata[i];
        g_autofree char *name = account_name_for(account, alias->addr);

        if (strchr(alias->addr, '*') == NULL)
            g_ptr_array_add(list, mime_address_format(name, alias->addr));
    }
}

static void
add_account(GPtrArray *list, Session *session, const Account *account)
{
    const GPtrArray *identities = account_identities(account);

    g_ptr_array_add(list, mime_address_format(account_real_name(account),
                                              account_address(account)));
    for (guint i = 0; i < identities->len; i++)
        add_account(list, session, identities->pdata[i]);
    add_aliases(list, account,
                options_own(session_options(session), "aliases",
                            account_name(account)));
}

GPtrArray *
identity_list(Session *session)
{
    const GPtrArray *accounts = session_accounts(session);
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < accounts->len; i++)
        add_account(list, session, accounts->pdata[i]);
    return list;
}

static char *
used_key(const char *recipient)
{
    g_autofree char *lower = g_ascii_strdown(recipient, -1);

    return g_strconcat("wrote-as ", lower, NULL);
}

char *
identity_used_for(Session *session, const char *recipient)
{
    g_autofree char *key = used_key(recipient);

    return store_value(session_store(session), key);
}

void
identity_note_used(Session *session, const char *recipient, const char *from)
{
    g_autofree char *key = used_key(recipient);

    store_set_value(session_store(session), key, from, NULL);
}

/* How well the account or one of its identities fits. */
static AccountFit
fit_of(const Account *account, const char *address)
{
    return account_fit(account_writer(account, address), address);
}

/* first goes before others that fit as well; it may be NULL. */
static Account *
best_account(Session *session, Account *first, const char *address)
{
    const GPtrArray *accounts = session_accounts(session);
    AccountFit best = first ? fit_of(first, address) : ACCOUNT_FIT_NONE;
    Account *found = best ? first : NULL;

    for (guint i = 0; i < accounts->len; i++) {
        AccountFit fit = fit_of(accounts->pdata[i], address);

        if (fit <= best)
            continue;
        best = fit;
        found = accounts->pdata[i];
    }
    return found;
}

Account *
identity_account(Session *session, const char *address)
{
    return best_account(session, NULL, address);
}

bool
identity_is_own(Session *session, const char *address)
{
    return identity_account(session, address) != NULL;
}

Account *
identity_owner(Session *session, const char *name)
{
    g_autofree char *account = g_strndup(name, strcspn(name, "/"));

    return session_account(session, account);
}

Account *
identity_sender(Session *session, const char *account, const char *from)
{
    const GPtrArray *accounts = session_accounts(session);
    Account *named = identity_owner(session, account);
    g_autofree char *address = mime_first_address(from);
    Account *owner = address ? best_account(session, named, address) : NULL;

    if (owner == NULL)
        owner = named;
    if (owner == NULL && accounts->len > 0)
        owner = accounts->pdata[0];
    return owner;
}

const Account *
identity_writer(const Account *account, const char *from, const char *sender)
{
    g_autofree char *address = mime_first_address(from);

    if (address && account_owns(account, address))
        return account_writer(account, address);
    return sender ? account_writer(account, sender) : account;
}

const char *
identity_name(const Account *writer)
{
    const char *name = account_name(writer);

    return strchr(name, '/') ? name : NULL;
}

const char *
identity_lane(Session *session, const char *account, const char *identity)
{
    if (identity == NULL)
        return account;
    /* One that is gone from the configuration does not send as another. */
    return session_account(session, identity) == NULL
                   || options_own(session_options(session), "outgoing",
                                  identity)
               ? identity
               : account;
}
