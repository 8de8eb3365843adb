/* Dialling: names to addresses in a thread, so that a slow resolver can be
 * left; then the addresses in turns of family, 250 ms apart, the first that
 * answers wins (RFC 8305). */
#include "net_private.h"

#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    STAGGER_US = 250 * 1000,
    MOST_ADDRESSES = 16,
    CONNECT_SECONDS = 30,
};

typedef struct {
    struct sockaddr_storage address;
    socklen_t size;
    int fd; /* -1: not tried, or failed */
} Attempt;

typedef struct {
    Attempt attempts[MOST_ADDRESSES];
    int count;
    int started;
    int last_errno;
} Race;

static void
take_address(Race *race, GSocketAddress *address)
{
    Attempt *attempt = &race->attempts[race->count];
    gssize size = g_socket_address_get_native_size(address);

    if (race->count == MOST_ADDRESSES || size < 0
        || (gsize)size > sizeof attempt->address
        || !g_socket_address_to_native(address, &attempt->address, (gsize)size,
                                       NULL))
        return;
    attempt->size = (socklen_t)size;
    attempt->fd = -1;
    race->count++;
}

/* GLib resolves in a thread of its own, sorts and mixes the families. */
static bool
resolve(const NetParams *params, GCancellable *cancel, Race *race,
        GError **error)
{
    g_autoptr(GSocketConnectable) name =
        g_network_address_new(params->host, (guint16)params->port);
    g_autoptr(GSocketAddressEnumerator) addresses =
        g_socket_connectable_enumerate(name);
    g_autoptr(GError) failed = NULL;
    GSocketAddress *address;

    while ((address =
                g_socket_address_enumerator_next(addresses, cancel, &failed))) {
        take_address(race, address);
        g_object_unref(address);
    }
    if (g_cancellable_is_cancelled(cancel))
        return err_set(error, ERR_CANCELLED, "cancelled");
    if (race->count > 0)
        return true;
    return err_set(error, ERR_RETRY,
                   "%s cannot be found: is the name right, "
                   "is the network there?",
                   params->host);
}

/* Begins the next address. True: there it is already. */
static bool
begin(Race *race)
{
    Attempt *attempt = &race->attempts[race->started++];
    int one = 1;

    attempt->fd = socket(attempt->address.ss_family,
                         SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (attempt->fd < 0) {
        race->last_errno = errno;
        return false;
    }
    setsockopt(attempt->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(attempt->fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    if (connect(attempt->fd, (struct sockaddr *)&attempt->address,
                attempt->size)
        == 0)
        return true;
    if (errno != EINPROGRESS) {
        race->last_errno = errno;
        close(attempt->fd);
        attempt->fd = -1;
    }
    return false;
}

/* Has this one connected? A failed one is closed. */
static bool
is_connected(Race *race, Attempt *attempt)
{
    int problem = 0;
    socklen_t size = sizeof problem;

    getsockopt(attempt->fd, SOL_SOCKET, SO_ERROR, &problem, &size);
    if (problem == 0)
        return true;
    race->last_errno = problem;
    close(attempt->fd);
    attempt->fd = -1;
    return false;
}

/* Waits until end for any that was begun. Returns its index, -1: none yet, -2:
 * cancelled. */
static int
wait_any(Race *race, GCancellable *cancel, gint64 end)
{
    struct pollfd fds[MOST_ADDRESSES + 1];
    gint64 left = (end - g_get_monotonic_time()) / 1000;

    for (int i = 0; i < race->started; i++)
        fds[i] = (struct pollfd){ race->attempts[i].fd, POLLOUT, 0 };
    fds[race->started] =
        (struct pollfd){ g_cancellable_get_fd(cancel), POLLIN, 0 };
    poll(fds, (nfds_t)race->started + 1, (int)CLAMP(left, 0, 60000));
    if (fds[race->started].fd >= 0)
        g_cancellable_release_fd(cancel);
    if (g_cancellable_is_cancelled(cancel))
        return -2;
    for (int i = 0; i < race->started; i++)
        if (fds[i].fd >= 0 && fds[i].revents
            && is_connected(race, &race->attempts[i]))
            return i;
    return -1;
}

static bool
any_open(const Race *race)
{
    for (int i = 0; i < race->started; i++)
        if (race->attempts[i].fd >= 0)
            return true;
    return false;
}

static int
run_race(Race *race, GCancellable *cancel, gint64 end)
{
    int winner = -1;

    while (winner == -1 && g_get_monotonic_time() < end) {
        gint64 step = end;

        if (race->started < race->count) {
            if (begin(race))
                return race->started - 1;
            step = MIN(end, g_get_monotonic_time() + STAGGER_US);
        }
        if (any_open(race))
            winner = wait_any(race, cancel, step);
        else if (race->started == race->count)
            return -1;
    }
    return winner;
}

int
net_connect(const NetParams *params, GCancellable *cancel, GError **error)
{
    Race race = { .last_errno = ETIMEDOUT };
    guint seconds =
        params->connect_timeout ? params->connect_timeout : CONNECT_SECONDS;
    gint64 end = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
    int winner, fd = -1;

    if (!resolve(params, cancel, &race, error))
        return -1;
    winner = run_race(&race, cancel, end);
    for (int i = 0; i < race.started; i++)
        if (i != winner && race.attempts[i].fd >= 0)
            close(race.attempts[i].fd);
    if (winner >= 0)
        fd = race.attempts[winner].fd;
    else if (winner == -2)
        err_set(error, ERR_CANCELLED, "cancelled");
    else
        err_set(error, ERR_RETRY, "%s:%u cannot be reached: %s", params->host,
                params->port, g_strerror(race.last_errno));
    return fd;
}
