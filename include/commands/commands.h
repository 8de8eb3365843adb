/* Every command that works without a screen, by family. main adds them to the
 * session's table before the configuration is read; each works headless, in a
 * hook, from a key and through the control socket. */
#ifndef COMMANDS_COMMANDS_H
#define COMMANDS_COMMANDS_H

#include "cmd/cmd.h"

/* archive trash junk move copy tag flag unread delete undo redo repeat */
extern const CmdEntry *const commands_mail[];

/* open, import, export */
extern const CmdEntry *const commands_files[];

/* search count show */
extern const CmdEntry *const commands_search[];

/* sync folders check offline */
extern const CmdEntry *const commands_sync[];

/* compose reply reply-all forward sendmail outbox and the draft-… family */
extern const CmdEntry *const commands_send[];

/* verify */
extern const CmdEntry *const commands_verify[];

/* signers expect-signer */
extern const CmdEntry *const commands_signers[];
extern const CmdEntry *const commands_saved[];

/* demo; main decides whether it needs the screen. */
extern const CmdEntry command_demo;

/* Before the screen is used: what was being written when the program died is
 * offered again, and what became of the other drafts is followed. */
struct Session;
void commands_recover(struct Session *session);

/* Adds all families but demo, and the language's own commands. */
void commands_add(CmdTable *table);

#endif
