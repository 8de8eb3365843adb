/* Completion for the `:` prompt, from the tables: names of commands, their
 * flags, and their arguments by type. What the rooms above know (folders,
 * tags, accounts, addresses, queries) comes from a callback. Main thread. */
#ifndef CMD_COMPLETE_H
#define CMD_COMPLETE_H

#include "cmd/cmd.h"
#include "cmd/keys.h"
#include "cmd/option.h"

typedef struct {
    char *text; /* what is put in the line, quoted where it must be */
    char *help; /* one line, untrusted for domain values; or NULL */
    char *key;  /* the keys that run this command; or NULL */
} CmdCandidate;

/* What completion looks into; all borrowed. */
typedef struct {
    CmdTable *table;
    const Options *options;    /* or NULL */
    Keys *keys;                /* or NULL: no key hints */
    const char *key_context;   /* "list": whose keys are hinted */
    const char *const *events; /* names for CMD_EVENT; or NULL */

    /* Adds the values of a domain type (CMD_QUERY, CMD_FOLDER, CMD_ACCOUNT,
     * CMD_TAG, CMD_ADDRESS) that fit what was typed, best first, by
     * cmd_candidates_add(). May be NULL. Must return at once. */
    void (*values)(CmdType type, const char *prefix, GPtrArray *candidates,
                   void *user);
    void *user;
} CmdCompletion;

/* Candidates for the word that ends at byte cursor of line, best first; *start
 * is the byte where that word begins: a candidate's text replaces the bytes
 * from there to the cursor. Array of CmdCandidate, maybe empty. Free with
 * g_ptr_array_unref(). */
GPtrArray *cmd_complete(const CmdCompletion *completion, const char *line,
                        gsize cursor, gsize *start);

/* An empty array of CmdCandidate. */
GPtrArray *cmd_candidates_create(void);

/* For the callback. help may be NULL. Copies. */
void
cmd_candidates_add(GPtrArray *candidates, const char *text, const char *help);

/* What all candidates begin with, at least as long as the typed word when
 * every one begins with it; "" for none. Free with g_free(). */
char *cmd_candidates_common(const GPtrArray *candidates);

#endif
