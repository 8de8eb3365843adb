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

/* "Name <address>" of each account, identity and alias with an address of its
 * own. Array of char *; g_ptr_array_unref(). */
GPtrArray *identity_list(Session *session);

/* As whom the user wrote to an address before: an address or NULL. g_free() */
char *identity_used_for(Session *session, const char *recipient);
void identity_note_used(Session *session, const char *recipient,
                        const char *from);

/* Does any account of the session own the address? */
bool identity_is_own(Session *session, const char *address);

/* The account that owns the address, or NULL; one that has the very address
 * before one that has its whole domain. */
Account *identity_account(Session *session, const char *address);

/* "work" of "work" and of "work/club"; NULL: there is none. */
Account *identity_owner(Session *session, const char *name);

/* Whose server and folders a message uses: the account that owns the address
 * of its From field; of several that do, and where none does, the one named
 * (may be ""); else the first. NULL: there is no account. */
Account *
identity_sender(Session *session, const char *account, const char *from);

/* The account or the identity of it whose options a message follows: by its
 * From field, where that is the account's; else by the sender of the envelope
 * (may be NULL). */
const Account *
identity_writer(const Account *account, const char *from, const char *sender);

/* "work/club" of an identity; NULL of an account. Borrowed. */
const char *identity_name(const Account *writer);

/* By whose server who writes sends: "work/club" when that has one of its own,
 * else "work". identity may be NULL. Borrowed from either. */
const char *
identity_lane(Session *session, const char *account, const char *identity);

#endif
