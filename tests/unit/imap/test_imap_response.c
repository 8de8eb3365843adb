/* Untagged responses one by one: what they come to, and what is refused as
 * malformed without a crash (P28). */
#include "base/err.h"
#include "imap/limits.h"
#include "imap_feed.h"
#include "tell.h"

static GString *told; /* what the sink heard */

static bool
on_body(void *user, const char *section, guint64 size, GError **error)
{
    g_string_append_printf(told, "[%s %" G_GUINT64_FORMAT ":", section, size);
    return true;
}

static bool
on_bytes(void *user, const void *bytes, gsize size, GError **error)
{
    g_string_append_len(told, bytes, (gssize)size);
    return true;
}

static bool
on_message(void *user, const ImapMessage *message, GError **error)
{
    g_string_append_printf(
        told,
        "]%u uid=%u mod=%" G_GUINT64_FORMAT
        " flags=%d:%u:%s date=%" G_GINT64_FORMAT " size=%" G_GUINT64_FORMAT,
        message->seq, message->uid, message->modseq, message->has_flags,
        message->flags.system, message->flags.keywords, message->internaldate,
        message->size);
    return true;
}

static bool
on_vanished(void *user, const UidSet *uids, GError **error)
{
    g_autofree char *text = uidset_format(uids);

    g_string_append_printf(told, "vanished %s", text);
    return true;
}

static const ImapSink sink = { .body_begin = on_body,
                               .body_bytes = on_bytes,
                               .message = on_message,
                               .vanished = on_vanished };

/* One response; want NULL: malformed. */
static void
check_sink(const char *text, const char *want)
{
    ImapConn *conn = feed_conn(text);
    bool ok;

    told = g_string_new(NULL);
    conn->answers.sink = &sink;
    ok = feed_one(conn);
    tell(text);
    g_assert_cmpint(ok, ==, want != NULL);
    if (want)
        g_assert_cmpstr(told->str, ==, want);
    else
        g_assert_nonnull(conn->in.error);
    g_string_free(told, TRUE);
    imap_conn_close(conn);
}

static void
test_fetch(void)
{
    check_sink("* 1 FETCH (UID 7 FLAGS (\\Seen b a) MODSEQ (9) RFC822.SIZE 12 "
               "INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")\r\n",
               "]1 uid=7 mod=9 flags=1:4:a b date=837596665 size=12");
    check_sink("* 2 FETCH (BODY[] {5}\r\na\r\nbc UID 3)\r\n",
               "[ 5:a\r\nbc]2 uid=3 mod=0 flags=0:0: date=0 size=0");
    check_sink(
        "* 2 FETCH (UID 3 BODY[HEADER.FIELDS (DATE FROM)]<0> \"xy\")\r\n",
        "[HEADER.FIELDS (DATE FROM) 2:xy]2 uid=3 mod=0 flags=0:0: "
        "date=0 size=0");
    check_sink("* 2 FETCH (UID 3 BODY[] NIL)\r\n",
               "]2 uid=3 mod=0 flags=0:0: date=0 size=0");
    check_sink("* 2 fetch (uid 3 BODY (\"A\" {1}\r\nx NIL (1 2)) X-GM-MSGID 5 "
               "ENVELOPE (NIL \"s\"))\r\n",
               "]2 uid=3 mod=0 flags=0:0: date=0 size=0");
    /* dates that are none are not told */
    check_sink("* 1 FETCH (INTERNALDATE \"99-Jul-1996 02:44:25 +0000\")\r\n",
               "]1 uid=0 mod=0 flags=0:0: date=0 size=0");
    check_sink("* 1 FETCH (INTERNALDATE \"1-Jul-1996 02:44:25 "
               "+99999999999\")\r\n",
               "]1 uid=0 mod=0 flags=0:0: date=0 size=0");
    check_sink("* 1 FETCH (INTERNALDATE NIL)\r\n",
               "]1 uid=0 mod=0 flags=0:0: date=0 size=0");
}

