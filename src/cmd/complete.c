/* Completion. The line is cut by the grammar's own reader, so that what is
 * completed is what would be run. Must not know a value of mail: those come
 * from the callback. */
#include "cmd/complete.h"

#include "base/paths.h"
#include "cmd/parse.h"

#include <string.h>

enum {
    MAX_CANDIDATES = 1000
};

/* Where the command and the word that ends at the cursor begin. */
typedef struct {
    gsize command;
    gsize word;
    char quote; /* that is open at the cursor; or 0 */
} Place;

typedef struct {
    const CmdCompletion *in;
    const char *partial; /* the word so far, quotes taken off */
    const char *before;  /* put before every candidate: "--to=", "+" */
    GPtrArray *candidates;
} Completer;

/* What a word stands for. */
typedef struct {
    CmdType type;
    const char *const *choices;
} Slot;

static void
candidate_free(void *data)
{
    CmdCandidate *candidate = data;

    g_free(candidate->text);
    g_free(candidate->help);
    g_free(candidate->key);
    g_free(candidate);
}

GPtrArray *
cmd_candidates_create(void)
{
    return g_ptr_array_new_with_free_func(candidate_free);
}

void
cmd_candidates_add(GPtrArray *candidates, const char *text, const char *help)
{
    CmdCandidate *candidate;

    if (candidates->len >= MAX_CANDIDATES)
        return;
    candidate = g_new0(CmdCandidate, 1);
    candidate->text = g_strdup(text);
    candidate->help = g_strdup(help);
    g_ptr_array_add(candidates, candidate);
}

static bool
begins_command(char c)
{
    return c == ';' || c == '\n' || c == '{' || c == '}';
}

static Place
find_place(const char *line, gsize cursor)
{
    Place place = { 0, 0, 0 };

    for (gsize i = 0; i < cursor && line[i]; i++) {
        char c = line[i];

        if (c == '\\' && place.quote != '\'') {
            i++;
        } else if (place.quote) {
            place.quote = c == place.quote ? 0 : place.quote;
        } else if (c == '"' || c == '\'') {
            place.quote = c;
        } else if (begins_command(c)) {
            place.command = place.word = i + 1;
        } else if (g_ascii_isspace(c)) {
            place.word = i + 1;
        }
    }
    return place;
}

/* The only command of a piece of the line; NULL: none. */
static CmdWords *
read_words(const char *text)
{
    g_autoptr(GPtrArray) commands = cmd_parse(text, NULL, 1, NULL, NULL);

    if (commands == NULL || commands->len == 0)
        return NULL;
    return g_ptr_array_ref(commands->pdata[0]);
}

static char *
read_partial(const char *line, const Place *place, gsize cursor)
{
    g_autofree char *text = g_strndup(line + place->word, cursor - place->word);
    char quote[] = { place->quote, '\0' };
    g_autofree char *closed = g_strconcat(text, quote, NULL);
    g_autoptr(GPtrArray) words = read_words(closed);

    return g_strdup(words ? ((CmdWord *)words->pdata[0])->text : "");
}

/* Adds one whose text is not yet quoted. */
static void
add(Completer *to, const char *text, const char *help)
{
    g_autofree char *whole = g_strconcat(to->before, text, NULL);
    g_autofree char *quoted = cmd_quote(whole);

    cmd_candidates_add(to->candidates, quoted, help);
}

/* The same, when it begins as what was typed. */
static void
offer(Completer *to, const char *text, const char *help)
{
    if (g_str_has_prefix(text, to->partial))
        add(to, text, help);
}

static void
offer_all(Completer *to, const char *const *texts)
{
    for (; texts && *texts; texts++)
        offer(to, *texts, NULL);
}

static void
offer_command(Completer *to, const CmdEntry *entry)
{
    const CmdCompletion *in = to->in;
    const char *key = in->keys && in->key_context
                          ? keys_for(in->keys, in->key_context, entry->name)
                          : NULL;
    CmdCandidate *candidate;

    cmd_candidates_add(to->candidates, entry->name, entry->help);
    candidate = to->candidates->pdata[to->candidates->len - 1];
    g_free(candidate->key);
    candidate->key = g_strdup(key);
}

