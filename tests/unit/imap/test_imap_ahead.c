/* What a SELECT in front of a LIST tells is kept within bounds; the dialogues
 * are in tests/wire/imap/ahead*.txt. */
#include "imap_private.h"

#include <string.h>

enum {
    MANY = 20001
};

typedef struct {
    ImapConn conn;
    ImapSelected selected;
    bool taken;
    guint messages;
    guint64 vanished;
} Case;

static bool
on_message(void *user, const ImapMessage *message, GError **error)
{
    ((Case *)user)->messages++;
    return true;
}

static bool
on_vanished(void *user, const UidSet *uids, GError **error)
{
    ((Case *)user)->vanished += uidset_count(uids);
    return true;
}

static void
begin(Case *c)
{
    *c = (Case){ 0 };
    c->conn.ahead.mailbox = g_strdup("INBOX");
    imap_ahead_listen(&c->conn, &c->conn.answers);
}

static void
tell(Case *c, guint n, const char *keywords)
{
    const ImapSink *sink = c->conn.answers.sink;

    for (guint i = 0; i < n; i++) {
        ImapMessage message = { .uid = i + 1,
                                .has_flags = true,
                                .flags.keywords = keywords };

        g_assert_true(sink->message(sink->user, &message, NULL));
    }
}

static void
end(Case *c)
{
    const ImapSink sink = { .user = c,
                            .message = on_message,
                            .vanished = on_vanished };
    const ImapResync none = { 0 };

    imap_ahead_told(&c->conn, true);
    g_assert_true(imap_ahead_take(&c->conn, "INBOX", &none, &sink, &c->selected,
                                  &c->taken, NULL));
    imap_ahead_clear(&c->conn);
}

static void
test_messages(void)
{
    Case c;

    begin(&c);
    tell(&c, MANY - 1, "");
    end(&c);
    g_assert_true(c.taken);
    g_assert_cmpuint(c.messages, ==, MANY - 1);
    begin(&c);
    tell(&c, MANY, "");
    end(&c);
    g_assert_false(c.taken);
}

static void
test_words(void)
{
    g_autofree char *word = g_strnfill(1 << 20, 'w');
    Case c;

    begin(&c);
    tell(&c, 2, word);
    end(&c);
    g_assert_true(c.taken);
    begin(&c);
    tell(&c, 3, word);
    end(&c);
    g_assert_false(c.taken);
}

static void
test_vanished(void)
{
    g_autoptr(UidSet) uids = uidset_create();
    Case c;

    for (guint i = 0; i < MANY; i++)
        uidset_add(uids, 1 + 2 * i);
    begin(&c);
    c.conn.answers.sink->vanished(c.conn.answers.sink->user, uids, NULL);
    end(&c);
    g_assert_false(c.taken);
    uidset_add_range(uids, 1, 2 * MANY);
    begin(&c);
    c.conn.answers.sink->vanished(c.conn.answers.sink->user, uids, NULL);
    end(&c);
    g_assert_true(c.taken);
    g_assert_cmpuint(c.vanished, ==, 2 * MANY);
}

/* What was told before [CLOSED] is of the mailbox that is left. */
static void
test_closed(void)
{
    const ImapSink *sink;
    Case c;

    begin(&c);
    tell(&c, 3, "");
    sink = c.conn.answers.sink;
    sink->closed(sink->user);
    tell(&c, 1, "");
    end(&c);
    g_assert_true(c.taken);
    g_assert_cmpuint(c.messages, ==, 1);
}

/* Whoever moved the mark meanwhile, as another process may, is told anew. */
static void
test_another_mark(void)
{
    static const ImapResync marks[] = { { .uidvalidity = 3, .modseq = 51 },
                                        { .uidvalidity = 4, .modseq = 50 },
                                        { .uidvalidity = 3, .modseq = 50 } };

    for (gsize i = 0; i < G_N_ELEMENTS(marks); i++) {
        Case c;

        begin(&c);
        c.conn.ahead.resync = marks[2];
        imap_ahead_told(&c.conn, true);
        g_assert_true(imap_ahead_take(&c.conn, "INBOX", &marks[i], NULL,
                                      &c.selected, &c.taken, NULL));
        g_assert_cmpint(c.taken, ==, i == 2);
        imap_ahead_clear(&c.conn);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/imap_ahead/messages", test_messages);
    g_test_add_func("/imap_ahead/words", test_words);
    g_test_add_func("/imap_ahead/vanished", test_vanished);
    g_test_add_func("/imap_ahead/closed", test_closed);
    g_test_add_func("/imap_ahead/another-mark", test_another_mark);
    return g_test_run();
}
