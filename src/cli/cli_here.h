/* A command that runs in this process, without a screen. */
#ifndef CLI_HERE_H
#define CLI_HERE_H

#include "cli/cli.h"

/* Opens the program, runs argv on a main loop until it ends or a signal ends
 * it, closes. Returns the exit status; the reason went to standard error. */
int cli_here(const CliProgram *program, CliRequest *request);

/* "posthorn: reason" on standard error, sanitised; nothing for ERR_CANCELLED.
 * Returns the exit status that belongs to error. */
int cli_fail(const GError *error);

#endif
