/* The decoder: listings and messages, cut at every byte, one byte at a time,
 * at and beyond every limit, and in every wrong form. */
#include "base/err.h"
#include "pop3/limits.h"
#include "pop3_private.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int other_end = -1; /* takes what is said to the server */

/* A stream that gives text in two packets cut at cut, in packets of one byte
 * when cut is -1, and then its end. */
static NetStream *
feed(const char *text, gsize size, gssize cut)
{
    int pair[2];
    gsize at = 0;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), ==, 0);
    while (at < size) {
        gsize here = cut < 0 ? 1 : at < (gsize)cut ? (gsize)cut : size - at;

        g_assert_cmpint(send(pair[1], text + at, here, MSG_NOSIGNAL), ==,
                        (gssize)here);
        at += here;
    }
    shutdown(pair[1], SHUT_WR);
    if (other_end >= 0)
        close(other_end);
    other_end = pair[1];
    return net_stream_of(pair[0], dup(pair[0]), "feed", NULL);
}

/* Each answer in a packet, so that none is there before its question. */
static NetStream *
feed_lines(const char *text)
{
    int pair[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), ==, 0);
    while (*text) {
        const char *next = strstr(text + 1, "+OK");
        gsize size = next ? (gsize)(next - text) : strlen(text);

        g_assert_cmpint(send(pair[1], text, size, MSG_NOSIGNAL | MSG_DONTWAIT),
                        ==, (gssize)size);
        text += size;
    }
    shutdown(pair[1], SHUT_WR);
    if (other_end >= 0)
        close(other_end);
    other_end = pair[1];
    return net_stream_of(pair[0], dup(pair[0]), "feed", NULL);
}

/* A connection that has logged in, in front of the text. */
static Pop3Conn *
feed_conn(const char *text, gsize size, gssize cut)
{
    Pop3Conn *conn = g_new0(Pop3Conn, 1);

    conn->params.net.host = g_strdup("pop.test");
    conn->capabilities =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    conn->stream = feed(text, size, cut);
    pop3_decoder_init(&conn->in, conn->stream, "pop.test");
    return conn;
}

static bool
keep(void *user, const void *bytes, gsize size, GError **error)
{
    g_string_append_len(user, bytes, (gssize)size);
    return true;
}

/* What a message is on the wire, and as it is stored; NULL: it never ends. */
static const struct {
    const char *wire;
    const char *stored;
} bodies[] = {
    { "a\r\nb\r\n.\r\n", "a\r\nb\r\n" },
    { ".\r\n", "" },
    { "\r\n.\r\n", "\r\n" },
    { "..\r\n.\r\n", ".\r\n" },
    { "...\r\n..a\r\n.\r\n", "..\r\n.a\r\n" },
    { ".a\r\n.\r\n", "a\r\n" }, /* a dot that nobody stuffed */
    { "a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n" },
    { "a.\r\nb\r\n.\r\n", "a.\r\nb\r\n" },
    { "a\nb\n.\n", "a\nb\n" }, /* a server that ends lines with LF */
    { "a\r\n.\nb\r\n.\r\n", "a\r\n\nb\r\n" }, /* … but not in between */
    { "a\nb\r\n.\r\n", "a\nb\r\n" },
    { "a\r\r\n.\r\n", "a\r\r\n" },
    { "a\r\n.\r\r\n.\r\n", "a\r\n\r\r\n" },
    { "\0x\r\n.\r\n", "" }, /* set apart below */
    { "a\r\nb", NULL },
    { "a\r\n.", NULL },
    { "a\r\n.\r", NULL },
    { "a.\r\n", NULL },
};

static void
check_body(const char *wire, gsize size, const char *stored, gsize stored_size,
           gssize cut)
{
    g_autoptr(Pop3Conn) conn = feed_conn(wire, size, cut);
    g_autoptr(GString) got = g_string_new(NULL);

    pop3_decoder_stream(&conn->in, 1000, keep, got);
    g_assert_cmpint(pop3_decoder_ok(&conn->in), ==, stored != NULL);
    if (stored == NULL) {
        g_assert_true(err_is(conn->in.error, ERR_RETRY));
        return;
    }
    g_assert_cmpmem(got->str, got->len, stored, stored_size);
    g_assert_false(net_has_unread(conn->stream));
}

static void
test_bodies(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
        const char *wire = bodies[i].wire;
        const char *stored = bodies[i].stored;
        gsize size = strlen(wire);

        if (size == 0) { /* the one with a NUL */
            size = 7;
            stored = wire;
        }
        g_test_message("%zu", i);
        for (gssize cut = -1; cut < (gssize)size; cut++)
            if (cut != 0)
                check_body(wire, size, stored,
                           stored == wire ? 4
                           : stored       ? strlen(stored)
                                          : 0,
                           cut);
    }
}

