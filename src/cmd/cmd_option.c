/* The values of options by scope. */
#include "cmd/option.h"

#include "base/err.h"
#include "base/log.h"
#include "base/text.h"
#include "cmd/value.h"

#include <string.h>

typedef struct {
    void (*changed)(const char *name, void *user);
    void *user;
} Listener;

struct Options {
    const OptionEntry *entries;
    GHashTable *values; /* "name\naccount\nfolder" → value */
    GPtrArray *accounts;
    GArray *listeners;
};

static void
secret_free(void *data)
{
    char *value = data;

    explicit_bzero(value, strlen(value));
    g_free(value);
}

Options *
options_create(const OptionEntry *entries)
{
    Options *options = g_new0(Options, 1);

    options->entries = entries;
    options->values =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, secret_free);
    options->accounts = g_ptr_array_new_with_free_func(g_free);
    options->listeners = g_array_new(FALSE, FALSE, sizeof(Listener));
    return options;
}

void
options_destroy(Options *options)
{
    if (options == NULL)
        return;
    g_hash_table_unref(options->values);
    g_ptr_array_unref(options->accounts);
    g_array_unref(options->listeners);
    g_free(options);
}

const OptionEntry *
options_find(const Options *options, const char *name)
{
    for (const OptionEntry *entry = options->entries; entry->name; entry++)
        if (strcmp(entry->name, name) == 0)
            return entry;
    return NULL;
}

const OptionEntry *
options_table(const Options *options)
{
    return options->entries;
}

static char *
make_key(const char *name, const char *account, const char *folder)
{
    return g_strconcat(name, "\n", account ? account : "", "\n",
                       folder ? folder : "", NULL);
}

const char *
options_nearest(const Options *options, const char *name)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (const OptionEntry *entry = options->entries; entry->name; entry++)
        g_ptr_array_add(names, (char *)entry->name);
    g_ptr_array_add(names, NULL);
    return text_nearest(name, (const char *const *)names->pdata);
}

static bool
unknown(const Options *options, const char *name, GError **error)
{
    const char *near = options_nearest(options, name);

    if (near)
        return err_set(error, ERR_USAGE,
                       "there is no option %s: did you mean %s?", name, near);
    return err_set(error, ERR_USAGE,
                   "there is no option %s: `posthorn config` lists them", name);
}

static bool
check_scope(const OptionEntry *entry, const char *account, const char *folder,
            GError **error)
{
    if (entry->scope == OPTION_ACCOUNT_ONLY && account == NULL)
        return err_set(error, ERR_USAGE,
                       "%s belongs into an account NAME "
                       "{ … } block",
                       entry->name);
    if (entry->scope == OPTION_GLOBAL && (account || folder))
        return err_set(error, ERR_USAGE,
                       "%s is one for the whole program: "
                       "set it outside of account and folder blocks",
                       entry->name);
    if (folder && entry->scope != OPTION_FOLDER)
        return err_set(error, ERR_USAGE, "%s cannot be set for a folder",
                       entry->name);
    return true;
}

static bool
check_value(const OptionEntry *entry, const char *value, GError **error)
{
    g_autoptr(GError) bad = NULL;

    if (!cmd_value_check(entry->type, entry->choices, value, &bad))
        return err_set(error, ERR_USAGE, "%s takes %s, not \"%s\"", entry->name,
                       bad->message, entry->secret ? "•••" : value);
    if (entry->type == CMD_INT && entry->max > entry->min) {
        gint64 number = cmd_value_int(CMD_INT, value);

        if (number < entry->min || number > entry->max)
            return err_set(error, ERR_USAGE,
                           "%s takes %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT,
                           entry->name, entry->min, entry->max);
    }
    return true;
}

static void
tell(Options *options, const char *name)
{
    for (guint i = 0; i < options->listeners->len; i++) {
        Listener *listener = &g_array_index(options->listeners, Listener, i);

        listener->changed(name, listener->user);
    }
}

bool
options_set(Options *options, const char *name, const char *account,
            const char *folder, const char *value, GError **error)
{
    const OptionEntry *entry = options_find(options, name);

    if (entry == NULL)
        return unknown(options, name, error);
    if (!check_scope(entry, account, folder, error)
        || !check_value(entry, value, error))
        return false;
    if (entry->secret)
        log_secret_add(value);
    g_hash_table_insert(options->values, make_key(name, account, folder),
                        g_strdup(value));
    tell(options, entry->name);
    return true;
}

bool
options_unset(Options *options, const char *name, const char *account,
              const char *folder, GError **error)
{
    const OptionEntry *entry = options_find(options, name);
    g_autofree char *key = make_key(name, account, folder);

    if (entry == NULL)
        return unknown(options, name, error);
    if (g_hash_table_remove(options->values, key))
        tell(options, entry->name);
    return true;
}

static const char *
look_up(const Options *options, const char *name, const char *account,
        const char *folder)
{
    g_autofree char *key = make_key(name, account, folder);

    return g_hash_table_lookup(options->values, key);
}

const char *
options_own(const Options *options, const char *name, const char *account)
{
    return look_up(options, name, account, NULL);
}

/* Of an identity too, which has what its account has. */
static const char *
look_up_account(const Options *options, const char *name, const char *account)
{
    const char *slash = strchr(account, '/');
    const char *value = look_up(options, name, account, NULL);
    g_autofree char *base =
        slash ? g_strndup(account, (gsize)(slash - account)) : NULL;

    return value || base == NULL ? value : look_up(options, name, base, NULL);
}

const char *
options_get(const Options *options, const char *name, const char *account,
            const char *folder)
{
    const OptionEntry *entry = options_find(options, name);
    const char *value = NULL;

    g_return_val_if_fail(entry != NULL, NULL);
    if (folder)
        value = look_up(options, name, account, folder);
    if (value == NULL && folder)
        value = look_up(options, name, NULL, folder);
    if (value == NULL && account)
        value = look_up_account(options, name, account);
    if (value == NULL)
        value = look_up(options, name, NULL, NULL);
    return value ? value : entry->fallback;
}

bool
options_bool(const Options *options, const char *name, const char *account)
{
    return cmd_value_int(CMD_BOOL, options_get(options, name, account, NULL))
           != 0;
}

gint64
options_int(const Options *options, const char *name, const char *account)
{
    const OptionEntry *entry = options_find(options, name);

    g_return_val_if_fail(entry != NULL, 0);
    return cmd_value_int(entry->type,
                         options_get(options, name, account, NULL));
}

const char **
options_accounts(const Options *options)
{
    const char **names = g_new0(const char *, options->accounts->len + 1);

    for (guint i = 0; i < options->accounts->len; i++)
        names[i] = options->accounts->pdata[i];
    return names;
}

void
options_account_add(Options *options, const char *account)
{
    if (!g_ptr_array_find_with_equal_func(options->accounts, account,
                                          g_str_equal, NULL))
        g_ptr_array_add(options->accounts, g_strdup(account));
}

bool
options_is_changed(const Options *options, const char *name)
{
    g_autofree char *prefix = g_strconcat(name, "\n", NULL);
    GHashTableIter iter;
    void *key;

    g_hash_table_iter_init(&iter, options->values);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        if (g_str_has_prefix(key, prefix))
            return true;
    return false;
}

void
options_listen(Options *options, void (*changed)(const char *name, void *user),
               void *user)
{
    Listener listener = { changed, user };

    g_array_append_val(options->listeners, listener);
}
