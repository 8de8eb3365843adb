/* Which of the user's addresses writes. Main thread. */
#ifndef CORE_IDENTITY_H
#define CORE_IDENTITY_H

#include "core/account.h"
#include "mime/mime.h"

/* "Name <address>" of the account. g_free(). */
char *identity_of(const Account *account);

/* The same with the address of the account's that parent was sent to, or came
 * from; its own when none stands there. g_free(). */
char *identity_for(const Account *account, MimeMessage *parent);

/* Does any account of the session own the address? */
bool identity_is_own(Session *session, const char *address);

/* The account that owns the address, or NULL. */
Account *identity_account(Session *session, const char *address);

#endif
