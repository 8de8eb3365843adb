/* Messages found and shown: what `search`, `count` and `show` print for scripts
 * and people. On a screen, search opens what it found. */
#include "commands/commands.h"

#include "base/err.h"
#include "base/text.h"
#include "core/account.h"
#include "core/crypto.h"
#include "core/search.h"
#include "core/search_servers.h"
#include "input.h"
#include "mime/mime.h"
#include "rows_json.h"

enum { SHOWN_COLUMNS = 80 };

static char *
query_of(CmdCall *call)
{
    return g_strjoinv(" ", (char **)cmd_rest(call));
}

/* The rows of what a query finds; NULL on error. */
static GPtrArray *
find_rows(CmdCall *call, const char *query, guint limit, GError **error)
{
    Session *session = cmd_session(call);
    g_autoptr(GArray) ids = search_run(session, query, limit, error);

    if (ids == NULL)
        return NULL;
    return store_rows(session_store(session),
                      (const gint64 *)(void *)ids->data, ids->len, false, 0,
                      error);
}

static CmdResult
open_search(CmdCall *call, const char *query)
{
    Frontend *frontend = session_frontend(cmd_session(call));
    ViewRequest request = { .kind = VIEW_LIST,
                            .query = query,
                            .servers = cmd_has(call, "server") };

    frontend->class->open(frontend, &request);
    return CMD_DONE;
}

static void
print_rows(CmdCall *call, GPtrArray *rows)
{
    Session *session = cmd_session(call);

    if (cmd_has(call, "json"))
        printer_json(cmd_out(call), rows_json(session, rows));
    else
        rows_print(session, rows, cmd_out(call));
}

/* A search that waits for servers. */
typedef struct {
    CmdCall *call;
    GArray *ids; /* what the index found */
    ServerSearch *servers;
} Asking;

static void
asking_end(Asking *asking)
{
    server_search_end(asking->servers);
    g_array_unref(asking->ids);
    g_free(asking);
}

static GPtrArray *
merged_rows(const Asking *asking, const ServerFound *found, GError **error)
{
    Store *store = session_store(cmd_session(asking->call));
    gint64 limit = cmd_flag_int(asking->call, "limit", 0);
    g_autoptr(GArray) dates = store_dates(store, asking->ids, error);
    g_autoptr(GArray) ids = NULL;

    if (dates == NULL)
        return NULL;
    ids = server_search_merge(asking->ids, dates, found->hits);
    if (limit > 0 && ids->len > limit)
        g_array_set_size(ids, (guint)limit);
    return store_rows(store, (const gint64 *)(void *)ids->data, ids->len,
                      false, 0, error);
}

static void
servers_told(const ServerFound *found, void *user)
{
    Asking *asking = user;
    CmdCall *call = asking->call;
    GError *error = NULL;
    g_autoptr(GPtrArray) rows = NULL;

    if (found->waiting > 0)
        return;
    rows = merged_rows(asking, found, &error);
    if (rows)
        print_rows(call, rows);
    if (rows && found->trouble)
        err_set(&error, ERR_RETRY, "not all servers searched: %s",
                found->trouble);
    else if (rows && found->left > 0)
        frontend_tell(session_frontend(cmd_session(call)), TELL_ERROR, false,
                      "%u more are found on the servers: ask for less",
                      found->left);
    asking_end(asking);
    cmd_finish(call, error);
}

static CmdResult
search_servers(CmdCall *call, const char *query)
{
    Session *session = cmd_session(call);
    Asking *asking = g_new0(Asking, 1);
    ServerQuery wanted = { query, 0, servers_told, asking };
    GError *error = NULL;

    asking->ids = search_run(session, query, 0, &error);
    if (asking->ids)
        asking->servers = server_search_begin(session, &wanted, &error);
    if (asking->servers) {
        asking->call = cmd_hold(call);
        return CMD_RUNNING;
    }
    g_clear_pointer(&asking->ids, g_array_unref);
    g_free(asking);
    return cmd_fail(call, error);
}

static CmdResult
search_exec(CmdCall *call)
{
    g_autofree char *query = query_of(call);
    GError *error = NULL;
    g_autoptr(GPtrArray) rows = NULL;

    if (session_frontend(cmd_session(call))->has_screen
        && cmd_context(call)->origin != CMD_FROM_SOCKET)
        return open_search(call, query);
    if (cmd_has(call, "server"))
        return search_servers(call, query);
    rows = find_rows(call, query, (guint)cmd_flag_int(call, "limit", 0),
                     &error);
    if (rows == NULL)
        return cmd_fail(call, error);
    print_rows(call, rows);
    return CMD_DONE;
}

