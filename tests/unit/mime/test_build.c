/* What leaves: built, checked line by line, and read back. */
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "mime/limits.h"
#include "mime/mime.h"

/* CRLF line ends only, no line over the limit, ASCII only, NUL-free. */
static void
check_bytes(GBytes *bytes)
{
    gsize size, line = 0;
    const char *data = g_bytes_get_data(bytes, &size);

    for (gsize i = 0; i < size; i++) {
        g_assert_true(data[i] > 0);
        g_assert_true(data[i] != '\n' || (i > 0 && data[i - 1] == '\r'));
        g_assert_true(data[i] != '\r' || (i + 1 < size && data[i + 1] == '\n'));
        line = data[i] == '\n' ? 0 : line + 1;
        g_assert_cmpuint(line, <=, MIME_MAX_SENT_LINE + 1);
    }
}

static MimeMessage *
build(const MimeDraft *draft, char **source)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = mime_build(draft, &error);
    gsize size;
    const char *data;

    g_assert_no_error(error);
    check_bytes(bytes);
    data = g_bytes_get_data(bytes, &size);
    if (source)
        *source = g_strndup(data, size);
    return mime_load_bytes(data, size);
}

static void
test_plain(void)
{
    const MimeDraft draft = {
        .from = "Ana Novák <ana@example.org>",
        .to = "\"Köhler, Jörg\" <j@x.example>, b@x.example",
        .cc = "c@x.example",
        .subject = "Grüße aus 東京",
        .message_id = "1@example.org",
        .in_reply_to = "0@x.example",
        .references = "a@x.example 0@x.example",
        .date = 1795407180,
        .text = "Hello\n.\nFrom me\n",
        .extra = (const char *const[]){ "X-Test: ünï", NULL },
    };
    g_autofree char *source = NULL;
    g_autoptr(MimeMessage) message = build(&draft, &source);

    g_test_message("%s", source);
    g_assert_nonnull(strstr(source, "\r\nFrom: Ana =?UTF-8?"));
    g_assert_null(strstr(source, "iso-8859"));
    g_assert_cmpstr(mime_header(message, "From"), ==,
                    "Ana Novák <ana@example.org>");
    g_assert_cmpstr(mime_header(message, "To"), ==,
                    "\"Köhler, Jörg\" <j@x.example>, b@x.example");
    g_assert_cmpstr(mime_header(message, "Subject"), ==, "Grüße aus 東京");
    g_assert_cmpstr(mime_header(message, "Message-Id"), ==, "<1@example.org>");
    g_assert_cmpstr(mime_header(message, "In-Reply-To"), ==, "<0@x.example>");
    g_assert_cmpstr(mime_header(message, "References"), ==,
                    "<a@x.example> <0@x.example>");
    g_assert_cmpstr(mime_header(message, "X-Test"), ==, "ünï");
    g_assert_cmpint(mime_date(message), ==, draft.date);
    g_assert_nonnull(strstr(source, "\r\n\r\nHello\r\n.\r\nFrom me\r\n"));
    g_assert_null(strstr(source, "User-Agent"));
    g_assert_null(strstr(source, g_get_host_name()));
}

/* Nothing in a value opens a second field, and no Bcc gets in. */
static void
test_injection(void)
{
    const MimeDraft draft = {
        .from = "Ana\r\nBcc: a@evil.test\r\n <ana@example.org>",
        .to = "b@x.example\r\nBcc: b@evil.test",
        .subject = "s\r\nBcc: c@evil.test\r\n\r\nbody",
        .message_id = "1@x\r\nBcc: d@evil.test",
        .in_reply_to = "0@x\nBcc: e@evil.test",
        .text = "x\n",
        .extra = (const char *const[]){ "X-A: b\nBcc: f@evil.test", NULL },
    };
    g_autofree char *source = NULL;
    g_autoptr(MimeMessage) message = build(&draft, &source);

    g_assert_null(mime_header(message, "Bcc"));
    g_assert_null(strstr(source, "\nBcc:"));
}

static void
test_refused(void)
{
    const MimeDraft drafts[] = {
        { .from = "", .text = "x" },
        { .from = "a@x, b@x", .text = "x" },
        { .from = "a@x", .to = "not an address <>", .text = "x" },
        { .from = "a@x", .extra = (const char *const[]){ "Bcc: b@x", NULL } },
        { .from = "a@x", .extra = (const char *const[]){ "no colon", NULL } },
        { .from = "a@x",
          .extra = (const char *const[]){ "Bad name: x", NULL } },
    };

    for (guint i = 0; i < G_N_ELEMENTS(drafts); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(mime_build(&drafts[i], &error));
        g_assert_true(err_is(error, ERR_USAGE));
    }
}

