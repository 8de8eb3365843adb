/* The screen's main loop: input, one frame for each burst of it, signals. */
#include "tui_private.h"

#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "cmd/parse.h"
#include "core/draft.h"
#include "core/outbox.h"
#include "core/pictures.h"

#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum {
    TICK_S = 30,
    TOLD_MS = 8000,
    PRIORITY_INPUT = G_PRIORITY_DEFAULT - 10,
    PRIORITY_SIGNAL = PRIORITY_INPUT - 10,
};

static gboolean
redraw(void *data)
{
    Tui *tui = data;

    tui->redraw = 0;
    if (tui->dirty)
        tui_draw(tui);
    tui->dirty = false;
    return G_SOURCE_REMOVE;
}

/* After what is ready now: keys come before frames. */
void
tui_dirty(Tui *tui)
{
    tui->dirty = true;
    if (tui->redraw == 0)
        tui->redraw = g_idle_add_full(G_PRIORITY_HIGH_IDLE, redraw, tui,
                                      NULL);
}

static gboolean
on_input(int fd, GIOCondition condition, void *data)
{
    Tui *tui = data;
    char *paste;
    char *key;

    while ((key = input_next(&paste)) || paste) {
        if (key)
            tui_key(tui, key);
        else
            tui_paste(tui, paste);
        g_free(key);
        g_free(paste);
        if (!g_main_loop_is_running(tui->loop))
            return G_SOURCE_CONTINUE;
    }
    /* The terminal went away (P44): it stays readable, and says nothing. */
    if (condition & (G_IO_HUP | G_IO_ERR))
        g_main_loop_quit(tui->loop);
    return G_SOURCE_CONTINUE;
}

static gboolean
on_end(void *data)
{
    Tui *tui = data;

    g_main_loop_quit(tui->loop);
    return G_SOURCE_CONTINUE;
}

static gboolean
on_resize(void *data)
{
    term_resize();
    clearok(stdscr, TRUE);
    tui_dirty(data);
    return G_SOURCE_CONTINUE;
}

/* kill -TSTP; kill -CONT, also after a SIGSTOP that nobody can see (P40). */
static gboolean
on_stop(int fd, GIOCondition condition, void *data)
{
    bool goes_on;

    if (term_stopped(&goes_on))
        term_stop();
    else if (goes_on)
        term_return();
    tui_dirty(data);
    return G_SOURCE_CONTINUE;
}

static gboolean
on_tick(void *data)
{
    tui_dirty(data);
    return G_SOURCE_CONTINUE;
}

static void
view_free(void *data)
{
    View *view = data;

    if (view->popup)
        view->popup->class->destroy(view->popup);
    view->class->destroy(view);
}

/* The view of a start without an inbox gives way to it when there is one. */
static void
find_inbox(Tui *tui)
{
    View **home = (View **)tui->views->pdata;
    gint64 folder;

    if (!tui->wants_inbox)
        return;
    folder = session_find_folder(tui->session, "inbox", NULL, NULL);
    if (folder == 0)
        return;
    tui->wants_inbox = false;
    view_free(*home);
    *home = list_view_folder(tui, folder, NULL);
}

static void
on_rows(bool rows, void *data)
{
    Tui *tui = data;

    if (!rows) {
        tui_dirty(tui);
        return;
    }
    find_inbox(tui);
    for (guint i = 0; i < tui->views->len; i++) {
        View *view = tui->views->pdata[i];

        if (view->class->reload)
            view->class->reload(view);
    }
    tui->restoring = false;
    preview_reload(tui);
    tui_dirty(tui);
}

static void
on_option(const char *name, void *data)
{
    Tui *tui = data;
    g_autoptr(GError) error = NULL;

    if (strcmp(name, "theme") != 0)
        return;
    if (!theme_load(tui->session, &error))
        tui_tell(tui, TELL_ERROR, false, error->message);
    clearok(stdscr, TRUE);
    tui_dirty(tui);
}

View *
tui_top(Tui *tui)
{
    return tui->views->len ? tui->views->pdata[tui->views->len - 1] : NULL;
}

const char *
tui_context(Tui *tui)
{
    if (tui->popup && tui->popup->class->context)
        return tui->popup->class->context;
    return tui_top(tui) ? tui_top(tui)->class->context : "list";
}

static void
tell_opened(Tui *tui, gint64 folder)
{
    g_autoptr(Event) event = event_create("folder-opened");

    session_event_folder(tui->session, event, folder);
    event_bus_emit(session_bus(tui->session), event);
}

