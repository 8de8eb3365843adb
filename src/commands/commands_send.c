/* Writing: compose, reply, forward, and sendmail for other programs. What a
 * draft begins with is in core/draft.h. */
#include "commands/commands.h"

#include "base/err.h"
#include "base/file.h"
#include "base/paths.h"
#include "base/spawn.h"
#include "core/mailto.h"
#include "core/receipt.h"
#include "opening.h"
#include "targets.h"
#include "writing.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
    BODY_BYTES = 32 << 20,
    MESSAGE_BYTES = 256 << 20
};

/* Up to limit bytes, each piece to take. */
static bool
read_stdin(gsize limit,
           bool (*take)(const void *piece, gsize size, void *user,
                        GError **error),
           void *user, GError **error)
{
    char piece[65536];
    gsize size = 0;
    gssize got;

    while ((got = read(STDIN_FILENO, piece, sizeof piece)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set_errno(error, errno, "standard input");
        size += (gsize)got;
        if (size > limit)
            return err_set(error, ERR_USAGE,
                           "standard input is longer than %" G_GSIZE_FORMAT
                           " bytes",
                           limit);
        if (!take(piece, (gsize)got, user, error))
            return false;
    }
    return true;
}

static bool
take_text(const void *piece, gsize size, void *user, GError **error)
{
    g_string_append_len(user, piece, (gssize)size);
    return true;
}

static bool
take_file(const void *piece, gsize size, void *user, GError **error)
{
    return file_write_all(*(int *)user, piece, size, "the outbox", error);
}

/* Into a file beside the outbox's own, which are swept with it should this
 * process die. g_free(); to be unlinked. */
static char *
spool_stdin(Session *session, GError **error)
{
    g_autofree char *path = g_build_filename(session_paths(session)->outbox,
                                             "taking-XXXXXX.eml", NULL);
    int fd = g_mkstemp_full(path, O_WRONLY | O_CLOEXEC, 0600);
    bool ok;

    if (fd < 0) {
        err_set_errno(error, errno, "%s", path);
        return NULL;
    }
    ok = read_stdin(MESSAGE_BYTES, take_file, &fd, error);
    close(fd);
    if (ok)
        return g_steal_pointer(&path);
    unlink(path);
    return NULL;
}

static bool
may_read_stdin(CmdCall *call, GError **error)
{
    return cmd_context(call)->origin == CMD_FROM_SHELL
           || err_set(error, ERR_USAGE,
                      "%s: standard input is there only from "
                      "the shell",
                      cmd_entry(call)->name);
}

/* --body FILE or -. True with *body NULL when there is no such flag. */
static bool
read_body(CmdCall *call, char **body, GError **error)
{
    const char *file = cmd_flag(call, "body");
    g_autofree char *path = NULL;
    g_autoptr(GString) text = NULL;

    *body = NULL;
    if (file == NULL)
        return true;
    if (strcmp(file, "-") != 0) {
        path = writing_path(call, file);
        *body = file_read(path, BODY_BYTES, NULL, error);
        return *body != NULL;
    }
    if (!may_read_stdin(call, error))
        return false;
    text = g_string_new(NULL);
    if (!read_stdin(BODY_BYTES, take_text, text, error))
        return false;
    *body = g_strdup(text->str);
    return true;
}

/* The values of a flag that may stand several times, as one list. */
static char *
joined(CmdCall *call, const char *flag)
{
    const char *const *values = cmd_flag_all(call, flag);

    return values && *values ? g_strjoinv(", ", (char **)values) : NULL;
}

static char **
attachments(CmdCall *call)
{
    const char *const *values = cmd_flag_all(call, "attach");
    g_autoptr(GPtrArray) paths = g_ptr_array_new();

    for (; values && *values; values++)
        g_ptr_array_add(paths, writing_path(call, *values));
    g_ptr_array_add(paths, NULL);
    return (char **)g_ptr_array_steal(paths, NULL);
}

/* A name in the folder of templates, or a path. */
static char *
template_path(CmdCall *call)
{
    const char *name = cmd_flag(call, "template");
    const char *folder;
    g_autofree char *expanded = NULL;

    if (name == NULL || strchr(name, '/'))
        return name ? writing_path(call, name) : NULL;
    folder = options_get(session_options(cmd_session(call)), "templates", NULL,
                         NULL);
    expanded = paths_expand(folder);
    return g_build_filename(expanded, name, NULL);
}

/* --sign, --encrypt, --smime, --plain on top of what the options say. */
static bool
set_crypto(CmdCall *call, Draft *draft, GError **error)
{
    if (cmd_has(call, "plain"))
        draft->sign = draft->encrypt = false;
    draft->sign = draft->sign || cmd_has(call, "sign");
    draft->encrypt = draft->encrypt || cmd_has(call, "encrypt");
    draft->smime = draft->smime || cmd_has(call, "smime");
    return draft_save(draft, error);
}

static void
tell_started(Session *session, const Draft *draft)
{
    g_autoptr(Event) event = event_create("compose-started");

    event_set(event, "account", draft->account);
    event_set(event, "file", draft->path);
    event_set(event, "from", draft->from);
    event_set(event, "to", draft->to);
    event_set(event, "subject", draft->subject);
    event_bus_emit(session_bus(session), event);
}

/* The draft is there: sent, or edited, or left to be gone on with. */
static void
started(Draft *draft, const GError *error, void *user)
{
    CmdCall *call = user;
    Session *session = cmd_session(call);
    GError *trouble = NULL;

    if (draft == NULL || !set_crypto(call, draft, &trouble)) {
        cmd_finish(call, trouble ? trouble : g_error_copy(error));
        return;
    }
    tell_started(session, draft);
    if (cmd_has(call, "send")) {
        writing_send(call, draft->path, cmd_flag_int(call, "at", 0));
        return;
    }
    if (session_frontend(session)->has_screen) {
        writing_edit(session, draft->path);
    } else {
        printer_line(cmd_out(call), "%s", draft->path);
        draft_keep(session, draft->path);
        frontend_tell(session_frontend(session), TELL_INFO, false,
                      "The draft is kept: `posthorn edit-draft` goes on with "
                      "it, `posthorn draft-send --draft FILE` sends it.");
    }
    cmd_finish(call, NULL);
}

/* The account to write from: that named, else that of what the user has before
 * him. g_free(); NULL: none. */
static char *
account_of(CmdCall *call)
{
    Frontend *frontend = session_frontend(cmd_session(call));

    if (cmd_flag(call, "account"))
        return g_strdup(cmd_flag(call, "account"));
    return cmd_is_by_hand(cmd_context(call))
               ? frontend->class->account(frontend)
               : NULL;
}

static CmdResult
start(CmdCall *call, DraftKind kind, gint64 parent)
{
    g_autofree char *account = parent ? g_strdup(cmd_flag(call, "account"))
                                      : account_of(call);
    g_autofree char *to = joined(call, "to");
    g_autofree char *cc = joined(call, "cc");
    g_autofree char *bcc = joined(call, "bcc");
    g_auto(GStrv) attach = attachments(call);
    g_autofree char *template = template_path(call);
    g_autofree char *body = NULL;
    g_autofree char *quote = NULL;
    Frontend *frontend = session_frontend(cmd_session(call));
    GError *error = NULL;
    DraftStart start = {
        .kind = kind,
        .parent = parent,
        .account = account,
        .from = cmd_flag(call, "from"),
        .to = to,
        .cc = cc,
        .bcc = bcc,
        .subject = cmd_flag(call, "subject"),
        .attach = (const char *const *)attach,
    };

    if (!read_body(call, &body, &error))
        return cmd_fail(call, error);
    if (parent)
        quote = frontend->class->take_quote(frontend, parent);
    start.template = template;
    start.quote = quote;
    start.body = body;
    draft_start_behind(cmd_session(call), &start, started, cmd_hold(call));
    return CMD_RUNNING;
}

/* A draft of a Drafts folder, maybe of another machine. */
static void
resumed(Draft *draft, const GError *error, void *user)
{
    CmdCall *call = user;
    Session *session = cmd_session(call);

    if (draft && session_frontend(session)->has_screen)
        writing_review(session, draft->path);
    else if (draft)
        printer_line(cmd_out(call), "%s", draft->path);
    cmd_finish(call, error ? g_error_copy(error) : NULL);
}

/* It may have been gone on with while gpg asked. */
static void
resume_opened(CmdCall *call, gint64 id, GError *error)
{
    g_autoptr(GError) reason = error;
    g_autoptr(Draft) draft =
        reason ? NULL : draft_of_copy(cmd_session(call), id, &reason);

    if (draft || reason)
        resumed(draft, reason, call);
    else
        draft_resume(cmd_session(call), id, NULL, resumed, call);
}

/* What is here already, or open, is not opened once more. */
static CmdResult
resume(CmdCall *call, gint64 id)
{
    Session *session = cmd_session(call);
    g_autoptr(GError) error = NULL;
    g_autoptr(Draft) draft = draft_of_copy(session, id, &error);
    g_autoptr(StoreRow) row = store_row(session_store(session), id, NULL);
    g_autoptr(MimeMessage) message = NULL;
    const MimeOpened *opened = crypto_opened(session_crypto(session), id);
    bool is_open = opened && opened->bytes;

    if (draft || error) {
        resumed(draft, error, cmd_hold(call));
        return CMD_RUNNING;
    }
    if (row)
        message = session_load_message(session, row, NULL);
    if (!is_open && message && mime_is_encrypted(message))
        return opening_start(call, id, g_steal_pointer(&message),
                             resume_opened);
    if (is_open && opened->encrypted
        && cmd_context(call)->origin == CMD_FROM_HOOK)
        return cmd_fail_usage(call, "%s: a hook does not open messages",
                              cmd_entry(call)->name);
    draft_resume(session, id, g_steal_pointer(&message), resumed,
                 cmd_hold(call));
    return CMD_RUNNING;
}

static CmdResult
compose_exec(CmdCall *call)
{
    return start(call, DRAFT_NEW, 0);
}

static Draft *
draft_of_link(CmdCall *call, const Mailto *link, GError **error)
{
    g_autofree char *account = account_of(call);
    DraftStart start = {
        .account = account,
        .to = link->to,
        .cc = link->cc,
        .bcc = link->bcc,
        .subject = link->subject,
        .body = link->body,
        .in_reply_to = link->in_reply_to,
        .references = link->references,
    };

    return draft_start(cmd_session(call), &start, error);
}

/* Always by the review page: who wrote the link is not the user (P63). */
static CmdResult
mailto_exec(CmdCall *call)
{
    Session *session = cmd_session(call);
    g_auto(Mailto) link = { 0 };
    g_autoptr(Draft) draft = NULL;
    GError *error = NULL;

    if (mailto_parse(cmd_arg(call, 0), &link, &error))
        draft = draft_of_link(call, &link, &error);
    if (draft == NULL)
        return cmd_fail(call, error);
    tell_started(session, draft);
    if (session_frontend(session)->has_screen)
        writing_review(session, draft->path);
    else
        printer_line(cmd_out(call), "%s", draft->path);
    if (link.ignored)
        frontend_tell(session_frontend(session), TELL_INFO, false,
                      "The link also asked for: %s. A link may not.",
                      link.ignored);
    return CMD_DONE;
}

static const struct {
    const char *name;
    DraftKind kind;
} kinds[] = {
    { "reply", DRAFT_REPLY },
    { "reply-all", DRAFT_REPLY_ALL },
    { "reply-list", DRAFT_REPLY_LIST },
    { "forward", DRAFT_FORWARD },
    { "forward-attached", DRAFT_FORWARD_ATTACHED },
    { "edit-as-new", DRAFT_AS_NEW },
    { "resend", DRAFT_RESEND },
};

static CmdResult
reply_apply(CmdCall *call, const MessageSet *set)
{
    const char *name = cmd_entry(call)->name;
    DraftKind kind = DRAFT_REPLY;

    if (set->ids->len == 0)
        return cmd_fail_usage(call, "%s: no message matches", name);
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0)
            kind = kinds[i].kind;
    if (kind == DRAFT_AS_NEW
        && draft_is_copy(cmd_session(call),
                         g_array_index(set->ids, gint64, 0)))
        return resume(call, g_array_index(set->ids, gint64, 0));
    return start(call, kind, g_array_index(set->ids, gint64, 0));
}

