/* Tells when another program changed the Maildir of an account while we look.
 * What we write, rename and remove ourselves is as our rows say and not told.
 * Main thread; directories are read in another. */
#ifndef CORE_ACCOUNT_FILES_H
#define CORE_ACCOUNT_FILES_H

#include "account_private.h"

typedef struct FilesWatch FilesWatch;

FilesWatch *files_watch_create(const Account *account,
                               void (*changed)(void *user), void *user);
void files_watch_destroy(FilesWatch *watch);

/* While held (someone reads the folders anyhow) nothing is looked at; what was
 * told meanwhile is looked at when it is let go. NULL is fine. */
void files_watch_hold(FilesWatch *watch, bool on);

/* Folders may be new or gone. */
void files_watch_refresh(FilesWatch *watch);

#endif
