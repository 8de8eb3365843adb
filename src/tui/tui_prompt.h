/* What the prompt completes with. */
#ifndef TUI_PROMPT_H
#define TUI_PROMPT_H

#include "cmd/cmd.h"

/* Values of a domain type: folders, tags, accounts, addresses. user: Tui. */
void prompt_values(CmdType type, const char *prefix, GPtrArray *candidates,
                   void *user);

#endif
