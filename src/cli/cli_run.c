/* Arguments of the program, and where its command runs: here, in the running
 * instance, or on the screen. */
#include "cli/cli.h"

#include "base/err.h"
#include "base/log.h"
#include "base/text.h"
#include "cli_here.h"
#include "cmd/control.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What stands before the command. */
typedef struct {
    const char *config;
    const char *log;
    bool help;
    bool version;
    char **argv; /* the command; points into main's argv */
} Arguments;

static const char *const long_options[] = { "--config", "--log", "--help",
                                            "--version", NULL };

static bool
unknown_option(const char *word, GError **error)
{
    const char *near = text_nearest(word, long_options);

    if (near)
        return err_set(error, ERR_USAGE,
                       "there is no option %s: did you mean %s?", word, near);
    return err_set(error, ERR_USAGE,
                   "there is no option %s: see "
                   "`posthorn --help`",
                   word);
}

/* The value of option at *argv, attached ("--log=FILE", "-cFILE") or the next
 * word. NULL: not this option, or *error is set. */
static const char *
option_value(char ***argv, const char *option, GError **error)
{
    const char *word = **argv;
    gsize size = strlen(option);
    bool is_short = option[1] != '-';

    if (strncmp(word, option, size) != 0)
        return NULL;
    if (word[size] == '=' && !is_short)
        return word + size + 1;
    if (word[size] != '\0')
        return is_short ? word + size : NULL;
    if ((*argv)[1] == NULL)
        return err_null(error, ERR_USAGE, "%s needs a file", option);
    return *++*argv;
}

/* One word that begins with "-". */
static bool
take_option(Arguments *arguments, char ***argv, GError **error)
{
    const char *word = **argv;
    g_autoptr(GError) failed = NULL;
    const char *value;

    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        arguments->help = true;
    } else if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        arguments->version = true;
    } else if ((value = option_value(argv, "--config", &failed))
               || (!failed && (value = option_value(argv, "-c", &failed)))) {
        arguments->config = value;
    } else if (!failed && (value = option_value(argv, "--log", &failed))) {
        arguments->log = value;
    } else if (failed) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return false;
    } else {
        return unknown_option(word, error);
    }
    return true;
}

static bool
read_arguments(Arguments *arguments, char **argv, GError **error)
{
    while (*argv && **argv == '-' && strcmp(*argv, "--") != 0) {
        if (!take_option(arguments, &argv, error))
            return false;
        argv++;
    }
    if (*argv && strcmp(*argv, "--") == 0)
        argv++;
    arguments->argv = argv;
    return true;
}

static bool
open_log(const char *path, GError **error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    if (fd < 0)
        return err_set_errno(error, errno, "%s", path);
    log_to_fd(fd, LOG_DEBUG); /* open until the end of the program */
    return true;
}

static int
print_text(char *text, GError *error)
{
    g_autoptr(Printer) out = printer_create_fd(STDOUT_FILENO);
    g_autoptr(GError) failed = error;

    if (text == NULL)
        return cli_fail(failed);
    printer_bytes(out, text, strlen(text));
    g_free(text);
    return 0;
}

static int
print_version(const CliProgram *program)
{
    char *text = g_strdup_printf("posthorn %s\n%s%s", program->version,
                                 program->about ? program->about : "",
                                 program->about ? "\n" : "");

    return print_text(text, NULL);
}

/* help, help NAME, help --manual */
static int
run_help(const CliProgram *program, const char *const *words)
{
    GError *error = NULL;
    char *text = g_strcmp0(words[0], "--manual") == 0
                     ? cli_manual(program, &error)
                     : cli_help(program, words[0], &error);

    return print_text(text, error);
}

