/* Drafts: the list of them, and what the review page does to one. */
#include "targets.h"
#include "writing.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/spawn.h"
#include "base/text.h"
#include "cmd/value.h"
#include "mime/mime.h"

#include <stdlib.h>
#include <string.h>

typedef bool (*DraftChange)(Draft *draft, CmdCall *call, GError **error);

static Draft *
load_free(CmdCall *call, GError **error)
{
    const char *path = writing_draft(call, error);

    return path && writing_is_free(cmd_session(call), path, error)
               ? draft_load(path, error)
               : NULL;
}

/* Loads the draft that is meant, changes it, saves it, shows it again. */
static CmdResult
change(CmdCall *call, DraftChange fn)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Draft) draft = load_free(call, &error);

    if (draft == NULL || !fn(draft, call, &error) || !draft_save(draft, &error))
        return cmd_fail(call, g_steal_pointer(&error));
    writing_review(cmd_session(call), draft->path);
    return CMD_DONE;
}

static char *
words(CmdCall *call, guint from)
{
    const char *const *rest = cmd_rest(call);

    return g_strjoinv(" ",
                      (char **)rest + MIN(from, g_strv_length((char **)rest)));
}

typedef struct {
    CmdCall *call;
    char *path;
    char *field; /* NULL: a file to attach */
} Question;

static void
answered(const char *answer, void *user)
{
    Question *question = user;
    Session *session = cmd_session(question->call);
    g_autoptr(Draft) draft = NULL;
    GError *error = NULL;

    if (answer && writing_is_free(session, question->path, &error))
        draft = draft_load(question->path, &error);
    if (draft
        && (question->field
                ? draft_change(session, draft, question->field, answer, &error)
                : draft_attach(draft, answer, &error))
        && draft_save(draft, &error))
        writing_review(session, question->path);
    cmd_finish(question->call, error);
    g_free(question->path);
    g_free(question->field);
    g_free(question);
}

static const char *
value_of(const Draft *draft, const char *field)
{
    const struct {
        const char *name;
        const char *value;
    } values[] = {
        { "from", draft->from },
        { "to", draft->to },
        { "cc", draft->cc },
        { "bcc", draft->bcc },
        { "reply-to", draft->reply_to },
        { "subject", draft->subject },
        { "account", draft->account },
    };

    for (gsize i = 0; field && i < G_N_ELEMENTS(values); i++)
        if (g_ascii_strcasecmp(values[i].name, field) == 0)
            return values[i].value;
    return "";
}

static CmdResult
ask(CmdCall *call, const char *field)
{
    Frontend *frontend = session_frontend(cmd_session(call));
    g_autoptr(GError) error = NULL;
    g_autoptr(Draft) draft = load_free(call, &error);
    AskRequest request = { .prompt = field ? field : "Attach",
                           .completion = field ? "address" : "path",
                           .answer = answered };
    Question *question;

    if (draft == NULL)
        return cmd_fail(call, g_steal_pointer(&error));
    if (!frontend->has_screen)
        return cmd_fail_usage(call, "%s: name the value behind the command",
                              cmd_entry(call)->name);
    if (g_strcmp0(field, "subject") == 0)
        request.completion = "";
    if (g_strcmp0(field, "from") == 0)
        request.completion = "identity";
    question = g_new0(Question, 1);
    question->call = cmd_hold(call);
    question->path = g_strdup(draft->path);
    question->field = g_strdup(field);
    request.initial = value_of(draft, field);
    request.user = question;
    frontend->class->ask(frontend, &request);
    return CMD_RUNNING;
}

static bool
set_value(Draft *draft, CmdCall *call, GError **error)
{
    g_autofree char *value = words(call, 0);

    return draft_change(cmd_session(call), draft, cmd_arg(call, 0), value,
                        error);
}

static CmdResult
set_exec(CmdCall *call)
{
    return cmd_rest(call)[0] ? change(call, set_value)
                             : ask(call, cmd_arg(call, 0));
}

