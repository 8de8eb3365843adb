/* Searches and the queries of hooks, on rows that the index does not know: one
 * in a folder looks at all of them, not at so many as it lists. */
#include "core/act.h"
#include "core/search.h"
#include "mime/mime.h"
#include "query_rows.h"
#include "scene.h"

#include <string.h>

static const char config[] = "account work {\n"
                             "    address  ana@example.org\n"
                             "    incoming imaps://imap.invalid\n"
                             "}\n";

typedef struct {
    Scene scene;
    GArray *found; /* NULL: no answer yet */
    bool complete;
} Fixture;

static void
set_up(Fixture *f, const void *data)
{
    f->scene.session = scene_open(config, false, &f->scene.root);
}

static void
tear_down(Fixture *f, const void *data)
{
    g_clear_pointer(&f->found, g_array_unref);
    scene_close(&f->scene, data);
}

static gint64
make(Fixture *f, const char *name, FolderRole role)
{
    return session_make_folder(f->scene.session, "work", name, role, NULL);
}

static gint64
deliver(Fixture *f, gint64 folder, int day)
{
    g_autofree char *text = g_strdup_printf(
        "From: b@example.org\nSubject: plan\nMessage-ID: <%d@example.org>\n"
        "Date: Mon, %d Nov 2026 10:00:00 +0000\n\nbody\n",
        day, day);
    ActAppend what = { .folder = folder, .bytes = text, .size = strlen(text) };
    g_autoptr(GError) error = NULL;
    gint64 id = act_append(f->scene.session, &what, &error);

    g_assert_no_error(error);
    session_settle(f->scene.session);
    return id;
}

static void
found(const GArray *ids, bool complete, const GError *error, void *user)
{
    Fixture *f = user;

    g_assert_no_error(error);
    g_clear_pointer(&f->found, g_array_unref);
    f->found = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_array_append_vals(f->found, ids->data, ids->len);
    f->complete = complete;
}

static void
assert_found(Fixture *f, const char *query, gint64 folder, gint64 want)
{
    Search *search = search_create(f->scene.session);

    f->complete = false;
    search_start(search, query, folder, 1, found, f);
    while (!f->complete)
        g_main_context_iteration(NULL, TRUE);
    search_destroy(search);
    g_assert_cmpuint(f->found->len, ==, 1);
    g_assert_cmpint(g_array_index(f->found, gint64, 0), ==, want);
}

static void
test_folder(Fixture *f, const void *data)
{
    gint64 inbox = make(f, "INBOX", FOLDER_ROLE_INBOX);
    gint64 archive = make(f, "Archive", FOLDER_ROLE_ARCHIVE);
    gint64 old = deliver(f, archive, 2);
    gint64 newer = deliver(f, inbox, 3);

    assert_found(f, "subject:plan", archive, old);
    assert_found(f, "subject:plan", inbox, newer);
    assert_found(f, "subject:plan", 0, newer);
}

static gint64
copy_of(Fixture *f, gint64 id, gint64 folder)
{
    Store *store = session_store(f->scene.session);
    g_autoptr(GError) error = NULL;
    gint64 copy = store_copy(store, id, folder, "copy", &error);

    g_assert_no_error(error);
    return copy;
}

/* The ids of the rows of the message that the query may mean, added up. */
static gint64
meant(Fixture *f, const char *query)
{
    Store *store = session_store(f->scene.session);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) folders = store_folders(store, NULL, &error);
    g_autoptr(GArray) doubts = query_row_doubts(query, folders);
    g_autoptr(GArray) ids =
        store_find_id_terms(store, "2@example.org", doubts, &error);
    gint64 sum = 0;

    g_assert_no_error(error);
    for (guint i = 0; i < ids->len; i++)
        sum += g_array_index(ids, gint64, i);
    return sum;
}

/* Of a message that lies in two folders the index knows but the union: which
 * of the two is meant is asked of the rows. */
static void
test_copies(Fixture *f, const void *data)
{
    Store *store = session_store(f->scene.session);
    gint64 inbox = make(f, "INBOX", FOLDER_ROLE_INBOX);
    gint64 junk = make(f, "Junk", FOLDER_ROLE_JUNK);
    gint64 first = deliver(f, inbox, 2), second;
    g_autoptr(StoreRow) row = store_row(store, first, NULL);

    g_assert_true(store_set_indexed(store, row, "2@example.org", NULL));
    g_assert_cmpint(meant(f, "folder:junk"), ==, first); /* as the index says */
    second = copy_of(f, first, junk);
    g_assert_true(store_set_tags(store, second, "todo", NULL));
    g_assert_cmpint(meant(f, "plan"), ==, first + second);
    g_assert_cmpint(meant(f, "*"), ==, first + second);
    g_assert_cmpint(meant(f, "folder:junk"), ==, second);
    g_assert_cmpint(meant(f, "folder:/^work.J/ plan"), ==, second);
    g_assert_cmpint(meant(f, "plan not folder:work/Junk"), ==, first);
    g_assert_cmpint(meant(f, "folder:inbox or body:x"), ==, first + second);
    g_assert_cmpint(meant(f, "-tag:todo a near b"), ==, first);
    g_assert_cmpint(meant(f, "folder:nowhere"), ==, 0);
    g_assert_true(store_set_folder(store, second, 0, NULL));
    g_assert_cmpint(meant(f, "plan"), ==, first);
}

/* A hook's query is read where it is defined. */
static void
test_hook(void)
{
    static const char wrong[] =
        "hook message-arrived --query \"from: or x\" { echo hi }\n";
    g_autofree char *root = g_dir_make_tmp("posthorn-hook-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(root, "posthorn.conf", NULL);
    g_autoptr(GError) error = NULL;
    Session *session = session_create(paths_create_below(root), &error);

    g_assert_no_error(error);
    cmd_table_add(session_table(session), cmd_builtins);
    g_assert_true(
        g_file_set_contents_full(file, wrong, -1, 0, 0600, NULL));
    g_assert_false(session_configure(session, file, &error));
    g_assert_nonnull(strstr(error->message, "nothing behind from:"));
    session_destroy(session);
    file_remove_tree(root, NULL);
}

int
main(int argc, char **argv)
{
    mime_init();
    g_test_init(&argc, &argv, NULL);
    g_test_add("/core/search-rows/folder", Fixture, NULL, set_up, test_folder,
               tear_down);
    g_test_add("/core/search-rows/copies", Fixture, NULL, set_up, test_copies,
               tear_down);
    g_test_add_func("/core/search-rows/hook", test_hook);
    return g_test_run();
}
