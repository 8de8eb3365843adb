/* A lock file for each account, beside state.db. */
#include "account_lock.h"

#include "base/err.h"
#include "base/log.h"
#include "maildir/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>
#include <unistd.h>

enum {
    PAUSE_US = 100 * 1000
};

int
account_lock(const char *state_db, const char *account, GCancellable *cancel,
             GError **error)
{
    g_autofree char *name = maildir_encode_name(account);
    g_autofree char *path = g_strdup_printf("%s-%s.lock", state_db, name);
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool told = false;

    if (fd < 0) {
        err_set_errno(error, errno, "%s", path);
        return -1;
    }
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (!told)
            log_add(LOG_INFO, account,
                    "waiting for another posthorn that synchronises");
        told = true;
        g_usleep(PAUSE_US);
        if (!g_cancellable_is_cancelled(cancel))
            continue;
        close(fd);
        err_set(error, ERR_CANCELLED, "cancelled");
        return -1;
    }
    return fd;
}
