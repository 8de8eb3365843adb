/* doc/manual.md, from the tables: commands, keys, options, events. What is not
 * in a table is written here once: how words are read. */
#include "cli_help.h"

#include "base/err.h"
#include "cmd/language.h"
#include "cmd/value.h"

#include <string.h>

static const char introduction[] =
    "# posthorn: commands, keys, options, events\n\n"
    "This page is written by `posthorn help --manual` from the program's own\n"
    "tables. A command is the same in the configuration, on a key, behind "
    "`:`,\n"
    "in a hook and in the shell (`posthorn COMMAND …`).\n\n"
    "## How words are read\n\n"
    "* Blanks separate words; `;` or the end of the line ends a command; `#`\n"
    "  where a word could begin starts a comment.\n"
    "* `\"…\"` keeps blanks; in it `\\` escapes and `$name` or `${name}` is a\n"
    "  field of the event. `'…'` is taken as it is. `{ … }` is a block of\n"
    "  commands.\n"
    "* `bind CONTEXT KEY… COMMAND`: every word that is the name of a key and\n"
    "  not the name of a command belongs to the keys; the first key always\n"
    "  does. The rest is the command.\n"
    "* Sizes: `10K`, `5M`. Durations: `10s`, `5m`, `2h`, `3d`, `1w`. Times:\n"
    "  `+2h`, `\"mon 9:00\"`, `2026-11-23T09:00:00Z`.\n\n"
    "Exit status of `posthorn COMMAND`: 0 done, 1 failed, 2 wrong usage.\n";

static const char queries[] =
    "\n## How searches are read\n\n"
    "The language is notmuch's. Words find the messages that have all of\n"
    "them, in any form (`meeting` finds `meetings`); `\"two words\"` finds\n"
    "them in this order, `frob*` any word that begins so.\n\n"
    "* `from:ana` `to:ana` (also Cc and Bcc) `subject:plan` `body:plan`\n"
    "  `attachment:pdf` (names of files) `mimetype:pdf`\n"
    "* `tag:todo` or `is:unread`, `has:attachment`, `auth:fail` (`pass`,\n"
    "  `unverified`, `resent`)\n"
    "* `folder:work/INBOX`, or a name: `folder:archive` is that of every\n"
    "  account, `folder:sent` whatever the account calls it\n"
    "* `date:2026-11`, `date:2weeks..`, `date:2025..2026-02`, `date:today`\n"
    "* `id:MESSAGE-ID` `thread:ID` `path:` `property:` `lastmod:`, and\n"
    "  `query:NAME` for a saved search, of posthorn or of notmuch\n"
    "* `subject:/reg.*ex/`, also behind `from:`, `folder:` and `tag:`\n\n"
    "Words and terms beside each other are all meant, but those with the same\n"
    "prefix of `from: subject: tag: is: folder: date: id:` either:\n"
    "`tag:a tag:b` finds what has one of them, `tag:a and tag:b` what has\n"
    "both. `and`, `or`, `not` and parentheses join them; `not a b` is\n"
    "`not (a and b)`, `-a b` is `(not a) and b`. `from:(ana novak)` is both.\n"
    "`a near b` and `a adj b` are words at most ten apart, or `near/3`.\n\n"
    "While you type on the screen, Tab goes through what can stand behind\n"
    "`from: to: tag: is: folder: date: has: auth:`; anywhere else it changes\n"
    "what is searched: all mail, or the list that you came from, which may\n"
    "itself be the results of a search. `\\` begins there, `/` in all mail.\n";

static const char images[] =
    "\n## Images of a message\n\n"
    "`z i` shows the images that a message brings along, at their place and\n"
    "behind the text, and hides them again. Where the program `chafa` is\n"
    "installed and the terminal has colours they are drawn with characters;\n"
    "else a line says what there is. `open-image N` gives one to another\n"
    "program.\n\n"
    "An image on the web is asked for by `i` alone: for this message, once;\n"
    "nothing of it is kept. It tells the sender that you read the message,\n"
    "when, and from which address, and no more: no cookies, no Referer, a\n"
    "User-Agent that many have. At most 20 images are loaded, 5 MB each,\n"
    "20 MB together, each within 15 seconds and 3 redirects, by http and\n"
    "https only and through the `proxy` of the account.\n\n"
    "* Never loaded are images nobody would see (trackers), those of a\n"
    "  message whose sender check failed (until `X`), of junk, of an\n"
    "  encrypted message, and any while offline.\n"
    "* Addresses of this machine and its network are not asked, whatever\n"
    "  name or redirect leads there, but for those that\n"
    "  `images-from-own-network` names.\n"
    "* Drawn are PNG, JPEG, GIF and WebP, up to 40 million pixels. `chafa`\n"
    "  has no network (on Linux), no terminal, one gigabyte of memory and\n"
    "  ten seconds, and may write no file; of what it prints only characters\n"
    "  and colours are taken.\n";

