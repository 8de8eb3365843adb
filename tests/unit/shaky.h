/* System calls as they are allowed to be: interrupted every other time or
 * so, and else done in part (P42). These functions come before those of libc, in
 * one thread while it asks for it. */
#ifndef SHAKY_H
#define SHAKY_H

#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    SHAKY_BYTES = 3,
    SHAKY_EVENT = 8 /* what an eventfd takes and gives, whole */
};

static _Thread_local bool shaky;
static _Thread_local guint shaky_calls;
static _Thread_local guint32 shaky_random; /* the same ones each time */

/* Was it interrupted? */
static inline bool
shaky_now(void)
{
    if (!shaky)
        return false;
    shaky_calls++;
    shaky_random = shaky_random * 1664525 + 1013904223;
    if (shaky_random >> 31)
        return false;
    errno = EINTR;
    return true;
}

static inline size_t
shaky_size(size_t size)
{
    return shaky && size != SHAKY_EVENT ? MIN(size, SHAKY_BYTES) : size;
}

ssize_t
read(int fd, void *bytes, size_t size)
{
    return size != SHAKY_EVENT && shaky_now()
               ? -1
               : syscall(SYS_read, fd, bytes, shaky_size(size));
}

ssize_t
write(int fd, const void *bytes, size_t size)
{
    return size != SHAKY_EVENT && shaky_now()
               ? -1
               : syscall(SYS_write, fd, bytes, shaky_size(size));
}

ssize_t
send(int fd, const void *bytes, size_t size, int flags)
{
    return shaky_now() ? -1
                       : syscall(SYS_sendto, fd, bytes, shaky_size(size), flags,
                                 NULL, 0);
}

int
poll(struct pollfd *fds, nfds_t n, int ms)
{
    struct timespec left = { ms / 1000, ms % 1000 * 1000000L };

    return shaky_now() ? -1
                       : (int)syscall(SYS_ppoll, fds, n, ms < 0 ? NULL : &left,
                                      NULL, 0);
}

#endif
