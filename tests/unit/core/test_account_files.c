/* Another program's changes in the directories of an account are told while
 * someone looks: not while the folders are read anyhow, and not ours. */
#include "account_files.h"
#include "base/file.h"
#include "core/act.h"
#include "mime/mime.h"
#include "scene.h"

#include <string.h>

static const char text[] = "From: ana@example.org\r\nSubject: one\r\n"
                           "Message-ID: <one@example.org>\r\n\r\nHello\r\n";

typedef struct {
    char *root;
    Session *session;
    gint64 inbox;
    guint told[2];
    FilesWatch *watch[2];
} Fixture;

static void
told(void *user)
{
    ++*(guint *)user;
}

static void
deliver(Fixture *f)
{
    ActAppend what = { .folder = f->inbox, .bytes = text,
                       .size = strlen(text) };

    g_assert_cmpint(act_append(f->session, &what, NULL), !=, 0);
}

static void
foreign(Fixture *f, const char *name)
{
    g_autoptr(StoreFolder) inbox =
        store_folder(session_store(f->session), f->inbox, NULL);
    g_autofree char *path = g_build_filename(session_paths(f->session)->mail,
                                             inbox->path, "new", name, NULL);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void
wait_for(const guint *count, guint most)
{
    while (*count < most)
        g_main_context_iteration(NULL, TRUE);
}

static void
set_up(Fixture *f, const void *data)
{
    Account *account;

    f->session = scene_open("account home {\n    address ana@example.org\n"
                            "    incoming maildir:///home\n}\n",
                            false, &f->root);
    account = session_account(f->session, "home");
    f->inbox = session_make_folder(f->session, "home", "INBOX",
                                   FOLDER_ROLE_INBOX, NULL);
    deliver(f);
    for (int i = 0; i < 2; i++) {
        f->watch[i] = files_watch_create(account, told, &f->told[i]);
        files_watch_refresh(f->watch[i]);
    }
}

static void
tear_down(Fixture *f, const void *data)
{
    files_watch_destroy(f->watch[0]);
    files_watch_destroy(f->watch[1]);
    session_destroy(f->session);
    file_remove_tree(f->root, NULL);
    g_free(f->root);
}

/* One who reads the folders is told behind that. */
static void
test_held(Fixture *f, const void *data)
{
    files_watch_hold(f->watch[0], true);
    foreign(f, "1.other");
    wait_for(&f->told[1], 1);
    g_assert_cmpuint(f->told[0], ==, 0);
    files_watch_hold(f->watch[0], false);
    wait_for(&f->told[0], 1);
}

/* Ended with a question out. */
static void
test_ended(Fixture *f, const void *data)
{
    foreign(f, "1.other");
    wait_for(&f->told[1], 1);
    files_watch_hold(f->watch[0], true);
    foreign(f, "2.other");
    wait_for(&f->told[1], 2);
    files_watch_hold(f->watch[0], false);
    f->told[0] = 0;
    files_watch_destroy(g_steal_pointer(&f->watch[0]));
    g_assert_cmpuint(f->told[0], ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    g_test_add("/files/held", Fixture, NULL, set_up, test_held, tear_down);
    g_test_add("/files/ended", Fixture, NULL, set_up, test_ended, tear_down);
    return g_test_run();
}
