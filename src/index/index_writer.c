/* The only holder of the read-write handle, in one thread, for as long as one
 * small commit takes. */
#include "index_private.h"

#include "base/err.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The tags as they were written last: what differs from them is of others. A
 * property is a term of Xapian, which has 245 bytes. */
#define WRITTEN "posthorn.tags"

enum {
    WRITTEN_MOST = 200
};

struct IndexWriter {
    char *dir;
    char *mail_root;
    notmuch_database_t *database; /* between begin and end */
    unsigned long revision;       /* at the last end */
};

IndexWriter *
index_writer_create(const char *dir, const char *mail_root)
{
    IndexWriter *writer = g_new0(IndexWriter, 1);

    writer->dir = g_strdup(dir);
    writer->mail_root = g_strdup(mail_root);
    return writer;
}

void
index_writer_destroy(IndexWriter *writer)
{
    if (writer == NULL)
        return;
    if (writer->database)
        notmuch.database_destroy(writer->database);
    g_free(writer->dir);
    g_free(writer->mail_root);
    g_free(writer);
}

static bool
check(IndexWriter *writer, notmuch_status_t status, GError **error)
{
    const char *why = status && writer->database
        ? notmuch.database_status_string(writer->database) : NULL;
    g_autofree char *line = g_strdelimit(
        g_strdup(why && *why ? why : notmuch.status_to_string(status)),
        "\r\n", ' ');

    return status == NOTMUCH_STATUS_SUCCESS
        || err_set(error, ERR_LOCAL, "%s: %s", writer->dir,
                   g_strstrip(line));
}

bool
index_writer_begin(IndexWriter *writer, GError **error)
{
    writer->database = index_open(writer->dir, true, error);
    if (writer->database == NULL)
        return false;
    return check(writer, notmuch.database_begin_atomic(writer->database),
                 error);
}

bool
index_writer_end(IndexWriter *writer, GError **error)
{
    notmuch_status_t atomic = notmuch.database_end_atomic(writer->database);
    const char *uuid;
    notmuch_status_t closed;

    writer->revision = notmuch.database_get_revision(writer->database, &uuid);
    closed = notmuch.database_destroy(writer->database);
    writer->database = NULL;
    return check(writer, atomic, error) && check(writer, closed, error);
}

/* Tags that are there and should not be; copied, as removing them ends the
 * walk. */
static GPtrArray *
superfluous(notmuch_message_t *message, char **wanted)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    notmuch_tags_t *tags = notmuch.message_get_tags(message);

    for (; notmuch.tags_valid(tags); notmuch.tags_move_to_next(tags))
        if (!g_strv_contains((const char *const *)wanted,
                             notmuch.tags_get(tags)))
            g_ptr_array_add(names, g_strdup(notmuch.tags_get(tags)));
    notmuch.tags_destroy(tags);
    return names;
}

static bool
set_tags(IndexWriter *writer, notmuch_message_t *message, const char *text,
         GError **error)
{
    g_auto(GStrv) wanted = g_strsplit(text, " ", -1);
    g_autoptr(GPtrArray) old = superfluous(message, wanted);
    notmuch_status_t status = NOTMUCH_STATUS_SUCCESS;
    notmuch_status_t thawed;

    /* Frozen: the document is written once, not once for each tag. */
    notmuch.message_freeze(message);
    for (guint i = 0; i < old->len && !status; i++)
        status = notmuch.message_remove_tag(message, old->pdata[i]);
    for (char **tag = wanted; *tag && !status; tag++)
        if (**tag && strlen(*tag) < NOTMUCH_TAG_MAX)
            status = notmuch.message_add_tag(message, *tag);
    if (!status)
        status = notmuch.message_remove_all_properties(message, WRITTEN);
    if (!status && strlen(text) <= WRITTEN_MOST)
        status = notmuch.message_add_property(message, WRITTEN, text);
    thawed = notmuch.message_thaw(message);
    return check(writer, status ? status : thawed, error);
}

static bool
refused(notmuch_status_t status)
{
    return status == NOTMUCH_STATUS_FILE_NOT_EMAIL
        || status == NOTMUCH_STATUS_PATH_ERROR
        || status == NOTMUCH_STATUS_FILE_ERROR;
}

/* Copied, as removing one ends the walk. */
static GPtrArray *
files_gone(notmuch_message_t *message)
{
    GPtrArray *gone = g_ptr_array_new_with_free_func(g_free);
    notmuch_filenames_t *names = notmuch.message_get_filenames(message);

    for (; notmuch.filenames_valid(names);
         notmuch.filenames_move_to_next(names)) {
        const char *name = notmuch.filenames_get(names);

        if (access(name, F_OK) != 0 && errno == ENOENT)
            g_ptr_array_add(gone, g_strdup(name));
    }
    notmuch.filenames_destroy(names);
    return gone;
}

static bool
sweep(IndexWriter *writer, notmuch_message_t *message, GError **error)
{
    g_autoptr(GPtrArray) gone = files_gone(message);

    for (guint i = 0; i < gone->len; i++) {
        notmuch_status_t status = notmuch.database_remove_message(
            writer->database, gone->pdata[i]);

        if (status != NOTMUCH_STATUS_DUPLICATE_MESSAGE_ID
            && !check(writer, status, error))
            return false;
    }
    return true;
}

