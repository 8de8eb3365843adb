/* Other programs: an argument vector, never a shell string; bounded time and
 * output; no secret of ours in their environment (promises P46, P53, P57). The
 * program ignores SIGPIPE; what it starts does not. */
#ifndef BASE_SPAWN_H
#define BASE_SPAWN_H

#include <gio/gio.h>
#include <stdbool.h>

typedef struct {
    const char *const *argv;    /* NULL-terminated; argv[0] looked up in PATH */
    const char *const *environ; /* "NAME=value" added to ours; may be NULL */
    const char *input;          /* given on standard input; NULL: empty */
    gsize input_size;
    int input_fd; /* its standard input instead, of a file that may be large;
                     stays the caller's; 0: none. spawn_run() only */
    guint timeout_ms;   /* then SIGTERM, a second later SIGKILL, to the group;
                           0: none */
    bool confined; /* it is given what strangers made: no terminal, no file
                      written, a gigabyte of memory, as many seconds of the
                      processor as timeout_ms has, and no network where the
                      system lets a user say so (Linux) */
    gsize output_limit; /* bytes kept of each of stdout and stderr; the rest is
                           read and dropped; 0: 1 MiB */
} SpawnParams;

typedef struct {
    int status;     /* exit status, or 128 + signal */
    bool timed_out;
    char *output;   /* NUL-terminated, untrusted */
    gsize output_size;
    char *errors;   /* NUL-terminated, untrusted */
} SpawnResult;

void spawn_result_clear(SpawnResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SpawnResult, spawn_result_clear)

/* Runs and waits. Not on the main thread. False only when the program could
 * not be started (ERR_LOCAL) or cancel fired (ERR_CANCELLED). */
bool spawn_run(const SpawnParams *params, GCancellable *cancel,
               SpawnResult *result, GError **error);

/* Starts and returns at once; done is called exactly once on the main loop,
 * with error set when it could not be started. done may be NULL. params are
 * copied. Main thread. */
void spawn_start(const SpawnParams *params,
                 void (*done)(const SpawnResult *result, const GError *error,
                              void *user),
                 void *user);

/* Starts a program that is left alone: it may run as long as it likes, stays
 * when we end, has no terminal, and what it prints is dropped. ended is called
 * at most once, on the main loop, with its exit status, or 128 + signal; NULL:
 * nobody asks. False with ERR_LOCAL when it cannot be started; then ended is
 * not called. Main thread. */
bool spawn_alone(const char *const *argv, void (*ended)(int status, void *user),
                 void *user, GError **error);

/* SIGTERM to the group of each that runs and is not left alone: the program
 * ends, and nobody would end them any more. */
void spawn_end_all(void);

/* Splits words as the configuration language would: blanks, '…', "…". For
 * values such as password-command. NULL with ERR_USAGE on an open quote. */
char **spawn_split(const char *command, GError **error);

#endif