static bool
has_terminal(void)
{
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static int
run_screen(const CliProgram *program, const CliRequest *request)
{
    g_autoptr(GError) error = NULL;

    if (has_terminal())
        return program->screen(request, program->user);
    err_set(&error, ERR_USAGE,
            "%s%sneeds a terminal: `posthorn help` lists "
            "what runs without one",
            request->argv[0] ? request->argv[0] : "the screen", " ");
    return cli_fail(error);
}

/* Does a word ask for our standard input? */
static bool
reads_input(const char *const *argv)
{
    return g_strv_contains(argv + 1, "-");
}

/* In the running instance. False: there is none (any more). */
static bool
run_there(const CliProgram *program, const CliRequest *request, int *status)
{
    g_autoptr(Printer) out = printer_create_fd(STDOUT_FILENO);
    g_autoptr(Printer) err = printer_create_fd(STDERR_FILENO);
    g_autoptr(GError) error = NULL;

    *status = control_ask(program->runtime, request->argv, out, err, &error);
    if (*status >= 0)
        return true;
    if (err_is(error, ERR_RETRY))
        return false;
    *status = cli_fail(error);
    return true;
}

static int
run_command(const CliProgram *program, CliRequest *request,
            const CmdEntry *entry)
{
    bool here =
        request->config || reads_input(request->argv)
        || (program->here && g_strv_contains(program->here, entry->name));
    int status;

    if (!here && run_there(program, request, &status))
        return status;
    if (entry->needs_screen || (entry->likes_screen && has_terminal()))
        return run_screen(program, request);
    return cli_here(program, request);
}

static int
unknown_command(const CliProgram *program, const char *name)
{
    g_autoptr(GError) error = NULL;
    const char *near = cmd_table_nearest(program->table, name);

    if (near)
        err_set(&error, ERR_USAGE, "there is no command %s: did you mean %s?",
                name, near);
    else
        err_set(&error, ERR_USAGE,
                "there is no command %s: `posthorn help` "
                "lists them",
                name);
    return cli_fail(error);
}

/* Called as sendmail, every word is for the command of that name. */
static bool
is_sendmail(const char *program)
{
    return g_str_has_suffix(program, "/sendmail")
           || strcmp(program, "sendmail") == 0;
}

/* What the words mean: `posthorn mailto:…` is `posthorn mailto mailto:…`. */
static void
take_link(CliRequest *request, const char *words[3])
{
    const char *word = request->argv[0];

    if (word == NULL || g_ascii_strncasecmp(word, "mailto:", 7) != 0)
        return;
    words[0] = "mailto";
    words[1] = word;
    request->argv = words;
}

int
cli_run(const CliProgram *program, int argc, char **argv)
{
    const char *link[3] = { NULL };
    char sendmail[] = "sendmail";
    Arguments arguments = { 0 };
    g_autoptr(GError) error = NULL;
    const CmdEntry *entry;

    signal(SIGPIPE, SIG_IGN); /* a reader that went is no reason to die */
    if (argc > 0 && is_sendmail(argv[0])) {
        argv[0] = sendmail;
        arguments.argv = argv;
    } else if (!read_arguments(&arguments, argc > 0 ? argv + 1 : argv,
                               &error)) {
        return cli_fail(error);
    }
    if (arguments.log && !open_log(arguments.log, &error))
        return cli_fail(error);
    CliRequest request = {
        .config = arguments.config,
        .argv = (const char *const *)arguments.argv,
    };
    if (arguments.version)
        return print_version(program);
    if (arguments.help)
        return run_help(program, request.argv);
    if (request.argv[0] == NULL)
        return run_screen(program, &request);
    if (strcmp(request.argv[0], "help") == 0)
        return run_help(program, request.argv + 1);
    take_link(&request, link);
    entry = cmd_table_find(program->table, request.argv[0]);
    if (entry && g_strcmp0(request.argv[1], "--help") == 0) {
        const char *const about[] = { entry->name, NULL };

        return run_help(program, about);
    }
    return entry ? run_command(program, &request, entry)
                 : unknown_command(program, request.argv[0]);
}
