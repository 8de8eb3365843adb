/* The running instance's end of the control socket: sockets on the main loop,
 * never blocking. Must not know a command; what a request says is untrusted
 * until its JSON was checked, though only the user's own processes can send
 * one. Wire format: cmd/control.h. */
#include "cmd/control.h"

#include "base/err.h"
#include "base/file.h"
#include "control_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    READ_BYTES = 16384,
    BACKLOG = 16
};

struct Control {
    CmdContext context; /* what requests run in */
    char *path;         /* of the socket */
    int lock;           /* descriptor of the lock file */
    GSocket *socket;
    GSource *accepting; /* NULL while too many are connected */
    GPtrArray *clients; /* Client, one reference each */
};

/* One connection. Kept by the server and by a command that still runs, which
 * may outlive both the connection and the server. */
typedef struct {
    int refs;
    Control *control; /* NULL: the connection is closed */
    GSocket *socket;
    GSource *reading, *writing;
    guint timer; /* for the request */
    GString *in, *out;
    gsize sent; /* of out */
    CmdContext context;
    Printer *printer;
    ControlRequest *request;
    bool ended; /* the status is in out */
} Client;

static gboolean writable(GSocket *socket, GIOCondition condition, void *data);

static void
client_unref(Client *client)
{
    if (--client->refs > 0)
        return;
    g_string_free(client->in, TRUE);
    g_string_free(client->out, TRUE);
    g_clear_pointer(&client->request, control_request_free);
    printer_destroy(client->printer);
    g_object_unref(client->socket);
    g_free(client);
}

static void
drop_source(GSource **source)
{
    if (*source)
        g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}

static GSource *
watch(GSocket *socket, GIOCondition condition, GSocketSourceFunc fn, void *data)
{
    GSource *source = g_socket_create_source(socket, condition, NULL);

    g_source_set_callback(source, G_SOURCE_FUNC(fn), data, NULL);
    g_source_attach(source, NULL);
    return source;
}

static gboolean
accept_client(GSocket *socket, GIOCondition condition, void *data);

/* Closes the connection; the server's reference goes with it. */
static void
client_close(Client *client)
{
    Control *control = client->control;

    if (control == NULL)
        return;
    client->control = NULL;
    drop_source(&client->reading);
    drop_source(&client->writing);
    g_clear_handle_id(&client->timer, g_source_remove);
    g_socket_close(client->socket, NULL);
    g_ptr_array_remove_fast(control->clients, client);
    if (control->accepting == NULL)
        control->accepting =
            watch(control->socket, G_IO_IN, accept_client, control);
}

/* Sends what fits; closes when all of an ended answer is gone. */
static void
flush(Client *client)
{
    while (client->control && client->sent < client->out->len) {
        g_autoptr(GError) error = NULL;
        gssize sent =
            g_socket_send(client->socket, client->out->str + client->sent,
                          client->out->len - client->sent, NULL, &error);

        if (sent < 0
            && g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
            if (client->writing == NULL)
                client->writing =
                    watch(client->socket, G_IO_OUT, writable, client);
            return;
        }
        if (sent < 0)
            client_close(client);
        else
            client->sent += (gsize)sent;
    }
    drop_source(&client->writing);
    g_string_truncate(client->out, 0);
    client->sent = 0;
    if (client->ended)
        client_close(client);
}

static gboolean
writable(GSocket *socket, GIOCondition condition, void *data)
{
    Client *client = data;

    client->refs++;
    flush(client);
    client_unref(client);
    return G_SOURCE_CONTINUE; /* flush() destroys the source itself */
}

static void
put_piece(Client *client, const char *kind, const void *bytes, gsize size)
{
    if (client->control == NULL || size == 0)
        return;
    if (client->out->len + size > CONTROL_UNREAD_BYTES) {
        client_close(client);
        return;
    }
    g_string_append_printf(client->out, "%s %" G_GSIZE_FORMAT "\n", kind, size);
    g_string_append_len(client->out, bytes, (gssize)size);
    flush(client);
}

static void
print(const char *bytes, gsize size, void *user)
{
    put_piece(user, CONTROL_OUT, bytes, size);
}

/* The one answer that ends a request. */
static void
client_end(Client *client, const GError *error)
{
    if (client->ended || client->control == NULL)
        return;
    if (error && !err_is(error, ERR_CANCELLED)) {
        g_autofree char *line =
            g_strdup_printf("posthorn: %s\n", error->message);

        put_piece(client, CONTROL_ERR, line, strlen(line));
    }
    if (client->control == NULL)
        return;
    client->ended = true;
    g_string_append_printf(client->out, CONTROL_END " %d\n",
                           err_exit_status(error));
    flush(client);
}

static void
command_ended(CmdContext *context, const GError *error)
{
    Client *client = context->done_user;

    client_end(client, error);
    client_unref(client); /* the command's */
}

static void
client_run(Client *client)
{
    g_autoptr(GError) error = NULL;
    CmdResult result;

    client->context = client->control->context;
    client->context.origin = CMD_FROM_SOCKET;
    client->context.by_hook = client->request->event != NULL;
    client->context.out = client->printer;
    client->context.folder = client->request->folder;
    client->context.done = command_ended;
    client->context.done_user = client;
    client->refs++;
    result = cmd_run_argv(&client->context,
                          (const char *const *)client->request->argv, &error);
    if (result == CMD_RUNNING)
        return;
    client->context.done = NULL;
    client_end(client, error);
    client_unref(client);
}

