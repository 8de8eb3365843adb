/* text/plain on the screen: charsets, quotes, signatures, flow, diffs, wrap,
 * and which part is read. */
#include "base/text.h"
#include "mime/limits.h"
#include "text_dump.h"

typedef struct {
    const char *name;
    const char *message;
    const char *dump;
    const char *note;
} Case;

#define ALT "Content-Type: multipart/alternative; boundary=b\n\n"
#define PLAIN "--b\nContent-Type: text/plain\n\nplain\n"
#define HTML "--b\nContent-Type: text/html\n\n<p>html</p>\n"

static const Case cases[] = {
    { "two lines", "\nhello\nworld\n", "Thello|Tworld|", NULL },
    { "wrap at blanks", "\naaaa bbbb cccc dddd eeee ffff\n",
      "Taaaa bbbb cccc dddd|Teeee ffff|", NULL },
    { "long word", "\nabcdefghijklmnopqrstuvwxyz\n",
      "Tabcdefghijklmnopqrst|Tuvwxyz|", NULL },
    { "wide characters",
      "Content-Type: text/plain; charset=utf-8\n\n"
      "日本語日本語日本語日本語\n",
      "T日本語日本語日本語日|T本語|", NULL },
    { "quotes", "\n> one\n>> two\n> > three\nfour\n",
      "Q> one|Q>> two|Q>> three|Tfour|", NULL },
    { "quote wrapped with its mark", "\n> aaaa bbbb cccc dddd eeee\n",
      "Q> aaaa bbbb cccc|Q> dddd eeee|", NULL },
    { "signature", "\ntext\n-- \nAna\n> no\n", "Ttext|S--|SAna|Q> no|", NULL },
    { "no signature", "\n--\nAna\n", "T--|TAna|", NULL },
    { "flowed",
      "Content-Type: text/plain; format=flowed\n\n"
      "aa \nbb\n  stuffed\n> q \n> r\n-- \nsig\n",
      "Taa bb|T stuffed|Q> q r|S--|Ssig|", NULL },
    { "flowed delsp",
      "Content-Type: text/plain; format=flowed; delsp=yes\n\n"
      "aa \nbb\n",
      "Taabb|", NULL },
    { "diff",
      "\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n"
      "-- b\n+c\n-- \n2.39\n",
      "@diff --git a/x b/x|@--- a/x|@+++ b/x|@@@ -1,2 +1,2 @@|T a|"
      "--- b|++c|S--|S2.39|",
      NULL },
    { "minus outside of a diff", "\n- item\n+ item\n", "T- item|T+ item|",
      NULL },
    { "latin-1", "Content-Type: text/plain; charset=iso-8859-1\n\n\344\n",
      "Tä|", NULL },
    { "koi8-r", "Content-Type: text/plain; charset=koi8-r\n\n\320\322\n",
      "Tпр|", NULL },
    { "iso-2022-jp",
      "Content-Type: text/plain; charset=iso-2022-jp\n\n"
      "\033$BF|K\\\033(B\n",
      "T日本|", NULL },
    { "utf-8 without a label", "\n\303\244\n", "Tä|", NULL },
    { "no label, no utf-8", "\n\344\n", "Tä|",
      "no charset named: read as windows-1252" },
    { "wrong label", "Content-Type: text/plain; charset=utf-8\n\n\344\n", "Tä|",
      "charset utf-8 is wrong: read as windows-1252" },
    { "unknown label", "Content-Type: text/plain; charset=x-none\n\n\303\244\n",
      "Tä|", "charset x-none is wrong: read as utf-8" },
    { "label that is no name",
      "Content-Type: text/plain; charset=\"utf-8//IGNORE\"\n\nx\n", "Tx|",
      "charset utf-8//IGNORE is wrong: read as utf-8" },
    { "controls", "\na\033[31mb\007\n", "Ta\357\277\275[31mb\357\277\275|",
      NULL },
    { "plain of two", ALT PLAIN HTML "--b--\n", "Tplain|", NULL },
    { "html when plain is blank", ALT "--b\n\n \n" HTML "--b--\n", "Thtml|",
      NULL },
    { "html alone", ALT HTML "--b--\n", "Thtml|", NULL },
    { "two texts",
      "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n"
      "--b\nContent-Disposition: attachment\n\nfile\n--b\n"
      "Content-Type: text/x-patch; name=\"p.diff\"\n\ntwo\n--b--\n",
      "Tone|T|NFile: p.diff|Ttwo|", NULL },
    { "attached message",
      "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n"
      "see\n--b\nContent-Type: message/rfc822\n\nSubject: in\nFrom: a@x\n\n"
      "inner\n--b--\n",
      "Tsee|T|NAttached message|NFrom: a@x|NSubject: in|T|T|Tinner|", NULL },
    { "not text", "Content-Type: application/pdf\n\nx\n",
      "Nnot text:|Napplication/pdf|", NULL },
    { "encrypted",
      "Content-Type: multipart/encrypted; boundary=b\n\n--b\n"
      "Content-Type: application/pgp-encrypted\n\nVersion: 1\n--b--\n",
      "Nthis message is|Nencrypted|", NULL },
    { "signed",
      "Content-Type: multipart/signed; boundary=b\n\n--b\n\nx\n--b\n"
      "Content-Type: text/plain\n\nnot this\n--b--\n",
      "Tx|", NULL },
    { "empty", "", "", NULL },
};

