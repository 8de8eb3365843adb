/* A stream: buffered, with a deadline for every wait, ended at once by its
 * cancellable, with or without TLS and DEFLATE. */
#include "net_private.h"

#include "base/err.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    COMMAND_SECONDS = 60,
    LOGGED = 300
};

void
net_params_copy(NetParams *to, const NetParams *from)
{
    *to = *from;
    to->host = g_strdup(from->host);
    to->ca_file = g_strdup(from->ca_file);
    to->fingerprint = g_strdup(from->fingerprint);
    to->client_cert = g_strdup(from->client_cert);
    to->proxy = g_strdup(from->proxy);
    to->tunnel = g_strdup(from->tunnel);
    to->sessions = from->sessions ? net_sessions_ref(from->sessions) : NULL;
}

void
net_params_clear(NetParams *params)
{
    g_clear_pointer(&params->host, g_free);
    g_clear_pointer(&params->ca_file, g_free);
    g_clear_pointer(&params->fingerprint, g_free);
    g_clear_pointer(&params->client_cert, g_free);
    g_clear_pointer(&params->proxy, g_free);
    g_clear_pointer(&params->tunnel, g_free);
    g_clear_pointer(&params->sessions, net_sessions_unref);
}

int
net_poll(NetStream *stream, int fd, short events, gint64 end, GError **error)
{
    for (;;) {
        gint64 left = (end - g_get_monotonic_time() + 999) / 1000;
        struct pollfd fds[2] = {
            { fd, events, 0 },
            { stream->cancel ? g_cancellable_get_fd(stream->cancel) : -1,
              POLLIN, 0 },
        };
        int n = poll(fds, 2, (int)CLAMP(left, 0, 600000));

        if (fds[1].fd >= 0)
            g_cancellable_release_fd(stream->cancel);
        if (g_cancellable_is_cancelled(stream->cancel)) {
            err_set(error, ERR_CANCELLED, "cancelled");
            return -1;
        }
        if (n > 0 && fds[0].revents)
            return 1;
        if (left <= 0)
            return 0;
    }
}

NetStream *
net_stream_of(int in, int out, const char *name, GCancellable *cancel)
{
    NetStream *stream = g_new0(NetStream, 1);

    stream->in = in;
    stream->out = out;
    stream->name = g_strdup(name);
    stream->described = g_strdup_printf("no TLS, %s", name);
    stream->cancel = cancel ? g_object_ref(cancel) : NULL;
    stream->timeout = COMMAND_SECONDS;
    stream->buffer = g_malloc(NET_BUFFER);
    stream->unsent = g_byte_array_new();
    stream->line = g_string_new(NULL);
    fcntl(in, F_SETFL, fcntl(in, F_GETFL) | O_NONBLOCK);
    fcntl(out, F_SETFL, fcntl(out, F_GETFL) | O_NONBLOCK);
    return stream;
}

/* Without TLS yet. */
static NetStream *
reach(const NetParams *params, GCancellable *cancel, GError **error)
{
    int fd;

    if (params->tunnel)
        return net_tunnel_open(params, cancel, error);
    if (params->proxy)
        return net_proxy_open(params, cancel, error);
    fd = net_connect(params, cancel, error);
    return fd < 0 ? NULL : net_stream_of(fd, fd, params->host, cancel);
}

NetStream *
net_dial(const NetParams *params, GCancellable *cancel, GError **error)
{
    g_autoptr(NetStream) stream = reach(params, cancel, error);

    if (stream == NULL)
        return NULL;
    g_free(stream->name);
    g_free(stream->described);
    stream->name = g_strdup_printf("%s:%u", params->host, params->port);
    stream->described = g_strdup_printf("no TLS, %s", stream->name);
    if (params->command_timeout)
        stream->timeout = params->command_timeout;
    if (params->security == NET_TLS && !net_start_tls(stream, params, error))
        return NULL;
    return g_steal_pointer(&stream);
}

void
net_stream_close(NetStream *stream)
{
    if (stream == NULL)
        return;
    if (stream->ssl) {
        SSL_shutdown(stream->ssl); /* said, not waited for */
        SSL_free(stream->ssl);
    }
    SSL_CTX_free(stream->context);
    if (stream->deflate) {
        inflateEnd(&stream->inflater);
        deflateEnd(&stream->deflater);
    }
    net_sessions_unref(stream->sessions);
    close(stream->in);
    if (stream->out != stream->in)
        close(stream->out);
    net_tunnel_close(stream->tunnel);
    g_clear_object(&stream->cancel);
    if (stream->unsent->data)
        explicit_bzero(stream->unsent->data, stream->unsent->len);
    g_byte_array_unref(stream->unsent);
    g_string_free(stream->line, TRUE);
    g_free(stream->buffer);
    g_free(stream->packed);
    g_free(stream->shown);
    g_free(stream->name);
    g_free(stream->described);
    g_free(stream->scope);
    g_free(stream);
}

