/* Messages opened on behalf of a command: gpg is asked in the thread, and where
 * a passphrase is needed and a screen is there, once more with the terminal
 * lent to it. */
#ifndef COMMANDS_OPENING_H
#define COMMANDS_OPENING_H

#include "cmd/cmd.h"
#include "core/crypto.h"

/* error (taken): the message cannot be opened, or is not here. */
typedef void (*OpeningDone)(CmdCall *call, gint64 id, GError *error);

/* Opens the message of a row; done ends the call, which is held. message: its
 * file, taken; NULL: it is read. Never for a hook (promise P67). */
CmdResult opening_start(CmdCall *call, gint64 id, MimeMessage *message,
                        OpeningDone done);

/* Has gpg-agent ask for the passphrase that signs a draft. */
bool opening_unlock(Session *session, const char *draft, GError **error);

/* commands_crypto.c */
extern const CmdEntry command_decrypt;

#endif
