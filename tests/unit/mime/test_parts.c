/* The part tree, the files panel, decoded bytes; truncated and broken ones. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "mime/mime.h"

typedef struct {
    const char *name;
    const char *message;
    /* "depth type[*] [name];" for each part, * for those in the panel. */
    const char *tree;
} Case;

#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n"

static const Case cases[] = {
    { "no header", "just text\n", "0 text/plain;" },
    { "text", "Subject: s\n\nhello\n", "0 text/plain;" },
    { "mixed",
      MIXED "preamble\n--b\n\none\n--b\nContent-Type: image/png; name=a.png\n"
            "\nPNG\n--b--\nepilogue\n--b\nnot a part\n",
      "0 multipart/mixed;1 text/plain;1 image/png* a.png;" },
    { "CRLF",
      "Content-Type: multipart/mixed;\r\n boundary=\"b\"\r\n\r\n--b\r\n\r\n"
      "one\r\n--b--\r\n",
      "0 multipart/mixed;1 text/plain;" },
    { "truncated", MIXED "--b\n\none\n--b\nContent-Type: image/png\n",
      "0 multipart/mixed;1 text/plain;1 image/png*;" },
    { "boundary that begins like another",
      MIXED "--bb\n--b\n\none\n--bb\ntwo\n--b--\n",
      "0 multipart/mixed;1 text/plain;" },
    { "part that ends in its header",
      MIXED "--b\nContent-Type: text/html\n--b\n\ntwo\n--b--\n",
      "0 multipart/mixed;1 text/html;1 text/plain;" },
    { "inner multipart without its end",
      MIXED "--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\n"
            "one\n--b\n\ntwo\n--b--\n",
      "0 multipart/mixed;1 multipart/alternative;2 text/plain;"
      "1 text/plain;" },
    { "no boundary", "Content-Type: multipart/mixed\n\nbody\n",
      "0 multipart/mixed*;" },
    { "attached message",
      MIXED "--b\nContent-Type: message/rfc822\n\nSubject: in\n"
            "Content-Type: multipart/mixed; boundary=c\n\n--c\n\nx\n--c--\n"
            "--b\n\nafter\n--b--\n",
      "0 multipart/mixed;1 message/rfc822*;2 multipart/mixed;3 text/plain;"
      "1 text/plain;" },
    { "RFC 2231 name in pieces",
      "Content-Type: application/pdf\nContent-Disposition: attachment;\n"
      " filename*0*=utf-8''%e5%86%99;\n filename*1*=%e7%9c%9f;\n"
      " filename*2=.png\n\nx",
      "0 application/pdf* 写真.png;" },
    { "encoded word as name",
      "Content-Type: application/pdf;\n"
      " name=\"=?utf-8?B?w6TDtg==?= =?utf-8?B?w7wucGRm?=\"\n\nx",
      "0 application/pdf* äöü.pdf;" },
    { "picture of the HTML is no file",
      "Content-Type: multipart/related; boundary=b\n\n--b\n"
      "Content-Type: text/html\n\nx\n--b\nContent-Type: image/png\n"
      "Content-ID: <i@x>\n\nPNG\n--b--\n",
      "0 multipart/related;1 text/html;1 image/png;" },
    { "signature is no file",
      "Content-Type: multipart/signed; boundary=b\n\n--b\n\nx\n--b\n"
      "Content-Type: application/pgp-signature; name=signature.asc\n\nsig\n"
      "--b--\n",
      "0 multipart/signed;1 text/plain;1 application/pgp-signature "
      "signature.asc;" },
    { "broken type", "Content-Type: ;;;///\n\nx", "0 text/plain;" },
};

static char *
tree_of(MimeMessage *message)
{
    const GPtrArray *parts = mime_parts(message);
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < parts->len; i++) {
        const MimePart *part = g_ptr_array_index(parts, i);

        g_assert_cmpuint(part->number, ==, i + 1);
        g_string_append_printf(
            out, "%d %s%s%s%s;", part->depth, part->content_type,
            part->is_attachment ? "*" : "", part->name ? " " : "",
            part->name ? part->name : "");
    }
    return g_string_free(out, FALSE);
}

static void
test_table(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(MimeMessage) message =
            mime_load_bytes(cases[i].message, strlen(cases[i].message));
        g_autofree char *tree = tree_of(message);

        g_test_message("%s", cases[i].name);
        g_assert_cmpstr(tree, ==, cases[i].tree);
    }
}

/* However a message is cut, it loads, and its parts lie within it. */
static void
test_cut_anywhere(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        gsize size = strlen(cases[i].message);

        for (gsize n = 0; n <= size; n++) {
            g_autofree char *exact = g_memdup2(cases[i].message, MAX(n, 1));
            g_autoptr(MimeMessage) message = mime_load_bytes(exact, n);
            g_autofree char *snippet = mime_snippet(message);
            const GPtrArray *parts = mime_parts(message);

            g_assert_cmpuint(parts->len, >=, 1);
            for (guint p = 0; p < parts->len; p++) {
                const MimePart *part = g_ptr_array_index(parts, p);

                g_assert_cmpuint(part->size, <=, size);
            }
        }
    }
}