static void
test_table(void)
{
    const MimeTextOptions options = { .width = 20 };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Case *c = &cases[i];
        g_autoptr(MimeMessage) message =
            mime_load_bytes(c->message, strlen(c->message));
        g_autoptr(MimeText) text = mime_text(message, &options);
        g_autofree char *dump = text_dump(text);

        g_test_message("%s", c->name);
        g_assert_cmpstr(dump, ==, c->dump);
        g_assert_cmpstr(text->note, ==, c->note);
    }
}

static void
test_prefer_html(void)
{
    const MimeTextOptions options = { .width = 40, .prefer_html = true };
    const char *both = ALT PLAIN HTML "--b--\n";
    g_autoptr(MimeMessage) message = mime_load_bytes(both, strlen(both));
    g_autoptr(MimeText) text = mime_text(message, &options);
    g_autofree char *dump = text_dump(text);

    g_assert_cmpstr(dump, ==, "Thtml|");
    g_assert_true(text->is_html);
}

static void
test_raw(void)
{
    const MimeTextOptions options = { .width = 40, .raw = true };
    const char *source = "Subject: s\r\n\r\n<b>\033\r\n";
    g_autoptr(MimeMessage) message = mime_load_bytes(source, strlen(source));
    g_autoptr(MimeText) text = mime_text(message, &options);
    g_autofree char *dump = text_dump(text);

    g_assert_cmpstr(dump, ==, "TSubject: s|T|T<b>\357\277\275|");
}

static void
test_fold(void)
{
    for (int n = 11; n <= 14; n++) {
        MimeTextOptions options = { .width = 40 };
        g_autoptr(GString) source = g_string_new("\n");
        g_autoptr(MimeMessage) message = NULL;
        g_autoptr(MimeText) folded = NULL;
        g_autoptr(MimeText) whole = NULL;

        for (int i = 0; i < n; i++)
            g_string_append(source, "> q\n");
        message = mime_load_bytes(source->str, source->len);
        folded = mime_text(message, &options);
        g_assert_cmpuint(folded->lines->len, ==, n > 12 ? 1 : n);
        options.all_quotes = true;
        whole = mime_text(message, &options);
        g_assert_cmpuint(whole->lines->len, ==, n);
        if (n == 14) {
            g_autofree char *dump = text_dump(folded);

            g_assert_cmpstr(dump, ==, "N⋯ 14 quoted lines|");
        }
    }
}

/* Whatever is written and whatever the width, no line is wider. */
static void
test_width(void)
{
    g_autoptr(GString) source = g_string_new(
        "Content-Type: text/plain; charset=utf-8\n\n"
        "日本語 word\tTab\n>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>> deep\n"
        "> a\xcc\x81\xcc\x81\xcc\x81 e\xe2\x80\xae rtl\n+++++++++++++++++++\n");

    for (int width = 1; width <= 90; width++) {
        MimeTextOptions options = { .width = width };
        g_autoptr(MimeMessage) message =
            mime_load_bytes(source->str, source->len);
        g_autoptr(MimeText) text = mime_text(message, &options);

        for (guint i = 0; i < text->lines->len; i++) {
            const MimeLine *line = g_ptr_array_index(text->lines, i);

            g_assert_true(g_utf8_validate(line->text, -1, NULL));
            g_assert_cmpint(text_width(line->text), <=, MAX(width, 10));
        }
    }
}

