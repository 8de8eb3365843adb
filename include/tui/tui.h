/* The screen: ncurses views over the session. Main thread; the only user of
 * curses. Nothing here blocks on network, disk scans, child processes, DNS. */
#ifndef TUI_TUI_H
#define TUI_TUI_H

#include "core/session.h"

typedef struct Tui Tui;

/* Adds the commands that need a screen. */
void tui_commands_add(CmdTable *table);

/* Takes the terminal over and becomes the session's frontend. ERR_USAGE when
 * standard input or output is no terminal that curses knows. */
Tui *tui_create(Session *session, GError **error);

/* Gives the terminal back. NULL is fine. */
void tui_destroy(Tui *tui);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tui, tui_destroy)

/* Runs command (NULL: opens the inbox), then the main loop until the user
 * leaves. Returns the exit status. */
int tui_run(Tui *tui, const char *const *command);

#endif