static void
test_bytes(void)
{
    static const struct {
        const char *encoding, *body, *want;
    } table[] = {
        { "7bit", "plain\n", "plain\n" },
        { "base64", "aGVsbG8gd29ybGQ=\n", "hello world" },
        { "BASE64 ", "aGVs bG8g\n!!d29ybGQ", "hello world" },
        { "base64", "aGVsbG8", "hello" },
        { "quoted-printable", "a=3Db=\nc =C3=A4\n", "a=bc ä\n" },
        { "quoted-printable", "broken =ZZ =", "broken =ZZ " },
        { "x-uuencode", "begin 644 a\n#86)C\n`\nend\n", "abc" },
        { "nonsense", "as it is", "as it is" },
        { "base64", "", "" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *text =
            g_strdup_printf("Content-Transfer-Encoding: %s\n\n%s",
                            table[i].encoding, table[i].body);
        g_autoptr(MimeMessage) message = mime_load_bytes(text, strlen(text));
        g_autoptr(GBytes) bytes = mime_part_bytes(message, 1, 0, NULL);
        const MimePart *part = g_ptr_array_index(mime_parts(message), 0);
        gsize size;
        const char *data = g_bytes_get_data(bytes, &size);
        g_autofree char *got = g_strndup(data ? data : "", size);

        g_test_message("%s: %s", table[i].encoding, table[i].body);
        g_assert_cmpstr(got, ==, table[i].want);
        g_assert_cmpuint(part->size, ==, size);
    }
}

static void
test_limit_and_save(void)
{
    g_autoptr(GString) text =
        g_string_new("Content-Transfer-Encoding: base64\n\n");
    g_autoptr(MimeMessage) message = NULL;
    g_autoptr(GBytes) some = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;
    g_autofree char *saved = NULL;
    gsize size;
    int fd;

    for (int i = 0; i < 10000; i++)
        g_string_append(text, "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNk\n");
    message = mime_load_bytes(text->str, text->len);
    some = mime_part_bytes(message, 1, 7, NULL);
    g_assert_cmpuint(g_bytes_get_size(some), ==, 7);
    fd = g_file_open_tmp(NULL, &path, NULL);
    g_assert_true(mime_part_save(message, 1, fd, &error));
    close(fd);
    g_assert_true(g_file_get_contents(path, &saved, &size, NULL));
    unlink(path);
    g_assert_cmpuint(size, ==, 10000 * 30);
    g_assert_true(g_str_has_prefix(saved, "ABCDEFGH"));
    g_assert_null(mime_part_bytes(message, 2, 0, &error));
    g_assert_true(err_is(error, ERR_USAGE));
}

static void
test_file(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(mime_load_file("/nonexistent/message", &error));
    g_assert_true(err_is(error, ERR_LOCAL));
    g_assert_nonnull(strstr(error->message, "/nonexistent/message"));
}

static void
collect(const char *name, const char *value, void *user)
{
    g_string_append_printf(user, "%s=%s;", name, value);
}

static void
test_headers(void)
{
    const char *text =
        "From: =?utf-8?Q?J=C3=B6rg=2C_B?= <j@x>\nX-a: 1\nX-A: 2\n"
        "Date: Thu, 1 Jan 1970 00:00:10 +0000\n\n";
    g_autoptr(MimeMessage) message = mime_load_bytes(text, strlen(text));
    g_autoptr(GString) all = g_string_new(NULL);

    g_assert_cmpstr(mime_header(message, "from"), ==, "\"Jörg, B\" <j@x>");
    g_assert_cmpstr(mime_header(message, "x-a"), ==, "1");
    g_assert_null(mime_header(message, "subject"));
    g_assert_null(mime_header(message, "subject"));
    g_assert_cmpint(mime_date(message), ==, 10);
    mime_headers(message, collect, all);
    g_assert_true(
        g_str_has_prefix(all->str, "From=\"Jörg, B\" <j@x>;X-a=1;X-A=2;Date="));
}

/* An encoded word is a name, whatever stands in it: it adds no address. */
static void
test_header_addresses(void)
{
    const char *text =
        "To: =?utf-8?Q?a=2C_b=40evil.test=3B_=3Cc=40evil.test=3E?="
        " <x@y.example>\nTo: z@y.example\n\n";
    g_autoptr(MimeMessage) message = mime_load_bytes(text, strlen(text));
    g_autoptr(GPtrArray) list = mime_header_addresses(message, "to");
    g_autoptr(GPtrArray) none = mime_header_addresses(message, "cc");
    const MimeAddress *first;

    g_assert_cmpuint(none->len, ==, 0);
    g_assert_cmpuint(list->len, ==, 2);
    first = g_ptr_array_index(list, 0);
    g_assert_cmpstr(first->addr, ==, "x@y.example");
    g_assert_cmpstr(first->name, ==, "a, b@evil.test; <c@evil.test>");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    g_test_add_func("/mime/parts/table", test_table);
    g_test_add_func("/mime/parts/cut", test_cut_anywhere);
    g_test_add_func("/mime/parts/bytes", test_bytes);
    g_test_add_func("/mime/parts/limit", test_limit_and_save);
    g_test_add_func("/mime/parts/file", test_file);
    g_test_add_func("/mime/parts/headers", test_headers);
    g_test_add_func("/mime/parts/addresses", test_header_addresses);
    return g_test_run();
}