static void
test_fetch_malformed(void)
{
    static const char *const lines[] = {
        "* 1 FETCH\r\n",
        "* 1 FETCH UID 7\r\n",
        "* 1 FETCH (UID x)\r\n",
        "* 1 FETCH (UID 4294967296)\r\n",
        "* 1 FETCH (UID 7\r\n",
        "* 1 FETCH (FLAGS \\Seen)\r\n",
        "* 1 FETCH (MODSEQ 9)\r\n",
        "* 1 FETCH (BODY[ {3}\r\nabc)\r\n",
        "* 1 FETCH (BODY[] {9}\r\nabc)\r\n",
        "* 1 FETCH (BODY[] {5000000000}\r\n",
        "* 1 FETCH (BODY[]<x> NIL)\r\n",
        "* 4294967296 FETCH (UID 7)\r\n",
        "* 1 WHAT\r\n",
        "* 1\r\n",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++)
        check_sink(lines[i], NULL);
}

static void
test_vanished(void)
{
    check_sink("* VANISHED 3:5,9\r\n", "vanished 3:5,9");
    check_sink("* VANISHED (EARLIER) 41,43:116\r\n", "vanished 41,43:116");
    check_sink("* VANISHED (EARLIER) 1:4294967295\r\n",
               "vanished 1:4294967295");
    check_sink("* VANISHED\r\n", NULL);
    check_sink("* VANISHED 0\r\n", NULL);
    check_sink("* VANISHED 1:*\r\n", NULL);
    check_sink("* VANISHED 1,,2\r\n", NULL);
    check_sink("* VANISHED (EARLIER) x\r\n", NULL);
}

static char *
describe(const ImapMailbox *mailbox)
{
    return g_strdup_printf("%s %c%s%s %s", mailbox->name,
                           mailbox->delimiter ? mailbox->delimiter : '-',
                           mailbox->no_select ? " noselect" : "",
                           mailbox->subscribed ? " subscribed" : "",
                           mailbox->special_use ? mailbox->special_use : "");
}

static void
free_mailbox(void *mailbox)
{
    imap_mailbox_free(mailbox);
}

static void
check_list(const char *text, const char *want)
{
    ImapConn *conn = feed_conn(text);
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(free_mailbox);
    bool ok;

    conn->answers.mailboxes = all;
    ok = feed_one(conn);
    g_test_message("%s", text);
    g_assert_cmpint(ok, ==, want != NULL);
    if (want) {
        g_autofree char *got = describe(all->pdata[0]);

        g_assert_cmpuint(all->len, ==, 1);
        g_assert_cmpstr(got, ==, want);
        g_assert_true(imap_decoder_at_end(&conn->in));
    }
    conn->answers.mailboxes = NULL;
    imap_conn_close(conn);
}

static void
test_list(void)
{
    check_list("* LIST () \"/\" INBOX\r\n", "INBOX / ");
    check_list("* LIST (\\Noselect \\HasChildren) \".\" \"a b\"\r\n",
               "a b . noselect ");
    check_list("* LIST (\\Sent \\Subscribed) NIL Entw&APw-rfe\r\n",
               "Entwürfe - subscribed \\Sent");
    check_list("* LIST () \"/\" [Gmail]/All\r\n", "[Gmail]/All / ");
    check_list("* LIST () \"\\\\\" {3}\r\na\\b\r\n", "a\\b \\ ");
    check_list("* LIST () \"/\" \"\"\r\n", " / ");
    check_list("* list (\\NonExistent) \"/\" x\r\n", "x / noselect ");
    /* extended items, their literals too, are no responses of their own */
    check_list("* LIST () \"/\" x (\"OLDNAME\" ({12}\r\n* BYE fooled))\r\n",
               "x / ");
    check_list("* LIST \"/\" x\r\n", NULL);
    check_list("* LIST ()\r\n", NULL);
    check_list("* LIST () \"/\"\r\n", NULL);
    check_list("* LIST (() \"/\" x\r\n", NULL);
}

