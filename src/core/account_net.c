/* How a server of an account is reached: its URL and the options about
 * connections, the same for mail that comes and mail that goes. */
#include "account_url.h"

#include "base/paths.h"
#include "core/session.h"

static char *
path_option(const Options *options, const char *name, const char *account)
{
    const char *value = options_get(options, name, account, NULL);

    return value ? paths_expand(value) : NULL;
}

void
account_net_params(Session *session, const char *account, const AccountUrl *url,
                   NetParams *net)
{
    const Options *options = session_options(session);

    net->host = g_strdup(url->host);
    net->port = url->port;
    net->security = url->security;
    net->ca_file = path_option(options, "tls-ca-file", account);
    net->client_cert = path_option(options, "tls-client-cert", account);
    net->fingerprint =
        g_strdup(options_get(options, "tls-fingerprint", account, NULL));
    net->proxy = g_strdup(options_get(options, "proxy", account, NULL));
}
