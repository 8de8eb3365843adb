/* The ring of log lines. One lock; lines are masked and sanitised before they
 * are kept, so nothing secret is ever in the ring. */
#include "base/log.h"

#include "base/text.h"

#include <string.h>
#include <unistd.h>

enum {
    LOG_LINE_BYTES = 1000,
    SECRET_SHORTEST = 4
};

typedef struct {
    gint64 time;
    LogLevel level;
    char *scope;
    char *text;
} Kept;

static GMutex lock;
static Kept ring[LOG_RING_LINES];
static guint serial;
static GPtrArray *secrets;
static int log_fd = -1;
static LogLevel log_fd_level;

static void
secret_free(void *data)
{
    char *secret = data;

    explicit_bzero(secret, strlen(secret));
    g_free(secret);
}

static void
wipe_secrets(void)
{
    g_mutex_lock(&lock);
    g_clear_pointer(&secrets, g_ptr_array_unref);
    g_mutex_unlock(&lock);
}

void
log_secret_add(const char *secret)
{
    if (secret == NULL || strlen(secret) < SECRET_SHORTEST)
        return;
    g_mutex_lock(&lock);
    if (secrets == NULL) {
        secrets = g_ptr_array_new_with_free_func(secret_free);
        atexit(wipe_secrets);
    }
    if (!g_ptr_array_find_with_equal_func(secrets, secret, g_str_equal, NULL))
        g_ptr_array_add(secrets, g_strdup(secret));
    g_mutex_unlock(&lock);
}

/* With the lock held. Free with g_free(). */
static char *
mask(const char *text)
{
    g_autoptr(GString) masked = g_string_new(text);

    for (guint i = 0; secrets && i < secrets->len; i++)
        g_string_replace(masked, secrets->pdata[i], "•••", 0);
    return g_string_free(g_steal_pointer(&masked), FALSE);
}

char *
log_masked(const char *text)
{
    char *masked;

    g_mutex_lock(&lock);
    masked = mask(text);
    g_mutex_unlock(&lock);
    return masked;
}

static void
write_line(const Kept *line)
{
    g_autoptr(GDateTime) date =
        g_date_time_new_from_unix_local(line->time / G_USEC_PER_SEC);
    g_autofree char *time = g_date_time_format(date, "%F %T");
    g_autofree char *text =
        g_strdup_printf("%s  %s: %s\n", time, line->scope, line->text);
    gssize ignored = write(log_fd, text, strlen(text));

    (void)ignored; /* the log has nowhere to say that it cannot be written */
}

static void
keep(LogLevel level, const char *scope, const char *text)
{
    Kept *line = &ring[serial % LOG_RING_LINES];
    g_autofree char *masked = mask(text);
    gsize size = strnlen(masked, LOG_LINE_BYTES);

    g_free(line->scope);
    g_free(line->text);
    line->time = g_get_real_time();
    line->level = level;
    line->scope = text_sanitise(scope, -1, TEXT_LINE);
    line->text = text_sanitise(masked, (gssize)size, TEXT_LINE);
    serial++;
    if (log_fd >= 0 && level <= log_fd_level)
        write_line(line);
}

void
log_add(LogLevel level, const char *scope, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    g_mutex_lock(&lock);
    keep(level, scope, text);
    g_mutex_unlock(&lock);
}

void
log_each(void (*each)(const LogLine *line, void *user), void *user)
{
    g_mutex_lock(&lock);
    guint first = serial > LOG_RING_LINES ? serial - LOG_RING_LINES : 0;

    for (guint i = first; i < serial; i++) {
        const Kept *kept = &ring[i % LOG_RING_LINES];
        LogLine line = { kept->time, kept->level, kept->scope, kept->text };

        each(&line, user);
    }
    g_mutex_unlock(&lock);
}

void
log_to_fd(int fd, LogLevel level)
{
    g_mutex_lock(&lock);
    log_fd = fd;
    log_fd_level = level;
    g_mutex_unlock(&lock);
}

guint
log_serial(void)
{
    g_mutex_lock(&lock);
    guint now = serial;

    g_mutex_unlock(&lock);
    return now;
}

static gint quiet;

static GLogWriterOutput
glib_says(GLogLevelFlags level, const GLogField *fields, gsize n, void *user)
{
    const char *scope = "glib";

    if (level & (G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG))
        return g_log_writer_default(level, fields, n, user);
    for (gsize i = 0; i < n; i++)
        if (strcmp(fields[i].key, "GLIB_DOMAIN") == 0 && fields[i].value)
            scope = fields[i].value;
    for (gsize i = 0; i < n; i++)
        if (strcmp(fields[i].key, "MESSAGE") == 0)
            log_add(LOG_WARN, scope, "%.*s", (int)fields[i].length,
                    (const char *)fields[i].value);
    if (g_atomic_int_get(&quiet) && !(level & G_LOG_FLAG_FATAL))
        return G_LOG_WRITER_HANDLED;
    return g_log_writer_default(level, fields, n, user);
}

void
log_take_glib(void)
{
    g_log_set_writer_func(glib_says, NULL, NULL);
}

void
log_set_quiet(bool on)
{
    g_atomic_int_set(&quiet, on);
}
