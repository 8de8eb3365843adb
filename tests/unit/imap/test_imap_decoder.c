/* The pull decoder: whole and cut at every byte, limits at their value and one
 * above (P30), and what no server should say (P28). */
#include "base/err.h"
#include "imap/limits.h"
#include "imap_feed.h"
#include "tell.h"

typedef struct {
    GString *bytes;
    guint64 told;
} Streamed;

static bool
streamed_begin(void *user, guint64 size, GError **error)
{
    ((Streamed *)user)->told = size;
    return true;
}

static bool
streamed_bytes(void *user, const void *bytes, gsize size, GError **error)
{
    g_string_append_len(((Streamed *)user)->bytes, bytes, (gssize)size);
    return true;
}

static const char everything[] =
    "* word[1] \"q\\\"u\\\\o{3}\" {5}\r\nhel\r\n 42 NIL (a (b {1}\r\nc) \"\") "
    "{3}\r\n\0x} {0}\r\n!\r\nnext\r\n";

/* What stands in everything, read as a grammar would. */
static void
read_everything(NetStream *stream)
{
    ImapDecoder in;
    g_autofree char *atom = NULL;
    g_autofree char *quoted = NULL;
    g_autofree char *literal = NULL;
    g_autofree char *nil = NULL;
    g_autofree char *empty = NULL;
    Streamed streamed = { g_string_new(NULL), 0 };

    imap_decoder_init(&in, stream, "feed");
    g_assert_true(imap_decoder_next(&in));
    imap_decoder_expect(&in, '*');
    imap_decoder_expect(&in, ' ');
    atom = imap_decoder_atom(&in);
    g_assert_cmpstr(atom, ==, "word");
    imap_decoder_expect(&in, '[');
    g_assert_cmpuint(imap_decoder_number(&in), ==, 1);
    imap_decoder_expect(&in, ']');
    imap_decoder_expect(&in, ' ');
    quoted = imap_decoder_string(&in);
    g_assert_cmpstr(quoted, ==, "q\"u\\o{3}");
    imap_decoder_expect(&in, ' ');
    literal = imap_decoder_string(&in);
    g_assert_cmpstr(literal, ==, "hel\r\n");
    imap_decoder_expect(&in, ' ');
    g_assert_cmpuint(imap_decoder_number32(&in), ==, 42);
    imap_decoder_expect(&in, ' ');
    nil = imap_decoder_string(&in);
    g_assert_null(nil);
    imap_decoder_expect(&in, ' ');
    imap_decoder_skip(&in);
    imap_decoder_expect(&in, ' ');
    imap_decoder_stream(&in, streamed_begin, streamed_bytes, &streamed);
    g_assert_cmpuint(streamed.told, ==, 3);
    g_assert_cmpmem(streamed.bytes->str, streamed.bytes->len, "\0x}", 3);
    imap_decoder_expect(&in, ' ');
    empty = imap_decoder_string(&in);
    g_assert_cmpstr(empty, ==, "");
    g_assert_cmpstr(imap_decoder_rest(&in), ==, "!");
    g_assert_true(imap_decoder_at_end(&in));
    g_assert_true(imap_decoder_next(&in));
    g_assert_true(imap_decoder_try_word(&in, "NEXT"));
    g_assert_no_error(in.error);
    g_assert_false(imap_decoder_next(&in)); /* the end of the stream (P19) */
    g_assert_true(err_is(in.error, ERR_RETRY));
    g_string_free(streamed.bytes, TRUE);
    imap_decoder_clear(&in);
}

static void
test_splits(void)
{
    gsize size = sizeof everything - 1;

    for (gssize cut = -1; cut <= (gssize)size; cut++) {
        g_autoptr(NetStream) stream =
            feed_stream(everything, size, cut == 0 ? (gssize)size : cut);

        read_everything(stream);
    }
}

/* Cut short at any byte: an error, no hang, no crash (P19). */
static void
test_cut_short(void)
{
    for (gsize size = 0; size < sizeof everything - 7; size++) {
        g_autoptr(NetStream) stream =
            feed_stream(everything, size, (gssize)size);
        ImapDecoder in;

        imap_decoder_init(&in, stream, "feed");
        while (imap_decoder_next(&in))
            while (imap_decoder_ok(&in) && !imap_decoder_at_end(&in)) {
                imap_decoder_skip(&in);
                imap_decoder_try(&in, ' ');
            }
        g_assert_nonnull(in.error);
        imap_decoder_clear(&in);
    }
}

