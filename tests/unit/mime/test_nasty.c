/* Messages made to break a reader (promises P29, P33): each is loaded, listed,
 * rendered, quoted, cut to a snippet, and eight times as much of it takes about
 * eight times as long. The corpus is generated here, so that a new case is a
 * line in a table. */
#include <stdlib.h>
#include <time.h>

#include "base/text.h"
#include "mime/limits.h"
#include "text_dump.h"

enum {
    /* Sanitizers look at whole strings for each search within them, so that
     * they get smaller ones. */
#if defined(__SANITIZE_ADDRESS__)
    SMALLER = 8,
#else
    SMALLER = 1,
#endif
    TIMES = 8,        /* the whole against its part */
    TRIES = 3,        /* a busy machine may spoil one */
    MOST_GROWTH = 32, /* linear is TIMES, quadratic is 64 */
};

/* Shorter times say more of caches than of growth. */
static const double least_seconds = 3;

typedef struct {
    const char *name;
    const char *head;   /* once */
    const char *repeat; /* so many times, "%d" is the count */
    int times;
    const char *tail;
} Case;

#define HTML "Content-Type: text/html; charset=utf-8\n\n"
#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n"

static const Case cases[] = {
    { "100,000 fields", "", "X-Field-%d: value\n", 100000, "\nbody\n" },
    { "100,000 To", "", "To: a%d@x.example\n", 100000, "\nbody\n" },
    { "100,000 Subjects", "", "Subject: =?utf-8?q?%d?=\n", 100000, "\nx\n" },
    { "long To", "To: a", ", b%d@x.example", 200000, "\n\nbody\n" },
    { "open groups", "To: ", "g%d: ", 100000, "\n\nbody\n" },
    { "open comments", "From: ", "(", 200000, "\nSubject: s\n\nbody\n" },
    { "open quotes", "From: ", "\"", 200000, "\n\nbody\n" },
    { "open angles", "From: ", "<", 200000, "\n\nbody\n" },
    { "commas", "To: ", ",", 200000, "\n\nbody\n" },
    { "at signs", "To: ", "@", 200000, "\n\nbody\n" },
    { "dots in the date", "Date: ", "1.", 100000, "\n\nbody\n" },
    { "encoded words", "Subject: ", "=?utf-8?B?w6Q=?= ", 100000, "\n\nx\n" },
    { "open encoded words", "Subject: ", "=?", 200000, "\n\nx\n" },
    { "half encoded words", "Subject: ", "=?a?q?", 100000, "\n\nx\n" },
    { "references", "References: ", "<%d@x>\n ", 100000, "\n\nbody\n" },
    { "open references", "References: ", "<", 200000, "\n\nbody\n" },
    { "folds", "Subject: a", "\n ", 200000, "b\n\nbody\n" },
    { "parameters", "Content-Type: text/plain", "; p%d=v", 50000, "\n\nx\n" },
    { "RFC 2231 pieces", "Content-Type: text/plain", "; name*%d=v", 20000,
      "\n\nx\n" },
    { "10 MB line", "\n", "0123456789", 1000000, "" },
    { "10 MB of wide characters", "\n", "日本", 1700000, "" },
    { "1,000,000 lines", "\n", "line\n", 1000000, "" },
    { "1,000,000 quotes", "\n", "> line\n", 1000000, "" },
    { "10 MB of marks", "\n", ">>>>>>>>>>", 1000000, "\n" },
    { "10 MB flowed", "Content-Type: text/plain; format=flowed\n\n", "words \n",
      1400000, "" },
    { "10 MB of combining marks", "\na", "\xcc\x81", 5000000, "" },
    { "10 MB of bidi", "\na", "\xe2\x80\xae", 3000000, "" },
    { "10 MB of broken utf-8", "\n\303\244", "\xff", 10000000, "" },
    { "signatures", "\n", "-- \n", 300000, "" },
    { "hunks", "\n", "@@ -1,999999999 +1,999999999 @@\n+a\n", 200000, "" },
    { "base64 junk", "Content-Transfer-Encoding: base64\n\n", "=!a", 1000000,
      "" },
    { "deep multiparts", MIXED,
      "--b\nContent-Type: multipart/mixed; boundary=b\n\n", 20000, "" },
    { "deep multiparts with own boundaries",
      "Content-Type: multipart/mixed; boundary=b0\n\n--b0\n",
      "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", 20000, "" },
    { "deep messages", "Content-Type: message/rfc822\n\n",
      "Content-Type: message/rfc822\n\n", 20000, "Subject: in\n\nx\n" },
    { "empty parts", MIXED, "--b\n", 300000, "" },
    { "many parts", MIXED, "--b\nContent-Type: text/html\n\n<p>x\n", 100000,
      "--b--\n" },
    { "dashes", MIXED, "--\n", 1000000, "" },
    { "alternatives", "Content-Type: multipart/alternative; boundary=b\n\n",
      "--b\nContent-Type: text/x-a\n\nx\n", 20000, "" },
    { "deep divs", HTML, "<div>", 200000, "x" },
    { "deep spans", HTML, "<b>", 500000, "x" },
    { "formatting with attributes", HTML, "<b id=%d>", 100000, "<p>x<p>y" },
    { "open links", HTML, "<a href=\"http://x.example/%d\">", 100000, "x" },
    { "link and paragraphs", HTML "<a href=http://x.example>", "<p>x", 200000,
      "" },
    { "deep tables", HTML, "<table><tr><td>", 100000, "x" },
    { "text in tables", HTML "<table>", "x<tr>", 300000, "" },
    { "cells", HTML "<table><tr>", "<td>x", 300000, "" },
    { "deep lists", HTML, "<ul><li>x", 100000, "" },
    { "deep quotes", HTML, "<blockquote>x", 100000, "" },
    { "misnested", HTML, "<b><p></b>", 100000, "x" },
    { "misnested links", HTML, "<a href=x><div></a>", 100000, "x" },
    { "end tags", HTML, "</p></div></a>", 200000, "x" },
    { "open comments in HTML", HTML, "<!--", 500000, "x" },
    { "open scripts", HTML, "<script>", 300000, "x" },
    { "open tags", HTML, "<", 1000000, "x" },
    { "open attributes", HTML "<p ", "a='", 500000, "x" },
    { "attributes", HTML "<p ", "a%d=b ", 300000, ">x" },
    { "entities", HTML, "&amp;&bogus;&#x1F600;", 200000, "" },
    { "half entities", HTML, "&#", 500000, "" },
    { "10 MB of words", HTML, "word ", 2000000, "" },
    { "10 MB word", HTML, "word", 2500000, "" },
    { "styles", HTML, "<p style='x'>y</p>", 200000, "" },
    { "hidden", HTML, "<p hidden>", 300000, "x" },
    { "pre", HTML "<pre>", "x\n", 1000000, "" },
    { "forms and selects", HTML, "<form><select><option>x", 100000, "" },
    { "svg", HTML, "<svg><math><mi><desc>", 100000, "x" },
    { "utf-7", "Content-Type: text/plain; charset=utf-7\n\n", "+AGE-", 300000,
      "" },
    { "utf-16", "Content-Type: text/plain; charset=utf-16\n\n", "ab", 300000,
      "c" },
    { "iso-2022-jp", "Content-Type: text/plain; charset=iso-2022-jp\n\n",
      "\033$B\033", 300000, "" },
};

