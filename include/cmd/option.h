/* Options: one table with name, type, scope, default and text. A setting made
 * inside an account or folder block ends with it. Main thread. */
#ifndef CMD_OPTION_H
#define CMD_OPTION_H

#include "cmd/cmd.h"

typedef enum {
    OPTION_GLOBAL,       /* one value */
    OPTION_ACCOUNT,      /* global value, and one for each account */
    OPTION_FOLDER,       /* and one for each folder */
    OPTION_ACCOUNT_ONLY, /* only inside account NAME { } */
} OptionScope;

typedef struct {
    const char *name;
    CmdType type;
    OptionScope scope;
    const char *fallback; /* default, as it would be written; NULL: unset */
    const char *const *choices;
    const char *text; /* one or two sentences for the manual */
    gint64 min, max;  /* CMD_INT */
    bool secret;      /* never shown, never logged */
} OptionEntry;

typedef struct Options Options;

/* entries: borrowed table, ends with name NULL. */
Options *options_create(const OptionEntry *entries);
void options_destroy(Options *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Options, options_destroy)

/* Checks and sets. account, folder NULL: global. ERR_USAGE names the option,
 * what it takes, and the nearest known name. */
bool options_set(Options *options, const char *name, const char *account,
                 const char *folder, const char *value, GError **error);
bool options_unset(Options *options, const char *name, const char *account,
                   const char *folder, GError **error);

/* The value in force: folder's, else account's, else global, else default;
 * NULL where unset. What "work/club", an identity of account work, does not
 * set is that of work. Borrowed until the option is set again. */
const char *options_get(const Options *options, const char *name,
                        const char *account, const char *folder);
bool
options_bool(const Options *options, const char *name, const char *account);
gint64 options_int(const Options *options, const char *name,
                   const char *account); /* CMD_INT, SIZE, DURATION */

/* What was set in this very block; NULL: nothing. Borrowed. */
const char *options_own(const Options *options, const char *name,
                        const char *account);

/* Names of the accounts, and of their identities, in the order of the
 * configuration. NULL-terminated, free the array only. options_account_add() by
 * the commands `account` and `identity`. */
const char **options_accounts(const Options *options);
void options_account_add(Options *options, const char *account);

/* The row of that name, or NULL. Borrowed. */
const OptionEntry *options_find(const Options *options, const char *name);

/* The name of the option nearest to one that does not exist, or NULL. */
const char *options_nearest(const Options *options, const char *name);
const OptionEntry *options_table(const Options *options);
bool options_is_changed(const Options *options, const char *name);

/* Called after a value changed, on the main thread. */
void options_listen(Options *options,
                    void (*changed)(const char *name, void *user), void *user);

#endif
