/* Which messages a command acts on: a query where one is given, the message of
 * the event inside a hook, else the selection or the row on the screen. */
#ifndef COMMANDS_TARGETS_H
#define COMMANDS_TARGETS_H

#include "cmd/cmd.h"
#include "core/act.h"

/* The flags that every command on messages has. */
#define TARGET_FLAG_QUERY \
    { "query", 'q', CMD_QUERY, NULL, "act on what this query matches" }
#define TARGET_FLAG_THREAD \
    { "thread", 't', CMD_BOOL, NULL, "act on whole threads" }
#define TARGET_FLAG_DRY_RUN \
    { "dry-run", 'n', CMD_BOOL, NULL, "list what would be acted on" }
#define TARGET_FLAG_JSON \
    { "json", 'j', CMD_BOOL, NULL, "print the messages as JSON" }

/* What is done to them. Returns what the command returns. */
typedef CmdResult (*TargetsFn)(CmdCall *call, const MessageSet *set);

/* Finds the messages, then calls fn: at once, or when a query was answered
 * (CMD_RUNNING). words: the words of a query given as arguments; may be empty.
 * --dry-run and --json are answered here. */
CmdResult targets_each(CmdCall *call, const char *const *words, TargetsFn fn);

#endif
