/* An account that waits for its server tries at once when the network comes
 * back, however long its pause is, but not on and on where it was refused; and
 * its lanes end whatever they are at. Whoever goes offline stays it. */
#include "account_remote.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "core/account.h"
#include "imap_scene.h"
#include "mime/mime.h"

#include <gio/gio.h>
#include <string.h>

enum {
    FAILURES = 5, /* pauses of 5, 10, 20, 40 and 80 seconds */
    REST_OVER_MS = 200 /* that of a second refusal, in haste */
};

static bool hasty; /* a second passes in a millisecond */

/* In place of GLib's. */
guint
g_timeout_add_seconds(guint seconds, GSourceFunc fn, void *user)
{
    return hasty
               ? g_timeout_add(seconds, fn, user)
               : g_timeout_add_seconds_full(G_PRIORITY_DEFAULT, seconds, fn,
                                            user, NULL);
}

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
    g_autofree char *root = NULL;
    g_autofree char *text = NULL;
    Server server = { 0 };
    Session *session;
    Account *account;
    gint64 retry;

    server_start(&server);
    text = g_strdup_printf(
        "account work {\n    address  ana@example.org\n    password x\n"
        "    incoming imap+insecure://127.0.0.1:%u\n}\n",
        server.port);
    session = scene_open(text, false, &root);
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

static void
wait_online(const Account *account)
{
    while (account_status(account)->state != ACCOUNT_ONLINE)
        g_main_context_iteration(NULL, TRUE);
}

/* The same, and it synchronised once. */
static Account *
imap_start(Imap *imap, Session **session, char **root)
{
    Account *account = imap_open(imap, "password x", session, root);

    account_start(account);
    wait_online(account);
    g_assert_cmpuint(imap->logins, ==, 1);
    return account;
}

/* What may be in one of two mailboxes is not told anything before they were
 * looked at: behind a push that left it out. */
static void
test_moving(void)
{
    Imap imap;
    Session *session;
    char *root;
    Account *account = imap_open(&imap, "password x", &session, &root);
    Store *store = session_store(session);
    gint64 inbox = imap_folder(session, "INBOX", FOLDER_ROLE_INBOX);
    gint64 other = imap_folder(session, "B", FOLDER_ROLE_NONE);
    gint64 id = imap_message(session, inbox, 1);

    imap.says = imap_two_mailboxes;
    account_start(account);
    wait_online(account);
    g_assert_true(store_server_moving(store, id, other, NULL));
    g_assert_true(store_set_flags(store, id, STORE_FLAG_FLAGGED, NULL));
    account_kick(account);
    while (store_pending_count(store, "work") > 0)
        g_main_context_iteration(NULL, TRUE);
    session_destroy(session);
    imap_stop(&imap, root);
}

/* What nobody listens to is asked for all the same. */
static void
test_polls(void)
{
    Imap imap;
    Session *session;
    char *root;

    hasty = true;
    imap_start(&imap, &session, &root);
    while (imap_count(&imap, &imap.lists) < 3)
        g_main_context_iteration(NULL, TRUE);
    hasty = false;
    session_destroy(session);
    imap_stop(&imap, root);
}

/* The server takes a command of a sync and says nothing; a push waits. */
static void
sync_and_push(Imap *imap, Account *account)
{
    imap_set(imap, &imap->silent, true);
    account_sync(account, NULL, NULL, NULL);
    account_kick(account);
    while (account->remote->push == NULL)
        g_main_context_iteration(NULL, TRUE);
    g_assert_nonnull(account->remote->sync);
}

/* The program ends in the midst of a sync, a push behind it. */
static void
test_quit(void)
{
    Imap imap;
    Session *session;
    char *root;
    Account *account = imap_start(&imap, &session, &root);

    sync_and_push(&imap, account);
    session_destroy(session);
    imap_stop(&imap, root);
}

static void
searched(const AccountFound *found, const GError *error, void *user)
{
    g_assert_nonnull(error);
    *(bool *)user = true;
}

static void
wait_refused(const Account *account)
{
    while (account_status(account)->state != ACCOUNT_FAILED)
        g_main_context_iteration(NULL, TRUE);
}

