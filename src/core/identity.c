/* Which of the user's addresses writes. */
#include "core/identity.h"

char *
identity_of(const Account *account)
{
    return mime_address_format(account_real_name(account),
                               account_address(account));
}

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

char *
identity_for(const Account *account, MimeMessage *parent)
{
    static const char *const fields[] = { "To", "Cc", "Delivered-To", "From" };
    g_autofree char *address = NULL;
    g_autofree char *name = NULL;

    for (gsize i = 0; address == NULL && i < G_N_ELEMENTS(fields); i++)
        address = own_address(account, parent, fields[i]);
    /* Others write it in capitals; the user does not. */
    if (address && g_ascii_strcasecmp(address, account_address(account)) == 0)
        g_clear_pointer(&address, g_free);
    name =
        account_name_for(account, address ? address : account_address(account));
    return mime_address_format(name,
                               address ? address : account_address(account));
}

Account *
identity_account(Session *session, const char *address)
{
    const GPtrArray *accounts = session_accounts(session);

    for (guint i = 0; i < accounts->len; i++)
        if (account_owns(accounts->pdata[i], address))
            return accounts->pdata[i];
    return NULL;
}

bool
identity_is_own(Session *session, const char *address)
{
    return identity_account(session, address) != NULL;
}
