/* An account that waits for its server tries at once when the network comes
 * back, however long its pause is. */
#include "base/clock.h"
#include "base/file.h"
#include "core/account.h"
#include "core/indexer.h"
#include "mime/mime.h"

#include <gio/gio.h>
#include <glib/gstdio.h>

enum {
    FAILURES = 5 /* pauses of 5, 10, 20, 40 and 80 seconds */
};

typedef struct {
    GSocketService *service;
    guint16 port;
    guint calls;
} Server;

/* Takes a call and ends it. */
static gboolean
called(GSocketService *service, GSocketConnection *connection, GObject *source,
       void *user)
{
    Server *server = user;

    server->calls++;
    return TRUE;
}

static void
server_start(Server *server)
{
    g_autoptr(GError) error = NULL;

    server->service = g_socket_service_new();
    server->port = g_socket_listener_add_any_inet_port(
        G_SOCKET_LISTENER(server->service), NULL, &error);
    g_assert_no_error(error);
    g_signal_connect(server->service, "incoming", G_CALLBACK(called), server);
}

static Session *
open_session(const char *root, guint16 port)
{
    g_autofree char *file = g_build_filename(root, "posthorn.conf", NULL);
    g_autofree char *text = g_strdup_printf(
        "account work {\n    address  ana@example.org\n    password x\n"
        "    incoming imap+insecure://127.0.0.1:%u\n}\n",
        port);
    g_autoptr(GError) error = NULL;
    Session *session;

    g_assert_true(g_file_set_contents(file, text, -1, NULL));
    g_assert_cmpint(g_chmod(file, 0600), ==, 0);
    session = session_create(paths_create_below(root), &error);
    g_assert_no_error(error);
    cmd_table_add(session_table(session), cmd_builtins);
    session_configure(session, file, &error);
    g_assert_no_error(error);
    indexer_disable(session_indexer(session));
    session_open_accounts(session, &error);
    g_assert_no_error(error);
    return session;
}

static void
wait_for(const Server *server, const Account *account, guint calls)
{
    while (server->calls < calls
           || account_status(account)->state != ACCOUNT_WAITING)
        g_main_context_iteration(NULL, TRUE);
}

static void
come_back(void)
{
    g_signal_emit_by_name(g_network_monitor_get_default(), "network-changed",
                          TRUE);
}

static void
test_back(void)
{
    g_autofree char *root = g_dir_make_tmp("posthorn-network-XXXXXX", NULL);
    Server server = { 0 };
    Session *session;
    Account *account;
    gint64 retry;

    server_start(&server);
    session = open_session(root, server.port);
    account = session_account(session, "work");
    account_start(account);
    wait_for(&server, account, 1);
    for (guint i = 1; i < FAILURES; i++) {
        come_back();
        wait_for(&server, account, i + 1);
    }
    retry = account_status(account)->retry;
    g_assert_cmpint(retry, >, clock_now() + 30);
    come_back();
    wait_for(&server, account, FAILURES + 1);
    g_assert_cmpint(clock_now(), <, retry);
    session_destroy(session);
    g_socket_service_stop(server.service);
    g_object_unref(server.service);
    file_remove_tree(root, NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    g_test_add_func("/network/back", test_back);
    return g_test_run();
}