/* P36: a refused login is tried once more by itself, whatever the network does
 * and what waits behind it. */
static void
test_refused(void)
{
    Imap imap;
    Session *session;
    char *root;
    Account *account = imap_start(&imap, &session, &root);
    bool lost = false;

    imap_set(&imap, &imap.refuses, true);
    imap_set(&imap, &imap.closes, true);
    account_search(account, "work/INBOX", "ALL", searched, &lost);
    while (!lost)
        g_main_context_iteration(NULL, TRUE);
    sync_and_push(&imap, account);
    imap_set(&imap, &imap.silent, false);
    wait_refused(account);
    g_assert_cmpuint(imap_logins(&imap), ==, 2);
    g_assert_null(account->remote->push);
    come_back();
    while (account_status(account)->state == ACCOUNT_FAILED)
        g_main_context_iteration(NULL, TRUE);
    wait_refused(account);
    g_assert_cmpuint(imap_logins(&imap), ==, 3);
    come_back();
    g_assert_cmpuint(account->remote->retry_source, ==, 0);
    imap_set(&imap, &imap.refuses, false);
    account_sync(account, NULL, NULL, NULL); /* the user may */
    wait_online(account);
    g_assert_cmpuint(imap_logins(&imap), ==, 4);
    session_destroy(session);
    imap_stop(&imap, root);
}

/* Goes on until the server was tried so often; each look at the network brings
 * a sync that succeeds. The account stays online. */
static void
sync_until(Imap *imap, const Account *account, const guint *what, guint count)
{
    guint lists = 0;

    while (imap_count(imap, what) < count) {
        if (lists != imap_count(imap, &imap->lists)
            && account->remote->sync == NULL) {
            lists = imap_count(imap, &imap->lists);
            come_back();
        }
        g_main_context_iteration(NULL, TRUE);
        g_assert_true(account->remote->online);
    }
}

/* A pause of five seconds, three quarters of it at least, and of that the part
 * of a second by which a timer of whole seconds may come early. */
static void
assert_paused(const Imap *imap)
{
    g_assert_cmpint(imap->tried[1] - imap->tried[0], >, 2 * G_USEC_PER_SEC);
}

/* P36: listening that is refused has its own pauses, whatever syncs do. */
static void
test_not_heard(void)
{
    Imap imap;
    Session *session;
    char *root;
    Account *account = imap_open_wide(&imap, 2, "password x", &session, &root);

    imap.idle = true;
    account_start(account);
    wait_online(account);
    sync_until(&imap, account, &imap.tries, 2);
    assert_paused(&imap);
    g_assert_cmpuint(imap_logins(&imap), ==, 2);
    session_destroy(session);
    imap_stop(&imap, root);
}

/* All mailboxes are listened to (NOTIFY), and again when the server gave up. */
static void
test_all_heard(void)
{
    Imap imap;
    Session *session;
    char *root;
    Account *account = imap_open_wide(&imap, 2, "password x", &session, &root);

    imap.news = "* OK [NOTIFICATIONOVERFLOW] too much\r\n";
    account_start(account);
    while (imap_count(&imap, &imap.notifies) < 2)
        g_main_context_iteration(NULL, TRUE);
    session_destroy(session);
    imap_stop(&imap, root);
}

static _Thread_local char selected[32]; /* on this connection */
static GString *listened; /* to which in turn; guarded by the server's lock */

static const char *
some_mailboxes(const char *command)
{
    if (g_str_has_prefix(command, "CAPABILITY"))
        return "* CAPABILITY IMAP4rev1 UIDPLUS IDLE\r\n";
    if (g_str_has_prefix(command, "LIST"))
        return "* LIST (\\Sent) \"/\" Sent\r\n* LIST () \"/\" Plain\r\n"
               "* LIST () \"/\" Unwanted\r\n* LIST (\\Junk) \"/\" Junk\r\n"
               "* LIST () \"/\" INBOX\r\n";
    if (g_str_has_prefix(command, "LSUB"))
        return "* LSUB () \"/\" Sent\r\n* LSUB () \"/\" Plain\r\n"
               "* LSUB () \"/\" Junk\r\n* LSUB () \"/\" INBOX\r\n";
    if (g_str_has_prefix(command, "SELECT"))
        g_strlcpy(selected, command + strlen("SELECT "), sizeof selected);
    if (g_str_has_prefix(command, "IDLE"))
        g_string_append(listened, g_strchomp(selected));
    return NULL;
}