static bool
attach_files(Draft *draft, CmdCall *call, GError **error)
{
    for (const char *const *file = cmd_rest(call); *file; file++) {
        g_autofree char *path = writing_path(call, *file);

        if (!draft_attach(draft, path, error))
            return false;
    }
    return true;
}

static void
messages_attached(Draft *draft, const GError *error, void *user)
{
    CmdCall *call = user;

    if (draft)
        writing_review(cmd_session(call), draft->path);
    cmd_finish(call, error ? g_error_copy(error) : NULL);
}

static CmdResult
attach_messages(CmdCall *call, const MessageSet *set)
{
    DraftMessages what = { .ids = set->ids,
                           .part = (guint)cmd_flag_int(call, "part", 0) };
    GError *error = NULL;
    const char *path = writing_draft(call, &error);

    if (path == NULL || !writing_is_free(cmd_session(call), path, &error))
        return cmd_fail(call, error);
    draft_attach_messages(cmd_session(call), path, &what, messages_attached,
                          cmd_hold(call));
    return CMD_RUNNING;
}

static CmdResult
attach_exec(CmdCall *call)
{
    if (cmd_has(call, "query"))
        return targets_each(call, NULL, attach_messages);
    return cmd_rest(call)[0] ? change(call, attach_files) : ask(call, NULL);
}

/* Without a number: the last file. */
static bool
detach_file(Draft *draft, CmdCall *call, GError **error)
{
    guint number = (guint)cmd_arg_int(call, 0, draft->attach->len);

    return draft_detach(draft, number, error);
}

static CmdResult
detach_exec(CmdCall *call)
{
    return change(call, detach_file);
}

static CmdResult
send_exec(CmdCall *call)
{
    GError *error = NULL;
    const char *path = writing_draft(call, &error);

    if (path == NULL)
        return cmd_fail(call, error);
    return writing_send(call, path, cmd_flag_int(call, "at", 0));
}

/* "mon 9:00" as it is spoken, without quotes. */
static void
send_at(CmdCall *call, const char *when)
{
    GError *error = NULL;
    const char *path = writing_draft(call, &error);
    gint64 at;

    if (path && cmd_parse_time(when, clock_now(), &at)) {
        writing_send(call, path, at);
        return;
    }
    if (path)
        err_set(&error, ERR_USAGE,
                "not sent: write +2h, tomorrow, mon 9:00 or 2026-11-30 09:00, "
                "not \"%s\"",
                when);
    cmd_finish(call, error);
}

static void
time_answered(const char *answer, void *user)
{
    if (answer && *answer)
        send_at(user, answer);
    else
        cmd_finish(user, NULL);
}

static CmdResult
send_later_exec(CmdCall *call)
{
    Frontend *frontend = session_frontend(cmd_session(call));
    g_autofree char *when = g_strjoinv(" ", (char **)cmd_rest(call));
    AskRequest request = {
        .prompt = "Send at (+2h, tomorrow, mon 9:00)",
        .answer = time_answered,
    };

    if (*when == '\0' && !frontend->has_screen)
        return cmd_fail_usage(call, "draft-send-later: when? Write +2h, "
                                    "tomorrow or mon 9:00 behind it");
    request.user = cmd_hold(call);
    if (*when)
        send_at(request.user, when);
    else
        frontend->class->ask(frontend, &request);
    return CMD_RUNNING;
}

static const struct {
    const char *command;
    gsize offset;
} toggles[] = {
    { "draft-sign", G_STRUCT_OFFSET(Draft, sign) },
    { "draft-encrypt", G_STRUCT_OFFSET(Draft, encrypt) },
    { "draft-protocol", G_STRUCT_OFFSET(Draft, smime) },
    { "draft-markdown", G_STRUCT_OFFSET(Draft, markdown) },
};

static bool
toggle(Draft *draft, CmdCall *call, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(toggles); i++)
        if (strcmp(cmd_entry(call)->name, toggles[i].command) == 0) {
            G_STRUCT_MEMBER(bool, draft, toggles[i].offset) ^= true;
            return true;
        }
    g_return_val_if_reached(false);
}

static CmdResult
toggle_exec(CmdCall *call)
{
    return change(call, toggle);
}

