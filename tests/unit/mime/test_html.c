/* HTML on the screen: structure, links that lie, what must not be shown, and
 * how deep it may go. */
#include "mime/limits.h"
#include "text_dump.h"

typedef struct {
    const char *html;
    const char *dump;
} Case;

static const Case cases[] = {
    { "hello <b>big</b> <i>world</i>", "Thello big world|" },
    { "<p>one<p>two", "Tone|T|Ttwo|" },
    { "<div>one</div><div>two</div>", "Tone|Ttwo|" },
    { "one<br>two<br><br>three", "Tone|Ttwo|T|Tthree|" },
    { "  a \n\t b&nbsp;&lt;c&gt; &amp; &#228;", "Ta b <c> & ä|" },
    { "<h1>Title</h1><p>text", "HTitle|T|Ttext|" },
    { "<ul><li>one<li>two<ul><li>in</ul></ul>after",
      "T • one|T • two|T    • in|T|Tafter|" },
    { "<ol start=9><li><p>nine</p><li>ten</ol>", "T 9. nine|T10. ten|" },
    { "<blockquote>q<blockquote>r</blockquote></blockquote>t",
      "Q> q|Q>|Q>> r|T|Tt|" },
    { "<pre>a\n  b</pre>", "Ta|T  b|" },
    { "<table><tr><td>a<td>b<tr><td>c<td>d</table>", "Ta  b|Tc  d|" },
    { "<table><tr><td><table><tr><td>in</table></table>", "Tin|" },
    { "a<hr>b", "Ta|T────────|Tb|" },
    { "<script>alert(1)</script><style>p{}</style><!-- c --><title>t</title>x",
      "Tx|" },
    { "<script>unclosed <p>text", "" },
    { "<!-- unclosed <p>text", "" },
    { "<!-->x<!--->y", "Txy|" },
    { "<span style='DISPLAY : none'>no</span><div hidden>no</div>yes",
      "Tyes|" },
    { "<font style=\"display:none\"><font>a</font>b</font>c", "Tc|" },
    { "<a href=\"http://a.example/x\">here</a>!", "There [1]!|" },
    { "<a href=\"#top\">here</a>", "There|" },
    { "<a href=\"http://a.example\"><div>Button</div></a>x",
      "TButton [1]|Tx|" },
    { "<p>a</p><a href=\"http://a.example\"><img src=cid:1></a>",
      "Ta|T|T[1]|" },
    { "<img src=\"cid:1\" alt=\"logo\">", "Tlogo|" },
    { "1 < 2 <3 </ <", "T1 < 2 <3|" },
    { "<p title=\"a > b\">x", "Tx|" },
    { "<unknown-tag>x</unknown-tag>", "Tx|" },
    { "<svg><script>x</script><text>y</text></svg>", "Ty|" },
    { "<p", "" },
    { "<a href=\"x", "" },
    { "\033[31m<b>x\xc2\x9b", "T\357\277\275[31mx\357\277\275|" },
    { "<select><option>a<option>b</select>", "Tab|" },
    { "<p><p><p>x</p></p></p>", "Tx|" },
    { "</div></p></table>x", "Tx|" },
};

static MimeText *
render_full(const char *html, bool list_links)
{
    const MimeTextOptions options = { .width = 60, .list_links = list_links };
    g_autofree char *source =
        g_strconcat("Content-Type: text/html; charset=utf-8\n\n", html, NULL);
    g_autoptr(MimeMessage) message = mime_load_bytes(source, strlen(source));

    return mime_text(message, &options);
}

static void
test_table(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(MimeText) text = render_full(cases[i].html, false);
        g_autofree char *dump = text_dump(text);

        g_test_message("%s", cases[i].html);
        g_assert_cmpstr(dump, ==, cases[i].dump);
    }
}

