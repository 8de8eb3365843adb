/* The control socket's wire format, shared by its two ends. */
#ifndef CONTROL_WIRE_H
#define CONTROL_WIRE_H

#include <gio/gio.h>
#include <stdbool.h>

#define CONTROL_OUT "out"
#define CONTROL_ERR "err"
#define CONTROL_END "end"

typedef struct {
    char *folder; /* where the client stands: absolute */
    char **argv;  /* never empty */
    char *event;  /* whose hook ran the client; NULL: none did */
} ControlRequest;

/* One line, without its newline; valid UTF-8 or refused. NULL with ERR_USAGE
 * for anything that is no request. */
ControlRequest *
control_request_parse(const char *line, gsize size, GError **error);
void control_request_free(ControlRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ControlRequest, control_request_free)

/* The line with its newline; NULL with ERR_USAGE when a word is not UTF-8 or
 * the request is larger than the other end takes. Free with g_free(). */
char *control_request_format(const char *folder, const char *event,
                             const char *const *argv, GError **error);

/* "FOLDER/control". Free with g_free(). */
char *control_socket_path(const char *folder);

/* NULL with ERR_LOCAL when the path is too long for a socket. */
GSocketAddress *control_address(const char *path, GError **error);

#endif