/* What follows a message belongs to the next answer. */
static void
test_followed(void)
{
    static const char wire[] = "a\r\n.\r\n+OK\r\n..\r\n.\r\n";

    for (gssize cut = -1; cut < (gssize)sizeof wire - 1; cut++) {
        g_autoptr(Pop3Conn) conn = NULL;
        g_autoptr(GString) got = g_string_new(NULL);

        if (cut == 0)
            continue;
        conn = feed_conn(wire, sizeof wire - 1, cut);
        pop3_decoder_stream(&conn->in, 100, keep, got);
        g_assert_true(pop3_decoder_next(&conn->in));
        g_assert_true(pop3_decoder_try_word(&conn->in, "+OK"));
        pop3_decoder_stream(&conn->in, 100, keep, got);
        g_assert_true(pop3_decoder_ok(&conn->in));
        g_assert_cmpstr(got->str, ==, "a\r\n.\r\n");
    }
}

/* P28, P30: the limit itself passes, one byte more does not. */
static void
test_size_limit(void)
{
    static const char wire[] = "abcdefgh\r\n.\r\n";

    for (guint64 limit = 9; limit <= 11; limit++) {
        g_autoptr(Pop3Conn) conn = feed_conn(wire, sizeof wire - 1, 4);
        g_autoptr(GString) got = g_string_new(NULL);

        pop3_decoder_stream(&conn->in, limit, keep, got);
        g_assert_cmpint(pop3_decoder_ok(&conn->in), ==, limit >= 10);
        g_assert_cmpint(got->len, <=, limit);
        if (limit < 10)
            g_assert_nonnull(strstr(conn->in.error->message, "limit"));
    }
}

static void
test_line_limit(void)
{
    for (int more = -1; more <= 1; more++) {
        g_autofree char *text = g_strnfill(POP3_LINE_BYTES + more, 'x');
        g_autofree char *line = g_strconcat(text, "\r\n", NULL);
        g_autoptr(Pop3Conn) conn =
            feed_conn(line, strlen(line), (gssize)strlen(line));

        g_assert_cmpint(pop3_decoder_next(&conn->in), ==, more <= 0);
        g_assert_cmpint(err_is(conn->in.error, ERR_PROTOCOL), ==, more > 0);
    }
}

static const struct {
    bool uidl;
    const char *wire;
    const char *listed; /* NULL: broken */
} lists[] = {
    { false, "+OK\r\n.\r\n", "" },
    { false, "+OK 2 messages\r\n1 120\r\n2 200\r\n.\r\n", "1:120 2:200 " },
    { false, "+ok\r\n1 120 and more\r\n.\r\n", "1:120 " },
    { false, "+OK\r\n1\r\n.\r\n", NULL },
    { false, "+OK\r\n1 x\r\n.\r\n", NULL },
    { false, "+OK\r\n0 5\r\n.\r\n", NULL },
    { false, "+OK\r\n-1 5\r\n.\r\n", NULL },
    { false, "+OK\r\n4294967297 5\r\n.\r\n", NULL },
    { false, "+OK\r\n1 99999999999999999999999\r\n.\r\n", NULL },
    { false, "+OK\r\n\r\n.\r\n", NULL },
    { false, "+OK\r\n1 5\r\n", NULL },
    { false, "OK\r\n1 5\r\n.\r\n", NULL },
    { true, "+OK\r\n1 whqtswO00WBw418f9t5JxYwZ\r\n2 ../../x\r\n.\r\n",
      "1=whqtswO00WBw418f9t5JxYwZ 2=../../x " },
    { true, "+OK\r\n1 a\r\n2 a\r\n.\r\n", "1=a 2=a " },
    { true, "+OK\r\n1 ..\r\n.\r\n", "1=.. " },
    { true, "+OK\r\n..1 a\r\n.\r\n", NULL },
    { true, "+OK\r\n1\r\n.\r\n", "1=sha256:e3b0c442… " },
    { true, "+OK\r\n1 a b\r\n.\r\n", "1=sha256:c8687a08… " },
    { true, "+OK\r\n1 \x1b[31m\r\n.\r\n", "1=sha256:83a73878… " },
};