static void
assert_listened(const char *wanted)
{
    g_auto(GStrv) names = g_strsplit(wanted, "\"\"", -1);

    /* those beside INBOX begin at the same time */
    g_assert_cmpuint(listened->len, ==, strlen(wanted));
    for (char **name = names; *name; name++)
        g_assert_nonnull(strstr(listened->str, *name));
}

/* Of the connections that may be, two move and open mail, the others listen: to
 * INBOX, to a plain folder that is subscribed, then to Sent; to no others. */
static void
test_budget(void)
{
    static const struct {
        guint connections;
        const char *listened;
    } cases[] = { { 3, "\"INBOX\"" },
                  { 4, "\"INBOX\"\"Plain\"" },
                  { 9, "\"INBOX\"\"Plain\"\"Sent\"" } };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Imap imap;
        Session *session;
        char *root;
        Account *account = imap_open_wide(&imap, cases[i].connections,
                                          "password x", &session, &root);
        gsize size = 0;
        guint lists;

        listened = g_string_new(NULL);
        imap.news = "";
        imap.says = some_mailboxes;
        account_start(account);
        for (; size < strlen(cases[i].listened); g_usleep(1000)) {
            g_main_context_iteration(NULL, FALSE);
            g_mutex_lock(&imap.lock);
            size = listened->len;
            g_mutex_unlock(&imap.lock);
        }
        lists = imap_count(&imap, &imap.lists);
        sync_until(&imap, account, &imap.lists, lists + 2);
        session_destroy(session);
        imap_stop(&imap, root);
        assert_listened(cases[i].listened);
        g_string_free(listened, TRUE);
    }
}

/* P37: a mailbox that cannot be opened is told, and the account is online as
 * after any sync: it listens, and tells the server what the user does. */
static void
test_one_locked(void)
{
    Imap imap;
    Session *session;
    char *root;
    Account *account = imap_open_wide(&imap, 2, "password x", &session, &root);

    imap.locked = imap.idle = true;
    account_start(account);
    while (imap_count(&imap, &imap.lists) == 0 || account->remote->sync)
        g_main_context_iteration(NULL, TRUE);
    g_assert_true(account->remote->online);
    g_assert_nonnull(
        strstr(account_status(account)->reason, "it is locked"));
    while (imap_count(&imap, &imap.tries) == 0)
        g_main_context_iteration(NULL, TRUE);
    session_destroy(session);
    imap_stop(&imap, root);
}

static void
note_refusal(Account *account, const GError *error, void *user)
{
    g_assert_error(error, ERR_DOMAIN, ERR_REFUSED);
    *(bool *)user = true;
}

/* What was asked for meanwhile is done at once, though something was refused;
 * that is said when both ended, and of an account that is online. */
static void
test_locked_again(void)
{
    Imap imap;
    Session *session;
    char *root;
    Account *account = imap_open(&imap, "password x", &session, &root);
    g_autofree char *text = NULL;
    bool told = false;

    imap.locked = true;
    account_start(account);
    account_sync(account, NULL, note_refusal, &told);
    g_assert_true(account->remote->again);
    while (!told)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(imap_count(&imap, &imap.lists), ==, 2);
    g_assert_cmpint(account_status(account)->state, ==, ACCOUNT_ONLINE);
    text = account_status_text(account);
    g_assert_nonnull(strstr(text, "it is locked"));
    g_assert_true(g_str_has_suffix(text, "; all else is up to date"));
    session_destroy(session);
    imap_stop(&imap, root);
}

static gboolean
time_over(void *over)
{
    *(bool *)over = true;
    return G_SOURCE_REMOVE;
}

/* P36: a server that takes one login only is asked for another one twice, and
 * then when the user asks, however long syncs go on. */
