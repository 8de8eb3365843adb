/* What a list shows of a message, from its header block alone. Called once for
 * every message of a mailbox: one pass over the fields, only those that are
 * wanted are decoded, no tree is built. */
#include <string.h>

#include "mime/limits.h"
#include "mime/mime.h"
#include "mime_header.h"

enum {
    SUMMARY_TO_BYTES = 1000
};

typedef struct {
    MimeSpan message_id, in_reply_to, references, subject, from, sender, to, cc,
        list_id, date, content_type;
} SummaryFields;

void
mime_summary_clear(MimeSummary *summary)
{
    g_free(summary->message_id);
    g_free(summary->in_reply_to);
    g_strfreev(summary->references);
    g_free(summary->subject);
    g_free(summary->from_name);
    g_free(summary->from_addr);
    g_free(summary->to);
    g_free(summary->list_id);
    *summary = (MimeSummary){ 0 };
}

/* The first of several fields of one name counts. */
static void
keep_field(SummaryFields *fields, const MimeField *field)
{
    const struct {
        const char *name;
        MimeSpan *slot;
    } wanted[] = {
        { "Message-ID", &fields->message_id },
        { "In-Reply-To", &fields->in_reply_to },
        { "References", &fields->references },
        { "Subject", &fields->subject },
        { "From", &fields->from },
        { "Sender", &fields->sender },
        { "To", &fields->to },
        { "Cc", &fields->cc },
        { "List-Id", &fields->list_id },
        { "Date", &fields->date },
        { "Content-Type", &fields->content_type },
    };

    for (guint i = 0; i < G_N_ELEMENTS(wanted); i++) {
        if (!mime_span_is(field->name, wanted[i].name))
            continue;
        if (wanted[i].slot->bytes == NULL)
            *wanted[i].slot = field->value;
        return;
    }
}

static char *
id_copy(const char *start, gsize size)
{
    char *id = g_strndup(start, size);
    char *out = id;

    for (const char *p = id; *p; p++)
        if (!g_ascii_isspace(*p) && !g_ascii_iscntrl(*p))
            *out++ = *p;
    *out = '\0';
    if (*id == '\0')
        g_clear_pointer(&id, g_free);
    return mime_tidy(id);
}

/* The next "<…>" from *at on, without the brackets; NULL at the end. */
static char *
next_id(const char **at)
{
    for (;;) {
        const char *open = strchr(*at, '<');
        const char *close = open ? strchr(open, '>') : NULL;
        char *id;

        if (close == NULL)
            return NULL;
        *at = close + 1;
        id = id_copy(open + 1, close - open - 1);
        if (id)
            return id;
    }
}

static char *
first_id(MimeSpan value)
{
    g_autofree char *text = NULL;
    const char *at;
    char *id;

    if (value.bytes == NULL)
        return NULL;
    text = mime_unfold(value);
    at = text;
    id = next_id(&at);
    /* Some programs write a bare identifier. */
    if (id == NULL && strchr(text, ' ') == NULL)
        id = id_copy(text, strlen(text));
    return id;
}

/* Oldest first; of too many the newest are kept. */
static char **
all_ids(MimeSpan value)
{
    g_autofree char *text = NULL;
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    const char *at;
    char *id;

    if (value.bytes) {
        text = mime_unfold(value);
        at = text;
        while ((id = next_id(&at)) != NULL)
            g_ptr_array_add(ids, id);
    }
    if (ids->len > MIME_MAX_REFERENCES)
        g_ptr_array_remove_range(ids, 0, ids->len - MIME_MAX_REFERENCES);
    g_ptr_array_add(ids, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&ids), FALSE);
}

static void
set_from(MimeSummary *summary, MimeSpan from)
{
    g_autofree char *raw = mime_unfold(from);
    g_autoptr(GPtrArray) list = mime_addresses(raw);

    if (list->len > 0) {
        MimeAddress *first = g_ptr_array_index(list, 0);

        summary->from_name = g_steal_pointer(&first->name);
        summary->from_addr = g_steal_pointer(&first->addr);
    } else {
        summary->from_name = mime_decode(from);
    }
    if (summary->from_name && *summary->from_name == '\0')
        g_clear_pointer(&summary->from_name, g_free);
}

/* Whole addresses only, as long as they fit. */
static bool
append_list(GString *out, MimeSpan value)
{
    g_autofree char *raw = NULL;
    g_autoptr(GPtrArray) list = NULL;

    if (value.bytes == NULL)
        return true;
    /* Far more than fits, so that a long list costs no more than a short. */
    value.size = MIN(value.size, 16 * SUMMARY_TO_BYTES);
    raw = mime_unfold(value);
    list = mime_addresses(raw);
    for (guint i = 0; i < list->len; i++) {
        const MimeAddress *address = g_ptr_array_index(list, i);
        g_autofree char *one =
            mime_address_format(address->name, address->addr);

        if (out->len + strlen(one) + 2 > SUMMARY_TO_BYTES)
            return false;
        g_string_append_printf(out, "%s%s", out->len ? ", " : "", one);
    }
    return true;
}

/* "Name <list.example.org>": the identifier, else the text. RFC 2919. */
static char *
list_id(MimeSpan value)
{
    g_autofree char *text = NULL;
    const char *at;
    char *id;

    if (value.bytes == NULL)
        return NULL;
    text = mime_unfold(value);
    at = text;
    id = next_id(&at);
    return id ? id : mime_decode(value);
}

static gint64
date_of(MimeSpan value)
{
    g_autofree char *text = NULL;
    g_autoptr(GDateTime) date = NULL;

    if (value.bytes == NULL)
        return 0;
    value.size = MIN(value.size, 200);
    text = mime_unfold(value);
    date = g_mime_utils_header_decode_date(text);
    return date ? g_date_time_to_unix(date) : 0;
}

static bool
is_mixed(MimeSpan value)
{
    g_autofree char *text = NULL;

    if (value.bytes == NULL)
        return false;
    value.size = MIN(value.size, 200);
    text = mime_unfold(value);
    return g_ascii_strncasecmp(text, "multipart/mixed", 15) == 0;
}

void
mime_summarise(const char *bytes, gsize size, MimeSummary *summary)
{
    SummaryFields fields = { 0 };
    MimeReader reader;
    MimeField field;
    GString *to = g_string_new(NULL);

    *summary = (MimeSummary){ 0 };
    mime_reader_init(&reader, bytes, size);
    while (mime_reader_next(&reader, &field))
        keep_field(&fields, &field);

    summary->message_id = first_id(fields.message_id);
    summary->in_reply_to = first_id(fields.in_reply_to);
    summary->references = all_ids(fields.references);
    if (fields.subject.bytes)
        summary->subject = mime_decode(fields.subject);
    if (fields.from.bytes == NULL)
        fields.from = fields.sender;
    if (fields.from.bytes)
        set_from(summary, fields.from);
    if (append_list(to, fields.to))
        append_list(to, fields.cc);
    summary->to = g_string_free(to, to->len == 0);
    summary->list_id = list_id(fields.list_id);
    summary->date = date_of(fields.date);
    summary->has_attachment = is_mixed(fields.content_type);
}
