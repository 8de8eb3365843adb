/* Keys of signatures that were seen in the DNS, with their dates: mail stays
 * verifiable when its signer has changed his keys since. */
#ifndef CORE_KEY_HISTORY_H
#define CORE_KEY_HISTORY_H

#include "store/store.h"

/* Notes names and records (char *: name, record, …) as seen now. Main
 * thread. */
bool key_history_note(Store *store, const GPtrArray *keys, GError **error);

/* A TrustParams.old_key whose user is the path of state.db: the record that
 * was there at that time or later, for a message that was there before. Any
 * thread. */
char *key_history_find(const char *name, gint64 when, void *state_db);

#endif
