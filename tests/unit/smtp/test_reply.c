/* Replies as lines, fed one by one: what they come to, and what is refused. */
#include "base/err.h"
#include "smtp_reply.h"

#include <string.h>

typedef struct {
    const char *lines; /* separated by \n */
    int code;          /* 0: ERR_PROTOCOL */
    const char *enhanced;
    const char *text;
    bool incomplete;
} ReplyCase;

static const ReplyCase cases[] = {
    { "250 ok", 250, NULL, "ok" },
    { "250 ok\r", 250, NULL, "ok" },
    { "250", 250, NULL, "" },
    { "250 ", 250, NULL, "" },
    { "250-one\n250 two", 250, NULL, "one two" },
    { "250-2.1.0 one\n250 2.1.0 two", 250, "2.1.0", "one two" },
    { "550 5.1.1 no such user", 550, "5.1.1", "no such user" },
    { "550-5.7.26 you\n550-5.7.26 are\n550 5.7.26 nobody", 550, "5.7.26",
      "you are nobody" },
    { "354 go on", 354, NULL, "go on" },
    { "421 4.7.0 later", 421, "4.7.0", "later" },
    /* an enhanced code of another class is text */
    { "250 5.1.1 strange", 250, NULL, "5.1.1 strange" },
    { "550 5.1 odd", 550, NULL, "5.1 odd" },
    { "550 5.1.1x odd", 550, NULL, "5.1.1x odd" },
    { "550 5.1111.1 odd", 550, NULL, "5.1111.1 odd" },
    /* whatever a server says reaches no terminal (P59) */
    { "550 a\033[2Jb", 550, NULL, "a\357\277\275[2Jb" },
    { "250-first", 250, NULL, "first", true },
    /* refused (P9) */
    { "250-ok\n550 no", 0 },
    { "250-ok\n251 ok", 0 },
    { "25", 0 },
    { "", 0 },
    { "hello", 0 },
    { "2500 ok", 0 },
    { "150 ok", 0 },
    { "260 ok", 0 },
    { "650 ok", 0 },
    { "250ok", 0 },
    { "250\tok", 0 },
    { " 250 ok", 0 },
    { "250-ok\n ok", 0 },
};

static void
test_cases(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const ReplyCase *c = &cases[i];
        g_auto(GStrv) lines = g_strsplit(c->lines, "\n", -1);
        g_auto(SmtpReply) reply = { 0 };
        SmtpReplyReader reader = { .reply = &reply };
        g_autoptr(GError) error = NULL;
        bool ok = true;

        g_test_message("%s", c->lines);
        if (lines[0] == NULL)
            ok = smtp_reply_add_line(&reader, "", 0, &error);
        for (char **line = lines; ok && *line; line++)
            ok = smtp_reply_add_line(&reader, *line, strlen(*line), &error);
        g_assert_cmpint(ok, ==, c->code != 0);
        if (!ok) {
            g_assert_true(err_is(error, ERR_PROTOCOL));
            continue;
        }
        g_assert_cmpint(reply.code, ==, c->code);
        g_assert_cmpstr(reply.enhanced, ==, c->enhanced);
        g_assert_cmpstr(reply.text, ==, c->text);
        g_assert_cmpint(reader.complete, ==, !c->incomplete);
    }
}

static void
test_nul(void)
{
    g_auto(SmtpReply) reply = { 0 };
    SmtpReplyReader reader = { .reply = &reply };

    g_assert_false(smtp_reply_add_line(&reader, "250 a\0b", 7, NULL));
}

/* The limits, just below and just above (P30). */
static void
test_limits(void)
{
    g_auto(SmtpReply) reply = { 0 };
    SmtpReplyReader reader = { .reply = &reply };
    g_autofree char *line = g_strnfill(4000, 'x');

    memcpy(line, "250-", 4);
    for (int i = 0; i < SMTP_REPLY_LINES; i++)
        g_assert_true(smtp_reply_add_line(&reader, line, 4000, NULL));
    g_assert_cmpuint(strlen(reply.text), <, SMTP_REPLY_TEXT + 4096);
    g_assert_false(smtp_reply_add_line(&reader, line, 4000, NULL));
}

static void
test_lines(void)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_auto(SmtpReply) reply = { 0 };
    SmtpReplyReader reader = { .reply = &reply, .lines = lines };

    g_assert_true(smtp_reply_add_line(&reader, "250-me", 6, NULL));
    g_assert_true(smtp_reply_add_line(&reader, "250 SIZE 10\r", 12, NULL));
    g_assert_cmpuint(lines->len, ==, 2);
    g_assert_cmpstr(lines->pdata[1], ==, "SIZE 10");
}

static const char *
explain(int code, const char *enhanced)
{
    SmtpReply reply = { .code = code, .enhanced = (char *)enhanced };

    return smtp_reply_explain(&reply);
}

/* Every code of RFC 3463 has a sentence of its own: none is that of the whole
 * subject, but for the "other" code. */
static void
test_every_code(void)
{
    static const int details[] = { 0, 8, 4, 5, 7, 5, 5, 7 };

    for (int subject = 1; subject < (int)G_N_ELEMENTS(details); subject++) {
        g_autofree char *unknown = g_strdup_printf("5.%d.999", subject);
        const char *rest = explain(550, unknown);

        for (int detail = 1; detail <= details[subject]; detail++) {
            g_autofree char *code = g_strdup_printf("5.%d.%d", subject, detail);
            const char *text = explain(550, code);

            g_assert_cmpstr(text, !=, rest);
            g_assert_true(g_str_has_suffix(text, "."));
            g_assert_cmpint(strcspn(text, "."), ==, strlen(text) - 1);
        }
    }
}

static void
test_explain(void)
{
    g_assert_cmpstr(explain(550, "5.1.1"), ==,
                    "There is no such mailbox at that domain.");
    g_assert_cmpstr(explain(550, "5.1.99"), ==,
                    "Something is wrong with the address.");
    g_assert_cmpstr(explain(550, "5.1.10"), ==,
                    "That domain says that it takes no mail at all.");
    g_assert_cmpstr(explain(452, "4.2.2"), ==, "The mailbox is full.");
    g_assert_cmpstr(explain(535, NULL), ==,
                    "The user name or the password is wrong.");
    g_assert_cmpstr(explain(599, "5.9.9"), ==, "The server refuses.");
    g_assert_cmpstr(explain(0, NULL), ==, "The server did not answer.");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/smtp/reply/cases", test_cases);
    g_test_add_func("/smtp/reply/nul", test_nul);
    g_test_add_func("/smtp/reply/limits", test_limits);
    g_test_add_func("/smtp/reply/lines", test_lines);
    g_test_add_func("/smtp/reply/explain", test_explain);
    g_test_add_func("/smtp/reply/every_code", test_every_code);
    return g_test_run();
}
