/* Opening libcurl. */
#include "net_curl.h"

#include "base/log.h"

static Curl curl;

static bool
open_library(void)
{
#define NAME_OF(NAME) "curl_" #NAME,
    static const char *const names[] = { NET_CURL_FUNCTIONS(NAME_OF) NULL };
#undef NAME_OF
    static Library library = { NET_CURL_FILE, names, &curl };

    return library_open(&library, NULL);
}

static gpointer
start(gpointer unused)
{
    if (curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
        return &curl;
    log_add(LOG_WARN, "images", "libcurl does not start");
    return NULL;
}

const Curl *
net_curl(void)
{
    static GOnce once = G_ONCE_INIT;

    return open_library() ? g_once(&once, start, NULL) : NULL;
}