bool
net_is_tls(const NetStream *stream)
{
    return stream->ssl != NULL;
}

const char *
net_describe(const NetStream *stream)
{
    return stream->described;
}

bool
net_has_unread(const NetStream *stream)
{
    return stream->start < stream->end;
}

void
net_transcript(NetStream *stream, const char *scope)
{
    g_free(stream->scope);
    stream->scope = g_strdup(scope);
}

void
net_transcript_hide(NetStream *stream)
{
    stream->hide = true;
}

static bool
closed(const NetStream *stream, GError **error)
{
    g_autofree char *said =
        stream->tunnel ? net_tunnel_said(stream->tunnel) : NULL;

    if (said && *said)
        return err_set(error, ERR_RETRY, "%s ended: %s", stream->name, said);
    return err_set(error, ERR_RETRY, "%s closed the connection", stream->name);
}

static gint64
deadline(const NetStream *stream, guint seconds)
{
    if (seconds == 0)
        seconds = stream->timeout;
    return g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
}

static gssize
timed_out(const NetStream *stream, int ready, GError **error)
{
    if (ready == 0)
        err_set(error, ERR_RETRY, "%s does not answer", stream->name);
    return -1;
}

/* One read below TLS: bytes, 0 at the end, -1 with *error. */
static gssize
read_plain(NetStream *stream, char *bytes, gsize size, gint64 end,
           GError **error)
{
    for (;;) {
        gssize got = read(stream->in, bytes, size);
        int ready;

        if (got >= 0)
            return got;
        if (errno == EINTR)
            continue;
        if (errno == ECONNRESET || errno == EPIPE)
            return 0;
        if (errno != EAGAIN) {
            err_set(error, ERR_RETRY, "%s: %s", stream->name,
                    g_strerror(errno));
            return -1;
        }
        ready = net_poll(stream, stream->in, POLLIN, end, error);
        if (ready <= 0)
            return timed_out(stream, ready, error);
    }
}

static gssize
read_tls(NetStream *stream, char *bytes, gsize size, gint64 end, GError **error)
{
    for (;;) {
        int got = SSL_read(stream->ssl, bytes, (int)MIN(size, G_MAXINT));
        int what = SSL_get_error(stream->ssl, got);
        int ready;

        if (got > 0)
            return got;
        if (what == SSL_ERROR_ZERO_RETURN)
            return 0;
        if (what != SSL_ERROR_WANT_READ && what != SSL_ERROR_WANT_WRITE) {
            ERR_clear_error();
            return 0; /* cut without close_notify: the end all the same */
        }
        ready = net_poll_tls(stream, what, end, error);
        if (ready <= 0)
            return timed_out(stream, ready, error);
    }
}

static gssize
read_wire(NetStream *stream, char *bytes, gsize size, gint64 end,
          GError **error)
{
    return stream->ssl ? read_tls(stream, bytes, size, end, error)
                       : read_plain(stream, bytes, size, end, error);
}

/* Inflates until there is something; more is read when zlib asks for it. */
static gssize
read_inflated(NetStream *stream, char *bytes, gsize size, gint64 end,
              GError **error)
{
    z_stream *zip = &stream->inflater;

    zip->next_out = (Bytef *)bytes;
    zip->avail_out = (uInt)size;
    for (;;) {
        int result = inflate(zip, Z_SYNC_FLUSH);
        gssize got;

        if (zip->avail_out < size)
            return (gssize)(size - zip->avail_out);
        if (result != Z_OK && result != Z_BUF_ERROR) {
            err_set(error, ERR_PROTOCOL,
                    "%s sent compressed bytes that do "
                    "not decompress",
                    stream->name);
            return -1;
        }
        got = read_wire(stream, stream->packed, NET_BUFFER, end, error);
        if (got <= 0)
            return got;
        zip->next_in = (Bytef *)stream->packed;
        zip->avail_in = (uInt)got;
    }
}

