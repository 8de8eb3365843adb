/* Tags that another program writes into the index become those of the rows, and
 * what the user did here since stays. */
#include "base/err.h"
#include "base/file.h"
#include "core/act.h"
#include "core/indexer.h"
#include "index/index.h"
#include "mime/mime.h"
#include "scene.h"
#include "settle.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

static const char config[] = "account work {\n"
                             "    address  ana@example.org\n"
                             "    incoming imaps://imap.invalid\n"
                             "}\n";

enum {
    MANY = 60 /* more than one slice */
};

typedef struct {
    char *root;
    Session *session;
    Store *store;
    gint64 inbox, lists;
    gint64 id;
} Fixture;

static void
waited(const GError *error, void *user)
{
    g_assert_no_error(error);
    *(bool *)user = true;
}

/* The index follows, and takes up what others did. */
static void
follow(Fixture *f)
{
    bool done = false;

    indexer_wait(session_indexer(f->session), waited, &done);
    while (!done)
        g_main_context_iteration(NULL, TRUE);
}

static gint64
deliver(Fixture *f, const char *subject)
{
    g_autofree char *text = g_strdup_printf(
        "From: b@x.example\nSubject: %s\nMessage-ID: <%s@x>\n\nbody\n", subject,
        subject);
    g_autoptr(GError) error = NULL;
    ActAppend what = { .folder = f->inbox, .bytes = text,
                       .size = strlen(text) };
    gint64 id = act_append(f->session, &what, &error);

    g_assert_no_error(error);
    return id;
}

static void
set_up(Fixture *f, const void *data)
{
    f->session = scene_open(config, true, &f->root);
    f->store = session_store(f->session);
    f->inbox = session_make_folder(f->session, "work", "INBOX",
                                   FOLDER_ROLE_INBOX, NULL);
    f->lists = session_make_folder(f->session, "work", "Lists",
                                   FOLDER_ROLE_NONE, NULL);
    f->id = deliver(f, "one");
    follow(f);
}

static void
tear_down(Fixture *f, const void *data)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(store_check(f->store, &error));
    g_assert_no_error(error);
    session_destroy(f->session);
    file_remove_tree(f->root, NULL);
    g_free(f->root);
}

static void
tag_all_behind(Fixture *f, const char *change, const char *query)
{
    g_autofree char *option = g_strdup_printf(
        "--config=%s/notmuch.conf", session_paths(f->session)->index);
    g_auto(GStrv) words = g_strsplit(change, " ", -1);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    int status = -1;

    g_ptr_array_add(argv, (char *)"notmuch");
    g_ptr_array_add(argv, option);
    g_ptr_array_add(argv, (char *)"tag");
    for (char **word = words; *word; word++)
        g_ptr_array_add(argv, *word);
    g_ptr_array_add(argv, (char *)"--");
    g_ptr_array_add(argv, (char *)query);
    g_ptr_array_add(argv, NULL);
    g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL,
                 NULL, NULL, NULL, &status, &error);
    g_assert_no_error(error);
    g_assert_cmpint(status, ==, 0);
}

static void
tag_behind(Fixture *f, const char *change)
{
    tag_all_behind(f, change, "id:one@x");
}

static void
assert_tags(Fixture *f, gint64 id, const char *want)
{
    g_autoptr(StoreRow) row = store_row(f->store, id, NULL);
    g_autofree char *tags = session_row_tags(row);

    g_assert_cmpstr(tags, ==, want);
}

static void
test_taken(Fixture *f, const void *data)
{
    assert_tags(f, f->id, "unread");
    tag_behind(f, "+flagged +todo -unread");
    follow(f);
    assert_tags(f, f->id, "flagged todo");
    tag_behind(f, "-flagged -todo +unread");
    follow(f);
    assert_tags(f, f->id, "unread");
}

/* What is written here is no news, whenever the index is looked at. */
static void
test_own(Fixture *f, const void *data)
{
    g_autoptr(MessageSet) set = message_set_create();
    static const char *const words[] = { "+mine", NULL };
    guint64 version;

    g_array_append_val(set->ids, f->id);
    g_assert_true(act_tag(f->session, set, words, NULL));
    follow(f);
    follow(f);
    assert_tags(f, f->id, "mine unread");
    deliver(f, "two");
    follow(f);
    version = store_version(f->store);
    follow(f);
    g_assert_true(store_version(f->store) == version);
}

/* What was changed here and what was changed there are one. */
static void
test_both(Fixture *f, const void *data)
{
    g_autoptr(GError) error = NULL;

    tag_behind(f, "+theirs -unread");
    g_assert_true(store_set_tags(f->store, f->id, "ours", &error));
    follow(f);
    assert_tags(f, f->id, "ours theirs");
}

/* Copies are one message in the index: what was changed there is changed in all
 * of them, and what they differ in stays. */
static void
test_copies(Fixture *f, const void *data)
{
    g_autoptr(MessageSet) set = message_set_create();
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) ids = NULL;
    gint64 other;

    g_array_append_val(set->ids, f->id);
    g_assert_true(act_copy(f->session, set, f->lists, &error));
    g_assert_no_error(error);
    ids = store_find_id(f->store, "one@x", NULL);
    g_assert_cmpuint(ids->len, ==, 2);
    other = g_array_index(ids, gint64, 0) == f->id
                ? g_array_index(ids, gint64, 1)
                : g_array_index(ids, gint64, 0);
    follow(f);
    store_set_flags(f->store, other, STORE_FLAG_SEEN, NULL);
    follow(f);
    tag_behind(f, "+todo");
    follow(f);
    assert_tags(f, f->id, "todo unread");
    assert_tags(f, other, "todo");
}

