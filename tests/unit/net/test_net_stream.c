/* Streams over sockets: lines and their limit, ends, cancelling, deadlines,
 * DEFLATE; and dialling on loopback. */
#include "base/err.h"
#include "base/log.h"
#include "net_private.h"
#include "shaky.h"

#include <arpa/inet.h>
#include <gio/gio.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static NetStream *
stream_of(int *peer, GCancellable *cancel)
{
    int pair[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    *peer = pair[1];
    return net_stream_of(pair[0], dup(pair[0]), "peer", cancel);
}

static void
say(int peer, const char *text)
{
    g_assert_cmpint(write(peer, text, strlen(text)), ==, (gssize)strlen(text));
}

static void
test_lines(void)
{
    int peer;
    g_autoptr(NetStream) stream = stream_of(&peer, NULL);
    g_autoptr(GError) error = NULL;
    gsize size = 0;

    say(peer, "one\r\ntwo\n\r\n\rx\r\r\nhalf");
    g_assert_cmpstr(net_read_line(stream, 9, 5, &size, NULL), ==, "one");
    g_assert_cmpuint(size, ==, 3);
    g_assert_true(net_has_unread(stream));
    g_assert_cmpstr(net_read_line(stream, 9, 5, &size, NULL), ==, "two");
    g_assert_cmpstr(net_read_line(stream, 9, 5, &size, NULL), ==, "");
    g_assert_cmpstr(net_read_line(stream, 9, 5, &size, NULL), ==, "\rx\r");
    close(peer);
    /* half a line is none (P9, P19) */
    g_assert_null(net_read_line(stream, 9, 5, &size, &error));
    g_assert_true(err_is(error, ERR_RETRY));
}

/* A line at its limit, and one octet longer (P30). */
static void
test_line_limit(void)
{
    for (gsize over = 0; over <= 1; over++) {
        int peer;
        g_autoptr(NetStream) stream = stream_of(&peer, NULL);
        g_autofree char *text = g_strnfill(1000 + over, 'x');
        g_autoptr(GError) error = NULL;

        say(peer, text);
        say(peer, "\r\n");
        g_assert_cmpint(net_read_line(stream, 1000, 5, NULL, &error) != NULL,
                        ==, over == 0);
        g_assert_true(over == 0 || err_is(error, ERR_PROTOCOL));
        close(peer);
    }
}

static bool
refuse(void *user, const void *bytes, gsize size, GError **error)
{
    return err_set(error, ERR_LOCAL, "full");
}

static bool
take(void *user, const void *bytes, gsize size, GError **error)
{
    g_string_append_len(user, bytes, (gssize)size);
    return true;
}

static void
test_exact(void)
{
    int peer;
    g_autoptr(NetStream) stream = stream_of(&peer, NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) full = NULL;
    g_autoptr(GError) cut = NULL;

    say(peer, "abcdef");
    g_assert_true(net_read_exact(stream, 0, refuse, NULL, NULL));
    g_assert_true(net_read_exact(stream, 4, take, text, NULL));
    g_assert_cmpstr(text->str, ==, "abcd");
    g_assert_false(net_read_exact(stream, 1, refuse, NULL, &full));
    g_assert_true(err_is(full, ERR_LOCAL));
    close(peer);
    g_assert_false(net_read_exact(stream, 10, take, text, &cut));
    g_assert_true(err_is(cut, ERR_RETRY));
}

/* A peer that says nothing is left when the time is over (P34). */
static void
test_deadline(void)
{
    int peer;
    g_autoptr(NetStream) stream = stream_of(&peer, NULL);
    g_autoptr(GError) error = NULL;
    gint64 begin = g_get_monotonic_time();

    g_assert_null(net_read_line(stream, 10, 1, NULL, &error));
    g_assert_true(err_is(error, ERR_RETRY));
    g_assert_cmpint(g_get_monotonic_time() - begin, >=, G_USEC_PER_SEC);
    close(peer);
}

static void *
cancel_soon(void *cancel)
{
    g_usleep(20000);
    g_cancellable_cancel(cancel);
    return NULL;
}

/* Waiting is left at once when cancelled (P35). */
static void
test_cancel(void)
{
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    int peer;
    g_autoptr(NetStream) stream = stream_of(&peer, cancel);
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) again = NULL;
    GThread *thread = g_thread_new("cancel", cancel_soon, cancel);

    g_assert_null(net_read_line(stream, 10, 500, NULL, &error));
    g_assert_true(err_is(error, ERR_CANCELLED));
    g_thread_join(thread);
    /* also where there is always something to read */
    say(peer, "line\r\n");
    g_assert_null(net_read_line(stream, 10, 500, NULL, &again));
    g_assert_true(err_is(again, ERR_CANCELLED));
    close(peer);
}

