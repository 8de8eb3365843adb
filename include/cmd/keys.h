/* Keys: bindings for each context ("list", "message", "thread", "review", …)
 * with the fallback context "global". A binding is a command as text, with its
 * one-line help and group, so that help, which-key and hints come from one
 * table. Key names: "a", "A", "^R", "Enter", "Tab", "S-Tab", "Space", "Esc",
 * "Up", "PgDn", "Home", "F1", "Del", "Alt-1"; a sequence is separated by
 * blanks: "g i". Main thread. */
#ifndef CMD_KEYS_H
#define CMD_KEYS_H

#include <glib.h>
#include <stdbool.h>

typedef struct Keys Keys;

typedef struct {
    const char *context;
    const char *sequence; /* "g i" */
    const char *command;
    const char *help;
    const char *group; /* heading in help; or NULL */
} KeyBinding;

typedef enum {
    KEYS_NONE,   /* nothing bound */
    KEYS_PREFIX, /* more keys may follow */
    KEYS_FOUND,
} KeysMatch;

Keys *keys_create(void);
void keys_destroy(Keys *keys);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Keys, keys_destroy)

/* Is name the name of a key? */
bool keys_is_name(const char *name);

/* Binds command, help and group of what; a sequence bound before is replaced.
 * ERR_USAGE for a key name that does not exist or a sequence that would hide
 * behind a shorter one. */
bool keys_bind(Keys *keys, const char *context, const char *sequence,
               const KeyBinding *what, GError **error);
bool keys_unbind(Keys *keys, const char *context, const char *sequence,
                 GError **error);

/* pressed: key names joined by blanks. The context first, then "global". */
KeysMatch keys_match(const Keys *keys, const char *context, const char *pressed,
                     KeyBinding *binding);

/* Bindings whose sequence begins with prefix ("" all) in context and global,
 * in the order of binding. GArray of KeyBinding; strings borrowed. */
GArray *keys_list(const Keys *keys, const char *context, const char *prefix);

/* Every context that has a binding, in the order of binding. NULL-terminated;
 * free the array only. */
const char **keys_contexts(const Keys *keys);

/* The first sequence bound to command in context, or NULL. Borrowed. */
const char *
keys_for(const Keys *keys, const char *context, const char *command);

#endif
