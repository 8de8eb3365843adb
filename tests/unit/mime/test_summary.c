/* What a list shows, from header blocks, as a table. */
#include <string.h>

#include "base/err.h"
#include "mime/limits.h"
#include "mime/mime.h"

typedef struct {
    const char *name;
    const char *block;
    const char *subject;
    const char *from_name;
    const char *from_addr;
    const char *to;
    const char *message_id;
    gint64 date;
} Case;

static const Case cases[] = {
    { "plain",
      "From: Ana Novak <ana@example.org>\r\nTo: ben@example.org\r\n"
      "Subject: Hello\r\nMessage-ID: <1@example.org>\r\n"
      "Date: Mon, 23 Nov 2026 05:13:00 +0100\r\n\r\nbody",
      "Hello", "Ana Novak", "ana@example.org", "ben@example.org",
      "1@example.org", 1795407180 },
    { "folded, LF only", "Subject: one\n two\n\tthree\nFrom: a@b.example\n\n",
      "one two three", NULL, "a@b.example", NULL, NULL, 0 },
    { "encoded word split within a character",
      "Subject: =?utf-8?B?w6TDtg==?= =?utf-8?B?w7w=?=\n"
      "From: =?iso-8859-1?Q?J=F6rg?= <j@x.example>\n\n",
      "äöü", "Jörg", "j@x.example", NULL, NULL, 0 },
    { "character over two encoded words",
      "Subject: =?utf-8?B?4oI=?= =?utf-8?B?rA==?=\n\n", "€", NULL, NULL, NULL,
      NULL, 0 },
    { "raw utf-8", "Subject: Grüße\nFrom: Zoë <z@x.example>\n\n", "Grüße",
      "Zoë", "z@x.example", NULL, NULL, 0 },
    { "raw latin-1", "Subject: Gr\374\337e\n\n", "Grüße", NULL, NULL, NULL,
      NULL, 0 },
    { "group and cc",
      "To: friends: a@x.example, \"B, b\" <b@x.example>;\n"
      "Cc: c@x.example\n\n",
      NULL, NULL, NULL, "a@x.example, \"B, b\" <b@x.example>, c@x.example",
      NULL, 0 },
    { "no address in From", "From: nobody at all\n\n", NULL, "nobody at all",
      NULL, NULL, NULL, 0 },
    { "mbox line", "From x@y Mon Nov 23\nSubject: s\n\n", "s", NULL, NULL, NULL,
      NULL, 0 },
    { "first field counts", "Subject: one\nSubject: two\n\n", "one", NULL, NULL,
      NULL, NULL, 0 },
    { "bare identifier", "Message-ID: bare@x.example\n\n", NULL, NULL, NULL,
      NULL, "bare@x.example", 0 },
    { "bad date", "Date: yesterday\n\n", NULL, NULL, NULL, NULL, NULL, 0 },
    { "empty", "", NULL, NULL, NULL, NULL, NULL, 0 },
    { "only blank lines", "\r\n\r\n", NULL, NULL, NULL, NULL, NULL, 0 },
    { "no blank line at the end", "Subject: cut", "cut", NULL, NULL, NULL, NULL,
      0 },
    { "garbage between fields", "Subject: s\n!!! no field\nTo: a@b.example\n\n",
      "s", NULL, NULL, "a@b.example", NULL, 0 },
};

static void
test_table(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Case *c = &cases[i];
        g_auto(MimeSummary) got = { 0 };

        g_test_message("%s", c->name);
        mime_summarise(c->block, strlen(c->block), &got);
        g_assert_cmpstr(got.subject, ==, c->subject);
        g_assert_cmpstr(got.from_name, ==, c->from_name);
        g_assert_cmpstr(got.from_addr, ==, c->from_addr);
        g_assert_cmpstr(got.to, ==, c->to);
        g_assert_cmpstr(got.message_id, ==, c->message_id);
        g_assert_cmpint(got.date, ==, c->date);
        g_assert_nonnull(got.references);
    }
}