static CmdResult
reply_exec(CmdCall *call)
{
    return targets_each(call, cmd_rest(call), reply_apply);
}

typedef struct {
    CmdCall *call;
    gint64 id;
} ReceiptQuestion;

static void
receipt_answered(const char *answer, void *user)
{
    g_autofree ReceiptQuestion *question = user;
    CmdCall *call = question->call;
    Session *session = cmd_session(call);
    GError *error = NULL;

    if (g_strcmp0(answer, "y") == 0
        && receipt_send(session, question->id, &error)
        && !session_frontend(session)->has_screen) {
        writing_flush(call);
        return;
    }
    cmd_finish(call, error);
}

/* Asked, whoever runs it, unless --yes stands there (P68). */
static CmdResult
receipt_apply(CmdCall *call, const MessageSet *set)
{
    Session *session = cmd_session(call);
    Frontend *frontend = session_frontend(session);
    gint64 id = set->ids->len ? g_array_index(set->ids, gint64, 0) : 0;
    g_autofree char *to = receipt_wanted(session, id, NULL);
    g_autofree char *prompt = NULL;
    ReceiptQuestion *question;

    if (to == NULL)
        return cmd_fail_usage(call, "nobody asks for a receipt of this "
                                    "message, or `read-receipts` is never");
    question = g_new0(ReceiptQuestion, 1);
    question->call = cmd_hold(call);
    question->id = id;
    if (cmd_has(call, "yes")) {
        receipt_answered("y", question);
        return CMD_RUNNING;
    }
    prompt = g_strdup_printf("Tell %s that you have seen the message?", to);
    AskRequest request = { .prompt = prompt,
                           .keys = "yn",
                           .answer = receipt_answered,
                           .user = question };

    frontend->class->ask(frontend, &request);
    return CMD_RUNNING;
}

