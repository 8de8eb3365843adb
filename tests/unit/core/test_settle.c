/* Files follow their rows as soon as a sync has committed them, whatever the
 * server is at, and after a sync that was cancelled; and whoever wants to write
 * meanwhile waits for one of them, not for all. */
#include "account_remote.h"
#include "core/act.h"
#include "imap_scene.h"
#include "mime/mime.h"
#include "settle.h"

enum {
    WAIT_S = 60, /* longer than any machine needs */
    WAKE_MS = 10,
    PAUSE_US = 1000,
    MANY = 5
};

/* The flags in the name of a row's file as its row names it; "-": none. */
static char *
flags_of(Session *session, gint64 id)
{
    g_autoptr(StoreRow) row = store_row(session_store(session), id, NULL);
    g_autofree char *path = NULL;
    const char *flags;

    if (row == NULL || row->file == NULL)
        return g_strdup("-");
    path = g_build_filename(session_paths(session)->mail, row->file, NULL);
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return g_strdup("-");
    flags = strstr(path, ":2,");
    return g_strdup(flags ? flags + 3 : "");
}

static gint64
late(void)
{
    return g_get_monotonic_time() + WAIT_S * G_USEC_PER_SEC;
}

static gboolean
wake_up(void *user)
{
    return G_SOURCE_CONTINUE;
}

/* On the main loop, until a row's file has these flags. */
static void
wait_flags(Session *session, gint64 id, const char *want)
{
    gint64 end = late();
    guint wake = g_timeout_add(WAKE_MS, wake_up, NULL);

    for (;;) {
        g_autofree char *flags = flags_of(session, id);

        if (strcmp(flags, want) == 0)
            break;
        if (g_get_monotonic_time() > end)
            g_error("\"%s\" instead of \"%s\"", flags, want);
        g_main_context_iteration(NULL, TRUE);
    }
    g_source_remove(wake);
}

/* The server tells a change of the first mailbox and takes its time with the
 * second. */
static void
test_in_a_sync(void)
{
    Imap imap;
    Session *session;
    char *root;
    Account *account = imap_open(&imap, "password x", &session, &root);
    gint64 inbox = imap_folder(session, "INBOX", FOLDER_ROLE_INBOX);
    gint64 other = imap_folder(session, "B", FOLDER_ROLE_NONE);
    gint64 id = imap_message(session, inbox, 1);
    gint64 second = imap_message(session, other, 1);

    imap.says = imap_two_mailboxes;
    imap.last = "FETCH";
    wait_flags(session, id, "");
    account_sync(account, NULL, NULL, NULL);
    wait_flags(session, id, "S");
    g_assert_nonnull(account->remote->sync);
    imap.last = NULL;
    imap_set(&imap, &imap.silent, false);
    wait_flags(session, second, "S");
    session_destroy(session);
    imap_stop(&imap, root);
}

/* What a sync committed without a word of it, when the user goes offline. */
static void
test_cancelled(void)
{
    Imap imap;
    Session *session;
    char *root;
    Account *account = imap_open(&imap, "password x", &session, &root);
    gint64 inbox = imap_folder(session, "INBOX", FOLDER_ROLE_INBOX);
    gint64 id = imap_message(session, inbox, 1);

    wait_flags(session, id, "");
    imap_set(&imap, &imap.silent, true);
    account_sync(account, NULL, NULL, NULL);
    for (; imap_count(&imap, &imap.commands) == 0; g_usleep(PAUSE_US))
        g_main_context_iteration(NULL, FALSE); /* which takes the call, too */
    g_assert_true(store_server_flags(session_store(session), id,
                                     STORE_FLAG_SEEN, "", NULL));
    session_set_offline(session, true);
    wait_flags(session, id, "S");
    session_destroy(session);
    imap_stop(&imap, root);
}

/* How many of the files were not renamed yet when a writer had its turn. */
typedef struct {
    const char *path; /* of the store */
    guint left;
} Writer;

static void *
write_once(void *data)
{
    Writer *writer = data;
    g_autoptr(Store) store = store_open(writer->path, NULL);
    g_autoptr(GArray) unsettled = NULL;

    g_assert_true(store_begin(store, NULL));
    unsettled = store_unsettled(store, false, MANY, NULL);
    writer->left = unsettled->len;
    g_assert_true(store_end(store, true, NULL));
    return NULL;
}

static void
wait_waiting(const Store *store, guint want)
{
    gint64 end = late();

    for (; store_waiting(store) != want; g_usleep(PAUSE_US))
        g_assert_cmpint(g_get_monotonic_time(), <, end);
}

typedef struct {
    char *root;
    Session *session;
    Store *store;
    gint64 ids[MANY];
} Fixture;

/* Messages of which the server tells a flag, a transaction that is open, and
 * the settler behind it. */
static void
set_up(Fixture *f, const void *data)
{
    gint64 inbox;

    f->session = scene_open("account work {\n"
                            "    address  ana@example.org\n"
                            "    incoming imaps://imap.invalid\n}\n",
                            false, &f->root);
    f->store = session_store(f->session);
    inbox = imap_folder(f->session, "INBOX", FOLDER_ROLE_INBOX);
    for (guint i = 0; i < MANY; i++)
        f->ids[i] = imap_message(f->session, inbox, i + 1);
    while (settler_busy(session_settler(f->session)))
        g_main_context_iteration(NULL, TRUE);
    for (guint i = 0; i < MANY; i++)
        g_assert_true(
            store_server_flags(f->store, f->ids[i], STORE_FLAG_SEEN, "", NULL));
    g_assert_true(store_begin(f->store, NULL));
    settler_kick(session_settler(f->session));
    wait_waiting(f->store, 1);
}

static void
tear_down(Fixture *f, const void *data)
{
    g_assert_true(store_check(f->store, NULL));
    session_destroy(f->session);
    file_remove_tree(f->root, NULL);
    g_free(f->root);
}

static void
test_gives_way(Fixture *f, const void *data)
{
    Writer writer = { store_path(f->store), 0 };
    GThread *thread = g_thread_new("writer", write_once, &writer);

    wait_waiting(f->store, 2);
    g_assert_true(store_end(f->store, true, NULL));
    g_thread_join(thread);
    g_assert_cmpuint(writer.left, ==, MANY - 1);
    for (guint i = 0; i < MANY; i++)
        wait_flags(f->session, f->ids[i], "S");
}

/* The sync goes on, and takes a row away. */
static void
test_gone_meanwhile(Fixture *f, const void *data)
{
    g_autofree char *file = NULL;

    g_assert_true(store_server_gone(f->store, f->ids[0], &file, NULL));
    g_assert_true(store_end(f->store, true, NULL));
    for (guint i = 1; i < MANY; i++)
        wait_flags(f->session, f->ids[i], "S");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    g_test_add_func("/settle/in-a-sync", test_in_a_sync);
    g_test_add_func("/settle/cancelled", test_cancelled);
    g_test_add("/settle/gives-way", Fixture, NULL, set_up, test_gives_way,
               tear_down);
    g_test_add("/settle/gone-meanwhile", Fixture, NULL, set_up,
               test_gone_meanwhile, tear_down);
    return g_test_run();
}
