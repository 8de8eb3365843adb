/* The commands of the language itself: options, keys, hooks, styles, blocks. */
#include "cmd_builtin.h"

#include "base/err.h"
#include "base/file.h"
#include "cmd/language.h"
#include "cmd_private.h"

#include <string.h>

enum {
    SOURCE_BYTES = 1 << 20,
    SOURCE_DEPTH = 8
};

static Options *
options_of(const CmdCall *call)
{
    return cmd_language_options(cmd_context(call)->language);
}

static CmdResult
set_exec(CmdCall *call)
{
    CmdContext *context = cmd_context(call);
    GError *error = NULL;

    options_set(options_of(call), cmd_arg(call, 0), context->scope_account,
                context->scope_folder, cmd_arg(call, 1), &error);
    return cmd_result(call, error);
}

static const CmdEntry entry_set = {
    .name = "set",
    .help = "Set an option; inside an account or folder block only there",
    .group = "configure",
    .args = { { "OPTION", CMD_OPTION, NULL, false, false },
              { "VALUE", CMD_STRING, NULL, false, false } },
    .exec = set_exec,
};

static CmdResult
unset_exec(CmdCall *call)
{
    CmdContext *context = cmd_context(call);
    GError *error = NULL;

    options_unset(options_of(call), cmd_arg(call, 0), context->scope_account,
                  context->scope_folder, &error);
    return cmd_result(call, error);
}

static const CmdEntry entry_unset = {
    .name = "unset",
    .help = "Give an option its default again",
    .group = "configure",
    .args = { { "OPTION", CMD_OPTION, NULL, false, false } },
    .exec = unset_exec,
};

/* The choice behind the one in force, the first behind the last. */
static const char *
next_choice(const OptionEntry *entry, const char *value)
{
    const char *const *choice = entry->choices;

    while (*choice && g_strcmp0(*choice, value) != 0)
        choice++;
    return *choice && choice[1] ? choice[1] : entry->choices[0];
}

static CmdResult
toggle_exec(CmdCall *call)
{
    CmdContext *context = cmd_context(call);
    Options *options = options_of(call);
    const OptionEntry *entry = options_find(options, cmd_arg(call, 0));
    const char *value = NULL;
    GError *error = NULL;

    if (entry && entry->type == CMD_BOOL)
        value = cmd_value_int(CMD_BOOL, options_get(options, entry->name,
                                                    context->scope_account,
                                                    context->scope_folder))
                    ? "off"
                    : "on";
    else if (entry && entry->type == CMD_CHOICE)
        value = next_choice(entry, options_get(options, entry->name,
                                               context->scope_account,
                                               context->scope_folder));
    else if (entry)
        return cmd_fail_usage(call, "%s has no choices to go through: use set",
                              entry->name);
    options_set(options, cmd_arg(call, 0), context->scope_account,
                context->scope_folder, value, &error);
    return cmd_result(call, error);
}

static const CmdEntry entry_toggle = {
    .name = "toggle",
    .help = "Switch an option on or off, or to its next choice",
    .group = "configure",
    .args = { { "OPTION", CMD_OPTION, NULL, false, false } },
    .exec = toggle_exec,
};

/* Is this word, in `bind`, a key of the sequence? Single letters that are no
 * command, and names of keys. */
static bool
is_key(const CmdCall *call, const char *word)
{
    return keys_is_name(word)
           && cmd_table_find(cmd_context(call)->table, word) == NULL;
}

static char *
join_quoted(const char *const *words)
{
    GString *text = g_string_new(NULL);

    for (; *words; words++) {
        g_autofree char *word = cmd_quote(*words);

        g_string_append_printf(text, "%s%s", text->len ? " " : "", word);
    }
    return g_string_free(text, FALSE);
}

/* The command of `bind`: one quoted word, or the words as they are. g_free().
 */
static char *
bound_command(const char *const *words)
{
    return words[0] && words[1] == NULL && strchr(words[0], ' ')
               ? g_strdup(words[0])
               : join_quoted(words);
}

static CmdResult
bind_exec(CmdCall *call)
{
    const char *const *words = cmd_rest(call);
    g_autoptr(GString) sequence = g_string_new(NULL);
    g_autofree char *command = NULL;
    GError *error = NULL;
    KeyBinding what;

    while (*words && (is_key(call, *words) || sequence->len == 0))
        g_string_append_printf(sequence, "%s%s", sequence->len ? " " : "",
                               *words++);
    if (*words == NULL)
        return cmd_fail_usage(call, "bind %s %s: which command?",
                              cmd_arg(call, 0), sequence->str);
    command = bound_command(words);
    what = (KeyBinding){ .command = command,
                         .help = cmd_flag(call, "help"),
                         .group = cmd_flag(call, "group") };
    keys_bind(cmd_language_keys(cmd_context(call)->language), cmd_arg(call, 0),
              sequence->str, &what, &error);
    return cmd_result(call, error);
}