static bool
toggle_markdown(Draft *draft, CmdCall *call, GError **error)
{
    g_autofree char *html = mime_markdown("");

    return html ? toggle(draft, call, error)
                : err_set(error, ERR_USAGE,
                          "this posthorn was built without Markdown (md4c)");
}

static CmdResult
markdown_exec(CmdCall *call)
{
    return change(call, toggle_markdown);
}

/* The program has the terminal, and changes the file. */
static CmdResult
spell_exec(CmdCall *call)
{
    Session *session = cmd_session(call);
    Frontend *frontend = session_frontend(session);
    GError *error = NULL;
    const char *path = writing_draft(call, &error);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_auto(GStrv) words = NULL;

    if (path && writing_is_free(session, path, &error))
        words = spawn_split(
            options_get(session_options(session), "spell-command", NULL, NULL),
            &error);
    if (words == NULL)
        return cmd_fail(call, error);
    for (char **word = words; *word; word++)
        g_ptr_array_add(argv, *word);
    g_ptr_array_add(argv, (char *)path);
    g_ptr_array_add(argv, NULL);
    frontend->class->run(frontend, (const char *const *)argv->pdata);
    writing_review(session, path);
    return CMD_DONE;
}

static CmdResult
edit_exec(CmdCall *call)
{
    GError *error = NULL;
    const char *path = writing_draft(call, &error);

    if (path == NULL || !writing_is_free(cmd_session(call), path, &error))
        return cmd_fail(call, error);
    writing_edit(cmd_session(call), path);
    return CMD_DONE;
}

static CmdResult
view_exec(CmdCall *call)
{
    Frontend *frontend = session_frontend(cmd_session(call));
    g_autoptr(GError) error = NULL;
    const char *path = writing_draft(call, &error);
    g_autoptr(Draft) draft = path ? draft_load(path, &error) : NULL;
    g_autoptr(GBytes) bytes = NULL;
    g_autofree char *text = NULL;

    if (draft)
        send_take_options(cmd_session(call), draft);
    if (draft)
        bytes = draft_build(draft, NULL, g_get_real_time() / G_USEC_PER_SEC,
                            &error);
    if (bytes == NULL)
        return cmd_fail(call, g_steal_pointer(&error));
    if (!frontend->has_screen) {
        printer_bytes(cmd_out(call), g_bytes_get_data(bytes, NULL),
                      g_bytes_get_size(bytes));
        return CMD_DONE;
    }
    text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    g_autofree char *lines = text_lf(text);
    ViewRequest request = { .kind = VIEW_TEXT,
                            .title = "As it will be sent",
                            .text = lines };

    frontend->class->open(frontend, &request);
    return CMD_DONE;
}

static void
close_review(CmdCall *call, const char *path)
{
    Session *session = cmd_session(call);
    Frontend *frontend = session_frontend(session);
    bool is_shown = g_strcmp0(draft_current(session), path) == 0;

    draft_set_current(session, NULL);
    if (frontend->has_screen && is_shown)
        frontend->class->close(frontend);
}

static void
discard(CmdCall *call, const char *path, GError **error)
{
    Session *session = cmd_session(call);
    g_autofree char *kept = g_strdup(path);

    if (!writing_is_free(session, kept, error)
        || !draft_discard(session, kept, error))
        return;
    frontend_tell(session_frontend(session), TELL_INFO, false,
                  "Discarded the draft.");
    close_review(call, kept);
}

static void
discard_answered(const char *answer, void *user)
{
    Question *question = user;
    GError *error = NULL;

    if (g_strcmp0(answer, "y") == 0)
        discard(question->call, question->path, &error);
    cmd_finish(question->call, error);
    g_free(question->path);
    g_free(question);
}

static CmdResult
discard_exec(CmdCall *call)
{
    Frontend *frontend = session_frontend(cmd_session(call));
    GError *error = NULL;
    const char *path = writing_draft(call, &error);
    AskRequest request = { .prompt = "Discard this draft for good?",
                           .keys = "yn",
                           .answer = discard_answered };
    Question *question;

    if (path && (!frontend->has_screen || cmd_has(call, "force")))
        discard(call, path, &error);
    if (path == NULL || !frontend->has_screen || cmd_has(call, "force"))
        return cmd_result(call, error);
    question = g_new0(Question, 1);
    question->call = cmd_hold(call);
    question->path = g_strdup(path);
    request.user = question;
    frontend->class->ask(frontend, &request);
    return CMD_RUNNING;
}

