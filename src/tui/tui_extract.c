/* Commands that take something out of the message under the cursor: to the
 * clipboard, to another program, to a page about its sender. */
#include "tui_sender.h"

#include "base/err.h"
#include "base/file.h"
#include "core/crypto.h"
#include "mime/mime.h"

#include <glib/gstdio.h>
#include <string.h>

enum {
    PIPE_LIMIT = 64 << 20, /* bytes, which are held for the program */
};

static Tui *
tui_of(CmdCall *call)
{
    return tui_of_frontend(session_frontend(cmd_session(call)));
}

/* The row under the cursor; NULL: none, or no screen. */
static StoreRow *
current_row(Tui *tui)
{
    View *view = tui ? tui_top(tui) : NULL;

    if (view == NULL || view->class->current == NULL)
        return NULL;
    return store_row(session_store(tui->session), view->class->current(view),
                     NULL);
}

static MimeMessage *
load(Tui *tui, const StoreRow *row)
{
    return row ? crypto_load(tui->session, row, NULL) : NULL;
}

/* The text as a reader sees it, unfolded and unwrapped. g_free(). */
static char *
body_text(Tui *tui, const StoreRow *row)
{
    g_autoptr(GString) text = g_string_new(NULL);
    MimeMessage *message = load(tui, row);
    MimeTextOptions options = { .width = 1000, .all_quotes = true,
                                .list_links = true };
    MimeText *made;

    if (message == NULL)
        return NULL;
    made = mime_text(message, &options);
    for (guint i = 0; i < made->lines->len; i++)
        g_string_append_printf(text, "%s\n",
                               ((const MimeLine *)made->lines->pdata[i])->text);
    mime_text_free(made);
    mime_message_free(message);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static char *
link_text(const StoreRow *row)
{
    g_autofree char *id =
        g_uri_escape_string(row->message_id ? row->message_id : "", "@", FALSE);

    return g_strdup_printf("mid:%s", id);
}

/* What `clip` copies. g_free(). */
static char *
clip_text(Tui *tui, const StoreRow *row, const char *what)
{
    View *view = tui_top(tui);

    if (strcmp(what, "address") == 0)
        return g_strdup(row->from_addr);
    if (strcmp(what, "subject") == 0)
        return g_strdup(row->subject);
    if (strcmp(what, "message") == 0)
        return link_text(row);
    if (strcmp(what, "text") == 0) {
        g_autoptr(GPtrArray) lines =
            view->class->take_lines ? view->class->take_lines(view, row->id)
                                    : NULL;

        return lines ? mime_join_lines(lines) : body_text(tui, row);
    }
    if (strcmp(what, "link") == 0)
        return view->class->link ? view->class->link(view, MAX(tui->count, 1))
                                 : NULL;
    return g_strdup(row->message_id);
}

static CmdResult
clip_exec(CmdCall *call)
{
    Tui *tui = tui_of(call);
    g_autoptr(StoreRow) row = current_row(tui);
    const char *what = cmd_arg(call, 0);
    g_autofree char *text = row ? clip_text(tui, row, what) : NULL;
    g_autofree char *safe = NULL;
    g_autofree char *told = NULL;

    if (text == NULL)
        return cmd_fail_usage(call,
                              "no %s to copy here: open a message that "
                              "has one",
                              what);
    if (strcmp(what, "text") == 0) {
        told = g_strdup("Copied the text");
        term_copy(text);
    } else {
        safe = draw_safe(text);
        told = g_strdup_printf("Copied %s", safe);
        term_copy(safe);
    }
    tui_tell(tui, TELL_INFO, false, told);
    return CMD_DONE;
}

typedef struct {
    Session *session;
    GArray *ids; /* gint64: of the messages */
} Pipe;

/* Adds the bytes of a message, as it came. */
static bool
append_message(const Pipe *pipe, gint64 id, GByteArray *all, GError **error)
{
    g_autoptr(StoreRow) row = store_row(session_store(pipe->session), id, NULL);
    g_autofree char *path =
        row ? session_message_path(pipe->session, row) : NULL;
    g_autofree char *bytes = NULL;
    gsize size = 0;
    GStatBuf info;

    if (path == NULL)
        return err_set(error, ERR_LOCAL,
                       "Not on this machine: $ fetches it.");
    if (g_stat(path, &info) == 0 && all->len + info.st_size > PIPE_LIMIT)
        return err_set(error, ERR_LOCAL,
                       "Not piped: more than 64 MB. `export` writes "
                       "messages to a file.");
    bytes = file_read(path, PIPE_LIMIT, &size, error);
    if (bytes == NULL)
        return false;
    if (all->len > 0 && all->data[all->len - 1] != '\n')
        g_byte_array_append(all, (const guint8 *)"\n", 1);
    g_byte_array_append(all, (const guint8 *)bytes, (guint)size);
    return true;
}

static bool
pipe_to(Tui *tui, const Pipe *pipe, const char *command)
{
    g_autoptr(GByteArray) all = g_byte_array_new();
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(GError) error = NULL;
    bool ok = true;

    for (guint i = 0; ok && i < pipe->ids->len; i++)
        ok = append_message(pipe, g_array_index(pipe->ids, gint64, i), all,
                            &error);
    if (!ok) {
        tui_tell(tui, TELL_ERROR, false, error->message);
        return false;
    }
    bytes = g_byte_array_free_to_bytes(g_steal_pointer(&all));
    return tui_pipe(tui, command, bytes);
}

static void
pipe_answered(const char *answer, void *user)
{
    Pipe *pipe = user;
    Tui *tui = tui_of_frontend(session_frontend(pipe->session));

    if (tui)
        tui_end_use(tui, answer == NULL || *answer == '\0'
                             || !pipe_to(tui, pipe, answer));
    g_array_unref(pipe->ids);
    g_free(pipe);
}

/* What is selected in a list, else the message of the cursor. */
static GArray *
ids_to_pipe(Tui *tui)
{
    View *view = tui ? tui_top(tui) : NULL;
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    gint64 id = 0;

    if (view && view_is_list(view) && list_view_is_chosen(view))
        view->class->targets(view, SCOPE_MESSAGE, ids);
    else if (view && view->class->current)
        id = view->class->current(view);
    if (id)
        g_array_append_val(ids, id);
    return ids->len > 0 ? g_steal_pointer(&ids) : NULL;
}

/* Whole messages, as they came, one behind the other, to a program. */
static CmdResult
pipe_exec(CmdCall *call)
{
    Tui *tui = tui_of(call);
    GArray *ids = ids_to_pipe(tui);
    AskRequest request = { .prompt = "Pipe to", .answer = pipe_answered };
    Pipe *pipe;

    if (ids == NULL)
        return cmd_fail_usage(call, "no message to pipe here: go to one");
    pipe = g_new0(Pipe, 1);
    pipe->session = tui->session;
    pipe->ids = ids;
    request.user = pipe;
    if (cmd_arg(call, 0))
        pipe_answered(cmd_arg(call, 0), pipe);
    else
        tui->prompt = prompt_ask(tui, &request);
    return CMD_DONE;
}

/* Who sent this, and what speaks for it. */
static CmdResult
details_exec(CmdCall *call)
{
    Tui *tui = tui_of(call);
    g_autoptr(StoreRow) row = current_row(tui);

    if (row == NULL)
        return cmd_fail_usage(call, "no message here: go to one");
    sender_page(tui, row);
    return CMD_DONE;
}

static CmdResult
verify_again_exec(CmdCall *call)
{
    Tui *tui = tui_of(call);
    View *view = tui ? tui_top(tui) : NULL;

    if (view == NULL || view->class->act == NULL
        || !view->class->act(view, "verify-again", NULL))
        return cmd_fail_usage(call, "no page about a sender here: `details` "
                                    "opens one");
    return CMD_DONE;
}

static const char *const clip_choices[] = { "message", "address", "subject",
                                            "link",    "id",      "text",
                                            NULL };

#define SCREEN(NAME, HELP, EXEC, ...)                                          \
    {                                                                          \
        .name = NAME, .help = HELP, .group = "view", .needs_screen = true,     \
        .target = TARGET_VIEW, .exec = EXEC, .args = {                         \
            __VA_ARGS__                                                        \
        }                                                                      \
    }

const CmdEntry tui_extract_entries[] = {
    SCREEN("clip", "Copy to the clipboard", clip_exec,
           { "WHAT", CMD_CHOICE, clip_choices, false, false }),
    SCREEN("pipe", "Give the message, or those selected one behind the "
           "other, to a program", pipe_exec,
           { "COMMAND", CMD_STRING, NULL, true, false }),
    SCREEN("details", "Who sent this, and what speaks for it", details_exec,
           { 0 }),
    SCREEN("verify-again", "Check the sender of this page once more",
           verify_again_exec, { 0 }),
    { .name = NULL },
};