static void
test_wake(void)
{
    g_autoptr(GCancellable) wake = g_cancellable_new();
    int peer;
    g_autoptr(NetStream) stream = stream_of(&peer, NULL);
    GThread *thread = g_thread_new("wake", cancel_soon, wake);

    g_assert_cmpint(net_wait(stream, wake, 500, NULL), ==, 0);
    g_thread_join(thread);
    say(peer, "x");
    g_assert_cmpint(net_wait(stream, NULL, 500, NULL), ==, 1);
    close(peer);
}

/* A peer that is gone is an error and no signal (P41). */
static void
test_gone(void)
{
    int peer;
    g_autoptr(NetStream) stream = stream_of(&peer, NULL);
    g_autoptr(GError) error = NULL;

    close(peer);
    net_write(stream, "x", 1, NULL);
    g_assert_false(net_flush(stream, &error));
    g_assert_true(err_is(error, ERR_RETRY));
}

static void
look_for_secret(const LogLine *line, void *user)
{
    g_assert_null(strstr(line->text, "hunter2"));
    *(int *)user += strstr(line->text, "C: ") != NULL;
}

/* What is hidden is not in the log (P53), and only that. */
static void
test_transcript(void)
{
    int peer, seen = 0;
    g_autoptr(NetStream) stream = stream_of(&peer, NULL);

    net_transcript(stream, "peer");
    net_write(stream, "LOGIN ana hunter2\r\n", 19, NULL);
    net_transcript_hide(stream);
    g_assert_true(net_flush(stream, NULL));
    net_write(stream, "NOOP\r\n", 6, NULL);
    g_assert_true(net_flush(stream, NULL));
    log_each(look_for_secret, &seen);
    g_assert_cmpint(seen, ==, 2);
    close(peer);
}

/* Both ends compress: what goes in comes out, also what was read already. */
static void
test_deflate(void)
{
    int pair[2];
    g_autoptr(NetStream) one = NULL;
    g_autoptr(NetStream) two = NULL;
    g_autofree char *line = g_strnfill(50000, 'x');
    g_autofree char *sent = NULL;
    g_autoptr(GRand) random = g_rand_new_with_seed(7);

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    one = net_stream_of(pair[0], dup(pair[0]), "one", NULL);
    two = net_stream_of(pair[1], dup(pair[1]), "two", NULL);
    for (int i = 0; i < 50000; i += 2)
        line[i] = (char)g_rand_int_range(random, 'a', 'z');
    sent = g_strconcat(line, "\r\n", NULL);
    net_write(one, "OK\r\n", 4, NULL);
    g_assert_true(net_flush(one, NULL));
    g_assert_true(net_start_deflate(one, NULL));
    net_write(one, "first\r\n", 7, NULL);
    g_assert_true(net_flush(one, NULL));
    g_assert_cmpstr(net_read_line(two, 10, 5, NULL, NULL), ==, "OK");
    g_assert_true(net_start_deflate(two, NULL));
    g_assert_cmpstr(net_read_line(two, 10, 5, NULL, NULL), ==, "first");
    for (int i = 0; i < 5; i++) {
        g_assert_true(net_write(one, sent, strlen(sent), NULL));
        g_assert_true(net_flush(one, NULL));
        g_assert_cmpstr(net_read_line(two, 60000, 5, NULL, NULL), ==, line);
        g_assert_true(net_write(two, "ok\r\n", 4, NULL));
        g_assert_true(net_flush(two, NULL));
        g_assert_cmpstr(net_read_line(one, 10, 5, NULL, NULL), ==, "ok");
    }
    g_assert_cmpint(net_wait(two, NULL, 0, NULL), ==, 0);
}

static void
test_deflate_broken(void)
{
    int peer;
    g_autoptr(NetStream) stream = stream_of(&peer, NULL);
    g_autoptr(GError) error = NULL;

    g_assert_true(net_start_deflate(stream, NULL));
    say(peer, "\377\377\377 no deflate");
    g_assert_null(net_read_line(stream, 10, 5, NULL, &error));
    g_assert_true(err_is(error, ERR_PROTOCOL));
    close(peer);
}