static const char sealing[] =
    "\n"
    "## Signing and encrypting\n"
    "\n"
    "posthorn signs, encrypts, decrypts and verifies with the programs and\n"
    "keys of GnuPG: `gpg` for OpenPGP, `gpgsm` for S/MIME. Make or import\n"
    "keys with those; posthorn finds them by address.\n"
    "\n"
    "* On the review page `S` signs, `E` encrypts, `C` changes between\n"
    "  OpenPGP and S/MIME. `set crypto-sign on` and `set crypto-encrypt\n"
    "  on`, in an account or an identity, begin every message so. In the\n"
    "  shell: `posthorn compose --sign --encrypt … --send`.\n"
    "* Someone without a key is named on the review page, and nothing is\n"
    "  sent; nor is it without a key of yours that signs. A key that nobody\n"
    "  you trust has certified counts as none (`crypto-any-key`):\n"
    "  certify it, with `gpg --quick-lsign-key`.\n"
    "* The subject is encrypted too; outside stands `[...]`. To, Cc and\n"
    "  Date stay readable for the servers on the way. A message with Bcc\n"
    "  does not say whose keys it is encrypted for; S/MIME cannot do that,\n"
    "  and refuses.\n"
    "* A draft that will be encrypted is so in the Drafts folder, for\n"
    "  yourself; the file that you edit, on this machine, is not.\n"
    "* A message is decrypted when you open it (`decrypt`), never for a\n"
    "  list, the preview, a search or a hook, and only when the whole of it\n"
    "  is encrypted. The line under its headers says so, and who signed: by\n"
    "  a key that you or somebody you trust certified, or with a `?` and\n"
    "  why not.\n"
    "* When a passphrase is needed, `z d` gives the terminal to gpg-agent's\n"
    "  pinentry; so does `y` on the review page. One with a window asks by\n"
    "  itself.\n"
    "* What was decrypted stays in memory. It is written to the disk only\n"
    "  by you: a file that you save or open in another program, and an\n"
    "  answer or a forward after `set quote-decrypted on`.\n"
    "* `posthorn show` prints what is inside; with `--json`, `crypto` has\n"
    "  `protocol`, `encrypted`, `opened`, `signature` (`none good unknown\n"
    "  no-key expired revoked unchecked bad`), `signer`, `key`, `signed`.\n";

static void
append_command(GString *text, const CmdEntry *entry)
{
    g_autofree char *usage = cmd_usage(entry);

    g_string_append_printf(text, "\n#### %s\n\n    %s\n\n%s.%s%s", entry->name,
                           usage, entry->help,
                           entry->needs_screen ? " Needs the screen." : "",
                           entry->undo ? " Can be undone." : "");
    if (entry->alias)
        g_string_append_printf(text, " Also `%s`.", entry->alias);
    g_string_append(text, "\n");
    for (const CmdFlag *flag = entry->flags; flag->name; flag++) {
        g_autofree char *form = cli_flag_usage(flag);
        g_autofree char *choices = cli_choices(flag->choices);

        g_string_append_printf(text, "%s* `%s`: %s%s%s\n",
                               flag == entry->flags ? "\n" : "", form,
                               flag->help ? flag->help : "",
                               choices ? ": " : "", choices ? choices : "");
    }
    if (entry->example == NULL)
        return;
    g_string_append(text, "\nFor example:\n\n");
    cli_append_indented(text, entry->example);
}

static void
append_commands(GString *text, const CliProgram *program)
{
    g_autofree const char **groups = cli_groups(program);
    g_autofree const CmdEntry **all = cmd_table_all(program->table);

    g_string_append(text, "\n## Commands\n");
    for (const char **group = groups; *group; group++) {
        g_string_append_printf(text, "\n### %s\n", *group);
        for (const CmdEntry **entry = all; *entry; entry++)
            if (g_strcmp0((*entry)->group, *group) == 0)
                append_command(text, *entry);
    }
}

/* A cell of a table: "|" would end it. */
static void
append_cell(GString *text, const char *cell)
{
    for (; *cell; cell++)
        if (*cell == '|')
            g_string_append(text, "\\|");
        else
            g_string_append_c(text, *cell);
}

