/* The text of `posthorn help`, from the table of commands. */
#include "cli_help.h"

#include "base/err.h"
#include "cmd/value.h"

#include <string.h>

enum {
    NAME_COLUMN = 16
};

const char **
cli_groups(const CliProgram *program)
{
    g_autofree const CmdEntry **all = cmd_table_all(program->table);
    g_autoptr(GPtrArray) groups = g_ptr_array_new();

    for (const CmdEntry **entry = all; *entry; entry++) {
        const char *group = (*entry)->group;

        if (group
            && !g_ptr_array_find_with_equal_func(groups, group, g_str_equal,
                                                 NULL))
            g_ptr_array_add(groups, (char *)group);
    }
    g_ptr_array_add(groups, NULL);
    return (const char **)g_ptr_array_free(g_steal_pointer(&groups), FALSE);
}

/* Commands of a group that a shell can run. */
static void
append_group(GString *text, const CliProgram *program, const char *group)
{
    g_autofree const CmdEntry **all = cmd_table_all(program->table);
    bool headed = false;

    for (const CmdEntry **entry = all; *entry; entry++) {
        if ((*entry)->needs_screen || g_strcmp0((*entry)->group, group) != 0)
            continue;
        if (!headed)
            g_string_append_printf(text, "\n%s:\n", group);
        headed = true;
        g_string_append_printf(text, "  %-*s %s\n", NAME_COLUMN, (*entry)->name,
                               (*entry)->help);
    }
}

static char *
overview(const CliProgram *program)
{
    g_autofree const char **groups = cli_groups(program);
    GString *text = g_string_new(NULL);

    g_string_append_printf(
        text,
        "posthorn %s: mail in the terminal\n\n"
        "Usage: posthorn [-c FILE] [--log FILE] [COMMAND [WORD…]]\n\n"
        "  posthorn               opens the screen\n"
        "  posthorn COMMAND …     runs a command; in the running instance "
        "when there is one\n"
        "  posthorn help COMMAND  says more about a command\n\n"
        "Options:\n"
        "  -c, --config FILE      another configuration file\n"
        "      --log FILE         write what happens there, secrets masked\n"
        "  -h, --help             this text\n"
        "  -V, --version          the version\n",
        program->version);
    for (const char **group = groups; *group; group++)
        append_group(text, program, *group);
    g_string_append(text, "\nExit status: 0 done, 1 failed, 2 wrong usage.\n");
    return g_string_free(text, FALSE);
}

char *
cli_flag_usage(const CmdFlag *flag)
{
    GString *text = g_string_new(NULL);

    if (flag->letter)
        g_string_append_printf(text, "-%c, ", flag->letter);
    g_string_append_printf(text, "--%s", flag->name);
    if (flag->type != CMD_BOOL)
        g_string_append_printf(text, " %s", cmd_type_name(flag->type));
    return g_string_free(text, FALSE);
}

void
cli_append_indented(GString *text, const char *lines)
{
    g_auto(GStrv) each = g_strsplit(lines, "\n", -1);

    for (char **line = each; *line; line++)
        g_string_append_printf(text, "%s%s\n", **line ? "    " : "", *line);
}

char *
cli_choices(const char *const *choices)
{
    return choices ? g_strjoinv(", ", (char **)choices) : NULL;
}

static char *
of_command(const CmdEntry *entry)
{
    g_autofree char *usage = cmd_usage(entry);
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "Usage: %s%s\n\n%s.\n",
                           entry->needs_screen ? ":" : "posthorn ", usage,
                           entry->help);
    for (const CmdFlag *flag = entry->flags; flag->name; flag++) {
        g_autofree char *form = cli_flag_usage(flag);
        g_autofree char *choices = cli_choices(flag->choices);

        g_string_append_printf(text, "%s  %-24s %s%s%s\n",
                               flag == entry->flags ? "\n" : "", form,
                               flag->help ? flag->help : "",
                               choices ? ": " : "", choices ? choices : "");
    }
    if (entry->example) {
        g_string_append(text, "\nFor example, in posthorn.conf:\n\n");
        cli_append_indented(text, entry->example);
    }
    if (entry->alias)
        g_string_append_printf(text, "\nAlso called %s.\n", entry->alias);
    if (entry->needs_screen)
        g_string_append(text, "\nNeeds the screen.\n");
    if (entry->undo)
        g_string_append(text, "\n`undo` takes it back.\n");
    return g_string_free(text, FALSE);
}

char *
cli_help(const CliProgram *program, const char *name, GError **error)
{
    const CmdEntry *entry;
    const char *near;

    if (name == NULL)
        return overview(program);
    entry = cmd_table_find(program->table, name);
    if (entry)
        return of_command(entry);
    near = cmd_table_nearest(program->table, name);
    if (near)
        return err_null(error, ERR_USAGE,
                        "there is no command %s: did you mean %s?", name, near);
    return err_null(error, ERR_USAGE,
                    "there is no command %s: `posthorn "
                    "help` lists them",
                    name);
}
