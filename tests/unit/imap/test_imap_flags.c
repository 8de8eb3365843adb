/* Flags and keywords: read from a server, written for it. */
#include "imap/limits.h"
#include "imap_feed.h"
#include "tell.h"

enum {
    P = 1,
    R = 2,
    S = 4,
    T = 8,
    D = 16,
    F = 32
};

static void
check_read(const char *text, unsigned want, const char *words)
{
    g_autofree char *line = g_strconcat(text, "\r\n", NULL);
    gsize size = strlen(line);
    g_autoptr(NetStream) stream = feed_stream(line, size, (gssize)size);
    g_autofree char *keywords = NULL;
    unsigned system = 99;
    ImapDecoder in;

    imap_decoder_init(&in, stream, "feed");
    g_assert_true(imap_decoder_next(&in));
    imap_flags_read(&in, &system, &keywords);
    tell(text);
    if (words == NULL) {
        g_assert_false(imap_decoder_ok(&in));
    } else {
        g_assert_no_error(in.error);
        g_assert_cmpuint(system, ==, want);
        g_assert_cmpstr(keywords, ==, words);
    }
    imap_decoder_clear(&in);
}

static void
test_read(void)
{
    g_autofree char *longest = g_strnfill(IMAP_FLAG_BYTES, 'k');
    g_autofree char *fits = g_strconcat("(", longest, ")", NULL);
    g_autofree char *over = g_strconcat("(k", longest, ")", NULL);

    check_read("()", 0, "");
    check_read("(\\Seen)", S, "");
    check_read("(\\sEEN \\ANSWERED $forwarded)", S | R | P, "");
    check_read("(\\Seen \\Flagged \\Draft \\Deleted \\Answered $Forwarded)",
               P | R | S | T | D | F, "");
    check_read("(b a c a)", 0, "a b c");
    check_read("(\\Recent \\Unknown x)", 0, "x");
    check_read("(list[1] ]y [x])", 0, "[x] ]y list[1]");
    check_read("(\\Seen  x )", S, "x");
    check_read("(\xff\xfe x)", 0, "x");
    check_read(fits, 0, longest);
    check_read(over, 0, "");
    check_read("(a", 0, NULL);
    check_read("a", 0, NULL);
    check_read("(a (b))", 0, NULL);
}

/* IMAP_FLAGS of one message are kept; what is above is left out (P30). */
static void
test_many(void)
{
    g_autoptr(GString) text = g_string_new("(");
    g_autofree char *line = NULL;
    g_auto(GStrv) words = NULL;
    g_autofree char *keywords = NULL;
    g_autoptr(NetStream) stream = NULL;
    unsigned system;
    ImapDecoder in;

    for (int i = 0; i <= IMAP_FLAGS; i++)
        g_string_append_printf(text, "%sk%d", i ? " " : "", i);
    g_string_append(text, ")\r\n");
    stream = feed_stream(text->str, text->len, (gssize)text->len);
    imap_decoder_init(&in, stream, "feed");
    g_assert_true(imap_decoder_next(&in));
    imap_flags_read(&in, &system, &keywords);
    g_assert_no_error(in.error);
    words = g_strsplit(keywords, " ", -1);
    g_assert_cmpuint(g_strv_length(words), ==, IMAP_FLAGS);
    imap_decoder_clear(&in);
}

/* Nothing but atoms reaches the wire (P58). */
static void
test_write(void)
{
    static const struct {
        ImapFlags flags;
        const char *text;
    } cases[] = {
        { { 0, "" }, "" },
        { { 0, NULL }, "" },
        { { S | F, "" }, "\\Seen \\Flagged" },
        { { P, "work a" }, "$Forwarded work a" },
        { { 0, "x\r\nA EXPUNGE" }, "EXPUNGE" },
        { { 0, "a(b c)d e{1} f%g h*i \"j k\\l m]n \\Deleted o" }, "o" },
        { { 0, "gr\xc3\xbcn ok" }, "ok" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        bool any = imap_flags_write(text, &cases[i].flags);

        g_assert_cmpstr(text->str, ==, cases[i].text);
        g_assert_cmpint(any, ==, text->len > 0);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/imap/flags/read", test_read);
    g_test_add_func("/imap/flags/many", test_many);
    g_test_add_func("/imap/flags/write", test_write);
    return g_test_run();
}
