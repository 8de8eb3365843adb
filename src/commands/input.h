/* Messages that are none of ours: a file, or standard input. Private. */
#ifndef COMMANDS_INPUT_H
#define COMMANDS_INPUT_H

#include "cmd/cmd.h"

/* Are the words "-" alone? */
bool input_is_stdin(const char *const *words);

/* All of standard input; ERR_USAGE when it is over 256 MB. Free with
 * g_bytes_unref(). */
GBytes *input_read(GError **error);

/* The file that the only word names, where there is one; else NULL. g_free().
 */
char *input_path(const CmdCall *call, const char *const *words);

#endif