char *
index_writer_add(IndexWriter *writer, const char *path, const char *tags,
                 GError **error)
{
    notmuch_message_t *message = NULL;
    notmuch_status_t status = notmuch.database_index_file(
        writer->database, path, NULL, &message);
    bool known = status == NOTMUCH_STATUS_DUPLICATE_MESSAGE_ID;
    char *id = NULL;

    if (known)
        status = NOTMUCH_STATUS_SUCCESS;
    if (refused(status))
        return err_null(error, ERR_REFUSED, "%s is no mail to notmuch: %s",
                        path, notmuch.status_to_string(status));
    if (!check(writer, status, error))
        return NULL;
    /* A known message may be one whose file has a new name. */
    if (set_tags(writer, message, tags, error)
        && (!known || sweep(writer, message, error)))
        id = g_strdup(notmuch.message_get_message_id(message));
    notmuch.message_destroy(message);
    return id;
}

/* The message of an id, or NULL: not there is no error. */
static notmuch_message_t *
find(IndexWriter *writer, const char *id, GError **error)
{
    notmuch_message_t *message = NULL;

    check(writer,
          notmuch.database_find_message(writer->database, id, &message),
          error);
    return message;
}

static bool
set_property(IndexWriter *writer, notmuch_message_t *message,
             const IndexProperty *property, GError **error)
{
    return check(writer,
                 notmuch.message_remove_all_properties(message, property->key),
                 error)
           && (property->value == NULL
               || check(writer,
                        notmuch.message_add_property(message, property->key,
                                                     property->value),
                        error));
}

/* Frozen, the message is written once. */
static bool
set_properties(IndexWriter *writer, notmuch_message_t *message,
               const IndexProperty *properties, guint n, GError **error)
{
    bool ok = check(writer, notmuch.message_freeze(message), error);

    for (guint i = 0; ok && i < n; i++)
        ok = set_property(writer, message, &properties[i], error);
    return check(writer, notmuch.message_thaw(message), ok ? error : NULL)
           && ok;
}

bool
index_writer_properties(IndexWriter *writer, const char *index_id,
                        const IndexProperty *properties, guint n,
                        GError **error)
{
    g_autoptr(GError) trouble = NULL;
    notmuch_message_t *message = find(writer, index_id, &trouble);
    bool ok;

    if (message == NULL) {
        ok = trouble == NULL;
        if (!ok)
            g_propagate_error(error, g_steal_pointer(&trouble));
        return ok;
    }
    ok = set_properties(writer, message, properties, n, error);
    notmuch.message_destroy(message);
    return ok;
}

bool
index_writer_sweep(IndexWriter *writer, const char *index_id, GError **error)
{
    g_autoptr(GError) trouble = NULL;
    notmuch_message_t *message = find(writer, index_id, &trouble);
    bool ok;

    if (message == NULL) {
        ok = trouble == NULL;
        if (!ok)
            g_propagate_error(error, g_steal_pointer(&trouble));
        return ok;
    }
    ok = sweep(writer, message, error);
    notmuch.message_destroy(message);
    return ok;
}

static void
tell_message(notmuch_message_t *message, IndexChangeFn each, void *user)
{
    g_autoptr(GString) text = g_string_new(NULL);
    notmuch_tags_t *tags = notmuch.message_get_tags(message);
    const char *written = NULL;

    for (; notmuch.tags_valid(tags); notmuch.tags_move_to_next(tags)) {
        const char *tag = notmuch.tags_get(tags);

        if (strchr(tag, ' ') == NULL) /* which ours cannot have */
            g_string_append_printf(text, "%s%s", text->len ? " " : "", tag);
    }
    notmuch.tags_destroy(tags);
    if (notmuch.message_get_property(message, WRITTEN, &written)
        || written == NULL)
        return;
    each(notmuch.message_get_message_id(message), written, text->str, user);
}

bool
index_writer_changes(IndexWriter *writer, unsigned long *lastmod,
                     IndexChangeFn each, void *user, GError **error)
{
    const char *uuid;
    unsigned long now =
        notmuch.database_get_revision(writer->database, &uuid);
    g_autofree char *text =
        g_strdup_printf("lastmod:%lu..%lu", *lastmod + 1, now);
    notmuch_query_t *query = NULL;
    notmuch_messages_t *messages = NULL;
    bool ok;

    if (now == *lastmod)
        return true;
    if (!check(writer,
               notmuch.query_create_with_syntax(
                   writer->database, text, NOTMUCH_QUERY_SYNTAX_XAPIAN, &query),
               error))
        return false;
    notmuch.query_set_omit_excluded(query, NOTMUCH_EXCLUDE_FALSE);
    notmuch.query_set_sort(query, NOTMUCH_SORT_UNSORTED);
    ok = check(writer, notmuch.query_search_messages(query, &messages),
               error);
    for (; ok && notmuch.messages_valid(messages);
         notmuch.messages_move_to_next(messages)) {
        notmuch_message_t *message = notmuch.messages_get(messages);

        tell_message(message, each, user);
        notmuch.message_destroy(message);
    }
    notmuch.query_destroy(query);
    *lastmod = now;
    return ok;
}

unsigned long
index_writer_revision(IndexWriter *writer)
{
    const char *uuid;

    return writer->database
        ? notmuch.database_get_revision(writer->database, &uuid)
        : writer->revision;
}

/* Read first: a commit in between leaves a stamp that is outdated, not one that
 * hides it. */
char *
index_writer_stamp(IndexWriter *writer)
{
    g_autofree char *stamp = index_stamp(writer->dir);

    return index_revision(writer->dir) == index_writer_revision(writer)
        ? g_steal_pointer(&stamp) : NULL;
}