static void
test_one_login(void)
{
    Imap imap;
    Session *session;
    char *root;
    Account *account = imap_open_wide(&imap, 2, "password x", &session, &root);
    guint lists;
    bool over = false;

    hasty = true;
    imap.logins_most = 1;
    account_start(account);
    wait_online(account);
    sync_until(&imap, account, &imap.tries, 2);
    lists = imap_count(&imap, &imap.lists);
    sync_until(&imap, account, &imap.lists, lists + 3);
    g_timeout_add(REST_OVER_MS, time_over, &over);
    while (!over)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(imap_logins(&imap), ==, 3);
    account_sync(account, NULL, NULL, NULL);
    sync_until(&imap, account, &imap.logins, 4);
    hasty = false;
    session_destroy(session);
    imap_stop(&imap, root);
}

/* P36: a server that wants no login before some time has none. */
static void
test_not_before(void)
{
    Imap imap;
    Session *session;
    char *root;
    Account *account = imap_start(&imap, &session, &root);

    account->remote->not_before = clock_now() + 1000;
    come_back();
    g_assert_cmpuint(account->remote->retry_source, ==, 0);
    account->remote->not_before = clock_now();
    come_back();
    g_assert_cmpuint(account->remote->retry_source, !=, 0);
    session_destroy(session);
    imap_stop(&imap, root);
}

static void
noted(const AccountFound *found, const GError *error, void *user)
{
    *(bool *)user = true;
}

static void
assert_offline(const Account *account)
{
    g_assert_cmpint(account_status(account)->state, ==, ACCOUNT_OFFLINE);
    g_assert_false(account->remote->online);
    g_assert_null(account->remote->sync);
    g_assert_cmpuint(account->remote->retry_source, ==, 0);
    g_assert_cmpuint(account->remote->poll_source, ==, 0);
}

/* The server takes the first command of a sync and says nothing. */
static void
sync_waits(Imap *imap, Account *account)
{
    guint commands = imap_count(imap, &imap->commands);

    imap_set(imap, &imap->silent, true);
    account_sync(account, NULL, NULL, NULL);
    imap_await(imap, &imap->commands, commands + 1);
}

static const char *
one_message(const char *command)
{
    return g_str_has_prefix(command, "SELECT")
               ? "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] v\r\n"
                 "* OK [UIDNEXT 2] n\r\n"
               : NULL;
}

static bool
imap_is_silent(Imap *imap)
{
    bool silent;

    g_mutex_lock(&imap->lock);
    silent = imap->silent;
    g_mutex_unlock(&imap->lock);
    return silent;
}

static void
part_came(const AccountPart *part, const GError *error, void *user)
{
    g_assert_null(part);
    g_assert_nonnull(error);
    *(bool *)user = true;
}

/* A message that is on the server alone. */
static gint64
make_distant(Session *session)
{
    Store *store = session_store(session);
    StoreMessage message = { .uid = 1, .message_id = "1@x", .tags = "" };

    message.folder =
        session_make_folder(session, "work", "INBOX", FOLDER_ROLE_INBOX, NULL);
    return store_message_add(store, &message, NULL);
}

/* However the program ends while a part is on its way, no file is left. */
static void
test_part(void)
{
    Imap imap;
    Session *session;
    char *root;
    Account *account = imap_open(&imap, "password x", &session, &root);
    gint64 id = make_distant(session);
    g_autoptr(GDir) cache = NULL;
    bool came = false;

    g_assert_cmpint(id, !=, 0);
    imap.says = one_message;
    imap.last = "SELECT";
    account_fetch_part(account, id, 1, part_came, &came);
    for (; !imap_is_silent(&imap); g_usleep(1000))
        g_main_context_iteration(NULL, FALSE);
    cache = g_dir_open(session_paths(session)->cache, 0, NULL);
    g_assert_nonnull(cache);
    g_assert_cmpstr(g_dir_read_name(cache), ==, NULL);
    session_destroy(session);
    g_assert_true(came);
    imap_stop(&imap, root);
}

typedef struct {
    Account *account;
    guint ended;
    bool stops; /* the others */
} Stopping;

static void
stopped(gint64 id, const GError *error, void *user)
{
    Stopping *stopping = user;

    g_assert_nonnull(error);
    stopping->ended++;
    if (stopping->stops)
        account_fetch_stop(stopping->account, id);
}

