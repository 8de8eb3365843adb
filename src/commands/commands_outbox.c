/* The outbox from the shell and the prompt. */
#include "writing.h"

#include "base/err.h"
#include "base/text.h"

#include <string.h>

static void
member(JsonBuilder *builder, const char *name, const char *value)
{
    json_builder_set_member_name(builder, name);
    if (value)
        json_builder_add_string_value(builder, value);
    else
        json_builder_add_null_value(builder);
}

static void
member_time(JsonBuilder *builder, const char *name, gint64 time)
{
    g_autoptr(GDateTime) date =
        time > 0 ? g_date_time_new_from_unix_utc(time) : NULL;
    g_autofree char *text = date ? g_date_time_format_iso8601(date) : NULL;

    member(builder, name, text);
}

static void
member_recipients(JsonBuilder *builder, const OutboxEntry *entry)
{
    json_builder_set_member_name(builder, "recipients");
    json_builder_begin_array(builder);
    for (guint i = 0; i < entry->recipients->len; i++) {
        const OutboxRecipient *recipient = entry->recipients->pdata[i];

        json_builder_begin_object(builder);
        member(builder, "address", recipient->address);
        member(builder, "state", outbox_state_name(recipient->state));
        member(builder, "reply", recipient->reply);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void
add_entry(JsonBuilder *builder, const OutboxEntry *entry)
{
    json_builder_begin_object(builder);
    member(builder, "id", entry->id);
    member(builder, "account", entry->account);
    member(builder, "state", outbox_state_name(entry->state));
    member_time(builder, "created", entry->created);
    member_time(builder, "not_before", entry->not_before);
    member_time(builder, "next_try", entry->next_try);
    json_builder_set_member_name(builder, "attempts");
    json_builder_add_int_value(builder, entry->attempts);
    json_builder_set_member_name(builder, "doubts");
    json_builder_add_int_value(builder, entry->doubts);
    member(builder, "reason", entry->reason);
    member(builder, "sender", entry->sender);
    member(builder, "from", entry->from);
    member(builder, "to", entry->to);
    member(builder, "subject", entry->subject);
    member(builder, "message_id", entry->message_id);
    member(builder, "draft", entry->draft);
    json_builder_set_member_name(builder, "size");
    json_builder_add_int_value(builder, (gint64)entry->size);
    member_recipients(builder, entry);
    json_builder_end_object(builder);
}

static JsonNode *
entries_json(const GPtrArray *list)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_array(builder);
    for (guint i = 0; i < list->len; i++)
        add_entry(builder, list->pdata[i]);
    json_builder_end_array(builder);
    return json_builder_get_root(builder);
}

static char *
safe_text(const char *untrusted)
{
    return text_sanitise(untrusted ? untrusted : "", -1, TEXT_LINE);
}

/* "waiting   20261123-…  ana@x  Subject", below it why, and who. */
static void
print_entry(Printer *out, const OutboxEntry *entry)
{
    g_autofree char *to = safe_text(entry->to);
    g_autofree char *cell = text_pad(to, 24, "…");
    g_autofree char *subject = safe_text(entry->subject);
    g_autofree char *reason = safe_text(entry->reason);
    gint64 due = MAX(entry->next_try, entry->not_before);
    g_autoptr(GDateTime) next = g_date_time_new_from_unix_local(due);
    g_autofree char *when = g_date_time_format(next, "%Y-%m-%d %H:%M");

    printer_line(out, "%-9s %s  %s  %s", outbox_state_name(entry->state),
                 entry->id, cell, subject);
    if (*reason)
        printer_line(out, "          %s", reason);
    if (entry->state == OUTBOX_DEFERRED || entry->state == OUTBOX_WAITING
        || (entry->state == OUTBOX_IN_DOUBT && entry->next_try > 0))
        printer_line(out, "          next try: %s",
                     due > entry->created ? when : "now");
    for (guint i = 0; i < entry->recipients->len; i++) {
        const OutboxRecipient *recipient = entry->recipients->pdata[i];
        g_autofree char *address = safe_text(recipient->address);

        if (entry->recipients->len > 1)
            printer_line(out, "          %-9s %s",
                         outbox_state_name(recipient->state), address);
    }
}

static CmdResult
show(CmdCall *call)
{
    Session *session = cmd_session(call);
    Frontend *frontend = session_frontend(session);
    GError *error = NULL;
    g_autoptr(GPtrArray) list = outbox_list(session_outbox(session), &error);
    ViewRequest request = { .kind = VIEW_OUTBOX };

    if (list == NULL)
        return cmd_fail(call, error);
    if (cmd_has(call, "json")) {
        printer_json(cmd_out(call), entries_json(list));
    } else if (frontend->has_screen
               && cmd_context(call)->origin != CMD_FROM_SOCKET) {
        frontend->class->open(frontend, &request);
    } else {
        for (guint i = 0; i < list->len; i++)
            print_entry(cmd_out(call), list->pdata[i]);
    }
    return CMD_DONE;
}

typedef bool (*EntryAct)(Outbox *outbox, const char *id, GError **error);

/* Every entry named, or all; stops at the first that fails. */
static bool
act_on(CmdCall *call, EntryAct act, GError **error)
{
    Outbox *outbox = session_outbox(cmd_session(call));
    g_autoptr(GPtrArray) list = NULL;

    for (const char *const *id = cmd_rest(call); *id; id++)
        if (!act(outbox, *id, error))
            return false;
    if (!cmd_has(call, "all"))
        return cmd_rest(call)[0] != NULL
               || err_set(error, ERR_USAGE,
                          "outbox %s: which? Name an ID of "
                          "`posthorn outbox`, or --all",
                          cmd_arg(call, 0));
    list = outbox_list(outbox, error);
    for (guint i = 0; list && i < list->len; i++)
        if (!act(outbox, ((OutboxEntry *)list->pdata[i])->id, error))
            return false;
    return list != NULL;
}

static void
flushed(guint n_sent, guint n_failed, void *user)
{
    CmdCall *call = user;
    GError *error = NULL;

    printer_line(cmd_out(call), "%u sent", n_sent);
    if (n_failed > 0)
        err_set(&error, ERR_REFUSED, "%u not sent: `posthorn outbox` says why",
                n_failed);
    cmd_finish(call, error);
}

static CmdResult
wait_for_it(CmdCall *call)
{
    CmdCall *held = cmd_hold(call);

    outbox_flush(session_outbox(cmd_session(call)), flushed, held);
    return CMD_RUNNING;
}

static CmdResult
outbox_exec(CmdCall *call)
{
    const char *action = cmd_arg(call, 0);
    GError *error = NULL;

    if (action == NULL)
        return cmd_has(call, "wait") ? wait_for_it(call) : show(call);
    if (strcmp(action, "cancel") == 0)
        return act_on(call, outbox_cancel, &error) ? CMD_DONE
                                                   : cmd_fail(call, error);
    if (!act_on(call, outbox_retry, &error))
        return cmd_fail(call, error);
    /* Without an instance that goes on running, the try is made here. */
    if (cmd_has(call, "wait") || cmd_context(call)->origin == CMD_FROM_SHELL)
        return wait_for_it(call);
    return CMD_DONE;
}

static const char *const actions[] = { "retry", "cancel", NULL };

const CmdEntry command_outbox = {
    .name = "outbox",
    .help = "List what is to be sent; retry, or take it out again",
    .group = "send",
    .flags = { { "json", 'j', CMD_BOOL, NULL, "print it as JSON" },
               { "all", 'a', CMD_BOOL, NULL, "every message of it" },
               { "wait", 'w', CMD_BOOL, NULL,
                 "send what is due now, and wait for it" } },
    .args = { { "ACTION", CMD_CHOICE, actions, true, false },
              { "ID", CMD_STRING, NULL, true, true } },
    .exec = outbox_exec,
};
