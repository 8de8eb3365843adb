/* The one error domain. A code says what the caller must now do; the message
 * names the object and the next step, is one line, and may contain untrusted
 * words only after text_sanitise(). */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <glib.h>
#include <stdbool.h>

typedef enum {
    ERR_CANCELLED, /* the user or the program gave up: say nothing */
    ERR_RETRY,     /* network, 4yz, timeouts: try again later */
    ERR_AUTH,      /* ask for the password again */
    ERR_REFUSED,   /* the other side said no: show its words, do not retry */
    ERR_PROTOCOL,  /* the other side broke the protocol: drop the connection */
    ERR_LOCAL,     /* disk, permission, memory: show path and reason */
    ERR_USAGE,     /* the user's command or configuration is wrong */
} ErrCode;

#define ERR_DOMAIN err_quark()
GQuark err_quark(void);

/* Sets *error (which may be NULL) and returns false, so that
 * `return err_set(error, …);` ends a bool function. */
bool err_set(GError **error, ErrCode code, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* The same for functions that return a pointer: returns NULL. */
void *err_null(GError **error, ErrCode code, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* ERR_LOCAL with strerror(errnum) behind the formatted object:
 * "/path/x: No space left on device". Returns false. */
bool err_set_errno(GError **error, int errnum, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* True when the error is of ERR_DOMAIN with this code; NULL is no error. */
bool err_is(const GError *error, ErrCode code);

/* The exit status a headless run ends with: 0 no error, 1 failed, 2 usage,
 * as promised to scripts. */
int err_exit_status(const GError *error);

/* The same as sysexits.h has it, for who expects sendmail(8): 64 usage, 69
 * refused, 74 disk, 75 try again, 76 protocol, 77 login. */
int err_sysexit(const GError *error);

#endif
