/* Which of the user's addresses writes. Main thread. */
#ifndef CORE_IDENTITY_H
#define CORE_IDENTITY_H

#include "core/account.h"

/* "Name <address>" of the account. g_free(). */
char *identity_of(const Account *account);

/* The same with the address of the account's that stands first in the lists
 * (header form, may be NULL), or its own when none does. g_free(). */
char *identity_for(const Account *account, const char *const *lists);

/* Does any account of the session own the address? */
bool identity_is_own(Session *session, const char *address);

/* The account that owns the address, or NULL. */
Account *identity_account(Session *session, const char *address);

#endif