static void
run_sql(Fixture *f, const char *sql)
{
    sqlite3 *db;

    g_assert_cmpint(sqlite3_open(session_paths(f->session)->state_db, &db), ==,
                    SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
    sqlite3_close(db);
}

static void
failed(const GError *error, void *user)
{
    g_assert_nonnull(error);
    *(bool *)user = true;
}

static guint
count_tagged(Fixture *f)
{
    StoreView all = { .folder = 0 };
    g_autoptr(GArray) ids = store_ids(f->store, &all, 0, NULL);
    guint n = 0;

    for (guint i = 0; i < ids->len; i++) {
        g_autoptr(StoreRow) row =
            store_row(f->store, g_array_index(ids, gint64, i), NULL);

        n += strcmp(row->tags, "todo") == 0;
    }
    return n;
}

/* Many changes are taken up in slices: what comes late and fails undoes nothing
 * that came before, and the next time all is taken up. */
static void
test_slices(Fixture *f, const void *data)
{
    bool done = false;

    for (guint i = 0; i < MANY; i++) {
        g_autofree char *subject = g_strdup_printf("many-%u", i);

        deliver(f, subject);
    }
    follow(f);
    run_sql(f, "CREATE TRIGGER t BEFORE UPDATE OF tags ON message"
               " WHEN (SELECT count(*) FROM message WHERE tags <> '') >= 55"
               " BEGIN SELECT RAISE(ABORT, 'full'); END");
    tag_all_behind(f, "+todo", "subject:many");
    indexer_wait(session_indexer(f->session), failed, &done);
    while (!done)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(count_tagged(f), ==, 50);
    run_sql(f, "DROP TRIGGER t");
    follow(f);
    g_assert_cmpuint(count_tagged(f), ==, MANY);
}

/* With nothing to do neither files nor the index have a run; with something
 * they have, also when another program did it. */
static void
test_idle(Fixture *f, const void *data)
{
    Settler *settler = session_settler(f->session);
    Indexer *indexer = session_indexer(f->session);
    g_autoptr(MessageSet) set = message_set_create();
    static const char *const words[] = { "+flagged", NULL };

    session_settle(f->session);
    settler_kick(settler);
    g_assert_false(settler_busy(settler));
    g_assert_false(indexer_busy(indexer));
    follow(f); /* answered without one */
    g_array_append_val(set->ids, f->id);
    g_assert_true(act_tag(f->session, set, words, NULL));
    g_assert_true(settler_busy(settler));
    g_assert_true(indexer_busy(indexer));
    session_settle(f->session);
    tag_behind(f, "+todo");
    indexer_kick(indexer);
    g_assert_true(indexer_busy(indexer));
    session_settle(f->session);
    assert_tags(f, f->id, "flagged todo unread");
}

typedef struct {
    Frontend base;
    guint troubles;
} Shell;

static void
shell_tell(Frontend *frontend, TellKind kind, bool undoable, const char *text)
{
    ((Shell *)frontend)->troubles += kind == TELL_ERROR;
}

static const FrontendClass shell_class = { .tell = shell_tell };

/* An index that cannot be followed is said without being asked, unless a command
 * (data) will wait for it, which says so itself. */
static void
test_trouble(Fixture *f, const void *data)
{
    const char *dir = session_paths(f->session)->index;
    Indexer *indexer = session_indexer(f->session);
    Shell shell = { { .class = &shell_class }, 0 };
    g_autoptr(MessageSet) set = message_set_create();
    static const char *const words[] = { "+flagged", NULL };

    session_set_frontend(f->session, &shell.base);
    g_assert_true(file_remove_tree(dir, NULL));
    g_assert_true(g_file_set_contents(dir, "no folder", -1, NULL));
    indexer_expect_wait(indexer, data != NULL);
    g_array_append_val(set->ids, f->id);
    g_assert_true(act_tag(f->session, set, words, NULL));
    while (indexer_busy(indexer))
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(shell.troubles, ==, data == NULL);
    session_set_frontend(f->session, NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    index_init();
    mime_init();
    g_test_add("/index-changes/taken", Fixture, NULL, set_up, test_taken,
               tear_down);
    g_test_add("/index-changes/idle", Fixture, NULL, set_up, test_idle,
               tear_down);
    g_test_add("/index-changes/trouble", Fixture, NULL, set_up, test_trouble,
               tear_down);
    g_test_add("/index-changes/trouble-awaited", Fixture, "awaited", set_up,
               test_trouble, tear_down);
    g_test_add("/index-changes/own", Fixture, NULL, set_up, test_own,
               tear_down);
    g_test_add("/index-changes/both", Fixture, NULL, set_up, test_both,
               tear_down);
    g_test_add("/index-changes/slices", Fixture, NULL, set_up, test_slices,
               tear_down);
    g_test_add("/index-changes/copies", Fixture, NULL, set_up, test_copies,
               tear_down);
    return g_test_run();
}