static CmdResult
receipt_exec(CmdCall *call)
{
    return targets_each(call, cmd_rest(call), receipt_apply);
}

/* Tries once in the background, in a process of its own, so that the caller
 * need not wait for the network. The message is safe without it. */
static void
try_behind(CmdCall *call)
{
    const char *config = session_config_file(cmd_session(call));
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    const char *argv[] = {
        self ? self : "posthorn", "-c", config, "outbox", "--wait", NULL
    };

    spawn_alone(argv, NULL, NULL, NULL);
}

/* A message that is being taken over. */
typedef struct {
    CmdCall *call;
    char *path; /* of what came on standard input */
} Taking;

static void
message_queued(const char *id, const GError *error, void *user)
{
    Taking *taking = user;
    CmdCall *call = taking->call;

    unlink(taking->path);
    g_free(taking->path);
    g_free(taking);
    if (error == NULL && !writing_is_served(call)
        && cmd_context(call)->origin == CMD_FROM_SHELL)
        try_behind(call);
    cmd_finish(call, error ? g_error_copy(error) : NULL);
}

static CmdResult
sendmail_exec(CmdCall *call)
{
    g_autofree char *path = NULL;
    GError *error = NULL;
    Taking *taking;
    SendMessage message = {
        .account = cmd_flag(call, "account"),
        .sender = cmd_flag(call, "from"),
        .recipients = cmd_rest(call),
        .read_recipients = cmd_has(call, "read-recipients"),
    };

    if (cmd_has(call, "mode") && strcmp(cmd_flag(call, "mode"), "m") != 0)
        return cmd_fail_usage(call,
                              "sendmail: -b%s is for a mail server: posthorn "
                              "only takes a message from standard input",
                              cmd_flag(call, "mode"));
    if (message.sender == NULL)
        message.sender = cmd_flag(call, "sender");
    if (may_read_stdin(call, &error))
        path = spool_stdin(cmd_session(call), &error);
    if (path == NULL)
        return cmd_fail(call, error);
    taking = g_new(Taking, 1);
    *taking = (Taking){ cmd_hold(call), g_steal_pointer(&path) };
    message.path = taking->path;
    send_message(cmd_session(call), &message, message_queued, taking);
    return CMD_RUNNING;
}

