/* What help and the manual share. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/cli.h"

/* Groups of commands, in the order of their first command by name.
 * NULL-terminated; free the array only. */
const char **cli_groups(const CliProgram *program);

/* "-t, --timeout DURATION". Free with g_free(). */
char *cli_flag_usage(const CmdFlag *flag);

/* Lines as Markdown shows code: four blanks before each. */
void cli_append_indented(GString *text, const char *lines);

/* "auto, dark, light"; NULL for none. Free with g_free(). */
char *cli_choices(const char *const *choices);

#endif
