/* One program at a time moves an account's messages. */
#ifndef CORE_ACCOUNT_LOCK_H
#define CORE_ACCOUNT_LOCK_H

#include <gio/gio.h>

/* Waits for it; the kernel lets go for a program that died (promise P20).
 * Returns the descriptor, which the caller closes; -1 with *error. Not on the
 * main thread. cancel may be NULL. */
int account_lock(const char *state_db, const char *account,
                 GCancellable *cancel, GError **error);

#endif
