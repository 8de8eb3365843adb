/* What the language itself holds beside the table of commands: options, keys,
 * hooks, styles. A CmdContext points to it, so that the commands of the
 * language (cmd_builtins) find them. Main thread. */
#ifndef CMD_LANGUAGE_H
#define CMD_LANGUAGE_H

#include "cmd/cmd.h"
#include "cmd/hook.h"
#include "cmd/keys.h"
#include "cmd/option.h"

/* All borrowed and outlive it. */
CmdLanguage *cmd_language_create(Options *options, Keys *keys, Hooks *hooks);
void cmd_language_destroy(CmdLanguage *language);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CmdLanguage, cmd_language_destroy)

Options *cmd_language_options(const CmdLanguage *language);
Keys *cmd_language_keys(const CmdLanguage *language);
Hooks *cmd_language_hooks(const CmdLanguage *language);

/* The attributes of a style ("bold", "fg=110 bg=237"), or NULL. Borrowed until
 * it is set again. */
const char *cmd_language_style(const CmdLanguage *language, const char *name);
void cmd_language_set_style(CmdLanguage *language, const char *name,
                            const char *attributes);

/* set unset toggle bind unbind style account folder hook exec source echo
 * config */
extern const CmdEntry *const cmd_builtins[];

#endif
