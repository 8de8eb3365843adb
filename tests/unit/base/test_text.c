/* Widths, cutting, padding, sizes, nearest words; and the small neighbours:
 * errors, paths, clock, printer. */
#include "base/clock.h"
#include "base/err.h"
#include "base/paths.h"
#include "base/printer.h"
#include "base/text.h"

#include <errno.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

static void
test_fit(void)
{
    int used;

    g_assert_cmpint(text_width("日本x"), ==, 5);
    g_assert_cmpuint(text_fit("日本x", 4, &used), ==, 6);
    g_assert_cmpint(used, ==, 4);
    g_assert_cmpuint(text_fit("日本x", 3, &used), ==, 3); /* no half of 本 */
    g_assert_cmpint(used, ==, 2);
    g_assert_cmpuint(text_fit("e\u0301x", 1, NULL), ==, 3); /* mark stays */
    g_assert_cmpuint(text_fit("abc", 0, &used), ==, 0);
    g_assert_cmpuint(text_fit("", 9, &used), ==, 0);
}

static void
test_break(void)
{
    g_assert_cmpuint(text_break("one two", 7), ==, 7);
    g_assert_cmpuint(text_break("one two", 6), ==, 3);
    g_assert_cmpuint(text_break("one two", 4), ==, 3);
    g_assert_cmpuint(text_break("one two", 2), ==, 2); /* a long word is cut */
    g_assert_cmpuint(text_break("  onetwo", 5), ==, 5);
    g_assert_cmpuint(text_break("日本 x", 5), ==, 6);
    g_assert_cmpuint(text_break("日本", 1), ==, 3); /* never none */
    g_assert_cmpuint(text_break("", 5), ==, 0);
}

static void
test_pad(void)
{
    static const struct {
        const char *text;
        int width;
        const char *ellipsis, *padded;
    } rows[] = {
        { "abc", 5, "…", "abc  " },     { "abcdef", 4, "…", "abc…" },
        { "abcdef", 4, "~", "abc~" },   { "日本語", 4, "…", "日… " },
        { "日本語", 6, "…", "日本語" }, { "abc", 0, "…", "" },
        { "abc", 1, "…", "…" },         { "", 2, "…", "  " },
        { "日", 1, "…", "…" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *padded =
            text_pad(rows[i].text, rows[i].width, rows[i].ellipsis);

        g_assert_cmpstr(padded, ==, rows[i].padded);
        g_assert_cmpint(text_width(padded), ==, rows[i].width);
    }
}

static void
test_lf(void)
{
    g_autofree char *text = text_lf("a\r\n\r\nb\rc\n\r\r\n");

    g_assert_cmpstr(text, ==, "a\n\nb\rc\n\r\n");
}

static void
test_size(void)
{
    static const struct {
        guint64 bytes;
        const char *text;
    } rows[] = {
        { 0, "0B" },
        { 8, "8B" },
        { 999, "999B" },
        { 1000, "1.0K" },
        { 67584, "66K" },
        { 1258291, "1.2M" },
        { 1023 * 1024, "1.0M" },
        { G_MAXUINT64, "16E" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = text_size(rows[i].bytes);

        g_assert_cmpstr(text, ==, rows[i].text);
        g_assert_cmpuint(strlen(text), <=, 4);
    }
}

static void
test_nearest(void)
{
    static const char *const words[] = { "archive", "move", "copy", "tag",
                                         NULL };

    g_assert_cmpstr(text_nearest("archvie", words), ==, "archive");
    g_assert_cmpstr(text_nearest("mvoe", words), ==, "move");
    g_assert_cmpstr(text_nearest("tga", words), ==, "tag");
    g_assert_null(text_nearest("zzzzzzzz", words));
    g_assert_null(text_nearest("", words));
    g_autofree char *endless = g_strnfill(100000, 'a');
    g_assert_null(text_nearest(endless, words));
}

static void
test_err(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) other = NULL;

    g_assert_false(err_set(&error, ERR_AUTH, "%s refused", "x"));
    g_assert_true(err_is(error, ERR_AUTH));
    g_assert_false(err_is(error, ERR_RETRY));
    g_assert_false(err_is(NULL, ERR_CANCELLED));
    g_assert_cmpstr(error->message, ==, "x refused");
    g_assert_cmpint(err_exit_status(NULL), ==, 0);
    g_assert_cmpint(err_exit_status(error), ==, 1);
    g_assert_null(err_null(&other, ERR_USAGE, "no"));
    g_assert_cmpint(err_exit_status(other), ==, 2);
    g_clear_error(&other);
    g_assert_false(err_set_errno(&other, ENOSPC, "/x/%d", 7));
    g_assert_cmpstr(other->message, ==, "/x/7: No space left on device");
    g_assert_true(err_is(other, ERR_LOCAL));
    g_assert_false(err_set(NULL, ERR_LOCAL, "nobody asks"));
}

static void
test_paths(void)
{
    g_autoptr(Paths) paths = paths_create_below("/r");
    g_autofree char *home = paths_expand("~/x");
    g_autofree char *variable = paths_expand("$HOME/x");
    g_autofree char *wanted = g_build_filename(g_get_home_dir(), "x", NULL);
    g_autofree char *other = paths_expand("~ana/x");
    g_autofree char *longer = paths_expand("$HOMEX/x");

    g_assert_cmpstr(paths->config_file, ==, "/r/config/posthorn.conf");
    g_assert_cmpstr(paths->state_db, ==, "/r/data/state.db");
    g_assert_cmpstr(paths->runtime, ==, "/r/run");
    g_assert_cmpstr(home, ==, wanted);
    g_assert_cmpstr(variable, ==, wanted);
    g_assert_cmpstr(other, ==, "~ana/x");
    g_assert_cmpstr(longer, ==, "$HOMEX/x");
}

/* Without XDG_RUNTIME_DIR a folder of our own stands in for it. */
static void
test_runtime(void)
{
    g_autofree char *kept = g_strdup(g_getenv("XDG_RUNTIME_DIR"));
    g_autoptr(Paths) with = NULL;
    g_autoptr(Paths) without = NULL;

    g_setenv("XDG_RUNTIME_DIR", "/run/user/7", TRUE);
    with = paths_create();
    g_unsetenv("XDG_RUNTIME_DIR");
    without = paths_create();
    if (kept)
        g_setenv("XDG_RUNTIME_DIR", kept, TRUE);
    g_assert_cmpstr(with->runtime, ==, "/run/user/7/posthorn");
    g_assert_true(g_str_has_prefix(without->runtime, without->cache));
}

static void
test_clock(void)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;

    g_assert_cmpint(clock_now(), >=, now);
    clock_pin(1000);
    g_assert_cmpint(clock_now(), ==, 1000);
    clock_pin(0);
    g_assert_cmpint(clock_now(), >=, now);
}

