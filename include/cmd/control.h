/* The control socket: a command line typed in a shell, run by the instance
 * that is running. It lies in the runtime folder (mode 0600 in a folder 0700),
 * takes one request a connection, and refuses what is too large, too slow, of
 * another user, or no request (promise P71).
 *
 *   request  = JSON-object LF        {"folder": "/cwd", "argv": ["tag", "+x"]}
 *              with "event": "message-arrived" when a hook's program asks
 *   response = *( piece ) "end " status LF
 *   piece    = ( "out" / "err" ) " " size LF size*OCTET
 *
 * Main thread; the server never blocks. */
#ifndef CMD_CONTROL_H
#define CMD_CONTROL_H

#include "cmd/cmd.h"

enum {
    CONTROL_REQUEST_BYTES = 1 << 20, /* a longer request is refused */
    CONTROL_REQUEST_WORDS = 10000,   /* one of more words too */
    CONTROL_REQUEST_SECONDS = 10,    /* to send the request in */
    CONTROL_CONNECTIONS = 16,        /* at once; more have to wait */
    CONTROL_UNREAD_BYTES = 64 << 20, /* of output that a client leaves unread;
                                        then it is let go */
};

typedef struct Control Control;

/* Takes the lock of the folder (made when missing) and listens in it until
 * destroyed. context says what commands run in; it is copied, its origin and
 * out are set for each request. ERR_REFUSED when another instance has the
 * lock; the lock of one that died is taken over. */
Control *
control_create(const char *folder, const CmdContext *context, GError **error);

/* Lets clients go, removes the socket, gives back the lock. NULL is fine. A
 * command that still runs may end later; nobody hears it. */
void control_destroy(Control *control);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Control, control_destroy)

/* The client. True when an instance listens in folder. Does not wait. */
bool control_is_served(const char *folder);

/* Runs argv (NULL-terminated) in the running instance; its output goes to out
 * and its errors to err while they come. Returns the exit status, or -1 with
 * ERR_RETRY when no instance runs (nothing was done), ERR_PROTOCOL when it went
 * away before it answered. Blocks; for the shell. */
int control_ask(const char *folder, const char *const *argv, Printer *out,
                Printer *err, GError **error);

#endif
