/* The functions of the language's own commands that have a file of their own.
 */
#ifndef CMD_BUILTIN_H
#define CMD_BUILTIN_H

#include "base/paths.h"
#include "cmd/cmd.h"

CmdResult cmd_exec_exec(CmdCall *call);
CmdResult cmd_config_exec(CmdCall *call);

#endif
