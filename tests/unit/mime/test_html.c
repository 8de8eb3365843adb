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
    g_assert_cmpuint(text->remote_images, ==, 0);
    g_assert_cmpuint(text->trackers, ==, 1);
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

static MimeText *
render_images(const char *source, bool images)
{
    const MimeTextOptions options = { .width = 60, .images = images };
    g_autoptr(MimeMessage) message = mime_load_bytes(source, strlen(source));

    return mime_text(message, &options);
}

#define HTML "Content-Type: text/html; charset=utf-8\n\n"

/* Each image once, in order, with what would be asked for. */
static void
test_images(void)
{
    static const struct {
        const char *target, *name;
    } wanted[] = { { "http://a/1.png?x", "1.png" },
                   { "https://a/2", "two \357\277\275" },
                   { "HTTPS://a/a%20b", "a%20b" } };
    g_autoptr(MimeText) text = render_full(
        "<img src=http://a/1.png?x><img src='//a/2' alt=' two \033 '>"
        "<img src=cid:3><img src=data:image/png,x><img src=/x><img src=''>"
        "<img SRC=\"HTTPS://a/a b\"><img src=http://a/1.png?x alt=again>",
        false);

    g_assert_cmpuint(text->remote_images, ==, 3);
    g_assert_cmpuint(text->trackers, ==, 0);
    g_assert_cmpuint(text->images->len, ==, G_N_ELEMENTS(wanted));
    for (guint i = 0; i < G_N_ELEMENTS(wanted); i++) {
        const MimeImage *image = text->images->pdata[i];

        g_assert_cmpstr(image->target, ==, wanted[i].target);
        g_assert_cmpstr(image->name, ==, wanted[i].name);
        g_assert_cmpuint(image->part, ==, 0);
    }
}

/* The place of an image is below its line; without them the text is the
 * same. */
