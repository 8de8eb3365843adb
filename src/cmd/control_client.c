/* The shell's end of the control socket: blocking, one request. What comes
 * back was made by our own program, but is still bounded. */
#include "cmd/control.h"

#include "base/err.h"
#include "control_wire.h"

#include <string.h>

enum {
    PIECE_BYTES = 65536
};

static GSocketConnection *
dial(const char *folder, GError **error)
{
    g_autofree char *path = control_socket_path(folder);
    g_autoptr(GSocketAddress) address = control_address(path, error);
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GError) failed = NULL;
    GSocketConnection *connection;

    if (address == NULL)
        return NULL;
    connection = g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address),
                                         NULL, &failed);
    if (connection == NULL)
        err_set(error, ERR_RETRY, "no posthorn is running: %s: %s", path,
                failed->message);
    return connection;
}

bool
control_is_served(const char *folder)
{
    g_autoptr(GSocketConnection) connection = dial(folder, NULL);

    return connection != NULL;
}

static int
went_away(GError **error)
{
    err_set(error, ERR_PROTOCOL,
            "the running posthorn went away before it "
            "answered: look whether the command was done, then try again");
    return -1;
}

/* size octets of a piece to where they belong. */
static bool
copy_piece(GInputStream *in, guint64 size, Printer *to)
{
    g_autofree char *buffer = g_malloc(PIECE_BYTES);

    while (size > 0) {
        gssize got = g_input_stream_read(
            in, buffer, (gsize)MIN(size, PIECE_BYTES), NULL, NULL);

        if (got <= 0)
            return false;
        printer_bytes(to, buffer, (gsize)got);
        size -= (guint64)got;
    }
    return true;
}

/* "out 12" and its octets, or "end 0". Returns the status; -1: not yet; -2: no
 * sense in it. */
static int
read_piece(GDataInputStream *in, Printer *out, Printer *err)
{
    g_autofree char *line = g_data_input_stream_read_line(in, NULL, NULL, NULL);
    guint64 number = 0;

    if (line == NULL || strlen(line) < 5 || line[3] != ' '
        || !g_ascii_string_to_unsigned(line + 4, 10, 0, G_MAXUINT32, &number,
                                       NULL))
        return -2;
    line[3] = '\0';
    if (strcmp(line, CONTROL_END) == 0)
        return number <= 255 ? (int)number : -2;
    if (strcmp(line, CONTROL_OUT) != 0 && strcmp(line, CONTROL_ERR) != 0)
        return -2;
    return copy_piece(G_INPUT_STREAM(in), number,
                      strcmp(line, CONTROL_OUT) == 0 ? out : err)
               ? -1
               : -2;
}

int
control_ask(const char *folder, const char *const *argv, Printer *out,
            Printer *err, GError **error)
{
    g_autofree char *here = g_get_current_dir();
    g_autofree char *request = control_request_format(
        here, g_getenv("POSTHORN_EVENT"), argv, error);
    g_autoptr(GSocketConnection) connection = NULL;
    g_autoptr(GDataInputStream) in = NULL;
    int status = -1;

    if (request == NULL)
        return -1;
    connection = dial(folder, error);
    if (connection == NULL)
        return -1;
    if (!g_output_stream_write_all(
            g_io_stream_get_output_stream(G_IO_STREAM(connection)), request,
            strlen(request), NULL, NULL, NULL))
        return went_away(error);
    in = g_data_input_stream_new(
        g_io_stream_get_input_stream(G_IO_STREAM(connection)));
    while (status == -1)
        status = read_piece(in, out, err);
    return status >= 0 ? status : went_away(error);
}