static void
test_status(void)
{
    ImapConn *conn =
        feed_conn("* STATUS INBOX (MESSAGES 4 UIDNEXT 9 UIDVALIDITY 3 UNSEEN 1 "
                  "HIGHESTMODSEQ 77 X-NEW 5)\r\n"
                  "* STATUS INBOX (MESSAGES 99999999999)\r\n"
                  "* STATUS INBOX ()\r\n"
                  "* STATUS INBOX (MESSAGES x)\r\n");
    ImapMailbox status = { 0 };

    conn->answers.status = &status;
    g_assert_true(feed_one(conn));
    g_assert_true(status.have_status);
    g_assert_cmpuint(status.messages, ==, 4);
    g_assert_cmpuint(status.uidnext, ==, 9);
    g_assert_cmpuint(status.uidvalidity, ==, 3);
    g_assert_cmpuint(status.unseen, ==, 1);
    g_assert_cmpuint(status.modseq, ==, 77);
    g_assert_true(feed_one(conn));
    g_assert_cmpuint(status.messages, ==, G_MAXUINT32);
    g_assert_true(feed_one(conn));
    g_assert_false(feed_one(conn));
    conn->answers.status = NULL;
    imap_conn_close(conn);
}

static void
check_search(const char *text, const char *want)
{
    ImapConn *conn = feed_conn(text);
    g_autoptr(UidSet) found = uidset_create();
    bool ok;

    conn->answers.found = found;
    ok = feed_one(conn);
    g_test_message("%s", text);
    g_assert_cmpint(ok, ==, want != NULL);
    if (want) {
        g_autofree char *got = uidset_format(found);

        g_assert_cmpstr(got, ==, want);
    }
    imap_conn_close(conn);
}

static void
test_search(void)
{
    check_search("* SEARCH\r\n", "");
    check_search("* SEARCH 2 84 3\r\n", "2:3,84");
    check_search("* SEARCH 2 5 (MODSEQ 917162500)\r\n", "2,5");
    check_search("* SEARCH 0\r\n", NULL);
    check_search("* SEARCH x\r\n", NULL);
    check_search("* SEARCH 4294967296\r\n", NULL);
    check_search("* ESEARCH (TAG \"a1\") UID\r\n", "");
    check_search("* ESEARCH (TAG \"a1\") UID ALL 2,10:11\r\n", "2,10:11");
    check_search("* ESEARCH (TAG \"a1\") UID MIN 2 COUNT 3 ALL 2:4\r\n", "2:4");
    check_search("* ESEARCH (TAG \"a1\") UID ALL\r\n", NULL);
    check_search("* ESEARCH (TAG \"a1\") UID ALL 0\r\n", NULL);
}