static const CmdEntry entry_search = {
    .name = "search",
    .help = "List what a query finds, newest first",
    .group = "mail",
    .flags = { { "limit", 0, CMD_INT, NULL, "at most so many" },
               { "server", 0, CMD_BOOL, NULL,
                 "ask the servers too: whole texts, and what is not here" },
               { "json", 0, CMD_BOOL, NULL, "as JSON" } },
    .args = { { "QUERY", CMD_QUERY, NULL, false, true } },
    .exec = search_exec,
};

static CmdResult
count_exec(CmdCall *call)
{
    Session *session = cmd_session(call);
    g_autofree char *query = query_of(call);
    GError *error = NULL;
    g_autoptr(GArray) ids = search_run(session, query, 0, &error);

    if (ids == NULL)
        return cmd_fail(call, error);
    if (cmd_has(call, "json")) {
        g_autoptr(JsonBuilder) builder = json_builder_new();

        json_builder_begin_object(builder);
        json_builder_set_member_name(builder, "count");
        json_builder_add_int_value(builder, ids->len);
        json_builder_end_object(builder);
        printer_json(cmd_out(call), json_builder_get_root(builder));
    } else {
        printer_line(cmd_out(call), "%u", ids->len);
    }
    return CMD_DONE;
}

static const CmdEntry entry_count = {
    .name = "count",
    .help = "Count what a query finds",
    .group = "mail",
    .flags = { { "json", 0, CMD_BOOL, NULL, "as JSON" } },
    .args = { { "QUERY", CMD_QUERY, NULL, false, true } },
    .exec = count_exec,
};

/* The message that show shows: a file, standard input, or what a query finds
 * first. path: where its bytes lie, NULL for standard input. */
typedef struct {
    char *path;
    GBytes *bytes;
    StoreRow *row; /* NULL: not one of ours */
    const MimeOpened *opened; /* borrowed; NULL: neither signed nor encrypted */
} Shown;

static void
shown_clear(Shown *shown)
{
    g_free(shown->path);
    g_clear_pointer(&shown->bytes, g_bytes_unref);
    g_clear_pointer(&shown->row, store_row_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Shown, shown_clear)

static bool
find_message(CmdCall *call, Shown *shown, GError **error)
{
    g_autofree char *query = query_of(call);
    g_autoptr(GPtrArray) rows = find_rows(call, query, 1, error);

    if (rows == NULL)
        return false;
    if (rows->len == 0 || rows->pdata[0] == NULL)
        return err_set(error, ERR_LOCAL, "show: no message matches %s", query);
    shown->row = store_row(session_store(cmd_session(call)),
                           ((StoreRow *)rows->pdata[0])->id, error);
    if (shown->row == NULL)
        return false;
    shown->path = session_message_path(cmd_session(call), shown->row);
    return true;
}

/* A file where there is one of that name, else a query. */
static bool
find_shown(CmdCall *call, Shown *shown, GError **error)
{
    if (input_is_stdin(cmd_rest(call))) {
        shown->bytes = input_read(error);
        return shown->bytes != NULL;
    }
    shown->path = input_path(call, cmd_rest(call));
    if (shown->path != NULL)
        return true;
    return find_message(call, shown, error);
}

static MimeMessage *
load(const Shown *shown, GError **error)
{
    return shown->path ? mime_load_file(shown->path, error)
                       : mime_load_shared(shown->bytes);
}

/* A file as it is: of a path, else of a descriptor. */
static bool
print_file(CmdCall *call, const char *path, int fd, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GMappedFile) map =
        path ? g_mapped_file_new(path, FALSE, &why)
             : g_mapped_file_new_from_fd(fd, FALSE, &why);

    if (map == NULL)
        return err_set(error, ERR_LOCAL, "%s", why->message);
    printer_bytes(cmd_out(call), g_mapped_file_get_contents(map),
                  g_mapped_file_get_length(map));
    return true;
}

static CmdResult
show_raw(CmdCall *call, const Shown *shown)
{
    GError *error = NULL;

    if (shown->path)
        print_file(call, shown->path, -1, &error);
    else
        printer_bytes(cmd_out(call), g_bytes_get_data(shown->bytes, NULL),
                      g_bytes_get_size(shown->bytes));
    return cmd_result(call, error);
}

