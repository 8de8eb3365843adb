/* A ring of the last lines said, for the activity page and for `--log FILE`.
 * Secrets handed to log_secret_add() never appear in it at any level.
 * Every function may be called from any thread. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <glib.h>
#include <stdbool.h>

typedef enum {
    LOG_ERR,   /* needs the user */
    LOG_WARN,  /* passing trouble */
    LOG_INFO,  /* what a user wants to read in Activity */
    LOG_DEBUG, /* dialogue with servers */
} LogLevel;

enum { LOG_RING_LINES = 2000 };

typedef struct {
    gint64 time; /* microseconds since 1970, UTC */
    LogLevel level;
    const char *scope; /* account or room, sanitised */
    const char *text;  /* sanitised, one line, secrets masked */
} LogLine;

/* Adds a line. scope is an account's or room's name. */
void log_add(LogLevel level, const char *scope, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* Any later line that contains secret shows "•••" in its place. Strings
 * shorter than four bytes are kept out of the ring as whole arguments only by
 * the caller's care. The copy lives in memory that is cleared at exit. */
void log_secret_add(const char *secret);

/* The text with secrets masked, for whatever else leaves the program. Free with
 * g_free(). */
char *log_masked(const char *text);

/* Calls each with every kept line, oldest first. The line is borrowed. */
void log_each(void (*each)(const LogLine *line, void *user), void *user);

/* Writes lines up to level to fd as well (-1: stop). The fd is borrowed. */
void log_to_fd(int fd, LogLevel level);

/* From now on what GLib and the libraries on it complain about is in the ring,
 * as LOG_WARN; on standard error too, as it always was, except while quiet.
 * Once, in main(). */
void log_take_glib(void);

/* While a screen is open nothing may be printed over it. */
void log_set_quiet(bool quiet);

/* Counts the lines ever added: a cheap "has anything changed". */
guint log_serial(void);

#endif
