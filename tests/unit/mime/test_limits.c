/* The named limits, each one below, at, and one above its value (promise P30),
 * and that what lies behind is told (P31). Depth, number of fields, References,
 * text, HTML depth and links have theirs beside their own tests. */
#include <string.h>

#include "base/err.h"
#include "mime/limits.h"
#include "mime/mime.h"

static char *
note_of(MimeMessage *message)
{
    const MimeTextOptions options = { .width = 80 };
    g_autoptr(MimeText) text = mime_text(message, &options);

    return g_strdup(text->note);
}

static void
test_parts(void)
{
    for (int n = MIME_MAX_PARTS - 1; n <= MIME_MAX_PARTS + 1; n++) {
        g_autoptr(GString) source =
            g_string_new("Content-Type: multipart/mixed; boundary=b\n\n");
        g_autoptr(MimeMessage) message = NULL;
        g_autofree char *note = NULL;

        for (int i = 1; i < n; i++)
            g_string_append(source, "--b\nContent-Type: image/png\n\nx\n");
        g_string_append(source, "--b--\n");
        message = mime_load_bytes(source->str, source->len);
        g_assert_cmpuint(mime_parts(message)->len, ==, MIN(n, MIME_MAX_PARTS));
        note = note_of(message);
        g_assert_cmpstr(note, ==,
                        n > MIME_MAX_PARTS ? "beyond a limit: number of parts"
                                           : NULL);
    }
}

/* Of those that are to be sent to none is left out and nothing said. */
static void
assert_strict(const char *text, int n)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list = mime_addresses_strict(text, &error);

    if (n <= MIME_MAX_ADDRESSES) {
        g_assert_no_error(error);
        g_assert_cmpuint(list->len, ==, n);
    } else {
        g_assert_error(error, ERR_DOMAIN, ERR_USAGE);
        g_assert_cmpstr(error->message, ==, "more than 10000 addresses");
    }
}

static void
test_addresses(void)
{
    for (int n = MIME_MAX_ADDRESSES - 1; n <= MIME_MAX_ADDRESSES + 1; n++) {
        g_autoptr(GString) text = g_string_new("a@x");
        g_autoptr(GPtrArray) list = NULL;

        for (int i = 1; i < n; i++)
            g_string_append(text, ",a@x");
        list = mime_addresses(text->str);
        g_assert_cmpuint(list->len, ==, MIN(n, MIME_MAX_ADDRESSES));
        assert_strict(text->str, n);
        g_string_prepend(text, "g: ");
        g_string_append_c(text, ';');
        assert_strict(text->str, n);
    }
}

static void
test_field_bytes(void)
{
    for (int n = MIME_MAX_FIELD_BYTES - 1; n <= MIME_MAX_FIELD_BYTES + 1; n++) {
        g_autofree char *value = g_strnfill(n, 's');
        g_autofree char *source = g_strdup_printf("Subject:%s\n\n", value);
        g_auto(MimeSummary) summary = { 0 };

        mime_summarise(source, strlen(source), &summary);
        g_assert_cmpuint(strlen(summary.subject), ==,
                         MIN(n, MIME_MAX_FIELD_BYTES));
    }
}

/* Two fields: the second ends below, at, or above the limit of the block. */
static void
test_header_bytes(void)
{
    for (int n = -1; n <= 1; n++) {
        const char *second = "Subject: s\n";
        g_autofree char *filler = g_strnfill(
            MIME_MAX_HEADER_BYTES - strlen("X:\n") - strlen(second) + n, 'x');
        g_autofree char *source =
            g_strdup_printf("X:%s\n%s\nbody\n", filler, second);
        g_autoptr(MimeMessage) message =
            mime_load_bytes(source, strlen(source));
        g_autofree char *note = note_of(message);
        g_autofree char *snippet = mime_snippet_bytes("\nbody\n", 6);

        g_assert_cmpstr(mime_header(message, "Subject"), ==,
                        n > 0 ? NULL : "s");
        g_assert_cmpstr(note, ==,
                        n > 0 ? "beyond a limit: size of the header" : NULL);
        g_assert_cmpstr(snippet, ==, "body");
    }
}

/* A line as long as the limit is one paragraph; the octet behind it begins the
 * next. */
static void
test_line_bytes(void)
{
    const MimeTextOptions options = { .width = 2 * MIME_MAX_LINE_BYTES };

    for (int n = MIME_MAX_LINE_BYTES - 1; n <= MIME_MAX_LINE_BYTES + 1; n++) {
        g_autofree char *line = g_strnfill(n, 'x');
        g_autofree char *source = g_strdup_printf("\n%s\n", line);
        g_autoptr(MimeMessage) message =
            mime_load_bytes(source, strlen(source));
        g_autoptr(MimeText) text = mime_text(message, &options);

        g_assert_cmpuint(text->lines->len, ==, n > MIME_MAX_LINE_BYTES ? 2 : 1);
    }
}

static void
test_html_bytes(void)
{
    for (int n = MIME_MAX_HTML_BYTES - 1; n <= MIME_MAX_HTML_BYTES + 1; n++) {
        g_autofree char *body = g_strnfill(n, 'x');
        g_autofree char *source =
            g_strdup_printf("Content-Type: text/html\n\n%s", body);
        g_autoptr(MimeMessage) message =
            mime_load_bytes(source, strlen(source));
        g_autofree char *note = note_of(message);

        g_assert_cmpint(note != NULL, ==, n > MIME_MAX_HTML_BYTES);
    }
}

/* A snippet looks at no more than the beginning. */
static void
test_snippet_bytes(void)
{
    const char *word = "late";

    for (int n = -1; n <= 1; n++) {
        g_autofree char *header = g_strnfill(
            MIME_SNIPPET_BYTES - strlen("X:\n\n") - strlen(word) + n, 'x');
        g_autofree char *source = g_strdup_printf("X:%s\n\n%s", header, word);
        g_autofree char *snippet = mime_snippet_bytes(source, strlen(source));

        g_assert_cmpstr(snippet, ==, n > 0 ? "lat" : word);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    g_test_add_func("/mime/limits/parts", test_parts);
    g_test_add_func("/mime/limits/addresses", test_addresses);
    g_test_add_func("/mime/limits/field_bytes", test_field_bytes);
    g_test_add_func("/mime/limits/header_bytes", test_header_bytes);
    g_test_add_func("/mime/limits/line_bytes", test_line_bytes);
    g_test_add_func("/mime/limits/html_bytes", test_html_bytes);
    g_test_add_func("/mime/limits/snippet_bytes", test_snippet_bytes);
    return g_test_run();
}
