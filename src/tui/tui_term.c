/* The terminal: taking it over, giving it back in every way the program can
 * end, and the few sequences that curses does not know. What is written here
 * goes straight to the descriptor: curses keeps a buffer of its own. */
#include "tui_private.h"

#include "base/err.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static const char enter[] = "\033[?2004h";
static const char leave[] = "\033[?2026l\033[?2004l\033[?25h\033[0m";
static const char crash[] =
    "\033[?2026l\033[?2004l\033[?1004l\033[?2031l\033[?1000l\033[8h"
    "\033[?25h\033[0m\033[?1049l";

enum {
    CHILD_END_US = 2 * G_USEC_PER_SEC
};

static struct termios original;
static bool is_open;
static SCREEN *screen;

static void
put(const char *bytes, gsize size)
{
    while (size > 0) {
        gssize wrote = write(STDOUT_FILENO, bytes, size);

        if (wrote < 0 && errno != EINTR)
            return;
        bytes += MAX(wrote, 0);
        size -= (gsize)MAX(wrote, 0);
    }
}

static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
static struct sigaction before[G_N_ELEMENTS(crashes)];

/* SIGSEGV and its like: only what a signal handler may do. Who else wanted to
 * know of it, a sanitizer, is next. */
static void
crashed(int number)
{
    gssize ignored = write(STDOUT_FILENO, crash, sizeof crash - 1);

    (void)ignored;
    tcsetattr(STDIN_FILENO, TCSANOW, &original);
    for (gsize i = 0; i < G_N_ELEMENTS(crashes); i++)
        if (crashes[i] == number)
            sigaction(number, &before[i], NULL);
    raise(number);
}

static void
catch_crashes(void)
{
    struct sigaction action = { .sa_handler = crashed };

    for (gsize i = 0; i < G_N_ELEMENTS(crashes); i++)
        sigaction(crashes[i], &action, &before[i]);
}

static void
set_modes(void)
{
    raw();
    noecho();
    nonl();
    curs_set(1);
    leaveok(stdscr, FALSE);
    idlok(stdscr, FALSE);
    scrollok(stdscr, FALSE);
    typeahead(-1);
    if (getenv("ESCDELAY") == NULL)
        set_escdelay(getenv("SSH_CONNECTION") ? 50 : 25);
}

/* Stop and go on, told through a pipe: a signal handler may do no more. */
static int stop_pipe[2] = { -1, -1 };

static void
on_stop(int number)
{
    int kept = errno;
    char byte = number == SIGCONT ? 'c' : 't';
    gssize ignored = write(stop_pipe[1], &byte, 1);

    (void)ignored;
    errno = kept;
}

static void
set_handler(int number, void (*handler)(int number))
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };

    sigaction(number, &action, NULL);
}

/* Instead of what curses would do, in a handler, at any point. */
static void
catch_stops(void)
{
    if (stop_pipe[0] < 0
        && !g_unix_open_pipe(stop_pipe, FD_CLOEXEC, NULL))
        return;
    g_unix_set_fd_nonblocking(stop_pipe[0], TRUE, NULL);
    g_unix_set_fd_nonblocking(stop_pipe[1], TRUE, NULL);
    set_handler(SIGTSTP, on_stop);
    set_handler(SIGCONT, on_stop);
}

int
term_stop_fd(void)
{
    return stop_pipe[0];
}

bool
term_stopped(bool *goes_on)
{
    char bytes[64];
    gssize got = read(stop_pipe[0], bytes, sizeof bytes);

    *goes_on = got > 0 && memchr(bytes, 'c', (gsize)got) != NULL;
    return got > 0 && memchr(bytes, 't', (gsize)got) != NULL;
}

void
term_stop(void)
{
    bool ignored;

    term_leave();
    set_handler(SIGTSTP, SIG_DFL);
    kill(0, SIGTSTP); /* goes on here after fg */
    set_handler(SIGTSTP, on_stop);
    term_return();
    term_stopped(&ignored); /* the SIGCONT of it */
}

