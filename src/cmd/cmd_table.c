/* The table of commands. */
#include "cmd_private.h"

#include "base/err.h"
#include "base/text.h"

#include <string.h>

struct CmdTable {
    GHashTable *names;  /* name or alias → CmdEntry */
    GPtrArray *entries; /* CmdEntry, in the order of adding */
};

CmdTable *
cmd_table_create(void)
{
    CmdTable *table = g_new0(CmdTable, 1);

    table->names = g_hash_table_new(g_str_hash, g_str_equal);
    table->entries = g_ptr_array_new();
    return table;
}

void
cmd_table_destroy(CmdTable *table)
{
    if (table == NULL)
        return;
    g_hash_table_unref(table->names);
    g_ptr_array_unref(table->entries);
    g_free(table);
}

static void
add_name(CmdTable *table, const char *name, const CmdEntry *entry)
{
    if (name && !g_hash_table_insert(table->names, (void *)name, (void *)entry))
        g_error("two commands are called %s", name);
}

void
cmd_table_add(CmdTable *table, const CmdEntry *const *entries)
{
    for (; *entries; entries++) {
        add_name(table, (*entries)->name, *entries);
        add_name(table, (*entries)->alias, *entries);
        g_ptr_array_add(table->entries, (void *)*entries);
    }
}

const CmdEntry *
cmd_table_find(const CmdTable *table, const char *name)
{
    return g_hash_table_lookup(table->names, name);
}

static int
compare_entries(gconstpointer a, gconstpointer b)
{
    const CmdEntry *const *one = a;
    const CmdEntry *const *two = b;

    return strcmp((*one)->name, (*two)->name);
}

const CmdEntry **
cmd_table_all(const CmdTable *table)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_copy(table->entries, NULL, NULL);

    g_ptr_array_sort(sorted, compare_entries);
    g_ptr_array_add(sorted, NULL);
    return (const CmdEntry **)g_ptr_array_free(g_steal_pointer(&sorted), FALSE);
}

const char *
cmd_table_nearest(const CmdTable *table, const char *name)
{
    g_autofree const char **names =
        (const char **)g_hash_table_get_keys_as_array(table->names, NULL);

    return text_nearest(name, names);
}

static void
append_arg(GString *usage, const CmdArg *arg)
{
    g_string_append_printf(usage, arg->optional ? " [%s]%s" : " %s%s",
                           arg->name, arg->repeated ? "…" : "");
}

char *
cmd_usage(const CmdEntry *entry)
{
    GString *usage = g_string_new(entry->name);

    for (const CmdFlag *flag = entry->flags; flag->name; flag++)
        if (flag->type == CMD_BOOL)
            g_string_append_printf(usage, " [--%s]", flag->name);
        else
            g_string_append_printf(usage, " [--%s %s]", flag->name,
                                   cmd_type_name(flag->type));
    for (const CmdArg *arg = entry->args; arg->name; arg++)
        append_arg(usage, arg);
    return g_string_free(usage, FALSE);
}