static gssize
fill(NetStream *stream, gint64 end, GError **error)
{
    gssize got;

    /* A server that never pauses is left as well as one that waits. */
    if (g_cancellable_is_cancelled(stream->cancel)) {
        err_set(error, ERR_CANCELLED, "cancelled");
        return -1;
    }
    if (stream->start == stream->end)
        stream->start = stream->end = 0;
    if (stream->end == NET_BUFFER) {
        memmove(stream->buffer, stream->buffer + stream->start,
                stream->end - stream->start);
        stream->end -= stream->start;
        stream->start = 0;
    }
    got = (stream->deflate ? read_inflated
                           : read_wire)(stream, stream->buffer + stream->end,
                                        NET_BUFFER - stream->end, end, error);
    if (got > 0)
        stream->end += (gsize)got;
    return got;
}

gssize
net_read(NetStream *stream, void *bytes, gsize size, guint seconds,
         GError **error)
{
    gsize here;

    if (!net_has_unread(stream)) {
        gssize got = fill(stream, deadline(stream, seconds), error);

        if (got <= 0)
            return got;
    }
    here = MIN(size, stream->end - stream->start);
    memcpy(bytes, stream->buffer + stream->start, here);
    stream->start += here;
    return (gssize)here;
}

static void
log_line(NetStream *stream, char who, const char *text, gsize size)
{
    if (stream->scope == NULL)
        return;
    log_add(LOG_DEBUG, stream->scope, "%c: %.*s", who,
            (int)MIN(size, (gsize)LOGGED), text);
}

const char *
net_read_line(NetStream *stream, gsize limit, guint seconds, gsize *size,
              GError **error)
{
    gint64 end = deadline(stream, seconds);

    g_string_truncate(stream->line, 0);
    for (;;) {
        char *begin = stream->buffer + stream->start;
        gsize here = stream->end - stream->start;
        char *newline = here ? memchr(begin, '\n', here) : NULL;
        gsize take = newline ? (gsize)(newline - begin) + 1 : here;

        if (stream->line->len + take > limit + 2)
            return err_null(error, ERR_PROTOCOL,
                            "%s sent a line of over %" G_GSIZE_FORMAT " bytes",
                            stream->name, limit);
        g_string_append_len(stream->line, begin, (gssize)take);
        stream->start += take;
        if (newline)
            break;
        gssize got = fill(stream, end, error);
        if (got == 0)
            closed(stream, error);
        if (got <= 0)
            return NULL;
    }
    g_string_truncate(stream->line, stream->line->len - 1);
    if (stream->line->len > 0
        && stream->line->str[stream->line->len - 1] == '\r')
        g_string_truncate(stream->line, stream->line->len - 1);
    log_line(stream, 'S', stream->line->str, stream->line->len);
    if (size)
        *size = stream->line->len;
    return stream->line->str;
}

bool
net_read_exact(NetStream *stream, guint64 size,
               bool (*each)(void *user, const void *bytes, gsize size,
                            GError **error),
               void *user, GError **error)
{
    while (size > 0) {
        gsize here;

        if (!net_has_unread(stream)) {
            gssize got = fill(stream, deadline(stream, 0), error);

            if (got <= 0)
                return got == 0 && closed(stream, error);
        }
        here = (gsize)MIN(size, (guint64)(stream->end - stream->start));
        if (!each(user, stream->buffer + stream->start, here, error))
            return false;
        stream->start += here;
        size -= here;
    }
    return true;
}

const char *
net_peek(NetStream *stream, gsize *size, guint seconds, GError **error)
{
    *size = 0;
    if (!net_has_unread(stream)) {
        gssize got = fill(stream, deadline(stream, seconds), error);

        if (got == 0)
            closed(stream, error);
        if (got <= 0)
            return NULL;
    }
    *size = stream->end - stream->start;
    return stream->buffer + stream->start;
}

void
net_take(NetStream *stream, gsize size)
{
    stream->start += MIN(size, stream->end - stream->start);
}

/* What TLS says to itself (tickets, new keys) is no data of the protocol. */
static bool
is_for_us(NetStream *stream)
{
    char byte;
    int got;

    if (stream->ssl == NULL)
        return true;
    got = SSL_peek(stream->ssl, &byte, 1);
    if (got > 0)
        return true;
    got = SSL_get_error(stream->ssl, got);
    ERR_clear_error();
    return got != SSL_ERROR_WANT_READ;
}

