/* Folders as the user changes them: here at once, on the server with the next
 * sync. Main thread. Names are checked: no empty part, none that exists. */
#ifndef CORE_FOLDER_H
#define CORE_FOLDER_H

#include "core/session.h"

/* path: "work/Lists/new", the account and the parts of the name. Returns the
 * folder's id, 0 on error. */
gint64 folder_create(Session *session, const char *path, GError **error);

/* What is below it is renamed with it. to: "Lists/newer" within the account, or
 * the same with the account in front. */
bool folder_rename(Session *session, gint64 id, const char *to, GError **error);

/* With its messages, on the server too. One that others lie below, or that has
 * a role, is refused; one with messages unless force. */
bool folder_delete(Session *session, gint64 id, bool force, GError **error);

bool folder_subscribe(Session *session, gint64 id, bool on, GError **error);

#endif