static void
check_shaky(NetStream *stream, int peer)
{
    g_autoptr(GString) got = g_string_new(NULL);

    g_assert_cmpstr(net_read_line(stream, 100, 5, NULL, NULL), ==,
                    "a line of some length");
    g_assert_true(net_read_exact(stream, 7, take, got, NULL));
    g_assert_cmpstr(got->str, ==, "literal");
    g_assert_true(net_write(stream, "what is said\r\n", 14, NULL));
    g_assert_true(net_flush(stream, NULL));
}

/* In pieces and interrupted all the time. */
static void
test_shaky(void)
{
    int peer;
    g_autoptr(NetStream) stream = stream_of(&peer, NULL);
    char heard[15] = "";

    say(peer, "a line of some length\r\nliteral");
    shaky = true;
    shaky_calls = 0;
    check_shaky(stream, peer);
    shaky = false;
    g_assert_cmpuint(shaky_calls, >, 20);
    g_assert_cmpint(recv(peer, heard, 14, MSG_WAITALL), ==, 14);
    g_assert_cmpstr(heard, ==, "what is said\r\n");
    close(peer);
}

/* A listener on 127.0.0.1; its port. backlog full: nobody is answered. */
static int
listen_on_loopback(guint *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, size), ==, 0);
    g_assert_cmpint(listen(fd, 1), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&address, &size), ==, 0);
    *port = ntohs(address.sin_port);
    return fd;
}

/* localhost is ::1 and 127.0.0.1; nobody listens on the first, which does not
 * delay the second by more than its turn (RFC 8305). */
static void
test_dial(void)
{
    NetParams params = { .host = (char *)"localhost", .security = NET_PLAIN };
    int fd = listen_on_loopback(&params.port);
    gint64 begin = g_get_monotonic_time();
    g_autoptr(GError) error = NULL;
    g_autoptr(NetStream) stream = net_dial(&params, NULL, &error);
    int alive = 0;
    socklen_t size = sizeof alive;

    g_assert_no_error(error);
    g_assert_cmpint(getsockopt(stream->in, SOL_SOCKET, SO_KEEPALIVE, &alive,
                               &size), ==, 0);
    g_assert_cmpint(alive, !=, 0); /* P34: who is gone is noticed */
    g_assert_false(net_is_tls(stream));
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 20 * G_USEC_PER_SEC);
    close(fd);
}

/* Names of tests, in place of the system's. */
typedef GResolver TestResolver;
typedef GResolverClass TestResolverClass;

static GType test_resolver_get_type(void);

G_DEFINE_TYPE(TestResolver, test_resolver, G_TYPE_RESOLVER)

static const char *resolved[3]; /* what each name stands for; NULL: the end */

static GList *
resolve(GResolver *resolver, const char *name, GCancellable *cancel,
        GError **error)
{
    GList *list = NULL;

    for (const char **address = resolved; *address; address++)
        list = g_list_append(list, g_inet_address_new_from_string(*address));
    return list;
}

static void
test_resolver_init(TestResolver *resolver)
{
}

static void
test_resolver_class_init(TestResolverClass *class)
{
    class->lookup_by_name = resolve;
}

/* Listens there and has no room for anybody else. */
static int
listen_full(const char *address, guint port, int *kept, gsize n)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_port = htons((guint16)port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(inet_pton(AF_INET, address, &at.sin_addr), ==, 1);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&at, sizeof at), ==, 0);
    g_assert_cmpint(listen(fd, 0), ==, 0);
    for (gsize i = 0; i < n; i++) {
        kept[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                         0);
        connect(kept[i], (struct sockaddr *)&at, sizeof at);
    }
    return fd;
}

static void
dial_resolved(const char *first, const char *second, guint port)
{
    g_autoptr(GResolver) ours = g_object_new(test_resolver_get_type(), NULL);
    g_autoptr(GResolver) usual = g_resolver_get_default();
    NetParams params = { .host = (char *)"mail.test", .port = port,
                         .security = NET_PLAIN };
    g_autoptr(GError) error = NULL;
    g_autoptr(NetStream) stream = NULL;

    resolved[0] = first;
    resolved[1] = second;
    g_resolver_set_default(ours);
    stream = net_dial(&params, NULL, &error);
    g_resolver_set_default(usual);
    g_assert_no_error(error);
    g_assert_nonnull(stream);
}

/* An address that does not answer, or refuses, is not waited for where there is
 * another one. */
static void
test_dial_race(void)
{
    guint port;
    int fd = listen_on_loopback(&port);
    int kept[4];
    int full;

    dial_resolved("127.0.0.2", "127.0.0.1", port); /* it refuses */
    full = listen_full("127.0.0.2", port, kept, G_N_ELEMENTS(kept));
    dial_resolved("127.0.0.2", "127.0.0.1", port);
    for (gsize i = 0; i < G_N_ELEMENTS(kept); i++)
        close(kept[i]);
    close(full);
    close(fd);
}

