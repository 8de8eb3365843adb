/* The face without a screen, and the few words said to any face. */
#include "core/frontend.h"

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

#include <stdio.h>
#include <unistd.h>

typedef struct {
    Frontend base;
    GMainLoop *loop;
    int status;
} HeadlessFrontend;

void
frontend_tell(Frontend *frontend, TellKind kind, bool undoable,
              const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    frontend->class->tell(frontend, kind, undoable, text);
}

struct HookOutput {
    Frontend **frontend;
    GString *text; /* printed, and not told yet */
    guint source;
};

HookOutput *
hook_output_create(Frontend **frontend)
{
    HookOutput *output = g_new0(HookOutput, 1);

    output->frontend = frontend;
    output->text = g_string_new(NULL);
    return output;
}

void
hook_output_destroy(HookOutput *output)
{
    if (output == NULL)
        return;
    g_clear_handle_id(&output->source, g_source_remove);
    g_string_free(output->text, TRUE);
    g_free(output);
}

/* Of several lines the first, and where all of them stand. */
static gboolean
tell_printed(void *data)
{
    HookOutput *output = data;
    g_auto(GStrv) lines = NULL;
    guint more;

    output->source = 0;
    g_strchomp(output->text->str);
    lines = g_strsplit(output->text->str, "\n", -1);
    g_string_truncate(output->text, 0);
    more = g_strv_length(lines);
    more -= more > 0;
    for (char **line = lines; more > 0 && *line; line++)
        log_add(LOG_INFO, "hook", "%s", *line);
    if (more > 0)
        frontend_tell(*output->frontend, TELL_INFO, false,
                      "%s  (+%u line%s: `:activity` shows them)", lines[0],
                      more, more == 1 ? "" : "s");
    else if (lines[0])
        frontend_tell(*output->frontend, TELL_INFO, false, "%s", lines[0]);
    return G_SOURCE_REMOVE;
}

void
hook_output_print(const char *bytes, gsize size, void *user)
{
    HookOutput *output = user;

    if (!(*output->frontend)->has_screen) {
        file_write_all(STDOUT_FILENO, bytes, size, "output", NULL);
        return;
    }
    g_string_append_len(output->text, bytes, (gssize)size);
    if (output->source == 0)
        output->source = g_idle_add(tell_printed, output);
}

static bool
headless_targets(Frontend *frontend, TargetScope scope, GArray *ids)
{
    return false;
}

static char *
headless_account(Frontend *frontend)
{
    return NULL;
}

static char *
headless_take_quote(Frontend *frontend, gint64 id)
{
    return NULL;
}

/* A view that nobody can see: its text, where it has one. */
static void
headless_open(Frontend *frontend, const ViewRequest *request)
{
    g_autofree char *text = NULL;

    if (request->text == NULL)
        return;
    text = text_sanitise(request->text, -1, TEXT_BODY);
    puts(text);
}

static void
headless_close(Frontend *frontend)
{
    frontend->class->quit(frontend, 0);
}

static void
headless_ask(Frontend *frontend, const AskRequest *request)
{
    request->answer(NULL, request->user);
}

static void
headless_edit(Frontend *frontend, const char *path,
              void (*done)(void *user), void *user)
{
    done(user);
}

static void
headless_run(Frontend *frontend, const char *const *argv)
{
    frontend_tell(frontend, TELL_ERROR, false,
                  "%s needs the screen: start posthorn in a terminal",
                  argv[0]);
}

static void
headless_lend(Frontend *frontend, void (*fn)(void *user), void *user)
{
    fn(user);
}

/* Results go where a pipe does not see them. */
static void
headless_tell(Frontend *frontend, TellKind kind, bool undoable,
              const char *text)
{
    g_autofree char *masked = log_masked(text);
    g_autofree char *safe = text_sanitise(masked, -1, TEXT_LINE);

    fprintf(stderr, kind == TELL_ERROR ? "posthorn: %s\n" : "%s\n", safe);
}

static void
headless_progress(Frontend *frontend, const char *what, guint64 done,
                  guint64 total)
{
    if (!isatty(STDERR_FILENO))
        return;
    if (what == NULL)
        fputs("\r\033[K", stderr);
    else if (total > 0)
        fprintf(stderr, "\r\033[K%s %" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT,
                what, done, total);
    else
        fprintf(stderr, "\r\033[K%s", what);
}

static void
headless_quit(Frontend *frontend, int status)
{
    HeadlessFrontend *headless = (HeadlessFrontend *)frontend;

    headless->status = status;
    g_main_loop_quit(headless->loop);
}

static const FrontendClass headless_class = {
    .targets = headless_targets,
    .account = headless_account,
    .take_quote = headless_take_quote,
    .open = headless_open,
    .close = headless_close,
    .ask = headless_ask,
    .edit = headless_edit,
    .run = headless_run,
    .lend = headless_lend,
    .tell = headless_tell,
    .progress = headless_progress,
    .quit = headless_quit,
};

Frontend *
frontend_create_headless(GMainLoop *loop)
{
    HeadlessFrontend *headless = g_new0(HeadlessFrontend, 1);

    headless->base.class = &headless_class;
    headless->loop = loop;
    return &headless->base;
}

int
frontend_headless_status(const Frontend *frontend)
{
    return ((const HeadlessFrontend *)frontend)->status;
}

void
frontend_destroy_headless(Frontend *frontend)
{
    g_free(frontend);
}
