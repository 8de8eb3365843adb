/* A message that is gone from its mailbox while the user changed its flags or
 * tags here may only have been moved by another program: what he changed is
 * carried to where it turns up, known by its Message-ID, within one round of
 * all folders. After that it was deleted there, and stays so. */
#include "sync_private.h"

#include <stdlib.h>
#include <string.h>

/* What the keys of all begin with; a Message-ID follows. */
static char *
carry_key(const Sync *sync, const char *message_id)
{
    return g_strconcat("carry/", sync->account, "/", message_id, NULL);
}

GHashTable *
sync_carry(const Sync *sync)
{
    g_autofree char *prefix = carry_key(sync, NULL);

    return store_values(sync->store, prefix);
}

bool
sync_carry_end(const Sync *sync, GError **error)
{
    g_autoptr(GHashTable) carried = sync_carry(sync);
    GHashTableIter iter;
    void *key;
    bool ok = true;

    if (g_hash_table_size(carried) == 0)
        return true;
    if (!store_begin(sync->store, error))
        return false;
    g_hash_table_iter_init(&iter, carried);
    while (ok && g_hash_table_iter_next(&iter, &key, NULL))
        ok = store_set_value(sync->store, key, NULL, error);
    return store_end(sync->store, ok, ok ? error : NULL) && ok;
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

static char *
changed_tags(const char *tags, char **changes)
{
    char *all = g_strdup(tags);

    for (char **change = changes; *change; change++) {
        g_autofree char *before = all;

        all = store_words_change(before, *change + 1, **change == '+');
    }
    return all;
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
    gint64 id;

    if (changes == NULL || row->message_id == NULL || row->folder == 0)
        return true;
    id = elsewhere(sync, row);
    if (id)
        return apply(sync, id, changes, error);
    key = carry_key(sync, row->message_id);
    return store_set_value(sync->store, key, changes, error);
}

bool
sync_carry_take(const Sync *sync, GHashTable *carried, gint64 id,
                const char *message_id, GError **error)
{
    g_autofree char *key = NULL;
    const char *changes;

    if (message_id == NULL || g_hash_table_size(carried) == 0)
        return true;
    key = carry_key(sync, message_id);
    changes = g_hash_table_lookup(carried, key);
    return changes == NULL || apply(sync, id, changes, error);
}