static void
test_dial_six(void)
{
    struct sockaddr_in6 address = { .sin6_family = AF_INET6,
                                    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    socklen_t size = sizeof address;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    NetParams params = { .host = (char *)"::1", .security = NET_PLAIN };
    g_autoptr(NetStream) stream = NULL;
    g_autoptr(GError) error = NULL;

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0) {
        g_test_skip("no IPv6 here");
        close(fd);
        return;
    }
    g_assert_cmpint(listen(fd, 1), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&address, &size), ==, 0);
    params.port = ntohs(address.sin6_port);
    stream = net_dial(&params, NULL, &error);
    g_assert_no_error(error);
    g_assert_nonnull(stream);
    close(fd);
}

static void
test_dial_refused(void)
{
    NetParams params = { .host = (char *)"127.0.0.1", .security = NET_PLAIN };
    int fd = listen_on_loopback(&params.port);
    g_autoptr(GError) error = NULL;

    close(fd); /* nobody listens there now */
    g_assert_null(net_dial(&params, NULL, &error));
    g_assert_true(err_is(error, ERR_RETRY));
    g_assert_nonnull(strstr(error->message, "127.0.0.1"));
}

static void
test_dial_cancel(void)
{
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    NetParams params = { .host = (char *)"127.0.0.1", .security = NET_TLS };
    int fd = listen_on_loopback(&params.port);
    g_autoptr(GError) error = NULL;
    GThread *thread = g_thread_new("cancel", cancel_soon, cancel);

    /* the kernel accepts, and nobody answers TLS: cancelled there (P35) */
    g_assert_null(net_dial(&params, cancel, &error));
    g_assert_true(err_is(error, ERR_CANCELLED));
    g_thread_join(thread);
    close(fd);
}

/* Connecting, TLS and each answer have a limit (P34): a listener whose queue is
 * full, one that says nothing to TLS, one that says nothing at all. */
static void
test_limits(void)
{
    NetParams params = { .host = (char *)"127.0.0.1",
                         .security = NET_PLAIN,
                         .connect_timeout = 1,
                         .command_timeout = 1 };
    int fd = listen_on_loopback(&params.port);
    g_autoptr(NetStream) stream = net_dial(&params, NULL, NULL);
    NetStream *kept[4] = { NULL }; /* they fill the queue */
    g_autoptr(GError) no_answer = NULL;
    g_autoptr(GError) no_tls = NULL;
    g_autoptr(GError) no_connection = NULL;

    g_assert_nonnull(stream);
    g_assert_null(net_read_line(stream, 1000, 0, NULL, &no_answer));
    g_assert_true(err_is(no_answer, ERR_RETRY));
    params.security = NET_TLS;
    close(fd);
    fd = listen_on_loopback(&params.port);
    g_assert_null(net_dial(&params, NULL, &no_tls));
    g_assert_true(err_is(no_tls, ERR_RETRY));
    params.security = NET_PLAIN;
    for (gsize i = 0; i < G_N_ELEMENTS(kept) && no_connection == NULL; i++)
        kept[i] = net_dial(&params, NULL, &no_connection);
    g_assert_true(err_is(no_connection, ERR_RETRY));
    g_test_message("%s; %s; %s", no_answer->message, no_tls->message,
                   no_connection->message);
    for (gsize i = 0; i < G_N_ELEMENTS(kept); i++)
        net_stream_close(kept[i]);
    close(fd);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/net/lines", test_lines);
    g_test_add_func("/net/line-limit", test_line_limit);
    g_test_add_func("/net/exact", test_exact);
    g_test_add_func("/net/deadline", test_deadline);
    g_test_add_func("/net/cancel", test_cancel);
    g_test_add_func("/net/wake", test_wake);
    g_test_add_func("/net/gone", test_gone);
    g_test_add_func("/net/transcript", test_transcript);
    g_test_add_func("/net/deflate", test_deflate);
    g_test_add_func("/net/deflate-broken", test_deflate_broken);
    g_test_add_func("/net/P42/shaky", test_shaky);
    g_test_add_func("/net/dial", test_dial);
    g_test_add_func("/net/dial-race", test_dial_race);
    g_test_add_func("/net/dial-six", test_dial_six);
    g_test_add_func("/net/dial-refused", test_dial_refused);
    g_test_add_func("/net/dial-cancel", test_dial_cancel);
    g_test_add_func("/net/P34/limits", test_limits);
    return g_test_run();
}