static char *
list_text(GArray *all)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < all->len; i++) {
        const Pop3Message *message = &g_array_index(all, Pop3Message, i);

        if (message->uidl == NULL)
            g_string_append_printf(text, "%u:%" G_GUINT64_FORMAT " ",
                                   message->number, message->octets);
        else if (g_str_has_prefix(message->uidl, "sha256:"))
            g_string_append_printf(text, "%u=%.15s… ", message->number,
                                   message->uidl);
        else
            g_string_append_printf(text, "%u=%s ", message->number,
                                   message->uidl);
    }
    return g_string_free(text, FALSE);
}

static void
test_lists(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++) {
        gsize size = strlen(lists[i].wire);

        for (gssize cut = -1; cut < (gssize)size; cut++) {
            g_autoptr(Pop3Conn) conn = NULL;
            g_autoptr(GArray) all = NULL;
            g_autofree char *text = NULL;

            if (cut == 0)
                continue;
            conn = feed_conn(lists[i].wire, size, cut);
            all = lists[i].uidl ? pop3_uidl(conn, NULL) : pop3_list(conn, NULL);
            text = all ? list_text(all) : NULL;
            g_assert_cmpstr(text, ==, lists[i].listed);
        }
    }
}

/* P55: over 70 characters a unique id is known by its hash. */
static void
test_uidl_limit(void)
{
    for (int more = -1; more <= 1; more++) {
        g_autofree char *uidl = g_strnfill(POP3_UIDL_BYTES + more, 'u');
        g_autofree char *wire = g_strdup_printf("+OK\r\n1 %s\r\n.\r\n", uidl);
        g_autoptr(Pop3Conn) conn =
            feed_conn(wire, strlen(wire), (gssize)strlen(wire));
        g_autoptr(GArray) all = pop3_uidl(conn, NULL);
        const char *got;

        g_assert_nonnull(all);
        got = g_array_index(all, Pop3Message, 0).uidl;
        g_assert_cmpint(strcmp(got, uidl) == 0, ==, more <= 0);
        g_assert_cmpint(g_str_has_prefix(got, "sha256:"), ==, more > 0);
    }
}

/* What is too long for a packet comes from a thread. */

typedef struct {
    GString *text;
    int fd;
} Writer;

static void *
write_all(void *data)
{
    Writer *writer = data;
    gsize at = 0;

    while (at < writer->text->len) {
        gssize wrote = send(writer->fd, writer->text->str + at,
                            writer->text->len - at, MSG_NOSIGNAL);

        if (wrote <= 0)
            break;
        at += (gsize)wrote;
    }
    shutdown(writer->fd, SHUT_WR);
    return NULL;
}

/* call() on a connection that gets all of text. */
static void
with_long(GString *text, void (*call)(Pop3Conn *conn, int more), int more)
{
    Writer writer = { .text = text };
    Pop3Conn *conn = feed_conn("", 0, -1);
    GThread *thread;
    int pair[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    writer.fd = pair[1];
    net_stream_close(conn->stream);
    conn->stream = net_stream_of(pair[0], dup(pair[0]), "long", NULL);
    conn->in.stream = conn->stream;
    thread = g_thread_new("writer", write_all, &writer);
    call(conn, more);
    pop3_conn_close(conn);
    g_thread_join(thread);
    close(pair[1]);
}

static void
list_many(Pop3Conn *conn, int more)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) all = pop3_uidl(conn, &error);

    g_assert_cmpint(all != NULL, ==, more <= 0);
    if (all)
        g_assert_cmpint((int)all->len, ==, POP3_MESSAGES + more);
    else
        g_assert_nonnull(strstr(error->message, "too many messages"));
}

/* P30, P31, P32 */
static void
test_messages_limit(void)
{
    for (int more = -1; more <= 1; more++) {
        g_autoptr(GString) text = g_string_new("+OK\r\n");

        for (int i = 1; i <= POP3_MESSAGES + more; i++)
            g_string_append(text, "7 u\r\n");
        g_string_append(text, ".\r\n");
        with_long(text, list_many, more);
    }
}

static bool
on_begin(void *user, guint number, GError **error)
{
    return true;
}

static bool
on_bytes(void *user, const void *bytes, gsize size, GError **error)
{
    *(gsize *)user += size;
    return true;
}

static bool
on_refused(void *user, guint number, const char *words, GError **error)
{
    return err_set(error, ERR_LOCAL, "not refused");
}

/* A longer header is cut, and the session goes on. */
static void
top_long(Pop3Conn *conn, int more)
{
    static const guint one = 1;
    gsize size = 0;
    Pop3Sink sink = { &size, on_begin, on_bytes, on_begin, on_refused, NULL };
    g_autoptr(GError) error = NULL;

    pop3_top(conn, &one, 1, &sink, &error);
    g_assert_no_error(error);
    g_assert_cmpint((int)size, ==, POP3_HEADER_BYTES + MIN(more, 0));
    g_assert_true(pop3_decoder_next(&conn->in));
    g_assert_true(pop3_decoder_try_word(&conn->in, "+OK"));
}

