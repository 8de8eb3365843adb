/* What the files of the command language share. */
#ifndef CMD_PRIVATE_H
#define CMD_PRIVATE_H

#include "cmd/cmd.h"
#include "cmd/parse.h"
#include "cmd/value.h"

struct CmdCall {
    CmdContext *context;
    const CmdEntry *entry;
    GHashTable *flags;  /* name → GPtrArray of char *, NULL-terminated */
    GPtrArray *args;    /* of the arguments before a repeated one; char * */
    GPtrArray *rest;    /* char *, NULL-terminated */
    GPtrArray *blocks;  /* CmdWord: the blocks among the words */
    GError *error;      /* of cmd_fail() */
    struct CmdRun *run; /* the line it stands in */
    bool held;
    bool placed; /* the error says already where */
};

/* Sorts words (argv form: the name first) into flags and arguments of entry
 * and checks their types. NULL with ERR_USAGE. */
CmdCall *cmd_call_create(CmdContext *context, const CmdEntry *entry,
                         const CmdWords *words, GError **error);
void cmd_call_free(CmdCall *call);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CmdCall, cmd_call_free)

/* Ends a call with the error of commands that ran inside it, which says
 * already where; CMD_DONE when it is NULL. Takes error. */
CmdResult cmd_fail_placed(CmdCall *call, GError *error);

#endif
