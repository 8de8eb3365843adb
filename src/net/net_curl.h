/* libcurl, opened when something is first fetched: it brings twenty libraries
 * along, and few runs of the program fetch anything. */
#ifndef NET_CURL_H
#define NET_CURL_H

#include "base/library.h"

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#define NET_CURL_FILE LIBRARY_FILE("curl", 4)

/* What is used of it; each is called curl_NAME there. */
#define NET_CURL_FUNCTIONS(DO)                                                 \
    DO(easy_cleanup) \
    DO(easy_getinfo) \
    DO(easy_init) \
    DO(easy_setopt) \
    DO(easy_strerror) \
    DO(free) \
    DO(global_init) \
    DO(multi_add_handle) \
    DO(multi_cleanup) \
    DO(multi_info_read) \
    DO(multi_init) \
    DO(multi_perform) \
    DO(multi_poll) \
    DO(multi_remove_handle) \
    DO(url) \
    DO(url_cleanup) \
    DO(url_get) \
    DO(url_set)

#define NET_CURL_MEMBER(NAME) __typeof__(&curl_##NAME) NAME;
typedef struct {
    NET_CURL_FUNCTIONS(NET_CURL_MEMBER)
} Curl;
#undef NET_CURL_MEMBER

/* NULL: it is not installed, or too old. Any thread. Lives as long as the
 * program. */
const Curl *net_curl(void);

#endif
