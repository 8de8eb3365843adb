/* What the user does to messages: one transaction each, durable before it
 * shows, told to the server behind, taken back by undo. Main thread. Every
 * function acts on rows of any accounts; a set that is empty is no error but
 * says so. Returns false with *error when nothing was done. */
#ifndef CORE_ACT_H
#define CORE_ACT_H

#include "core/session.h"

/* Messages to act on. */
typedef struct MessageSet {
    GArray *ids;  /* gint64 */
    guint threads; /* > 0: whole threads, for "Archived 3 threads" */
    bool by_hook;  /* not the user: undo passes the act over */
} MessageSet;

MessageSet *message_set_create(void);
void message_set_destroy(MessageSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MessageSet, message_set_destroy)

/* Widens to all messages of their threads (not those in trash or junk). */
bool message_set_widen(Session *session, MessageSet *set, GError **error);

/* "+todo -unread flagged": words with + or -; without a sign +. System tags
 * (unread flagged replied passed draft) become flags. */
bool act_tag(Session *session, const MessageSet *set, const char *const *tags,
             GError **error);

/* Toggles by the state of the first message: all follow it. */
bool act_toggle_unread(Session *session, const MessageSet *set,
                       GError **error);
bool act_toggle_flagged(Session *session, const MessageSet *set,
                        GError **error);

/* Without telling or undo: a message was opened. */
bool act_mark_read(Session *session, gint64 id, GError **error);

bool act_move(Session *session, const MessageSet *set, gint64 folder,
              GError **error);

/* To the folder of that role of each message's own account; made when the
 * account has none. */
bool act_move_to_role(Session *session, const MessageSet *set,
                      FolderRole role, GError **error);
bool act_copy(Session *session, const MessageSet *set, gint64 folder,
              GError **error);

/* For good; refused for messages that are not in trash unless force. */
bool act_delete(Session *session, const MessageSet *set, bool force,
                GError **error);

/* Takes back (brings back) the last act; tells what. */
bool act_undo(Session *session, GError **error);
bool act_redo(Session *session, GError **error);

/* A message of our own. */
typedef struct {
    gint64 folder;
    const void *bytes; /* of the whole message; NULL: of the file */
    gsize size;
    const char *path; /* a durable file that nobody writes to any more */
    unsigned flags;   /* system bits */
    const char *tags; /* keywords, or NULL */
    const char *to;   /* for the row, where the message hides it; or NULL */
} ActAppend;

/* Puts it into the folder: durable file, row and pending append (a draft, the
 * Sent copy, an import). Returns the row id, 0 on error. */
gint64 act_append(Session *session, const ActAppend *what, GError **error);

/* The same where its row is one of several changes: the file is made before the
 * transaction, which waits for no disk then, the row in it. Without
 * act_message_recorded() behind the commit the file goes. what: not kept, but
 * for tags and to. */
typedef struct ActMessage ActMessage;
ActMessage *act_message_create(Session *session, const ActAppend *what,
                               GError **error);
void act_message_destroy(ActMessage *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ActMessage, act_message_destroy)
gint64 act_message_add(ActMessage *message, GError **error);
void act_message_recorded(ActMessage *message);

#endif