/* Who is told that his message does not come may stop others in turn. */
static void
test_stopped(void)
{
    Imap imap;
    Session *session;
    char *root;
    Account *account =
        imap_open(&imap, "password-command \"echo x\"", &session, &root);
    gint64 id = make_distant(session);
    Stopping stopping = { account, 0, true };

    for (guint i = 0; i < 3; i++)
        account_fetch(account, id, stopped, &stopping);
    g_assert_cmpuint(account->remote->errands->len, ==, 3);
    account_fetch_stop(account, id);
    g_assert_cmpuint(stopping.ended, ==, 3);
    g_assert_cmpuint(account->remote->errands->len, ==, 0);
    while (account->remote->asking)
        g_main_context_iteration(NULL, TRUE);
    session_destroy(session);
    imap_stop(&imap, root);
}

/* A sync that ended well, and was not told yet when the user went offline. */
static void
test_offline(void)
{
    Imap imap;
    Session *session;
    char *root;
    Account *account = imap_start(&imap, &session, &root);
    bool found = false;

    sync_waits(&imap, account);
    account_search(account, "work/INBOX", "ALL", noted, &found);
    imap_set(&imap, &imap.silent, false);
    imap_await(&imap, &imap.searches, 1); /* of one connection: the sync ended */
    session_set_offline(session, true);
    while (!found || account->remote->sync)
        g_main_context_iteration(NULL, TRUE);
    assert_offline(account);
    session_set_offline(session, false);
    wait_online(account);
    session_destroy(session);
    imap_stop(&imap, root);
}

/* Offline, and online again before the sync that was cancelled ended. */
static void
test_offline_and_back(void)
{
    Imap imap;
    Session *session;
    char *root;
    Account *account = imap_start(&imap, &session, &root);
    Job *cancelled;

    sync_waits(&imap, account);
    cancelled = account->remote->sync;
    session_set_offline(session, true);
    session_set_offline(session, false);
    imap_set(&imap, &imap.silent, false);
    while (account->remote->sync == cancelled)
        g_main_context_iteration(NULL, TRUE);
    g_assert_nonnull(account->remote->sync);
    wait_online(account);
    session_destroy(session);
    imap_stop(&imap, root);
}

/* The password comes when the user has gone offline: nobody is dialled. */
static void
test_offline_asking(void)
{
    Imap imap;
    Session *session;
    char *root;
    Account *account =
        imap_open(&imap, "password-command \"echo x\"", &session, &root);
    bool lost = false;

    account_start(account);
    account_search(account, "work/INBOX", "ALL", searched, &lost);
    g_assert_true(account->remote->asking);
    session_set_offline(session, true);
    while (account->remote->asking)
        g_main_context_iteration(NULL, TRUE);
    g_assert_true(lost);
    g_assert_null(account->remote->bulk);
    assert_offline(account);
    session_set_offline(session, false);
    wait_online(account);
    g_assert_cmpuint(imap_logins(&imap), ==, 1);
    session_destroy(session);
    imap_stop(&imap, root);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    g_test_add_func("/network/back", test_back);
    g_test_add_func("/network/polls", test_polls);
    g_test_add_func("/network/quit", test_quit);
    g_test_add_func("/network/offline", test_offline);
    g_test_add_func("/network/offline/back", test_offline_and_back);
    g_test_add_func("/network/offline/asking", test_offline_asking);
    g_test_add_func("/network/part", test_part);
    g_test_add_func("/network/moving", test_moving);
    g_test_add_func("/network/stopped", test_stopped);
    g_test_add_func("/network/P36/refused", test_refused);
    g_test_add_func("/network/P36/not-before", test_not_before);
    g_test_add_func("/network/P36/not-heard", test_not_heard);
    g_test_add_func("/network/all-heard", test_all_heard);
    g_test_add_func("/network/budget", test_budget);
    g_test_add_func("/network/P36/one-login", test_one_login);
    g_test_add_func("/network/P37/one-locked", test_one_locked);
    g_test_add_func("/network/P37/locked-again", test_locked_again);
    return g_test_run();
}
