/* What the prompt completes with. */
#ifndef TUI_PROMPT_H
#define TUI_PROMPT_H

#include "cmd/cmd.h"

/* Values of a domain type: folders, tags, accounts, addresses. user: Tui. */
void prompt_values(CmdType type, const char *prefix, GPtrArray *candidates,
                   void *user);

/* What a question ends in: "path", or "address" behind the last comma. Sets
 * *start to the byte where candidates go. False for other questions. */
bool prompt_ask_values(const char *kind, const char *text, gsize *start,
                       GPtrArray *candidates, void *user);

/* What the last word of a search goes on with, behind a prefix whose values are
 * known. Sets *start as above. */
void prompt_query_values(const char *text, gsize *start, GPtrArray *candidates,
                         void *user);

#endif