static char *
part_text(MimeMessage *message, guint number)
{
    g_autoptr(GBytes) bytes = mime_part_bytes(message, number, 0, NULL);
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    g_autofree char *text = g_strndup(data ? data : "", size);
    g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);

    return g_strjoinv("\n", lines);
}

/* Whatever the text, it comes back as it was. */
static void
test_text_survives(void)
{
    static const char *const texts[] = {
        "",
        "x\n",
        "ä\n",
        "two\nlines\n",
        "\n\n",
        "日本語\n日本語\n",
        "-- \nsig\n",
        "a = b\n=41\n",
        ".\n..\n",
        " lead\ntrail \n",
        "tab\there\n",
    };

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        const MimeDraft draft = { .from = "a@x", .text = texts[i] };
        g_autoptr(MimeMessage) message = build(&draft, NULL);
        g_autofree char *got = part_text(message, 1);

        g_assert_cmpstr(got, ==, texts[i]);
    }
}

static void
test_long_line(void)
{
    g_autofree char *text = g_strnfill(200000, 'x');
    const MimeDraft draft = { .from = "a@x", .text = text };
    g_autoptr(MimeMessage) message = build(&draft, NULL);
    g_autofree char *got = part_text(message, 1);

    g_assert_cmpstr(g_strchomp(got), ==, text);
}

static void
test_long_header(void)
{
    g_autoptr(GString) to = g_string_new("a0@x.example");
    g_autofree char *subject = g_strnfill(5000, 's');

    for (int i = 1; i < 2000; i++)
        g_string_append_printf(to, ", Näme %d <a%d@x.example>", i, i);
    {
        const MimeDraft draft = {
            .from = "a@x", .to = to->str, .subject = subject, .text = "x\n"
        };
        g_autoptr(MimeMessage) message = build(&draft, NULL);
        g_autoptr(GPtrArray) list = mime_addresses(mime_header(message, "To"));

        g_assert_cmpuint(list->len, ==, 2000);
    }
}

/* What is sent flowed is read back as the paragraphs that were written. */
static void
test_flowed(void)
{
    const MimeDraft draft = {
        .from = "a@x",
        .format_flowed = true,
        .text = "one two three four five six seven eight nine ten eleven "
                "twelve thirteen fourteen fifteen\n stuffed\n"
                "> quoted line\nFrom here\n-- \nsig\n",
    };
    const MimeTextOptions options = { .width = 200 };
    g_autofree char *source = NULL;
    g_autoptr(MimeMessage) message = build(&draft, &source);
    g_autoptr(MimeText) text = mime_text(message, &options);
    static const char *const want[] = {
        "one two three four five six seven eight nine ten eleven twelve "
        "thirteen fourteen fifteen",
        " stuffed",
        "> quoted line",
        "From here",
        "--",
        "sig"
    };

    g_assert_nonnull(strstr(source, "format=flowed"));
    g_assert_cmpuint(text->lines->len, ==, G_N_ELEMENTS(want));
    for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
        const MimeLine *line = g_ptr_array_index(text->lines, i);

        g_assert_cmpstr(line->text, ==, want[i]);
    }
}

/* Text is read back as it was, whatever charset it was sent in; one that has
 * not all of its letters is not taken. HTML has to say UTF-8 in its own head.
 */
