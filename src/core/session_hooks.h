/* Events of the program on their way to the user's hooks. Main thread. */
#ifndef CORE_SESSION_HOOKS_H
#define CORE_SESSION_HOOKS_H

#include "cmd/hook.h"
#include "core/session.h"

/* Hooks that match their queries by the session's index; listens to its bus
 * for every event but the before-… ones, which who fires them waits for. */
Hooks *session_hooks_create(Session *session);

#endif
