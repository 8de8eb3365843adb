/* Key bindings. A list for each context, looked through from its end to its
 * beginning: a few hundred bindings need no tree, and the order of binding is
 * the order of the help page. */
#include "cmd/keys.h"

#include "base/err.h"

#include <string.h>

typedef struct {
    KeysLayer layer;
    char *context;
    char *sequence;
    char *command;
    char *help;
    char *group;
} Binding;

struct Keys {
    GPtrArray *bindings; /* Binding, by layers, in the order of binding */
    KeysLayer layer;     /* that bindings go to */
    void (*fill)(void *user); /* NULL: done, or nothing to do */
    void *fill_user;
};

static void
binding_free(void *data)
{
    Binding *binding = data;

    g_free(binding->context);
    g_free(binding->sequence);
    g_free(binding->command);
    g_free(binding->help);
    g_free(binding->group);
    g_free(binding);
}

Keys *
keys_create(void)
{
    Keys *keys = g_new0(Keys, 1);

    keys->bindings = g_ptr_array_new_with_free_func(binding_free);
    return keys;
}

void
keys_destroy(Keys *keys)
{
    if (keys == NULL)
        return;
    g_ptr_array_unref(keys->bindings);
    g_free(keys);
}

static const char *const named_keys[] = { "Enter", "Tab",  "S-Tab", "Space",
                                          "Esc",   "Up",   "Down",  "Left",
                                          "Right", "PgUp", "PgDn",  "Home",
                                          "End",   "Del",  "Ins",   "Backspace",
                                          NULL };

/* "1" to "12" */
static bool
is_function_key(const char *number)
{
    return (strlen(number) == 1 && number[0] >= '1' && number[0] <= '9')
           || (strlen(number) == 2 && number[0] == '1' && number[1] >= '0'
               && number[1] <= '2');
}

bool
keys_is_name(const char *name)
{
    glong length;

    if (!g_utf8_validate(name, -1, NULL))
        return false;
    length = g_utf8_strlen(name, -1);
    if (length == 1)
        return g_unichar_isgraph(g_utf8_get_char(name));
    if (length == 2 && name[0] == '^')
        return g_ascii_isupper(name[1]) || strchr("@[\\]^_", name[1]);
    if (g_str_has_prefix(name, "Alt-"))
        return keys_is_name(name + 4);
    if (name[0] == 'F')
        return is_function_key(name + 1);
    return g_strv_contains(named_keys, name);
}

static bool
check_sequence(const char *sequence, GError **error)
{
    g_auto(GStrv) names = g_strsplit(sequence, " ", -1);

    for (char **name = names; *name; name++)
        if (!keys_is_name(*name))
            return err_set(error, ERR_USAGE,
                           "there is no key \"%s\": write "
                           "a letter, ^R, Enter, Tab, Space, F1 or Alt-1",
                           *name);
    return names[0] != NULL || err_set(error, ERR_USAGE, "no key is named");
}

/* Is a a proper beginning of b, by whole keys? */
static bool
begins(const char *a, const char *b)
{
    gsize size = strlen(a);

    return strncmp(a, b, size) == 0 && b[size] == ' ';
}

static Binding *
find(const Keys *keys, KeysLayer layer, const char *context,
     const char *sequence)
{
    for (guint i = 0; i < keys->bindings->len; i++) {
        Binding *binding = keys->bindings->pdata[i];

        if (binding->layer == layer && strcmp(binding->context, context) == 0
            && strcmp(binding->sequence, sequence) == 0)
            return binding;
    }
    return NULL;
}

static bool
check_hidden(const Keys *keys, const char *context, const char *sequence,
             GError **error)
{
    for (guint i = 0; i < keys->bindings->len; i++) {
        const Binding *old = keys->bindings->pdata[i];

        if (old->layer != keys->layer || strcmp(old->context, context) != 0)
            continue;
        if (begins(old->sequence, sequence) || begins(sequence, old->sequence))
            return err_set(error, ERR_USAGE,
                           "%s cannot be bound beside %s in "
                           "%s: unbind %s first",
                           sequence, old->sequence, context, old->sequence);
    }
    return true;
}

/* Behind those of its layer. */
static void
insert(Keys *keys, Binding *binding)
{
    guint at = keys->bindings->len;

    while (at > 0
           && ((const Binding *)keys->bindings->pdata[at - 1])->layer
                  > binding->layer)
        at--;
    g_ptr_array_insert(keys->bindings, (int)at, binding);
}

bool
keys_bind(Keys *keys, const char *context, const char *sequence,
          const KeyBinding *what, GError **error)
{
    Binding *old;
    Binding *binding;

    if (!check_sequence(sequence, error)
        || !check_hidden(keys, context, sequence, error))
        return false;
    binding = g_new0(Binding, 1);
    binding->layer = keys->layer;
    binding->context = g_strdup(context);
    binding->sequence = g_strdup(sequence);
    binding->command = g_strdup(what->command);
    binding->help = g_strdup(what->help);
    binding->group = g_strdup(what->group);
    old = find(keys, keys->layer, context, sequence);
    if (old)
        g_ptr_array_remove(keys->bindings, old);
    insert(keys, binding);
    return true;
}

void
keys_fill_later(Keys *keys, void (*fill)(void *user), void *user)
{
    keys->fill = fill;
    keys->fill_user = user;
}

static void
fill_now(Keys *keys)
{
    void (*fill)(void *user) = g_steal_pointer(&keys->fill);
    KeysLayer layer = keys->layer;

    if (fill == NULL)
        return;
    keys->layer = KEYS_DEFAULT;
    fill(keys->fill_user);
    keys->layer = layer;
}