/* Skips every value of the line; NULL or the error. */
static GError *
skip_line(const char *text, gsize size)
{
    g_autoptr(NetStream) stream = feed_stream(text, size, (gssize)size);
    ImapDecoder in;
    GError *error;

    imap_decoder_init(&in, stream, "feed");
    imap_decoder_next(&in);
    while (imap_decoder_ok(&in) && !imap_decoder_at_end(&in)) {
        imap_decoder_skip(&in);
        imap_decoder_try(&in, ' ');
    }
    error = g_steal_pointer(&in.error);
    imap_decoder_clear(&in);
    return error;
}

static void
test_malformed(void)
{
    static const char *const lines[] = {
        "{4294967297}\r\n",           /* IMAP_LITERAL_BYTES + 1 */
        "{99999999999999999999}\r\n", /* over 64 bits */
        "{18446744073709551615}\r\n",
        "(a (b)\r\n",
        "a)\r\n",
        "\"open\r\n",
        "\"open\\\r\n",
        "\001\r\n",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autoptr(GError) error = skip_line(lines[i], strlen(lines[i]));

        tell(lines[i]);
        g_assert_true(err_is(error, ERR_PROTOCOL));
        g_assert_nonnull(strstr(error->message, "feed"));
    }
}

/* What only looks like a literal is text. */
static void
test_no_literal(void)
{
    static const char *const lines[] = { "{}\r\n",  "{x}\r\n", "{1x}\r\n",
                                         "{+}\r\n", "1}\r\n",  "{1+2}\r\n" };

    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autoptr(GError) error = skip_line(lines[i], strlen(lines[i]));

        g_assert_no_error(error);
    }
}

static void
test_nesting(void)
{
    for (int depth = IMAP_LIST_DEPTH; depth <= IMAP_LIST_DEPTH + 1; depth++) {
        g_autofree char *open = g_strnfill((gsize)depth, '(');
        g_autofree char *shut = g_strnfill((gsize)depth, ')');
        g_autofree char *line = g_strconcat(open, "x", shut, "\r\n", NULL);
        g_autoptr(GError) error = skip_line(line, strlen(line));

        g_assert_cmpint(error == NULL, ==, depth == IMAP_LIST_DEPTH);
    }
}

typedef struct {
    int fd;
    GBytes *bytes;
} Writer;

static void *
write_all(void *data)
{
    Writer *writer = data;
    gsize left;
    const char *at = g_bytes_get_data(writer->bytes, &left);

    while (left > 0) {
        gssize sent = send(writer->fd, at, left, MSG_NOSIGNAL);

        if (sent <= 0)
            break;
        at += sent;
        left -= (gsize)sent;
    }
    close(writer->fd);
    return NULL;
}

