/* One call: words sorted into flags and arguments, and what the functions of
 * commands ask of it. */
#include "cmd_private.h"

#include "base/err.h"
#include "base/paths.h"
#include "base/text.h"

#include <string.h>

typedef struct {
    CmdCall *call;
    const CmdWords *words;
    guint at;       /* the next word */
    bool only_args; /* after "--" */
    GError **error;
} Sorter;

static CmdWord *
word_at(const Sorter *sorter)
{
    return sorter->words->pdata[sorter->at];
}

/* Is an argument of this type taken by the command? */
static bool
takes(const CmdEntry *entry, CmdType type)
{
    for (const CmdArg *arg = entry->args; arg->name; arg++)
        if (arg->type == type)
            return true;
    return false;
}

static const CmdFlag *
find_flag(const CmdEntry *entry, const char *name, gsize size, char letter)
{
    for (const CmdFlag *flag = entry->flags; flag->name; flag++)
        if (letter ? flag->letter == letter
                   : strlen(flag->name) == size
                         && strncmp(flag->name, name, size) == 0)
            return flag;
    return NULL;
}

static bool
unknown_flag(const CmdEntry *entry, const char *word, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const char *near;

    for (const CmdFlag *flag = entry->flags; flag->name; flag++)
        g_ptr_array_add(names, (char *)flag->name);
    g_ptr_array_add(names, NULL);
    near = text_nearest(word + strspn(word, "-"),
                        (const char *const *)names->pdata);
    if (near)
        return err_set(error, ERR_USAGE, "%s has no %s: did you mean --%s?",
                       entry->name, word, near);
    return err_set(error, ERR_USAGE, "%s has no %s: see `help %s`", entry->name,
                   word, entry->name);
}

/* A value as commands get it: a path from the folder that the user stands in,
 * which need not be the program's. g_free(). */
static char *
value_of(const CmdCall *call, CmdType type, const char *text)
{
    const char *folder = call->context->folder;
    g_autofree char *path = NULL;

    if (type != CMD_PATH || strcmp(text, "-") == 0)
        return g_strdup(text);
    path = paths_expand(text);
    if (folder && !g_path_is_absolute(path))
        return g_build_filename(folder, path, NULL);
    return g_steal_pointer(&path);
}

static bool
set_flag(Sorter *sorter, const CmdFlag *flag, const char *value)
{
    GHashTable *flags = sorter->call->flags;
    GPtrArray *values = g_hash_table_lookup(flags, flag->name);
    g_autoptr(GError) bad = NULL;

    if (flag->type != CMD_BOOL
        && !cmd_value_check(flag->type, flag->choices, value, &bad))
        return err_set(sorter->error, ERR_USAGE, "%s --%s takes %s, not %s",
                       sorter->call->entry->name, flag->name, bad->message,
                       value);
    if (values == NULL) {
        values = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(values, NULL);
        g_hash_table_insert(flags, (void *)flag->name, values);
    }
    g_ptr_array_insert(values, (int)values->len - 1,
                       value_of(sorter->call, flag->type, value));
    return true;
}

/* The value of a flag: behind "=" or as the next word. */
static bool
take_value(Sorter *sorter, const CmdFlag *flag, const char *attached)
{
    if (attached == NULL && sorter->at + 1 < sorter->words->len) {
        sorter->at++;
        attached = word_at(sorter)->text;
    }
    if (attached == NULL)
        return err_set(sorter->error, ERR_USAGE, "%s --%s needs a value: %s",
                       sorter->call->entry->name, flag->name,
                       cmd_type_name(flag->type));
    return set_flag(sorter, flag, attached);
}

static bool
take_long(Sorter *sorter, const char *word)
{
    const char *equals = strchr(word, '=');
    gsize size = equals ? (gsize)(equals - word - 2) : strlen(word + 2);
    const CmdFlag *flag = find_flag(sorter->call->entry, word + 2, size, 0);

    if (flag == NULL)
        return unknown_flag(sorter->call->entry, word, sorter->error);
    if (flag->type != CMD_BOOL)
        return take_value(sorter, flag, equals ? equals + 1 : NULL);
    if (equals)
        return err_set(sorter->error, ERR_USAGE, "%s --%s takes no value",
                       sorter->call->entry->name, flag->name);
    return set_flag(sorter, flag, "on");
}