static void
test_references(void)
{
    const char *block = "References: <a@x> <b@x>\r\n\t<c@x> junk\r\n"
                        "In-Reply-To: your mail <c@x>\r\n"
                        "List-Id: Dev <dev.lists.example>\r\n"
                        "Content-Type: Multipart/Mixed; boundary=x\r\n\r\n";
    g_auto(MimeSummary) got = { 0 };

    mime_summarise(block, strlen(block), &got);
    g_assert_cmpuint(g_strv_length(got.references), ==, 3);
    g_assert_cmpstr(got.references[0], ==, "a@x");
    g_assert_cmpstr(got.references[2], ==, "c@x");
    g_assert_cmpstr(got.in_reply_to, ==, "c@x");
    g_assert_cmpstr(got.list_id, ==, "dev.lists.example");
    g_assert_true(got.has_attachment);
}

/* The limit, one below and one above it: the newest are kept. */
static void
test_references_limit(void)
{
    for (int n = MIME_MAX_REFERENCES - 1; n <= MIME_MAX_REFERENCES + 1; n++) {
        g_autoptr(GString) block = g_string_new("References:");
        g_auto(MimeSummary) got = { 0 };
        g_autofree char *last = g_strdup_printf("%d@x", n - 1);
        guint kept = MIN(n, MIME_MAX_REFERENCES);

        for (int i = 0; i < n; i++)
            g_string_append_printf(block, "\n <%d@x>", i);
        g_string_append(block, "\n\n");
        mime_summarise(block->str, block->len, &got);
        g_assert_cmpuint(g_strv_length(got.references), ==, kept);
        g_assert_cmpstr(got.references[kept - 1], ==, last);
    }
}

static void
test_to_is_cut_at_an_address(void)
{
    g_autoptr(GString) block = g_string_new("To: a0@x.example");
    g_auto(MimeSummary) got = { 0 };

    for (int i = 1; i < 500; i++)
        g_string_append_printf(block, ",\n a%d@x.example", i);
    g_string_append(block, "\n\n");
    mime_summarise(block->str, block->len, &got);
    g_assert_cmpuint(strlen(got.to), <=, 1000);
    g_assert_cmpuint(strlen(got.to), >, 950);
    g_assert_true(g_str_has_suffix(got.to, "@x.example"));
}