static void
test_quote(void)
{
    static const struct {
        const char *message, *want;
    } table[] = {
        { "\nhello\n\n> old\n\n-- \nsig\n", "> hello\n>\n>> old\n" },
        { "Content-Type: text/plain; format=flowed\n\naa \nbb\n", "> aa bb\n" },
        /* each depth by itself; a stuffed mark is text; DelSp; no signature */
        { "Content-Type: text/plain; format=flowed\n\n"
          "> aa \n> bb\n>> cc \n>> dd\nee\n",
          ">> aa bb\n>>> cc dd\n> ee\n" },
        { "Content-Type: text/plain; format=flowed\n\n >no quote\n From x\n",
          "> >no quote\n> From x\n" },
        { "Content-Type: text/plain; format=flowed; delsp=yes\n\n"
          "on \ne\n\n-- \nBob \nx\n",
          "> one\n" },
        { "Content-Type: text/html\n\n<p>a <a href=\"http://x.example\">b</a>"
          "</p>",
          "> a b\n" },
        { "Content-Type: image/png\n\nx", "" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autoptr(MimeMessage) message =
            mime_load_bytes(table[i].message, strlen(table[i].message));
        g_autofree char *got = mime_quote(message);

        g_assert_cmpstr(got, ==, table[i].want);
    }
}

/* Lines broken to any width, of which all were selected, are whole again. */
static void
test_selected(void)
{
    static const char source[] =
        "Content-Type: text/html; charset=utf-8\n\n<p>one two three four five "
        "six</p><blockquote>seven eight nine ten eleven</blockquote>"
        "<ul><li>twelve thirteen fourteen<li>日本語日本語日本語日本語</ul>"
        "<p></p>";

    for (int width = 10; width <= 90; width++) {
        MimeTextOptions options = { .width = width };
        g_autoptr(MimeMessage) message =
            mime_load_bytes(source, strlen(source));
        g_autoptr(MimeText) text = mime_text(message, &options);
        g_autofree char *quote = mime_quote_lines(text->lines);
        g_autofree char *joined = mime_join_lines(text->lines);

        g_assert_cmpstr(joined, ==,
                        "one two three four five six\n"
                        "\n> seven eight nine ten eleven\n\n"
                        " • twelve thirteen fourteen\n"
                        " • 日本語日本語日本語日本語\n");
        g_assert_cmpstr(quote, ==,
                        "> one two three four five six\n>\n"
                        ">> seven eight nine ten eleven\n>\n"
                        ">  • twelve thirteen fourteen\n"
                        ">  • 日本語日本語日本語日本語\n");
    }
}

/* A part of a broken line is what was selected of it. */
static void
test_selected_some(void)
{
    static const char source[] = "\none two three four\n> five six seven\n";
    const MimeTextOptions options = { .width = 10 };
    g_autoptr(MimeMessage) message = mime_load_bytes(source, strlen(source));
    g_autoptr(MimeText) text = mime_text(message, &options);
    g_autoptr(GPtrArray) some = g_ptr_array_new();
    g_autofree char *quote = NULL;

    for (guint i = 1; i + 1 < text->lines->len; i++)
        g_ptr_array_add(some, text->lines->pdata[i]);
    quote = mime_quote_lines(some);
    g_assert_cmpstr(quote, ==, "> three four\n>> five six\n");
}

/* The numbers of links are the screen's: no quote and no copy has them. What
 * the sender wrote so stays. */
static void
test_selected_links(void)
{
    static const char source[] =
        "Content-Type: text/html; charset=utf-8\n\n"
        "<p>As [1] <a href=http://a.example/>the long plan of it</a>, and "
        "<a href=http://evil.example/>http://b.example/</a> [2] x.</p>"
        "<a href=http://c.example/><p>a block</p></a>"
        "<p><a href=http://d.example/><img src=http://e.example/></a></p>"
        "<p>end</p>";

    for (int width = 40; width <= 90; width++) {
        MimeTextOptions options = { .width = width };
        g_autoptr(MimeMessage) message =
            mime_load_bytes(source, strlen(source));
        g_autoptr(MimeText) text = mime_text(message, &options);
        g_autofree char *whole = mime_quote(message);
        g_autofree char *quote = mime_quote_lines(text->lines);
        g_autofree char *joined = mime_join_lines(text->lines);

        g_assert_cmpuint(text->links->len, ==, 4);
        g_assert_cmpstr(joined, ==,
                        "As [1] the long plan of it, and http://b.example/ [2] "
                        "x.\n\na block\n\nend\n");
        g_assert_cmpstr(quote, ==, whole);
    }
}

static void
test_snippet(void)
{
    static const struct {
        const char *message, *want;
    } table[] = {
        { "\n\n  hello\n world \n", "hello world" },
        { "\nOn Monday, Ana <a@x> wrote:\n> old\n\nnew\n-- \nsig\n", "new" },
        { "Content-Type: text/html\n\n<style>a{}</style><p>Hi <b>you</b></p>",
          "Hi you" },
        { "Content-Type: image/png\n\nx", NULL },
        { "Subject: only a header\n", NULL },
        { ALT PLAIN, "plain" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *got =
            mime_snippet_bytes(table[i].message, strlen(table[i].message));

        g_assert_cmpstr(got, ==, table[i].want);
    }
}

static void
test_snippet_length(void)
{
    g_autoptr(GString) source = g_string_new("\n");
    g_autofree char *got = NULL;

    for (int i = 0; i < 300; i++)
        g_string_append(source, "äö ");
    got = mime_snippet_bytes(source->str, source->len);
    g_assert_true(g_utf8_validate(got, -1, NULL));
    g_assert_cmpuint(strlen(got), <=, 200);
    g_assert_cmpuint(strlen(got), >, 190);
}

/* Text as long as the limit is whole; one octet more is cut and said. */
static void
test_text_limit(void)
{
    for (gsize n = MIME_MAX_TEXT_BYTES - 1; n <= MIME_MAX_TEXT_BYTES + 1; n++) {
        MimeTextOptions options = { .width = 200 };
        g_autofree char *source = g_strnfill(n + 1, 'x');
        g_autoptr(MimeMessage) message = NULL;
        g_autoptr(MimeText) text = NULL;

        source[0] = '\n';
        for (gsize i = 100; i < n; i += 100)
            source[i] = '\n';
        message = mime_load_bytes(source, n + 1);
        text = mime_text(message, &options);
        if (n > MIME_MAX_TEXT_BYTES)
            g_assert_nonnull(strstr(text->note, "long text is cut"));
        else
            g_assert_null(text->note);
    }
}

static const struct {
    const char *text;
    const char *targets; /* each with a blank behind */
} urls[] = {
    { "see https://example.org/x.", "https://example.org/x " },
    { "<https://example.org/x>,", "https://example.org/x " },
    { "(https://example.org/x).", "https://example.org/x " },
    { "https://example.org/a_(b)", "https://example.org/a_(b) " },
    { "(https://example.org/a_(b)!)", "https://example.org/a_(b) " },
    { "[https://a.example](http://b.example)",
      "https://a.example http://b.example " },
    { "*HTTPS://example.org/?a=b,c#d*", "HTTPS://example.org/?a=b,c#d " },
    { "\"http://[::1]:80/\"", "http://[::1]:80/ " },
    { "mailto:ana@example.org; and mailto:", "mailto:ana@example.org " },
    { "www.example.org ana@example.org ftp://example.org", "" },
    { "xhttps://example.org https:// https:/x javascript:http", "" },
    { "https://bücher.example/…", "https://bücher.example/ " },
    { "https://example.org/a,other.example",
      "https://example.org/a,other.example " },
    { "> https://q.example\n-- \nhttps://s.example",
      "https://q.example https://s.example " },
    { "", "" },
};

static void
test_urls(void)
{
    const MimeTextOptions options = { .width = 80 };

    for (guint i = 0; i < G_N_ELEMENTS(urls); i++) {
        g_autofree char *source = g_strdup_printf(
            "Content-Type: text/plain; charset=utf-8\n\n%s\n", urls[i].text);
        g_autoptr(MimeMessage) message =
            mime_load_bytes(source, strlen(source));
        g_autoptr(MimeText) text = mime_text(message, &options);
        g_autoptr(GString) got = g_string_new(NULL);

        for (guint j = 0; j < text->links->len; j++) {
            const MimeLink *link = text->links->pdata[j];

            g_assert_false(link->lies);
            g_assert_null(link->shown);
            g_string_append_printf(got, "%s ", link->target);
        }
        g_assert_cmpstr(got->str, ==, urls[i].targets);
    }
}

/* A URL that was broken in flowed text is whole, its number is no text. */
static void
test_url_numbers(void)
{
    const MimeTextOptions options = { .width = 60, .list_links = true,
                                      .number_urls = true };
    const char *source =
        "Content-Type: text/plain; format=flowed; delsp=yes\n\n"
        "at https://example.org/ \npath, [2] and <http://b.example>\n";
    g_autoptr(MimeMessage) message = mime_load_bytes(source, strlen(source));
    g_autoptr(MimeText) text = mime_text(message, &options);
    g_autofree char *dump = text_dump(text);
    g_autofree char *joined = mime_join_lines(text->lines);

    g_assert_cmpstr(dump, ==,
                    "Tat https://example.org/path [1], [2] and "
                    "<http://b.example|T[2]>|");
    g_assert_cmpstr(joined, ==,
                    "at https://example.org/path, [2] and "
                    "<http://b.example>\n");
}

/* What the author wrote is no number of ours: it stays in a copy. */
static void
test_url_unnumbered(void)
{
    const MimeTextOptions options = { .width = 60 };
    const char *source = "\nsee http://a.example [1], [1]\n";
    g_autoptr(MimeMessage) message = mime_load_bytes(source, strlen(source));
    g_autoptr(MimeText) text = mime_text(message, &options);
    g_autofree char *joined = mime_join_lines(text->lines);

    g_assert_cmpuint(text->links->len, ==, 1);
    g_assert_cmpstr(joined, ==, source + 1);
}

/* No more links than the limit, and what is no link takes no square of time:
 * the test would not end. */
static void
test_url_many(void)
{
    const MimeTextOptions options = { .width = 80, .number_urls = true };
    g_autoptr(GString) source = g_string_new("\n");
    g_autoptr(MimeMessage) message = NULL;
    g_autoptr(MimeText) text = NULL;

    for (int i = 0; i < MIME_MAX_LINKS + 100; i++)
        g_string_append_printf(source, "http://%d.example ", i);
    for (int i = 0; i < 100000; i++)
        g_string_append(source, "mailto:");
    message = mime_load_bytes(source->str, source->len);
    text = mime_text(message, &options);
    g_assert_cmpuint(text->links->len, ==, MIME_MAX_LINKS);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    g_test_add_func("/mime/text/table", test_table);
    g_test_add_func("/mime/text/prefer_html", test_prefer_html);
    g_test_add_func("/mime/text/raw", test_raw);
    g_test_add_func("/mime/text/fold", test_fold);
    g_test_add_func("/mime/text/width", test_width);
    g_test_add_func("/mime/text/quote", test_quote);
    g_test_add_func("/mime/text/selected", test_selected);
    g_test_add_func("/mime/text/selected-some", test_selected_some);
    g_test_add_func("/mime/text/selected-links", test_selected_links);
    g_test_add_func("/mime/text/snippet", test_snippet);
    g_test_add_func("/mime/text/snippet_length", test_snippet_length);
    g_test_add_func("/mime/text/limit", test_text_limit);
    g_test_add_func("/mime/text/urls", test_urls);
    g_test_add_func("/mime/text/url-numbers", test_url_numbers);
    g_test_add_func("/mime/text/url-unnumbered", test_url_unnumbered);
    g_test_add_func("/mime/text/url-many", test_url_many);
    return g_test_run();
}