/* "-j", "-jt", "-fFOLDER", "-f FOLDER". */
static bool
take_short(Sorter *sorter, const char *word)
{
    for (const char *letter = word + 1; *letter; letter++) {
        const CmdFlag *flag = find_flag(sorter->call->entry, NULL, 0, *letter);

        if (flag == NULL)
            return unknown_flag(sorter->call->entry, word, sorter->error);
        if (flag->type != CMD_BOOL)
            return take_value(sorter, flag, letter[1] ? letter + 1 : NULL);
        if (!set_flag(sorter, flag, "on"))
            return false;
    }
    return true;
}

/* The argument that the next word without a flag is for; NULL: none is left. */
static const CmdArg *
next_arg(const CmdCall *call)
{
    const CmdArg *arg = call->entry->args;

    for (guint i = 0; arg->name && i < call->args->len; i++)
        arg++;
    return arg->name ? arg : NULL;
}

/* What stands between the braces, its first line indented as it was, so that
 * errors name true columns. g_free(). */
static char *
block_text(const CmdWord *word)
{
    return g_strdup_printf("%*s%s", (int)word->column, "", word->text);
}

static bool
take_arg(Sorter *sorter, const CmdWord *word)
{
    CmdCall *call = sorter->call;
    const CmdArg *arg = next_arg(call);
    g_autoptr(GError) bad = NULL;

    if (word->is_block) {
        g_ptr_array_add(call->blocks, (void *)word);
        if (arg == NULL || arg->type != CMD_BLOCK)
            return err_set(sorter->error, ERR_USAGE, "%s takes no { block }",
                           call->entry->name);
        g_ptr_array_add(call->args, block_text(word));
        return true;
    }
    if (arg == NULL || arg->type == CMD_BLOCK)
        return err_set(sorter->error, ERR_USAGE,
                       "%s does not take \"%s\": see `help %s`",
                       call->entry->name, word->text, call->entry->name);
    if (!cmd_value_check(arg->type, arg->choices, word->text, &bad))
        return err_set(sorter->error, ERR_USAGE, "%s %s takes %s, not \"%s\"",
                       call->entry->name, arg->name, bad->message, word->text);
    if (arg->repeated)
        g_ptr_array_insert(call->rest, (int)call->rest->len - 1,
                           value_of(call, arg->type, word->text));
    else
        g_ptr_array_add(call->args, value_of(call, arg->type, word->text));
    return true;
}

/* Does this word hold flags? A tag to be removed ("-todo") does not; nor does
 * anything behind the first word of a command given as argument. */
static bool
is_flag(const Sorter *sorter, const CmdWord *word)
{
    const CmdEntry *entry = sorter->call->entry;
    const char *text = word->text;

    if (sorter->only_args || word->is_block || word->is_quoted || text[0] != '-'
        || text[1] == '\0')
        return false;
    if (text[1] != '-' && text[2] != '\0' && takes(entry, CMD_TAG))
        return false;
    return !(takes(entry, CMD_COMMAND)
             && sorter->call->rest->len + sorter->call->args->len > 1);
}

static bool
sort_word(Sorter *sorter)
{
    CmdWord *word = word_at(sorter);

    if (!is_flag(sorter, word))
        return take_arg(sorter, word);
    if (strcmp(word->text, "--") == 0) {
        sorter->only_args = true;
        return true;
    }
    return word->text[1] == '-' ? take_long(sorter, word->text)
                                : take_short(sorter, word->text);
}

static bool
check_complete(const CmdCall *call, GError **error)
{
    const CmdArg *arg = next_arg(call);
    g_autofree char *usage = NULL;

    if (arg == NULL || arg->optional || (arg->repeated && call->rest->len > 1))
        return true;
    usage = cmd_usage(call->entry);
    return err_set(error, ERR_USAGE, "%s needs %s: %s", call->entry->name,
                   arg->name, usage);
}