static CmdResult
show_part(CmdCall *call, MimeMessage *message, gint64 number)
{
    const GPtrArray *parts = mime_parts(message);
    g_autoptr(GBytes) bytes = NULL;
    GError *error = NULL;

    if (number < 1 || number > parts->len)
        return cmd_fail_usage(call, "show: there is no part %d, the message "
                              "has %u", (int)number, parts->len);
    bytes = mime_part_bytes(message, (guint)number, 0, &error);
    if (bytes == NULL)
        return cmd_fail(call, error);
    printer_bytes(cmd_out(call), g_bytes_get_data(bytes, NULL),
                  g_bytes_get_size(bytes));
    return CMD_DONE;
}

/* What gpg says of it. g_free(); NULL: nothing. */
static char *
opened_words(const Shown *shown, MimeMessage *message)
{
    g_autoptr(GPtrArray) from = mime_header_addresses(message, "From");
    g_autofree char *words = NULL;
    CryptoMark mark;

    if (shown->opened == NULL)
        return NULL;
    words = crypto_words(shown->opened,
                         from->len ? ((MimeAddress *)from->pdata[0])->addr
                                   : NULL,
                         &mark);
    return text_sanitise(words, -1, TEXT_LINE);
}

static bool
is_closed(const Shown *shown)
{
    return shown->opened && shown->opened->encrypted
           && shown->opened->bytes == NULL;
}

static const char *const shown_fields[] = { "Subject", "From", "To", "Cc",
                                            "Date" };

static void
print_message(CmdCall *call, const Shown *shown, MimeMessage *message)
{
    const MimeTextOptions options = { .width = SHOWN_COLUMNS,
                                      .all_quotes = true,
                                      .list_links = true };
    g_autoptr(MimeText) text =
        is_closed(shown) ? NULL : mime_text(message, &options);
    const GPtrArray *parts = mime_parts(message);
    g_autofree char *words = opened_words(shown, message);
    Printer *out = cmd_out(call);

    for (gsize i = 0; i < G_N_ELEMENTS(shown_fields); i++) {
        const char *value = mime_header(message, shown_fields[i]);
        g_autofree char *safe =
            value ? text_sanitise(value, -1, TEXT_LINE) : NULL;

        if (safe)
            printer_line(out, "%s: %s", shown_fields[i], safe);
    }
    if (words)
        printer_line(out, "%s", words);
    for (guint i = 0; i < parts->len && !is_closed(shown); i++) {
        const MimePart *part = parts->pdata[i];
        g_autofree char *name = text_sanitise(
            part->name ? part->name : part->content_type, -1, TEXT_LINE);
        g_autofree char *size = text_size(part->size);

        if (part->is_attachment)
            printer_line(out, "File: %s (part %u, %s)", name, part->number,
                         size);
    }
    printer_line(out, "%s", "");
    for (guint i = 0; text && i < text->lines->len; i++)
        printer_line(out, "%s", ((MimeLine *)text->lines->pdata[i])->text);
}

static void
member(JsonBuilder *builder, const char *name, const char *value)
{
    g_autofree char *valid = value ? g_utf8_make_valid(value, -1) : NULL;

    json_builder_set_member_name(builder, name);
    if (valid)
        json_builder_add_string_value(builder, valid);
    else
        json_builder_add_null_value(builder);
}

static void
add_header(const char *name, const char *value, void *user)
{
    json_builder_begin_object(user);
    member(user, "name", name);
    member(user, "value", value);
    json_builder_end_object(user);
}

static void
add_part(JsonBuilder *builder, const MimePart *part)
{
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "part");
    json_builder_add_int_value(builder, part->number);
    json_builder_set_member_name(builder, "depth");
    json_builder_add_int_value(builder, part->depth);
    member(builder, "type", part->content_type);
    member(builder, "name", part->name);
    json_builder_set_member_name(builder, "size");
    json_builder_add_int_value(builder, (gint64)part->size);
    json_builder_set_member_name(builder, "attachment");
    json_builder_add_boolean_value(builder, part->is_attachment);
    json_builder_end_object(builder);
}

