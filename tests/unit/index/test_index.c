/* The index in a folder of its own: made, written, read while it is written,
 * refused files, and damage (P22, P23). */
#include "base/err.h"
#include "base/file.h"
#include "index/index.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct {
    char *root, *dir, *mail;
    IndexWriter *writer;
    IndexReader *reader;
} Fixture;

static void
prepare(Fixture *f, bool want_rebuilt)
{
    g_autoptr(GError) error = NULL;
    bool rebuilt = false;

    g_assert_true(index_prepare(f->dir, f->mail, &rebuilt, &error));
    g_assert_no_error(error);
    g_assert_cmpint(rebuilt, ==, want_rebuilt);
}

static void
set_up(Fixture *f, const void *data)
{
    f->root = g_dir_make_tmp("posthorn-index-XXXXXX", NULL);
    f->dir = g_build_filename(f->root, "index", NULL);
    f->mail = g_build_filename(f->root, "mail", NULL);
    g_mkdir(f->mail, 0700);
    g_assert_false(index_exists(f->dir));
    prepare(f, true);
    g_assert_true(index_exists(f->dir));
    f->writer = index_writer_create(f->dir, f->mail);
    f->reader = index_reader_create(f->dir, f->mail);
}

static void
tear_down(Fixture *f, const void *data)
{
    index_writer_destroy(f->writer);
    index_reader_destroy(f->reader);
    file_remove_tree(f->root, NULL);
    g_free(f->root);
    g_free(f->dir);
    g_free(f->mail);
}

static char *
write_mail(Fixture *f, const char *name, const char *text)
{
    char *path = g_build_filename(f->mail, name, NULL);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

/* Returns the error, NULL when it was taken. */
static GError *
add(Fixture *f, const char *name, const char *text, const char *tags)
{
    g_autofree char *path = write_mail(f, name, text);
    g_autofree char *id = NULL;
    GError *error = NULL;

    g_assert_true(index_writer_begin(f->writer, NULL));
    id = index_writer_add(f->writer, path, tags, &error);
    g_assert_true(index_writer_end(f->writer, NULL));
    g_assert_true((id == NULL) == (error != NULL));
    return error;
}

static void
add_numbered(Fixture *f, int number, const char *tags)
{
    g_autofree char *name = g_strdup_printf("m%d", number);
    g_autofree char *text = g_strdup_printf(
        "From: b@x.example\nSubject: subject %d\nMessage-ID: <m%d@x>\n"
        "Date: Mon, 23 Nov 2026 05:13:%02d +0000\n\nword%d\n",
        number, number, number, number);
    g_autoptr(GError) error = add(f, name, text, tags);

    g_assert_no_error(error);
}

/* Ids, newest first, joined by blanks. */
static void
assert_found(Fixture *f, const char *query, const char *want)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) ids = index_search(f->reader, query, 0, NULL, &error);
    g_autofree char *text = NULL;

    g_assert_no_error(error);
    g_ptr_array_add(ids, NULL);
    text = g_strjoinv(" ", (char **)ids->pdata);
    g_assert_cmpstr(text, ==, want);
}

static void
test_queries(Fixture *f, const void *data)
{
    static const struct {
        const char *query, *found;
    } cases[] = {
        { "word1", "m1@x" },
        { "subject:subject", "m3@x m2@x m1@x" },
        { "tag:todo", "m3@x m1@x" },
        { "tag:todo and not word1", "m3@x" },
        { "tag:unread", "m2@x" },
        { "id:m2@x", "m2@x" },
        { "nothing", "" },
    };
    g_autoptr(GPtrArray) few = NULL;
    g_auto(GStrv) tags = NULL;

    add_numbered(f, 1, "todo");
    add_numbered(f, 2, "unread");
    add_numbered(f, 3, "later todo");
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_found(f, cases[i].query, cases[i].found);
    few = index_search(f->reader, "subject:subject", 2, NULL, NULL);
    g_assert_cmpuint(few->len, ==, 2);
    g_assert_cmpint(index_count(f->reader, "tag:todo", NULL), ==, 2);
    tags = index_all_tags(f->reader, NULL);
    g_assert_true(g_strv_contains((const char *const *)tags, "later"));
}

/* Tags are as they were last written, others go. */
static void
test_tags(Fixture *f, const void *data)
{
    static const IndexProperty found[] = { { "posthorn.dmarc", "fail" },
                                           { "posthorn.dkim", NULL } };

    add_numbered(f, 1, "one two");
    add_numbered(f, 1, "two three");
    assert_found(f, "tag:one", "");
    assert_found(f, "tag:two and tag:three", "m1@x");
    add_numbered(f, 1, "");
    g_assert_true(index_writer_begin(f->writer, NULL));
    g_assert_true(index_writer_properties(f->writer, "m1@x", found, 2, NULL));
    g_assert_true(index_writer_end(f->writer, NULL));
    assert_found(f, "tag:two", "");
    assert_found(f, "property:posthorn.dmarc=fail", "m1@x");
}

/* A reader that was open goes stale by each commit, and nobody sees it. */
static void
test_stale(Fixture *f, const void *data)
{
    for (int i = 1; i <= 20; i++) {
        add_numbered(f, i, "all");
        g_assert_cmpint(index_count(f->reader, "tag:all", NULL), ==, i);
    }
}

static void
test_refused(Fixture *f, const void *data)
{
    static const char *const texts[] = {
        "", "no header at all\n", "From nobody\n\n\n", "\n\nbody\n",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = add(f, "odd", texts[i], "x");

        g_assert_true(error == NULL || err_is(error, ERR_REFUSED));
        if (i < 2)
            g_assert_nonnull(error);
    }
    add_numbered(f, 1, "x"); /* the next is not harmed */
    assert_found(f, "word1", "m1@x");
}

