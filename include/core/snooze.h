/* Messages that the user wants to see again later. Until then they have the tag
 * snoozed and lie in the archive; then they come back to their folder, unread.
 * The time is kept on this machine, in state.db. Main thread. */
#ifndef CORE_SNOOZE_H
#define CORE_SNOOZE_H

#include "core/act.h"

/* Nothing comes back before snooze_start(), nor after snooze_destroy(). */
Snooze *snooze_create(Session *session);
void snooze_destroy(Snooze *snooze);

/* Brings back what is due, and from now on what becomes due. */
void snooze_start(Snooze *snooze);

/* Until when a message is away; 0: it is not, or this machine does not know. */
gint64 snooze_end(Session *session, const StoreRow *row);

/* Puts the messages away until then (seconds since 1970), in one act; a time
 * that is not in the future brings back what of their threads was put away.
 * ERR_USAGE for drafts and for what lies in junk or trash. */
bool snooze_until(Session *session, const MessageSet *set, gint64 until,
                  GError **error);

#endif