static void
add_text(JsonBuilder *builder, MimeMessage *message)
{
    const MimeTextOptions options = { .width = SHOWN_COLUMNS,
                                      .all_quotes = true };
    g_autoptr(MimeText) text = mime_text(message, &options);
    g_autoptr(GString) lines = g_string_new(NULL);

    for (guint i = 0; i < text->lines->len; i++) {
        const MimeLine *line = text->lines->pdata[i];

        g_string_append_printf(lines, "%s\n", line->text);
    }
    member(builder, "text", lines->str);
    json_builder_set_member_name(builder, "links");
    json_builder_begin_array(builder);
    for (guint i = 0; i < text->links->len; i++) {
        const MimeLink *link = text->links->pdata[i];

        json_builder_begin_object(builder);
        member(builder, "target", link->target);
        member(builder, "shown", link->shown);
        json_builder_set_member_name(builder, "lies");
        json_builder_add_boolean_value(builder, link->lies);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void
add_flag(JsonBuilder *builder, const char *name, bool value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_boolean_value(builder, value);
}

/* Null where the message is neither signed nor encrypted. */
static void
add_opened(JsonBuilder *builder, const Shown *shown, MimeMessage *message)
{
    const MimeOpened *opened = shown->opened;
    g_autofree char *words = opened_words(shown, message);
    g_autoptr(GDateTime) date = NULL;
    g_autofree char *when = NULL;

    json_builder_set_member_name(builder, "crypto");
    if (opened == NULL) {
        json_builder_add_null_value(builder);
        return;
    }
    if (opened->signed_at > 0)
        date = g_date_time_new_from_unix_utc(opened->signed_at);
    when = date ? g_date_time_format_iso8601(date) : NULL;
    json_builder_begin_object(builder);
    member(builder, "protocol", mime_protocol_name(opened->protocol));
    add_flag(builder, "encrypted", opened->encrypted);
    add_flag(builder, "opened", opened->bytes != NULL);
    member(builder, "signature", crypto_signature_word(opened->signature));
    member(builder, "signer", opened->signer);
    member(builder, "key", opened->key);
    member(builder, "signed", when);
    member(builder, "text", words);
    json_builder_end_object(builder);
}

static CmdResult
show_parts(CmdCall *call, const GPtrArray *parts)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_array(builder);
    for (guint i = 0; i < parts->len; i++) {
        const MimePart *part = parts->pdata[i];
        g_autofree char *type = text_sanitise(part->content_type, -1,
                                              TEXT_LINE);
        g_autofree char *name =
            text_sanitise(part->name ? part->name : "", -1, TEXT_LINE);
        g_autofree char *size = text_size(part->size);

        if (cmd_has(call, "json"))
            add_part(builder, part);
        else
            printer_line(cmd_out(call), "%4u  %*s%s  %s  %s", part->number,
                         2 * part->depth, "", type, size, name);
    }
    json_builder_end_array(builder);
    if (cmd_has(call, "json"))
        printer_json(cmd_out(call), json_builder_get_root(builder));
    return CMD_DONE;
}

static CmdResult
print_json(CmdCall *call, const Shown *shown, MimeMessage *message)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    const GPtrArray *parts = mime_parts(message);

    json_builder_begin_object(builder);
    if (shown->row) {
        g_autofree char *tags = session_row_tags(shown->row);

        json_builder_set_member_name(builder, "id");
        json_builder_add_int_value(builder, shown->row->id);
        member(builder, "tags", tags);
        member(builder, "verdict", shown->row->verdict);
    }
    add_opened(builder, shown, message);
    json_builder_set_member_name(builder, "headers");
    json_builder_begin_array(builder);
    mime_headers(message, add_header, builder);
    json_builder_end_array(builder);
    json_builder_set_member_name(builder, "parts");
    json_builder_begin_array(builder);
    for (guint i = 0; i < parts->len; i++)
        add_part(builder, parts->pdata[i]);
    json_builder_end_array(builder);
    if (!is_closed(shown))
        add_text(builder, message);
    json_builder_end_object(builder);
    printer_json(cmd_out(call), json_builder_get_root(builder));
    return CMD_DONE;
}

/* Prints it as the flags say. ERR_REFUSED when it stays closed. */
static CmdResult
print_shown(CmdCall *call, const Shown *shown, MimeMessage *message)
{
    GError *error = NULL;

    bool parts = cmd_has(call, "parts") || cmd_has(call, "part");

    if (cmd_has(call, "json") && !parts)
        return print_json(call, shown, message);
    if (!parts)
        print_message(call, shown, message);
    if (is_closed(shown)) {
        err_set(&error, ERR_REFUSED, "not opened: %s",
                shown->opened->trouble ? shown->opened->trouble
                                       : "a hook does not open messages");
        return cmd_fail(call, error);
    }
    if (cmd_has(call, "part"))
        return show_part(call, message, cmd_flag_int(call, "part", 0));
    return parts ? show_parts(call, mime_parts(message)) : CMD_DONE;
}

/* A sealed message that gpg looks at. */
typedef struct {
    CmdCall *call; /* held */
    Shown shown;
    MimeMessage *message; /* as it came */
} Waiting;

static void
shown_opened(const MimeOpened *opened, const GError *error, void *user)
{
    Waiting *waiting = user;
    CmdCall *call = waiting->call;
    g_autoptr(MimeMessage) inside = opened ? mime_opened_message(opened) : NULL;

    waiting->shown.opened = opened;
    if (error == NULL)
        print_shown(call, &waiting->shown, inside ? inside : waiting->message);
    cmd_finish(call, error ? g_error_copy(error) : NULL);
    shown_clear(&waiting->shown);
    mime_message_free(waiting->message);
    g_free(waiting);
}