CmdCall *
cmd_call_create(CmdContext *context, const CmdEntry *entry,
                const CmdWords *words, GError **error)
{
    g_autoptr(CmdCall) call = g_new0(CmdCall, 1);
    Sorter sorter = { .call = call, .words = words, .error = error };

    call->context = context;
    call->entry = entry;
    call->flags = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                        (GDestroyNotify)g_ptr_array_unref);
    call->args = g_ptr_array_new_with_free_func(g_free);
    call->rest = g_ptr_array_new_with_free_func(g_free);
    call->blocks = g_ptr_array_new();
    g_ptr_array_add(call->rest, NULL);
    for (sorter.at = 1; sorter.at < words->len; sorter.at++)
        if (!sort_word(&sorter))
            return NULL;
    return check_complete(call, error) ? g_steal_pointer(&call) : NULL;
}

void
cmd_call_free(CmdCall *call)
{
    if (call == NULL)
        return;
    g_hash_table_unref(call->flags);
    g_ptr_array_unref(call->args);
    g_ptr_array_unref(call->rest);
    g_ptr_array_unref(call->blocks);
    g_clear_error(&call->error);
    g_free(call);
}

CmdContext *
cmd_context(const CmdCall *call)
{
    return call->context;
}

bool
cmd_is_by_hand(const CmdContext *context)
{
    return context->origin == CMD_FROM_KEY
           || context->origin == CMD_FROM_PROMPT;
}

void *
cmd_session(const CmdCall *call)
{
    return call->context->session;
}

const CmdEntry *
cmd_entry(const CmdCall *call)
{
    return call->entry;
}

Printer *
cmd_out(const CmdCall *call)
{
    return call->context->out;
}

bool
cmd_has(const CmdCall *call, const char *flag)
{
    return g_hash_table_contains(call->flags, flag);
}

const char *const *
cmd_flag_all(const CmdCall *call, const char *flag)
{
    GPtrArray *values = g_hash_table_lookup(call->flags, flag);

    return values ? (const char *const *)values->pdata : NULL;
}

/* The last one counts, as everywhere. */
const char *
cmd_flag(const CmdCall *call, const char *flag)
{
    GPtrArray *values = g_hash_table_lookup(call->flags, flag);

    return values ? values->pdata[values->len - 2] : NULL;
}

gint64
cmd_flag_int(const CmdCall *call, const char *name, gint64 otherwise)
{
    const char *value = cmd_flag(call, name);
    const CmdFlag *flag = find_flag(call->entry, name, strlen(name), 0);

    return value && flag ? cmd_value_int(flag->type, value) : otherwise;
}

const char *
cmd_arg(const CmdCall *call, guint index)
{
    return index < call->args->len ? call->args->pdata[index] : NULL;
}

gint64
cmd_arg_int(const CmdCall *call, guint index, gint64 otherwise)
{
    const char *value = cmd_arg(call, index);

    return value ? cmd_value_int(call->entry->args[index].type, value)
                 : otherwise;
}

const char *const *
cmd_rest(const CmdCall *call)
{
    return (const char *const *)call->rest->pdata;
}

const char *
cmd_block(const CmdCall *call, guint *line)
{
    if (call->blocks->len == 0)
        return NULL;
    *line = ((const CmdWord *)call->blocks->pdata[0])->line;
    return call->args->pdata[call->args->len - 1];
}

int
cmd_count(const CmdCall *call)
{
    return MAX(call->context->count, 1);
}

CmdResult
cmd_fail(CmdCall *call, GError *error)
{
    g_clear_error(&call->error);
    call->error = error;
    return CMD_FAILED;
}

CmdResult
cmd_fail_placed(CmdCall *call, GError *error)
{
    call->placed = error != NULL;
    return cmd_result(call, error);
}

CmdResult
cmd_fail_usage(CmdCall *call, const char *format, ...)
{
    g_autofree char *text = NULL;
    GError *error = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    err_set(&error, ERR_USAGE, "%s", text);
    return cmd_fail(call, error);
}

CmdResult
cmd_result(CmdCall *call, GError *error)
{
    return error ? cmd_fail(call, error) : CMD_DONE;
}
