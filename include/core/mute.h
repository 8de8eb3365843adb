/* Threads that the user does not want to hear of any more: all their messages
 * have the tag muted and are read, and none stays in the inbox. The tag goes to
 * the server as a keyword, so other machines hear of it. Main thread. */
#ifndef CORE_MUTE_H
#define CORE_MUTE_H

#include "core/act.h"

/* Mutes the threads of the set, which has been widened to whole threads, in one
 * act; those that are muted (as the first message says) are heard again, but
 * stay where they are. */
bool mute_toggle(Session *session, const MessageSet *set, GError **error);

/* After undo or redo of rows as they were before: where a thread is heard again
 * so are the messages that arrived in it meanwhile. */
void mute_follow(Session *session, const GPtrArray *before);

/* Messages that arrived in muted threads are muted too. */
void mute_arrived(Session *session, const gint64 *ids, guint n);

#endif