/* Names that begin with what was typed, then those that contain it. */
static void
offer_commands(Completer *to)
{
    g_autofree const CmdEntry **all = cmd_table_all(to->in->table);

    for (const CmdEntry **entry = all; *entry; entry++)
        if (g_str_has_prefix((*entry)->name, to->partial))
            offer_command(to, *entry);
    if (strlen(to->partial) < 2)
        return;
    for (const CmdEntry **entry = all; *entry; entry++)
        if (!g_str_has_prefix((*entry)->name, to->partial)
            && strstr((*entry)->name, to->partial))
            offer_command(to, *entry);
}

static void
offer_options(Completer *to)
{
    if (to->in->options == NULL)
        return;
    for (const OptionEntry *entry = options_table(to->in->options); entry->name;
         entry++)
        offer(to, entry->name, entry->text);
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names in the folder that the typed path leads to; hidden ones only when
 * asked for by their dot. */
static void
offer_paths(Completer *to)
{
    const char *slash = strrchr(to->partial, '/');
    g_autofree char *typed =
        slash ? g_strndup(to->partial, (gsize)(slash - to->partial) + 1)
              : g_strdup("");
    g_autofree char *folder = paths_expand(*typed ? typed : ".");
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    bool hidden = (slash ? slash[1] : to->partial[0]) == '.';
    const char *name;

    while (dir && (name = g_dir_read_name(dir)))
        if ((name[0] != '.' || hidden) && g_utf8_validate(name, -1, NULL)
            && names->len < MAX_CANDIDATES)
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
        bool is_dir = g_file_test(path, G_FILE_TEST_IS_DIR);
        g_autofree char *text =
            g_strconcat(typed, names->pdata[i], is_dir ? "/" : "", NULL);

        offer(to, text, NULL);
    }
}

/* Values of the rooms above, quoted here. A tag keeps its sign. */
static void
offer_values(Completer *to, CmdType type)
{
    g_autoptr(GPtrArray) values =
        g_ptr_array_new_with_free_func(candidate_free);
    const char *prefix = to->partial;
    char sign[] = { '\0', '\0' };
    g_autofree char *before = NULL;

    if (to->in->values == NULL)
        return;
    if (type == CMD_TAG) {
        sign[0] = *prefix == '-' ? '-' : '+';
        prefix += *prefix == '-' || *prefix == '+';
    }
    before = g_strconcat(to->before, sign, NULL);
    to->in->values(type, prefix, values, to->in->user);
    for (guint i = 0; i < values->len; i++) {
        const CmdCandidate *value = values->pdata[i];
        Completer each = { to->in, prefix, before, to->candidates };

        add(&each, value->text, value->help);
    }
}

static void
offer_slot(Completer *to, const Slot *slot)
{
    static const char *const switches[] = { "on", "off", NULL };

    switch (slot->type) {
    case CMD_BOOL:
        offer_all(to, switches);
        break;
    case CMD_CHOICE:
        offer_all(to, slot->choices);
        break;
    case CMD_EVENT:
        offer_all(to, to->in->events);
        break;
    case CMD_COMMAND:
        offer_commands(to);
        break;
    case CMD_OPTION:
        offer_options(to);
        break;
    case CMD_PATH:
        offer_paths(to);
        break;
    case CMD_QUERY:
    case CMD_FOLDER:
    case CMD_ACCOUNT:
    case CMD_TAG:
    case CMD_ADDRESS:
        offer_values(to, slot->type);
        break;
    default:
        break; /* numbers, times and free text have no list */
    }
}

static const CmdFlag *
flag_named(const CmdEntry *entry, const char *word)
{
    gsize size = strcspn(word, "=");

    for (const CmdFlag *flag = entry->flags; flag->name; flag++) {
        if (g_str_has_prefix(word, "--") && size == strlen(flag->name) + 2
            && strncmp(word + 2, flag->name, size - 2) == 0)
            return flag;
        if (word[0] == '-' && word[1] == flag->letter && word[1]
            && word[2] == '\0')
            return flag;
    }
    return NULL;
}

/* "--to=an": the flag's values behind what is typed. False: not of that
 * form. */
static bool
offer_flag_value(Completer *to, const CmdEntry *entry)
{
    const char *equals = strchr(to->partial, '=');
    const CmdFlag *flag = flag_named(entry, to->partial);
    g_autofree char *before = NULL;

    if (equals == NULL || flag == NULL || flag->type == CMD_BOOL)
        return false;
    before = g_strndup(to->partial, (gsize)(equals - to->partial) + 1);
    Completer inner = { to->in, equals + 1, before, to->candidates };
    Slot slot = { flag->type, flag->choices };
    offer_slot(&inner, &slot);
    return true;
}

