/* What `folders` does but list. */
#ifndef COMMANDS_FOLDER_H
#define COMMANDS_FOLDER_H

#include "commands/commands.h"

/* create rename delete subscribe unsubscribe; ends with NULL. */
extern const char *const folders_verbs[];

/* Its arguments: a verb, a folder, the new name. */
CmdResult folders_change(CmdCall *call);

#endif
