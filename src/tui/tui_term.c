/* The terminal: taking it over, giving it back in every way the program can
 * end, and the few sequences that curses does not know. What is written here
 * goes straight to the descriptor: curses keeps a buffer of its own. */
#include "tui_private.h"

#include "base/err.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static const char enter[] = "\033[?2004h";
static const char leave[] = "\033[?2026l\033[?2004l\033[?25h\033[0m";
static const char crash[] =
    "\033[?2026l\033[?2004l\033[?1004l\033[?2031l\033[?1000l\033[8h"
    "\033[?25h\033[0m\033[?1049l";

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

/* SIGSEGV and its like: only what a signal handler may do. */
static void
crashed(int number)
{
    gssize ignored = write(STDOUT_FILENO, crash, sizeof crash - 1);

    (void)ignored;
    tcsetattr(STDIN_FILENO, TCSANOW, &original);
    signal(number, SIG_DFL);
    raise(number);
}

static void
catch_crashes(void)
{
    static const int numbers[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
    struct sigaction action = { .sa_handler = crashed,
                                .sa_flags = (int)SA_RESETHAND };

    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
        sigaction(numbers[i], &action, NULL);
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
    if (no_color == NULL || *no_color == '\0') {
        start_color();
        use_default_colors();
    }
    set_modes();
    catch_crashes();
    put(enter, sizeof enter - 1);
    return true;
}

void
term_close(void)
{
    if (!is_open)
        return;
    is_open = false;
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
