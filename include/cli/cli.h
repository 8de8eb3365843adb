/* The program as a shell sees it: options, a command and its words, an exit
 * status. Decides whether a command runs here, in the running instance, or
 * needs the screen. Knows no mail: main lends it the tables and a few calls.
 *
 *   posthorn [-c FILE] [--log FILE] [COMMAND [WORD…]]
 *
 * Exit status, a promise to scripts: 0 done, 1 failed (the reason on standard
 * error), 2 wrong usage. Main thread. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "cmd/cmd.h"
#include "cmd/option.h"

/* What stood before the command, and the command. */
typedef struct {
    const char *config;      /* -c FILE; or NULL */
    const char *const *argv; /* NULL-terminated, maybe empty */
    GMainLoop *loop;         /* runs until the command ends; to be quit by a
                                command that ends the program */
} CliRequest;

typedef struct {
    const char *version;
    const char *about; /* one line below the version: what it was built with */

    /* What help and the manual are written from. */
    CmdTable *table; /* every command of the program */
    const OptionEntry *options;
    const char *const *events; /* NULL-terminated */
    const char *defaults;      /* default.conf: the manual's keys; or NULL */

    /* Where and how commands run. */
    const char *runtime;     /* folder of the control socket */
    const char *const *here; /* names of commands that never run in the running
                                instance; NULL-terminated */

    /* Makes everything that commands run in and reads the configuration. Sets
     * table, session and language of context. Called at most once. */
    bool (*open)(const CliRequest *request, CmdContext *context, void *user,
                 GError **error);

    /* Runs the screen until the user leaves; argv, when not empty, is a
     * command to begin with. Returns the exit status. */
    int (*screen)(const CliRequest *request, void *user);

    /* Called when a command without a screen went well: waits for what it
     * began behind. May be NULL. */
    void (*finish)(void *user);

    /* Called when what open made is no longer used. May be NULL. */
    void (*close)(void *user);
    void *user;
} CliProgram;

/* Runs the program with main's arguments. Returns the exit status. */
int cli_run(const CliProgram *program, int argc, char **argv);

/* The text of `posthorn help` (name NULL) or `posthorn help NAME`; NULL with
 * ERR_USAGE and the nearest name. Free with g_free(). */
char *cli_help(const CliProgram *program, const char *name, GError **error);

/* doc/manual.md: commands, options, keys and events, written from the tables,
 * so that the manual cannot drift. NULL when the defaults have an error. Free
 * with g_free(). */
char *cli_manual(const CliProgram *program, GError **error);

#endif