#define WRITE_FLAGS                                                            \
    { "to", 't', CMD_ADDRESS, NULL, "to whom; may be given several times" },   \
        { "cc", 'c', CMD_ADDRESS, NULL, "copy to" },                           \
        { "bcc", 'b', CMD_ADDRESS, NULL, "blind copy to" },                    \
        { "subject", 's', CMD_STRING, NULL, "the subject" },                   \
        { "body", 0, CMD_PATH, NULL, "the text, from a file or - (stdin)" },   \
        { "attach", 'a', CMD_PATH, NULL, "attach a file" },                    \
        { "template", 0, CMD_STRING, NULL,                                     \
          "begin with a template: its name in `templates`, or a path" },       \
        { "from", 'f', CMD_ADDRESS, NULL, "write as this address" },           \
        { "account", 0, CMD_ACCOUNT, NULL, "write from this account" },        \
        { "at", 0, CMD_TIME, NULL, "with --send: not before this time" },      \
        { "sign", 0, CMD_BOOL, NULL, "sign it" },                              \
        { "encrypt", 0, CMD_BOOL, NULL,                                        \
          "encrypt it for everyone it goes to, or send nothing" },             \
        { "smime", 0, CMD_BOOL, NULL, "with S/MIME instead of OpenPGP" },      \
        { "plain", 0, CMD_BOOL, NULL,                                          \
          "neither, whatever the options say" },                               \
    {                                                                          \
        "send", 0, CMD_BOOL, NULL, "send without editing or review"            \
    }

