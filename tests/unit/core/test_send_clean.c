/* A message from another program as it leaves: each line's end, what is taken
 * out of the header, at every place where a piece of the file may end. */
#include "send_clean.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    const char *text, *clean;
} cases[] = {
    { "To: a@x\n\nbody\n", "To: a@x\r\n\r\nbody\r\n" },
    { "To: a@x\r\n\r\nbody", "To: a@x\r\n\r\nbody\r\n" },
    { "To: a@x\r\rbody\r\r\n", "To: a@x\r\n\r\nbody\r\n\r\n" },
    { "Bcc: b@x\nTo: a@x\n\n", "To: a@x\r\n\r\n" },
    { "bcc:b@x,\n c@x,\n\td@x\nTo: a@x\n\nBcc: b@x\n",
      "To: a@x\r\n\r\nBcc: b@x\r\n" },
    { "Bcc \t: b@x\nBccx: y\nResent-Bcc: b@x\n\n", "Bccx: y\r\n\r\n" },
    { "Subject: x\n Bcc: y\n\n", "Subject: x\r\n Bcc: y\r\n\r\n" },
    { "From ana Mon\nTo: a@x\nFrom b\n\nFrom here\n",
      "To: a@x\r\nFrom b\r\n\r\nFrom here\r\n" },
    { "A-field-with-a-long-name: x\nB: y\n\n",
      "A-field-with-a-long-name: x\r\nB: y\r\n\r\n" },
    { "Bcc: b@x", "" },
    { "\nbody\n", "\r\nbody\r\n" },
    { "", "" },
};

static char *
scratch(void)
{
    char *path = g_strdup("/tmp/posthorn-clean-XXXXXX");

    close(g_mkstemp(path));
    return path;
}

static char *
cleaned(const char *text, gsize size, gsize *got)
{
    g_autofree char *in = scratch();
    g_autofree char *out = scratch();
    g_autoptr(GError) error = NULL;
    char *bytes = NULL;
    int fd = open(out, O_WRONLY | O_CLOEXEC);

    g_assert_true(g_file_set_contents(in, text, (gssize)size, NULL));
    send_clean_file("X: y\r\n", in, fd, &error);
    g_assert_no_error(error);
    close(fd);
    g_assert_true(g_file_get_contents(out, &bytes, got, NULL));
    g_unlink(in);
    g_unlink(out);
    return bytes;
}

static void
test_cases(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *wanted = g_strconcat("X: y\r\n", cases[i].clean, NULL);
        gsize size;
        g_autofree char *got =
            cleaned(cases[i].text, strlen(cases[i].text), &size);

        g_test_message("%s", cases[i].text);
        g_assert_cmpstr(got, ==, wanted);
    }
}

/* A file is read in pieces: each boundary falls somewhere in the header once.
 */
static void
test_boundaries(void)
{
    static const char end[] =
        "\r\nBcc: b@x,\r\n c@x\r\nTo: a@x\r\n\r\nbody\r\n";

    for (gsize shift = 0; shift < strlen(end); shift++) {
        gsize pad = 65536 - shift - strlen("A: ");
        g_autofree char *fill = g_strnfill(pad, 'x');
        g_autofree char *text = g_strconcat("A: ", fill, end, NULL);
        g_autofree char *wanted = g_strconcat(
            "X: y\r\nA: ", fill, "\r\nTo: a@x\r\n\r\nbody\r\n", NULL);
        gsize size;
        g_autofree char *got = cleaned(text, strlen(text), &size);

        g_assert_cmpmem(got, size, wanted, strlen(wanted));
    }
}

/* Whatever is in it: NUL and bytes of no charset too. */
static void
test_bytes(void)
{
    static const char text[] = "A: \0\xff\n\n\0\xfe\x80\n";
    static const char wanted[] = "X: y\r\nA: \0\xff\r\n\r\n\0\xfe\x80\r\n";
    gsize size;
    g_autofree char *got = cleaned(text, sizeof text - 1, &size);

    g_assert_cmpmem(got, size, wanted, sizeof wanted - 1);
}

static void
test_header_ends(void)
{
    static const struct {
        const char *text;
        gsize from;
        bool ends;
    } table[] = {
        { "A: b\n\nx", 0, true },     { "A: b\r\n\r\nx", 0, true },
        { "A: b\r\rx", 0, true },     { "A: b\nB: c\n", 0, false },
        { "A: b\r\nB: c", 0, false }, { "\nx", 0, true },
        { "A: b\n\nx", 4, true },     { "A: b\n\nx", 5, false },
        { "A: b\r\n", 0, false },     { "", 0, false },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
        g_assert_cmpint(send_clean_header_ends(table[i].text, table[i].from,
                                               strlen(table[i].text)),
                        ==, table[i].ends);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/send-clean/cases", test_cases);
    g_test_add_func("/core/send-clean/boundaries", test_boundaries);
    g_test_add_func("/core/send-clean/bytes", test_bytes);
    g_test_add_func("/core/send-clean/header-ends", test_header_ends);
    return g_test_run();
}