/* head, size times fill, tail: is it read as a string, or the error. */
static GError *
read_large(const char *head, gsize size, const char *tail)
{
    g_autofree char *middle = g_strnfill(size, 'x');
    char *all = g_strconcat(head, middle, tail, NULL);
    g_autoptr(GBytes) bytes = g_bytes_new_take(all, strlen(all));
    g_autoptr(NetStream) stream = NULL;
    g_autofree char *text = NULL;
    Writer writer = { 0, bytes };
    ImapDecoder in;
    GThread *thread;
    GError *error;
    int pair[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    writer.fd = pair[1];
    thread = g_thread_new("writer", write_all, &writer);
    stream = net_stream_of(pair[0], dup(pair[0]), "feed", NULL);
    imap_decoder_init(&in, stream, "feed");
    if (imap_decoder_next(&in))
        text = imap_decoder_string(&in);
    if (in.error == NULL)
        g_assert_cmpuint(strlen(text), ==, size);
    error = g_steal_pointer(&in.error);
    imap_decoder_clear(&in);
    g_clear_pointer(&stream, net_stream_close);
    g_thread_join(thread);
    return error;
}

/* IMAP_LINE_BYTES and IMAP_STRING_BYTES: at the limit, one above (P30, P31). */
static void
test_limits(void)
{
    for (gsize over = 0; over <= 1; over++) {
        g_autofree char *head =
            g_strdup_printf("{%d}\r\n", (int)(IMAP_STRING_BYTES + over));
        g_autoptr(GError) line = read_large("", IMAP_LINE_BYTES + over, "\r\n");
        g_autoptr(GError) string =
            read_large(head, IMAP_STRING_BYTES + over, "\r\n");

        g_assert_cmpint(line == NULL, ==, over == 0);
        g_assert_cmpint(string == NULL, ==, over == 0);
        g_assert_true(over == 0 || err_is(line, ERR_PROTOCOL));
        g_assert_true(over == 0 || err_is(string, ERR_PROTOCOL));
    }
}

/* A NUL would cut a name short: "INBOX\0x" is not INBOX. */
static void
test_nul(void)
{
    static const char quoted[] = "\"IN\0X\"\r\n";
    static const char literal[] = "{4}\r\nIN\0X\r\n";
    static const char *const texts[] = { quoted, literal };
    static const gsize sizes[] = { sizeof quoted - 1, sizeof literal - 1 };

    for (int i = 0; i < 2; i++) {
        g_autoptr(NetStream) stream =
            feed_stream(texts[i], sizes[i], (gssize)sizes[i]);
        g_autofree char *text = NULL;
        ImapDecoder in;

        imap_decoder_init(&in, stream, "feed");
        g_assert_true(imap_decoder_next(&in));
        text = imap_decoder_string(&in);
        g_assert_true(err_is(in.error, ERR_PROTOCOL));
        imap_decoder_clear(&in);
    }
}

/* The first failure stays; what follows gives empty values. */
static void
test_sticky(void)
{
    g_autoptr(NetStream) stream = feed_stream("x y\r\nz\r\n", 8, 8);
    g_autofree char *atom = NULL;
    g_autofree char *string = NULL;
    g_autofree char *first = NULL;
    ImapDecoder in;

    imap_decoder_init(&in, stream, "feed");
    g_assert_true(imap_decoder_next(&in));
    g_assert_cmpuint(imap_decoder_number(&in), ==, 0);
    first = g_strdup(in.error->message);
    atom = imap_decoder_atom(&in);
    string = imap_decoder_string(&in);
    imap_decoder_skip(&in);
    g_assert_cmpstr(atom, ==, "");
    g_assert_null(string);
    g_assert_false(imap_decoder_next(&in));
    g_assert_cmpstr(in.error->message, ==, first);
    imap_decoder_clear(&in);
}

static void
test_numbers(void)
{
    static const struct {
        const char *line;
        bool fits32, fits64;
    } cases[] = {
        { "4294967295\r\n", true, true },
        { "4294967296\r\n", false, true },
        { "9223372036854775807\r\n", false, true },
        { "9223372036854775808\r\n", false, false },
        { "99999999999999999999999\r\n", false, false },
        { "-1\r\n", false, false },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        for (int wide = 0; wide < 2; wide++) {
            gsize size = strlen(cases[i].line);
            g_autoptr(NetStream) stream =
                feed_stream(cases[i].line, size, (gssize)size);
            ImapDecoder in;

            imap_decoder_init(&in, stream, "feed");
            imap_decoder_next(&in);
            if (wide)
                imap_decoder_number(&in);
            else
                imap_decoder_number32(&in);
            g_assert_cmpint(imap_decoder_ok(&in), ==,
                            wide ? cases[i].fits64 : cases[i].fits32);
            imap_decoder_clear(&in);
        }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/imap/decoder/splits", test_splits);
    g_test_add_func("/imap/decoder/cut-short", test_cut_short);
    g_test_add_func("/imap/decoder/malformed", test_malformed);
    g_test_add_func("/imap/decoder/no-literal", test_no_literal);
    g_test_add_func("/imap/decoder/nesting", test_nesting);
    g_test_add_func("/imap/decoder/limits", test_limits);
    g_test_add_func("/imap/decoder/nul", test_nul);
    g_test_add_func("/imap/decoder/sticky", test_sticky);
    g_test_add_func("/imap/decoder/numbers", test_numbers);
    return g_test_run();
}
