/* The index keeps which tags we wrote; what differs from them is the act of
 * someone else, and done to the rows as it was done there, whatever else
 * changed in them since. */
#include "index_changes.h"

#include "base/log.h"
#include "tags.h"

#include <string.h>

#define KEY "notmuch/lastmod"

enum { SLICE = 50 };

/* A message as the index has it now. */
typedef struct {
    char *id;
    char *written, *tags;
} Told;

static void
told_clear(void *data)
{
    Told *told = data;

    g_free(told->id);
    g_free(told->written);
    g_free(told->tags);
}

static void
add_told(const char *index_id, const char *written, const char *tags,
         void *user)
{
    Told told = { g_strdup(index_id), g_strdup(written), g_strdup(tags) };

    g_array_append_val((GArray *)user, told);
}

bool
index_changes_forget(Store *store, GError **error)
{
    return store_set_value(store, KEY, NULL, error);
}

/* The revision up to which all is taken up, or -1; and the stamp of the index
 * then, or "". */
static gint64
noted(Store *store, char **stamp)
{
    g_autofree char *text = store_value(store, KEY);
    char *end = NULL;
    gint64 lastmod = text ? g_ascii_strtoll(text, &end, 10) : -1;

    *stamp = g_strdup(end && *end ? end + 1 : "");
    return lastmod;
}

bool
index_changes_may_wait(Store *store, const char *index_dir)
{
    g_autofree char *stamp = NULL;
    g_autofree char *now = NULL;

    if (noted(store, &stamp) < 0)
        return false;
    now = index_stamp(index_dir);
    return g_strcmp0(stamp, now) != 0;
}

bool
index_changes_wait(Store *store, const char *index_dir)
{
    g_autofree char *stamp = NULL;
    gint64 lastmod = noted(store, &stamp);

    return index_changes_may_wait(store, index_dir)
           && index_revision(index_dir) > (guint64)lastmod;
}

bool
index_changes_note(Store *store, IndexWriter *writer, GError **error)
{
    g_autofree char *stamp = index_writer_stamp(writer);
    g_autofree char *text = g_strdup_printf(
        "%lu %s", index_writer_revision(writer), stamp ? stamp : "");
    g_autofree char *known = store_value(store, KEY);

    return g_strcmp0(text, known) == 0
           || store_set_value(store, KEY, text, error);
}

/* Words of one that the other has not, as "+word" or "-word". */
static void
add_differences(GPtrArray *change, const char *words, const char *others,
                char sign)
{
    g_auto(GStrv) all = g_strsplit(words, " ", -1);
    g_auto(GStrv) known = g_strsplit(others, " ", -1);

    for (char **word = all; *word; word++)
        if (**word && strcmp(*word, "attachment") != 0
            && !g_strv_contains((const char *const *)known, *word))
            g_ptr_array_add(change, g_strdup_printf("%c%s", sign, *word));
}

static bool
change_row(Store *store, gint64 id, const TagChange *change, GError **error)
{
    g_autoptr(StoreRow) row = store_row(store, id, error);
    g_autofree char *tags = row ? tag_change_tags(change, row->tags) : NULL;

    return row
           && store_set_flags(store, id, tag_change_flags(change, row->flags),
                              error)
           && store_set_tags(store, id, tags, error);
}

static bool
change_rows(Store *store, const GArray *ids, GPtrArray *words, GError **error)
{
    g_auto(TagChange) change = { 0 };

    g_ptr_array_add(words, NULL);
    if (!tag_change_parse((const char *const *)words->pdata, &change, NULL))
        return true; /* a tag that no row can have */
    for (guint i = 0; i < ids->len; i++)
        if (!change_row(store, g_array_index(ids, gint64, i), &change, error))
            return false;
    return true;
}

static bool
take_one(Store *store, const Told *told, bool *changed, GError **error)
{
    g_autoptr(GPtrArray) change = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) ids = NULL;

    add_differences(change, told->tags, told->written, '+');
    add_differences(change, told->written, told->tags, '-');
    if (change->len == 0)
        return true;
    ids = store_find_id(store, told->id, error);
    *changed |= ids && ids->len > 0;
    return ids && change_rows(store, ids, change, error);
}

static bool
take_slice(Store *store, const Told *told, guint n, bool *changed,
           GError **error)
{
    bool ok = store_begin(store, error);

    if (!ok)
        return false;
    for (guint i = 0; ok && i < n; i++)
        ok = take_one(store, &told[i], changed, error);
    return store_end(store, ok, ok ? error : NULL) && ok;
}

/* Nobody waits for longer than a slice to write; what was taken up and not
 * noted is only done twice. */
static bool
take_all(Store *store, const GArray *all, bool *changed, GError **error)
{
    for (guint i = 0; i < all->len; i += SLICE)
        if (!take_slice(store, &g_array_index(all, Told, i),
                        MIN(SLICE, all->len - i), changed, error))
            return false;
    return true;
}

bool
index_changes_take(Store *store, IndexWriter *writer, bool *changed,
                   GError **error)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Told));
    g_autofree char *stamp = NULL;
    gint64 noted_last = noted(store, &stamp);
    unsigned long lastmod = (unsigned long)noted_last;

    g_array_set_clear_func(all, told_clear);
    if (noted_last >= 0 && index_writer_revision(writer) == lastmod)
        return true;
    if (noted_last >= 0 && index_writer_revision(writer) > lastmod) {
        if (!index_writer_changes(writer, &lastmod, add_told, all, error)
            || !take_all(store, all, changed, error))
            return false;
        if (*changed)
            log_add(LOG_INFO, "index", "tags changed by notmuch are taken up");
    }
    return index_changes_note(store, writer, error);
}
