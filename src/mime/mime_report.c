/* Delivery reports (RFC 3464; multipart/report: RFC 6522), receipts of readers
 * (RFC 8098), and the bounces of servers that name who failed in
 * X-Failed-Recipients. What it says is a
 * stranger's word: who believes it matches it to a message that was sent.
 *
 *   delivery-status-content = per-message-fields
 *                             1*( CRLF per-recipient-fields )          */
#include <string.h>

#include "base/text.h"
#include "mime/mime.h"
#include "mime_header.h"

enum {
    STATUS_BYTES = 256 << 10,
    ENCLOSED_BYTES = 256 << 10, /* its header is in the beginning */
    RECIPIENTS = 1000,
};

static void
recipient_free(void *data)
{
    MimeReportRecipient *recipient = data;

    g_free(recipient->address);
    g_free(recipient->action);
    g_free(recipient->status);
    g_free(recipient->reason);
    g_free(recipient);
}

void
mime_report_free(MimeReport *report)
{
    if (report == NULL)
        return;
    g_free(report->envelope_id);
    g_free(report->message_id);
    g_ptr_array_unref(report->recipients);
    g_free(report);
}

static MimeReport *
report_create(void)
{
    MimeReport *report = g_new0(MimeReport, 1);

    report->recipients = g_ptr_array_new_with_free_func(recipient_free);
    return report;
}

/* "rfc822;bob@example.org" without its type; sanitised. g_free(). */
static char *
without_type(const char *value)
{
    const char *semicolon = strchr(value, ';');
    g_autofree char *rest = g_strdup(semicolon ? semicolon + 1 : value);

    return text_sanitise(g_strstrip(rest), -1, TEXT_LINE);
}

/* \x{FC} as "ü". */
static char *
without_points(const char *text)
{
    GString *out = g_string_new(NULL);

    while (*text) {
        bool is_point = g_str_has_prefix(text, "\\x{");
        char *end = NULL;
        guint64 point = is_point ? g_ascii_strtoull(text + 3, &end, 16) : 0;

        if (point > 0 && point <= G_MAXUINT32 && *end == '}'
            && g_unichar_validate((gunichar)point)) {
            g_string_append_unichar(out, (gunichar)point);
            text = end + 1;
        } else {
            g_string_append_c(out, *text++);
        }
    }
    return g_string_free(out, FALSE);
}

/* An address of the type utf-8 may be written in ASCII (RFC 6533, 3).
 * Sanitised. g_free(). */
static char *
address_of(const char *value)
{
    g_autofree char *plain = g_ascii_strncasecmp(value, "utf-8", 5) == 0
                                 ? without_points(value)
                                 : g_strdup(value);

    return without_type(plain);
}

/* "manual-action/MDN-sent-manually; displayed" (RFC 8098, 3.2.6); what stands
 * behind a slash of the type is about how. g_free(). */
static char *
disposition_of(const char *value)
{
    g_autofree char *type = without_type(value);

    type[strcspn(type, "/ ,")] = '\0';
    return g_ascii_strdown(type, -1);
}

/* "<a@b>" as "a@b"; sanitised. g_free(). */
static char *
bare_id(const char *value)
{
    g_autofree char *id = text_sanitise(value, -1, TEXT_LINE);

    g_strdelimit(id, "<>", ' ');
    return g_strdup(g_strstrip(id));
}

static void
put(char **slot, char *value)
{
    g_free(*slot);
    *slot = value;
}

static void
take_field(MimeReport *report, MimeReportRecipient *recipient, const char *name,
           const char *value)
{
    if (g_ascii_strcasecmp(name, "Original-Envelope-Id") == 0)
        put(&report->envelope_id, text_sanitise(value, -1, TEXT_LINE));
    else if (g_ascii_strcasecmp(name, "Original-Recipient") == 0)
        put(&recipient->address, address_of(value));
    else if (g_ascii_strcasecmp(name, "Final-Recipient") == 0
             && recipient->address == NULL)
        put(&recipient->address, address_of(value));
    else if (g_ascii_strcasecmp(name, "Original-Message-ID") == 0)
        put(&report->message_id, bare_id(value));
    else if (g_ascii_strcasecmp(name, "Disposition") == 0)
        put(&recipient->action, disposition_of(value));
    else if (g_ascii_strcasecmp(name, "Action") == 0)
        put(&recipient->action, g_ascii_strdown(value, -1));
    else if (g_ascii_strcasecmp(name, "Status") == 0)
        put(&recipient->status, text_sanitise(value, -1, TEXT_LINE));
    else if (g_ascii_strcasecmp(name, "Diagnostic-Code") == 0)
        put(&recipient->reason, without_type(value));
}

