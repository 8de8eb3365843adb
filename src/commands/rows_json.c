/* Message rows for scripts and for people. */
#include "rows_json.h"

#include "base/text.h"

static void
member(JsonBuilder *builder, const char *name, const char *value)
{
    json_builder_set_member_name(builder, name);
    if (value == NULL) {
        json_builder_add_null_value(builder);
    } else {
        g_autofree char *valid = g_utf8_make_valid(value, -1);

        json_builder_add_string_value(builder, valid);
    }
}

static void
member_time(JsonBuilder *builder, const char *name, gint64 time)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(time);
    g_autofree char *text = date ? g_date_time_format_iso8601(date) : NULL;

    member(builder, name, text);
}

static void
member_tags(JsonBuilder *builder, const StoreRow *row)
{
    g_autofree char *text = session_row_tags(row);
    g_auto(GStrv) tags = g_strsplit(text, " ", -1);

    json_builder_set_member_name(builder, "tags");
    json_builder_begin_array(builder);
    for (char **tag = tags; *tag; tag++)
        if (**tag)
            json_builder_add_string_value(builder, *tag);
    json_builder_end_array(builder);
}

static void
add_row(JsonBuilder *builder, Session *session, const StoreRow *row)
{
    g_autoptr(StoreFolder) folder =
        store_folder(session_store(session), row->folder, NULL);
    g_autofree char *path = session_message_path(session, row);

    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "id");
    json_builder_add_int_value(builder, row->id);
    json_builder_set_member_name(builder, "thread");
    json_builder_add_int_value(builder, row->thread);
    member(builder, "account", folder ? folder->account : NULL);
    member(builder, "folder", folder ? folder->path : NULL);
    member(builder, "file", path);
    member(builder, "message_id", row->message_id);
    member(builder, "from", row->from_addr);
    member(builder, "from_name", row->from_name);
    member(builder, "to", row->to);
    member(builder, "subject", row->subject);
    member_time(builder, "date", row->date);
    json_builder_set_member_name(builder, "size");
    json_builder_add_int_value(builder, (gint64)row->size);
    member_tags(builder, row);
    member(builder, "verdict", row->verdict);
    json_builder_end_object(builder);
}

JsonNode *
rows_json(Session *session, const GPtrArray *rows)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_array(builder);
    for (guint i = 0; i < rows->len; i++)
        if (rows->pdata[i])
            add_row(builder, session, rows->pdata[i]);
    json_builder_end_array(builder);
    return json_builder_get_root(builder);
}

void
rows_print(Session *session, const GPtrArray *rows, Printer *out)
{
    for (guint i = 0; i < rows->len; i++) {
        const StoreRow *row = rows->pdata[i];

        if (row == NULL)
            continue;
        g_autoptr(GDateTime) date = g_date_time_new_from_unix_local(row->date);
        g_autofree char *when =
            date ? g_date_time_format(date, "%Y-%m-%d %H:%M")
                 : g_strdup("no date");
        const char *who = row->from_name ? row->from_name : row->from_addr;
        g_autofree char *from =
            text_sanitise(who ? who : "(nobody)", -1, TEXT_LINE);
        g_autofree char *cell = text_pad(from, 24, "…");
        g_autofree char *subject = text_sanitise(
            row->subject ? row->subject : "(no subject)", -1, TEXT_LINE);

        printer_line(out, "%s %s  %s  %s",
                     row->flags & STORE_FLAG_SEEN ? " " : "●", when, cell,
                     subject);
    }
}