static void
test_charset(void)
{
    static const struct {
        const char *text, *charset;
    } table[] = {
        { "plain\n", "us-ascii" },
        { "Gr\303\274\303\237e\n", "iso-8859-1" },
        { "Za\305\274\303\263\305\202\304\207\n", "iso-8859-2" },
        { "\320\237\321\200\320\270\320\262\320\265\321\202\n", "iso-8859-5" },
        { "Gr\303\274\303\237e \360\237\230\200\n", "utf-8" },
        { "\344\275\240\345\245\275 Gr\303\274\303\237e\n", "utf-8" },
    };
    const MimeTextOptions options = { .width = 200 };
    static const char *const html[] = { NULL, "<p>Gr\303\274\303\237e</p>" };

    for (int smallest = 0; smallest < 2; smallest++)
        for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
            const MimeDraft draft = { .from = "a@x",
                                      .text = table[i].text,
                                      .html = html[i % 2],
                                      .smallest_charset = smallest };
            g_autofree char *source = NULL;
            g_autoptr(MimeMessage) message = build(&draft, &source);
            g_autoptr(MimeText) text = mime_text(message, &options);
            const char *charset = smallest ? table[i].charset
                                  : i == 0 ? "us-ascii"
                                           : "utf-8";
            g_autofree char *wanted =
                g_strdup_printf("charset=%s\r\n", charset);
            g_autofree char *line = g_strchomp(g_strdup(table[i].text));
            const char *second = strstr(source, "Content-Type: text/html");

            g_test_message("%s", source);
            g_assert_cmpstr(
                ((MimeLine *)g_ptr_array_index(text->lines, 0))->text, ==,
                line);
            if (second)
                g_assert_nonnull(strstr(second, "charset=utf-8\r\n"));
            g_assert_nonnull(strstr(source, wanted));
        }
}

static void
test_attachments(void)
{
    g_autofree char *folder = g_dir_make_tmp(NULL, NULL);
    g_autofree char *path = g_build_filename(folder, "写真 \"1\".png", NULL);
    const char *files[] = { path, NULL };
    const MimeDraft draft = { .from = "a@x",
                              .text = "see\n",
                              .attachments = files };
    const char bytes[] = "\x89PNG\r\n\032\n\0\1\2binary\r\nlines\n";
    g_autofree char *source = NULL;
    g_autoptr(MimeMessage) message = NULL;
    g_autoptr(GBytes) got = NULL;
    g_autoptr(GError) error = NULL;
    const MimePart *part;

    g_assert_true(g_file_set_contents(path, bytes, sizeof bytes, NULL));
    message = build(&draft, &source);
    part = g_ptr_array_index(mime_parts(message), 2);
    g_assert_cmpstr(part->name, ==, "写真 \"1\".png");
    g_assert_true(part->is_attachment);
    got = mime_part_bytes(message, 3, 0, NULL);
    g_assert_cmpmem(g_bytes_get_data(got, NULL), g_bytes_get_size(got), bytes,
                    sizeof bytes);
    g_assert_null(strstr(source, folder));
    unlink(path);
    g_assert_null(mime_build(&draft, &error));
    g_assert_true(err_is(error, ERR_LOCAL));
    rmdir(folder);
}

