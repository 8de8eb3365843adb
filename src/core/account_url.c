/* URLs of servers. */
#include "account_url.h"

#include "base/err.h"
#include "base/paths.h"

#include <string.h>

static const struct {
    const char *scheme;
    bool incoming;
    UrlKind kind;
    NetSecurity security;
    guint port;
} schemes[] = {
    { "imaps", true, URL_IMAP, NET_TLS, 993 },
    { "imap", true, URL_IMAP, NET_STARTTLS, 143 },
    { "imap+insecure", true, URL_IMAP, NET_PLAIN, 143 },
    { "pop3s", true, URL_POP3, NET_TLS, 995 },
    { "pop3", true, URL_POP3, NET_STARTTLS, 110 },
    { "pop3+insecure", true, URL_POP3, NET_PLAIN, 110 },
    { "maildir", true, URL_MAILDIR, NET_PLAIN, 0 },
    { "smtps", false, URL_SMTP, NET_TLS, 465 },
    { "smtp", false, URL_SMTP, NET_STARTTLS, 587 },
    { "smtp+insecure", false, URL_SMTP, NET_PLAIN, 25 },
    { "sendmail", false, URL_SENDMAIL, NET_PLAIN, 0 },
    { "demo", false, URL_DEMO, NET_PLAIN, 0 },
};

void
account_url_clear(AccountUrl *url)
{
    g_clear_pointer(&url->user, g_free);
    g_clear_pointer(&url->host, g_free);
    g_clear_pointer(&url->path, g_free);
}

static bool
bad(const char *account, bool incoming, const char *why, GError **error)
{
    return err_set(error, ERR_USAGE, "account %s: %s %s: write %s", account,
                   incoming ? "incoming" : "outgoing", why,
                   incoming ? "imaps://USER@HOST, pop3s://USER@HOST or "
                              "maildir:///PATH"
                            : "smtps://USER@HOST or sendmail:///PATH");
}

/* [user@]host[:port], IPv6 in brackets. The user may hold an "@". */
static bool
parse_authority(const char *text, AccountUrl *url)
{
    const char *at = strrchr(text, '@');
    const char *host = at ? at + 1 : text;
    const char *end = host + strcspn(host, "/");
    const char *bracket = *host == '[' ? memchr(host, ']', end - host) : NULL;
    const char *colon = memchr(bracket ? bracket : host, ':',
                               (gsize)(end - (bracket ? bracket : host)));
    const char *host_end = colon ? colon : end;

    if (at)
        url->user = g_uri_unescape_segment(text, at, NULL);
    if (at && url->user == NULL)
        return false;
    if (colon) {
        guint64 port;
        g_autofree char *digits = g_strndup(colon + 1, end - colon - 1);

        if (!g_ascii_string_to_unsigned(digits, 10, 1, 65535, &port, NULL))
            return false;
        url->port = (guint)port;
    }
    if (bracket) {
        host++;
        host_end = bracket;
    }
    url->host = g_strndup(host, (gsize)(host_end - host));
    return *url->host != '\0' && (*end == '\0' || strcmp(end, "/") == 0)
        && strpbrk(url->host, " \t\r\n") == NULL;
}

bool
account_url_parse(const char *account, bool incoming, const char *text,
                  AccountUrl *url, GError **error)
{
    const char *rest = strstr(text, ":");
    gsize size = rest ? (gsize)(rest - text) : 0;

    memset(url, 0, sizeof *url);
    for (gsize i = 0; rest && i < G_N_ELEMENTS(schemes); i++) {
        if (schemes[i].incoming != incoming
            || strlen(schemes[i].scheme) != size
            || strncmp(schemes[i].scheme, text, size) != 0)
            continue;
        url->kind = schemes[i].kind;
        url->security = schemes[i].security;
        url->port = schemes[i].port;
        if (url->kind == URL_DEMO)
            return true;
        if (strncmp(rest, "://", 3) != 0)
            break;
        if (url->kind == URL_MAILDIR || url->kind == URL_SENDMAIL) {
            url->path = paths_expand(rest + 3);
            return g_path_is_absolute(url->path)
                || bad(account, incoming, "needs a whole path", error);
        }
        return parse_authority(rest + 3, url)
            || bad(account, incoming, "is no address of a server", error);
    }
    return bad(account, incoming, "is not understood", error);
}
