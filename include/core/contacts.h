/* Who wrote and who was written to: what recipients are completed from, most
 * used first. Main thread. */
#ifndef CORE_CONTACTS_H
#define CORE_CONTACTS_H

#include "core/outbox.h"

/* False for addresses such as no-reply@…, to which nobody writes. */
bool contacts_takes_mail(const char *addr);

/* The senders of messages that arrived; of many, of some. */
void contacts_note_arrived(Session *session, const gint64 *ids, guint n);

/* The recipients of a message that a server took. */
void contacts_note_sent(Session *session, const OutboxEntry *entry);

#endif
