/* P47, P51: what each URL means: TLS from the first byte unless it says
 * otherwise, cleartext only by a word. */
#include "account_url.h"
#include "base/err.h"

static const struct {
    const char *text;
    bool incoming;
    int kind; /* -1: refused */
    NetSecurity security;
    guint port;
    const char *user, *host;
} urls[] = {
    { "imaps://a@h.example", true, URL_IMAP, NET_TLS, 993, "a", "h.example" },
    { "imap://a@h.example", true, URL_IMAP, NET_STARTTLS, 143, "a",
      "h.example" },
    { "imap+insecure://h", true, URL_IMAP, NET_PLAIN, 143, NULL, "h" },
    { "pop3s://a@h.example", true, URL_POP3, NET_TLS, 995, "a", "h.example" },
    { "pop3://a@h.example", true, URL_POP3, NET_STARTTLS, 110, "a",
      "h.example" },
    { "pop3+insecure://h", true, URL_POP3, NET_PLAIN, 110, NULL, "h" },
    { "pop3s://a%40b@h:1995", true, URL_POP3, NET_TLS, 1995, "a@b", "h" },
    { "pop3s://a@b@h", true, URL_POP3, NET_TLS, 995, "a@b", "h" },
    { "pop3s://[::1]:996/", true, URL_POP3, NET_TLS, 996, NULL, "::1" },
    { "smtps://h", false, URL_SMTP, NET_TLS, 465, NULL, "h" },
    { "smtp://h", false, URL_SMTP, NET_STARTTLS, 587, NULL, "h" },
    { "smtp+insecure://h", false, URL_SMTP, NET_PLAIN, 25, NULL, "h" },
    { "pop3s://h", false, -1, NET_TLS, 0, NULL, NULL },
    { "smtps://h", true, -1, NET_TLS, 0, NULL, NULL },
    { "pop://h", true, -1, NET_TLS, 0, NULL, NULL },
    { "POP3S://h", true, -1, NET_TLS, 0, NULL, NULL },
    { "pop3s:h", true, -1, NET_TLS, 0, NULL, NULL },
    { "pop3s://", true, -1, NET_TLS, 0, NULL, NULL },
    { "pop3s://h:0", true, -1, NET_TLS, 0, NULL, NULL },
    { "pop3s://h:65536", true, -1, NET_TLS, 0, NULL, NULL },
    { "pop3s://h/path", true, -1, NET_TLS, 0, NULL, NULL },
    { "pop3s://a b", true, -1, NET_TLS, 0, NULL, NULL },
};

static void
test_urls(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(urls); i++) {
        g_auto(AccountUrl) url = { 0 };
        g_autoptr(GError) error = NULL;
        bool ok = account_url_parse("work", urls[i].incoming, urls[i].text,
                                    &url, &error);

        g_test_message("%s", urls[i].text);
        g_assert_cmpint(ok, ==, urls[i].kind >= 0);
        if (!ok) {
            g_assert_true(err_is(error, ERR_USAGE));
            continue;
        }
        g_assert_cmpint((int)url.kind, ==, urls[i].kind);
        g_assert_cmpint(url.security, ==, urls[i].security);
        g_assert_cmpuint(url.port, ==, urls[i].port);
        g_assert_cmpstr(url.user, ==, urls[i].user);
        g_assert_cmpstr(url.host, ==, urls[i].host);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/account-url", test_urls);
    return g_test_run();
}