static void
append_context(GString *text, Keys *keys, const char *context)
{
    g_autoptr(GArray) bindings = keys_list(keys, context, "");

    g_string_append_printf(text,
                           "\n### %s\n\n| keys | command | |\n"
                           "| --- | --- | --- |\n",
                           context);
    for (guint i = 0; i < bindings->len; i++) {
        const KeyBinding *binding = &g_array_index(bindings, KeyBinding, i);

        if (strcmp(binding->context, context) != 0)
            continue;
        g_string_append(text, "| `");
        append_cell(text, binding->sequence);
        g_string_append(text, "` | `");
        append_cell(text, binding->command);
        g_string_append(text, "` | ");
        append_cell(text, binding->help ? binding->help : "");
        g_string_append(text, " |\n");
    }
}

/* The defaults, run in a language of their own. */
static bool
read_defaults(const CliProgram *program, Keys *keys, GError **error)
{
    HookParams params = { .events = program->events };
    g_autoptr(Options) options = options_create(program->options);
    g_autoptr(Hooks) hooks = hooks_create(&params);
    g_autoptr(CmdLanguage) language = cmd_language_create(options, keys, hooks);
    g_autoptr(Printer) nowhere = printer_create_fd(-1);
    CmdContext context = {
        .table = program->table,
        .language = language,
        .origin = CMD_FROM_CONFIG,
        .out = nowhere,
        .file = "default.conf",
    };

    return cmd_run(&context, program->defaults, error) == CMD_DONE;
}

static bool
append_keys(GString *text, const CliProgram *program, GError **error)
{
    g_autoptr(Keys) keys = keys_create();
    g_autofree const char **contexts = NULL;

    if (program->defaults == NULL)
        return true;
    if (!read_defaults(program, keys, error))
        return false;
    contexts = keys_contexts(keys);
    g_string_append(text, "\n## Keys\n");
    for (const char **context = contexts; *context; context++)
        append_context(text, keys, *context);
    return true;
}

static const char *
scope_words(OptionScope scope)
{
    static const char *const words[] = {
        [OPTION_GLOBAL] = "the whole program",
        [OPTION_ACCOUNT] = "the whole program or one account",
        [OPTION_FOLDER] = "the whole program, an account or a folder",
        [OPTION_ACCOUNT_ONLY] = "one account",
    };

    return words[scope];
}

static void
append_options(GString *text, const CliProgram *program)
{
    g_string_append(text, "\n## Options\n");
    for (const OptionEntry *entry = program->options; entry->name; entry++) {
        g_autofree char *choices = cli_choices(entry->choices);

        g_string_append_printf(
            text,
            "\n#### %s\n\n%s\n\n* Takes: %s\n* Default: %s%s%s\n"
            "* For: %s\n",
            entry->name, entry->text,
            choices ? choices : cmd_type_name(entry->type),
            entry->fallback ? "`" : "",
            entry->fallback ? entry->fallback : "none",
            entry->fallback ? "`" : "", scope_words(entry->scope));
    }
}

static void
append_events(GString *text, const CliProgram *program)
{
    g_string_append(
        text,
        "\n## Events\n\n"
        "`hook EVENT [--query QUERY] { … }` runs commands when something\n"
        "happens. They see the event's fields as `$field`; a program run by\n"
        "`exec` gets them as `POSTHORN_FIELD` variables (lists one a line, at\n"
        "most 16 KiB each) and whole as one JSON object on standard input. A\n"
        "hook of a `before-…` event is waited for: a program that fails\n"
        "refuses, with its standard error shown; with `exec --filter` the\n"
        "program reads the text on standard input instead and its output\n"
        "becomes the text.\n\n"
        "Hooks stand in the configuration; one that is written at the prompt\n"
        "(`:hook …`) is there until posthorn ends.\n\n"
        "A hook in an account's block hears of that account alone, and what\n"
        "it sets is that account's alone. A query is asked of the index when\n"
        "the index knows the message; events without a message in the index\n"
        "(such as `before-send`) take none. A command from the shell waits\n"
        "for its hooks; what a hook of `shutdown` began is ended after two\n"
        "seconds. What a hook does to messages, itself or by a program that\n"
        "it runs, is not what `undo` takes back: that is the user's.\n\n");
    for (const char *const *event = program->events; event && *event; event++)
        g_string_append_printf(text, "* `%s`\n", *event);
}

char *
cli_manual(const CliProgram *program, GError **error)
{
    g_autoptr(GString) text = g_string_new(introduction);

    g_string_append(text, queries);
    append_commands(text, program);
    if (!append_keys(text, program, error))
        return NULL;
    g_string_append(text, images);
    append_options(text, program);
    append_events(text, program);
    g_string_append(text, sealing);
    return g_string_free(g_steal_pointer(&text), FALSE);
}
