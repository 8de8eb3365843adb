/* Markdown as HTML: what is meant by it, and nothing that a stranger put into
 * quoted text. */
#include <string.h>

#include "mime/mime.h"

static void
test_table(void)
{
    static const struct {
        const char *text, *has, *lacks;
    } table[] = {
        { "# Title\n\n**bold** and `code`\n", "<h1>Title</h1>", NULL },
        { "**bold**", "<strong>bold</strong>", "**" },
        { "* one\n* two\n", "<li>one</li>", NULL },
        { "| a | b |\n|---|---|\n| 1 | 2 |\n", "<table>", NULL },
        { "> quoted\n\nmine\n", "<blockquote>", NULL },
        { "Gr\303\274\303\237e", "Gr\303\274\303\237e", NULL },
        { "see https://x.example/a", "href=\"https://x.example/a\"", NULL },
        /* not HTML, no script, no file */
        { "> <script>alert(1)</script>", "&lt;script&gt;", "<script" },
        { "> <img src=x onerror=y>", "&lt;img", "<img" },
        { "> [a](javascript:alert(1))", "href=\"#\"", "javascript" },
        { "> [a](JavaScript:alert(1))", "href=\"#\"", "avaScript" },
        { "![p](file:///etc/passwd)", "src=\"#\"", "passwd" },
        { "[a](data:text/html,x)", "href=\"#\"", "data:" },
        /* the dashes of a signature make no heading of the text above */
        { "text\n-- \nAna <b>\nline\n",
          "<p>-- <br>\nAna &lt;b&gt;<br>\nline</p>", "<h2" },
        /* references to what no UTF-8 has */
        { "a&#xD800;b", "\357\277\275b</p>", NULL },
        { "a&#xDFFF;b", "b</p>", "\355" },
        { "a&#0;b&#x110000;c", "c", NULL },
        { "", "<body>", "<p>" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *html = mime_markdown(table[i].text);

        g_test_message("%s", html);
        g_assert_true(g_utf8_validate(html, -1, NULL));
        g_assert_nonnull(strstr(html, table[i].has));
        g_assert_true(table[i].lacks == NULL
                      || strstr(html, table[i].lacks) == NULL);
    }
}

/* Text first, HTML last; a file beside them. */
static void
test_message(void)
{
    g_autofree char *html = mime_markdown("*hello*");
    const char *const files[] = { "/proc/self/comm", NULL };
    MimeDraft draft = { .from = "ana@x.example",
                        .text = "*hello*\n",
                        .html = html,
                        .format_flowed = true };
    static const char *const bare[] = { "multipart/alternative", "text/plain",
                                        "text/html" };
    static const char *const mixed[] = { "multipart/mixed",
                                         "multipart/alternative", "text/plain",
                                         "text/html" };

    for (int i = 0; i < 2; i++) {
        const char *const *wanted = i ? mixed : bare;
        g_autoptr(GBytes) bytes = NULL;
        g_autoptr(MimeMessage) message = NULL;
        const GPtrArray *parts;

        draft.attachments = i ? files : NULL;
        bytes = mime_build(&draft, NULL);
        g_assert_nonnull(bytes);
        message = mime_load_bytes(g_bytes_get_data(bytes, NULL),
                                  g_bytes_get_size(bytes));
        parts = mime_parts(message);
        g_assert_cmpuint(parts->len, ==, i ? 5 : 3);
        for (guint k = 0; k < 3u + (guint)i; k++)
            g_assert_cmpstr(((MimePart *)parts->pdata[k])->content_type, ==,
                            wanted[k]);
    }
}

int
main(int argc, char **argv)
{
    g_autofree char *html = NULL;

    g_test_init(&argc, &argv, NULL);
    mime_init();
    html = mime_markdown("");
    if (html) { /* else a build without md4c: there is nothing to test */
        g_test_add_func("/mime/markdown/table", test_table);
        g_test_add_func("/mime/markdown/message", test_message);
    }
    return g_test_run();
}
