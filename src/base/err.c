/* The error domain: setting errors in one line. */
#include "base/err.h"

#include <string.h>
#include <sysexits.h>

GQuark
err_quark(void)
{
    return g_quark_from_static_string("posthorn");
}

static void
set_valist(GError **error, ErrCode code, const char *format, va_list args)
{
    if (error)
        g_propagate_error(
            error, g_error_new_valist(ERR_DOMAIN, (int)code, format, args));
}

bool
err_set(GError **error, ErrCode code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    set_valist(error, code, format, args);
    va_end(args);
    return false;
}

void *
err_null(GError **error, ErrCode code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    set_valist(error, code, format, args);
    va_end(args);
    return NULL;
}

bool
err_set_errno(GError **error, int errnum, const char *format, ...)
{
    g_autofree char *object = NULL;
    va_list args;

    va_start(args, format);
    object = g_strdup_vprintf(format, args);
    va_end(args);
    return err_set(error, ERR_LOCAL, "%s: %s", object, g_strerror(errnum));
}

bool
err_is(const GError *error, ErrCode code)
{
    return g_error_matches(error, ERR_DOMAIN, (int)code);
}

int
err_exit_status(const GError *error)
{
    if (error == NULL)
        return 0;
    return err_is(error, ERR_USAGE) ? 2 : 1;
}

int
err_sysexit(const GError *error)
{
    static const int statuses[] = {
        [ERR_CANCELLED] = EX_TEMPFAIL, [ERR_RETRY] = EX_TEMPFAIL,
        [ERR_AUTH] = EX_NOPERM,        [ERR_REFUSED] = EX_UNAVAILABLE,
        [ERR_PROTOCOL] = EX_PROTOCOL,  [ERR_LOCAL] = EX_IOERR,
        [ERR_USAGE] = EX_USAGE,
    };

    if (error == NULL)
        return EX_OK;
    return error->domain == ERR_DOMAIN ? statuses[error->code] : EX_SOFTWARE;
}
