/* The demo mailbox: invented, deterministic, of its own in a temporary tree.
 * What screenshots, screen tests and newcomers use. Main thread. */
#ifndef CORE_DEMO_H
#define CORE_DEMO_H

#include "core/session.h"

enum { DEMO_MESSAGES = 5000 };

typedef struct {
    guint messages; /* how many in all; at least the inbox */
    gint64 now;     /* the time of the demo; 0: now */
} DemoParams;

/* The configuration of a demo session, in the command language. */
extern const char demo_config[];

/* Writes the inbox into the session's mail folders and store, and pins the
 * clock when params->now is set: the first screen can be shown. The rest
 * follows from a thread. Same params, same bytes. */
bool demo_fill(Session *session, const DemoParams *params, GError **error);

/* Reads `demo`'s words: --messages N, --at TIME. ERR_USAGE names the word. */
bool demo_params(const char *const *words, DemoParams *params,
                 GError **error);

#endif