static void
test_addresses(void)
{
    static const struct {
        const char *text, *name, *addr;
        guint n;
    } table[] = {
        { "a@x.example", NULL, "a@x.example", 1 },
        { "\"Doe, J\" <j@x.example>, b@x.example", "Doe, J", "j@x.example", 2 },
        { "=?utf-8?q?=C3=84?= <a@x.example>", "Ä", "a@x.example", 1 },
        { "undisclosed-recipients:;", NULL, NULL, 0 },
        { "g: a@x.example, b@x.example;, c@x.example", NULL, "a@x.example", 3 },
        /* ";" where there is no group */
        { "a@x.example; b@x.example;c@x.example;", NULL, "a@x.example", 3 },
        { "\"Doe; J: x\" <j@x.example>; b@[IPv6:2001:db8::1]; c@x.example",
          "Doe; J: x", "j@x.example", 3 },
        { "a@x.example (b; c: d); e@x.example", "b; c: d", "a@x.example",
          2 },
        { "a@x.example; g: b@x.example; c@x.example", NULL, "a@x.example", 3 },
        { "", NULL, NULL, 0 },
        { "((((", NULL, NULL, 0 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autoptr(GPtrArray) list = mime_addresses(table[i].text);

        g_test_message("%s", table[i].text);
        g_assert_cmpuint(list->len, ==, table[i].n);
        if (list->len > 0) {
            const MimeAddress *first = g_ptr_array_index(list, 0);

            g_assert_cmpstr(first->name, ==, table[i].name);
            g_assert_cmpstr(first->addr, ==, table[i].addr);
        }
    }
}

/* What is passed over in a list that is to be sent to is named. */
static void
test_addresses_strict(void)
{
    static const struct {
        const char *text, *unread;
    } table[] = {
        { " , a@x.example,, b@x.example;c@x.example,", NULL },
        { "\"Doe, J (x\" <j@x.example>, (c@d) b@x.example (e)", NULL },
        { "Doe, John <j@x.example>, =?utf-8?q?=C3=84?= <a@x.example>", NULL },
        { "g: a@x.example, b@x.example;, c@x.example", NULL },
        { "\"a b\"@x.example, b@[IPv6:2001:db8::1]", NULL },
        { "\"a@x.example\" <a@x.example>, 'b@x.example' <b@x.example>", NULL },
        { "a@x.example <a@x.example>, Foo @ Bar <a@x.example>", NULL },
        { "a@xn--e1afmkfd.xn--p1ai, \xc3\xa9 <a@x.example>", NULL },
        { "Ana <ana @ x.example>, a(c)@x.example, <@r.example:a@x.example>",
          NULL },
        { "undisclosed-recipients:;", NULL },
        { "bob", NULL }, /* of this machine */
        { "", NULL },
        { NULL, NULL },
        { "Ana Novak a@x.example, b@x.example", "“Ana Novak a@x.example”" },
        { "b@x.example, Ana Novak a@x.example", "“Ana Novak a@x.example”" },
        { "a@x.example foo bar", "“a@x.example foo bar”" },
        { "a@x.example b@x.example", "“a@x.example b@x.example”" },
        { "a@b@x.example", "“a@b@x.example”" },
        { "b@x.example, a..c@x.example, d@x.example", "“a..c@x.example”" },
        { "Ana [x] <a@x.example>, b@x.example", "“Ana [x] <a@x.example>”" },
        { "a@x.example/b@y.example", "“a@x.example/b@y.example”" },
        { "b@x.example, \"Ana\\\" <a@x.example>", "<a@x.example>”" },
        { "bob builder", "“bob builder”" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) list =
            mime_addresses_strict(table[i].text, &error);

        g_test_message("%s: %s", table[i].text, error ? error->message : "ok");
        g_assert_true((list == NULL) == (table[i].unread != NULL));
        if (error)
            g_assert_nonnull(strstr(error->message, table[i].unread));
    }
}

/* Of one that is longer than a field may be the end would be lost. */
static void
test_addresses_too_long(void)
{
    g_autoptr(GString) text = g_string_new("a@x.example");
    g_autoptr(GPtrArray) whole = NULL;
    g_autoptr(GError) error = NULL;

    for (int i = 0; i < 5000; i++)
        g_string_append_printf(text, ", Name %d <user%d@x.example>", i, i);
    whole = mime_addresses_strict(text->str, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(whole->len, ==, 5001);
    for (int i = 0; i < 5000; i++)
        g_string_append_printf(text, ", Name %d <user%d@x.example>", i, i);
    g_assert_null(mime_addresses_strict(text->str, &error));
    g_assert_true(err_is(error, ERR_USAGE));
}

static void
test_address_format(void)
{
    static const struct {
        const char *name, *addr, *want;
    } table[] = {
        { NULL, "a@x", "a@x" },
        { "", "a@x", "a@x" },
        { "Ana Novak", "a@x", "Ana Novak <a@x>" },
        { "Novak, Ana", "a@x", "\"Novak, Ana\" <a@x>" },
        { "a \"b\" \\c", "a@x", "\"a \\\"b\\\" \\\\c\" <a@x>" },
        { "Zoë", "a@x", "Zoë <a@x>" },
        { "x\r\nBcc: y@z", "a@x", "\"x  Bcc: y@z\" <a@x>" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *got =
            mime_address_format(table[i].name, table[i].addr);

        g_assert_cmpstr(got, ==, table[i].want);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    g_test_add_func("/mime/summary/table", test_table);
    g_test_add_func("/mime/summary/references", test_references);
    g_test_add_func("/mime/summary/references_limit", test_references_limit);
    g_test_add_func("/mime/summary/to", test_to_is_cut_at_an_address);
    g_test_add_func("/mime/address/parse", test_addresses);
    g_test_add_func("/mime/address/strict", test_addresses_strict);
    g_test_add_func("/mime/address/too-long", test_addresses_too_long);
    g_test_add_func("/mime/address/format", test_address_format);
    return g_test_run();
}
