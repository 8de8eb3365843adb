/* The values of `incoming` and `outgoing`: where a server is and how it is
 * spoken to (doc/architecture.md, "The command language"). Pure. */
#ifndef CORE_ACCOUNT_URL_H
#define CORE_ACCOUNT_URL_H

#include "core/session.h"
#include "net/net.h"

typedef enum {
    URL_IMAP,
    URL_POP3,
    URL_SMTP,
    URL_MAILDIR,
    URL_SENDMAIL,
    URL_DEMO, /* sending delivers to the account itself */
} UrlKind;

typedef struct {
    UrlKind kind;
    NetSecurity security;
    char *user; /* or NULL */
    char *host;
    guint port;
    char *path; /* of maildir and sendmail */
} AccountUrl;

void account_url_clear(AccountUrl *url);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AccountUrl, account_url_clear)

/* incoming: imaps imap imap+insecure, the same of pop3, maildir; outgoing:
 * smtps smtp smtp+insecure sendmail demo. ERR_USAGE names account and
 * option. */
bool account_url_parse(const char *account, bool incoming, const char *text,
                       AccountUrl *url, GError **error);

/* Fills net by the URL and the options of the account. */
void account_net_params(Session *session, const char *account,
                        const AccountUrl *url, NetParams *net);

#endif
