/* The database and the configuration beside it, so that the notmuch command
 * works on it: `notmuch --config=…/index/notmuch.conf search …`. */
#include "index_private.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

enum { LOCK_TRIES = 100, LOCK_PAUSE_US = 100 * 1000 };
enum { ROOM_TO_CREATE = 1 << 20 };

/* Xapian keeps this many changed documents in memory before it writes. Its own
 * default takes 400 MB for our kind of mail. */
static const char flush_threshold[] = "400";

char *
index_config_path(const char *dir)
{
    return g_build_filename(dir, "notmuch.conf", NULL);
}

static bool
write_config(const char *dir, const char *mail_root, GError **error)
{
    g_autofree char *path = index_config_path(dir);
    g_autofree char *text = g_strdup_printf(
        "[database]\npath=%s\nmail_root=%s\nhook_dir=%s/hooks\n"
        "[new]\ntags=\nignore=\n[search]\nexclude_tags=\n"
        "[maildir]\nsynchronize_flags=false\n",
        dir, mail_root, dir);
    g_autofree char *old = NULL;

    if (g_file_get_contents(path, &old, NULL, NULL) && strcmp(old, text) == 0)
        return true;
    return file_write_atomic(path, text, strlen(text), error);
}

static bool
fail(const char *dir, notmuch_status_t status, const char *message,
     GError **error)
{
    g_autofree char *line =
        message ? g_strdelimit(g_strdup(message), "\r\n", ' ')
                : g_strdup(notmuch.status_to_string(status));
    ErrCode code = status == NOTMUCH_STATUS_XAPIAN_EXCEPTION
        && message && strstr(message, "write lock") ? ERR_RETRY : ERR_LOCAL;

    return err_set(error, code, "%s: %s", dir, g_strstrip(line));
}

/* notmuch ends the program when an index that it creates does not fit: an
 * exception of Xapian goes uncaught through notmuch.database_upgrade(). */
static bool
has_room(const char *dir, GError **error)
{
    struct statvfs space;

    return statvfs(dir, &space) != 0
        || (guint64)space.f_bavail * space.f_frsize >= ROOM_TO_CREATE
        || err_set_errno(error, ENOSPC, "%s", dir);
}

static notmuch_database_t *
create(const char *dir, const char *mail_root, GError **error)
{
    g_autofree char *config = index_config_path(dir);
    notmuch_database_t *database = NULL;
    char *message = NULL;
    notmuch_status_t status;

    if (!file_mkdir(dir, error) || !has_room(dir, error)
        || !write_config(dir, mail_root, error))
        return NULL;
    status = notmuch.database_create_with_config(dir, config, NULL, &database,
                                                 &message);
    if (status != NOTMUCH_STATUS_SUCCESS)
        fail(dir, status, message, error);
    free(message);
    return status == NOTMUCH_STATUS_SUCCESS ? database : NULL;
}

static notmuch_database_t *
open_once(const char *dir, bool write, notmuch_status_t *status,
          GError **error)
{
    g_autofree char *config = index_config_path(dir);
    notmuch_database_t *database = NULL;
    char *message = NULL;

    *status = notmuch.database_open_with_config(
        dir, write ? NOTMUCH_DATABASE_MODE_READ_WRITE
                   : NOTMUCH_DATABASE_MODE_READ_ONLY,
        config, NULL, &database, &message);
    if (*status != NOTMUCH_STATUS_SUCCESS)
        fail(dir, *status, message, error);
    free(message);
    if (*status != NOTMUCH_STATUS_SUCCESS && database)
        notmuch.database_destroy(database);
    return *status == NOTMUCH_STATUS_SUCCESS ? database : NULL;
}

/* Xapian reads it from the environment, which threads must not change. */
void
index_init(void)
{
    g_setenv("XAPIAN_FLUSH_THRESHOLD", flush_threshold, FALSE);
}

notmuch_database_t *
index_open(const char *dir, bool write, GError **error)
{
    if (!index_notmuch_open(error))
        return NULL;
    for (int i = 0;; i++) {
        g_autoptr(GError) trouble = NULL;
        notmuch_status_t status;
        notmuch_database_t *database =
            open_once(dir, write, &status, &trouble);

        if (database)
            return database;
        if (!err_is(trouble, ERR_RETRY) || i >= LOCK_TRIES) {
            g_propagate_error(error, g_steal_pointer(&trouble));
            return NULL;
        }
        g_usleep(LOCK_PAUSE_US);
    }
}

bool
index_exists(const char *dir)
{
    g_autofree char *xapian = g_build_filename(dir, "xapian", NULL);

    return g_file_test(xapian, G_FILE_TEST_IS_DIR);
}

/* Xapian has no code for it, but a class whose name it says. */
bool
index_is_damaged(const GError *error)
{
    return err_is(error, ERR_LOCAL) && strstr(error->message, "orrupt") != NULL;
}

/* Several may be in one second. */
static char *
aside_name(const char *dir)
{
    gint64 second = g_get_real_time() / G_USEC_PER_SEC;
    char *aside = NULL;

    for (guint n = 1; aside == NULL || g_file_test(aside, G_FILE_TEST_EXISTS);
         n++) {
        g_free(aside);
        aside = g_strdup_printf("%s.broken-%" G_GINT64_FORMAT "-%u", dir,
                                second, n);
    }
    return aside;
}

bool
index_set_aside(const char *dir, GError **error)
{
    g_autofree char *aside = aside_name(dir);

    if (rename(dir, aside) != 0)
        return err_set_errno(error, errno, "%s", aside);
    log_add(LOG_WARN, "index", "was damaged, kept as %s, made anew", aside);
    return true;
}

bool
index_prepare(const char *dir, const char *mail_root, bool *rebuilt,
              GError **error)
{
    g_autoptr(GError) trouble = NULL;
    notmuch_database_t *database = NULL;

    *rebuilt = false;
    if (!index_notmuch_open(error)) /* no reason to move anything aside */
        return false;
    if (index_exists(dir)) {
        if (!write_config(dir, mail_root, error))
            return false;
        database = index_open(dir, false, &trouble);
        if (database == NULL && !index_set_aside(dir, error))
            return false;
    }
    if (database == NULL) {
        *rebuilt = true;
        database = create(dir, mail_root, error);
    }
    if (database)
        notmuch.database_destroy(database);
    return database != NULL;
}

unsigned long
index_revision(const char *dir)
{
    notmuch_database_t *database =
        index_exists(dir) ? index_open(dir, false, NULL) : NULL;
    unsigned long revision;
    const char *uuid;

    if (database == NULL)
        return 0;
    revision = notmuch.database_get_revision(database, &uuid);
    notmuch.database_destroy(database);
    return revision;
}

/* A small file that holds the revision of Xapian's (not notmuch's) and is
 * replaced by every commit. */
char *
index_stamp(const char *dir)
{
    g_autofree char *path = g_build_filename(dir, "xapian", "iamglass", NULL);
    g_autofree char *bytes = NULL;
    gsize size;

    if (!g_file_get_contents(path, &bytes, &size, NULL))
        return NULL;
    return g_compute_checksum_for_data(G_CHECKSUM_SHA256,
                                       (const guchar *)bytes, size);
}
