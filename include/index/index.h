/* libnotmuch behind one door: which messages match. The index follows behind
 * the store and can be thrown away. One IndexWriter lives in one thread and
 * holds the write lock only while it works; readers reopen by themselves when
 * a commit made them stale. Message ids are without <>. */
#ifndef INDEX_INDEX_H
#define INDEX_INDEX_H

#include <gio/gio.h>
#include <stdbool.h>

/* Makes the database and the notmuch.conf beside it when missing; a corrupt
 * one is moved aside and made anew, *rebuilt set, so that the caller marks
 * everything unindexed. dir: the index; mail_root: what paths are below. */
bool index_prepare(const char *dir, const char *mail_root, bool *rebuilt,
                   GError **error);

/* Is there one? */
bool index_exists(const char *dir);

/* Does the error say that what lies there is not whole? */
bool index_is_damaged(const GError *error);

/* Moves a damaged one aside, beside it; nothing is thrown away. */
bool index_set_aside(const char *dir, GError **error);

typedef struct IndexWriter IndexWriter;

IndexWriter *index_writer_create(const char *dir, const char *mail_root);
void index_writer_destroy(IndexWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IndexWriter, index_writer_destroy)

/* Between begin and end one small commit; opens the database and takes its
 * lock (waits at most 10 s for a `notmuch` command, then ERR_RETRY). */
bool index_writer_begin(IndexWriter *writer, GError **error);
bool index_writer_end(IndexWriter *writer, GError **error);

/* Once, before there are threads. */
void index_init(void);

/* Adds the file (or another path of a known message) with tags (system tags
 * and keywords, space separated). Returns its id in the index, or NULL with
 * ERR_REFUSED when notmuch takes it for no mail. Free with g_free(). */
char *index_writer_add(IndexWriter *writer, const char *path, const char *tags,
                       GError **error);

/* What a query finds as property:KEY=VALUE. */
typedef struct {
    const char *key;
    const char *value; /* NULL: none any more */
} IndexProperty;

/* Sets n of them, whatever they were, in one write. */
bool index_writer_properties(IndexWriter *writer, const char *index_id,
                             const IndexProperty *properties, guint n,
                             GError **error);

/* Forgets those files of a message that are there no more; without any left the
 * message goes. An id that is not known is no error. */
bool index_writer_sweep(IndexWriter *writer, const char *index_id,
                        GError **error);

/* The revision (notmuch's lastmod) after what was written so far: what the
 * caller keeps, so that its own changes are not taken for another's. */
unsigned long index_writer_revision(IndexWriter *writer);

/* A message that was changed: the tags that we wrote last, and those that it
 * has now. */
typedef void (*IndexChangeFn)(const char *index_id, const char *written,
                              const char *tags, void *user);

/* Messages that were changed since lastmod, by us too: calls each, and sets
 * *lastmod to the present. */
bool index_writer_changes(IndexWriter *writer, unsigned long *lastmod,
                          IndexChangeFn each, void *user, GError **error);

/* The revision of the index in dir as it is now; 0: it cannot be read. */
unsigned long index_revision(const char *dir);

/* Stands for the state of the index in dir: another after every commit to it,
 * whoever made it. Opens no database. NULL: cannot be told. g_free(). */
char *index_stamp(const char *dir);

/* The stamp of what was written so far. NULL: others wrote behind it. */
char *index_writer_stamp(IndexWriter *writer);

typedef struct IndexReader IndexReader;

IndexReader *index_reader_create(const char *dir, const char *mail_root);
void index_reader_destroy(IndexReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IndexReader, index_reader_destroy)

/* Is there an index to read? */
bool index_reader_exists(const IndexReader *reader);

/* Ids of the messages that match a query in notmuch's language, newest first,
 * at most limit (0: all). A bad query: ERR_USAGE with the reason. An index
 * that is not there yet: an empty array. cancel ends it between messages.
 * Array of char *, free with g_ptr_array_unref(). */
GPtrArray *index_search(IndexReader *reader, const char *query, guint limit,
                        GCancellable *cancel, GError **error);

/* How many messages match. -1 on error. */
gint64 index_count(IndexReader *reader, const char *query, GError **error);

/* Every tag in use, sorted. NULL-terminated; g_strfreev(). */
char **index_all_tags(IndexReader *reader, GError **error);

#endif
