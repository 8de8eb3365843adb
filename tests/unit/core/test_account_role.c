/* The folders that the user names for what they are for, whatever the server
 * says. */
#include "act_private.h"
#include "imap_scene.h"
#include "mime/mime.h"

static const char *
three_mailboxes(const char *command)
{
    return g_str_has_prefix(command, "LIST")
               ? "* LIST () \"/\" INBOX\r\n* LIST (\\Archive) \"/\" Archive\r\n"
                 "* LIST () \"/\" Ablage\r\n"
               : NULL;
}

static void
assert_role(Session *session, FolderRole role, const char *name)
{
    g_autoptr(StoreFolder) folder =
        store_folder_by_role(session_store(session), "work", role, NULL);

    g_assert_cmpstr(folder ? folder->name : NULL, ==, name);
}

static void
synced(Account *account, const GError *error, void *user)
{
    g_assert_no_error(error);
    *(bool *)user = true;
}

/* That one and no other. */
static void
test_listed(void)
{
    Imap imap;
    Session *session;
    char *root;
    Account *account = imap_open(
        &imap, "password x\n    archive-folder Ablage", &session, &root);
    bool done = false;

    imap.says = three_mailboxes;
    account_sync(account, NULL, synced, &done);
    while (!done)
        g_main_context_iteration(NULL, TRUE);
    assert_role(session, FOLDER_ROLE_ARCHIVE, "Ablage");
    session_destroy(session);
    imap_stop(&imap, root);
}

/* What is not there is made under that name. */
static void
test_made(void)
{
    Imap imap;
    Session *session;
    char *root;

    imap_open(&imap, "password x\n    sent-folder Gesendet", &session, &root);
    g_assert_cmpint(act_role_folder(session, "work", FOLDER_ROLE_SENT, NULL),
                    !=, 0);
    g_assert_cmpint(act_role_folder(session, "work", FOLDER_ROLE_TRASH, NULL),
                    !=, 0);
    assert_role(session, FOLDER_ROLE_SENT, "Gesendet");
    assert_role(session, FOLDER_ROLE_TRASH, "Trash");
    session_destroy(session);
    imap_stop(&imap, root);
}

int
main(int argc, char **argv)
{
    mime_init();
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/account-role/listed", test_listed);
    g_test_add_func("/core/account-role/made", test_made);
    return g_test_run();
}
