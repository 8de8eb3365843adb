/* A command whose input and output are the connection ("ssh host imapd"). It
 * has no terminal, so that it can ask nothing on ours; what it says on standard
 * error is kept for the message about its end. */
#include "net_private.h"

#include "base/err.h"
#include "base/spawn.h"
#include "base/text.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

enum {
    SAID_BYTES = 4096
};

struct NetTunnel {
    GSubprocess *process;
    int errors; /* a file without a name */
};

static void
in_child(void *data)
{
    setsid();
    signal(SIGPIPE, SIG_DFL);
}

static int
nameless_file(GError **error)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("posthorn-XXXXXX", &path, error);

    if (fd >= 0)
        unlink(path);
    return fd;
}

static NetTunnel *
start(const char *const *argv, int in, int out, GError **error)
{
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_NONE);
    g_autoptr(GError) trouble = NULL;
    NetTunnel *tunnel = g_new0(NetTunnel, 1);

    tunnel->errors = nameless_file(&trouble);
    g_subprocess_launcher_set_child_setup(launcher, in_child, NULL, NULL);
    g_subprocess_launcher_take_stdin_fd(launcher, in);
    g_subprocess_launcher_take_stdout_fd(launcher, out);
    if (tunnel->errors >= 0)
        g_subprocess_launcher_take_stderr_fd(launcher, dup(tunnel->errors));
    if (trouble == NULL)
        tunnel->process =
            g_subprocess_launcher_spawnv(launcher, argv, &trouble);
    if (tunnel->process)
        return tunnel;
    err_set(error, ERR_USAGE, "incoming-tunnel cannot be run: %s",
            trouble->message);
    net_tunnel_close(tunnel);
    return NULL;
}

/* Pipes, not a socket: Dovecot's imap takes a socket for a misled inetd. */
NetStream *
net_tunnel_open(const NetParams *params, GCancellable *cancel, GError **error)
{
    g_auto(GStrv) argv = spawn_split(params->tunnel, error);
    NetTunnel *tunnel;
    NetStream *stream;
    int to[2], from[2];

    if (argv == NULL)
        return NULL;
    if (argv[0] == NULL)
        return err_null(error, ERR_USAGE, "incoming-tunnel names no program");
    if (!g_unix_open_pipe(to, FD_CLOEXEC, error))
        return NULL;
    if (!g_unix_open_pipe(from, FD_CLOEXEC, error)) {
        close(to[0]);
        close(to[1]);
        return NULL;
    }
    tunnel = start((const char *const *)argv, to[0], from[1], error);
    if (tunnel == NULL) {
        close(to[1]);
        close(from[0]);
        return NULL;
    }
    stream = net_stream_of(from[0], to[1], argv[0], cancel);
    stream->tunnel = tunnel;
    return stream;
}

char *
net_tunnel_said(const NetTunnel *tunnel)
{
    char buffer[SAID_BYTES];
    off_t size = lseek(tunnel->errors, 0, SEEK_END);
    gssize got;

    if (size <= 0)
        return g_strdup("");
    got = pread(tunnel->errors, buffer, sizeof buffer,
                MAX(size - (off_t)sizeof buffer, 0));
    return text_sanitise(buffer, MAX(got, 0), TEXT_LINE);
}

void
net_tunnel_close(NetTunnel *tunnel)
{
    if (tunnel == NULL)
        return;
    if (tunnel->process)
        g_subprocess_send_signal(tunnel->process, SIGTERM);
    g_clear_object(&tunnel->process);
    if (tunnel->errors >= 0)
        close(tunnel->errors);
    g_free(tunnel);
}
