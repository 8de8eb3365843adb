/* Hooks: blocks of commands that run when something happens. All run without
 * holding up the program; before-… hooks are waited for by who asked, and may
 * refuse or rewrite. A hook that fails or hangs is reported in the log and
 * stops nothing else (promise P46). Main thread. */
#ifndef CMD_HOOK_H
#define CMD_HOOK_H

#include "cmd/cmd.h"

typedef struct Hooks Hooks;

/* Does the query match the event's message? Answers by calling answer, once,
 * at once or later. */
typedef void (*HookMatchFn)(const char *query, Event *event,
                            void (*answer)(bool matches, void *answer_user),
                            void *answer_user, void *user);

typedef struct {
    const char *const *events; /* names that exist; NULL-terminated */
    const char *const *asked;  /* those with a message that a query can be
                                  asked about; NULL: all */
    bool (*check)(const char *query, GError **error); /* NULL: all are good */
    HookMatchFn matches;       /* NULL: a query never matches */
    void (*failed)(const char *event, const GError *error, void *user);
    void *user;
} HookParams;

/* params are copied, the strings in it borrowed. */
Hooks *hooks_create(const HookParams *params);
void hooks_destroy(Hooks *hooks);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Hooks, hooks_destroy)

/* What the blocks run in: table, session, language, out; copied. */
void hooks_set_context(Hooks *hooks, const CmdContext *context);

/* The place where a hook was written, and in whose account block. */
typedef struct {
    const char *event;
    const char *query; /* or NULL */
    const char *block;
    const char *file;    /* for errors; or NULL */
    guint line;          /* of the block */
    const char *account; /* only events of this account; or NULL */
} HookEntry;

/* Adds a hook (copied). ERR_USAGE for an event that does not exist, and for a
 * query where none can be asked or that cannot be read: such a hook would never
 * run. */
bool hooks_add(Hooks *hooks, const HookEntry *entry, GError **error);

/* Is there any hook for the event? */
bool hooks_has(const Hooks *hooks, const char *event);

/* Does any hook run or wait? */
bool hooks_busy(const Hooks *hooks);

/* The program ends: no hook begins any more; those that run are left alone and
 * their answers are dropped. */
void hooks_end(Hooks *hooks);

/* Runs every hook of the event, in the order of the configuration. */
void hooks_fire(Hooks *hooks, Event *event);

/* text: as it is after all hooks; NULL when none was given. error: ERR_USAGE
 * when a hook refuses, with what its program said. */
typedef void (*HooksDecided)(const char *text, const GError *error, void *user);

/* Runs the hooks of a before-… event one after the other; the first that fails
 * refuses. text (may be NULL) is what `exec --filter` rewrites. done is called
 * once, also when there is no hook. */
void hooks_fire_before(Hooks *hooks, Event *event, const char *text,
                       HooksDecided done, void *user);

#endif