static void
offer_flags(Completer *to, const CmdEntry *entry)
{
    if (offer_flag_value(to, entry))
        return;
    for (const CmdFlag *flag = entry->flags; flag->name; flag++) {
        g_autofree char *text = g_strconcat("--", flag->name, NULL);

        offer(to, text, flag->help);
    }
}

/* What `set NAME` is followed by: the type of the option. */
static Slot
option_slot(const CmdCompletion *in, const char *name)
{
    Slot slot = { CMD_STRING, NULL };
    const OptionEntry *option =
        in->options ? options_find(in->options, name) : NULL;

    if (option)
        slot = (Slot){ option->type, option->choices };
    return slot;
}

/* The argument that follows count others; false: none does. */
static bool
argument_slot(const CmdEntry *entry, guint count, Slot *slot)
{
    const CmdArg *arg = entry->args;

    while (arg->name && count > 0 && !arg->repeated) {
        arg++;
        count--;
    }
    *slot = (Slot){ arg->type, arg->choices };
    return arg->name != NULL;
}

static void complete_word(Completer *to, const CmdWords *words, guint first);

/* The word behind the words of entry's command from first on. */
static void
complete_argument(Completer *to, const CmdEntry *entry, const CmdWords *words,
                  guint first)
{
    const char *option = NULL;
    bool only_args = false;
    guint count = 0;
    Slot slot;

    for (guint i = first; i < words->len; i++) {
        const char *text = ((CmdWord *)words->pdata[i])->text;
        const CmdFlag *flag = only_args ? NULL : flag_named(entry, text);
        bool known = argument_slot(entry, count, &slot);

        if (!only_args && strcmp(text, "--") == 0) {
            only_args = true;
        } else if (flag && flag->type != CMD_BOOL && !strchr(text, '=')) {
            slot = (Slot){ flag->type, flag->choices };
            if (++i == words->len) {
                offer_slot(to, &slot);
                return;
            }
        } else if (flag == NULL && known && slot.type == CMD_COMMAND) {
            complete_word(to, words, i);
            return;
        } else if (flag == NULL) {
            option = known && slot.type == CMD_OPTION ? text : NULL;
            count++;
        }
    }
    bool takes = argument_slot(entry, count, &slot);
    bool is_tag =
        takes && slot.type == CMD_TAG && !g_str_has_prefix(to->partial, "--");
    if (to->partial[0] == '-' && !only_args && !is_tag)
        offer_flags(to, entry);
    else if (takes && option && slot.type == CMD_STRING)
        slot = option_slot(to->in, option);
    if (takes && (to->partial[0] != '-' || is_tag))
        offer_slot(to, &slot);
}

/* The word behind words from first on, which begin a command. */
static void
complete_word(Completer *to, const CmdWords *words, guint first)
{
    const CmdEntry *entry;

    if (words == NULL || first >= words->len) {
        offer_commands(to);
        return;
    }
    entry =
        cmd_table_find(to->in->table, ((CmdWord *)words->pdata[first])->text);
    if (entry)
        complete_argument(to, entry, words, first + 1);
}

GPtrArray *
cmd_complete(const CmdCompletion *completion, const char *line, gsize cursor,
             gsize *start)
{
    Place place = find_place(line, MIN(cursor, strlen(line)));
    g_autofree char *head =
        g_strndup(line + place.command, place.word - place.command);
    g_autoptr(GPtrArray) words = read_words(head);
    g_autofree char *partial =
        read_partial(line, &place, MIN(cursor, strlen(line)));
    GPtrArray *candidates = cmd_candidates_create();
    Completer completer = { completion, partial, "", candidates };

    *start = place.word;
    complete_word(&completer, words, 0);
    return candidates;
}

char *
cmd_candidates_common(const GPtrArray *candidates)
{
    const char *first;
    gsize common;

    if (candidates->len == 0)
        return g_strdup("");
    first = ((CmdCandidate *)candidates->pdata[0])->text;
    common = strlen(first);
    for (guint i = 1; i < candidates->len; i++) {
        const char *other = ((CmdCandidate *)candidates->pdata[i])->text;
        gsize same = 0;

        while (same < common && first[same] == other[same])
            same++;
        common = same;
    }
    while (common > 0 && ((guchar)first[common] & 0xc0) == 0x80)
        common--;
    return g_strndup(first, common);
}