/* What a program gets that the terminal is given to. */
static void
run_child(const char *const *argv)
{
    static const int numbers[] = { SIGINT,  SIGQUIT, SIGTSTP, SIGCONT,
                                   SIGPIPE, SIGTERM, SIGHUP,  SIGWINCH };
    sigset_t none;

    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
        set_handler(numbers[i], SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvp(argv[0], (char **)argv);
    _exit(127);
}

typedef struct {
    int status;
    bool is_over; /* the program */
    bool ended;   /* we */
} Child;

static void
child_over(GPid pid, int status, void *user)
{
    Child *child = user;

    child->status = status;
    child->is_over = true;
}

static gboolean
child_end(void *user)
{
    ((Child *)user)->ended = true;
    return G_SOURCE_CONTINUE;
}

static GSource *
attach(GMainContext *context, GSource *source, GSourceFunc fn, Child *child)
{
    g_source_set_callback(source, fn, child, NULL);
    g_source_attach(source, context);
    return source;
}

static void
drop(GSource *source)
{
    g_source_destroy(source);
    g_source_unref(source);
}

/* In a main context of its own: nothing else goes on under a program that has
 * the terminal. When this process is to end, so is the program. */
static void
wait_child(GPid pid, Child *child)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    GSource *over = attach(context, g_child_watch_source_new(pid),
                           G_SOURCE_FUNC(child_over), child);
    GSource *term = attach(context, g_unix_signal_source_new(SIGTERM),
                           child_end, child);
    GSource *hup = attach(context, g_unix_signal_source_new(SIGHUP),
                          child_end, child);
    gint64 end = 0;

    while (!child->is_over) {
        gint64 now = g_get_monotonic_time();

        if (child->ended && now >= end) {
            kill(pid, end ? SIGKILL : SIGHUP);
            end = now + CHILD_END_US;
        }
        g_main_context_iteration(context, !child->ended);
        if (child->ended && !child->is_over)
            g_usleep(CHILD_END_US / 100);
    }
    drop(over);
    drop(term);
    drop(hup);
}

int
term_run(const char *const *argv)
{
    Child child = { .status = -1 };
    struct sigaction kept[2];
    pid_t pid;

    term_leave();
    sigaction(SIGINT, NULL, &kept[0]);
    sigaction(SIGQUIT, NULL, &kept[1]);
    pid = fork();
    if (pid == 0)
        run_child(argv);
    /* ^C and ^\ are for the program, ^Z stops both. */
    set_handler(SIGINT, SIG_IGN);
    set_handler(SIGQUIT, SIG_IGN);
    set_handler(SIGTSTP, SIG_DFL);
    set_handler(SIGCONT, SIG_DFL);
    if (pid > 0)
        wait_child(pid, &child);
    sigaction(SIGINT, &kept[0], NULL);
    sigaction(SIGQUIT, &kept[1], NULL);
    catch_stops();
    term_return();
    return pid > 0 && WIFEXITED(child.status) ? WEXITSTATUS(child.status) : -1;
}

bool
term_open(GError **error)
{
    const char *no_color = getenv("NO_COLOR");
    const char *name = getenv("TERM");

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return err_set(error, ERR_USAGE, "the screen needs a terminal: "
                       "`posthorn help` lists what runs without one");
    if (name == NULL || *name == '\0' || strcmp(name, "dumb") == 0)
        return err_set(error, ERR_USAGE, "TERM is %s: set it to what your "
                       "terminal is, such as xterm-256color",
                       name && *name ? name : "not set");
    tcgetattr(STDIN_FILENO, &original);
    unsetenv("LINES");
    unsetenv("COLUMNS");
    screen = newterm(NULL, stdout, stdin);
    if (screen == NULL)
        return err_set(error, ERR_USAGE, "the terminal %s is not known here: "
                       "set TERM to xterm", name);
    is_open = true;
    log_set_quiet(true);
    if (no_color == NULL || *no_color == '\0') {
        start_color();
        use_default_colors();
    }
    set_modes();
    catch_crashes();
    catch_stops();
    put(enter, sizeof enter - 1);
    return true;
}

void
term_close(void)
{
    if (!is_open)
        return;
    is_open = false;
    log_set_quiet(false);
    set_handler(SIGTSTP, SIG_DFL);
    set_handler(SIGCONT, SIG_DFL);
    endwin();
    put(leave, sizeof leave - 1);
    delscreen(screen);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &original);
}

void
term_leave(void)
{
    def_prog_mode();
    put(leave, sizeof leave - 1);
    endwin();
    tcsetattr(STDIN_FILENO, TCSADRAIN, &original);
}

void
term_return(void)
{
    reset_prog_mode();
    put(enter, sizeof enter - 1);
    term_resize();
    clearok(stdscr, TRUE);
}

void
term_resize(void)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0
        && size.ws_col > 0)
        resizeterm(size.ws_row, size.ws_col);
}

/* A terminal that knows mode 2026 shows the frame as one. */
void
term_frame_begin(void)
{
    put("\033[?2026h", 8);
}

void
term_frame_end(void)
{
    put("\033[?2026l", 8);
}

void
term_copy(const char *text)
{
    g_autofree char *base64 =
        g_base64_encode((const guchar *)text, strlen(text));
    g_autofree char *sequence =
        g_strdup_printf("\033]52;c;%s\033\\", base64);

    put(sequence, strlen(sequence));
}