static const CmdEntry entry_bind = {
    .name = "bind",
    .help = "Bind keys to a command: bind list g i open --folder inbox",
    .group = "configure",
    .flags = { { "help", 0, CMD_STRING, NULL, "what the help page says" },
               { "group", 0, CMD_STRING, NULL, "where it says so" } },
    .args = { { "CONTEXT", CMD_STRING, NULL, false, false },
              { "KEY… COMMAND", CMD_COMMAND, NULL, false, true } },
    .exec = bind_exec,
};

static CmdResult
unbind_exec(CmdCall *call)
{
    g_autofree char *sequence = g_strjoinv(" ", (char **)cmd_rest(call));
    GError *error = NULL;

    keys_unbind(cmd_language_keys(cmd_context(call)->language),
                cmd_arg(call, 0), sequence, &error);
    return cmd_result(call, error);
}

static const CmdEntry entry_unbind = {
    .name = "unbind",
    .help = "Take the command from keys",
    .group = "configure",
    .args = { { "CONTEXT", CMD_STRING, NULL, false, false },
              { "KEY", CMD_STRING, NULL, false, true } },
    .exec = unbind_exec,
};

static CmdResult
style_exec(CmdCall *call)
{
    g_autofree char *text = g_strjoinv(" ", (char **)cmd_rest(call));

    cmd_language_set_style(cmd_context(call)->language, cmd_arg(call, 0), text);
    return CMD_DONE;
}

static const CmdEntry entry_style = {
    .name = "style",
    .help = "How something looks: style subject.unread bold fg=110",
    .group = "configure",
    .args = { { "NAME", CMD_STRING, NULL, false, false },
              { "ATTRIBUTE", CMD_STRING, NULL, false, true } },
    .exec = style_exec,
};

/* Runs a block in a scope that ends with it. */
static CmdResult
run_block(CmdCall *call, CmdContext *inner)
{
    GError *error = NULL;
    const char *block = cmd_block(call, &inner->line);

    inner->done = NULL;
    if (cmd_run(inner, block, &error) == CMD_RUNNING)
        return cmd_fail_usage(call,
                              "%s: a command in the block does not end "
                              "at once and cannot stand there",
                              cmd_entry(call)->name);
    return cmd_fail_placed(call, error);
}

static CmdResult
account_exec(CmdCall *call)
{
    CmdContext inner = *cmd_context(call);

    if (inner.scope_account)
        return cmd_fail_usage(call, "account %s stands inside another account",
                              cmd_arg(call, 0));
    if (strchr(cmd_arg(call, 0), '/'))
        return cmd_fail_usage(call, "account %s: a name has no /",
                              cmd_arg(call, 0));
    options_account_add(options_of(call), cmd_arg(call, 0));
    inner.scope_account = cmd_arg(call, 0);
    return run_block(call, &inner);
}

static const CmdEntry entry_account = {
    .name = "account",
    .help = "An account and its settings: account NAME { … }",
    .example = "account work {\n"
               "    name              \"Ana Novak\"\n"
               "    address           ana@example.org\n"
               "    incoming          imaps://ana@imap.example.org\n"
               "    outgoing          smtps://ana@smtp.example.org\n"
               "    password-command  \"pass show mail/work\"\n"
               "}\n"
               "\n"
               "# other places where mail is:\n"
               "#   incoming  pop3s://ana@pop.example.org\n"
               "#   incoming  maildir:///home/ana/Mail\n"
               "# without a password-command you are asked\n"
               "# `posthorn config` lists all options, "
               "`posthorn check --online` tries them",
    .group = "configure",
    .args = { { "NAME", CMD_STRING, NULL, false, false },
              { "{ … }", CMD_BLOCK, NULL, false, false } },
    .exec = account_exec,
};

/* An identity is a scope within that of its account: "work/club". */
static CmdResult
identity_exec(CmdCall *call)
{
    CmdContext inner = *cmd_context(call);
    const char *account = inner.scope_account;
    g_autofree char *scope = NULL;

    if (account == NULL || strchr(account, '/'))
        return cmd_fail_usage(call,
                              "identity %s belongs into an account NAME "
                              "{ … } block",
                              cmd_arg(call, 0));
    if (strchr(cmd_arg(call, 0), '/'))
        return cmd_fail_usage(call, "identity %s: a name has no /",
                              cmd_arg(call, 0));
    scope = g_strconcat(account, "/", cmd_arg(call, 0), NULL);
    options_account_add(options_of(call), scope);
    inner.scope_account = scope;
    return run_block(call, &inner);
}

static const CmdEntry entry_identity = {
    .name = "identity",
    .help = "Another face of the account around it: identity NAME { … }, with "
            "an address, a name, a signature, an outgoing server of its own",
    .example = "account work {\n"
               "    address  ana@example.org\n"
               "    identity club {\n"
               "        address    ana@club.example.org\n"
               "        signature  \"Ana, treasurer\"\n"
               "    }\n"
               "}",
    .group = "configure",
    .args = { { "NAME", CMD_STRING, NULL, false, false },
              { "{ … }", CMD_BLOCK, NULL, false, false } },
    .exec = identity_exec,
};

