/* What became of a message after a server took it. Main thread. */
#ifndef CORE_DELIVERY_H
#define CORE_DELIVERY_H

#include "core/session.h"

/* A message that arrived: when it is a delivery report about one that was sent
 * from here, that one is tagged, the user told, `bounce-received` fired. */
void delivery_look(Session *session, gint64 id);

/* "bounced", "delayed", "delivered" when tags (separated by blanks) say so,
 * else NULL. Any thread. */
const char *delivery_of_tags(const char *tags);

#endif