static void
test_sweep(Fixture *f, const void *data)
{
    g_autofree char *path = g_build_filename(f->mail, "m1", NULL);

    add_numbered(f, 1, "x");
    g_assert_true(index_writer_begin(f->writer, NULL));
    g_assert_true(index_writer_sweep(f->writer, "m1@x", NULL));
    g_assert_true(index_writer_end(f->writer, NULL));
    assert_found(f, "tag:x", "m1@x"); /* its file is there */
    g_unlink(path);
    g_assert_true(index_writer_begin(f->writer, NULL));
    g_assert_true(index_writer_sweep(f->writer, "m1@x", NULL));
    g_assert_true(index_writer_sweep(f->writer, "unknown@x", NULL));
    g_assert_true(index_writer_end(f->writer, NULL));
    assert_found(f, "tag:x", "");
}

static void
test_bad_query(Fixture *f, const void *data)
{
    static const char *const bad[] = { "date:nonsense..", "lastmod:x..y" };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(index_search(f->reader, bad[i], 0, NULL, &error));
        g_assert_true(err_is(error, ERR_USAGE));
        g_assert_null(strchr(error->message, '\n'));
    }
}

static void
test_cancelled(Fixture *f, const void *data)
{
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_autoptr(GError) error = NULL;

    add_numbered(f, 1, "x");
    g_cancellable_cancel(cancel);
    g_assert_null(index_search(f->reader, "tag:x", 0, cancel, &error));
    g_assert_true(err_is(error, ERR_CANCELLED));
}

static char *
aside(Fixture *f)
{
    g_autoptr(GDir) dir = g_dir_open(f->root, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir)))
        if (g_str_has_prefix(name, "index.broken-"))
            return g_strdup(name);
    return NULL;
}

/* Gone: nothing is found, and it is made anew. Opened no more: kept beside. */
static void
test_damage(Fixture *f, const void *data)
{
    g_autofree char *xapian = g_build_filename(f->dir, "xapian", NULL);
    g_autofree char *version = g_build_filename(xapian, "iamglass", NULL);
    g_autofree char *kept = NULL;

    add_numbered(f, 1, "x");
    prepare(f, false);
    file_remove_tree(f->dir, NULL);
    assert_found(f, "tag:x", "");
    prepare(f, true);
    g_assert_null(aside(f));
    add_numbered(f, 1, "x");
    assert_found(f, "tag:x", "m1@x");
    g_assert_true(g_file_set_contents(version, "garbage", -1, NULL));
    prepare(f, true);
    kept = aside(f);
    g_assert_nonnull(kept);
    add_numbered(f, 1, "x");
    assert_found(f, "tag:x", "m1@x");
}

/* A library that cannot read its blocks says so, and we know its words. */
static void
test_damaged_blocks(Fixture *f, const void *data)
{
    g_autofree char *table =
        g_build_filename(f->dir, "xapian", "postlist.glass", NULL);
    g_autofree char *bytes = NULL;
    g_autoptr(GError) error = NULL;
    gsize size;

    add_numbered(f, 1, "x");
    g_assert_true(g_file_get_contents(table, &bytes, &size, NULL));
    memset(bytes, 0xa5, size);
    g_assert_true(g_file_set_contents(table, bytes, (gssize)size, NULL));
    g_assert_null(index_search(f->reader, "tag:x", 0, NULL, &error));
    g_assert_nonnull(error);
    g_test_message("%s", error->message);
    g_assert_true(err_is(error, ERR_LOCAL));
    for (int i = 0; i < 3; i++) { /* in one second */
        g_assert_true(index_set_aside(f->dir, NULL));
        prepare(f, true);
    }
}

/* The same as long as nobody writes, another after every commit, and never one
 * for what the writer does not know of. */
static void
test_stamp(Fixture *f, const void *data)
{
    static const IndexProperty seen[] = { { "posthorn.dmarc", "pass" } };
    g_autofree char *empty = index_stamp(f->dir);
    g_autofree char *one = NULL, *same = NULL, *other = NULL;
    g_autofree char *nowhere = index_stamp(f->mail);
    g_autoptr(IndexWriter) behind = index_writer_create(f->dir, f->mail);

    g_assert_null(nowhere);
    add_numbered(f, 1, "x");
    one = index_writer_stamp(f->writer);
    same = index_stamp(f->dir);
    assert_found(f, "tag:x", "m1@x");
    g_assert_nonnull(one);
    g_assert_cmpstr(one, !=, empty);
    g_assert_cmpstr(one, ==, same);
    g_assert_true(index_writer_begin(behind, NULL));
    g_assert_true(index_writer_properties(behind, "m1@x", seen, 1, NULL));
    g_assert_true(index_writer_end(behind, NULL));
    other = index_stamp(f->dir);
    g_assert_cmpstr(other, !=, one);
    g_assert_null(index_writer_stamp(f->writer));
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*fn)(Fixture *f, const void *data);
    } tests[] = {
        { "/index/queries", test_queries },
        { "/index/tags", test_tags },
        { "/index/stale", test_stale },
        { "/index/P23/refused", test_refused },
        { "/index/sweep", test_sweep },
        { "/index/bad-query", test_bad_query },
        { "/index/cancelled", test_cancelled },
        { "/index/stamp", test_stamp },
        { "/index/P22/damage", test_damage },
        { "/index/P22/damaged-blocks", test_damaged_blocks },
    };

    g_test_init(&argc, &argv, NULL);
    index_init();
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].fn,
                   tear_down);
    return g_test_run();
}