static void
append_repeat(GString *out, const char *repeat, int number)
{
    for (; *repeat; repeat++) {
        if (repeat[0] == '%' && repeat[1] == 'd') {
            g_string_append_printf(out, "%d", number);
            repeat++;
        } else {
            g_string_append_c(out, *repeat);
        }
    }
}

static void
check_text(MimeMessage *message, const MimeTextOptions *options)
{
    g_autoptr(MimeText) text = mime_text(message, options);

    for (guint i = 0; i < text->lines->len; i++) {
        const MimeLine *line = g_ptr_array_index(text->lines, i);

        g_assert_cmpint(text_width(line->text), <=, options->width);
    }
    g_assert_cmpuint(text->links->len, <=, MIME_MAX_LINKS);
}

static void
count_fields(const char *name, const char *value, void *user)
{
    g_assert_true(g_utf8_validate(value, -1, NULL));
    ++*(guint *)user;
}

/* Everything that the program does with a message. */
static void
use_message(const char *bytes, gsize size)
{
    const MimeTextOptions plain = { .width = 80, .list_links = true };
    const MimeTextOptions html = { .width = 72,
                                   .prefer_html = true,
                                   .all_quotes = true };
    g_autoptr(MimeMessage) message = mime_load_bytes(bytes, size);
    g_auto(MimeSummary) summary = { 0 };
    g_autofree char *snippet = mime_snippet(message);
    g_autofree char *quoted = mime_quote(message);
    const GPtrArray *parts = mime_parts(message);
    guint n = 0;

    mime_summarise(bytes, size, &summary);
    mime_headers(message, count_fields, &n);
    g_assert_cmpuint(n, <=, MIME_MAX_HEADERS);
    g_assert_cmpuint(parts->len, <=, MIME_MAX_PARTS + MIME_MAX_DEPTH);
    for (guint i = 0; i < parts->len; i++) {
        const MimePart *part = g_ptr_array_index(parts, i);

        g_assert_cmpint(part->depth, <=, MIME_MAX_DEPTH);
    }
    g_assert_true(snippet == NULL || strlen(snippet) <= 200);
    check_text(message, &plain);
    check_text(message, &html);
}

static double
cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What it costs to use the case with so many repetitions. */
static double
cost(const Case *c, int times)
{
    g_autoptr(GString) source = g_string_new(c->head);
    double begin;

    for (int i = 0; i < times; i++)
        append_repeat(source, c->repeat, i);
    g_string_append(source, c->tail);
    begin = cpu_seconds();
    use_message(source->str, source->len);
    return cpu_seconds() - begin;
}

