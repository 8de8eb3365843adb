/* What the commands that write and send share. */
#ifndef COMMANDS_WRITING_H
#define COMMANDS_WRITING_H

#include "cmd/cmd.h"
#include "core/draft.h"
#include "core/send.h"

#define DRAFT_FLAG                                                             \
    {                                                                          \
        "draft", 'd', CMD_PATH, NULL,                                          \
            "this draft; else the one on the review page"                      \
    }

/* The draft that the call means; NULL with ERR_USAGE when none is meant.
 * Borrowed. */
const char *writing_draft(CmdCall *call, GError **error);

/* Is it a draft that may be changed: not on its way to a server? */
bool writing_is_free(Session *session, const char *path, GError **error);

/* A path from the user, from the folder that the call was made in. g_free(). */
char *writing_path(CmdCall *call, const char *path);

/* Shows the review page of a draft; the page is read anew when it is open. */
void writing_review(Session *session, const char *path);

/* The user's editor on the draft, then the review page. */
void writing_edit(Session *session, const char *path);

/* Queues the draft; without a screen also tries to send it. Ends the call. */
CmdResult writing_send(CmdCall *call, const char *path, gint64 at);

/* After something was queued without a screen: left to the running instance
 * where there is one, else tried here. Ends the call, which is held. */
void writing_flush(CmdCall *call);

/* Is another instance there that sends what is queued? */
bool writing_is_served(CmdCall *call);

/* Takes back the message that waits for its undo window, when that is the
 * user's last act. False: there is none, or *error is set. */
bool writing_take_back(Session *session, GError **error);

/* Undo on the page of the outbox: what was taken out there last is sent after
 * all, or what waits for its undo window is taken back. Ends the call. */
CmdResult writing_undo_outbox(CmdCall *call);

/* commands_draft.c, commands_outbox.c */
extern const CmdEntry command_drafts, command_edit_draft, command_draft_send,
    command_draft_edit, command_draft_spell, command_draft_markdown,
    command_draft_set, command_draft_attach, command_draft_detach,
    command_draft_view, command_draft_discard, command_draft_sign,
    command_draft_encrypt, command_draft_protocol, command_draft_send_later,
    command_outbox;

#endif