static void
test_links(void)
{
    static const struct {
        const char *href, *text;
        bool lies;
    } table[] = {
        { "http://a.example/x", "click here", false },
        { "http://evil.test/", "https://bank.example/login", true },
        { "http://evil.test/", "bank.example", true },
        { "http://evil.test/", "Visit www.bank.example now", true },
        { "http://www.bank.example/", "bank.example", false },
        { "http://bank.example/", "www.bank.example", false },
        { "http://login.bank.example/", "https://bank.example", false },
        { "http://bank.example.evil.test/", "bank.example", true },
        { "http://bank.example@evil.test/", "bank.example", true },
        { "http://evil.test\\@bank.example/", "bank.example", true },
        { "http:\\\\evil.test/bank.example", "bank.example", true },
        { "  ht\ntp://ev\til.test/", "bank.example", true },
        { "HTTP://BANK.EXAMPLE/", "bank.example", false },
        { "http://b%61nk.example/", "bank.example", true },
        { "http://xn--bcher-kva.example/", "bücher.example", false },
        { "http://b\xd0\xb0nk.example/", "bank.example", true },
        { "mailto:ben@evil.test", "ben@bank.example", true },
        { "mailto:ben@bank.example", "ben@bank.example", false },
        { "javascript:alert(1)", "https://bank.example", true },
        { "/relative", "https://bank.example", true },
        { "http://files.test/", "report.pdf", false },
        { "http://a.test/", "Node.js", false },
        { "http://a.test/", "see e.g. this", false },
        { "http://evil.test:80/", "bank&#8203;.example", true },
    };

    for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *html = g_strdup_printf("<a href=\"%s\">%s</a>",
                                                table[i].href, table[i].text);
        g_autoptr(MimeText) text = render_full(html, false);
        const MimeLink *link;

        g_test_message("%s", html);
        g_assert_cmpuint(text->links->len, ==, 1);
        link = g_ptr_array_index(text->links, 0);
        g_assert_cmpint(link->lies, ==, table[i].lies);
    }
}

/* The phishing page of the design. */
static void
test_phish(void)
{
    g_autoptr(MimeText) text = render_full(
        "<p>Click <a href=\"http://evil.test/\">https://bank.example/login</a>"
        "</p><img src=\"http://evil.test/p.gif\" width=1 height=1>",
        true);
    g_autofree char *dump = text_dump(text);

    g_assert_cmpstr(dump, ==,
                    "TClick https://bank.example/login "
                    "[1 ✗ goes to evil.test]|T|"
                    "L  1 http://evil.test/   shown as "
                    "https://bank.example/login|");
    g_assert_cmpuint(text->remote_images, ==, 1);
}

static void
test_link_targets(void)
{
    g_autoptr(MimeText) text =
        render_full("<a href=\" http://a.example/a b\nc&amp;d=1 \">x</a>"
                    "<a href=\"http://a.example/a b\nc&amp;d=1\">same</a>"
                    "<a href=\"http://b.example/\033\xe2\x80\xaex\">y</a>",
                    false);
    const MimeLink *link;

    g_assert_cmpuint(text->links->len, ==, 2);
    link = g_ptr_array_index(text->links, 0);
    g_assert_cmpstr(link->target, ==, "http://a.example/a%20bc&d=1");
    link = g_ptr_array_index(text->links, 1);
    g_assert_cmpstr(link->target, ==, "http://b.example/\357\277\275x");
}

static void
test_images(void)
{
    g_autoptr(MimeText) text =
        render_full("<img src=http://a/1><img src='//a/2'><img src=cid:3>"
                    "<img src=data:image/png,x><img SRC=\"HTTPS://a/4\">",
                    false);

    g_assert_cmpuint(text->remote_images, ==, 3);
}

/* At the limit nothing is said; beyond it the text is still there. */
static void
test_depth(void)
{
    for (int n = MIME_MAX_HTML_DEPTH - 1; n <= MIME_MAX_HTML_DEPTH + 1; n++) {
        g_autoptr(GString) html = g_string_new(NULL);
        g_autoptr(MimeText) text = NULL;
        g_autofree char *dump = NULL;

        for (int i = 0; i < n; i++)
            g_string_append(html, "<div>");
        g_string_append(html, "deep");
        for (int i = 0; i < n; i++)
            g_string_append(html, "</div>");
        text = render_full(html->str, false);
        dump = text_dump(text);
        g_assert_cmpstr(dump, ==, "Tdeep|");
        g_assert_cmpint(text->note != NULL, ==, n > MIME_MAX_HTML_DEPTH);
    }
}

static void
test_link_limit(void)
{
    g_autoptr(GString) html = g_string_new(NULL);
    g_autoptr(MimeText) text = NULL;

    for (int i = 0; i <= MIME_MAX_LINKS; i++)
        g_string_append_printf(html, "<a href=\"http://a.example/%d\">x</a> ",
                               i);
    text = render_full(html->str, false);
    g_assert_cmpuint(text->links->len, ==, MIME_MAX_LINKS);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    g_test_add_func("/mime/html/table", test_table);
    g_test_add_func("/mime/html/links", test_links);
    g_test_add_func("/mime/html/phish", test_phish);
    g_test_add_func("/mime/html/targets", test_link_targets);
    g_test_add_func("/mime/html/images", test_images);
    g_test_add_func("/mime/html/depth", test_depth);
    g_test_add_func("/mime/html/link_limit", test_link_limit);
    return g_test_run();
}
