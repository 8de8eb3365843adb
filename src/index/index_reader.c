/* Queries. A reader goes stale when the writer commits (libnotmuch 0.37 then
 * reports a Xapian exception): it is opened again and asked again. */
#include "index_private.h"

#include "base/err.h"

#include <string.h>

enum { TRIES = 5 };

struct IndexReader {
    char *dir;
    char *mail_root;
    notmuch_database_t *database; /* NULL: to be opened */
};

IndexReader *
index_reader_create(const char *dir, const char *mail_root)
{
    IndexReader *reader = g_new0(IndexReader, 1);

    reader->dir = g_strdup(dir);
    reader->mail_root = g_strdup(mail_root);
    return reader;
}

static void
forget(IndexReader *reader)
{
    if (reader->database)
        notmuch.database_destroy(reader->database);
    reader->database = NULL;
}

void
index_reader_destroy(IndexReader *reader)
{
    if (reader == NULL)
        return;
    forget(reader);
    g_free(reader->dir);
    g_free(reader->mail_root);
    g_free(reader);
}

bool
index_reader_exists(const IndexReader *reader)
{
    return index_exists(reader->dir);
}

/* Up to date: a handle that others committed behind is reopened. */
static bool
ready(IndexReader *reader, GError **error)
{
    if (reader->database
        && notmuch.database_reopen(reader->database,
                                   NOTMUCH_DATABASE_MODE_READ_ONLY)
            != NOTMUCH_STATUS_SUCCESS)
        forget(reader);
    if (reader->database == NULL)
        reader->database = index_open(reader->dir, false, error);
    return reader->database != NULL;
}

static bool
bad_query(const IndexReader *reader, const char *query,
          notmuch_status_t status, GError **error)
{
    const char *why = notmuch.database_status_string(reader->database);
    g_autofree char *line = g_strdelimit(
        g_strdup(why && *why ? why : notmuch.status_to_string(status)),
        "\r\n", ' ');

    return err_set(error, ERR_USAGE, "the query \"%s\" is not understood: %s",
                   query, g_strstrip(line));
}

static bool
damaged(const IndexReader *reader, const char *why, GError **error)
{
    g_autofree char *line = g_strdelimit(g_strdup(why), "\r\n", ' ');

    return err_set(error, ERR_LOCAL, "%s: %s", reader->dir, g_strstrip(line));
}

static notmuch_query_t *
make_query(IndexReader *reader, const char *text, GError **error)
{
    notmuch_query_t *query = NULL;
    notmuch_status_t status = notmuch.query_create_with_syntax(
        reader->database, text, NOTMUCH_QUERY_SYNTAX_XAPIAN, &query);

    if (status != NOTMUCH_STATUS_SUCCESS) {
        bad_query(reader, text, status, error);
        return NULL;
    }
    notmuch.query_set_sort(query, NOTMUCH_SORT_NEWEST_FIRST);
    notmuch.query_set_omit_excluded(query, NOTMUCH_EXCLUDE_FALSE);
    return query;
}

/* Walks the messages; false without error: the handle went stale. */
static bool
collect(notmuch_messages_t *messages, GPtrArray *ids, guint limit,
        GCancellable *cancel)
{
    while (notmuch.messages_valid(messages)
           && (limit == 0 || ids->len < limit)
           && !g_cancellable_is_cancelled(cancel)) {
        notmuch_message_t *message = notmuch.messages_get(messages);
        const char *id =
            message ? notmuch.message_get_message_id(message) : NULL;

        if (id == NULL)
            return false;
        g_ptr_array_add(ids, g_strdup(id));
        notmuch.message_destroy(message);
        notmuch.messages_move_to_next(messages);
    }
    return true;
}

typedef enum { ASKED, STALE, FAILED } Asked;

static Asked
ask(IndexReader *reader, const char *text, guint limit, GPtrArray *ids,
    GCancellable *cancel, GError **error)
{
    notmuch_query_t *query = make_query(reader, text, error);
    notmuch_messages_t *messages = NULL;
    notmuch_status_t status;
    Asked asked = ASKED;

    if (query == NULL)
        return FAILED;
    status = notmuch.query_search_messages(query, &messages);
    if (status == NOTMUCH_STATUS_XAPIAN_EXCEPTION) {
        const char *why = notmuch.database_status_string(reader->database);

        asked = why && (strstr(why, "query") || strstr(why, "orrupt"))
            ? FAILED : STALE;
        if (asked == FAILED && strstr(why, "orrupt"))
            damaged(reader, why, error);
        else if (asked == FAILED)
            bad_query(reader, text, status, error);
    } else if (status != NOTMUCH_STATUS_SUCCESS) {
        bad_query(reader, text, status, error);
        asked = FAILED;
    } else if (!collect(messages, ids, limit, cancel)) {
        asked = STALE;
    }
    notmuch.query_destroy(query);
    return asked;
}

GPtrArray *
index_search(IndexReader *reader, const char *query, guint limit,
             GCancellable *cancel, GError **error)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);

    if (!index_exists(reader->dir))
        return g_steal_pointer(&ids);
    for (int i = 0; i < TRIES; i++) {
        Asked asked;

        g_ptr_array_set_size(ids, 0);
        if (!ready(reader, error))
            return NULL;
        asked = ask(reader, query, limit, ids, cancel, error);
        if (g_cancellable_is_cancelled(cancel)) {
            g_clear_error(error);
            return err_null(error, ERR_CANCELLED, "cancelled");
        }
        if (asked == ASKED)
            return g_steal_pointer(&ids);
        if (asked == FAILED)
            return NULL;
        forget(reader);
    }
    return err_null(error, ERR_RETRY, "%s changes too fast to be read",
                    reader->dir);
}

gint64
index_count(IndexReader *reader, const char *text, GError **error)
{
    for (int i = 0; index_exists(reader->dir) && i < TRIES; i++) {
        notmuch_query_t *query;
        unsigned count = 0;
        notmuch_status_t status;

        if (!ready(reader, error))
            return -1;
        query = make_query(reader, text, error);
        if (query == NULL)
            return -1;
        status = notmuch.query_count_messages(query, &count);
        notmuch.query_destroy(query);
        if (status == NOTMUCH_STATUS_SUCCESS)
            return count;
        forget(reader);
    }
    return 0;
}

char **
index_all_tags(IndexReader *reader, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    notmuch_tags_t *tags = NULL;

    if (index_exists(reader->dir)) {
        if (!ready(reader, error))
            return NULL;
        tags = notmuch.database_get_all_tags(reader->database);
    }
    for (; tags && notmuch.tags_valid(tags); notmuch.tags_move_to_next(tags))
        g_ptr_array_add(names, g_strdup(notmuch.tags_get(tags)));
    if (tags)
        notmuch.tags_destroy(tags);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_steal(names, NULL);
}
