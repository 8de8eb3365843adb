/* What the options of an account say of its connections reaches them. */
#include "account_url.h"
#include "imap_scene.h"
#include "mime/mime.h"

#define LARGE "* 1 FETCH (UID 1 FLAGS () RFC822.SIZE 5000 BODY[HEADER] {14}\r\n" \
              "Subject: x\r\n\r\n)\r\n"

static GString *heard; /* the commands; guarded by the server's lock */
static const char *capabilities;

static const char *
listen_and_answer(const char *command)
{
    g_string_append(heard, command);
    g_string_append_c(heard, '\n');
    if (g_str_has_prefix(command, "CAPABILITY"))
        return capabilities;
    if (g_str_has_prefix(command, "SELECT"))
        return "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] v\r\n"
               "* OK [UIDNEXT 2] n\r\n";
    if (strstr(command, "HEADER"))
        return LARGE;
    return strstr(command, "FETCH") ? "* 1 FETCH (UID 1 FLAGS ())\r\n" : NULL;
}

static bool
was_heard(Imap *imap, const char *text)
{
    bool was;

    g_mutex_lock(&imap->lock);
    was = strstr(heard->str, text) != NULL;
    g_mutex_unlock(&imap->lock);
    return was;
}

static void
ended(Account *account, const GError *error, void *user)
{
    *(bool *)user = true;
}

/* One sync with these options, of a server that can do so much, until it heard
 * this or the sync ended. */
static bool
hears(const char *options, const char *can, const char *text)
{
    g_autofree char *secret = g_strconcat("password x\n    ", options, NULL);
    Imap imap;
    Session *session;
    char *root;
    Account *account = imap_open(&imap, secret, &session, &root);
    bool done = false;
    bool was;

    heard = g_string_new(NULL);
    capabilities = can;
    imap.says = listen_and_answer;
    account_sync(account, NULL, ended, &done);
    for (; !done && !was_heard(&imap, text); g_usleep(1000))
        g_main_context_iteration(NULL, FALSE);
    was = was_heard(&imap, text);
    session_destroy(session);
    imap_stop(&imap, root);
    g_string_free(heard, TRUE);
    return was;
}

static void
test_sasl_ir(void)
{
    g_assert_true(hears("sasl-ir on", NULL, "AUTHENTICATE PLAIN AG"));
    g_assert_true(hears("sasl-ir off", NULL, "AUTHENTICATE PLAIN\r\n"));
}

/* What is forced is taken or nothing. */
static void
test_auth(void)
{
    g_assert_true(hears("auth auto", NULL, "AUTHENTICATE PLAIN"));
    g_assert_false(hears("auth SCRAM-SHA-256", NULL, "AUTHENTICATE"));
}

static void
test_compress(void)
{
    static const char can[] = "* CAPABILITY IMAP4rev1 ID COMPRESS=DEFLATE\r\n";

    g_assert_true(hears("compress on", can, "COMPRESS DEFLATE"));
    g_assert_false(hears("compress off", can, "COMPRESS"));
    g_assert_true(hears("compress off", can,
                        "ID (\"name\" \"posthorn\" \"version\" \""));
}

static void
test_keep_larger_than(void)
{
    g_assert_true(hears("keep-larger-than 6000", NULL, "BODY.PEEK[])"));
    g_assert_false(hears("keep-larger-than 4000", NULL, "BODY.PEEK[])"));
}

static const char *
tell_quota(const char *command)
{
    if (g_str_has_prefix(command, "CAPABILITY"))
        return "* CAPABILITY IMAP4rev1 QUOTA\r\n";
    return g_str_has_prefix(command, "GETQUOTAROOT")
               ? "* QUOTAROOT INBOX \"\"\r\n* QUOTA \"\" (STORAGE 250 1000)\r\n"
               : NULL;
}

typedef struct {
    bool done;
    char *said; /* the error; NULL: none */
} Checked;

static void
checked(Account *account, const GError *error, void *user)
{
    Checked *check = user;

    check->done = true;
    check->said = g_strdup(error ? error->message : NULL);
}

/* What the check says of how full the mailbox is; *said: its error. */
static char *
check_server(const char *secret, char **said)
{
    Imap imap;
    Session *session;
    char *root;
    Account *account = imap_open(&imap, secret, &session, &root);
    Checked check = { 0 };
    char *room;

    imap.says = tell_quota;
    account_check(account, checked, &check);
    while (!check.done)
        g_main_context_iteration(NULL, TRUE);
    room = g_strdup(account_room(account));
    while (g_main_context_iteration(NULL, FALSE))
        ; /* it hangs up behind */
    session_destroy(session);
    imap_stop(&imap, root);
    *said = check.said;
    return room;
}

/* QUOTA (RFC 9208) is told by the check. */
static void
test_quota(void)
{
    g_autofree char *said = NULL;
    g_autofree char *room = check_server("password x", &said);

    g_assert_cmpstr(said, ==, NULL);
    g_assert_cmpstr(room, ==, "256.0\302\240kB of 1.0\302\240MB used (25 %)");
}

/* Who needs no password is not asked for one by the check either. */
static void
test_check_external(void)
{
    g_autofree char *said = NULL;
    g_autofree char *room = check_server("auth EXTERNAL", &said);

    g_assert_cmpstr(room, ==, NULL);
    g_assert_nonnull(strstr(said, "offers no login that fits auth EXTERNAL"));
}

static void
test_tls(void)
{
    static const char text[] =
        "account work {\n    address ana@example.org\n    password x\n"
        "    incoming imaps://ben@mail.test:7\n"
        "    tls-ca-file /a/ca.pem\n    tls-client-cert /a/ana.pem\n"
        "    tls-fingerprint sha256:00\n    proxy socks5://127.0.0.1:9\n}\n";
    g_autofree char *root = NULL;
    Session *session = scene_open(text, false, &root);
    g_auto(AccountUrl) url = { 0 };
    NetParams net = { 0 };

    g_assert_true(account_url_parse("work", true, "imaps://ben@mail.test:7",
                                    &url, NULL));
    account_net_params(session, "work", &url, &net);
    g_assert_cmpstr(net.host, ==, "mail.test");
    g_assert_cmpuint(net.port, ==, 7);
    g_assert_cmpint(net.security, ==, NET_TLS);
    g_assert_cmpstr(net.ca_file, ==, "/a/ca.pem");
    g_assert_cmpstr(net.client_cert, ==, "/a/ana.pem");
    g_assert_cmpstr(net.fingerprint, ==, "sha256:00");
    g_assert_cmpstr(net.proxy, ==, "socks5://127.0.0.1:9");
    net_params_clear(&net);
    session_destroy(session);
    file_remove_tree(root, NULL);
}

int
main(int argc, char **argv)
{
    mime_init();
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/account-net/sasl-ir", test_sasl_ir);
    g_test_add_func("/core/account-net/auth", test_auth);
    g_test_add_func("/core/account-net/compress", test_compress);
    g_test_add_func("/core/account-net/keep-larger-than",
                    test_keep_larger_than);
    g_test_add_func("/core/account-net/quota", test_quota);
    g_test_add_func("/core/account-net/check-external", test_check_external);
    g_test_add_func("/core/account-net/tls", test_tls);
    return g_test_run();
}
