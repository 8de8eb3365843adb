/* Kerberos as the library of login mechanisms sees it, with a ticket or none:
 * these functions come before those of the system, so that no test depends on
 * what tickets its user has. */
#ifndef TICKETS_H
#define TICKETS_H

#include <glib.h>
#include <stdbool.h>
#include <string.h>

enum {
    TICKETS_MORE = 1,      /* GSS_S_CONTINUE_NEEDED (RFC 2744, 3.9.1) */
    TICKETS_NONE = 7 << 16 /* GSS_S_NO_CRED */
};

static bool tickets_here;

typedef struct {
    gsize size;
    void *bytes;
} TicketsBuffer;

guint32 gss_import_name(guint32 *minor, TicketsBuffer *text, void *type,
                        void **name);
guint32 gss_release_name(guint32 *minor, void **name);
guint32 gss_init_sec_context(guint32 *minor, void *mine, void **context,
                             void *name, void *mechanism, guint32 flags,
                             guint32 seconds, void *binding, TicketsBuffer *in,
                             void **used, TicketsBuffer *out, guint32 *got,
                             guint32 *valid);
guint32 gss_delete_sec_context(guint32 *minor, void **context, void *out);
guint32 gss_unwrap(guint32 *minor, void *context, TicketsBuffer *in,
                   TicketsBuffer *out, int *secret, guint32 *quality);
guint32 gss_wrap(guint32 *minor, void *context, int secret, guint32 quality,
                 TicketsBuffer *in, int *was_secret, TicketsBuffer *out);
guint32 gss_release_buffer(guint32 *minor, TicketsBuffer *buffer);

guint32
gss_import_name(guint32 *minor, TicketsBuffer *text, void *type, void **name)
{
    g_assert_cmpstr(text->bytes, ==, "imap@imap.test");
    *name = NULL;
    return *minor = 0;
}

guint32
gss_release_name(guint32 *minor, void **name)
{
    return *minor = 0;
}

/* "TICKET", and the server's answer "SERVER" ends it. */
guint32
gss_init_sec_context(guint32 *minor, void *mine, void **context, void *name,
                     void *mechanism, guint32 flags, guint32 seconds,
                     void *binding, TicketsBuffer *in, void **used,
                     TicketsBuffer *out, guint32 *got, guint32 *valid)
{
    *minor = 0;
    *out = (TicketsBuffer){ 0 };
    if (got)
        *got = flags;
    if (!tickets_here)
        return TICKETS_NONE;
    if (in == NULL || in->size == 0) {
        *out = (TicketsBuffer){ 6, g_strdup("TICKET") };
        return TICKETS_MORE;
    }
    g_assert_cmpmem(in->bytes, in->size, "SERVER", 6);
    return 0;
}

guint32
gss_delete_sec_context(guint32 *minor, void **context, void *out)
{
    return *minor = 0;
}

guint32
gss_unwrap(guint32 *minor, void *context, TicketsBuffer *in, TicketsBuffer *out,
           int *secret, guint32 *quality)
{
    *out = (TicketsBuffer){ in->size, g_memdup2(in->bytes, in->size) };
    return *minor = 0;
}

guint32
gss_wrap(guint32 *minor, void *context, int secret, guint32 quality,
         TicketsBuffer *in, int *was_secret, TicketsBuffer *out)
{
    *out = (TicketsBuffer){ in->size, g_memdup2(in->bytes, in->size) };
    return *minor = 0;
}

guint32
gss_release_buffer(guint32 *minor, TicketsBuffer *buffer)
{
    g_clear_pointer(&buffer->bytes, g_free);
    buffer->size = 0;
    return *minor = 0;
}

#endif
