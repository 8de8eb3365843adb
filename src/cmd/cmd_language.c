/* Options, keys, hooks and styles in one place. */
#include "cmd/language.h"

struct CmdLanguage {
    Options *options;
    Keys *keys;
    Hooks *hooks;
    GHashTable *styles; /* name → attributes */
};

CmdLanguage *
cmd_language_create(Options *options, Keys *keys, Hooks *hooks)
{
    CmdLanguage *language = g_new0(CmdLanguage, 1);

    language->options = options;
    language->keys = keys;
    language->hooks = hooks;
    language->styles =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return language;
}

void
cmd_language_destroy(CmdLanguage *language)
{
    if (language == NULL)
        return;
    g_hash_table_unref(language->styles);
    g_free(language);
}

Options *
cmd_language_options(const CmdLanguage *language)
{
    return language->options;
}

Keys *
cmd_language_keys(const CmdLanguage *language)
{
    return language->keys;
}

Hooks *
cmd_language_hooks(const CmdLanguage *language)
{
    return language->hooks;
}

const char *
cmd_language_style(const CmdLanguage *language, const char *name)
{
    return g_hash_table_lookup(language->styles, name);
}

void
cmd_language_set_style(CmdLanguage *language, const char *name,
                       const char *attributes)
{
    g_hash_table_insert(language->styles, g_strdup(name), g_strdup(attributes));
}
