/* The screen as commands see it (core/frontend.h). */
#include "tui_private.h"

#include "base/err.h"
#include "base/spawn.h"
#include "mime/seal.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    Frontend base;
    Tui *tui;
} TuiFrontend;

static Tui *
tui_of(Frontend *frontend)
{
    return ((TuiFrontend *)frontend)->tui;
}

static bool
targets(Frontend *frontend, TargetScope scope, GArray *ids)
{
    View *view = tui_top(tui_of(frontend));

    return view && view->class->targets
        && view->class->targets(view, scope, ids);
}

static char *
account_shown(Frontend *frontend)
{
    return tui_account(tui_of(frontend));
}

static View *
make_view(Tui *tui, const ViewRequest *request)
{
    switch (request->kind) {
    case VIEW_LIST:
        return request->query
            ? list_view_query(tui, request->query, request->title)
            : list_view_folder(tui, request->folder, request->title);
    case VIEW_THREAD:
        return message_view(tui, request->id, true);
    case VIEW_MESSAGE:
        return message_view(tui, request->id, false);
    case VIEW_REVIEW:
        return review_view(tui, request->path);
    case VIEW_ACTIVITY:
        return activity_view(tui);
    case VIEW_OUTBOX:
        return outbox_view(tui);
    case VIEW_TEXT:
        return text_view(tui, request->title, request->text);
    case VIEW_HELP:
        break;
    }
    return NULL;
}

static char *
take_quote(Frontend *frontend, gint64 id)
{
    View *view = tui_top(tui_of(frontend));
    g_autoptr(GPtrArray) lines =
        view && view->class->take_lines ? view->class->take_lines(view, id)
                                        : NULL;

    return lines ? mime_quote_lines(lines) : NULL;
}

static void
open_view(Frontend *frontend, const ViewRequest *request)
{
    Tui *tui = tui_of(frontend);
    View *top = tui_top(tui);
    View *view;

    /* A draft that was changed is shown anew. */
    if (request->kind == VIEW_REVIEW && top
        && g_strcmp0(review_view_path(top), request->path) == 0) {
        top->class->reload(top);
        return;
    }
    view = make_view(tui, request);
    if (view && request->query && request->servers)
        list_view_ask_servers(view);
    if (view)
        tui_push(tui, view);
    else
        tui_set_popup(tui, help_popup(tui));
}

static void
close_view(Frontend *frontend)
{
    Tui *tui = tui_of(frontend);

    if (tui->views->len > 1)
        tui_pop(tui);
    else
        g_main_loop_quit(tui->loop);
}

static void
ask(Frontend *frontend, const AskRequest *request)
{
    Tui *tui = tui_of(frontend);

    if (tui->prompt) { /* one question at a time */
        request->answer(NULL, request->user);
        return;
    }
    tui->prompt = prompt_ask(tui, request);
}

/* Runs a program with the terminal given up to it. The program is the user's:
 * what he looks at is it, so waiting for it freezes nothing. */
static int
run_there(Tui *tui, const char *const *argv)
{
    int status;

    mime_seal_hide_terminal(false);
    status = term_run(argv);
    mime_seal_hide_terminal(true);
    tui_dirty(tui);
    return status;
}

static void
run(Frontend *frontend, const char *const *argv)
{
    Tui *tui = tui_of(frontend);
    int status = run_there(tui, argv);

    if (status == 127) {
        g_autofree char *text = g_strdup_printf(
            "%s cannot be started: is it installed?", argv[0]);

        tui_tell(tui, TELL_ERROR, false, text);
    }
}

/* What the user looks at is the question for his passphrase, so waiting for it
 * freezes nothing. */
static void
lend(Frontend *frontend, void (*fn)(void *user), void *user)
{
    term_leave();
    mime_seal_hide_terminal(false);
    fn(user);
    mime_seal_hide_terminal(true);
    term_return();
    tui_dirty(tui_of(frontend));
}

/* The option, $VISUAL, $EDITOR, then what systems have. */
static char **
editor_argv(Tui *tui, const char *path)
{
    static const char *const last[] = { "sensible-editor", "nano", "vi" };
    const char *wish =
        options_get(session_options(tui->session), "editor", NULL, NULL);
    g_autoptr(GStrvBuilder) argv = g_strv_builder_new();
    g_auto(GStrv) words = NULL;

    if (wish == NULL)
        wish = getenv("VISUAL");
    if (wish == NULL || *wish == '\0')
        wish = getenv("EDITOR");
    for (gsize i = 0; (wish == NULL || *wish == '\0')
                      && i < G_N_ELEMENTS(last); i++) {
        g_autofree char *found = g_find_program_in_path(last[i]);

        if (found)
            wish = last[i];
    }
    words = spawn_split(wish && *wish ? wish : "vi", NULL);
    for (char **word = words; word && *word; word++)
        g_strv_builder_add(argv, *word);
    g_strv_builder_add(argv, path);
    return g_strv_builder_end(argv);
}

static void
edit(Frontend *frontend, const char *path, void (*done)(void *user), void *user)
{
    Tui *tui = tui_of(frontend);
    g_auto(GStrv) argv = editor_argv(tui, path);
    int status = run_there(tui, (const char *const *)argv);

    if (status != 0) {
        g_autofree char *text =
            status == 127
                ? g_strdup_printf("%s cannot be started: is it installed? `set "
                                  "editor` names another. The draft is kept.",
                                  argv[0])
                : g_strdup_printf("%s ended with status %d; the draft is kept",
                                  argv[0], status);

        tui_tell(tui, TELL_ERROR, false, text);
    }
    done(user);
}

static void
tell(Frontend *frontend, TellKind kind, bool undoable, const char *text)
{
    tui_tell(tui_of(frontend), kind, undoable, text);
}

static void
progress(Frontend *frontend, const char *what, guint64 done, guint64 total)
{
    Tui *tui = tui_of(frontend);
    g_autofree char *safe = draw_safe(what);

    g_clear_pointer(&tui->progress, g_free);
    if (what && total == 0)
        tui->progress = g_strdup_printf(" %s", safe);
    else if (what)
        tui->progress = g_strdup_printf(
            " %s  %" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT, safe, done,
            total);
    tui_dirty(tui);
}

static void
quit(Frontend *frontend, int status)
{
    Tui *tui = tui_of(frontend);

    tui->status = status;
    g_main_loop_quit(tui->loop);
}

static const FrontendClass tui_class = {
    .targets = targets,
    .account = account_shown,
    .take_quote = take_quote,
    .open = open_view,
    .close = close_view,
    .ask = ask,
    .edit = edit,
    .run = run,
    .lend = lend,
    .tell = tell,
    .progress = progress,
    .quit = quit,
};

Frontend *
tui_frontend_create(Tui *tui)
{
    TuiFrontend *frontend = g_new0(TuiFrontend, 1);

    frontend->base.class = &tui_class;
    frontend->base.has_screen = true;
    mime_seal_hide_terminal(true); /* a pinentry would draw over the screen */
    frontend->tui = tui;
    return &frontend->base;
}

Tui *
tui_of_frontend(Frontend *frontend)
{
    return frontend->class == &tui_class ? tui_of(frontend) : NULL;
}

void
tui_frontend_destroy(Frontend *frontend)
{
    mime_seal_hide_terminal(false);
    g_free(frontend);
}
