/* A server that goes by a transcript, for tests that include this: the lines of
 * a dialogue that begin with S or C (tests/wire/), in their order.
 *
 *   S: LINE          the server sends the line and CRLF
 *   S+ LINE          the same, in one packet with the next S line
 *   S= TEXT          the text with C escapes, no CRLF
 *   S: (tls)         the server takes up TLS, with its certificate
 *   S: (deflate)     from here on both directions are compressed
 *   S: (late MS)     the server takes its time
 *   S: (close)       the server closes the connection
 *   C: LINE          the client must have sent this line
 *   C: (octets N)    … one of N octets, all x
 *   C= TEXT          … these octets, C escapes
 *   C: (waits)       … and nothing more before it is answered */
#ifndef DIALOGUE_H
#define DIALOGUE_H

#include "certificate.h"

#include <gio/gio.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    QUIET_MS = 50
};

typedef struct {
    char **lines;
    const Identity *identity; /* for TLS; NULL: there is none */
    const char
        *farewell; /* what the client may still say at the end, or NULL */
    GThread *thread;
    int fd;
    SSL *ssl;                      /* NULL: no TLS yet */
    GConverter *deflate, *inflate; /* NULL: nothing is compressed */
    GString *input;
    char *fault; /* the first thing that was not as written */
} Server;

static inline void
server_start_tls(Server *server)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    SSL_CTX_use_certificate(context, server->identity->certificate);
    SSL_CTX_use_PrivateKey(context, server->identity->key);
    server->ssl = SSL_new(context);
    SSL_CTX_free(context);
    SSL_set_fd(server->ssl, server->fd);
    if (SSL_accept(server->ssl) != 1 && server->fault == NULL)
        server->fault = g_strdup("no TLS");
}

/* What comes out of it, whole. */
static inline GByteArray *
converted(GConverter *converter, const void *bytes, gsize size)
{
    GByteArray *out = g_byte_array_new();
    char buffer[4096];
    gsize read = 0;
    gsize written = sizeof buffer;

    while (size > 0 || written == sizeof buffer) {
        if (g_converter_convert(converter, bytes, size, buffer, sizeof buffer,
                                G_CONVERTER_FLUSH, &read, &written, NULL)
            == G_CONVERTER_ERROR)
            break;
        bytes = (const char *)bytes + read;
        size -= read;
        g_byte_array_append(out, (guint8 *)buffer, (guint)written);
    }
    return out;
}

static inline bool
server_fill(Server *server)
{
    char buffer[4096];
    gssize got = server->ssl ? SSL_read(server->ssl, buffer, sizeof buffer)
                             : read(server->fd, buffer, sizeof buffer);

    if (got > 0 && server->inflate) {
        g_autoptr(GByteArray) plain =
            converted(server->inflate, buffer, (gsize)got);

        g_string_append_len(server->input, (char *)plain->data, plain->len);
    } else if (got > 0) {
        g_string_append_len(server->input, buffer, got);
    }
    return got > 0;
}

static inline void
server_expect(Server *server, const char *want)
{
    gsize size = strlen(want);

    while (server->input->len < size && server_fill(server))
        ;
    if (server->input->len < size
        || strncmp(server->input->str, want, size) != 0) {
        if (server->fault == NULL)
            server->fault =
                g_strdup_printf("C: %s, wanted: %s", server->input->str, want);
        shutdown(server->fd, SHUT_RDWR);
    }
    g_string_erase(server->input, 0, (gssize)MIN(size, server->input->len));
}

/* Who sends more than he should does it at once. */
static inline void
server_expect_nothing(Server *server)
{
    struct pollfd more = { server->fd, POLLIN, 0 };

    if (server->input->len == 0 && poll(&more, 1, QUIET_MS) > 0)
        server_fill(server);
    if (server->input->len > 0 && server->fault == NULL)
        server->fault = g_strdup_printf("too early: %s", server->input->str);
}

static inline void
server_send(Server *server, GString *out)
{
    g_autoptr(GByteArray) bytes =
        server->deflate
            ? converted(server->deflate, out->str, out->len)
            : g_byte_array_append(g_byte_array_new(), (guint8 *)out->str,
                                  (guint)out->len);
    gssize sent = server->ssl
                      ? SSL_write(server->ssl, bytes->data, (int)bytes->len)
                      : send(server->fd, bytes->data, bytes->len, MSG_NOSIGNAL);

    if (sent <= 0 && server->fault == NULL)
        server->fault = g_strdup("the client is gone");
    g_string_set_size(out, 0);
}

/* "x", and CRLF at its end. g_free(). */
static inline char *
line_of(const char *octets)
{
    g_autofree char *xs = g_strnfill((gsize)atoi(octets) - 2, 'x');

    return g_strconcat(xs, "\r\n", NULL);
}