static void
print_draft(CmdCall *call, guint number, const Draft *draft)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_local(draft->saved);
    g_autofree char *when = g_date_time_format(date, "%Y-%m-%d %H:%M");
    g_autofree char *to =
        text_sanitise(*draft->to ? draft->to : "(nobody)", -1, TEXT_LINE);
    g_autofree char *cell = text_pad(to, 24, "…");
    g_autofree char *subject = text_sanitise(
        *draft->subject ? draft->subject : "(no subject)", -1, TEXT_LINE);

    printer_line(cmd_out(call), "%3u  %s  %s  %s", number, when, cell, subject);
}

static JsonNode *
drafts_json(const GPtrArray *list)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_array(builder);
    for (guint i = 0; i < list->len; i++) {
        const Draft *draft = list->pdata[i];
        g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(draft->saved);
        g_autofree char *when = g_date_time_format_iso8601(date);
        const char *seal = draft_seal_words(draft);
        const struct {
            const char *name;
            const char *value;
        } members[] = {
            { "path", draft->path }, { "account", draft->account },
            { "saved", when },       { "from", draft->from },
            { "to", draft->to },     { "cc", draft->cc },
            { "bcc", draft->bcc },   { "subject", draft->subject },
            { "crypto", seal ? seal : "" },
        };

        json_builder_begin_object(builder);
        for (gsize k = 0; k < G_N_ELEMENTS(members); k++) {
            json_builder_set_member_name(builder, members[k].name);
            json_builder_add_string_value(builder, members[k].value);
        }
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    return json_builder_get_root(builder);
}

static CmdResult
drafts_exec(CmdCall *call)
{
    GError *error = NULL;
    g_autoptr(GPtrArray) list = draft_list(cmd_session(call), &error);

    if (list == NULL)
        return cmd_fail(call, error);
    if (cmd_has(call, "json"))
        printer_json(cmd_out(call), drafts_json(list));
    for (guint i = 0; i < list->len && !cmd_has(call, "json"); i++)
        print_draft(call, i + 1, list->pdata[i]);
    return CMD_DONE;
}

/* A path, or a number of the list; without one, the newest. */
static char *
choose(CmdCall *call, GError **error)
{
    const char *word = cmd_arg(call, 0);
    g_autoptr(GPtrArray) list = NULL;
    guint64 number = 1;

    if (word && !g_ascii_string_to_unsigned(word, 10, 1, 100000, &number, NULL))
        return writing_path(call, word);
    list = draft_list(cmd_session(call), error);
    if (list == NULL)
        return NULL;
    if (number > list->len)
        return err_null(error, ERR_USAGE,
                        list->len ? "there are only %u drafts"
                                  : "there are no drafts (%u)",
                        list->len);
    return g_strdup(((Draft *)list->pdata[number - 1])->path);
}

static CmdResult
edit_draft_exec(CmdCall *call)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = choose(call, &error);
    g_autoptr(Draft) draft = path ? draft_load(path, &error) : NULL;

    if (draft == NULL)
        return cmd_fail(call, g_steal_pointer(&error));
    writing_review(cmd_session(call), path);
    return CMD_DONE;
}

const CmdEntry command_drafts = {
    .name = "drafts",
    .help = "List the drafts on this machine, the newest first",
    .group = "send",
    .flags = { { "json", 'j', CMD_BOOL, NULL, "print them as JSON" } },
    .exec = drafts_exec,
};

const CmdEntry command_edit_draft = {
    .name = "edit-draft",
    .alias = "resume",
    .help = "Go on with a draft: a number of `drafts`, or its path",
    .group = "send",
    .args = { { "DRAFT", CMD_PATH, NULL, true, false } },
    .needs_screen = true,
    .exec = edit_draft_exec,
};

