/* From a draft to what leaves: the bytes, and the addresses of the envelope.
 * Bcc is in the second only, by construction (promise P81). */
#include "draft_private.h"

#include "base/err.h"
#include "base/text.h"
#include "mime/mime.h"

#include <string.h>

/* What mime needs of a draft; the rest is borrowed from it. */
typedef struct {
    MimeDraft message;
    GPtrArray *files;
    char *reply_to;
    char *receipt;
    char *html;
    const char *extra[3];
} Parts;

static void
parts_clear(Parts *parts)
{
    g_ptr_array_unref(parts->files);
    g_free(parts->reply_to);
    g_free(parts->receipt);
    g_free(parts->html);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Parts, parts_clear)

static void
take_parts(Parts *parts, const Draft *draft, const char *message_id,
           gint64 date)
{
    guint n = 0;

    parts->files = g_ptr_array_new();
    for (guint i = 0; i < draft->attach->len; i++)
        g_ptr_array_add(parts->files, draft->attach->pdata[i]);
    g_ptr_array_add(parts->files, NULL);
    if (*draft->reply_to) {
        parts->reply_to = g_strdup_printf("Reply-To: %s", draft->reply_to);
        parts->extra[n++] = parts->reply_to;
    }
    if (draft->receipt) {
        parts->receipt =
            g_strdup_printf("Disposition-Notification-To: %s", draft->from);
        parts->extra[n++] = parts->receipt;
    }
    if (draft->markdown)
        parts->html = mime_markdown(draft->text);
    parts->message = (MimeDraft){
        .from = draft->from,
        .to = draft->to,
        .cc = draft->cc,
        .subject = draft->subject,
        .message_id = message_id,
        .in_reply_to = *draft->in_reply_to ? draft->in_reply_to : NULL,
        .references = *draft->references ? draft->references : NULL,
        .date = date,
        .text = draft->text,
        .html = parts->html,
        .format_flowed = draft->flowed,
        .smallest_charset = draft->smallest,
        .eight_bit = draft->eight_bit,
        .attachments = (const char *const *)parts->files->pdata,
        .extra = parts->extra,
    };
}

GBytes *
draft_build(const Draft *draft, const char *message_id, gint64 date,
            GError **error)
{
    g_auto(Parts) parts = { 0 };

    take_parts(&parts, draft, message_id, date);
    return mime_build(&parts.message, error);
}

bool
draft_build_to(const Draft *draft, const char *message_id, gint64 date, int fd,
               GError **error)
{
    g_auto(Parts) parts = { 0 };

    take_parts(&parts, draft, message_id, date);
    parts.message.seal = draft_mime_seal(draft);
    return mime_build_to(&parts.message, fd, error);
}

static bool
add_recipients(GPtrArray *all, const char *field, const char *text,
               GError **error)
{
    g_autoptr(GPtrArray) list = mime_addresses_strict(text, error);
    g_autofree char *safe = text_sanitise(text, -1, TEXT_LINE);

    if (list == NULL) {
        g_prefix_error(error, "%s: ", field);
        return false;
    }
    if (list->len == 0 && *text)
        return err_set(error, ERR_USAGE, "%s: “%s” is no address", field, safe);
    for (guint i = 0; i < list->len; i++) {
        const MimeAddress *address = list->pdata[i];
        char *envelope = mime_envelope_address(address->addr);

        if (envelope == NULL) {
            g_autofree char *bad = text_sanitise(address->addr, -1, TEXT_LINE);

            return err_set(error, ERR_USAGE,
                           "%s: “%s” is no address: write name@domain", field,
                           bad);
        }
        if (g_ptr_array_find_with_equal_func(all, envelope,
                                             (GEqualFunc)g_str_equal, NULL))
            g_free(envelope);
        else
            g_ptr_array_add(all, envelope);
    }
    return true;
}

char **
draft_recipients(const Draft *draft, GError **error)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);

    if (!add_recipients(all, "To", draft->to, error)
        || !add_recipients(all, "Cc", draft->cc, error)
        || !add_recipients(all, "Bcc", draft->bcc, error))
        return NULL;
    g_ptr_array_add(all, NULL);
    return (char **)g_ptr_array_steal(all, NULL);
}