static void
test_message_id(void)
{
    static const struct {
        const char *addr, *end;
    } table[] = {
        { "ana@example.org", "@example.org" },
        { "ana@bücher.example", "@xn--bcher-kva.example" },
        { "no address", "@localhost.invalid" },
        { "a@x>\r\nBcc: b", "@x" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *one = mime_new_message_id(table[i].addr);
        g_autofree char *two = mime_new_message_id(table[i].addr);

        g_assert_true(g_str_has_suffix(one, table[i].end));
        g_assert_cmpstr(one, !=, two);
    }
}

/* Only what is mostly outside ASCII and fits leaves as it is. */
static void
test_eight_bit(void)
{
    g_autofree char *letters = g_strnfill(499, 'x');
    g_auto(GStrv) pieces = g_strsplit(letters, "x", -1);
    g_autofree char *fits = g_strjoinv("я", pieces);
    g_autofree char *over = g_strconcat(fits, "я", NULL);
    const struct {
        const char *text, *encoding;
    } table[] = {
        { "привет\n", "8bit" }, { fits, "8bit" },
        { over, "base64" },     { "привет\rмир\n", "base64" },
        { "text\n", "7bit" },   { "grün, ja\n", "quoted-printable" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
        const MimeDraft draft = { .from = "a@x",
                                  .text = table[i].text,
                                  .eight_bit = true };
        g_autoptr(GBytes) bytes = mime_build(&draft, NULL);
        g_autofree char *source =
            g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
        g_autofree char *field = g_strdup_printf(
            "Content-Transfer-Encoding: %s\r\n", table[i].encoding);

        g_test_message("%s", source);
        g_assert_nonnull(strstr(source, field));
        g_assert_cmpint(g_str_is_ascii(source), ==, i > 1);
    }
}

static const struct {
    const char *text, *ascii;
} seven_bit_cases[] = {
    { "Subject: x\r\n\r\na green hill is gr\303\274n\r\n",
      "Subject: x\r\nMIME-Version: 1.0\r\n"
      "Content-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\n\r\na green hill is "
      "gr=C3=BCn\r\n" },
    { "Subject: x\r\n\r\na green hill is gr\374n\r\n",
      "Subject: x\r\nMIME-Version: 1.0\r\n"
      "Content-Type: text/plain; charset=unknown-8bit\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\n\r\na green hill is "
      "gr=FCn\r\n" },
    { "Mime-Version: 1.0\r\nContent-Type: text/plain;\r\n\tcharset=iso-8859-1"
      "\r\nX-Odd:   a\r\n  b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
      "a green hill is gr\374n\r\n",
      "Mime-Version: 1.0\r\nContent-Type: text/plain;\r\n\tcharset=iso-8859-1"
      "\r\nX-Odd:   a\r\n  b\r\nContent-Transfer-Encoding: quoted-printable"
      "\r\n\r\na green hill is gr=FCn\r\n" },
    { "MIME-Version: 1.0\r\nContent-Transfer-Encoding: 7bit\r\n"
      "Content-Type: text/plain\r\n\r\na green hill is gr\374n\r\n",
      "MIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n"
      "Content-Type: text/plain\r\n\r\na green hill is gr=FCn\r\n" },
    { "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
      "--b\r\nContent-Transfer-Encoding: 7bit\r\n\r\ntext\r\n"
      "--b\r\n\r\n.\r\n--b--\r\n",
      "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
      "--b\r\nContent-Transfer-Encoding: 7bit\r\n\r\ntext\r\n"
      "--b\r\n\r\n.\r\n--b--\r\n" },
    { "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n"
      "\r\npreamble\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: 8bit\r\n\r\na green hill is "
      "gr\303\274n\r\n--b\r\n"
      "Content-Type: application/x\r\nContent-Transfer-Encoding: base64\r\n"
      "\r\nYQ\r\n==\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
      "Subject: inside\r\nContent-Transfer-Encoding: 8bit\r\n"
      "Content-Type: text/plain; charset=utf-8\r\n\r\na green hill is "
      "gr\303\274n\r\n"
      "--b--\r\nend\r\n",
      "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n"
      "\r\npreamble\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\n\r\na green hill is "
      "gr=C3=BCn\r\n--b\r\n"
      "Content-Type: application/x\r\nContent-Transfer-Encoding: base64\r\n"
      "\r\nYQ\r\n==\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
      "Subject: inside\r\nContent-Transfer-Encoding: quoted-printable\r\n"
      "Content-Type: text/plain; charset=utf-8\r\n\r\na green hill is "
      "gr=C3=BCn\r\n"
      "--b--\r\n" },
};

static char *
to_7bit(const char *text)
{
    g_autofree char *in = g_strdup("/tmp/posthorn-build-XXXXXX");
    g_autofree char *out = g_strdup("/tmp/posthorn-build-XXXXXX");
    int from = g_mkstemp(in);
    int to = g_mkstemp(out);
    g_autoptr(GError) error = NULL;
    char *bytes = NULL;

    g_assert_cmpint(write(from, text, strlen(text)), ==, strlen(text));
    g_assert_true(mime_to_7bit(from, to, &error));
    g_assert_no_error(error);
    close(from);
    close(to);
    g_assert_true(g_file_get_contents(out, &bytes, NULL, NULL));
    unlink(in);
    unlink(out);
    return bytes;
}

/* Parts outside ASCII are encoded; not a byte of the rest changes. */
static void
test_seven_bit(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(seven_bit_cases); i++) {
        g_autofree char *got = to_7bit(seven_bit_cases[i].text);

        g_assert_cmpstr(got, ==, seven_bit_cases[i].ascii);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    g_test_add_func("/mime/build/plain", test_plain);
    g_test_add_func("/mime/build/injection", test_injection);
    g_test_add_func("/mime/build/refused", test_refused);
    g_test_add_func("/mime/build/text", test_text_survives);
    g_test_add_func("/mime/build/long_line", test_long_line);
    g_test_add_func("/mime/build/long_header", test_long_header);
    g_test_add_func("/mime/build/flowed", test_flowed);
    g_test_add_func("/mime/build/charset", test_charset);
    g_test_add_func("/mime/build/attachments", test_attachments);
    g_test_add_func("/mime/build/message_id", test_message_id);
    g_test_add_func("/mime/build/eight-bit", test_eight_bit);
    g_test_add_func("/mime/build/seven-bit", test_seven_bit);
    return g_test_run();
}
