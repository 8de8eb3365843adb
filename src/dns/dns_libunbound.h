/* libunbound, opened with the first question: most runs ask none. */
#ifndef DNS_LIBUNBOUND_H
#define DNS_LIBUNBOUND_H

#include <glib.h>
#include <stdbool.h>
#include <unbound.h>

/* What is used of it; each is called ub_NAME there. */
#define UNBOUND_FUNCTIONS(DO)                                                  \
    DO(ctx_add_ta) \
    DO(ctx_add_ta_file) \
    DO(ctx_async) \
    DO(ctx_create) \
    DO(ctx_debuglevel) \
    DO(ctx_delete) \
    DO(ctx_resolvconf) \
    DO(ctx_set_fwd) \
    DO(ctx_set_option) \
    DO(ctx_zone_add) \
    DO(fd) \
    DO(process) \
    DO(resolve_async) \
    DO(resolve_free) \
    DO(strerror)

#define UNBOUND_MEMBER(NAME) __typeof__(&ub_##NAME) NAME;
typedef struct {
    UNBOUND_FUNCTIONS(UNBOUND_MEMBER)
} Unbound;
#undef UNBOUND_MEMBER

/* Whoever holds a context may call them. */
extern Unbound unbound;

/* Before the first of them. False: it is not there. Any thread. */
bool dns_libunbound_open(void);

#endif
