/* Which of the user's addresses writes. Main thread. */
#ifndef CORE_IDENTITY_H
#define CORE_IDENTITY_H

#include "core/account.h"
#include "mime/mime.h"

/* What speaks for one identity or another; NULL or 0 where there is none. */
typedef struct {
    MimeMessage *parent;   /* what is answered or forwarded */
    gint64 folder;         /* where that lies */
    const GPtrArray *to;   /* MimeAddress: to whom */
} IdentityHint;

/* Who of an account writes: by the address that parent was sent to, or came
 * from; by `write-as` of the folder; by `used-for`. Else the account itself.
 * *from, g_free(): "Name <address>", with the very address of ana+shop@….
 * Returns the account or one of its identities; never NULL. */
const Account *identity_choose(Session *session, const Account *account,
                               const IdentityHint *hint, char **from);

/* The identity of the account that the address is of, else the account. */
const Account *
identity_of_address(const Account *account, const char *address);

/* "Name <address>" of each account, identity and alias with an address of its
 * own. Array of char *; g_ptr_array_unref(). */
GPtrArray *identity_list(Session *session);

/* As whom the user wrote to an address before: an address or NULL. g_free() */
char *identity_used_for(Session *session, const char *recipient);
void identity_note_used(Session *session, const char *recipient,
                        const char *from);

/* Does any account of the session own the address? */
bool identity_is_own(Session *session, const char *address);

/* The account that owns the address, or NULL. */
Account *identity_account(Session *session, const char *address);

#endif