static void
test_header_limit(void)
{
    for (int more = -1; more <= 1; more++) {
        g_autoptr(GString) text = g_string_new("+OK\r\n");
        g_autofree char *header =
            g_strnfill((gsize)(POP3_HEADER_BYTES + more - 2), 'h');

        g_string_append_printf(text, "%s\r\n.\r\n+OK\r\n", header);
        with_long(text, top_long, more);
    }
}

static void
test_capabilities_limit(void)
{
    for (int more = -1; more <= 1; more++) {
        g_autoptr(GString) text = g_string_new("+OK hello\r\n+OK\r\n");
        g_autoptr(GError) error = NULL;
        Pop3Params params = {
            .net = { .host = (char *)"pop.test", .security = NET_PLAIN },
            .sasl = { .user = (char *)"ana", .password = (char *)"x" }
        };
        g_autoptr(Pop3Conn) conn = NULL;

        g_string_append(text, "USER\r\nTOP\r\nUIDL\r\n");
        for (int i = 3; i < POP3_CAPABILITIES + more; i++)
            g_string_append(text, "X\r\n");
        g_string_append(text, ".\r\n+OK\r\n+OK\r\n");
        conn =
            pop3_conn_start(feed_lines(text->str), &params, NULL, NULL, &error);
        g_assert_cmpint(conn != NULL, ==, more <= 0);
        if (error)
            g_assert_nonnull(strstr(error->message, "too many capabilities"));
    }
}

/* The first failure sticks: nothing is read behind it, nothing is said. */
static void
test_sticky(void)
{
    static const char wire[] = "nonsense\r\n+OK\r\n+OK\r\n";
    g_autoptr(Pop3Conn) conn = feed_conn(wire, sizeof wire - 1, 3);
    g_autoptr(GError) error = NULL;

    g_assert_false(pop3_conn_status(conn, &error));
    g_assert_true(err_is(error, ERR_PROTOCOL));
    g_clear_error(&error);
    g_assert_false(pop3_conn_status(conn, &error));
    g_assert_true(err_is(error, ERR_PROTOCOL));
    g_clear_error(&error);
    g_assert_false(pop3_quit(conn, &error));
    g_assert_true(err_is(error, ERR_PROTOCOL));
}

/* P59: what a server says is shown only when it was made safe. */
static void
test_words(void)
{
    static const char wire[] = "-ERR \x1b[31mred\r\n-ERR\r\n";
    g_autoptr(Pop3Conn) conn = feed_conn(wire, sizeof wire - 1, 3);
    g_autoptr(GError) error = NULL;

    g_assert_false(pop3_conn_status(conn, &error));
    g_assert_true(err_is(error, ERR_REFUSED));
    g_assert_null(strchr(error->message, '\x1b'));
    g_assert_nonnull(strstr(error->message, "red"));
    g_clear_error(&error);
    g_assert_false(pop3_conn_status(conn, &error));
    g_assert_nonnull(strstr(error->message, "no reason"));
}

/* P58: no line end from outside becomes a command. */
static void
test_injection(void)
{
    g_autoptr(Pop3Conn) conn = feed_conn("", 0, -1);
    g_autoptr(GError) error = NULL;

    g_assert_false(pop3_conn_command(conn, &error, "USER %s", "a\r\nDELE 1"));
    g_assert_true(err_is(error, ERR_USAGE));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pop3/decoder/bodies", test_bodies);
    g_test_add_func("/pop3/decoder/followed", test_followed);
    g_test_add_func("/pop3/decoder/size-limit", test_size_limit);
    g_test_add_func("/pop3/decoder/line-limit", test_line_limit);
    g_test_add_func("/pop3/decoder/lists", test_lists);
    g_test_add_func("/pop3/decoder/uidl-limit", test_uidl_limit);
    g_test_add_func("/pop3/decoder/messages-limit", test_messages_limit);
    g_test_add_func("/pop3/decoder/header-limit", test_header_limit);
    g_test_add_func("/pop3/decoder/capabilities-limit",
                    test_capabilities_limit);
    g_test_add_func("/pop3/decoder/sticky", test_sticky);
    g_test_add_func("/pop3/decoder/words", test_words);
    g_test_add_func("/pop3/decoder/injection", test_injection);
    return g_test_run();
}