static void
test_case(gconstpointer data)
{
    const Case *c = data;
    int times = c->times / SMALLER;
    double whole = cost(c, times);
    double part = 0;

    for (int i = 0; i < TRIES && whole > least_seconds; i++) {
        part = MAX(part, cost(c, times / TIMES));
        if (whole <= part * MOST_GROWTH)
            break;
        whole = MIN(whole, cost(c, times));
    }
    g_test_message("%s: %.2f s, an eighth of it %.2f s", c->name, whole, part);
    if (whole > least_seconds)
        g_assert_cmpfloat(whole, <=, part * MOST_GROWTH);
}

/* Valid messages with octets changed, dropped, doubled at random: the seed is
 * printed by the test framework and can be given again. */
static void
test_mutants(void)
{
    static const char *const seeds[] = {
        MIXED "--b\nContent-Type: multipart/alternative; boundary=\"c\"\n\n"
              "--c\nContent-Type: text/plain; format=flowed; delsp=yes\n\n"
              "> a \n> b\n-- \nsig\n--c\n" HTML
              "<p>a <a href='http://x.example'>b.example</a><ul><li>c</ul>\n"
              "--c--\n--b\nContent-Type: message/rfc822\n\nSubject: in\n\n"
              "x\n--b\nContent-Disposition: attachment;\n"
              " filename*0*=utf-8''%e5%86;\n filename*1*=%99\n"
              "Content-Transfer-Encoding: base64\n\naGVsbG8=\n--b--\n",
        "From: =?utf-8?B?w6Q=?= <a@x>, g: b@x;\nTo: \"a\\\"b\" (c) <d@x>\n"
        "Date: Mon, 23 Nov 2026 05:13:00 +0100\nMessage-ID: <1@x>\n"
        "References: <a@x> <b@x>\n"
        "Content-Type: text/plain; charset=\"iso-2022-jp\"\n"
        "Content-Transfer-Encoding: quoted-printable\n\na=3D=\n=1B$BF|\n",
    };
    static const char octets[] = "\n\r\t -<>=?\"';:&()@\0\033\200\377b";

    for (int round = 0; round < 3000; round++) {
        const char *seed = seeds[round % G_N_ELEMENTS(seeds)];
        g_autoptr(GString) mutant = g_string_new(seed);

        for (int i = g_test_rand_int_range(1, 12); i > 0; i--) {
            gsize at = g_test_rand_int_range(0, mutant->len);
            int with = g_test_rand_int_range(0, sizeof octets - 1);

            if (g_test_rand_bit())
                mutant->str[at] = octets[with];
            else if (g_test_rand_bit())
                g_string_erase(mutant, at, 1);
            else
                g_string_insert_c(mutant, at, octets[with]);
        }
        use_message(mutant->str, mutant->len);
    }
}

/* Depth: at the limit all is open, beyond it the rest is one closed part. */
static void
test_depth_limit(void)
{
    for (int n = MIME_MAX_DEPTH - 1; n <= MIME_MAX_DEPTH + 1; n++) {
        const MimeTextOptions options = { .width = 80 };
        g_autoptr(GString) source = g_string_new(NULL);
        g_autoptr(MimeMessage) message = NULL;
        g_autoptr(MimeText) text = NULL;

        for (int i = 0; i < n; i++)
            g_string_append_printf(
                source,
                "Content-Type: multipart/mixed; boundary=b%d_\n\n"
                "--b%d_\n",
                i, i);
        g_string_append(source, "\nleaf\n");
        message = mime_load_bytes(source->str, source->len);
        text = mime_text(message, &options);
        g_assert_cmpuint(mime_parts(message)->len, ==,
                         MIN(n, MIME_MAX_DEPTH) + 1);
        if (n > MIME_MAX_DEPTH)
            g_assert_cmpstr(text->note, ==, "beyond a limit: depth of parts");
        else
            g_assert_null(text->note);
    }
}

static void
test_header_limit(void)
{
    for (int n = MIME_MAX_HEADERS - 1; n <= MIME_MAX_HEADERS + 1; n++) {
        const MimeTextOptions options = { .width = 80 };
        g_autoptr(GString) source = g_string_new(NULL);
        g_autoptr(MimeMessage) message = NULL;
        g_autoptr(MimeText) text = NULL;
        g_autofree char *dump = NULL;
        guint seen = 0;

        for (int i = 0; i < n; i++)
            g_string_append(source, "X: y\n");
        g_string_append(source, "\nbody\n");
        message = mime_load_bytes(source->str, source->len);
        mime_headers(message, count_fields, &seen);
        g_assert_cmpuint(seen, ==, MIN(n, MIME_MAX_HEADERS));
        text = mime_text(message, &options);
        dump = text_dump(text);
        g_assert_cmpstr(dump, ==, "Tbody|");
        g_assert_cmpint(text->note != NULL, ==, n > MIME_MAX_HEADERS);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path =
            g_strconcat("/mime/nasty/", cases[i].name, NULL);

        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/mime/nasty/mutants", test_mutants);
    g_test_add_func("/mime/limits/depth", test_depth_limit);
    g_test_add_func("/mime/limits/headers", test_header_limit);
    return g_test_run();
}
