/* New mail: rows that sync added and that are news to the user. Main thread. */
#ifndef CORE_ARRIVE_H
#define CORE_ARRIVE_H

#include "core/session.h"

/* Tells `message-arrived` for each, has them indexed, reloads the views. A
 * first fetch of a folder is no news: quiet true. */
void arrive(Session *session, const gint64 *ids, guint n, bool quiet);

#endif