int
net_wait(NetStream *stream, GCancellable *wake, guint seconds, GError **error)
{
    gint64 end = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;

    if (net_has_unread(stream) || (stream->ssl && SSL_pending(stream->ssl))
        || (stream->deflate && stream->inflater.avail_in))
        return 1;
    for (;;) {
        gint64 left = (end - g_get_monotonic_time() + 999) / 1000;
        struct pollfd fds[3] = {
            { stream->in, POLLIN, 0 },
            { stream->cancel ? g_cancellable_get_fd(stream->cancel) : -1,
              POLLIN, 0 },
            { wake ? g_cancellable_get_fd(wake) : -1, POLLIN, 0 },
        };
        int n = poll(fds, 3, (int)CLAMP(left, 0, 600000));

        if (fds[1].fd >= 0)
            g_cancellable_release_fd(stream->cancel);
        if (fds[2].fd >= 0)
            g_cancellable_release_fd(wake);
        if (g_cancellable_is_cancelled(stream->cancel)) {
            err_set(error, ERR_CANCELLED, "cancelled");
            return -1;
        }
        if (n > 0 && fds[0].revents && is_for_us(stream))
            return 1;
        if (left <= 0 || g_cancellable_is_cancelled(wake))
            return 0;
    }
}

static gssize
write_once(NetStream *stream, const guint8 *bytes, gsize size, int *want)
{
    *want = SSL_ERROR_WANT_WRITE;
    if (stream->ssl) {
        int wrote = SSL_write(stream->ssl, bytes, (int)MIN(size, G_MAXINT));

        *want = SSL_get_error(stream->ssl, wrote);
        if (wrote > 0)
            return wrote;
        ERR_clear_error();
        return *want == SSL_ERROR_WANT_READ || *want == SSL_ERROR_WANT_WRITE
                   ? 0
                   : -1;
    }
    gssize wrote = send(stream->out, bytes, size, MSG_NOSIGNAL);

    if (wrote < 0 && errno == ENOTSOCK)
        wrote = write(stream->out, bytes, size);
    if (wrote >= 0)
        return wrote;
    return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

static bool
send_all(NetStream *stream, const guint8 *bytes, gsize size, GError **error)
{
    gint64 end = deadline(stream, 0);

    while (size > 0) {
        int want;
        gssize wrote = write_once(stream, bytes, size, &want);
        int ready;

        if (wrote < 0)
            return closed(stream, error);
        bytes += wrote;
        size -= (gsize)wrote;
        if (wrote > 0) {
            end = deadline(stream, 0);
            continue;
        }
        ready = net_poll_tls(stream, want, end, error);
        if (ready <= 0)
            return timed_out(stream, ready, error) == 0;
    }
    return true;
}

bool
net_write(NetStream *stream, const void *bytes, gsize size, GError **error)
{
    g_byte_array_append(stream->unsent, bytes, (guint)size);
    return stream->unsent->len < NET_BUFFER || net_flush(stream, error);
}

static bool
send_deflated(NetStream *stream, GError **error)
{
    g_autofree guint8 *packed = g_malloc(NET_BUFFER);
    z_stream *zip = &stream->deflater;

    zip->next_in = stream->unsent->data;
    zip->avail_in = stream->unsent->len;
    do {
        zip->next_out = packed;
        zip->avail_out = NET_BUFFER;
        deflate(zip, Z_SYNC_FLUSH);
        if (!send_all(stream, packed, NET_BUFFER - zip->avail_out, error))
            return false;
    } while (zip->avail_out == 0);
    return true;
}

bool
net_flush(NetStream *stream, GError **error)
{
    GByteArray *unsent = stream->unsent;
    bool ok;

    if (unsent->len == 0)
        return true;
    if (stream->refused)
        return err_set(error, ERR_REFUSED, "%s has no TLS", stream->name);
    if (stream->hide)
        log_line(stream, 'C', "•••", strlen("•••"));
    else
        log_line(stream, 'C', (const char *)unsent->data, unsent->len);
    ok = stream->deflate ? send_deflated(stream, error)
                         : send_all(stream, unsent->data, unsent->len, error);
    if (stream->hide)
        explicit_bzero(unsent->data, unsent->len);
    stream->hide = false;
    g_byte_array_set_size(unsent, 0);
    return ok;
}

bool
net_start_deflate(NetStream *stream, GError **error)
{
    if (inflateInit2(&stream->inflater, -MAX_WBITS) != Z_OK
        || deflateInit2(&stream->deflater, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
                        -MAX_WBITS, 8, Z_DEFAULT_STRATEGY)
               != Z_OK)
        return err_set(error, ERR_LOCAL, "no memory for compression");
    stream->packed = g_malloc(NET_BUFFER);
    /* What was read behind the server's OK is compressed already. */
    if (net_has_unread(stream)) {
        gsize here = stream->end - stream->start;

        memcpy(stream->packed, stream->buffer + stream->start, here);
        stream->inflater.next_in = (Bytef *)stream->packed;
        stream->inflater.avail_in = (uInt)here;
        stream->start = stream->end = 0;
    }
    stream->deflate = true;
    return true;
}