void
tui_focus(Tui *tui)
{
    View *top = tui_top(tui);
    Outbox *outbox = session_outbox(tui->session);
    bool shown = top && view_is_outbox(top);

    if (top && top->popup)
        tui_set_popup(tui, g_steal_pointer(&top->popup));
    draft_set_current(tui->session, top ? review_view_path(top) : NULL);
    if (outbox_is_shown(outbox) != shown)
        tui->told_undoable = false; /* undo means something else there */
    outbox_set_shown(outbox, shown);
    tui_dirty(tui);
}

void
tui_push(Tui *tui, View *view)
{
    /* From folder to folder: the lists do not pile up. */
    if (view_is_list(view) && tui->views->len > 1
        && view_is_list(tui_top(tui)) && list_view_folder_id(view))
        g_ptr_array_remove_index(tui->views, tui->views->len - 1);
    g_ptr_array_add(tui->views, view);
    tui_focus(tui);
    if (view_is_list(view) && list_view_folder_id(view))
        tell_opened(tui, list_view_folder_id(view));
}

void
tui_push_over_popup(Tui *tui, View *view)
{
    if (tui->popup)
        tui_top(tui)->popup = g_steal_pointer(&tui->popup);
    tui_push(tui, view);
}

void
tui_pop(Tui *tui)
{
    if (tui->views->len > 0)
        g_ptr_array_remove_index(tui->views, tui->views->len - 1);
    tui_focus(tui);
}

void
tui_set_popup(Tui *tui, View *popup)
{
    if (tui->popup)
        tui->popup->class->destroy(tui->popup);
    tui->popup = popup;
    tui_dirty(tui);
}

static gboolean
forget_told(void *data)
{
    Tui *tui = data;

    tui->told_timer = 0;
    if (!tui->told_error)
        g_clear_pointer(&tui->told, g_free);
    tui_dirty(tui);
    return G_SOURCE_REMOVE;
}

void
tui_tell(Tui *tui, TellKind kind, bool undoable, const char *text)
{
    g_autofree char *masked = log_masked(text);

    g_free(tui->told);
    tui->told = draw_safe(masked);
    tui->told_error = kind == TELL_ERROR;
    tui->told_undoable = undoable;
    if (kind == TELL_ERROR)
        log_add(LOG_ERR, "screen", "%s", tui->told);
    g_clear_handle_id(&tui->told_timer, g_source_remove);
    tui->told_timer = g_timeout_add(TOLD_MS, forget_told, tui);
    tui_dirty(tui);
}

/* What a key or the prompt runs lives until it ends. */
typedef struct {
    CmdContext context;
    Tui *tui; /* NULL: it is gone */
    GString *output;
} Command;

static void
keep_output(const char *bytes, gsize size, void *user)
{
    Command *command = user;

    g_string_append_len(command->output, bytes, (gssize)size);
}

/* Output of a command: a line in the bottom row, more as a page. */
static void
show_output(Command *command)
{
    g_strchomp(command->output->str);
    if (*command->output->str == '\0')
        return;
    if (strchr(command->output->str, '\n'))
        tui_push(command->tui, text_view(command->tui, "Output",
                                         command->output->str));
    else
        tui_tell(command->tui, TELL_INFO, false, command->output->str);
}

void
tui_end_use(Tui *tui, bool keep)
{
    for (guint i = 0; i < tui->views->len && tui->prompt == NULL; i++)
        if (view_is_list(tui->views->pdata[i]))
            list_view_end_use(tui->views->pdata[i], keep);
}

static void
command_done(CmdContext *context, const GError *error)
{
    Command *command = context->done_user;

    if (command->tui && error && !err_is(error, ERR_CANCELLED))
        tui_tell(command->tui, TELL_ERROR, false, error->message);
    if (command->tui) {
        show_output(command);
        tui_end_use(command->tui, error != NULL);
        g_ptr_array_remove(command->tui->running, command);
    }
    printer_destroy(command->context.out);
    g_string_free(command->output, TRUE);
    g_free(command);
}

void
tui_run_command(Tui *tui, const char *text, int count)
{
    Command *command = g_new0(Command, 1);
    g_autoptr(GError) error = NULL;

    session_rows_flush(tui->session);
    tui->restoring = g_str_has_prefix(text, "undo")
        || g_str_has_prefix(text, "redo");
    command->tui = tui;
    g_ptr_array_add(tui->running, command);
    command->output = g_string_new(NULL);
    command->context = session_context(
        tui->session, tui->prompt ? CMD_FROM_PROMPT : CMD_FROM_KEY);
    command->context.out = printer_create(keep_output, command);
    command->context.count = count;
    command->context.done = command_done;
    command->context.done_user = command;
    if (cmd_run(&command->context, text, &error) != CMD_RUNNING)
        command_done(&command->context, error);
    else
        tui_end_use(tui, false);
}