/* A whole line is here. */
static void
client_request(Client *client, gsize size)
{
    g_autoptr(GError) error = NULL;

    drop_source(&client->reading);
    g_clear_handle_id(&client->timer, g_source_remove);
    client->request = control_request_parse(client->in->str, size, &error);
    if (client->request)
        client_run(client);
    else
        client_end(client, error);
}

static void
client_take(Client *client, const char *bytes, gsize size)
{
    g_autoptr(GError) error = NULL;
    const char *end;

    g_string_append_len(client->in, bytes, (gssize)size);
    end = memchr(client->in->str, '\n', client->in->len);
    if (end) {
        client_request(client, (gsize)(end - client->in->str));
    } else if (client->in->len > CONTROL_REQUEST_BYTES) {
        err_set(&error, ERR_USAGE, "a request of over %d bytes is refused",
                CONTROL_REQUEST_BYTES);
        drop_source(&client->reading);
        client_end(client, error);
    }
}

static gboolean
readable(GSocket *socket, GIOCondition condition, void *data)
{
    Client *client = data;
    g_autoptr(GError) error = NULL;
    char buffer[READ_BYTES];
    gssize got = g_socket_receive(socket, buffer, sizeof buffer, NULL, &error);

    client->refs++;
    if (got > 0)
        client_take(client, buffer, (gsize)got);
    else if (got == 0
             || !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        client_close(client);
    client_unref(client);
    return G_SOURCE_CONTINUE;
}

static gboolean
too_slow(void *data)
{
    Client *client = data;

    client->timer = 0;
    client_close(client);
    return G_SOURCE_REMOVE;
}

/* The folder's mode keeps others out; where it was opened up, this does. */
static bool
is_own_user(GSocket *socket)
{
    g_autoptr(GCredentials) peer = g_socket_get_credentials(socket, NULL);

    return peer == NULL || g_credentials_get_unix_user(peer, NULL) == geteuid();
}

static gboolean
accept_client(GSocket *socket, GIOCondition condition, void *data)
{
    Control *control = data;
    GSocket *accepted = g_socket_accept(socket, NULL, NULL);
    Client *client;

    if (accepted == NULL)
        return G_SOURCE_CONTINUE;
    if (!is_own_user(accepted)) {
        g_object_unref(accepted);
        return G_SOURCE_CONTINUE;
    }
    g_socket_set_blocking(accepted, FALSE);
    client = g_new0(Client, 1);
    client->refs = 1;
    client->control = control;
    client->socket = accepted;
    client->in = g_string_new(NULL);
    client->out = g_string_new(NULL);
    client->printer = printer_create(print, client);
    client->reading = watch(accepted, G_IO_IN, readable, client);
    client->timer =
        g_timeout_add_seconds(CONTROL_REQUEST_SECONDS, too_slow, client);
    g_ptr_array_add(control->clients, client);
    if (control->clients->len >= CONTROL_CONNECTIONS)
        drop_source(&control->accepting);
    return G_SOURCE_CONTINUE;
}

/* Takes the lock that a running instance holds until it ends, however. */
static bool
take_lock(Control *control, const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "lock", NULL);

    control->lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (control->lock < 0)
        return err_set_errno(error, errno, "%s", path);
    if (flock(control->lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    if (errno != EWOULDBLOCK)
        return err_set_errno(error, errno, "%s", path);
    return err_set(error, ERR_REFUSED,
                   "posthorn is running already: it holds %s", path);
}

static bool
listen_at(Control *control, GError **error)
{
    g_autoptr(GSocketAddress) address = control_address(control->path, error);
    g_autoptr(GError) failed = NULL;

    if (address == NULL)
        return false;
    unlink(control->path); /* of an instance that died: the lock is ours */
    control->socket = g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM,
                                   G_SOCKET_PROTOCOL_DEFAULT, &failed);
    if (control->socket == NULL
        || !g_socket_bind(control->socket, address, FALSE, &failed)
        || chmod(control->path, 0600) != 0)
        return err_set(error, ERR_LOCAL, "%s: %s", control->path,
                       failed ? failed->message : g_strerror(errno));
    g_socket_set_listen_backlog(control->socket, BACKLOG);
    g_socket_set_blocking(control->socket, FALSE);
    if (!g_socket_listen(control->socket, &failed))
        return err_set(error, ERR_LOCAL, "%s: %s", control->path,
                       failed->message);
    return true;
}

Control *
control_create(const char *folder, const CmdContext *context, GError **error)
{
    g_autoptr(Control) control = g_new0(Control, 1);

    control->context = *context;
    control->path = control_socket_path(folder);
    control->lock = -1;
    control->clients =
        g_ptr_array_new_with_free_func((GDestroyNotify)client_unref);
    if (!file_mkdir(folder, error) || !take_lock(control, folder, error)
        || !listen_at(control, error))
        return NULL;
    control->accepting =
        watch(control->socket, G_IO_IN, accept_client, control);
    return g_steal_pointer(&control);
}

void
control_destroy(Control *control)
{
    if (control == NULL)
        return;
    while (control->clients->len > 0)
        client_close(control->clients->pdata[0]);
    drop_source(&control->accepting);
    g_ptr_array_unref(control->clients);
    if (control->socket)
        unlink(control->path);
    g_clear_object(&control->socket);
    if (control->lock >= 0)
        close(control->lock);
    g_free(control->path);
    g_free(control);
}