const CmdEntry command_draft_send = {
    .name = "draft-send",
    .help = "Send the draft, at once or at a time",
    .group = "send",
    .flags = { DRAFT_FLAG,
               { "at", 0, CMD_TIME, NULL, "not before this time" } },
    .exec = send_exec,
};

const CmdEntry command_draft_send_later = {
    .name = "draft-send-later",
    .help = "Send the draft at a time, which is asked for",
    .group = "send",
    .flags = { DRAFT_FLAG },
    .args = { { "TIME", CMD_STRING, NULL, true, true } },
    .exec = send_later_exec,
};

const CmdEntry command_draft_edit = {
    .name = "draft-edit",
    .help = "Edit the draft, header and text, in your editor",
    .group = "send",
    .flags = { DRAFT_FLAG },
    .needs_screen = true,
    .exec = edit_exec,
};

static const char *const field_names[] = { "from",    "to",       "cc",
                                           "bcc",     "reply-to", "subject",
                                           "account", NULL };

const CmdEntry command_draft_markdown = {
    .name = "draft-markdown",
    .help = "Send the draft as text and, read as Markdown, as HTML; or as text "
            "alone again",
    .group = "send",
    .flags = { DRAFT_FLAG },
    .exec = markdown_exec,
};

const CmdEntry command_draft_sign = {
    .name = "draft-sign",
    .help = "Sign the draft when it is sent, or do not",
    .group = "send",
    .flags = { DRAFT_FLAG },
    .exec = toggle_exec,
};

const CmdEntry command_draft_encrypt = {
    .name = "draft-encrypt",
    .help = "Encrypt the draft when it is sent, or do not",
    .group = "send",
    .flags = { DRAFT_FLAG },
    .exec = toggle_exec,
};

const CmdEntry command_draft_protocol = {
    .name = "draft-protocol",
    .help = "Sign and encrypt the draft with S/MIME instead of OpenPGP, or the "
            "other way round",
    .group = "send",
    .flags = { DRAFT_FLAG },
    .exec = toggle_exec,
};

const CmdEntry command_draft_spell = {
    .name = "draft-spell",
    .help = "Check the spelling of the draft by `spell-command`",
    .group = "send",
    .flags = { DRAFT_FLAG },
    .needs_screen = true,
    .exec = spell_exec,
};

const CmdEntry command_draft_set = {
    .name = "draft-set",
    .help = "Change a field of the draft; asks when no value is given",
    .group = "send",
    .flags = { DRAFT_FLAG },
    .args = { { "FIELD", CMD_CHOICE, field_names, false, false },
              { "VALUE", CMD_STRING, NULL, true, true } },
    .exec = set_exec,
};

const CmdEntry command_draft_attach = {
    .name = "draft-attach",
    .help = "Attach files to the draft, also by a pattern such as *.pdf; or "
            "messages, or a part of one; asks when none is named",
    .group = "send",
    .flags = { DRAFT_FLAG,
               { "query", 'q', CMD_QUERY, NULL,
                 "attach the messages that this query matches" },
               { "part", 'p', CMD_INT, NULL,
                 "not the whole message: its part of this number" } },
    .args = { { "FILE", CMD_PATH, NULL, true, true } },
    .exec = attach_exec,
};

const CmdEntry command_draft_detach = {
    .name = "draft-detach",
    .help = "Take a file out of the draft, by its number; else the last",
    .group = "send",
    .flags = { DRAFT_FLAG },
    .args = { { "NUMBER", CMD_INT, NULL, true, false } },
    .exec = detach_exec,
};

const CmdEntry command_draft_view = {
    .name = "draft-view",
    .help = "Show the draft as it will be sent",
    .group = "send",
    .flags = { DRAFT_FLAG },
    .exec = view_exec,
};

const CmdEntry command_draft_discard = {
    .name = "draft-discard",
    .help = "Throw the draft away; asks first",
    .group = "send",
    .flags = { DRAFT_FLAG, { "force", 'f', CMD_BOOL, NULL, "do not ask" } },
    .exec = discard_exec,
};
