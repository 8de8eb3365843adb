/* A message that is gone from its mailbox while the user changed its flags or
 * tags here may only have been moved by another program: what he changed is
 * carried to where it turns up, known by its Message-ID, within one round of
 * all folders. After that it was deleted there, and stays so. */
#include "sync_private.h"

#include <stdlib.h>
#include <string.h>

static char *
carry_key(const Sync *sync)
{
    return g_strconcat("carry/", sync->account, NULL);
}

char *
sync_carry(const Sync *sync)
{
    g_autofree char *key = carry_key(sync);

    return store_value(sync->store, key);
}

bool
sync_carry_end(const Sync *sync, GError **error)
{
    g_autofree char *key = carry_key(sync);
    g_autofree char *text = sync_carry(sync);

    return text == NULL || store_set_value(sync->store, key, NULL, error);
}

/* Words of a that are not in b, each with sign in front. */
static void
add_words(GString *to, const char *a, const char *b, char sign)
{
    g_auto(GStrv) words = g_strsplit(a, " ", -1);
    g_auto(GStrv) others = g_strsplit(b, " ", -1);

    for (char **word = words; *word; word++)
        if (**word && !g_strv_contains((const char *const *)others, *word))
            g_string_append_printf(to, " %c%s", sign, *word);
}

/* "set cleared [+tag|-tag]…"; NULL: the user changed nothing. */
static char *
changes_of(const StoreRow *row)
{
    unsigned set = row->flags & ~row->server_flags & STORE_SYSTEM_FLAGS;
    unsigned cleared = row->server_flags & ~row->flags & STORE_SYSTEM_FLAGS;
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_printf(text, "%u %u", set, cleared);
    add_words(text, row->tags, row->server_tags, '+');
    add_words(text, row->server_tags, row->tags, '-');
    if (set == 0 && cleared == 0
        && strchr(strchr(text->str, ' ') + 1, ' ') == NULL)
        return NULL;
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static int
by_word(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *
changed_tags(const char *tags, char **changes)
{
    g_auto(GStrv) words = g_strsplit(tags, " ", -1);
    g_autoptr(GPtrArray) all = g_ptr_array_new();

    for (char **word = words; *word; word++) {
        g_autofree char *minus = g_strconcat("-", *word, NULL);

        if (**word && !g_strv_contains((const char *const *)changes, minus))
            g_ptr_array_add(all, *word);
    }
    for (char **change = changes; *change; change++)
        if (**change == '+'
            && !g_strv_contains((const char *const *)words, *change + 1))
            g_ptr_array_add(all, *change + 1);
    g_ptr_array_sort(all, by_word);
    g_ptr_array_add(all, NULL);
    return g_strjoinv(" ", (char **)all->pdata);
}

static bool
apply(const Sync *sync, gint64 id, const char *text, GError **error)
{
    g_autoptr(StoreRow) row = store_row(sync->store, id, error);
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    unsigned set = (unsigned)strtoul(words[0], NULL, 10);
    unsigned cleared = (unsigned)strtoul(words[1], NULL, 10);
    g_autofree char *tags = NULL;

    if (row == NULL)
        return false;
    tags = changed_tags(row->tags, words + 2);
    return store_set_flags(sync->store, id, (row->flags | set) & ~cleared,
                           error)
           && store_set_tags(sync->store, id, tags, error);
}

/* The same message in another mailbox of the account; 0: none yet. */
static gint64
elsewhere(const Sync *sync, const StoreRow *row)
{
    g_autoptr(GArray) ids = store_find_id(sync->store, row->message_id, NULL);

    for (guint i = 0; ids && i < ids->len; i++) {
        gint64 id = g_array_index(ids, gint64, i);
        g_autoptr(StoreRow) other = store_row(sync->store, id, NULL);
        g_autoptr(StoreFolder) folder =
            other && other->server_folder
                ? store_folder(sync->store, other->server_folder, NULL)
                : NULL;

        if (folder && other->server_folder != row->server_folder
            && strcmp(folder->account, sync->account) == 0)
            return id;
    }
    return 0;
}

bool
sync_carry_note(const Sync *sync, const StoreRow *row, GError **error)
{
    g_autofree char *changes = changes_of(row);
    g_autofree char *key = NULL;
    g_autofree char *known = NULL;
    g_autofree char *all = NULL;
    gint64 id;

    if (changes == NULL || row->message_id == NULL || row->folder == 0
        || strchr(row->message_id, '\n'))
        return true;
    id = elsewhere(sync, row);
    if (id)
        return apply(sync, id, changes, error);
    key = carry_key(sync);
    known = sync_carry(sync);
    all = g_strdup_printf("%s%s\n%s\n", known ? known : "", row->message_id,
                          changes);
    return store_set_value(sync->store, key, all, error);
}

bool
sync_carry_take(const Sync *sync, const char *carried, gint64 id,
                const char *message_id, GError **error)
{
    g_auto(GStrv) lines = g_strsplit(carried ? carried : "", "\n", -1);

    for (char **line = lines; message_id && line[0] && line[1]; line += 2)
        if (strcmp(line[0], message_id) == 0)
            return apply(sync, id, line[1], error);
    return true;
}
