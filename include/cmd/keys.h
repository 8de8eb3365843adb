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

/* Who bound a key. What stands above hides what is below, as a whole: a key
 * bound alone hides the sequences that begin with it. */
typedef enum {
    KEYS_DEFAULT,
    KEYS_PRESET, /* the option keys */
    KEYS_USER,
    KEYS_LAYERS,
} KeysLayer;

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

/* fill binds the defaults, in KEYS_DEFAULT, before a key is first asked for or
 * taken away: who presses none does not wait for them. */
void keys_fill_later(Keys *keys, void (*fill)(void *user), void *user);

/* Where bindings go to from now on; KEYS_DEFAULT at first. */
void keys_set_layer(Keys *keys, KeysLayer layer);
void keys_clear_layer(Keys *keys, KeysLayer layer);

/* In every layer. */
bool keys_unbind(Keys *keys, const char *context, const char *sequence,
                 GError **error);

/* pressed: key names joined by blanks. The context first, then "global". */
KeysMatch keys_match(Keys *keys, const char *context, const char *pressed,
                     KeyBinding *binding);

/* Bindings whose sequence begins with prefix ("" all) in context and global,
 * by layers, in the order of binding. GArray of KeyBinding; strings
 * borrowed. */
GArray *keys_list(Keys *keys, const char *context, const char *prefix);

/* Every context that has a binding, in the order of binding. NULL-terminated;
 * free the array only. */
const char **keys_contexts(Keys *keys);

/* The shortest sequence bound to command in context, of several the first;
 * NULL: none. Borrowed. */
const char *
keys_for(Keys *keys, const char *context, const char *command);

#endif
