/* What a build without libcurl fetches: nothing. */
#include "net/fetch.h"

#include "base/err.h"

NetFetch *
net_fetch_create(const NetFetchParams *params, GCancellable *cancel,
                 GError **error)
{
    return err_null(error, ERR_USAGE,
                    "this posthorn was built without libcurl: it loads nothing "
                    "from the web");
}

void
net_fetch_destroy(NetFetch *fetch)
{
}

GBytes *
net_fetch(NetFetch *fetch, const char *url, gsize limit, GError **error)
{
    return NULL;
}
