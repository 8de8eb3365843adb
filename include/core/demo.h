/* The demo mailbox: invented, deterministic, of its own in a temporary tree.
 * What screenshots, screen tests and newcomers use. Main thread. */
#ifndef CORE_DEMO_H
#define CORE_DEMO_H

#include "core/session.h"

enum { DEMO_MESSAGES = 5000 };

typedef struct {
    guint messages; /* how many in all; the inbox is there in any case */
    gint64 now;     /* the time of the demo, seconds UTC; 0: now */
} DemoParams;

/* The configuration of a demo session, in the command language. */
extern const char demo_config[];

/* Reads `demo`'s words: --messages N, --at TIME. ERR_USAGE names the word. */
bool demo_params(const char *const *words, DemoParams *params,
                 GError **error);

typedef struct Demo Demo;

/* Writes the inbox into the session's mail folders and store, and pins the
 * clock when params->now is set: the first screen can be shown. Same params,
 * same bytes. Free with demo_destroy() before the session. */
Demo *demo_create(Session *session, const DemoParams *params, GError **error);
void demo_destroy(Demo *demo);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Demo, demo_destroy)

/* Writes the rest from a thread and has everything indexed behind it. */
void demo_start(Demo *demo);

#endif