/* One group of fields, unfolded already. */
static void
take_group(MimeReport *report, char **lines)
{
    MimeReportRecipient *recipient = g_new0(MimeReportRecipient, 1);

    for (; *lines; lines++) {
        char *colon = strchr(*lines, ':');

        if (colon == NULL)
            continue;
        *colon = '\0';
        take_field(report, recipient, g_strchomp(*lines),
                   g_strstrip(colon + 1));
    }
    if (recipient->address && recipient->action
        && report->recipients->len < RECIPIENTS)
        g_ptr_array_add(report->recipients, recipient);
    else
        recipient_free(recipient);
}

/* Bytes as text with \n line ends and folded lines joined. g_free(). */
static char *
unfolded(GBytes *bytes)
{
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    g_autoptr(GString) out = g_string_sized_new(size);

    for (gsize i = 0; i < size; i++) {
        bool folded = data[i] == '\n' && i + 1 < size
                      && (data[i + 1] == ' ' || data[i + 1] == '\t')
                      && out->len > 0 && out->str[out->len - 1] != '\n';

        if (data[i] == '\r' || data[i] == '\0')
            continue;
        g_string_append_c(out, folded ? ' ' : data[i]);
    }
    return g_utf8_make_valid(out->str, (gssize)out->len);
}

static void
take_status(MimeReport *report, GBytes *bytes)
{
    g_autofree char *text = unfolded(bytes);
    g_auto(GStrv) groups = g_strsplit(text, "\n\n", RECIPIENTS + 2);

    for (char **group = groups; *group; group++) {
        g_auto(GStrv) lines = g_strsplit(*group, "\n", -1);

        take_group(report, lines);
    }
}

/* The Message-ID of the message that is enclosed, whole or its header. */
static void
take_enclosed(MimeReport *report, GBytes *bytes)
{
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    g_auto(MimeSummary) summary = { 0 };

    mime_summarise(data, size, &summary);
    if (summary.message_id && report->message_id == NULL)
        report->message_id = g_strdup(summary.message_id);
}

static void
take_part(MimeReport *report, MimeMessage *message, const MimePart *part)
{
    static const struct {
        const char *type;
        gsize bytes;
        void (*take)(MimeReport *report, GBytes *bytes);
    } kinds[] = {
        { "message/delivery-status", STATUS_BYTES, take_status },
        { "message/global-delivery-status", STATUS_BYTES, take_status },
        { "message/disposition-notification", STATUS_BYTES, take_status },
        { "message/global-disposition-notification", STATUS_BYTES,
          take_status },
        { "message/rfc822", ENCLOSED_BYTES, take_enclosed },
        { "message/global", ENCLOSED_BYTES, take_enclosed },
        { "text/rfc822-headers", ENCLOSED_BYTES, take_enclosed },
        { "message/global-headers", ENCLOSED_BYTES, take_enclosed },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(GBytes) bytes = NULL;

        if (strcmp(kinds[i].type, part->content_type) != 0)
            continue;
        bytes = mime_part_bytes(message, part->number, kinds[i].bytes, NULL);
        if (bytes)
            kinds[i].take(report, bytes);
    }
}

/* X-Failed-Recipients: a@b, c@d */
static void
take_failed(MimeReport *report, MimeMessage *message)
{
    g_autoptr(GPtrArray) failed =
        mime_header_addresses(message, "X-Failed-Recipients");

    for (guint i = 0; i < MIN(failed->len, RECIPIENTS); i++) {
        MimeReportRecipient *recipient = g_new0(MimeReportRecipient, 1);

        recipient->address = g_strdup(((MimeAddress *)failed->pdata[i])->addr);
        recipient->action = g_strdup("failed");
        g_ptr_array_add(report->recipients, recipient);
    }
}

MimeReport *
mime_report(MimeMessage *message)
{
    const GPtrArray *parts = mime_parts(message);
    g_autoptr(MimeReport) report = report_create();
    const MimePart *root = parts->len > 0 ? parts->pdata[0] : NULL;

    if (root == NULL)
        return NULL;
    if (strcmp(root->content_type, "multipart/report") != 0
        && mime_header(message, "X-Failed-Recipients") == NULL)
        return NULL;
    for (guint i = 0; i < parts->len; i++)
        take_part(report, message, parts->pdata[i]);
    if (report->recipients->len == 0)
        take_failed(report, message);
    return report->recipients->len > 0 ? g_steal_pointer(&report) : NULL;
}