#define REPLY_ENTRY(NAME, HELP)                                                \
    {                                                                          \
        .name = NAME, .help = HELP, .group = "send",                           \
        .flags = { WRITE_FLAGS, TARGET_FLAG_QUERY },                           \
        .args = { { "QUERY", CMD_QUERY, NULL, true, true } },                  \
        .target = TARGET_MESSAGES, .exec = reply_exec,                         \
    }

static const CmdEntry reply_entries[] = {
    REPLY_ENTRY("reply", "Answer the sender of a message"),
    REPLY_ENTRY("reply-all", "Answer the sender and all recipients"),
    REPLY_ENTRY("reply-list", "Answer to the mailing list"),
    REPLY_ENTRY("forward", "Pass a message on, with its files"),
    REPLY_ENTRY("forward-attached", "Pass a message on as it is, attached"),
    REPLY_ENTRY("edit-as-new", "Write a new message that begins as this one; "
                               "go on with one in a Drafts folder"),
    REPLY_ENTRY("resend", "Send a message of yours again, to others or the "
                          "same"),
};

static const CmdEntry entry_receipt = {
    .name = "send-receipt",
    .help =
        "Tell who asks for it that a message was seen; asks first, and only "
        "where `read-receipts` is ask",
    .group = "send",
    .flags = { TARGET_FLAG_QUERY,
               { "yes", 'y', CMD_BOOL, NULL, "do not ask" } },
    .args = { { "QUERY", CMD_QUERY, NULL, true, true } },
    .target = TARGET_MESSAGES,
    .exec = receipt_exec,
};

static const CmdEntry entry_compose = {
    .name = "compose",
    .help = "Write a new message",
    .group = "send",
    .flags = { WRITE_FLAGS },
    .exec = compose_exec,
};

static const CmdEntry entry_mailto = {
    .name = "mailto",
    .help = "Write to whom a mailto: link names, by the review page",
    .group = "send",
    .flags = { { "account", 0, CMD_ACCOUNT, NULL, "write from this account" } },
    .args = { { "LINK", CMD_STRING, NULL, false, false } },
    .likes_screen = true,
    .exec = mailto_exec,
};

static const CmdEntry entry_sendmail = {
    .name = "sendmail",
    .help = "Queue a message from standard input, as sendmail(8) does",
    .group = "send",
    .flags = { { "read-recipients", 't', CMD_BOOL, NULL,
                 "take recipients from the header too" },
               { "ignore-dots", 'i', CMD_BOOL, NULL,
                 "accepted; a lone dot never ends the message" },
               { "from", 'f', CMD_STRING, NULL, "the envelope sender" },
               { "sender", 'r', CMD_STRING, NULL, "the same" },
               { "account", 0, CMD_ACCOUNT, NULL, "send from this account" },
               { "name", 'F', CMD_STRING, NULL, "accepted and ignored" },
               { "option", 'o', CMD_STRING, NULL, "accepted and ignored" },
               { "body-type", 'B', CMD_STRING, NULL, "accepted and ignored" },
               { "verbose", 'v', CMD_BOOL, NULL, "accepted and ignored" },
               { "mode", 'b', CMD_STRING, NULL,
                 "m: read a message, as always; no daemon is here" } },
    .sysexits = true,
    .args = { { "RECIPIENT", CMD_ADDRESS, NULL, true, true } },
    .exec = sendmail_exec,
};

const CmdEntry *const commands_send[] = {
    &entry_compose,          &reply_entries[0],      &reply_entries[1],
    &reply_entries[2],       &reply_entries[3],      &reply_entries[4],
    &reply_entries[5],       &reply_entries[6],      &entry_mailto,
    &entry_sendmail,         &command_drafts,        &command_edit_draft,
    &command_draft_send,     &command_draft_edit,    &command_draft_spell,
    &command_draft_set,      &command_draft_attach,  &command_draft_detach,
    &command_draft_view,     &command_draft_discard, &command_outbox,
    &command_draft_markdown, &entry_receipt,         &command_decrypt,
    &command_draft_sign,     &command_draft_encrypt, &command_draft_protocol,
    &command_draft_send_later, NULL,
};