static void
test_image_places(void)
{
    static const struct {
        const char *html, *with, *without;
    } places[] = {
        { HTML "<p>one <img src=http://a/1 alt=pic> two<p>three",
          "Tone pic two|I|T|Tthree|", "Tone pic two|T|Tthree|" },
        { HTML "<div><img src=http://a/1></div><p>x", "I|Tx|", "Tx|" },
        { HTML "<p>a</p><img src=http://a/1><blockquote><img src=http://a/2>"
               "<p>b</blockquote>",
          "Ta|I|I|T|Q> b|", "Ta|T|Q> b|" },
        { HTML "<a href=http://a/><div>B<img src=http://a/1></div></a>",
          "TB [1]|I|", "TB [1]|" },
        { HTML "<ul><li><img src=http://a/1>x<li>y</ul>", "T • x|I|T • y|",
          "T • x|T • y|" },
        { HTML "x<img src=cid:none>", "Tx|", "Tx|" },
        { HTML "<img src=http://a/1><img src=http://a/1>", "I|", "" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autoptr(MimeText) with = render_images(places[i].html, true);
        g_autoptr(MimeText) without = render_images(places[i].html, false);
        g_autofree char *dump_with = text_dump(with);
        g_autofree char *dump_without = text_dump(without);

        g_assert_cmpstr(dump_with, ==, places[i].with);
        g_assert_cmpstr(dump_without, ==, places[i].without);
    }
}

/* What nobody would see is there to be asked for: it has no place. */
static void
test_trackers(void)
{
    static const char *const trackers[] = {
        "<img src=http://a/1 width=1 height=1>",
        "<img src=http://a/1 WIDTH='0'>",
        "<img height=1px src=//a/1>",
        "<img src=http://a/1 style='width: 1px'>",
        "<img src=http://a/1 style='border:0; HEIGHT:0;'>",
        "<img src=http://a/1 style='max-width:1.5px'>",
        "<img src=http://a/1 hidden>",
        "<img src=http://a/1 style='display:none'>",
        "<div style='display:none'><p>no<table><tr><td><b>"
        "<img src=http://a/1></b></table></div>",
        "<img src=http://a/1 width=600 height=1>",
    };
    static const char *const seen[] = {
        "<img src=http://a/1 width=10 height=10>",
        "<img src=http://a/1 width=100% height=auto>",
        "<img src=http://a/1 width=1em>",
        "<img src=http://a/1 style='line-height:0;border-width:1px'>",
        "<img src=http://a/1 width='' height=''>",
    };

    for (guint i = 0; i < G_N_ELEMENTS(trackers); i++) {
        g_autofree char *source = g_strconcat(HTML, trackers[i], NULL);
        g_autoptr(MimeText) text = render_images(source, true);

        g_assert_cmpuint(text->trackers, ==, 1);
        g_assert_cmpuint(text->remote_images, ==, 0);
        g_assert_cmpuint(text->images->len, ==, 0);
    }
    for (guint i = 0; i < G_N_ELEMENTS(seen); i++) {
        g_autofree char *source = g_strconcat(HTML, seen[i], NULL);
        g_autoptr(MimeText) text = render_images(source, true);

        g_assert_cmpuint(text->trackers, ==, 0);
        g_assert_cmpuint(text->images->len, ==, 1);
    }
}

/* Images that are parts: where HTML names them, else behind the text. */
static void
test_image_parts(void)
{
    static const char source[] =
        "Content-Type: multipart/related; boundary=b\n\n--b\n" HTML
        "<p>a<img src=cid:two%40x><img src=cid:two@x width=0><p>b"
        "<img src=cid:none><img src=http://a/1>\n"
        "--b\nContent-Type: image/png; name=one.png\n\nx\n"
        "--b\nContent-Type: image/png\nContent-ID: <two@x>\n\nx\n--b--\n";
    g_autoptr(MimeText) text = render_images(source, true);
    g_autofree char *dump = text_dump(text);
    const MimeImage *image;

    g_assert_cmpstr(dump, ==, "Ta|I|T|Tb|I|I|");
    g_assert_cmpuint(text->images->len, ==, 3);
    image = text->images->pdata[0];
    g_assert_cmpuint(image->part, ==, 4);
    g_assert_cmpstr(image->name, ==, "image/png");
    image = text->images->pdata[1];
    g_assert_cmpstr(image->target, ==, "http://a/1");
    g_assert_cmpuint(image->part, ==, 0);
    image = text->images->pdata[2];
    g_assert_cmpuint(image->part, ==, 3);
    g_assert_cmpstr(image->name, ==, "one.png");
    g_assert_null(image->target);
    g_assert_cmpuint(
        ((const MimeLine *)text->lines->pdata[4])->image, ==, 2);
}

/* Beyond the limit images are counted. */
static void
test_image_limit(void)
{
    g_autoptr(GString) html = g_string_new(HTML);
    g_autoptr(MimeText) text = NULL;

    for (int i = 0; i < MIME_MAX_IMAGES + 5; i++)
        g_string_append_printf(html, "<img src=http://a/%d>", i);
    text = render_images(html->str, true);
    g_assert_cmpuint(text->images->len, ==, MIME_MAX_IMAGES);
    g_assert_cmpuint(text->lines->len, ==, MIME_MAX_IMAGES);
    g_assert_cmpuint(text->remote_images, ==, MIME_MAX_IMAGES + 5);
}

/* Images in quotes do not tear a run of quotes apart, nor count in it. */
static void
test_image_quotes(void)
{
    g_autoptr(GString) html = g_string_new(HTML "<blockquote>");
    g_autoptr(MimeText) text = NULL;
    g_autofree char *dump = NULL;

    for (int i = 0; i < 13; i++)
        g_string_append_printf(html, "<div>%d<img src=http://a/%d></div>", i,
                               i);
    text = render_images(html->str, true);
    dump = text_dump(text);
    g_assert_cmpstr(dump, ==, "N⋯ 13 quoted lines|");
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
    g_test_add_func("/mime/html/image-places", test_image_places);
    g_test_add_func("/mime/html/P61/trackers", test_trackers);
    g_test_add_func("/mime/html/image-parts", test_image_parts);
    g_test_add_func("/mime/html/image-limit", test_image_limit);
    g_test_add_func("/mime/html/image-quotes", test_image_quotes);
    g_test_add_func("/mime/html/depth", test_depth);
    g_test_add_func("/mime/html/link_limit", test_link_limit);
    return g_test_run();
}