static inline void
server_line(Server *server, GString *out, const char *line)
{
    g_autofree char *raw = NULL;

    if (strcmp(line, "S: (close)") == 0) {
        shutdown(server->fd, SHUT_RDWR);
    } else if (strcmp(line, "S: (tls)") == 0) {
        server_start_tls(server);
    } else if (strcmp(line, "S: (deflate)") == 0) {
        server->deflate = G_CONVERTER(
            g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_RAW, -1));
        server->inflate =
            G_CONVERTER(g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_RAW));
    } else if (g_str_has_prefix(line, "S: (late ")) {
        g_usleep(1000 * (gulong)atoi(line + strlen("S: (late ")));
    } else if (g_str_has_prefix(line, "S: ")) {
        g_string_append_printf(out, "%s\r\n", line + 3);
        server_send(server, out);
    } else if (g_str_has_prefix(line, "S+ ")) {
        g_string_append_printf(out, "%s\r\n", line + 3);
    } else if (g_str_has_prefix(line, "S= ")) {
        raw = g_strcompress(line + 3);
        g_string_append(out, raw);
        server_send(server, out);
    } else if (strcmp(line, "C: (waits)") == 0) {
        server_expect_nothing(server);
    } else if (g_str_has_prefix(line, "C: (octets ")) {
        raw = line_of(line + strlen("C: (octets "));
        server_expect(server, raw);
    } else if (g_str_has_prefix(line, "C: ")) {
        raw = g_strdup_printf("%s\r\n", line + 3);
        server_expect(server, raw);
    } else if (g_str_has_prefix(line, "C= ")) {
        raw = g_strcompress(line + 3);
        server_expect(server, raw);
    }
}

static inline void *
server_run(void *data)
{
    Server *server = data;
    g_autoptr(GString) out = g_string_new(NULL);

    for (char **line = server->lines; *line; line++)
        server_line(server, out, *line);
    while (server_fill(server))
        ;
    if (server->fault == NULL && server->input->len > 0
        && (server->farewell == NULL
            || strstr(server->input->str, server->farewell) == NULL))
        server->fault = g_strdup_printf("too much: %s", server->input->str);
    return NULL;
}

/* lines, identity and farewell are set. The client's end of the connection. */
static inline int
server_start(Server *server)
{
    int pair[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    server->fd = pair[1];
    server->input = g_string_new(NULL);
    server->thread = g_thread_new("server", server_run, server);
    return pair[0];
}

/* All was as written. */
static inline void
server_end(Server *server)
{
    g_thread_join(server->thread);
    g_assert_cmpstr(server->fault, ==, NULL);
    SSL_free(server->ssl);
    g_clear_object(&server->deflate);
    g_clear_object(&server->inflate);
    close(server->fd);
    g_string_free(server->input, TRUE);
    g_free(server->fault);
}

/* What follows the first line that begins so; NULL: there is none. */
static inline const char *
dialogue_wanted(char **lines, const char *prefix)
{
    for (char **line = lines; *line; line++)
        if (g_str_has_prefix(*line, prefix))
            return *line + strlen(prefix);
    return NULL;
}

/* An error as transcripts call it. */
static inline const char *
dialogue_code(const GError *error)
{
    static const char *const names[] = { "cancelled", "retry",    "auth",
                                         "refused",   "protocol", "local",
                                         "usage" };

    return error ? names[error->code] : "no";
}

/* A test for each transcript of tests/wire/ROOM. */
static inline void
dialogue_add_tests(const char *room, GTestDataFunc test)
{
    g_autofree char *folder =
        g_test_build_filename(G_TEST_DIST, "..", "..", "wire", room, NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    g_assert_nonnull(dir);
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_strdup_printf("/%s/wire/%s", room, name);

        if (g_str_has_suffix(name, ".txt"))
            g_test_add_data_func_full(
                path, g_build_filename(folder, name, NULL), test, g_free);
    }
}

/* A server that greets and says no more: the client that has said something,
 * and so surely waits, is cancelled. */
typedef struct {
    GCancellable *cancel;
    GThread *thread;
    int fd;
} Canceller;

static inline void *
canceller_run(void *data)
{
    Canceller *canceller = data;
    char buffer[64];

    g_assert_cmpint(read(canceller->fd, buffer, sizeof buffer), >, 0);
    g_cancellable_cancel(canceller->cancel);
    return NULL;
}

/* cancel is set. The client's end of the connection. */
static inline int
canceller_start(Canceller *canceller, const char *greeting)
{
    int pair[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    canceller->fd = pair[1];
    g_assert_cmpint(write(pair[1], greeting, strlen(greeting)), >, 0);
    canceller->thread = g_thread_new("canceller", canceller_run, canceller);
    return pair[0];
}

static inline void
canceller_end(Canceller *canceller)
{
    g_thread_join(canceller->thread);
    close(canceller->fd);
}

#endif