static CmdResult
folder_exec(CmdCall *call)
{
    CmdContext inner = *cmd_context(call);

    inner.scope_folder = cmd_arg(call, 0);
    return run_block(call, &inner);
}

static const CmdEntry entry_folder = {
    .name = "folder",
    .help = "Settings for one folder: folder PATH { … }",
    .example = "folder work/Club {\n"
               "    write-as  club\n"
               "}",
    .group = "configure",
    .args = { { "PATH", CMD_STRING, NULL, false, false },
              { "{ … }", CMD_BLOCK, NULL, false, false } },
    .exec = folder_exec,
};

/* Not in a file: whoever writes it at the prompt sees nothing of it until it
 * runs. */
static bool
is_told(const CmdContext *context)
{
    return context->file == NULL
           && (cmd_is_by_hand(context) || context->origin == CMD_FROM_SOCKET);
}

static CmdResult
hook_exec(CmdCall *call)
{
    CmdContext *context = cmd_context(call);
    GError *error = NULL;
    HookEntry entry = {
        .event = cmd_arg(call, 0),
        .query = cmd_flag(call, "query"),
        .file = context->file,
        .account = context->scope_account,
    };

    entry.block = cmd_block(call, &entry.line);
    if (hooks_add(cmd_language_hooks(context->language), &entry, &error)
        && is_told(context))
        printer_line(cmd_out(call), "Set until posthorn ends; to keep it, "
                                    "write it in the configuration.");
    return cmd_result(call, error);
}

static const CmdEntry entry_hook = {
    .name = "hook",
    .help = "Run commands when something happens: hook EVENT { … }",
    .group = "configure",
    .flags = { { "query", 'q', CMD_QUERY, NULL,
                 "only for messages that match" } },
    .args = { { "EVENT", CMD_EVENT, NULL, false, false },
              { "{ … }", CMD_BLOCK, NULL, false, false } },
    .exec = hook_exec,
};

static const CmdEntry entry_exec = {
    .name = "exec",
    .help = "Run a program with the event as variables and JSON",
    .group = "configure",
    .flags = { { "wait", 'w', CMD_BOOL, NULL,
                 "wait for its end (it is always waited for by the hook)" },
               { "filter", 'f', CMD_BOOL, NULL,
                 "its output becomes the text of the draft" },
               { "timeout", 't', CMD_DURATION, NULL,
                 "end it after this time" } },
    .args = { { "PROGRAM ARG", CMD_COMMAND, NULL, false, true } },
    .exec = cmd_exec_exec,
};

static CmdResult
source_exec(CmdCall *call)
{
    static int depth;
    CmdContext inner = *cmd_context(call);
    g_autofree char *path = paths_expand(cmd_arg(call, 0));
    g_autofree char *text = NULL;
    GError *error = NULL;
    CmdResult result;

    if (depth >= SOURCE_DEPTH)
        return cmd_fail_usage(call, "%s: files name each other", path);
    text = file_read(path, SOURCE_BYTES, NULL, &error);
    if (text == NULL)
        return cmd_fail(call, error);
    inner.file = path;
    inner.line = 1;
    inner.done = NULL;
    depth++;
    result = cmd_run(&inner, text, &error);
    depth--;
    if (result == CMD_RUNNING)
        return cmd_fail_usage(call,
                              "%s: a command in it does not end at "
                              "once and cannot stand there",
                              path);
    return cmd_fail_placed(call, error);
}

static const CmdEntry entry_source = {
    .name = "source",
    .help = "Run the commands of a file",
    .group = "configure",
    .args = { { "FILE", CMD_PATH, NULL, false, false } },
    .exec = source_exec,
};

static CmdResult
echo_exec(CmdCall *call)
{
    g_autofree char *text = g_strjoinv(" ", (char **)cmd_rest(call));

    printer_line(cmd_out(call), "%s", text);
    return CMD_DONE;
}

static const CmdEntry entry_echo = {
    .name = "echo",
    .help = "Print words",
    .group = "configure",
    .args = { { "WORD", CMD_STRING, NULL, true, true } },
    .exec = echo_exec,
};

static const CmdEntry entry_config = {
    .name = "config",
    .help = "List every option with value, default and text",
    .group = "configure",
    .flags = { { "defaults", 'd', CMD_BOOL, NULL, "the defaults only" },
               { "changed", 'c', CMD_BOOL, NULL, "what was changed only" },
               { "json", 'j', CMD_BOOL, NULL, "as JSON" } },
    .exec = cmd_config_exec,
};

const CmdEntry *const cmd_builtins[] = {
    &entry_set,   &entry_unset,   &entry_toggle,   &entry_bind,   &entry_unbind,
    &entry_style, &entry_account, &entry_identity, &entry_folder, &entry_hook,
    &entry_exec,  &entry_source,  &entry_echo,     &entry_config, NULL,
};
