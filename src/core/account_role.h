/* Folders that the user names for what they are for. */
#ifndef ACCOUNT_ROLE_H
#define ACCOUNT_ROLE_H

#include "core/session.h"

/* The name of the account's folder for role as the user set it; NULL: he did
 * not. Borrowed from the options. */
const char *account_role_name(Session *session, const char *account,
                              FolderRole role);

/* All of them as pairs for ImapParams. g_strfreev(). */
char **account_role_uses(Session *session, const char *account);

#endif
