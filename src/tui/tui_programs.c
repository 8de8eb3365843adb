/* Other programs that the user asks for: one that opens a file or a link, one
 * that gets a message or a file. Nothing waits for them. */
#include "tui_private.h"

#include "base/file.h"
#include "base/spawn.h"

#include <string.h>

enum {
    PIPE_MS = 60 * 1000,
    PRINTED_LIMIT = 1 << 20, /* of what it prints so much is shown */
};

typedef struct {
    Session *session; /* its screen may be gone by then */
    char *name;
} Program;

static void
program_free(Program *program)
{
    g_free(program->name);
    g_free(program);
}

/* What it printed, and whether that is all. */
static void
show_printed(Tui *tui, const char *name, const SpawnResult *result)
{
    bool all = result->output_size < PRINTED_LIMIT;
    const char *note = all ? "" : "\n\n(the first MB of it)";
    g_autofree char *text = g_strconcat(result->output, note, NULL);

    tui_push_over_popup(tui, text_view(tui, name, text));
}

static void
ended(const SpawnResult *result, const GError *error, void *user)
{
    Program *program = user;
    Tui *tui = tui_of_frontend(session_frontend(program->session));
    g_autofree char *text = NULL;

    if (error) {
        text = g_strdup_printf("%s cannot be started: is it installed?",
                               program->name);
    } else if (result->timed_out) {
        text = g_strdup_printf("%s took more than a minute and was ended",
                               program->name);
    } else if (result->status != 0) {
        g_strchomp(result->errors);
        text = g_strdup_printf("%s ended with status %d%s%s", program->name,
                               result->status, *result->errors ? ": " : "",
                               result->errors);
    }
    if (text && tui)
        tui_tell(tui, TELL_ERROR, false, text);
    else if (tui && result->output_size > 0)
        show_printed(tui, program->name, result);
    program_free(program);
}

static Program *
program_new(Tui *tui, const char *name)
{
    Program *program = g_new0(Program, 1);

    program->session = tui->session;
    program->name = g_strdup(name);
    return program;
}

static void
opener_ended(int status, void *user)
{
    const Program *program = user;
    Tui *tui = tui_of_frontend(session_frontend(program->session));
    g_autofree char *text = g_strdup_printf("%s ended with status %d",
                                            program->name, status);

    if (status != 0 && tui)
        tui_tell(tui, TELL_ERROR, false, text);
    program_free(user);
}

/* It may be the viewer itself, which somebody reads in for hours. */
void
tui_open_in(Tui *tui, const char *what, const char *name)
{
    const char *opener =
        options_get(session_options(tui->session), "opener", NULL, NULL);
    const char *argv[] = { opener, what, NULL };
    Program *program = program_new(tui, opener);
    g_autofree char *text = g_strdup_printf("Opened %s", name);
    g_autoptr(GError) error = NULL;

    if (spawn_alone(argv, opener_ended, program, &error))
        tui_tell(tui, TELL_INFO, false, text);
    else
        ended(NULL, error, program);
}

char *
tui_open_path(Tui *tui, const char *name, GError **error)
{
    g_autofree char *safe = file_safe_name(name);
    g_autofree char *folder = NULL;

    if (tui->open_folder == NULL)
        tui->open_folder = g_dir_make_tmp("posthorn-XXXXXX", error);
    if (tui->open_folder == NULL)
        return NULL;
    folder = g_strdup_printf("%s/%u", tui->open_folder, ++tui->opened);
    return file_mkdir(folder, error) ? g_build_filename(folder, safe, NULL)
                                     : NULL;
}

void
tui_opened(Tui *tui, const char *path, const GError *error)
{
    g_autofree char *name = path ? g_path_get_basename(path) : NULL;

    if (error)
        tui_tell(tui, TELL_ERROR, false, error->message);
    else
        tui_open_in(tui, path, name);
}

void
tui_open_bytes(Tui *tui, const char *name, GBytes *bytes)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = tui_open_path(tui, name, &error);
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);

    if (path)
        g_file_set_contents_full(path, data ? data : "", (gssize)size,
                                 G_FILE_SET_CONTENTS_NONE, 0600, &error);
    tui_opened(tui, path, error);
}

bool
tui_pipe(Tui *tui, const char *command, GBytes *bytes)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) argv = spawn_split(command, &error);
    SpawnParams params = { .timeout_ms = PIPE_MS,
                           .output_limit = PRINTED_LIMIT };

    if (argv == NULL || argv[0] == NULL) {
        tui_tell(tui, TELL_ERROR, false,
                 error ? error->message : "Name a program to pipe to.");
        return false;
    }
    params.argv = (const char *const *)argv;
    params.input = g_bytes_get_data(bytes, &params.input_size);
    tui_tell(tui, TELL_INFO, false, "Piped.");
    spawn_start(&params, ended, program_new(tui, argv[0]));
    return true;
}
