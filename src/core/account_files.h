/* Tells when another program changed the Maildir of an account while we look.
 * What we rename and deliver ourselves is known by its stamp and not told. Main
 * thread. */
#ifndef CORE_ACCOUNT_FILES_H
#define CORE_ACCOUNT_FILES_H

#include "account_private.h"

typedef struct FilesWatch FilesWatch;

FilesWatch *files_watch_create(const Account *account,
                               void (*changed)(void *user), void *user);
void files_watch_destroy(FilesWatch *watch);

/* Folders may be new or gone. */
void files_watch_refresh(FilesWatch *watch);

/* Did another program change names since they were last read? */
bool files_changed(const Account *account);

#endif
