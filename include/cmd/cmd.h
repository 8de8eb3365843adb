/* The command language: one table of commands that a configuration line, a
 * key, the prompt, a hook, the control socket and the shell all run. Knows no
 * mail: a command's target is a word, its session an opaque pointer. Main
 * thread. Grammar and lexer: cmd/parse.h; options: cmd/option.h. */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "base/event.h"
#include "base/printer.h"

#include <glib.h>
#include <stdbool.h>

/* Types of arguments, flags and options; completion asks by type. */
typedef enum {
    CMD_BOOL, /* a flag without a value; option: on, off */
    CMD_INT,  /* with min and max */
    CMD_STRING,
    CMD_CHOICE,   /* one of choices */
    CMD_SIZE,     /* 10K, 5M */
    CMD_DURATION, /* 10s, 5m, 2h, 3d: seconds */
    CMD_TIME,     /* "mon 9:00", "+2h", RFC 3339: seconds since 1970 */
    CMD_QUERY,
    CMD_FOLDER,
    CMD_ACCOUNT,
    CMD_TAG,
    CMD_ADDRESS,
    CMD_PATH,
    CMD_COMMAND, /* the rest of the line, a command of its own */
    CMD_BLOCK,   /* { … }, kept as parsed */
    CMD_OPTION,  /* the name of an option */
    CMD_EVENT,   /* the name of an event */
} CmdType;

typedef struct {
    const char *name; /* long name without dashes */
    char letter;      /* 0: none */
    CmdType type;
    const char *const *choices; /* CMD_CHOICE */
    const char *help;
} CmdFlag;

typedef struct {
    const char *name; /* shown in usage: QUERY */
    CmdType type;
    const char *const *choices;
    bool optional;
    bool repeated; /* takes all that follow; last argument only */
} CmdArg;

typedef enum {
    TARGET_NONE,
    TARGET_MESSAGES, /* selection, cursor, --query, first argument headless */
    TARGET_VIEW,     /* needs a screen */
} CmdTarget;

typedef enum {
    CMD_DONE,
    CMD_FAILED,  /* cmd_fail() was called */
    CMD_RUNNING, /* cmd_finish() will be called, once, from the main loop */
} CmdResult;

typedef struct CmdCall CmdCall;
typedef struct CmdTable CmdTable;
typedef struct CmdEntry CmdEntry;
typedef struct CmdLanguage CmdLanguage; /* cmd/language.h */

struct CmdEntry {
    const char *name;
    const char *alias; /* or NULL */
    const char *help;  /* one line */
    const char *example; /* lines of a configuration, or NULL */
    const char *group; /* help page: "mail", "view", "send", "configure" */
    CmdFlag flags[20]; /* ends with name NULL */
    CmdArg args[4];    /* ends with name NULL */
    CmdTarget target;
    bool undo; /* `undo` takes it back; `.` repeats it */
    bool needs_screen;
    bool likes_screen; /* from a terminal, without a running instance: opens
                          the screen first */
    bool sysexits;     /* its exit status is that of sysexits.h */
    CmdResult (*exec)(CmdCall *call);
};

CmdTable *cmd_table_create(void);
void cmd_table_destroy(CmdTable *table);

/* Entries are borrowed for the life of the table; NULL-terminated. A name used
 * twice is a defect of the program and aborts. */
void cmd_table_add(CmdTable *table, const CmdEntry *const *entries);
const CmdEntry *cmd_table_find(const CmdTable *table, const char *name);

/* All entries sorted by name; free the array only. NULL-terminated. */
const CmdEntry **cmd_table_all(const CmdTable *table);

/* The name nearest to one that is not in the table, or NULL. Borrowed. */
const char *cmd_table_nearest(const CmdTable *table, const char *name);

/* "move [--thread] [FOLDER] [QUERY]…". g_free(). */
char *cmd_usage(const CmdEntry *entry);

/* Where a command came from: error messages name it. */
typedef enum {
    CMD_FROM_CONFIG,
    CMD_FROM_KEY,
    CMD_FROM_PROMPT,
    CMD_FROM_HOOK,
    CMD_FROM_SHELL,
    CMD_FROM_SOCKET,
} CmdOrigin;

/* What a line is run in. Borrowed; outlives the call. */
typedef struct CmdContext {
    CmdTable *table;
    void *session;         /* of core; commands cast it by core/session.h */
    CmdLanguage *language; /* options, keys, hooks, styles */
    CmdOrigin origin;
    bool by_hook;     /* a hook does it, or a program that one runs */
    Printer *out;     /* never NULL */
    Event *event;     /* of a hook, for $field; or NULL */
    int count;        /* typed before a key; 0: none */
    const char *file; /* for errors; or NULL */
    guint line;       /* of the first line of the text; 0: 1 */
    char **text; /* of a before-hook: what `exec --filter` rewrites; or NULL */
    const char *folder; /* absolute: where relative paths begin; NULL: here */
    const char *scope_account; /* inside account NAME { }; or NULL */
    const char *scope_folder;
    /* Called once when a line ends, at once or later; may be NULL. */
    void (*done)(struct CmdContext *context, const GError *error);
    void *done_user;
} CmdContext;

/* Parses and runs commands: "a; b" or lines. Stops at the first that fails.
 * Returns CMD_FAILED with *error naming file, line, column and the nearest
 * known name. CMD_RUNNING: context->done comes later. */
CmdResult cmd_run(CmdContext *context, const char *text, GError **error);

/* One command as words already split (from the shell): argv[0] its name. */
CmdResult
cmd_run_argv(CmdContext *context, const char *const *argv, GError **error);

/* For the functions of commands. */

CmdContext *cmd_context(const CmdCall *call);

/* By a key or at the prompt: the user means what is on the screen. */
bool cmd_is_by_hand(const CmdContext *context);
void *cmd_session(const CmdCall *call);
const CmdEntry *cmd_entry(const CmdCall *call);
Printer *cmd_out(const CmdCall *call);

/* Flag and argument values; NULL, false, 0 where absent. Borrowed. */
bool cmd_has(const CmdCall *call, const char *flag);
const char *cmd_flag(const CmdCall *call, const char *flag);
const char *const *cmd_flag_all(const CmdCall *call, const char *flag);
gint64 cmd_flag_int(const CmdCall *call, const char *flag, gint64 otherwise);
const char *cmd_arg(const CmdCall *call, guint index);
/* The values of a repeated argument, NULL-terminated, maybe empty. */
const char *const *cmd_rest(const CmdCall *call);
/* The block among the words ({ … }), and the line it begins in; NULL: none. */
const char *cmd_block(const CmdCall *call, guint *line);
gint64 cmd_arg_int(const CmdCall *call, guint index, gint64 otherwise);
int cmd_count(const CmdCall *call); /* 1 where no count was typed */

/* Says why and returns CMD_FAILED. Takes error, or formats a usage error. */
CmdResult cmd_fail(CmdCall *call, GError *error);
CmdResult
cmd_fail_usage(CmdCall *call, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* CMD_DONE when error is NULL, else cmd_fail(). */
CmdResult cmd_result(CmdCall *call, GError *error);

/* For CMD_RUNNING: keep the call with cmd_hold() and end it here. */
CmdCall *cmd_hold(CmdCall *call);
void cmd_finish(CmdCall *call, GError *error); /* takes error; frees the hold */

#endif
