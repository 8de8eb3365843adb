/* The command config: every option with value, default and text. */
#include "cmd_builtin.h"

#include "base/text.h"
#include "cmd/language.h"
#include "cmd/parse.h"
#include "cmd/value.h"

static const char *
shown(const OptionEntry *entry, const char *value)
{
    return value && entry->secret ? "•••" : value;
}

static void
add_member(JsonBuilder *builder, const char *name, const char *value)
{
    json_builder_set_member_name(builder, name);
    if (value)
        json_builder_add_string_value(builder, value);
    else
        json_builder_add_null_value(builder);
}

/* The value of one account or identity where it is its own; NULL: none. */
static const char *
own_value(const Options *options, const OptionEntry *entry, const char *account)
{
    const char *value = options_get(options, entry->name, account, NULL);
    const char *slash = strchr(account, '/');
    g_autofree char *base =
        slash ? g_strndup(account, (gsize)(slash - account)) : NULL;
    const char *common = options_get(options, entry->name, base, NULL);

    return g_strcmp0(value, common) == 0 ? NULL : shown(entry, value);
}

static void
add_accounts(JsonBuilder *builder, const Options *options,
             const OptionEntry *entry)
{
    g_autofree const char **accounts = options_accounts(options);

    json_builder_set_member_name(builder, "accounts");
    json_builder_begin_object(builder);
    for (const char **name = accounts; *name; name++) {
        const char *value = own_value(options, entry, *name);

        if (value)
            add_member(builder, *name, value);
    }
    json_builder_end_object(builder);
}

static JsonNode *
config_json(const Options *options, bool changed_only)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_array(builder);
    for (const OptionEntry *entry = options_table(options); entry->name;
         entry++) {
        if (changed_only && !options_is_changed(options, entry->name))
            continue;
        json_builder_begin_object(builder);
        add_member(builder, "name", entry->name);
        add_member(builder, "type", cmd_type_name(entry->type));
        add_member(builder, "value",
                   shown(entry, options_get(options, entry->name, NULL, NULL)));
        add_accounts(builder, options, entry);
        add_member(builder, "default", entry->fallback);
        add_member(builder, "text", entry->text);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    return json_builder_get_root(builder);
}

/* account work { identity club { signature "Ana" } } */
static void
print_account(CmdCall *call, const char *name, const char *option,
              const char *value)
{
    g_auto(GStrv) parts = g_strsplit(name, "/", 2);
    g_autofree char *account = cmd_quote(parts[0]);
    g_autofree char *identity = parts[1] ? cmd_quote(parts[1]) : NULL;
    g_autofree char *word = cmd_quote(value);

    if (identity)
        printer_line(cmd_out(call), "account %s { identity %s { %s %s } }",
                     account, identity, option, word);
    else
        printer_line(cmd_out(call), "account %s { %s %s }", account, option,
                     word);
}

/* Account settings of one option, in the form of the language. */
static void
print_accounts(CmdCall *call, const Options *options, const OptionEntry *entry)
{
    g_autofree const char **accounts = options_accounts(options);

    for (const char **name = accounts; *name; name++) {
        const char *value = own_value(options, entry, *name);

        if (value)
            print_account(call, *name, entry->name, value);
    }
}

static void
print_entry(CmdCall *call, const Options *options, const OptionEntry *entry)
{
    bool defaults = cmd_has(call, "defaults");
    const char *value = defaults
                            ? entry->fallback
                            : options_get(options, entry->name, NULL, NULL);
    g_autofree char *word = value ? cmd_quote(shown(entry, value)) : NULL;

    /* One that stands only in account blocks would be refused outside. */
    const char *sign = word && entry->scope != OPTION_ACCOUNT_ONLY ? "" : "# ";

    if (!cmd_has(call, "changed"))
        printer_line(cmd_out(call), "# %s", entry->text);
    if (*sign == '\0' || !cmd_has(call, "changed"))
        printer_line(cmd_out(call), "%sset %s %s", sign, entry->name,
                     word ? word : cmd_type_name(entry->type));
    if (!defaults)
        print_accounts(call, options, entry);
}

CmdResult
cmd_config_exec(CmdCall *call)
{
    const Options *options = cmd_language_options(cmd_context(call)->language);
    bool changed = cmd_has(call, "changed");

    if (cmd_has(call, "json")) {
        printer_json(cmd_out(call), config_json(options, changed));
        return CMD_DONE;
    }
    for (const OptionEntry *entry = options_table(options); entry->name;
         entry++)
        if (!changed || options_is_changed(options, entry->name))
            print_entry(call, options, entry);
    return CMD_DONE;
}
