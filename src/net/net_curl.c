/* Opening libcurl. */
#include "net_curl.h"

#include "base/log.h"

#include <gmodule.h>

static bool
find(GModule *module, const char *name, void *place)
{
    return g_module_symbol(module, name, place);
}

static gpointer
open_library(gpointer unused)
{
    GModule *module =
        g_module_open(NET_CURL_FILE, G_MODULE_BIND_LAZY | G_MODULE_BIND_LOCAL);
    g_autofree Curl *curl = g_new0(Curl, 1);
    bool ok = module != NULL;

#define FIND(NAME) ok = ok && find(module, "curl_" #NAME, &curl->NAME);
    NET_CURL_FUNCTIONS(FIND)
#undef FIND
    if (ok && curl->global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
        return g_steal_pointer(&curl);
    log_add(LOG_WARN, "images", "%s", ok ? "libcurl does not start"
                                         : g_module_error());
    return NULL;
}

const Curl *
net_curl(void)
{
    static GOnce once = G_ONCE_INIT;

    return g_once(&once, open_library, NULL);
}