/* A hook decrypts nothing (promise P67). Takes the message, and what shown
 * has. */
static CmdResult
open_shown(CmdCall *call, Shown *shown, MimeMessage *message)
{
    Waiting *waiting = g_new0(Waiting, 1);
    CryptoRequest request = { .message = mime_load_again(message),
                              .decrypt = cmd_context(call)->origin
                                         != CMD_FROM_HOOK };

    waiting->shown = *shown;
    *shown = (Shown){ 0 };
    waiting->message = message;
    waiting->call = cmd_hold(call);
    crypto_open(session_crypto(cmd_session(call)), &request, shown_opened,
                waiting);
    return CMD_RUNNING;
}

static CmdResult
show_shown(CmdCall *call, Shown *shown)
{
    g_autoptr(MimeMessage) message = NULL;
    GError *error = NULL;

    if (cmd_has(call, "raw"))
        return show_raw(call, shown);
    message = load(shown, &error);
    if (message == NULL)
        return cmd_fail(call, error);
    if (mime_is_sealed(message))
        return open_shown(call, shown, g_steal_pointer(&message));
    return print_shown(call, shown, message);
}

static bool
not_here(const Shown *shown, GError **error)
{
    return err_set(error, ERR_RETRY,
                   "the text of \"%s\" is not on this machine",
                   shown->row->subject ? shown->row->subject : "");
}

static void
fetched(gint64 id, const GError *error, void *user)
{
    CmdCall *call = user;
    g_auto(Shown) shown = { 0 };
    GError *trouble = error ? g_error_copy(error) : NULL;

    if (trouble == NULL && find_shown(call, &shown, &trouble)
        && (shown.path || shown.bytes || not_here(&shown, &trouble))
        && show_shown(call, &shown) == CMD_RUNNING)
        return;
    cmd_finish(call, trouble);
}

static void
part_fetched(const AccountPart *part, const GError *error, void *user)
{
    CmdCall *call = user;
    GError *trouble = error ? g_error_copy(error) : NULL;

    if (part && part->parts)
        show_parts(call, part->parts);
    else if (part)
        print_file(call, NULL, part->fd, &trouble);
    cmd_finish(call, trouble);
}

/* What has only its header here is fetched first; of a part, or to know which
 * there are, not the rest. */
static CmdResult
fetch_shown(CmdCall *call, const Shown *shown)
{
    Session *session = cmd_session(call);
    gint64 number = cmd_flag_int(call, "part", 0);
    g_autoptr(StoreFolder) folder =
        store_folder(session_store(session), shown->row->folder, NULL);
    Account *account =
        folder ? session_account(session, folder->account) : NULL;
    GError *error = NULL;

    if (account == NULL || account_is_local(account)) {
        not_here(shown, &error);
        return cmd_fail(call, error);
    }
    if (cmd_has(call, "part") && (number < 1 || number > G_MAXINT))
        return cmd_fail_usage(call, "show: parts are numbered from 1");
    if (!account_is_one_way(account)
        && (cmd_has(call, "part") || cmd_has(call, "parts")))
        account_fetch_part(account, shown->row->id, (guint)number, part_fetched,
                           cmd_hold(call));
    else
        account_fetch(account, shown->row->id, fetched, cmd_hold(call));
    return CMD_RUNNING;
}

static CmdResult
show_exec(CmdCall *call)
{
    g_auto(Shown) shown = { 0 };
    GError *error = NULL;

    if (!find_shown(call, &shown, &error))
        return cmd_fail(call, error);
    return shown.path || shown.bytes ? show_shown(call, &shown)
                                     : fetch_shown(call, &shown);
}

static const CmdEntry entry_show = {
    .name = "show",
    .help = "Print a message as the screen would show it",
    .group = "mail",
    .flags = { { "json", 0, CMD_BOOL, NULL, "fields, parts, text as JSON" },
               { "raw", 0, CMD_BOOL, NULL, "the bytes as they are" },
               { "part", 0, CMD_INT, NULL, "the decoded bytes of a part" },
               { "parts", 0, CMD_BOOL, NULL, "which parts there are" } },
    .args = { { "QUERY", CMD_QUERY, NULL, false, true } },
    .exec = show_exec,
};

const CmdEntry *const commands_search[] = {
    &entry_search,
    &entry_count,
    &entry_show,
    NULL,
};