static void
test_copyuid(void)
{
    static const struct {
        const char *text;
        int pairs; /* -1: malformed */
    } cases[] = {
        { "* OK [COPYUID 38505 304,319:320 3956:3958] done\r\n", 3 },
        { "* OK [COPYUID 38505 320:319 7:8]\r\n", 2 },
        { "* OK [COPYUID 38505 1:3 7:8] no\r\n", -1 },
        { "* OK [COPYUID 38505 1:* 7:8] no\r\n", -1 },
        { "* OK [COPYUID 38505 1] no\r\n", -1 },
        { "* OK [COPYUID x 1 1] no\r\n", -1 },
        { "* OK [COPYUID 38505 1 1\r\n", -1 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        ImapConn *conn = feed_conn(cases[i].text);
        g_auto(ImapCopied) copied = { 0, g_array_new(FALSE, FALSE, 4),
                                      g_array_new(FALSE, FALSE, 4) };
        bool ok;

        conn->answers.copied = &copied;
        ok = feed_one(conn);
        g_test_message("%s", cases[i].text);
        g_assert_cmpint(ok, ==, cases[i].pairs >= 0);
        if (ok) {
            g_assert_cmpuint(copied.uidvalidity, ==, 38505);
            g_assert_cmpint((int)copied.from->len, ==, cases[i].pairs);
            g_assert_cmpint((int)copied.to->len, ==, cases[i].pairs);
        }
        imap_conn_close(conn);
    }
}

static void
test_codes(void)
{
    ImapConn *conn = feed_conn("* OK [APPENDUID 5 6:7] ok\r\n"
                               "* OK [PERMANENTFLAGS (\\Seen \\* [x])] ok\r\n"
                               "* OK [UIDVALIDITY 4294967295] ok\r\n"
                               "* OK [UIDNEXT 8]\r\n"
                               "* OK [HIGHESTMODSEQ 715194045007] ok\r\n"
                               "* OK [READ-ONLY] ok\r\n"
                               "* OK [XNEW ( what ever {3}] text {5}\r\n"
                               "* 23 EXISTS\r\n"
                               "* 1 RECENT\r\n"
                               "* FLAGS (\\Seen x)\r\n"
                               "* OK no code {7}\r\n"
                               "* XUNKNOWN {2}\r\n)( [a b] \"q\" (1 (2))\r\n"
                               "* OK [UIDVALIDITY 4294967296] over\r\n");
    g_auto(ImapSelected) selected = { 0 };

    g_autoptr(GArray) appended = g_array_new(FALSE, FALSE, sizeof(guint32));

    conn->answers.selected = &selected;
    conn->answers.appended = appended;
    for (int i = 0; i < 12; i++)
        g_assert_true(feed_one(conn));
    g_assert_cmpuint(conn->answers.append_uidvalidity, ==, 5);
    g_assert_cmpuint(appended->len, ==, 2);
    g_assert_cmpuint(g_array_index(appended, guint32, 1), ==, 7);
    g_assert_true(selected.keywords_allowed);
    g_assert_cmpuint(g_strv_length(selected.permanent_flags), ==, 3);
    g_assert_cmpuint(selected.uidvalidity, ==, G_MAXUINT32);
    g_assert_cmpuint(selected.uidnext, ==, 8);
    g_assert_true(selected.modseq == G_GUINT64_CONSTANT(715194045007));
    g_assert_true(selected.read_only);
    g_assert_cmpuint(selected.exists, ==, 23);
    g_assert_false(feed_one(conn));
    imap_conn_close(conn);
}

/* A server that is far does not wait for us, nor what is urgent for more than
 * two FETCHes, or a second. */
static void
test_fetch_window(void)
{
    static const struct {
        gint64 round_trip, took;
        guint window;
    } cases[] = {
        { G_MAXINT64, 1000, 2 }, { 50000, 0, 2 },    { 200, 10, 2 },
        { 50000, 3000000, 2 },   { 50000, 500000, 2 }, { 50000, 250000, 4 },
        { 50000, 25000, 8 },     { 300000, 1, 8 },     { 5000, 300000, 3 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpuint(imap_fetch_window(cases[i].round_trip, cases[i].took),
                         ==, cases[i].window);
}

static gint64 now_at; /* µs */

static gint64
now_told(void)
{
    return now_at;
}

/* What is asked behind another is answered behind it too, and what was asked
 * before the last was may be answered at once: only the last tells. */
static void
test_round_trip(void)
{
    static const ImapClock clock = { now_told, net_wait };
    static const char answers[] = "a1 OK\r\na2 OK\r\na3 OK\r\na4 OK\r\n";
    ImapConn *conn = feed_conn("");
    int pair[2];

    net_stream_close(conn->stream);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    g_assert_cmpint(write(pair[1], answers, strlen(answers)), ==,
                    (gssize)strlen(answers));
    conn->stream = net_stream_of(pair[0], dup(pair[0]), "feed", NULL);
    imap_decoder_clear(&conn->in);
    imap_decoder_init(&conn->in, conn->stream, "imap.test");
    conn->clock = &clock;
    conn->round_trip = G_MAXINT64;
    now_at = 1000;
    for (guint tag = 1; tag <= 3; tag++) {
        imap_cmd_begin_behind(conn, "NOOP");
        g_assert_cmpuint(imap_cmd_end(conn), ==, tag);
        imap_cmd_send(conn);
    }
    for (guint tag = 1; tag <= 3; tag++) {
        g_assert_true(conn->round_trip == G_MAXINT64);
        now_at += 20;
        g_assert_true(imap_cmd_wait(conn, tag, NULL));
    }
    g_assert_cmpint((int)conn->round_trip, ==, 60);
    imap_cmd_begin(conn, "NOOP");
    imap_cmd_end(conn);
    imap_cmd_send(conn);
    now_at += 50;
    g_assert_true(imap_cmd_wait(conn, 4, NULL));
    g_assert_cmpint((int)conn->round_trip, ==, 50);
    imap_conn_close(conn);
    close(pair[1]);
}

static const char *const none_permanent[] = { NULL };
static const char *const some_permanent[] = { "\\seen", "\\Flagged", "Work",
                                              NULL };
static const char *const any_permanent[] = { "\\Answered", "\\Seen", "\\Draft",
                                             "\\Flagged", "\\*", NULL };

/* Not told: each may be changed (RFC 9051, section 7.1). */
static void
test_local_flags(void)
{
    const ImapOpened some = { .permanent_flags = some_permanent };
    const ImapOpened any = { .keywords_allowed = true };
    const ImapOpened untold = { .uidvalidity = 1 };

    g_assert_cmpuint(imap_flags_local(NULL), ==, 0);
    g_assert_cmpuint(imap_flags_local(none_permanent), ==, 0x3f);
    g_assert_cmpuint(imap_flags_local(some_permanent), ==,
                     0x3f & ~(1 << 2 | 1 << 5));
    g_assert_cmpuint(imap_flags_local(any_permanent), ==, 1 << 3);
    g_assert_true(imap_keeps_keyword(&some, "work"));
    g_assert_false(imap_keeps_keyword(&some, "todo"));
    g_assert_false(imap_keeps_keyword(&untold, "todo"));
    g_assert_true(imap_keeps_keyword(&any, "todo"));
    g_assert_cmpstr(imap_flag_name(1 << 2), ==, "\\Seen");
}

/* More keywords than IMAP_FLAGS are no reason to leave a mailbox: those behind
 * are left out, and one that is too long (P30, P31). */
static void
test_permanent_flags(void)
{
    for (int more = -1; more <= 1; more++) {
        g_autoptr(GString) line = g_string_new("* OK [PERMANENTFLAGS (");
        g_autofree char *longest = g_strnfill(IMAP_FLAG_BYTES + 1, 'l');
        g_auto(ImapSelected) selected = { 0 };
        const char *const *flags;
        ImapConn *conn;

        g_string_append_printf(line, "%s k0", longest);
        for (int i = 1; i < IMAP_FLAGS + more; i++)
            g_string_append_printf(line, " k%d", i);
        g_string_append(line, " \\Seen \\*)] x\r\n* 7 EXISTS\r\n");
        conn = feed_conn(line->str);
        conn->answers.selected = &selected;
        g_assert_true(feed_one(conn));
        g_assert_true(feed_one(conn));
        g_assert_cmpuint(selected.exists, ==, 7);
        g_assert_true(selected.keywords_allowed);
        flags = (const char *const *)selected.permanent_flags;
        g_assert_cmpuint(g_strv_length(selected.permanent_flags), ==,
                         IMAP_FLAGS + MIN(more, 0) + 1);
        g_assert_true(g_strv_contains(flags, "\\Seen"));
        g_assert_true(g_strv_contains(flags, "k0"));
        imap_conn_close(conn);
    }
}

/* size octets for people: "xx…é". */
static char *
make_words(gsize size)
{
    g_autofree char *most = g_strnfill(size - 2, 'x');

    return g_strconcat(most, "\303\251", NULL);
}

/* IMAP_WORDS_BYTES of what a server says to people (P30); beyond it, whole
 * characters. */
static void
test_words(void)
{
    for (int more = -1; more <= 1; more++) {
        g_autofree char *words = make_words((gsize)(IMAP_WORDS_BYTES + more));
        g_autofree char *text = g_strdup_printf(
            "* OK [ALERT]%s\r\na1 NO %s\r\n* BYE %s\r\n", words, words, words);
        g_autofree char *want =
            more <= 0 ? g_strdup(words)
                      : g_strdup_printf("%.*s…", IMAP_WORDS_BYTES - 1, words);
        g_autofree char *no = g_strdup_printf("imap.test said NO %s", want);
        g_autoptr(GError) error = NULL;
        ImapConn *conn = feed_conn(text);

        conn->tag = 1;
        g_assert_false(imap_cmd_wait(conn, 1, &error));
        g_assert_cmpstr(error->message, ==, no);
        g_assert_cmpstr(conn->alert, ==, want);
        g_assert_true(feed_one(conn));
        g_assert_cmpstr(conn->bye_text, ==, want);
        imap_conn_close(conn);
    }
}

/* IMAP_CAPABILITIES, and one more (P30); the new list replaces the old. */
static void
test_capabilities(void)
{
    for (int more = 0; more <= 1; more++) {
        g_autoptr(GString) line = g_string_new("* CAPABILITY");
        ImapConn *conn;

        for (int i = 0; i < IMAP_CAPABILITIES + more; i++)
            g_string_append_printf(line, " c%d", i);
        g_string_append(line, "\r\n");
        conn = feed_conn(line->str);
        g_hash_table_add(conn->capabilities, g_strdup("OLD"));
        g_assert_cmpint(feed_one(conn), ==, more == 0);
        g_assert_true(imap_conn_can(conn, "C7"));
        g_assert_false(imap_conn_can(conn, "OLD"));
        imap_conn_close(conn);
    }
}

/* IMAP_PARTS parts of a message, and one more (P30). */
static void
test_parts(void)
{
    for (int more = 0; more < 2; more++) {
        g_autoptr(GString) line =
            g_string_new("* 1 FETCH (UID 7 BODYSTRUCTURE (");
        ImapConn *conn;

        for (int i = 1; i < IMAP_PARTS + more; i++)
            g_string_append(line, "(a b NIL NIL NIL c 1)");
        g_string_append(line, " \"mixed\"))\r\n");
        conn = feed_conn(line->str);
        g_assert_cmpint(feed_one(conn), ==, more == 0);
        imap_conn_close(conn);
    }
}

/* IMAP_PARTS_BYTES of what is said of them, and one more (P30, P32). */
static void
test_parts_bytes(void)
{
    static const char part[] = "Content-Type: a/b;\r\n a=\"\"\r\nc";
    static const char whole[] = "Content-Type: multipart/mixed\r\n";
    const gsize most = IMAP_PARTS_BYTES / 8 - strlen(part);

    for (gsize over = 0; over < 2; over++) {
        g_autoptr(GString) line =
            g_string_new("* 1 FETCH (UID 7 BODYSTRUCTURE (");
        ImapConn *conn;

        for (int i = 0; i < 8; i++) {
            gsize size = i > 0 ? most : most - strlen(whole) + over;
            g_autofree char *value = g_strnfill(size, 'v');

            g_string_append_printf(line,
                                   "(a b (a {%zu}\r\n%s) NIL NIL c 1)", size,
                                   value);
        }
        g_string_append(line, " \"mixed\"))\r\n");
        conn = feed_conn(line->str);
        g_assert_cmpint(feed_one(conn), ==, over == 0);
        imap_conn_close(conn);
    }
}

static ImapConn *
feed_list(GPtrArray *listed, const char *text)
{
    ImapConn *conn = feed_conn(text);

    conn->answers.mailboxes = listed;
    return conn;
}

static GPtrArray *
create_listed(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)imap_mailbox_free);
}

/* IMAP_NAME_BYTES, one less and one more (P30): it is left out, the others are
 * not (P31); and no news is told by it. */
static void
test_long_name(void)
{
    for (int more = -1; more <= 1; more++) {
        g_autofree char *name = g_strnfill(IMAP_NAME_BYTES + (gsize)more, 'n');
        g_autofree char *text =
            g_strdup_printf("* LIST () \"/\" %s\r\n* LIST () \"/\" INBOX\r\n",
                            name);
        g_autoptr(GPtrArray) listed = create_listed();
        g_autoptr(GPtrArray) news = NULL;
        ImapConn *conn = feed_list(listed, text);

        g_assert_true(feed_one(conn));
        g_assert_true(feed_one(conn));
        g_assert_cmpuint(listed->len, ==, more > 0 ? 1 : 2);
        imap_news_add(conn, name);
        news = imap_take_news(conn);
        g_assert_cmpstr(news->pdata[0], ==, more > 0 ? IMAP_NEWS_ANY : name);
        imap_conn_close(conn);
    }
}

/* So many names of one length, and one too many (P30, P32). */
static void
check_names(const char *name, int names)
{
    for (int more = 0; more < 2; more++) {
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(GPtrArray) listed = create_listed();
        ImapConn *conn;

        for (int i = 0; i < names; i++)
            g_string_append_printf(text, "* LIST () \"/\" %s\r\n", name);
        if (more)
            g_string_append(text, "* LIST () \"/\" n\r\n");
        conn = feed_list(listed, text->str);
        for (int i = 0; i < names; i++)
            g_assert_true(feed_one(conn));
        g_assert_false(feed_one(conn)); /* the end, or too many */
        g_assert_cmpint(more, ==,
                        strstr(conn->in.error->message, "too many") != NULL);
        imap_conn_close(conn);
    }
}

/* IMAP_LIST_BYTES. */
static void
test_list_bytes(void)
{
    enum { EACH = 512 };
    g_autofree char *name = g_strnfill(EACH, 'n');

    check_names(name, IMAP_LIST_BYTES / EACH);
}

/* IMAP_MAILBOXES. */
static void
test_list_many(void)
{
    check_names("n", IMAP_MAILBOXES);
}

/* IMAP_NEWS, one less and one more (P30): what is too much is not forgotten,
 * but told as a change of which is not known where it is. */
static void
test_many_news(void)
{
    for (int more = -1; more <= 1; more++) {
        ImapConn *conn = feed_conn("");
        g_autoptr(GPtrArray) news = NULL;
        g_autoptr(GPtrArray) later = NULL;
        bool any;

        for (int i = 0; i < IMAP_NEWS + more; i++) {
            g_autofree char *name = g_strdup_printf("n%d", i);

            imap_news_add(conn, name);
            imap_news_add(conn, name); /* is not told twice */
        }
        news = imap_take_news(conn);
        any = g_ptr_array_find_with_equal_func(news, IMAP_NEWS_ANY,
                                               g_str_equal, NULL);
        g_assert_cmpint(any, ==, more > 0);
        g_assert_cmpuint(news->len, <=, IMAP_NEWS);
        g_assert_true(more > 0 || (int)news->len == IMAP_NEWS + more);
        later = imap_take_news(conn);
        g_assert_cmpuint(later->len, ==, 0);
        imap_conn_close(conn);
    }
}

/* IMAP_SET_RANGES of UIDs in few words, and one more (P30, P32). */
static void
test_many_copied(void)
{
    for (int more = 0; more < 2; more++) {
        g_autofree char *text = g_strdup_printf(
            "* OK [COPYUID 5 1:%d 1:4294967295] ok\r\n"
            "* OK [APPENDUID 5 1:4294967295] ok\r\n",
            IMAP_SET_RANGES + more);
        g_autoptr(GArray) appended = g_array_new(FALSE, FALSE, 4);
        g_auto(ImapCopied) copied = { 0, g_array_new(FALSE, FALSE, 4),
                                      g_array_new(FALSE, FALSE, 4) };
        ImapConn *conn = feed_conn(text);

        conn->answers.copied = &copied;
        conn->answers.appended = appended;
        g_assert_cmpint(feed_one(conn), ==, more); /* of two sizes */
        g_assert_cmpuint(copied.to->len, ==, IMAP_SET_RANGES + 1);
        if (more) {
            g_assert_true(feed_one(conn));
            g_assert_cmpuint(appended->len, ==, IMAP_SET_RANGES + 1);
        }
        imap_conn_close(conn);
    }
}

static bool
take_preview(void *user, const ImapMessage *message, GError **error)
{
    *(gsize *)user = strlen(message->preview);
    return true;
}

/* A preview is a few words, whatever the server calls one (P32). */
static void
test_long_preview(void)
{
    g_autofree char *words = g_strnfill(IMAP_WORDS_BYTES + 1, 'w');
    g_autofree char *text = g_strdup_printf(
        "* 1 FETCH (UID 7 PREVIEW {%d}\r\n%s)\r\n", IMAP_WORDS_BYTES + 1,
        words);
    gsize size = 0;
    ImapSink taker = { .user = &size, .message = take_preview };
    ImapConn *conn = feed_conn(text);

    conn->answers.sink = &taker;
    g_assert_true(feed_one(conn));
    g_assert_cmpuint(size, ==, IMAP_WORDS_BYTES + strlen("…"));
    imap_conn_close(conn);
}

static void
test_parts_malformed(void)
{
    static const char *const bodies[] = {
        "",
        "NIL",
        "()",
        "(a)",
        "(a b NIL NIL NIL c x)",
        "((a b NIL NIL NIL c 1))",
        "(a b (c) NIL NIL d 1)",
        "(a b NIL NIL NIL c 1 NIL (x))",
        "(\"message\" \"rfc822\" NIL NIL NIL c 1 (NIL) NIL 1)",
    };
    g_autofree char *deep = g_strnfill(IMAP_LIST_DEPTH + 2, '(');
    g_autofree char *text =
        g_strdup_printf("* 1 FETCH (BODYSTRUCTURE %s)\r\n", deep);

    check_sink(text, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autofree char *line =
            g_strdup_printf("* 1 FETCH (BODYSTRUCTURE %s)\r\n", bodies[i]);

        check_sink(line, NULL);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/imap/response/fetch", test_fetch);
    g_test_add_func("/imap/response/fetch-malformed", test_fetch_malformed);
    g_test_add_func("/imap/response/vanished", test_vanished);
    g_test_add_func("/imap/response/list", test_list);
    g_test_add_func("/imap/response/status", test_status);
    g_test_add_func("/imap/response/search", test_search);
    g_test_add_func("/imap/response/copyuid", test_copyuid);
    g_test_add_func("/imap/response/codes", test_codes);
    g_test_add_func("/imap/response/parts-bytes", test_parts_bytes);
    g_test_add_func("/imap/response/long-name", test_long_name);
    g_test_add_func("/imap/response/list-bytes", test_list_bytes);
    g_test_add_func("/imap/response/list-many", test_list_many);
    g_test_add_func("/imap/response/many-news", test_many_news);
    g_test_add_func("/imap/response/many-copied", test_many_copied);
    g_test_add_func("/imap/response/long-preview", test_long_preview);
    g_test_add_func("/imap/fetch/window", test_fetch_window);
    g_test_add_func("/imap/command/round-trip", test_round_trip);
    g_test_add_func("/imap/response/local-flags", test_local_flags);
    g_test_add_func("/imap/response/permanent-flags", test_permanent_flags);
    g_test_add_func("/imap/response/words", test_words);
    g_test_add_func("/imap/response/parts", test_parts);
    g_test_add_func("/imap/response/parts-malformed", test_parts_malformed);
    g_test_add_func("/imap/response/capabilities", test_capabilities);
    return g_test_run();
}