static void
collect(const char *bytes, gsize size, void *user)
{
    g_string_append_len(user, bytes, (gssize)size);
}

static void
test_printer(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(Printer) printer = printer_create(collect, text);
    JsonNode *node = json_from_string("{\"a\": [1]}", NULL);

    printer_line(printer, "%d %s", 1, "x");
    printer_bytes(printer, "a\0b", 3);
    g_assert_cmpmem(text->str, text->len, "1 x\na\0b", 7);
    g_string_truncate(text, 0);
    printer_json(printer, node);
    g_assert_nonnull(strstr(text->str, "\"a\" : ["));
    g_assert_true(g_str_has_suffix(text->str, "}\n"));
}

/* A reader that went away (`posthorn search … | head`) is no error. */
static void
test_closed_pipe(void)
{
    int fds[2];
    g_autoptr(Printer) printer = NULL;

    g_assert_cmpint(pipe(fds), ==, 0);
    close(fds[0]);
    printer = printer_create_fd(fds[1]);
    for (int i = 0; i < 3; i++)
        printer_line(printer, "line");
    close(fds[1]);
}

int
main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    signal(SIGPIPE, SIG_IGN);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/text/fit", test_fit);
    g_test_add_func("/base/text/break", test_break);
    g_test_add_func("/base/text/pad", test_pad);
    g_test_add_func("/base/text/lf", test_lf);
    g_test_add_func("/base/text/size", test_size);
    g_test_add_func("/base/text/nearest", test_nearest);
    g_test_add_func("/base/err", test_err);
    g_test_add_func("/base/paths", test_paths);
    g_test_add_func("/base/paths/runtime", test_runtime);
    g_test_add_func("/base/clock", test_clock);
    g_test_add_func("/base/printer", test_printer);
    g_test_add_func("/base/printer/closed-pipe", test_closed_pipe);
    return g_test_run();
}
