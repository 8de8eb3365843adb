/* The ring: order, masking at every level (promise P53), sanitising (P59). */
#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    GString *text;
    guint lines;
} Collected;

static void
collect(const LogLine *line, void *user)
{
    Collected *collected = user;

    g_string_append_printf(collected->text, "%d %s: %s\n", line->level,
                           line->scope, line->text);
    collected->lines++;
}

static char *
everything(guint *lines)
{
    Collected collected = { g_string_new(NULL), 0 };

    log_each(collect, &collected);
    if (lines)
        *lines = collected.lines;
    return g_string_free(collected.text, FALSE);
}

static void
test_secrets(void)
{
    g_autofree char *text = NULL;

    log_secret_add("hunter2!");
    log_secret_add("hunter2!"); /* twice is once */
    log_secret_add(NULL);
    log_secret_add("");
    for (LogLevel level = LOG_ERR; level <= LOG_DEBUG; level++)
        log_add(level, "work", "C: a LOGIN ana \"hunter2!\" and hunter2!");
    text = everything(NULL);
    g_assert_null(strstr(text, "hunter2"));
    g_assert_nonnull(strstr(text, "C: a LOGIN ana \"•••\" and •••"));
}

/* Also beyond where a long line is cut. */
static void
test_secret_at_the_cut(void)
{
    g_autofree char *text = NULL;

    for (int before = 990; before < 1004; before++) {
        g_autofree char *fill = g_strnfill((gsize)before, 'x');

        log_add(LOG_DEBUG, "work", "%shunter2!", fill);
    }
    text = everything(NULL);
    g_assert_null(strstr(text, "hunt"));
}

static void
test_safe(void)
{
    g_autofree char *text = NULL;

    log_add(LOG_INFO, "a\033b", "S: \033[2J\nOK");
    text = everything(NULL);
    g_assert_null(strchr(text, '\033'));
    g_assert_nonnull(strstr(text, "[2J OK"));
}

static void
test_fd(void)
{
    char buffer[512] = "";
    int fds[2];

    g_assert_cmpint(pipe(fds), ==, 0);
    log_secret_add("hunter2!");
    log_to_fd(fds[1], LOG_WARN);
    log_add(LOG_WARN, "work", "said with hunter2!");
    log_add(LOG_DEBUG, "work", "not said");
    log_to_fd(-1, LOG_DEBUG);
    log_add(LOG_ERR, "work", "not said either");
    close(fds[1]);
    g_assert_cmpint(read(fds[0], buffer, sizeof buffer - 1), >, 0);
    close(fds[0]);
    g_assert_nonnull(strstr(buffer, "work: said with •••\n"));
    g_assert_null(strstr(buffer, "not said"));
}

static void
test_ring(void)
{
    guint before = log_serial();
    guint lines;
    g_autofree char *text = NULL;

    for (int i = 0; i < LOG_RING_LINES + 50; i++)
        log_add(LOG_INFO, "ring", "line %d.", i);
    g_assert_cmpuint(log_serial() - before, ==, LOG_RING_LINES + 50);
    text = everything(&lines);
    g_assert_cmpuint(lines, ==, LOG_RING_LINES);
    g_assert_null(strstr(text, "line 49."));
    g_assert_true(g_str_has_prefix(text, "2 ring: line 50.\n"));
}

static void *
chatter(void *data)
{
    for (int i = 0; i < 500; i++)
        log_add(LOG_DEBUG, "thread", "%d", i);
    return NULL;
}

static void
test_threads(void)
{
    guint before = log_serial();
    GThread *threads[4];

    for (int i = 0; i < 4; i++)
        threads[i] = g_thread_new("chatter", chatter, NULL);
    for (int i = 0; i < 4; i++)
        g_thread_join(threads[i]);
    g_assert_cmpuint(log_serial() - before, ==, 2000);
}

/* What is on standard error while the library speaks. Free with g_free(). */
static char *
overheard(const char *text)
{
    char buffer[4096] = "";
    int kept = dup(STDERR_FILENO);
    int ends[2];

    g_assert_cmpint(pipe(ends), ==, 0);
    dup2(ends[1], STDERR_FILENO);
    g_log_structured("Lib", G_LOG_LEVEL_MESSAGE, "MESSAGE", "%s", text);
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(ends[1]);
    g_assert_cmpint(read(ends[0], buffer, sizeof buffer - 1), >=, 0);
    close(ends[0]);
    return g_strdup(buffer);
}

/* A library's complaint is in the ring, and never over a screen. */
static void
test_glib(void)
{
    g_autofree char *open = NULL;
    g_autofree char *closed = NULL;
    g_autofree char *text = NULL;

    log_take_glib();
    log_set_quiet(true);
    open = overheard("over the screen");
    log_set_quiet(false);
    closed = overheard("without one");
    text = everything(NULL);
    g_assert_cmpstr(open, ==, "");
    g_assert_nonnull(strstr(closed, "without one"));
    g_assert_nonnull(strstr(text, "1 Lib: over the screen\n"));
    g_assert_nonnull(strstr(text, "1 Lib: without one\n"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/log/P53/secrets", test_secrets);
    g_test_add_func("/base/log/P53/cut", test_secret_at_the_cut);
    g_test_add_func("/base/log/P59/safe", test_safe);
    g_test_add_func("/base/log/fd", test_fd);
    g_test_add_func("/base/log/ring", test_ring);
    g_test_add_func("/base/log/threads", test_threads);
    g_test_add_func("/base/log/glib", test_glib);
    return g_test_run();
}
