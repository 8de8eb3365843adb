/* All families in one place. */
#include "commands/commands.h"

#include "cmd/language.h"

void
commands_add(CmdTable *table)
{
    cmd_table_add(table, cmd_builtins);
    cmd_table_add(table, commands_mail);
    cmd_table_add(table, commands_files);
    cmd_table_add(table, commands_search);
    cmd_table_add(table, commands_sync);
    cmd_table_add(table, commands_send);
    cmd_table_add(table, commands_verify);
    cmd_table_add(table, commands_signers);
    cmd_table_add(table, commands_saved);
}
