/* Accounts without a server: the Maildir folders that lie there are the mail.
 * Any thread, with a store of its own. */
#ifndef CORE_LOCAL_H
#define CORE_LOCAL_H

#include "base/paths.h"
#include "store/store.h"

#include <gio/gio.h>

typedef struct {
    Store *store;
    const char *mail;    /* the mail root */
    const char *account;
    GCancellable *cancel; /* or NULL */
    GHashTable *unchanged; /* paths of folders that are not read; or NULL */
    GArray *added; /* gint64: rows that are new are appended; or NULL */
    void (*progress)(guint done, void *user); /* or NULL */
    void *user;
} LocalScan;

/* Makes rows and folders what the directories are: new files become rows (only
 * their first 64 KB are read), files that went take their rows with them,
 * flags in names become flags. Newest files first. */
bool local_scan(const LocalScan *scan, GError **error);

#endif