bool
keys_unbind(Keys *keys, const char *context, const char *sequence,
            GError **error)
{
    bool found = false;

    fill_now(keys);
    for (int layer = 0; layer < KEYS_LAYERS; layer++) {
        Binding *binding = find(keys, (KeysLayer)layer, context, sequence);

        found |= binding && g_ptr_array_remove(keys->bindings, binding);
    }
    return found
           || err_set(error, ERR_USAGE, "%s is not bound in %s", sequence,
                      context);
}

void
keys_set_layer(Keys *keys, KeysLayer layer)
{
    keys->layer = layer;
}

void
keys_clear_layer(Keys *keys, KeysLayer layer)
{
    for (guint i = keys->bindings->len; i-- > 0;)
        if (((const Binding *)keys->bindings->pdata[i])->layer == layer)
            g_ptr_array_remove_index(keys->bindings, i);
}

static KeyBinding
public_binding(const Binding *binding)
{
    return (KeyBinding){ binding->context, binding->sequence, binding->command,
                         binding->help, binding->group };
}

static KeysMatch
match_layer(const Keys *keys, KeysLayer layer, const char *context,
            const char *pressed, KeyBinding *found)
{
    KeysMatch match = KEYS_NONE;

    for (guint i = 0; i < keys->bindings->len; i++) {
        const Binding *binding = keys->bindings->pdata[i];

        if (binding->layer != layer || strcmp(binding->context, context) != 0)
            continue;
        if (strcmp(binding->sequence, pressed) == 0) {
            *found = public_binding(binding);
            return KEYS_FOUND;
        }
        if (begins(pressed, binding->sequence))
            match = KEYS_PREFIX;
    }
    return match;
}

/* What stands above hides what is below. */
static KeysMatch
match_in(const Keys *keys, const char *context, const char *pressed,
         KeyBinding *found)
{
    KeysMatch match = KEYS_NONE;

    for (int layer = KEYS_LAYERS; match == KEYS_NONE && layer-- > 0;)
        match = match_layer(keys, (KeysLayer)layer, context, pressed, found);
    return match;
}

KeysMatch
keys_match(Keys *keys, const char *context, const char *pressed,
           KeyBinding *binding)
{
    KeysMatch match;

    fill_now(keys);
    match = match_in(keys, context, pressed, binding);
    return match == KEYS_NONE ? match_in(keys, "global", pressed, binding)
                              : match;
}

/* Is binding hidden in context: by one of a layer above, or by one of the
 * context itself where it is a global one? */
static bool
is_shadowed(const Keys *keys, const char *context, const Binding *binding)
{
    for (guint i = 0; i < keys->bindings->len; i++) {
        const Binding *other = keys->bindings->pdata[i];
        bool same = strcmp(other->context, binding->context) == 0;

        if (same ? other->layer > binding->layer
                 : strcmp(other->context, context) == 0)
            if (strcmp(other->sequence, binding->sequence) == 0
                || begins(other->sequence, binding->sequence)
                || begins(binding->sequence, other->sequence))
                return true;
    }
    return false;
}

static bool
has_prefix(const char *sequence, const char *prefix)
{
    return *prefix == '\0' || begins(prefix, sequence);
}

GArray *
keys_list(Keys *keys, const char *context, const char *prefix)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(KeyBinding));

    fill_now(keys);
    for (guint i = 0; i < keys->bindings->len; i++) {
        const Binding *binding = keys->bindings->pdata[i];
        bool own = strcmp(binding->context, context) == 0;
        KeyBinding shown = public_binding(binding);

        if ((own || strcmp(binding->context, "global") == 0)
            && has_prefix(binding->sequence, prefix)
            && !is_shadowed(keys, context, binding))
            g_array_append_val(list, shown);
    }
    return list;
}

static int
count_keys(const char *sequence)
{
    int n = 1;

    for (; *sequence; sequence++)
        n += *sequence == ' ';
    return n;
}

/* The keys that a hint names: the fewest, and of two as short those of the
 * place itself. */
static bool
is_nearer(const Binding *one, const Binding *other, const char *context)
{
    int difference = count_keys(one->sequence) - count_keys(other->sequence);

    return difference < 0
        || (difference == 0 && strcmp(one->context, context) == 0
            && strcmp(other->context, context) != 0);
}

const char *
keys_for(Keys *keys, const char *context, const char *command)
{
    const Binding *found = NULL;

    fill_now(keys);
    for (guint i = 0; i < keys->bindings->len; i++) {
        const Binding *binding = keys->bindings->pdata[i];
        bool here = strcmp(binding->context, context) == 0
            || strcmp(binding->context, "global") == 0;

        if (!here || strcmp(binding->command, command) != 0
            || is_shadowed(keys, context, binding))
            continue;
        if (found == NULL || is_nearer(binding, found, context))
            found = binding;
    }
    return found ? found->sequence : NULL;
}

const char **
keys_contexts(Keys *keys)
{
    g_autoptr(GPtrArray) contexts = g_ptr_array_new();

    fill_now(keys);
    for (guint i = 0; i < keys->bindings->len; i++) {
        const Binding *binding = keys->bindings->pdata[i];

        if (!g_ptr_array_find_with_equal_func(contexts, binding->context,
                                              g_str_equal, NULL))
            g_ptr_array_add(contexts, binding->context);
    }
    g_ptr_array_add(contexts, NULL);
    return (const char **)g_ptr_array_free(g_steal_pointer(&contexts), FALSE);
}