/* Before input: a flood of keys must not keep a signal waiting. */
static void
watch_signals(Tui *tui)
{
    static const int ends[] = { SIGTERM, SIGHUP, SIGINT };

    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++)
        tui->signals[i] = g_unix_signal_add_full(PRIORITY_SIGNAL, ends[i],
                                                 on_end, tui, NULL);
    tui->signals[3] = g_unix_signal_add_full(PRIORITY_SIGNAL, SIGWINCH,
                                             on_resize, tui, NULL);
    tui->stops = g_unix_fd_add_full(PRIORITY_SIGNAL, term_stop_fd(), G_IO_IN,
                                    on_stop, tui, NULL);
}

Tui *
tui_create(Session *session, GError **error)
{
    Tui *tui;

    if (!term_open(error))
        return NULL;
    if (!theme_load(session, error)) {
        term_close();
        return NULL;
    }
    tui = g_new0(Tui, 1);
    tui->session = session;
    tui->loop = g_main_loop_new(NULL, FALSE);
    tui->views = g_ptr_array_new_with_free_func(view_free);
    tui->pressed = g_string_new(NULL);
    tui->running = g_ptr_array_new();
    tui->history = g_ptr_array_new_with_free_func(g_free);
    tui->sidebar = true;
    tui->frontend = tui_frontend_create(tui);
    session_set_frontend(session, tui->frontend);
    tui->listening = session_listen_rows(session, on_rows, tui);
    options_listen(session_options(session), on_option, tui);
    watch_signals(tui);
    tui->input = g_unix_fd_add_full(
        PRIORITY_INPUT, STDIN_FILENO,
        G_IO_IN | G_IO_HUP | G_IO_ERR, on_input, tui, NULL);
    tui->tick = g_timeout_add_seconds(TICK_S, on_tick, tui);
    return tui;
}

static void
do_nothing(int number)
{
}

/* A terminal that goes away tells it more than once, and what is to be on the
 * disk before the end takes a moment. Not ignored: programs would inherit that.
 */
static void
watch_nothing(Tui *tui)
{
    static const int ends[] = { SIGHUP, SIGTERM, SIGINT };

    for (int i = 0; i < 4; i++)
        g_source_remove(tui->signals[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++)
        signal(ends[i], do_nothing);
}

void
tui_destroy(Tui *tui)
{
    if (tui == NULL)
        return;
    term_close();
    session_set_frontend(tui->session, NULL);
    session_unlisten_rows(tui->session, tui->listening);
    watch_nothing(tui);
    g_source_remove(tui->stops);
    for (guint i = 0; i < tui->running->len; i++)
        ((Command *)tui->running->pdata[i])->tui = NULL;
    g_ptr_array_unref(tui->running);
    g_clear_handle_id(&tui->redraw, g_source_remove);
    g_clear_handle_id(&tui->which_timer, g_source_remove);
    g_clear_handle_id(&tui->told_timer, g_source_remove);
    g_clear_handle_id(&tui->tick, g_source_remove);
    g_clear_handle_id(&tui->input, g_source_remove);
    tui_set_popup(tui, NULL);
    g_clear_handle_id(&tui->redraw, g_source_remove);
    prompt_destroy(tui->prompt);
    preview_forget(tui);
    g_ptr_array_unref(tui->views);
    pictures_destroy(tui->pictures);
    g_ptr_array_unref(tui->history);
    g_string_free(tui->pressed, TRUE);
    g_free(tui->told);
    g_free(tui->progress);
    if (tui->open_folder)
        file_remove_tree(tui->open_folder, NULL);
    g_free(tui->open_folder);
    g_free(tui->last_query);
    tui_frontend_destroy(tui->frontend);
    g_main_loop_unref(tui->loop);
    g_free(tui);
}

/* The first inbox; where there is none, all mail. */
static void
open_inbox(Tui *tui)
{
    g_autoptr(GError) error = NULL;
    gint64 folder =
        session_find_folder(tui->session, "inbox", NULL, &error);

    tui->wants_inbox = folder == 0;
    tui_push(tui, list_view_folder(tui, folder, NULL));
}

int
tui_run(Tui *tui, const char *const *command)
{
    open_inbox(tui);
    tui_draw(tui);
    if (command && command[0]) {
        g_autoptr(GString) line = g_string_new(NULL);

        for (; *command; command++) {
            g_autofree char *word = cmd_quote(*command);

            g_string_append_printf(line, "%s ", word);
        }
        tui_run_command(tui, line->str, 0);
    }
    g_main_loop_run(tui->loop);
    /* What is typed now acts on nothing any more. */
    g_clear_handle_id(&tui->input, g_source_remove);
    return tui->status;
}
